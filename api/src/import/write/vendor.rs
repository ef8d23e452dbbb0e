//! Vendors.

use finbridge_domain::name_key;
use finbridge_entity::vendor::ActiveModel;

use super::{address, set};
use crate::import::row::Row;
use crate::import::value::Value;

pub(super) fn fill(vendor: &mut ActiveModel, row: &Row<'_>) {
    set(&mut vendor.name, row, "name", |value| value.text().unwrap_or_default());
    set(&mut vendor.name_key, row, "name", |value| name_key(&value.text().unwrap_or_default()));
    set(&mut vendor.owner_id, row, "owner", Value::reference);
    set(&mut vendor.email, row, "email", Value::text);
    set(&mut vendor.phone, row, "phone", Value::text);
    set(&mut vendor.website, row, "website", Value::text);
    if let Some(address) = address(&vendor.address, row, "address") {
        vendor.address = address;
    }
}
