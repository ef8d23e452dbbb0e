//! Customers from accounts: each account is a customer of type business (R061).

use std::collections::HashMap;

use finbridge_contract::{CrmRecordType, CrmReference};
use finbridge_domain::record::{Customer, CustomerField, CustomerKind, CustomerValues};
use finbridge_domain::{CrmModule, WireId};
use finbridge_entity::types::{Address, LinkState};
use finbridge_entity::{Scoped, account, record_link};
use sea_orm::sea_query::{Condition, Expr, ExprTrait};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, JoinType, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
};
use uuid::Uuid;

/// The kind under which customers are linked and mirrored.
pub const KIND: &str = "CUSTOMER";

/// The stored name of accounts as the CRM side of a link.
pub const ACCOUNT: &str = "ACCOUNT";

/// A CRM record as the engine sees it.
#[derive(Debug, Clone)]
pub struct SourceRecord {
    /// Its id.
    pub id: Uuid,
    /// Its kind and 18-digit number.
    pub reference: CrmReference,
    /// Its name.
    pub name: String,
    /// Its name as it is compared.
    pub name_key: String,
    /// Its version.
    pub version: i64,
    /// Whether it was deleted.
    pub is_deleted: bool,
    /// What it would be on the finance side.
    pub customer: Customer,
}

/// Which accounts a sync is about.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    /// The tenant.
    pub organization_id: Uuid,
    /// The finance side.
    pub finance_organization_id: Uuid,
    /// The accounts in the view; none: all of them.
    pub members: Option<&'a Condition>,
}

impl Scope<'_> {
    fn members(self) -> Condition {
        self.members.cloned().unwrap_or_else(Condition::all)
    }
}

/// The next records, by id, whose finance side may have to change: unlinked ones, ones that changed since they were
/// last written, and deleted ones that are still linked. Only these leave the database; finding them walks an index.
///
/// An account outside the view is neither made nor changed on the finance side, and one that was linked stays linked
/// (A17.13). Two things still happen to it: what an earlier run began is finished, because the finance record may be
/// there already; and when the account itself is deleted, its finance record follows (R116), because the link says that
/// the two are one thing.
///
/// # Errors
/// The database's.
pub async fn pending(
    db: &impl ConnectionTrait,
    scope: Scope<'_>,
    after: Option<Uuid>,
    limit: u64,
) -> Result<Vec<SourceRecord>, DbErr> {
    let link = |column: record_link::Column| Expr::col((record_link::Entity, column));
    let record = |column: account::Column| Expr::col((account::Entity, column));
    let live = Condition::all().add(record(account::Column::DeletedAt).is_null()).add(
        Condition::any()
            .add(Condition::all().add(link(record_link::Column::Id).is_null()).add(scope.members()))
            .add(link(record_link::Column::State).eq(LinkState::Claimed))
            .add(
                Condition::all()
                    .add(scope.members())
                    .add(
                        link(record_link::Column::State).is_in([LinkState::Linked, LinkState::RemoteMissing]),
                    )
                    .add(
                        record(account::Column::Version)
                            .gt(Expr::col((record_link::Entity, record_link::Column::SyncedVersion))),
                    ),
            ),
    );
    let deleted = Condition::all()
        .add(record(account::Column::DeletedAt).is_not_null())
        .add(link(record_link::Column::State).is_in([LinkState::Linked, LinkState::Claimed]));
    let mut select = account::Entity::of(scope.organization_id)
        .filter(Condition::any().add(live).add(deleted))
        .order_by_asc(account::Column::Id)
        .limit(limit);
    if let Some(after) = after {
        select = select.filter(account::Column::Id.gt(after));
    }
    QueryTrait::query(&mut select).join(
        JoinType::LeftJoin,
        record_link::Entity,
        link_of_account(scope.finance_organization_id),
    );
    Ok(select.all(db).await?.into_iter().map(from_account).collect())
}

/// How many live, unlinked CRM records of the view share each of these names.
///
/// # Errors
/// The database's.
pub async fn unlinked_by_name(
    db: &impl ConnectionTrait,
    scope: Scope<'_>,
    name_keys: Vec<String>,
) -> Result<HashMap<String, usize>, DbErr> {
    let mut select = account::Entity::of(scope.organization_id)
        .select_only()
        .column(account::Column::NameKey)
        .column_as(account::Column::Id.count(), "n")
        .filter(account::Column::NameKey.is_in(name_keys))
        .filter(account::Column::DeletedAt.is_null())
        .filter(Expr::col((record_link::Entity, record_link::Column::Id)).is_null())
        .filter(scope.members())
        .group_by(account::Column::NameKey);
    QueryTrait::query(&mut select).join(
        JoinType::LeftJoin,
        record_link::Entity,
        link_of_account(scope.finance_organization_id),
    );
    let counts: Vec<(String, i64)> = select.into_tuple().all(db).await?;
    Ok(counts.into_iter().map(|(name, n)| (name, usize::try_from(n).unwrap_or_default())).collect())
}

/// The link of an account, as the condition of a join.
fn link_of_account(finance_organization_id: Uuid) -> Condition {
    let link = |column: record_link::Column| Expr::col((record_link::Entity, column));
    Condition::all()
        .add(
            link(record_link::Column::OrganizationId)
                .equals((account::Entity, account::Column::OrganizationId)),
        )
        .add(link(record_link::Column::FinanceOrganizationId).eq(finance_organization_id))
        .add(link(record_link::Column::Kind).eq(KIND))
        .add(link(record_link::Column::RecordId).equals((account::Entity, account::Column::Id)))
}

fn from_account(account: account::Model) -> SourceRecord {
    SourceRecord {
        id: account.id,
        reference: CrmReference { record_type: CrmRecordType::Account, wire_id: WireId(account.wire_id) },
        name: account.name.clone(),
        name_key: account.name_key.clone(),
        version: account.version,
        is_deleted: account.deleted_at.is_some(),
        customer: Customer { kind: kind_of(CrmModule::Accounts), values: map_account(account) },
    }
}

/// Which kind of customer a CRM module makes (R061, R062, R063).
pub fn kind_of(crm_module: CrmModule) -> CustomerKind {
    match crm_module {
        CrmModule::Accounts | CrmModule::AccountsAndContacts => CustomerKind::Business,
        CrmModule::Contacts => CustomerKind::Individual,
    }
}

/// The default field map of accounts. Empty CRM fields are written as empty, so clearing a field travels too.
fn map_account(account: account::Model) -> CustomerValues {
    let billing = account.billing_address.unwrap_or_default();
    let shipping = account.shipping_address.unwrap_or_default();
    let Address { street, city, state, postal_code, country } = billing;
    let name = account.name.trim().to_owned();
    [
        (CustomerField::DisplayName, Some(name.clone())),
        (CustomerField::CompanyName, Some(name)),
        (CustomerField::Website, account.website),
        (CustomerField::BillingStreet, street),
        (CustomerField::BillingCity, city),
        (CustomerField::BillingState, state),
        (CustomerField::BillingPostalCode, postal_code),
        (CustomerField::BillingCountry, country),
        (CustomerField::BillingPhone, account.phone),
        (CustomerField::ShippingStreet, shipping.street),
        (CustomerField::ShippingCity, shipping.city),
        (CustomerField::ShippingState, shipping.state),
        (CustomerField::ShippingPostalCode, shipping.postal_code),
        (CustomerField::ShippingCountry, shipping.country),
    ]
    .into_iter()
    .map(|(field, value)| (field, value.unwrap_or_default()))
    .collect()
}
