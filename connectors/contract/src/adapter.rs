//! What can be done with each kind of record on the finance side.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use finbridge_domain::WireId;
use finbridge_domain::record::{Customer, CustomerValues};

use crate::connector::Connection;
use crate::cursor::{ChangePage, Cursor};
use crate::failure::Failure;

/// Kinds of CRM records that finance records can be linked to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CrmRecordType {
    /// A company.
    Account,
    /// A person.
    Contact,
}

/// The CRM record that a finance record stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CrmReference {
    /// Its kind.
    pub record_type: CrmRecordType,
    /// Its 18-digit number.
    pub wire_id: WireId,
}

/// A customer as the finance side has it.
#[derive(Debug, Clone)]
pub struct RemoteCustomer {
    /// Its id there.
    pub remote_id: String,
    /// Its values. Pages of changes may carry fewer fields than a single fetch; absent means not told, not empty.
    pub customer: Customer,
    /// The CRM record it is linked to, where it is.
    pub crm_reference: Option<CrmReference>,
    /// Whether it can be used in new documents.
    pub is_active: bool,
    /// When it last changed, by the finance side's clock.
    pub modified_at: DateTime<Utc>,
    /// The finance side's id of the request that told this.
    pub request_id: Option<String>,
}

/// What removing a record came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removal {
    /// The record is gone, or already was.
    Deleted,
    /// The record has transactions, so it was made inactive instead (R117).
    Deactivated,
}

/// Customers of one finance app. Every write may be repeated: the second time it finds its work done.
#[async_trait]
pub trait CustomerAdapter: Send + Sync {
    /// The page of customers changed since the cursor; without one, from the beginning.
    ///
    /// # Errors
    /// As any call. A failed page never means that nothing is there.
    async fn list_changed(
        &self,
        connection: &Connection,
        after: Option<&Cursor>,
    ) -> Result<ChangePage<RemoteCustomer>, Failure>;

    /// One customer with all its fields.
    ///
    /// # Errors
    /// [`crate::FailureKind::NotFound`] when it is gone.
    async fn fetch(&self, connection: &Connection, remote_id: &str) -> Result<RemoteCustomer, Failure>;

    /// The customer linked to this CRM record: what a retry asks before it creates.
    ///
    /// # Errors
    /// As any call.
    async fn find_by_reference(
        &self,
        connection: &Connection,
        reference: CrmReference,
    ) -> Result<Option<RemoteCustomer>, Failure>;

    /// Makes a customer that is linked to the CRM record from its first moment, and reads it back.
    ///
    /// # Errors
    /// [`crate::FailureKind::NameTaken`] when another customer or vendor has the display name;
    /// [`crate::FailureKind::OutcomeUnknown`] when it may have been made.
    async fn create(
        &self,
        connection: &Connection,
        reference: CrmReference,
        customer: &Customer,
    ) -> Result<RemoteCustomer, Failure>;

    /// Links an existing customer to a CRM record.
    ///
    /// # Errors
    /// [`crate::FailureKind::Refused`] when either of them is linked to something else.
    async fn link(
        &self,
        connection: &Connection,
        remote_id: &str,
        reference: CrmReference,
    ) -> Result<(), Failure>;

    /// Takes a customer's link to its CRM record away; one without a link stays as it is.
    ///
    /// # Errors
    /// [`crate::FailureKind::NotFound`] when it is gone.
    async fn unlink(&self, connection: &Connection, remote_id: &str) -> Result<(), Failure>;

    /// Writes these fields, leaves all others alone, and reads the customer back.
    ///
    /// # Errors
    /// [`crate::FailureKind::NotFound`] when it is gone; [`crate::FailureKind::NameTaken`].
    async fn update(
        &self,
        connection: &Connection,
        remote_id: &str,
        values: &CustomerValues,
    ) -> Result<RemoteCustomer, Failure>;

    /// Unlinks the customer, then deletes it, or makes it inactive when it has transactions.
    ///
    /// # Errors
    /// As any call; repeated after a failure it goes on where it stopped.
    async fn remove(&self, connection: &Connection, remote_id: &str) -> Result<Removal, Failure>;
}
