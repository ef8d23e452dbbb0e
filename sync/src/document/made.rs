//! Documents that were made by an attempt whose end nobody saw.

use finbridge_contract::{Connection, DocumentAdapter, Failure, FailureKind, RemoteDocument};
use finbridge_domain::{DocumentAct, DocumentStatus};

/// The document, with what that attempt may not have come to: where it is to count as sent and is a draft still, it is marked so.
/// A finance app that refuses that has the document as a draft, and so it stays.
///
/// # Errors
/// The finance app's.
pub(crate) async fn finished(
    adapter: &dyn DocumentAdapter,
    connection: &Connection,
    remote_id: &str,
    is_sent: bool,
) -> Result<RemoteDocument, Failure> {
    let found = adapter.fetch(connection, remote_id).await?;
    let is_draft = DocumentStatus::mirrored(adapter.kind(), &found.status, false) == DocumentStatus::Draft;
    let act = [DocumentAct::MarkSent, DocumentAct::Open]
        .into_iter()
        .find(|act| adapter.abilities().acts.contains(act))
        .filter(|_| is_sent && is_draft);
    let Some(act) = act else { return Ok(found) };
    match adapter.act(connection, remote_id, act).await {
        Err(failure) if failure.kind == FailureKind::Refused => Ok(found),
        sent => sent,
    }
}
