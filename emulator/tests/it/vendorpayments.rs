use serde_json::{Value, json};

use crate::purchase_world::*;

/// Balance and status of a bill.
async fn owed(p: &Purchase, bill: &str) -> (f64, String) {
    let bill = p.w.api.get(&format!("bills/{bill}")).await["bill"].clone();
    (bill["balance"].as_f64().unwrap(), text(&bill["status"]))
}

fn is(balance: f64, status: &str) -> (f64, String) {
    (balance, status.to_owned())
}

#[tokio::test]
async fn a_payment_is_applied_changed_and_undone() {
    let p = purchase().await;
    let (a, b) = (p.bill("A", 100).await, p.bill("B", 50).await);
    let body = json!({
        "vendor_id": p.vendor, "amount": 120.005, "payment_mode": "Bank Transfer", "paid_through_account_id": p.accounts[1],
        "bills": [{"bill_id": a, "amount_applied": 60}, {"bill_id": b, "amount_applied": 50}]
    });
    let answer = p.ask("POST", "vendorpayments", body, 201).await;
    assert_eq!(answer["message"], "The payment made to the vendor has been recorded.");
    let payment = &answer["vendorpayment"];
    assert_eq!((&payment["payment_number"], &payment["date"]), (&json!("1"), &json!("2026-01-05")));
    assert_eq!((payment["amount"].as_f64(), payment["balance"].as_f64()), (Some(120.01), Some(10.01)));
    assert_eq!(
        (payment["bills"][0]["bill_number"].as_str(), payment["bills"][0]["balance"].as_f64()),
        (Some("A"), Some(40.0))
    );
    assert_eq!(owed(&p, &a).await, is(40.0, "partially_paid"));
    assert_eq!(owed(&p, &b).await, is(0.0, "paid"));
    let path = format!("vendorpayments/{}", text(&payment["payment_id"]));

    let paid = p.w.api.get(&format!("bills/{a}/payments")).await["payments"].clone();
    assert_eq!((paid[0]["amount"].as_f64(), &paid[0]["payment_mode"]), (Some(60.0), &json!("Bank Transfer")));
    assert_eq!(paid[0]["bill_payment_id"], payment["bills"][0]["bill_payment_id"]);
    let kept = &payment["bills"][0]["bill_payment_id"];

    // One entry changes by its own id, the other is left out and taken back.
    let answer =
        p.ask("PUT", &path, json!({"bills": [{"bill_payment_id": kept, "amount_applied": 100}]}), 200).await;
    assert_eq!(answer["message"], "The details of the payment made to the vendor has been updated");
    assert_eq!(&answer["vendorpayment"]["bills"][0]["bill_payment_id"], kept);
    assert_eq!(owed(&p, &a).await, is(0.0, "paid"));
    assert_eq!(owed(&p, &b).await, is(50.0, "open"));
    // Without a list the bills stay as they are.
    let answer = p.ask("PUT", &path, json!({"description": "x"}), 200).await;
    assert_eq!(answer["vendorpayment"]["balance"], 20.01);
    assert_eq!(owed(&p, &a).await, is(0.0, "paid"));

    assert_eq!(p.w.api.get(&format!("bills/{b}")).await["bill"]["unused_credits_payable_amount"], 20.01);

    // What is unused pays another bill.
    let credit = json!({"bill_payments": [{"payment_id": payment["payment_id"], "amount_applied": 20}]});
    p.says("POST", &format!("bills/{b}/credits"), credit, 201, "Credits have been applied to the bill(s).")
        .await;
    assert_eq!(owed(&p, &b).await, is(30.0, "partially_paid"));
    assert_eq!(p.w.api.get(&path).await["vendorpayment"]["balance"], 0.01);
    let entry = text(&p.w.api.get(&format!("bills/{b}/payments")).await["payments"][0]["bill_payment_id"]);
    p.says(
        "DELETE",
        &format!("bills/{b}/payments/{entry}"),
        Value::Null,
        200,
        "The payment has been deleted.",
    )
    .await;
    assert_eq!(owed(&p, &b).await, is(50.0, "open"));
    assert_eq!(p.w.api.get(&path).await["vendorpayment"]["balance"], 20.01);
    p.ask("DELETE", &format!("bills/{b}/payments/{entry}"), Value::Null, 404).await;

    p.says("DELETE", &path, Value::Null, 200, "The payment has been deleted.").await;
    assert_eq!(owed(&p, &a).await, is(100.0, "open"));
    assert_eq!(p.ask("GET", &path, Value::Null, 404).await["message"], "Vendor payment does not exist.");
}

#[tokio::test]
async fn what_a_payment_refuses_changes_nothing() {
    let p = purchase().await;
    let a = p.bill("A", 100).await;
    let draft = json!({"vendor_id": p.vendor, "bill_number": "D", "status": "draft", "line_items": [{"name": "x", "rate": 5}]});
    let draft = text(&p.ask("POST", "bills", draft, 201).await["bill"]["bill_id"]);
    let other = p.w.api.create(json!({"contact_name": "Other", "contact_type": "vendor"})).await;
    let customer = p.w.api.named("Buyer").await;
    let pay = |amount: f64, bill: &str, applied: f64| json!({"vendor_id": p.vendor, "amount": amount, "bills": [{"bill_id": bill, "amount_applied": applied}]});
    let mut foreign = pay(10.0, &a, 10.0);
    foreign["vendor_id"] = other["contact_id"].clone();
    let twice = json!({"vendor_id": p.vendor, "amount": 10, "bills": [{"bill_id": a, "amount_applied": 1}, {"bill_id": a, "amount_applied": 1}]});
    for (body, code, message) in [
        (pay(200.0, &a, 100.01), 4017, "The amount applied to the bill A is more than its balance."),
        (pay(10.0, &a, 10.01), 2, "Invalid value passed for amount_applied"),
        (pay(10.0, &a, -1.0), 2, "Invalid value passed for amount_applied"),
        (pay(0.0, &a, 0.0), 2, "Invalid value passed for amount"),
        (pay(10.0, "12", 10.0), 6, "Invalid reference passed for bill_id"),
        (pay(5.0, &draft, 5.0), 4098, "A bill in the status draft cannot be paid."),
        (foreign, 2, "Invalid value passed for bill_id"),
        (twice, 2, "Invalid value passed for bills"),
        (json!({"amount": 10}), 2, "Invalid value passed for vendor_id"),
        (json!({"vendor_id": customer, "amount": 10}), 2, "Invalid value passed for vendor_id"),
        (json!({"vendor_id": p.vendor}), 2, "Invalid value passed for amount"),
        (json!({"vendor_id": p.vendor, "amount": "ten"}), 2, "Invalid value passed for amount"),
    ] {
        assert_eq!(p.refused("POST", "vendorpayments", body.clone(), code).await, message, "{body}");
    }
    assert_eq!(owed(&p, &a).await, is(100.0, "open"));
    assert_eq!(p.w.api.get("vendorpayments").await["vendorpayments"], json!([]));

    // A second payment may take only what the first left.
    let first = p.ask("POST", "vendorpayments", pay(80.0, &a, 80.0), 201).await["vendorpayment"].clone();
    p.refused("POST", "vendorpayments", pay(30.0, &a, 30.0), 4017).await;
    let path = format!("vendorpayments/{}", text(&first["payment_id"]));
    assert_eq!(
        p.refused("PUT", &path, json!({"amount": 79}), 2).await,
        "Invalid value passed for amount_applied"
    );
    let more = json!({"amount": 101, "bills": [{"bill_id": a, "amount_applied": 101}]});
    p.refused("PUT", &path, more, 4017).await;
    assert_eq!(owed(&p, &a).await, is(20.0, "partially_paid"));
    let credits = format!("bills/{a}/credits");
    p.refused(
        "POST",
        &credits,
        json!({"bill_payments": [{"payment_id": first["payment_id"], "amount_applied": 1}]}),
        2,
    )
    .await;
    p.refused("POST", &credits, json!({"bill_payments": [{"payment_id": "12", "amount_applied": 1}]}), 6)
        .await;
    p.refused("POST", &credits, json!({}), 2).await;
    let vendor_credits = json!({"apply_vendor_credits": [{"vendor_credit_id": "1", "amount_applied": 1}]});
    assert_eq!(p.w.api.call("POST", &credits, vendor_credits).await.0, 501);
}

#[tokio::test]
async fn a_payment_in_a_foreign_currency_pays_bills_of_that_currency_only() {
    let p = purchase().await;
    let dollars = p.bill("A", 100).await;
    let order = p.w.api.get(&format!("bills/{dollars}")).await["bill"].clone();
    // The organization's currencies have consecutive ids, the base currency's first.
    let euro = (text(&order["currency_id"]).parse::<u64>().unwrap() + 4).to_string();
    let vendor =
        p.w.api.create(json!({"contact_name": "Stahl", "contact_type": "vendor", "currency_id": euro})).await;
    let lines = json!([{"name": "Stahl", "rate": 10}]);
    let body = json!({"vendor_id": vendor["contact_id"], "bill_number": "E", "exchange_rate": 1.255, "line_items": lines});
    let bill = p.ask("POST", "bills", body, 201).await["bill"].clone();
    assert_eq!((&bill["currency_code"], bill["bcy_total"].as_f64()), (&json!("EUR"), Some(12.55)));
    let body = json!({
        "amount": 10, "exchange_rate": 1.2, "bills": [{"bill_id": bill["bill_id"], "amount_applied": 4}]
    });
    let payment = p.ask("POST", "vendorpayments", body, 201).await["vendorpayment"].clone();
    assert_eq!(payment["vendor_name"], "Stahl");
    let row = &p.w.api.get("vendorpayments").await["vendorpayments"][0];
    assert_eq!(
        (row["bcy_amount"].as_f64(), row["balance"].as_f64(), row["bcy_balance"].as_f64()),
        (Some(12.0), Some(6.0), Some(7.2))
    );
    assert_eq!(row["bill_numbers"], "E");
}

#[tokio::test]
async fn lists_and_bulk_deletion_of_payments() {
    let p = purchase().await;
    let a = p.bill("A", 100).await;
    let mut ids = Vec::new();
    for (amount, mode, date) in
        [(30, "Cash", "2026-01-03"), (10, "Check", "2026-01-01"), (20, "Cash", "2026-01-02")]
    {
        let body = json!({"vendor_id": p.vendor, "amount": amount, "payment_mode": mode, "date": date, "bills": [{"bill_id": a, "amount_applied": 5}]});
        ids.push(text(&p.ask("POST", "vendorpayments", body, 201).await["vendorpayment"]["payment_id"]));
    }
    for (query, expected) in [
        ("sort_column=amount", vec!["2", "3", "1"]),
        ("filter_by=PaymentMode.Cash&sort_column=date", vec!["3", "1"]),
        ("date_start=2026-01-02&sort_column=date", vec!["3", "1"]),
        ("date_end=2026-01-02&sort_column=date", vec!["2", "3"]),
        ("amount_greater_than=10&sort_column=amount", vec!["3", "1"]),
        ("vendor_name_contains=steel&sort_column=amount", vec!["2", "3", "1"]),
    ] {
        let list = p.w.api.get(&format!("vendorpayments?{query}")).await;
        assert_eq!(column(&list, "vendorpayments", "payment_number"), expected, "{query}");
    }
    let list = p.w.api.get(&format!("vendorpayments?bill_id={a}&sort_column=amount")).await;
    assert_eq!(column(&list, "vendorpayments", "payment_number"), ["2", "3", "1"]);
    for member in
        ["bill_numbers", "paid_through_account_name", "bcy_amount", "has_attachment", "last_modified_time"]
    {
        assert!(list["vendorpayments"][0].get(member).is_some(), "{member}");
    }
    let unknown = format!("vendorpayments?vendorpayment_id={},12&bulk_delete=true", ids[0]);
    p.ask("DELETE", &unknown, Value::Null, 404).await;
    assert_eq!(owed(&p, &a).await, is(85.0, "partially_paid"));
    let both = format!("vendorpayments?vendorpayment_id={},{}&bulk_delete=true", ids[0], ids[1]);
    p.says("DELETE", &both, Value::Null, 200, "The selected vendor payments have been deleted.").await;
    assert_eq!(owed(&p, &a).await, is(95.0, "partially_paid"));
    assert_eq!(
        p.refused("DELETE", "vendorpayments", Value::Null, 2).await,
        "Invalid value passed for vendorpayment_id"
    );
}

#[tokio::test]
async fn payments_that_race_never_pay_a_bill_twice() {
    let p = purchase().await;
    let a = p.bill("A", 100).await;
    let tasks: Vec<_> = (0..16)
        .map(|_| {
            let (api, vendor, bill) = (p.w.api.clone(), p.vendor.clone(), a.clone());
            tokio::spawn(async move {
                let bills = json!([{"bill_id": bill, "amount_applied": 9.5}]);
                api.call(
                    "POST",
                    "vendorpayments",
                    json!({"vendor_id": vendor, "amount": 9.5, "bills": bills}),
                )
                .await
                .0
            })
        })
        .collect();
    let mut won = 0;
    for task in tasks {
        won += usize::from(task.await.unwrap() == 201);
    }
    assert_eq!(won, 10);
    assert_eq!(owed(&p, &a).await, is(5.0, "partially_paid"));
}

#[tokio::test]
async fn refunds_take_from_what_is_unused() {
    let p = purchase().await;
    let a = p.bill("A", 100).await;
    let body = json!({"vendor_id": p.vendor, "amount": 100, "bills": [{"bill_id": a, "amount_applied": 60}]});
    let path = format!(
        "vendorpayments/{}",
        text(&p.ask("POST", "vendorpayments", body, 201).await["vendorpayment"]["payment_id"])
    );
    let refunds = format!("{path}/refunds");
    let body = |amount: f64| json!({"date": "2026-01-04", "amount": amount, "to_account_id": p.accounts[0]});
    assert_eq!(
        p.refused("POST", &refunds, body(40.01), 4017).await,
        "The amount applied to the payment 1 is more than its balance."
    );
    for (name, value) in [("amount", json!(0)), ("date", json!("")), ("to_account_id", Value::Null)] {
        let mut wrong = body(1.0);
        wrong[name] = value;
        assert_eq!(p.refused("POST", &refunds, wrong, 2).await, format!("Invalid value passed for {name}"));
    }
    let made = p.ask("POST", &refunds, body(30.0), 201).await;
    assert_eq!(made["message"], "Vendor Payment Refunded successfully");
    let one = format!("{refunds}/{}", text(&made["vendorpayment_refund"]["vendorpayment_refund_id"]));
    assert_eq!(p.w.api.get(&path).await["vendorpayment"]["balance"], 10.0);
    // What was refunded pays no bill.
    let more = json!({"bills": [{"bill_id": a, "amount_applied": 70.01}]});
    p.refused("PUT", &path, more, 2).await;
    p.says(
        "PUT",
        &one,
        json!({"amount": 40, "description": "all"}),
        200,
        "The refund information has been saved.",
    )
    .await;
    p.refused("PUT", &one, json!({"amount": 41}), 4017).await;
    let refund = p.w.api.get(&one).await["vendorpayment_refund"].clone();
    assert_eq!(
        (refund["amount"].as_f64(), &refund["date"], &refund["description"]),
        (Some(40.0), &json!("2026-01-04"), &json!("all"))
    );
    assert_eq!(p.w.api.get(&refunds).await["vendorpayment_refunds"].as_array().unwrap().len(), 1);
    assert_eq!(
        p.refused("DELETE", &path, Value::Null, 4098).await,
        "A vendor payment with refunds cannot be deleted."
    );
    p.says("DELETE", &one, Value::Null, 200, "The refund has been deleted.").await;
    p.ask("GET", &one, Value::Null, 404).await;
    p.ask("DELETE", &one, Value::Null, 404).await;
    assert_eq!(p.w.api.get(&path).await["vendorpayment"]["balance"], 40.0);
    p.ask("DELETE", &path, Value::Null, 200).await;
}
