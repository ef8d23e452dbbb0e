//! What people ask of a finance app about its documents: to make one, to edit, mail or link it, to change how it stands.
//!
//! An act is a row, written in the transaction of whoever asks, together with the job that carries it out. The row tells how it
//! stands and what came of it; whatever is cut off is gone on with, and what is repeated is done once.

mod carry_out;
mod claim;
mod create;
mod error;
mod existing;
mod input;
mod mail;
mod party;

pub use carry_out::carry_out;
pub use error::{ActError, Code};
pub use input::{ActInput, PartyRef};
pub use party::customer_of;

pub(crate) use claim::{release_all, wake_due};
pub(crate) use party::is_making;

use finbridge_domain::DocumentKind;
use finbridge_entity::document_act;
use finbridge_entity::types::{DocumentActKind, DocumentActState};
use sea_orm::{ActiveModelTrait, DatabaseTransaction, Set};
use uuid::Uuid;

use crate::engine::Engine;
use crate::error::SyncError;
use crate::event::{Subject, Topic};
use crate::job::carry_out_act;

/// What is asked, and by whom.
#[derive(Debug, Clone)]
pub struct Wish {
    /// The tenant.
    pub organization_id: Uuid,
    /// The connection through which it is done.
    pub integration_id: Uuid,
    /// What kind of document it is about.
    pub kind: DocumentKind,
    /// The document; none where one is to be made.
    pub document_id: Option<Uuid>,
    /// The deal that it is made for or linked to.
    pub deal_id: Option<Uuid>,
    /// What is asked.
    pub act: DocumentActKind,
    /// With what. Its case has to be that of `act`.
    pub input: ActInput,
    /// Who asks.
    pub actor_id: Option<Uuid>,
}

/// Asks for it in the caller's transaction: the row, and the job that carries it out once that is committed. Whether it may be
/// asked is the caller's affair; whether it can be done is found out when it is done, and stands in the row then.
///
/// # Errors
/// The database's.
pub async fn ask(
    engine: &Engine,
    transaction: &DatabaseTransaction,
    wish: Wish,
) -> Result<document_act::Model, SyncError> {
    let id = engine.ids.uuid();
    let now = engine.clock.now();
    let reference = (wish.act == DocumentActKind::Create).then(|| reference(id));
    let input = serde_json::to_value(&wish.input)
        .map_err(|source| SyncError::Corrupt { what: "what is asked about a document", source })?;
    let row = document_act::ActiveModel {
        organization_id: Set(wish.organization_id),
        id: Set(id),
        integration_id: Set(wish.integration_id),
        kind: Set(wish.kind.as_str().to_owned()),
        document_id: Set(wish.document_id),
        deal_id: Set(wish.deal_id),
        act: Set(wish.act),
        input: Set(input),
        reference: Set(reference),
        state: Set(DocumentActState::Queued),
        attempts: Set(0),
        lease_until: Set(None),
        // The job begins it at once; this is for the case that the job is lost.
        resume_at: Set(Some(now + claim::LEASE)),
        error_code: Set(None),
        error_message: Set(None),
        remote_code: Set(None),
        remote_message: Set(None),
        actor_id: Set(wish.actor_id),
        created_at: Set(now),
        finished_at: Set(None),
    };
    let row = row.insert(transaction).await?;
    engine.queue.enqueue(transaction, carry_out_act::job(&row)?).await?;
    Ok(row)
}

/// Where changes of this act are announced.
pub fn topic(act: &document_act::Model) -> Topic {
    Topic::one(act.organization_id, Subject::TransactionJob, act.id)
}

/// By what the document of this act is found again: 35 characters, and nobody else's.
fn reference(act_id: Uuid) -> String {
    format!("FB-{}", act_id.simple())
}
