//! Keys, organizations, licences and grants of `/integration/v1`.

use finbridge_emulator::*;
use serde_json::{Value, json};

use crate::world::*;

const HERE: &str = "/integration/v1";

#[tokio::test]
async fn only_the_newest_zsc_key_opens() {
    let w = world().await;
    let exchange = async |key: &str| {
        let body = json!({"client_id": DEMO_CLIENT_ID, "client_secret": DEMO_CLIENT_SECRET, "email": DEMO_EMAIL, "zsc_key": key});
        send(w.api.http.post(format!("{}{HERE}/zsc/exchange", w.api.url)).json(&body)).await.1["code"].clone()
    };
    let issue = async || {
        let (status, body) = w.api.call("POST", &format!("{HERE}/zsc/key"), Value::Null).await;
        assert_eq!((status, &body["message"]), (201, &json!("The ZSC key has been generated.")));
        body["zsc_key"].as_str().unwrap().to_owned()
    };
    let (first, second) = (issue().await, issue().await);
    assert_ne!(first, second);
    assert_eq!(exchange(DEMO_ZSC_KEY).await, 900001);
    assert_eq!(exchange(&first).await, 900001);
    assert_eq!(exchange(&second).await, 0);
    for _ in 0..2 {
        assert_eq!(w.api.call("DELETE", &format!("{HERE}/zsc/key"), Value::Null).await.0, 200);
    }
    assert_eq!(exchange(&second).await, 900001);
    assert_eq!(exchange("").await, 900001);
    // The token that was issued before still works.
    w.api.get("users/me").await;
}

#[tokio::test]
async fn organizations_are_created_in_apps_and_added_to_them() {
    let w = world_with(two_tenants()).await;
    let alone = Api::login_as(&w.api.url, "alone@example.com", "alone-key", None).await;
    let wish = |apps: Value| json!({"name": "Neu", "currency_code": "EUR", "time_zone": "Europe/Berlin", "apps": apps});
    let create = format!("{HERE}/organizations");
    for (body, name) in [
        (wish(json!([])), "apps"),
        (wish(json!("books")), "apps"),
        (wish(json!(["books", "crm"])), "app"),
        (json!({"apps": ["books"], "currency_code": "EUR", "time_zone": "Europe/Berlin"}), "name"),
    ] {
        let refused = json!({"code": 2, "message": format!("Invalid value passed for {name}")});
        assert_eq!(alone.call("POST", &create, body).await, (400, refused));
    }
    assert_eq!(alone.get("organizations").await["organizations"], json!([]));
    let (status, body) = alone.call("POST", &create, wish(json!(["expense", "Books", "books"]))).await;
    assert_eq!(status, 201, "{body}");
    let id = body["organization"]["organization_id"].as_str().unwrap().to_owned();
    let apps = async || {
        let list = alone.get("organizations").await;
        assert_eq!(list["organizations"].as_array().unwrap().len(), 1);
        list["organizations"][0]["org_joined_app_list"].clone()
    };
    assert_eq!(apps().await, json!(["books", "expense"]));
    let join = format!("{create}/{id}/apps");
    for _ in 0..2 {
        let (status, body) = alone.call("POST", &join, json!({"app": "INVOICE"})).await;
        assert_eq!((status, &body["message"]), (200, &json!("The organization has been added to the app.")));
    }
    assert_eq!(apps().await, json!(["books", "expense", "invoice"]));
    assert_eq!(alone.call("POST", &join, json!({"app": "crm"})).await.1["code"], 2);
    assert_eq!(alone.call("POST", &join, json!({})).await.1["code"], 2);
    assert_eq!(w.api.call("POST", &join, json!({"app": "erp"})).await.1["code"], 6041);
}

async fn licences(api: &Api) -> Value {
    api.get(&format!("{HERE}/licences")).await["licences"].clone()
}

#[tokio::test]
async fn integration_users_take_no_licence() {
    let mut seed = Seed::demo();
    seed.organizations[0].plan_name = "STANDARD".to_owned();
    let w = world_with(seed).await;
    let users = format!("{HERE}/users");
    let add = async |email: &str, kind: Value| {
        let mut body = json!({"email": email, "name": "N"});
        if !kind.is_null() {
            body["user_type"] = kind;
        }
        w.api.call("POST", &users, body).await
    };
    assert_eq!(licences(&w.api).await, json!({"total": 3, "used": 1}));
    let (status, body) = add("Ann@x.test", Value::Null).await;
    assert_eq!((status, &body["user"]["user_type"]), (201, &json!("integration")));
    let ann = format!("{users}/{}", body["user"]["user_id"].as_str().unwrap());
    assert_eq!(licences(&w.api).await, json!({"total": 3, "used": 1}));
    for email in ["ann@X.test", DEMO_EMAIL] {
        assert_eq!(add(email, Value::Null).await.1["code"], 4, "{email}");
    }
    for body in [
        json!({"email": "x", "name": "N"}),
        json!({"email": "x@y.test"}),
        json!({"email": "x@y.test", "name": "N", "user_type": "x"}),
    ] {
        assert_eq!(w.api.call("POST", &users, body).await.1["code"], 2);
    }
    for email in ["b@x.test", "c@x.test"] {
        assert_eq!(add(email, json!("licensed")).await.0, 201);
    }
    assert_eq!(licences(&w.api).await, json!({"total": 3, "used": 3}));
    let full = (
        400,
        json!({"code": 900008, "message": "All 3 licences of the organization are in use. Buy more, or remove a user."}),
    );
    assert_eq!(add("d@x.test", json!("licensed")).await, full);
    assert_eq!(w.api.call("PUT", &ann, json!({"user_type": "licensed"})).await, full);
    assert_eq!(add("d@x.test", json!("integration")).await.0, 201);
    let list = w.api.get(&users).await;
    let licensed = |row: &&Value| row["user_type"] == "licensed";
    let rows = list["users"].as_array().unwrap();
    assert_eq!((rows.len(), rows.iter().filter(licensed).count()), (4, 2));
    let b = format!("{users}/{}", rows[1]["user_id"].as_str().unwrap());
    assert_eq!(w.api.call("DELETE", &b, Value::Null).await.0, 200);
    for method in ["DELETE", "PUT"] {
        assert_eq!(w.api.call(method, &b, json!({"user_type": "licensed"})).await.1["code"], 1002);
    }
    assert_eq!(w.api.call("PUT", &ann, json!({})).await.1["code"], 2);
    for _ in 0..2 {
        let (status, body) = w.api.call("PUT", &ann, json!({"user_type": "licensed"})).await;
        assert_eq!((status, &body["user"]["user_type"]), (200, &json!("licensed")));
    }
    assert_eq!(licences(&w.api).await, json!({"total": 3, "used": 3}));
    // The person exists for the CRM alone.
    let body = json!({"client_id": DEMO_CLIENT_ID, "client_secret": DEMO_CLIENT_SECRET, "email": "d@x.test", "zsc_key": ""});
    let url = format!("{}{HERE}/zsc/exchange", w.api.url);
    assert_eq!(send(w.api.http.post(url).json(&body)).await.1["code"], 900001);
}

#[tokio::test]
async fn grants_are_given_to_people_of_the_organization_for_apps_it_joined() {
    let mut seed = Seed::demo();
    seed.organizations[0].apps = vec!["books".to_owned()];
    let w = world_with(seed).await;
    let grants = format!("{HERE}/grants");
    let (_, user) =
        w.api.call("POST", &format!("{HERE}/users"), json!({"email": "ann@x.test", "name": "Ann"})).await;
    let ask = async |email: &str, app: &str, module: &str, operations: Value| {
        w.api
            .call(
                "POST",
                &grants,
                json!({"email": email, "app": app, "module": module, "operations": operations}),
            )
            .await
    };
    for (app, module, operations) in [
        ("crm", "estimates", json!(["read"])),
        ("books", "nothing", json!(["read"])),
        ("books", "estimates", json!([])),
        ("books", "estimates", json!(["see"])),
        ("books", "estimates", json!("read")),
    ] {
        assert_eq!(ask(DEMO_EMAIL, app, module, operations).await.1["code"], 2);
    }
    assert_eq!(
        ask("x@x.test", "books", "estimates", json!(["read"])).await,
        (
            400,
            json!({"code": 900009, "message": "x@x.test is neither a user nor an integration user of the organization."})
        )
    );
    assert_eq!(
        ask(DEMO_EMAIL, "expense", "reports", json!(["read"])).await,
        (400, json!({"code": 900010, "message": "The organization has not been added to the app expense."}))
    );
    let (status, first) = ask("Ann@x.test", "books", "estimates", json!(["create", "read"])).await;
    assert_eq!((status, &first["grant"]["operations"]), (201, &json!(["create", "read"])));
    let (_, again) = ask("ann@x.test", "BOOKS", "Estimates", json!(["read", "update"])).await;
    assert_eq!(again["grant"]["grant_id"], first["grant"]["grant_id"]);
    assert_eq!(again["grant"]["operations"], json!(["create", "read", "update"]));
    ask(DEMO_EMAIL, "books", "invoices", json!(["read"])).await;
    let list = async |query: &str| {
        let list = w.api.get(&format!("{grants}?{query}")).await;
        let module = |it: &Value| it["module"].as_str().unwrap().to_owned();
        list["grants"].as_array().unwrap().iter().map(module).collect::<Vec<_>>()
    };
    assert_eq!(list("").await, ["estimates", "invoices"]);
    assert_eq!(list("email=ANN@x.test").await, ["estimates"]);
    assert_eq!(list("app=expense").await, [""; 0]);
    assert_eq!(w.api.call("GET", &format!("{grants}?app=crm"), Value::Null).await.1["code"], 2);
    let one = format!("{grants}/{}", first["grant"]["grant_id"].as_str().unwrap());
    assert_eq!(w.api.call("DELETE", &format!("{one}?operations=see"), Value::Null).await.1["code"], 2);
    assert_eq!(w.api.call("DELETE", &format!("{one}?operations=create,update"), Value::Null).await.0, 200);
    let left = w.api.get(&format!("{grants}?email=ann@x.test")).await;
    assert_eq!(left["grants"][0]["operations"], json!(["read"]));
    assert_eq!(w.api.call("DELETE", &one, Value::Null).await.0, 200);
    assert_eq!(w.api.call("DELETE", &one, Value::Null).await.1["code"], 1002);
    ask("ann@x.test", "books", "estimates", json!(["read"])).await;
    let path = format!("{HERE}/users/{}", user["user"]["user_id"].as_str().unwrap());
    assert_eq!(w.api.call("DELETE", &path, Value::Null).await.0, 200);
    assert_eq!(list("").await, ["invoices"]);
}

#[tokio::test]
async fn the_agreement_survives_a_restart() {
    let dir = std::env::temp_dir().join(format!("finbridge-emulator-agreement-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&dir);
    std::fs::create_dir_all(&dir).unwrap();
    let start = || Emulator::builder().state_file(dir.join("state.log")).start();
    let emulator = start().await.unwrap();
    let api = Api::login(&emulator.url()).await;
    api.call("POST", &format!("{HERE}/users"), json!({"email": "ann@x.test", "name": "Ann"})).await;
    api.call("PUT", &format!("{HERE}/settings"), json!({"vendors": false})).await;
    api.call("PUT", &format!("{HERE}/crm/potentials/7"), json!({"record": {"potential_name": "Deal"}})).await;
    let seen = async |api: &Api| {
        (api.get(&format!("{HERE}/users")).await, api.get(&format!("{HERE}/settings")).await)
    };
    let before = seen(&api).await;
    assert_eq!(before.1["settings"]["vendors"], false);
    emulator.shutdown().await;
    let emulator = start().await.unwrap();
    let api = Api { url: emulator.url(), ..api };
    assert_eq!(seen(&api).await, before);
}
