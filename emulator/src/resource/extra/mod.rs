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

/// Writes what is attached to a record and said about it into a detail or a row, beside what its resource shows there: an
/// expense has a receipt of its own. A detail gets the members that its resource does not list, a row does not.
pub(crate) fn complete(object: &mut Vec<(String, Json)>, record: &Record, reader: &Reader<'_>, detail: bool) {
    let Some(extra) = kinds::of(record.kind) else { return };
    if extra.files.is_some() {
        let files = attachment::of(&reader.books, record.id);
        // Rows of the real service carry no list of files.
        for name in attachment::SHOWN.into_iter().filter(|name| detail || *name != "documents") {
            let value = attachment::show(name, &files, reader);
            match object.iter_mut().find(|(known, _)| known == name) {
                Some((_, own)) => *own = merged(std::mem::replace(own, Json::Null), value),
                None if detail => object.push((name.to_owned(), value)),
                None => {}
            }
        }
    }
    if let Some((_, value)) = object.iter_mut().find(|(name, _)| name == "comments") {
        *value = comment::all(reader, record.kind, record.id).into();
    }
}

/// Either flag, both lists, or the text that is there.
fn merged(own: Json, value: Json) -> Json {
    match (own, value) {
        (Json::Bool(own), Json::Bool(value)) => (own || value).into(),
        (Json::List(mut own), Json::List(value)) => {
            own.extend(value);
            own.into()
        }
        (Json::Text(own), Json::Text(value)) if value.is_empty() => own.into(),
        (_, value) => value,
    }
}
