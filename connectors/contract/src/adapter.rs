//! What can be done with each kind of record on the finance side.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use finbridge_domain::WireId;
use finbridge_domain::record::{CrmRecordType, CustomerKind, FieldKey, FinanceField, RecordKind, Values};

use crate::connector::Connection;
use crate::cost::{Act, Cost};
use crate::cursor::{ChangePage, Cursor, IdPage};
use crate::failure::{Failure, FailureKind};

/// The CRM record that a finance record stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CrmReference {
    /// Its kind.
    pub record_type: CrmRecordType,
    /// Its 18-digit number.
    pub wire_id: WireId,
}

/// A record as the finance side has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteRecord {
    /// Its id there.
    pub remote_id: String,
    /// The record it belongs to: the customer of a contact person. None for other kinds.
    pub parent_id: Option<String>,
    /// Company or person; none for what is no customer.
    pub customer_kind: Option<CustomerKind>,
    /// Its values, in canonical form. Pages of changes may carry fewer fields than a single fetch; absent means not told,
    /// not empty.
    pub values: Values,
    /// Whether every field is told.
    pub is_whole: bool,
    /// The CRM record it is linked to, where it is.
    pub crm_reference: Option<CrmReference>,
    /// Whether it can be used in new documents.
    pub is_active: bool,
    /// When it last changed, by the finance side's clock.
    pub modified_at: DateTime<Utc>,
    /// The finance side's id of the request that told this.
    pub request_id: Option<String>,
}

impl RemoteRecord {
    /// The name under which a record of this kind is listed: of persons, both names.
    pub fn name(&self, kind: RecordKind) -> String {
        listed_name(kind, &self.values)
    }
}

/// The name under which a record of these values is listed.
pub fn listed_name(kind: RecordKind, values: &Values) -> String {
    let told = |field: &str| values.get(field).map(|value| value.trim()).unwrap_or_default();
    match kind {
        RecordKind::ContactPerson => format!("{} {}", told("firstName"), told("lastName")).trim().to_owned(),
        _ => told(kind.name_field().as_str()).to_owned(),
    }
}

/// A record to be made on the finance side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRecord {
    /// The record it shall belong to: the customer of a contact person.
    pub parent_id: Option<String>,
    /// Company or person; none for what is no customer.
    pub customer_kind: Option<CustomerKind>,
    /// Whether it becomes the primary one of those that belong to the same record: of the contact persons of a customer, of
    /// whom one is. Means nothing for other kinds, nor where the record turns out to be there already.
    pub is_primary: bool,
    /// Its values.
    pub values: Values,
}

/// What removing a record came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removal {
    /// The record is gone, or already was.
    Deleted,
    /// The record has transactions, so it was made inactive instead (R117).
    Deactivated,
}

/// Records of one kind in one finance app. Every write may be repeated: the second time it finds its work done.
#[async_trait]
pub trait RecordAdapter: Send + Sync {
    /// The page of records changed since the cursor; without one, from the beginning.
    ///
    /// # Errors
    /// As any call. A failed page never means that nothing is there.
    async fn list_changed(
        &self,
        connection: &Connection,
        after: Option<&Cursor>,
    ) -> Result<ChangePage<RemoteRecord>, Failure>;

    /// A page of the ids of all records there are, changed or not: what a sweep for removals reads. None: from the
    /// beginning.
    ///
    /// # Errors
    /// As any call.
    async fn list_ids(&self, connection: &Connection, after: Option<&Cursor>) -> Result<IdPage, Failure>;

    /// One record with all its fields.
    ///
    /// # Errors
    /// [`crate::FailureKind::NotFound`] when it is gone.
    async fn fetch(&self, connection: &Connection, remote_id: &str) -> Result<RemoteRecord, Failure>;

    /// The records that belong to this one, whole: the contact persons of a customer. Only for kinds that have a parent.
    ///
    /// # Errors
    /// [`crate::FailureKind::NotFound`] when the parent is gone.
    async fn fetch_children(
        &self,
        connection: &Connection,
        parent_id: &str,
    ) -> Result<Vec<RemoteRecord>, Failure> {
        let _ = (connection, parent_id);
        Ok(Vec::new())
    }

    /// The record linked to this CRM record: what a retry asks before it creates. `parent_id` is where it must be, for
    /// kinds that have a parent.
    ///
    /// # Errors
    /// As any call.
    async fn find_by_reference(
        &self,
        connection: &Connection,
        reference: CrmReference,
        parent_id: Option<&str>,
    ) -> Result<Option<RemoteRecord>, Failure>;

    /// Makes a record, linked to the CRM record from its first moment where one is given, and reads it back.
    ///
    /// # Errors
    /// [`crate::FailureKind::NameTaken`] when another record has the name;
    /// [`crate::FailureKind::OutcomeUnknown`] when it may have been made.
    async fn create(
        &self,
        connection: &Connection,
        reference: Option<CrmReference>,
        record: &NewRecord,
    ) -> Result<RemoteRecord, Failure>;

    /// Links an existing record to a CRM record.
    ///
    /// # Errors
    /// [`crate::FailureKind::Refused`] when either of them is linked to something else.
    async fn link(
        &self,
        connection: &Connection,
        remote_id: &str,
        reference: CrmReference,
    ) -> Result<(), Failure>;

    /// Takes a record's link to its CRM record away; one without a link stays as it is.
    ///
    /// # Errors
    /// [`crate::FailureKind::NotFound`] when it is gone.
    async fn unlink(&self, connection: &Connection, remote_id: &str) -> Result<(), Failure>;

    /// Writes these fields, leaves all others alone, and reads the record back.
    ///
    /// # Errors
    /// [`crate::FailureKind::NotFound`] when it is gone; [`crate::FailureKind::NameTaken`].
    async fn update(
        &self,
        connection: &Connection,
        remote_id: &str,
        values: &Values,
    ) -> Result<RemoteRecord, Failure>;

    /// Unlinks the record, then deletes it, or makes it inactive when it has transactions.
    ///
    /// # Errors
    /// As any call; repeated after a failure it goes on where it stopped.
    async fn remove(&self, connection: &Connection, remote_id: &str) -> Result<Removal, Failure>;

    /// Merges records into one of them, which receives their documents, and their CRM link where it has none; they become
    /// inactive. Not every kind can be merged.
    ///
    /// # Errors
    /// [`FailureKind::CurrencyDiffers`]; [`FailureKind::NotSupported`].
    async fn merge(
        &self,
        connection: &Connection,
        master_id: &str,
        merged_ids: &[String],
    ) -> Result<(), Failure> {
        let _ = (connection, master_id, merged_ids);
        Err(Failure::new(FailureKind::NotSupported, "records of this kind cannot be merged"))
    }

    /// The fields that records of this kind have in the organization, added ones too (R094).
    ///
    /// # Errors
    /// As any call.
    async fn fields(&self, connection: &Connection) -> Result<Vec<FinanceField>, Failure>;

    /// How many requests this takes. No request is made.
    fn cost(&self, connection: &Connection, act: Act<'_>) -> Cost;

    /// Fields that pages of changes tell; a record whose mapped fields are all among them need not be fetched.
    fn listed_fields(&self) -> &[FieldKey];
}
