//! What everything that syncs has in common.

use async_graphql::{Context, Enum, ID, Interface, Object, Result};
use finbridge_domain::NodeKind;
use finbridge_domain::record::{CrmRecordType, RecordKind};
use finbridge_entity::types::{LinkState, Origin};
use finbridge_entity::{finance_organization, record_link};
use uuid::Uuid;

use super::account::Account;
use super::connection::page_args;
use super::contact::Contact;
use super::context::{Asked, id};
use super::integration::FinanceOrganization;
use super::loader::failed;
use super::product::Product;
use super::scalar::DateTime;
use super::sync::SyncSide;
use super::sync::lineage::{FieldLineage, FieldLineageConnection};
use super::vendor::Vendor;

/// A record that is kept in step with finance apps.
#[derive(Interface)]
#[graphql(
    field(name = "id", ty = "ID", desc = "Global id: opaque, sortable by time of making, good for `node`."),
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
    /// A person.
    Contact(Contact),
    /// Something that is sold.
    Product(Product),
    /// A supplier.
    Vendor(Vendor),
}

impl Syncable {
    /// The living record of this kind and id.
    ///
    /// # Errors
    /// The database's.
    pub async fn load(ctx: &Context<'_>, record_type: CrmRecordType, id: Uuid) -> Result<Option<Self>> {
        Ok(match record_type {
            CrmRecordType::Account => super::account::living(ctx, id).await?.map(Self::Account),
            CrmRecordType::Contact => super::contact::living(ctx, id).await?.map(Self::Contact),
            CrmRecordType::Vendor => super::vendor::living(ctx, id).await?.map(Self::Vendor),
            CrmRecordType::Product => super::product::living(ctx, id).await?.map(Self::Product),
        })
    }
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
        let links = ctx.loaders()?.links().load_one(record).await.map_err(failed)?.unwrap_or_default();
        let any = |state: LinkState| links.iter().any(|link| link.state == state);
        Ok(if any(LinkState::RemoteMissing) || any(LinkState::RemoteGone) {
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

/// Where a link stands.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "LinkState")]
pub enum RecordLinkState {
    /// The finance record is being made, or a run was cut off while it was.
    Claimed,
    /// Both records are known.
    Linked,
    /// The CRM record was deleted and the finance record with it, or the reverse.
    Deleted,
    /// The CRM record was deleted; the finance record had transactions and was made inactive.
    Deactivated,
    /// The CRM record was deleted; the finance record was there first and stays.
    CrmDeleted,
    /// The finance record is gone although nobody here removed it; the next run decides about the pair.
    RemoteGone,
    /// The finance record is gone although nobody here removed it, and is not made again.
    RemoteMissing,
    /// The CRM record was merged into another, which has a finance record of its own; this one stays as it is.
    Merged,
}

/// A record's counterpart on the finance side.
pub struct ExternalReference(record_link::Model);

impl From<record_link::Model> for ExternalReference {
    fn from(row: record_link::Model) -> Self {
        Self(row)
    }
}

impl ExternalReference {
    /// The counterparts of this CRM record.
    ///
    /// # Errors
    /// The database's.
    pub async fn of(ctx: &Context<'_>, record: Uuid) -> Result<Vec<Self>> {
        let links = ctx.loaders()?.links().load_one(record).await.map_err(failed)?.unwrap_or_default();
        Ok(links.into_iter().map(Self).collect())
    }
}

/// What kind of record a counterpart is.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExternalKind {
    /// Somebody who is billed.
    Customer,
    /// A person at a customer.
    ContactPerson,
    /// A supplier.
    Vendor,
    /// A good or a service.
    Item,
}

impl From<ExternalKind> for RecordKind {
    fn from(kind: ExternalKind) -> Self {
        match kind {
            ExternalKind::Customer => Self::Customer,
            ExternalKind::ContactPerson => Self::ContactPerson,
            ExternalKind::Vendor => Self::Vendor,
            ExternalKind::Item => Self::Item,
        }
    }
}

impl From<RecordKind> for ExternalKind {
    fn from(kind: RecordKind) -> Self {
        match kind {
            RecordKind::Customer => Self::Customer,
            RecordKind::ContactPerson => Self::ContactPerson,
            RecordKind::Vendor => Self::Vendor,
            RecordKind::Item => Self::Item,
        }
    }
}

/// A record's counterpart on the finance side.
#[Object]
impl ExternalReference {
    /// Global id of the link between the two records.
    pub async fn id(&self) -> ID {
        id(NodeKind::RecordLink, self.0.id)
    }

    /// The finance organization that has it.
    async fn organization(&self, ctx: &Context<'_>) -> Result<Option<FinanceOrganization>> {
        let row: Option<finance_organization::Model> = ctx
            .loaders()?
            .finance_organizations()
            .load_one(self.0.finance_organization_id)
            .await
            .map_err(failed)?;
        Ok(row.map(FinanceOrganization::from))
    }

    /// What it is there; null when this server does not know it.
    async fn kind(&self) -> Option<ExternalKind> {
        RecordKind::by_name(&self.0.kind).map(Into::into)
    }

    /// Its id there; null while it is being made, and after it was linked to another CRM record.
    async fn remote_key(&self) -> Option<&str> {
        self.0.remote_id.as_deref()
    }

    /// What a clone carries after its name there, such as " (2)"; null for everything else.
    async fn name_suffix(&self) -> Option<&str> {
        self.0.name_suffix.as_deref()
    }

    /// Which side had the record first: what becomes of the other when one is deleted goes by it.
    async fn origin(&self) -> SyncSide {
        match self.0.origin {
            Origin::Crm => SyncSide::Crm,
            Origin::Finance => SyncSide::Finance,
        }
    }

    /// Where the link stands.
    async fn state(&self) -> RecordLinkState {
        self.0.state.into()
    }

    /// Where the present value of each field comes from, in alphabetical order; fields that were never carried over are left
    /// out. As many as are mapped.
    async fn lineage(&self, ctx: &Context<'_>) -> Result<Vec<FieldLineage>> {
        FieldLineage::of(ctx, self.0.id).await
    }

    /// Where its values came from, newest first, present ones too. Earlier ones are kept for `retention.lineage_days`.
    async fn lineage_history(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the start; 1 to 100, 25 when neither `first` nor `last` is given.")]
        first: Option<i32>,
        #[graphql(desc = "Only records after this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end; 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only records before this cursor.")] before: Option<String>,
        #[graphql(
            desc = "Only these fields, each as its path; 50 at most. All of them when not given.",
            validator(max_items = 50)
        )]
        fields: Option<Vec<Vec<String>>>,
    ) -> Result<FieldLineageConnection> {
        let args = page_args(first, after, last, before);
        FieldLineageConnection::of(ctx, self.0.id, fields, args).await
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
