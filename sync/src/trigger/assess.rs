//! What a deal would do to a document, and why or why not. Nothing is written here.

use finbridge_contract::{DocumentDraft, FailureKind, Party, RemoteDocument};
use finbridge_domain::record::RecordKind;
use finbridge_domain::{CapabilityProfile, DocumentAct, DocumentKind, DocumentStatus, MayNot, PartyKind};
use finbridge_entity::types::{DealEventKind, IntegrationState, TriggerAction, TriggerPoint};
use finbridge_entity::{Scoped, deal, deal_document, integration, stage, trigger_setting};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, Select};
use tokio::sync::OnceCell;
use uuid::Uuid;

use super::code::Code;
use super::content;
use super::setting::Setting;
use crate::act::ActError;
use crate::apply::alone;
use crate::budget::Priority;
use crate::engine::{Engine, Remote};
use crate::error::SyncError;

/// What is to be done.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// Make a document of this draft, and then have it accepted where that is said.
    Create {
        /// What it is made of, without the customer where that is not one yet.
        draft: Box<DocumentDraft>,
        /// Whether it is accepted at once (A17.7).
        and_accept: bool,
    },
    /// Change how a document stands.
    Act {
        /// The document.
        remote_id: String,
        /// How.
        act: DocumentAct,
    },
    /// Nothing any more: an attempt that was cut off has done it.
    Done {
        /// The document as it is now.
        document: Box<RemoteDocument>,
        /// What was done.
        act: DocumentAct,
    },
    /// Nothing.
    Leave(Code),
}

/// What a deal would do to a document.
#[derive(Debug, Clone)]
pub struct Assessment {
    /// The connection.
    pub integration_id: Uuid,
    /// What kind of document.
    pub kind: DocumentKind,
    /// What the stage means.
    pub action: TriggerAction,
    /// What is to be done.
    pub verdict: Verdict,
    /// The document that is there.
    pub document_id: Option<String>,
    /// Whether the document was found in another status than a trigger meant to give it last: nobody had seen the end of that, and it
    /// was not done.
    pub(super) is_undone: bool,
}

/// A deal that came into a stage, and what an integration makes of that.
pub(super) struct Case<'a> {
    pub(super) engine: &'a Engine,
    pub(super) deal: &'a deal::Model,
    pub(super) stage: &'a stage::Model,
    pub(super) event: DealEventKind,
    pub(super) is_recreating: bool,
    /// Whether nothing is left to be done for the event after this.
    pub(super) is_last: bool,
    pub(super) priority: Priority,
    pub(super) setting: &'a Setting,
    pub(super) integration: &'a integration::Model,
    pub(super) profile: &'static CapabilityProfile,
    pub(super) kind: DocumentKind,
    /// The connection, once it was asked for.
    pub(super) remote: OnceCell<Remote>,
}

impl Case<'_> {
    pub(super) async fn claim(&self) -> Result<Option<deal_document::Model>, SyncError> {
        Ok(self.claims().one(&self.engine.db).await?)
    }

    /// The claim, of which there is one at most.
    pub(super) fn claims(&self) -> Select<deal_document::Entity> {
        deal_document::Entity::of(self.deal.organization_id)
            .filter(deal_document::Column::DealId.eq(self.deal.id))
            .filter(deal_document::Column::IntegrationId.eq(self.integration.id))
            .filter(deal_document::Column::Kind.eq(self.kind.as_str()))
    }

    /// Claims on a document of this kind by other connections of the same finance organization: they share its documents, and a deal is
    /// billed there once.
    pub(super) async fn claims_elsewhere(&self) -> Result<Vec<deal_document::Model>, SyncError> {
        let siblings: Vec<Uuid> = integration::Entity::of(self.deal.organization_id)
            .filter(integration::Column::FinanceOrganizationId.eq(self.integration.finance_organization_id))
            .filter(integration::Column::Id.ne(self.integration.id))
            .all(&self.engine.db)
            .await?
            .into_iter()
            .map(|one| one.id)
            .collect();
        if siblings.is_empty() {
            return Ok(Vec::new());
        }
        Ok(deal_document::Entity::of(self.deal.organization_id)
            .filter(deal_document::Column::DealId.eq(self.deal.id))
            .filter(deal_document::Column::IntegrationId.is_in(siblings))
            .filter(deal_document::Column::Kind.eq(self.kind.as_str()))
            .all(&self.engine.db)
            .await?)
    }

    /// What the stage means. Where another document is asked for, it is as if the deal had just been made.
    pub(super) fn action(&self) -> TriggerAction {
        let event = if self.is_recreating { DealEventKind::Created } else { self.event };
        self.setting.action(self.profile, event, self.stage.id, self.stage.kind)
    }

    /// What is to be done. The finance app is asked for what is there; it is told nothing.
    pub(super) async fn assess(&self) -> Result<Assessment, SyncError> {
        let action = self.action();
        let mut assessment = Assessment {
            integration_id: self.integration.id,
            kind: self.kind,
            action,
            verdict: Verdict::Leave(Code::StageNotChosen),
            document_id: None,
            is_undone: false,
        };
        assessment.verdict = match (action, self.integration.state) {
            (TriggerAction::None | TriggerAction::Unlink, _) => Verdict::Leave(Code::StageNotChosen),
            (_, IntegrationState::Disabled) => Verdict::Leave(Code::IntegrationDisabled),
            (_, IntegrationState::ReconnectNeeded) => Verdict::Leave(Code::ReconnectNeeded),
            _ => {
                let claim = self.claim().await?;
                let remote = self.remote().await?;
                let made = claim.as_ref().and_then(|claim| claim.remote_id.clone());
                assessment.document_id.clone_from(&made);
                match (claim.as_ref().zip(made), action) {
                    (Some((claim, remote_id)), _) => {
                        let found = self.found(remote, &remote_id).await?;
                        let status = found.as_ref().map(|found| status_of(self.kind, found).as_str());
                        let intended = claim.intended_status.as_deref();
                        assessment.is_undone = status.is_some() && intended.is_some() && status != intended;
                        self.of_document(remote, claim, (remote_id, found), action).await?
                    }
                    (None, TriggerAction::Invalidate) => Verdict::Leave(Code::NoDocument),
                    (None, action) => {
                        let elsewhere = self.claims_elsewhere().await?;
                        match elsewhere.into_iter().find_map(|claim| claim.remote_id) {
                            Some(known) => {
                                assessment.document_id = Some(known);
                                Verdict::Leave(Code::AlreadyHasDocument)
                            }
                            None => self.of_deal(remote, action == TriggerAction::Accept).await?,
                        }
                    }
                }
            }
        };
        Ok(assessment)
    }

    pub(super) async fn remote(&self) -> Result<&Remote, SyncError> {
        let (organization_id, id) = (self.deal.organization_id, self.integration.id);
        let found = || self.engine.remote_for(&self.engine.db, organization_id, id, self.priority);
        self.remote.get_or_try_init(found).await
    }

    /// The document that a trigger made, as it is now; none where it is gone.
    async fn found(&self, remote: &Remote, remote_id: &str) -> Result<Option<RemoteDocument>, SyncError> {
        let adapter =
            remote.connector.documents(self.kind).ok_or(SyncError::Missing("the documents of an app"))?;
        match adapter.fetch(&remote.connection, remote_id).await {
            Ok(found) => Ok(Some(found)),
            Err(failure) if failure.kind == FailureKind::NotFound => Ok(None),
            Err(failure) => Err(failure.into()),
        }
    }

    /// What is to be done with the document that a trigger made.
    async fn of_document(
        &self,
        remote: &Remote,
        claim: &deal_document::Model,
        (remote_id, found): (String, Option<RemoteDocument>),
        action: TriggerAction,
    ) -> Result<Verdict, SyncError> {
        // Somebody asked for another one where the stage makes one (A17.1).
        let may_replace =
            self.is_recreating && matches!(action, TriggerAction::Create | TriggerAction::Accept);
        let and_accept = action == TriggerAction::Accept;
        let Some(found) = found else {
            return match may_replace {
                true => self.of_deal(remote, and_accept).await,
                false => Ok(Verdict::Leave(Code::DocumentGone)),
            };
        };
        let status = status_of(self.kind, &found);
        if may_replace && matches!(status, DocumentStatus::Void | DocumentStatus::Declined) {
            return self.of_deal(remote, and_accept).await;
        }
        let act = match (action, self.kind) {
            (TriggerAction::Create, _) => return Ok(Verdict::Leave(Code::AlreadyHasDocument)),
            (TriggerAction::Accept, _) => DocumentAct::Accept,
            (_, DocumentKind::Estimate) => DocumentAct::Decline,
            _ => DocumentAct::Void,
        };
        if self.profile.is_stopped_by_manual_status && is_manual(claim, status) {
            return Ok(Verdict::Leave(Code::ManualStatusChange));
        }
        if status == wanted(act) {
            return Ok(match claim.intended_status.as_deref() == Some(status.as_str()) {
                true => Verdict::Done { document: Box::new(found), act },
                false => Verdict::Leave(Code::AlreadySo),
            });
        }
        Ok(match act.check(self.kind, status, has_payments(&found)) {
            Ok(()) => Verdict::Act { remote_id, act },
            Err(MayNot::HasPayments) => Verdict::Leave(Code::HasPayments),
            Err(MayNot::Kind | MayNot::Status) => Verdict::Leave(Code::ActNotAllowed),
        })
    }

    /// What a document would be made of.
    pub(super) async fn of_deal(&self, remote: &Remote, and_accept: bool) -> Result<Verdict, SyncError> {
        if self.deal.deleted_at.is_some() {
            return Ok(Verdict::Leave(Code::DealGone));
        }
        let Some(account_id) = self.deal.account_id else { return Ok(Verdict::Leave(Code::NoAccount)) };
        let mut draft = match content::draft(&self.engine.db, remote, self.deal).await? {
            Ok(draft) => draft,
            Err(code) => return Ok(Verdict::Leave(code)),
        };
        draft.is_sent = self.setting.is_sent;
        let db = &self.engine.db;
        let customer = match alone::known(db, remote, RecordKind::Customer, account_id).await {
            Ok(customer) => customer,
            Err(ActError::Engine(error)) => return Err(error),
            Err(_) => return Ok(Verdict::Leave(Code::NoCustomer)),
        };
        match customer {
            Some(customer) => {
                let party = Party { kind: PartyKind::Customer, remote_id: customer.clone(), name: None };
                let base = remote.organization.base_currency_code.as_str();
                let terms = match remote.connector.party_terms(&remote.connection, &party, base).await {
                    Ok(terms) => terms,
                    Err(failure) if failure.kind == FailureKind::NotFound => {
                        return Ok(Verdict::Leave(Code::NoCustomer));
                    }
                    Err(failure) => return Err(failure.into()),
                };
                if terms.currency_code != self.deal.currency_code {
                    return Ok(Verdict::Leave(Code::CurrencyDiffers));
                }
                if terms.currency_code != base {
                    if terms.exchange_rate.is_none() {
                        return Ok(Verdict::Leave(Code::ExchangeRateMissing));
                    }
                    draft.exchange_rate = terms.exchange_rate;
                }
                draft.party_id = Some(customer);
            }
            None if !alone::makes_customers(db, remote).await? => {
                return Ok(Verdict::Leave(Code::NoCustomer));
            }
            None => {}
        }
        Ok(Verdict::Create { draft: Box::new(draft), and_accept })
    }
}

/// The status that an act of a trigger leads to.
pub(super) const fn wanted(act: DocumentAct) -> DocumentStatus {
    match act {
        DocumentAct::Accept => DocumentStatus::Accepted,
        DocumentAct::Decline => DocumentStatus::Declined,
        _ => DocumentStatus::Void,
    }
}

/// The status that is stored of a document.
pub(super) fn status_of(kind: DocumentKind, document: &RemoteDocument) -> DocumentStatus {
    DocumentStatus::mirrored(kind, &document.status, has_payments(document))
}

fn has_payments(document: &RemoteDocument) -> bool {
    document.balance.is_some_and(|balance| balance < document.total)
}

/// Whether somebody else than a trigger gave the document its status. What comes about by itself is nobody's doing (A17.3).
fn is_manual(claim: &deal_document::Model, status: DocumentStatus) -> bool {
    let is_ours = |known: &Option<String>| known.as_deref() == Some(status.as_str());
    claim.stopped_at.is_some()
        || !(is_ours(&claim.written_status) || is_ours(&claim.intended_status) || status.is_derived())
}

/// The triggers of a tenant, with the integrations that they belong to.
pub(super) async fn settings(
    engine: &Engine,
    organization_id: Uuid,
) -> Result<Vec<(Setting, integration::Model)>, SyncError> {
    let rows = trigger_setting::Entity::of(organization_id)
        .filter(trigger_setting::Column::Trigger.ne(TriggerPoint::None))
        .order_by_asc(trigger_setting::Column::Id)
        .all(&engine.db)
        .await?;
    let mut settings = Vec::with_capacity(rows.len());
    for row in rows {
        let integration =
            integration::Entity::one_of(organization_id, row.integration_id).one(&engine.db).await?;
        if let Some(integration) = integration {
            settings.push((Setting::of(&row)?, integration));
        }
    }
    Ok(settings)
}

/// What would happen if this deal came into this stage now. Nothing is written, here or in a finance app.
///
/// # Errors
/// A finance app that does not answer.
pub async fn simulate(
    engine: &Engine,
    deal: &deal::Model,
    stage: &stage::Model,
) -> Result<Vec<Assessment>, SyncError> {
    let mut assessments = Vec::new();
    for (setting, integration) in settings(engine, deal.organization_id).await? {
        let profile = CapabilityProfile::by_key(&integration.profile_key);
        let (Some(profile), Some(kind)) = (profile, setting.kind()) else { continue };
        let case = Case {
            engine,
            deal,
            stage,
            event: DealEventKind::Moved,
            is_recreating: false,
            is_last: false,
            priority: Priority::Person,
            setting: &setting,
            integration: &integration,
            profile,
            kind,
            remote: OnceCell::new(),
        };
        assessments.push(case.assess().await?);
    }
    Ok(assessments)
}
