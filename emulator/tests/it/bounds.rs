//! What no call may make the emulator do: overflow its numbers, or remember without end.

use chrono::TimeDelta;
use finbridge_emulator::*;
use finbridge_emulator_client::{Action, Control, Fault};
use serde_json::{Value, json};

use crate::calls::*;
use crate::world::*;

const LARGEST: u64 = 1_000_000_000_000;

async fn euro(api: &Api) -> String {
    let all = api.get("settings/currencies").await;
    let euro = all["currencies"].as_array().unwrap().iter().find(|it| it["currency_code"] == "EUR").cloned();
    text(&euro.unwrap(), "currency_id")
}

#[tokio::test]
async fn the_largest_amounts_and_rates_add_up() {
    let w = world().await;
    let entry = json!({"opening_balance_amount": LARGEST, "exchange_rate": 1_000_000});
    let entries = |count: usize| json!({"contact_name": "C", "opening_balances": vec![entry.clone(); count]});
    invalid(&w.api, "POST", "contacts", entries(80_000), "opening_balances").await;
    invalid(&w.api, "POST", "contacts", entries(1001), "opening_balances").await;
    let beyond = json!([{"opening_balance_amount": 1, "exchange_rate": 1_000_001}]);
    let body = json!({"contact_name": "C", "opening_balances": beyond});
    invalid(&w.api, "POST", "contacts", body, "exchange_rate").await;
    let made = w.api.create(entries(1000)).await;
    assert_eq!(made["outstanding_receivable_amount"], json!(1e15));
    assert_eq!(made["outstanding_receivable_amount_bcy"], json!(1e21));

    let euro = euro(&w.api).await;
    let mut taxes = Vec::new();
    for at in 0..80 {
        let tax = json!({"tax_name": format!("T{at}"), "tax_percentage": 100});
        taxes.push(text(&done(&w.api, 201, "POST", "settings/taxes", tax).await["tax"], "tax_id"));
    }
    let group = json!({"tax_group_name": "All", "taxes": taxes.join(",")});
    let group = done(&w.api, 201, "POST", "settings/taxgroups", group).await;
    let line = json!({"name": "Ore", "rate": LARGEST, "tax_id": group["tax_group"]["tax_group_id"]});
    let sale = |rate: u64| {
        json!({"customer_id": id(&made), "currency_id": euro, "exchange_rate": rate,
            "line_items": vec![line.clone(); 1000]})
    };
    for rate in [LARGEST, 1_000_001] {
        invalid(&w.api, "POST", "invoices?send=true", sale(rate), "exchange_rate").await;
    }
    let rates = format!("settings/currencies/{euro}/exchangerates");
    invalid(&w.api, "POST", &rates, json!({"rate": 1_000_001}), "rate").await;
    done(&w.api, 201, "POST", "invoices?send=true", sale(1_000_000)).await;
    // 10^15 before tax and 80 times as much in taxes, and what the contact opened with.
    let shown = w.api.get(&format!("contacts/{}", id(&made))).await["contact"].clone();
    assert_eq!(shown["outstanding_receivable_amount"], json!(8.2e16));
    assert_eq!(shown["outstanding_receivable_amount_bcy"], json!(8.2e22));
}

#[tokio::test]
async fn texts_and_trees_are_bounded() {
    let w = world().await;
    const LONGEST: usize = 64 * 1024;
    let mut made = w.api.create(json!({"contact_name": "C", "notes": "x".repeat(LONGEST)})).await;
    let path = format!("contacts/{}", id(&made));
    for (name, value) in [
        ("notes", "x".repeat(LONGEST + 1)),
        ("gst_no", "é".repeat(LONGEST / 2 + 1)),
        ("owner_id", "1".repeat(LONGEST + 1)),
    ] {
        let sentence = format!("Please ensure that the {name} has less than {LONGEST} characters.");
        refused(&w.api, "PUT", &path, json!({name: value}), 400, 15, &sentence).await;
    }
    let tags = |count: usize| json!({"tags": vec!["0123456789"; count]});
    invalid(&w.api, "PUT", &path, tags(6000), "tags").await;
    made = done(&w.api, 200, "PUT", &path, tags(4000)).await["contact"].clone();
    assert_eq!(made["tags"].as_array().unwrap().len(), 4000);
    let templates = json!({"default_templates": {"x": "y".repeat(LONGEST)}});
    invalid(&w.api, "PUT", &path, templates, "default_templates").await;
    // Lines have a bound of their own.
    let line = json!({"name": "Ore", "rate": 1, "description": "d".repeat(200)});
    let sale = json!({"customer_id": id(&made), "line_items": vec![line; 500]});
    done(&w.api, 201, "POST", "invoices", sale).await;
}

#[tokio::test]
async fn earlier_records_are_remembered_as_far_as_memory_allows() {
    let w = world().await;
    let control = Control::new(&w.api.url);
    let first = w.api.named("First").await;
    w.clock.advance(TimeDelta::seconds(10));
    let oldest = async || {
        control.add_fault(&Fault::new(Action::StaleRead { seconds: Some(1000) }).count(1)).await.unwrap();
        names(&w.api.get("contacts").await)
    };
    assert!(oldest().await.is_empty());
    let members =
        ["notes", "gst_no", "pan_no", "vat_reg_no", "tax_reg_no", "legal_name", "website", "tax_regime"];
    let text = "x".repeat(64 * 1024);
    let large = Value::Object(members.iter().map(|name| ((*name).to_owned(), json!(text))).collect());
    for _ in 0..80 {
        done(&w.api, 200, "PUT", &format!("contacts/{first}"), large.clone()).await;
    }
    assert_eq!(oldest().await, ["First"]);
}

#[tokio::test]
async fn dead_tokens_are_forgotten_though_the_clock_stands() {
    let w = world().await;
    let refresh = w.api.refresh_token(DEMO_EMAIL, DEMO_ZSC_KEY, None).await;
    let mut tokens = Vec::new();
    for _ in 0..1020 {
        tokens.push(w.api.access_token(&refresh).await);
    }
    let code = async |token: &str| {
        let api = Api { token: token.to_owned(), ..w.api.clone() };
        let (status, answer) = api.call("GET", "contacts", Value::Null).await;
        (status, answer["code"].as_u64().unwrap())
    };
    assert_eq!(code(&tokens[0]).await, (401, 14));
    assert_eq!(code(&tokens[500]).await.1, 57);
    assert_eq!(code(&tokens[1004]).await.1, 57);
    assert_eq!(code(&tokens[1005]).await, (200, 0));
    // Tokens outlive their refresh token, but not in any number.
    let mut left = Vec::new();
    for _ in 0..1025 {
        let refresh = w.api.refresh_token(DEMO_EMAIL, DEMO_ZSC_KEY, None).await;
        left.push(w.api.access_token(&refresh).await);
    }
    assert_eq!(code(&left[0]).await, (401, 14));
    assert_eq!(code(&left[100]).await, (200, 0));
}
