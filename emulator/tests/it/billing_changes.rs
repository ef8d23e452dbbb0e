use serde_json::{Value, json};

use crate::billing_world::*;

#[tokio::test]
async fn coupons_discount_as_long_as_they_last() {
    let mut b = billing().await;
    b.plan("m", json!({})).await;
    b.addon("a", json!({})).await;
    b.coupon("TEN", json!({"apply_to_addons": "none"})).await;
    b.coupon("FLAT", json!({"type": "duration", "duration": 2, "discount_by": "flat", "discount_value": 105, "max_redemption": 1})).await;
    let customer = b.customer("Acme").await;
    let made =
        b.subscribe(&customer, "m", json!({"coupon_code": "ten", "addons": [{"addon_code": "a"}]})).await;
    let path = format!("subscriptions/{}", text(&made["subscription_id"]));
    // A coupon for one term is used up by the first invoice; what the subscription shows is the next one.
    assert_eq!((&made["amount"], &made["coupon"]), (&json!(110.0), &json!({})));
    assert_eq!(b.get("coupons/TEN").await["coupon"]["redemption_count"], 1);
    b.done(
        "POST",
        &format!("{path}/coupons/FLAT"),
        Value::Null,
        "The coupon has been added to the subscription.",
    )
    .await;
    let now = b.get(&path).await["subscription"].clone();
    assert_eq!(
        (&now["amount"], &now["plan"]["discount"], &now["addons"][0]["discount"]),
        (&json!(5.0), &json!(100.0), &json!(5.0))
    );
    assert_eq!(now["coupon"]["discount_amount"], 105.0);
    b.at("2026-04-06").await;
    assert_eq!(
        invoiced(&b.invoices(&customer).await),
        pairs(&[
            ("2026-01-05", "100.0"),
            ("2026-02-05", "5.0"),
            ("2026-03-05", "5.0"),
            ("2026-04-05", "110.0")
        ])
    );
    let message = "The coupon FLAT cannot be applied to the subscription.";
    b.refused("POST", &format!("{path}/coupons/FLAT"), Value::Null, 400, 4098, message).await;
    assert_eq!(b.get("coupons/FLAT").await["coupon"]["status"], "maxed_out");
    b.refused(
        "POST",
        &format!("{path}/coupons/NOPE"),
        Value::Null,
        400,
        6,
        "Invalid reference passed for coupon_code",
    )
    .await;
    b.refused(
        "DELETE",
        "coupons/TEN",
        Value::Null,
        400,
        36,
        "Coupon is used by other records and cannot be deleted.",
    )
    .await;
    b.coupon("EVER", json!({"type": "forever", "discount_value": 50})).await;
    b.done(
        "POST",
        &format!("{path}/coupons/EVER"),
        Value::Null,
        "The coupon has been added to the subscription.",
    )
    .await;
    assert_eq!(b.get(&path).await["subscription"]["amount"], 55.0);
    for _ in 0..2 {
        b.done(
            "DELETE",
            &format!("{path}/coupons"),
            Value::Null,
            "The coupon has been removed from the subscription.",
        )
        .await;
    }
    assert_eq!(b.get(&path).await["subscription"]["amount"], 110.0);
}

#[tokio::test]
async fn changes_now_and_at_the_end_of_the_term() {
    let mut b = billing_in("UTC", "2026-04-01").await;
    b.plan("s", json!({"recurring_price": 30})).await;
    b.plan("l", json!({"recurring_price": 90})).await;
    b.plan("y", json!({"recurring_price": 360, "interval_unit": "years"})).await;
    let customer = b.customer("Acme").await;
    let made = b.subscribe(&customer, "s", json!({})).await;
    let path = format!("subscriptions/{}", text(&made["subscription_id"]));
    b.at("2026-04-16").await;
    // Half of the term is left: 45 for the new plan less 15 for the old one.
    let message = "Subscription has been updated successfully.";
    let body = b.done("PUT", &path, json!({"plan": {"plan_code": "l"}}), message).await;
    assert_eq!(
        (&body["subscription"]["amount"], &body["subscription"]["next_billing_at"]),
        (&json!(90.0), &json!("2026-05-01"))
    );
    assert_eq!(
        invoiced(&b.invoices(&customer).await),
        pairs(&[("2026-04-01", "30.0"), ("2026-04-16", "30.0")])
    );
    let body = b.done("PUT", &path, json!({"plan": {"plan_code": "s", "quantity": 2}}), message).await;
    assert_eq!(body["subscription"]["amount"], 60.0);
    assert_eq!(b.get(&format!("creditnotes?customer_id={customer}")).await["creditnotes"][0]["total"], 15.0);
    assert_eq!(b.get(&format!("customers/{customer}")).await["customer"]["unused_credits"], 15.0);

    b.refused(
        "GET",
        &format!("{path}/scheduledchanges"),
        Value::Null,
        404,
        1002,
        "Scheduled change does not exist.",
    )
    .await;
    let body = b.done("PUT", &path, json!({"plan": {"plan_code": "l"}, "end_of_term": true}), message).await;
    assert_eq!(
        (&body["subscription"]["amount"], &body["subscription"]["end_of_term"]),
        (&json!(60.0), &json!(true))
    );
    let waiting = b.get(&format!("{path}/scheduledchanges")).await["subscription"].clone();
    assert_eq!((&waiting["plan"]["plan_code"], &waiting["amount"]), (&json!("l"), &json!(90.0)));
    b.at("2026-05-01").await;
    let now = b.get(&path).await["subscription"].clone();
    assert_eq!(
        (&now["plan"]["plan_code"], &now["amount"], &now["end_of_term"]),
        (&json!("l"), &json!(90.0), &json!(false))
    );
    assert_eq!(invoiced(&b.invoices(&customer).await)[2..], pairs(&[("2026-05-01", "90.0")]));

    // Terms of another length begin at once, and what is left of the old one is credited.
    let body = b.done("PUT", &path, json!({"plan": {"plan_code": "y"}}), message).await;
    assert_eq!(dates(&body["subscription"]), ["2026-05-01", "2027-05-01", "2026-05-01", "2027-05-01"]);
    assert_eq!(invoiced(&b.invoices(&customer).await)[3..], pairs(&[("2026-05-01", "360.0")]));
    assert_eq!(b.get(&format!("creditnotes?customer_id={customer}")).await["creditnotes"][0]["total"], 90.0);
    let kinds: Vec<String> =
        b.events().await.into_iter().filter(|it| it.starts_with("subscription_")).collect();
    assert_eq!(
        kinds,
        [
            "subscription_created",
            "subscription_activation",
            "subscription_upgraded",
            "subscription_downgraded",
            "subscription_updated",
            "subscription_upgraded",
            "subscription_renewed",
            "subscription_upgraded"
        ]
    );
}

#[tokio::test]
async fn what_is_bought_once() {
    let b = billing().await;
    b.plan("m", json!({})).await;
    b.addon("tier", json!({"type": "one_time", "pricing_scheme": "tier", "price_brackets": [{"end_quantity": 2, "price": 10}, {"price": 7}]})).await;
    b.addon("pack", json!({"type": "one_time", "pricing_scheme": "package", "price_brackets": [{"end_quantity": 5, "price": 20}, {"end_quantity": 10, "price": 30}]})).await;
    b.addon("every", json!({})).await;
    b.coupon("HALF", json!({"discount_value": 50, "apply_to_addons": "all_onetime"})).await;
    let customer = b.customer("Acme").await;
    let made = b.subscribe(&customer, "m", json!({})).await;
    let path = format!("subscriptions/{}", text(&made["subscription_id"]));
    let buy = format!("{path}/buyonetimeaddon");
    let bought = "One-time addon has been purchased successfully.";
    let body = b
        .done(
            "POST",
            &buy,
            json!({"addons": [{"addon_code": "tier", "quantity": 5}, {"addon_code": "pack", "quantity": 7}]}),
            bought,
        )
        .await;
    assert_eq!((&body["invoice"]["total"], &body["invoice"]["status"]), (&json!(71.0), &json!("sent")));
    let body = b
        .done(
            "POST",
            &buy,
            json!({"addons": [{"addon_code": "pack", "price": 4, "quantity": 3}], "coupon_code": "HALF"}),
            bought,
        )
        .await;
    assert_eq!(body["invoice"]["total"], 6.0);
    b.refused("POST", &buy, json!({"addons": []}), 400, 2, "Invalid value passed for addons").await;
    b.refused(
        "POST",
        &buy,
        json!({"addons": [{"addon_code": "nope"}]}),
        400,
        6,
        "Invalid reference passed for addon_code",
    )
    .await;
    b.refused(
        "POST",
        &buy,
        json!({"addons": [{"addon_code": "every"}]}),
        400,
        4098,
        "The addon Addon every cannot be bought here.",
    )
    .await;
    let charge = format!("{path}/charge");
    let body = b
        .done(
            "POST",
            &charge,
            json!({"amount": 12.5, "description": "Help"}),
            "One time charge has been added successfully.",
        )
        .await;
    assert_eq!(
        (&body["invoice"]["total"], &body["invoice"]["invoice_items"][0]["name"]),
        (&json!(12.5), &json!("Help"))
    );
    b.refused("POST", &charge, json!({"amount": 0}), 400, 2, "Invalid value passed for amount").await;
    assert_eq!(b.invoices(&customer).await.len(), 4);
    assert_eq!(b.get(&path).await["subscription"]["child_invoice_id"], made["child_invoice_id"]);
}

#[tokio::test]
async fn small_changes() {
    let b = billing().await;
    b.plan("m", json!({})).await;
    b.addon("a", json!({})).await;
    let customer = b.customer("Acme").await;
    let made = b.subscribe(&customer, "m", json!({"addons": [{"addon_code": "a"}]})).await;
    let path = format!("subscriptions/{}", text(&made["subscription_id"]));
    let post = |name: &str| format!("{path}/{name}");
    b.done(
        "POST",
        &post("reference"),
        json!({"reference_id": "R9"}),
        "Subscription has been updated successfully.",
    )
    .await;
    b.refused("POST", &post("reference"), json!({}), 400, 2, "Invalid value passed for reference_id").await;
    b.done(
        "POST",
        &post("salesperson"),
        json!({"salesperson_name": "Sue"}),
        "Sales Person has been updated successfully.",
    )
    .await;
    b.refused("POST", &post("salesperson"), json!({}), 400, 2, "Invalid value passed for salesperson_id")
        .await;
    b.done(
        "POST",
        &post("lineitems/m"),
        json!({"description": "New"}),
        "Item description has been updated successfully.",
    )
    .await;
    b.done(
        "POST",
        &post("lineitems/a"),
        json!({"description": "Also"}),
        "Item description has been updated successfully.",
    )
    .await;
    b.refused(
        "POST",
        &post("lineitems/x"),
        json!({"description": "x"}),
        404,
        1002,
        "Plan or addon of the subscription does not exist.",
    )
    .await;
    let body = b
        .done(
            "POST",
            &post("customfields"),
            json!({"custom_fields": [{"label": "Ref", "value": "1"}]}),
            "Custom Fields Updated Successfully.",
        )
        .await;
    assert_eq!(body["data"][0]["value"], "1");
    let body = b.done("POST", &post("notes"), json!({"description": "Call"}), "Notes added.").await;
    let note = text(&body["note"]["notes"][0]["note_id"]);
    b.refused(
        "POST",
        &post("notes"),
        json!({"description": " "}),
        400,
        2,
        "Invalid value passed for description",
    )
    .await;
    let person =
        b.get(&format!("customers/{customer}")).await["customer"]["primary_contactperson_id"].clone();
    let message = "The contact person's information has been added.";
    b.done(
        "POST",
        &post("contactpersons"),
        json!({"contactpersons": [{"contactperson_id": person}]}),
        message,
    )
    .await;
    b.refused(
        "POST",
        &post("contactpersons"),
        json!({"contactpersons": [{"contactperson_id": "1"}]}),
        400,
        6,
        "Invalid reference passed for contactperson_id",
    )
    .await;
    let now = b.get(&path).await["subscription"].clone();
    assert_eq!((&now["reference_id"], &now["salesperson_name"]), (&json!("R9"), &json!("Sue")));
    assert_eq!(
        (&now["plan"]["plan_description"], &now["addons"][0]["addon_description"]),
        (&json!("New"), &json!("Also"))
    );
    assert_eq!(
        (&now["notes"][0]["description"], &now["contactpersons"][0]["contactperson_id"]),
        (&json!("Call"), &person)
    );
    assert_eq!(b.get("subscriptions?reference_id=R9").await["subscriptions"].as_array().unwrap().len(), 1);
    b.done("DELETE", &post(&format!("notes/{note}")), Value::Null, "The note has been deleted.").await;
    b.refused("DELETE", &post(&format!("notes/{note}")), Value::Null, 404, 1002, "Note does not exist.")
        .await;
    let activities = b.get(&post("recentactivities")).await["activities"].clone();
    assert_eq!(activities[0]["description"], "Contact persons changed");
    assert_eq!(activities.as_array().unwrap().last().unwrap()["description"], "invoice created");
}

#[tokio::test]
async fn creation_is_checked() {
    let b = billing().await;
    b.plan("m", json!({})).await;
    b.plan("off", json!({})).await;
    b.done("POST", "plans/off/markasinactive", Value::Null, "The plan has been marked as inactive.").await;
    let customer = b.customer("Acme").await;
    for (more, status, code, message) in [
        (json!({"customer_id": "1"}), 400, 6, "Invalid reference passed for customer_id"),
        (json!({"customer_id": ""}), 400, 2, "Invalid value passed for customer_id"),
        (json!({"plan": {"plan_code": ""}}), 400, 2, "Invalid value passed for plan_code"),
        (json!({"plan": {"plan_code": "nope"}}), 400, 6, "Invalid reference passed for plan_code"),
        (json!({"plan": {"plan_code": "off"}}), 400, 4098, "The plan Plan off is inactive."),
        (json!({"plan": {"quantity": 0}}), 400, 2, "Invalid value passed for quantity"),
        (json!({"plan": {"quantity": 1.5}}), 400, 2, "Invalid value passed for quantity"),
        (json!({"plan": {"price": -1}}), 400, 2, "Invalid value passed for price"),
        (json!({"plan": {"tax_id": "1"}}), 400, 6, "Invalid reference passed for tax_id"),
        (json!({"plan": {"billing_cycles": 1.5}}), 400, 2, "Invalid value passed for billing_cycles"),
        (json!({"starts_at": "tomorrow"}), 400, 2, "Invalid value passed for starts_at"),
        (json!({"starts_at": "1999-01-01"}), 400, 2, "Invalid value passed for starts_at"),
        (json!({"coupon_code": "nope"}), 400, 6, "Invalid reference passed for coupon_code"),
        (json!({"addons": [{}]}), 400, 2, "Invalid value passed for addon_code"),
        (json!({"auto_collect": "maybe"}), 400, 2, "Invalid value passed for auto_collect"),
        (
            json!({"add_to_unbilled_charges": "yes"}),
            400,
            2,
            "Invalid value passed for add_to_unbilled_charges",
        ),
    ] {
        let mut body = json!({"customer_id": customer, "plan": {"plan_code": "m"}});
        merge(&mut body, more);
        b.refused("POST", "subscriptions", body, status, code, message).await;
    }
    assert_eq!(b.get("subscriptions").await["subscriptions"], json!([]));
    assert_eq!(b.get("invoices").await["invoices"], json!([]));
    // A refused subscription leaves no customer behind.
    let body =
        json!({"customer": {"display_name": "New", "email": "n@x.test"}, "plan": {"plan_code": "nope"}});
    b.refused("POST", "subscriptions", body, 400, 6, "Invalid reference passed for plan_code").await;
    assert_eq!(b.get("customers?display_name=New").await["customers"], json!([]));
    let body = json!({"customer": {"display_name": "New", "email": "n@x.test"}, "plan": {"plan_code": "m", "price": 9.999, "quantity": 3}});
    let made = b.created("subscriptions", body).await["subscription"].clone();
    assert_eq!((&made["amount"], &made["customer"]["display_name"]), (&json!(30.0), &json!("New")));
    for path in ["subscriptions/1", "subscriptions/abc"] {
        b.refused("GET", path, Value::Null, 404, 1002, "Subscription does not exist.").await;
    }
    b.refused("POST", "subscriptions/1/cancel", Value::Null, 404, 1002, "Subscription does not exist.").await;
}
