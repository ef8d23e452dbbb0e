use serde_json::{Value, json};

use crate::billing_world::*;

#[tokio::test]
async fn products() {
    let b = billing().await;
    let body = json!({"name": "Desk", "description": "d", "email_ids": "a@x.test", "redirect_url": "https://x.test"});
    let made = b.created("products", body).await;
    assert_eq!(made["message"], "The product has been created");
    let id = text(&made["product"]["product_id"]);
    assert_eq!(
        (&made["product"]["status"], &made["product"]["redirect_url"]),
        (&json!("active"), &json!("https://x.test"))
    );
    assert!(
        made["product"]["updated_time"].is_string() && made["product"].get("last_modified_time").is_none()
    );
    let path = format!("products/{id}");
    b.refused("POST", "products", json!({"name": " desk "}), 400, 4, "desk already exists.").await;
    b.refused("POST", "products", json!({}), 400, 2, "Invalid value passed for name").await;
    let changed =
        b.done("PUT", &path, json!({"name": "Desk 2"}), "The product details have been updated.").await;
    assert_eq!(
        (&changed["product"]["name"], &changed["product"]["description"]),
        (&json!("Desk 2"), &json!("d"))
    );
    for _ in 0..2 {
        let message = "The product has been marked as inactive.";
        b.done("POST", &format!("{path}/markasinactive"), Value::Null, message).await;
    }
    let listed = b.get("products?filter_by=ProductStatus.INACTIVE").await;
    assert_eq!(listed["products"].as_array().unwrap().len(), 1);
    assert_eq!(listed["page_context"]["applied_filter"], "ProductStatus.INACTIVE");
    b.done("POST", &format!("{path}/markasactive"), Value::Null, "The product has been marked as active.")
        .await;
    assert_eq!(b.get(&path).await["product"]["status"], "active");
    b.done("DELETE", &path, Value::Null, "The product has been deleted.").await;
    for method in ["GET", "DELETE"] {
        b.refused(method, &path, Value::Null, 404, 1002, "Product does not exist.").await;
    }
    let message = "Product does not exist.";
    b.refused("POST", "products/abc/markasactive", Value::Null, 404, 1002, message).await;
    b.plan("p", json!({})).await;
    let message = "Product is used by other records and cannot be deleted.";
    b.refused("DELETE", &format!("products/{}", b.product), Value::Null, 400, 36, message).await;
}

#[tokio::test]
async fn plans() {
    let b = billing().await;
    let body = json!({"plan_code": "basic/1 m+1", "name": "Basic", "recurring_price": 12.345, "interval": 1, "product_id": b.product,
        "trial_period": 14, "setup_fee": 5, "custom_fields": [{"label": "Tier", "value": "A"}]});
    let made = b.created("plans", body.clone()).await;
    assert_eq!(made["message"], "The plan has been created.");
    let plan = &made["plan"];
    assert_eq!((&plan["plan_code"], &plan["recurring_price"]), (&json!("basic/1 m+1"), &json!(12.35)));
    assert_eq!(
        (&plan["interval_unit"], &plan["billing_cycles"], &plan["trial_period"]),
        (&json!("months"), &json!(-1), &json!(14))
    );
    assert_eq!(plan["custom_fields"][0]["value"], "A");
    let path = "plans/basic%2F1%20m+1";
    assert_eq!(b.get(path).await["plan"]["name"], "Basic");
    b.refused("POST", "plans", body, 400, 4, "basic/1 m+1 already exists.").await;
    for (member, value) in [
        ("plan_code", json!("")),
        ("name", json!(null)),
        ("interval", json!(0)),
        ("interval", json!(1.5)),
        ("interval_unit", json!("days")),
        ("recurring_price", json!(-1)),
        ("billing_cycles", json!(-2)),
        ("trial_period", json!("soon")),
        ("pricing_scheme", json!("free")),
    ] {
        let mut body = json!({"plan_code": "x", "name": "X", "recurring_price": 1, "interval": 1, "product_id": b.product});
        body[member] = value;
        b.refused("POST", "plans", body, 400, 2, &format!("Invalid value passed for {member}")).await;
    }
    let body =
        json!({"plan_code": "x", "name": "X", "recurring_price": 1, "interval": 1, "product_id": "123"});
    b.refused("POST", "plans", body, 400, 6, "Invalid reference passed for product_id").await;

    let message = "The plan details has been updated.";
    let changed = b
        .done(
            "PUT",
            path,
            json!({"plan_code": "basic", "name": "Basic 2", "recurring_price": 20, "interval": 1}),
            message,
        )
        .await;
    assert_eq!(
        (&changed["plan"]["plan_code"], &changed["plan"]["trial_period"]),
        (&json!("basic"), &json!(14))
    );
    b.refused("GET", path, Value::Null, 404, 1002, "Plan does not exist.").await;
    assert_eq!(b.get("plans/BASIC").await["plan"]["recurring_price"], 20.0);
    b.plan("other", json!({})).await;
    b.refused("PUT", "plans/other", json!({"plan_code": "Basic"}), 400, 4, "Basic already exists.").await;

    b.done("POST", "plans/basic/markasinactive", Value::Null, "The plan has been marked as inactive.").await;
    let codes = |list: Value| {
        list["plans"].as_array().unwrap().iter().map(|it| text(&it["plan_code"])).collect::<Vec<_>>()
    };
    assert_eq!(codes(b.get("plans?filter_by=PlanStatus.ACTIVE").await), ["other"]);
    assert_eq!(codes(b.get("plans?filter_by=PlanStatus.INACTIVE").await), ["basic"]);
    assert_eq!(
        codes(b.get(&format!("plans?product_id={}&sort_column=name", b.product)).await),
        ["basic", "other"]
    );
    assert_eq!(codes(b.get("plans?product_id=1").await), [] as [&str; 0]);
    b.refused(
        "GET",
        "plans?filter_by=Status.Active",
        Value::Null,
        400,
        2,
        "Invalid value passed for filter_by",
    )
    .await;
    b.done("POST", "plans/basic/markasactive", Value::Null, "The plan has been marked as active.").await;
    b.done("DELETE", "plans/basic", Value::Null, "The plan has been deleted.").await;
    b.refused("DELETE", "plans/basic", Value::Null, 404, 1002, "Plan does not exist.").await;
}

#[tokio::test]
async fn addons() {
    let b = billing().await;
    b.plan("p1", json!({})).await;
    b.plan("p2", json!({})).await;
    let body = json!({"addon_code": "seat", "name": "Seat", "unit_name": "user", "pricing_scheme": "tier", "product_id": b.product,
        "price_brackets": [{"start_quantity": 1, "end_quantity": 5, "price": 10}, {"start_quantity": 6, "price": 8}],
        "plans": [{"plan_code": "p1"}]});
    let made = b.created("addons", body.clone()).await;
    assert_eq!(made["message"], "The addon has been created");
    let addon = &made["addon"];
    assert_eq!(
        (&addon["type"], &addon["unit"], &addon["interval_unit"]),
        (&json!("recurring"), &json!("user"), &json!("monthly"))
    );
    assert_eq!(addon["plans"], json!([{"plan_code": "p1", "name": "Plan p1"}]));
    assert_eq!(addon["price_brackets"][0], json!({"start_quantity": 1, "end_quantity": 5, "price": 10.0}));
    assert_eq!(b.get("plans/p1").await["plan"]["addons"][0]["addon_code"], "seat");
    assert_eq!(b.get("plans/p2").await["plan"]["addons"], json!([]));
    b.refused("POST", "addons", body, 400, 4, "seat already exists.").await;
    let wrong = "Invalid value passed for price_brackets";
    for brackets in [
        json!([]),
        json!([{"price": -1}]),
        json!([{"start_quantity": 1, "end_quantity": 5, "price": 1}, {"start_quantity": 5, "price": 1}]),
        json!([{"start_quantity": 3, "end_quantity": 2, "price": 1}]),
        json!("cheap"),
    ] {
        let body =
            json!({"addon_code": "x", "name": "X", "product_id": b.product, "price_brackets": brackets});
        b.refused("POST", "addons", body, 400, 2, wrong).await;
    }
    let body = json!({"addon_code": "x", "name": "X", "product_id": b.product, "price_brackets": [{"price": 1}], "plans": [{"plan_code": "nope"}]});
    b.refused("POST", "addons", body, 400, 6, "Invalid reference passed for plan_code").await;
    b.addon("once", json!({"type": "one_time", "price_brackets": [{"price": 3}]})).await;
    let codes = |list: Value| {
        list["addons"].as_array().unwrap().iter().map(|it| text(&it["addon_code"])).collect::<Vec<_>>()
    };
    assert_eq!(codes(b.get("addons?filter_by=AddonStatus.ONETIME").await), ["once"]);
    assert_eq!(codes(b.get("addons?filter_by=AddonStatus.RECURRING").await), ["seat"]);
    b.done("POST", "addons/seat/markasinactive", Value::Null, "The addon has been marked as inactive.").await;
    assert_eq!(codes(b.get("addons?filter_by=AddonStatus.INACTIVE").await), ["seat"]);
    assert_eq!(codes(b.get("addons?filter_by=AddonStatus.ACTIVE").await), ["once"]);
    b.done("POST", "addons/seat/markasactive", Value::Null, "The addon has been marked as active.").await;
    let changed = b
        .done(
            "PUT",
            "addons/seat",
            json!({"name": "Seats", "plans": []}),
            "The addon details have been updated.",
        )
        .await;
    assert_eq!((&changed["addon"]["name"], &changed["addon"]["plans"]), (&json!("Seats"), &json!([])));
    b.done("DELETE", "addons/seat", Value::Null, "The addon has been deleted.").await;
    b.refused("GET", "addons/seat", Value::Null, 404, 1002, "Addon does not exist.").await;
}

#[tokio::test]
async fn coupons() {
    let mut b = billing().await;
    b.plan("p1", json!({})).await;
    let body = json!({"coupon_code": "TEN", "name": "Ten", "type": "duration", "duration": 3, "discount_by": "percentage",
        "discount_value": 10, "product_id": b.product, "max_redemption": 1, "expiry_at": "2026-01-10",
        "apply_to_plans": "select", "plans": [{"plan_code": "p1"}], "apply_to_addons": "none"});
    let made = b.created("coupons", body.clone()).await;
    assert_eq!(made["message"], "The coupon has been created");
    let coupon = &made["coupon"];
    assert_eq!(
        (&coupon["status"], &coupon["redemption_count"], &coupon["duration"]),
        (&json!("active"), &json!(0), &json!(3))
    );
    assert_eq!(coupon["plans"], json!([{"plan_code": "p1", "name": "Plan p1"}]));
    b.refused("POST", "coupons", body, 400, 4, "TEN already exists.").await;
    for (member, value) in [
        ("discount_value", json!(101)),
        ("type", json!("twice")),
        ("discount_by", json!("luck")),
        ("duration", json!(0)),
        ("expiry_at", json!("soon")),
        ("plans", json!([])),
    ] {
        let mut body = json!({"coupon_code": "x", "name": "X", "type": "duration", "duration": 1, "discount_by": "percentage",
            "discount_value": 10, "product_id": b.product, "apply_to_plans": "select", "plans": [{"plan_code": "p1"}]});
        body[member] = value;
        b.refused("POST", "coupons", body, 400, 2, &format!("Invalid value passed for {member}")).await;
    }
    let message = "The coupon details have been updated.";
    let changed = b
        .done(
            "PUT",
            "coupons/TEN",
            json!({"name": "Tenth", "discount_value": 50, "max_redemption": 2}),
            message,
        )
        .await;
    assert_eq!(
        (&changed["coupon"]["name"], &changed["coupon"]["discount_value"]),
        (&json!("Tenth"), &json!(10.0))
    );
    let codes = |list: Value| list["coupons"].as_array().unwrap().len();
    assert_eq!(codes(b.get("coupons?filter_by=CouponStatus.ACTIVE").await), 1);
    b.done("POST", "coupons/TEN/markasinactive", Value::Null, "The coupon has been marked as inactive.")
        .await;
    assert_eq!(codes(b.get("coupons?filter_by=CouponStatus.INACTIVE").await), 1);
    b.done("POST", "coupons/TEN/markasactive", Value::Null, "The coupon has been marked as active.").await;
    b.at("2026-01-10").await;
    assert_eq!(b.get("coupons/TEN").await["coupon"]["status"], "active");
    b.at("2026-01-11").await;
    assert_eq!(b.get("coupons/TEN").await["coupon"]["status"], "expired");
    assert_eq!(codes(b.get("coupons?filter_by=CouponStatus.EXPIRED").await), 1);
    b.done("DELETE", "coupons/TEN", Value::Null, "The coupon has been deleted.").await;
    b.refused("GET", "coupons/TEN", Value::Null, 404, 1002, "Coupon does not exist.").await;
}

#[tokio::test]
async fn clients_that_send_null_and_a_header_are_understood() {
    let b = billing().await;
    b.plan("p", json!({})).await;
    for (method, path) in [("GET", "plans/p"), ("POST", "plans/p/markasactive"), ("DELETE", "plans/p")] {
        let request = b
            .world
            .api
            .request(method, &format!("/billing/v1/{path}"))
            .header("X-com-zoho-subscriptions-organizationid", "10234695")
            .header("Content-Type", "application/json")
            .body("null");
        let response = request.send().await.unwrap();
        assert_eq!(response.status().as_u16(), 200, "{method} {path}");
        assert_eq!(response.headers()["content-type"], "application/json;charset=UTF-8");
    }
    let request = b
        .world
        .api
        .request("POST", "/billing/v1/plans")
        .header("Content-Type", "application/json")
        .body("null");
    let (status, body) = crate::world::send(request).await;
    assert_eq!((status, &body["code"]), (400, &json!(11)));
}

#[tokio::test]
async fn items_taxes_users_and_organizations_are_those_of_books() {
    let b = billing().await;
    let item = b.created("items", json!({"name": "Box", "rate": 3})).await;
    let id = text(&item["item"]["item_id"]);
    assert_eq!(b.world.api.get(&format!("items/{id}")).await["item"]["name"], "Box");
    b.done("POST", &format!("items/{id}/inactive"), Value::Null, "The item has been marked Inactive.").await;
    b.done("POST", &format!("items/{id}/active"), Value::Null, "The item has been marked Active.").await;
    assert_eq!(b.get(&format!("items/{id}")).await["item"]["status"], "active");
    b.created("settings/taxes", json!({"tax_name": "VAT", "tax_percentage": 20})).await;
    assert_eq!(b.get("settings/taxes").await["taxes"][0]["tax_name"], "VAT");
    assert_eq!(b.get("users/me").await["user"]["email"], "admin@example.com");
    assert_eq!(b.get("organizations").await["organizations"][0]["organization_id"], "10234695");
    let message = "List churn messages is not emulated yet";
    b.refused("GET", "settings/preferences/churnmessages", Value::Null, 501, 501, message).await;
}
