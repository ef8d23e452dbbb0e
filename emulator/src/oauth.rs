//! The OAuth server in front of the APIs. Most failures are HTTP 200 with an `error` member, as on the live service.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use crate::envelope::Reply;
use crate::error::ApiError;
use crate::json::Json;
use crate::request::Query;
use crate::scope;
use crate::store::change::Change;
use crate::store::records::{AccessToken, Client, GrantCode, RefreshToken};
use crate::store::{State, Store, Transaction};

/// Lifetime of an access token in seconds.
const ACCESS_SECONDS: i64 = 3600;
/// Lifetime of a grant code in seconds.
const CODE_SECONDS: i64 = 120;
/// Live access tokens per refresh token; the oldest is dropped.
const MAX_ACCESS: usize = 15;
/// Refresh tokens per user and client; the oldest is dropped.
const MAX_REFRESH: usize = 20;
/// Dead access tokens are remembered this many hours, so that they answer 57 and not 14.
const REMEMBER_HOURS: i64 = 24;

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

/// `POST /oauth/v2/token`; `parameters` are those of the query and of the form body together.
pub(crate) fn token(store: &Store, now: DateTime<Utc>, api_domain: &str, parameters: &Query) -> Reply {
    let state = store.read();
    let outcome = client(&state, parameters).and_then(|client| match parameters.get("grant_type") {
        Some("refresh_token") => refresh(store, now, api_domain, &client, parameters),
        Some("authorization_code") => exchange(store, now, api_domain, &client, parameters),
        Some("client_credentials") => credentials(store, now, api_domain, &client, parameters),
        _ => Err(Failure::Named("unsupported_grant_type")),
    });
    reply(outcome)
}

/// `POST /oauth/v2/token/revoke?token=…`: ends a refresh token with its access tokens, or one access token.
pub(crate) fn revoke(store: &Store, parameters: &Query) -> Reply {
    let wanted = parameters.get("token").unwrap_or_default().to_owned();
    let outcome = store.write(|transaction| {
        let of_refresh: Vec<_> = transaction
            .state
            .access_tokens
            .values()
            .filter(|access| !access.revoked)
            .filter(|access| access.token == wanted || access.refresh_token.as_ref() == Some(&wanted))
            .cloned()
            .collect();
        let known = transaction.state.refresh_tokens.contains_key(&wanted);
        if !known && of_refresh.is_empty() {
            return Ok(Err(Failure::Named("invalid_code")));
        }
        for access in of_refresh {
            kill(transaction, &access);
        }
        transaction.apply(Change::RefreshTokenDeleted(wanted));
        Ok(Ok(Json::object([("status", "success".into())])))
    });
    reply(outcome.unwrap_or_else(|error| Err(error.into())))
}

/// Issues a refresh token and drops the user's oldest one beyond the limit.
pub(crate) fn issue_refresh(
    transaction: &mut Transaction,
    user_id: u64,
    client_id: &str,
    scopes: &[String],
) -> String {
    let token = Arc::new(RefreshToken {
        token: secret(),
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

/// Mints a grant code for an administrator's call on the control surface.
pub(crate) fn mint_code(
    transaction: &mut Transaction,
    now: DateTime<Utc>,
    user_id: u64,
    client_id: &str,
    scopes: Vec<String>,
    redirect_uri: Option<String>,
    offline: bool,
) -> String {
    let code = Arc::new(GrantCode {
        code: secret(),
        user_id,
        client_id: client_id.to_owned(),
        scopes,
        redirect_uri,
        offline,
        expires: now + TimeDelta::seconds(CODE_SECONDS),
    });
    transaction.apply(Change::Code(Arc::clone(&code)));
    code.code.clone()
}

fn reply(outcome: Outcome) -> Reply {
    match outcome {
        Ok(body) => Reply::json(200, &body),
        Err(Failure::Named(word)) => Reply::json(200, &Json::object([("error", word.into())])),
        Err(Failure::Api(error)) => error.into(),
    }
}

fn client(state: &State, parameters: &Query) -> Result<Arc<Client>, Failure> {
    let known = parameters.get("client_id").and_then(|id| state.clients.get(id));
    let client = known.ok_or(Failure::Named("invalid_client"))?;
    if parameters.get("client_secret") == Some(client.client_secret.as_str()) {
        Ok(Arc::clone(client))
    } else {
        Err(Failure::Named("invalid_client_secret"))
    }
}

fn refresh(
    store: &Store,
    now: DateTime<Utc>,
    api_domain: &str,
    client: &Client,
    parameters: &Query,
) -> Outcome {
    let wanted = parameters.get("refresh_token").unwrap_or_default();
    let issued = store.write(|transaction| {
        let known = transaction.state.refresh_tokens.get(wanted);
        let Some(refresh) = known.filter(|it| it.client_id == client.client_id).cloned() else {
            return Ok(None);
        };
        let access = issue_access(transaction, now, &refresh, Some(wanted.to_owned()), None);
        Ok(Some((access, refresh)))
    })?;
    let (access, refresh) = issued.ok_or(Failure::Named("invalid_code"))?;
    Ok(granted(&access, &refresh.scopes, api_domain, None))
}

fn exchange(
    store: &Store,
    now: DateTime<Utc>,
    api_domain: &str,
    client: &Client,
    parameters: &Query,
) -> Outcome {
    let wanted = parameters.get("code").unwrap_or_default();
    let redirect = parameters.get("redirect_uri");
    let issued = store.write(|transaction| {
        let known = transaction.state.codes.get(wanted).filter(|it| it.client_id == client.client_id);
        let Some(code) = known.cloned() else { return Ok(Err("invalid_code")) };
        if code.redirect_uri.is_some() && code.redirect_uri.as_deref() != redirect {
            return Ok(Err("invalid_redirect_uri"));
        }
        transaction.apply(Change::CodeDeleted(code.code.clone()));
        if code.expires <= now {
            return Ok(Err("invalid_code"));
        }
        let refresh =
            code.offline.then(|| issue_refresh(transaction, code.user_id, &code.client_id, &code.scopes));
        let grant = RefreshToken {
            token: String::new(),
            serial: 0,
            user_id: code.user_id,
            client_id: code.client_id.clone(),
            scopes: code.scopes.clone(),
        };
        let access = issue_access(transaction, now, &grant, refresh.clone(), None);
        Ok(Ok((access, refresh, code)))
    })?;
    let (access, refresh, code) = issued.map_err(Failure::Named)?;
    Ok(granted(&access, &code.scopes, api_domain, refresh))
}

fn credentials(
    store: &Store,
    now: DateTime<Utc>,
    api_domain: &str,
    client: &Client,
    parameters: &Query,
) -> Outcome {
    let scopes = parameters.get("scope").and_then(scope::parse).ok_or(Failure::Named("invalid_scope"))?;
    // `soid` is `<Service>.<organization id>`.
    let organization = parameters.get("soid").map(|soid| soid.rsplit('.').next().unwrap_or(soid).to_owned());
    let issued = store.write(|transaction| {
        let member = transaction
            .state
            .users
            .values()
            .find(|user| organization.as_ref().is_none_or(|id| user.organizations.contains(id)));
        let Some(user_id) = member.map(|user| user.user_id) else { return Ok(None) };
        let grant = RefreshToken {
            token: String::new(),
            serial: 0,
            user_id,
            client_id: client.client_id.clone(),
            scopes: scopes.clone(),
        };
        Ok(Some(issue_access(transaction, now, &grant, None, organization)))
    })?;
    let access = issued.ok_or(Failure::Named("invalid_scope"))?;
    Ok(granted(&access, &scopes, api_domain, None))
}

fn issue_access(
    transaction: &mut Transaction,
    now: DateTime<Utc>,
    grant: &RefreshToken,
    refresh_token: Option<String>,
    organization_id: Option<String>,
) -> String {
    let forget_before = now - TimeDelta::hours(REMEMBER_HOURS);
    let forgotten: Vec<String> = transaction
        .state
        .access_tokens
        .values()
        .filter(|access| access.expires < forget_before)
        .map(|access| access.token.clone())
        .collect();
    for token in forgotten {
        transaction.apply(Change::AccessTokenDeleted(token));
    }
    let token = Arc::new(AccessToken {
        token: secret(),
        serial: next_serial(transaction),
        user_id: grant.user_id,
        client_id: grant.client_id.clone(),
        refresh_token,
        scopes: grant.scopes.clone(),
        organization_id,
        expires: now + TimeDelta::seconds(ACCESS_SECONDS),
        revoked: false,
    });
    transaction.apply(Change::AccessToken(Arc::clone(&token)));
    let mut live: Vec<_> = transaction
        .state
        .access_tokens
        .values()
        .filter(|it| !it.revoked && it.expires > now)
        .filter(|it| it.client_id == token.client_id && it.refresh_token == token.refresh_token)
        .cloned()
        .collect();
    live.sort_by_key(|it| it.serial);
    for oldest in live.iter().take(live.len().saturating_sub(MAX_ACCESS)) {
        kill(transaction, oldest);
    }
    token.token.clone()
}

fn kill(transaction: &mut Transaction, access: &AccessToken) {
    transaction.apply(Change::AccessToken(Arc::new(AccessToken { revoked: true, ..access.clone() })));
}

fn granted(access: &str, scopes: &[String], api_domain: &str, refresh: Option<String>) -> Json {
    let mut members = vec![("access_token".to_owned(), access.into())];
    if let Some(refresh) = refresh {
        members.push(("refresh_token".to_owned(), refresh.into()));
    }
    members.extend([
        ("scope".to_owned(), scopes.join(" ").into()),
        ("api_domain".to_owned(), api_domain.into()),
        ("token_type".to_owned(), "Bearer".into()),
        ("expires_in".to_owned(), Json::Number(ACCESS_SECONDS.to_string())),
    ]);
    Json::Object(members)
}

/// Tokens are numbered apart from records, so that refreshing a token never moves a record id.
fn next_serial(transaction: &Transaction) -> u64 {
    let state = &transaction.state;
    let refresh = state.refresh_tokens.values().map(|token| token.serial);
    refresh.chain(state.access_tokens.values().map(|token| token.serial)).max().map_or(1, |last| last + 1)
}

/// `1000.<32 hex>.<32 hex>`, unguessable.
fn secret() -> String {
    format!("1000.{:032x}.{:032x}", rand::random::<u128>(), rand::random::<u128>())
}
