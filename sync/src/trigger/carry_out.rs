//! Doing what a trigger is to do. Whatever is repeated, it is done once: the claim stands before the document is made, and whoever
//! comes again looks before making. What was done and the line about it are written together.

use finbridge_contract::{DocumentAdapter, DocumentDraft, Failure, FailureKind, RemoteDocument};
use finbridge_domain::record::CrmRecordType;
use finbridge_domain::{DocumentAct, DocumentKind, DocumentStatus};
use finbridge_entity::types::{IntegrationState, TriggerOutcome};
use finbridge_entity::{begin_write, deal_document, deal_event, document};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Set, UpdateMany};

use super::assess::{Case, Code, Verdict, final_code, status_of, wanted};
use super::log::{self, Line};
use crate::act::{self, ActError};
use crate::apply::alone::{self, By};
use crate::budget::Priority;
use crate::document::read::topic;
use crate::document::store;
use crate::engine::{Engine, Remote};
use crate::error::SyncError;
use crate::run;

/// What came of a case.
pub(super) enum Outcome {
    /// It is settled, as this says.
    Left(Line),
    /// It is settled and noted.
    Logged,
    /// It waits for the account to become a customer, which somebody else is about.
    Waits,
}

impl Case<'_> {
    /// Does what is to be done.
    pub(super) async fn carry_out(&self, event: &deal_event::Model) -> Result<Outcome, SyncError> {
        let assessment = self.assess().await?;
        let line = Line {
            document_id: assessment.document_id.clone(),
            ..Line::left(self.integration.id, self.kind, assessment.action, Code::StageNotChosen)
        };
        match assessment.verdict {
            Verdict::Leave(code) => {
                if code == Code::ManualStatusChange {
                    self.stop().await?;
                }
                Ok(Outcome::Left(line.because(code)))
            }
            Verdict::Create { draft, and_accept } => self.make(event, *draft, and_accept, line).await,
            Verdict::Act { remote_id, act } => {
                let remote = self.remote().await?;
                self.act(event, &remote, &remote_id, act, line).await
            }
        }
    }

    /// Makes a document, and its customer before it where there is none.
    async fn make(
        &self,
        event: &deal_event::Model,
        draft: DocumentDraft,
        and_accept: bool,
        line: Line,
    ) -> Result<Outcome, SyncError> {
        let remote = self.remote().await?;
        if draft.party_id.is_some() {
            return self.create(event, &remote, draft, and_accept, line).await;
        }
        let Some(account_id) = self.deal.account_id else {
            return Ok(Outcome::Left(line.because(Code::NoAccount)));
        };
        let by = By { organization_id: event.organization_id, id: event.id, actor_id: event.actor_id };
        match alone::take(self.engine, &remote, (CrmRecordType::Account, account_id), by).await {
            Ok(_) => {}
            Err(ActError::Waits | ActError::Lost) => return Ok(Outcome::Waits),
            Err(ActError::Engine(error)) => return Err(error),
            Err(ActError::Refused { code, message, failure }) => {
                return self
                    .without_customer(code, message, failure.as_deref(), line)
                    .await
                    .map(Outcome::Left);
            }
        }
        // Only now is known in which currency the customer is billed.
        match self.of_deal(&remote, and_accept).await? {
            Verdict::Create { draft, .. } => self.create(event, &remote, *draft, and_accept, line).await,
            Verdict::Leave(code) => Ok(Outcome::Left(line.because(code))),
            Verdict::Act { .. } => Err(SyncError::Missing("the draft of a document")),
        }
    }

    /// Why the account did not become a customer.
    async fn without_customer(
        &self,
        code: act::Code,
        message: String,
        failure: Option<&Failure>,
        line: Line,
    ) -> Result<Line, SyncError> {
        let code = match code {
            act::Code::ReconnectNeeded => Code::ReconnectNeeded,
            act::Code::FinanceRefused => Code::FinanceRefused,
            _ => Code::NoCustomer,
        };
        let Some(failure) = failure else { return Ok(Line { message, ..line.because(code) }) };
        if code == Code::ReconnectNeeded {
            run::mark_reconnect_needed(self.engine, self.deal.organization_id, self.integration.id).await?;
        }
        Ok(Line { message, ..line.failed(code, failure) })
    }

    async fn create(
        &self,
        event: &deal_event::Model,
        remote: &Remote,
        mut draft: DocumentDraft,
        and_accept: bool,
        line: Line,
    ) -> Result<Outcome, SyncError> {
        let (claim, is_fresh) = self.claimed(event).await?;
        draft.reference = Some(claim.reference.clone());
        let adapter = self.adapter(remote)?;
        let known = match is_fresh {
            true => None,
            false => adapter.find_by_reference(&remote.connection, &claim.reference).await?,
        };
        let made = match known {
            Some(known) => self.finished(remote, &known.remote_id, draft.is_sent).await,
            None => adapter.create(&remote.connection, &draft).await,
        };
        let made = match made {
            Ok(made) => made,
            // Something that the document refers to is gone.
            Err(failure) if failure.kind == FailureKind::NotFound => {
                return Ok(Outcome::Left(line.failed(Code::FinanceRefused, &failure)));
            }
            Err(failure) => return Err(failure.into()),
        };
        let number = made.number.clone().unwrap_or_else(|| made.remote_id.clone());
        let line = Line {
            outcome: TriggerOutcome::Done,
            code: None,
            message: format!("The {} {number} was made.", self.kind.noun()),
            document_id: Some(made.remote_id.clone()),
            ..line
        };
        if !and_accept {
            self.note(event, remote, &claim, &made, Some(line)).await?;
            return Ok(Outcome::Logged);
        }
        self.note(event, remote, &claim, &made, None).await?;
        self.act(event, remote, &made.remote_id, DocumentAct::Accept, line).await
    }

    /// A document that was made by an attempt that was cut off, with what that attempt may not have come to.
    async fn finished(
        &self,
        remote: &Remote,
        remote_id: &str,
        is_sent: bool,
    ) -> Result<RemoteDocument, Failure> {
        let adapter = remote.connector.documents(self.kind);
        let adapter = adapter
            .ok_or_else(|| Failure::new(FailureKind::NotSupported, "the app has no such documents"))?;
        let found = adapter.fetch(&remote.connection, remote_id).await?;
        match is_sent && status_of(self.kind, &found) == DocumentStatus::Draft {
            true => adapter.act(&remote.connection, remote_id, DocumentAct::MarkSent).await,
            false => Ok(found),
        }
    }

    /// Changes how a document stands. `line` tells what was done before, where something was.
    async fn act(
        &self,
        event: &deal_event::Model,
        remote: &Remote,
        remote_id: &str,
        act: DocumentAct,
        line: Line,
    ) -> Result<Outcome, SyncError> {
        let Some(claim) = self.claim().await? else {
            return Err(SyncError::Missing("the claim of a document"));
        };
        // Whoever goes on after a crash must not take what was done for somebody else's doing.
        self.intend(&claim, Some(wanted(act))).await?;
        match self.adapter(remote)?.act(&remote.connection, remote_id, act).await {
            Ok(now) => {
                let verb = match act {
                    DocumentAct::Accept => "accepted",
                    DocumentAct::Decline => "declined",
                    _ => "voided",
                };
                let number = now.number.as_deref().unwrap_or(&now.remote_id);
                let told = format!("The {} {number} was {verb}.", self.kind.noun());
                let message = match line.outcome {
                    TriggerOutcome::Done => format!("{} {told}", line.message),
                    _ => told,
                };
                let line = Line { outcome: TriggerOutcome::Done, code: None, message, ..line };
                self.note(event, remote, &claim, &now, Some(line)).await?;
                Ok(Outcome::Logged)
            }
            Err(failure) => {
                if final_code(&failure).is_some() {
                    self.intend(&claim, None).await?;
                }
                Err(failure.into())
            }
        }
    }

    fn adapter<'r>(&self, remote: &'r Remote) -> Result<&'r dyn DocumentAdapter, SyncError> {
        remote.connector.documents(self.kind).ok_or(SyncError::Missing("the documents of an app"))
    }

    /// The claim on the deal's document, and whether nobody can have made it yet.
    async fn claimed(&self, event: &deal_event::Model) -> Result<(deal_document::Model, bool), SyncError> {
        use deal_document::Column;
        let now = self.engine.clock.now();
        let letter = &self.kind.as_str()[..1];
        let reference = format!("FB-{:018}-{letter}", self.deal.wire_id);
        let row = deal_document::ActiveModel {
            organization_id: Set(self.deal.organization_id),
            id: Set(self.engine.ids.uuid()),
            deal_id: Set(self.deal.id),
            integration_id: Set(self.integration.id),
            kind: Set(self.kind.as_str().to_owned()),
            reference: Set(reference.clone()),
            remote_id: Set(None),
            intended_status: Set(None),
            written_status: Set(None),
            stopped_at: Set(None),
            created_at: Set(now),
            updated_at: Set(now),
        };
        let made = deal_document::Entity::insert(row)
            .on_conflict(
                OnConflict::columns([
                    Column::OrganizationId,
                    Column::DealId,
                    Column::IntegrationId,
                    Column::Kind,
                ])
                .do_nothing()
                .to_owned(),
            )
            .exec_without_returning(&self.engine.db)
            .await?;
        let claim = self.claim().await?.ok_or(SyncError::Missing("the claim of a document"))?;
        if claim.remote_id.is_none() {
            return Ok((claim, made == 1));
        }
        // Another one takes the place of what is void or gone; its reference tells them apart.
        let reference = format!("{reference}-{}", &event.id.simple().to_string()[20..]);
        of(&claim)
            .col_expr(Column::Reference, Expr::value(reference))
            .col_expr(Column::RemoteId, Expr::value(Option::<String>::None))
            .col_expr(Column::IntendedStatus, Expr::value(Option::<String>::None))
            .col_expr(Column::WrittenStatus, Expr::value(Option::<String>::None))
            .col_expr(Column::StoppedAt, Expr::value(Option::<sea_orm::prelude::DateTimeUtc>::None))
            .col_expr(Column::UpdatedAt, Expr::value(now))
            .exec(&self.engine.db)
            .await?;
        Ok((self.claim().await?.ok_or(SyncError::Missing("the claim of a document"))?, false))
    }

    /// Keeps what the finance app has now, that it was a trigger's doing, and the line about it.
    async fn note(
        &self,
        event: &deal_event::Model,
        remote: &Remote,
        claim: &deal_document::Model,
        now: &RemoteDocument,
        line: Option<Line>,
    ) -> Result<(), SyncError> {
        let transaction = begin_write(&self.engine.db).await?;
        of(claim)
            .col_expr(deal_document::Column::RemoteId, Expr::value(Some(now.remote_id.clone())))
            .col_expr(
                deal_document::Column::WrittenStatus,
                Expr::value(Some(status_of(self.kind, now).as_str())),
            )
            .col_expr(deal_document::Column::IntendedStatus, Expr::value(Option::<String>::None))
            .col_expr(deal_document::Column::UpdatedAt, Expr::value(self.engine.clock.now()))
            .exec(&transaction)
            .await?;
        let kept =
            store::keep(self.engine, &transaction, remote, self.kind, std::slice::from_ref(now)).await?;
        if let Some(line) = line {
            log::write(self.engine, &transaction, event, line).await?;
        }
        let topics: Vec<_> = kept.iter().map(|one| topic(&one.row)).collect();
        self.engine.events.commit(transaction, &topics).await?;
        Ok(())
    }

    /// Triggers leave the document alone from now on (R128).
    async fn stop(&self) -> Result<(), SyncError> {
        let Some(claim) = self.claim().await? else { return Ok(()) };
        of(&claim)
            .col_expr(deal_document::Column::StoppedAt, Expr::value(Some(self.engine.clock.now())))
            .filter(deal_document::Column::StoppedAt.is_null())
            .exec(&self.engine.db)
            .await?;
        Ok(())
    }

    async fn intend(
        &self,
        claim: &deal_document::Model,
        status: Option<DocumentStatus>,
    ) -> Result<(), SyncError> {
        let status = status.map(DocumentStatus::as_str);
        of(claim)
            .col_expr(deal_document::Column::IntendedStatus, Expr::value(status))
            .exec(&self.engine.db)
            .await?;
        Ok(())
    }
}

fn of(claim: &deal_document::Model) -> UpdateMany<deal_document::Entity> {
    deal_document::Entity::update_many()
        .filter(deal_document::Column::OrganizationId.eq(claim.organization_id))
        .filter(deal_document::Column::Id.eq(claim.id))
}

/// Takes the link of a deleted deal's document away; the document stays (A17.8). None: it is done and noted.
pub(super) async fn unlink(
    engine: &Engine,
    event: &deal_event::Model,
    document: &document::Model,
    kind: DocumentKind,
    line: Line,
) -> Result<Option<Line>, SyncError> {
    let here = event.organization_id;
    let remote = engine.remote_for(&engine.db, here, document.integration_id, Priority::Person).await?;
    match remote.integration.state {
        IntegrationState::Active => {}
        IntegrationState::Disabled => return Ok(Some(line.because(Code::IntegrationDisabled))),
        IntegrationState::ReconnectNeeded => return Ok(Some(line.because(Code::ReconnectNeeded))),
    }
    let adapter = remote.connector.documents(kind).ok_or(SyncError::Missing("the documents of an app"))?;
    let now = match adapter.set_deal(&remote.connection, &document.remote_id, None).await {
        Ok(now) => now,
        Err(failure) if failure.kind == FailureKind::NotFound => {
            return Ok(Some(line.because(Code::DocumentGone)));
        }
        Err(failure) => return Err(failure.into()),
    };
    let transaction = begin_write(&engine.db).await?;
    let kept = store::keep(engine, &transaction, &remote, kind, std::slice::from_ref(&now)).await?;
    let message = format!("The deal was deleted; the {} stays, without its link.", kind.noun());
    log::write(
        engine,
        &transaction,
        event,
        Line { outcome: TriggerOutcome::Done, code: None, message, ..line },
    )
    .await?;
    let topics: Vec<_> = kept.iter().map(|one| topic(&one.row)).collect();
    engine.events.commit(transaction, &topics).await?;
    Ok(None)
}
