//! Products.

use finbridge_domain::name_key;
use finbridge_entity::product::ActiveModel;

use super::set;
use crate::import::row::Row;
use crate::import::value::Value;

pub(super) fn fill(product: &mut ActiveModel, row: &Row<'_>) {
    set(&mut product.name, row, "name", |value| value.text().unwrap_or_default());
    set(&mut product.name_key, row, "name", |value| name_key(&value.text().unwrap_or_default()));
    set(&mut product.owner_id, row, "owner", Value::reference);
    set(&mut product.code, row, "code", Value::text);
    set(&mut product.family, row, "family", Value::text);
    set(&mut product.is_active, row, "is_active", |value| value.boolean().unwrap_or(true));
    set(&mut product.unit_price_units, row, "unit_price", Value::units);
    let price = row.value("unit_price").and_then(Value::units);
    set(&mut product.unit_price_currency_code, row, "unit_price_currency", |currency| {
        price.and(currency.text())
    });
}
