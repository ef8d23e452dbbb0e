//! Writing what was read of documents.

use std::collections::{BTreeSet, HashMap};

use finbridge_contract::{RemoteDocument, RemoteLine};
use finbridge_domain::{Amount, DocumentKind, DocumentStatus, HomeAmount, PartyKind, name_key};
use finbridge_entity::types::ExactDecimal;
use finbridge_entity::{Scoped, deal, document, document_line};
use rust_decimal::Decimal;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder, QuerySelect, Set, TryIntoModel,
};
use uuid::Uuid;

use super::detail::Detail;
use crate::engine::{Engine, Remote};
use crate::error::SyncError;

/// A document in a foreign currency, of which the finance app tells no rate: it has no amount in the home currency (A17.21).
pub const EXCHANGE_RATE_MISSING: &str = "EXCHANGE_RATE_MISSING";

/// A document whose home amount cannot be kept: the rate or the result is beyond all bounds.
pub const EXCHANGE_RATE_UNUSABLE: &str = "EXCHANGE_RATE_UNUSABLE";

/// A document after a reading.
#[derive(Debug, Clone)]
pub struct Kept {
    /// The row.
    pub row: document::Model,
    /// Whether the reading changed something of it.
    pub is_changed: bool,
}

/// Keeps documents of one kind as they were read, whole ones with their lines, and returns the rows. What was read earlier than
/// what is kept already changes nothing, and what lists tell does not take the place of a whole document of the same state. A
/// document whose amounts cannot be kept exactly is left out: nothing is rounded.
///
/// # Errors
/// The database's.
pub async fn keep(
    engine: &Engine,
    transaction: &DatabaseTransaction,
    remote: &Remote,
    kind: DocumentKind,
    documents: &[RemoteDocument],
) -> Result<Vec<Kept>, SyncError> {
    // A page may tell a record twice; the later one is the newer.
    let mut latest: HashMap<&str, &RemoteDocument> = HashMap::new();
    for one in documents {
        let known = latest.entry(&one.remote_id).or_insert(one);
        if known.modified_at <= one.modified_at {
            *known = one;
        }
    }
    let organization_id = remote.organization.organization_id;
    let mut kept: HashMap<String, document::Model> = document::Entity::of(organization_id)
        .filter(document::Column::FinanceOrganizationId.eq(remote.organization.id))
        .filter(document::Column::Kind.eq(kind.as_str()))
        .filter(document::Column::RemoteId.is_in(latest.keys().copied()))
        .all(transaction)
        .await?
        .into_iter()
        .map(|row| (row.remote_id.clone(), row))
        .collect();
    let deals = deals(transaction, organization_id, latest.values().copied()).await?;
    let mut rows = Vec::with_capacity(latest.len());
    let mut fresh = Vec::new();
    let mut lines = Vec::new();
    for one in latest.into_values() {
        let known = kept.remove(&one.remote_id);
        if let Some(known) = &known
            && known.deleted_at.is_none()
            && known.remote_modified_at > one.modified_at
        {
            rows.push(Kept { row: known.clone(), is_changed: false });
            continue;
        }
        let told = match told(engine, remote, kind, one, &deals) {
            Ok(told) => told,
            Err(error) => {
                tracing::warn!(document = %one.remote_id, kind = kind.as_str(), %error, "A document was left out of the mirror");
                continue;
            }
        };
        if let Some(known) = &known
            && is_same(known, &told.0, one)?
        {
            rows.push(Kept { row: known.clone(), is_changed: false });
            continue;
        }
        let row = match known {
            Some(known) => changed(transaction, known, told.0, one.is_whole).await?,
            None => {
                let row = made(engine, remote, kind, one, told.0);
                fresh.push(row.clone());
                row.try_into_model()?
            }
        };
        if one.is_whole {
            lines.extend(told.1.into_iter().zip(0..).map(|(line, position)| (row.id, line, position)));
        }
        rows.push(Kept { row, is_changed: true });
    }
    if !fresh.is_empty() {
        document::Entity::insert_many(fresh).exec_without_returning(transaction).await?;
    }
    let lines = lines.into_iter();
    let lines: Vec<_> =
        lines.map(|(id, line, position)| line_of(engine, organization_id, id, line, position)).collect();
    // So many values go in one statement; a line has fourteen.
    for some in lines.chunks(1_000) {
        document_line::Entity::insert_many(some.iter().cloned()).exec_without_returning(transaction).await?;
    }
    Ok(rows)
}

/// Notes that a document is gone. It stays as a tombstone (A17.25).
///
/// # Errors
/// The database's.
pub async fn forget(
    engine: &Engine,
    transaction: &DatabaseTransaction,
    remote: &Remote,
    kind: DocumentKind,
    remote_id: &str,
) -> Result<Option<document::Model>, SyncError> {
    let known = document::Entity::of(remote.organization.organization_id)
        .filter(document::Column::FinanceOrganizationId.eq(remote.organization.id))
        .filter(document::Column::Kind.eq(kind.as_str()))
        .filter(document::Column::RemoteId.eq(remote_id))
        .filter(document::Column::DeletedAt.is_null())
        .one(transaction)
        .await?;
    let Some(known) = known else { return Ok(None) };
    let now = engine.clock.now();
    let version = known.version;
    let mut row = known.into_active_model();
    row.deleted_at = Set(Some(now));
    row.version = Set(version + 1);
    row.updated_at = Set(now);
    Ok(Some(row.update(transaction).await?))
}

/// Whether a reading tells what is kept already. The finance app's times of change are whole seconds, so that two states can have
/// the same one: only their content tells them apart. Of a whole document that was read again in a list, what lists tell counts.
fn is_same(
    known: &document::Model,
    told: &document::ActiveModel,
    read: &RemoteDocument,
) -> Result<bool, SyncError> {
    if known.deleted_at.is_some() || known.remote_modified_at != read.modified_at {
        return Ok(false);
    }
    let mut now = keyed(known, told.clone()).try_into_model()?;
    (now.read_at, now.updated_at, now.version) = (known.read_at, known.updated_at, known.version);
    if known.is_whole && !read.is_whole {
        let listed = |row: &document::Model| {
            let amounts = (row.total_units, row.balance_units);
            (
                row.remote_status.clone(),
                amounts,
                row.number.clone(),
                row.due_on,
                row.dated_on,
                row.deal_wire_id,
            )
        };
        return Ok(listed(known) == listed(&now));
    }
    Ok(now == *known)
}

/// What was told of a document that is known, with what identifies it.
fn keyed(known: &document::Model, told: document::ActiveModel) -> document::ActiveModel {
    document::ActiveModel {
        organization_id: Set(known.organization_id),
        id: Set(known.id),
        finance_organization_id: Set(known.finance_organization_id),
        integration_id: Set(known.integration_id),
        kind: Set(known.kind.clone()),
        remote_id: Set(known.remote_id.clone()),
        seen_in_sweep: Set(known.seen_in_sweep.clone()),
        version: Set(known.version + 1),
        created_at: Set(known.created_at),
        ..told
    }
}

async fn deals(
    transaction: &DatabaseTransaction,
    organization_id: Uuid,
    documents: impl Iterator<Item = &RemoteDocument>,
) -> Result<HashMap<i64, Uuid>, SyncError> {
    let numbers: BTreeSet<i64> =
        documents.filter_map(|one| one.deal.as_ref()).map(|deal| deal.wire_id.0).collect();
    if numbers.is_empty() {
        return Ok(HashMap::new());
    }
    let known: Vec<(i64, Uuid, Option<Uuid>)> = deal::Entity::of(organization_id)
        .filter(deal::Column::WireId.is_in(numbers))
        // Documents of a deal that was merged into another belong to that one, also before the finance side knows it.
        .filter(
            Condition::any()
                .add(deal::Column::DeletedAt.is_null())
                .add(deal::Column::MergedIntoId.is_not_null()),
        )
        .order_by_asc(deal::Column::Id)
        .select_only()
        .columns([deal::Column::WireId, deal::Column::Id, deal::Column::MergedIntoId])
        .into_tuple()
        .all(transaction)
        .await?;
    Ok(known.into_iter().map(|(number, id, merged_into)| (number, merged_into.unwrap_or(id))).collect())
}

/// Why a document cannot be kept.
#[derive(Debug, thiserror::Error)]
enum Unkept {
    #[error("an amount of it cannot be kept: {0}")]
    Amount(#[from] finbridge_domain::AmountError),
    #[error("its detail cannot be written: {0}")]
    Detail(#[from] serde_json::Error),
}

/// What a reading tells: the columns, and the lines with what they come to.
type Told<'a> = (document::ActiveModel, Vec<(&'a RemoteLine, Amount)>);

fn told<'a>(
    engine: &Engine,
    remote: &Remote,
    kind: DocumentKind,
    read: &'a RemoteDocument,
    deals: &HashMap<i64, Uuid>,
) -> Result<Told<'a>, Unkept> {
    let lines = read.lines.iter().map(|line| Ok((line, Amount::try_from(line.total)?)));
    let lines = lines.collect::<Result<Vec<_>, Unkept>>()?;
    let units = |amount: Option<Decimal>| {
        amount.map(|amount| Amount::try_from(amount).map(Amount::units)).transpose()
    };
    let total = Amount::try_from(read.total)?;
    let balance = read.balance.map(Amount::try_from).transpose()?;
    let home_currency = &remote.organization.base_currency_code;
    let currency = if read.currency_code.is_empty() { home_currency } else { &read.currency_code };
    let home = |amount: Amount| match read.exchange_rate {
        _ if currency == home_currency => Ok(HomeAmount::of(amount)),
        Some(rate) => HomeAmount::convert(amount, rate).map_err(|_| EXCHANGE_RATE_UNUSABLE),
        None => Err(EXCHANGE_RATE_MISSING),
    };
    let (home_total, home_balance) = (home(total), balance.map(home).transpose());
    let problem = home_total.err().or(home_balance.err());
    let home_total = home_total.ok().filter(|_| problem.is_none());
    let home_balance = home_balance.ok().flatten().filter(|_| problem.is_none());
    let is_partially_paid = balance.is_some_and(|balance| balance.units() > 0 && balance < total);
    let party = |kind| read.parties.iter().find(|party| party.kind == kind);
    let (customer, vendor) = (party(PartyKind::Customer), party(PartyKind::Vendor));
    let party_name = customer.or(vendor).and_then(|party| party.name.clone());
    let deal_wire_id = read.deal.as_ref().map(|deal| deal.wire_id.0);
    let now = engine.clock.now();
    let columns = document::ActiveModel {
        number: Set(read.number.clone()),
        reference: Set(read.reference.clone()),
        status: Set(DocumentStatus::mirrored(kind, &read.status, is_partially_paid).as_str().to_owned()),
        remote_status: Set(read.status.clone()),
        customer_id: Set(customer.map(|party| party.remote_id.clone())),
        vendor_id: Set(vendor.map(|party| party.remote_id.clone())),
        party_key: Set(party_name.as_deref().map(name_key)),
        party_name: Set(party_name),
        deal_id: Set(deal_wire_id.and_then(|number| deals.get(&number)).copied()),
        deal_wire_id: Set(deal_wire_id),
        currency_code: Set(currency.clone()),
        exchange_rate: Set(read.exchange_rate.map(ExactDecimal)),
        dated_on: Set(read.dated_on),
        due_on: Set(read.due_on),
        sub_total_units: Set(units(read.sub_total)?),
        discount_units: Set(units(read.discount_total)?),
        tax_units: Set(units(read.tax_total)?),
        shipping_units: Set(units(read.shipping)?),
        adjustment_units: Set(units(read.adjustment)?),
        total_units: Set(total.units()),
        balance_units: Set(balance.map(Amount::units)),
        home_currency_code: Set(home_currency.clone()),
        home_total_whole: Set(home_total.map(HomeAmount::whole)),
        home_total_nano: Set(home_total.map(HomeAmount::nano)),
        home_balance_whole: Set(home_balance.map(HomeAmount::whole)),
        home_balance_nano: Set(home_balance.map(HomeAmount::nano)),
        detail: Set(serde_json::to_value(Detail::told(read))?),
        problem: Set(problem.map(str::to_owned)),
        is_whole: Set(read.is_whole),
        remote_created_at: Set(read.created_at),
        remote_modified_at: Set(read.modified_at),
        read_at: Set(now),
        deleted_at: Set(None),
        updated_at: Set(now),
        ..Default::default()
    };
    Ok((columns, lines))
}

fn made(
    engine: &Engine,
    remote: &Remote,
    kind: DocumentKind,
    read: &RemoteDocument,
    told: document::ActiveModel,
) -> document::ActiveModel {
    document::ActiveModel {
        organization_id: Set(remote.organization.organization_id),
        id: Set(engine.ids.uuid()),
        finance_organization_id: Set(remote.organization.id),
        integration_id: Set(remote.integration.id),
        kind: Set(kind.as_str().to_owned()),
        remote_id: Set(read.remote_id.clone()),
        seen_in_sweep: Set(None),
        version: Set(1),
        created_at: Set(engine.clock.now()),
        ..told
    }
}

async fn changed(
    transaction: &DatabaseTransaction,
    known: document::Model,
    told: document::ActiveModel,
    is_whole: bool,
) -> Result<document::Model, SyncError> {
    if known.is_whole || is_whole {
        document_line::Entity::delete_many()
            .filter(document_line::Column::OrganizationId.eq(known.organization_id))
            .filter(document_line::Column::DocumentId.eq(known.id))
            .exec(transaction)
            .await?;
    }
    Ok(keyed(&known, told).update(transaction).await?)
}

fn line_of(
    engine: &Engine,
    organization_id: Uuid,
    document_id: Uuid,
    (line, total): (&RemoteLine, Amount),
    position: i32,
) -> document_line::ActiveModel {
    document_line::ActiveModel {
        organization_id: Set(organization_id),
        id: Set(engine.ids.uuid()),
        document_id: Set(document_id),
        position: Set(position),
        remote_id: Set(line.remote_id.clone()),
        item_id: Set(line.item_id.clone()),
        name: Set(line.name.clone()),
        description: Set(line.description.clone()),
        quantity: Set(ExactDecimal(line.quantity)),
        unit: Set(line.unit.clone()),
        unit_price: Set(ExactDecimal(line.unit_price)),
        discount: Set(line.discount.clone()),
        tax_name: Set(line.tax_name.clone()),
        tax_percent: Set(line.tax_percent.map(ExactDecimal)),
        total_units: Set(total.units()),
    }
}
