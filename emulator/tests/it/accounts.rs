use serde_json::{Value, json};

use crate::calls::*;
use crate::world::*;

const ALL: &str = "chartofaccounts";

async fn named(api: &Api, name: &str) -> Value {
    api.get(&format!("{ALL}?account_name={}", name.replace(' ', "%20"))).await["chartofaccounts"][0].clone()
}

#[tokio::test]
async fn a_new_organization_has_its_accounts() {
    let w = world().await;
    for (name, kind) in [
        ("Sales", "income"),
        ("Cost of Goods Sold", "cost_of_goods_sold"),
        ("Accounts Receivable", "accounts_receivable"),
        ("Accounts Payable", "accounts_payable"),
        ("Petty Cash", "cash"),
        ("Undeposited Funds", "cash"),
        ("Travel Expense", "expense"),
    ] {
        assert_eq!(named(&w.api, name).await["account_type"], kind, "{name}");
    }
    let first = w.api.get(ALL).await;
    assert_eq!(world().await.api.get(ALL).await, first, "the same ids every time");
    let count = |list: &Value| list["chartofaccounts"].as_array().unwrap().len();
    let mut sum = 0;
    for group in ["Asset", "Liability", "Equity", "Income", "Expense"] {
        sum += count(&w.api.get(&format!("{ALL}?filter_by=AccountType.{group}")).await);
    }
    assert_eq!(
        (sum, count(&w.api.get(&format!("{ALL}?filter_by=AccountType.Active")).await)),
        (count(&first), count(&first))
    );
    let new = json!({"name": "Neu", "currency_code": "EUR", "time_zone": "Europe/Berlin"});
    let new = done(&w.api, 201, "POST", "organizations", new).await;
    let id = text(&new["organization"], "organization_id");
    let other = w.api.get(&format!("{ALL}?organization_id={id}")).await;
    assert_eq!(
        (count(&other), &other["chartofaccounts"][0]["currency_code"]),
        (count(&first), &json!("EUR"))
    );
    assert_eq!(w.api.get(&format!("users/me?organization_id={id}")).await["user"]["is_super_admin"], true);
}

#[tokio::test]
async fn an_account_is_made_changed_and_removed() {
    let w = world().await;
    let travel = named(&w.api, "Travel Expense").await;
    let body = json!({"account_name": "Trains", "account_type": "expense", "account_code": "T1", "parent_account_id": travel["account_id"]});
    let made = done(&w.api, 201, "POST", ALL, body).await;
    assert_eq!(made["message"], "The account has been created.");
    let trains = made["chart_of_account"].clone();
    assert_eq!(
        (&trains["depth"], &trains["parent_account_name"], &trains["is_user_created"]),
        (&json!(1), &json!("Travel Expense"), &json!(true))
    );
    assert_eq!(named(&w.api, "Travel Expense").await["is_child_present"], true);
    let path = format!("{ALL}/{}", text(&trains, "account_id"));
    let above = format!("{ALL}/{}", text(&travel, "account_id"));
    let saved = done(&w.api, 200, "PUT", &path, json!({"description": "by rail"})).await;
    assert_eq!(
        (&saved["message"], &saved["chart_of_account"]["description"]),
        (&json!("The details of the account has been updated."), &json!("by rail"))
    );
    for (body, name) in [
        (json!({"account_name": "x"}), "account_type"),
        (json!({"account_type": "expense"}), "account_name"),
        (json!({"account_name": "x", "account_type": "hole"}), "account_type"),
        (
            json!({"account_name": "x", "account_type": "income", "parent_account_id": travel["account_id"]}),
            "parent_account_id",
        ),
    ] {
        invalid(&w.api, "POST", ALL, body, name).await;
    }
    invalid(&w.api, "PUT", &above, json!({"parent_account_id": trains["account_id"]}), "parent_account_id")
        .await;
    refused(
        &w.api,
        "POST",
        ALL,
        json!({"account_name": "SALES", "account_type": "income"}),
        400,
        4,
        "SALES already exists.",
    )
    .await;
    let code = json!({"account_name": "x", "account_type": "income", "account_code": "t1"});
    refused(&w.api, "POST", ALL, code, 400, 4, "t1 already exists.").await;
    refused(
        &w.api,
        "DELETE",
        &above,
        Value::Null,
        400,
        36,
        "Account is used by other records and cannot be deleted.",
    )
    .await;

    for (word, active) in [("inactive", false), ("inactive", false), ("active", true)] {
        let answer = done(&w.api, 200, "POST", &format!("{path}/{word}"), Value::Null).await;
        assert_eq!(answer["message"], format!("The account has been marked as {word}."));
        assert_eq!(w.api.get(&path).await["chart_of_account"]["is_active"], active);
    }
    let sales = format!("{ALL}/{}", text(&named(&w.api, "Sales").await, "account_id"));
    refused(
        &w.api,
        "DELETE",
        &sales,
        Value::Null,
        400,
        4098,
        "An account that the system needs cannot be deleted.",
    )
    .await;
    let asleep = "An account that the system needs cannot be marked as inactive.";
    refused(&w.api, "POST", &format!("{sales}/inactive"), Value::Null, 400, 4098, asleep).await;
    let moved = "The type of an account that the system needs cannot be changed.";
    refused(&w.api, "PUT", &sales, json!({"account_type": "expense"}), 400, 4098, moved).await;
    let item = json!({"name": "Ticket", "rate": 1, "account_id": trains["account_id"]});
    let item = done(&w.api, 201, "POST", "items", item).await;
    assert_eq!(item["item"]["account_name"], "Trains");
    refused(
        &w.api,
        "DELETE",
        &path,
        Value::Null,
        400,
        36,
        "Account is used by other records and cannot be deleted.",
    )
    .await;
    done(&w.api, 200, "DELETE", &format!("items/{}", text(&item["item"], "item_id")), Value::Null).await;
    let answer = done(&w.api, 200, "DELETE", &path, Value::Null).await;
    assert_eq!(answer["message"], "The account has been deleted.");
    refused(&w.api, "GET", &path, Value::Null, 404, 1002, "Account does not exist.").await;
}
