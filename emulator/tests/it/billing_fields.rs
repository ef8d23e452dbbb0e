//! Custom fields under Billing's paths: they must exist, and unique ones differ over both apps.

use serde_json::{Value, json};

use crate::billing_world::*;

#[tokio::test]
async fn a_field_that_does_not_exist_is_refused() {
    let b = billing().await;
    b.plan("m", json!({})).await;
    b.addon("a", json!({})).await;
    let customer = b.customer("Acme").await;
    let id = text(&b.subscribe(&customer, "m", json!({})).await["subscription_id"]);
    let items = json!([{"name": "Work", "price": 1, "quantity": 1}]);
    let body = json!({"customer_id": customer, "date": "2026-01-05", "invoice_items": items});
    let invoice = text(&b.created("invoices", body).await["invoice"]["invoice_id"]);
    for (method, path) in [
        ("POST", format!("invoices/{invoice}/customfields")),
        ("PUT", format!("invoice/{invoice}/customfields")),
        ("POST", format!("subscriptions/{id}/customfields")),
        ("PUT", format!("subscriptions/{id}")),
        ("PUT", "plans/m".to_owned()),
        ("PUT", "addons/a".to_owned()),
    ] {
        let body = json!({"custom_fields": [{"label": "Nowhere", "value": "1"}]});
        b.refused(method, &path, body, 400, 2, "Invalid value passed for label").await;
    }
    assert_eq!(b.get(&format!("invoices/{invoice}")).await["invoice"]["custom_fields"], json!([]));
}

#[tokio::test]
async fn a_unique_value_enters_the_index_of_both_apps() {
    let b = billing().await;
    b.plan("m", json!({})).await;
    let customer = b.customer("Acme").await;
    let items = json!([{"name": "Work", "price": 1, "quantity": 1}]);
    let body = json!({"customer_id": customer, "date": "2026-01-05", "invoice_items": items});
    let mut invoices = Vec::new();
    for _ in 0..2 {
        invoices.push(text(&b.created("invoices", body.clone()).await["invoice"]["invoice_id"]));
    }
    let mark = |value: &str| json!({"custom_fields": [{"label": "Ref", "value": value}]});
    let done = "Custom Fields Updated Successfully";
    b.done("POST", &format!("invoices/{}/customfields", invoices[0]), mark("R1"), done).await;
    let taken = "Ref already exists.";
    b.refused("POST", &format!("invoices/{}/customfields", invoices[1]), mark("r1"), 400, 4, taken).await;
    b.refused("PUT", &format!("/books/v3/invoices/{}", invoices[1]), mark("R1"), 400, 4, taken).await;
    // Books finds the record by the value.
    let request = b.world.api.request("PUT", "invoices");
    let request =
        request.header("X-Unique-Identifier-Key", "cf_ref").header("X-Unique-Identifier-Value", "R1");
    let (status, found) = crate::world::send(request.json(&json!({"reference_number": "found"}))).await;
    assert_eq!((status, &found["invoice"]["invoice_id"]), (200, &json!(invoices[0])));

    let first = text(&b.subscribe(&customer, "m", mark("S1")).await["subscription_id"]);
    let body = json!({"customer_id": customer, "plan": {"plan_code": "m"}, "custom_fields": mark("S1")["custom_fields"]});
    b.refused("POST", "subscriptions", body, 400, 4, taken).await;
    b.done(
        "PUT",
        &format!("subscriptions/{first}"),
        mark("S1"),
        "Subscription has been updated successfully.",
    )
    .await;
    let cleared = json!({"custom_fields": [{"label": "Ref", "value": null}]});
    let done = "Custom Fields Updated Successfully.";
    b.done("POST", &format!("subscriptions/{first}/customfields"), cleared, done).await;
    b.subscribe(&customer, "m", mark("S1")).await;
}

#[tokio::test]
async fn the_singular_path_sets_fields_of_every_document_of_books() {
    let b = billing().await;
    let customer = b.customer("Acme").await;
    let body =
        json!({"customer_id": customer, "date": "2026-01-05", "line_items": [{"name": "W", "rate": 1}]});
    let (_, made) = b.call("POST", "/books/v3/invoices", body).await;
    let id = text(&made["invoice"]["invoice_id"]);
    let body = json!([{"label": "Ref", "value": "Z"}]);
    let done = "Custom Fields Updated Successfully";
    b.done("PUT", &format!("/books/v3/invoice/{id}/customfields"), body, done).await;
    assert_eq!(b.get(&format!("invoices/{id}")).await["invoice"]["custom_fields"][0]["value"], "Z");
    for path in ["estimate", "salesorder", "customerpayment", "purchaseorder", "bill"] {
        let path = format!("/books/v3/{path}/1/customfields");
        let (status, answer) = b.call("PUT", &path, json!([])).await;
        assert_eq!((status, &answer["code"]), (404, &json!(1002)), "{path}: {answer}");
    }
    b.refused(
        "PUT",
        &format!("/books/v3/invoice/{id}/customfields"),
        Value::Null,
        400,
        11,
        "JSONString is missing or empty",
    )
    .await;
}
