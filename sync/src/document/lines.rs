//! Lines of documents that come from products and deals, whoever makes the document: a person or a trigger.

use std::collections::HashMap;

use finbridge_contract::NewLine;
use finbridge_domain::Amount;
use finbridge_domain::record::RecordKind;
use finbridge_entity::types::LinkState;
use finbridge_entity::{Scoped, deal, deal_line, product, record_link};
use rust_decimal::Decimal;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, QueryFilter, QueryOrder};
use uuid::Uuid;

/// A product, and its item on the finance side where it is linked to one.
pub struct Known {
    /// The product; it may be deleted.
    pub product: product::Model,
    /// The item, by its id there.
    pub item_id: Option<String>,
}

/// Why a deal has no lines that a document could have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoLines {
    /// Neither its lines nor its amount come to more than nothing (A17.6).
    NoAmount,
    /// The line of this product has no price.
    NoPrice(String),
}

/// The products of these ids, deleted ones too.
///
/// # Errors
/// The database's.
pub async fn products(
    db: &impl ConnectionTrait,
    organization_id: Uuid,
    finance_organization_id: Uuid,
    ids: Vec<Uuid>,
) -> Result<HashMap<Uuid, Known>, DbErr> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let products = product::Entity::of(organization_id)
        .filter(product::Column::Id.is_in(ids.iter().copied()))
        .all(db)
        .await?;
    let mut items: HashMap<Uuid, Option<String>> = record_link::Entity::of(organization_id)
        .filter(record_link::Column::FinanceOrganizationId.eq(finance_organization_id))
        .filter(record_link::Column::Kind.eq(RecordKind::Item.as_str()))
        .filter(record_link::Column::RecordId.is_in(ids))
        .filter(record_link::Column::State.eq(LinkState::Linked))
        .all(db)
        .await?
        .into_iter()
        .map(|link| (link.record_id, link.remote_id))
        .collect();
    let known = products.into_iter().map(|product| {
        let item_id = items.remove(&product.id).flatten();
        (product.id, Known { product, item_id })
    });
    Ok(known.collect())
}

/// The deal's product lines with their own prices; without any, one line with the deal's name and amount (A17.6).
///
/// # Errors
/// The database's.
pub async fn of_deal(
    db: &impl ConnectionTrait,
    finance_organization_id: Uuid,
    deal: &deal::Model,
) -> Result<Result<Vec<NewLine>, NoLines>, DbErr> {
    let lines = deal_line::Entity::of(deal.organization_id)
        .filter(deal_line::Column::DealId.eq(deal.id))
        .order_by_asc(deal_line::Column::Position)
        .all(db)
        .await?;
    if lines.is_empty() {
        let units = deal.amount_units.filter(|units| *units > 0).ok_or(NoLines::NoAmount);
        return Ok(units.map(|units| {
            vec![NewLine {
                item_id: None,
                name: deal.name.clone(),
                description: None,
                quantity: Decimal::ONE,
                unit: None,
                unit_price: Amount::from_units(units).to_decimal(),
            }]
        }));
    }
    let ids = lines.iter().map(|line| line.product_id).collect();
    let known = products(db, deal.organization_id, finance_organization_id, ids).await?;
    let mut told = Vec::with_capacity(lines.len());
    for line in lines {
        // A line keeps its product: the two are bound by a foreign key.
        let Some(Known { product, item_id }) = known.get(&line.product_id) else { continue };
        let Some(price) = line.unit_price else { return Ok(Err(NoLines::NoPrice(product.name.clone()))) };
        told.push(NewLine {
            item_id: item_id.clone(),
            name: product.name.clone(),
            description: product.description.clone(),
            quantity: line.quantity.0,
            unit: product.unit.clone(),
            unit_price: price.0,
        });
    }
    if told.iter().all(|line| line.quantity.is_zero() || line.unit_price.is_zero()) {
        return Ok(Err(NoLines::NoAmount));
    }
    Ok(Ok(told))
}
