//! Merging contacts, and what contacts show of their documents.

use serde_json::{Value, json};

use crate::world::*;

async fn merge(api: &Api, master: &str, others: &[&str]) -> (u16, Value) {
    api.call("POST", &format!("/integration/v1/contacts/{master}/merge"), json!({"contact_ids": others}))
        .await
}

async fn link(api: &Api, contact: &str, crm: &str) {
    let path = format!("/integration/v1/contacts/{contact}/link");
    assert_eq!(api.call("PUT", &path, json!({"zcrm_account_id": crm})).await.0, 200);
}

async fn status(api: &Api, contact: &str) -> (Value, Value) {
    let contact = api.get(&format!("contacts/{contact}")).await["contact"].clone();
    (contact["status"].clone(), contact["zcrm_account_id"].clone())
}

#[tokio::test]
async fn the_master_takes_a_link_and_the_others_sleep() {
    let w = world().await;
    let (a, b, c) = (w.api.named("A").await, w.api.named("B").await, w.api.named("C").await);
    let vendor = id(&w.api.create(json!({"contact_name": "V", "contact_type": "vendor"})).await);
    link(&w.api, &b, "2").await;
    link(&w.api, &c, "3").await;
    let (status_code, body) = merge(&w.api, &a, &[&vendor, &b, &c]).await;
    assert_eq!((status_code, &body["message"]), (200, &json!("The contacts have been merged.")));
    assert_eq!(
        (&body["contact"]["contact_id"], &body["contact"]["zcrm_account_id"]),
        (&json!(a), &json!("2"))
    );
    let sleeping = |link: &str| (json!("inactive"), json!(link));
    assert_eq!(status(&w.api, &a).await, (json!("active"), json!("2")));
    assert_eq!(status(&w.api, &b).await, sleeping(""));
    assert_eq!(status(&w.api, &c).await, sleeping("3"));
    assert_eq!(status(&w.api, &vendor).await, sleeping(""));
    // A master with a link keeps it.
    let d = w.api.named("D").await;
    link(&w.api, &d, "4").await;
    merge(&w.api, &a, &[&d]).await;
    assert_eq!((status(&w.api, &a).await.1, status(&w.api, &d).await.1), (json!("2"), json!("4")));
}

#[tokio::test]
async fn refused_merges_change_nothing() {
    let w = world().await;
    let (a, b) = (w.api.named("A").await, w.api.named("B").await);
    let dollar =
        w.api.get(&format!("contacts/{a}")).await["contact"]["currency_id"].as_str().unwrap().to_owned();
    // Ids of the starting currencies follow each other.
    let other = (dollar.parse::<u64>().unwrap() + 1).to_string();
    let foreign = id(&w.api.create(json!({"contact_name": "F", "currency_id": other})).await);
    let message =
        format!("The contact {foreign} has another currency. Only contacts of one currency can be merged.");
    assert_eq!(merge(&w.api, &a, &[&b, &foreign]).await, (400, json!({"code": 900007, "message": message})));
    assert_eq!(merge(&w.api, &a, &[&b, "1"]).await.1["code"], 1002);
    assert_eq!(merge(&w.api, "1", &[&b]).await.1["code"], 1002);
    assert_eq!(merge(&w.api, &a, &[&b, &a]).await.1["code"], 2);
    assert_eq!(merge(&w.api, &a, &[]).await.1["code"], 2);
    assert_eq!(merge(&w.api, &a, &["x"]).await.1["code"], 2);
    assert_eq!(status(&w.api, &b).await.0, "active");
}

async fn invoice(api: &Api, customer: &str, rate: u64, due: &str) -> String {
    let body = json!({"customer_id": customer, "date": "2025-12-01", "due_date": due, "line_items": [{"name": "x", "rate": rate, "quantity": 1}]});
    let (code, body) = api.call("POST", "invoices", body).await;
    assert_eq!(code, 201, "{body}");
    let id = body["invoice"]["invoice_id"].as_str().unwrap().to_owned();
    assert_eq!(api.call("POST", &format!("invoices/{id}/status/sent"), Value::Null).await.0, 200);
    id
}

#[tokio::test]
async fn documents_follow_the_master_and_narrow_lists() {
    let w = world().await;
    let (a, b, c) = (w.api.named("A").await, w.api.named("B").await, w.api.named("C").await);
    let late = invoice(&w.api, &a, 100, "2026-01-04").await;
    invoice(&w.api, &b, 50, "2026-01-05").await;
    let list = async |query: &str| names(&w.api.get(&format!("contacts?{query}")).await);
    assert_eq!(list("filter_by=Invoice.Unpaid").await, ["A", "B"]);
    assert_eq!(list("filter_by=Invoice.OverDue").await, ["A"]);
    assert_eq!(list("sort_column=outstanding_receivable_amount").await, ["C", "B", "A"]);
    assert_eq!(merge(&w.api, &c, &[&a]).await.0, 200);
    let moved = w.api.get(&format!("invoices/{late}")).await["invoice"].clone();
    assert_eq!(moved["customer_id"], json!(c));
    assert_eq!(list("filter_by=Invoice.OverDue").await, ["C"]);
    let of = async |id: &str| w.api.get(&format!("contacts/{id}")).await["contact"].clone();
    let (a, c) = (of(&a).await, of(&c).await);
    assert_eq!((&a["has_transaction"], &a["outstanding_receivable_amount"]), (&json!(false), &json!(0.0)));
    assert_eq!((&c["has_transaction"], &c["outstanding_receivable_amount"]), (&json!(true), &json!(100.0)));
}

#[tokio::test]
async fn documents_show_the_name_of_their_deal() {
    let w = world().await;
    let a = w.api.named("A").await;
    let push = async |name: &str| {
        let path = "/integration/v1/crm/potentials/5";
        w.api.call("PUT", path, json!({"record": {"potential_name": name}})).await
    };
    push("Big").await;
    let body = json!({"customer_id": a, "zcrm_potential_id": "5", "line_items": [{"name": "x", "rate": 1, "quantity": 1}]});
    let (_, body) = w.api.call("POST", "invoices", body).await;
    assert_eq!(body["invoice"]["zcrm_potential_name"], "Big", "{body}");
    push("Bigger").await;
    let list = w.api.get("invoices?zcrm_potential_id=5").await;
    assert_eq!(list["invoices"][0]["zcrm_potential_name"], "Bigger");
    assert_eq!(w.api.call("POST", "/integration/v1/leave", Value::Null).await.0, 200);
    let path = format!("invoices/{}", body["invoice"]["invoice_id"].as_str().unwrap());
    let left = w.api.get(&path).await["invoice"].clone();
    assert_eq!((&left["zcrm_potential_id"], &left["zcrm_potential_name"]), (&json!(""), &json!("")));
}

#[tokio::test]
async fn a_link_stays_with_contacts_of_its_type() {
    let w = world().await;
    let (a, b) = (w.api.named("A").await, w.api.named("B").await);
    let vendor = id(&w.api.create(json!({"contact_name": "V", "contact_type": "vendor"})).await);
    let path = format!("/integration/v1/contacts/{vendor}/link");
    assert_eq!(w.api.call("PUT", &path, json!({"zcrm_vendor_id": "9"})).await.0, 200);
    link(&w.api, &b, "2").await;
    assert_eq!(merge(&w.api, &a, &[&vendor, &b]).await.0, 200);
    let of = async |id: &str| w.api.get(&format!("contacts/{id}")).await["contact"].clone();
    let (master, vendor_now) = (of(&a).await, of(&vendor).await);
    assert_eq!((&master["zcrm_account_id"], &master["zcrm_vendor_id"]), (&json!("2"), &json!("")));
    assert_eq!(vendor_now["zcrm_vendor_id"], "9");
    // The other way to a vendor's link of a customer.
    let path = format!("contacts/{vendor}");
    let (status, refused) = w.api.call("PUT", &path, json!({"contact_type": "customer"})).await;
    let message = "The vendor \"V\" is linked with Zoho CRM. Remove the link to change its type.";
    assert_eq!((status, refused), (400, json!({"code": 4098, "message": message})));
    assert_eq!(w.api.call("PUT", &path, json!({"contact_type": "vendor"})).await.0, 200);
    w.api.call("DELETE", &format!("/integration/v1/contacts/{vendor}/link"), Value::Null).await;
    assert_eq!(w.api.call("PUT", &path, json!({"contact_type": "customer"})).await.0, 200);
}

#[tokio::test]
async fn bills_of_one_number_keep_it() {
    let w = world().await;
    let vendor =
        async |name: &str| id(&w.api.create(json!({"contact_name": name, "contact_type": "vendor"})).await);
    let (master, other) = (vendor("M").await, vendor("O").await);
    let bill = async |vendor: &str| {
        let body = json!({"vendor_id": vendor, "bill_number": "1", "line_items": [{"name": "x", "rate": 1, "quantity": 1}]});
        let (_, body) = w.api.call("POST", "bills", body).await;
        (body["code"].clone(), body["bill"]["bill_id"].as_str().unwrap_or_default().to_owned())
    };
    let (first, second) = (bill(&master).await.1, bill(&other).await.1);
    let (status, body) = merge(&w.api, &master, &[&other]).await;
    assert_eq!(status, 200, "{body}");
    for id in [&first, &second] {
        let path = format!("bills/{id}");
        let shown = w.api.get(&path).await["bill"].clone();
        assert_eq!((&shown["vendor_id"], &shown["bill_number"]), (&json!(master), &json!("1")));
        // Each of them can be changed in everything else.
        assert_eq!(w.api.call("PUT", &path, json!({"notes": "n"})).await.0, 200, "{path}");
    }
    assert_eq!(bill(&master).await.0, 13011);
    assert_eq!(w.api.call("DELETE", &format!("bills/{first}"), Value::Null).await.0, 200);
    assert_eq!(bill(&master).await.0, 13011, "the other one still has the number");
    assert_eq!(w.api.call("DELETE", &format!("bills/{second}"), Value::Null).await.0, 200);
    assert_eq!(bill(&master).await.0, 0);
}
