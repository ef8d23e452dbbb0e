//! The OAuth server in front of the APIs (API facts, section 2). Most failures are HTTP 200 with an `error` member, as
//! on the live service.

mod authorize;
mod consent;
mod revoke;
mod token;

use std::ops::RangeInclusive;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use crate::envelope::Reply;
use crate::error::ApiError;
use crate::json::Json;
use crate::store::Transaction;
use crate::store::change::Change;
use crate::store::records::{AccessToken, GrantCode, RefreshToken};

pub(crate) use authorize::{authorize, web_address};
pub(crate) use revoke::revoke;
pub(crate) use token::token;

/// Lifetime of an access token in seconds.
const ACCESS_SECONDS: i64 = 3600;
/// Lifetime of a grant code from the consent page in seconds.
pub(crate) const CODE_SECONDS: i64 = 120;
/// Lifetimes in seconds that a self client may choose for its grant code.
pub(crate) const SELF_CLIENT_CODE_SECONDS: RangeInclusive<i64> = 180..=600;
/// Live access tokens per refresh token; the oldest is dropped.
const MAX_ACCESS: usize = 15;
/// Refresh tokens per user and client; the oldest is dropped.
const MAX_REFRESH: usize = 20;
/// Dead access tokens are remembered this many hours, so that they answer 57 and not 14.
const REMEMBER_HOURS: i64 = 24;
/// Dead access tokens remembered, whatever the hour: the clock may stand. Those whose refresh token is gone count with
/// them.
const MAX_DEAD: usize = 1000;
/// Grant codes that wait for their exchange; the oldest is dropped.
const MAX_CODES: usize = 1000;

enum Failure {
    /// The word of the `error` member.
    Named(&'static str),
    Api(ApiError),
}

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Self {
        Self::Api(error)
    }
}

type Outcome = Result<Json, Failure>;

/// The answer to a call; `refused` is the HTTP status of a named failure.
fn reply(outcome: Outcome, refused: u16) -> Reply {
    match outcome {
        Ok(body) => Reply::json(200, &body),
        Err(Failure::Named(word)) => Reply::json(refused, &Json::object([("error", word.into())])),
        Err(Failure::Api(error)) => error.into(),
    }
}

/// What a grant code is minted for.
pub(crate) struct NewCode<'a> {
    pub(crate) user_id: u64,
    pub(crate) client_id: &'a str,
    pub(crate) scopes: Vec<String>,
    /// The exchange must name the same one; a self client has none.
    pub(crate) redirect_uri: Option<String>,
    /// Whether the exchange also yields a refresh token.
    pub(crate) offline: bool,
    /// Lifetime in seconds.
    pub(crate) expires_in: i64,
}

/// Mints a grant code, and forgets those that expired and the oldest ones beyond the limit.
pub(crate) fn mint_code(transaction: &mut Transaction, now: DateTime<Utc>, new: NewCode<'_>) -> String {
    let (expired, mut waiting): (Vec<_>, Vec<_>) =
        transaction.state.codes.values().cloned().partition(|code| code.expires <= now);
    waiting.sort_by_key(|code| code.serial);
    let excess = (waiting.len() + 1).saturating_sub(MAX_CODES);
    for code in expired.iter().chain(waiting.iter().take(excess)) {
        transaction.apply(Change::CodeDeleted(code.code.clone()));
    }
    let code = Arc::new(GrantCode {
        code: transaction.secret(),
        serial: next_serial(transaction),
        user_id: new.user_id,
        client_id: new.client_id.to_owned(),
        scopes: new.scopes,
        redirect_uri: new.redirect_uri,
        offline: new.offline,
        expires: now + TimeDelta::seconds(new.expires_in),
    });
    transaction.apply(Change::Code(Arc::clone(&code)));
    code.code.clone()
}

/// Issues a refresh token and drops the user's oldest one beyond the limit.
pub(crate) fn issue_refresh(
    transaction: &mut Transaction,
    user_id: u64,
    client_id: &str,
    scopes: &[String],
) -> String {
    let token = Arc::new(RefreshToken {
        token: transaction.secret(),
        serial: next_serial(transaction),
        user_id,
        client_id: client_id.to_owned(),
        scopes: scopes.to_vec(),
    });
    transaction.apply(Change::RefreshToken(Arc::clone(&token)));
    let mut own: Vec<_> = transaction
        .state
        .refresh_tokens
        .values()
        .filter(|it| it.user_id == user_id && it.client_id == client_id)
        .cloned()
        .collect();
    own.sort_by_key(|it| it.serial);
    for oldest in own.iter().take(own.len().saturating_sub(MAX_REFRESH)) {
        transaction.apply(Change::RefreshTokenDeleted(oldest.token.clone()));
    }
    token.token.clone()
}

/// What an access token is issued for.
struct Grant<'a> {
    user_id: u64,
    client_id: &'a str,
    scopes: &'a [String],
    refresh_token: Option<String>,
    /// The one organization the token is good for, if any.
    organization_id: Option<String>,
}

/// Issues an access token and ends the oldest live one beyond the limit.
fn issue_access(transaction: &mut Transaction, now: DateTime<Utc>, grant: Grant<'_>) -> String {
    forget(transaction, now);
    let token = Arc::new(AccessToken {
        token: transaction.secret(),
        serial: next_serial(transaction),
        user_id: grant.user_id,
        client_id: grant.client_id.to_owned(),
        refresh_token: grant.refresh_token,
        scopes: grant.scopes.to_vec(),
        organization_id: grant.organization_id,
        expires: now + TimeDelta::seconds(ACCESS_SECONDS),
        revoked: false,
    });
    transaction.apply(Change::AccessToken(Arc::clone(&token)));
    let same = |it: &AccessToken| {
        it.client_id == token.client_id
            && it.user_id == token.user_id
            && it.refresh_token == token.refresh_token
    };
    let mut live: Vec<_> = transaction
        .state
        .access_tokens
        .values()
        .filter(|it| !it.revoked && it.expires > now && same(it))
        .cloned()
        .collect();
    live.sort_by_key(|it| it.serial);
    for oldest in live.iter().take(live.len().saturating_sub(MAX_ACCESS)) {
        kill(transaction, oldest);
    }
    token.token.clone()
}

/// Forgets access tokens that died long ago, and the oldest ones beyond the limit.
fn forget(transaction: &mut Transaction, now: DateTime<Utc>) {
    let forget_before = now - TimeDelta::hours(REMEMBER_HOURS);
    let state = &transaction.state;
    let dead = |it: &AccessToken| it.revoked || it.expires <= now;
    // Nobody drops those while they live: they count for a refresh token that issues no more.
    let left = |it: &AccessToken| {
        it.refresh_token.as_ref().is_some_and(|refresh| !state.refresh_tokens.contains_key(refresh))
    };
    let mut candidates: Vec<_> =
        state.access_tokens.values().filter(|it| dead(it) || left(it)).cloned().collect();
    candidates.sort_by_key(|it| (it.expires >= forget_before, !dead(it), it.serial));
    let long_ago = candidates.partition_point(|it| it.expires < forget_before);
    for access in candidates.iter().take(long_ago.max(candidates.len().saturating_sub(MAX_DEAD))) {
        transaction.apply(Change::AccessTokenDeleted(access.token.clone()));
    }
}

fn kill(transaction: &mut Transaction, access: &AccessToken) {
    transaction.apply(Change::AccessToken(Arc::new(AccessToken { revoked: true, ..access.clone() })));
}

/// Tokens are numbered apart from records, so that refreshing a token never moves a record id.
fn next_serial(transaction: &Transaction) -> u64 {
    transaction.state.last_serial + 1
}
