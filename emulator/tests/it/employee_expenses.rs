use std::sync::Arc;

use chrono::TimeDelta;
use finbridge_emulator::*;
use serde_json::{Value, json};

use crate::expense_reports::REPORTS;
use crate::purchase_world::*;
use crate::world::*;

pub async fn category(p: &Purchase, name: &str) -> String {
    let answer = p.ask("POST", "/expense/v1/expensecategories", json!({"category_name": name}), 201).await;
    text(&answer["expense_category"]["category_id"])
}

pub async fn expense(p: &Purchase, body: Value) -> String {
    let mut whole = json!({"date": "2026-01-05", "amount": 10});
    for (name, value) in body.as_object().unwrap() {
        whole[name] = value.clone();
    }
    text(&p.ask("POST", "/expense/v1/expenses", whole, 201).await["expense"]["expense_id"])
}

#[tokio::test]
async fn lifecycle_of_an_expense_of_an_employee() {
    let p = purchase().await;
    let meals = category(&p, "Meals").await;
    let body = json!({
        "date": "2026-01-05", "amount": 19.995, "merchant_name": "Diner", "category_id": meals, "description": "Lunch",
        "attendees": [{"name": "A"}]
    });
    let answer = p.ask("POST", "/expense/v1/expenses", body, 201).await;
    let made = &answer["expense"];
    assert_eq!((made["total"].as_f64(), &made["status"]), (Some(20.0), &json!("unreported")));
    assert_eq!((&made["category_name"], &made["user_name"]), (&json!("Meals"), &json!("Demo Administrator")));
    assert_eq!((&made["is_reimbursable"], &made["currency_code"]), (&json!(true), &json!("USD")));
    let path = format!("/expense/v1/expenses/{}", text(&made["expense_id"]));
    let answer = p.ask("PUT", &path, json!({"amount": 5, "is_personal": true}), 200).await;
    assert_eq!(
        (answer["expense"]["total"].as_f64(), &answer["expense"]["merchant_name"]),
        (Some(5.0), &json!("Diner"))
    );
    let (status, _) = p.with_receipt("POST", &format!("{path}/receipt"), Value::Null, "paper").await;
    assert_eq!(status, 200);
    assert_eq!(p.w.api.get(&path).await["expense"]["documents"][0]["file_name"], "lunch.PNG");
    for (body, code, message) in [
        (json!({"date": "2026-01-05"}), 2, "Invalid value passed for amount"),
        (json!({"amount": 1}), 2, "Invalid value passed for date"),
        (
            json!({"date": "2026-01-05", "amount": 1, "category_id": "12"}),
            6,
            "Invalid reference passed for category_id",
        ),
        (
            json!({"date": "2026-01-05", "amount": 1, "report_id": "12"}),
            6,
            "Invalid reference passed for report_id",
        ),
        (
            json!({"date": "2026-01-05", "amount": 1, "customer_id": p.vendor}),
            2,
            "Invalid value passed for customer_id",
        ),
        (
            json!({"date": "2026-01-05", "amount": 1, "expense_type": "gift"}),
            2,
            "Invalid value passed for expense_type",
        ),
    ] {
        assert_eq!(p.refused("POST", "/expense/v1/expenses", body.clone(), code).await, message, "{body}");
    }
    p.says("DELETE", &path, Value::Null, 200, "The expense has been deleted.").await;
    p.ask("GET", &path, Value::Null, 404).await;
}

#[tokio::test]
async fn the_default_view_is_the_current_month() {
    let mut p = purchase().await;
    for (date, reference) in [("2026-01-31", "now"), ("2025-12-31", "before"), ("2025-01-31", "long ago")] {
        expense(&p, json!({"date": date, "reference_number": reference})).await;
    }
    let list = p.w.api.get("/expense/v1/expenses").await;
    assert_eq!(list["page_context"]["applied_filter"], "ExpenseDate.ThisMonth");
    assert_eq!(column(&list, "expenses", "reference_number"), ["now"]);
    for (query, expected) in [
        ("filter_by=ExpenseDate.All&sort_column=date", vec!["long ago", "before", "now"]),
        ("filter_by=ExpenseDate.PreviousMonth", vec!["before"]),
        ("filter_by=ExpenseDate.PreviousYear&sort_column=date", vec!["long ago", "before"]),
        ("filter_by=Status.Unreported&sort_column=date", vec!["long ago", "before", "now"]),
        ("date_start=2025-01-01&date_end=2025-12-31&sort_column=date", vec!["long ago", "before"]),
    ] {
        let list = p.w.api.get(&format!("/expense/v1/expenses?{query}")).await;
        assert_eq!(column(&list, "expenses", "reference_number"), expected, "{query}");
    }
    p.wait(TimeDelta::days(31)).await;
    assert_eq!(p.w.api.get("/expense/v1/expenses").await["expenses"], json!([]));
    let all = p.w.api.get("/expense/v1/reports/expensedetails?filter_by=ExpenseDate.All").await;
    assert_eq!(all["expenses"].as_array().unwrap().len(), 3);
    assert_eq!(
        p.refused("GET", "/expense/v1/expenses?filter_by=ExpenseDate.Never", Value::Null, 2).await,
        "Invalid value passed for filter_by"
    );
}

#[tokio::test]
async fn categories_are_shown_and_hidden() {
    let p = purchase().await;
    let travel = category(&p, "Travel").await;
    let body = json!({"category_name": "Air", "parent_account_id": travel, "gl_code": "G1"});
    let air = text(
        &p.ask("POST", "/expense/v1/expensecategories", body, 201).await["expense_category"]["category_id"],
    );
    let list = p.w.api.get("/expense/v1/expensecategories").await;
    assert_eq!(column(&list, "expense_accounts", "category_name"), ["Air", "Travel"]);
    let row = &list["expense_accounts"][0];
    assert_eq!(
        (&row["depth"], &row["parent_account_name"], &row["can_delete"]),
        (&json!(1), &json!("Travel"), &json!(true))
    );
    assert_eq!(list["expense_accounts"][1]["is_child_present"], true);
    let path = format!("/expense/v1/expensecategories/{air}");
    let used = expense(&p, json!({"category_id": air})).await;
    for _ in 0..2 {
        p.says("POST", &format!("{path}/hide"), Value::Null, 200, "The expense category has been disabled.")
            .await;
        assert_eq!(p.w.api.get(&path).await["expense_category"]["is_enabled"], false);
    }
    // What has the hidden category keeps it; nothing new takes it.
    p.refused(
        "POST",
        "/expense/v1/expenses",
        json!({"date": "2026-01-05", "amount": 1, "category_id": air}),
        2,
    )
    .await;
    p.ask("PUT", &format!("/expense/v1/expenses/{used}"), json!({"amount": 2}), 200).await;
    assert_eq!(
        column(
            &p.w.api.get("/expense/v1/expensecategories?filter_by=Status.Inactive").await,
            "expense_accounts",
            "category_name"
        ),
        ["Air"]
    );
    p.says("POST", &format!("{path}/show"), Value::Null, 200, "The expense category has been enabled.").await;
    p.refused("DELETE", &path, Value::Null, 36).await;
    p.refused(
        "PUT",
        &format!("/expense/v1/expensecategories/{travel}"),
        json!({"parent_account_id": air}),
        2,
    )
    .await;
    assert_eq!(
        p.refused("POST", "/expense/v1/expensecategories", json!({"category_name": " TRAVEL "}), 4).await,
        "TRAVEL already exists."
    );
    p.refused("POST", "/expense/v1/expensecategories", json!({}), 2).await;
    p.ask("DELETE", &format!("/expense/v1/expenses/{used}"), Value::Null, 200).await;
    p.says("DELETE", &path, Value::Null, 200, "The expense category has been deleted.").await;
}

#[tokio::test]
async fn what_expense_shares_with_books() {
    let p = purchase().await;
    let buyer = p.ask("POST", "/expense/v1/contacts", json!({"contact_name": "Buyer"}), 201).await;
    let path = format!("contacts/{}", text(&buyer["contact"]["contact_id"]));
    assert_eq!(p.w.api.get(&path).await["contact"]["contact_name"], "Buyer");
    assert_eq!(p.w.api.get("/expense/v1/contacts").await["contacts"].as_array().unwrap().len(), 2);
    assert_eq!(
        p.w.api.get("/expense/v1/organizations").await["organizations"][0]["organization_id"],
        "10234695"
    );
    p.tax("VAT", 19).await;
    assert_eq!(p.w.api.get("/expense/v1/settings/taxes").await["taxes"][0]["tax_name"], "VAT");
    for (method, path, name) in [
        ("GET", "trips", "List trips"),
        ("POST", "trips/12/approve", "Approve a trip"),
        ("GET", "projects", "List projects"),
        ("GET", "advancepayments", "List advance payments"),
    ] {
        let (status, answer) = p.w.api.call(method, &format!("/expense/v1/{path}"), Value::Null).await;
        assert_eq!(
            (status, answer["message"].as_str()),
            (501, Some(format!("{name} is not emulated yet").as_str()))
        );
    }
}

#[tokio::test]
async fn everyone_lists_their_own_expenses() {
    let mut seed = joined();
    seed.users.push(SeedUser {
        email: "second@example.com".to_owned(),
        name: "Second".to_owned(),
        zsc_key: "second-key".to_owned(),
        organizations: vec![DEMO_ORGANIZATION_ID.to_owned()],
        data_centre: DataCentre::Us,
    });
    let p = purchase_with(seed).await;
    let second = Api::login_as(&p.w.emulator.url(), "second@example.com", "second-key", Some(SCOPES)).await;
    let me = text(&second.get("/expense/v1/users/me").await["user"]["user_id"]);
    let mine = expense(&p, json!({"reference_number": "mine"})).await;
    let body = json!({"date": "2026-01-05", "amount": 5, "reference_number": "theirs"});
    assert_eq!(second.call("POST", "/expense/v1/expenses", body).await.0, 201);
    assert_eq!(column(&p.w.api.get("/expense/v1/expenses").await, "expenses", "reference_number"), ["mine"]);
    assert_eq!(column(&second.get("/expense/v1/expenses").await, "expenses", "reference_number"), ["theirs"]);
    let all = p.w.api.get("/expense/v1/reports/expensedetails?sort_column=reference_number").await;
    assert_eq!(column(&all, "expenses", "reference_number"), ["mine", "theirs"]);

    // The second user approves what the first hands in.
    let body = json!({"report_name": "January", "expense_ids": [mine], "approver_id": me});
    let report = p.ask("POST", "/expense/v1/expensereports", body, 201).await["expense_report"].clone();
    let path = format!("/expense/v1/expensereports/{}", text(&report["report_id"]));
    p.ask("POST", &format!("{path}/submit"), Value::Null, 200).await;
    let waiting = second.get(&format!("/expense/v1/expensereports?submitted_to_id={me}")).await;
    assert_eq!(column(&waiting, "expense_reports", "submitter_name"), ["Demo Administrator"]);
    assert_eq!(second.call("POST", &format!("{path}/approve"), Value::Null).await.0, 200);
    let report = p.w.api.get(&path).await["expense_report"].clone();
    assert_eq!((&report["status"], &report["approver_name"]), (&json!("approved"), &json!("Second")));
}

#[tokio::test]
async fn a_restart_keeps_receipts_reports_and_bills() {
    let dir = std::env::temp_dir().join(format!("finbridge-emulator-purchase-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&dir);
    std::fs::create_dir_all(&dir).unwrap();
    let start = async || {
        let clock = Arc::new(ManualClock::new(start_time()));
        let emulator = Emulator::builder()
            .clock(clock.clone())
            .seed(joined())
            .state_file(dir.join("state.log"))
            .start()
            .await
            .unwrap();
        let api = Api::login_as(&emulator.url(), DEMO_EMAIL, DEMO_ZSC_KEY, Some(SCOPES)).await;
        World { emulator, clock, api }
    };
    let mut p = Purchase::over(start().await).await;
    let bill = p.bill("B-1", 10).await;
    let one = expense(&p, json!({})).await;
    let receipt = format!("/expense/v1/expenses/{one}/receipt");
    p.with_receipt("POST", &receipt, Value::Null, "paper").await;
    let body = json!({"report_name": "January", "expense_ids": [one]});
    let report = p.ask("POST", "/expense/v1/expensereports", body, 201).await["expense_report"].clone();
    let paths =
        [format!("bills/{bill}"), format!("/expense/v1/expensereports/{}", text(&report["report_id"]))];
    let mut before = Vec::new();
    for path in &paths {
        before.push(p.w.api.get(path).await);
    }
    p.w.emulator.shutdown().await;
    p.w = start().await;
    for (path, before) in paths.iter().zip(before) {
        assert_eq!(p.w.api.get(path).await, before);
    }
    assert_eq!(send(p.w.api.request("GET", &receipt)).await.1, json!("paper"));
    let body =
        json!({"vendor_id": p.vendor, "bill_number": "b-1", "line_items": [{"name": "Steel", "rate": 1}]});
    p.refused("POST", "bills", body, 13011).await;
    std::fs::remove_dir_all(&dir).unwrap();
}

#[tokio::test]
async fn totals_of_a_report_over_several_currencies() {
    let p = purchase().await;
    let meals = category(&p, "Meals").await;
    let dollars = expense(&p, json!({"amount": 10, "category_id": meals})).await;
    let base = text(&p.w.api.get(&format!("/expense/v1/expenses/{dollars}")).await["expense"]["currency_id"]);
    let euro = (base.parse::<u64>().unwrap() + 4).to_string();
    let euros = expense(&p, json!({"amount": 10, "currency_id": euro, "exchange_rate": 1.2345})).await;
    let private = expense(&p, json!({"amount": 7, "is_reimbursable": false})).await;
    let body = json!({
        "report_name": "Trip", "zcrm_potential_id": "004000000000099", "zcrm_potential_name": "Deal",
        "reimbursement_currency_id": euro, "rcy_exchange_rate": 1.25, "expense_ids": [dollars, euros, private]
    });
    let made = p.ask("POST", REPORTS, body, 201).await;
    assert_eq!(made["message"], "The expense report has been created.");
    let made = &made["expense_report"];
    let number = |name: &str| made[name].as_f64().unwrap();
    assert_eq!(
        (number("total"), number("reimbursable_total"), number("non_reimbursable_total")),
        (29.35, 22.35, 7.0)
    );
    assert_eq!(
        (number("rcy_total"), number("rcy_reimbursable_total"), number("amount_to_be_reimbursed")),
        (23.48, 17.88, 22.35)
    );
    assert_eq!((number("expense_count"), number("uncategorized_expense_count")), (3.0, 2.0));
    assert_eq!(
        (&made["report_number"], &made["status"], &made["currency_code"]),
        (&json!("ER-00001"), &json!("draft"), &json!("USD"))
    );
    assert_eq!(
        (&made["zcrm_potential_id"], &made["zcrm_potential_name"]),
        (&json!("004000000000099"), &json!("Deal"))
    );
    assert_eq!(made["expenses"][1]["currency_code"], "EUR");
    assert_eq!(made["expenses"][1]["status"], "unsubmitted");
    let list = p.w.api.get(&format!("{REPORTS}?zcrm_potential_id=004000000000099")).await;
    assert_eq!(
        (&list["expense_reports"][0]["total"], &list["page_context"]["report_name"]),
        (&json!(29.35), &json!("Expense Reports"))
    );
    let path = format!("/expense/v1/expenses/{euros}");
    p.ask("PUT", &path, json!({"amount": 20}), 200).await;
    assert_eq!(
        p.w.api.get(&format!("{REPORTS}?sort_column=total")).await["expense_reports"][0]["total"],
        41.69
    );
}
