//! The shape of what is shown, over all lists and details.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Value, json};

use crate::calls::*;
use crate::whole_world::*;
use crate::world::*;

/// JSON in which no object repeats a name. Every common reader keeps one of the values and says nothing.
struct Plain;

impl<'de> Deserialize<'de> for Plain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PlainVisitor)
    }
}

struct PlainVisitor;

impl<'de> Visitor<'de> for PlainVisitor {
    type Value = Plain;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("JSON")
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Plain, E> {
        Ok(Plain)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Plain, E> {
        Ok(Plain)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Plain, E> {
        Ok(Plain)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Plain, E> {
        Ok(Plain)
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Plain, E> {
        Ok(Plain)
    }

    fn visit_unit<E: Error>(self) -> Result<Plain, E> {
        Ok(Plain)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Plain, A::Error> {
        while items.next_element::<Plain>()?.is_some() {}
        Ok(Plain)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Plain, A::Error> {
        let mut names = BTreeSet::new();
        while let Some(name) = members.next_key::<String>()? {
            if !names.insert(name.clone()) {
                return Err(A::Error::custom(format!("{name} twice")));
            }
            members.next_value::<Plain>()?;
        }
        Ok(Plain)
    }
}

/// The text of an answer, and what it says.
async fn answer(api: &Api, path: &str, wrong: &mut Vec<String>) -> Value {
    let response = api.request("GET", path).send().await.unwrap();
    let status = response.status();
    let text = response.text().await.unwrap();
    assert_eq!(status, 200, "{path}: {text}");
    if let Err(error) = serde_json::from_str::<Plain>(&text) {
        wrong.push(format!("{path}: {error}"));
    }
    serde_json::from_str(&text).unwrap()
}

#[tokio::test]
async fn no_object_repeats_the_name_of_a_member() {
    assert!(serde_json::from_str::<Plain>(r#"[{"a":[{"b":1,"b":null}]}]"#).is_err());
    let w = everywhere().await;
    let mut wrong = Vec::new();
    for (path, key, name) in LISTS {
        let list = answer(&w.api, path, &mut wrong).await;
        let rows = list[key].as_array().unwrap();
        assert!(!rows.is_empty(), "{path} has no row");
        let Some(name) = name else { continue };
        for row in rows {
            answer(&w.api, &format!("{path}/{}", text(row, name)), &mut wrong).await;
        }
    }
    assert_eq!(wrong, [""; 0]);
}

/// Custom fields stand in rows under their own names, contacts included.
#[tokio::test]
async fn rows_have_their_custom_fields_as_members() {
    let w = everywhere().await;
    for (path, key, _) in &LISTS[..13] {
        let list = w.api.get(path).await;
        // Some documents were made of others, and have no such value of their own.
        let rows = list[*key].as_array().unwrap();
        let told: Vec<_> = rows.iter().filter(|row| row["custom_fields"] != json!([])).collect();
        assert!(!told.is_empty(), "{path}: {list}");
        for row in told {
            assert_eq!(row["cf_tier"], "gold", "{path}: {row}");
            assert_eq!(row["custom_fields"][0]["value"], "gold", "{path}");
            assert_eq!(row["custom_field_hash"]["cf_tier"], "gold", "{path}");
        }
    }
    let body = json!({"contact_name": "Deutsche", "language_code": "de", "pan_no": "ABCDE1234F"});
    w.api.create(body).await;
    let rows = w.api.get("contacts").await["contacts"].clone();
    for (row, language, name, pan) in [(0, "en", "English", ""), (1, "de", "German", "ABCDE1234F")] {
        let row = &rows[row];
        assert_eq!(
            (&row["language_code"], &row["language_code_formatted"], &row["pan_no"]),
            (&json!(language), &json!(name), &json!(pan)),
            "{row}"
        );
    }
}

#[tokio::test]
async fn custom_fields_are_written_by_the_singular_path_of_every_document() {
    let w = everywhere().await;
    for (plural, singular, id, key) in [
        ("items", "item", "item_id", "item"),
        ("estimates", "estimate", "estimate_id", "estimate"),
        ("salesorders", "salesorder", "salesorder_id", "salesorder"),
        ("invoices", "invoice", "invoice_id", "invoice"),
        ("customerpayments", "customerpayment", "payment_id", "payment"),
        ("purchaseorders", "purchaseorder", "purchaseorder_id", "purchaseorder"),
        ("bills", "bill", "bill_id", "bill"),
    ] {
        let id = text(&w.api.get(plural).await[plural][0], id);
        let call = format!("{singular}/{id}/customfields");
        let body = json!({"custom_fields": [{"label": "Tier", "value": singular}]});
        let said = done(&w.api, 200, "PUT", &call, body).await;
        assert_eq!(said["message"], "Custom Fields Updated Successfully", "{call}");
        let shown = w.api.get(&format!("{plural}/{id}")).await;
        assert_eq!(shown[key]["custom_field_hash"]["cf_tier"], singular, "{call}");
        let unknown = w.api.call("PUT", &format!("{singular}/1/customfields"), json!([])).await;
        assert_eq!((unknown.0, &unknown.1["code"]), (404, &json!(1002)), "{call}");
    }
}
