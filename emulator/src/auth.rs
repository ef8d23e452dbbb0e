//! Who calls, with which right, for which organization.

use std::sync::Arc;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use chrono::{DateTime, Utc};

use crate::error::{ApiError, Code};
use crate::request::Query;
use crate::scope;
use crate::store::records::{AccessToken, Organization, User};
use crate::store::{State, Store};

const ORGANIZATION_HEADER: &str = "x-com-zoho-books-organizationid";

/// The module and operation whose scope a call needs.
pub(crate) type Need = (&'static str, &'static str);

/// What an authenticated call works with.
pub(crate) struct Context<'a> {
    pub(crate) store: &'a Store,
    /// The state as it was when the call was admitted.
    pub(crate) state: State,
    pub(crate) now: DateTime<Utc>,
    pub(crate) user: Arc<User>,
    organization: Option<Arc<Organization>>,
}

impl<'a> Context<'a> {
    /// Admits a call. Errors: 14 for a malformed or unknown token, 57 for an expired or revoked one and for a missing
    /// scope.
    pub(crate) fn admit(
        store: &'a Store,
        now: DateTime<Utc>,
        headers: &HeaderMap,
        need: Option<Need>,
    ) -> Result<(Self, Arc<AccessToken>), ApiError> {
        let state = store.read();
        let token = bearer(headers).and_then(|token| state.access_tokens.get(token)).cloned();
        let token = token.ok_or(Code::InvalidToken)?;
        if token.revoked || token.expires <= now {
            return Err(Code::NotAuthorized.into());
        }
        if need.is_some_and(|(module, operation)| !scope::covers(&token.scopes, module, operation)) {
            return Err(Code::NotAuthorized.into());
        }
        let user = state.users.get(&token.user_id).cloned().ok_or(Code::InvalidToken)?;
        Ok((Self { store, state, now, user, organization: None }, token))
    }

    /// Selects the organization: query, then header, then the user's default one. Errors: 6041 for an organization
    /// the user does not belong to or that has not joined Books, 9017 for a user without any.
    pub(crate) fn select(
        &mut self,
        query: &Query,
        headers: &HeaderMap,
        token: &AccessToken,
    ) -> Result<(), ApiError> {
        let header = headers.get(ORGANIZATION_HEADER).and_then(|value| value.to_str().ok()).map(str::trim);
        let named = query.get("organization_id").or(header.filter(|id| !id.is_empty()));
        let default =
            || token.organization_id.as_deref().or(self.user.organizations.first().map(String::as_str));
        let id = named.or_else(default).ok_or(Code::NoOrganization)?;
        let organization = self.own_organization(id)?;
        if !organization.joined("books") {
            return Err(ApiError::about(Code::WrongOrganization, id));
        }
        self.organization = Some(Arc::clone(organization));
        Ok(())
    }

    /// The selected organization.
    pub(crate) fn organization(&self) -> Result<&Arc<Organization>, ApiError> {
        self.organization.as_ref().ok_or_else(|| Code::NoOrganization.into())
    }

    /// An organization the user belongs to (code 6041 otherwise).
    pub(crate) fn own_organization(&self, id: &str) -> Result<&Arc<Organization>, ApiError> {
        let own = self.user.organizations.iter().any(|own| own == id);
        let organization = self.state.organizations.get(id).filter(|_| own);
        organization.ok_or_else(|| ApiError::about(Code::WrongOrganization, id))
    }
}

/// The token of either scheme; scheme words are compared without case.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.trim().split_once(' ')?;
    let known = ["zoho-oauthtoken", "bearer"].iter().any(|it| scheme.eq_ignore_ascii_case(it));
    known.then_some(token.trim())
}
