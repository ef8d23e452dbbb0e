//! Accounts.

use finbridge_domain::name_key;
use finbridge_entity::account::ActiveModel;

use super::{address, set};
use crate::import::row::Row;
use crate::import::value::Value;
use crate::service::validate::key_of;

pub(super) fn fill(account: &mut ActiveModel, row: &Row<'_>) {
    set(&mut account.name, row, "name", |value| value.text().unwrap_or_default());
    set(&mut account.name_key, row, "name", |value| name_key(&value.text().unwrap_or_default()));
    set(&mut account.owner_id, row, "owner", Value::reference);
    set(&mut account.industry, row, "industry", Value::text);
    account.industry_key = key_of(&account.industry);
    set(&mut account.website, row, "website", Value::text);
    set(&mut account.phone, row, "phone", Value::text);
    set(&mut account.description, row, "description", Value::text);
    set(&mut account.year_established, row, "year_established", Value::whole);
    set(&mut account.employee_count, row, "employee_count", Value::whole);
    set(&mut account.parent_id, row, "parent", Value::reference);
    set(&mut account.annual_revenue_units, row, "annual_revenue", Value::units);
    let revenue = row.value("annual_revenue").and_then(Value::units);
    set(&mut account.annual_revenue_currency_code, row, "annual_revenue_currency", |currency| {
        revenue.and(currency.text())
    });
    if let Some(billing) = address(&account.billing_address, row, "billing") {
        account.billing_address = billing;
    }
    if let Some(shipping) = address(&account.shipping_address, row, "shipping") {
        account.shipping_address = shipping;
    }
}
