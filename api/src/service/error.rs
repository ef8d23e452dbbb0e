//! Errors of services: what a person can mend, and what not.

use async_graphql::{Enum, SimpleObject};
use finbridge_sync::SyncError;
use finbridge_sync::queue::QueueError;
use sea_orm::DbErr;

/// Why a mutation was refused. Stable: programs may branch on it. Every code is explained in docs/errors.md.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorCode {
    /// The document does not stand so that this may be done with it.
    ActNotAllowed,
    /// The finance app is connected to this organization already.
    AlreadyConnected,
    /// One of the two records is linked to something else.
    AlreadyLinked,
    /// The amount cannot be kept exactly.
    AmountInvalid,
    /// Home currency and base currency differ.
    BaseCurrencyMismatch,
    /// The act has consequences that a person has to agree to first.
    ConfirmationRequired,
    /// The map of vendors has more custom fields than the profile takes.
    CustomFieldLimit,
    /// Two things are in different currencies, and nothing is converted.
    CurrencyDiffers,
    /// The record would be its own ancestor.
    Cycle,
    /// The deal is another customer's.
    DealCustomerMismatch,
    /// It failed on our side, and nothing of this item was done.
    Failed,
    /// A map names a field that one of the sides does not have.
    FieldNotFound,
    /// A map names a field that is there and cannot be mapped.
    FieldNotMappable,
    /// The record's layout does not have that custom field.
    FieldNotOnLayout,
    /// A map pairs fields of which one does not take what the other holds.
    FieldTypeMismatch,
    /// The finance app did not answer in time.
    FinanceUnavailable,
    /// Payments or credits are applied to the document.
    HasPayments,
    /// The same request is being carried out at this moment.
    IdempotencyInProgress,
    /// The key came with another input before.
    IdempotencyKeyReused,
    /// The value is not of the form the field asks for.
    Invalid,
    /// E-mail and service key do not belong together, or the key was revoked.
    InvalidZscKey,
    /// Documents of this kind are linked to no deal.
    LinkNotSupported,
    /// The profile's field map cannot be changed.
    MappingFixed,
    /// The record was merged into another one.
    Merged,
    /// The profile does not offer that module.
    ModuleNotSupported,
    /// The profile takes one organization and never more.
    MultiOrgUnsupported,
    /// There is no such record in this organization.
    NotFound,
    /// The finance app does not do this with documents of this kind.
    NotSupported,
    /// What the run did cannot be taken back.
    NotUndoable,
    /// Another record has it, and no two may have the same.
    NotUnique,
    /// The person has several organizations there, or none; one has to be named.
    OrganizationRequired,
    /// Deals are in the pipeline's stages, or it is the one that every organization begins with.
    PipelineInUse,
    /// The settings changed since the plan was made.
    PlanStale,
    /// The policy is not allowed together with the other settings.
    PolicyNotAllowed,
    /// Names of products have to be unique for that.
    ProductNameNotUnique,
    /// The finance app refuses the stored credential.
    ReconnectNeeded,
    /// The field must not be empty.
    Required,
    /// The profile does not offer that setting.
    SettingNotSupported,
    /// Items are to be matched by SKU, and the map does not have it.
    SkuNotMapped,
    /// Deals are in the stage.
    StageInUse,
    /// A run of this module is queued or running.
    SyncAlreadyRunning,
    /// A sync run is at work on one of the records.
    SyncInProgress,
    /// The record is not linked, or not one that came from the CRM.
    NotCrmLinked,
    /// The module was never configured.
    SyncNotConfigured,
    /// The module is paused.
    SyncPaused,
    /// The text is longer than the field takes.
    TooLong,
    /// The record changed since it was read.
    VersionConflict,
    /// The settings of a sync name the view.
    ViewInUse,
    /// The view is on another kind of record.
    ViewModuleMismatch,
}

/// Something in the input that a person can mend.
#[derive(SimpleObject, Debug, Clone, PartialEq, Eq)]
pub struct UserError {
    /// Why it was refused; stable, for programs.
    pub code: ErrorCode,
    /// What is wrong and what to do next; for people.
    pub message: String,
    /// Path to the input field at fault, from the input object; null when no single field is.
    pub field: Option<Vec<String>>,
}

impl UserError {
    /// An error of one input field.
    pub fn of(code: ErrorCode, field: &str, message: impl Into<String>) -> Self {
        let path = field.split('.').map(str::to_owned).collect();
        Self { code, message: message.into(), field: Some(path) }
    }

    /// An error of the input as a whole.
    pub fn whole(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), field: None }
    }
}

/// Why a service did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// A person can mend the input.
    #[error("{}", .0.iter().map(|error| error.message.as_str()).collect::<Vec<_>>().join("; "))]
    Refused(Vec<UserError>),
    /// The caller's arguments are wrong in a way its program should not have sent.
    #[error("{0}")]
    BadInput(String),
    /// The viewer may not do this.
    #[error("{0}")]
    Forbidden(String),
    /// A finance app cannot be reached now.
    #[error("{0}")]
    Unavailable(String),
    /// The integration is switched off.
    #[error("{0}")]
    Inactive(String),
    /// Something of ours failed.
    #[error("internal error")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// What services return.
pub type ServiceResult<T> = Result<T, ServiceError>;

impl From<UserError> for ServiceError {
    fn from(error: UserError) -> Self {
        Self::Refused(vec![error])
    }
}

macro_rules! internal {
    ($($error:ty),+) => {
        $(impl From<$error> for ServiceError {
            fn from(error: $error) -> Self {
                Self::Internal(Box::new(error))
            }
        })+
    };
}

internal!(DbErr, SyncError, QueueError, serde_json::Error, csv::Error);
