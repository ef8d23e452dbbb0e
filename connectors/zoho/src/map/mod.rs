//! Between the vendor's members and the domain's fields.

pub(crate) mod contact;
pub(crate) mod custom;
pub(crate) mod item;
pub(crate) mod person;

use chrono::{DateTime, Utc};
use finbridge_contract::{CrmReference, Failure, FailureKind};
use finbridge_domain::WireId;
use finbridge_domain::record::CrmRecordType;

use crate::cursor::parse_time;
use crate::wire::row::Row;
use crate::words::crm_words;

/// When the record last changed.
pub(crate) fn modified_at(row: &Row, member: &str) -> Result<DateTime<Utc>, Failure> {
    let text = row.required(member)?;
    let malformed = || Failure::new(FailureKind::Malformed, format!("{member} of a record cannot be read"));
    parse_time(&text).ok_or_else(malformed)
}

/// The first of these kinds of CRM records that the record is linked to. An id that is no number is none of ours.
pub(crate) fn reference(row: &Row, record_types: &[CrmRecordType]) -> Option<CrmReference> {
    record_types.iter().find_map(|record_type| {
        let id = row.text(crm_words(*record_type).member)?;
        let wire_id = id.parse().ok().filter(|number| *number > 0).map(WireId)?;
        Some(CrmReference { record_type: *record_type, wire_id })
    })
}
