//! Deals and their line: a row is a deal about one product.

use finbridge_domain::name_key;
use finbridge_entity::deal::ActiveModel;
use finbridge_entity::deal_line;
use finbridge_entity::types::ExactDecimal;
use rust_decimal::Decimal;
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, Set};
use uuid::Uuid;

use super::{Context, insert, set};
use crate::import::row::Row;
use crate::import::value::Value;

pub(super) fn fill(deal: &mut ActiveModel, row: &Row<'_>) {
    set(&mut deal.name, row, "name", |value| value.text().unwrap_or_default());
    set(&mut deal.name_key, row, "name", |value| name_key(&value.text().unwrap_or_default()));
    set(&mut deal.owner_id, row, "owner", Value::reference);
    set(&mut deal.account_id, row, "account", Value::reference);
    // The field is required, so a row that gets here has a stage.
    set(&mut deal.stage_id, row, "stage", |value| value.reference().unwrap_or_default());
    set(&mut deal.amount_units, row, "amount", Value::units);
    set(&mut deal.currency_code, row, "currency", |value| value.text().unwrap_or_default());
    set(&mut deal.opened_on, row, "opened_on", Value::date);
    set(&mut deal.closed_on, row, "closed_on", Value::date);
}

/// Gives each deal the line of its row; a row without a product has none.
pub(super) async fn insert_lines(context: &Context<'_>, deals: &[(Uuid, &Row<'_>)]) -> Result<(), DbErr> {
    let lines = deals.iter().filter_map(|(deal, row)| {
        let product = row.value("line_product").and_then(Value::reference)?;
        let quantity = row.value("line_quantity").and_then(Value::decimal).unwrap_or(Decimal::ONE);
        let price = row.value("line_unit_price").and_then(Value::decimal);
        Some(deal_line::ActiveModel {
            organization_id: Set(context.organization_id),
            id: Set(context.ids.uuid()),
            deal_id: Set(*deal),
            product_id: Set(product),
            position: Set(0),
            quantity: Set(ExactDecimal(quantity)),
            unit_price: Set(price.map(ExactDecimal)),
        })
    });
    insert(context, lines.collect()).await
}

/// Replaces all lines of each deal, if the mapping says anything about lines.
pub(super) async fn replace_lines(context: &Context<'_>, deals: &[(Uuid, &Row<'_>)]) -> Result<(), DbErr> {
    let mapped: Vec<_> =
        deals.iter().copied().filter(|(_, row)| row.value("line_product").is_some()).collect();
    if mapped.is_empty() {
        return Ok(());
    }
    deal_line::Entity::delete_many()
        .filter(deal_line::Column::OrganizationId.eq(context.organization_id))
        .filter(deal_line::Column::DealId.is_in(mapped.iter().map(|(id, _)| *id)))
        .exec(context.tx)
        .await?;
    insert_lines(context, &mapped).await
}
