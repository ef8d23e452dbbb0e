//! The people of the organization in GraphQL.

pub mod filter;
pub mod query;

use async_graphql::{Context, Enum, ID, Object, Result};
use finbridge_domain::NodeKind;
use finbridge_entity::types::Role;
use finbridge_entity::{crm_user, membership};
use uuid::Uuid;

use super::context::{Asked, id};
use super::loader::failed;

/// Somebody who works in the organization and can sign in.
#[derive(Clone)]
pub struct User {
    user: crm_user::Model,
    member: membership::Model,
}

impl From<(crm_user::Model, membership::Model)> for User {
    fn from((user, member): (crm_user::Model, membership::Model)) -> Self {
        Self { user, member }
    }
}

super::connection::connection!(UserConnection, UserEdge, User, (crm_user::Model, membership::Model), "users");

/// What somebody may do in the organization.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "Role")]
pub enum MemberRole {
    /// Everything: the CRM's records, the integrations and their settings, and everybody's API tokens.
    Administrator,
    /// Read and change the CRM's records, look at integrations, and keep API tokens of one's own.
    Standard,
}

/// Somebody who works in the organization and can sign in.
#[Object]
impl User {
    /// Global id.
    pub async fn id(&self) -> ID {
        id(NodeKind::User, self.user.id)
    }

    /// E-mail address, in lower case; by it a person is known to the whole server, across organizations.
    async fn email(&self) -> &str {
        &self.user.email
    }

    /// Full name, as people write it.
    async fn name(&self) -> &str {
        &self.user.name
    }

    /// What the person may do in this organization; it may be something else in another one.
    async fn role(&self) -> MemberRole {
        self.member.role.into()
    }

    /// Sales team or regional office in this organization; null when the person belongs to none.
    async fn team(&self) -> Option<&str> {
        self.member.team.as_deref()
    }
}

impl User {
    /// The person, if there is one and it has a place in this organization.
    ///
    /// # Errors
    /// The database's.
    pub async fn load(ctx: &Context<'_>, user: Option<Uuid>) -> Result<Option<Self>> {
        let Some(user) = user else { return Ok(None) };
        Ok(ctx.loaders()?.users().load_one(user).await.map_err(failed)?.map(Self::from))
    }
}
