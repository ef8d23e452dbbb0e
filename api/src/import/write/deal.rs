//! Deals and their line: a row is a deal about one product.

use std::collections::HashMap;

use finbridge_domain::name_key;
use finbridge_entity::deal::ActiveModel;
use finbridge_entity::types::{DealEventKind, ExactDecimal};
use finbridge_entity::{Scoped, deal, deal_line};
use finbridge_sync::trigger::note;
use rust_decimal::Decimal;
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QuerySelect, Set};
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

/// The stages that these deals are in, where triggers are to be fired.
pub(super) async fn stages(
    context: &Context<'_>,
    deals: &[(Uuid, &Row<'_>)],
) -> Result<HashMap<Uuid, Uuid>, DbErr> {
    if !context.fires_triggers {
        return Ok(HashMap::new());
    }
    let stages: Vec<(Uuid, Uuid)> = deal::Entity::of(context.organization_id)
        .filter(deal::Column::Id.is_in(deals.iter().map(|(id, _)| *id)))
        // Nobody moves one of them before the import has written it.
        .lock_exclusive()
        .select_only()
        .columns([deal::Column::Id, deal::Column::StageId])
        .into_tuple()
        .all(context.tx)
        .await?;
    Ok(stages.into_iter().collect())
}

/// Notes for triggers that deals were made.
pub(super) async fn note_made(context: &Context<'_>, deals: &[(Uuid, &Row<'_>)]) -> Result<(), DbErr> {
    let made = deals.iter().filter_map(|(id, row)| Some((*id, stage(row)?, DealEventKind::Created)));
    note_all(context, made).await
}

/// Notes for triggers that deals are in another stage than before.
pub(super) async fn note_moved(
    context: &Context<'_>,
    deals: &[(Uuid, &Row<'_>)],
    before: &HashMap<Uuid, Uuid>,
) -> Result<(), DbErr> {
    let moved = deals.iter().filter_map(|(id, row)| {
        let stage = stage(row)?;
        (*before.get(id)? != stage).then_some((*id, stage, DealEventKind::Moved))
    });
    note_all(context, moved).await
}

fn stage(row: &Row<'_>) -> Option<Uuid> {
    row.value("stage").and_then(Value::reference)
}

async fn note_all(
    context: &Context<'_>,
    deals: impl Iterator<Item = (Uuid, Uuid, DealEventKind)>,
) -> Result<(), DbErr> {
    if !context.fires_triggers {
        return Ok(());
    }
    note::note_many(context.tx, context.ids, context.now, context.organization_id, deals).await
}
