//! Filtering and ordering vendors.

use async_graphql::{Enum, InputObject, Result};
use finbridge_entity::vendor;
use sea_orm::Condition;

use crate::graphql::connection::OrderDirection;
use crate::graphql::record::filter::RecordFilter;
use crate::service::Services;
use crate::service::page::Listing;
use crate::service::record::Record;

/// Which vendors to list; all conditions must hold.
#[derive(InputObject, Debug, Clone, Default)]
pub struct VendorFilter {
    /// What every record takes.
    #[graphql(flatten)]
    pub record: RecordFilter,
}

impl VendorFilter {
    /// The conditions in SQL.
    ///
    /// # Errors
    /// Ids of another kind.
    pub async fn condition(&self, services: &Services) -> Result<Condition> {
        let common = self.record.condition::<vendor::Entity>(services).await?;
        Ok(common)
    }
}

/// What vendors can be ordered by.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum VendorOrderField {
    /// Name, without regard to letter case.
    Name,
    /// When they were made.
    CreatedAt,
    /// When they were last changed.
    UpdatedAt,
}

/// The order of a list of vendors.
#[derive(InputObject, Debug, Clone, Copy)]
pub struct VendorOrder {
    /// By what.
    pub field: VendorOrderField,
    /// Which way.
    #[graphql(default)]
    pub direction: OrderDirection,
}

/// The list in this order; by name when none is given.
pub fn listing(order: Option<VendorOrder>) -> Listing<vendor::Entity> {
    let order =
        order.unwrap_or(VendorOrder { field: VendorOrderField::Name, direction: OrderDirection::Asc });
    let key = match order.field {
        VendorOrderField::Name => vendor::Entity::by_name(),
        VendorOrderField::CreatedAt => vendor::Entity::by_created_at(),
        VendorOrderField::UpdatedAt => vendor::Entity::by_updated_at(),
    };
    Listing { name: "vendors", key, descending: order.direction == OrderDirection::Desc }
}
