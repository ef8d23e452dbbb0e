//! Making a document. Whatever is repeated, cut off or left without an answer, there is one in the end: it carries the act's own
//! reference until it is there, and whoever comes again looks for that before making anything.

use finbridge_contract::{DocumentAdapter, DocumentDraft, FailureKind, Mail, Party, RemoteDocument};
use finbridge_domain::DocumentKind;
use finbridge_entity::types::DocumentActKind;
use finbridge_entity::{Scoped, begin_write, document};
use uuid::Uuid;

use super::carry_out::adapter;
use super::claim::Held;
use super::error::{ActError, Code};
use super::existing::{Target, mark};
use super::input::{ActInput, PartyRef};
use super::{Wish, ask, party};
use crate::document::made::finished;
use crate::document::store;
use crate::engine::Remote;
use crate::error::SyncError;
use crate::job::read_document;
use crate::queue;

pub(super) async fn create(
    held: &mut Held<'_>,
    remote: &Remote,
    kind: DocumentKind,
    party: &PartyRef,
    mut draft: DocumentDraft,
    mail: Option<Mail>,
) -> Result<(), ActError> {
    let adapter = adapter(remote, kind)?;
    let own_reference = draft.reference.take();
    let settled: Vec<String> = draft.applications.iter().map(|one| one.document_id.clone()).collect();
    if own_reference.is_some() && !adapter.abilities().edits {
        let message = "Documents of this kind cannot be edited in this finance app, so a reference of your own cannot be written to them; leave it out.";
        return Err(ActError::because(Code::NotSupported, message));
    }
    // Where nobody gave the vendor's number of a bill, its reference stands in for it.
    if kind == DocumentKind::Bill && draft.name.is_none() {
        draft.name.clone_from(&own_reference);
    }
    if held.act.document_id.is_none() {
        let made = made(held, remote, adapter, party, draft).await?;
        let engine = held.engine;
        let transaction = begin_write(&engine.db).await?;
        let kept = store::keep(engine, &transaction, remote, kind, std::slice::from_ref(&made)).await?;
        let row = kept.into_iter().next().ok_or_else(|| ActError::refused(Code::DocumentNotKept))?.row;
        if own_reference.is_none() {
            follow_up(held, &transaction, kind, row.id, mail).await?;
            read_settled(held, &transaction, &settled).await?;
            return held.succeed(transaction, &row).await;
        }
        // From here on the document is known by its row, and may lose the reference by which it was found.
        held.is_there(&transaction, row.id).await?;
        transaction.commit().await?;
    }
    let id = held.act.document_id.ok_or(SyncError::Missing("the document of an act"))?;
    let row = document::Entity::one_of(held.act.organization_id, id).one(&held.engine.db).await?;
    let row = row.ok_or(SyncError::Missing("the document of an act"))?;
    let target = Target { remote, kind, adapter, row };
    let edit = DocumentDraft { reference: own_reference, ..DocumentDraft::default() };
    let written = match adapter.update(&remote.connection, &target.row.remote_id, &edit).await {
        Ok(written) => written,
        Err(failure) => return Err(target.failed(held, failure).await?),
    };
    let transaction = begin_write(&held.engine.db).await?;
    store::keep(held.engine, &transaction, remote, kind, std::slice::from_ref(&written)).await?;
    follow_up(held, &transaction, kind, id, mail).await?;
    read_settled(held, &transaction, &settled).await?;
    held.succeed(transaction, &target.row).await
}

/// Has the invoices read again that a payment settles: how they stand has changed with it.
async fn read_settled(
    held: &Held<'_>,
    transaction: &sea_orm::DatabaseTransaction,
    settled: &[String],
) -> Result<(), SyncError> {
    let (organization_id, integration_id) = (held.act.organization_id, held.act.integration_id);
    let job =
        |remote_id| read_document::job(organization_id, integration_id, DocumentKind::Invoice, remote_id);
    let jobs = settled.iter().map(|remote_id| job(remote_id)).collect::<Result<_, _>>()?;
    Ok(queue::enqueue_all(held.engine.queue.as_ref(), transaction, jobs).await?)
}

/// Asks for the mail, as an act of its own: of the document it is certain that it is there, of a mail it may never be.
async fn follow_up(
    held: &Held<'_>,
    transaction: &sea_orm::DatabaseTransaction,
    kind: DocumentKind,
    document_id: Uuid,
    mail: Option<Mail>,
) -> Result<(), SyncError> {
    let Some(mail) = mail else { return Ok(()) };
    let wish = Wish {
        organization_id: held.act.organization_id,
        integration_id: held.act.integration_id,
        kind,
        document_id: Some(document_id),
        deal_id: held.act.deal_id,
        act: DocumentActKind::Mail,
        input: ActInput::Mail { mail },
        actor_id: held.act.actor_id,
    };
    ask(held.engine, transaction, wish).await?;
    Ok(())
}

/// The document: the one that an earlier attempt made, or a new one.
async fn made(
    held: &Held<'_>,
    remote: &Remote,
    adapter: &dyn DocumentAdapter,
    party: &PartyRef,
    draft: DocumentDraft,
) -> Result<RemoteDocument, ActError> {
    let connection = &remote.connection;
    let reference = held.act.reference.clone().ok_or(SyncError::Missing("the reference of an act"))?;
    if held.act.attempts > 1
        && let Some(known) = adapter.find_by_reference(connection, &reference).await?
    {
        return Ok(finished(adapter, connection, &known.remote_id, draft.is_sent).await?);
    }
    let kind = adapter.kind();
    let deal = match (draft.deal.clone(), held.act.deal_id) {
        (Some(deal), _) => Some(deal),
        (None, Some(deal_id)) => Some(mark(held, kind, deal_id).await?),
        (None, None) => None,
    };
    let party_id = party::resolve(held.engine, remote, kind, party, &held.act).await?;
    let draft = DocumentDraft { party_id, deal, reference: Some(reference.clone()), ..draft };
    let draft = with_rate(remote, kind, draft).await?;
    // Whoever was held up for so long that another one looked and made it must not make it once more.
    held.renew().await?;
    match adapter.create(connection, &draft).await {
        Ok(made) => Ok(made),
        Err(failure) if matches!(failure.kind, FailureKind::OutcomeUnknown | FailureKind::Malformed) => {
            // Somebody waits, and often it is there already.
            match adapter.find_by_reference(connection, &reference).await {
                Ok(Some(known)) => Ok(finished(adapter, connection, &known.remote_id, draft.is_sent).await?),
                Ok(None) | Err(_) => Err(ActError::Engine(failure.into())),
            }
        }
        Err(failure) if failure.kind == FailureKind::NotFound => {
            Err(ActError::after(Code::FinanceRefused, failure))
        }
        Err(failure) => Err(failure.into()),
    }
}

/// The draft with the exchange rate that its currency needs. No rate is ever made up (A17.21): it is the asker's, or the one that
/// the finance app has for the customer or vendor.
async fn with_rate(
    remote: &Remote,
    kind: DocumentKind,
    draft: DocumentDraft,
) -> Result<DocumentDraft, ActError> {
    let base = remote.organization.base_currency_code.as_str();
    let terms = match &draft.party_id {
        Some(party_id) if draft.currency_code.as_deref() != Some(base) => {
            let party = Party { kind: kind.party(), remote_id: party_id.clone(), name: None };
            match remote.connector.party_terms(&remote.connection, &party, base).await {
                Ok(terms) => Some(terms),
                Err(failure) if failure.kind == FailureKind::NotSupported => None,
                Err(failure) if failure.kind == FailureKind::NotFound => {
                    return Err(ActError::after(Code::CustomerGone, failure));
                }
                Err(failure) => return Err(failure.into()),
            }
        }
        _ => None,
    };
    let currency =
        draft.currency_code.as_deref().or(terms.as_ref().map(|terms| terms.currency_code.as_str()));
    let is_foreign = currency.is_some_and(|currency| currency != base);
    let known = terms.as_ref().filter(|terms| Some(terms.currency_code.as_str()) == currency);
    let exchange_rate = match (is_foreign, draft.exchange_rate) {
        (false, _) => None,
        (true, Some(rate)) => Some(rate),
        (true, None) => match known.and_then(|terms| terms.exchange_rate) {
            Some(rate) => Some(rate),
            None => return Err(ActError::refused(Code::ExchangeRateMissing)),
        },
    };
    Ok(DocumentDraft { exchange_rate, ..draft })
}
