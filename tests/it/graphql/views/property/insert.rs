//! The random accounts as rows.

use std::collections::BTreeMap;

use finbridge_domain::name_key;
use finbridge_entity::types::{Address, CustomFieldKind, RecordType};
use finbridge_entity::{account, custom_field, custom_value, record_tag, tag};
use finbridge_tests::TestWorld;
use sea_orm::prelude::Uuid;
use sea_orm::{EntityTrait, Set};

use super::super::super::db;
use super::{Held, Row, TAGS, now};

/// Puts the accounts and what belongs to them into the database; their ids in the same order.
pub(super) async fn rows(world: &TestWorld, rows: &[Row]) -> Vec<Uuid> {
    let (here, ids) = (world.viewer.organization_id, &world.app.engine.ids);
    let fields: BTreeMap<&str, (Uuid, CustomFieldKind)> = [
        ("customFields.tier", CustomFieldKind::Text),
        ("customFields.note", CustomFieldKind::LongText),
        ("customFields.seats", CustomFieldKind::Integer),
        ("customFields.score", CustomFieldKind::Decimal),
        ("customFields.vip", CustomFieldKind::Boolean),
        ("customFields.due", CustomFieldKind::Date),
        ("customFields.seen", CustomFieldKind::DateTime),
    ]
    .map(|(key, kind)| (key, (ids.uuid(), kind)))
    .into();
    let rows_of_fields = fields.iter().map(|(key, (id, kind))| custom_field::ActiveModel {
        organization_id: Set(here),
        id: Set(*id),
        record_type: Set(RecordType::Account),
        key: Set(key.trim_start_matches("customFields.").to_owned()),
        label: Set((*key).to_owned()),
        help: Set(None),
        kind: Set(*kind),
        options: Set(None),
        is_required: Set(false),
        is_unique: Set(false),
        position: Set(1),
        version: Set(1),
        created_at: Set(now()),
        updated_at: Set(now()),
    });
    custom_field::Entity::insert_many(rows_of_fields).exec_without_returning(db(world)).await.unwrap();
    let tags: BTreeMap<&str, Uuid> = TAGS.map(|tag| (tag, ids.uuid())).into();
    let rows_of_tags = tags.iter().map(|(name, id)| tag::ActiveModel {
        organization_id: Set(here),
        id: Set(*id),
        name: Set((*name).to_owned()),
        name_key: Set(name_key(name)),
        created_at: Set(now()),
    });
    tag::Entity::insert_many(rows_of_tags).exec_without_returning(db(world)).await.unwrap();
    let (mut accounts, mut values, mut tagged, mut made) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for row in rows {
        let id = ids.uuid();
        made.push(id);
        accounts.push(account_of(world, id, row));
        for (key, held) in row {
            if let Some((field_id, kind)) = fields.get(key) {
                let (text, number, day, at) = match held {
                    Held::Text(text) => (Some(text.clone()), None, None, None),
                    Held::Number(units) => (None, Some(*units), None, None),
                    Held::Boolean(yes) => (None, Some(i64::from(*yes)), None, None),
                    Held::Day(day) => (None, None, Some(*day), None),
                    Held::Instant(at) => (None, None, None, Some(*at)),
                    other => panic!("{other:?}"),
                };
                values.push(custom_value::ActiveModel {
                    organization_id: Set(here),
                    id: Set(ids.uuid()),
                    field_id: Set(*field_id),
                    record_id: Set(id),
                    text_key: Set(text.as_deref().filter(|_| *kind == CustomFieldKind::Text).map(name_key)),
                    text: Set(text),
                    number_units: Set(number),
                    day: Set(day),
                    instant: Set(at),
                    unique_key: Set(None),
                });
            } else if let Held::Tags(names) = held {
                tagged.extend(names.iter().map(|name| record_tag::ActiveModel {
                    organization_id: Set(here),
                    id: Set(ids.uuid()),
                    tag_id: Set(tags[name.as_str()]),
                    record_id: Set(id),
                    record_type: Set(RecordType::Account),
                }));
            }
        }
    }
    account::Entity::insert_many(accounts).exec_without_returning(db(world)).await.unwrap();
    custom_value::Entity::insert_many(values).exec_without_returning(db(world)).await.unwrap();
    record_tag::Entity::insert_many(tagged).exec_without_returning(db(world)).await.unwrap();
    made
}

fn account_of(world: &TestWorld, id: Uuid, row: &Row) -> account::ActiveModel {
    let text = |field: &str| match row.get(field) {
        Some(Held::Text(text)) => Some(text.clone()),
        _ => None,
    };
    let number = |field: &str| match row.get(field) {
        Some(Held::Number(units)) => Some(*units),
        _ => None,
    };
    let name = text("name").unwrap();
    let country = text("billingAddress.country");
    let Some(Held::Instant(created_at)) = row.get("createdAt") else { panic!("{row:?}") };
    account::ActiveModel {
        organization_id: Set(world.viewer.organization_id),
        id: Set(id),
        wire_id: Set(world.app.engine.ids.wire_id().0),
        name_key: Set(name_key(&name)),
        name: Set(name),
        owner_id: Set(match row.get("owner") {
            Some(Held::Id(id)) => Some(*id),
            _ => None,
        }),
        version: Set(1),
        created_at: Set(*created_at),
        updated_at: Set(*created_at),
        industry_key: Set(text("industry").as_deref().map(name_key)),
        industry: Set(text("industry")),
        employee_count: Set(number("employeeCount").map(|units| i32::try_from(units / 10_000).unwrap())),
        annual_revenue_units: Set(number("annualRevenue")),
        annual_revenue_currency_code: Set(None),
        billing_address: Set(country.map(|country| Address { country: Some(country), ..Address::default() })),
        ..Default::default()
    }
}
