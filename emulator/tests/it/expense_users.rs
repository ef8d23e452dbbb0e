//! Users as Expense shows and writes them.

use serde_json::{Value, json};

use crate::purchase_world::*;

const USERS: &str = "/expense/v1/users";
const ADMIN: &str = "459999999999999001";
const STAFF: &str = "459999999999999002";

async fn one(p: &Purchase, path: &str) -> Value {
    p.w.api.get(path).await["user"].clone()
}

#[tokio::test]
async fn an_employee_has_policy_approver_department_and_limits() {
    let p = purchase().await;
    let me = one(&p, &format!("{USERS}/me")).await;
    assert_eq!((&me["display_name"], &me["is_current_user"]), (&me["name"], &json!(true)));
    let body = json!({"name": "Ann", "email": "ann@x.test", "policy_id": "77", "policy_name": "Sales",
        "approves_to_id": me["user_id"], "department": "North", "employee_number": "E-7",
        "submission_amount_limit": 500, "approval_amount_limit": 1000.505});
    p.says("POST", USERS, body, 200, "Your invitation has been sent.").await;
    let list = p.w.api.get(&format!("{USERS}?department=North")).await;
    let row = &list["users"][0];
    let path = format!("{USERS}/{}", text(&row["user_id"]));
    let detail = one(&p, &path).await;
    for (name, value) in [
        ("name", json!("Ann")),
        ("display_name", json!("Ann")),
        ("policy_id", json!("77")),
        ("policy_name", json!("Sales")),
        ("approves_to_id", me["user_id"].clone()),
        ("approves_to_name", me["name"].clone()),
        ("approves_to_email", me["email"].clone()),
        ("department", json!("North")),
        ("employee_number", json!("E-7")),
        ("submission_amount_limit", json!(500.0)),
        ("approval_amount_limit", json!(1000.51)),
        ("user_role", json!("staff")),
        ("status", json!("invited")),
    ] {
        assert_eq!((&row[name], &detail[name]), (&value, &value), "{name}");
    }
    for (body, code) in [
        (json!({"approves_to_id": "12"}), 6),
        (json!({"submission_amount_limit": -1}), 2),
        (json!({"approval_amount_limit": "much"}), 2),
        (json!({"department": "d".repeat(101)}), 15),
    ] {
        p.refused("PUT", &path, body, code).await;
    }
    p.says("PUT", &path, json!({"department": "South"}), 200, "The user information has been updated.").await;
    let changed = one(&p, &path).await;
    assert_eq!((&changed["department"], &changed["policy_name"]), (&json!("South"), &json!("Sales")));
    // Books shows the same person without what only Expense knows.
    let books = p.w.api.get(&format!("users/{}", text(&row["user_id"]))).await["user"].clone();
    assert_eq!((&books["name"], books.get("department")), (&json!("Ann"), None));
}

#[tokio::test]
async fn a_role_is_assigned() {
    let p = purchase().await;
    p.says(
        "POST",
        USERS,
        json!({"name": "Ann", "email": "ann@x.test"}),
        200,
        "Your invitation has been sent.",
    )
    .await;
    let list = p.w.api.get(&format!("{USERS}?email=ann@x.test")).await;
    let path = format!("{USERS}/{}", text(&list["users"][0]["user_id"]));
    for (role, word) in [(ADMIN, "admin"), (STAFF, "staff")] {
        let done = "The user information has been updated.";
        p.says("PUT", &format!("{path}/role"), json!({"role_id": role, "name": "Other"}), 200, done).await;
        let user = one(&p, &path).await;
        assert_eq!(
            (&user["role_id"], &user["user_role"], &user["name"]),
            (&json!(role), &json!(word), &json!("Ann"))
        );
    }
    p.refused("PUT", &format!("{path}/role"), json!({"role_id": "12"}), 6).await;
    p.refused("PUT", &format!("{path}/role"), json!({}), 2).await;
    let (status, answer) = p.w.api.call("PUT", &format!("{USERS}/12/role"), json!({"role_id": STAFF})).await;
    assert_eq!((status, &answer["code"]), (404, &json!(1002)));
}
