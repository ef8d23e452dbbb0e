use serde_json::{Value, json};

use crate::billing_world::*;

#[tokio::test]
async fn a_page_makes_a_subscription_once() {
    let mut b = billing().await;
    b.plan("m", json!({})).await;
    let body = json!({"customer": {"display_name": "Acme", "email": "a@x.test"}, "plan": {"plan_code": "m"}, "redirect_url": "https://x.test"});
    let made = b.created("hostedpages/newsubscription", body).await;
    assert_eq!(made["message"], "Hosted page has been created successfully.");
    let page = &made["hostedpage"];
    let id = text(&page["hostedpage_id"]);
    assert_eq!((&page["status"], &page["action"]), (&json!("fresh"), &json!("new_subscription")));
    assert_eq!(page["url"], json!(format!("{}/_emulator/hosted/{id}", b.world.emulator.url())));
    assert_eq!(
        (&page["created_time"], &page["expiring_time"]),
        (&json!("2026-01-05T12:00:00+0000"), &json!("2026-01-06T12:00:00+0000"))
    );
    // Trying the page out has left nothing behind.
    assert_eq!(b.get("customers").await["customers"], json!([]));
    assert_eq!(b.events().await, [] as [&str; 0]);
    let path = format!("hostedpages/{id}");
    let shown = b.get(&path).await;
    assert!(shown.get("data").is_none());
    let complete = format!("/integration/v1/hostedpages/{id}/complete");
    let done = b.done("POST", &complete, Value::Null, "success").await;
    assert_eq!(
        (&done["status"], &done["data"]["subscription"]["status"]),
        (&json!("success"), &json!("live"))
    );
    assert_eq!(
        (&done["data"]["invoice"]["total"], &done["data"]["invoice"]["number"]),
        (&json!(100.0), &json!("INV-000001"))
    );
    assert_eq!(b.get(&path).await["data"], done["data"]);
    b.refused(
        "POST",
        &complete,
        Value::Null,
        400,
        4098,
        "The hosted page is success and cannot be completed.",
    )
    .await;
    assert_eq!(b.get("subscriptions").await["subscriptions"].as_array().unwrap().len(), 1);

    let subscription = done["data"]["subscription"]["subscription_id"].clone();
    b.addon("once", json!({"type": "one_time"})).await;
    let made = b
        .created(
            "hostedpages/buyonetimeaddon",
            json!({"subscription_id": subscription, "addons": [{"addon_code": "once"}]}),
        )
        .await;
    let buy = text(&made["hostedpage"]["hostedpage_id"]);
    let done =
        b.done("POST", &format!("/integration/v1/hostedpages/{buy}/complete"), Value::Null, "success").await;
    assert_eq!(done["data"]["invoice"]["total"], 10.0);
    let made = b
        .created(
            "hostedpages/updatesubscription",
            json!({"subscription_id": subscription, "plan": {"plan_code": "m", "quantity": 2}}),
        )
        .await;
    let change = text(&made["hostedpage"]["hostedpage_id"]);
    b.at("2026-01-06").await;
    assert_eq!(b.get(&format!("hostedpages/{change}")).await["status"], "expired");
    b.refused(
        "POST",
        &format!("/integration/v1/hostedpages/{change}/complete"),
        Value::Null,
        400,
        4098,
        "The hosted page is expired and cannot be completed.",
    )
    .await;
    let made = b
        .created(
            "hostedpages/updatesubscription",
            json!({"subscription_id": subscription, "plan": {"plan_code": "m", "quantity": 2}}),
        )
        .await;
    let change = text(&made["hostedpage"]["hostedpage_id"]);
    let done = b
        .done("POST", &format!("/integration/v1/hostedpages/{change}/complete"), Value::Null, "success")
        .await;
    assert_eq!(done["data"]["subscription"]["plan"]["quantity"], 2);
    let list = b.get("hostedpages").await;
    let statuses: Vec<&Value> =
        list["hosted_pages"].as_array().unwrap().iter().map(|it| &it["status"]).collect();
    assert_eq!(statuses, ["success", "expired", "success", "success"]);
}

#[tokio::test]
async fn pages_that_cannot_be_completed_are_refused() {
    let b = billing().await;
    b.plan("m", json!({})).await;
    let body = json!({"customer": {"display_name": "Acme", "email": "a@x.test"}, "plan": {"plan_code": "x"}});
    b.refused("POST", "hostedpages/newsubscription", body, 400, 6, "Invalid reference passed for plan_code")
        .await;
    let body = json!({"subscription_id": "1", "plan": {"plan_code": "m"}});
    b.refused("POST", "hostedpages/updatesubscription", body, 404, 1002, "Subscription does not exist.")
        .await;
    b.refused(
        "POST",
        "hostedpages/buyonetimeaddon",
        json!({}),
        400,
        2,
        "Invalid value passed for subscription_id",
    )
    .await;
    for (page, body, status, code, message) in [
        ("updatecard", json!({"subscription_id": "1"}), 404, 1002, "Subscription does not exist."),
        ("invoicepayment", json!({"invoice_id": "1"}), 404, 1002, "Invoice does not exist."),
        ("addpaymentmethod", json!({"customer_id": "1"}), 404, 1002, "Customer does not exist."),
        ("updatepaymentmethod", json!({}), 400, 2, "Invalid value passed for card_id"),
    ] {
        b.refused("POST", &format!("hostedpages/{page}"), body, status, code, message).await;
    }
    b.refused("GET", "hostedpages/2-00", Value::Null, 404, 1002, "Hosted page does not exist.").await;
    b.refused(
        "POST",
        "/integration/v1/hostedpages/2-00/complete",
        Value::Null,
        404,
        1002,
        "Hosted page does not exist.",
    )
    .await;
    assert_eq!(b.get("hostedpages").await["hosted_pages"], json!([]));
}

#[tokio::test]
async fn pages_for_cards_and_payments() {
    let b = billing().await;
    b.plan("m", json!({})).await;
    let customer = b.customer("Acme").await;
    let made = b.subscribe(&customer, "m", json!({})).await;
    let (status, page) =
        b.call("POST", "hostedpages/updatecard", json!({"subscription_id": made["subscription_id"]})).await;
    assert_eq!((status, &page["message"]), (200, &json!("Hosted page has been created successfully.")));
    let complete = |page: &Value| {
        format!("/integration/v1/hostedpages/{}/complete", text(&page["hostedpage"]["hostedpage_id"]))
    };
    let done = b.done("POST", &complete(&page), Value::Null, "success").await;
    let subscription = &done["data"]["subscription"];
    assert_eq!(
        (&subscription["auto_collect"], &subscription["card"]["last_four_digits"]),
        (&json!(true), &json!("0001"))
    );
    let pay = json!({"invoice_id": made["child_invoice_id"]});
    let page = b.created("hostedpages/invoicepayment", pay.clone()).await;
    let done = b.done("POST", &complete(&page), Value::Null, "success").await;
    let invoice = &done["data"]["invoice"];
    assert_eq!((&invoice["status"], &invoice["balance"]), (&json!("paid"), &json!(0.0)));
    let message = "Nothing of the invoice is due.";
    b.refused("POST", "hostedpages/invoicepayment", pay, 400, 4098, message).await;
    for (path, body) in [
        ("addpaymentmethod", json!({"customer_id": customer})),
        ("updatepaymentmethod", json!({"card_id": "1"})),
    ] {
        let page = b.created(&format!("hostedpages/{path}"), body).await;
        let done = b.done("POST", &complete(&page), Value::Null, "success").await;
        assert_eq!(done["data"], json!({}), "{path}");
    }
}
