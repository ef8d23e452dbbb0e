//! Charges that wait for an invoice, and refunds of payments.

use serde_json::{Value, json};

use crate::billing_world::*;

#[tokio::test]
async fn unbilled_charges_are_collected_and_invoiced_together() {
    let b = billing().await;
    b.plan("m", json!({})).await;
    b.addon("once", json!({"type": "one_time"})).await;
    let customer = b.customer("Acme").await;
    let id = text(&b.subscribe(&customer, "m", json!({})).await["subscription_id"]);
    let path = format!("subscriptions/{id}");
    let body = json!({"addons": [{"addon_code": "once", "quantity": 2}], "add_to_unbilled_charges": true});
    let message = "One-time addon has been purchased successfully.";
    let bought = b.done("POST", &format!("{path}/buyonetimeaddon"), body, message).await;
    assert!(bought.get("invoice").is_none(), "{bought}");
    let charge = text(&bought["unbilled_charge"]["unbilled_charge_id"]);
    let body = json!({"amount": 12.5, "description": "Help", "add_to_unbilled_charges": true});
    let message = "One time charge has been added successfully.";
    b.done("POST", &format!("{path}/charge"), body, message).await;
    let body = json!({"amount": 1, "add_to_unbilled_charges": "yes"});
    let message = "Invalid value passed for add_to_unbilled_charges";
    b.refused("POST", &format!("{path}/charge"), body, 400, 2, message).await;

    let one = format!("unbilledcharges/{charge}");
    let shown = b.get(&one).await["unbilled_charge"].clone();
    for (name, value) in [
        ("status", json!("unbilled")),
        ("number", json!("UBC-000001")),
        ("unbilled_charge_date", json!("2026-01-05")),
        ("customer_name", json!("Acme")),
        ("email", json!("acme@x.test")),
        ("total", json!(32.5)),
        ("currency_code", json!("USD")),
    ] {
        assert_eq!(shown[name], value, "{name}");
    }
    let items = shown["unbilled_charge_items"].as_array().unwrap();
    assert_eq!((items.len(), &items[0]["code"], &items[1]["price"]), (2, &json!("once"), &json!(12.5)));
    assert!(!text(&items[0]["unbilled_charge_item_id"]).is_empty());
    assert_eq!(b.subscription(&id).await["unbilled_charge_id"], charge.as_str());
    assert_eq!(b.invoices(&customer).await.len(), 1, "only the term is invoiced");
    let message = "The subscription has transactions and cannot be deleted.";
    b.refused("DELETE", &path, Value::Null, 400, 1004, message).await;

    let made = b.created(&format!("{one}/createinvoice"), Value::Null).await;
    assert_eq!(made["message"], "Unbilled Charges have been invoiced.");
    assert_eq!(
        (&made["invoice"]["total"], &made["invoice"]["status"], &made["invoice"]["subscription_id"]),
        (&json!(32.5), &json!("sent"), &json!(id))
    );
    assert_eq!(b.get(&one).await["unbilled_charge"]["status"], "invoiced");
    assert_eq!(b.subscription(&id).await["unbilled_charge_id"], "");
    for (method, path, wish) in
        [("POST", format!("{one}/createinvoice"), "invoiced"), ("DELETE", one.clone(), "deleted")]
    {
        let message = format!("An unbilled charge in the status invoiced cannot be {wish}.");
        b.refused(method, &path, Value::Null, 400, 4098, &message).await;
    }
    b.refused("GET", "unbilledcharges/1", Value::Null, 404, 1002, "Unbilled charge does not exist.").await;
}

#[tokio::test]
async fn a_deleted_charge_is_gone_and_the_next_one_begins_anew() {
    let b = billing().await;
    b.plan("m", json!({})).await;
    let customer = b.customer("Acme").await;
    let id = text(&b.subscribe(&customer, "m", json!({})).await["subscription_id"]);
    let charge = async |amount: u32| {
        let body = json!({"amount": amount, "add_to_unbilled_charges": true});
        let message = "One time charge has been added successfully.";
        b.done("POST", &format!("subscriptions/{id}/charge"), body, message).await["unbilled_charge"].clone()
    };
    let first = text(&charge(5).await["unbilled_charge_id"]);
    let path = format!("unbilledcharges/{first}");
    b.done("DELETE", &path, Value::Null, "The unbilled charges have been deleted.").await;
    b.refused("GET", &path, Value::Null, 404, 1002, "Unbilled charge does not exist.").await;
    assert_eq!(b.subscription(&id).await["unbilled_charge_id"], "");
    let second = charge(7).await;
    assert_ne!(second["unbilled_charge_id"], first.as_str());
    assert_eq!(second["total"], 7.0);
}

#[tokio::test]
async fn the_first_term_can_wait_for_its_invoice() {
    let mut b = billing().await;
    b.plan("m", json!({"setup_fee": 25})).await;
    let customer = b.customer("Acme").await;
    let more = json!({"add_to_unbilled_charges": true, "card_id": "90001"});
    let made = b.subscribe(&customer, "m", more).await;
    assert_eq!((&made["status"], &made["child_invoice_id"]), (&json!("live"), &json!("")));
    assert!(b.invoices(&customer).await.is_empty());
    let path = format!("unbilledcharges/{}", text(&made["unbilled_charge_id"]));
    assert_eq!(b.get(&path).await["unbilled_charge"]["total"], 125.0);
    let invoice = b.created(&format!("{path}/createinvoice"), Value::Null).await["invoice"].clone();
    assert_eq!((&invoice["total"], &invoice["status"]), (&json!(125.0), &json!("paid")));
    // Later terms are invoiced as always.
    b.at("2026-02-05").await;
    let later = b.invoices(&customer).await;
    assert_eq!((later.len(), &later[1]["total"]), (2, &json!(100.0)));
}

#[tokio::test]
async fn refunds_of_payments_come_from_what_is_not_applied() {
    let b = billing().await;
    let customer = b.customer("Acme").await;
    let body = json!({"customer_id": customer, "payment_mode": "cash", "amount": 50});
    let payment = text(&b.created("payments", body).await["payment"]["payment_id"]);
    let path = format!("payments/{payment}/refunds");
    let made = b.created(&path, json!({"amount": 20, "description": "Too much"})).await;
    assert_eq!(made["message"], "The refund information has been saved.");
    let refund = &made["refund"];
    for (name, value) in [
        ("amount", json!(20.0)),
        ("date", json!("2026-01-05")),
        ("description", json!("Too much")),
        ("status", json!("success")),
        ("customer_id", json!(customer)),
        ("email", json!("acme@x.test")),
        ("currency_code", json!("USD")),
        ("creditnote", json!({})),
    ] {
        assert_eq!(refund[name], value, "{name}");
    }
    let shown = b.get(&format!("payments/{payment}")).await["payment"].clone();
    assert_eq!((&shown["amount_refunded"], &shown["unused_amount"]), (&json!(20.0), &json!(30.0)));
    assert_eq!(b.events().await.last().unwrap(), "payment_refunded");
    let (status, body) = b.call("POST", &path, json!({"amount": 31})).await;
    assert_eq!((status, &body["code"]), (400, &json!(4017)));
    b.refused("POST", &path, json!({}), 400, 2, "Invalid value passed for amount").await;
    b.refused("POST", "payments/1/refunds", json!({"amount": 1}), 404, 1002, "Payment does not exist.").await;
    let books = b.world.api.get(&format!("customerpayments/{payment}/refunds")).await;
    assert_eq!(books["payment_refunds"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn exemptions_and_authorities_of_books_are_listed() {
    let b = billing().await;
    let exemption = json!({"tax_exemption_code": "NGO", "type": "customer"});
    b.call("POST", "/books/v3/settings/taxexemptions", exemption).await;
    b.call("POST", "/books/v3/settings/taxauthorities", json!({"tax_authority_name": "State"})).await;
    assert_eq!(b.get("settings/taxexemptions").await["tax_exemptions"][0]["tax_exemption_code"], "NGO");
    assert_eq!(b.get("settings/taxauthorities").await["tax_authorities"][0]["tax_authority_name"], "State");
}
