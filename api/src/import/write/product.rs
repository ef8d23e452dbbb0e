//! Products.

use finbridge_domain::name_key;
use finbridge_entity::product::ActiveModel;
use finbridge_entity::{Scoped, product, product_price};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QuerySelect, QueryTrait};
use uuid::Uuid;

use super::{Context, set};
use crate::import::row::Row;
use crate::import::value::Value;
use crate::service::validate::key_of;

pub(super) fn fill(product: &mut ActiveModel, row: &Row<'_>) {
    set(&mut product.name, row, "name", |value| value.text().unwrap_or_default());
    set(&mut product.name_key, row, "name", |value| name_key(&value.text().unwrap_or_default()));
    set(&mut product.owner_id, row, "owner", Value::reference);
    set(&mut product.code, row, "code", Value::text);
    product.code_key = key_of(&product.code);
    set(&mut product.family, row, "family", Value::text);
    product.family_key = key_of(&product.family);
    set(&mut product.is_active, row, "is_active", |value| value.boolean().unwrap_or(true));
    set(&mut product.unit_price_units, row, "unit_price", Value::units);
    let price = row.value("unit_price").and_then(Value::units);
    set(&mut product.unit_price_currency_code, row, "unit_price_currency", |currency| {
        price.and(currency.text())
    });
}

/// Removes further prices in the currency of the list price, which is the price in it now.
pub(super) async fn one_price_per_currency(
    context: &Context<'_>,
    rows: &[(Uuid, &Row<'_>)],
) -> Result<(), DbErr> {
    let priced = rows.iter().filter(|(_, row)| row.value("unit_price").is_some());
    let priced: Vec<Uuid> = priced.map(|(id, _)| *id).collect();
    if priced.is_empty() {
        return Ok(());
    }
    let same = product::Entity::of(context.organization_id)
        .select_only()
        .expr(Expr::cust("1"))
        .filter(
            Expr::col(product::Column::Id.as_column_ref())
                .equals(product_price::Column::ProductId.as_column_ref()),
        )
        .filter(
            Expr::col(product::Column::UnitPriceCurrencyCode.as_column_ref())
                .equals(product_price::Column::CurrencyCode.as_column_ref()),
        );
    product_price::Entity::delete_many()
        .filter(product_price::Column::OrganizationId.eq(context.organization_id))
        .filter(product_price::Column::ProductId.is_in(priced))
        .filter(Expr::exists(same.into_query()))
        .exec(context.tx)
        .await?;
    Ok(())
}
