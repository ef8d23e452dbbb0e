use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::employee_expenses::expense;
use crate::purchase_world::*;

pub const REPORTS: &str = "/expense/v1/expensereports";

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
    assert_eq!(column(&shown(&p, &first).await, "expenses", "expense_id"), std::slice::from_ref(&a));
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
