//! What an automatic document is made of (A17.6, A17.27).

use finbridge_contract::{DocumentDraft, NewDealMark};
use finbridge_entity::deal;
use sea_orm::ConnectionTrait;

use super::code::Code;
use crate::document::lines::{self, NoLines};
use crate::engine::Remote;
use crate::error::SyncError;

/// The draft of a deal's document, or why there is none.
pub(super) async fn draft(
    db: &impl ConnectionTrait,
    remote: &Remote,
    deal: &deal::Model,
) -> Result<Result<DocumentDraft, Code>, SyncError> {
    let lines = match lines::of_deal(db, remote.organization.id, deal).await? {
        Ok(lines) => lines,
        Err(NoLines::NoAmount) => return Ok(Err(Code::DealHasNoAmount)),
        Err(NoLines::NoPrice(_)) => return Ok(Err(Code::LineHasNoPrice)),
    };
    let mark = NewDealMark { wire_id: deal.wire_id, name: deal.name.clone() };
    Ok(Ok(DocumentDraft { lines: Some(lines), deal: Some(mark), ..DocumentDraft::default() }))
}
