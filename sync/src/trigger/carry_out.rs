//! Doing what a trigger is to do. Whatever is repeated, it is done once: the claim stands before the document is made, and whoever
//! comes again looks before making. What was done and the line about it are written together.

use finbridge_contract::{DocumentAdapter, DocumentDraft, Failure, FailureKind, RemoteDocument};
use finbridge_domain::record::CrmRecordType;
use finbridge_domain::{DocumentAct, DocumentStatus};
use finbridge_entity::types::TriggerOutcome;
use finbridge_entity::{begin_write, deal_document};
use sea_orm::sea_query::Expr;

use super::assess::{Case, Verdict, status_of, wanted};
use super::claim::{intend, of};
use super::code::Code;
use super::hold::{Held, Stop};
use super::log::{self, Line};
use crate::act::{self, ActError};
use crate::apply::alone::{self, By};
use crate::document::made::finished;
use crate::document::read::topic;
use crate::document::store;
use crate::engine::Remote;
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
    pub(super) async fn carry_out(&self, held: &Held<'_>) -> Result<Outcome, Stop> {
        let assessment = self.assess().await?;
        let line = Line {
            document_id: assessment.document_id.clone(),
            ..Line::left(self.integration.id, self.kind, assessment.action, Code::StageNotChosen)
        };
        if assessment.is_undone {
            // From now on a status like the one that was meant is somebody else's.
            self.forget_intent(held).await?;
        }
        match assessment.verdict {
            Verdict::Leave(code) => {
                if code == Code::ManualStatusChange {
                    self.stop(held).await?;
                }
                Ok(Outcome::Left(line.because(code)))
            }
            Verdict::Create { draft, and_accept } => self.make(held, *draft, and_accept, line).await,
            Verdict::Act { remote_id, act } => {
                let remote = self.remote().await?;
                self.act(held, remote, &remote_id, act, line).await
            }
            Verdict::Done { document, act } => {
                let remote = self.remote().await?;
                self.acted(held, remote, &document, act, line).await
            }
        }
    }

    /// Makes a document, and its customer before it where there is none.
    async fn make(
        &self,
        held: &Held<'_>,
        draft: DocumentDraft,
        and_accept: bool,
        line: Line,
    ) -> Result<Outcome, Stop> {
        let remote = self.remote().await?;
        if draft.party_id.is_some() {
            return self.create(held, remote, draft, and_accept, line).await;
        }
        let Some(account_id) = self.deal.account_id else {
            return Ok(Outcome::Left(line.because(Code::NoAccount)));
        };
        let event = &held.event;
        let by = By { organization_id: event.organization_id, id: event.id, actor_id: event.actor_id };
        match alone::take(self.engine, remote, (CrmRecordType::Account, account_id), by).await {
            Ok(_) => {}
            Err(ActError::Waits | ActError::Lost) => return Ok(Outcome::Waits),
            Err(ActError::Engine(error)) => return Err(error.into()),
            Err(ActError::Refused { code, message, failure }) => {
                return self
                    .without_customer(code, message, failure.as_deref(), line)
                    .await
                    .map(Outcome::Left);
            }
        }
        // Only now is known in which currency the customer is billed.
        match self.of_deal(remote, and_accept).await? {
            Verdict::Create { draft, .. } => self.create(held, remote, *draft, and_accept, line).await,
            Verdict::Leave(code) => Ok(Outcome::Left(line.because(code))),
            Verdict::Act { .. } | Verdict::Done { .. } => {
                Err(SyncError::Missing("the draft of a document").into())
            }
        }
    }

    /// Why the account did not become a customer.
    async fn without_customer(
        &self,
        code: act::Code,
        message: String,
        failure: Option<&Failure>,
        line: Line,
    ) -> Result<Line, Stop> {
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
        held: &Held<'_>,
        remote: &Remote,
        mut draft: DocumentDraft,
        and_accept: bool,
        line: Line,
    ) -> Result<Outcome, Stop> {
        let (claim, is_fresh) = self.claimed(held).await?;
        draft.reference = Some(claim.reference.clone());
        let adapter = self.adapter(remote)?;
        let known = match is_fresh {
            // Renewed with the claim, just now.
            true => None,
            false => {
                let known = adapter.find_by_reference(&remote.connection, &claim.reference).await?;
                held.renew(&self.engine.db).await?;
                known
            }
        };
        let is_new = known.is_none();
        let made = match known {
            Some(known) => finished(adapter, &remote.connection, &known.remote_id, draft.is_sent).await,
            None => adapter.create(&remote.connection, &draft).await,
        };
        let made = match made {
            Ok(made) => made,
            // Something that the document refers to is gone. The claim stays: whoever comes next looks before making one.
            Err(failure) if failure.kind == FailureKind::NotFound => {
                return Ok(Outcome::Left(line.failed(Code::FinanceRefused, &failure)));
            }
            Err(failure) => return Err(failure.into()),
        };
        let status = match status_of(self.kind, &made) {
            status if is_new || status.is_derived() => status,
            // A finance app that refuses to count it as sent leaves it a draft; so a trigger made it.
            DocumentStatus::Draft => DocumentStatus::Draft,
            // What else became of it since an attempt that was cut off is somebody's doing.
            _ if draft.is_sent && adapter.abilities().acts.contains(&DocumentAct::MarkSent) => {
                DocumentStatus::Sent
            }
            _ => DocumentStatus::Draft,
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
            self.note(held, remote, &claim, (&made, status), Some(line)).await?;
            return Ok(Outcome::Logged);
        }
        self.note(held, remote, &claim, (&made, status), None).await?;
        if status != status_of(self.kind, &made) {
            self.stop(held).await?;
            return Ok(Outcome::Left(Line {
                outcome: TriggerOutcome::Skipped,
                ..line.because(Code::ManualStatusChange)
            }));
        }
        self.act(held, remote, &made.remote_id, DocumentAct::Accept, line).await
    }

    /// Changes how a document stands. `line` tells what was done before, where something was.
    async fn act(
        &self,
        held: &Held<'_>,
        remote: &Remote,
        remote_id: &str,
        act: DocumentAct,
        line: Line,
    ) -> Result<Outcome, Stop> {
        let Some(claim) = self.claim().await? else {
            return Err(SyncError::Missing("the claim of a document").into());
        };
        let adapter = self.adapter(remote)?;
        // Whoever goes on after a crash must not take what was done for somebody else's doing.
        let transaction = begin_write(&self.engine.db).await?;
        held.renew(&transaction).await?;
        intend(&transaction, &claim, Some(wanted(act))).await?;
        transaction.commit().await?;
        match revived(adapter, remote, remote_id, act).await {
            Ok(now) => self.acted(held, remote, &now, act, line).await,
            Err(failure) => {
                // Where it is certain that it was not done, a status like it is somebody else's from now on.
                if !matches!(failure.kind, FailureKind::OutcomeUnknown | FailureKind::Malformed) {
                    self.forget_intent(held).await?;
                }
                Err(failure.into())
            }
        }
    }

    /// Notes that a document was given another status.
    async fn acted(
        &self,
        held: &Held<'_>,
        remote: &Remote,
        now: &RemoteDocument,
        act: DocumentAct,
        line: Line,
    ) -> Result<Outcome, Stop> {
        let Some(claim) = self.claim().await? else {
            return Err(SyncError::Missing("the claim of a document").into());
        };
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
        self.note(held, remote, &claim, (now, wanted(act)), Some(line)).await?;
        Ok(Outcome::Logged)
    }

    fn adapter<'r>(&self, remote: &'r Remote) -> Result<&'r dyn DocumentAdapter, SyncError> {
        remote.connector.documents(self.kind).ok_or(SyncError::Missing("the documents of an app"))
    }

    /// Keeps what the finance app has now, the status that a trigger gave it, and the line about it.
    async fn note(
        &self,
        held: &Held<'_>,
        remote: &Remote,
        claim: &deal_document::Model,
        (now, status): (&RemoteDocument, DocumentStatus),
        line: Option<Line>,
    ) -> Result<(), Stop> {
        let transaction = begin_write(&self.engine.db).await?;
        held.renew_or_close(&transaction, self.is_last && line.is_some()).await?;
        of(claim)
            .col_expr(deal_document::Column::RemoteId, Expr::value(Some(now.remote_id.clone())))
            .col_expr(deal_document::Column::WrittenStatus, Expr::value(Some(status.as_str())))
            .col_expr(deal_document::Column::IntendedStatus, Expr::value(Option::<String>::None))
            .col_expr(deal_document::Column::UpdatedAt, Expr::value(self.engine.clock.now()))
            .exec(&transaction)
            .await?;
        let kept =
            store::keep(self.engine, &transaction, remote, self.kind, std::slice::from_ref(now)).await?;
        if let Some(line) = line {
            log::write(self.engine, &transaction, &held.event, line).await?;
        }
        let topics: Vec<_> = kept.iter().map(|one| topic(&one.row)).collect();
        self.engine.events.commit(transaction, &topics).await?;
        Ok(())
    }
}

/// Does it. An estimate that expired has to be sent once more before it can be accepted or declined, where the app says so.
async fn revived(
    adapter: &dyn DocumentAdapter,
    remote: &Remote,
    remote_id: &str,
    act: DocumentAct,
) -> Result<RemoteDocument, Failure> {
    let connection = &remote.connection;
    let refusal = match adapter.act(connection, remote_id, act).await {
        Err(failure) if failure.kind == FailureKind::Refused => failure,
        done => return done,
    };
    let now = adapter.fetch(connection, remote_id).await?;
    let may_send = adapter.abilities().acts.contains(&DocumentAct::MarkSent);
    if !may_send || !now.status.trim().eq_ignore_ascii_case("expired") {
        return Err(refusal);
    }
    adapter.act(connection, remote_id, DocumentAct::MarkSent).await?;
    adapter.act(connection, remote_id, act).await
}
