//! Doing what a trigger is to do. Whatever is repeated, it is done once: the claim stands before the document is made, and whoever
//! comes again looks before making.

use finbridge_contract::{DocumentAdapter, DocumentDraft, Failure, FailureKind, RemoteDocument};
use finbridge_domain::{DocumentAct, DocumentKind, DocumentStatus};
use finbridge_entity::types::{RunTrigger, TriggerAction, TriggerOutcome};
use finbridge_entity::{Scoped, begin_write, deal_document, deal_event, document, sync_run};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, Set};

use super::assess::{Case, Code, Verdict, customer, customers, final_code, status_of};
use super::log::Line;
use crate::document::read::topic;
use crate::document::store;
use crate::engine::{Engine, Remote};
use crate::error::SyncError;
use crate::run::{self, StartRun, Started};

/// What came of a case.
pub(super) enum Outcome {
    /// It is settled, as this says.
    Settled(Line),
    /// It waits for the account to become a customer.
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
                Ok(Outcome::Settled(Line { code: Some(code), message: code.sentence().to_owned(), ..line }))
            }
            Verdict::Create { draft, and_accept } => self.create(event, *draft, and_accept, line).await,
            Verdict::Act { remote_id, act } => {
                let remote = self.remote().await?;
                self.act(&remote, &remote_id, act, line).await.map(Outcome::Settled)
            }
        }
    }

    async fn create(
        &self,
        event: &deal_event::Model,
        mut draft: DocumentDraft,
        and_accept: bool,
        line: Line,
    ) -> Result<Outcome, SyncError> {
        let remote = self.remote().await?;
        if draft.party_id.is_none() {
            return Ok(match self.make_customer(&remote, event).await? {
                true => Outcome::Waits,
                false => Outcome::Settled(Line {
                    code: Some(Code::NoCustomer),
                    message: Code::NoCustomer.sentence().to_owned(),
                    ..line
                }),
            });
        }
        let (claim, is_fresh) = self.claimed(event).await?;
        draft.reference = Some(claim.reference.clone());
        let adapter = self.adapter(&remote)?;
        let known = match is_fresh {
            true => None,
            false => adapter.find_by_reference(&remote.connection, &claim.reference).await?,
        };
        let made = match known {
            Some(known) => finished(adapter, &remote, &known.remote_id, draft.is_sent).await,
            None => adapter.create(&remote.connection, &draft).await,
        };
        let made = match made {
            Ok(made) => made,
            Err(failure) => {
                let Some(code) = final_code(&failure) else { return Err(failure.into()) };
                // The claim stays: whoever comes next looks before making one.
                return Ok(Outcome::Settled(line.failed(code, &failure)));
            }
        };
        let number = made.number.clone().unwrap_or_else(|| made.remote_id.clone());
        self.note(&remote, &claim, &made).await?;
        let line = Line {
            outcome: TriggerOutcome::Done,
            code: None,
            message: format!("The {} {number} was made.", self.kind.noun()),
            document_id: Some(made.remote_id.clone()),
            ..line
        };
        if !and_accept {
            return Ok(Outcome::Settled(line));
        }
        let accepted = self.act(&remote, &made.remote_id, DocumentAct::Accept, line).await?;
        let message = format!("The {} {number} was made. {}", self.kind.noun(), accepted.message);
        Ok(Outcome::Settled(Line { message, ..accepted }))
    }

    async fn act(
        &self,
        remote: &Remote,
        remote_id: &str,
        act: DocumentAct,
        line: Line,
    ) -> Result<Line, SyncError> {
        let Some(claim) = self.claim().await? else {
            return Err(SyncError::Missing("the claim of a document"));
        };
        let wanted = match act {
            DocumentAct::Accept => DocumentStatus::Accepted,
            DocumentAct::Decline => DocumentStatus::Declined,
            _ => DocumentStatus::Void,
        };
        // Whoever goes on after a crash must not take what was done for somebody else's doing.
        self.intend(&claim, Some(wanted)).await?;
        match self.adapter(remote)?.act(&remote.connection, remote_id, act).await {
            Ok(now) => {
                self.note(remote, &claim, &now).await?;
                let verb = match act {
                    DocumentAct::Accept => "accepted",
                    DocumentAct::Decline => "declined",
                    _ => "voided",
                };
                let number = now.number.unwrap_or(now.remote_id);
                let message = format!("The {} {number} was {verb}.", self.kind.noun());
                Ok(Line { outcome: TriggerOutcome::Done, code: None, message, ..line })
            }
            Err(failure) => match final_code(&failure) {
                Some(code) => {
                    // It was not done, so that a status like it is somebody else's from now on.
                    self.intend(&claim, None).await?;
                    Ok(line.failed(code, &failure))
                }
                None => Err(failure.into()),
            },
        }
    }

    fn adapter<'r>(&self, remote: &'r Remote) -> Result<&'r dyn DocumentAdapter, SyncError> {
        remote.connector.documents(self.kind).ok_or(SyncError::Missing("the documents of an app"))
    }

    /// The claim on the deal's document, and whether nobody can have made it yet.
    async fn claimed(&self, event: &deal_event::Model) -> Result<(deal_document::Model, bool), SyncError> {
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
        use deal_document::Column;
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
        deal_document::Entity::update_many()
            .col_expr(Column::Reference, Expr::value(reference))
            .col_expr(Column::RemoteId, Expr::value(Option::<String>::None))
            .col_expr(Column::IntendedStatus, Expr::value(Option::<String>::None))
            .col_expr(Column::WrittenStatus, Expr::value(Option::<String>::None))
            .col_expr(Column::StoppedAt, Expr::value(Option::<sea_orm::prelude::DateTimeUtc>::None))
            .col_expr(Column::UpdatedAt, Expr::value(now))
            .filter(Column::OrganizationId.eq(claim.organization_id))
            .filter(Column::Id.eq(claim.id))
            .exec(&self.engine.db)
            .await?;
        Ok((self.claim().await?.ok_or(SyncError::Missing("the claim of a document"))?, false))
    }

    /// Keeps what the finance app has now, and that it was a trigger's doing.
    async fn note(
        &self,
        remote: &Remote,
        claim: &deal_document::Model,
        now: &RemoteDocument,
    ) -> Result<(), SyncError> {
        let transaction = begin_write(&self.engine.db).await?;
        let status = status_of(self.kind, now).as_str();
        deal_document::Entity::update_many()
            .col_expr(deal_document::Column::RemoteId, Expr::value(Some(now.remote_id.clone())))
            .col_expr(deal_document::Column::WrittenStatus, Expr::value(Some(status)))
            .col_expr(deal_document::Column::IntendedStatus, Expr::value(Option::<String>::None))
            .col_expr(deal_document::Column::UpdatedAt, Expr::value(self.engine.clock.now()))
            .filter(deal_document::Column::OrganizationId.eq(claim.organization_id))
            .filter(deal_document::Column::Id.eq(claim.id))
            .exec(&transaction)
            .await?;
        let kept =
            store::keep(self.engine, &transaction, remote, self.kind, std::slice::from_ref(now)).await?;
        let topics: Vec<_> = kept.iter().map(|one| topic(&one.row)).collect();
        self.engine.events.commit(transaction, &topics).await?;
        Ok(())
    }

    /// Triggers leave the document alone from now on (R128).
    async fn stop(&self) -> Result<(), SyncError> {
        deal_document::Entity::update_many()
            .col_expr(deal_document::Column::StoppedAt, Expr::value(Some(self.engine.clock.now())))
            .filter(deal_document::Column::OrganizationId.eq(self.deal.organization_id))
            .filter(deal_document::Column::DealId.eq(self.deal.id))
            .filter(deal_document::Column::IntegrationId.eq(self.integration.id))
            .filter(deal_document::Column::Kind.eq(self.kind.as_str()))
            .filter(deal_document::Column::StoppedAt.is_null())
            .exec(&self.engine.db)
            .await?;
        Ok(())
    }

    /// Notes the status that the document is about to be given; none: it is not any more.
    async fn intend(
        &self,
        claim: &deal_document::Model,
        status: Option<DocumentStatus>,
    ) -> Result<(), SyncError> {
        let status = status.map(DocumentStatus::as_str);
        deal_document::Entity::update_many()
            .col_expr(deal_document::Column::IntendedStatus, Expr::value(status))
            .filter(deal_document::Column::OrganizationId.eq(claim.organization_id))
            .filter(deal_document::Column::Id.eq(claim.id))
            .exec(&self.engine.db)
            .await?;
        Ok(())
    }

    /// Has the account made a customer by a run about it alone (A17.4). False: it cannot become one.
    async fn make_customer(&self, remote: &Remote, event: &deal_event::Model) -> Result<bool, SyncError> {
        let (Some(account_id), Some(module)) = (self.deal.account_id, customers(self.engine, remote).await?)
        else {
            return Ok(false);
        };
        let tried = sync_run::Entity::of(self.deal.organization_id)
            .filter(sync_run::Column::SyncModuleId.eq(module.id))
            .filter(sync_run::Column::OnlyRecordId.eq(account_id))
            .filter(sync_run::Column::CreatedAt.gte(event.occurred_at))
            .order_by_desc(sync_run::Column::Id)
            .one(&self.engine.db)
            .await?;
        if let Some(run) = tried {
            return Ok(!run.state.is_final() || customer(self.engine, remote, account_id).await?.is_some());
        }
        let transaction = begin_write(&self.engine.db).await?;
        let wish = StartRun {
            only_record_id: Some(account_id),
            ..StartRun::of(self.deal.organization_id, module.id, RunTrigger::Resync)
        };
        let started = run::start(self.engine, &transaction, wish).await?;
        transaction.commit().await?;
        Ok(match started {
            Started::Queued(_) | Started::AlreadyActive(_) => true,
            Started::Paused | Started::Disabled => false,
        })
    }
}

/// A document that an earlier try made, and what that try did not come to any more: that it counts as sent.
async fn finished(
    adapter: &dyn DocumentAdapter,
    remote: &Remote,
    remote_id: &str,
    is_sent: bool,
) -> Result<RemoteDocument, Failure> {
    let found = adapter.fetch(&remote.connection, remote_id).await?;
    let is_draft = status_of(adapter.kind(), &found) == DocumentStatus::Draft;
    if is_sent && is_draft && adapter.abilities().acts.contains(&DocumentAct::MarkSent) {
        return adapter.act(&remote.connection, remote_id, DocumentAct::MarkSent).await;
    }
    Ok(found)
}

/// Takes the links of a deleted deal's documents away; the documents stay (A17.8).
pub(super) async fn unlink(
    engine: &Engine,
    document: &document::Model,
    remote: &Remote,
    kind: DocumentKind,
) -> Result<Line, SyncError> {
    let line = Line {
        document_id: Some(document.remote_id.clone()),
        ..Line::left(document.integration_id, kind, TriggerAction::Unlink, Code::DocumentGone)
    };
    let adapter = remote.connector.documents(kind).ok_or(SyncError::Missing("the documents of an app"))?;
    match adapter.set_deal(&remote.connection, &document.remote_id, None).await {
        Ok(now) => {
            let transaction = begin_write(&engine.db).await?;
            let kept = store::keep(engine, &transaction, remote, kind, std::slice::from_ref(&now)).await?;
            let topics: Vec<_> = kept.iter().map(|one| topic(&one.row)).collect();
            engine.events.commit(transaction, &topics).await?;
            let message = format!("The deal was deleted; the {} stays, without its link.", kind.noun());
            Ok(Line { outcome: TriggerOutcome::Done, code: None, message, ..line })
        }
        Err(failure) if failure.kind == FailureKind::NotFound => Ok(line),
        Err(failure) => match final_code(&failure) {
            Some(code) => Ok(line.failed(code, &failure)),
            None => Err(failure.into()),
        },
    }
}
