//! Switches of a contact: portal, reminders, 1099.

use super::model::Contact;
use super::rules;
use crate::auth::Context;
use crate::engine::desk;
use crate::envelope::Reply;
use crate::error::ApiError;
use crate::json::Json;
use crate::request::Call;

/// `POST /contacts/{contact_id}/portal/enable`: the people named in `contact_persons` may enter the portal, nobody else.
/// Errors: code 2 when there is no list or an entry names nobody of the contact.
pub(crate) fn enable_portal(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let body = call.object()?;
    switch(context, call, "Client Portal preferences have been updated", |contact| {
        let wrong = || ApiError::invalid("contact_persons");
        let entries = body.get("contact_persons").and_then(Json::as_list).ok_or_else(wrong)?;
        let mut named = Vec::with_capacity(entries.len());
        for entry in entries {
            let id = entry.get("contact_person_id").and_then(Json::as_id_text).and_then(|id| id.parse().ok());
            let known = contact.persons.iter().find(|person| Some(person.contact_person_id) == id);
            named.push(known.ok_or_else(|| ApiError::invalid("contact_person_id"))?.contact_person_id);
        }
        for person in &mut contact.persons {
            person.in_portal = named.contains(&person.contact_person_id);
        }
        Ok(())
    })
}

/// `POST /contacts/{contact_id}/paymentreminder/enable`; repeating it is harmless.
pub(crate) fn enable_reminders(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    switch(context, call, "All reminders associated with this contact have been enabled.", |contact| {
        contact.members.remove("payment_reminder_enabled");
        Ok(())
    })
}

/// `POST /contacts/{contact_id}/paymentreminder/disable`; repeating it is harmless.
pub(crate) fn disable_reminders(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    switch(context, call, "All reminders associated with this contact have been stopped.", |contact| {
        contact.members.insert("payment_reminder_enabled", false.into());
        Ok(())
    })
}

/// `POST /contacts/{contact_id}/track1099`; repeating it is harmless.
pub(crate) fn track_1099(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    switch(context, call, "1099 tracking is enabled.", |contact| {
        contact.members.insert("track_1099", true.into());
        Ok(())
    })
}

/// `POST /contacts/{contact_id}/untrack1099`; repeating it is harmless.
pub(crate) fn untrack_1099(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    switch(context, call, "1099 tracking is disabled.", |contact| {
        contact.members.insert("track_1099", false.into());
        Ok(())
    })
}

fn switch(
    context: &Context<'_>,
    call: &Call,
    message: &str,
    change: impl FnOnce(&mut Contact) -> Result<(), ApiError>,
) -> Result<Reply, ApiError> {
    let id = call.id(0, "Contact")?;
    desk::write(context, call, |desk| rules::change(desk, id, |_, contact| change(contact)))?;
    Ok(Reply::done(message, []))
}
