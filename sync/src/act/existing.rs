//! Acts on documents that are there. All of them may be repeated: a repetition finds the work done.

use finbridge_contract::{DocumentAdapter, DocumentDraft, Failure, FailureKind, NewDealMark, RemoteDocument};
use finbridge_domain::{DocumentAct, DocumentKind, DocumentStatus, MayNot};
use finbridge_entity::{Scoped, begin_write, deal, document};
use sea_orm::DatabaseTransaction;
use uuid::Uuid;

use super::carry_out::adapter;
use super::claim::Held;
use super::error::{ActError, Code};
use crate::document::{read, store};
use crate::engine::Remote;
use crate::error::SyncError;

/// The document of an act, and how to reach it.
pub(super) struct Target<'a> {
    pub(super) remote: &'a Remote,
    pub(super) kind: DocumentKind,
    pub(super) adapter: &'a dyn DocumentAdapter,
    pub(super) row: document::Model,
}

/// Edits the document (R129).
pub(super) async fn update(
    held: &Held<'_>,
    remote: &Remote,
    kind: DocumentKind,
    draft: &DocumentDraft,
) -> Result<(), ActError> {
    let target = Target::of(held, remote, kind).await?;
    let written = target.adapter.update(&remote.connection, &target.row.remote_id, draft).await;
    target.end(held, written).await
}

/// Changes how it stands. Whether that may be is asked of the document as it is now, not as it was last read.
pub(super) async fn act(
    held: &Held<'_>,
    remote: &Remote,
    kind: DocumentKind,
    act: DocumentAct,
) -> Result<(), ActError> {
    let target = Target::of(held, remote, kind).await?;
    let (connection, remote_id) = (&remote.connection, target.row.remote_id.as_str());
    let found = match target.adapter.fetch(connection, remote_id).await {
        Ok(found) => found,
        Err(failure) => return target.end(held, Err(failure)).await,
    };
    let has_payments = found.balance.is_some_and(|balance| balance < found.total);
    let status = DocumentStatus::mirrored(kind, &found.status, has_payments);
    if act.is_so(status) {
        return target.end(held, Ok(found)).await;
    }
    if let Err(reason) = act.check(kind, status, has_payments) {
        target.keep(held, &found).await?;
        return Err(match reason {
            MayNot::HasPayments => ActError::refused(Code::HasPayments),
            MayNot::Kind => ActError::refused(Code::NotSupported),
            MayNot::Status => {
                let words = status.as_str().to_lowercase().replace('_', " ");
                let message = format!(
                    "The {} is {words} in the finance app, and this may not be done with it as it stands.",
                    kind.noun()
                );
                ActError::because(Code::ActNotAllowed, message)
            }
        });
    }
    let written = target.adapter.act(connection, remote_id, act).await;
    target.end(held, written).await
}

/// Links it to a deal, or takes the link away (R136, R139).
pub(super) async fn link(
    held: &Held<'_>,
    remote: &Remote,
    kind: DocumentKind,
    deal_id: Option<Uuid>,
) -> Result<(), ActError> {
    let target = Target::of(held, remote, kind).await?;
    let mark = match deal_id {
        Some(deal_id) => Some(mark(held, kind, deal_id).await?),
        None => None,
    };
    let written = target.adapter.set_deal(&remote.connection, &target.row.remote_id, mark.as_ref()).await;
    target.end(held, written).await
}

/// How the deal is named in the finance app.
pub(super) async fn mark(
    held: &Held<'_>,
    kind: DocumentKind,
    deal_id: Uuid,
) -> Result<NewDealMark, ActError> {
    if !kind.takes_deal() {
        return Err(ActError::refused(Code::LinkNotSupported));
    }
    let deal = deal::Entity::one_of(held.act.organization_id, deal_id).one(&held.engine.db).await?;
    let deal =
        deal.filter(|deal| deal.deleted_at.is_none()).ok_or_else(|| ActError::refused(Code::DealGone))?;
    Ok(NewDealMark { wire_id: deal.wire_id, name: deal.name })
}

/// Reads it again.
pub(super) async fn refresh(held: &Held<'_>, remote: &Remote, kind: DocumentKind) -> Result<(), ActError> {
    let target = Target::even_if_gone(held, remote, kind).await?;
    let found = target.adapter.fetch(&remote.connection, &target.row.remote_id).await;
    target.end(held, found).await
}

impl<'a> Target<'a> {
    pub(super) async fn of(
        held: &Held<'_>,
        remote: &'a Remote,
        kind: DocumentKind,
    ) -> Result<Self, ActError> {
        let target = Self::even_if_gone(held, remote, kind).await?;
        if target.row.deleted_at.is_some() {
            return Err(ActError::refused(Code::DocumentGone));
        }
        Ok(target)
    }

    async fn even_if_gone(held: &Held<'_>, remote: &'a Remote, kind: DocumentKind) -> Result<Self, ActError> {
        let id = held.act.document_id.ok_or(SyncError::Missing("the document of an act"))?;
        let row = document::Entity::one_of(held.act.organization_id, id)
            .one(&held.engine.db)
            .await?
            .ok_or(SyncError::Missing("the document of an act"))?;
        Ok(Self { remote, kind, adapter: adapter(remote, kind)?, row })
    }

    /// Notes what came of it: the document as the finance app has it now and the end of the act, or that it is gone.
    pub(super) async fn end(
        &self,
        held: &Held<'_>,
        written: Result<RemoteDocument, Failure>,
    ) -> Result<(), ActError> {
        let now = match written {
            Ok(now) => now,
            Err(failure) => return Err(self.failed(held, failure).await?),
        };
        let transaction = begin_write(&held.engine.db).await?;
        let row = self.kept(held, &transaction, &now).await?;
        let row = row.ok_or_else(|| ActError::refused(Code::DocumentNotKept))?;
        held.succeed(transaction, &row).await
    }

    /// Keeps the document as the finance app has it now; none where it cannot be kept as it is.
    pub(super) async fn kept(
        &self,
        held: &Held<'_>,
        transaction: &DatabaseTransaction,
        now: &RemoteDocument,
    ) -> Result<Option<document::Model>, SyncError> {
        let now = std::slice::from_ref(now);
        let kept = store::keep(held.engine, transaction, self.remote, self.kind, now).await?;
        Ok(kept.into_iter().next().map(|one| one.row))
    }

    /// What a failure comes to; a document that is gone is noted as such.
    pub(super) async fn failed(&self, held: &Held<'_>, failure: Failure) -> Result<ActError, SyncError> {
        if failure.kind == FailureKind::NotFound {
            let engine = held.engine;
            let transaction = begin_write(&engine.db).await?;
            let gone =
                store::forget(engine, &transaction, self.remote, self.kind, &self.row.remote_id).await?;
            let topics: Vec<_> = gone.iter().map(read::topic).collect();
            engine.events.commit(transaction, &topics).await?;
        }
        Ok(failure.into())
    }

    /// Keeps what was found, although the act is not done.
    async fn keep(&self, held: &Held<'_>, found: &RemoteDocument) -> Result<(), SyncError> {
        let engine = held.engine;
        let transaction = begin_write(&engine.db).await?;
        let kept =
            store::keep(engine, &transaction, self.remote, self.kind, std::slice::from_ref(found)).await?;
        let topics: Vec<_> =
            kept.iter().filter(|one| one.is_changed).map(|one| read::topic(&one.row)).collect();
        engine.events.commit(transaction, &topics).await?;
        Ok(())
    }
}
