//! Asking for something to be done with a document that is there.

use finbridge_contract::{DocumentAbilities, DocumentDraft};
use finbridge_domain::{CapabilityProfile, DocumentAct, DocumentKind, DocumentStatus, MayNot};
use finbridge_entity::types::{DocumentActKind, IntegrationState};
use finbridge_entity::{Scoped, begin_write, document, document_act, integration};
use finbridge_sync::act::{ActInput, PartyRef, Wish};
use sea_orm::{ColumnTrait, ConnectionTrait, DatabaseTransaction, QueryFilter, Select};
use uuid::Uuid;

use super::content::Content;
use super::letter::Letter;
use super::through::{Through, abilities};
use super::{ask, asked, not_supported, party};
use crate::service::Services;
use crate::service::document::is_visible;
use crate::service::error::{ErrorCode, ServiceResult, UserError};
use crate::service::idempotency::{self, Claim, Idempotency};
use crate::service::permit::{Act, Object};
use crate::service::validate::Check;

/// A document of the tenant that the viewer may see; one that is gone only where that is wanted.
pub(super) async fn find(
    services: &Services,
    db: &impl ConnectionTrait,
    id: Uuid,
    is_gone_wanted: bool,
) -> ServiceResult<(document::Model, DocumentKind)> {
    let row = document::Entity::one_of(services.organization_id(), id).one(db).await?;
    let row = row.filter(|row| is_gone_wanted || row.deleted_at.is_none());
    let kind = row.as_ref().and_then(|row| DocumentKind::by_name(&row.kind));
    match (row, kind) {
        (Some(row), Some(kind)) if is_visible(services, kind) => Ok((row, kind)),
        _ => {
            let message = "There is no such transaction; `transactions` lists those that there are";
            Err(UserError::of(ErrorCode::NotFound, "id", message).into())
        }
    }
}

/// A document, and through which integration something is asked about it.
struct Target {
    transaction: DatabaseTransaction,
    row: document::Model,
    kind: DocumentKind,
    through: Through,
}

impl Target {
    /// The document, for somebody who may do this with it, through an app that can; otherwise what `refusal` says.
    async fn find(
        services: &Services,
        id: Uuid,
        right: Act,
        can: impl Fn(&DocumentAbilities, &CapabilityProfile) -> bool,
        refusal: impl Fn(DocumentKind) -> UserError,
    ) -> ServiceResult<Self> {
        let transaction = begin_write(services.db()).await?;
        let (row, kind) = find(services, &transaction, id, right == Act::View).await?;
        services.permit(right, Object::Transactions(kind))?;
        match Through::of(services, &transaction, &row, kind, can).await? {
            Some(through) => Ok(Self { transaction, row, kind, through }),
            None => Err(refusal(kind).into()),
        }
    }

    async fn ask(
        self,
        services: &Services,
        claim: Option<Claim>,
        act: DocumentActKind,
        input: ActInput,
    ) -> ServiceResult<document_act::Model> {
        let deal_id = match &input {
            ActInput::Link { deal } => *deal,
            _ => None,
        };
        let wish = Wish {
            organization_id: services.organization_id(),
            integration_id: self.through.integration.id,
            kind: self.kind,
            document_id: Some(self.row.id),
            deal_id,
            act,
            input,
            actor_id: Some(services.viewer.user_id),
        };
        ask(services, self.transaction, claim, wish).await
    }
}

/// Asks for an edit (R129), which changes nothing about how the document stands.
///
/// # Errors
/// What is wrong with the input; `NOT_SUPPORTED` where the app edits no such documents.
pub async fn update(services: &Services, id: Uuid, content: Content) -> ServiceResult<document_act::Model> {
    let can = |abilities: &DocumentAbilities, _: &_| abilities.edits;
    let refusal = |kind| not_supported("id", "edit", kind);
    let target = Target::find(services, id, Act::CreateEdit, can, refusal).await?;
    let mut check = Check::default();
    let (kind, there) = (target.kind, target.row.finance_organization_id);
    let draft = content.settle(services, &target.transaction, &mut check, (kind, there), false).await?;
    check.finish()?;
    if draft == DocumentDraft::default() {
        let message = "Nothing is to be changed; give at least one field beside `id` a value";
        return Err(UserError::whole(ErrorCode::Required, message).into());
    }
    target.ask(services, None, DocumentActKind::Update, ActInput::Update { draft: Box::new(draft) }).await
}

/// Asks for a change of how the document stands.
///
/// # Errors
/// `NOT_SUPPORTED` where documents of its kind do not know it; `ACT_NOT_ALLOWED` and `HAS_PAYMENTS` as it was last read, unless
/// something is under way that may change that.
pub async fn change_status(
    services: &Services,
    id: Uuid,
    act: DocumentAct,
) -> ServiceResult<document_act::Model> {
    let can = |abilities: &DocumentAbilities, _: &_| abilities.acts.contains(&act);
    let refusal = |kind| not_supported("id", verb(act), kind);
    let target = Target::find(services, id, Act::CreateEdit, can, refusal).await?;
    if let Err(reason) = act.check(target.kind, status(&target.row), has_payments(&target.row)) {
        if reason == MayNot::Kind {
            return Err(not_supported("id", verb(act), target.kind).into());
        }
        // What is under way may change how it stands, and what ended just now has.
        if under_way(services, &target).one(&target.transaction).await?.is_none() {
            let (row, kind) = find(services, &target.transaction, id, false).await?;
            act.check(kind, status(&row), has_payments(&row))
                .map_err(|reason| not_as_it_stands(reason, &row, kind))?;
        }
    }
    target.ask(services, None, DocumentActKind::Status, ActInput::Status { act }).await
}

/// What was asked about the document and is not over: it may come to stand otherwise by then.
fn under_way(services: &Services, target: &Target) -> Select<document_act::Entity> {
    document_act::Entity::of(services.organization_id())
        .filter(document_act::Column::DocumentId.eq(target.row.id))
        .filter(document_act::Column::FinishedAt.is_null())
}

/// Why this may not be done with the document as it was last read.
fn not_as_it_stands(reason: MayNot, row: &document::Model, kind: DocumentKind) -> UserError {
    if reason == MayNot::HasPayments {
        let message = "Payments or credits are applied to the document; take them off in the finance app, then ask again";
        return UserError::of(ErrorCode::HasPayments, "id", message);
    }
    let words = status(row).as_str().to_lowercase().replace('_', " ");
    let message = format!(
        "The {} is {words}, as last read, and this may not be done with it as it stands; read it again with `transactionRefresh` if that is not so any more",
        kind.noun()
    );
    UserError::of(ErrorCode::ActNotAllowed, "id", message)
}

/// How the document was last read to stand, without the calendar.
fn status(row: &document::Model) -> DocumentStatus {
    DocumentStatus::by_name(&row.status)
}

fn has_payments(row: &document::Model) -> bool {
    row.balance_units.is_some_and(|units| units < row.total_units)
}

const fn verb(act: DocumentAct) -> &'static str {
    match act {
        DocumentAct::MarkSent => "mark as sent",
        DocumentAct::Accept => "accept",
        DocumentAct::Decline => "decline",
        DocumentAct::Void => "void",
        DocumentAct::Reopen => "reopen",
        DocumentAct::Open => "open",
        DocumentAct::Cancel => "cancel",
    }
}

/// What may be done with the document as it was last read, through the integration by which it was first read; without what would
/// change nothing. Nothing where that integration is not active or the viewer may not.
pub fn allowed(services: &Services, row: &document::Model, of: &integration::Model) -> Vec<DocumentAct> {
    let Some(kind) = DocumentKind::by_name(&row.kind) else { return Vec::new() };
    let is_permitted = services.permit(Act::CreateEdit, Object::Transactions(kind)).is_ok();
    if !is_permitted || of.state != IntegrationState::Active || row.deleted_at.is_some() {
        return Vec::new();
    }
    let (status, has_payments) = (status(row), has_payments(row));
    let acts = abilities(services, of, kind).map_or(&[][..], |abilities| abilities.acts).iter().copied();
    acts.filter(|act| act.check(kind, status, has_payments).is_ok() && !act.is_so(status)).collect()
}

/// Asks for the document to be linked to a deal of its customer (R136, R137). It has one deal at most: another link is replaced.
///
/// # Errors
/// `LINK_NOT_SUPPORTED`, `DEAL_CUSTOMER_MISMATCH`.
pub async fn link(services: &Services, id: Uuid, deal_id: Uuid) -> ServiceResult<document_act::Model> {
    let target = linkable(services, id).await?;
    let customer = target.row.customer_id.clone().map_or(PartyRef::Nobody, PartyRef::Remote);
    let mut check = Check::default();
    let which = (&target.through, target.kind);
    party::deal(services, &target.transaction, &mut check, which, &customer, deal_id).await?;
    check.finish()?;
    let input = ActInput::Link { deal: Some(deal_id) };
    target.ask(services, None, DocumentActKind::Link, input).await
}

/// Asks for the link to a deal to be taken away (R139). Deal and document stay.
///
/// # Errors
/// `LINK_NOT_SUPPORTED`.
pub async fn unlink(services: &Services, id: Uuid) -> ServiceResult<document_act::Model> {
    let target = linkable(services, id).await?;
    target.ask(services, None, DocumentActKind::Link, ActInput::Link { deal: None }).await
}

async fn linkable(services: &Services, id: Uuid) -> ServiceResult<Target> {
    let can = |abilities: &DocumentAbilities, profile: &CapabilityProfile| {
        abilities.links_deals && profile.is_deal_link_offered
    };
    let refusal = |kind| UserError::of(ErrorCode::LinkNotSupported, "id", party::not_linked(kind));
    let target = Target::find(services, id, Act::CreateEdit, can, refusal).await?;
    if party::takes_deal(&target.through, target.kind) {
        Ok(target)
    } else {
        Err(refusal(target.kind).into())
    }
}

/// Asks for the document to be mailed with a copy attached (R135).
///
/// # Errors
/// `NOT_SUPPORTED` where the app mails no such documents; what is wrong with the addresses.
pub async fn mail(
    services: &Services,
    id: Uuid,
    letter: Letter,
    key: Option<Idempotency>,
) -> ServiceResult<document_act::Model> {
    let send = |claim| async move {
        let can = |abilities: &DocumentAbilities, _: &_| abilities.mails;
        let refusal = |kind| not_supported("id", "mail", kind);
        let target = Target::find(services, id, Act::Mail, can, refusal).await?;
        let mut check = Check::default();
        let mail = letter.settle(&mut check, "");
        check.finish()?;
        target.ask(services, claim, DocumentActKind::Mail, ActInput::Mail { mail }).await
    };
    idempotency::once(services, key.as_ref(), |id| asked(services, id), send).await
}

/// Asks for the document to be read again, also one that was found to be gone. Whoever may see it may ask; while it waits to be
/// read, that is what is returned.
///
/// # Errors
/// `NOT_FOUND`; an integration that is disabled.
pub async fn refresh(services: &Services, id: Uuid) -> ServiceResult<document_act::Model> {
    let refusal = |kind| not_supported("id", "read", kind);
    let target = Target::find(services, id, Act::View, |_, _| true, refusal).await?;
    // Whoever asks again and again asks the finance app no more often for it.
    let waiting = under_way(services, &target).filter(document_act::Column::Act.eq(DocumentActKind::Refresh));
    if let Some(waiting) = waiting.one(&target.transaction).await? {
        return Ok(waiting);
    }
    target.ask(services, None, DocumentActKind::Refresh, ActInput::Refresh).await
}
