//! What a reading of a document tells, as it is kept.

use std::collections::{BTreeSet, HashMap};

use finbridge_contract::{RemoteDocument, RemoteLine};
use finbridge_domain::{Amount, DocumentKind, DocumentStatus, HomeAmount, PartyKind, name_key};
use finbridge_entity::types::ExactDecimal;
use finbridge_entity::{Scoped, deal, document, document_line};
use rust_decimal::Decimal;
use sea_orm::{ColumnTrait, Condition, DatabaseTransaction, QueryFilter, QueryOrder, QuerySelect, Set};
use uuid::Uuid;

use super::detail::Detail;
use super::store::{EXCHANGE_RATE_MISSING, EXCHANGE_RATE_UNUSABLE};
use crate::engine::{Engine, Remote};
use crate::error::SyncError;

/// A document as it was read, with what that tells.
pub(super) struct Reading<'a> {
    /// The document.
    pub(super) read: &'a RemoteDocument,
    /// The columns, without what identifies the row.
    pub(super) columns: document::ActiveModel,
    /// The lines, with what they come to.
    lines: Vec<(&'a RemoteLine, Amount)>,
}

/// Why a document cannot be kept.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unkept {
    /// More decimals than are kept, or too large.
    #[error("an amount of it cannot be kept: {0}")]
    Amount(#[from] finbridge_domain::AmountError),
    /// What it has beside its columns.
    #[error("its detail cannot be written: {0}")]
    Detail(#[from] serde_json::Error),
}

impl<'a> Reading<'a> {
    /// What this document tells.
    ///
    /// # Errors
    /// Why it cannot be kept.
    pub(super) fn of(
        engine: &Engine,
        remote: &Remote,
        kind: DocumentKind,
        read: &'a RemoteDocument,
        deals: &HashMap<i64, Uuid>,
    ) -> Result<Self, Unkept> {
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
        Ok(Self { read, columns, lines })
    }

    /// The rows of its lines.
    pub(super) fn lines(
        &self,
        engine: &Engine,
        row: &document::Model,
    ) -> impl Iterator<Item = document_line::ActiveModel> {
        self.lines.iter().zip(0..).map(|((line, total), position)| document_line::ActiveModel {
            organization_id: Set(row.organization_id),
            id: Set(engine.ids.uuid()),
            document_id: Set(row.id),
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
        })
    }
}

/// The deals that these documents name, by the number that finance apps have of them.
///
/// # Errors
/// The database's.
pub(super) async fn deals(
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
