use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::purchase_world::*;

const REPORTS: &str = "/expense/v1/expensereports";

async fn category(p: &Purchase, name: &str) -> String {
    let answer = p.ask("POST", "/expense/v1/expensecategories", json!({"category_name": name}), 201).await;
    text(&answer["expense_category"]["category_id"])
}

async fn expense(p: &Purchase, body: Value) -> String {
    let mut whole = json!({"date": "2026-01-05", "amount": 10});
    for (name, value) in body.as_object().unwrap() {
        whole[name] = value.clone();
    }
    text(&p.ask("POST", "/expense/v1/expenses", whole, 201).await["expense"]["expense_id"])
}

/// A report over the given expenses.
async fn report(p: &Purchase, expenses: &[&str]) -> String {
    let list: Vec<Value> = expenses.iter().map(|id| json!({"expense_id": id})).collect();
    let body = json!({"report_name": "January", "expenses": list});
    let report = p.ask("POST", REPORTS, body, 201).await["expense_report"].clone();
    format!("{REPORTS}/{}", text(&report["report_id"]))
}

async fn shown(p: &Purchase, path: &str) -> Value {
    p.w.api.get(path).await["expense_report"].clone()
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

/// Brings a fresh report with one expense of 10 into a status.
async fn report_in(p: &Purchase, status: &str) -> String {
    let path = report(p, &[&expense(p, json!({})).await]).await;
    let steps: &[&str] = match status {
        "draft" => &[],
        "submitted" => &["submit"],
        "approved" => &["submit", "approve"],
        "rejected" => &["submit", "reject"],
        "recalled" => &["submit", "takeback"],
        _ => &["submit", "approve", "reimburse"],
    };
    for step in steps {
        p.ask("POST", &format!("{path}/{step}"), Value::Null, 200).await;
    }
    assert_eq!(p.status(&path, "expense_report").await, status);
    path
}

#[tokio::test]
async fn every_transition_and_every_refusal_of_a_report() {
    let p = purchase().await;
    let steps = [
        ("POST", "submit", "submitted", "The expense report has been submitted.", "submitted"),
        ("POST", "approve", "approved", "The expense report has been approved.", "approved"),
        ("POST", "reject", "rejected", "The expense report has been rejected.", "rejected"),
        ("POST", "takeback", "recalled", "The expense report has been recalled.", "recalled"),
        (
            "POST",
            "reimburse",
            "reimbursed",
            "The expense report has been marked as reimbursed.",
            "reimbursed",
        ),
        (
            "DELETE",
            "reimbursement",
            "approved",
            "The reimbursement of the expense report has been cancelled.",
            "relieved of its reimbursement",
        ),
    ];
    let allowed = [
        ("draft", "submit"),
        ("submitted", "submit"),
        ("submitted", "approve"),
        ("submitted", "reject"),
        ("submitted", "takeback"),
        ("approved", "approve"),
        ("approved", "reimburse"),
        ("rejected", "reject"),
        ("rejected", "submit"),
        ("recalled", "takeback"),
        ("recalled", "submit"),
        ("reimbursed", "reimburse"),
        ("reimbursed", "reimbursement"),
    ];
    for from in ["draft", "submitted", "approved", "rejected", "recalled", "reimbursed"] {
        for (method, step, to, message, verb) in steps {
            let path = report_in(&p, from).await;
            let call = format!("{path}/{step}");
            if allowed.contains(&(from, step)) {
                p.says(method, &call, Value::Null, 200, message).await;
                assert_eq!(p.status(&path, "expense_report").await, to, "{from} {step}");
            } else {
                let sentence = p.refused(method, &call, Value::Null, 4098).await;
                assert_eq!(
                    sentence,
                    format!("An expense report in the status {from} cannot be {verb}."),
                    "{from} {step}"
                );
                assert_eq!(p.status(&path, "expense_report").await, from, "{from} {step}");
            }
        }
        // What was handed in stays as it is, expenses included.
        let path = report_in(&p, from).await;
        let id = text(&shown(&p, &path).await["expenses"][0]["expense_id"]);
        let one = format!("/expense/v1/expenses/{id}");
        let open = ["draft", "rejected", "recalled"].contains(&from);
        for (method, call, body) in [
            ("PUT", path.clone(), json!({"description": "x"})),
            ("PUT", one.clone(), json!({"amount": 11})),
            ("DELETE", format!("{path}/expenses?expense_ids={id}"), Value::Null),
            ("POST", format!("{path}/expenses"), json!({"expense_ids": [id]})),
            ("DELETE", one, Value::Null),
            ("DELETE", path.clone(), Value::Null),
        ] {
            let (status, answer) = p.w.api.call(method, &call, body).await;
            let expected = if open { (200, 0) } else { (400, 4098) };
            assert_eq!((status, answer["code"].as_i64().unwrap()), expected, "{from} {method} {call}");
        }
    }
    let empty = report(&p, &[]).await;
    assert_eq!(
        p.refused("POST", &format!("{empty}/submit"), Value::Null, 4098).await,
        "An expense report without expenses cannot be submitted."
    );
}

#[tokio::test]
async fn an_approval_of_two_levels_ends_with_the_last_approver() {
    let mut p = purchase().await;
    let me = text(&p.w.api.get("/expense/v1/users/me").await["user"]["user_id"]);
    let path = report_in(&p, "draft").await;
    let levels = json!({"approvers": [{"approver_id": me}, {"approver_id": me}]});
    p.refused("POST", &format!("{path}/submit"), json!({"approver_id": "12"}), 6).await;
    p.ask("POST", &format!("{path}/submit"), levels, 200).await;
    let report = shown(&p, &path).await;
    assert_eq!((&report["submitted_to_id"], &report["submitted_date"]), (&json!(me), &json!("2026-01-05")));
    assert_eq!(report["expenses"][0]["status"], "submitted");
    p.ask("POST", &format!("{path}/approve"), json!({"comments": "fine"}), 200).await;
    let report = shown(&p, &path).await;
    assert_eq!((&report["status"], &report["approved_date"]), (&json!("submitted"), &json!("")));
    assert_eq!(report["approvers"][0]["approval_status"], "approved");
    assert_eq!(report["approvers"][1]["approval_status"], "pending");
    // The second level is handed on, so that it takes one more approval.
    p.says(
        "POST",
        &format!("{path}/forwardapproval"),
        json!({"approver_id": me}),
        200,
        "The expense report has been forwarded for approval.",
    )
    .await;
    p.refused("POST", &format!("{path}/forwardapproval"), json!({}), 6).await;
    p.wait(TimeDelta::days(1)).await;
    p.ask("POST", &format!("{path}/approve"), Value::Null, 200).await;
    let report = shown(&p, &path).await;
    assert_eq!((&report["status"], &report["approved_date"]), (&json!("approved"), &json!("2026-01-06")));
    assert_eq!(
        (&report["approver_name"], &report["submitted_to_id"]),
        (&json!("Demo Administrator"), &json!(""))
    );
    p.refused("POST", &format!("{path}/forwardapproval"), json!({"approver_id": me}), 4098).await;
    let history = p.w.api.get(&format!("{path}/approvalhistory")).await;
    assert_eq!(
        column(&history, "approval_history", "action"),
        ["submitted", "approved", "forwarded", "approved"]
    );
    assert_eq!(history["approval_history"][1]["comments"], "fine");

    // A rejected report starts over at its first level.
    let path = report_in(&p, "draft").await;
    p.ask(
        "POST",
        &format!("{path}/submit"),
        json!({"approvers": [{"approver_id": me}, {"approver_id": me}]}),
        200,
    )
    .await;
    p.ask("POST", &format!("{path}/approve"), Value::Null, 200).await;
    p.ask("POST", &format!("{path}/reject"), json!({"reason": "no receipt"}), 200).await;
    p.ask("POST", &format!("{path}/submit"), Value::Null, 200).await;
    p.ask("POST", &format!("{path}/approve"), Value::Null, 200).await;
    assert_eq!(p.status(&path, "expense_report").await, "submitted");
}

#[tokio::test]
async fn reimbursement_in_parts() {
    let p = purchase().await;
    let path = report_in(&p, "approved").await;
    let call = format!("{path}/reimburse");
    for amount in [json!(10.01), json!(-1), json!(0), json!("some")] {
        assert_eq!(
            p.refused("POST", &call, json!({"amount": amount}), 2).await,
            "Invalid value passed for amount"
        );
    }
    p.ask("POST", &call, json!({"amount": 4, "reference_number": "T1"}), 200).await;
    let report = shown(&p, &path).await;
    assert_eq!(
        (&report["status"], &report["sub_status"]),
        (&json!("approved"), &json!("partially_reimbursed"))
    );
    assert_eq!(
        (report["amount_to_be_reimbursed"].as_f64(), report["reimbursed_amount"].as_f64()),
        (Some(6.0), Some(4.0))
    );
    p.refused("POST", &call, json!({"amount": 6.01}), 2).await;
    p.ask("POST", &call, json!({"reimbursement_date": "2026-01-04"}), 200).await;
    let report = shown(&p, &path).await;
    assert_eq!(
        (&report["status"], &report["reimbursement_date"]),
        (&json!("reimbursed"), &json!("2026-01-04"))
    );
    assert_eq!(report["expenses"][0]["status"], "reimbursed");
    let list = p.w.api.get(&format!("{path}/reimbursement")).await;
    assert_eq!(
        list["reimbursements"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it["amount"].as_f64().unwrap())
            .collect::<Vec<_>>(),
        [4.0, 6.0]
    );
    p.ask("DELETE", &format!("{path}/reimbursement"), Value::Null, 200).await;
    let report = shown(&p, &path).await;
    assert_eq!(
        (&report["status"], report["amount_to_be_reimbursed"].as_f64()),
        (&json!("approved"), Some(10.0))
    );
}

#[tokio::test]
async fn expenses_move_between_reports() {
    let p = purchase().await;
    let (a, b) = (expense(&p, json!({})).await, expense(&p, json!({})).await);
    let (first, second) = (report(&p, &[&a]).await, report(&p, &[]).await);
    p.says(
        "POST",
        &format!("{first}/expenses"),
        json!({"expenses": [{"expense_id": b}]}),
        200,
        "The expenses have been added to the report.",
    )
    .await;
    assert_eq!(shown(&p, &first).await["expense_count"], 2);
    assert_eq!(
        p.refused("POST", &format!("{second}/expenses"), json!({"expense_ids": [a]}), 4098).await,
        format!("The expense {a} is in another report.")
    );
    p.refused("POST", &format!("{second}/expenses"), json!({"expense_ids": ["12"]}), 6).await;
    p.refused("POST", &format!("{second}/expenses"), json!({}), 2).await;
    p.refused("DELETE", &format!("{second}/expenses?expense_ids={a}"), Value::Null, 6).await;
    p.says(
        "DELETE",
        &format!("{first}/expenses?expense_ids={a}"),
        Value::Null,
        200,
        "The expenses have been removed from the report.",
    )
    .await;
    let left = p.w.api.get(&format!("/expense/v1/expenses/{a}")).await["expense"].clone();
    assert_eq!((&left["status"], &left["report_id"]), (&json!("unreported"), &json!("")));
    // A list on PUT replaces what the report held.
    p.ask("PUT", &first, json!({"expenses": [{"expense_id": a}]}), 200).await;
    assert_eq!(column(&shown(&p, &first).await, "expenses", "expense_id"), [a.clone()]);
    p.ask("DELETE", &first, Value::Null, 200).await;
    assert_eq!(p.w.api.get(&format!("/expense/v1/expenses/{a}")).await["expense"]["status"], "unreported");

    let kept = expense(&p, json!({"description": "kept", "amount": 3})).await;
    let merged = expense(&p, json!({"description": "lost", "merchant_name": "Diner", "amount": 4})).await;
    p.with_receipt("POST", &format!("/expense/v1/expenses/{merged}/receipt"), Value::Null, "paper").await;
    p.says(
        "POST",
        &format!("/expense/v1/expenses/{kept}/merge"),
        json!({"expense_ids": [merged]}),
        200,
        "The expenses have been merged.",
    )
    .await;
    let one = p.w.api.get(&format!("/expense/v1/expenses/{kept}")).await["expense"].clone();
    assert_eq!(
        (&one["description"], &one["merchant_name"], one["total"].as_f64()),
        (&json!("kept"), &json!("Diner"), Some(3.0))
    );
    assert_eq!(one["expense_receipt_name"], "lunch.PNG");
    p.ask("GET", &format!("/expense/v1/expenses/{merged}"), Value::Null, 404).await;
    p.refused("POST", &format!("/expense/v1/expenses/{kept}/merge"), json!({"expense_ids": [kept]}), 6).await;
}

#[tokio::test]
async fn many_reports_at_once() {
    let p = purchase().await;
    let (a, b, c) =
        (report_in(&p, "draft").await, report_in(&p, "draft").await, report_in(&p, "reimbursed").await);
    let id = |path: &str| path.rsplit('/').next().unwrap().to_owned();
    let ids = format!("{},{},{},12", id(&a), id(&b), id(&c));
    let codes = async |method: &str, call: &str| {
        let answer = p.ask(method, &format!("{call}?report_ids={ids}"), Value::Null, 200).await;
        answer["results"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it["code"].as_i64().unwrap())
            .collect::<Vec<_>>()
    };
    for (step, status, expected) in [
        ("submit", "submitted", [0, 0, 4098, 1002]),
        ("takeback", "recalled", [0, 0, 4098, 1002]),
        ("submit", "submitted", [0, 0, 4098, 1002]),
        ("reject", "rejected", [0, 0, 4098, 1002]),
        ("submit", "submitted", [0, 0, 4098, 1002]),
        ("approve", "approved", [0, 0, 4098, 1002]),
        ("archive", "approved", [0, 0, 0, 1002]),
        ("reimburse", "reimbursed", [0, 0, 0, 1002]),
        ("unarchive", "reimbursed", [0, 0, 0, 1002]),
    ] {
        assert_eq!(codes("POST", &format!("{REPORTS}/{step}")).await, expected, "{step}");
        assert_eq!(p.status(&a, "expense_report").await, status, "{step}");
    }
    assert_eq!(codes("DELETE", REPORTS).await, [4098, 4098, 4098, 1002]);
    assert_eq!(
        p.refused("POST", &format!("{REPORTS}/submit"), Value::Null, 2).await,
        "Invalid value passed for report_ids"
    );
}

#[tokio::test]
async fn archives_shares_and_comments() {
    let p = purchase().await;
    let me = text(&p.w.api.get("/expense/v1/users/me").await["user"]["user_id"]);
    let path = report_in(&p, "draft").await;
    for (step, wanted) in [("archive", true), ("archive", true), ("unarchive", false), ("unarchive", false)] {
        p.says(
            "POST",
            &format!("{path}/{step}"),
            Value::Null,
            200,
            &format!("The expense report has been {step}d."),
        )
        .await;
        assert_eq!(shown(&p, &path).await["is_archived"], wanted);
        let archived = p.w.api.get(&format!("{REPORTS}?filter_by=Status.Archived")).await;
        assert_eq!(archived["expense_reports"].as_array().unwrap().len(), usize::from(wanted));
    }
    p.says(
        "POST",
        &format!("{path}/share"),
        json!({"user_ids": [me]}),
        200,
        "The expense report has been shared.",
    )
    .await;
    assert_eq!(shown(&p, &path).await["shared_with"][0]["user_id"], json!(me));
    p.refused("POST", &format!("{path}/share"), json!({"user_ids": ["12"]}), 6).await;
    p.refused("POST", &format!("{path}/share"), json!({}), 2).await;
    let comments = format!("{path}/comments");
    let made =
        p.ask("POST", &comments, json!({"description": " Where is it? "}), 201).await["comment"].clone();
    assert_eq!(
        (&made["description"], &made["commented_by"]),
        (&json!("Where is it?"), &json!("Demo Administrator"))
    );
    assert_eq!(shown(&p, &path).await["comments_count"], 1);
    p.refused("POST", &comments, json!({"description": "  "}), 2).await;
    p.refused("POST", &comments, json!({"description": "x".repeat(2001)}), 15).await;
    let one = format!("{comments}/{}", text(&made["comment_id"]));
    p.says("DELETE", &one, Value::Null, 200, "The comment has been deleted.").await;
    p.ask("DELETE", &one, Value::Null, 404).await;
    assert_eq!(p.w.api.get(&comments).await["comments"], json!([]));
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
        ("GET", "expensereports/12/validate", "Validate an expense report"),
    ] {
        let (status, answer) = p.w.api.call(method, &format!("/expense/v1/{path}"), Value::Null).await;
        assert_eq!(
            (status, answer["message"].as_str()),
            (501, Some(format!("{name} is not emulated yet").as_str()))
        );
    }
}
