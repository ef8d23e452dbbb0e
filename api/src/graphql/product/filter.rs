//! Filtering and ordering products.

use async_graphql::{Enum, InputObject, Result};
use finbridge_entity::product;
use sea_orm::Condition;

use crate::graphql::connection::OrderDirection;
use crate::graphql::filter::{BooleanFilter, Conditions, DecimalFilter, StringFilter, TextShape};
use crate::graphql::record::filter::RecordFilter;
use crate::service::Services;
use crate::service::page::{Listing, SortKey, SortValue};
use crate::service::record::Record;

/// Which products to list; all conditions must hold.
#[derive(InputObject, Debug, Clone, Default)]
pub struct ProductFilter {
    /// What every record takes.
    #[graphql(flatten)]
    pub record: RecordFilter,
    /// What the organization orders and counts it by.
    pub code: Option<StringFilter>,
    /// Product line.
    pub family: Option<StringFilter>,
    /// Whether it is still sold.
    pub is_active: Option<BooleanFilter>,
    /// Whether sales of it are taxed.
    pub is_taxable: Option<BooleanFilter>,
    /// List price of one, in whatever currency it is kept.
    pub unit_price: Option<DecimalFilter>,
}

impl ProductFilter {
    /// The conditions in SQL.
    ///
    /// # Errors
    /// Ids of another kind, amounts that cannot be kept.
    pub async fn condition(&self, services: &Services) -> Result<Condition> {
        use product::Column;
        let common = self.record.condition::<product::Entity>(services).await?;
        common
            .text("code", Column::CodeKey, TextShape::Key, self.code.as_ref())?
            .text("family", Column::FamilyKey, TextShape::Key, self.family.as_ref())?
            .boolean(Column::IsActive, self.is_active.as_ref())
            .boolean(Column::IsTaxable, self.is_taxable.as_ref())
            .amount(Column::UnitPriceUnits, self.unit_price.as_ref())
    }
}

/// What products can be ordered by.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProductOrderField {
    /// Name, without regard to letter case.
    Name,
    /// List price of one, whatever its currency; products without one come last.
    UnitPrice,
    /// When they were made.
    CreatedAt,
    /// When they were last changed.
    UpdatedAt,
}

/// The order of a list of products.
#[derive(InputObject, Debug, Clone, Copy)]
pub struct ProductOrder {
    /// By what.
    pub field: ProductOrderField,
    /// Which way.
    #[graphql(default)]
    pub direction: OrderDirection,
}

/// The list in this order; by name when none is given.
pub fn listing(order: Option<ProductOrder>) -> Listing<product::Entity> {
    let order =
        order.unwrap_or(ProductOrder { field: ProductOrderField::Name, direction: OrderDirection::Asc });
    let key = match order.field {
        ProductOrderField::Name => product::Entity::by_name(),
        ProductOrderField::UnitPrice => SortKey {
            name: "UNIT_PRICE",
            column: product::Column::UnitPriceUnits,
            nullable: true,
            value: |row: &product::Model| SortValue::Int(row.unit_price_units),
        },
        ProductOrderField::CreatedAt => product::Entity::by_created_at(),
        ProductOrderField::UpdatedAt => product::Entity::by_updated_at(),
    };
    Listing { name: "products", key, descending: order.direction == OrderDirection::Desc }
}
