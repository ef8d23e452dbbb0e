//! Finance apps and the connections to them.

pub mod connection_state;
pub mod mapping;
pub mod module;
pub mod mutation;
pub mod profile;
pub mod setup;

use async_graphql::{Context, Enum, ID, Object, Result};
use finbridge_contract::Manifest;
use finbridge_domain::{self as domain, CapabilityProfile, NodeKind};
use finbridge_entity::types::IntegrationState as State;
use finbridge_entity::{finance_organization, integration};

use super::context::{Asked, id, uuid};
use super::error::{coded, top_level};
use super::loader::failed;
use super::scalar::{CurrencyCode, DateTime};
use super::trigger::TransactionTrigger;
use crate::service;
pub use connection_state::ConnectionState;
pub use module::SyncModule;
pub use profile::{Profile, TransactionSync};
pub use setup::IntegrationSetup;

/// A finance app that this server can be connected to.
pub struct FinanceApp(Manifest);

/// A finance app that this server can be connected to.
#[Object]
impl FinanceApp {
    /// Stable key, such as "books"; what `integrationConnect` takes.
    async fn key(&self) -> &str {
        self.0.app_key
    }

    /// Name for people.
    async fn name(&self) -> &str {
        self.0.name
    }

    /// The vendor; its apps share organizations and contacts.
    async fn vendor(&self) -> &str {
        self.0.vendor
    }

    /// What a new connection to it may do.
    async fn profile(&self) -> Option<Profile> {
        Self::profile_of(&self.0)
    }
}

impl FinanceApp {
    /// What a new connection to this app may do.
    pub fn profile_of(manifest: &Manifest) -> Option<Profile> {
        CapabilityProfile::by_key(manifest.profile_key).map(Profile)
    }
}

/// A kind of finance record that syncs with the CRM.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(name = "SyncModuleKey", remote = "domain::SyncModule")]
pub enum SyncModuleKey {
    /// Customers: companies and persons that are billed, and the persons at them.
    Customers,
    /// Vendors: suppliers.
    Vendors,
    /// Items: goods and services.
    Items,
}

/// A kind of CRM record that syncs.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "domain::record::CrmRecordType")]
pub enum SyncRecordType {
    /// A company.
    Account,
    /// A person.
    Contact,
    /// A supplier.
    Vendor,
    /// Something that is sold.
    Product,
}

/// By what items and products are taken for the same thing.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "domain::ItemMatchKey")]
pub enum ItemMatchKey {
    /// By name.
    Name,
    /// By the item's SKU and the product's code.
    Sku,
}

/// The CRM module that feeds customers.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "domain::CrmModule")]
pub enum CrmModule {
    /// Each account becomes a customer of type business.
    Accounts,
    /// Each contact becomes a customer of type individual.
    Contacts,
    /// Accounts become customers, their contacts become contact persons.
    AccountsAndContacts,
}

/// Which way records travel.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "domain::Direction")]
pub enum SyncDirection {
    /// From the CRM to the finance app only; no finance data appears in the CRM.
    FetchFromCrm,
    /// Both ways.
    BothWays,
}

/// What to do when an unlinked record of the same name stands on the finance side.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "domain::DuplicatePolicy")]
pub enum DuplicatePolicy {
    /// Keep both: a new record is made beside the existing one, its name ending in " (2)".
    Clone,
    /// Link the existing record and write the CRM's values into it.
    Overwrite,
    /// Leave the existing record as it is and do not sync this one.
    Skip,
}

/// An organization on the finance side.
pub struct FinanceOrganization(finance_organization::Model);

impl From<finance_organization::Model> for FinanceOrganization {
    fn from(row: finance_organization::Model) -> Self {
        Self(row)
    }
}

/// An organization on the finance side.
#[Object]
impl FinanceOrganization {
    /// Global id.
    pub async fn id(&self) -> ID {
        id(NodeKind::FinanceOrganization, self.0.id)
    }

    /// Name there.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The vendor whose apps share it.
    async fn vendor(&self) -> &str {
        &self.0.vendor
    }

    /// Its id there.
    async fn remote_key(&self) -> &str {
        &self.0.remote_id
    }

    /// Its base currency; null when it is not one that ISO 4217 knows.
    async fn base_currency_code(&self) -> Option<CurrencyCode> {
        self.0.base_currency_code.parse().ok().map(CurrencyCode)
    }

    /// Its country, as it is written there; null when not told.
    async fn country(&self) -> Option<&str> {
        self.0.country.as_deref()
    }

    /// Its IANA time zone; null when not told.
    async fn time_zone(&self) -> Option<&str> {
        self.0.time_zone.as_deref()
    }
}

/// Whether an integration works.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "State")]
pub enum IntegrationState {
    /// Connected.
    Active,
    /// The finance app refuses the stored credential: connect it again with a new key.
    ReconnectNeeded,
    /// Switched off for a time with `integrationDisable`: nothing is asked of the finance app until it is enabled again.
    Disabled,
}

/// A connection to a finance app.
pub struct Integration(integration::Model);

impl From<integration::Model> for Integration {
    fn from(row: integration::Model) -> Self {
        Self(row)
    }
}

impl Integration {
    /// The integration of this id, in this organization.
    ///
    /// # Errors
    /// The database's.
    pub async fn load(ctx: &Context<'_>, id: uuid::Uuid) -> Result<Option<Self>> {
        Ok(ctx.loaders()?.integrations().load_one(id).await.map_err(failed)?.map(Self))
    }
}

/// A connection to a finance app.
#[Object]
impl Integration {
    /// Global id.
    pub async fn id(&self) -> ID {
        id(NodeKind::Integration, self.0.id)
    }

    /// The finance app.
    async fn app(&self, ctx: &Context<'_>) -> Result<Option<FinanceApp>> {
        let connectors = &ctx.services()?.engine.connectors;
        Ok(connectors.get(&self.0.app_key).map(|connector| FinanceApp(connector.manifest().clone())))
    }

    /// What it may do.
    async fn profile(&self) -> Option<Profile> {
        CapabilityProfile::by_key(&self.0.profile_key).map(Profile)
    }

    /// Whether it works.
    async fn state(&self) -> IntegrationState {
        self.0.state.into()
    }

    /// The organization it is connected to.
    async fn organization(&self, ctx: &Context<'_>) -> Result<Option<FinanceOrganization>> {
        let loader = ctx.loaders()?.finance_organizations();
        let row = loader.load_one(self.0.finance_organization_id).await.map_err(failed)?;
        Ok(row.map(FinanceOrganization))
    }

    /// How the connection stands: whether the finance app answers, and what it may still be asked.
    async fn connection_state(&self, ctx: &Context<'_>) -> Result<Option<ConnectionState>> {
        ConnectionState::load(ctx, &self.0).await.map(Some)
    }

    /// Whether records only go to it: another organization of its app was connected before, and the profile takes further ones one
    /// way. Their base currency may be another one; then items are not synchronised.
    async fn is_one_way(&self) -> bool {
        self.0.is_one_way
    }

    /// How documents come into the CRM from this organization: as the profile says, and not at all where it is one way.
    async fn transaction_sync(&self) -> Option<TransactionSync> {
        let profile = CapabilityProfile::by_key(&self.0.profile_key)?;
        Some(profile.transactions_of(self.0.is_one_way).into())
    }

    /// Whose access it uses. The credential itself is never shown.
    async fn connected_email(&self) -> &str {
        &self.0.connected_email
    }

    /// The modules that were configured.
    async fn modules(&self, ctx: &Context<'_>) -> Result<Vec<SyncModule>> {
        let modules = ctx.loaders()?.modules_of_integration().load_one(self.0.id).await.map_err(failed)?;
        let modules = modules.unwrap_or_default().into_iter();
        Ok(modules.map(|(row, settings)| SyncModule { row, settings }).collect())
    }

    /// What its deals do to documents; null while nobody said, which is nothing.
    async fn trigger(&self, ctx: &Context<'_>) -> Result<Option<TransactionTrigger>> {
        TransactionTrigger::of_integration(ctx, self.0.id).await
    }

    /// How far it is set up: what is done and what is left.
    async fn setup(&self, ctx: &Context<'_>) -> Result<IntegrationSetup> {
        IntegrationSetup::load(ctx, &self.0).await
    }

    /// When it was connected.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When it was last changed.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.0.updated_at)
    }
}

/// The module of this stored name.
///
/// # Errors
/// A name of a module that this server does not know.
pub fn module_key(name: &str) -> Result<SyncModuleKey> {
    let module = domain::SyncModule::ALL.iter().find(|module| module.as_str() == name);
    module
        .map(|module| (*module).into())
        .ok_or_else(|| coded("INTERNAL_SERVER_ERROR", "A stored module is not known to this server"))
}

/// Reading integrations.
#[derive(Default)]
pub struct IntegrationQuery;

#[Object]
impl IntegrationQuery {
    /// The finance apps that can be connected: few, so a plain list, by key.
    async fn finance_apps(&self, ctx: &Context<'_>) -> Result<Option<Vec<FinanceApp>>> {
        let connectors = &ctx.services()?.engine.connectors;
        Ok(Some(connectors.iter().map(|connector| FinanceApp(connector.manifest().clone())).collect()))
    }

    /// The connections of this organization: few, so a plain list, oldest first.
    async fn integrations(&self, ctx: &Context<'_>) -> Result<Option<Vec<Integration>>> {
        let rows = service::integration::list(ctx.services()?).await.map_err(top_level)?;
        Ok(Some(rows.into_iter().map(Integration).collect()))
    }

    /// The connection of this id; null when there is none in this organization.
    async fn integration(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Id of an integration.")] id: ID,
    ) -> Result<Option<Integration>> {
        Integration::load(ctx, uuid(NodeKind::Integration, &id)?).await
    }
}
