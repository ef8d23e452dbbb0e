//! Filtering and ordering accounts.

use async_graphql::{Enum, InputObject, Result};
use finbridge_domain::NodeKind;
use finbridge_entity::account;
use sea_orm::Condition;

use crate::graphql::connection::OrderDirection;
use crate::graphql::filter::{Conditions, DecimalFilter, IdFilter, StringFilter, TextShape};
use crate::graphql::record::filter::RecordFilter;
use crate::service::Services;
use crate::service::page::{Listing, SortKey, SortValue};
use crate::service::record::Record;

/// Which accounts to list; all conditions must hold.
#[derive(InputObject, Debug, Clone, Default)]
pub struct AccountFilter {
    /// What every record takes.
    #[graphql(flatten)]
    pub record: RecordFilter,
    /// Line of business.
    pub industry: Option<StringFilter>,
    /// The account it belongs to.
    pub parent: Option<IdFilter>,
    /// Revenue of a year, in whatever currency it is kept.
    pub annual_revenue: Option<DecimalFilter>,
}

impl AccountFilter {
    /// The conditions in SQL.
    ///
    /// # Errors
    /// Ids of another kind, amounts that cannot be kept.
    pub async fn condition(&self, services: &Services) -> Result<Condition> {
        use account::Column;
        let common = self.record.condition::<account::Entity>(services).await?;
        common
            .text("industry", Column::IndustryKey, TextShape::Key, self.industry.as_ref())?
            .id(Column::ParentId, NodeKind::Account, self.parent.as_ref())?
            .amount(Column::AnnualRevenueUnits, self.annual_revenue.as_ref())
    }
}

/// What accounts can be ordered by.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountOrderField {
    /// Name, without regard to letter case.
    Name,
    /// When they were made.
    CreatedAt,
    /// When they were last changed.
    UpdatedAt,
    /// Revenue of a year; accounts without one come last.
    AnnualRevenue,
    /// Number of employees; accounts without one come last.
    EmployeeCount,
}

/// The order of a list of accounts.
#[derive(InputObject, Debug, Clone, Copy)]
pub struct AccountOrder {
    /// By what.
    pub field: AccountOrderField,
    /// Which way.
    #[graphql(default)]
    pub direction: OrderDirection,
}

/// The list in this order; by name when none is given.
pub fn listing(order: Option<AccountOrder>) -> Listing<account::Entity> {
    use account::Column;
    let order =
        order.unwrap_or(AccountOrder { field: AccountOrderField::Name, direction: OrderDirection::Asc });
    let key = match order.field {
        AccountOrderField::Name => account::Entity::by_name(),
        AccountOrderField::CreatedAt => account::Entity::by_created_at(),
        AccountOrderField::UpdatedAt => account::Entity::by_updated_at(),
        AccountOrderField::AnnualRevenue => SortKey {
            name: "ANNUAL_REVENUE",
            column: Column::AnnualRevenueUnits,
            nullable: true,
            value: |row: &account::Model| SortValue::Int(row.annual_revenue_units),
        },
        AccountOrderField::EmployeeCount => SortKey {
            name: "EMPLOYEE_COUNT",
            column: Column::EmployeeCount,
            nullable: true,
            value: |row: &account::Model| SortValue::Int(row.employee_count.map(i64::from)),
        },
    };
    Listing { name: "accounts", key, descending: order.direction == OrderDirection::Desc }
}
