//! Items, and fields that an organization added.

use finbridge_contract::{CrmReference, NewRecord, Removal};
use finbridge_domain::WireId;
use finbridge_domain::record::{CrmRecordType, FieldType, RecordKind};
use serde_json::{Value, json};
use wiremock::matchers::{method, path};
use wiremock::{Mock, ResponseTemplate};

use crate::support::{World, done, values};

const ITEM: &str = "/books/v3/items/46";
const HOUR: CrmReference =
    CrmReference { record_type: CrmRecordType::Product, wire_id: WireId(300_000_000_000_012_007) };

/// An item as it is written: a number that no float holds.
async fn answer_item(world: &World) {
    let body = r#"{"code":0,"item":{"item_id":"46","name":" Hour ","rate":12345678901234567.8900,"unit":"h","sku":"",
        "description":null,"product_type":"service","status":"inactive","zcrm_product_id":"300000000000012007",
        "custom_fields":[{"api_name":"cf_weight","data_type":"decimal","value":1.50}],
        "last_modified_time":"2026-01-05T12:06:10+0530"}}"#;
    let template = ResponseTemplate::new(200).set_body_raw(body, "application/json;charset=UTF-8");
    Mock::given(method("GET")).and(path(ITEM)).respond_with(template).mount(&world.server).await;
}

#[tokio::test]
async fn an_item_is_read_to_the_last_digit() {
    let world = World::start().await;
    answer_item(&world).await;
    let read = world.records(RecordKind::Item).fetch(&world.connection, "46").await.unwrap();
    let expected = values(&[
        ("customFields.cf_weight", "1.5"),
        ("description", ""),
        ("isActive", "false"),
        ("name", "Hour"),
        ("productType", "service"),
        ("rate", "12345678901234567.89"),
        ("sku", ""),
        ("unit", "h"),
    ]);
    assert_eq!(read.values, expected);
    assert_eq!((read.crm_reference, read.is_active, read.is_whole), (Some(HOUR), false, true));
}

#[tokio::test]
async fn making_an_item_writes_numbers_as_they_are_and_puts_it_out_of_use() {
    let world = World::start().await;
    answer_item(&world).await;
    let known = "/integration/v1/crm/products/300000000000012007";
    let import = "/books/v3/crm/item/300000000000012007/import";
    world.answer("PUT", known, 200, done()).await;
    world.answer("POST", import, 200, json!({ "code": 0, "data": { "item_id": "46" } })).await;
    world.answer("POST", &format!("{ITEM}/inactive"), 200, done()).await;
    let values =
        values(&[("name", "Hour"), ("rate", "12345678901234567.89"), ("sku", ""), ("isActive", "false")]);
    let record = NewRecord { parent_id: None, customer_kind: None, is_primary: false, values };
    let items = world.records(RecordKind::Item);
    items.create(&world.connection, Some(HOUR), &record).await.unwrap();
    let requests = world.server.received_requests().await.unwrap();
    let told = requests.iter().find(|request| request.url.path() == known).unwrap();
    let told = std::str::from_utf8(&told.body).unwrap();
    assert_eq!(told, r#"{"record":{"name":"Hour","rate":12345678901234567.89}}"#);
    let lines = world.lines().await;
    assert_eq!(lines[1..3], [format!("POST {import}"), format!("POST {ITEM}/inactive")]);
}

#[tokio::test]
async fn changes_go_where_they_belong() {
    let world = World::start().await;
    answer_item(&world).await;
    world.answer("PUT", ITEM, 200, done()).await;
    world.answer("POST", &format!("{ITEM}/active"), 200, done()).await;
    let items = world.records(RecordKind::Item);
    items.update(&world.connection, "46", &values(&[("isActive", "true")])).await.unwrap();
    assert_eq!(world.lines().await, [format!("POST {ITEM}/active"), format!("GET {ITEM}")]);
    let change = values(&[("rate", ""), ("productType", ""), ("customFields.cf_region", "")]);
    let read = items.update(&world.connection, "46", &change).await.unwrap();
    assert_eq!(read.values["customFields.cf_region"], "", "what was emptied is told as empty");
    let body = json!({ "rate": 0, "custom_fields": [{ "api_name": "cf_region", "value": "" }] });
    assert!(world.calls().await.contains(&(format!("PUT {ITEM}"), body)));
}

#[tokio::test]
async fn an_item_that_others_need_is_put_out_of_use() {
    for code in [36, 1004] {
        let world = World::start().await;
        world.answer("DELETE", "/integration/v1/items/46/link", 200, done()).await;
        world.answer("DELETE", ITEM, 400, json!({ "code": code, "message": "in use" })).await;
        world.answer("POST", &format!("{ITEM}/inactive"), 200, done()).await;
        let removal = world.records(RecordKind::Item).remove(&world.connection, "46").await.unwrap();
        assert_eq!(removal, Removal::Deactivated, "{code}");
    }
}

#[tokio::test]
async fn added_fields_are_listed_beside_the_standard_ones() {
    let world = World::start().await;
    let rows = json!([
        { "api_name": "cf_weight", "label": "Weight", "data_type": "decimal", "is_custom_field": true },
        { "field_name": "name", "is_custom_field": false },
    ]);
    world.answer("GET", "/books/v3/settings/fields", 200, json!({ "code": 0, "fields": rows })).await;
    let fields = world.records(RecordKind::Item).fields(&world.connection).await.unwrap();
    let added: Vec<_> = fields.iter().filter(|field| field.key.custom_name().is_some()).collect();
    assert_eq!(added.len(), 1);
    assert_eq!((added[0].key.as_str(), added[0].field_type), ("customFields.cf_weight", FieldType::Decimal));
    assert_eq!(world.lines().await, ["GET /books/v3/settings/fields?entity=item"]);
}

#[tokio::test]
async fn an_app_that_lists_no_fields_has_the_standard_ones() {
    let world = World::start().await;
    let invalid: Value = json!({ "code": 5, "message": "Invalid URL Passed" });
    world.answer("GET", "/books/v3/settings/fields", 404, invalid).await;
    let fields = world.customers().fields(&world.connection).await.unwrap();
    assert!(fields.iter().all(|field| field.key.custom_name().is_none()));
}
