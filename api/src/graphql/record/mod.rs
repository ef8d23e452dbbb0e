//! What accounts, contacts, vendors, products and deals have in common.

pub mod act;
pub mod filter;
pub mod input;
pub mod items;
pub mod mutation;

use async_graphql::{Context, Enum, ID, Interface, Object, Result};
use finbridge_domain::{NodeId, WireId};
use finbridge_entity::types;
use sea_orm::Iterable;
use uuid::Uuid;

use super::account::{self, Account};
use super::connection::{Count, page_args};
use super::contact::{self, Contact};
use super::context::Asked;
use super::custom_field::{CustomFieldValue, Layout};
use super::deal::{self, Deal};
use super::error::coded;
use super::loader::{CountOf, PageOf, failed};
use super::note::NoteConnection;
use super::product::{self, Product};
use super::scalar::DateTime;
use super::tag::Tag;
use super::user::User;
use super::vendor::{self, Vendor};
use crate::service::page::Page;
use crate::service::record::Common;
use crate::service::record::any::AnyRecord;
pub use crate::service::record::node_kind;

/// The kinds of CRM records.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "types::RecordType")]
pub enum RecordType {
    /// Companies that the organization does business with.
    Account,
    /// People that the organization deals with.
    Contact,
    /// Companies and people that the organization buys from.
    Vendor,
    /// Things that the organization sells.
    Product,
    /// Things that the organization hopes to sell, or has sold.
    Deal,
}

/// The kind and the UUID of an id that must be of a record.
///
/// # Errors
/// `BAD_USER_INPUT` when it is not an id of this API, or one of something else.
pub fn record_of(id: &ID) -> Result<(types::RecordType, Uuid)> {
    let node: NodeId = id.parse().map_err(|error| coded("BAD_USER_INPUT", format!("{error}")))?;
    let record_type = types::RecordType::iter().find(|kind| node_kind(*kind) == node.kind);
    let record_type = record_type.ok_or_else(|| {
        let message = format!(
            "`{}` is the id of a {}, not of an account, contact, vendor, product or deal",
            id.as_str(),
            node.kind.prefix()
        );
        coded("BAD_USER_INPUT", message)
    })?;
    Ok((record_type, node.uuid))
}

/// A record of the CRM, whatever its kind.
#[derive(Interface)]
#[expect(clippy::duplicated_attributes, reason = "each field has a type of its own, and two have the same")]
#[graphql(
    field(name = "id", ty = "ID", desc = "Global id: opaque, sortable by time of making, good for `node`."),
    field(name = "name", ty = "&String", desc = "Name, as people write it."),
    field(name = "record_type", ty = "RecordType", desc = "Which kind of record it is."),
    field(name = "owner", ty = "Option<User>", desc = "Who looks after it; null when nobody does."),
    field(name = "version", ty = "i32", desc = "Ascends with every change."),
    field(name = "created_at", ty = "DateTime", desc = "When it was made."),
    field(name = "updated_at", ty = "DateTime", desc = "When it was last changed."),
    field(name = "deleted_at", ty = "Option<DateTime>", desc = "When it was deleted; null while it lives.")
)]
pub enum CrmRecord {
    /// A company.
    Account(Account),
    /// A person.
    Contact(Contact),
    /// A supplier.
    Vendor(Vendor),
    /// A product.
    Product(Product),
    /// An opportunity.
    Deal(Deal),
}

impl From<AnyRecord> for CrmRecord {
    fn from(record: AnyRecord) -> Self {
        match record {
            AnyRecord::Account(row) => Self::Account(row.into()),
            AnyRecord::Contact(row) => Self::Contact(row.into()),
            AnyRecord::Vendor(row) => Self::Vendor(row.into()),
            AnyRecord::Product(row) => Self::Product(row.into()),
            AnyRecord::Deal(row) => Self::Deal(row.into()),
        }
    }
}

impl CrmRecord {
    /// The record of this kind, unless it was deleted or is another tenant's.
    ///
    /// # Errors
    /// The database's.
    pub async fn load(ctx: &Context<'_>, record_type: types::RecordType, uuid: Uuid) -> Result<Option<Self>> {
        Ok(match record_type {
            types::RecordType::Account => account::living(ctx, uuid).await?.map(Self::Account),
            types::RecordType::Contact => contact::living(ctx, uuid).await?.map(Self::Contact),
            types::RecordType::Vendor => vendor::living(ctx, uuid).await?.map(Self::Vendor),
            types::RecordType::Product => product::living(ctx, uuid).await?.map(Self::Product),
            types::RecordType::Deal => deal::living(ctx, uuid).await?.map(Self::Deal),
        })
    }
}

/// The fields that every record has. None may lead back to a record: the fields of a type that is being made are not known yet,
/// so the record would lack all of these.
pub struct RecordFields(pub Common);

/// The fields that every record has.
#[Object]
impl RecordFields {
    /// Which kind of record it is.
    async fn record_type(&self) -> RecordType {
        self.0.record_type.into()
    }

    /// The 18-digit number by which finance apps know the record. Never changes.
    async fn wire_id(&self) -> String {
        WireId(self.0.wire_id).to_string()
    }

    /// Who looks after the record; null when nobody does.
    async fn owner(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        User::load(ctx, self.0.owner_id).await
    }

    /// What people tagged it with, by name; at most 20 tags, so they come without pages.
    async fn tags(&self, ctx: &Context<'_>) -> Result<Vec<Tag>> {
        let tags = ctx.loaders()?.tags().load_one(self.0.id).await.map_err(failed)?.unwrap_or_default();
        Ok(tags.into_iter().map(Tag::from).collect())
    }

    /// What people wrote down about the record, newest first. None while the record is deleted; they come back with it.
    async fn notes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the start; 1 to 100, 25 when neither `first` nor `last` is given.")]
        first: Option<i32>,
        #[graphql(desc = "Only records after this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end; 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only records before this cursor.")] before: Option<String>,
    ) -> Result<NoteConnection> {
        if self.0.deleted_at.is_some() {
            return Ok(NoteConnection::new(Page::empty(), Count::new(async || Ok(0))));
        }
        let loader = ctx.loaders()?.notes_of_record();
        let key = PageOf { parent: self.0.id, filter: (), args: page_args(first, after, last, before) };
        let page = loader.load_one(key).await.map_err(failed)?.unwrap_or_else(Page::empty);
        Ok(NoteConnection::new(page, Count::of_parent(loader.clone(), CountOf(self.0.id, ()))))
    }

    /// What the record holds in the organization's own fields, in their order. Fields that hold nothing are left out; there
    /// are at most 200 fields, so they come without pages.
    async fn custom_fields(&self, ctx: &Context<'_>) -> Result<Vec<CustomFieldValue>> {
        let values = ctx.loaders()?.custom_values().load_one(self.0.id).await.map_err(failed)?;
        Ok(values.unwrap_or_default().into_iter().map(CustomFieldValue::from).collect())
    }

    /// What the record holds in one of the organization's own fields; null when it holds nothing.
    async fn custom_field(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The field's name for programs.")] key: String,
    ) -> Result<Option<CustomFieldValue>> {
        let values = ctx.loaders()?.custom_values().load_one(self.0.id).await.map_err(failed)?;
        let mut values = values.unwrap_or_default().into_iter();
        Ok(values.find(|(field, _)| field.key == key).map(CustomFieldValue::from))
    }

    /// The layout that says which of the organization's own fields the record shows; null stands for the standard one.
    async fn layout(&self, ctx: &Context<'_>) -> Result<Option<Layout>> {
        let Some(layout) = self.0.layout_id else { return Ok(None) };
        Ok(ctx.loaders()?.layouts().load_one(layout).await.map_err(failed)?.map(Layout::from))
    }

    /// Ascends with every change; send it along with an update to refuse overwriting somebody else's change.
    async fn version(&self) -> i32 {
        i32::try_from(self.0.version).unwrap_or(i32::MAX)
    }

    /// When the record was made.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When the record was last changed.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.0.updated_at)
    }

    /// When the record was deleted; null while it lives. Deleted records are listed with the filter `isDeleted` and can be
    /// restored.
    async fn deleted_at(&self) -> Option<DateTime> {
        self.0.deleted_at.map(DateTime)
    }
}

/// What the interfaces ask of a record type, and how it is made and found.
macro_rules! record_type {
    ($type:ident, $entity:ident, $loader:ident) => {
        impl From<finbridge_entity::$entity::Model> for $type {
            fn from(row: finbridge_entity::$entity::Model) -> Self {
                Self(row)
            }
        }

        impl $type {
            fn common(&self) -> $crate::service::record::Common {
                <finbridge_entity::$entity::Entity as $crate::service::record::Record>::common(&self.0)
            }

            /// Which kind of record it is.
            ///
            /// # Errors
            /// None; interfaces ask in this form.
            pub async fn record_type(
                &self,
                _: &async_graphql::Context<'_>,
            ) -> async_graphql::Result<$crate::graphql::record::RecordType> {
                Ok(self.common().record_type.into())
            }

            /// Who looks after it.
            ///
            /// # Errors
            /// The database's.
            pub async fn owner(
                &self,
                ctx: &async_graphql::Context<'_>,
            ) -> async_graphql::Result<Option<$crate::graphql::user::User>> {
                $crate::graphql::user::User::load(ctx, self.0.owner_id).await
            }

            /// Ascends with every change.
            ///
            /// # Errors
            /// None; interfaces ask in this form.
            pub async fn version(&self, _: &async_graphql::Context<'_>) -> async_graphql::Result<i32> {
                Ok(i32::try_from(self.0.version).unwrap_or(i32::MAX))
            }

            /// When it was made.
            ///
            /// # Errors
            /// None; interfaces ask in this form.
            pub async fn created_at(
                &self,
                _: &async_graphql::Context<'_>,
            ) -> async_graphql::Result<$crate::graphql::scalar::DateTime> {
                Ok($crate::graphql::scalar::DateTime(self.0.created_at))
            }

            /// When it was last changed.
            ///
            /// # Errors
            /// None; interfaces ask in this form.
            pub async fn updated_at(
                &self,
                _: &async_graphql::Context<'_>,
            ) -> async_graphql::Result<$crate::graphql::scalar::DateTime> {
                Ok($crate::graphql::scalar::DateTime(self.0.updated_at))
            }

            /// When it was deleted.
            ///
            /// # Errors
            /// None; interfaces ask in this form.
            pub async fn deleted_at(
                &self,
                _: &async_graphql::Context<'_>,
            ) -> async_graphql::Result<Option<$crate::graphql::scalar::DateTime>> {
                Ok(self.0.deleted_at.map($crate::graphql::scalar::DateTime))
            }
        }

        /// The record, unless it was deleted or is another tenant's.
        ///
        /// # Errors
        /// The database's.
        pub async fn living(
            ctx: &async_graphql::Context<'_>,
            uuid: uuid::Uuid,
        ) -> async_graphql::Result<Option<$type>> {
            use $crate::graphql::context::Asked as _;
            let row =
                ctx.loaders()?.$loader().load_one(uuid).await.map_err($crate::graphql::loader::failed)?;
            Ok(row.filter(|row| row.deleted_at.is_none()).map($type))
        }
    };
}
pub(crate) use record_type;
