//! What many kinds of records carry besides their members: comments, attached files, mails and renderings.
//!
//! One table, [`kinds::KINDS`], says which kind carries what and how its sentences read.

pub(crate) mod attachment;
pub(crate) mod comment;
pub(crate) mod history;
pub(crate) mod kinds;
pub(crate) mod mail;
pub(crate) mod money;
pub(crate) mod render;
pub(crate) mod subject;
pub(crate) mod upload;

use crate::engine::desk::Desk;
use crate::engine::reader::Reader;
use crate::error::ApiError;
use crate::json::Json;
use crate::request::Call;
use crate::store::record::Record;

/// Attaches the files that came with a create or update call, and sends the mail that `send=true` asks for.
pub(crate) fn accompany(
    desk: &mut Desk<'_>,
    record: &Record,
    call: &Call,
    created: bool,
) -> Result<(), ApiError> {
    let Some(extra) = kinds::of(record.kind) else { return Ok(()) };
    if extra.files.is_some() {
        attachment::attach(desk, record.kind, record.id, &call.files)?;
    }
    if created && subject::flag(call, "send")? == Some(true) {
        mail::announce(desk, record)?;
    }
    Ok(())
}

/// Adds to a detail the members about attached files that its resource does not list.
pub(crate) fn complete(object: &mut Vec<(String, Json)>, record: &Record, reader: &Reader<'_>) {
    if kinds::of(record.kind).is_none_or(|extra| extra.files.is_none()) {
        return;
    }
    for name in ["documents", "attachment_name", "can_send_in_mail"] {
        if !object.iter().any(|(known, _)| known == name) {
            object.push((name.to_owned(), attachment::show(name, record.id, reader)));
        }
    }
}

/// Members of a detail or a row that show what is attached to a record; `None` for any other member.
pub(crate) fn show(name: &str, record: &Record, reader: &Reader<'_>) -> Option<Json> {
    let of_files = match name {
        "documents" | "attachment_name" | "can_send_in_mail" | "has_attachment" => true,
        "comments" => false,
        _ => return None,
    };
    let extra = kinds::of(record.kind)?;
    match (of_files, extra.files.is_some()) {
        (true, true) => Some(attachment::show(name, record.id, reader)),
        (true, false) => None,
        (false, _) => Some(comment::all(reader, record.kind, record.id).into()),
    }
}
