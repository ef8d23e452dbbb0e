use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::purchase_world::*;

#[tokio::test]
async fn lifecycle_of_a_bill() {
    let p = purchase().await;
    let tax = p.tax("VAT", 19).await;
    let body = json!({
        "vendor_id": p.vendor, "bill_number": " B-1 ", "date": "2026-01-01", "payment_terms": 15, "is_inclusive_tax": false,
        "line_items": [{"name": "Steel", "rate": 33.335, "quantity": 3, "tax_id": tax}], "adjustment": -0.01
    });
    let answer = p.ask("POST", "bills", body, 201).await;
    assert_eq!(answer["message"], "The bill has been created.");
    let bill = &answer["bill"];
    assert_eq!((&bill["bill_number"], &bill["status"]), (&json!("B-1"), &json!("open")));
    assert_eq!(bill["due_date"], "2026-01-16");
    // 33.335 * 3 = 100.005, half a cent goes up; 19 % of 100.01 is 19.0019.
    assert_eq!((bill["sub_total"].as_f64(), bill["tax_total"].as_f64()), (Some(100.01), Some(19.0)));
    assert_eq!((bill["total"].as_f64(), bill["balance"].as_f64()), (Some(119.0), Some(119.0)));
    assert_eq!(bill["taxes"][0]["tax_amount"], 19.0);
    let path = format!("bills/{}", text(&bill["bill_id"]));

    let answer = p.ask("PUT", &path, json!({"payment_terms": 30, "reference_number": "R"}), 200).await;
    assert_eq!(answer["message"], "Bill information has been updated.");
    assert_eq!(
        (&answer["bill"]["due_date"], &answer["bill"]["reference_number"]),
        (&json!("2026-01-31"), &json!("R"))
    );
    let answer = p.ask("PUT", &path, json!({"due_date": "2026-02-15"}), 200).await;
    assert_eq!(answer["bill"]["due_date"], "2026-02-15");
    p.says("DELETE", &path, Value::Null, 200, "The bill has been deleted.").await;
    assert_eq!(p.ask("GET", &path, Value::Null, 404).await["message"], "Bill does not exist.");
}

#[tokio::test]
async fn a_number_is_unique_for_its_vendor_trimmed_and_without_case() {
    let p = purchase().await;
    let first = p.bill("Straße-1", 10).await;
    let lines = json!([{"name": "Steel", "rate": 1}]);
    let body = json!({"vendor_id": p.vendor, "bill_number": "  STRASSE-1", "line_items": lines});
    let sentence = p.refused("POST", "bills", body.clone(), 13011).await;
    assert_eq!(sentence, "The bill number \"STRASSE-1\" has already been used for this vendor.");
    let second = p.bill("Straße 1", 10).await;
    p.refused("PUT", &format!("bills/{second}"), json!({"bill_number": "straße-1"}), 13011).await;
    p.ask("PUT", &format!("bills/{first}"), json!({"bill_number": "strasse-1"}), 200).await;
    // Another vendor has numbers of its own; a bill that moves to this vendor meets the rule.
    let other = p.w.api.create(json!({"contact_name": "Other", "contact_type": "vendor"})).await;
    let mut body = body;
    body["vendor_id"] = other["contact_id"].clone();
    let moved = text(&p.ask("POST", "bills", body, 201).await["bill"]["bill_id"]);
    p.refused("PUT", &format!("bills/{moved}"), json!({"vendor_id": p.vendor}), 13011).await;
    p.ask("DELETE", &format!("bills/{first}"), Value::Null, 200).await;
    p.ask("PUT", &format!("bills/{moved}"), json!({"vendor_id": p.vendor}), 200).await;
    let exact = p.w.api.get("bills?bill_number=strasse-1").await;
    assert_eq!(column(&exact, "bills", "bill_id"), [moved]);
}

#[tokio::test]
async fn one_of_many_writers_gets_a_number() {
    let p = purchase().await;
    let tasks: Vec<_> = (0..16)
        .map(|n| {
            let (api, vendor) = (p.w.api.clone(), p.vendor.clone());
            tokio::spawn(async move {
                let number = if n % 2 == 0 { "B-1" } else { " b-1" };
                let body = json!({"vendor_id": vendor, "bill_number": number, "line_items": [{"name": "Steel", "rate": 1}]});
                api.call("POST", "bills", body).await.0
            })
        })
        .collect();
    let mut codes = Vec::new();
    for task in tasks {
        codes.push(task.await.unwrap());
    }
    assert_eq!(
        (codes.iter().filter(|it| **it == 201).count(), codes.iter().filter(|it| **it == 400).count()),
        (1, 15)
    );
}

async fn bill_in(p: &Purchase, status: &str, number: &str) -> String {
    let draft = ["draft", "pending_approval", "approved"].contains(&status);
    let due = if status == "overdue" { "2026-01-02" } else { "2026-02-01" };
    let body = json!({
        "vendor_id": p.vendor, "bill_number": number, "date": "2026-01-01", "due_date": due,
        "status": if draft { "draft" } else { "" }, "line_items": [{"name": "Steel", "rate": 10}]
    });
    let id = text(&p.ask("POST", "bills", body, 201).await["bill"]["bill_id"]);
    let path = format!("bills/{id}");
    let steps: &[&str] = match status {
        "void" => &["status/void"],
        "pending_approval" => &["submit"],
        "approved" => &["submit", "approve"],
        _ => &[],
    };
    for step in steps {
        let (got, answer) = p.w.api.call("POST", &format!("{path}/{step}"), Value::Null).await;
        assert!(got < 300, "{step}: {answer}");
    }
    let paid = match status {
        "partially_paid" => 4,
        "paid" => 10,
        _ => 0,
    };
    if paid > 0 {
        let body = json!({"vendor_id": p.vendor, "amount": paid, "bills": [{"bill_id": id, "amount_applied": paid}]});
        p.ask("POST", "vendorpayments", body, 201).await;
    }
    assert_eq!(p.status(&path, "bill").await, status);
    path
}

#[tokio::test]
async fn every_transition_and_every_refusal_of_a_bill() {
    let p = purchase().await;
    let open = ("status/open", 201, "The status of the bill has been chaged to open.");
    let void = ("status/void", 201, "The bill has been marked as void.");
    let submit = ("submit", 200, "The bill has been submitted for approval successfully.");
    let approve = ("approve", 200, "You have approved the bill.");
    let table = [
        // Status, and what each step leads to or which code refuses it.
        ("draft", [Ok("open"), Ok("void"), Ok("pending_approval"), Err(4098)]),
        ("open", [Ok("open"), Ok("void"), Err(4098), Err(4098)]),
        ("overdue", [Ok("overdue"), Ok("void"), Err(4098), Err(4098)]),
        ("partially_paid", [Ok("partially_paid"), Err(4018), Err(4098), Err(4098)]),
        ("paid", [Ok("paid"), Err(4018), Err(4098), Err(4098)]),
        ("void", [Ok("open"), Ok("void"), Err(4098), Err(4098)]),
        ("pending_approval", [Err(4098), Err(4098), Ok("pending_approval"), Ok("approved")]),
        ("approved", [Ok("open"), Ok("void"), Err(4098), Ok("approved")]),
    ];
    for (from, outcomes) in table {
        for ((step, http, message), outcome) in [open, void, submit, approve].into_iter().zip(outcomes) {
            let path = bill_in(&p, from, &format!("{from} {step}")).await;
            let call = format!("{path}/{step}");
            match outcome {
                Ok(to) => {
                    p.says("POST", &call, Value::Null, http, message).await;
                    assert_eq!(p.status(&path, "bill").await, to, "{from} {step}");
                }
                Err(code) => {
                    p.refused("POST", &call, Value::Null, code).await;
                    assert_eq!(p.status(&path, "bill").await, from, "{from} {step}");
                }
            }
        }
    }
    let void = bill_in(&p, "void", "V").await;
    assert_eq!(
        p.refused("PUT", &void, json!({"notes": "x"}), 4098).await,
        "A bill in the status void cannot be changed."
    );
    let paid = bill_in(&p, "partially_paid", "P").await;
    let sentence = p.refused("DELETE", &paid, Value::Null, 4018).await;
    assert_eq!(sentence, "The bill has payments or credits applied. Remove them first.");
    let cheaper = json!({"line_items": [{"name": "Steel", "rate": 3}]});
    assert_eq!(
        p.refused("PUT", &paid, cheaper, 4017).await,
        "The amount applied to the bill P is more than its balance."
    );
    let other = p.w.api.create(json!({"contact_name": "Other", "contact_type": "vendor"})).await;
    p.refused("PUT", &paid, json!({"vendor_id": other["contact_id"]}), 4018).await;
}

#[tokio::test]
async fn a_bill_becomes_overdue_as_days_pass() {
    let mut p = purchase().await;
    let path = bill_in(&p, "partially_paid", "B-1").await;
    p.wait(TimeDelta::days(27)).await;
    assert_eq!(p.status(&path, "bill").await, "partially_paid");
    p.wait(TimeDelta::days(1)).await;
    assert_eq!(p.status(&path, "bill").await, "overdue");
    let row = &p.w.api.get("bills?filter_by=Status.Overdue").await["bills"][0];
    assert_eq!((&row["due_days"], &row["balance"]), (&json!("Overdue by 1 day"), &json!(6.0)));
    assert_eq!(p.w.api.get(&path).await["bill"]["due_by_days"], 1);
    assert_eq!(p.w.api.get("bills?status=partially_paid").await["bills"], json!([]));
    assert_eq!(p.w.api.get("bills?status=unpaid").await["bills"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn lists_of_bills() {
    let p = purchase().await;
    for (number, total) in [("B-2", 20), ("B-1", 30), ("B-3", 10)] {
        p.bill(number, total).await;
    }
    let list = p.w.api.get("bills").await;
    let row = &list["bills"][0];
    for member in [
        "bill_id",
        "vendor_id",
        "vendor_name",
        "status",
        "bill_number",
        "reference_number",
        "date",
        "due_date",
        "due_days",
        "currency_id",
        "currency_code",
        "price_precision",
        "exchange_rate",
        "total",
        "balance",
        "created_time",
        "last_modified_time",
        "attachment_name",
        "has_attachment",
    ] {
        assert!(row.get(member).is_some(), "{member}");
    }
    for (query, expected) in [
        ("sort_column=bill_number", vec!["B-1", "B-2", "B-3"]),
        ("sort_column=balance", vec!["B-3", "B-2", "B-1"]),
        ("total_less_equals=20&sort_column=total", vec!["B-3", "B-2"]),
        ("bill_number_startswith=b-2", vec!["B-2"]),
        ("date_start=2026-01-06", vec![]),
        ("date=2026-01-05&sort_column=bill_number", vec!["B-1", "B-2", "B-3"]),
        ("filter_by=Status.Paid", vec![]),
    ] {
        assert_eq!(
            column(&p.w.api.get(&format!("bills?{query}")).await, "bills", "bill_number"),
            expected,
            "{query}"
        );
    }
    let sums = p.w.api.get("bills?response_option=3").await;
    assert_eq!(
        (&sums["page_context"]["total"], &sums["page_context"]["sum_columns"]["total"]),
        (&json!(3), &json!(60.0))
    );
}

#[tokio::test]
async fn what_a_bill_refuses() {
    let p = purchase().await;
    let lines = json!([{"name": "Steel", "rate": 1}]);
    for (body, code, message) in [
        (json!({"vendor_id": p.vendor, "line_items": lines}), 2, "Invalid value passed for bill_number"),
        (
            json!({"vendor_id": p.vendor, "bill_number": "  ", "line_items": lines}),
            2,
            "Invalid value passed for bill_number",
        ),
        (json!({"bill_number": "B", "line_items": lines}), 2, "Invalid value passed for vendor_id"),
        (json!({"vendor_id": p.vendor, "bill_number": "B"}), 4016, "Please add at least one line item."),
        (
            json!({"vendor_id": p.vendor, "bill_number": "B", "line_items": [{"name": "x", "tax_id": "12"}]}),
            6,
            "Invalid reference passed for tax_id",
        ),
        (
            json!({"vendor_id": p.vendor, "bill_number": "B", "line_items": lines, "purchaseorder_ids": ["x"]}),
            2,
            "Invalid value passed for purchaseorder_ids",
        ),
        (
            json!({"vendor_id": p.vendor, "bill_number": "B", "line_items": lines, "currency_id": "12"}),
            6,
            "Invalid reference passed for currency_id",
        ),
        (
            json!({"vendor_id": p.vendor, "bill_number": "B", "line_items": [{"name": "x", "rate": 1e12, "quantity": 1e12}]}),
            2,
            "Invalid value passed for rate",
        ),
    ] {
        assert_eq!(p.refused("POST", "bills", body.clone(), code).await, message, "{body}");
    }
    assert_eq!(p.w.api.get("bills").await["bills"], json!([]));
}
