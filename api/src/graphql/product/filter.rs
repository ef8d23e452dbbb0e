//! Filtering and ordering products.

use async_graphql::{Enum, InputObject, Result};
use finbridge_domain::NodeKind;
use finbridge_entity::product;
use sea_orm::{ColumnTrait, Condition};

use crate::graphql::connection::OrderDirection;
use crate::graphql::filter::{Conditions, DateTimeFilter, DecimalFilter, IdFilter, StringFilter, TextShape};
use crate::service::page::{Listing, SortKey, SortValue};
use crate::service::record::Record;

/// Which products to list; all conditions must hold.
#[derive(InputObject, Debug, Clone, Default)]
pub struct ProductFilter {
    /// Name.
    pub name: Option<StringFilter>,
    /// What the organization orders and counts it by.
    pub code: Option<StringFilter>,
    /// Product line.
    pub family: Option<StringFilter>,
    /// True: is still sold. False: is not sold any more.
    pub is_active: Option<bool>,
    /// List price of one, in whatever currency it is kept.
    pub unit_price: Option<DecimalFilter>,
    /// Owner, by user id.
    pub owner: Option<IdFilter>,
    /// When it was made.
    pub created_at: Option<DateTimeFilter>,
    /// When it was last changed.
    pub updated_at: Option<DateTimeFilter>,
}

impl ProductFilter {
    /// The conditions in SQL.
    ///
    /// # Errors
    /// Ids of another kind, amounts that cannot be kept.
    pub fn condition(&self) -> Result<Condition> {
        use product::Column;
        Ok(Condition::all()
            .text(Column::NameKey, TextShape::Key, self.name.as_ref())
            .text(Column::Code, TextShape::Plain, self.code.as_ref())
            .text(Column::Family, TextShape::Plain, self.family.as_ref())
            .add_option(self.is_active.map(|active| Column::IsActive.eq(active)))
            .amount(Column::UnitPriceUnits, self.unit_price.as_ref())?
            .id(Column::OwnerId, NodeKind::User, self.owner.as_ref())?
            .time(Column::CreatedAt, self.created_at.as_ref())
            .time(Column::UpdatedAt, self.updated_at.as_ref()))
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
