//! What a report breaks, what submitting it would refuse, and what it spends.

use serde_json::{Value, json};

use crate::employee_expenses::expense;
use crate::expense_reports::REPORTS;
use crate::purchase_world::*;

async fn report(p: &Purchase, expenses: &[&str]) -> String {
    let body = json!({"report_name": "January", "expense_ids": expenses});
    format!("{REPORTS}/{}", text(&p.ask("POST", REPORTS, body, 201).await["expense_report"]["report_id"]))
}

async fn category(p: &Purchase, body: Value) -> String {
    let made = p.ask("POST", "/expense/v1/expensecategories", body, 201).await;
    text(&made["expense_category"]["category_id"])
}

async fn validation(p: &Purchase, path: &str) -> Value {
    p.w.api.get(&format!("{path}/validate")).await["validation"].clone()
}

#[tokio::test]
async fn validating_lists_what_submitting_would_refuse() {
    let p = purchase().await;
    let path = report(&p, &[]).await;
    let found = validation(&p, &path).await;
    let refusal = p.refused("POST", &format!("{path}/submit"), Value::Null, 4098).await;
    assert_eq!(found["can_submit"], false);
    assert_eq!(found["errors"], json!([{"code": 4098, "message": refusal}]));

    let path = report(&p, &[&expense(&p, json!({})).await]).await;
    assert_eq!(validation(&p, &path).await["errors"], json!([]));
    p.ask("POST", &format!("{path}/submit"), Value::Null, 200).await;
    assert_eq!(validation(&p, &path).await["can_submit"], true, "submitting again is harmless");
    p.ask("POST", &format!("{path}/approve"), Value::Null, 200).await;
    let found = validation(&p, &path).await;
    let refusal = p.refused("POST", &format!("{path}/submit"), Value::Null, 4098).await;
    assert_eq!(found["errors"][0]["message"], refusal.as_str());
    let (status, answer) = p.w.api.call("GET", &format!("{REPORTS}/12/validate"), Value::Null).await;
    assert_eq!((status, &answer["code"]), (404, &json!(1002)));
}

#[tokio::test]
async fn broken_rules_of_categories_are_counted() {
    let p = purchase().await;
    let meals = category(
        &p,
        json!({"category_name": "Lunches", "maximum_allowed_amount": 50, "receipt_required_amount": 20}),
    )
    .await;
    let small = expense(&p, json!({"category_id": meals, "amount": 10})).await;
    let bare = expense(&p, json!({"category_id": meals, "amount": 20})).await;
    let large = expense(&p, json!({"category_id": meals, "amount": 60})).await;
    let path = report(&p, &[&small]).await;
    let shown = p.w.api.get(&path).await["expense_report"].clone();
    assert_eq!(
        (&shown["policy_violated"], &shown["total_policy_violation_count"]),
        (&json!(false), &json!(0))
    );
    p.ask("POST", &format!("{path}/expenses"), json!({"expense_ids": [bare, large]}), 200).await;
    let rows = p.w.api.get(REPORTS).await;
    for shown in [&p.w.api.get(&path).await["expense_report"], &rows["expense_reports"][0]] {
        for (name, value) in [
            ("policy_violated", json!(true)),
            ("receipt_policy_violation_count", json!(2)),
            ("amount_policy_violation_count", json!(1)),
            ("description_policy_violation_count", json!(0)),
            ("custom_policy_violation_count", json!(0)),
            ("total_policy_violation_count", json!(3)),
        ] {
            assert_eq!(shown[name], value, "{name}");
        }
    }
    let found = validation(&p, &path).await;
    assert_eq!(
        (&found["can_submit"], found["policy_violations"].as_array().unwrap().len()),
        (&json!(true), 3)
    );
    assert!(
        found["policy_violations"]
            .as_array()
            .unwrap()
            .contains(&json!({"expense_id": large, "policy_type": "amount"}))
    );
    let summary = p.w.api.get(&format!("{path}/budgetsummary")).await["budget_summary"].clone();
    assert_eq!((&summary["total"], &summary["budgets"]), (&json!(90.0), &json!([])));
    assert_eq!(
        summary["categories"],
        json!([{"category_id": meals, "category_name": "Lunches", "amount": 90.0}])
    );
}
