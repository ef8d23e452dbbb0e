//! Records in numbers.

use std::collections::BTreeSet;
use std::process::Command;
use std::time::Instant;

use finbridge_emulator::*;
use finbridge_emulator_client::{Control, ControlError, GenerateOrder, Webhook};
use serde_json::{Value, json};

use crate::world::*;

fn status(error: ControlError) -> u16 {
    match error {
        ControlError::Refused { status, sentence, .. } => {
            assert!(sentence.ends_with('.'), "{sentence}");
            status
        }
        other => panic!("{other}"),
    }
}

/// All rows of a list, in pages.
async fn rows(api: &Api, path: &str) -> Vec<Value> {
    let mut rows = Vec::new();
    for page in 1.. {
        let answer = api.get(&format!("{path}?per_page=200&sort_column=created_time&page={page}")).await;
        rows.extend(answer[path].as_array().unwrap().clone());
        if answer["page_context"]["has_more_page"] == false {
            return rows;
        }
    }
    unreachable!()
}

#[tokio::test]
async fn the_same_order_makes_the_same_realistic_records() {
    let order = GenerateOrder { contacts: 300, items: 120, seed: 7, ..GenerateOrder::default() };
    let mut runs = Vec::new();
    for _ in 0..2 {
        let w = world().await;
        let made = Control::new(&w.api.url).generate(&order).await.unwrap();
        assert_eq!((made.created["contacts"], made.created["items"]), (300, 120));
        let (contacts, items) = (rows(&w.api, "contacts").await, rows(&w.api, "items").await);
        let ids = |rows: &[Value], name: &str| -> Vec<u64> {
            rows.iter().map(|row| row[name].as_str().unwrap().parse().unwrap()).collect()
        };
        let first = ids(&contacts, "contact_id").into_iter().min().unwrap();
        let last = ids(&items, "item_id").into_iter().max().unwrap();
        assert_eq!((made.first_id, made.last_id), (Some(first.to_string()), Some(last.to_string())));
        let detail = w.api.get(&format!("contacts/{first}")).await;
        runs.push((contacts, items, detail));
    }
    assert_eq!(runs[0], runs[1]);
    let (contacts, items, detail) = &runs[0];
    assert_eq!((contacts.len(), items.len()), (300, 120));
    let distinct = |name: &str| -> BTreeSet<String> {
        contacts.iter().map(|row| row[name].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(distinct("contact_name").len(), 300);
    assert!(distinct("currency_code").len() >= 5, "{:?}", distinct("currency_code"));
    assert_eq!(distinct("contact_type").len(), 2);
    assert!(distinct("payment_terms_label").len() >= 5);
    let names: String = contacts.iter().map(|row| row["contact_name"].as_str().unwrap()).collect();
    for (script, range) in [
        ("Greek", 'Α'..='ω'),
        ("Cyrillic", 'А'..='я'),
        ("Arabic", 'ء'..='ي'),
        ("Han", '一'..='龥'),
        ("Devanagari", 'अ'..='ह'),
    ] {
        assert!(names.chars().any(|sign| range.contains(&sign)), "no {script}");
    }
    assert!(distinct("email").iter().all(|email| email.ends_with("@example.com")));
    let contact = &detail["contact"];
    for name in ["address", "city", "zip", "country", "phone"] {
        assert!(!contact["billing_address"][name].as_str().unwrap().is_empty(), "{name}: {contact}");
    }
    assert!(!contact["contact_persons"].as_array().unwrap().is_empty());
    assert!(items.iter().all(|item| item["rate"].as_f64().unwrap() >= 0.5 && item["sku"] != ""));
    assert!(items.iter().any(|item| item["product_type"] == "service"));

    let w = world().await;
    let other = GenerateOrder { seed: 8, ..order };
    Control::new(&w.api.url).generate(&other).await.unwrap();
    assert_ne!(rows(&w.api, "contacts").await, *contacts);
}

#[tokio::test]
async fn an_order_may_be_repeated_and_goes_to_the_organization_it_names() {
    let w = world_with(two_tenants()).await;
    let control = Control::new(&w.api.url);
    let order = GenerateOrder { contacts: 60, items: 60, ..GenerateOrder::default() };
    for _ in 0..3 {
        control.generate(&order).await.unwrap();
    }
    assert_eq!((rows(&w.api, "contacts").await.len(), rows(&w.api, "items").await.len()), (180, 180));
    let other = GenerateOrder { organization_id: Some("60012345".to_owned()), ..order.clone() };
    control.generate(&other).await.unwrap();
    let second = Api::login_as(&w.api.url, "second@example.com", "second-key", None).await;
    let found = rows(&second, "contacts").await;
    assert_eq!(found.len(), 60);
    assert!(found.iter().any(|row| row["currency_code"] == "INR"));
    assert_eq!(rows(&w.api, "contacts").await.len(), 180);
    // Generated records are ordinary ones.
    let (id, name) = (found[0]["contact_id"].as_str().unwrap(), found[0]["contact_name"].as_str().unwrap());
    let (status, _) = second.call("PUT", &format!("contacts/{id}"), json!({"notes": "known"})).await;
    assert_eq!(status, 200);
    assert_eq!(second.call("POST", "contacts", json!({"contact_name": name})).await.1["code"], 3062);
}

#[tokio::test]
async fn orders_that_cannot_be_met_are_refused_and_change_nothing() {
    let w = world().await;
    let control = Control::new(&w.api.url);
    let many = GenerateOrder { contacts: 999_999, items: 2, ..GenerateOrder::default() };
    assert_eq!(status(control.generate(&many).await.unwrap_err()), 400);
    let huge = GenerateOrder { contacts: u64::MAX, items: 2, ..GenerateOrder::default() };
    assert_eq!(status(control.generate(&huge).await.unwrap_err()), 400);
    let nowhere =
        GenerateOrder { organization_id: Some("1".to_owned()), contacts: 1, ..GenerateOrder::default() };
    assert_eq!(status(control.generate(&nowhere).await.unwrap_err()), 400);
    let planets = json!({"planets": 8});
    assert_eq!(w.api.call("POST", "/_emulator/generate", planets).await.0, 400);
    assert!(rows(&w.api, "contacts").await.is_empty());
    let nothing = control.generate(&GenerateOrder::default()).await.unwrap();
    assert_eq!((nothing.first_id, nothing.created.len()), (None, 0));
}

#[tokio::test]
async fn invoices_are_generated_for_customers_over_items() {
    let w = world().await;
    let control = Control::new(&w.api.url);
    let order = GenerateOrder { contacts: 20, items: 20, invoices: 50, ..GenerateOrder::default() };
    let bare = GenerateOrder { contacts: 0, ..order.clone() };
    assert_eq!(status(control.generate(&bare).await.unwrap_err()), 400);
    assert!(rows(&w.api, "items").await.is_empty(), "nothing is made of an order that cannot be met");
    assert_eq!(control.generate(&order).await.unwrap().created["invoices"], 50);
    let invoices = rows(&w.api, "invoices").await;
    assert_eq!(invoices.len(), 50);
    assert!(invoices.iter().all(|it| it["total"].as_f64().unwrap() > 0.0 && it["customer_name"] != ""));
}

#[tokio::test]
async fn others_are_answered_while_many_records_are_made() {
    let w = world().await;
    let control = Control::new(&w.api.url);
    let order = GenerateOrder { items: 6_000, ..GenerateOrder::default() };
    let maker = control.clone();
    // On the one thread of this test: work on the event loop would keep everybody waiting.
    let making = tokio::spawn(async move { maker.generate(&order).await.unwrap() });
    let mut answered = 0;
    let mut seen = BTreeSet::new();
    while !making.is_finished() {
        let page = w.api.get("items?response_option=2").await;
        seen.insert(page["page_context"]["total"].as_u64().unwrap());
        answered += 1;
    }
    assert!(answered > 1, "{answered}");
    assert!(seen.iter().all(|total| total % 1_000 == 0), "batches are seen whole: {seen:?}");
    assert_eq!(making.await.unwrap().created["items"], 6_000);
}

#[tokio::test]
async fn generated_records_are_told_like_others() {
    let w = world().await;
    let control = Control::new(&w.api.url);
    control.subscribe(&Webhook::new(DEMO_ORGANIZATION_ID, "http://127.0.0.1:1/")).await.unwrap();
    control.generate(&GenerateOrder { items: 3, ..GenerateOrder::default() }).await.unwrap();
    let told = control.deliveries(&Default::default()).await.unwrap();
    assert_eq!(told.iter().map(|it| it.event.as_str()).collect::<Vec<_>>(), ["item.created"; 3]);
}

#[tokio::test]
async fn more_than_a_batch_survives_a_restart_but_is_not_made_twice() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("state");
    let order: Generate = "contacts=2500,items=1001".parse().unwrap();
    let start = || Emulator::builder().state_file(file.clone()).generate(order.clone()).start();
    let begun = Instant::now();
    let emulator = start().await.unwrap();
    println!("2,500 contacts and 1,001 items took {:?}", begun.elapsed());
    let api = Api::login(&emulator.url()).await;
    let before = (rows(&api, "contacts").await, rows(&api, "items").await);
    assert_eq!((before.0.len(), before.1.len()), (2500, 1001));
    emulator.shutdown().await;
    let emulator = start().await.unwrap();
    let api = Api { url: emulator.url(), ..api };
    assert_eq!((rows(&api, "contacts").await, rows(&api, "items").await), before);
    emulator.shutdown().await;
}

#[tokio::test]
async fn the_command_line_says_what_an_order_looks_like() {
    let output = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_finbridge-emulator")).args(arguments).output().unwrap();
        (output.status.success(), String::from_utf8(output.stderr).unwrap())
    };
    let (ok, message) = output(&["--port", "0", "--generate", "planets=8"]);
    assert!(!ok && message.contains("contacts, items, invoices"), "{message}");
    let (ok, message) = output(&["--port", "0", "--generate", "contacts=1000001"]);
    assert!(!ok && message.contains("1,000,000"), "{message}");
}
