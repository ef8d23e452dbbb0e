//! Recording that a customer paid an invoice.

use async_graphql::MaybeUndefined;
use chrono::NaiveDate;
use finbridge_contract::Application;
use finbridge_domain::{Amount, DocumentKind, DocumentStatus};
use finbridge_entity::types::DocumentActKind;
use finbridge_entity::{begin_write, document_act};
use finbridge_sync::act::{ActInput, PartyRef, Wish};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::content::Content;
use super::existing::find;
use super::through::Through;
use super::{ask, asked, not_supported};
use crate::service::Services;
use crate::service::error::{ErrorCode, ServiceResult, UserError};
use crate::service::idempotency::{self, Claim, Idempotency};
use crate::service::permit::{Act, Object};
use crate::service::validate::Check;

/// A payment that shall be recorded.
#[derive(Debug, Clone)]
pub struct NewPayment {
    /// The invoice that was paid.
    pub invoice_id: Uuid,
    /// How much, in the invoice's currency; none: all that is open.
    pub amount: Option<Decimal>,
    /// How it was paid.
    pub mode: Option<String>,
    /// When it was paid.
    pub dated_on: Option<NaiveDate>,
    /// 1 unit of its currency = so many of the base currency.
    pub exchange_rate: Option<Decimal>,
    /// A number of the asker's own.
    pub reference: Option<String>,
    /// What is said about it.
    pub notes: Option<String>,
    /// The key under which this may be repeated.
    pub idempotency: Option<Idempotency>,
}

/// Asks for a payment of the invoice's customer to be made and used for the invoice.
///
/// # Errors
/// `NOT_SUPPORTED` for other documents than invoices, `ACT_NOT_ALLOWED` where nothing is open, `INVALID` for more than is open.
pub async fn record_payment(services: &Services, mut new: NewPayment) -> ServiceResult<document_act::Model> {
    services.permit(Act::CreateEdit, Object::Transactions(DocumentKind::CustomerPayment))?;
    let key = new.idempotency.take();
    idempotency::once(services, key.as_ref(), |id| asked(services, id), |claim| make(services, new, claim))
        .await
}

async fn make(
    services: &Services,
    new: NewPayment,
    claim: Option<Claim>,
) -> ServiceResult<document_act::Model> {
    let kind = DocumentKind::CustomerPayment;
    let transaction = begin_write(services.db()).await?;
    let (invoice, of) = find(services, &transaction, new.invoice_id, false).await?;
    if of != DocumentKind::Invoice {
        let message =
            format!("This is no invoice but a document of another kind ({}); name the invoice", of.noun());
        return Err(UserError::of(ErrorCode::NotSupported, "id", message).into());
    }
    let can = |abilities: &finbridge_contract::DocumentAbilities, _: &_| abilities.creates;
    let Some(through) = Through::of(services, &transaction, &invoice, kind, can).await? else {
        return Err(not_supported("id", "make", kind).into());
    };
    let open = Amount::from_units(invoice.balance_units.unwrap_or_default()).to_decimal().normalize();
    let not_payable = [DocumentStatus::Draft, DocumentStatus::Void, DocumentStatus::PendingApproval];
    if open <= Decimal::ZERO || not_payable.contains(&DocumentStatus::by_name(&invoice.status)) {
        let message = "Nothing of this invoice is to be paid as it was last read: it is a draft, void, or paid already. Read it again with `transactionRefresh` if that is not so any more";
        return Err(UserError::of(ErrorCode::ActNotAllowed, "id", message).into());
    }
    let Some(customer) = invoice.customer_id.clone() else {
        let message = "The invoice has no customer whose payment this could be; read it again with `transactionRefresh`";
        return Err(UserError::of(ErrorCode::ActNotAllowed, "id", message).into());
    };
    let amount = new.amount.unwrap_or(open);
    let content = Content {
        amount: Some(amount),
        payment_mode: new.mode,
        dated_on: new.dated_on,
        exchange_rate: new.exchange_rate,
        reference: new.reference,
        notes: new.notes.map_or(MaybeUndefined::Undefined, MaybeUndefined::Value),
        ..Content::default()
    };
    let mut check = Check::default();
    let there = invoice.finance_organization_id;
    let mut draft = content.settle(services, &transaction, &mut check, (kind, there), true).await?;
    if amount > open {
        let message = format!(
            "{open} {} are open, as last read; give no more than that, or read the invoice again with `transactionRefresh`",
            invoice.currency_code
        );
        check.fault(ErrorCode::Invalid, "amount", message);
    }
    if draft.reference.is_some() && !through.abilities.edits {
        let message = "Payments cannot be edited in this finance app, so a reference of your own cannot be written to them; leave it out";
        check.fault(ErrorCode::NotSupported, "reference", message);
    }
    check.finish()?;
    draft.applications = vec![Application { document_id: invoice.remote_id, amount }];
    let wish = Wish {
        organization_id: services.organization_id(),
        integration_id: through.integration.id,
        kind,
        document_id: None,
        deal_id: None,
        act: DocumentActKind::Create,
        input: ActInput::Create { party: PartyRef::Remote(customer), draft: Box::new(draft), mail: None },
        actor_id: Some(services.viewer.user_id),
    };
    ask(services, transaction, claim, wish).await
}
