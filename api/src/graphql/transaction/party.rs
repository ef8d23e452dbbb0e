//! Who stands on the other side of transactions.

use async_graphql::{Context, Object, Result};
use finbridge_domain::record::RecordKind;
use finbridge_entity::types::RecordType;
use finbridge_entity::{document, record_link};
use sea_orm::ActiveEnum;
use uuid::Uuid;

use crate::graphql::account::Account;
use crate::graphql::contact::{self, Contact};
use crate::graphql::context::Asked;
use crate::graphql::loader::{RemoteKey, failed};
use crate::graphql::vendor::{self, Vendor};

/// A party of a document, by its id on the finance side.
struct Party {
    finance_organization_id: Uuid,
    remote_id: String,
    name: Option<String>,
}

impl Party {
    fn key(&self, kind: RecordKind) -> RemoteKey {
        let (finance_organization_id, remote_id) = (self.finance_organization_id, self.remote_id.clone());
        RemoteKey { finance_organization_id, kind, remote_id }
    }

    /// The CRM record of this kind that it is.
    async fn record(
        &self,
        ctx: &Context<'_>,
        kind: RecordKind,
        record_type: RecordType,
    ) -> Result<Option<Uuid>> {
        let key = self.key(kind);
        let link: Option<record_link::Model> =
            ctx.loaders()?.links_of_remote().load_one(key).await.map_err(failed)?;
        Ok(link.filter(|link| link.record_type == record_type.to_value()).map(|link| link.record_id))
    }
}

/// The customer of a transaction.
pub struct TransactionCustomer(Party);

/// The customer of a transaction.
#[Object]
impl TransactionCustomer {
    /// Name in the finance app, as last read with the transaction; null when it was not told.
    async fn name(&self) -> Option<&str> {
        self.0.name.as_deref()
    }

    /// Its id in the finance app.
    async fn remote_key(&self) -> &str {
        &self.0.remote_id
    }

    /// The account that it is in the CRM; null when it is a contact, linked to nothing, or was deleted here.
    async fn account(&self, ctx: &Context<'_>) -> Result<Option<Account>> {
        let key = self.0.key(RecordKind::Customer);
        Ok(ctx.loaders()?.accounts_of_remote().load_one(key).await.map_err(failed)?.map(Account::from))
    }

    /// The contact that it is in the CRM; null when it is an account, linked to nothing, or was deleted here.
    async fn contact(&self, ctx: &Context<'_>) -> Result<Option<Contact>> {
        match self.0.record(ctx, RecordKind::Customer, RecordType::Contact).await? {
            Some(contact) => contact::living(ctx, contact).await,
            None => Ok(None),
        }
    }
}

impl TransactionCustomer {
    pub(super) fn of(row: &document::Model) -> Option<Self> {
        let remote_id = row.customer_id.clone()?;
        let finance_organization_id = row.finance_organization_id;
        Some(Self(Party { finance_organization_id, remote_id, name: row.party_name.clone() }))
    }
}

/// The vendor of a transaction.
pub struct TransactionVendor(Party);

/// The vendor of a transaction.
#[Object]
impl TransactionVendor {
    /// Name in the finance app, as last read with the transaction; null when it was not told, or the transaction has a customer
    /// as well and goes by the customer's name.
    async fn name(&self) -> Option<&str> {
        self.0.name.as_deref()
    }

    /// Its id in the finance app.
    async fn remote_key(&self) -> &str {
        &self.0.remote_id
    }

    /// The vendor that it is in the CRM; null when it is linked to nothing, or was deleted here.
    async fn vendor(&self, ctx: &Context<'_>) -> Result<Option<Vendor>> {
        match self.0.record(ctx, RecordKind::Vendor, RecordType::Vendor).await? {
            Some(vendor) => vendor::living(ctx, vendor).await,
            None => Ok(None),
        }
    }
}

impl TransactionVendor {
    pub(super) fn of(row: &document::Model) -> Option<Self> {
        let remote_id = row.vendor_id.clone()?;
        let name = row.party_name.clone().filter(|_| row.customer_id.is_none());
        Some(Self(Party { finance_organization_id: row.finance_organization_id, remote_id, name }))
    }
}
