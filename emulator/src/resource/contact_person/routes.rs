//! Calls on contact persons.

use super::model::{ContactPerson, settle_primary};
use crate::auth::Context;
use crate::engine::desk::{self, Desk};
use crate::envelope::Reply;
use crate::error::{ApiError, Code};
use crate::json::Json;
use crate::page::Page;
use crate::request::Call;
use crate::resource::contact::model::Contact;
use crate::resource::contact::rules;
use crate::store::books::Books;

const RESOURCE: &str = "Contact person";

/// `POST /contacts/contactpersons`, with the contact named in the body. The first person becomes the primary one.
pub(crate) fn create(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let body = call.object()?;
    let contact_id = body.get("contact_id").and_then(Json::as_id_text).and_then(|id| id.parse().ok());
    let contact_id = contact_id.ok_or_else(|| ApiError::invalid("contact_id"))?;
    let shown = change(context, call, contact_id, |desk, contact| {
        let mut person = ContactPerson { contact_person_id: desk.next_id(), ..ContactPerson::default() };
        let wanted = person.take(body)?.then_some(person.contact_person_id);
        if person.text("first_name").is_empty() {
            return Err(ApiError::invalid("first_name"));
        }
        contact.persons.push(person);
        settle_primary(&mut contact.persons, wanted);
        Ok(contact.persons.last().map_or(Json::Null, |person| person.show(Some(contact_id))))
    })?;
    Ok(Reply::success(201, "The contactperson has been Created", [("contact_person", shown)]))
}

/// `PUT /contacts/contactpersons/{contact_person_id}`.
pub(crate) fn update(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let id = call.id(0, RESOURCE)?;
    let contact_id = owner(context, id)?;
    let body = call.object()?;
    if let Some(named) = body.get("contact_id").filter(|it| **it != Json::Null && it.as_str() != Some(""))
        && named.as_id_text() != Some(contact_id.to_string().as_str())
    {
        return Err(ApiError::about(Code::InvalidReference, "contact_id"));
    }
    let shown = change(context, call, contact_id, |_, contact| {
        let person = find(contact, id)?;
        let wanted = person.take(body)?.then_some(id);
        if person.text("first_name").is_empty() && body.get("first_name").is_some() {
            return Err(ApiError::invalid("first_name"));
        }
        settle_primary(&mut contact.persons, wanted);
        Ok(find(contact, id)?.show(Some(contact_id)))
    })?;
    Ok(Reply::done("The contactperson details has been updated.", [("contact_person", shown)]))
}

/// `DELETE /contacts/contactpersons/{contact_person_id}`. The next person becomes primary when the primary one goes.
pub(crate) fn delete(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let id = call.id(0, RESOURCE)?;
    change(context, call, owner(context, id)?, |_, contact| {
        find(contact, id)?;
        contact.persons.retain(|person| person.contact_person_id != id);
        settle_primary(&mut contact.persons, None);
        Ok(())
    })?;
    Ok(Reply::done("The contact person has been deleted.", []))
}

/// `POST /contacts/contactpersons/{contact_person_id}/primary`.
pub(crate) fn make_primary(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let id = call.id(0, RESOURCE)?;
    change(context, call, owner(context, id)?, |_, contact| {
        find(contact, id)?;
        settle_primary(&mut contact.persons, Some(id));
        Ok(())
    })?;
    Ok(Reply::done("This contact person has been marked as your primary contact person.", []))
}

/// `GET /contacts/{contact_id}/contactpersons`.
pub(crate) fn list(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let books = context.state.books(&context.organization()?.organization_id);
    let contact_id = call.id(0, "Contact")?;
    let contact = books.contacts.get(&contact_id).ok_or_else(|| ApiError::missing("Contact"))?;
    let page = Page::read(&call.query)?;
    let (rows, more) = page.take(contact.persons.iter());
    Ok(listed(rows.into_iter().map(|person| person.show(None)).collect(), page, more))
}

/// `GET /contacts/contactpersons`: those of all contacts, in the order of their ids.
pub(crate) fn list_all(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let books = context.state.books(&context.organization()?.organization_id);
    let page = Page::read(&call.query)?;
    let (found, more) = page.take(books.persons());
    let rows = found.into_iter().filter_map(|(id, contact_id)| person(&books, contact_id, id));
    Ok(listed(rows.collect(), page, more))
}

fn listed(rows: Vec<Json>, page: Page, more: bool) -> Reply {
    let page_context =
        page.context(more, [("sort_column", "contact_person_id".into()), ("sort_order", "A".into())]);
    Reply::read([("contact_persons", rows.into()), ("page_context", page_context)])
}

/// `GET /contacts/{contact_id}/contactpersons/{contact_person_id}`.
pub(crate) fn read(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let books = context.state.books(&context.organization()?.organization_id);
    let (contact_id, id) = (call.id(0, "Contact")?, call.id(1, RESOURCE)?);
    if books.contacts.get(&contact_id).is_none() {
        return Err(ApiError::missing("Contact"));
    }
    let shown = person(&books, contact_id, id).ok_or_else(|| ApiError::missing(RESOURCE))?;
    Ok(Reply::read([("contact_person", shown)]))
}

/// `GET /contacts/contactpersons/{contact_person_id}`.
pub(crate) fn read_any(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let books = context.state.books(&context.organization()?.organization_id);
    let id = call.id(0, RESOURCE)?;
    let shown = person(&books, owner(context, id)?, id).ok_or_else(|| ApiError::missing(RESOURCE))?;
    Ok(Reply::read([("contact_person", shown)]))
}

/// A person of a contact, with the contact's id.
fn person(books: &Books, contact_id: u64, id: u64) -> Option<Json> {
    let mut persons = books.contacts.get(&contact_id)?.persons.iter();
    persons.find(|person| person.contact_person_id == id).map(|person| person.show(Some(contact_id)))
}

fn owner(context: &Context<'_>, person_id: u64) -> Result<u64, ApiError> {
    let books = context.state.books(&context.organization()?.organization_id);
    books.owner(person_id).ok_or_else(|| ApiError::missing(RESOURCE))
}

fn find(contact: &mut Contact, id: u64) -> Result<&mut ContactPerson, ApiError> {
    let person = contact.persons.iter_mut().find(|person| person.contact_person_id == id);
    person.ok_or_else(|| ApiError::missing(RESOURCE))
}

fn change<T>(
    context: &Context<'_>,
    call: &Call,
    contact_id: u64,
    act: impl FnOnce(&mut Desk<'_>, &mut Contact) -> Result<T, ApiError>,
) -> Result<T, ApiError> {
    desk::write(context, call, |desk| rules::change(desk, contact_id, act))
}
