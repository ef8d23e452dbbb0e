//! What everything that syncs has in common.

use async_graphql::{Context, Enum, ID, Interface, Object, Result};
use finbridge_domain::NodeKind;
use finbridge_entity::types::LinkState;
use finbridge_entity::{finance_organization, record_link};
use uuid::Uuid;

use super::account::Account;
use super::context::{Asked, id};
use super::integration::FinanceOrganization;
use super::loader::failed;
use super::scalar::DateTime;

/// A record that is kept in step with finance apps.
#[derive(Interface)]
#[graphql(
    field(
        name = "external_references",
        ty = "Vec<ExternalReference>",
        desc = "The same record in finance apps; empty before the first sync."
    ),
    field(name = "sync_state", ty = "SyncState", desc = "How the record stands with the finance apps.")
)]
pub enum Syncable {
    /// A company.
    Account(Account),
}

/// How a record stands with the finance apps.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum SyncState {
    /// No finance app has it.
    NotLinked,
    /// A run is making it, or was interrupted while making it.
    Pending,
    /// Every connected finance app that was given it has it.
    Linked,
    /// A finance app had it and lost it, or it was removed there.
    Broken,
}

impl SyncState {
    /// The state of this CRM record.
    ///
    /// # Errors
    /// The database's.
    pub async fn of(ctx: &Context<'_>, record: Uuid) -> Result<Self> {
        let links = ctx.loaders()?.links.load_one(record).await.map_err(failed)?.unwrap_or_default();
        let any = |state: LinkState| links.iter().any(|link| link.state == state);
        Ok(if any(LinkState::RemoteMissing) {
            Self::Broken
        } else if any(LinkState::Claimed) {
            Self::Pending
        } else if any(LinkState::Linked) {
            Self::Linked
        } else {
            Self::NotLinked
        })
    }
}

/// A record's counterpart on the finance side.
pub struct ExternalReference(record_link::Model);

impl ExternalReference {
    /// The counterparts of this CRM record.
    ///
    /// # Errors
    /// The database's.
    pub async fn of(ctx: &Context<'_>, record: Uuid) -> Result<Vec<Self>> {
        let links = ctx.loaders()?.links.load_one(record).await.map_err(failed)?.unwrap_or_default();
        Ok(links.into_iter().map(Self).collect())
    }
}

impl From<record_link::Model> for ExternalReference {
    fn from(link: record_link::Model) -> Self {
        Self(link)
    }
}

/// What kind of record a counterpart is.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExternalKind {
    /// Somebody who is billed.
    Customer,
}

/// A record's counterpart on the finance side.
#[Object]
impl ExternalReference {
    /// Global id of the link between the two records.
    async fn id(&self) -> ID {
        id(NodeKind::RecordLink, self.0.id)
    }

    /// The finance organization that has it.
    async fn organization(&self, ctx: &Context<'_>) -> Result<Option<FinanceOrganization>> {
        let row: Option<finance_organization::Model> = ctx
            .loaders()?
            .finance_organizations
            .load_one(self.0.finance_organization_id)
            .await
            .map_err(failed)?;
        Ok(row.map(FinanceOrganization::from))
    }

    /// What it is there.
    async fn kind(&self) -> ExternalKind {
        ExternalKind::Customer
    }

    /// Its id there; null while it is being made.
    async fn remote_key(&self) -> Option<&str> {
        self.0.remote_id.as_deref()
    }

    /// What a clone carries after its name there, such as " (2)"; null for everything else.
    async fn name_suffix(&self) -> Option<&str> {
        self.0.name_suffix.as_deref()
    }

    /// When the link was made.
    async fn linked_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When it was last written or read back.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.0.updated_at)
    }
}
