//! Calls on contacts.

use std::sync::Arc;

use super::{rules, view};
use crate::auth::Context;
use crate::envelope::Reply;
use crate::error::{ApiError, Code};
use crate::json::Json;
use crate::request::Call;
use crate::store::change::Change;

/// The most contacts one bulk call may name.
const MAX_BULK: usize = 200;

/// `POST /contacts`.
pub(crate) fn create(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let organization = context.organization()?;
    let body = call.object()?;
    let contact = context.store.write(|transaction| {
        let mut contact = rules::blank(transaction, organization, context.now, &context.user.name);
        rules::take(transaction, organization, &mut contact, body)?;
        rules::save(transaction, &organization.organization_id, contact)
    })?;
    let shown = view::detail(&contact, organization);
    Ok(Reply::success(201, "The contact has been created.", [("contact", shown)]))
}

/// `GET /contacts/{contact_id}`.
pub(crate) fn read(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let organization = context.organization()?;
    let books = context.state.books(&organization.organization_id);
    let id = call.id(0, "Contact")?;
    let contact = books.contacts.get(&id).ok_or_else(|| ApiError::missing("Contact"))?;
    Ok(Reply::read([("contact", view::detail(contact, organization))]))
}

/// `PUT /contacts/{contact_id}`.
pub(crate) fn update(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let organization = context.organization()?;
    let id = call.id(0, "Contact")?;
    let contact = context.store.write(|transaction| {
        let known = rules::find(transaction, &organization.organization_id, id)?;
        let body = call.object()?;
        let mut contact = (*known).clone();
        rules::take(transaction, organization, &mut contact, body)?;
        contact.modified = context.now;
        rules::save(transaction, &organization.organization_id, contact)
    })?;
    let shown = view::detail(&contact, organization);
    Ok(Reply::done("Contact has been updated successfully", [("contact", shown)]))
}

/// `DELETE /contacts/{contact_id}`.
pub(crate) fn delete(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let organization = context.organization()?;
    let id = call.id(0, "Contact")?;
    context.store.write(|transaction| rules::delete(transaction, &organization.organization_id, id))?;
    Ok(Reply::done("The contact has been deleted.", []))
}

/// `DELETE /contacts?contact_ids=a,b`: each contact succeeds or fails alone.
pub(crate) fn delete_many(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let organization = context.organization()?;
    let ids = call.query.get("contact_ids").ok_or_else(|| ApiError::invalid("contact_ids"))?;
    let ids: Vec<&str> = ids.split(',').map(str::trim).filter(|id| !id.is_empty()).collect();
    if ids.len() > MAX_BULK {
        return Err(ApiError::invalid("contact_ids"));
    }
    let results = context.store.write(|transaction| {
        Ok(ids
            .iter()
            .map(|text| {
                let outcome = text
                    .parse()
                    .map_err(|_| ApiError::missing("Contact"))
                    .and_then(|id| rules::delete(transaction, &organization.organization_id, id));
                let (code, message) = match outcome {
                    Ok(()) => (0, "The contact has been deleted.".to_owned()),
                    Err(error) => (error.code(), error.message),
                };
                Json::object([
                    ("contact_id", (*text).into()),
                    ("code", u64::from(code).into()),
                    ("message", message.into()),
                ])
            })
            .collect::<Vec<_>>())
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
    let organization_id = context.organization()?.organization_id.clone();
    let id = call.id(0, "Contact")?;
    context.store.write(|transaction| {
        let known = rules::find(transaction, &organization_id, id)?;
        if known.active != active {
            let mut contact = (*known).clone();
            contact.active = active;
            // A row that was put to sleep and woken is an ordinary one from then on.
            contact.imported = false;
            contact.modified = context.now;
            transaction.apply(Change::Contact { organization_id, contact: Arc::new(contact) });
        }
        Ok(())
    })?;
    Ok(Reply::done(message, []))
}

/// `PUT /contacts` with `X-Unique-Identifier-Key`: needs custom field definitions, which do not exist yet.
pub(crate) fn upsert(_: &Context<'_>, _: &Call) -> Result<Reply, ApiError> {
    Err(ApiError::about(Code::NotEmulated, "Update a contact by unique custom field"))
}
