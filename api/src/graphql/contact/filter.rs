//! Filtering and ordering contacts.

use async_graphql::{Enum, InputObject, Result};
use finbridge_domain::NodeKind;
use finbridge_entity::contact;
use sea_orm::Condition;

use crate::graphql::connection::OrderDirection;
use crate::graphql::filter::{Conditions, IdFilter, StringFilter, TextShape};
use crate::graphql::record::filter::RecordFilter;
use crate::service::Services;
use crate::service::page::Listing;
use crate::service::record::Record;

/// Which contacts to list; all conditions must hold.
#[derive(InputObject, Debug, Clone, Default)]
pub struct ContactFilter {
    /// What every record takes.
    #[graphql(flatten)]
    pub record: RecordFilter,
    /// E-mail address.
    pub email: Option<StringFilter>,
    /// The company the person works for.
    pub account: Option<IdFilter>,
}

impl ContactFilter {
    /// The conditions in SQL.
    ///
    /// # Errors
    /// Ids of another kind.
    pub async fn condition(&self, services: &Services) -> Result<Condition> {
        use contact::Column;
        let common = self.record.condition::<contact::Entity>(services).await?;
        common.text("email", Column::EmailKey, TextShape::Key, self.email.as_ref())?.id(
            Column::AccountId,
            NodeKind::Account,
            self.account.as_ref(),
        )
    }
}

/// What contacts can be ordered by.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContactOrderField {
    /// Given name and family name in one, without regard to letter case.
    Name,
    /// When they were made.
    CreatedAt,
    /// When they were last changed.
    UpdatedAt,
}

/// The order of a list of contacts.
#[derive(InputObject, Debug, Clone, Copy)]
pub struct ContactOrder {
    /// By what.
    pub field: ContactOrderField,
    /// Which way.
    #[graphql(default)]
    pub direction: OrderDirection,
}

/// The list in this order; by name when none is given.
pub fn listing(order: Option<ContactOrder>) -> Listing<contact::Entity> {
    let order =
        order.unwrap_or(ContactOrder { field: ContactOrderField::Name, direction: OrderDirection::Asc });
    let key = match order.field {
        ContactOrderField::Name => contact::Entity::by_name(),
        ContactOrderField::CreatedAt => contact::Entity::by_created_at(),
        ContactOrderField::UpdatedAt => contact::Entity::by_updated_at(),
    };
    Listing { name: "contacts", key, descending: order.direction == OrderDirection::Desc }
}

/// The contacts of an account, by name.
pub fn of_account() -> Listing<contact::Entity> {
    Listing { name: "accountContacts", key: contact::Entity::by_name(), descending: false }
}
