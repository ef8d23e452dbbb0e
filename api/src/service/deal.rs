//! Deals: what the organization hopes to sell, to whom, and how far it has come.

use std::collections::{BTreeSet, HashMap};

use async_graphql::MaybeUndefined;
use chrono::NaiveDate;
use finbridge_domain::{Amount, CurrencyCode, name_key};
use finbridge_entity::types::{DealEventKind, ExactDecimal, StageKind};
use finbridge_entity::{
    Scoped, account, begin_write, deal, deal_line, organization, product, product_price, stage,
};
use finbridge_sync::event::{Subject, Topic};
use rust_decimal::Decimal;
use sea_orm::{ColumnTrait, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter, Set};
use uuid::Uuid;

use super::error::{ErrorCode, ServiceError, ServiceResult};
use super::idempotency::Claim;
use super::record::write::{self, CommonChange, CommonNew};
use super::validate::{Check, NAME_LENGTH, TEXT_LENGTH, change};
use super::{Services, record, trigger};

/// Lines in the longest deal.
pub const MOST_LINES: usize = 100;

/// A line of a deal.
#[derive(Debug, Clone, Copy)]
pub struct NewLine {
    /// The product.
    pub product_id: Uuid,
    /// How many.
    pub quantity: Decimal,
    /// Price of one, in the currency of the deal: the product's list price when absent, not known when null.
    pub unit_price: MaybeUndefined<Decimal>,
}

/// What a deal is made of.
#[derive(Debug, Clone)]
pub struct NewDeal {
    /// Name.
    pub name: String,
    /// The account it is with.
    pub account_id: Option<Uuid>,
    /// Where it stands.
    pub stage_id: Uuid,
    /// What it is worth.
    pub amount: Option<Decimal>,
    /// Of which currency; the organization's home currency when absent.
    pub currency: Option<CurrencyCode>,
    /// Day on which work on it began.
    pub opened_on: Option<NaiveDate>,
    /// Day on which it was decided, or is expected to be.
    pub closed_on: Option<NaiveDate>,
    /// What is sold, in this order.
    pub lines: Vec<NewLine>,
    /// Free text.
    pub description: Option<String>,
    /// What every create may say.
    pub common: CommonNew,
}

/// What changes: absent fields stay, null clears. The stage changes with [`move_to_stage`].
#[derive(Debug, Clone, Default)]
pub struct DealChange {
    /// What every update may say.
    pub common: CommonChange,
    /// Name.
    pub name: MaybeUndefined<String>,
    /// The account it is with.
    pub account_id: MaybeUndefined<Uuid>,
    /// What it is worth.
    pub amount: MaybeUndefined<Decimal>,
    /// Of which currency.
    pub currency: MaybeUndefined<CurrencyCode>,
    /// Day on which work on it began.
    pub opened_on: MaybeUndefined<NaiveDate>,
    /// Day on which it was decided, or is expected to be.
    pub closed_on: MaybeUndefined<NaiveDate>,
    /// What is sold; replaces all lines.
    pub lines: MaybeUndefined<Vec<NewLine>>,
    /// Free text.
    pub description: MaybeUndefined<String>,
}

/// Makes a deal.
///
/// # Errors
/// What is wrong with the input.
pub async fn create(services: &Services, mut new: NewDeal) -> ServiceResult<deal::Model> {
    let key = new.common.idempotency.take();
    write::once::<deal::Entity, _>(services, key, |claim| make(services, new, claim)).await
}

async fn make(services: &Services, new: NewDeal, claim: Option<Claim>) -> ServiceResult<deal::Model> {
    let mut draft = write::draft::<deal::Entity>(services, new.common, claim).await?;
    let (db, check, row) = (&draft.transaction, &mut draft.check, &mut draft.row);
    hold(services, db, Some(new.stage_id), new.account_id, &new.lines).await?;
    let name = check.required("name", &new.name, NAME_LENGTH);
    row.name_key = Set(name_key(&name));
    row.name = Set(name);
    row.amount_units = Set(new.amount.and_then(|amount| check.amount("amount", amount)));
    row.description = Set(check.optional("description", new.description.as_deref(), TEXT_LENGTH));
    row.account_id = Set(new.account_id);
    row.stage_id = Set(new.stage_id);
    row.opened_on = Set(new.opened_on);
    row.closed_on = Set(new.closed_on);
    let currency = match new.currency {
        Some(currency) => currency.as_str().to_owned(),
        None => organization(services, db).await?.home_currency_code,
    };
    row.currency_code = Set(currency.clone());
    record::refer::<account::Entity>(services, db, check, "accountId", new.account_id).await?;
    find_stage(services, db, check, new.stage_id).await?;
    let lines = priced(services, db, check, &new.lines, &currency).await?;
    let id = draft.id;
    let inserted = draft.insert(services).await?;
    insert_lines(services, &inserted.transaction, id, lines).await?;
    let (transaction, deal) = inserted.into_parts();
    trigger::note(services, &transaction, &deal, DealEventKind::Created).await?;
    transaction.commit().await?;
    Ok(deal)
}

/// Changes a deal.
///
/// # Errors
/// What is wrong with the input, or that the deal changed since it was read.
pub async fn update(services: &Services, id: Uuid, new: DealChange) -> ServiceResult<deal::Model> {
    let transaction = begin_write(services.db()).await?;
    let lines = new.lines.value().map(Vec::as_slice).unwrap_or_default();
    write::hold_layout(services, &transaction, &new.common).await?;
    hold(services, &transaction, None, new.account_id.value().copied(), lines).await?;
    let mut edit = write::edit_in::<deal::Entity>(services, transaction, id, new.common).await?;
    let (db, check, row) = (&edit.transaction, &mut edit.check, &mut edit.row);
    row.name = check.required_change("name", &new.name, NAME_LENGTH);
    if let Set(name) = &row.name {
        row.name_key = Set(name_key(name));
    }
    row.description = check.optional_change("description", &new.description, TEXT_LENGTH);
    row.amount_units = change(&new.amount, |amount| check.amount("amount", *amount));
    match new.currency {
        MaybeUndefined::Undefined => {}
        MaybeUndefined::Null => {
            let message = "A deal always has a currency; leave `currencyCode` out to keep it";
            check.fault(ErrorCode::Required, "currencyCode", message);
        }
        MaybeUndefined::Value(currency) => row.currency_code = Set(currency.as_str().to_owned()),
    }
    row.opened_on = change(&new.opened_on, |day| Some(*day));
    row.closed_on = change(&new.closed_on, |day| Some(*day));
    row.account_id = change(&new.account_id, |account| Some(*account));
    record::refer::<account::Entity>(services, db, check, "accountId", new.account_id.take()).await?;
    let replaced = !new.lines.is_undefined();
    let currency = row.currency_code.try_as_ref().unwrap_or(&edit.before.currency_code).clone();
    let lines = priced(services, db, check, lines, &currency).await?;
    let saved = edit.save(services).await?;
    if replaced {
        deal_line::Entity::delete_many()
            .filter(deal_line::Column::OrganizationId.eq(services.organization_id()))
            .filter(deal_line::Column::DealId.eq(id))
            .exec(&saved.transaction)
            .await?;
        insert_lines(services, &saved.transaction, id, lines).await?;
    }
    told(services, saved.commit().await?).await
}

/// Moves a deal to a stage. A deal that is thereby won or lost and has no closing day is closed today, as the calendar of
/// the organization's time zone has it. Moving it to where it stands changes nothing.
///
/// # Errors
/// When there is no such deal or stage, or the deal changed since it was read.
pub async fn move_to_stage(
    services: &Services,
    id: Uuid,
    stage_id: Uuid,
    version: Option<i64>,
) -> ServiceResult<deal::Model> {
    let common = CommonChange { version, ..CommonChange::default() };
    let transaction = begin_write(services.db()).await?;
    hold(services, &transaction, Some(stage_id), None, &[]).await?;
    let mut edit = write::edit_in::<deal::Entity>(services, transaction, id, common).await?;
    let stage = find_stage(services, &edit.transaction, &mut edit.check, stage_id).await?;
    if edit.before.stage_id == stage_id {
        return Ok(edit.before);
    }
    let decided = stage.is_some_and(|stage| matches!(stage.kind, StageKind::Won | StageKind::Lost));
    if decided && edit.before.closed_on.is_none() {
        edit.row.closed_on = Set(Some(today(services, &edit.transaction).await?));
    }
    edit.row.stage_id = Set(stage_id);
    let (transaction, deal) = edit.save(services).await?.into_parts();
    trigger::note(services, &transaction, &deal, DealEventKind::Moved).await?;
    transaction.commit().await?;
    told(services, deal).await
}

/// Tells those who watch a deal that it changed.
async fn told(services: &Services, deal: deal::Model) -> ServiceResult<deal::Model> {
    let topic = Topic::one(services.organization_id(), Subject::Deal, deal.id);
    services.engine.events.announce(services.db(), topic).await?;
    Ok(deal)
}

async fn find_stage(
    services: &Services,
    db: &impl ConnectionTrait,
    check: &mut Check,
    id: Uuid,
) -> ServiceResult<Option<stage::Model>> {
    let stage = stage::Entity::one_of(services.organization_id(), id).one(db).await?;
    if stage.is_none() {
        check.fault(ErrorCode::NotFound, "stageId", "There is no such stage; choose one that `stages` lists");
    }
    Ok(stage)
}

/// Keeps what a deal refers to as it is, in the order in which everybody locks it.
async fn hold(
    services: &Services,
    transaction: &DatabaseTransaction,
    stage_id: Option<Uuid>,
    account_id: Option<Uuid>,
    lines: &[NewLine],
) -> ServiceResult<()> {
    record::hold::<stage::Entity>(services, transaction, stage_id).await?;
    record::hold::<account::Entity>(services, transaction, account_id).await?;
    let products: BTreeSet<Uuid> = lines.iter().take(MOST_LINES).map(|line| line.product_id).collect();
    record::hold::<product::Entity>(services, transaction, products).await
}

/// A line with its price settled.
struct Line {
    product_id: Uuid,
    quantity: Decimal,
    unit_price: Option<Decimal>,
}

/// The lines with their prices. Lines are not too many, their quantities are positive, and their products exist.
async fn priced(
    services: &Services,
    db: &impl ConnectionTrait,
    check: &mut Check,
    lines: &[NewLine],
    currency: &str,
) -> ServiceResult<Vec<Line>> {
    if lines.len() > MOST_LINES {
        let message =
            format!("A deal takes {MOST_LINES} lines and these are {}; split the deal", lines.len());
        check.fault(ErrorCode::Invalid, "lines", message);
        return Ok(Vec::new());
    }
    if lines.is_empty() {
        return Ok(Vec::new());
    }
    let products: HashMap<Uuid, product::Model> = record::living::<product::Entity>(services)
        .filter(product::Column::Id.is_in(lines.iter().map(|line| line.product_id)))
        .all(db)
        .await?
        .into_iter()
        .map(|product| (product.id, product))
        .collect();
    for (place, line) in lines.iter().enumerate() {
        if !products.contains_key(&line.product_id) {
            record::absent::<product::Entity>(check, &format!("lines.{place}.productId"));
        }
        if line.quantity <= Decimal::ZERO {
            let field = format!("lines.{place}.quantity");
            check.fault(ErrorCode::Invalid, &field, "Give a quantity above zero, or leave the line out");
        }
    }
    let prices = list_prices(services, db, &products, currency).await?;
    let settled = |line: &NewLine| Line {
        product_id: line.product_id,
        quantity: line.quantity,
        unit_price: match line.unit_price {
            MaybeUndefined::Undefined => prices.get(&line.product_id).copied(),
            MaybeUndefined::Null => None,
            MaybeUndefined::Value(price) => Some(price),
        },
    };
    Ok(lines.iter().map(settled).collect())
}

/// What the products cost in a currency, as far as they have a list price there. Nothing is converted.
async fn list_prices(
    services: &Services,
    db: &impl ConnectionTrait,
    products: &HashMap<Uuid, product::Model>,
    currency: &str,
) -> ServiceResult<HashMap<Uuid, Decimal>> {
    let further = product_price::Entity::of(services.organization_id())
        .filter(product_price::Column::ProductId.is_in(products.keys().copied()))
        .filter(product_price::Column::CurrencyCode.eq(currency))
        .all(db)
        .await?;
    let mut units: HashMap<Uuid, i64> =
        further.into_iter().map(|price| (price.product_id, price.amount_units)).collect();
    for product in products.values() {
        if product.unit_price_currency_code.as_deref() == Some(currency) {
            units.extend(product.unit_price_units.map(|price| (product.id, price)));
        }
    }
    Ok(units.into_iter().map(|(id, units)| (id, Amount::from_units(units).to_decimal())).collect())
}

async fn insert_lines(
    services: &Services,
    db: &impl ConnectionTrait,
    deal_id: Uuid,
    lines: Vec<Line>,
) -> ServiceResult<()> {
    if lines.is_empty() {
        return Ok(());
    }
    let rows = (0..).zip(lines).map(|(position, line)| deal_line::ActiveModel {
        organization_id: Set(services.organization_id()),
        id: Set(services.ids().uuid()),
        deal_id: Set(deal_id),
        product_id: Set(line.product_id),
        position: Set(position),
        quantity: Set(ExactDecimal(line.quantity)),
        unit_price: Set(line.unit_price.map(ExactDecimal)),
    });
    deal_line::Entity::insert_many(rows).exec_without_returning(db).await?;
    Ok(())
}

async fn organization(services: &Services, db: &impl ConnectionTrait) -> ServiceResult<organization::Model> {
    let row = organization::Entity::find_by_id(services.organization_id()).one(db).await?;
    row.ok_or_else(|| DbErr::RecordNotFound("the viewer's organization".to_owned()).into())
}

/// The day that it is in the organization's time zone.
///
/// # Errors
/// A time zone that is none.
pub(super) async fn today(services: &Services, db: &impl ConnectionTrait) -> ServiceResult<NaiveDate> {
    let organization = organization(services, db).await?;
    let zone: chrono_tz::Tz = organization
        .time_zone
        .parse()
        .map_err(|error: chrono_tz::ParseError| ServiceError::Internal(Box::new(error)))?;
    Ok(services.clock().now().with_timezone(&zone).date_naive())
}
