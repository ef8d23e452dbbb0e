//! Deals that were deleted: their documents stay, without their link (A17.8).

use finbridge_contract::FailureKind;
use finbridge_domain::{DocumentKind, DocumentStatus};
use finbridge_entity::types::{IntegrationState, TriggerAction, TriggerOutcome};
use finbridge_entity::{Scoped, begin_write, deal, deal_document, deal_event, document};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, QueryFilter, QueryOrder};
use uuid::Uuid;

use super::assess::status_of;
use super::claim::of;
use super::code::Code;
use super::hold::{Held, Stop};
use super::log::{self, Line};
use super::note::linking;
use super::wait::{Came, Waits, failed, see_again};
use crate::document::read::topic;
use crate::document::store;
use crate::engine::{Engine, Remote};
use crate::error::SyncError;

/// The documents that belonged to a deleted deal, as far as nothing was noted about their links. A reading may have taken the deal
/// from one already; the finance side names it still.
pub(super) async fn linked(
    engine: &Engine,
    event: &deal_event::Model,
) -> Result<Vec<document::Model>, SyncError> {
    let deal = deal::Entity::one_of(event.organization_id, event.deal_id).one(&engine.db).await?;
    let Some(deal) = deal else { return Ok(Vec::new()) };
    let of_deal = Condition::any()
        .add(document::Column::DealId.eq(deal.id))
        .add(document::Column::DealWireId.eq(deal.wire_id));
    let documents = document::Entity::of(event.organization_id)
        .filter(of_deal)
        .filter(document::Column::DeletedAt.is_null())
        .order_by_asc(document::Column::Id)
        .all(&engine.db)
        .await?;
    let mut open = Vec::new();
    for one in documents {
        if !log::is_written_of(engine, event, &one).await? {
            open.push(one);
        }
    }
    Ok(open)
}

/// Takes the links of a deleted deal away. What somebody is about to make or to link is waited for: only then is it there to be
/// unlinked.
pub(super) async fn unlink_all(held: &Held<'_>, waits: &mut Waits) -> Result<Came, Stop> {
    let (engine, event) = (held.engine, &held.event);
    let mut came = Came::Settled;
    for act in linking(event.organization_id, event.deal_id).all(&engine.db).await? {
        if let Some(length) = see_again(engine, event) {
            waits.add(act.integration_id, length);
            came = came.max(Came::Untried);
        }
    }
    for claim in unseen(held).await? {
        let Some(kind) = DocumentKind::by_name(&claim.kind) else { continue };
        let integration_id = claim.integration_id;
        if waits.integrations.contains(&integration_id) {
            came = came.max(Came::Untried);
            continue;
        }
        let line = Line::left(integration_id, kind, TriggerAction::Unlink, Code::NoDocument);
        let found = find(held, &claim, kind, line.clone()).await;
        came = came.max(noted(held, waits, line, integration_id, found).await?);
    }
    for one in linked(engine, event).await? {
        let Some(kind) = DocumentKind::by_name(&one.kind) else { continue };
        let integration_id = one.integration_id;
        if waits.integrations.contains(&integration_id) {
            came = came.max(Came::Untried);
            continue;
        }
        let line = Line {
            document_id: Some(one.remote_id.clone()),
            ..Line::left(integration_id, kind, TriggerAction::Unlink, Code::DocumentGone)
        };
        let unlinked = unlink(held, &one, kind, line.clone()).await;
        came = came.max(noted(held, waits, line, integration_id, unlinked).await?);
    }
    Ok(came)
}

/// Writes down what came of it, where that was not done together with it; or has the integration wait.
async fn noted(
    held: &Held<'_>,
    waits: &mut Waits,
    line: Line,
    integration_id: Uuid,
    result: Result<Option<Line>, Stop>,
) -> Result<Came, Stop> {
    let line = match result {
        Ok(None) => return Ok(Came::Settled),
        Ok(Some(line)) => line,
        Err(Stop::Lost) => return Err(Stop::Lost),
        Err(Stop::Engine(error)) => match failed(held, integration_id, line, error).await? {
            Ok(line) => line,
            Err(pause) => {
                waits.add(integration_id, pause.length);
                return Ok(pause.came);
            }
        },
    };
    held.log(line, false).await?;
    Ok(Came::Settled)
}

/// What was claimed for the deal without anybody having seen whether it was made, as far as nobody looked for this event.
async fn unseen(held: &Held<'_>) -> Result<Vec<deal_document::Model>, SyncError> {
    let (engine, event) = (held.engine, &held.event);
    let claims = deal_document::Entity::of(event.organization_id)
        .filter(deal_document::Column::DealId.eq(event.deal_id))
        .filter(deal_document::Column::RemoteId.is_null())
        .order_by_asc(deal_document::Column::Id)
        .all(&engine.db)
        .await?;
    let mut open = Vec::new();
    for claim in claims {
        if event.attempts == 1 || !log::is_written(engine, event, claim.integration_id).await? {
            open.push(claim);
        }
    }
    Ok(open)
}

/// The connection, or why it is not asked.
async fn reach(held: &Held<'_>, integration_id: Uuid, line: Line) -> Result<Result<Remote, Line>, SyncError> {
    let (engine, here) = (held.engine, held.event.organization_id);
    let remote = engine.remote_for(&engine.db, here, integration_id, held.priority()).await?;
    Ok(match remote.integration.state {
        IntegrationState::Active => Ok(remote),
        IntegrationState::Disabled => Err(line.because(Code::IntegrationDisabled)),
        IntegrationState::ReconnectNeeded => Err(line.because(Code::ReconnectNeeded)),
    })
}

/// Looks for the document of a claim, and keeps it where it is there: the deal is then found in it like in any other.
async fn find(
    held: &Held<'_>,
    claim: &deal_document::Model,
    kind: DocumentKind,
    line: Line,
) -> Result<Option<Line>, Stop> {
    let engine = held.engine;
    let remote = match reach(held, claim.integration_id, line).await? {
        Ok(remote) => remote,
        Err(line) => return Ok(Some(line)),
    };
    let adapter = remote.connector.documents(kind).ok_or(SyncError::Missing("the documents of an app"))?;
    let connection = &remote.connection;
    let Some(known) = adapter.find_by_reference(connection, &claim.reference).await? else { return Ok(None) };
    let now = match adapter.fetch(connection, &known.remote_id).await {
        Ok(now) => now,
        Err(failure) if failure.kind == FailureKind::NotFound => return Ok(None),
        Err(failure) => return Err(failure.into()),
    };
    // Any other status may be somebody's doing, in case the deal comes back.
    let status = Some(status_of(kind, &now)).filter(|status| *status == DocumentStatus::Draft);
    let transaction = begin_write(&engine.db).await?;
    held.renew(&transaction).await?;
    of(claim)
        .col_expr(deal_document::Column::RemoteId, Expr::value(Some(now.remote_id.clone())))
        .col_expr(deal_document::Column::WrittenStatus, Expr::value(status.map(DocumentStatus::as_str)))
        .col_expr(deal_document::Column::UpdatedAt, Expr::value(engine.clock.now()))
        .exec(&transaction)
        .await?;
    let kept = store::keep(engine, &transaction, &remote, kind, std::slice::from_ref(&now)).await?;
    let topics: Vec<_> = kept.iter().map(|one| topic(&one.row)).collect();
    engine.events.commit(transaction, &topics).await?;
    Ok(None)
}

/// Takes the link of a document away; the document stays. None: it is done and noted.
async fn unlink(
    held: &Held<'_>,
    document: &document::Model,
    kind: DocumentKind,
    line: Line,
) -> Result<Option<Line>, Stop> {
    let engine = held.engine;
    let remote = match reach(held, document.integration_id, line.clone()).await? {
        Ok(remote) => remote,
        Err(line) => return Ok(Some(line)),
    };
    let adapter = remote.connector.documents(kind).ok_or(SyncError::Missing("the documents of an app"))?;
    held.renew(&engine.db).await?;
    let now = match adapter.set_deal(&remote.connection, &document.remote_id, None).await {
        Ok(now) => now,
        Err(failure) if failure.kind == FailureKind::NotFound => {
            return Ok(Some(line.because(Code::DocumentGone)));
        }
        Err(failure) => return Err(failure.into()),
    };
    let transaction = begin_write(&engine.db).await?;
    held.renew(&transaction).await?;
    let kept = store::keep(engine, &transaction, &remote, kind, std::slice::from_ref(&now)).await?;
    let message = format!("The deal was deleted; the {} stays, without its link.", kind.noun());
    let line = Line { outcome: TriggerOutcome::Done, code: None, message, ..line };
    log::write(engine, &transaction, &held.event, line).await?;
    let topics: Vec<_> = kept.iter().map(|one| topic(&one.row)).collect();
    engine.events.commit(transaction, &topics).await?;
    Ok(None)
}
