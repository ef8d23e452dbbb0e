//! What triggers did, and what not and why: one row for each event and integration, or for each document of a deal that was deleted.

use finbridge_contract::Failure;
use finbridge_domain::DocumentKind;
use finbridge_entity::types::{TriggerAction, TriggerOutcome};
use finbridge_entity::{Scoped, deal_event, document, trigger_log};
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, QueryFilter, QuerySelect, Set};
use uuid::Uuid;

use super::code::Code;
use crate::engine::Engine;
use crate::error::SyncError;

/// What is to be noted.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) integration_id: Option<Uuid>,
    pub(super) kind: Option<DocumentKind>,
    pub(super) action: TriggerAction,
    pub(super) outcome: TriggerOutcome,
    pub(super) code: Option<Code>,
    pub(super) message: String,
    pub(super) document_id: Option<String>,
    pub(super) remote_code: Option<String>,
}

impl Line {
    /// That nothing was done.
    pub(super) fn left(integration_id: Uuid, kind: DocumentKind, action: TriggerAction, code: Code) -> Self {
        Self {
            integration_id: Some(integration_id),
            kind: Some(kind),
            action,
            outcome: TriggerOutcome::Skipped,
            code: Some(code),
            message: code.sentence().to_owned(),
            document_id: None,
            remote_code: None,
        }
    }

    /// The same for another reason.
    pub(super) fn because(self, code: Code) -> Self {
        Self { code: Some(code), message: code.sentence().to_owned(), ..self }
    }

    /// That it could not be done, for a reason of ours.
    pub(super) fn failed_here(self, code: Code) -> Self {
        Self { outcome: TriggerOutcome::Failed, ..self.because(code) }
    }

    /// That it could not be done.
    pub(super) fn failed(self, code: Code, failure: &Failure) -> Self {
        let words = failure.remote_message.as_deref().unwrap_or(&failure.message);
        Self {
            outcome: TriggerOutcome::Failed,
            code: Some(code),
            message: format!("{} ({words})", code.sentence()),
            remote_code: failure.remote_code.clone(),
            ..self
        }
    }
}

/// Notes it.
pub(super) async fn write(
    engine: &Engine,
    db: &impl ConnectionTrait,
    event: &deal_event::Model,
    line: Line,
) -> Result<(), SyncError> {
    trigger_log::ActiveModel {
        organization_id: Set(event.organization_id),
        id: Set(engine.ids.uuid()),
        deal_id: Set(event.deal_id),
        integration_id: Set(line.integration_id),
        event_id: Set(event.id),
        stage_id: Set(event.stage_id),
        kind: Set(line.kind.map(|kind| kind.as_str().to_owned())),
        action: Set(line.action),
        outcome: Set(line.outcome),
        code: Set(line.code.map(|code| code.as_str().to_owned())),
        message: Set(line.message),
        document_remote_id: Set(line.document_id),
        remote_code: Set(line.remote_code),
        logged_at: Set(engine.clock.now()),
    }
    .insert(db)
    .await?;
    Ok(())
}

/// Whether an integration has had its say about an event: whoever goes on after a crash must not repeat it.
pub(super) async fn is_written(
    engine: &Engine,
    event: &deal_event::Model,
    integration_id: Uuid,
) -> Result<bool, SyncError> {
    let known = trigger_log::Entity::of(event.organization_id)
        .filter(trigger_log::Column::DealId.eq(event.deal_id))
        .filter(trigger_log::Column::EventId.eq(event.id))
        .filter(trigger_log::Column::IntegrationId.eq(integration_id))
        .limit(1)
        .one(&engine.db)
        .await?;
    Ok(known.is_some())
}

/// The same about one of the documents of a deleted deal.
pub(super) async fn is_written_of(
    engine: &Engine,
    event: &deal_event::Model,
    document: &document::Model,
) -> Result<bool, SyncError> {
    let known = trigger_log::Entity::of(event.organization_id)
        .filter(trigger_log::Column::DealId.eq(event.deal_id))
        .filter(trigger_log::Column::EventId.eq(event.id))
        .filter(trigger_log::Column::IntegrationId.eq(document.integration_id))
        .filter(trigger_log::Column::Kind.eq(document.kind.as_str()))
        .filter(trigger_log::Column::DocumentRemoteId.eq(document.remote_id.as_str()))
        .limit(1)
        .one(&engine.db)
        .await?;
    Ok(known.is_some())
}
