//! Imports of CRM records, what settings allow, links of people and items, and leaving.

use serde_json::{Value, json};

use crate::world::*;

const HERE: &str = "/integration/v1";

async fn push(api: &Api, module: &str, id: &str, record: Value) -> Value {
    let (status, body) =
        api.call("PUT", &format!("{HERE}/crm/{module}/{id}"), json!({"record": record})).await;
    assert_eq!(status, 200, "{body}");
    body["crm_record"].clone()
}

async fn import(api: &Api, module: &str, id: &str) -> (i64, Value) {
    let (_, body) = api.call("POST", &format!("crm/{module}/{id}/import"), Value::Null).await;
    (body["code"].as_i64().unwrap(), body["data"].clone())
}

async fn set(api: &Api, settings: Value) {
    let (status, body) = api.call("PUT", &format!("{HERE}/settings"), settings).await;
    assert_eq!(status, 200, "{body}");
}

async fn contact(api: &Api, id: &Value) -> Value {
    api.get(&format!("contacts/{}", id.as_str().unwrap())).await["contact"].clone()
}

#[tokio::test]
async fn people_of_an_account_become_its_contact_persons() {
    let w = world().await;
    push(&w.api, "accounts", "1", json!({"contact_name": "Acme"})).await;
    let ann = json!({"contact_name": "Ann Lee", "first_name": "Ann", "last_name": "Lee", "email": "ann@x.test", "zcrm_account_id": "1"});
    assert_eq!(push(&w.api, "contacts", "71", ann.clone()).await["contact_id"], "");
    // The account is imported with its first person.
    let (_, data) = import(&w.api, "contact", "71").await;
    let (_, again) = import(&w.api, "contact", "71").await;
    assert_eq!(data, again);
    push(&w.api, "contacts", "72", json!({"contact_name": "Nameless", "zcrm_account_id": 1})).await;
    assert_eq!(import(&w.api, "contact", "72").await.1["contact_id"], data["contact_id"]);
    assert_eq!(import(&w.api, "account", "1").await.1["contact_id"], data["contact_id"]);
    assert_eq!(push(&w.api, "contacts", "71", ann).await["contact_id"], data["contact_id"]);
    let acme = contact(&w.api, &data["contact_id"]).await;
    assert_eq!((&acme["zcrm_account_id"], &acme["zcrm_contact_id"]), (&json!("1"), &json!("")));
    let person = |at: usize, name: &str| acme["contact_persons"][at][name].clone();
    assert_eq!(person(0, "contact_person_id"), data["contact_person_id"]);
    assert_eq!((person(0, "zcrm_contact_id"), person(0, "is_primary_contact")), (json!("71"), json!(true)));
    assert_eq!((person(1, "zcrm_contact_id"), person(1, "first_name")), (json!("72"), json!("Nameless")));
    for id in ["71", "72"] {
        assert_eq!(names(&w.api.get(&format!("contacts?zcrm_contact_id={id}")).await), ["Acme"]);
    }
    // An account that the CRM did not push cannot be made.
    push(&w.api, "contacts", "73", json!({"contact_name": "Lost", "zcrm_account_id": "9"})).await;
    assert_eq!(import(&w.api, "contact", "73").await.0, 1002);
    let (_, body) = w
        .api
        .call(
            "PUT",
            &format!("{HERE}/crm/contacts/74"),
            json!({"record": {"contact_name": "x", "zcrm_account_id": "x"}}),
        )
        .await;
    assert_eq!(body["message"], "Invalid value passed for zcrm_account_id");
}

#[tokio::test]
async fn settings_decide_what_may_be_imported() {
    let w = world().await;
    for (module, id) in [("accounts", "1"), ("accounts", "2"), ("vendors", "3")] {
        push(&w.api, module, id, json!({"contact_name": format!("{module} {id}")})).await;
    }
    for (id, account) in [("4", "2"), ("5", ""), ("6", "2"), ("7", "")] {
        push(
            &w.api,
            "contacts",
            id,
            json!({"contact_name": format!("contact {id}"), "zcrm_account_id": account}),
        )
        .await;
    }
    push(&w.api, "products", "8", json!({"name": "Nut", "rate": 2})).await;
    let all = json!({"customers": "accounts_and_contacts", "include_unassociated_contacts": true, "vendors": true, "items": true});
    assert_eq!(w.api.get(&format!("{HERE}/settings")).await["settings"], all);

    set(&w.api, json!({"customers": "accounts", "vendors": false, "items": false})).await;
    for (module, id, what) in [
        ("contact", "4", "contacts"),
        ("contact", "5", "contacts"),
        ("vendor", "3", "vendors"),
        ("item", "8", "items"),
    ] {
        let (status, body) = w.api.call("POST", &format!("crm/{module}/{id}/import"), Value::Null).await;
        let message = format!("The integration is not set to synchronize {what}.");
        assert_eq!((status, body), (400, json!({"code": 900006, "message": message})));
    }
    assert_eq!(import(&w.api, "account", "1").await.0, 0);

    set(&w.api, json!({"customers": "contacts", "vendors": true, "items": true})).await;
    assert_eq!(import(&w.api, "account", "2").await.0, 900006);
    let (_, data) = import(&w.api, "contact", "4").await;
    let alone = contact(&w.api, &data["contact_id"]).await;
    assert_eq!((&alone["customer_sub_type"], &alone["zcrm_contact_id"]), (&json!("individual"), &json!("4")));
    assert_eq!((import(&w.api, "vendor", "3").await.0, import(&w.api, "item", "8").await.0), (0, 0));

    set(&w.api, json!({"customers": "accounts_and_contacts", "include_unassociated_contacts": false})).await;
    assert_eq!(import(&w.api, "contact", "5").await.0, 900006);
    let (_, data) = import(&w.api, "contact", "6").await;
    assert_eq!(contact(&w.api, &data["contact_id"]).await["contact_name"], "accounts 2");
    set(&w.api, json!({"include_unassociated_contacts": true})).await;
    assert_eq!(import(&w.api, "contact", "7").await.0, 0);
    for bad in [json!({"customers": "x"}), json!({"customers": null}), json!({"vendors": "true"})] {
        assert_eq!(w.api.call("PUT", &format!("{HERE}/settings"), bad).await.1["code"], 2);
    }
    assert_eq!(w.api.get(&format!("{HERE}/settings")).await["settings"], all);
}

#[tokio::test]
async fn vendors_and_products_are_imported() {
    let w = world().await;
    push(&w.api, "vendors", "3", json!({"contact_name": "Supply", "contact_type": "customer"})).await;
    let (_, data) = import(&w.api, "vendor", "3").await;
    let vendor = contact(&w.api, &data["contact_id"]).await;
    assert_eq!((&vendor["contact_type"], &vendor["zcrm_vendor_id"]), (&json!("vendor"), &json!("3")));
    assert_eq!((&vendor["customer_sub_type"], &vendor["status"]), (&json!(""), &json!("crm")));
    assert_eq!(names(&w.api.get("contacts?zcrm_vendor_id=3").await), ["Supply"]);
    assert_eq!(names(&w.api.get("vendors").await), ["Supply"]);

    let product = json!({"name": "Nut", "rate": 2.5, "sku": "N-1"});
    assert_eq!(push(&w.api, "products", "0080", product.clone()).await["item_id"], "");
    let (_, first) = import(&w.api, "item", "0080").await;
    assert_eq!(import(&w.api, "item", "0080").await.1, first);
    assert_eq!(push(&w.api, "products", "0080", product).await["item_id"], first["item_id"]);
    let item = w.api.get(&format!("items/{}", first["item_id"].as_str().unwrap())).await["item"].clone();
    assert_eq!((&item["zcrm_product_id"], &item["is_linked_with_zohocrm"]), (&json!("0080"), &json!(true)));
    assert_eq!((&item["source"], &item["rate"]), (&json!("zoho_crm"), &json!(2.5)));
    // A name that another item has, and a product without what an item needs.
    push(&w.api, "products", "81", json!({"name": "NUT", "rate": 1})).await;
    assert_eq!(import(&w.api, "item", "81").await.0, 1001);
    push(&w.api, "products", "82", json!({"name": "Bolt"})).await;
    assert_eq!(import(&w.api, "item", "82").await.0, 2);
    assert_eq!(import(&w.api, "item", "83").await.0, 1002);
    assert_eq!(w.api.get("items").await["items"].as_array().unwrap().len(), 1);
    for (path, body) in [
        ("products/1", json!({"record": {"rate": 1}})),
        ("vendors/1", json!({"record": {"name": "x"}})),
        ("potentials/1", json!({"record": {"name": "x"}})),
        ("potentials/x", json!({"record": {"potential_name": "x"}})),
    ] {
        assert_eq!(w.api.call("PUT", &format!("{HERE}/crm/{path}"), body).await.1["code"], 2, "{path}");
    }
    for name in ["Big", "Bigger"] {
        let deal = push(&w.api, "potentials", "5", json!({"potential_name": name})).await;
        assert_eq!(deal, json!({"crm_id": "5", "potential_name": name}));
    }
}

#[tokio::test]
async fn people_and_items_are_linked_one_to_one() {
    let w = world().await;
    let make = async |name: &str| {
        let made =
            w.api.create(json!({"contact_name": name, "contact_persons": [{"first_name": name}]})).await;
        (id(&made), made["contact_persons"][0]["contact_person_id"].as_str().unwrap().to_owned())
    };
    let ((a, person_a), (b, person_b)) = (make("A").await, make("B").await);
    let link = async |kind: &str, id: &str, body: Value| {
        w.api.call("PUT", &format!("{HERE}/{kind}/{id}/link"), body).await
    };
    for crm in [json!("42"), json!(42)] {
        let (status, body) = link("contactpersons", &person_a, json!({"zcrm_contact_id": crm})).await;
        assert_eq!((status, &body["contact_person"]["zcrm_contact_id"]), (200, &json!("42")));
    }
    let elsewhere =
        json!({"code": 900003, "message": format!("The CRM record is already linked to the contact {a}.")});
    assert_eq!(
        link("contactpersons", &person_b, json!({"zcrm_contact_id": "42"})).await,
        (400, elsewhere.clone())
    );
    assert_eq!(link("contacts", &b, json!({"zcrm_contact_id": "42"})).await, (400, elsewhere));
    assert_eq!(link("contactpersons", &person_a, json!({"zcrm_contact_id": "43"})).await.1["code"], 900004);
    link("contacts", &b, json!({"zcrm_contact_id": "44"})).await;
    assert_eq!(link("contactpersons", &person_b, json!({"zcrm_contact_id": "44"})).await.1["code"], 900003);
    assert_eq!(link("contactpersons", "1", json!({"zcrm_contact_id": "9"})).await.1["code"], 1002);
    assert_eq!(link("contactpersons", &person_b, json!({"zcrm_contact_id": "x"})).await.1["code"], 2);
    let path = format!("{HERE}/contactpersons/{person_a}/link");
    for _ in 0..2 {
        let (status, body) = w.api.call("DELETE", &path, Value::Null).await;
        assert_eq!((status, &body["contact_person"]["zcrm_contact_id"]), (200, &json!("")));
    }
    assert_eq!(link("contactpersons", &person_b, json!({"zcrm_contact_id": "42"})).await.0, 200);
    // A person that a write leaves out frees the CRM contact.
    w.api.call("PUT", &format!("contacts/{b}"), json!({"contact_persons": []})).await;
    assert_eq!(link("contactpersons", &person_a, json!({"zcrm_contact_id": "42"})).await.0, 200);

    let vendor = id(&w.api.create(json!({"contact_name": "V", "contact_type": "vendor"})).await);
    assert_eq!(link("contacts", &vendor, json!({"zcrm_account_id": "1"})).await.1["code"], 2);
    assert_eq!(link("contacts", &a, json!({"zcrm_vendor_id": "1"})).await.1["code"], 2);
    let (_, body) = link("contacts", &vendor, json!({"zcrm_vendor_id": "1"})).await;
    assert_eq!(body["contact"]["zcrm_vendor_id"], "1");

    let item = async |name: &str| {
        let (_, body) = w.api.call("POST", "items", json!({"name": name, "rate": 1})).await;
        body["item"]["item_id"].as_str().unwrap().to_owned()
    };
    let (nut, bolt) = (item("Nut").await, item("Bolt").await);
    for _ in 0..2 {
        let (status, body) = link("items", &nut, json!({"zcrm_product_id": "8"})).await;
        assert_eq!((status, &body["item"]["zcrm_product_id"]), (200, &json!("8")));
    }
    assert_eq!(
        link("items", &bolt, json!({"zcrm_product_id": "8"})).await,
        (400, json!({"code": 900003, "message": "The CRM record 8 is already linked to another record."}))
    );
    assert_eq!(link("items", &nut, json!({"zcrm_product_id": "9"})).await.1["code"], 900004);
    assert_eq!(link("items", "1", json!({"zcrm_product_id": "9"})).await.1["code"], 1002);
    assert_eq!(link("items", &bolt, json!({})).await.1["code"], 2);
    for _ in 0..2 {
        let (status, body) = w.api.call("DELETE", &format!("{HERE}/items/{nut}/link"), Value::Null).await;
        assert_eq!((status, &body["item"]["is_linked_with_zohocrm"]), (200, &json!(false)));
    }
    assert_eq!(link("items", &bolt, json!({"zcrm_product_id": "8"})).await.0, 200);
}

async fn linked_world() -> World {
    let w = world().await;
    push(&w.api, "accounts", "1", json!({"contact_name": "Linked"})).await;
    push(&w.api, "contacts", "2", json!({"contact_name": "P", "zcrm_account_id": "1"})).await;
    push(&w.api, "products", "3", json!({"name": "Nut", "rate": 1})).await;
    import(&w.api, "contact", "2").await;
    import(&w.api, "item", "3").await;
    w.api.create(json!({"contact_name": "Own", "contact_persons": [{"first_name": "O"}]})).await;
    w.api.call("POST", "items", json!({"name": "Own", "rate": 1})).await;
    set(&w.api, json!({"vendors": false})).await;
    w
}

async fn leave(api: &Api, body: Value) -> Value {
    let (status, body) = api.call("POST", &format!("{HERE}/leave"), body).await;
    assert_eq!(status, 200, "{body}");
    body["left"].clone()
}

#[tokio::test]
async fn leaving_keeps_the_records_and_drops_their_links() {
    let w = linked_world().await;
    assert_eq!(w.api.call("POST", &format!("{HERE}/leave"), json!({"records": "x"})).await.1["code"], 2);
    assert_eq!(leave(&w.api, Value::Null).await, json!({"converted": 2, "deleted": 0}));
    assert_eq!(leave(&w.api, json!({"records": "keep"})).await, json!({"converted": 0, "deleted": 0}));
    let list = w.api.get("contacts").await;
    assert_eq!(names(&list), ["Linked", "Own"]);
    let linked = contact(&w.api, &list["contacts"][0]["contact_id"]).await;
    assert_eq!((&linked["status"], &linked["source"]), (&json!("active"), &json!("api")));
    assert_eq!(linked["contact_persons"][0]["zcrm_contact_id"], "");
    assert_eq!(w.api.get("items?filter_by=Status.Crm").await["items"], json!([]));
    // What was pushed and set is gone too.
    assert_eq!(import(&w.api, "account", "1").await.0, 1002);
    assert_eq!(w.api.get(&format!("{HERE}/settings")).await["settings"]["vendors"], true);
}

#[tokio::test]
async fn leaving_may_delete_what_has_no_transactions() {
    let w = linked_world().await;
    assert_eq!(
        leave(&w.api, json!({"records": "delete_unused"})).await,
        json!({"converted": 0, "deleted": 2})
    );
    assert_eq!(names(&w.api.get("contacts").await), ["Own"]);
    assert_eq!(w.api.get("items").await["items"].as_array().unwrap().len(), 1);
    // The name is free again.
    w.api.named("Linked").await;
}

#[tokio::test]
async fn without_the_capability_nothing_of_the_crm_is_served() {
    let w = world_with(two_tenants()).await;
    let other = Api::login_as(&w.api.url, "second@example.com", "second-key", None).await;
    let contact = id(&other.create(json!({"contact_name": "A"})).await);
    for (method, path, body) in [
        ("GET", "settings".to_owned(), Value::Null),
        ("PUT", "settings".to_owned(), json!({"vendors": false})),
        ("PUT", "crm/products/1".to_owned(), json!({"record": {"name": "x"}})),
        ("PUT", format!("contacts/{contact}/link"), json!({"zcrm_account_id": "1"})),
        ("DELETE", format!("contacts/{contact}/link"), Value::Null),
        ("PUT", "contactpersons/1/link".to_owned(), json!({"zcrm_contact_id": "1"})),
        ("DELETE", "items/1/link".to_owned(), Value::Null),
        ("POST", format!("contacts/{contact}/merge"), json!({"contact_ids": ["1"]})),
        ("POST", "leave".to_owned(), Value::Null),
    ] {
        let (status, answer) = other.call(method, &format!("{HERE}/{path}"), body).await;
        assert_eq!((status, answer["code"].as_i64()), (400, Some(900005)), "{method} {path}");
    }
}

#[tokio::test]
async fn people_without_an_account_are_pushed() {
    let w = world().await;
    for (at, account) in [Value::Null, json!("")].into_iter().enumerate() {
        let crm_id = (40 + at).to_string();
        push(
            &w.api,
            "contacts",
            &crm_id,
            json!({"contact_name": format!("P{at}"), "zcrm_account_id": account}),
        )
        .await;
        let (_, data) = import(&w.api, "contact", &crm_id).await;
        assert_eq!(contact(&w.api, &data["contact_id"]).await["zcrm_contact_id"], crm_id.as_str());
    }
    let wrong = json!({"record": {"contact_name": "P", "zcrm_account_id": {}}});
    assert_eq!(w.api.call("PUT", &format!("{HERE}/crm/contacts/49"), wrong).await.1["code"], 2);
}
