//! API tokens.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use finbridge_domain::NodeKind;
use finbridge_entity::api_token;

use super::context::{Asked, id, uuid};
use super::error::{self, payload, top_level};
use super::scalar::DateTime;
use super::user::User;
use crate::service::{UserError, token};

/// A token by which a program acts for a person. The secret itself is shown once, when the token is made.
pub struct ApiToken(api_token::Model);

impl From<api_token::Model> for ApiToken {
    fn from(row: api_token::Model) -> Self {
        Self(row)
    }
}

/// A token by which a program acts for a person. The secret itself is shown once, when the token is made.
#[Object]
impl ApiToken {
    /// Global id.
    pub async fn id(&self) -> ID {
        id(NodeKind::ApiToken, self.0.id)
    }

    /// What it is for.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The person it acts for; null when that person left the organization.
    async fn user(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        User::load(ctx, Some(self.0.user_id)).await
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// From when on it is refused; null: never.
    async fn expires_at(&self) -> Option<DateTime> {
        self.0.expires_at.map(DateTime)
    }

    /// When it was revoked; null while it works.
    async fn revoked_at(&self) -> Option<DateTime> {
        self.0.revoked_at.map(DateTime)
    }
}

/// Reading tokens.
#[derive(Default)]
pub struct TokenQuery;

#[Object]
impl TokenQuery {
    /// The viewer's tokens, or everybody's for an administrator: few, so a plain list, newest first, 500 at most.
    async fn api_tokens(&self, ctx: &Context<'_>) -> Result<Option<Vec<ApiToken>>> {
        let rows = token::list(ctx.services()?).await.map_err(top_level)?;
        Ok(Some(rows.into_iter().map(ApiToken).collect()))
    }
}

/// What a token is made of.
#[derive(InputObject)]
pub struct ApiTokenCreateInput {
    /// What it is for, so that people know which one to revoke.
    name: String,
    /// The person it acts for; the viewer when left out. Another person takes an administrator.
    user_id: Option<ID>,
    /// From when on it is refused; never when left out.
    expires_at: Option<DateTime>,
}

/// What came of making a token.
#[derive(SimpleObject)]
pub struct ApiTokenCreatePayload {
    /// The token; null when there are user errors.
    api_token: Option<ApiToken>,
    /// The secret to be sent as `Authorization: Bearer …`. Shown this once and stored nowhere; null when there are user
    /// errors.
    secret: Option<String>,
    /// What a person has to mend; empty when the mutation did what was asked.
    user_errors: Vec<UserError>,
}

/// Which token to revoke.
#[derive(InputObject)]
pub struct ApiTokenRevokeInput {
    /// Which token.
    id: ID,
}

payload! {
    /// What came of revoking a token.
    ApiTokenRevokePayload {
        /// The token, revoked; null when there are user errors.
        api_token: ApiToken
    }
}

/// Making and revoking tokens.
#[derive(Default)]
pub struct TokenMutation;

#[Object]
impl TokenMutation {
    /// Makes a token. Its secret is in this answer and nowhere else.
    async fn api_token_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What it is for.")] input: ApiTokenCreateInput,
    ) -> Result<Option<ApiTokenCreatePayload>> {
        let user_id = input.user_id.map(|id| uuid(NodeKind::User, &id)).transpose()?;
        let expires_at = input.expires_at.map(|instant| instant.0);
        let result = token::create(ctx.services()?, &input.name, user_id, expires_at).await;
        let (issued, user_errors) = error::split(result)?;
        let (api_token, secret) = issued.map(|issued| (ApiToken(issued.row), issued.secret)).unzip();
        Ok(Some(ApiTokenCreatePayload { api_token, secret, user_errors }))
    }

    /// Revokes a token: from now on it is refused. Revoking it again changes nothing.
    async fn api_token_revoke(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which token.")] input: ApiTokenRevokeInput,
    ) -> Result<Option<ApiTokenRevokePayload>> {
        let id = uuid(NodeKind::ApiToken, &input.id)?;
        ApiTokenRevokePayload::of(token::revoke(ctx.services()?, id).await, ApiToken).map(Some)
    }
}
