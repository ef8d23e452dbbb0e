//! Rules of sales documents that have nothing to do with their states.

use finbridge_emulator::*;
use serde_json::{Value, json};

use crate::sales::*;
use crate::world::*;

#[tokio::test]
async fn bad_bodies_are_refused_and_leave_nothing() {
    let shop = shop().await;
    let vendor = id(&shop.api().create(json!({"contact_name": "Supplier", "contact_type": "vendor"})).await);
    let line = json!([{"name": "Work", "rate": 1}]);
    for (body, code, message) in [
        (json!({"line_items": line}), 2, "Invalid value passed for customer_id"),
        (json!({"customer_id": "12", "line_items": line}), 6, "Invalid reference passed for customer_id"),
        (json!({"customer_id": vendor, "line_items": line}), 2, "Invalid value passed for customer_id"),
        (json!({"customer_id": shop.customer}), 4016, "Please add at least one line item."),
        (json!({"customer_id": shop.customer, "line_items": []}), 4016, "Please add at least one line item."),
        (
            json!({"customer_id": shop.customer, "line_items": [{"rate": 1}]}),
            2,
            "Invalid value passed for item_id",
        ),
        (
            json!({"customer_id": shop.customer, "line_items": [{"item_id": "12"}]}),
            6,
            "Invalid reference passed for item_id",
        ),
        (
            json!({"customer_id": shop.customer, "line_items": [{"name": "x", "rate": 1, "tax_id": "12"}]}),
            6,
            "Invalid reference passed for tax_id",
        ),
        (
            json!({"customer_id": shop.customer, "line_items": line, "discount": "101%"}),
            2,
            "Invalid value passed for discount",
        ),
        (
            json!({"customer_id": shop.customer, "line_items": line, "discount": 1.01}),
            2,
            "Invalid value passed for discount",
        ),
        (
            json!({"customer_id": shop.customer, "line_items": [{"name": "x", "rate": 999999999999u64, "quantity": 999999999999u64}]}),
            2,
            "Invalid value passed for rate",
        ),
        (
            json!({"customer_id": shop.customer, "line_items": line, "contact_persons": ["12"]}),
            6,
            "Invalid reference passed for contact_persons",
        ),
        (
            json!({"customer_id": shop.customer, "line_items": line, "currency_id": "12"}),
            6,
            "Invalid reference passed for currency_id",
        ),
        (
            json!({"customer_id": shop.customer, "line_items": line, "date": "5.1.2026"}),
            2,
            "Invalid value passed for date",
        ),
        (
            json!({"customer_id": shop.customer, "line_items": line, "template_id": "12"}),
            6,
            "Invalid reference passed for template_id",
        ),
    ] {
        assert_eq!(shop.refused("POST", "estimates", body, 400, code).await, message);
    }
    assert!(shop.listed("estimates", "", "estimate_id").await.is_empty());
    shop.done(
        "POST",
        &format!("contacts/{}/inactive", shop.customer),
        Value::Null,
        200,
        "The contact has been marked as inactive.",
    )
    .await;
    let body = json!({"customer_id": shop.customer, "line_items": line});
    shop.refused("POST", "estimates", body, 400, 1005).await;
}

#[tokio::test]
async fn documents_survive_a_restart() {
    let dir = std::env::temp_dir().join(format!("finbridge-emulator-it-{}-invoices", std::process::id()));
    let _ = std::fs::remove_dir_all(&dir);
    std::fs::create_dir_all(&dir).unwrap();
    let start = async || {
        let clock = std::sync::Arc::new(ManualClock::new(start_time()));
        Emulator::builder()
            .clock(clock)
            .seed(Seed::demo())
            .state_file(dir.join("state.log"))
            .start()
            .await
            .unwrap()
    };
    let emulator = start().await;
    let api = Api::login(&emulator.url()).await;
    let customer = api.named("Bowman").await;
    let create = async |path: &str, body: Value| {
        let (status, answer) = api.call("POST", path, body).await;
        assert_eq!(status, 201, "{answer}");
        only(&answer)
    };
    let line = json!([{"name": "Work", "rate": 99.995, "discount": "12.5%"}]);
    let estimate = create("estimates?send=true", json!({"customer_id": customer, "line_items": line})).await;
    let invoice =
        json!({"customer_id": customer, "line_items": line, "invoiced_estimate_id": estimate["estimate_id"]});
    let invoice = create("invoices?send=true", invoice).await;
    let pays = json!([{"invoice_id": invoice["invoice_id"], "amount_applied": 12.34}]);
    let payment = json!({"customer_id": customer, "payment_mode": "cash", "amount": 20, "date": "2026-01-05", "invoices": pays});
    create("customerpayments", payment).await;
    let paths = ["estimates", "invoices", "customerpayments"];
    let mut before = Vec::new();
    for path in paths {
        before.push(api.get(path).await);
    }
    assert_eq!(before[1]["invoices"][0]["status"], "partially_paid");
    emulator.shutdown().await;
    let emulator = start().await;
    let api = Api::login(&emulator.url()).await;
    for (path, before) in paths.iter().zip(before) {
        assert_eq!(api.get(path).await, before, "{path}");
    }
    let id = invoice["invoice_id"].as_str().unwrap();
    assert_eq!(api.get(&format!("invoices/{id}/payments")).await["payments"][0]["amount"], 12.34);
    emulator.shutdown().await;
    let _ = std::fs::remove_dir_all(dir);
}

#[tokio::test]
async fn addresses_templates_reminders_persons_and_links() {
    let shop = shop().await;
    let contact = json!({"contact_name": "People", "billing_address": {"city": "Berlin", "zip": "10115"},
        "contact_persons": [{"first_name": "Ada", "last_name": "L", "email": "ada@x.test"}]});
    let contact = shop.api().create(contact).await;
    let person = contact["contact_persons"][0]["contact_person_id"].clone();
    let body = json!({"customer_id": contact["contact_id"], "contact_persons": [person]});
    let invoice = shop.create("invoices?send=true", body).await;
    let id = id_of(&invoice, "invoice_id");
    assert_eq!((&invoice["status"], &invoice["is_emailed"]), (&json!("sent"), &json!(true)));
    assert_eq!(invoice["contact_persons"], json!([person]));
    assert_eq!(invoice["contact_persons_associated"][0]["contact_person_email"], "ada@x.test");
    assert_eq!(
        invoice["contact_persons_associated"][0]["communication_preference"]["is_email_enabled"],
        true
    );
    assert_eq!(invoice["billing_address"]["city"], "Berlin");
    let path = format!("invoices/{id}");
    shop.done(
        "PUT",
        &format!("{path}/address/billing"),
        json!({"city": "Bonn"}),
        200,
        "Billing address updated",
    )
    .await;
    shop.done(
        "PUT",
        &format!("{path}/address/shipping"),
        json!({"street2": "2"}),
        200,
        "Shipping address updated",
    )
    .await;
    let shown = shop.get("invoices", &id).await;
    assert_eq!(
        (&shown["billing_address"]["city"], &shown["billing_address"]["zip"]),
        (&json!("Bonn"), &json!("10115"))
    );
    let row = &shop.api().get("invoices").await["invoices"][0];
    assert_eq!(
        (&row["billing_address"]["zipcode"], row["billing_address"].get("zip")),
        (&json!("10115"), None)
    );
    assert_eq!((&row["email"], &row["documents"]), (&json!("ada@x.test"), &json!("")));
    for (word, flag, message) in
        [("disable", false, "Reminders stopped."), ("enable", true, "Reminders enabled.")]
    {
        shop.done("POST", &format!("{path}/paymentreminder/{word}"), Value::Null, 200, message).await;
        assert_eq!(shop.get("invoices", &id).await["payment_reminder_enabled"], flag);
    }
    let further = shop
        .call("POST", &format!("contacts/{}/address", id_of(&contact, "contact_id")), json!({"city": "Ulm"}))
        .await
        .1;
    let further = further["address_info"]["address_id"].clone();
    let body = json!({"shipping_address_id": further});
    let answer = shop.done("PUT", &path, body, 200, "Invoice information has been updated.").await;
    assert_eq!(answer["invoice"]["shipping_address"]["city"], "Ulm");
    shop.refused("PUT", &path, json!({"billing_address_id": "12"}), 400, 6).await;
    let body = json!({"customer_id": shop.customer});
    let answer = shop.done("PUT", &path, body, 200, "Invoice information has been updated.").await;
    assert_eq!(answer["invoice"]["shipping_address"]["city"], "", "another customer has other addresses");
    assert_eq!(answer["invoice"]["contact_persons"], json!([]));
    let template = shop.api().get("invoices/templates").await["templates"][0]["template_id"].clone();
    let choose = format!("{path}/templates/{}", template.as_str().unwrap());
    shop.done("PUT", &choose, Value::Null, 200, "Invoice information has been updated.").await;
    let link = format!("share/paymentlink?transaction_id={id}&transaction_type=invoice&link_type=public");
    assert_eq!(shop.api().get(&link).await["data"]["share_link"], shown["invoice_url"]);
    shop.refused(
        "GET",
        "share/paymentlink?transaction_id=1&transaction_type=invoice",
        Value::Null,
        404,
        1002,
    )
    .await;
}

#[tokio::test]
async fn due_dates_follow_the_terms() {
    let shop = shop().await;
    for (body, due, label) in [
        (json!({}), "2026-01-05", "Due on Receipt"),
        (json!({"date": "2026-01-31", "payment_terms": 15}), "2026-02-15", "Net 15"),
        (json!({"date": "2026-01-15", "payment_terms": -2}), "2026-01-31", "Due end of the month"),
        (json!({"date": "2026-01-31", "payment_terms": -3}), "2026-02-28", "Due end of next month"),
        (json!({"due_date": "2026-03-01", "payment_terms_label": "Later"}), "2026-03-01", "Later"),
    ] {
        let invoice = shop.create("invoices", body).await;
        assert_eq!((&invoice["due_date"], &invoice["payment_terms_label"]), (&json!(due), &json!(label)));
    }
    let id = id_of(&shop.create("invoices", json!({"payment_terms": 10})).await, "invoice_id");
    let path = format!("invoices/{id}");
    let updated = "Invoice information has been updated.";
    let answer = shop.done("PUT", &path, json!({"date": "2026-01-20"}), 200, updated).await;
    assert_eq!(answer["invoice"]["due_date"], "2026-01-30");
    shop.refused("PUT", &path, json!({"due_date": "2026-01-19"}), 400, 2).await;
    shop.refused("PUT", &path, json!({"payment_terms": 999999999999u64}), 400, 2).await;
    let body = json!({"contact_name": "Terms", "payment_terms": 30, "payment_terms_label": "Net 30 days"});
    let customer = id_of(&shop.api().create(body).await, "contact_id");
    let invoice = shop.create("invoices", json!({"customer_id": customer})).await;
    assert_eq!(
        (&invoice["due_date"], &invoice["payment_terms_label"]),
        (&json!("2026-02-04"), &json!("Net 30 days"))
    );
}
