//! What every finance app must pass before the engine may use it.
//!
//! Run it against the app, or against an emulator of it, with a connection to an organization that may be written to.
//! It removes what it makes, also what an interrupted run left behind; but for documents, and the customers and vendors that
//! they are with, which stay.

mod document;
mod person;
mod probe;
mod sample;

use finbridge_domain::record::{CrmRecordType, CustomerKind, RecordKind};
use finbridge_domain::{CrmModule, WireId};

use crate::adapter::{CrmReference, RecordAdapter};
use crate::connector::{Connection, Connector, Shared};
use crate::failure::{Failure, FailureKind};
pub use document::documents;
use probe::Probe;

/// Numbers of CRM records that no CRM uses.
const FIRST_NUMBER: i64 = 990_000_000_000_000_001;

/// The CRM record of this type that a record is made from, and another one of the same type.
fn references(record_type: CrmRecordType) -> [CrmReference; 2] {
    [0, 1].map(|number| CrmReference { record_type, wire_id: WireId(FIRST_NUMBER + number) })
}

/// Checks everything that the engine relies on for records of this kind.
///
/// # Errors
/// A sentence that says which promise the app does not keep.
pub async fn records(
    connector: &dyn Connector,
    connection: &Connection,
    kind: RecordKind,
) -> Result<(), String> {
    prepare(connector, connection).await?;
    match kind {
        RecordKind::Customer => customers(connector, connection).await,
        RecordKind::ContactPerson => person::contact_persons(connector, connection).await,
        RecordKind::Vendor => {
            let adapter = adapter(connector, kind)?;
            Probe::new(adapter, connection, kind, CrmRecordType::Vendor, None).pass().await
        }
        RecordKind::Item => {
            let adapter = adapter(connector, kind)?;
            Probe::new(adapter, connection, kind, CrmRecordType::Product, None).pass().await
        }
    }
}

/// Customers that are companies, and customers that are persons.
async fn customers(connector: &dyn Connector, connection: &Connection) -> Result<(), String> {
    let adapter = adapter(connector, RecordKind::Customer)?;
    for (record_type, customer_kind) in
        [(CrmRecordType::Account, CustomerKind::Business), (CrmRecordType::Contact, CustomerKind::Individual)]
    {
        let kind = RecordKind::Customer;
        Probe::new(adapter, connection, kind, record_type, Some(customer_kind)).pass().await?;
    }
    Ok(())
}

/// Tells the app that everything is synchronised, which may be repeated.
async fn prepare(connector: &dyn Connector, connection: &Connection) -> Result<(), String> {
    let everything = Shared {
        customers: Some(CrmModule::AccountsAndContacts),
        include_unassociated: true,
        vendors: true,
        items: true,
    };
    for act in ["prepare", "prepare, repeated,"] {
        said(act, connector.prepare(connection, &everything).await)?;
    }
    Ok(())
}

fn adapter(connector: &dyn Connector, kind: RecordKind) -> Result<&dyn RecordAdapter, String> {
    connector.records(kind).ok_or_else(|| format!("the app does not offer {}", kind.as_str()))
}

fn holds(kept: bool, promise: &str) -> Result<(), String> {
    if kept { Ok(()) } else { Err(format!("broken promise: {promise}")) }
}

fn said<T>(act: &str, outcome: Result<T, Failure>) -> Result<T, String> {
    outcome.map_err(|failure| format!("{act} failed with {:?}: {failure}", failure.kind))
}

/// The act has to fail, and in this way.
fn fails<T>(act: &str, outcome: Result<T, Failure>, wanted: &FailureKind) -> Result<(), String> {
    match outcome {
        Ok(_) => Err(format!("broken promise: {act} is refused")),
        Err(failure) if failure.kind == *wanted => Ok(()),
        Err(failure) => Err(format!("{act} failed with {:?} ({failure}), expected {wanted:?}", failure.kind)),
    }
}
