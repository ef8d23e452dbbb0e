//! Mails of documents and contacts. None leaves the machine: they go to the outbox (`/_emulator/outbox`).

pub(crate) mod content;
mod document;
pub(crate) mod draft;
pub(crate) mod reminder;
pub(crate) mod statement;

use std::sync::Arc;

use crate::engine::desk::Desk;
use crate::error::ApiError;
use crate::json::Json;
use crate::request::Call;
use crate::resource::extra::render::pdf;
use crate::resource::extra::render::sheet::Sheet;
use crate::resource::extra::subject::Subject;
use crate::resource::extra::{attachment, history};
use crate::store::change::Change;
use crate::store::kind::Kind;
use crate::store::mail::{Mail, MailFile};
use crate::store::record::Record;
use draft::Draft;

pub(crate) use document::OPERATIONS;

/// Puts a mail about a record or a contact into the outbox.
pub(crate) fn post(
    desk: &mut Desk<'_>,
    kind: Kind,
    document_id: u64,
    draft: Draft,
    attachments: Vec<MailFile>,
) {
    let mail = Mail {
        id: desk.next_id(),
        time: desk.now,
        organization_id: desk.organization.organization_id.clone(),
        from: draft.from,
        to: draft.to,
        cc: draft.cc,
        bcc: draft.bcc,
        subject: draft.subject,
        body: draft.body,
        attachments,
        kind,
        document_id,
        user: desk.user.to_owned(),
    };
    desk.transaction.apply(Change::Mail(Arc::new(mail)));
}

/// Sends a document: its resource hears of it, the PDF and the files that may go with mails are attached, and the history
/// says so.
pub(crate) fn send(
    desk: &mut Desk<'_>,
    record: &Record,
    draft: Draft,
    with_pdf: Option<String>,
    mut files: Vec<MailFile>,
) -> Result<(), ApiError> {
    let resource = crate::resource::of(record.kind);
    resource.mailed(desk, record)?;
    let mut record = desk.find(record.kind, record.id)?;
    if !record.flag("is_emailed") {
        record = desk.alter(record.kind, record.id, |record| record.set("is_emailed", true))?;
    }
    if let Some(name) = with_pdf {
        let bytes = pdf::write(&[Sheet::of(resource, &record, &desk.reader())]);
        files.insert(0, draft::pdf(desk, format!("{name}.pdf"), &bytes)?);
    }
    for file in attachment::of(&desk.books(), record.id).iter().filter(|it| it.flag("can_send_in_mail")) {
        files.push(MailFile {
            name: file.text("file_name").to_owned(),
            content_type: file.text("content_type").to_owned(),
            size: file.decimal("file_size").try_into().unwrap_or(0),
            sha256: file.text("sha256").to_owned(),
        });
    }
    let note = format!("{} emailed to {}.", resource.spec().label, draft.to.join(", "));
    post(desk, record.kind, record.id, draft, files);
    history::note(desk, &record, &note, "Mailed")
}

/// Sends the default mail of a new document, as `send=true` asks. A document without anybody to mail it to stays unsent.
pub(crate) fn announce(desk: &mut Desk<'_>, record: &Record) -> Result<(), ApiError> {
    if super::kinds::of(record.kind).is_none_or(|extra| extra.letter.is_none()) {
        return Ok(());
    }
    let content = usual(desk, record, false)?;
    if content.to.is_empty() {
        return Ok(());
    }
    let name = content.file_name.clone();
    send(desk, record, Draft::usual(content)?, Some(name), Vec::new())
}

/// The default content of a document's mail.
fn usual(desk: &Desk<'_>, record: &Record, reminder: bool) -> Result<content::Content, ApiError> {
    let subject = Subject::find(&desk.books(), record.kind, record.id)?;
    let contact = subject.contact.as_deref();
    Ok(content::of_document(subject.resource, record, contact, &desk.reader(), desk.caller, reminder))
}

/// The body of a mail call; multipart forms may come without one.
fn body(call: &Call) -> Result<Option<&Json>, ApiError> {
    call.optional_object()
}
