//! What is kept of a document beside its columns.

use finbridge_contract::{Application, RemoteDocument, RemoteTax, SubscriptionTerm};
use finbridge_entity::document;
use serde::{Deserialize, Serialize};

use crate::error::SyncError;

/// What is kept of a document beside its columns.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Detail {
    /// Its taxes.
    pub taxes: Vec<RemoteTax>,
    /// What it was applied to, of payments and credit notes.
    pub applications: Vec<Application>,
    /// What is said to the customer.
    pub notes: Option<String>,
    /// Terms and conditions.
    pub terms: Option<String>,
    /// When a subscription bills.
    pub subscription: Option<SubscriptionTerm>,
    /// Name of its deal, as the finance app has it.
    pub deal_name: Option<String>,
}

impl Detail {
    /// What a reading told.
    pub(super) fn told(document: &RemoteDocument) -> Self {
        Self {
            taxes: document.taxes.clone(),
            applications: document.applications.clone(),
            notes: document.notes.clone(),
            terms: document.terms.clone(),
            subscription: document.subscription.clone(),
            deal_name: document.deal.as_ref().and_then(|deal| deal.name.clone()),
        }
    }

    /// What is kept of a document.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn of(document: &document::Model) -> Result<Self, SyncError> {
        serde_json::from_value(document.detail.clone())
            .map_err(|source| SyncError::Corrupt { what: "the detail of a document", source })
    }
}
