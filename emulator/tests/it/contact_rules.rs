//! What contacts refuse: deletion while something names them, people named twice, vendors without Books.

use chrono::TimeDelta;
use finbridge_emulator::Seed;
use serde_json::{Value, json};

use crate::calls::*;
use crate::purchase_world::{joined, purchase_with};
use crate::world::*;

/// Each document that names a customer beside the vendor it is for, and each that names a customer alone.
#[tokio::test]
async fn a_contact_that_a_transaction_names_stays() {
    let mut seed = joined();
    seed.organizations[0].apps.push("billing".to_owned());
    let mut p = purchase_with(seed).await;
    let scopes = format!("{},ZohoSubscriptions.fullaccess.all", crate::purchase_world::SCOPES);
    let demo = (finbridge_emulator::DEMO_EMAIL, finbridge_emulator::DEMO_ZSC_KEY);
    p.w.api = Api::login_as(&p.w.api.url, demo.0, demo.1, Some(&scopes)).await;
    let api = &p.w.api;
    let expense = |more: Value| {
        let mut body = json!({"account_id": p.accounts[0], "date": "2026-01-05", "amount": 10});
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        body
    };
    let line = json!({"name": "Ore", "rate": 1});
    for (at, (plural, key, id, body, member)) in [
        ("expenses", "expense", "expense_id", expense(json!({})), "/customer_id"),
        ("expenses", "expense", "expense_id", expense(json!({"vendor_id": p.vendor})), "/customer_id"),
        (
            "purchaseorders",
            "purchaseorder",
            "purchaseorder_id",
            json!({"vendor_id": p.vendor, "line_items": [line], "delivery_customer_id": ""}),
            "/delivery_customer_id",
        ),
        (
            "bills",
            "bill",
            "bill_id",
            json!({"vendor_id": p.vendor, "bill_number": "B-1", "line_items": [{"name": "Ore", "rate": 1, "customer_id": ""}]}),
            "/line_items/0/customer_id",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("Buyer {at}");
        let customer = api.named(&name).await;
        let link = format!("/integration/v1/contacts/{customer}/link");
        let mut body = body;
        match body.pointer_mut(member) {
            Some(slot) => *slot = json!(customer),
            None => body["customer_id"] = json!(customer),
        }
        let made = done(api, 201, "POST", plural, body).await;
        let document = format!("{plural}/{}", text(&made[key], id));
        let sentence = format!(
            "The customer \"{name}\" has transactions and cannot be deleted. It can only be marked as inactive."
        );
        for path in [format!("contacts/{customer}"), format!("/billing/v1/customers/{customer}")] {
            refused(api, "DELETE", &path, Value::Null, 400, 1004, &sentence).await;
        }
        let shown = api.get(&format!("contacts/{customer}")).await["contact"].clone();
        assert_eq!(shown["has_transaction"], true, "{plural}");
        assert_eq!(
            (&shown["outstanding_receivable_amount"], &shown["outstanding_payable_amount"]),
            (&json!(0.0), &json!(0.0))
        );
        // The end of the integration keeps it, too.
        done(api, 200, "PUT", &link, json!({"zcrm_account_id": format!("{at}7")})).await;
        let left = done(api, 200, "POST", "/integration/v1/leave", json!({"records": "delete_unused"})).await;
        assert_eq!(left["left"], json!({"converted": 1, "deleted": 0}), "{plural}");
        // Another contact takes its place when the two are merged, and then it is free.
        let heir = api.named(&format!("Heir {at}")).await;
        let merge = format!("/integration/v1/contacts/{heir}/merge");
        done(api, 200, "POST", &merge, json!({"contact_ids": [customer]})).await;
        assert_eq!(api.get(&document).await[key].pointer(member), Some(&json!(heir)), "{plural}");
        done(api, 200, "DELETE", &format!("contacts/{customer}"), Value::Null).await;
        done(api, 200, "DELETE", &document, Value::Null).await;
        done(api, 200, "DELETE", &format!("contacts/{heir}"), Value::Null).await;
    }
}

#[tokio::test]
async fn a_person_or_a_line_is_named_once() {
    let w = world().await;
    let people = json!([{"first_name": "Ada"}, {"first_name": "Ben"}]);
    let made = w.api.create(json!({"contact_name": "Acme", "contact_persons": people})).await;
    let path = format!("contacts/{}", id(&made));
    let ada = &made["contact_persons"][0]["contact_person_id"];
    let number: u64 = ada.as_str().unwrap().parse().unwrap();
    for twice in [
        json!([{"contact_person_id": ada}, {"contact_person_id": ada}]),
        json!([{"contact_person_id": ada}, {"first_name": "New"}, {"contact_person_id": number}]),
    ] {
        w.clock.advance(TimeDelta::seconds(1));
        invalid(&w.api, "PUT", &path, json!({"contact_persons": twice}), "contact_person_id").await;
    }
    let many = vec![json!({"first_name": "x"}); 1001];
    invalid(&w.api, "PUT", &path, json!({"contact_persons": many}), "contact_persons").await;
    let body = json!({"contact_name": "Many", "contact_persons": many});
    invalid(&w.api, "POST", "contacts", body, "contact_persons").await;
    assert_eq!(w.api.get(&path).await["contact"], made);

    let lines = json!([{"name": "A", "rate": 1}, {"name": "B", "rate": 2}]);
    let sale = json!({"customer_id": id(&made), "line_items": lines});
    let invoice = done(&w.api, 201, "POST", "invoices", sale).await["invoice"].clone();
    let path = format!("invoices/{}", text(&invoice, "invoice_id"));
    let line = &invoice["line_items"][0]["line_item_id"];
    let twice = json!({"line_items": [{"line_item_id": line}, {"line_item_id": line, "rate": 3}]});
    invalid(&w.api, "PUT", &path, twice, "line_item_id").await;
    assert_eq!(w.api.get(&path).await["invoice"], invoice);
    let chart = w.api.get("chartofaccounts").await;
    let account =
        chart["chartofaccounts"].as_array().unwrap().iter().find(|it| it["account_type"] == "expense");
    let account = text(account.unwrap(), "account_id");
    let lines = json!([{"account_id": account, "amount": 1}, {"account_id": account, "amount": 2}]);
    let body = json!({"date": "2026-01-05", "line_items": lines});
    let expense = done(&w.api, 201, "POST", "expenses", body).await["expense"].clone();
    let path = format!("expenses/{}", text(&expense, "expense_id"));
    let line = &expense["line_items"][0]["line_item_id"];
    let twice = json!({"line_items": [{"line_item_id": line}, {"line_item_id": line}]});
    invalid(&w.api, "PUT", &path, twice, "line_item_id").await;
}

#[tokio::test]
async fn an_organization_that_only_joined_invoice_has_no_vendors() {
    for (apps, allowed) in [
        (vec!["invoice"], false),
        (vec!["invoice", "expense"], false),
        (vec!["invoice", "books"], true),
        (vec!["invoice", "erp"], true),
    ] {
        let mut seed = Seed::demo();
        seed.organizations[0].apps = apps.iter().map(|it| (*it).to_owned()).collect();
        let mut w = world_with(seed).await;
        let demo = (finbridge_emulator::DEMO_EMAIL, finbridge_emulator::DEMO_ZSC_KEY);
        w.api = Api::login_as(&w.api.url, demo.0, demo.1, Some("ZohoInvoice.fullaccess.all")).await;
        let path = "/invoice/v3/contacts";
        let vendor = json!({"contact_name": "Steel", "contact_type": "vendor"});
        let customer = json!({"contact_name": "Acme", "contact_type": "customer"});
        let made = done(&w.api, 201, "POST", path, customer).await;
        let own = format!("{path}/{}", text(&made["contact"], "contact_id"));
        if allowed {
            done(&w.api, 201, "POST", path, vendor).await;
            continue;
        }
        invalid(&w.api, "POST", path, vendor, "contact_type").await;
        invalid(&w.api, "PUT", &own, json!({"contact_type": "vendor"}), "contact_type").await;
        let list = w.api.get(path).await;
        assert_eq!(column(&list, "contacts", "contact_name"), ["Acme"], "{apps:?}");
    }
}
