//! `/_emulator/outbox`: the mails that the service would have sent.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::envelope::Reply;
use crate::error::Code;
use crate::request::Query;
use crate::resource;
use crate::resource::extra::upload;
use crate::store::Store;
use crate::store::change::Change;
use crate::store::mail::{MAX_MAILS, Mail};

/// Mails of one answer without a wish.
const USUAL_LIMIT: usize = 100;

/// Answers a call below `/_emulator/outbox`; `rest` is the path after it, without slashes at its ends. `None` when there
/// is no such path. The whole answers are:
///
/// - `GET outbox?to=&subject=&document_id=&since=&limit=`: newest first; `to` and `subject` are looked for without case in
///   the recipients (copies included) and the subject, `since` is an RFC 3339 instant (inclusive), `limit` at most 10,000
/// - `DELETE outbox`
/// - `GET outbox/{id}`
/// - `GET outbox/{id}/attachments/{number}`: the file, counted from 0
pub(crate) fn handle(store: &Store, method: &str, rest: &str, query: &Query) -> Option<Reply> {
    let parts: Vec<&str> = if rest.is_empty() { Vec::new() } else { rest.split('/').collect() };
    let reply = match (method, parts.as_slice()) {
        ("GET", []) => {
            list(store, query).unwrap_or_else(|sentence| json_reply(400, &json!({ "error": sentence })))
        }
        ("DELETE", []) => clear(store),
        ("GET", [id]) => json_reply(200, &show(mail(store, id)?.as_ref())),
        ("GET", [id, "attachments", number]) => attachment(store, mail(store, id)?.as_ref(), number)?,
        _ => return None,
    };
    Some(reply)
}

fn json_reply(status: u16, body: &Value) -> Reply {
    let mut reply = Reply::json(status, &crate::json::Json::Null);
    reply.body = body.to_string().into();
    reply
}

fn mail(store: &Store, id: &str) -> Option<Arc<Mail>> {
    let id: u64 = id.parse().ok()?;
    store.read().mails.get(&id).cloned()
}

fn list(store: &Store, query: &Query) -> Result<Reply, &'static str> {
    let limit = match query.get("limit") {
        None => USUAL_LIMIT,
        Some(text) => text.parse::<usize>().map_err(|_| "limit is a whole number.")?.min(MAX_MAILS),
    };
    let since = match query.get("since") {
        None => None,
        // A plus sign that was not escaped arrives as a space.
        Some(text) => Some(
            text.replace(' ', "+")
                .parse::<DateTime<Utc>>()
                .map_err(|_| "since is an instant in RFC 3339.")?,
        ),
    };
    let word = |name: &str| query.get(name).map(str::to_lowercase);
    let (to, subject, document) = (word("to"), word("subject"), query.get("document_id"));
    let state = store.read();
    let passes = |mail: &&Arc<Mail>| {
        let mut recipients = mail.to.iter().chain(&mail.cc).chain(&mail.bcc);
        to.as_ref().is_none_or(|word| recipients.any(|it| it.to_lowercase().contains(word)))
            && subject.as_ref().is_none_or(|word| mail.subject.to_lowercase().contains(word))
            && document.is_none_or(|id| mail.document_id.to_string() == id)
            && since.is_none_or(|since| mail.time >= since)
    };
    let mails: Vec<Value> =
        state.mails.values().rev().filter(passes).take(limit).map(|mail| show(mail)).collect();
    Ok(json_reply(200, &json!({ "mails": mails, "total": state.mails.len() })))
}

fn clear(store: &Store) -> Reply {
    let cleared = store.write(|transaction| {
        transaction.apply(Change::OutboxCleared);
        Ok(())
    });
    let settled = cleared.and_then(|()| store.settle().map_err(|_| Code::Internal.into()));
    settled.map_or_else(Reply::from, |()| json_reply(200, &json!({ "status": "cleared" })))
}

fn show(mail: &Mail) -> Value {
    let files = mail.attachments.iter().enumerate().map(|(number, file)| {
        json!({
            "number": number,
            "name": file.name,
            "size": file.size,
            "content_type": file.content_type,
            "sha256": file.sha256,
        })
    });
    json!({
        "id": mail.id.to_string(),
        "time": mail.time,
        "organization_id": mail.organization_id,
        "from": mail.from,
        "to": mail.to,
        "cc": mail.cc,
        "bcc": mail.bcc,
        "subject": mail.subject,
        "body": mail.body,
        "attachments": files.collect::<Vec<_>>(),
        "document": {
            "kind": resource::of(mail.kind).spec().singular,
            "id": mail.document_id.to_string(),
        },
        "user": mail.user,
    })
}

fn attachment(store: &Store, mail: &Mail, number: &str) -> Option<Reply> {
    let file = mail.attachments.get(number.parse::<usize>().ok()?)?;
    let bytes = store.read().files.get(&file.sha256)?.clone();
    Some(upload::download(&file.name, file.content_type.clone(), bytes, false))
}
