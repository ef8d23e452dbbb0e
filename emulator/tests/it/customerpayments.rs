use serde_json::{Value, json};

use crate::sales::*;

const UPDATED: &str = "The payment details have been updated.";

fn apply(invoice: &Value, amount: Value) -> Value {
    json!({"invoice_id": invoice["invoice_id"], "amount_applied": amount})
}

async fn balance(shop: &Shop, invoice: &Value) -> (Value, Value) {
    let shown = shop.get("invoices", invoice["invoice_id"].as_str().unwrap()).await;
    (shown["balance"].clone(), shown["status"].clone())
}

#[tokio::test]
async fn a_payment_over_several_invoices_is_applied_reapplied_and_undone() {
    let shop = shop().await;
    let (a, b) = (shop.invoice(json!(100)).await, shop.invoice(json!(50.55)).await);
    let payment = shop.paid(json!(180), json!([apply(&a, json!(100)), apply(&b, json!("20.5"))])).await;
    let path = format!("customerpayments/{}", payment["payment_id"].as_str().unwrap());
    assert_eq!(balance(&shop, &a).await, (json!(0.0), json!("paid")));
    assert_eq!(balance(&shop, &b).await, (json!(30.05), json!("partially_paid")));
    for (name, value) in [
        ("payment_number", json!("1")),
        ("amount", json!(180.0)),
        ("unused_amount", json!(59.5)),
        ("amount_refunded", json!(0.0)),
        ("status", json!("success")),
        ("customer_name", json!("Bowman")),
        ("currency_code", json!("USD")),
    ] {
        assert_eq!(payment[name], value, "{name}");
    }
    let first = &payment["invoices"][1];
    assert_eq!(first["amount_applied"], 20.5);
    assert_eq!((&first["invoice_amount"], &first["balance_amount"]), (&json!(50.55), &json!(30.05)));

    // The same invoices, other amounts: applications keep their ids.
    let body = json!({"invoices": [apply(&b, json!(50.55))], "bank_charges": 1.005});
    let answer = shop.done("PUT", &path, body, 200, UPDATED).await;
    assert_eq!(answer["payment"]["unused_amount"], 129.45);
    assert_eq!(answer["payment"]["bank_charges"], 1.01);
    assert_eq!(answer["payment"]["invoices"][0]["invoice_payment_id"], first["invoice_payment_id"]);
    assert_eq!(balance(&shop, &a).await, (json!(100.0), json!("sent")));
    assert_eq!(balance(&shop, &b).await, (json!(0.0), json!("paid")));
    // Without invoices the applications stay.
    let answer = shop.done("PUT", &path, json!({"amount": 50.55}), 200, UPDATED).await;
    assert_eq!(answer["payment"]["unused_amount"], 0.0);
    let refusal = shop.refused("PUT", &path, json!({"amount": 50.54}), 400, 4017).await;
    assert_eq!(refusal, "The amount applied to the payment is more than its balance.");
    shop.done("PUT", &path, json!({"date": "2026-01-02"}), 200, UPDATED).await;
    let shown = shop.get("invoices", b["invoice_id"].as_str().unwrap()).await;
    assert_eq!((&shown["last_payment_date"], &shown["payment_made"]), (&json!("2026-01-02"), &json!(50.55)));

    shop.done("DELETE", &path, Value::Null, 200, "The payment has been deleted.").await;
    assert_eq!(balance(&shop, &b).await, (json!(50.55), json!("sent")));
    let shown = shop.get("invoices", b["invoice_id"].as_str().unwrap()).await;
    assert_eq!((&shown["last_payment_date"], &shown["payment_made"]), (&json!(""), &json!(0.0)));
    shop.refused("GET", &path, Value::Null, 404, 1002).await;
}

#[tokio::test]
async fn what_cannot_be_applied_is_refused_and_changes_nothing() {
    let shop = shop().await;
    let invoice = shop.invoice(json!(100)).await;
    let draft = shop.create("invoices", json!({})).await;
    let other = shop.api().named("Other").await;
    let theirs = shop.create("invoices?send=true", json!({"customer_id": other})).await;
    let number = invoice["invoice_number"].as_str().unwrap();
    let over = format!("The amount applied to {number} is more than its balance.");
    for (amount, invoices, code, message) in [
        (json!(200), json!([apply(&invoice, json!(100.01))]), 4017, over.as_str()),
        (
            json!(50),
            json!([apply(&invoice, json!(60))]),
            4017,
            "The amount applied to the payment is more than its balance.",
        ),
        (json!(50), json!([apply(&theirs, json!(1))]), 6, "Invalid reference passed for invoice_id"),
        (
            json!(50),
            json!([{"invoice_id": "12", "amount_applied": 1}]),
            6,
            "Invalid reference passed for invoice_id",
        ),
        (
            json!(50),
            json!([{"invoice_id": invoice["invoice_id"]}]),
            2,
            "Invalid value passed for amount_applied",
        ),
        (json!(50), json!([apply(&invoice, json!(-1))]), 2, "Invalid value passed for amount_applied"),
        (
            json!(50),
            json!([apply(&invoice, json!(1)), apply(&invoice, json!(1))]),
            2,
            "Invalid value passed for invoice_id",
        ),
        (json!(50), json!("x"), 2, "Invalid value passed for invoices"),
        (json!(0), json!([]), 2, "Invalid value passed for amount"),
        (json!(-5), json!([]), 2, "Invalid value passed for amount"),
        (
            json!(50),
            json!([apply(&draft, json!(1))]),
            4098,
            "The invoice INV-000002 is not open. Mark it as sent first.",
        ),
        (
            json!(200),
            json!([apply(&invoice, json!(100)), {"invoice_id": "12", "amount_applied": 1}]),
            6,
            "Invalid reference passed for invoice_id",
        ),
    ] {
        let (status, answer) = shop.pay(amount, invoices).await;
        assert_eq!((status, answer), (400, json!({"code": code, "message": message})));
    }
    assert_eq!(balance(&shop, &invoice).await, (json!(100.0), json!("sent")));
    assert!(shop.listed("customerpayments", "", "payment_id").await.is_empty());
    for missing in ["customer_id", "payment_mode", "amount", "date"] {
        let mut body =
            json!({"customer_id": shop.customer, "payment_mode": "cash", "amount": 1, "date": "2026-01-05"});
        body.as_object_mut().unwrap().remove(missing);
        let message = shop.refused("POST", "customerpayments", body, 400, 2).await;
        assert_eq!(message, format!("Invalid value passed for {missing}"));
    }
}

#[tokio::test]
async fn the_single_invoice_form_and_withheld_tax() {
    let shop = shop().await;
    let invoice = shop.invoice(json!(100)).await;
    let body = json!({"customer_id": shop.customer, "payment_mode": "Barter", "amount": 90, "date": "2026-01-05",
        "invoice_id": invoice["invoice_id"], "amount_applied": 90, "tax_amount_withheld": 10});
    let answer = shop.done("POST", "customerpayments", body, 201, "The payment has been created.").await;
    assert_eq!(answer["payment"]["unused_amount"], 0.0);
    assert_eq!(balance(&shop, &invoice).await, (json!(0.0), json!("paid")));
    let shown = shop.get("invoices", invoice["invoice_id"].as_str().unwrap()).await;
    assert_eq!((&shown["payment_made"], &shown["tax_amount_withheld"]), (&json!(90.0), &json!(10.0)));
    let path = format!("invoices/{}/payments", invoice["invoice_id"].as_str().unwrap());
    let rows = shop.api().get(&path).await;
    let row = &rows["payments"][0];
    assert_eq!((&row["amount"], &row["tax_amount_withheld"]), (&json!(90.0), &json!(10.0)));
    assert_eq!(row["is_single_invoice_payment"], true);
}

#[tokio::test]
async fn unused_amounts_pay_later_invoices_and_can_be_taken_back() {
    let shop = shop().await;
    let payment = shop.paid(json!(150), json!([])).await;
    let invoice = shop.invoice(json!(100)).await;
    let id = invoice["invoice_id"].as_str().unwrap();
    let credits = format!("invoices/{id}/credits");
    let by = |amount: Value| json!({"invoice_payments": [{"payment_id": payment["payment_id"], "amount_applied": amount}]});
    let message = "Credits have been applied to the invoice(s).";
    shop.done("POST", &credits, by(json!(30)), 200, message).await;
    shop.done("POST", &credits, by(json!(20)), 200, message).await;
    assert_eq!(balance(&shop, &invoice).await, (json!(50.0), json!("partially_paid")));
    shop.refused("POST", &credits, by(json!(50.01)), 400, 4017).await;
    shop.refused("POST", &credits, json!({}), 400, 2).await;
    let unknown = json!({"invoice_payments": [{"payment_id": "12", "amount_applied": 1}]});
    shop.refused("POST", &credits, unknown, 400, 6).await;
    let path = format!("customerpayments/{}", payment["payment_id"].as_str().unwrap());
    assert_eq!(only(&shop.api().get(&path).await)["unused_amount"], 100.0);

    // Taken back from the invoice, the amount is unused again.
    let rows = shop.api().get(&format!("invoices/{id}/payments")).await;
    let applied = rows["payments"][0]["invoice_payment_id"].as_str().unwrap().to_owned();
    let remove = format!("invoices/{id}/payments/{applied}");
    shop.done("DELETE", &remove, Value::Null, 200, "The payment has been deleted.").await;
    shop.refused("DELETE", &remove, Value::Null, 404, 1002).await;
    assert_eq!(balance(&shop, &invoice).await, (json!(100.0), json!("sent")));
    assert_eq!(only(&shop.api().get(&path).await)["unused_amount"], 150.0);

    // A payment for one invoice alone goes with it.
    let single = shop.paid(json!(100), json!([apply(&invoice, json!(100))])).await;
    let applied = single["invoices"][0]["invoice_payment_id"].as_str().unwrap().to_owned();
    let remove = format!("invoices/{id}/payments/{applied}");
    shop.done("DELETE", &remove, Value::Null, 200, "The payment has been deleted.").await;
    assert_eq!(balance(&shop, &invoice).await, (json!(100.0), json!("sent")));
    let path = format!("customerpayments/{}", single["payment_id"].as_str().unwrap());
    shop.refused("GET", &path, Value::Null, 404, 1002).await;
}

#[tokio::test]
async fn refunds_take_from_the_unused_amount() {
    let shop = shop().await;
    let invoice = shop.invoice(json!(100)).await;
    let payment = shop.paid(json!(150), json!([apply(&invoice, json!(100))])).await;
    let path = format!("customerpayments/{}", payment["payment_id"].as_str().unwrap());
    let refunds = format!("{path}/refunds");
    let body = |amount: Value| json!({"date": "2026-01-06", "amount": amount, "from_account_id": "77", "refund_mode": "cash"});
    shop.refused("POST", &refunds, body(json!(50.01)), 400, 4017).await;
    shop.refused("POST", &refunds, body(json!(0)), 400, 2).await;
    shop.refused("POST", &refunds, json!({"date": "2026-01-06", "amount": 1}), 400, 2).await;
    let saved = "The refund information for this payment has been saved.";
    let answer = shop.done("POST", &refunds, body(json!(20.005)), 200, saved).await;
    let refund = answer["payment_refunds"][0].clone();
    assert_eq!((&refund["amount"], &refund["exchange_rate"]), (&json!(20.01), &json!(1.0)));
    let shown = only(&shop.api().get(&path).await);
    assert_eq!((&shown["unused_amount"], &shown["amount_refunded"]), (&json!(29.99), &json!(20.01)));
    let list = shop
        .done(
            "GET",
            &refunds,
            Value::Null,
            200,
            "The list of refunds of the customer is displayed successfully.",
        )
        .await;
    assert_eq!(
        (&list["payment_refunds"][0]["amount_bcy"], &list["page_context"]["page"]),
        (&json!(20.01), &json!(1))
    );
    let one = format!("{refunds}/{}", refund["payment_refund_id"].as_str().unwrap());
    shop.done("GET", &one, Value::Null, 200, "The details of the refund are displayed successfully.").await;
    shop.refused("PUT", &one, json!({"amount": 51}), 400, 4017).await;
    shop.done("PUT", &one, json!({"amount": 50}), 200, "The refund information has been saved.").await;
    assert_eq!(only(&shop.api().get(&path).await)["unused_amount"], 0.0);
    shop.refused("DELETE", &path, Value::Null, 400, 4098).await;
    shop.refused("PUT", &path, json!({"amount": 149}), 400, 4017).await;
    shop.done("DELETE", &one, Value::Null, 200, "The refund has been deleted.").await;
    shop.refused("GET", &one, Value::Null, 404, 1002).await;
    assert_eq!(only(&shop.api().get(&path).await)["unused_amount"], 50.0);
    shop.done("DELETE", &path, Value::Null, 200, "The payment has been deleted.").await;
    assert_eq!(balance(&shop, &invoice).await, (json!(100.0), json!("sent")));
}

#[tokio::test]
async fn rows_lists_and_bulk_deletion() {
    let shop = shop().await;
    let invoice = shop.invoice(json!(100)).await;
    let one = shop.paid(json!(30), json!([apply(&invoice, json!(10))])).await;
    let two = shop.paid(json!(20), json!([apply(&invoice, json!(20))])).await;
    let list = shop.api().get("customerpayments?sort_column=amount").await;
    let row = &list["customerpayments"][1];
    assert_eq!((&row["invoice_numbers"], &row["unused_amount"]), (&invoice["invoice_number"], &json!(20.0)));
    assert_eq!(row["applied_invoices"][0]["amount_applied"], 10.0);
    let mut names: Vec<&str> = row.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    let mut expected: Vec<&str> = "payment_id payment_number date payment_mode payment_mode_formatted payment_type \
        payment_status amount bcy_amount unused_amount bcy_unused_amount bcy_refunded_amount account_id account_name \
        description product_description reference_number customer_id customer_name invoice_numbers applied_invoices \
        gateway_transaction_id payment_gateway last_four_digits settlement_status tax_account_id tax_account_name \
        tax_amount_withheld has_attachment documents created_time last_modified_time custom_fields_list \
        custom_field_hash"
        .split_whitespace()
        .collect();
    expected.sort_unstable();
    assert_eq!(names, expected);
    for (query, count) in [
        ("filter_by=PaymentMode.Cash", 2),
        ("filter_by=PaymentMode.Check", 0),
        ("payment_mode=cash&amount_greater_than=20", 1),
        ("date_start=2026-01-05&date_end=2026-01-05", 2),
        ("customer_name=bowman", 2),
        ("search_text=INV-000001", 2),
    ] {
        assert_eq!(shop.listed("customerpayments", query, "payment_id").await.len(), count, "{query}");
    }
    let ids = [&one, &two].map(|it| it["payment_id"].as_str().unwrap().to_owned());
    shop.refused("DELETE", &format!("customerpayments?payment_id={},12", ids[0]), Value::Null, 404, 1002)
        .await;
    assert_eq!(balance(&shop, &invoice).await, (json!(70.0), json!("partially_paid")));
    let path = format!("customerpayments?payment_id={}&bulk_delete=true", ids.join(","));
    shop.done("DELETE", &path, Value::Null, 200, "The selected customer payments have been deleted.").await;
    assert_eq!(balance(&shop, &invoice).await, (json!(100.0), json!("sent")));
}

#[tokio::test]
async fn payment_numbers_are_sorted_as_numbers() {
    let shop = shop().await;
    for _ in 0..11 {
        shop.paid(json!(1), json!([])).await;
    }
    let expected: Vec<Value> = (1..=11).map(|number| json!(number.to_string())).collect();
    let query = "sort_column=payment_number";
    assert_eq!(shop.listed("customerpayments", query, "payment_number").await, expected);
}

#[tokio::test]
async fn of_payments_that_race_for_one_balance_only_what_it_bears_is_taken() {
    let shop = shop().await;
    let invoice = shop.invoice(json!(100)).await;
    let pay = || async { shop.pay(json!(40), json!([apply(&invoice, json!(40))])).await.0 };
    let statuses = tokio::join!(pay(), pay(), pay(), pay(), pay(), pay());
    let mut statuses = [statuses.0, statuses.1, statuses.2, statuses.3, statuses.4, statuses.5];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 201, 400, 400, 400, 400]);
    assert_eq!(balance(&shop, &invoice).await, (json!(20.0), json!("partially_paid")));
}
