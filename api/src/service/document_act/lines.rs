//! Lines of documents: those that somebody writes, and those of a deal.

use std::collections::HashMap;

use finbridge_contract::NewLine;
use finbridge_domain::Amount;
use finbridge_entity::{deal, product};
use finbridge_sync::document::lines::{self as document_lines, Known, NoLines};
use rust_decimal::Decimal;
use sea_orm::ConnectionTrait;
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
    let mut known =
        document_lines::products(db, services.organization_id(), finance_organization_id, ids).await?;
    known.retain(|_, one| one.product.deleted_at.is_none());
    let told: Vec<NewLine> =
        lines.iter().enumerate().map(|(place, line)| one(check, &known, place, line)).collect();
    // What the finance app made of it has to be kept here to the last digit.
    let mut totals = told.iter().map(|line| line.quantity.checked_mul(line.unit_price));
    let sum = totals.try_fold(Decimal::ZERO, |sum, total| sum.checked_add(total?));
    if sum.is_none_or(|sum| Amount::try_from(sum.round_dp(4)).is_err()) {
        let message = "These lines come to more than an amount can be; check quantities and prices";
        check.fault(ErrorCode::AmountInvalid, "lines", message);
    }
    Ok(told)
}

fn one(check: &mut Check, products: &HashMap<Uuid, Known>, place: usize, line: &Line) -> NewLine {
    let at = |field: &str| format!("lines.{place}.{field}");
    let known = line.product_id.and_then(|id| products.get(&id));
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
    let product = known.map(|known| &known.product);
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
        item_id: item_key.or_else(|| known.and_then(|known| known.item_id.clone())),
        name,
        description: check.optional(&at("description"), line.description.as_deref(), TEXT_LENGTH),
        quantity: line.quantity,
        unit: unit.or_else(|| product.and_then(|product| product.unit.clone())),
        unit_price: line.unit_price,
    }
}

/// The lines of the deal, or one of its amount (A17.6).
pub(super) async fn of_deal(
    db: &impl ConnectionTrait,
    check: &mut Check,
    finance_organization_id: Uuid,
    deal: &deal::Model,
) -> ServiceResult<Vec<NewLine>> {
    let reason = match document_lines::of_deal(db, finance_organization_id, deal).await? {
        Ok(lines) => return Ok(lines),
        Err(NoLines::NoAmount) => {
            "The deal has neither lines nor an amount that come to more than zero; give it one, or write the lines here"
                .to_owned()
        }
        Err(NoLines::NoPrice(product)) => {
            format!("The deal's line of {product} has no price; give it one, or write the lines here")
        }
    };
    check.fault(ErrorCode::Required, "fromDeal", reason);
    Ok(Vec::new())
}
