//! Asking for a document to be made.

use finbridge_domain::DocumentKind;
use finbridge_entity::types::DocumentActKind;
use finbridge_entity::{begin_write, document_act};
use finbridge_sync::act::{ActInput, Wish};
use uuid::Uuid;

use super::content::{Content, has_lines};
use super::letter::Letter;
use super::through::Through;
use super::{ask, asked, lines, not_supported, party};
use crate::service::Services;
use crate::service::error::{ErrorCode, ServiceResult};
use crate::service::idempotency::{self, Claim, Idempotency};
use crate::service::permit::{Act, Object};
use crate::service::validate::Check;

/// A document that shall be made.
#[derive(Debug, Clone)]
pub struct NewDocument {
    /// In which finance app.
    pub integration_id: Uuid,
    /// What it is.
    pub kind: DocumentKind,
    /// Whom it is with; none for expenses that are passed on to nobody, and reports.
    pub party: Option<party::Wanted>,
    /// The deal that it belongs to.
    pub deal_id: Option<Uuid>,
    /// Whether the deal's lines become its lines.
    pub is_of_deal: bool,
    /// What it is made of.
    pub content: Content,
    /// The mail with which it is sent once it is there.
    pub send: Option<Letter>,
    /// Whether it counts as sent without being mailed.
    pub is_sent: bool,
    /// The key under which this may be repeated.
    pub idempotency: Option<Idempotency>,
}

/// Asks for a document to be made. Making and editing are one right (R134), mailing is another.
///
/// # Errors
/// What is wrong with the input: `MODULE_NOT_SUPPORTED`, `NOT_SUPPORTED`, `LINK_NOT_SUPPORTED` (R136), `DEAL_CUSTOMER_MISMATCH`
/// (R137) and others; an integration that is disabled.
pub async fn create(services: &Services, mut new: NewDocument) -> ServiceResult<document_act::Model> {
    services.permit(Act::CreateEdit, Object::Transactions(new.kind))?;
    if new.send.is_some() {
        services.permit(Act::Mail, Object::Transactions(new.kind))?;
    }
    let key = new.idempotency.take();
    idempotency::once(services, key.as_ref(), |id| asked(services, id), |claim| make(services, new, claim))
        .await
}

async fn make(
    services: &Services,
    new: NewDocument,
    claim: Option<Claim>,
) -> ServiceResult<document_act::Model> {
    let kind = new.kind;
    let transaction = begin_write(services.db()).await?;
    let through = Through::named(services, &transaction, new.integration_id, kind).await?;
    let abilities = through.abilities;
    if !abilities.creates {
        return Err(not_supported("kind", "make", kind).into());
    }
    let there = through.integration.finance_organization_id;
    let mut check = Check::default();
    let party = party::settle(services, &transaction, &mut check, kind, new.party.as_ref()).await?;
    let content = &new.content;
    let mut draft = content.settle(services, &transaction, &mut check, (kind, there), true).await?;
    let deal = match new.deal_id {
        Some(id) => party::deal(services, &transaction, &mut check, (&through, kind), &party, id).await?,
        None => None,
    };
    match (new.is_of_deal, has_lines(kind)) {
        (false, true) if content.lines.is_none() => {
            check.fault(ErrorCode::Required, "lines", "Give at least one line, or a deal and `fromDeal`");
        }
        (true, _) if new.deal_id.is_none() => {
            check.fault(ErrorCode::Required, "dealId", "Name the deal whose lines the document shall have");
        }
        (true, _) if content.lines.is_some() => {
            let message = "Write lines or take those of the deal, not both";
            check.fault(ErrorCode::Invalid, "fromDeal", message);
        }
        _ => {}
    }
    if let Some(deal) = deal.as_ref().filter(|_| new.is_of_deal && content.lines.is_none()) {
        draft.lines = Some(lines::of_deal(&transaction, &mut check, there, deal).await?);
        // The prices are in the deal's currency, and nothing is converted (A17.27).
        match &draft.currency_code {
            Some(code) if *code != deal.currency_code => {
                let message = format!(
                    "The deal is in {}, and nothing is converted; leave the currency out, or write the lines here",
                    deal.currency_code
                );
                check.fault(ErrorCode::CurrencyDiffers, "currencyCode", message);
            }
            _ => draft.currency_code = Some(deal.currency_code.clone()),
        }
    }
    if draft.reference.is_some() && !abilities.edits {
        let message = "A document of this kind cannot be edited in this finance app, so a reference of your own cannot be written to it; leave it out";
        check.fault(ErrorCode::NotSupported, "reference", message);
    }
    let mail = new.send.as_ref().map(|letter| letter.settle(&mut check, "send."));
    if mail.is_some() && !abilities.mails {
        check.fault(ErrorCode::NotSupported, "send", not_supported("send", "mail", kind).message);
    }
    check.finish()?;
    draft.is_sent = new.is_sent;
    let wish = Wish {
        organization_id: services.organization_id(),
        integration_id: through.integration.id,
        kind,
        document_id: None,
        deal_id: deal.map(|deal| deal.id),
        act: DocumentActKind::Create,
        input: ActInput::Create { party, draft: Box::new(draft), mail },
        actor_id: Some(services.viewer.user_id),
    };
    ask(services, transaction, claim, wish).await
}
