//! Notes and recent activities of a subscription.

use super::{current, save};
use crate::auth::Context;
use crate::engine::desk;
use crate::engine::reader::Reader;
use crate::envelope::Reply;
use crate::error::ApiError;
use crate::format;
use crate::json::Json;
use crate::request::Call;
use crate::store::kind::Kind;

/// The most notes of one subscription, and the most activities shown [?].
const MOST_NOTES: usize = 1000;
const MOST_ACTIVITIES: usize = 100;
const MAX_NOTE: usize = 2000;

/// `POST /subscriptions/{id}/notes`.
pub(super) fn add(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let id = call.id(0, super::spec::SPEC.label)?;
    let text = call.object()?.get("description").and_then(Json::as_str).map(str::trim).unwrap_or_default();
    if text.is_empty() {
        return Err(ApiError::invalid("description"));
    }
    if text.chars().count() > MAX_NOTE {
        return Err(ApiError::too_long("description", MAX_NOTE));
    }
    let note = desk::write(context, call, |desk| {
        let mut record = current(desk, id)?;
        let mut notes = record.list("notes").to_vec();
        if notes.len() >= MOST_NOTES {
            return Err(ApiError::invalid("description"));
        }
        let note = Json::object([
            ("note_id", Json::id(desk.next_id())),
            ("description", text.into()),
            ("commented_by", desk.user.into()),
            ("commented_time", format::timestamp(desk.now, desk.organization.zone()).into()),
        ]);
        notes.push(note.clone());
        record.set("notes", notes);
        save(desk, record)?;
        Ok(note)
    })?;
    Ok(Reply::done("Notes added.", [("note", Json::object([("notes", vec![note].into())]))]))
}

/// `DELETE /subscriptions/{id}/notes/{note_id}`.
pub(super) fn delete(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let id = call.id(0, super::spec::SPEC.label)?;
    let note = call.text_id(1);
    desk::write(context, call, |desk| {
        let mut record = current(desk, id)?;
        let mut notes = record.list("notes").to_vec();
        let at = notes.iter().position(|it| it.get("note_id").and_then(Json::as_str) == Some(note));
        notes.remove(at.ok_or_else(|| ApiError::missing("Note"))?);
        record.set("notes", notes);
        save(desk, record)
    })?;
    Ok(Reply::done("The note has been deleted.", []))
}

/// `GET /subscriptions/{id}/recentactivities`: what its events say, the newest first.
pub(super) fn activities(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let reader = Reader::new(context)?;
    let label = super::spec::SPEC.label;
    let id = call.id(0, label)?;
    reader.books.record(Kind::Subscription, id).ok_or_else(|| ApiError::missing(label))?;
    let events = reader.books.naming_as(id, Kind::BillingEvent).rev();
    let shown = events.filter_map(|event| reader.books.record(Kind::BillingEvent, event)).map(|event| {
        Json::object([
            ("activity_id", Json::id(event.id)),
            ("description", event.text("description").into()),
            ("activity_time", event.text("event_time").into()),
            ("commented_by", event.created_by.as_str().into()),
        ])
    });
    let shown: Vec<Json> = shown.take(MOST_ACTIVITIES).collect();
    Ok(Reply::read([("activities", shown.into())]))
}
