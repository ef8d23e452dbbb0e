//! Why the engine could not do its work.

use finbridge_contract::Failure;
use sea_orm::DbErr;

use crate::queue::QueueError;

/// What the engine reports to its callers. Failures of single records are not errors; they stand with their items.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    /// The database failed.
    #[error("the database failed")]
    Database(#[from] DbErr),
    /// A job could not be queued.
    #[error("a job could not be queued")]
    Queue(#[from] QueueError),
    /// The finance app failed in a way that concerns the whole run.
    #[error("the finance app failed: {0}")]
    Finance(#[from] Failure),
    /// Something that must be in the database is not there.
    #[error("{0} is missing from the database")]
    Missing(&'static str),
    /// A stored value cannot be read.
    #[error("{what} cannot be read")]
    Corrupt {
        /// Which value.
        what: &'static str,
        /// What reading it said.
        #[source]
        source: serde_json::Error,
    },
    /// The credential cannot be decrypted: the key changed, or the row was tampered with.
    #[error(
        "the stored credential cannot be decrypted; is FINBRIDGE_SECRETS_KEY the key it was encrypted with?"
    )]
    Credential,
    /// The CRM does not take what is to be written.
    #[error("{0}")]
    CrmRefused(String),
    /// The view that limits what is synchronised cannot be applied.
    #[error("{0}")]
    ViewUnusable(String),
    /// The integration's app is not in the registry of this server.
    #[error("the finance app `{0}` is not part of this server")]
    UnknownApp(String),
}
