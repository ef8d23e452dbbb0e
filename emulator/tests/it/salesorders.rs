use serde_json::{Value, json};

use crate::sales::*;

const OPEN: &str = "Sales order status has been changed to Open.";
const VOID: &str = "Sales order status has been changed to Void.";
const INVOICED: &str = "The invoice has been created.";

async fn two_lines(shop: &Shop) -> Value {
    let lines = json!([{"name": "Chair", "rate": 10, "quantity": 4}, {"name": "Table", "rate": 100, "discount": 20, "quantity": 2}]);
    let body = json!({"line_items": lines, "shipping_charge": 7, "zcrm_potential_id": "77", "shipment_date": "2026-01-10"});
    shop.create("salesorders", body).await
}

async fn act(shop: &Shop, id: &str, path: &str, status: u16) {
    let (got, answer) = shop.call("POST", &format!("salesorders/{id}/{path}"), Value::Null).await;
    assert_eq!(got, status, "{path}: {answer}");
}

async fn in_state(shop: &Shop, state: &str) -> String {
    let order = two_lines(shop).await;
    let id = id_of(&order, "salesorder_id");
    match state {
        "draft" => {}
        "pending_approval" => act(shop, &id, "submit", 200).await,
        "approved" => {
            act(shop, &id, "submit", 200).await;
            act(shop, &id, "approve", 200).await;
        }
        "void" => act(shop, &id, "status/void", 201).await,
        _ => act(shop, &id, "status/open", 201).await,
    }
    let line = |at: usize, quantity: u32| json!({"name": "x", "rate": 1, "quantity": quantity, "salesorder_item_id": order["line_items"][at]["line_item_id"]});
    if state == "partially_invoiced" {
        shop.create("invoices", json!({"line_items": [line(0, 4)]})).await;
    }
    if ["invoiced", "closed"].contains(&state) {
        shop.create("invoices", json!({"line_items": [line(0, 4), line(1, 2)]})).await;
    }
    if state == "closed" {
        act(shop, &id, "substatus/closed", 200).await;
    }
    if state == "overdue" {
        shop.at(11, 0).await;
    }
    id
}

const fn step(path: &'static str, status: u16, message: &'static str, verb: &'static str) -> Step {
    Step { path, status, message, verb }
}

const SUBMITTED: &str = "The Sales Order has been successfully submitted for approval.";
const APPROVED: &str = "You have approved the Sales Order.";
const UPDATED: &str = "Sales Order status updated successfully.";

const STEPS: [Step; 6] = [
    step("status/open", 201, OPEN, "opened"),
    step("status/confirmed", 201, OPEN, "opened"),
    step("status/void", 201, VOID, "voided"),
    step("submit", 200, SUBMITTED, "submitted for approval"),
    step("approve", 200, APPROVED, "approved"),
    step("substatus/closed", 200, UPDATED, "closed"),
];

const ALLOWED: [Allowed; 24] = [
    ("draft", "status/open", "open"),
    ("draft", "status/confirmed", "open"),
    ("draft", "status/void", "void"),
    ("draft", "submit", "pending_approval"),
    ("open", "status/open", "open"),
    ("open", "status/confirmed", "open"),
    ("open", "status/void", "void"),
    ("overdue", "status/open", "overdue"),
    ("overdue", "status/confirmed", "overdue"),
    ("overdue", "status/void", "void"),
    ("partially_invoiced", "status/open", "partially_invoiced"),
    ("partially_invoiced", "status/confirmed", "partially_invoiced"),
    ("invoiced", "status/open", "invoiced"),
    ("invoiced", "status/confirmed", "invoiced"),
    ("invoiced", "substatus/closed", "closed"),
    ("closed", "substatus/closed", "closed"),
    ("void", "status/open", "open"),
    ("void", "status/confirmed", "open"),
    ("void", "status/void", "void"),
    ("pending_approval", "submit", "pending_approval"),
    ("pending_approval", "approve", "approved"),
    ("approved", "approve", "approved"),
    ("approved", "status/open", "open"),
    ("approved", "status/confirmed", "open"),
];

#[tokio::test]
async fn every_transition_is_allowed_or_refused_as_described() {
    let common = shop().await;
    for from in [
        "draft",
        "open",
        "overdue",
        "partially_invoiced",
        "invoiced",
        "closed",
        "void",
        "pending_approval",
        "approved",
    ] {
        for step in STEPS {
            // What follows from the clock has a clock of its own.
            let own = if from == "overdue" { Some(shop().await) } else { None };
            let shop = own.as_ref().unwrap_or(&common);
            let id = in_state(shop, from).await;
            assert_eq!(shop.status("salesorders", &id).await, from);
            // Any other sub-status is only a name.
            let path = format!("salesorders/{id}/substatus/cs_packed");
            shop.done("POST", &path, Value::Null, 200, UPDATED).await;
            shop.step("salesorders", &id, "A sales order", from, step, &ALLOWED).await;
        }
    }
}

#[tokio::test]
async fn an_order_is_invoiced_by_the_quantities_of_its_lines() {
    let shop = shop().await;
    let order = two_lines(&shop).await;
    let id = id_of(&order, "salesorder_id");
    assert_eq!((&order["salesorder_number"], &order["total"]), (&json!("SO-00001"), &json!(227.0)));
    assert_eq!(
        (&order["order_status"], &order["invoiced_status"]),
        (&json!("draft"), &json!("not_invoiced"))
    );
    let from = format!("invoices/fromsalesorder?salesorder_id={id}");
    shop.refused("POST", &from, Value::Null, 400, 4098).await;
    shop.done("POST", &format!("salesorders/{id}/status/open"), Value::Null, 201, OPEN).await;
    shop.advance(100);

    let line = |at: usize| order["line_items"][at]["line_item_id"].clone();
    let part = json!({"line_items": [{"name": "Chair", "rate": 10, "quantity": 1.5, "salesorder_item_id": line(0)}]});
    let first = shop.create("invoices", part).await;
    assert_eq!(first["salesorder_id"], json!(id));
    assert_eq!(first["salesorder_number"], "SO-00001");
    let shown = shop.get("salesorders", &id).await;
    assert_eq!(
        (&shown["status"], &shown["invoiced_status"]),
        (&json!("partially_invoiced"), &json!("partially_invoiced"))
    );
    assert_eq!(shown["line_items"][0]["quantity_invoiced"], 1.5);
    assert_eq!(shown["invoices"][0]["invoice_number"], "INV-000001");
    assert_ne!(shown["last_modified_time"], order["last_modified_time"]);

    let answer = shop.done("POST", &from, Value::Null, 201, INVOICED).await;
    let rest = &answer["invoice"];
    assert_eq!(rest["zcrm_potential_id"], "77");
    assert_eq!(rest["line_items"][0]["quantity"], 2.5);
    assert_eq!(rest["line_items"][1]["discount"], 20);
    // 25 and 180; the shipping went with the first invoice's order, which was invoiced by hand.
    assert_eq!((&rest["total"], &rest["shipping_charge"]), (&json!(205.0), &json!(0.0)));
    assert_eq!(shop.status("salesorders", &id).await, "invoiced");
    shop.refused("POST", &from, Value::Null, 400, 4098).await;
    shop.refused("DELETE", &format!("salesorders/{id}"), Value::Null, 400, 36).await;
    let body = json!({"line_items": [{"line_item_id": line(1)}]});
    shop.refused("PUT", &format!("salesorders/{id}"), body, 400, 4098).await;

    // A void invoice takes nothing of its order.
    let void = format!("invoices/{}/status/void", rest["invoice_id"].as_str().unwrap());
    shop.done("POST", &void, Value::Null, 200, "Invoice status has been changed to Void.").await;
    assert_eq!(shop.status("salesorders", &id).await, "partially_invoiced");
    let delete = format!("invoices/{}", first["invoice_id"].as_str().unwrap());
    shop.done("DELETE", &delete, Value::Null, 200, "The invoice has been deleted.").await;
    assert_eq!(shop.status("salesorders", &id).await, "open");
    // Nothing is invoiced now, so a new invoice takes the whole order and its shipping.
    let answer = shop.done("POST", &from, Value::Null, 201, INVOICED).await;
    assert_eq!(answer["invoice"]["total"], 227.0);
}

#[tokio::test]
async fn orders_of_others_and_lines_of_others_are_refused() {
    let shop = shop().await;
    let open = in_state(&shop, "open").await;
    let foreign = shop.get("salesorders", &in_state(&shop, "open").await).await;
    let other = shop.api().named("Other").await;
    let line = json!([{"name": "x", "rate": 1}]);
    let theirs =
        json!([{"name": "x", "rate": 1, "salesorder_item_id": foreign["line_items"][0]["line_item_id"]}]);
    for (body, code) in [
        (json!({"customer_id": other, "salesorder_id": open, "line_items": line}), 6),
        (json!({"customer_id": shop.customer, "salesorder_id": "12", "line_items": line}), 6),
        (json!({"customer_id": shop.customer, "salesorder_id": open, "line_items": theirs}), 6),
        (json!({"customer_id": other, "line_items": theirs}), 6),
    ] {
        shop.refused("POST", "invoices", body, 400, code).await;
    }
    shop.refused("POST", "invoices/fromsalesorder?salesorder_id=12", Value::Null, 404, 1002).await;
    shop.refused("POST", "invoices/fromsalesorder", Value::Null, 400, 2).await;
    for state in ["draft", "void", "pending_approval", "closed"] {
        let id = in_state(&shop, state).await;
        let body = json!({"customer_id": shop.customer, "salesorder_id": id, "line_items": line});
        shop.refused("POST", "invoices", body, 400, 4098).await;
    }
}

#[tokio::test]
async fn invoices_are_mapped_with_the_orders_they_refer_to() {
    let shop = shop().await;
    let id = in_state(&shop, "open").await;
    let lines = json!([{"name": "Table", "rate": 90, "quantity": 2}]);
    let invoice = shop.create("invoices", json!({"reference_number": "so-00001", "line_items": lines})).await;
    let invoice = id_of(&invoice, "invoice_id");
    let stray = id_of(&shop.create("invoices", json!({"reference_number": "SO-9"})).await, "invoice_id");
    let body = json!({"invoice_ids": [invoice, stray]});
    let message = "The invoices selected have been associated with their sales orders.";
    let answer = shop.done("POST", "invoices/mapwithorder", body, 200, message).await;
    assert_eq!(answer["errors"][0]["ids"], json!([stray]));
    assert_eq!(answer["errors"].as_array().unwrap().len(), 1);
    assert_eq!(shop.get("invoices", &invoice).await["salesorder_id"], json!(id));
    assert_eq!(shop.get("invoices", &invoice).await["salesorders"][0]["salesorder_number"], "SO-00001");
    assert_eq!(shop.status("salesorders", &id).await, "partially_invoiced");
    shop.refused("POST", "invoices/mapwithorder", json!({"invoice_ids": []}), 400, 2).await;
}

#[tokio::test]
async fn overdue_follows_the_organizations_day_and_lists_know_it() {
    let shop = shop().await;
    let id = in_state(&shop, "open").await;
    shop.at(10, 23).await;
    assert_eq!(shop.status("salesorders", &id).await, "open");
    shop.at(11, 1).await;
    assert_eq!(shop.status("salesorders", &id).await, "overdue");
    assert_eq!(shop.listed("salesorders", "filter_by=Status.OverDue", "shipment_days").await, [json!(1)]);
    let second = in_state(&shop, "draft").await;
    let list = shop.api().get("salesorders").await;
    let mut names: Vec<&str> =
        list["salesorders"][0].as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    let mut expected = vec![
        "salesorder_id",
        "zcrm_potential_id",
        "zcrm_potential_name",
        "customer_name",
        "customer_id",
        "status",
        "salesorder_number",
        "reference_number",
        "date",
        "shipment_date",
        "shipment_days",
        "currency_id",
        "currency_code",
        "total",
        "sub_total",
        "bcy_total",
        "created_time",
        "last_modified_time",
        "is_emailed",
        "has_attachment",
        "custom_fields",
        "custom_field_hash",
    ];
    expected.sort_unstable();
    assert_eq!(names, expected);
    for (query, expected) in [
        ("filter_by=Status.Draft".to_owned(), vec![&second]),
        (format!("salesorder_ids={id}"), vec![&id]),
        (format!("salesorder_ids={id},{second}&sort_column=salesorder_number"), vec![&id, &second]),
        ("salesorder_number_in=so-00001,SO-9".to_owned(), vec![&id]),
        ("salesorder_number_not_in=SO-00001".to_owned(), vec![&second]),
        ("zcrm_potential_id=77&status=overdue".to_owned(), vec![&id]),
        (
            "total_start=227&total_end=227&sort_column=salesorder_number&sort_order=D".to_owned(),
            vec![&second, &id],
        ),
        ("shipment_date_before=2026-01-10".to_owned(), vec![]),
    ] {
        let expected: Vec<Value> = expected.into_iter().map(|id| json!(id)).collect();
        assert_eq!(shop.listed("salesorders", &query, "salesorder_id").await, expected, "{query}");
    }
    shop.done(
        "PUT",
        &format!("salesorders/{second}"),
        json!({"notes": "n"}),
        200,
        "Sales Order Updated Successfully.",
    )
    .await;
    let path = format!("salesorders/{second}/address/billing");
    shop.done("PUT", &path, json!({"city": "Bonn"}), 200, "Billing address updated.").await;
    shop.done(
        "DELETE",
        &format!("salesorders/{second}"),
        Value::Null,
        200,
        "Sales Order Deleted Successfully.",
    )
    .await;
    let (status, _) = shop.call("GET", "/invoice/v3/salesorders", Value::Null).await;
    assert_eq!(status, 404, "sales orders are no part of Invoice");
    let (status, answer) = shop.api().call("GET", "/invoice/v3/invoices", Value::Null).await;
    assert_eq!((status, &answer["code"]), (401, &json!(57)), "a token for Books is none for Invoice");
}
