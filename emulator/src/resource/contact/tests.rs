//! What documents and definitions do to contacts, planted into the store, because this crate's other resources make them.

use std::sync::Arc;

use reqwest::Client;
use serde_json::{Value, json};

use crate::json::Json;
use crate::resource::field::Members;
use crate::store::change::Change;
use crate::store::kind::Kind;
use crate::store::record::Record;
use crate::store::records::AccessToken;
use crate::{DEMO_ORGANIZATION_ID, Emulator};

struct World {
    emulator: Emulator,
    http: Client,
}

impl World {
    async fn start() -> Self {
        let emulator = Emulator::builder().start().await.unwrap();
        let now = emulator.app.clock.now();
        let planted = emulator.app.store.write(|transaction| {
            let user_id = transaction.state.users.values().next().map_or(0, |user| user.user_id);
            transaction.apply(Change::AccessToken(Arc::new(AccessToken {
                token: "t".to_owned(),
                serial: 1,
                user_id,
                client_id: String::new(),
                refresh_token: None,
                scopes: vec!["ZohoBooks.fullaccess.all".to_owned()],
                organization_id: None,
                expires: now + chrono::TimeDelta::days(1),
                revoked: false,
            })));
            Ok(())
        });
        planted.unwrap();
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self { emulator, http: Client::new() }
    }

    async fn call(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        self.call_with(method, path, body, &[]).await
    }

    async fn call_with(
        &self,
        method: &str,
        path: &str,
        body: Value,
        headers: &[(&str, &str)],
    ) -> (u16, Value) {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let root = if path.starts_with('/') { "" } else { "/books/v3/" };
        let mut request = self.http.request(method, format!("{}{root}{path}", self.emulator.url()));
        request = request.header("Authorization", "Bearer t");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if !body.is_null() {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    async fn make(&self, body: Value) -> String {
        let (status, body) = self.call("POST", "contacts", body).await;
        assert_eq!(status, 201, "{body}");
        body["contact"]["contact_id"].as_str().unwrap().to_owned()
    }

    async fn contact(&self, id: &str) -> Value {
        self.call("GET", &format!("contacts/{id}"), Value::Null).await.1["contact"].clone()
    }

    async fn names(&self, query: &str) -> Vec<String> {
        let (status, list) = self.call("GET", &format!("contacts?{query}"), Value::Null).await;
        assert_eq!(status, 200, "{list}");
        let rows = list["contacts"].as_array().unwrap();
        rows.iter().map(|row| row["contact_name"].as_str().unwrap().to_owned()).collect()
    }

    /// Plants a record as if a resource had stored it; gives back its id.
    fn plant(&self, kind: Kind, members: &[(&'static str, Json)]) -> u64 {
        let now = self.emulator.app.clock.now();
        let planted = self.emulator.app.store.write(|transaction| {
            let mut record = Record {
                kind,
                id: transaction.next_id(),
                members: Members::new(),
                created: now,
                modified: now,
                created_by: String::new(),
            };
            for (name, value) in members {
                record.set(name, value.clone());
            }
            let id = record.id;
            let organization_id = DEMO_ORGANIZATION_ID.to_owned();
            transaction.apply(Change::Record { organization_id, record: Arc::new(record) });
            Ok(id)
        });
        planted.unwrap()
    }

    fn owe(&self, contact: &str, status: &str, balance: &str, rate: &str) -> u64 {
        let number = |text: &str| Json::Number(text.to_owned());
        self.plant(
            Kind::Invoice,
            &[
                ("customer_id", contact.into()),
                ("status", status.into()),
                ("balance", number(balance)),
                ("exchange_rate", number(rate)),
            ],
        )
    }
}

#[tokio::test]
async fn balances_are_shown_sorted_and_rounded() {
    let w = World::start().await;
    let (a, b) = (
        w.make(json!({"contact_name": "A", "credit_limit": 12})).await,
        w.make(json!({"contact_name": "B"})).await,
    );
    w.make(json!({"contact_name": "C"})).await;
    w.owe(&a, "sent", "10.01", "0.55");
    w.owe(&a, "draft", "1000", "1");
    w.owe(&b, "sent", "10", "1");
    w.plant(
        Kind::CustomerPayment,
        &[("customer_id", b.as_str().into()), ("unused_amount", Json::Number("3.5".into()))],
    );
    let shown = w.contact(&a).await;
    assert_eq!(shown["has_transaction"], true);
    // 10.01 * 0.55 = 5.5055
    assert_eq!(
        (&shown["outstanding_receivable_amount"], &shown["outstanding_receivable_amount_bcy"]),
        (&json!(10.01), &json!(5.51))
    );
    let shown = w.contact(&b).await;
    assert_eq!(
        (&shown["unused_credits_receivable_amount"], &shown["unused_credits_receivable_amount_bcy"]),
        (&json!(3.5), &json!(3.5))
    );
    let sort = "sort_column=outstanding_receivable_amount";
    assert_eq!(w.names(sort).await, ["C", "B", "A"]);
    assert_eq!(w.names(&format!("{sort}&sort_order=D")).await, ["A", "B", "C"]);
    assert_eq!(w.names(&format!("{sort}&sort_order=D&per_page=1&page=2")).await, ["B"]);
    assert_eq!(w.names(&format!("{sort}&last_modified_time=2000-01-01")).await, ["C", "B", "A"]);
    assert_eq!(w.names("filter_by=Status.CreditLimitExceed").await, [""; 0]);
    w.owe(&a, "sent", "2", "1");
    assert_eq!(w.names("filter_by=Status.CreditLimitExceed").await, ["A"]);
    let (_, list) = w.call("GET", "contacts?contact_name=a", Value::Null).await;
    assert_eq!(list["contacts"][0]["outstanding_receivable_amount"], 12.01);
}

#[tokio::test]
async fn opening_balances_count() {
    let w = World::start().await;
    let customer = w.make(json!({"contact_name": "C", "opening_balances": [{"opening_balance_amount": 10.005, "exchange_rate": 2}, {"opening_balance_amount": "-3"}]})).await;
    let vendor = w.make(json!({"contact_name": "V", "contact_type": "vendor", "opening_balances": [{"opening_balance_amount": 7}]})).await;
    let shown = w.contact(&customer).await;
    let amounts = |shown: &Value| {
        [
            "outstanding_receivable_amount",
            "outstanding_receivable_amount_bcy",
            "unused_credits_receivable_amount",
            "outstanding_payable_amount",
            "opening_balance_amount",
        ]
        .map(|name| shown[name].to_string())
    };
    assert_eq!(amounts(&shown), ["10.01", "20.02", "3.0", "0.0", "7.01"]);
    assert_eq!(shown["has_transaction"], false);
    assert_eq!(
        shown["opening_balances"][0],
        json!({"location_id": "", "exchange_rate": 2.0, "opening_balance_amount": 10.01})
    );
    assert_eq!(amounts(&w.contact(&vendor).await), ["0.0", "0.0", "0.0", "7.0", "7.0"]);
    assert_eq!(w.names("sort_column=outstanding_receivable_amount&sort_order=D").await, ["C", "V"]);
    let path = format!("contacts/{customer}");
    for bad in [json!([{"opening_balance_amount": "x"}]), json!([{"exchange_rate": 0}]), json!(5)] {
        let (status, body) = w.call("PUT", &path, json!({"opening_balances": bad})).await;
        assert_eq!((status, body["code"].as_i64()), (400, Some(2)));
    }
    w.call("PUT", &path, json!({"notes": "n"})).await;
    assert_eq!(amounts(&w.contact(&customer).await)[0], "10.01");
    w.call("PUT", &path, json!({"opening_balances": []})).await;
    assert_eq!(amounts(&w.contact(&customer).await), ["0.0", "0.0", "0.0", "0.0", "0.0"]);
    assert_eq!(w.names("sort_column=outstanding_receivable_amount").await, ["C", "V"]);
}

#[tokio::test]
async fn transactions_hold_the_contact_and_its_currency() {
    let w = World::start().await;
    let id = w.make(json!({"contact_name": "Acme"})).await;
    let path = format!("contacts/{id}");
    let other = w.contact(&id).await["currency_id"].as_str().unwrap().parse::<u64>().unwrap() + 1;
    assert_eq!(w.call("PUT", &path, json!({"currency_id": other.to_string()})).await.0, 200);
    w.owe(&id, "draft", "1", "1");
    let sentence = "The currency of customer \"Acme\" cannot be changed, because it has transactions.";
    assert_eq!(
        w.call("PUT", &path, json!({"currency_id": (other + 1).to_string()})).await,
        (400, json!({"code": 4098, "message": sentence}))
    );
    assert_eq!(w.call("PUT", &path, json!({"currency_id": other.to_string(), "notes": "x"})).await.0, 200);
    let sentence =
        "The customer \"Acme\" has transactions and cannot be deleted. It can only be marked as inactive.";
    assert_eq!(w.call("DELETE", &path, Value::Null).await, (400, json!({"code": 1004, "message": sentence})));
    let (_, body) = w.call("DELETE", &format!("contacts?contact_ids={id}"), Value::Null).await;
    assert_eq!(body["results"][0]["code"], 1004);
}

#[tokio::test]
async fn an_imported_contact_is_crm_until_its_first_transaction() {
    let w = World::start().await;
    for id in ["1", "2"] {
        let record = json!({"record": {"contact_name": format!("Acme {id}")}});
        w.call("PUT", &format!("/integration/v1/crm/accounts/{id}"), record).await;
        w.call("POST", &format!("crm/account/{id}/import"), Value::Null).await;
    }
    let (_, list) = w.call("GET", "contacts?status=crm", Value::Null).await;
    assert_eq!(list["contacts"][0]["status"], "crm");
    let id = list["contacts"][0]["contact_id"].as_str().unwrap().to_owned();
    w.owe(&id, "draft", "1", "1");
    assert_eq!(w.contact(&id).await["status"], "active");
    let (_, body) = w.call("POST", "/integration/v1/leave", json!({"records": "delete_unused"})).await;
    assert_eq!(body["left"], json!({"converted": 1, "deleted": 1}));
    assert_eq!(w.names("").await, ["Acme 1"]);
}
