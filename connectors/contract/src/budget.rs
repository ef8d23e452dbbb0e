//! What a finance app may be asked, and with which access token: known to everybody who calls it, whatever process they
//! are in. Connectors ask; who keeps the accounts stands outside of them.

use std::fmt::Debug;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use secrecy::SecretString;

use crate::failure::Failure;

/// What a finance app lets one organization ask. Zero means that a limit does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// Requests in any sixty seconds.
    pub per_minute: u32,
    /// Requests in a day of the organization.
    pub per_day: u32,
    /// Requests under way at the same time.
    pub concurrent: u32,
    /// Access tokens that a credential may be renewed for in any ten minutes.
    pub renewals: u32,
}

impl Quota {
    /// No limits.
    pub const UNLIMITED: Self = Self { per_minute: 0, per_day: 0, concurrent: 0, renewals: 0 };

    /// Whether nothing has to be counted for a request.
    pub fn is_unlimited(&self) -> bool {
        self.per_minute == 0 && self.per_day == 0 && self.concurrent == 0
    }
}

/// The limits that a finance app tells apart when it refuses a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Too many requests of the organization in a minute.
    Minute,
    /// Too many requests of the user in a minute, who is blocked for longer than that.
    User,
    /// The organization's day is spent.
    Day,
    /// Too many requests at the same time.
    Concurrency,
}

/// The right to send one request. Given back when it is dropped, which must not happen before the answer is there.
pub struct Permit(#[expect(dead_code, reason = "held, not read")] Option<Box<dyn Send + Sync>>);

impl Permit {
    /// A permit that nobody counts.
    pub fn free() -> Self {
        Self(None)
    }

    /// A permit that is given back when this is dropped.
    pub fn holding(held: impl Send + Sync + 'static) -> Self {
        Self(Some(Box::new(held)))
    }
}

/// What may be asked over one connection.
#[async_trait]
pub trait Budget: Debug + Send + Sync {
    /// Admits one request.
    ///
    /// # Errors
    /// [`crate::FailureKind::RateLimited`] when nothing is left for now, or the connection rests after outages, with the
    /// time to wait. Nothing was sent.
    async fn admit(&self) -> Result<Permit, Failure>;

    /// The app answered, whatever it said. `per_day` is the organization's daily limit, where the answer told it.
    async fn answered(&self, per_day: Option<u32>);

    /// The app did not answer, or failed.
    async fn unanswered(&self, failure: &Failure);

    /// The app refused a request for this limit, and asked to wait for so long. Returns how long to wait really; none when
    /// nobody knows.
    async fn exceeded(&self, limit: Limit, retry_after: Option<Duration>) -> Option<Duration>;
}

/// A token to call with.
#[derive(Debug, Clone)]
pub struct IssuedToken {
    /// The token.
    pub text: SecretString,
    /// When it is to be replaced.
    pub renew_at: DateTime<Utc>,
}

/// The right to renew a token while everybody else waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenewalRight(pub String);

/// What looking for a token came to.
#[derive(Debug, Clone)]
pub enum TokenLookup {
    /// There is one.
    Known(IssuedToken),
    /// There is none, and nobody else renews it.
    Renew(RenewalRight),
}

/// The access token of one credential, shared by all processes.
#[async_trait]
pub trait TokenStore: Debug + Send + Sync {
    /// A token that is good by the clock and is not the one that was refused, or the right to renew it. Waits for somebody
    /// else who is at it.
    ///
    /// # Errors
    /// [`crate::FailureKind::RateLimited`] when there were as many renewals as are allowed, or the app refused one lately.
    async fn look_up(&self, refused: Option<&SecretString>) -> Result<TokenLookup, Failure>;

    /// The renewal succeeded.
    async fn renewed(&self, right: &RenewalRight, token: &IssuedToken);

    /// The renewal failed. Returns how long nobody may try again; none when nobody knows.
    async fn not_renewed(&self, right: &RenewalRight, failure: &Failure) -> Option<Duration>;

    /// Who had the right gave up before the renewal came to an end. Does not wait.
    fn abandoned(&self, right: &RenewalRight);
}

/// A budget without limits, and tokens that nobody else knows: for a process that is alone with the finance app.
#[derive(Debug, Clone, Copy)]
pub struct Alone;

#[async_trait]
impl Budget for Alone {
    async fn admit(&self) -> Result<Permit, Failure> {
        Ok(Permit::free())
    }

    async fn answered(&self, _per_day: Option<u32>) {}

    async fn unanswered(&self, _failure: &Failure) {}

    async fn exceeded(&self, _limit: Limit, retry_after: Option<Duration>) -> Option<Duration> {
        retry_after
    }
}

#[async_trait]
impl TokenStore for Alone {
    async fn look_up(&self, _refused: Option<&SecretString>) -> Result<TokenLookup, Failure> {
        Ok(TokenLookup::Renew(RenewalRight(String::new())))
    }

    async fn renewed(&self, _right: &RenewalRight, _token: &IssuedToken) {}

    async fn not_renewed(&self, _right: &RenewalRight, _failure: &Failure) -> Option<Duration> {
        None
    }

    fn abandoned(&self, _right: &RenewalRight) {}
}
