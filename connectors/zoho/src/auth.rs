//! Access tokens: short-lived, renewed from the credential, held in memory, and shared with other processes by the store
//! that a connection brings along.
//!
//! The vendor allows about ten renewals in ten minutes per refresh token, so everybody shares one token and one of them
//! renews it while the others wait.

use std::future::ready;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use finbridge_contract::{
    Budget, Credential, Failure, FailureKind, IssuedToken, RenewalRight, TokenLookup, TokenStore,
};
use finbridge_domain::Clock;
use moka::future::Cache;
use moka::ops::compute::Op;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::app::ZohoConfig;
use crate::lenient;
use crate::transport::{Effect, RawAnswer, exchange};

/// Credentials whose token is held at once, and how long an unused one stays.
const CAPACITY: u64 = 10_000;
const IDLE: Duration = Duration::from_secs(60 * 60);

/// How often a token that the app refused may come back from somebody who does not know that yet.
const RETURNS: usize = 3;

/// Bounds of a token's life: what the vendor grants, and what is believed.
const USUAL_LIFE: i64 = 3600;
const LONGEST_LIFE: i64 = 24 * 3600;

const RECONNECT: &str = "connect the organization again";

/// What a credential of this vendor holds.
#[derive(Serialize, Deserialize)]
struct Stored {
    refresh_token: String,
}

/// The credential that holds this refresh token.
pub(crate) fn credential(refresh_token: String) -> Result<Credential, Failure> {
    match serde_json::to_string(&Stored { refresh_token }) {
        Ok(text) => Ok(Credential(text.into())),
        Err(_) => Err(Failure::new(FailureKind::Malformed, "the refresh token cannot be stored")),
    }
}

/// A token to call with.
pub(crate) struct AccessToken {
    pub(crate) text: SecretString,
    renew_at: DateTime<Utc>,
}

impl AccessToken {
    fn is(&self, other: &Self) -> bool {
        self.text.expose_secret() == other.text.expose_secret()
    }
}

/// The right to renew a token, which is given up when this is dropped before it came to an end.
struct Renewing<'a> {
    store: &'a dyn TokenStore,
    right: Option<RenewalRight>,
}

impl Renewing<'_> {
    async fn ended(mut self, outcome: Result<&IssuedToken, &Failure>) -> Option<Duration> {
        let right = self.right.as_ref()?;
        let pause = match outcome {
            Ok(issued) => {
                self.store.renewed(right, issued).await;
                None
            }
            Err(failure) => self.store.not_renewed(right, failure).await,
        };
        self.right = None;
        pause
    }
}

impl Drop for Renewing<'_> {
    fn drop(&mut self) {
        if let Some(right) = &self.right {
            self.store.abandoned(right);
        }
    }
}

/// The secret itself names the entry: a replaced credential never gets the token of the one before.
#[derive(Clone)]
struct CredentialKey(SecretString);

impl PartialEq for CredentialKey {
    fn eq(&self, other: &Self) -> bool {
        self.0.expose_secret() == other.0.expose_secret()
    }
}

impl Eq for CredentialKey {}

impl Hash for CredentialKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.expose_secret().hash(state);
    }
}

/// The tokens of all credentials.
pub(crate) struct Tokens {
    http: reqwest::Client,
    config: Arc<ZohoConfig>,
    clock: Arc<dyn Clock>,
    held: Cache<CredentialKey, Arc<AccessToken>>,
}

#[derive(Deserialize)]
struct TokenAnswer {
    #[serde(default, deserialize_with = "lenient::text")]
    access_token: Option<String>,
    #[serde(default, deserialize_with = "lenient::integer")]
    expires_in: Option<i64>,
    #[serde(default, deserialize_with = "lenient::text")]
    error: Option<String>,
}

impl Tokens {
    pub(crate) fn new(http: reqwest::Client, config: Arc<ZohoConfig>, clock: Arc<dyn Clock>) -> Self {
        let held = Cache::builder().max_capacity(CAPACITY).time_to_idle(IDLE).build();
        Self { http, config, clock, held }
    }

    /// A token that is good by our clock. Of callers who need a new one at the same time, one asks for it, and its
    /// failure is everybody's: asking again is what the vendor throttles. The budget hears once of a renewal that nobody
    /// answered. `refused` is a token that the app did not take.
    pub(crate) async fn get(
        &self,
        credential: &Credential,
        timeout: Duration,
        (store, budget): (Option<&dyn TokenStore>, Option<&dyn Budget>),
        refused: Option<&Arc<AccessToken>>,
    ) -> Result<Arc<AccessToken>, Failure> {
        let key = CredentialKey(credential.0.clone());
        let is_refused = |token: &AccessToken| refused.is_some_and(|refused| refused.is(token));
        let mut returns = 0;
        loop {
            if let Some(token) = self.held.get(&key).await {
                if self.clock.now() < token.renew_at && !is_refused(&token) {
                    return Ok(token);
                }
                self.discard(credential, &token).await;
            }
            let mut is_ours = false;
            let obtained = async {
                is_ours = true;
                self.obtain(credential, timeout, (store, budget), refused).await
            };
            let token = self.held.try_get_with(key.clone(), obtained).await;
            let token = token.map_err(|failure: Arc<Failure>| Failure::clone(&failure))?;
            // Somebody else, who did not know, may have fetched the refused one from the store again.
            if is_ours || returns == RETURNS || !is_refused(&token) {
                return Ok(token);
            }
            returns += 1;
        }
    }

    /// Forgets this token. One that has replaced it meanwhile stays, so that late callers do not discard it.
    pub(crate) async fn discard(&self, credential: &Credential, refused: &Arc<AccessToken>) {
        let key = CredentialKey(credential.0.clone());
        let forget = |held: Option<moka::Entry<_, Arc<AccessToken>>>| {
            let same = held.is_some_and(|held| Arc::ptr_eq(held.value(), refused));
            ready(if same { Op::Remove } else { Op::Nop })
        };
        self.held.entry(key).and_compute_with(forget).await;
    }

    /// A token that another process has, or else a new one.
    async fn obtain(
        &self,
        credential: &Credential,
        timeout: Duration,
        (store, budget): (Option<&dyn TokenStore>, Option<&dyn Budget>),
        refused: Option<&Arc<AccessToken>>,
    ) -> Result<Arc<AccessToken>, Failure> {
        let renew = async || {
            let token = self.renew(credential, timeout).await;
            if let (Err(failure), Some(budget)) = (&token, budget)
                && failure.kind == FailureKind::Unavailable
            {
                budget.unanswered(failure).await;
            }
            token
        };
        let Some(store) = store else { return renew().await };
        let right = match store.look_up(refused.map(|refused| &refused.text)).await? {
            TokenLookup::Known(IssuedToken { text, renew_at }) => {
                return Ok(Arc::new(AccessToken { text, renew_at }));
            }
            TokenLookup::Renew(right) => right,
        };
        let renewing = Renewing { store, right: Some(right) };
        match renew().await {
            Ok(token) => {
                let issued = IssuedToken { text: token.text.clone(), renew_at: token.renew_at };
                renewing.ended(Ok(&issued)).await;
                Ok(token)
            }
            Err(failure) => {
                let pause = renewing.ended(Err(&failure)).await;
                if pause.is_some() && matches!(failure.kind, FailureKind::RateLimited { .. }) {
                    return Err(Failure { kind: FailureKind::RateLimited { retry_after: pause }, ..failure });
                }
                Err(failure)
            }
        }
    }

    async fn renew(&self, credential: &Credential, timeout: Duration) -> Result<Arc<AccessToken>, Failure> {
        let stored: Stored = serde_json::from_str(credential.0.expose_secret()).map_err(|_| {
            let message = format!("the stored credential cannot be read: {RECONNECT}");
            Failure::new(FailureKind::Unauthorized, message)
        })?;
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", &stored.refresh_token),
            ("client_id", &self.config.client_id),
            ("client_secret", self.config.client_secret.expose_secret()),
        ];
        let url = format!("{}/oauth/v2/token", self.config.accounts_url);
        let request = self.http.post(url).timeout(timeout).form(&form);
        let asked_at = self.clock.now();
        // Repeating a renewal harms nothing, so a lost answer is a read's.
        let raw = exchange(request, Effect::Read, "Zoho Accounts").await?;
        let (token, seconds) = granted(&raw)?;
        // Renewed a little early, so that a token does not expire on its way.
        let life = TimeDelta::seconds(seconds.clamp(0, LONGEST_LIFE) * 9 / 10);
        Ok(Arc::new(AccessToken { text: token.into(), renew_at: asked_at + life }))
    }
}

/// The token and its life in seconds. Errors mostly come with status 200.
fn granted(raw: &RawAnswer) -> Result<(String, i64), Failure> {
    let failure = |kind, message: &str, remote_code: Option<String>| Failure {
        remote_code,
        request_id: raw.request_id.clone(),
        ..Failure::new(kind, message)
    };
    let limited = || FailureKind::RateLimited { retry_after: raw.retry_after };
    let throttled = "Zoho Accounts issues no more access tokens for now";
    let answer: Option<TokenAnswer> = raw.body.parse().ok();
    let (token, life, error) = match answer {
        Some(answer) => (answer.access_token, answer.expires_in, answer.error),
        None => (None, None, None),
    };
    match (error.filter(|error| !error.is_empty()), token.filter(|token| !token.is_empty())) {
        (Some(error), _) if error.eq_ignore_ascii_case("Access Denied") => {
            Err(failure(limited(), throttled, Some(error)))
        }
        (Some(error), _) if error.starts_with("invalid_client") => Err(failure(
            FailureKind::Unauthorized,
            "Zoho Accounts refuses this server's client id or secret: correct the server's configuration",
            Some(error),
        )),
        (Some(error), _) if error.starts_with("invalid_") => Err(failure(
            FailureKind::Unauthorized,
            &format!("Zoho Accounts no longer accepts the refresh token: {RECONNECT}"),
            Some(error),
        )),
        (None, Some(token)) if raw.status.is_success() => Ok((token, life.unwrap_or(USUAL_LIFE))),
        _ if raw.status.as_u16() == 429 => Err(failure(limited(), throttled, None)),
        (error, _) => {
            let message = format!("Zoho Accounts issued no access token (HTTP {})", raw.status.as_u16());
            Err(failure(FailureKind::Unavailable, &message, error))
        }
    }
}
