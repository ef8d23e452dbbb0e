use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::purchase_world::*;
use crate::world::send;

async fn expense(p: &Purchase, body: Value) -> Value {
    let mut whole = json!({"account_id": p.accounts[0], "date": "2026-01-05", "amount": 10});
    for (name, value) in body.as_object().unwrap() {
        whole[name] = value.clone();
    }
    p.ask("POST", "expenses", whole, 201).await["expense"].clone()
}

#[tokio::test]
async fn lifecycle_of_an_expense() {
    let p = purchase().await;
    let customer = p.w.api.named("Buyer").await;
    let body = json!({"account_id": p.accounts[0], "date": "2026-01-05", "amount": 10.005, "description": "Lunch", "vendor_id": p.vendor});
    let answer = p.ask("POST", "expenses", body, 201).await;
    assert_eq!(answer["message"], "The expense has been recorded.");
    let expense = &answer["expense"];
    assert_eq!((&expense["status"], &expense["is_billable"]), (&json!("nonbillable"), &json!(false)));
    assert_eq!(
        (expense["amount"].as_f64(), expense["total"].as_f64(), expense["bcy_total"].as_f64()),
        (Some(10.01), Some(10.01), Some(10.01))
    );
    assert_eq!(
        (&expense["vendor_name"], &expense["expense_type"]),
        (&json!("Steel Works"), &json!("non_mileage"))
    );
    let path = format!("expenses/{}", text(&expense["expense_id"]));

    p.w.clock.advance(TimeDelta::seconds(1));
    assert_eq!(
        p.refused("PUT", &path, json!({"is_billable": true}), 2).await,
        "Invalid value passed for customer_id"
    );
    let answer = p.ask("PUT", &path, json!({"is_billable": true, "customer_id": customer}), 200).await;
    assert_eq!(answer["message"], "Expense information has been updated.");
    assert_eq!(
        (&answer["expense"]["status"], &answer["expense"]["customer_name"]),
        (&json!("unbilled"), &json!("Buyer"))
    );
    assert_eq!(answer["expense"]["description"], "Lunch");
    p.refused("PUT", &path, json!({"customer_id": ""}), 2).await;
    p.says("DELETE", &path, Value::Null, 200, "The expense has been deleted.").await;
    assert_eq!(p.ask("GET", &path, Value::Null, 404).await["message"], "Expense does not exist.");
}

#[tokio::test]
async fn taxes_on_top_and_inside() {
    let p = purchase().await;
    let tax = p.tax("VAT", 19).await;
    let amounts = |expense: &Value| {
        ["amount", "sub_total", "tax_amount", "total"].map(|name| expense[name].as_f64().unwrap())
    };
    let on_top = expense(&p, json!({"amount": 100, "tax_id": tax})).await;
    assert_eq!(amounts(&on_top), [100.0, 100.0, 19.0, 119.0]);
    assert_eq!((&on_top["tax_name"], &on_top["tax_percentage"]), (&json!("VAT"), &json!(19.0)));
    let inside = expense(&p, json!({"amount": 100, "tax_id": tax, "is_inclusive_tax": true})).await;
    assert_eq!(amounts(&inside), [100.0, 84.03, 15.97, 100.0]);
    let path = format!("expenses/{}", text(&inside["expense_id"]));
    let changed = p.ask("PUT", &path, json!({"is_inclusive_tax": false}), 200).await["expense"].clone();
    assert_eq!(amounts(&changed), [100.0, 100.0, 19.0, 119.0]);
    let row = &p.w.api.get("expenses?sort_column=total").await["expenses"][0];
    assert_eq!(
        (row["total"].as_f64(), row["total_without_tax"].as_f64(), row["bcy_total_without_tax"].as_f64()),
        (Some(119.0), Some(100.0), Some(100.0))
    );
    // A tax that an expense names stays.
    p.refused("DELETE", &format!("settings/taxes/{tax}"), Value::Null, 36).await;
}

#[tokio::test]
async fn itemised_and_mileage_expenses() {
    let p = purchase().await;
    let tax = p.tax("VAT", 10).await;
    let lines = json!([
        {"account_id": p.accounts[0], "amount": 10.015, "description": "Room", "tax_id": tax},
        {"account_id": p.accounts[1], "amount": 5}
    ]);
    let body = json!({"date": "2026-01-05", "line_items": lines});
    let trip = p.ask("POST", "expenses", body, 201).await["expense"].clone();
    assert_eq!(
        (
            &trip["is_itemized_expense"],
            trip["amount"].as_f64(),
            trip["tax_amount"].as_f64(),
            trip["total"].as_f64()
        ),
        (&json!(true), Some(15.02), Some(1.0), Some(16.02))
    );
    assert_eq!(
        (trip["line_items"][0]["item_total"].as_f64(), trip["line_items"][0]["tax_amount"].as_f64()),
        (Some(10.02), Some(1.0))
    );
    let kept = &trip["line_items"][0]["line_item_id"];
    let path = format!("expenses/{}", text(&trip["expense_id"]));
    let changed = p
        .ask("PUT", &path, json!({"line_items": [{"line_item_id": kept, "amount": 20}]}), 200)
        .await["expense"]
        .clone();
    assert_eq!((changed["line_items"].as_array().unwrap().len(), changed["total"].as_f64()), (1, Some(22.0)));
    assert_eq!(
        (&changed["line_items"][0]["description"], &changed["line_items"][0]["line_item_id"]),
        (&json!("Room"), kept)
    );
    p.refused("PUT", &path, json!({"line_items": [{"line_item_id": "12", "amount": 20}]}), 2).await;
    assert_eq!(
        p.refused("PUT", &path, json!({"line_items": [{"amount": 20}]}), 2).await,
        "Invalid value passed for account_id"
    );

    let drive = json!({"account_id": p.accounts[0], "date": "2026-01-05", "mileage_type": "odometer", "start_reading": 100, "end_reading": 130.5, "mileage_rate": 0.55, "mileage_unit": "mile"});
    let drive = p.ask("POST", "expenses", drive, 201).await["expense"].clone();
    assert_eq!(
        (&drive["expense_type"], drive["distance"].as_f64(), drive["total"].as_f64()),
        (&json!("mileage"), Some(30.5), Some(16.78))
    );
}

#[tokio::test]
async fn what_an_expense_refuses() {
    let p = purchase().await;
    let customer = p.w.api.named("Buyer").await;
    let with = |name: &str, value: Value| {
        let mut body = json!({"account_id": p.accounts[0], "date": "2026-01-05", "amount": 10});
        body[name] = value;
        body
    };
    let far = json!({"account_id": p.accounts[0], "date": "2026-01-05", "mileage_type": "manual", "distance": 1e12, "mileage_rate": 1e12});
    for (body, code, message) in [
        (far, 2, "Invalid value passed for amount"),
        (with("account_id", json!("")), 2, "Invalid value passed for account_id"),
        (with("account_id", json!("cash")), 2, "Invalid value passed for account_id"),
        (with("date", json!("")), 2, "Invalid value passed for date"),
        (with("amount", Value::Null), 2, "Invalid value passed for amount"),
        (with("amount", json!(0)), 2, "Invalid value passed for amount"),
        (with("amount", json!(-1)), 2, "Invalid value passed for amount"),
        (with("amount", json!("much")), 2, "Invalid value passed for amount"),
        (with("tax_id", json!("12")), 6, "Invalid reference passed for tax_id"),
        (with("currency_id", json!("12")), 6, "Invalid reference passed for currency_id"),
        (with("customer_id", json!("12")), 6, "Invalid reference passed for customer_id"),
        (with("customer_id", json!(p.vendor)), 2, "Invalid value passed for customer_id"),
        (with("vendor_id", json!(customer)), 2, "Invalid value passed for vendor_id"),
        (with("is_billable", json!(true)), 2, "Invalid value passed for customer_id"),
        (
            with("reference_number", json!("x".repeat(101))),
            15,
            "Please ensure that the reference_number has less than 100 characters.",
        ),
        (with("line_items", json!("none")), 2, "Invalid value passed for line_items"),
    ] {
        assert_eq!(p.refused("POST", "expenses", body.clone(), code).await, message, "{body}");
    }
    assert_eq!(p.w.api.get("expenses").await["expenses"], json!([]));
}

#[tokio::test]
async fn receipts_come_and_go() {
    let p = purchase().await;
    let body = json!({"account_id": p.accounts[0], "date": "2026-01-05", "amount": 10});
    let (status, answer) = p.with_receipt("POST", "expenses", body, "first").await;
    assert_eq!(status, 201, "{answer}");
    let made = &answer["expense"];
    assert_eq!(
        (&made["expense_receipt_name"], &made["expense_receipt_type"]),
        (&json!("lunch.PNG"), &json!("png"))
    );
    let path = format!("expenses/{}", text(&made["expense_id"]));
    let receipt = format!("{path}/receipt");
    let reply = p.w.api.request("GET", &receipt).send().await.unwrap();
    assert_eq!(reply.headers()["content-type"], "image/png");
    assert_eq!(reply.headers()["content-disposition"], "attachment; filename=\"lunch.PNG\"");
    assert_eq!(reply.text().await.unwrap(), "first");
    assert_eq!(p.w.api.get("expenses").await["expenses"][0]["has_attachment"], true);

    p.w.clock.advance(TimeDelta::seconds(1));
    let (status, answer) = p.with_receipt("POST", &receipt, Value::Null, "second \u{fe0f}").await;
    assert_eq!((status, answer["message"].as_str()), (200, Some("The expense receipt has been attached.")));
    assert_eq!(send(p.w.api.request("GET", &receipt)).await.1, json!("second \u{fe0f}"));
    assert_eq!(p.w.api.get(&path).await["expense"]["last_modified_time"], "2026-01-05T12:06:11-0800");
    p.says("DELETE", &receipt, Value::Null, 200, "The attached expense receipt has been deleted.").await;
    assert_eq!(p.ask("GET", &receipt, Value::Null, 404).await["message"], "Receipt does not exist.");
    p.ask("DELETE", &receipt, Value::Null, 404).await;
    assert_eq!(p.w.api.get(&path).await["expense"]["expense_receipt_name"], "");
    assert_eq!(p.refused("POST", &receipt, Value::Null, 2).await, "Invalid value passed for receipt");
    let (status, _) = p.with_receipt("POST", &receipt, Value::Null, "").await;
    assert_eq!(status, 400);

    let (status, _) = p.with_receipt("PUT", &path, json!({"amount": 11}), "third").await;
    assert_eq!(status, 200);
    p.ask("PUT", &format!("{path}?delete_receipt=true"), json!({"amount": 12}), 200).await;
    p.ask("GET", &receipt, Value::Null, 404).await;
    p.with_receipt("POST", &receipt, Value::Null, "fourth").await;
    p.ask("DELETE", &path, Value::Null, 200).await;
    assert_eq!(p.ask("GET", &receipt, Value::Null, 404).await["message"], "Expense does not exist.");
}

#[tokio::test]
async fn lists_of_expenses() {
    let p = purchase().await;
    let customer = p.w.api.named("Buyer").await;
    expense(&p, json!({"date": "2026-01-03", "amount": 30, "reference_number": "a"})).await;
    expense(&p, json!({"date": "2026-01-01", "amount": 10, "reference_number": "b", "customer_id": customer, "is_billable": true})).await;
    expense(&p, json!({"date": "2025-12-31", "amount": 20, "reference_number": "c", "vendor_id": p.vendor}))
        .await;
    let list = p.w.api.get("expenses").await;
    assert_eq!(list["page_context"]["applied_filter"], "Status.All");
    for member in [
        "expense_id",
        "date",
        "user_name",
        "paid_through_account_name",
        "account_name",
        "description",
        "currency_id",
        "currency_code",
        "bcy_total",
        "bcy_total_without_tax",
        "total",
        "total_without_tax",
        "is_billable",
        "is_personal",
        "reference_number",
        "customer_id",
        "customer_name",
        "vendor_id",
        "vendor_name",
        "status",
        "created_time",
        "last_modified_time",
        "expense_receipt_name",
        "exchange_rate",
        "distance",
        "mileage_rate",
        "mileage_unit",
        "mileage_type",
        "expense_type",
        "start_reading",
        "end_reading",
        "report_id",
        "report_name",
        "report_number",
        "has_attachment",
        "custom_fields_list",
    ] {
        assert!(list["expenses"][0].get(member).is_some(), "{member}");
    }
    for (query, expected) in [
        ("sort_column=date", vec!["c", "b", "a"]),
        ("sort_column=total&sort_order=D", vec!["a", "c", "b"]),
        ("date_start=2026-01-01&date_end=2026-01-03&sort_column=date", vec!["b", "a"]),
        ("filter_by=Status.Unbilled", vec!["b"]),
        ("filter_by=Status.Billable", vec!["b"]),
        ("filter_by=Status.Nonbillable&sort_column=date", vec!["c", "a"]),
        ("filter_by=Status.Invoiced", vec![]),
        ("status=unbilled", vec!["b"]),
        ("amount_less_than=30&sort_column=date", vec!["c", "b"]),
        ("vendor_name_startswith=steel", vec!["c"]),
        ("search_text=buyer", vec!["b"]),
    ] {
        let list = p.w.api.get(&format!("expenses?{query}")).await;
        assert_eq!(column(&list, "expenses", "reference_number"), expected, "{query}");
    }
    let list = p.w.api.get(&format!("expenses?customer_id={customer}")).await;
    assert_eq!(column(&list, "expenses", "reference_number"), ["b"]);
    // Invoice serves the same expenses; it has no purchase orders.
    assert_eq!(p.w.api.get("/invoice/v3/expenses").await["expenses"].as_array().unwrap().len(), 3);
    assert_eq!(p.w.api.call("GET", "/invoice/v3/bills", Value::Null).await.0, 404);
}

#[tokio::test]
async fn the_receipt_of_an_invoiced_expense_is_deleted_by_the_path_of_invoices() {
    let p = purchase().await;
    let made = expense(&p, json!({})).await;
    let id = text(&made["expense_id"]);
    let (status, answer) =
        p.with_receipt("POST", &format!("expenses/{id}/receipt"), Value::Null, "paper").await;
    assert_eq!(status, 200, "{answer}");
    let path = format!("invoices/expenses/{id}/receipt");
    p.says("DELETE", &path, Value::Null, 200, "The attached expense receipt has been deleted.").await;
    assert_eq!(p.w.api.get(&format!("expenses/{id}")).await["expense"]["expense_receipt_name"], "");
    assert_eq!(p.ask("DELETE", &path, Value::Null, 404).await["code"], 1002);
}
