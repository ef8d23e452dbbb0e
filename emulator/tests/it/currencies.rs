use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::calls::*;
use crate::world::*;

const ALL: &str = "settings/currencies";

async fn currency(api: &Api, code: &str) -> Value {
    let list = api.get(ALL).await;
    list["currencies"].as_array().unwrap().iter().find(|it| it["currency_code"] == code).unwrap().clone()
}

#[tokio::test]
async fn currencies_are_made_changed_and_removed() {
    let w = world().await;
    let list = w.api.get(ALL).await;
    assert!(list.get("page_context").is_none());
    assert_eq!(list["currencies"].as_array().unwrap().len(), 10);
    let usd = &list["currencies"][0];
    for (name, value) in [
        ("currency_code", json!("USD")),
        ("currency_symbol", json!("$")),
        ("price_precision", json!(2)),
        ("currency_format", json!("1,234,567.89")),
        ("is_base_currency", json!(true)),
        ("exchange_rate", json!(1.0)),
        ("effective_date", json!("")),
    ] {
        assert_eq!(usd[name], value, "{name}");
    }
    assert_eq!(currency(&w.api, "AUD").await["currency_name"], "AUD- Australian Dollar");
    assert_eq!(currency(&w.api, "JPY").await["price_precision"], 0);
    let others = w.api.get("settings/currencies?filter_by=Currencies.ExcludeBaseCurrency").await;
    assert_eq!(others["currencies"].as_array().unwrap().len(), 9);
    assert!(!column(&others, "currencies", "currency_code").contains(&"USD".to_owned()));
    assert_eq!(w.api.get("settings/currencies?page=2").await["currencies"], json!([]));
    assert_eq!(w.api.get("settings/currencies?page=0").await, list);
    invalid(&w.api, "GET", "settings/currencies?filter_by=Currencies.None", Value::Null, "filter_by").await;

    w.clock.advance(TimeDelta::seconds(10));
    let body = json!({"currency_code": "chf", "currency_symbol": "Fr.", "currency_format": "1'234'567.89", "price_precision": 2, "exchange_rate": 9});
    let made = done(&w.api, 201, "POST", ALL, body).await;
    assert_eq!(made["message"], "The currency has been added.");
    let chf = &made["currency"];
    assert_eq!(
        (
            &chf["currency_code"],
            &chf["currency_name"],
            &chf["currency_symbol"],
            &chf["is_base_currency"],
            &chf["exchange_rate"]
        ),
        (&json!("CHF"), &json!("CHF- Swiss Franc"), &json!("Fr."), &json!(false), &json!(1.0))
    );
    let changed = w.api.get("settings/currencies?last_modified_time=2026-01-05T20:06:20Z").await;
    assert_eq!(column(&changed, "currencies", "currency_code"), ["CHF"]);

    let path = format!("{ALL}/{}", text(chf, "currency_id"));
    let saved = done(
        &w.api,
        200,
        "PUT",
        &path,
        json!({"currency_code": "CHF", "currency_format": "1 234 567,89", "currency_symbol": "SFr"}),
    )
    .await;
    assert_eq!(saved["message"], "Currency information has been saved.");
    assert_eq!(
        (&saved["currency"]["currency_symbol"], &saved["currency"]["currency_format"]),
        (&json!("SFr"), &json!("1 234 567,89"))
    );
    assert_eq!(w.api.get(&path).await["currency"], saved["currency"]);

    let base = format!("{ALL}/{}", text(usd, "currency_id"));
    for (body, name) in [
        (json!({"currency_format": "1"}), "currency_code"),
        (json!({"currency_code": "QQQ", "currency_format": "1"}), "currency_code"),
        (json!({"currency_code": "SEK", "currency_format": "one"}), "currency_format"),
        (json!({"currency_code": "SEK", "currency_format": "1", "price_precision": 1}), "price_precision"),
        (
            json!({"currency_code": "SEK", "currency_format": "1", "price_precision": "two"}),
            "price_precision",
        ),
    ] {
        invalid(&w.api, "POST", ALL, body, name).await;
    }
    invalid(&w.api, "POST", ALL, json!({"currency_code": "SEK"}), "currency_format").await;
    let long = json!({"currency_code": "SEK", "currency_format": "1", "currency_symbol": "Kronor"});
    refused(
        &w.api,
        "POST",
        ALL,
        long,
        400,
        15,
        "Please ensure that the currency_symbol has less than 4 characters.",
    )
    .await;
    for (method, path) in [("POST", ALL), ("PUT", path.as_str())] {
        let twice = json!({"currency_code": "eur", "currency_format": "1"});
        refused(&w.api, method, path, twice, 400, 4, "EUR already exists.").await;
    }
    refused(
        &w.api,
        "PUT",
        &base,
        json!({"currency_code": "SEK"}),
        400,
        4099,
        "The base currency cannot get another code.",
    )
    .await;
    refused(&w.api, "DELETE", &base, Value::Null, 400, 4099, "The base currency cannot be deleted.").await;
    let answer = done(&w.api, 200, "DELETE", &path, Value::Null).await;
    assert_eq!(answer["message"], "The currency has been deleted.");
    for method in ["GET", "DELETE"] {
        refused(&w.api, method, &path, Value::Null, 404, 1002, "Currency does not exist.").await;
    }
    let eur = currency(&w.api, "EUR").await;
    w.api.create(json!({"contact_name": "Euro", "currency_id": eur["currency_id"]})).await;
    let path = format!("{ALL}/{}", text(&eur, "currency_id"));
    refused(
        &w.api,
        "DELETE",
        &path,
        Value::Null,
        400,
        36,
        "EUR is used by other records and cannot be deleted.",
    )
    .await;
}

#[tokio::test]
async fn exchange_rates_by_day() {
    let w = world().await;
    let eur = currency(&w.api, "EUR").await;
    let path = format!("{ALL}/{}", text(&eur, "currency_id"));
    let rates = format!("{path}/exchangerates");
    let empty = w.api.get(&rates).await;
    assert_eq!((&empty["exchange_rates"], empty.get("page_context")), (&json!([]), None));
    let made =
        done(&w.api, 201, "POST", &rates, json!({"effective_date": "2026-01-01", "rate": 1.123456789})).await;
    assert_eq!(made["message"], "The exchange rate has been added.");
    let first = made["exchange_rate"].clone();
    assert_eq!((&first["currency_id"], &first["currency_code"]), (&eur["currency_id"], &json!("EUR")));
    assert_eq!((&first["rate"], &first["effective_date"]), (&json!(1.123456789), &json!("2026-01-01")));
    // Without a date it counts from today, which is still the 5th in the organization's zone.
    done(&w.api, 201, "POST", &rates, json!({"rate": "1.2"})).await;
    done(&w.api, 201, "POST", &rates, json!({"effective_date": "2026-01-09", "rate": 1.3})).await;
    for (query, days) in [
        ("", vec!["2026-01-09", "2026-01-05", "2026-01-01"]),
        ("?sort_column=effective_date&sort_order=A", vec!["2026-01-01", "2026-01-05", "2026-01-09"]),
        ("?from_date=2026-01-05", vec!["2026-01-09", "2026-01-05"]),
        ("?from_date=2026-01-04", vec!["2026-01-09", "2026-01-05", "2026-01-01"]),
        ("?from_date=2025-01-01", vec!["2026-01-09", "2026-01-05", "2026-01-01"]),
        ("?from_date=2026-02-01", vec!["2026-01-09"]),
        ("?is_current_date=true", vec!["2026-01-05"]),
        ("?is_current_date=false&from_date=", vec!["2026-01-09", "2026-01-05", "2026-01-01"]),
        ("?page=2", vec![]),
    ] {
        let list = w.api.get(&format!("{rates}{query}")).await;
        assert_eq!(column(&list, "exchange_rates", "effective_date"), days, "{query}");
    }
    invalid(&w.api, "GET", &format!("{rates}?from_date=soon"), Value::Null, "from_date").await;
    invalid(&w.api, "GET", &format!("{rates}?sort_column=rate"), Value::Null, "sort_column").await;
    // The currency shows the rate of the day.
    let now = w.api.get(&path).await["currency"].clone();
    assert_eq!((&now["exchange_rate"], &now["effective_date"]), (&json!(1.2), &json!("2026-01-05")));
    w.clock.advance(TimeDelta::days(4));
    let w = World { api: Api::login(&w.api.url).await, ..w };
    let later = w.api.get(ALL).await["currencies"]
        .as_array()
        .unwrap()
        .iter()
        .find(|it| it["currency_code"] == "EUR")
        .unwrap()
        .clone();
    assert_eq!((&later["exchange_rate"], &later["effective_date"]), (&json!(1.3), &json!("2026-01-09")));

    let one = format!("{rates}/{}", text(&first, "exchange_rate_id"));
    assert_eq!(w.api.get(&one).await["exchange_rate"], first);
    let saved = done(&w.api, 200, "PUT", &one, json!({"rate": 1.5})).await;
    assert_eq!(
        (&saved["message"], &saved["exchange_rate"]["rate"]),
        (&json!("The exchange rate has been updated."), &json!(1.5))
    );
    for (method, path) in [("POST", rates.as_str()), ("PUT", one.as_str())] {
        for (body, name) in [
            (json!({"effective_date": "2026-03-01", "rate": 0}), "rate"),
            (json!({"effective_date": "2026-03-01", "rate": -1}), "rate"),
            (json!({"effective_date": "2026-03-01", "rate": "x"}), "rate"),
            (json!({"effective_date": "01.03.2026", "rate": 1}), "effective_date"),
            (json!({"effective_date": "", "rate": 1}), "effective_date"),
        ] {
            invalid(&w.api, method, path, body, name).await;
        }
        let twice = "An exchange rate with the effective date 2026-01-09 already exists.";
        refused(&w.api, method, path, json!({"effective_date": "2026-01-09", "rate": 1}), 400, 4, twice)
            .await;
    }
    invalid(&w.api, "POST", &rates, json!({"effective_date": "2026-03-01"}), "rate").await;
    let inr = currency(&w.api, "INR").await;
    let foreign =
        format!("{ALL}/{}/exchangerates/{}", text(&inr, "currency_id"), text(&first, "exchange_rate_id"));
    refused(&w.api, "GET", &foreign, Value::Null, 404, 1002, "Exchange rate does not exist.").await;
    let usd = currency(&w.api, "USD").await;
    let base = format!("{ALL}/{}/exchangerates", text(&usd, "currency_id"));
    refused(
        &w.api,
        "POST",
        &base,
        json!({"rate": 1}),
        400,
        4099,
        "The base currency cannot have exchange rates.",
    )
    .await;
    assert_eq!(w.api.get(&base).await["exchange_rates"], json!([]));
    refused(
        &w.api,
        "GET",
        "settings/currencies/12/exchangerates",
        Value::Null,
        404,
        1002,
        "Currency does not exist.",
    )
    .await;
    let answer = done(&w.api, 200, "DELETE", &one, Value::Null).await;
    assert_eq!(answer["message"], "Exchange rate successfully deleted");
    refused(&w.api, "GET", &one, Value::Null, 404, 1002, "Exchange rate does not exist.").await;
    // A currency takes its rates along.
    done(&w.api, 200, "DELETE", &path, Value::Null).await;
    refused(&w.api, "GET", &rates, Value::Null, 404, 1002, "Currency does not exist.").await;
}
