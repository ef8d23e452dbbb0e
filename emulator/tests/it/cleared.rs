//! Members that a body clears, and what contacts hold on to.

use serde_json::{Value, json};

use crate::calls::*;
use crate::world::*;

#[tokio::test]
async fn null_gives_back_the_default() {
    let w = world().await;
    let body =
        json!({"contact_name": "C", "is_taxable": null, "language_code": null, "notes": null, "tags": null});
    let contact = w.api.create(body).await;
    let path = format!("contacts/{}", id(&contact));
    let plain = w.api.create(json!({"contact_name": "D"})).await;
    for name in ["is_taxable", "language_code", "notes", "tags", "credit_limit"] {
        assert_eq!(contact[name], plain[name], "{name}");
    }
    let written = json!({"is_taxable": false, "language_code": "de", "notes": "n"});
    done(&w.api, 200, "PUT", &path, written).await;
    let cleared = json!({"is_taxable": null, "language_code": " ", "notes": null});
    let saved = done(&w.api, 200, "PUT", &path, cleared).await["contact"].clone();
    assert_eq!(
        (&saved["is_taxable"], &saved["language_code"], &saved["notes"]),
        (&json!(true), &json!("en"), &json!(""))
    );
    assert_eq!(w.api.get("contacts").await["contacts"][0]["language_code"], "en");

    let item = json!({"name": "A", "rate": 1, "is_taxable": null, "product_type": null, "description": null});
    let made = done(&w.api, 201, "POST", "items", item).await["item"].clone();
    assert_eq!((&made["is_taxable"], &made["product_type"]), (&json!(true), &json!("goods")));
    let path = format!("items/{}", text(&made, "item_id"));
    let other = json!({"is_taxable": false, "product_type": "service", "description": "d"});
    let saved = done(&w.api, 200, "PUT", &path, other).await["item"].clone();
    assert_eq!((&saved["is_taxable"], &saved["product_type"]), (&json!(false), &json!("service")));
    let cleared = json!({"is_taxable": null, "description": null});
    let saved = done(&w.api, 200, "PUT", &path, cleared).await["item"].clone();
    assert_eq!((&saved["is_taxable"], &saved["description"]), (&json!(true), &json!("")));
    assert_eq!(saved["product_type"], "service", "what the body does not name stays");

    let line = json!({"name": "Ore", "rate": 100});
    let sale = json!({"customer_id": id(&contact), "line_items": [line], "discount": 10, "is_discount_before_tax": null});
    let sale = done(&w.api, 201, "POST", "invoices", sale).await["invoice"].clone();
    assert_eq!(sale["is_discount_before_tax"], true);
    let path = format!("invoices/{}", text(&sale, "invoice_id"));
    let after = json!({"is_discount_before_tax": false});
    let after = done(&w.api, 200, "PUT", &path, after).await["invoice"].clone();
    assert_eq!(after["is_discount_before_tax"], false);
    let cleared = json!({"is_discount_before_tax": null, "notes": null});
    let cleared = done(&w.api, 200, "PUT", &path, cleared).await["invoice"].clone();
    assert_eq!(cleared["is_discount_before_tax"], true);
}

#[tokio::test]
async fn contacts_name_only_what_there_is() {
    let w = world().await;
    let tax = json!({"tax_name": "City", "tax_percentage": 5});
    let tax = done(&w.api, 201, "POST", "settings/taxes", tax).await["tax"].clone();
    let exemption = json!({"tax_exemption_code": "NGO", "type": "customer"});
    let exemption =
        done(&w.api, 200, "POST", "settings/taxexemptions", exemption).await["tax_exemption"].clone();
    let authority = json!({"tax_authority_name": "City hall"});
    let authority =
        done(&w.api, 201, "POST", "settings/taxauthorities", authority).await["tax_authority"].clone();
    let contact = w.api.named("C").await;
    let path = format!("contacts/{contact}");
    for (name, all, known, sentence) in [
        ("tax_id", "settings/taxes", text(&tax, "tax_id"), "City"),
        ("tax_exemption_id", "settings/taxexemptions", text(&exemption, "tax_exemption_id"), "Tax exemption"),
        (
            "tax_authority_id",
            "settings/taxauthorities",
            text(&authority, "tax_authority_id"),
            "Tax authority",
        ),
    ] {
        let unknown = format!("Invalid reference passed for {name}");
        for id in [json!("999"), json!(999), json!("99999999999999999999999"), json!(contact)] {
            let body = json!({"contact_name": "New", name: id});
            refused(&w.api, "POST", "contacts", body.clone(), 400, 6, &unknown).await;
            refused(&w.api, "PUT", &path, body, 400, 6, &unknown).await;
        }
        let saved = done(&w.api, 200, "PUT", &path, json!({name: known})).await;
        assert_eq!(saved["contact"][name], json!(known));
        let one = format!("{all}/{known}");
        let used = format!("{sentence} is used by other records and cannot be deleted.");
        refused(&w.api, "DELETE", &one, Value::Null, 400, 36, &used).await;
        for empty in [json!(""), Value::Null] {
            let saved = done(&w.api, 200, "PUT", &path, json!({name: empty})).await;
            assert_eq!(saved["contact"][name], "");
        }
        done(&w.api, 200, "DELETE", &one, Value::Null).await;
    }
}

#[tokio::test]
async fn another_currency_restates_the_opening_balances() {
    let w = world().await;
    let all = w.api.get("settings/currencies").await["currencies"].as_array().unwrap().clone();
    let of = |code: &str| text(all.iter().find(|it| it["currency_code"] == code).unwrap(), "currency_id");
    let opened =
        json!([{"opening_balance_amount": 10.55, "exchange_rate": 2}, {"opening_balance_amount": "-3"}]);
    let body = json!({"contact_name": "C", "currency_id": of("EUR"), "opening_balances": opened});
    let made = w.api.create(body).await;
    assert_eq!(made["outstanding_receivable_amount_bcy"], json!(21.1));
    let path = format!("contacts/{}", id(&made));
    let same = done(&w.api, 200, "PUT", &path, json!({"currency_id": of("EUR"), "notes": "n"})).await;
    assert_eq!(same["contact"]["opening_balances"], made["opening_balances"]);
    let yen = done(&w.api, 200, "PUT", &path, json!({"currency_id": of("JPY")})).await["contact"].clone();
    let entry =
        |amount: f64| json!({"location_id": "", "exchange_rate": 1.0, "opening_balance_amount": amount});
    assert_eq!(yen["opening_balances"], json!([entry(11.0), entry(-3.0)]));
    assert_eq!(
        (&yen["outstanding_receivable_amount"], &yen["outstanding_receivable_amount_bcy"]),
        (&json!(11.0), &json!(11.0))
    );
    assert_eq!(yen["unused_credits_receivable_amount"], json!(3.0));
    // Entries of the body keep the rate that they name.
    let given = json!({"currency_id": of("EUR"), "opening_balances": opened});
    let euro = done(&w.api, 200, "PUT", &path, given).await["contact"].clone();
    assert_eq!(euro["opening_balances"], made["opening_balances"]);
}
