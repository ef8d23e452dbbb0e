use serde_json::{Value, json};

use crate::calls::*;
use crate::world::*;

/// The demo organization with a second person in it.
async fn two_people() -> (World, Api, String) {
    let mut seed = two_tenants();
    seed.users[1].organizations = vec!["10234695".to_owned()];
    let w = world_with(seed).await;
    let second = Api::login_as(&w.api.url, "second@example.com", "second-key", None).await;
    let id = text(&second.get("users/me").await["user"], "user_id");
    (w, second, id)
}

#[tokio::test]
async fn users_are_listed_and_read() {
    let (w, second, id) = two_people().await;
    let me = w.api.get("users/me").await["user"].clone();
    for (name, value) in [
        ("name", json!("Demo Administrator")),
        ("email", json!("admin@example.com")),
        ("email_ids", json!([{"email": "admin@example.com", "is_selected": true}])),
        ("status", json!("active")),
        ("user_role", json!("admin")),
        ("user_type", json!("zoho")),
        ("is_current_user", json!(true)),
        ("is_super_admin", json!(true)),
        ("is_employee", json!(false)),
        ("custom_fields", json!([])),
        ("created_time", json!("2026-01-05T12:06:10-0800")),
    ] {
        assert_eq!(me[name], value, "{name}");
    }
    let list = w.api.get("users").await;
    assert_eq!(column(&list, "users", "name"), ["Demo Administrator", "Second"]);
    assert_eq!(
        (&list["users"][0]["is_current_user"], &list["users"][1]["is_current_user"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(list["page_context"]["report_name"], "Users");
    let other = w.api.get(&format!("users/{id}")).await["user"].clone();
    assert_eq!((&other["is_current_user"], &other["is_super_admin"]), (&json!(false), &json!(false)));
    assert_eq!(second.get(&format!("users/{id}")).await["user"]["is_current_user"], true);
    assert_eq!(
        column(&w.api.get("users?sort_column=name&sort_order=D").await, "users", "name"),
        ["Second", "Demo Administrator"]
    );
    // A role is the same wherever it is shown.
    let staff = json!({"role_id": "459999999999999002"});
    done(&w.api, 200, "PUT", &format!("users/{id}"), staff).await;
    assert_eq!(second.get("users/me").await["user"]["user_role"], "staff");
    assert_eq!(second.get("organizations").await["organizations"][0]["user_role"], "staff");
    assert_eq!(w.api.get("organizations").await["organizations"][0]["user_role"], "admin");
    refused(&w.api, "GET", "users/99", Value::Null, 404, 1002, "User does not exist.").await;
    invalid(&w.api, "GET", "users?filter_by=Status.Gone", Value::Null, "filter_by").await;
}

#[tokio::test]
async fn a_user_is_invited_changed_and_removed() {
    let w = world().await;
    let body = json!({"name": "New", "email": "New@x.test", "cost_rate": 10});
    let answer = done(&w.api, 200, "POST", "users", body).await;
    assert_eq!(answer, json!({"code": 0, "message": "Your invitation has been sent."}));
    let row = w.api.get("users?filter_by=Status.Invited").await["users"][0].clone();
    assert_eq!(
        (&row["name"], &row["status"], &row["user_role"]),
        (&json!("New"), &json!("invited"), &json!("staff"))
    );
    let path = format!("users/{}", text(&row, "user_id"));
    let admin = w.api.get("users/me").await["user"]["role_id"].clone();
    let answer =
        done(&w.api, 200, "PUT", &path, json!({"name": "Newer", "email": "newer@x.test", "role_id": admin}))
            .await;
    assert_eq!(answer, json!({"code": 0, "message": "The user information has been updated."}));
    let shown = w.api.get(&path).await["user"].clone();
    assert_eq!(
        (&shown["name"], &shown["user_role"], &shown["cost_rate"]),
        (&json!("Newer"), &json!("admin"), &json!(10.0))
    );
    for (method, path) in [("POST", "users"), ("PUT", path.as_str())] {
        for (body, name) in [
            (json!({"name": "", "email": "a@x.test"}), "name"),
            (json!({"name": "x", "email": ""}), "email"),
            (json!({"name": "x", "email": "nobody"}), "email"),
            (json!({"name": "x", "email": "a b@x.test"}), "email"),
        ] {
            invalid(&w.api, method, path, body, name).await;
        }
        let taken = json!({"name": "x", "email": "ADMIN@example.com"});
        refused(&w.api, method, path, taken, 400, 4, "ADMIN@example.com already exists.").await;
        let role = json!({"name": "x", "email": "a@x.test", "role_id": "5"});
        refused(&w.api, method, path, role, 400, 6, "Invalid reference passed for role_id").await;
    }
    let waiting = "The user has not accepted the invitation yet.";
    for word in ["active", "inactive"] {
        refused(&w.api, "POST", &format!("{path}/{word}"), Value::Null, 400, 4098, waiting).await;
    }
    done(&w.api, 200, "POST", &format!("{path}/invite"), Value::Null).await;
    let answer = done(&w.api, 200, "DELETE", &path, Value::Null).await;
    assert_eq!(answer["message"], "The user has been removed from your organization.");
    for (method, path) in [
        ("PUT", path.clone()),
        ("DELETE", path.clone()),
        ("POST", format!("{path}/active")),
        ("POST", format!("{path}/inactive")),
    ] {
        let body = if method == "PUT" { json!({"name": "x"}) } else { Value::Null };
        refused(&w.api, method, &path, body, 404, 1002, "User does not exist.").await;
    }
    assert_eq!(column(&w.api.get("users").await, "users", "name"), ["Demo Administrator"]);
    assert_eq!(column(&w.api.get("users?filter_by=Status.Deleted").await, "users", "name"), ["Newer"]);
    // Invited again, the person has the same id.
    done(&w.api, 200, "POST", "users", json!({"name": "Back", "email": "newer@x.test"})).await;
    assert_eq!(w.api.get(&path).await["user"]["status"], "invited");
}

#[tokio::test]
async fn an_inactive_user_is_shut_out() {
    let (w, second, id) = two_people().await;
    let path = format!("users/{id}");
    let own = format!("users/{}", text(&w.api.get("users/me").await["user"], "user_id"));
    refused(
        &w.api,
        "POST",
        &format!("{own}/inactive"),
        Value::Null,
        400,
        4098,
        "You cannot mark yourself as inactive.",
    )
    .await;
    refused(
        &w.api,
        "DELETE",
        &own,
        Value::Null,
        400,
        4098,
        "You cannot remove yourself from the organization.",
    )
    .await;
    refused(
        &w.api,
        "POST",
        &format!("{path}/invite"),
        Value::Null,
        400,
        4098,
        "The user has joined already.",
    )
    .await;
    let moved = "The e-mail address of a user who has joined cannot be changed.";
    refused(&w.api, "PUT", &path, json!({"email": "else@x.test"}), 400, 4098, moved).await;
    for _ in 0..2 {
        let answer = done(&w.api, 200, "POST", &format!("{path}/inactive"), Value::Null).await;
        assert_eq!(answer["message"], "The user has been marked as inactive.");
    }
    assert_eq!(column(&w.api.get("users?filter_by=Status.Inactive").await, "users", "name"), ["Second"]);
    let (status, body) = second.call("GET", "contacts", Value::Null).await;
    assert_eq!((status, &body["code"]), (400, &json!(9017)));
    for _ in 0..2 {
        done(&w.api, 200, "POST", &format!("{path}/active"), Value::Null).await;
    }
    second.get("contacts").await;
    done(&w.api, 200, "DELETE", &path, Value::Null).await;
    assert_eq!(second.call("GET", "contacts?organization_id=10234695", Value::Null).await.1["code"], 6041);
}

#[tokio::test]
async fn sleep_leaves_a_user_the_default_organization() {
    let mut seed = two_tenants();
    seed.users[1].organizations = vec!["10234695".to_owned(), "60012345".to_owned()];
    let w = world_with(seed).await;
    let second = Api::login_as(&w.api.url, "second@example.com", "second-key", None).await;
    let defaults = async || {
        let list = second.get("organizations").await["organizations"].as_array().unwrap().clone();
        list.iter().map(|it| (text(it, "organization_id"), it["is_default_org"] == true)).collect::<Vec<_>>()
    };
    let whole = [("10234695".to_owned(), true), ("60012345".to_owned(), false)];
    assert_eq!(defaults().await, whole);
    let path = format!("users/{}", text(&second.get("users/me").await["user"], "user_id"));
    done(&w.api, 200, "POST", &format!("{path}/inactive"), Value::Null).await;
    assert_eq!(defaults().await, [("60012345".to_owned(), true)]);
    assert_eq!(second.call("GET", "contacts?organization_id=10234695", Value::Null).await.1["code"], 6041);
    second.get("contacts").await;
    done(&w.api, 200, "POST", &format!("{path}/active"), Value::Null).await;
    assert_eq!(defaults().await, whole);
    second.get("contacts?organization_id=10234695").await;
}
