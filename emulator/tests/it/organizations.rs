use serde_json::{Value, json};

use crate::calls::*;
use crate::world::*;

#[tokio::test]
async fn an_organization_is_made_read_and_changed() {
    let w = world().await;
    let body = json!({"name": "Neu", "currency_code": "INR", "time_zone": "Asia/Kolkata", "portal_name": "neu", "fiscal_year_start_month": "April",
        "date_format": "dd/MM/yyyy", "address": {"city": "Pune", "country": "India", "state": "MH"}});
    let made = done(&w.api, 201, "POST", "organizations", body).await["organization"].clone();
    for (name, value) in [
        ("name", json!("Neu")),
        ("is_default_org", json!(false)),
        ("currency_code", json!("INR")),
        ("currency_format", json!("###,##0.00")),
        ("fiscal_year_start_month", json!("april")),
        ("date_format", json!("dd/MM/yyyy")),
        ("country_code", json!("IN")),
        ("state", json!("MH")),
        ("user_status", json!("active")),
        ("user_role", json!("admin")),
        ("is_org_active", json!(true)),
    ] {
        assert_eq!(made[name], value, "{name}");
    }
    assert_eq!(made["address"]["city"], "Pune");
    let path = format!("organizations/{}", text(&made, "organization_id"));
    assert_eq!(w.api.get(&path).await["organization"], made);
    let list = w.api.get("organizations?page=0&per_page=1").await;
    assert!(list.get("page_context").is_none());
    let months: Vec<_> = list["organizations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["fiscal_year_start_month"].clone())
        .collect();
    assert_eq!(months, [json!(0), json!(3)], "lists number the month that details name");
    for (sent, month) in [(json!(11), "december"), (json!("0"), "january"), (json!("JUNE"), "june")] {
        let saved = done(&w.api, 200, "PUT", &path, json!({"fiscal_year_start_month": sent})).await;
        assert_eq!(saved["organization"]["fiscal_year_start_month"], month);
    }
    let body = json!({"companyid_label": "CIN", "companyid_value": "U1", "taxid_label": "PAN", "taxid_value": "P1", "contact_name": "Asha",
        "email": "a@x.test", "phone": "1", "website": "w", "custom_fields": [{"index": 1, "label": "l", "value": "v"}]});
    let saved = done(&w.api, 200, "PUT", &path, body).await["organization"].clone();
    for (name, value) in [
        ("company_id_label", "CIN"),
        ("company_id_value", "U1"),
        ("tax_id_label", "PAN"),
        ("tax_id_value", "P1"),
        ("contact_name", "Asha"),
        ("email", "a@x.test"),
    ] {
        assert_eq!(saved[name], value, "{name}");
    }
    assert_eq!(saved["custom_fields"][0]["value"], "v");
    for (body, name) in [
        (json!({"fiscal_year_start_month": 12}), "fiscal_year_start_month"),
        (json!({"fiscal_year_start_month": "Smarch"}), "fiscal_year_start_month"),
        (json!({"fiscal_year_start_month": []}), "fiscal_year_start_month"),
        (json!({"time_zone": "Mars/Base"}), "time_zone"),
        (json!({"name": ""}), "name"),
        (json!({"name": 5}), "name"),
    ] {
        invalid(&w.api, "PUT", &path, body, name).await;
    }
    for (body, name) in [
        (json!({"currency_code": "INR", "time_zone": "UTC"}), "name"),
        (json!({"name": "x", "time_zone": "UTC"}), "currency_code"),
        (json!({"name": "x", "currency_code": "INR"}), "time_zone"),
        (json!({"name": "x", "currency_code": "QQQ", "time_zone": "UTC"}), "currency_code"),
    ] {
        invalid(&w.api, "POST", "organizations", body, name).await;
    }
    let base = saved["currency_id"].clone();
    done(&w.api, 200, "PUT", &path, json!({"currency_id": base})).await;
    let other = "The base currency cannot be replaced by another one.";
    refused(&w.api, "PUT", &path, json!({"currency_id": "12"}), 400, 4099, other).await;
    let foreign = "This user is not associated with the CompanyID/CompanyName:99999999.";
    refused(&w.api, "GET", "organizations/99999999", Value::Null, 400, 6041, foreign).await;
}
