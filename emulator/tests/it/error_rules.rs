//! Codes that follow from the edition of an organization, and those that only a fault can bring about so far.

use finbridge_emulator::Seed;
use serde_json::{Value, json};

use crate::calls::*;
use crate::world::*;

/// Lets the next call be refused with a code of the table.
async fn fault(api: &Api, action: Value) -> (u16, Value) {
    api.call("POST", "/_emulator/faults", json!({"action": action, "count": 1})).await
}

#[tokio::test]
async fn codes_of_what_is_not_built() {
    let w = world().await;
    let matched =
        "Transactions cannot be matched as the account you are trying to match it to, is different.";
    for (code, subject, status, message) in [
        (9, "", 400, "You do not have access to this module."),
        (2006, "", 404, "Item does not exist."),
        (11016, "", 400, "The account cannot be used in a journal."),
        (108_004, "", 400, matched),
        (110_942, "", 400, "Tax not supported."),
        // Any other code of the table can be asked for as well.
        (2, "contact_name", 400, "Invalid value passed for contact_name"),
        (1002, "Contact", 404, "Contact does not exist."),
        (57, "", 401, "You are not authorized to perform this operation"),
    ] {
        let action = json!({"kind": "error", "code": code, "subject": subject});
        let (got, answer) = fault(&w.api, action).await;
        assert!(got < 300, "{answer}");
        refused(&w.api, "GET", "contacts", Value::Null, status, code, message).await;
        w.api.get("contacts").await;
    }
    for (code, sentence) in [
        (7, "The code of an error is one of the table of errors"),
        (43, "The codes of limits are answered by exceeded"),
    ] {
        let (status, answer) = fault(&w.api, json!({"kind": "error", "code": code})).await;
        assert_eq!(status, 400, "{answer}");
        assert!(answer.to_string().contains(sentence), "{answer}");
    }
}

/// Code 3032.
#[tokio::test]
async fn goods_and_services_tax_follows_the_states() {
    let mut seed = Seed::demo();
    seed.organizations[0].country = "India".to_owned();
    seed.organizations[0].currency_code = "INR".to_owned();
    let w = world_with(seed).await;
    let organization = format!("organizations/{}", finbridge_emulator::DEMO_ORGANIZATION_ID);
    let tax = async |name: &str, kind: &str| {
        let body = json!({"tax_name": name, "tax_percentage": 9, "tax_specific_type": kind});
        text(&done(&w.api, 201, "POST", "settings/taxes", body).await["tax"], "tax_id")
    };
    let (central, state) = (tax("CGST9", "cgst").await, tax("SGST9", "sgst").await);
    let (integrated, plain) = (tax("IGST18", "igst").await, tax("Cess", "").await);
    let body = json!({"tax_group_name": "GST18", "taxes": [central, state]});
    let group = done(&w.api, 201, "POST", "settings/taxgroups", body).await;
    let group = text(&group["tax_group"], "tax_group_id");
    let customer = w.api.named("Acme").await;
    let body = json!({"contact_name": "Steel", "contact_type": "vendor", "place_of_contact": "KA"});
    let vendor = id(&w.api.create(body).await);
    let sale = |tax: &str, place: &str| json!({"customer_id": customer, "place_of_supply": place, "line_items": [{"name": "Work", "rate": 100, "tax_id": tax}]});
    let taken = async |path: &str, body: Value| {
        let (status, answer) = w.api.call("POST", path, body).await;
        assert_eq!(status, 201, "{answer}");
    };
    // Without a state of the organization nothing can be said.
    taken("invoices", sale(&group, "KA")).await;
    done(&w.api, 200, "PUT", &organization, json!({"address": {"state_code": "TN", "country": "India"}}))
        .await;
    let between = "IGST has to be applied as this is an interstate transaction";
    let within = "CGST and SGST have to be applied as this is an intrastate transaction";
    for path in ["estimates", "salesorders", "invoices", "creditnotes"] {
        refused(&w.api, "POST", path, sale(&group, "KA"), 400, 3032, between).await;
        refused(&w.api, "POST", path, sale(&central, "ka"), 400, 3032, between).await;
        refused(&w.api, "POST", path, sale(&integrated, "tn"), 400, 3032, within).await;
        for (tax, place) in
            [(&group, "TN"), (&integrated, "KA"), (&plain, "KA"), (&plain, "TN"), (&group, "")]
        {
            taken(path, sale(tax, place)).await;
        }
    }
    let buy = |tax: &str, more: Value| {
        let mut body =
            json!({"vendor_id": vendor, "line_items": [{"name": "Ore", "rate": 100, "tax_id": tax}]});
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        body
    };
    refused(&w.api, "POST", "purchaseorders", buy(&group, json!({})), 400, 3032, between).await;
    let own = json!({"source_of_supply": "TN"});
    refused(&w.api, "POST", "purchaseorders", buy(&integrated, own.clone()), 400, 3032, within).await;
    taken("purchaseorders", buy(&integrated, json!({}))).await;
    taken("purchaseorders", buy(&group, own)).await;
}

/// Code 110817.
#[tokio::test]
async fn without_sales_tax_there_are_no_taxes() {
    let mut seed = Seed::demo();
    seed.organizations[0].sales_tax = false;
    let w = world_with(seed).await;
    let off = "Enable Sales Tax in order to perform tax related operations.";
    for (path, body) in [
        ("settings/taxes", json!({"tax_name": "VAT", "tax_percentage": 10})),
        ("settings/taxgroups", json!({"tax_group_name": "All", "taxes": "1"})),
    ] {
        refused(&w.api, "POST", path, body, 400, 110_817, off).await;
    }
    assert_eq!(w.api.get("settings/taxes").await["taxes"], json!([]));
    assert_eq!(world().await.api.get("settings/taxes").await["taxes"], json!([]));
}
