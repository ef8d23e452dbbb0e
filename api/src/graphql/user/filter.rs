//! Filtering and ordering users.

use async_graphql::{Enum, InputObject, Result};
use finbridge_entity::{crm_user, membership};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect, QueryTrait};

use crate::graphql::connection::OrderDirection;
use crate::graphql::filter::{Conditions, StringFilter, TextShape};
use crate::service::page::{Listing, SortKey, SortValue};

/// Which users to list; all conditions must hold.
#[derive(InputObject, Debug, Clone, Default)]
pub struct UserFilter {
    /// Full name.
    pub name: Option<StringFilter>,
    /// E-mail address.
    pub email: Option<StringFilter>,
}

impl UserFilter {
    /// The conditions in SQL, on the memberships of an organization.
    ///
    /// # Errors
    /// Texts that are too long.
    pub fn condition(&self) -> Result<Condition> {
        use membership::Column;
        let condition = Condition::all().text("name", Column::NameKey, TextShape::Key, self.name.as_ref())?;
        if self.email.is_none() {
            return Ok(condition);
        }
        // Addresses are stored in lower case, which is how keys are compared.
        let users = crm_user::Entity::find().select_only().column(crm_user::Column::Id).filter(
            Condition::all().text("email", crm_user::Column::Email, TextShape::Key, self.email.as_ref())?,
        );
        Ok(condition.add(Column::UserId.in_subquery(users.into_query())))
    }
}

/// What users can be ordered by.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserOrderField {
    /// Full name, without regard to letter case.
    Name,
}

/// The order of a list of users.
#[derive(InputObject, Debug, Clone, Copy)]
pub struct UserOrder {
    /// By what.
    pub field: UserOrderField,
    /// Which way.
    #[graphql(default)]
    pub direction: OrderDirection,
}

/// The list in this order; by name when none is given.
pub fn listing(order: Option<UserOrder>) -> Listing<membership::Entity> {
    let order = order.unwrap_or(UserOrder { field: UserOrderField::Name, direction: OrderDirection::Asc });
    let key = match order.field {
        UserOrderField::Name => SortKey {
            name: "NAME",
            column: membership::Column::NameKey,
            nullable: false,
            value: |row: &membership::Model| SortValue::Text(row.name_key.clone()),
        },
    };
    Listing { name: "users", key, descending: order.direction == OrderDirection::Desc }
}
