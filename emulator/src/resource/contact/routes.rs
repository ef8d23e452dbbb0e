//! Calls on contacts.

use super::rules;
use super::view::View;
use crate::auth::Context;
use crate::engine::desk;
use crate::engine::write::ids;
use crate::envelope::Reply;
use crate::error::{ApiError, Code};
use crate::json::Json;
use crate::request::Call;
use crate::resource::custom_field;

const CREATED: &str = "The contact has been created.";
const UPDATED: &str = "Contact has been updated successfully";
const DELETED: &str = "The contact has been deleted.";

/// `POST /contacts`.
pub(crate) fn create(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let body = call.object()?;
    desk::write(context, call, |desk| {
        let mut contact = rules::blank(desk);
        rules::take(desk, &mut contact, body)?;
        let contact = rules::save(desk, contact)?;
        Ok(View::after(desk).reply(201, CREATED, &contact))
    })
}

/// `GET /contacts/{contact_id}`.
pub(crate) fn read(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let view = View::new(context)?;
    let id = call.id(0, "Contact")?;
    let contact = view.books.contacts.get(&id).ok_or_else(|| ApiError::missing("Contact"))?;
    Ok(view.reply(200, "success", contact))
}

/// `PUT /contacts/{contact_id}`.
pub(crate) fn update(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let id = call.id(0, "Contact")?;
    desk::write(context, call, |desk| {
        rules::find(desk, id)?;
        let body = call.object()?;
        rules::change(desk, id, |desk, contact| rules::take(desk, contact, body))?;
        Ok(View::after(desk).reply(200, UPDATED, &*rules::find(desk, id)?))
    })
}

/// `PUT /contacts` with `X-Unique-Identifier-Key`, `X-Unique-Identifier-Value` and `X-Upsert`. Errors: code 2 when a
/// header is missing or the key is no unique custom field, 1003 when no contact has the value and `X-Upsert` is not
/// `true`.
pub(crate) fn upsert(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let (wanted, body) = (crate::engine::upsert::wanted(call)?, call.object()?);
    desk::write(context, call, |desk| {
        let definition = custom_field::unique(desk, "contact", wanted.key)?;
        let value = custom_field::value::canonical(&definition, wanted.value)?;
        let (status, message, contact) = match desk.books().contacts.holder(wanted.key, &value) {
            Some(id) => {
                rules::change(desk, id, |desk, contact| rules::take(desk, contact, body))?;
                (200, UPDATED, rules::find(desk, id)?)
            }
            None if wanted.create => {
                let body = custom_field::with_value(body, &definition, &value);
                let mut contact = rules::blank(desk);
                rules::take(desk, &mut contact, &body)?;
                let contact = rules::save(desk, contact)?;
                // A body that gives the field another value would make every repetition create one more contact.
                if desk.books().contacts.holder(wanted.key, &value) != Some(contact.contact_id) {
                    return Err(ApiError::invalid("X-Unique-Identifier-Value"));
                }
                (201, CREATED, contact)
            }
            None => return Err(ApiError::about(Code::UnknownUnique, wanted.value)),
        };
        Ok(View::after(desk).reply(status, message, &contact))
    })
}

/// `DELETE /contacts/{contact_id}`.
pub(crate) fn delete(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let id = call.id(0, "Contact")?;
    desk::write(context, call, |desk| rules::delete(desk, id))?;
    Ok(Reply::done(DELETED, []))
}

/// `DELETE /contacts?contact_ids=a,b`: each contact succeeds or fails alone.
pub(crate) fn delete_many(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let results = desk::write(context, call, |desk| {
        let mut results = Vec::new();
        for text in ids(call, "contact_ids")? {
            let outcome = match text.parse() {
                Ok(id) => rules::delete(desk, id),
                Err(_) => Err(ApiError::missing("Contact")),
            };
            let (code, message) = call.outcome(outcome, DELETED);
            results.push(Json::object([
                ("contact_id", text.into()),
                ("code", u64::from(code).into()),
                ("message", message.into()),
            ]));
        }
        Ok(results)
    })?;
    Ok(Reply::read([("results", results.into())]))
}

/// `POST /contacts/{contact_id}/active`; repeating it is harmless.
pub(crate) fn activate(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    set_active(context, call, true, "The contact has been marked as active.")
}

/// `POST /contacts/{contact_id}/inactive`; repeating it is harmless.
pub(crate) fn deactivate(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    set_active(context, call, false, "The contact has been marked as inactive.")
}

fn set_active(context: &Context<'_>, call: &Call, active: bool, message: &str) -> Result<Reply, ApiError> {
    let id = call.id(0, "Contact")?;
    desk::write(context, call, |desk| {
        if rules::find(desk, id)?.active != active {
            rules::change(desk, id, |_, contact| {
                contact.active = active;
                // A row that was put to sleep and woken is an ordinary one from then on.
                contact.imported = false;
                Ok(())
            })?;
        }
        Ok(())
    })?;
    Ok(Reply::done(message, []))
}
