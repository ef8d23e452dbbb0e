//! Writing CRM records. The engine decides what is to be written; the server, which knows how records are checked, indexed
//! and searched, writes them.

use async_trait::async_trait;
use finbridge_domain::record::{CrmRecordType, Values};
use sea_orm::{DatabaseTransaction, DbErr};
use uuid::Uuid;

/// For whom something is written.
#[derive(Debug, Clone, Copy)]
pub struct Acting {
    /// The tenant.
    pub organization_id: Uuid,
    /// Who becomes the owner of what is made (R019), and in whose name it is written.
    pub owner_id: Uuid,
}

/// A record that shall be made.
#[derive(Debug, Clone)]
pub struct NewCrmRecord {
    /// Its kind.
    pub record_type: CrmRecordType,
    /// The id that it shall have: who repeats a create finds it.
    pub id: Uuid,
    /// The account that a contact belongs to.
    pub account_id: Option<Uuid>,
    /// Its values, by CRM field.
    pub values: Values,
}

/// A record that was written and not committed yet, so that whatever else belongs to it can be written with it.
pub struct Written {
    /// What it was written in.
    pub transaction: DatabaseTransaction,
    /// Its version now.
    pub version: i64,
    /// The 18-digit number by which finance apps know it.
    pub wire_id: i64,
}

/// Why a record was not written. Nothing was.
#[derive(Debug, thiserror::Error)]
pub enum CrmError {
    /// The CRM does not take these values; the sentence says which and what to do.
    #[error("{0}")]
    Refused(String),
    /// The record changed since it was looked at.
    #[error("the CRM record changed meanwhile")]
    Stale,
    /// The record is not there, or was deleted.
    #[error("the CRM record is gone")]
    Gone,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DbErr),
}

/// Writes CRM records with everything that belongs to them.
#[async_trait]
pub trait Crm: Send + Sync {
    /// Makes a record.
    ///
    /// # Errors
    /// Values that the CRM does not take.
    async fn create(&self, acting: Acting, record: NewCrmRecord) -> Result<Written, CrmError>;

    /// Writes these values, leaves all others alone.
    ///
    /// # Errors
    /// Values that the CRM does not take, and a version other than this one.
    async fn update(
        &self,
        acting: Acting,
        record_type: CrmRecordType,
        id: Uuid,
        version: i64,
        values: &Values,
    ) -> Result<Written, CrmError>;

    /// Brings a tombstone back, with everything that it had.
    ///
    /// # Errors
    /// A record that was merged into another, and one whose unique values another has by now.
    async fn restore(
        &self,
        acting: Acting,
        record_type: CrmRecordType,
        id: Uuid,
    ) -> Result<Written, CrmError>;

    /// Makes the record a tombstone.
    ///
    /// # Errors
    /// A version other than this one.
    async fn delete(
        &self,
        acting: Acting,
        record_type: CrmRecordType,
        id: Uuid,
        version: i64,
    ) -> Result<Written, CrmError>;
}
