//! Customers and vendors of finance apps.

pub mod mutation;

use async_graphql::{Context, Enum, ID, Object, Result};
use finbridge_domain::record::{RecordKind, Values};
use finbridge_domain::{NodeKind, PartyKind};
use finbridge_entity::types::RecordType;
use finbridge_entity::{record_link, remote_record};
use sea_orm::ActiveEnum;
use uuid::Uuid;

use super::account::{self, Account};
use super::connection::{Count, page_args};
use super::contact::{self, Contact};
use super::context::{Asked, uuid};
use super::deal::DealConnection;
use super::error::top_level;
use super::loader::{CountOf, PageOf, RemoteKey, failed};
use super::scalar::DateTime;
use super::vendor::{self, Vendor};
use crate::service::ServiceError;
use crate::service::finance_party::{self as service, Wanted};
use crate::service::page::{Page, PageArgs};

/// A customer or vendor of a finance app.
pub struct FinanceParty(remote_record::Model);

super::connection::connection!(
    FinancePartyConnection,
    FinancePartyEdge,
    FinanceParty,
    remote_record::Model,
    "customers or vendors of a finance app"
);

impl From<remote_record::Model> for FinanceParty {
    fn from(row: remote_record::Model) -> Self {
        Self(row)
    }
}

/// What a party of a finance app is.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "PartyKind")]
pub enum FinancePartyKind {
    /// Somebody who is billed.
    Customer,
    /// Somebody who bills.
    Vendor,
}

/// A customer or vendor of a finance app, as it was last read.
#[Object]
impl FinanceParty {
    /// What it is.
    async fn kind(&self) -> FinancePartyKind {
        match self.record_kind() {
            RecordKind::Vendor => FinancePartyKind::Vendor,
            _ => FinancePartyKind::Customer,
        }
    }

    /// Its id there, which is its own among those of its finance organization and kind.
    async fn remote_key(&self) -> &str {
        &self.0.remote_id
    }

    /// The name under which it is listed there.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Whether it can be used in new transactions.
    async fn is_active(&self) -> bool {
        self.0.is_active
    }

    /// Whether the finance app has it for a record of this CRM: it came from here, or was found to be the same.
    async fn is_from_crm(&self) -> bool {
        self.0.crm_reference.is_some()
    }

    /// Whether it is a company; a person otherwise. Null for vendors.
    async fn is_business(&self) -> Option<bool> {
        self.0.customer_kind.as_deref().map(|kind| kind == "BUSINESS")
    }

    /// What a field of it holds, as text; null when it is empty, is not there, or lists leave it out and it was not read whole.
    async fn value(
        &self,
        #[graphql(desc = "Which field, by its key in `mappableFields`, such as `notes`.")] field: String,
    ) -> Result<Option<String>> {
        let values: Values = serde_json::from_value(self.0.record.clone())
            .map_err(|error| top_level(ServiceError::from(error)))?;
        Ok(values.get(field.as_str()).filter(|value| !value.is_empty()).cloned())
    }

    /// What it is in the CRM, with the deals that transactions with it can be linked to; null when nobody here stands for it.
    async fn crm(&self, ctx: &Context<'_>) -> Result<Option<FinancePartyCrm>> {
        let key = RemoteKey {
            finance_organization_id: self.0.finance_organization_id,
            kind: self.record_kind(),
            remote_id: self.0.remote_id.clone(),
        };
        let link = ctx.loaders()?.links_of_remote().load_one(key).await.map_err(failed)?;
        Ok(link.map(FinancePartyCrm))
    }

    /// When it last changed there.
    async fn remote_modified_at(&self) -> DateTime {
        DateTime(self.0.modified_at)
    }

    /// When it was last read: what it says is from then.
    async fn read_at(&self) -> DateTime {
        DateTime(self.0.read_at)
    }
}

impl FinanceParty {
    fn record_kind(&self) -> RecordKind {
        RecordKind::by_name(&self.0.kind).unwrap_or(RecordKind::Customer)
    }
}

/// What a customer or vendor of a finance app is in the CRM.
pub struct FinancePartyCrm(record_link::Model);

/// What a customer or vendor of a finance app is in the CRM: what a side panel of the finance app shows.
#[Object]
impl FinancePartyCrm {
    /// The account; null when it is none, or was deleted.
    async fn account(&self, ctx: &Context<'_>) -> Result<Option<Account>> {
        match self.record(RecordType::Account) {
            Some(id) => account::living(ctx, id).await,
            None => Ok(None),
        }
    }

    /// The contact; null when it is none, or was deleted.
    async fn contact(&self, ctx: &Context<'_>) -> Result<Option<Contact>> {
        match self.record(RecordType::Contact) {
            Some(id) => contact::living(ctx, id).await,
            None => Ok(None),
        }
    }

    /// The vendor; null when it is none, or was deleted.
    async fn vendor(&self, ctx: &Context<'_>) -> Result<Option<Vendor>> {
        match self.record(RecordType::Vendor) {
            Some(id) => vendor::living(ctx, id).await,
            None => Ok(None),
        }
    }

    /// The deals with its account, newest first, and no others: those that its transactions can be linked to. Of a contact the deals
    /// with the account at which it is. Empty where there is no account.
    async fn deals(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the start; 1 to 100, 25 when neither `first` nor `last` is given.")]
        first: Option<i32>,
        #[graphql(desc = "Only records after this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end; 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only records before this cursor.")] before: Option<String>,
    ) -> Result<DealConnection> {
        let Some(account) = self.account_of_deals(ctx).await? else {
            return Ok(DealConnection::new(Page::empty(), Count::new(|| async { Ok(0) })));
        };
        let loader = ctx.loaders()?.deals_of_account();
        let key = PageOf { parent: account, filter: (), args: page_args(first, after, last, before) };
        let page = loader.load_one(key).await.map_err(failed)?.unwrap_or_else(Page::empty);
        Ok(DealConnection::new(page, Count::of_parent(loader.clone(), CountOf(account, ()))))
    }
}

impl FinancePartyCrm {
    async fn account_of_deals(&self, ctx: &Context<'_>) -> Result<Option<Uuid>> {
        match self.record(RecordType::Contact) {
            Some(id) => {
                let contact = ctx.loaders()?.contacts().load_one(id).await.map_err(failed)?;
                Ok(contact.and_then(|row| row.account_id))
            }
            None => Ok(self.record(RecordType::Account)),
        }
    }

    fn record(&self, record_type: RecordType) -> Option<Uuid> {
        (self.0.record_type == record_type.to_value()).then_some(self.0.record_id)
    }
}

/// Reading customers and vendors of finance apps.
#[derive(Default)]
pub struct FinancePartyQuery;

#[Object]
impl FinancePartyQuery {
    /// The customers of a finance app, by name, as they were last read.
    #[expect(clippy::too_many_arguments, reason = "the arguments of a Relay connection")]
    async fn customers(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which connection; those of its finance organization are listed.")]
        integration_id: ID,
        #[graphql(desc = "True: only those that stand for a record of the CRM.", default)] is_from_crm: bool,
        #[graphql(desc = "So many from the start; 1 to 100, 25 when neither `first` nor `last` is given.")]
        first: Option<i32>,
        #[graphql(desc = "Only records after this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end; 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only records before this cursor.")] before: Option<String>,
    ) -> Result<Option<FinancePartyConnection>> {
        let wanted = wanted(&integration_id, PartyKind::Customer, is_from_crm)?;
        listed(ctx, wanted, page_args(first, after, last, before)).await
    }

    /// The customer of this id in the finance app, with what it is in the CRM; null when none was read.
    async fn customer(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which connection.")] integration_id: ID,
        #[graphql(desc = "Id of the customer in the finance app.")] remote_key: String,
    ) -> Result<Option<FinanceParty>> {
        let wanted = wanted(&integration_id, PartyKind::Customer, false)?;
        let row = service::find(ctx.services()?, &wanted, &remote_key).await.map_err(top_level)?;
        Ok(row.map(FinanceParty))
    }

    /// The vendors of a finance app, by name, as they were last read. `vendors` are those of the CRM.
    #[expect(clippy::too_many_arguments, reason = "the arguments of a Relay connection")]
    async fn finance_vendors(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which connection; those of its finance organization are listed.")]
        integration_id: ID,
        #[graphql(desc = "True: only those that stand for a record of the CRM.", default)] is_from_crm: bool,
        #[graphql(desc = "So many from the start; 1 to 100, 25 when neither `first` nor `last` is given.")]
        first: Option<i32>,
        #[graphql(desc = "Only records after this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end; 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only records before this cursor.")] before: Option<String>,
    ) -> Result<Option<FinancePartyConnection>> {
        let wanted = wanted(&integration_id, PartyKind::Vendor, is_from_crm)?;
        listed(ctx, wanted, page_args(first, after, last, before)).await
    }
}

fn wanted(integration: &ID, party: PartyKind, is_from_crm: bool) -> Result<Wanted> {
    Ok(Wanted { integration_id: uuid(NodeKind::Integration, integration)?, party, is_from_crm })
}

async fn listed(ctx: &Context<'_>, wanted: Wanted, args: PageArgs) -> Result<Option<FinancePartyConnection>> {
    let services = ctx.services()?;
    let page = service::page(services, &wanted, &args).await.map_err(top_level)?;
    let services = services.clone();
    let count = Count::new(move || {
        let services = services.clone();
        async move { service::count(&services, &wanted).await }
    });
    Ok(Some(FinancePartyConnection::new(page, count)))
}
