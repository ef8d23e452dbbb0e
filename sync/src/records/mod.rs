//! CRM records as the engine sees them: which ones a stage is about, and what they hold.

mod custom;
mod pending;
mod read;

use finbridge_contract::CrmReference;
use finbridge_domain::record::{CrmRecordType, Values};
use finbridge_domain::{Lane, WireId, name_key};
use sea_orm::Condition;
use uuid::Uuid;

pub use pending::{alive_by_code, alive_by_name, load, pending};

/// A CRM record as the engine sees it.
#[derive(Debug, Clone)]
pub struct SourceRecord {
    /// Its id.
    pub id: Uuid,
    /// Its kind.
    pub record_type: CrmRecordType,
    /// Its 18-digit number.
    pub wire_id: i64,
    /// Its name.
    pub name: String,
    /// Its name as it is compared.
    pub name_key: String,
    /// The code of a product, as it is compared; none elsewhere.
    pub code_key: Option<String>,
    /// The account that a contact belongs to; none elsewhere.
    pub account_id: Option<Uuid>,
    /// Its version.
    pub version: i64,
    /// Whether it was deleted.
    pub is_deleted: bool,
    /// What it holds, by CRM field.
    pub values: Values,
}

impl SourceRecord {
    /// How finance apps name it.
    pub fn reference(&self) -> CrmReference {
        CrmReference { record_type: self.record_type, wire_id: WireId(self.wire_id) }
    }
}

/// Which CRM records a stage is about.
#[derive(Debug, Clone)]
pub struct Scope<'a> {
    /// The tenant.
    pub organization_id: Uuid,
    /// The finance side.
    pub finance_organization_id: Uuid,
    /// What becomes what.
    pub lane: Lane,
    /// The records in the view; none: all of them.
    pub members: Option<&'a Condition>,
    /// The accounts in their view, for contacts that must belong to one; none: all of them (R077).
    pub accounts: Option<&'a Condition>,
    /// Whether changes of the finance side are taken.
    pub is_both_ways: bool,
    /// Whether pairs are compared that did not change.
    pub is_reconcile: bool,
    /// The one record that it is about.
    pub only: Option<Uuid>,
    /// The run whose failures it is about.
    pub retry_of: Option<Uuid>,
}

/// A code in the form in which it is compared; none where there is nothing to compare.
pub fn code_key(code: &str) -> Option<String> {
    let key = name_key(code);
    (!key.is_empty()).then_some(key)
}
