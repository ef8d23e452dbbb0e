//! CRM users whom a run invited to the finance app.

use async_graphql::SimpleObject;
use finbridge_sync::users::{UserFailure, UserSync};

use super::SyncError;

/// What a run did about CRM users who shall be users of the finance app.
#[derive(SimpleObject)]
pub struct SyncRunCrmUsers {
    /// People who were invited there. Whoever was a user already, or was removed there by somebody, is left alone.
    invited: i32,
    /// Invitations that failed; the next run tries again.
    failed: i32,
    /// The first 20 of those, and why.
    failures: Vec<SyncRunCrmUserFailure>,
}

/// A CRM user who could not be invited to the finance app.
#[derive(SimpleObject)]
pub struct SyncRunCrmUserFailure {
    /// E-mail address; null when the finance app did not tell who its users are, so that nobody could be invited.
    email: Option<String>,
    /// Why.
    error: SyncError,
}

impl From<UserSync> for SyncRunCrmUsers {
    fn from(told: UserSync) -> Self {
        let int = |n: u32| i32::try_from(n).unwrap_or(i32::MAX);
        Self {
            invited: int(told.invited),
            failed: int(told.failed),
            failures: told.failures.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<UserFailure> for SyncRunCrmUserFailure {
    fn from(failure: UserFailure) -> Self {
        let UserFailure { email, code, message, remote_code, remote_message } = failure;
        Self { email, error: SyncError { code, message, remote_code, remote_message } }
    }
}
