use serde_json::{Value, json};

use crate::billing_world::*;

#[tokio::test]
async fn invoices_in_the_shape_of_billing() {
    let mut b = billing().await;
    b.plan("m", json!({})).await;
    let customer = b.customer("Acme").await;
    let items = json!([{"name": "Work", "description": "d", "price": "50", "quantity": 2}, {"code": "m", "price": 1}]);
    let body = json!({"customer_id": customer, "date": "2026-01-05", "due_date": "2026-01-10", "invoice_items": items, "notes": "n",
        "billing_address": {"street": "1 Road", "city": "Bonn"}});
    let made = b.created("invoices", body).await;
    assert_eq!(made["message"], "The invoice has been created.");
    let invoice = &made["invoice"];
    let path = format!("invoices/{}", text(&invoice["invoice_id"]));
    for (name, value) in [
        ("number", json!("INV-000001")),
        ("invoice_number", json!("INV-000001")),
        ("status", json!("draft")),
        ("invoice_date", json!("2026-01-05")),
        ("due_date", json!("2026-01-10")),
        ("total", json!(101.0)),
        ("balance", json!(101.0)),
        ("customer_name", json!("Acme")),
        ("email", json!("acme@x.test")),
        ("write_off_amount", json!(0.0)),
        ("payments", json!([])),
        ("credits", json!([])),
        ("subscriptions", json!([])),
    ] {
        assert_eq!(invoice[name], value, "{name}");
    }
    let item = &invoice["invoice_items"][0];
    assert_eq!(
        (&item["name"], &item["price"], &item["quantity"], &item["item_total"]),
        (&json!("Work"), &json!(50.0), &json!(2.0), &json!(100.0))
    );
    assert_eq!(invoice["invoice_items"][1]["name"], "Plan m");
    assert!(invoice["updated_time"].is_string() && invoice.get("last_modified_time").is_none());
    b.refused(
        "POST",
        "invoices",
        json!({"customer_id": customer, "date": "2026-01-05", "invoice_items": []}),
        400,
        4016,
        "Please add at least one line item.",
    )
    .await;

    b.refused(
        "POST",
        &format!("{path}/email"),
        json!({"subject": "s", "body": "b"}),
        400,
        2,
        "Invalid value passed for to_mail_ids",
    )
    .await;
    b.refused(
        "POST",
        &format!("{path}/writeoff"),
        Value::Null,
        400,
        4098,
        "An invoice in the status draft cannot be written off.",
    )
    .await;
    let opened = "Status of the invoice has been changed to open.";
    for _ in 0..2 {
        b.done("POST", &format!("{path}/converttoopen"), Value::Null, opened).await;
    }
    assert_eq!(b.get(&path).await["invoice"]["status"], "sent");
    b.done("POST", &format!("{path}/void"), Value::Null, "Invoice status has been changed to Void.").await;
    assert_eq!(b.get("invoices?filter_by=Status.Void").await["invoices"].as_array().unwrap().len(), 1);
    b.refused("POST", &format!("{path}/collect"), Value::Null, 400, 4098, "Nothing of the invoice is due.")
        .await;
    b.done("POST", &format!("{path}/converttoopen"), Value::Null, opened).await;
    let mail = json!({"to_mail_ids": ["a@x.test"], "subject": "s", "body": "b"});
    b.done("POST", &format!("{path}/email"), mail, "Your invoice has been sent.").await;
    assert_eq!(b.get(&path).await["invoice"]["is_emailed"], true);

    let added = json!({"invoice_items": [{"name": "More", "price": 9, "quantity": 1}]});
    let body =
        b.done("POST", &format!("{path}/lineitems"), added, "Invoice information has been updated.").await;
    assert_eq!(body["invoice"]["total"], 110.0);
    let line = text(&body["invoice"]["invoice_items"][1]["item_id"]);
    b.done(
        "DELETE",
        &format!("{path}/lineitems/{line}"),
        Value::Null,
        "Invoice information has been updated.",
    )
    .await;
    b.refused(
        "DELETE",
        &format!("{path}/lineitems/{line}"),
        Value::Null,
        404,
        1002,
        "Line item does not exist.",
    )
    .await;
    let first = text(&b.get(&path).await["invoice"]["invoice_items"][0]["item_id"]);
    let body = json!({"customer_id": customer, "invoice_items": [{"item_id": first, "price": 60}]});
    let body = b.done("PUT", &path, body, "Invoice information has been updated.").await;
    assert_eq!(
        (&body["invoice"]["total"], &body["invoice"]["invoice_items"][0]["item_id"]),
        (&json!(120.0), &json!(first))
    );
    let body = b
        .done(
            "PUT",
            &format!("{path}/address"),
            json!({"billing_address": {"street": "2 Road"}}),
            "Invoice address updated",
        )
        .await;
    assert_eq!(body["invoice_address"]["billing_address"]["street"], "2 Road");
    assert_eq!(b.get(&path).await["invoice"]["billing_address"]["street"], "2 Road");
    let custom = json!({"custom_fields": [{"label": "Ref", "value": "1"}]});
    b.done("POST", &format!("{path}/customfields"), custom.clone(), "Custom Fields Updated Successfully")
        .await;
    let other = format!("invoice/{}/customfields", text(&invoice["invoice_id"]));
    b.done("PUT", &other, custom, "Custom Fields Updated Successfully").await;

    b.at("2026-01-11").await;
    assert_eq!(b.get(&path).await["invoice"]["status"], "overdue");
    for (filter, count) in [("OverDue", 1), ("Unpaid", 1), ("Draft", 0), ("Sent", 0), ("Paid", 0), ("All", 1)]
    {
        let list = b.get(&format!("invoices?filter_by=Status.{filter}&customer_id={customer}")).await;
        assert_eq!(list["invoices"].as_array().unwrap().len(), count, "{filter}");
    }
    let row = b.get("invoices?number_contains=0001").await["invoices"][0].clone();
    assert_eq!(
        (&row["number"], &row["invoice_date"], &row["balance"]),
        (&json!("INV-000001"), &json!("2026-01-05"), &json!(120.0))
    );
    b.done("POST", &format!("{path}/writeoff"), json!({"reason": "r"}), "Invoice has been written off..")
        .await;
    assert_eq!(b.get(&path).await["invoice"]["write_off_amount"], 120.0);
    assert_eq!(b.get(&path).await["invoice"]["status"], "paid");
    b.done(
        "POST",
        &format!("{path}/cancelwriteoff"),
        Value::Null,
        "The write off done for this invoice has been cancelled.",
    )
    .await;

    let note = b.created("creditnotes", json!({"customer_id": customer, "date": "2026-01-11", "creditnote_items": [{"code": "m", "quantity": 1, "price": 20}]})).await;
    assert_eq!(
        (&note["message"], &note["creditnote"]["total"]),
        (&json!("Credit Note created successfully."), &json!(20.0))
    );
    assert_eq!(note["credit_note"], note["creditnote"]);
    assert_eq!(note["creditnote"]["creditnote_items"][0]["name"], "Plan m");
    let credit = json!({"apply_creditnotes": [{"creditnote_id": note["creditnote"]["creditnote_id"], "amount_applied": 20}]});
    let body = b
        .done(
            "POST",
            &format!("{path}/credits"),
            credit.clone(),
            "Credits have been applied to the invoice(s).",
        )
        .await;
    assert_eq!(
        (&body["apply_creditnotes"][0]["amount_applied"], &body["apply_creditnotes"][0]["invoice_id"]),
        (&json!(20.0), &invoice["invoice_id"])
    );
    let (status, body) = b.call("POST", &format!("{path}/credits"), credit).await;
    assert_eq!((status, &body["code"]), (400, &json!(4017)));
    b.refused(
        "POST",
        &format!("{path}/credits"),
        json!({}),
        400,
        2,
        "Invalid value passed for apply_creditnotes",
    )
    .await;
    b.refused(
        "POST",
        &format!("{path}/void"),
        Value::Null,
        400,
        4018,
        "Invoice has payments or credits applied. Remove them first.",
    )
    .await;
    b.refused(
        "POST",
        &format!("{path}/collect"),
        json!({"card_id": "90002"}),
        400,
        4098,
        "The card was declined.",
    )
    .await;
    let body = b
        .done(
            "POST",
            &format!("{path}/collect"),
            json!({"card_id": "90001"}),
            "The customer payment has been recorded.",
        )
        .await;
    assert_eq!(
        (&body["payment"]["amount"], &body["payment"]["payment_mode"]),
        (&json!(100.0), &json!("autotransaction"))
    );
    let now = b.get(&path).await["invoice"].clone();
    assert_eq!(
        (&now["status"], &now["payment_made"], &now["credits_applied"], &now["balance"]),
        (&json!("paid"), &json!(100.0), &json!(20.0), &json!(0.0))
    );
    assert_eq!(
        (&now["payments"][0]["amount"], &now["credits"][0]["credited_amount"]),
        (&json!(100.0), &json!(20.0))
    );
    let types: Vec<Value> = b.get(&format!("transactions?customer_id={customer}")).await["transactions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| json!([it["type"], it["amount"]]))
        .collect();
    assert_eq!(types, [json!(["payment", 100.0]), json!(["credit", 20.0]), json!(["invoice", 120.0])]);
    let list = b.get("transactions?filter_by=TransactionType.CREDIT").await;
    assert_eq!(list["transactions"].as_array().unwrap().len(), 1);
    b.refused("GET", "transactions?filter_by=x", Value::Null, 400, 2, "Invalid value passed for filter_by")
        .await;
    b.refused(
        "DELETE",
        &path,
        Value::Null,
        400,
        4018,
        "Invoice has payments or credits applied. Remove them first.",
    )
    .await;
    b.refused("GET", "invoices/1", Value::Null, 404, 1002, "Invoice does not exist.").await;
}

#[tokio::test]
async fn payments_and_credit_notes() {
    let b = billing().await;
    let customer = b.customer("Acme").await;
    let body = json!({"customer_id": customer, "date": "2026-01-05", "invoice_items": [{"name": "Work", "price": 80, "quantity": 1}]});
    let made = b.created("invoices?send=true", body).await["invoice"].clone();
    let invoice = text(&made["invoice_id"]);
    assert_eq!(made["status"], "sent");
    let body = json!({"customer_id": customer, "payment_mode": "cash", "amount": 100, "reference_number": "X", "invoices": [{"invoice_id": invoice, "amount_applied": 80}]});
    let made = b.created("payments", body).await;
    assert_eq!(made["message"], "The payment has been created.");
    let payment = &made["payment"];
    assert_eq!(
        (&payment["date"], &payment["unused_amount"], &payment["amount_refunded"]),
        (&json!("2026-01-05"), &json!(20.0), &json!(0.0))
    );
    assert_eq!(payment["invoices"][0]["amount_applied"], 80.0);
    assert_eq!(b.get(&format!("invoices/{invoice}")).await["invoice"]["status"], "paid");
    assert_eq!(b.get(&format!("customers/{customer}")).await["customer"]["unused_credits"], 20.0);
    let path = format!("payments/{}", text(&payment["payment_id"]));
    let body = json!({"customer_id": customer, "payment_mode": "check", "amount": 100, "invoices": [{"invoice_id": invoice, "amount_applied": 50}]});
    let body = b.done("PUT", &path, body, "The payment details have been updated.").await;
    assert_eq!(
        (&body["payment"]["payment_mode"], &body["payment"]["unused_amount"]),
        (&json!("check"), &json!(50.0))
    );
    assert_eq!(b.get(&format!("invoices/{invoice}")).await["invoice"]["status"], "partially_paid");
    assert_eq!(
        b.get(&format!("payments?customer_id={customer}")).await["payments"][0]["reference_number"],
        "X"
    );
    let body = json!({"customer_id": customer, "payment_mode": "cash", "amount": 200, "invoices": [{"invoice_id": invoice, "amount_applied": 81}]});
    b.refused(
        "POST",
        "payments",
        body,
        400,
        4017,
        "The amount applied to INV-000001 is more than its balance.",
    )
    .await;
    b.refused(
        "POST",
        "payments",
        json!({"customer_id": customer, "amount": 1}),
        400,
        2,
        "Invalid value passed for payment_mode",
    )
    .await;
    b.done("DELETE", &path, Value::Null, "The payment has been deleted.").await;
    b.refused("GET", &path, Value::Null, 404, 1002, "Payment does not exist.").await;
    assert_eq!(b.get(&format!("invoices/{invoice}")).await["invoice"]["status"], "sent");

    let body = json!({"customer_id": customer, "date": "2026-01-05", "creditnote_number": "C-7", "ignore_auto_number_generation": true,
        "creditnote_items": [{"name": "Back", "quantity": 1, "price": 30}]});
    let note = text(&b.created("creditnotes", body).await["creditnote"]["creditnote_id"]);
    let path = format!("creditnotes/{note}");
    assert_eq!(b.get(&path).await["creditnote"]["creditnote_number"], "C-7");
    let applied = json!({"invoices": [{"invoice_id": invoice, "amount_applied": 10}]});
    b.done("POST", &format!("{path}/invoices"), applied, "Credits have been applied to the invoice(s).")
        .await;
    let now = b.get(&path).await["creditnote"].clone();
    assert_eq!((&now["balance"], &now["invoices"][0]["amount"]), (&json!(20.0), &json!(10.0)));
    let (status, body) = b.call("POST", &format!("{path}/void"), Value::Null).await;
    assert_eq!((status, &body["code"]), (400, &json!(4018)));
    let body = json!({"customer_id": customer, "date": "2026-01-05", "creditnote_items": [{"name": "Back", "quantity": 1, "price": 5}]});
    let path =
        format!("creditnotes/{}", text(&b.created("creditnotes", body).await["creditnote"]["creditnote_id"]));
    b.done("POST", &format!("{path}/void"), Value::Null, "The credit note has been marked as void.").await;
    assert_eq!(b.get("creditnotes?filter_by=Status.Void").await["creditnotes"].as_array().unwrap().len(), 1);
    b.done(
        "POST",
        &format!("{path}/converttoopen"),
        Value::Null,
        "Status of the credit note has been changed to open.",
    )
    .await;
    let mail = json!({"to_mail_ids": ["a@x.test"], "subject": "s", "body": "b"});
    b.done("POST", &format!("{path}/email"), mail, "Your creditnote has been sent.").await;
    b.done("DELETE", &path, Value::Null, "The credit note has been deleted.").await;
    b.refused("GET", &path, Value::Null, 404, 1002, "Credit note does not exist.").await;
}

#[tokio::test]
async fn quotes_are_estimates() {
    let b = billing().await;
    let customer = b.customer("Acme").await;
    let body = json!({"customer_id": customer, "zcrm_potential_id": "0077", "line_items": [{"name": "Work", "rate": 5, "quantity": 3}]});
    let made = b.created("estimates", body).await;
    assert_eq!(
        (&made["message"], &made["estimate"]["total"]),
        (&json!("The quote has been created"), &json!(15.0))
    );
    let path = format!("estimates/{}", text(&made["estimate"]["estimate_id"]));
    assert_eq!(b.get("estimates?zcrm_potential_id=0077").await["estimates"].as_array().unwrap().len(), 1);
    assert_eq!(b.get("estimates?zcrm_potential_id=77").await["estimates"], json!([]));
    b.done("PUT", &path, json!({"reference_number": "Q"}), "Estimate information has been updated.").await;
    b.done("POST", &format!("{path}/status/sent"), Value::Null, "Estimate status has been changed to Sent")
        .await;
    b.done(
        "POST",
        &format!("{path}/status/accepted"),
        Value::Null,
        "Estimate status has been changed to Accepted.",
    )
    .await;
    b.done(
        "POST",
        &format!("{path}/status/declined"),
        Value::Null,
        "Estimate status has been changed to Declined.",
    )
    .await;
    b.done(
        "POST",
        &format!("{path}/email"),
        json!({"to_mail_ids": ["a@x.test"]}),
        "Your Estimate has been sent.",
    )
    .await;
    assert_eq!(b.get(&path).await["estimate"]["status"], "sent");
    assert_eq!(b.world.api.get(&path).await["estimate"]["status"], "sent");
    b.done("DELETE", &path, Value::Null, "The estimate has been deleted.").await;
    b.refused("GET", &path, Value::Null, 404, 1002, "Estimate does not exist.").await;
}

#[tokio::test]
async fn refunds_of_credit_notes() {
    let b = billing().await;
    let customer = b.customer("Acme").await;
    let items = json!([{"name": "Back", "quantity": 1, "price": 30}]);
    let body = json!({"customer_id": customer, "date": "2026-01-05", "creditnote_items": items});
    let note = text(&b.created("creditnotes", body).await["creditnote"]["creditnote_id"]);
    let path = format!("creditnotes/{note}/refunds");
    let made = b.created(&path, json!({"amount": 12, "description": "d"})).await;
    assert_eq!(made["message"], "The refund information has been saved.");
    let refund = &made["refund"];
    assert_eq!(
        (&refund["amount"], &refund["date"], &refund["status"]),
        (&json!(12.0), &json!("2026-01-05"), &json!("success"))
    );
    assert_eq!(refund["creditnote"]["balance_amount"], 18.0);
    let one = b.get(&format!("creditnotes/refunds/{}", text(&refund["refund_id"]))).await;
    assert_eq!(one["refund"], *refund);
    let (status, body) = b.call("POST", &path, json!({"amount": 19})).await;
    assert_eq!((status, &body["code"]), (400, &json!(4017)));
    b.refused("POST", &path, json!({}), 400, 2, "Invalid value passed for amount").await;
    b.refused("GET", "creditnotes/refunds/1", Value::Null, 404, 1002, "Refund does not exist.").await;
    let list = b.get("transactions?filter_by=TransactionType.REFUND").await;
    assert_eq!(list["transactions"][0]["amount"], 12.0);
    assert_eq!(b.events().await, ["customer_created", "credit_note_created", "payment_refunded"]);
}
