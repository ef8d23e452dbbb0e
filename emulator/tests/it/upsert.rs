use serde_json::{Value, json};

use crate::calls::*;
use crate::world::*;

async fn upsert(api: &Api, headers: &[(&str, &str)], body: Value) -> (u16, Value) {
    let request =
        headers.iter().fold(api.request("PUT", "items"), |it, (name, value)| it.header(*name, *value));
    send(request.json(&body)).await
}

async fn ready() -> World {
    let w = world().await;
    for (label, unique) in [("Ref", true), ("Plain", false)] {
        let body = json!({"entity": "item", "label": label, "is_unique": unique});
        done(&w.api, 201, "POST", "/integration/v1/customfields", body).await;
    }
    w
}

const KEY: (&str, &str) = ("X-Unique-Identifier-Key", "cf_ref");
const VALUE: (&str, &str) = ("X-Unique-Identifier-Value", "R-1");
const CREATE: (&str, &str) = ("X-Upsert", "true");

#[tokio::test]
async fn an_upsert_creates_once_and_updates_from_then_on() {
    let w = ready().await;
    let (status, answer) = upsert(&w.api, &[KEY, VALUE, CREATE], json!({"name": "A", "rate": 1})).await;
    assert_eq!((status, &answer["message"]), (201, &json!("The item has been added.")), "{answer}");
    assert_eq!(answer["item"]["custom_field_hash"]["cf_ref"], "R-1");
    let id = text(&answer["item"], "item_id");
    for headers in [&[KEY, VALUE, CREATE][..], &[KEY, VALUE], &[KEY, ("X-Unique-Identifier-Value", " r-1 ")]]
    {
        let (status, answer) = upsert(&w.api, headers, json!({"name": "A", "rate": 2})).await;
        assert_eq!((status, &answer["message"]), (200, &json!("Item details have been saved.")), "{answer}");
        assert_eq!((text(&answer["item"], "item_id"), &answer["item"]["rate"]), (id.clone(), &json!(2.0)));
    }
    // A body that names the field by another of its names does not get it twice.
    let body = json!({"name": "B", "rate": 1, "custom_fields": [{"label": "ref", "value": "R-2"}]});
    let (status, answer) = upsert(&w.api, &[KEY, ("X-Unique-Identifier-Value", "R-2"), CREATE], body).await;
    assert_eq!(
        (status, answer["item"]["custom_fields"].as_array().map(Vec::len)),
        (201, Some(1)),
        "{answer}"
    );
    assert_eq!(w.api.get("items").await["items"].as_array().unwrap().len(), 2);
    for status in [201, 200] {
        let headers = [KEY, ("X-Unique-Identifier-Value", "Schlüssel"), CREATE];
        let (got, answer) = upsert(&w.api, &headers, json!({"name": "C", "rate": 1})).await;
        assert_eq!(
            (got, &answer["item"]["custom_field_hash"]["cf_ref"]),
            (status, &json!("Schlüssel")),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn refused_upserts_change_nothing() {
    let w = ready().await;
    done(&w.api, 201, "POST", "items", json!({"name": "Taken", "rate": 1})).await;
    let good = json!({"name": "A", "rate": 1});
    let other = json!({"name": "A", "rate": 1, "custom_fields": [{"label": "Ref", "value": "R-9"}]});
    let invalid =
        |name: &str| (400, json!({"code": 2, "message": format!("Invalid value passed for {name}")}));
    for (headers, body, expected) in [
        (vec![], &good, invalid("X-Unique-Identifier-Key")),
        (vec![KEY], &good, invalid("X-Unique-Identifier-Value")),
        (vec![VALUE], &good, invalid("X-Unique-Identifier-Key")),
        (vec![KEY, ("X-Unique-Identifier-Value", "")], &good, invalid("X-Unique-Identifier-Value")),
        (
            vec![("X-Unique-Identifier-Key", "cf_plain"), VALUE, CREATE],
            &good,
            invalid("X-Unique-Identifier-Key"),
        ),
        (
            vec![("X-Unique-Identifier-Key", "cf_none"), VALUE, CREATE],
            &good,
            invalid("X-Unique-Identifier-Key"),
        ),
        (vec![("X-Unique-Identifier-Key", "name"), VALUE, CREATE], &good, invalid("X-Unique-Identifier-Key")),
        (vec![KEY, VALUE, CREATE], &other, invalid("X-Unique-Identifier-Value")),
        (
            vec![KEY, VALUE],
            &good,
            (
                404,
                json!({"code": 1003, "message": "No record has the value R-1 in its unique custom field."}),
            ),
        ),
        (
            vec![KEY, VALUE, ("X-Upsert", "false")],
            &good,
            (
                404,
                json!({"code": 1003, "message": "No record has the value R-1 in its unique custom field."}),
            ),
        ),
        (
            vec![KEY, VALUE, CREATE],
            &json!({"name": "taken", "rate": 1}),
            (
                400,
                json!({"code": 1001, "message": "The item \"taken\" already exists. Please specify a different name."}),
            ),
        ),
        (vec![KEY, VALUE, CREATE], &json!({"name": "A"}), invalid("rate")),
        (vec![KEY, VALUE, CREATE], &json!([]), invalid("JSONString")),
    ] {
        assert_eq!(upsert(&w.api, &headers, body.clone()).await, expected, "{headers:?} {body}");
    }
    let bare = w.api.request("PUT", "items").header(KEY.0, KEY.1).header(VALUE.0, VALUE.1);
    assert_eq!(send(bare).await.1["code"], 11);
    assert_eq!(column(&w.api.get("items").await, "items", "name"), ["Taken"]);
}

#[tokio::test]
async fn many_upserts_at_once_make_one_record() {
    let w = ready().await;
    let calls = (0..8).map(|_| {
        let api = w.api.clone();
        tokio::spawn(
            async move { upsert(&api, &[KEY, VALUE, CREATE], json!({"name": "A", "rate": 1})).await.0 },
        )
    });
    let mut statuses = Vec::new();
    for call in calls.collect::<Vec<_>>() {
        statuses.push(call.await.unwrap());
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 200, 200, 200, 200, 200, 200, 201]);
}

#[tokio::test]
async fn contacts_are_upserted_alike() {
    let w = world().await;
    for (label, unique) in [("Ref", true), ("Plain", false)] {
        let body = json!({"entity": "contact", "label": label, "is_unique": unique});
        done(&w.api, 201, "POST", "/integration/v1/customfields", body).await;
    }
    let put = async |headers: &[(&str, &str)], body: Value| {
        let request = headers
            .iter()
            .fold(w.api.request("PUT", "contacts"), |it, (name, value)| it.header(*name, *value));
        send(request.json(&body)).await
    };
    for (headers, name) in [
        (vec![VALUE], "X-Unique-Identifier-Key"),
        (vec![KEY], "X-Unique-Identifier-Value"),
        (vec![("X-Unique-Identifier-Key", "cf_plain"), VALUE], "X-Unique-Identifier-Key"),
    ] {
        let (status, body) = put(&headers, json!({"contact_name": "A"})).await;
        assert_eq!((status, &body["message"]), (400, &json!(format!("Invalid value passed for {name}"))));
    }
    let body = json!({"contact_name": "A"});
    assert_eq!(put(&[KEY, VALUE], body.clone()).await.1["code"], 1003);
    let other = json!({"contact_name": "A", "custom_fields": [{"api_name": "cf_ref", "value": "R-2"}]});
    assert_eq!(put(&[KEY, VALUE, CREATE], other).await.1["code"], 2);
    let (status, answer) = put(&[KEY, VALUE, CREATE], body.clone()).await;
    assert_eq!((status, &answer["contact"]["custom_field_hash"]["cf_ref"]), (201, &json!("R-1")), "{answer}");
    let (status, answer) =
        put(&[KEY, ("X-Unique-Identifier-Value", " r-1 "), CREATE], json!({"notes": "n"})).await;
    assert_eq!((status, &answer["contact"]["contact_name"]), (200, &json!("A")), "{answer}");
    let twice = json!({"contact_name": "B", "custom_fields": [{"api_name": "cf_ref", "value": "R-1"}]});
    let (status, answer) = w.api.call("POST", "contacts", twice).await;
    assert_eq!((status, &answer["code"]), (400, &json!(4)), "{answer}");
    assert_eq!(names(&w.api.get("contacts").await), ["A"]);
}
