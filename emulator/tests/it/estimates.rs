use serde_json::{Value, json};

use crate::sales::*;

const SENT: &str = "Estimate status has been changed to Sent.";
const ACCEPTED: &str = "Estimate status has been changed to Accepted.";
const DECLINED: &str = "Estimate status has been changed to Declined.";
const SUBMITTED: &str = "The estimate has been successfully submitted for approval";
const APPROVED: &str = "You have approved the estimate.";

async fn act(shop: &Shop, id: &str, path: &str) {
    let (status, answer) = shop.call("POST", &format!("estimates/{id}/{path}"), Value::Null).await;
    assert_eq!(status, 200, "{path}: {answer}");
}

/// A new estimate in a state; `expired` needs the clock to stand after 2026-01-10.
async fn in_state(shop: &Shop, state: &str) -> String {
    let created = shop.create("estimates", json!({"expiry_date": "2026-01-10"})).await;
    let id = id_of(&created, "estimate_id");
    for step in match state {
        "draft" => vec![],
        "sent" | "expired" => vec!["status/sent"],
        "accepted" => vec!["status/accepted"],
        "declined" => vec!["status/declined"],
        "pending_approval" => vec!["submit"],
        "approved" => vec!["submit", "approve"],
        _ => vec!["status/sent"],
    } {
        act(shop, &id, step).await;
    }
    if state == "invoiced" {
        shop.create("invoices", json!({"invoiced_estimate_id": id})).await;
    }
    if state == "expired" {
        shop.at(11, 0).await;
    }
    id
}

const fn step(path: &'static str, message: &'static str, verb: &'static str) -> Step {
    Step { path, status: 200, message, verb }
}

const STEPS: [Step; 5] = [
    step("status/sent", SENT, "sent"),
    step("status/accepted", ACCEPTED, "accepted"),
    step("status/declined", DECLINED, "declined"),
    step("submit", SUBMITTED, "submitted for approval"),
    step("approve", APPROVED, "approved"),
];

const ALLOWED: [Allowed; 17] = [
    ("draft", "status/sent", "sent"),
    ("draft", "status/accepted", "accepted"),
    ("draft", "status/declined", "declined"),
    ("draft", "submit", "pending_approval"),
    ("sent", "status/sent", "sent"),
    ("sent", "status/accepted", "accepted"),
    ("sent", "status/declined", "declined"),
    ("accepted", "status/accepted", "accepted"),
    ("accepted", "status/declined", "declined"),
    ("declined", "status/sent", "sent"),
    ("declined", "status/accepted", "accepted"),
    ("declined", "status/declined", "declined"),
    ("expired", "status/sent", "sent"),
    ("pending_approval", "submit", "pending_approval"),
    ("pending_approval", "approve", "approved"),
    ("approved", "approve", "approved"),
    ("approved", "status/sent", "sent"),
];

#[tokio::test]
async fn every_transition_is_allowed_or_refused_as_described() {
    let common = shop().await;
    for from in
        ["draft", "sent", "accepted", "declined", "expired", "invoiced", "pending_approval", "approved"]
    {
        for step in STEPS {
            // What follows from the clock has a clock of its own.
            let own = if from == "expired" { Some(shop().await) } else { None };
            let shop = own.as_ref().unwrap_or(&common);
            let id = in_state(shop, from).await;
            assert_eq!(shop.status("estimates", &id).await, from);
            shop.step("estimates", &id, "An estimate", from, step, &ALLOWED).await;
        }
    }
    let missing = common.refused("POST", "estimates/12/status/sent", Value::Null, 404, 1002).await;
    assert_eq!(missing, "Estimate does not exist.");
}

#[tokio::test]
async fn an_estimate_is_created_changed_and_deleted() {
    let shop = shop().await;
    let body = json!({"customer_id": shop.customer, "zcrm_potential_id": "00012345", "zcrm_potential_name": "Big deal",
        "line_items": [{"name": "Chair", "rate": 10.005, "quantity": 3, "discount": "10%"}, {"name": "Table", "rate": "99.5"}]});
    let answer = shop.done("POST", "estimates", body, 201, "The estimate has been created.").await;
    let estimate = &answer["estimate"];
    let id = id_of(estimate, "estimate_id");
    for (name, value) in [
        ("estimate_number", json!("EST-000001")),
        ("status", json!("draft")),
        ("date", json!("2026-01-05")),
        ("customer_name", json!("Bowman")),
        ("currency_code", json!("USD")),
        ("zcrm_potential_id", json!("00012345")),
        // 30.02 less 3.00, and 99.50.
        ("sub_total", json!(126.52)),
        ("total", json!(126.52)),
        ("discount_type", json!("item_level")),
        ("is_emailed", json!(false)),
        ("invoice_ids", json!([])),
        ("price_precision", json!(2)),
    ] {
        assert_eq!(estimate[name], value, "{name}");
    }
    assert_eq!(estimate["line_items"][0]["discount_amount"], 3.0);
    assert_eq!(estimate["line_items"][0]["item_total"], 27.02);
    assert_eq!(estimate["billing_address"]["city"], "");

    let table = estimate["line_items"][1]["line_item_id"].clone();
    let lines = json!([{"line_item_id": table, "quantity": 2}, {"name": "Lamp", "rate": 1}]);
    let body = json!({"line_items": lines, "expiry_date": "2026-01-04"});
    assert_eq!(
        shop.refused("PUT", &format!("estimates/{id}"), body, 400, 2).await,
        "Invalid value passed for expiry_date"
    );
    let body = json!({"line_items": lines, "notes": "x"});
    let path = format!("estimates/{id}");
    let answer = shop.done("PUT", &path, body, 200, "Estimate information has been updated.").await;
    let estimate = &answer["estimate"];
    assert_eq!((&estimate["total"], &estimate["notes"]), (&json!(200.0), &json!("x")));
    assert_eq!(estimate["line_items"][0]["name"], "Table");
    assert_eq!(estimate["line_items"].as_array().unwrap().len(), 2);

    let path = format!("estimates/{id}/address/billing");
    shop.done("PUT", &path, json!({"city": "Bonn", "zip": "53111"}), 200, "Billing address updated").await;
    let path = format!("estimates/{id}/address/shipping");
    shop.done("PUT", &path, json!({"city": "Köln"}), 200, "Shipping address updated").await;
    let estimate = shop.get("estimates", &id).await;
    assert_eq!(estimate["billing_address"]["city"], "Bonn");
    assert_eq!(estimate["shipping_address"]["city"], "Köln");

    let templates = shop.api().get("estimates/templates").await;
    let template = templates["templates"][1]["template_id"].as_str().unwrap().to_owned();
    let path = format!("estimates/{id}/templates/{template}");
    shop.done("PUT", &path, Value::Null, 200, "Estimate information has been updated.").await;
    assert_eq!(shop.get("estimates", &id).await["template_name"], "Spreadsheet Template");
    shop.refused("PUT", &format!("estimates/{id}/templates/7"), Value::Null, 404, 1002).await;

    shop.done("DELETE", &format!("estimates/{id}"), Value::Null, 200, "The estimate has been deleted.").await;
    shop.refused("GET", &format!("estimates/{id}"), Value::Null, 404, 1002).await;
}

#[tokio::test]
async fn numbers_are_given_in_order_and_unique() {
    let shop = shop().await;
    let body = json!({"customer_id": shop.customer, "line_items": [{"name": "x", "rate": 1}], "estimate_number": "Q-1"});
    shop.refused("POST", "estimates", body.clone(), 400, 4097).await;
    let path = "estimates?ignore_auto_number_generation=true";
    let (status, answer) = shop.call("POST", path, body.clone()).await;
    assert_eq!((status, &answer["estimate"]["estimate_number"]), (201, &json!("Q-1")));
    assert_eq!(shop.refused("POST", path, body, 400, 4).await, "Q-1 already exists.");
    let body = json!({"estimate_number": "EST-000041"});
    let first = id_of(&answer["estimate"], "estimate_id");
    shop.refused("PUT", &format!("estimates/{first}"), body.clone(), 400, 4097).await;
    let path = format!("estimates/{first}?ignore_auto_number_generation=true");
    shop.done("PUT", &path, body, 200, "Estimate information has been updated.").await;
    assert_eq!(shop.create("estimates", json!({})).await["estimate_number"], "EST-000042");
    let body = json!({"estimate_number": "EST-18446744073709551615"});
    shop.create("estimates?ignore_auto_number_generation=true", body).await;
    let last = shop.create("estimates", json!({})).await;
    assert_eq!(last["estimate_number"], "EST-000043", "a number beyond the series does not end it");
    let named = shop.create("salesorders", json!({"estimate_id": last["estimate_id"]})).await;
    assert_eq!(named["estimate_id"], last["estimate_id"]);
    let path = format!("estimates/{}", last["estimate_id"].as_str().unwrap());
    shop.refused("DELETE", &path, Value::Null, 400, 36).await;
}

#[tokio::test]
async fn estimates_expire_by_the_organizations_day_and_live_again_when_sent() {
    let shop = shop().await;
    let created = shop.create("estimates?send=true", json!({"expiry_date": "2026-01-10"})).await;
    let id = id_of(&created, "estimate_id");
    assert_eq!((&created["status"], &created["is_emailed"]), (&json!("sent"), &json!(true)));
    // 23:00 of the tenth in Los Angeles is the eleventh in UTC.
    shop.at(10, 23).await;
    assert_eq!(shop.status("estimates", &id).await, "sent");
    shop.at(11, 0).await;
    assert_eq!(shop.status("estimates", &id).await, "expired");
    assert_eq!(shop.listed("estimates", "filter_by=Status.Expired", "estimate_id").await, [json!(id)]);
    assert_eq!(shop.listed("estimates", "status=expired", "estimate_id").await, [json!(id)]);
    assert!(shop.listed("estimates", "filter_by=Status.Sent", "estimate_id").await.is_empty());
    let body = json!({"notes": "still there"});
    shop.done("PUT", &format!("estimates/{id}"), body, 200, "Estimate information has been updated.").await;
    assert_eq!(shop.status("estimates", &id).await, "expired");
    shop.done("POST", &format!("estimates/{id}/status/sent"), Value::Null, 200, SENT).await;
    assert_eq!(shop.status("estimates", &id).await, "sent");
    let body = json!({"expiry_date": "2026-01-12"});
    shop.done("PUT", &format!("estimates/{id}"), body, 200, "Estimate information has been updated.").await;
    shop.at(13, 1).await;
    assert_eq!(shop.status("estimates", &id).await, "expired");
}

#[tokio::test]
async fn acceptance_has_a_date_and_a_declined_one_keeps_its_status_when_changed() {
    let shop = shop().await;
    let id = in_state(&shop, "accepted").await;
    shop.at(7, 23).await;
    let estimate = shop.get("estimates", &id).await;
    assert_eq!((&estimate["accepted_date"], &estimate["declined_date"]), (&json!("2026-01-05"), &json!("")));
    act(&shop, &id, "status/declined").await;
    let estimate = shop.get("estimates", &id).await;
    assert_eq!((&estimate["accepted_date"], &estimate["declined_date"]), (&json!(""), &json!("2026-01-07")));
    let body = json!({"discount": "50%"});
    shop.done("PUT", &format!("estimates/{id}"), body, 200, "Estimate information has been updated.").await;
    let estimate = shop.get("estimates", &id).await;
    assert_eq!((&estimate["status"], &estimate["total"]), (&json!("declined"), &json!(50.0)));
}

#[tokio::test]
async fn an_invoice_makes_an_estimate_invoiced_and_its_deletion_takes_that_back() {
    for (from, allowed) in [
        ("sent", true),
        ("accepted", true),
        ("declined", true),
        ("expired", true),
        ("draft", false),
        ("pending_approval", false),
        ("approved", false),
    ] {
        let shop = shop().await;
        let estimate = in_state(&shop, from).await;
        let body = json!({"customer_id": shop.customer, "invoiced_estimate_id": estimate,
            "line_items": [{"name": "x", "rate": 1}]});
        if !allowed {
            shop.refused("POST", "invoices", body, 400, 4098).await;
            assert!(shop.listed("invoices", "", "invoice_id").await.is_empty());
            assert_eq!(shop.status("estimates", &estimate).await, from);
            continue;
        }
        let answer = shop.done("POST", "invoices", body.clone(), 201, "The invoice has been created.").await;
        let invoice = id_of(&answer["invoice"], "invoice_id");
        let second = shop.done("POST", "invoices", body, 201, "The invoice has been created.").await;
        let shown = shop.get("estimates", &estimate).await;
        assert_eq!(shown["status"], "invoiced");
        assert_eq!(shown["invoice_ids"], json!([invoice, second["invoice"]["invoice_id"]]));
        shop.refused("DELETE", &format!("estimates/{estimate}"), Value::Null, 400, 36).await;
        for invoice in [invoice, id_of(&second["invoice"], "invoice_id")] {
            assert_eq!(shop.status("estimates", &estimate).await, "invoiced");
            let path = format!("invoices/{invoice}");
            shop.done("DELETE", &path, Value::Null, 200, "The invoice has been deleted.").await;
        }
        assert_eq!(shop.status("estimates", &estimate).await, from);
    }
    let shop = shop().await;
    let estimate = in_state(&shop, "sent").await;
    let other = shop.api().named("Other").await;
    for wrong in [
        json!({"invoiced_estimate_id": "12"}),
        json!({"invoiced_estimate_id": estimate, "customer_id": other}),
    ] {
        let mut body = json!({"customer_id": shop.customer, "line_items": [{"name": "x", "rate": 1}]});
        body.as_object_mut().unwrap().extend(wrong.as_object().unwrap().clone());
        shop.refused("POST", "invoices", body, 400, 6).await;
    }
}

#[tokio::test]
async fn rows_have_the_names_of_the_service_and_lists_are_narrowed_and_sorted() {
    let shop = shop().await;
    let other = shop.api().named("Anderson").await;
    for (customer, rate, date, deal) in [
        (&shop.customer, 30, "2026-01-01", "111"),
        (&other, 10, "2026-01-03", "222"),
        (&shop.customer, 20, "2026-01-02", "111"),
    ] {
        shop.advance(60);
        let lines = json!([{"name": format!("Item {rate}"), "description": "d", "rate": rate}]);
        shop.create(
            "estimates",
            json!({"customer_id": customer, "date": date, "line_items": lines, "zcrm_potential_id": deal,
                "reference_number": format!("R{rate}"), "expiry_date": "2026-02-01"}),
        )
        .await;
    }
    let list = shop.api().get("estimates").await;
    let mut names: Vec<&str> = list["estimates"][0].as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    let mut expected = vec![
        "estimate_id",
        "zcrm_potential_id",
        "zcrm_potential_name",
        "customer_name",
        "customer_id",
        "company_name",
        "status",
        "color_code",
        "current_sub_status",
        "current_sub_status_id",
        "estimate_number",
        "reference_number",
        "date",
        "currency_id",
        "currency_code",
        "total",
        "created_time",
        "last_modified_time",
        "accepted_date",
        "declined_date",
        "expiry_date",
        "has_attachment",
        "is_viewed_by_client",
        "client_viewed_time",
        "is_emailed",
        "template_type",
        "template_id",
        "salesperson_id",
        "salesperson_name",
        "location_id",
        "location_name",
        "custom_fields",
        "custom_field_hash",
    ];
    expected.sort_unstable();
    assert_eq!(names, expected);
    assert_eq!(list["page_context"]["sort_column"], "created_time");
    assert_eq!(list["page_context"]["sort_order"], "D");
    for (query, expected) in [
        ("", vec!["R20", "R10", "R30"]),
        ("zcrm_potential_id=111", vec!["R20", "R30"]),
        ("zcrm_potential_id=333", vec![]),
        (&format!("customer_id={other}"), vec!["R10"]),
        ("reference_number=r30", vec!["R30"]),
        ("reference_number_startswith=R&total_greater_than=15", vec!["R20", "R30"]),
        ("item_name=item 10", vec!["R10"]),
        ("item_description_contains=D&total=20", vec!["R20"]),
        ("customer_name_contains=bow", vec!["R20", "R30"]),
        ("estimate_number=EST-000002", vec!["R10"]),
        ("date_start=2026-01-02&date_end=2026-01-03", vec!["R20", "R10"]),
        ("date_after=2026-01-02", vec!["R10"]),
        ("expiry_date=2026-02-01&search_text=and", vec!["R10"]),
        ("last_modified_time=2026-01-05T20:09:10Z", vec!["R20"]),
        ("sort_column=customer_name", vec!["R10", "R30", "R20"]),
        ("sort_column=total&sort_order=D", vec!["R30", "R20", "R10"]),
        ("sort_column=date", vec!["R30", "R20", "R10"]),
        ("sort_column=estimate_number", vec!["R30", "R10", "R20"]),
        ("filter_by=Status.Draft&per_page=1&page=2", vec!["R10"]),
        ("filter_by=Status.Accepted", vec![]),
    ] {
        assert_eq!(shop.listed("estimates", query, "reference_number").await, expected, "{query}");
    }
    shop.refused("GET", "estimates?filter_by=Status.Paid", Value::Null, 400, 2).await;
}

#[tokio::test]
async fn an_invoice_that_lets_go_of_its_estimate_frees_it() {
    let shop = shop().await;
    let (first, second) = (in_state(&shop, "accepted").await, in_state(&shop, "sent").await);
    let invoice = shop.create("invoices", json!({"invoiced_estimate_id": first})).await;
    let path = format!("invoices/{}", invoice["invoice_id"].as_str().unwrap());
    let updated = "Invoice information has been updated.";
    shop.done("PUT", &path, json!({"invoiced_estimate_id": second}), 200, updated).await;
    assert_eq!(shop.status("estimates", &first).await, "accepted");
    assert_eq!(shop.status("estimates", &second).await, "invoiced");
    shop.done("PUT", &path, json!({"invoiced_estimate_id": ""}), 200, updated).await;
    assert_eq!(shop.status("estimates", &second).await, "sent");
}
