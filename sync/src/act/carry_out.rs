//! Carrying an act out: what the finance app does comes first, and what came of it is noted with one transaction.

use finbridge_contract::{DocumentAdapter, FailureKind};
use finbridge_domain::DocumentKind;
use finbridge_entity::document_act;
use finbridge_entity::types::{DocumentActKind, IntegrationState};
use uuid::Uuid;

use super::claim::{Held, read_act};
use super::error::{ActError, Code};
use super::input::ActInput;
use super::{create, existing, mail};
use crate::engine::{Engine, Remote};
use crate::error::SyncError;
use crate::run;

/// Carries the act out, as far as it goes now, and returns it as it stands then. An act that is over, or that somebody else is
/// carrying out, is left alone.
///
/// # Errors
/// The database's. The act then waits to be gone on with.
pub async fn carry_out(
    engine: &Engine,
    organization_id: Uuid,
    act_id: Uuid,
) -> Result<document_act::Model, SyncError> {
    let act = read_act(&engine.db, organization_id, act_id).await?;
    let Some(held) = Held::take(engine, act).await? else {
        return read_act(&engine.db, organization_id, act_id).await;
    };
    let heart = Held { engine, act: held.act.clone(), was_cut_off: held.was_cut_off };
    let mut held = held;
    let result = tokio::select! {
        result = work(&mut held) => result,
        () = heart.heartbeat() => Err(ActError::Lost),
    };
    settle(&held, result).await?;
    read_act(&engine.db, organization_id, act_id).await
}

/// Notes what came of an attempt. Where it was done that is noted already, together with the document.
async fn settle(held: &Held<'_>, result: Result<(), ActError>) -> Result<(), SyncError> {
    match result {
        Ok(()) | Err(ActError::Lost) => Ok(()),
        Err(ActError::Refused { code, message, failure }) => {
            let act = &held.act;
            if code == Code::ReconnectNeeded && failure.is_some() {
                run::mark_reconnect_needed(held.engine, act.organization_id, act.integration_id).await?;
            }
            held.fail(code, &message, failure.as_deref()).await
        }
        Err(ActError::Waits) => held.later(Code::CustomerIsBeingMade, None).await,
        Err(ActError::Engine(SyncError::Finance(failure))) => {
            let code = match failure.kind {
                FailureKind::Malformed => Code::FinanceAnswerUnreadable,
                // An earlier attempt may have made it, and nobody could look.
                _ if held.act.act == DocumentActKind::Create => Code::OutcomeUnknown,
                FailureKind::OutcomeUnknown => Code::OutcomeUnknown,
                _ => Code::FinanceUnavailable,
            };
            tracing::warn!(act = %held.act.id, %failure, attempts = held.act.attempts, "An act waits for the finance app");
            held.later(code, Some(&failure)).await
        }
        Err(ActError::Engine(error @ (SyncError::Database(_) | SyncError::Queue(_)))) => {
            // Of a mail nobody knows whether it went out; its lease ends, and with it the act.
            if held.act.act == DocumentActKind::Mail {
                return Err(error);
            }
            held.later(Code::NotPossible, None).await?;
            // The job is over: another one goes on, and a failure would leave this one dead beside it.
            tracing::warn!(act = %held.act.id, error = &error as &dyn std::error::Error, attempts = held.act.attempts, "An act waits for the database");
            Ok(())
        }
        Err(ActError::Engine(error)) => {
            tracing::error!(act = %held.act.id, error = &error as &dyn std::error::Error, "An act cannot be carried out");
            held.fail(Code::NotPossible, Code::NotPossible.sentence(), None).await
        }
    }
}

async fn work(held: &mut Held<'_>) -> Result<(), ActError> {
    let (organization_id, integration_id) = (held.act.organization_id, held.act.integration_id);
    let input: ActInput = serde_json::from_value(held.act.input.clone())
        .map_err(|source| SyncError::Corrupt { what: "what is asked about a document", source })?;
    let kind = DocumentKind::by_name(&held.act.kind).ok_or(SyncError::Missing("the kind of a document"))?;
    let remote = held.engine.remote(&held.engine.db, organization_id, integration_id).await?;
    match remote.integration.state {
        IntegrationState::Active => {}
        IntegrationState::Disabled => return Err(ActError::refused(Code::IntegrationDisabled)),
        IntegrationState::ReconnectNeeded => return Err(ActError::refused(Code::ReconnectNeeded)),
    }
    match input {
        ActInput::Create { party, draft, mail } => {
            create::create(held, &remote, kind, &party, *draft, mail).await
        }
        ActInput::Update { draft } => existing::update(held, &remote, kind, &draft).await,
        ActInput::Status { act } => existing::act(held, &remote, kind, act).await,
        ActInput::Link { deal } => existing::link(held, &remote, kind, deal).await,
        ActInput::Refresh => existing::refresh(held, &remote, kind).await,
        ActInput::Mail { mail } => mail::send(held, &remote, kind, &mail).await,
    }
}

/// The documents of this kind in the app.
pub(super) fn adapter(remote: &Remote, kind: DocumentKind) -> Result<&dyn DocumentAdapter, ActError> {
    remote.connector.documents(kind).ok_or_else(|| ActError::refused(Code::NotSupported))
}
