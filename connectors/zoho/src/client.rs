//! The one request function that every call to the finance app goes through.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use finbridge_contract::{Budget, Connection, Credential, Failure, FailureKind, Limit, Permit, TokenStore};
use finbridge_domain::Clock;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Method, RequestBuilder};
use secrecy::ExposeSecret;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::app::ZohoConfig;
use crate::auth::{AccessToken, Tokens};
use crate::envelope::{Answer, Rejection, judge, judge_pdf};
use crate::product::{Product, Selection};
use crate::transport::{Effect, RawAnswer, exchange};

/// Longest wait for a connection. A caller's own limit counts from the same moment and may be shorter.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Longest wait for an answer where there is no connection yet that says how long.
const SETUP_TIMEOUT: Duration = Duration::from_secs(30);

/// Longest id that is put into a path.
const ID_LIMIT: usize = 64;

/// The vendor's code for an organization that the user, or the app, does not have.
const NO_ORGANIZATION: &str = "6041";

/// On whose behalf, in which organization, and for how long a call is made.
#[derive(Clone, Copy)]
pub(crate) struct Caller<'a> {
    credential: &'a Credential,
    organization_id: Option<&'a str>,
    timeout: Duration,
    budget: Option<&'a dyn Budget>,
    tokens: Option<&'a dyn TokenStore>,
}

impl<'a> Caller<'a> {
    /// Somebody who has not chosen an organization yet.
    pub(crate) fn without_organization(credential: &'a Credential) -> Self {
        Self { credential, organization_id: None, timeout: SETUP_TIMEOUT, budget: None, tokens: None }
    }

    /// The same, looking into one organization.
    pub(crate) fn within(self, organization_id: &'a str) -> Self {
        Self { organization_id: Some(organization_id), ..self }
    }

    async fn admit(self) -> Result<Permit, Failure> {
        match self.budget {
            Some(budget) => budget.admit().await,
            None => Ok(Permit::free()),
        }
    }

    async fn answered(self, per_day: Option<u32>) {
        if let Some(budget) = self.budget {
            budget.answered(per_day).await;
        }
    }

    /// Notes a failure with the budget; one that asks to wait says afterwards for how long.
    async fn failed(self, failure: Failure, per_day: Option<u32>) -> Failure {
        let Some(budget) = self.budget else { return failure };
        match failure.kind {
            FailureKind::RateLimited { retry_after } => {
                let limit = limit(failure.remote_code.as_deref());
                let retry_after = budget.exceeded(limit, retry_after).await;
                Failure { kind: FailureKind::RateLimited { retry_after }, ..failure }
            }
            // An error in the app's own words is an answer.
            FailureKind::Unavailable | FailureKind::OutcomeUnknown if failure.remote_code.is_none() => {
                budget.unanswered(&failure).await;
                failure
            }
            // It says neither that the app is there nor that it is not.
            FailureKind::Malformed => failure,
            _ => {
                budget.answered(per_day).await;
                failure
            }
        }
    }
}

/// The limit that the vendor means by this code.
fn limit(code: Option<&str>) -> Limit {
    match code {
        Some("43") => Limit::User,
        Some("45") => Limit::Day,
        Some("1070") => Limit::Concurrency,
        _ => Limit::Minute,
    }
}

impl<'a> From<&'a Connection> for Caller<'a> {
    fn from(connection: &'a Connection) -> Self {
        Self {
            credential: &connection.credential,
            organization_id: Some(&connection.organization_id),
            timeout: connection.timeout,
            budget: Some(connection.budget.as_ref()),
            tokens: Some(connection.tokens.as_ref()),
        }
    }
}

/// What is asked.
pub(crate) struct Call {
    method: Method,
    path: String,
    query: Vec<(&'static str, String)>,
    body: Option<Result<Vec<u8>, serde_json::Error>>,
    bare: bool,
    accept: &'static str,
}

impl Call {
    fn new(method: Method, path: String) -> Self {
        Self { method, path, query: Vec::new(), body: None, bare: false, accept: "application/json" }
    }

    pub(crate) fn get(path: String) -> Self {
        Self::new(Method::GET, path)
    }

    pub(crate) fn post(path: String) -> Self {
        Self::new(Method::POST, path)
    }

    pub(crate) fn put(path: String, body: impl Serialize) -> Self {
        Self::new(Method::PUT, path).with_body(body)
    }

    pub(crate) fn delete(path: String) -> Self {
        Self::new(Method::DELETE, path)
    }

    pub(crate) fn with_body(self, body: impl Serialize) -> Self {
        Self { body: Some(serde_json::to_vec(&body)), ..self }
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.query.push((name, value.to_string()));
        self
    }

    /// The answer is the bare thing, without `code` and `message` around it.
    pub(crate) fn bare(self) -> Self {
        Self { bare: true, ..self }
    }

    fn effect(&self) -> Effect {
        if self.method == Method::GET { Effect::Read } else { Effect::Write }
    }
}

/// An id as part of a path. Ids come from outside: an empty one, or one with a slash, would name something else.
pub(crate) fn path_id(id: &str) -> Result<&str, Failure> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if !id.is_empty() && id.len() <= ID_LIMIT && id.bytes().all(plain) {
        return Ok(id);
    }
    Err(Failure::new(
        FailureKind::Refused,
        "the record's id is not one that the finance app could have issued",
    ))
}

/// The way to the finance app.
pub(crate) struct Client {
    http: reqwest::Client,
    config: Arc<ZohoConfig>,
    tokens: Arc<Tokens>,
    clock: Arc<dyn Clock>,
    product: &'static Product,
    app: &'static str,
}

impl Client {
    pub(crate) fn new(
        config: ZohoConfig,
        clock: Arc<dyn Clock>,
        product: &'static Product,
    ) -> Result<Self, Failure> {
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            // A redirect could carry the token to another host.
            .redirect(reqwest::redirect::Policy::none())
            // Only the engine repeats calls: it knows what each of them may cost.
            .retry(reqwest::retry::never())
            .gzip(true)
            .build()
            .map_err(|error| {
                let message = format!("the HTTP client could not be built: {error}");
                Failure::new(FailureKind::Unavailable, message)
            })?;
        let config = Arc::new(config);
        let tokens = Arc::new(Tokens::new(http.clone(), Arc::clone(&config), Arc::clone(&clock)));
        Ok(Self { http, config, tokens, clock, product, app: product.manifest.name })
    }

    /// The way to another app of the vendor, over the same connections and with the same tokens.
    pub(crate) fn to(&self, product: &'static Product) -> Self {
        let (http, config, tokens) = (self.http.clone(), Arc::clone(&self.config), Arc::clone(&self.tokens));
        Self { http, config, tokens, clock: Arc::clone(&self.clock), product, app: product.manifest.name }
    }

    /// The moment.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// The app that is called.
    pub(crate) fn product(&self) -> &'static Product {
        self.product
    }

    /// Asks with an access token. A refused token is renewed once and the call repeated once: nothing was done the
    /// first time. A second refusal is final, as more renewals would not bring a missing scope.
    pub(crate) async fn call<T: DeserializeOwned>(
        &self,
        caller: impl Into<Caller<'_>>,
        call: Call,
    ) -> Result<Answer<T>, Failure> {
        let (effect, bare) = (call.effect(), call.bare);
        self.ask(caller.into(), &call, &|raw| judge(raw, effect, bare, self.app)).await
    }

    /// Asks for the record at this path as a PDF, of 20 MiB at most. Tokens are renewed as by [`Self::call`].
    pub(crate) async fn pdf(
        &self,
        caller: impl Into<Caller<'_>>,
        path: String,
    ) -> Result<Answer<Vec<u8>>, Failure> {
        let call = Call { accept: "application/pdf", ..Call::get(path).with("accept", "pdf") };
        self.ask(caller.into(), &call, &|raw| judge_pdf(raw, self.app)).await
    }

    async fn ask<T>(
        &self,
        caller: Caller<'_>,
        call: &Call,
        judge: &(impl Fn(RawAnswer) -> Result<Answer<T>, Rejection> + Sync),
    ) -> Result<Answer<T>, Failure> {
        let permit = caller.admit().await?;
        let token = self.token(caller, None).await?;
        let refused = match self.counted(call, caller, &token, judge).await {
            Ok(answer) => return Ok(answer),
            Err(Rejection::Other(failure)) => return Err(failure),
            Err(Rejection::Token(_)) => token,
        };
        drop(permit);
        tracing::info!(app = self.app, "the finance app refused an access token; it is renewed once");
        self.tokens.discard(caller.credential, &refused).await;
        let _permit = caller.admit().await?;
        let token = self.token(caller, Some(&refused)).await?;
        let again = self.counted(call, caller, &token, judge).await;
        again.map_err(|rejection| match rejection {
            Rejection::Other(failure) => failure,
            Rejection::Token(failure) => Failure {
                message: format!(
                    "{} refuses this access even after a renewal: connect the organization again, or grant the \
                     scope that this call needs",
                    self.app
                ),
                ..failure
            },
        })
    }

    /// Asks before there is a credential. A refusal is final.
    pub(crate) async fn call_without_token<T: DeserializeOwned>(
        &self,
        call: Call,
    ) -> Result<Answer<T>, Failure> {
        let (effect, bare) = (call.effect(), call.bare);
        let read = |raw| judge(raw, effect, bare, self.app);
        let (outcome, _) = self.attempt(&call, None, SETUP_TIMEOUT, None, &read).await;
        outcome.map_err(|rejection| match rejection {
            Rejection::Token(failure) | Rejection::Other(failure) => failure,
        })
    }

    async fn token(
        &self,
        caller: Caller<'_>,
        refused: Option<&Arc<AccessToken>>,
    ) -> Result<Arc<AccessToken>, Failure> {
        let Caller { credential, timeout, tokens, budget, .. } = caller;
        self.tokens.get(credential, timeout, (tokens, budget), refused).await
    }

    /// One attempt, of which the budget learns what came of it.
    async fn counted<T>(
        &self,
        call: &Call,
        caller: Caller<'_>,
        token: &AccessToken,
        judge: &(impl Fn(RawAnswer) -> Result<Answer<T>, Rejection> + Sync),
    ) -> Result<Answer<T>, Rejection> {
        let (outcome, per_day) =
            self.attempt(call, caller.organization_id, caller.timeout, Some(token), judge).await;
        if let Err(Rejection::Other(failure)) = outcome {
            return Err(Rejection::Other(caller.failed(failure, per_day).await));
        }
        caller.answered(per_day).await;
        outcome
    }

    /// This server's registration with the vendor.
    pub(crate) fn config(&self) -> &ZohoConfig {
        &self.config
    }

    /// Sends one request. Beside what came of it stands the daily limit that the answer told.
    async fn attempt<T>(
        &self,
        call: &Call,
        organization_id: Option<&str>,
        timeout: Duration,
        token: Option<&AccessToken>,
        judge: &(impl Fn(RawAnswer) -> Result<Answer<T>, Rejection> + Sync),
    ) -> (Result<Answer<T>, Rejection>, Option<u32>) {
        let request = match self.request(call, organization_id, timeout, token) {
            Ok(request) => request,
            Err(rejection) => return (Err(rejection), None),
        };
        let raw = match exchange(request, call.effect(), self.app).await {
            Ok(raw) => raw,
            Err(failure) => return (Err(Rejection::Other(failure)), None),
        };
        let per_day = raw.per_day;
        let judged = judge(raw).map_err(|rejection| match rejection {
            Rejection::Other(failure) => Rejection::Other(self.not_joined(&call.path, failure)),
            token => token,
        });
        (judged, per_day)
    }

    fn request(
        &self,
        call: &Call,
        organization_id: Option<&str>,
        timeout: Duration,
        token: Option<&AccessToken>,
    ) -> Result<RequestBuilder, Rejection> {
        let url = format!("{}{}", self.config.api_url, call.path);
        let mut request = self.http.request(call.method.clone(), url).timeout(timeout);
        request = request.header(ACCEPT, call.accept);
        if let Some(token) = token {
            request = request.header(AUTHORIZATION, self.authorization(token)?);
        }
        if let Some(organization_id) = organization_id {
            // The header is the app's own; what is called under another root understands the parameter.
            request = match self.product.selection {
                Selection::Header(name) if call.path.starts_with(self.product.root) => {
                    request.header(name, organization_id)
                }
                Selection::Header(_) | Selection::Query => {
                    request.query(&[(Selection::PARAMETER, organization_id)])
                }
            };
        }
        if !call.query.is_empty() {
            request = request.query(&call.query);
        }
        match &call.body {
            None => {}
            Some(Ok(body)) => {
                request = request.header(CONTENT_TYPE, "application/json").body(body.clone());
            }
            Some(Err(error)) => {
                let message = format!("the request to {} cannot be written: {error}", self.app);
                return Err(Rejection::Other(Failure::new(FailureKind::Refused, message)));
            }
        }
        Ok(request)
    }

    /// An organization that is known to this app, and not to Books, whose calls this app uses too, did not join Books.
    /// To connect it again, as one does where the user lacks access, would change nothing.
    fn not_joined(&self, path: &str, failure: Failure) -> Failure {
        let (root, shared) = (self.product.root, self.product.shared);
        let is_foreign = shared != root && path.starts_with(shared);
        if !is_foreign || failure.remote_code.as_deref() != Some(NO_ORGANIZATION) {
            return failure;
        }
        let message = format!(
            "{} makes records for the CRM and keeps contact persons only in organizations that were added to Books as \
             well: add the organization to Books, then start the run again",
            self.app
        );
        Failure { kind: FailureKind::NotSupported, message, ..failure }
    }

    fn authorization(&self, token: &AccessToken) -> Result<HeaderValue, Rejection> {
        let text = format!("Zoho-oauthtoken {}", token.text.expose_secret());
        let mut value = HeaderValue::from_str(&text).map_err(|_| {
            let message = format!("the access token for {} cannot be sent in a header", self.app);
            Rejection::Other(Failure::new(FailureKind::Malformed, message))
        })?;
        value.set_sensitive(true);
        Ok(value)
    }
}
