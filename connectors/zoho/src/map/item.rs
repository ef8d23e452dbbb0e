//! Items.

use finbridge_contract::{Failure, RemoteRecord};
use finbridge_domain::record::{CrmRecordType, FieldKey, FieldType, Values};

use super::{custom, modified_at, reference};
use crate::adapter::table::Told;
use crate::wire::body::{Member, Members};
use crate::words::ITEMS;

/// Fields that are texts of the item.
const TEXTS: [(&str, &str); 5] = [
    ("name", "name"),
    ("description", "description"),
    ("unit", "unit"),
    ("sku", "sku"),
    ("productType", "product_type"),
];

/// The price.
const RATE: &str = "rate";

/// The field that has calls of its own.
pub(crate) const IS_ACTIVE: &str = "isActive";

/// Fields that pages of changes tell: all that every item has.
pub(crate) const LISTED: [&str; 7] = ["name", "rate", "description", "unit", "sku", "productType", IS_ACTIVE];

/// The members to write. An item cannot be without a price, so that no price is a price of nothing.
pub(crate) fn members(values: &Values) -> Members {
    let mut members: Members = TEXTS
        .into_iter()
        .filter_map(|(field, member)| Some((member.to_owned(), values.get(field)?.as_str().into())))
        .collect();
    // It is one of a list, and is left alone rather than emptied.
    if values.get("productType").is_some_and(String::is_empty) {
        members.remove("product_type");
    }
    if let Some(rate) = values.get(RATE) {
        members.insert(RATE.to_owned(), price(rate));
    }
    custom::write(values, &mut members);
    members
}

fn price(rate: &str) -> Member {
    Member::number(if rate.is_empty() { "0" } else { rate })
}

/// The members of an item that is made. Empty values say nothing there.
pub(crate) fn made(values: &Values) -> Members {
    let given = values.iter().filter(|(_, value)| !value.is_empty());
    let mut members = members(&given.map(|(field, value)| (field.clone(), value.clone())).collect());
    members.entry(RATE.to_owned()).or_insert_with(|| price(""));
    members
}

/// Whether these values say that the item can be used, or that it cannot.
pub(crate) fn activity(values: &Values) -> Option<bool> {
    match values.get(IS_ACTIVE)?.as_str() {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

/// The record that an item is.
pub(crate) fn record(told: &Told, is_whole: bool) -> Result<RemoteRecord, Failure> {
    let row = &told.row;
    let named = |failure| Failure { request_id: told.request_id.clone(), ..failure };
    let status = row.text("status");
    let is_active = status.as_deref() != Some("inactive");
    let mut values: Values = TEXTS
        .into_iter()
        .filter_map(|(field, member)| Some((FieldKey::of(field), row.text(member)?.trim().to_owned())))
        .collect();
    values.extend(row.text(RATE).map(|rate| (FieldKey::of(RATE), custom::exact(FieldType::Decimal, &rate))));
    values.extend(status.map(|_| (FieldKey::of(IS_ACTIVE), is_active.to_string())));
    values.extend(custom::values(row));
    Ok(RemoteRecord {
        remote_id: row.required(ITEMS.id).map_err(named)?,
        parent_id: None,
        customer_kind: None,
        values,
        is_whole,
        crm_reference: reference(row, &[CrmRecordType::Product]),
        is_active,
        modified_at: modified_at(row, ITEMS.modified).map_err(named)?,
        request_id: told.request_id.clone(),
    })
}
