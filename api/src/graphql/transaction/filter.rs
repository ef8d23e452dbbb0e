//! Filtering and ordering transactions.

use async_graphql::{Enum, ID, InputObject, Result};
use finbridge_domain::{CapabilityProfile, DocumentKind, NodeKind};
use finbridge_entity::criteria::TextShape;
use finbridge_entity::document;
use finbridge_entity::integration;
use sea_orm::{ColumnTrait, Condition};

use super::{TransactionKind, TransactionStatus};
use crate::graphql::connection::OrderDirection;
use crate::graphql::context::uuid;
use crate::graphql::error::top_level;
use crate::graphql::filter::{Conditions, DateFilter, DateTimeFilter, DecimalFilter, StringFilter};
use crate::service::Services;
use crate::service::document::{self as service, Holder, Wanted};
use crate::service::page::{Listing, SortKey, SortValue};

/// Conditions on what a transaction is.
#[derive(InputObject, Debug, Clone, Default)]
pub struct TransactionKindFilter {
    /// Is this.
    eq: Option<TransactionKind>,
    /// Is one of these.
    #[graphql(name = "in", validator(max_items = 20))]
    any_of: Option<Vec<TransactionKind>>,
}

/// Conditions on how a transaction stands today, by the calendar of its finance organization.
#[derive(InputObject, Debug, Clone, Default)]
pub struct TransactionStatusFilter {
    /// Is this.
    eq: Option<TransactionStatus>,
    /// Is one of these.
    #[graphql(name = "in", validator(max_items = 50))]
    any_of: Option<Vec<TransactionStatus>>,
}

/// Those that both conditions mean; none when there is no condition.
fn both<T: Copy + PartialEq>(eq: Option<T>, any_of: Option<Vec<T>>) -> Option<Vec<T>> {
    match (eq, any_of) {
        (eq, None) => eq.map(|one| vec![one]),
        (None, some) => some,
        (Some(one), Some(some)) => Some(some.into_iter().filter(|other| *other == one).collect()),
    }
}

/// Which transactions to list; all conditions must hold.
#[derive(InputObject, Debug, Clone, Default)]
pub struct TransactionFilter {
    /// What it is.
    kind: Option<TransactionKindFilter>,
    /// How it stands today.
    status: Option<TransactionStatusFilter>,
    /// Its day.
    dated_on: Option<DateFilter>,
    /// The day by which it is due.
    due_on: Option<DateFilter>,
    /// What it comes to, in whatever currency it is kept.
    total: Option<DecimalFilter>,
    /// What of it is open, in whatever currency it is kept.
    balance: Option<DecimalFilter>,
    /// Its number.
    number: Option<StringFilter>,
    /// The number that whoever made it gave it.
    reference: Option<StringFilter>,
    /// When it last changed in the finance app.
    remote_modified_at: Option<DateTimeFilter>,
    /// The customer, by the account that it is in the CRM.
    account_id: Option<ID>,
    /// The customer, by a contact that is it, or is a contact person of it, in the CRM.
    contact_id: Option<ID>,
    /// The vendor, by the vendor that it is in the CRM.
    vendor_id: Option<ID>,
    /// The deal that it is linked to.
    deal_id: Option<ID>,
}

impl TransactionFilter {
    /// The conditions in SQL, on documents of this integration only where one is given.
    ///
    /// # Errors
    /// Ids of another kind, amounts that cannot be kept, kinds that the viewer may not see.
    pub async fn condition(
        self,
        services: &Services,
        integration: Option<&integration::Model>,
    ) -> Result<Condition> {
        use document::Column;
        let kind = self.kind.unwrap_or_default();
        let kinds =
            both(kind.eq, kind.any_of).map(|kinds| kinds.into_iter().map(DocumentKind::from).collect());
        let status = self.status.unwrap_or_default();
        let statuses = both(status.eq, status.any_of);
        let wanted = Wanted {
            kinds: service::visible(services, kinds).map_err(top_level)?,
            statuses: statuses.map(|statuses| statuses.into_iter().map(Into::into).collect()),
        };
        let (here, now) = (services.organization_id(), services.clock().now());
        let mut condition = wanted.condition(services.db(), here, now).await.map_err(top_level)?;
        if let Some(integration) = integration {
            let profile = CapabilityProfile::by_key(&integration.profile_key);
            let shown = profile.map_or(&[][..], |profile| profile.documents_of(integration.is_one_way));
            condition = condition
                .add(Column::FinanceOrganizationId.eq(integration.finance_organization_id))
                .add(Column::Kind.is_in(shown.iter().map(|kind| kind.as_str())));
        }
        let holders = [
            (Holder::Account, NodeKind::Account, &self.account_id),
            (Holder::Contact, NodeKind::Contact, &self.contact_id),
            (Holder::Vendor, NodeKind::Vendor, &self.vendor_id),
            (Holder::Deal, NodeKind::Deal, &self.deal_id),
        ];
        for (holder, kind, id) in holders {
            if let Some(id) = id {
                condition = condition.add(holder.holds(here, &[uuid(kind, id)?]));
            }
        }
        condition
            .date(Column::DatedOn, self.dated_on.as_ref())
            .date(Column::DueOn, self.due_on.as_ref())
            .time(Column::RemoteModifiedAt, self.remote_modified_at.as_ref())
            .amount(Column::TotalUnits, self.total.as_ref())?
            .amount(Column::BalanceUnits, self.balance.as_ref())?
            .text("number", Column::Number, TextShape::Plain, self.number.as_ref())?
            .text("reference", Column::Reference, TextShape::Plain, self.reference.as_ref())
    }
}

/// What transactions can be ordered by.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransactionOrderField {
    /// Their day; those without one come last.
    DatedOn,
    /// The day by which they are due; those without one come last.
    DueOn,
    /// Their number; those without one come last.
    Number,
    /// The name of the customer, or else of the vendor, without regard to letter case; those without either come last.
    Party,
    /// What they come to, whatever the currency.
    Total,
    /// What of them is open, whatever the currency; kinds without a balance come last.
    Balance,
    /// When they last changed in the finance app.
    ModifiedAt,
}

/// The order of a list of transactions.
#[derive(InputObject, Debug, Clone, Copy)]
pub struct TransactionOrder {
    /// By what.
    pub field: TransactionOrderField,
    /// Which way.
    #[graphql(default)]
    pub direction: OrderDirection,
}

/// The list in this order; newest day first when none is given.
pub fn listing(order: Option<TransactionOrder>) -> Listing<document::Entity> {
    use document::Column;
    let newest = TransactionOrder { field: TransactionOrderField::DatedOn, direction: OrderDirection::Desc };
    let order = order.unwrap_or(newest);
    let key = match order.field {
        TransactionOrderField::DatedOn => service::by_day(),
        TransactionOrderField::DueOn => SortKey {
            name: "DUE_ON",
            column: Column::DueOn,
            nullable: true,
            value: |row: &document::Model| SortValue::Date(row.due_on),
        },
        TransactionOrderField::Number => SortKey {
            name: "NUMBER",
            column: Column::Number,
            nullable: true,
            value: |row: &document::Model| SortValue::Words(row.number.clone()),
        },
        TransactionOrderField::Party => SortKey {
            name: "PARTY",
            column: Column::PartyKey,
            nullable: true,
            value: |row: &document::Model| SortValue::Words(row.party_key.clone()),
        },
        TransactionOrderField::Total => SortKey {
            name: "TOTAL",
            column: Column::TotalUnits,
            nullable: false,
            value: |row: &document::Model| SortValue::Int(Some(row.total_units)),
        },
        TransactionOrderField::Balance => SortKey {
            name: "BALANCE",
            column: Column::BalanceUnits,
            nullable: true,
            value: |row: &document::Model| SortValue::Int(row.balance_units),
        },
        TransactionOrderField::ModifiedAt => SortKey {
            name: "MODIFIED_AT",
            column: Column::RemoteModifiedAt,
            nullable: false,
            value: |row: &document::Model| SortValue::Time(row.remote_modified_at),
        },
    };
    Listing { name: "transactions", key, descending: order.direction == OrderDirection::Desc }
}
