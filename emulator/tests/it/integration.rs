use finbridge_emulator::*;
use serde_json::{Value, json};

use crate::world::*;

#[tokio::test]
async fn zsc_exchange_hides_which_half_was_wrong() {
    let w = world().await;
    let exchange = async |client: &str, secret: &str, email: &str, key: &str| {
        let body = json!({"client_id": client, "client_secret": secret, "email": email, "zsc_key": key});
        send(w.api.http.post(format!("{}/integration/v1/zsc/exchange", w.api.url)).json(&body)).await
    };
    let (status, body) =
        exchange(DEMO_CLIENT_ID, DEMO_CLIENT_SECRET, "ADMIN@example.com", DEMO_ZSC_KEY).await;
    assert_eq!((status, &body["user"]["email"]), (200, &json!(DEMO_EMAIL)));
    let wrong_key = exchange(DEMO_CLIENT_ID, DEMO_CLIENT_SECRET, DEMO_EMAIL, "x").await;
    let wrong_email = exchange(DEMO_CLIENT_ID, DEMO_CLIENT_SECRET, "x@example.com", DEMO_ZSC_KEY).await;
    assert_eq!(wrong_key, wrong_email);
    assert_eq!(
        wrong_key,
        (401, json!({"code": 900001, "message": "The e-mail address or the ZSC key is not valid."}))
    );
    assert_eq!(exchange("x", DEMO_CLIENT_SECRET, DEMO_EMAIL, DEMO_ZSC_KEY).await.1["code"], 900002);
    assert_eq!(exchange(DEMO_CLIENT_ID, "x", DEMO_EMAIL, DEMO_ZSC_KEY).await.1["code"], 900002);
}

#[tokio::test]
async fn import_is_idempotent_and_linked_contacts_stay() {
    let w = world().await;
    let record = json!({"record": {"contact_name": "Acme", "website": "https://acme.test", "phone": "555", "billing_address": {"city": "Bonn"}}});
    let push = "/integration/v1/crm/accounts/0003000000012001?organization_id=10234695";
    for contact in ["", ""] {
        let (status, body) = w.api.call("PUT", push, record.clone()).await;
        assert_eq!(
            (status, body["crm_record"].clone()),
            (200, json!({"crm_id": "0003000000012001", "contact_id": contact}))
        );
    }
    assert_eq!(w.api.call("POST", "crm/contact/0003000000012001/import", Value::Null).await.0, 404);
    let mut ids = Vec::new();
    for body in [Value::Null, json!({})] {
        let (status, body) = w.api.call("POST", "crm/account/0003000000012001/import", body).await;
        assert_eq!((status, &body["message"]), (200, &json!("success")));
        ids.push(body["data"]["contact_id"].as_str().unwrap().to_owned());
    }
    assert_eq!(ids[0], ids[1]);
    let path = format!("contacts/{}", ids[0]);
    let contact = w.api.get(&path).await["contact"].clone();
    for (name, value) in [
        ("is_linked_with_zohocrm", json!(true)),
        ("zcrm_account_id", json!("0003000000012001")),
        ("zcrm_contact_id", json!("")),
        ("source", json!("zoho_crm")),
        ("status", json!("crm")),
        ("customer_sub_type", json!("business")),
        ("website", json!("https://acme.test")),
    ] {
        assert_eq!(contact[name], value, "{name}");
    }
    assert_eq!(contact["contact_persons"][0]["phone"], "555");
    assert_eq!(contact["billing_address"]["city"], "Bonn");
    for query in
        ["filter_by=Status.Crm", "filter_by=Status.Active", "status=crm", "zcrm_account_id=0003000000012001"]
    {
        assert_eq!(names(&w.api.get(&format!("contacts?{query}")).await), ["Acme"], "{query}");
    }
    let (status, body) = w.api.call("DELETE", &path, Value::Null).await;
    assert_eq!((status, body["code"].as_i64()), (400, Some(36)));
    let unlink = format!("/integration/v1/{path}/link");
    for _ in 0..2 {
        let (status, body) = w.api.call("DELETE", &unlink, Value::Null).await;
        assert_eq!(
            (status, &body["contact"]["is_linked_with_zohocrm"], &body["contact"]["source"]),
            (200, &json!(false), &json!("api"))
        );
    }
    assert_eq!(w.api.get(&path).await["contact"]["status"], "active");
    // The pushed record is still there, but its name is taken by the contact that was unlinked.
    let (status, body) = w.api.call("POST", "crm/account/0003000000012001/import", Value::Null).await;
    assert_eq!((status, body["code"].as_i64()), (400, Some(3062)));
    assert_eq!(w.api.call("DELETE", &path, Value::Null).await.0, 200);
    assert_eq!(w.api.call("POST", "crm/account/0003000000012001/import", Value::Null).await.0, 200);
}

#[tokio::test]
async fn individuals_come_from_crm_contacts() {
    let w = world().await;
    w.api
        .call(
            "PUT",
            "/integration/v1/crm/contacts/77",
            json!({"record": {"contact_name": "Ann B", "first_name": "Ann", "email": "a@x.test"}}),
        )
        .await;
    let (_, body) = w.api.call("POST", "crm/contact/77/import", Value::Null).await;
    let contact =
        w.api.get(&format!("contacts/{}", body["data"]["contact_id"].as_str().unwrap())).await["contact"]
            .clone();
    assert_eq!(
        (&contact["zcrm_contact_id"], &contact["customer_sub_type"]),
        (&json!("77"), &json!("individual"))
    );
    assert_eq!(contact["contact_persons"][0]["email"], "a@x.test");
}

#[tokio::test]
async fn parallel_imports_make_one_contact() {
    let w = world().await;
    w.api.call("PUT", "/integration/v1/crm/accounts/5", json!({"record": {"contact_name": "Once"}})).await;
    let tasks: Vec<_> = (0..12)
        .map(|_| {
            let api = w.api.clone();
            tokio::spawn(async move {
                api.call("POST", "crm/account/5/import", Value::Null).await.1["data"]["contact_id"].clone()
            })
        })
        .collect();
    let mut ids = Vec::new();
    for task in tasks {
        ids.push(task.await.unwrap());
    }
    ids.dedup();
    assert_eq!(ids.len(), 1);
    assert!(ids[0].is_string());
}

#[tokio::test]
async fn links_are_one_to_one() {
    let w = world().await;
    let (a, b) = (w.api.named("A").await, w.api.named("B").await);
    let link = async |contact: &str, body: Value| {
        w.api.call("PUT", &format!("/integration/v1/contacts/{contact}/link"), body).await
    };
    for id in [json!("42"), json!(42)] {
        let (status, body) = link(&a, json!({"zcrm_account_id": id})).await;
        assert_eq!(
            (status, &body["contact"]["zcrm_account_id"], &body["contact"]["status"]),
            (200, &json!("42"), &json!("active"))
        );
    }
    assert_eq!(
        link(&b, json!({"zcrm_account_id": "42"})).await,
        (
            400,
            json!({"code": 900003, "message": format!("The CRM record is already linked to the contact {a}.")})
        )
    );
    assert_eq!(
        link(&a, json!({"zcrm_account_id": "43"})).await,
        (400, json!({"code": 900004, "message": "The contact is already linked to the CRM record 42."}))
    );
    assert_eq!(link(&b, json!({"zcrm_contact_id": "42"})).await.0, 200);
    for bad in
        [json!({}), json!({"zcrm_account_id": "x"}), json!({"zcrm_account_id": "1", "zcrm_contact_id": "2"})]
    {
        assert_eq!(link(&a, bad).await.1["code"], 2);
    }
    assert_eq!(link("1", json!({"zcrm_account_id": "9"})).await.1["code"], 1002);
    for (path, body) in [
        ("/integration/v1/crm/accounts/x1", json!({"record": {"contact_name": "x"}})),
        ("/integration/v1/crm/accounts/1", json!({"record": {}})),
        ("/integration/v1/crm/accounts/1", json!({})),
    ] {
        assert_eq!(w.api.call("PUT", path, body).await.1["code"], 2);
    }
}

#[tokio::test]
async fn capability_decides() {
    let w = world_with(two_tenants()).await;
    assert_eq!(w.api.get("/integration/v1/capabilities").await["capabilities"], json!({"crm_link": true}));
    let other = Api::login_as(&w.api.url, "second@example.com", "second-key", None).await;
    assert_eq!(
        other.get("/integration/v1/capabilities?organization_id=60012345").await["capabilities"],
        json!({"crm_link": false})
    );
    let (status, body) =
        other.call("PUT", "/integration/v1/crm/accounts/1", json!({"record": {"contact_name": "x"}})).await;
    assert_eq!((status, body["code"].as_i64()), (400, Some(900005)));
}
