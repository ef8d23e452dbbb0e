//! What an automatic document is made of (A17.6, A17.27).

use std::collections::HashMap;

use finbridge_contract::{DocumentDraft, NewDealMark, NewLine};
use finbridge_domain::Amount;
use finbridge_domain::record::RecordKind;
use finbridge_entity::types::LinkState;
use finbridge_entity::{Scoped, deal, deal_line, product, record_link};
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use super::code::Code;
use crate::engine::Remote;
use crate::error::SyncError;

/// The deal's product lines with their own prices; without any, one line with the deal's name and amount.
pub(super) async fn draft(
    db: &impl ConnectionTrait,
    remote: &Remote,
    deal: &deal::Model,
) -> Result<Result<DocumentDraft, Code>, SyncError> {
    let lines = deal_line::Entity::of(deal.organization_id)
        .filter(deal_line::Column::DealId.eq(deal.id))
        .order_by_asc(deal_line::Column::Position)
        .all(db)
        .await?;
    let lines = if lines.is_empty() {
        match deal.amount_units.filter(|units| *units > 0) {
            Some(units) => vec![NewLine {
                item_id: None,
                name: deal.name.clone(),
                description: None,
                quantity: 1.into(),
                unit: None,
                unit_price: Amount::from_units(units).to_decimal(),
            }],
            None => return Ok(Err(Code::DealHasNoAmount)),
        }
    } else {
        match of_lines(db, remote, deal.organization_id, lines).await? {
            Some(lines) => lines,
            None => return Ok(Err(Code::LineHasNoPrice)),
        }
    };
    let mark = NewDealMark { wire_id: deal.wire_id, name: deal.name.clone() };
    Ok(Ok(DocumentDraft { lines: Some(lines), deal: Some(mark), ..DocumentDraft::default() }))
}

/// The lines as the finance app takes them; none where a price is not known.
async fn of_lines(
    db: &impl ConnectionTrait,
    remote: &Remote,
    organization_id: Uuid,
    lines: Vec<deal_line::Model>,
) -> Result<Option<Vec<NewLine>>, SyncError> {
    let ids: Vec<Uuid> = lines.iter().map(|line| line.product_id).collect();
    let products: HashMap<Uuid, product::Model> = product::Entity::of(organization_id)
        .filter(product::Column::Id.is_in(ids.iter().copied()))
        .all(db)
        .await?
        .into_iter()
        .map(|product| (product.id, product))
        .collect();
    let items: HashMap<Uuid, Option<String>> = record_link::Entity::of(organization_id)
        .filter(record_link::Column::FinanceOrganizationId.eq(remote.organization.id))
        .filter(record_link::Column::Kind.eq(RecordKind::Item.as_str()))
        .filter(record_link::Column::RecordId.is_in(ids))
        .filter(record_link::Column::State.eq(LinkState::Linked))
        .all(db)
        .await?
        .into_iter()
        .map(|link| (link.record_id, link.remote_id))
        .collect();
    let lines = lines.into_iter().map(|line| {
        let product = products.get(&line.product_id)?;
        Some(NewLine {
            item_id: items.get(&line.product_id).cloned().flatten(),
            name: product.name.clone(),
            description: product.description.clone(),
            quantity: line.quantity.0,
            unit: product.unit.clone(),
            unit_price: line.unit_price?.0,
        })
    });
    Ok(lines.collect())
}
