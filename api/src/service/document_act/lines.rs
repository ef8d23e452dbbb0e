//! Lines of documents: those that somebody writes, and those of a deal.

use std::collections::HashMap;

use finbridge_contract::NewLine;
use finbridge_domain::Amount;
use finbridge_domain::record::RecordKind;
use finbridge_entity::types::LinkState;
use finbridge_entity::{Scoped, deal, deal_line, product, record_link};
use rust_decimal::Decimal;
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use super::content::key;
use crate::service::Services;
use crate::service::deal::MOST_LINES;
use crate::service::error::{ErrorCode, ServiceResult};
use crate::service::record;
use crate::service::validate::{Check, LINE_LENGTH, NAME_LENGTH, TEXT_LENGTH};

/// A line that somebody writes.
#[derive(Debug, Clone)]
pub struct Line {
    /// What it is called; none: as the product.
    pub name: Option<String>,
    /// What is said about it.
    pub description: Option<String>,
    /// How many.
    pub quantity: Decimal,
    /// Price of one, in the document's currency.
    pub unit_price: Decimal,
    /// Of what unit.
    pub unit: Option<String>,
    /// The product; its item goes with the line where it is linked to one.
    pub product_id: Option<Uuid>,
    /// The item, by its id in the finance app.
    pub item_key: Option<String>,
}

/// Products by id, each with its item on the finance side where it is linked to one.
struct Catalogue(HashMap<Uuid, (product::Model, Option<String>)>);

impl Catalogue {
    async fn read(
        services: &Services,
        db: &impl ConnectionTrait,
        finance_organization_id: Uuid,
        ids: Vec<Uuid>,
    ) -> ServiceResult<Self> {
        if ids.is_empty() {
            return Ok(Self(HashMap::new()));
        }
        let products = record::living::<product::Entity>(services)
            .filter(product::Column::Id.is_in(ids.iter().copied()))
            .all(db)
            .await?;
        let mut items: HashMap<Uuid, Option<String>> = record_link::Entity::of(services.organization_id())
            .filter(record_link::Column::FinanceOrganizationId.eq(finance_organization_id))
            .filter(record_link::Column::Kind.eq(RecordKind::Item.as_str()))
            .filter(record_link::Column::RecordId.is_in(ids))
            .filter(record_link::Column::State.eq(LinkState::Linked))
            .all(db)
            .await?
            .into_iter()
            .map(|link| (link.record_id, link.remote_id))
            .collect();
        let known = products.into_iter().map(|one| {
            let item = items.remove(&one.id).flatten();
            (one.id, (one, item))
        });
        Ok(Self(known.collect()))
    }
}

/// The lines as the finance app takes them: 1 to 100, with quantities above zero, and of products that are there.
pub(super) async fn written(
    services: &Services,
    db: &impl ConnectionTrait,
    check: &mut Check,
    finance_organization_id: Uuid,
    lines: &[Line],
) -> ServiceResult<Vec<NewLine>> {
    if lines.is_empty() {
        check.fault(ErrorCode::Required, "lines", "Give at least one line");
    }
    if lines.len() > MOST_LINES {
        let message = format!("A document takes {MOST_LINES} lines and these are {}; split it", lines.len());
        check.fault(ErrorCode::Invalid, "lines", message);
        return Ok(Vec::new());
    }
    let ids = lines.iter().filter_map(|line| line.product_id).collect();
    let catalogue = Catalogue::read(services, db, finance_organization_id, ids).await?;
    Ok(lines.iter().enumerate().map(|(place, line)| one(check, &catalogue, place, line)).collect())
}

fn one(check: &mut Check, catalogue: &Catalogue, place: usize, line: &Line) -> NewLine {
    let at = |field: &str| format!("lines.{place}.{field}");
    let known = line.product_id.and_then(|id| catalogue.0.get(&id));
    if line.product_id.is_some() && known.is_none() {
        record::absent::<product::Entity>(check, &at("productId"));
    }
    let item_key = line.item_key.as_deref().and_then(|given| key(check, &at("itemKey"), given));
    if line.product_id.is_some() && line.item_key.is_some() {
        check.fault(ErrorCode::Invalid, &at("itemKey"), "Name the product or the item, not both");
    }
    if line.quantity <= Decimal::ZERO {
        check.fault(ErrorCode::Invalid, &at("quantity"), "Give a quantity above zero, or leave the line out");
    }
    let product = known.map(|(product, _)| product);
    let name = match (check.optional(&at("name"), line.name.as_deref(), NAME_LENGTH), product) {
        (Some(name), _) => name,
        (None, Some(product)) => product.name.clone(),
        (None, None) => {
            if line.product_id.is_none() {
                check.fault(
                    ErrorCode::Required,
                    &at("name"),
                    "Say what the line is called, or name a product",
                );
            }
            String::new()
        }
    };
    let unit = check.optional(&at("unit"), line.unit.as_deref(), LINE_LENGTH);
    NewLine {
        item_id: item_key.or_else(|| known.and_then(|(_, item)| item.clone())),
        name,
        description: check.optional(&at("description"), line.description.as_deref(), TEXT_LENGTH),
        quantity: line.quantity,
        unit: unit.or_else(|| product.and_then(|product| product.unit.clone())),
        unit_price: line.unit_price,
    }
}

/// The deal's product lines with their own prices; without any, one line with the deal's name and amount (A17.6).
pub(super) async fn of_deal(
    services: &Services,
    db: &impl ConnectionTrait,
    check: &mut Check,
    finance_organization_id: Uuid,
    deal: &deal::Model,
) -> ServiceResult<Vec<NewLine>> {
    let field = "fromDeal";
    let lines = deal_line::Entity::of(services.organization_id())
        .filter(deal_line::Column::DealId.eq(deal.id))
        .order_by_asc(deal_line::Column::Position)
        .all(db)
        .await?;
    if lines.is_empty() {
        let Some(units) = deal.amount_units.filter(|units| *units > 0) else {
            let message =
                "The deal has neither lines nor an amount above zero; give it one, or write the lines here";
            check.fault(ErrorCode::Required, field, message);
            return Ok(Vec::new());
        };
        return Ok(vec![NewLine {
            item_id: None,
            name: deal.name.clone(),
            description: None,
            quantity: Decimal::ONE,
            unit: None,
            unit_price: Amount::from_units(units).to_decimal(),
        }]);
    }
    let ids = lines.iter().map(|line| line.product_id).collect();
    let catalogue = Catalogue::read(services, db, finance_organization_id, ids).await?;
    let mut told = Vec::with_capacity(lines.len());
    for line in lines {
        let known = catalogue.0.get(&line.product_id);
        let (Some((product, item)), Some(price)) = (known, line.unit_price) else {
            let message = match known {
                Some((product, _)) => format!(
                    "The deal's line of {} has no price; give it one, or write the lines here",
                    product.name
                ),
                None => {
                    "A product of the deal's lines was deleted; take that line out, or write the lines here"
                        .to_owned()
                }
            };
            check.fault(ErrorCode::Required, field, message);
            continue;
        };
        told.push(NewLine {
            item_id: item.clone(),
            name: product.name.clone(),
            description: product.description.clone(),
            quantity: line.quantity.0,
            unit: product.unit.clone(),
            unit_price: price.0,
        });
    }
    Ok(told)
}
