use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::purchase_world::*;

#[tokio::test]
async fn lifecycle_of_a_purchase_order() {
    let p = purchase().await;
    let order = p.order().await;
    assert_eq!(order["purchaseorder_number"], "PO-00001");
    assert_eq!(order["status"], "draft");
    assert_eq!(order["vendor_name"], "Steel Works");
    assert_eq!(order["date"], "2026-01-05");
    assert_eq!(order["currency_code"], "USD");
    assert_eq!((order["sub_total"].as_f64(), order["total"].as_f64()), (Some(30.0), Some(30.0)));
    assert_eq!(order["line_items"][0]["item_total"], 25.0);
    assert_eq!(order["line_items"][0]["account_id"], p.accounts[0]);
    assert_eq!(order["created_time"], "2026-01-05T12:06:10-0800");
    let path = format!("purchaseorders/{}", text(&order["purchaseorder_id"]));

    // One line is changed, one removed, one added.
    p.w.clock.advance(TimeDelta::seconds(5));
    let kept = &order["line_items"][0]["line_item_id"];
    let lines = json!([{"line_item_id": kept, "quantity": 2}, {"name": "Washer", "rate": "0.335"}]);
    let answer = p.ask("PUT", &path, json!({"line_items": lines, "notes": "Urgent"}), 200).await;
    assert_eq!(answer["message"], "Purchase Order has been updated.");
    let order = &answer["purchaseorder"];
    assert_eq!(&order["line_items"][0]["line_item_id"], kept);
    assert_eq!(order["line_items"][1]["item_total"], 0.34);
    assert_eq!((order["total"].as_f64(), order["notes"].as_str()), (Some(5.34), Some("Urgent")));
    assert_eq!(order["last_modified_time"], "2026-01-05T12:06:15-0800");

    p.says("DELETE", &path, Value::Null, 200, "The purchase order has been deleted.").await;
    let (status, answer) = p.w.api.call("GET", &path, Value::Null).await;
    assert_eq!((status, answer["code"].as_i64()), (404, Some(1002)));
    assert_eq!(answer["message"], "Purchase order does not exist.");
}

/// Brings a fresh order into a status.
async fn order_in(p: &Purchase, status: &str) -> String {
    let path = format!("purchaseorders/{}", text(&p.order().await["purchaseorder_id"]));
    let steps: &[&str] = match status {
        "draft" => &[],
        "open" => &["status/open"],
        "billed" => &["status/open", "status/billed"],
        "cancelled" => &["status/cancelled"],
        "pending_approval" => &["submit"],
        "approved" => &["submit", "approve"],
        _ => &["submit", "reject"],
    };
    for step in steps {
        let (got, answer) = p.w.api.call("POST", &format!("{path}/{step}"), Value::Null).await;
        assert!(got < 300, "{step}: {answer}");
    }
    assert_eq!(p.status(&path, "purchaseorder").await, status);
    path
}

#[tokio::test]
async fn every_transition_and_every_refusal_of_a_purchase_order() {
    let p = purchase().await;
    let steps = [
        ("status/open", "open", 201, "The purchase order has been marked as open.", "marked as open"),
        ("status/billed", "billed", 201, "The purchase order has been marked as billed.", "marked as billed"),
        ("status/cancelled", "cancelled", 201, "The purchase order has been cancelled.", "cancelled"),
        (
            "submit",
            "pending_approval",
            200,
            "The purchase order has been successfully submitted for approval.",
            "submitted for approval",
        ),
        ("approve", "approved", 200, "You have approved the Purchase Order.", "approved"),
        ("reject", "rejected", 201, "You have rejected the Purchase order successfully.", "rejected"),
    ];
    let allowed = [
        ("draft", "status/open"),
        ("draft", "status/cancelled"),
        ("draft", "submit"),
        ("open", "status/open"),
        ("open", "status/billed"),
        ("open", "status/cancelled"),
        ("billed", "status/billed"),
        ("cancelled", "status/cancelled"),
        ("cancelled", "status/open"),
        ("pending_approval", "submit"),
        ("pending_approval", "approve"),
        ("pending_approval", "reject"),
        ("approved", "approve"),
        ("approved", "status/open"),
        ("approved", "status/cancelled"),
        ("rejected", "reject"),
        ("rejected", "submit"),
    ];
    for from in ["draft", "open", "billed", "cancelled", "pending_approval", "approved", "rejected"] {
        for (step, to, http, message, verb) in steps {
            let path = order_in(&p, from).await;
            let call = format!("{path}/{step}");
            if allowed.contains(&(from, step)) {
                p.says("POST", &call, json!({}), http, message).await;
                assert_eq!(p.status(&path, "purchaseorder").await, to, "{from} {step}");
            } else {
                let sentence = p.refused("POST", &call, Value::Null, 4098).await;
                let expected = format!("A purchase order in the status {from} cannot be {verb}.");
                assert_eq!(sentence, expected, "{from} {step}");
                assert_eq!(p.status(&path, "purchaseorder").await, from, "{from} {step}");
            }
        }
    }
    for status in ["billed", "cancelled"] {
        let path = order_in(&p, status).await;
        p.refused("PUT", &path, json!({"notes": "x"}), 4098).await;
    }
    assert_eq!(p.w.api.call("POST", "purchaseorders/12/status/open", Value::Null).await.0, 404);
}

#[tokio::test]
async fn bills_of_an_order_bill_it_in_part_and_in_whole() {
    let p = purchase().await;
    let order = p.order().await;
    let id = text(&order["purchaseorder_id"]);
    let path = format!("purchaseorders/{id}");
    let (bolts, nuts) = (&order["line_items"][0]["line_item_id"], &order["line_items"][1]["line_item_id"]);
    let body =
        |number: &str| json!({"bill_number": number, "purchaseorder_ids": [id], "vendor_id": p.vendor});
    let sentence = p.refused("POST", "bills", body("B-1"), 4098).await;
    assert_eq!(sentence, "A purchase order in the status draft cannot be billed.");
    p.ask("POST", &format!("{path}/status/open"), Value::Null, 201).await;

    let mut part = body("B-1");
    part["line_items"] =
        json!([{"purchaseorder_item_id": bolts, "name": "Bolt", "rate": 2.5, "quantity": 6}]);
    let first = p.ask("POST", "bills", part, 201).await["bill"].clone();
    assert_eq!(first["purchaseorders"][0]["purchaseorder_number"], "PO-00001");
    let order = p.ask("GET", &path, Value::Null, 200).await["purchaseorder"].clone();
    assert_eq!(
        (&order["status"], &order["billed_status"]),
        (&json!("partially_billed"), &json!("partially_billed"))
    );
    assert_eq!(order["bills"][0]["bill_number"], "B-1");
    p.refused("POST", &format!("{path}/status/cancelled"), Value::Null, 4098).await;
    p.refused("PUT", &path, json!({"line_items": [{"line_item_id": nuts, "quantity": 4}]}), 4098).await;
    assert_eq!(
        p.refused("DELETE", &path, Value::Null, 36).await,
        "Purchase order is used by other records and cannot be deleted."
    );

    // What is left is offered, and billed by a bill without lines of its own.
    let offered = p
        .ask("GET", &format!("bills/editpage/frompurchaseorders?purchaseorder_ids={id}"), Value::Null, 200)
        .await;
    assert_eq!(offered["purchaseorder_ids"], json!([id]));
    let lines = offered["bill"]["line_items"].as_array().unwrap();
    assert_eq!(lines.iter().map(|it| it["quantity"].as_f64().unwrap()).collect::<Vec<_>>(), [4.0, 4.0]);
    let second = p.ask("POST", "bills", body("B-2"), 201).await["bill"].clone();
    assert_eq!(second["total"], 15.0);
    assert_eq!(p.status(&path, "purchaseorder").await, "billed");
    p.refused("POST", "bills", body("B-3"), 4098).await;
    let bills = p.w.api.get(&format!("bills?purchaseorder_id={id}&sort_column=bill_number")).await;
    assert_eq!(column(&bills, "bills", "bill_number"), ["B-1", "B-2"]);

    // Voiding or deleting a bill opens the order again.
    let second = format!("bills/{}", text(&second["bill_id"]));
    p.ask("POST", &format!("{second}/status/void"), Value::Null, 201).await;
    assert_eq!(p.status(&path, "purchaseorder").await, "partially_billed");
    p.ask("POST", &format!("{second}/status/open"), Value::Null, 201).await;
    assert_eq!(p.status(&path, "purchaseorder").await, "billed");
    p.ask("DELETE", &second, Value::Null, 200).await;
    p.ask("DELETE", &format!("bills/{}", text(&first["bill_id"])), Value::Null, 200).await;
    assert_eq!(p.status(&path, "purchaseorder").await, "open");

    let other = p.w.api.create(json!({"contact_name": "Other", "contact_type": "vendor"})).await;
    let mut wrong = body("B-4");
    wrong["vendor_id"] = other["contact_id"].clone();
    assert_eq!(p.refused("POST", "bills", wrong, 2).await, "Invalid value passed for purchaseorder_ids");
    let mut wrong = body("B-4");
    wrong["line_items"] = json!([{"purchaseorder_item_id": "12", "name": "Bolt"}]);
    assert_eq!(
        p.refused("POST", "bills", wrong, 6).await,
        "Invalid reference passed for purchaseorder_item_id"
    );
    p.refused(
        "POST",
        "bills",
        json!({"bill_number": "B-4", "purchaseorder_ids": ["12"], "vendor_id": p.vendor}),
        6,
    )
    .await;
}

fn own_number(vendor: &str, number: &str) -> Value {
    json!({"vendor_id": vendor, "line_items": [{"name": "Bolt", "rate": 1}], "purchaseorder_number": number})
}

#[tokio::test]
async fn what_a_purchase_order_refuses() {
    let p = purchase().await;
    let customer = p.w.api.named("Buyer").await;
    let lines = json!([{"name": "Bolt", "rate": 1}]);
    for (body, code, message) in [
        (json!({"line_items": lines}), 2, "Invalid value passed for vendor_id"),
        (json!({"vendor_id": customer, "line_items": lines}), 2, "Invalid value passed for vendor_id"),
        (json!({"vendor_id": "12", "line_items": lines}), 6, "Invalid reference passed for vendor_id"),
        (json!({"vendor_id": p.vendor}), 4016, "Please add at least one line item."),
        (json!({"vendor_id": p.vendor, "line_items": []}), 4016, "Please add at least one line item."),
        (
            json!({"vendor_id": p.vendor, "line_items": lines, "date": "5.1.2026"}),
            2,
            "Invalid value passed for date",
        ),
        (
            json!({"vendor_id": p.vendor, "line_items": lines, "delivery_customer_id": "12"}),
            6,
            "Invalid reference passed for delivery_customer_id",
        ),
        (
            json!({"vendor_id": p.vendor, "line_items": lines, "discount": "101%"}),
            2,
            "Invalid value passed for discount",
        ),
        (
            json!({"vendor_id": p.vendor, "line_items": [{"name": "Bolt", "account_id": "main"}]}),
            2,
            "Invalid value passed for account_id",
        ),
    ] {
        assert_eq!(p.refused("POST", "purchaseorders", body.clone(), code).await, message, "{body}");
    }
    let own = own_number(&p.vendor, "X-7");
    p.refused("POST", "purchaseorders", own.clone(), 4097).await;
    let path = "purchaseorders?ignore_auto_number_generation=true";
    assert_eq!(p.ask("POST", path, own.clone(), 201).await["purchaseorder"]["purchaseorder_number"], "X-7");
    assert_eq!(p.refused("POST", path, own, 4).await, "X-7 already exists.");
    // A chosen number at the end of all counters does not stop the series.
    let mut last = own_number(&p.vendor, "PO-18446744073709551615");
    p.ask("POST", path, last.clone(), 201).await;
    last["purchaseorder_number"] = json!("");
    assert_eq!(p.ask("POST", path, last, 201).await["purchaseorder"]["purchaseorder_number"], "PO-00001");
    p.ask("POST", &format!("contacts/{}/inactive", p.vendor), Value::Null, 200).await;
    p.refused("POST", "purchaseorders", json!({"vendor_id": p.vendor, "line_items": lines}), 1005).await;
    assert_eq!(p.w.api.get("purchaseorders").await["purchaseorders"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn lists_of_purchase_orders() {
    let p = purchase().await;
    let other = p.w.api.create(json!({"contact_name": "Acme", "contact_type": "vendor"})).await;
    for (vendor, rate, date, delivery) in [
        (&p.vendor, 5, "2026-01-03", "2026-01-08"),
        (&text(&other["contact_id"]), 20, "2026-01-01", "2026-01-02"),
        (&p.vendor, 10, "2026-01-02", ""),
    ] {
        let body = json!({"vendor_id": vendor, "date": date, "delivery_date": delivery, "line_items": [{"name": "Bolt", "rate": rate}]});
        p.ask("POST", "purchaseorders", body, 201).await;
    }
    let list = p.w.api.get("purchaseorders").await;
    assert_eq!(list["page_context"]["report_name"], "Purchase Orders");
    let row = list["purchaseorders"]
        .as_array()
        .unwrap()
        .iter()
        .find(|it| it["purchaseorder_number"] == "PO-00001")
        .unwrap();
    for member in [
        "purchaseorder_id",
        "vendor_id",
        "vendor_name",
        "company_name",
        "status",
        "billed_status",
        "color_code",
        "reference_number",
        "date",
        "delivery_date",
        "delivery_days",
        "due_by_days",
        "due_in_days",
        "currency_id",
        "currency_code",
        "price_precision",
        "total",
        "has_attachment",
        "client_viewed_time",
        "created_time",
        "last_modified_time",
    ] {
        assert!(row.get(member).is_some(), "{member}");
    }
    assert!(row.get("line_items").is_none());
    let first = text(&row["purchaseorder_id"]);
    p.ask("POST", &format!("purchaseorders/{first}/status/open"), Value::Null, 201).await;
    for (query, expected) in [
        ("sort_column=total", vec!["PO-00001", "PO-00003", "PO-00002"]),
        ("sort_column=vendor_name", vec!["PO-00002", "PO-00001", "PO-00003"]),
        ("sort_column=date&sort_order=D", vec!["PO-00001", "PO-00003", "PO-00002"]),
        ("date_start=2026-01-02&date_end=2026-01-03&sort_column=date", vec!["PO-00003", "PO-00001"]),
        ("filter_by=Status.Open", vec!["PO-00001"]),
        ("status=draft&sort_column=total", vec!["PO-00003", "PO-00002"]),
        ("vendor_name_contains=acm", vec!["PO-00002"]),
        ("total_greater_than=5&sort_column=total", vec!["PO-00003", "PO-00002"]),
        ("search_text=00003", vec!["PO-00003"]),
    ] {
        let list = p.w.api.get(&format!("purchaseorders?{query}")).await;
        assert_eq!(column(&list, "purchaseorders", "purchaseorder_number"), expected, "{query}");
    }
    let list = p.w.api.get(&format!("purchaseorders?vendor_id={}&sort_column=date", p.vendor)).await;
    assert_eq!(column(&list, "purchaseorders", "purchaseorder_number"), ["PO-00003", "PO-00001"]);
    let days = &p.w.api.get("purchaseorders?filter_by=Status.Open").await["purchaseorders"][0];
    assert_eq!((&days["delivery_days"], &days["due_in_days"]), (&json!("Due in 3 days"), &json!(3)));
    assert_eq!(
        p.refused("GET", "purchaseorders?sort_column=colour", Value::Null, 2).await,
        "Invalid value passed for sort_column"
    );
    p.refused("GET", "purchaseorders?filter_by=Status.Lost", Value::Null, 2).await;
}

#[tokio::test]
async fn an_order_keeps_a_billing_address_of_its_own() {
    let p = purchase().await;
    let path = format!("purchaseorders/{}", text(&p.order().await["purchaseorder_id"]));
    let call = format!("{path}/address/billing");
    p.says("PUT", &call, json!({"city": "Bonn", "zip": "53111"}), 200, "Billing address updated.").await;
    assert_eq!(p.w.api.get(&path).await["purchaseorder"]["billing_address"]["city"], "Bonn");
    p.refused("PUT", &call, json!({"city": 7}), 2).await;
}

#[tokio::test]
async fn orders_and_bills_have_layouts_and_addresses_of_their_own() {
    let p = purchase().await;
    let order = text(&p.order().await["purchaseorder_id"]);
    let bill = p.bill("B-1", 10).await;
    for (plural, singular, id, changed) in [
        ("purchaseorders", "purchaseorder", order, "Purchase Order has been updated."),
        ("bills", "bill", bill, "Bill information has been updated."),
    ] {
        let path = format!("{plural}/{id}");
        let shown = async || p.w.api.get(&path).await[singular].clone();
        let templates = p.w.api.get(&format!("{plural}/templates")).await["templates"].clone();
        let (usual, other) = (&templates[0], &templates[1]);
        assert_eq!(shown().await["template_id"], usual["template_id"], "{plural}");
        let call = format!("{path}/templates/{}", text(&other["template_id"]));
        p.says("PUT", &call, Value::Null, 200, changed).await;
        let after = shown().await;
        for member in ["template_id", "template_name", "template_type"] {
            assert_eq!(after[member], other[member], "{plural} {member}");
        }
        assert_eq!(p.ask("PUT", &format!("{path}/templates/7"), Value::Null, 404).await["code"], 1002);
        assert_eq!(
            p.refused("PUT", &path, json!({"template_id": "7"}), 6).await,
            "Invalid reference passed for template_id"
        );

        for (which, message) in
            [("billing", "Billing address updated."), ("shipping", "Shipping address updated.")]
        {
            let call = format!("{path}/address/{which}");
            p.says("PUT", &call, json!({"city": "Bonn", "zip": "53111"}), 200, message).await;
            // What a call leaves out stays.
            p.says("PUT", &call, json!({"zip": "53113"}), 200, message).await;
            let address = shown().await[format!("{which}_address")].clone();
            assert_eq!((&address["city"], &address["zip"]), (&json!("Bonn"), &json!("53113")), "{call}");
            p.refused("PUT", &call, json!({"city": 7}), 2).await;
        }
        let vendor = p.w.api.get(&format!("contacts/{}", p.vendor)).await["contact"].clone();
        assert_eq!(vendor["billing_address"]["city"], "", "the vendor keeps its own");
    }
}
