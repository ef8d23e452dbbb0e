//! Contact persons of a customer.

use super::{LABEL, change, find, view};
use crate::auth::Context;
use crate::engine::desk;
use crate::engine::reader::Reader;
use crate::envelope::Reply;
use crate::error::ApiError;
use crate::json::Json;
use crate::page::Page;
use crate::request::Call;
use crate::resource::contact_person::model::{ContactPerson, settle_primary};

const PERSON: &str = "Contact person";

/// `GET /customers/{customer_id}/contactpersons`.
pub(super) fn list(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let reader = Reader::new(context)?;
    let contact = find(&reader.books, call.id(0, LABEL)?)?;
    let page = Page::read(&call.query)?;
    let (rows, more) = page.take(contact.persons.iter());
    let rows: Vec<Json> = rows.into_iter().map(|it| view::person(&contact, it, &reader)).collect();
    let page_context =
        page.context(more, [("sort_column", "contactperson_id".into()), ("sort_order", "A".into())]);
    Ok(Reply::read([("contact_persons", rows.into()), ("page_context", page_context)]))
}

/// `GET /customers/{customer_id}/contactpersons/{contactperson_id}`.
pub(super) fn read(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let shown = shown(context, call.id(0, LABEL)?, call.id(1, PERSON)?)?;
    Ok(Reply::read([("contact_person", shown)]))
}

/// `POST /customers/{customer_id}/contactpersons`; an e-mail address is required (code 2).
pub(super) fn create(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let (customer_id, body) = (call.id(0, LABEL)?, call.object()?);
    let id = desk::write(context, call, |desk| {
        change(desk, customer_id, |desk, contact| {
            let mut person = ContactPerson { contact_person_id: desk.next_id(), ..ContactPerson::default() };
            let (id, wanted) = (person.contact_person_id, person.take(body)?);
            if person.text("email").is_empty() {
                return Err(ApiError::invalid("email"));
            }
            contact.persons.push(person);
            settle_primary(&mut contact.persons, wanted.then_some(id));
            Ok(id)
        })
    })?;
    let shown = shown(context, customer_id, id)?;
    Ok(Reply::success(201, "The contactperson has been Created", [("contact_person", shown)]))
}

/// `PUT /customers/{customer_id}/contactpersons/{contactperson_id}`.
pub(super) fn update(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let (customer_id, id) = (call.id(0, LABEL)?, call.id(1, PERSON)?);
    desk::write(context, call, |desk| {
        change(desk, customer_id, |_, contact| {
            let person = contact.persons.iter_mut().find(|person| person.contact_person_id == id);
            let person = person.ok_or_else(|| ApiError::missing(PERSON))?;
            let wanted = person.take(call.object()?)?.then_some(id);
            if person.text("email").is_empty() {
                return Err(ApiError::invalid("email"));
            }
            settle_primary(&mut contact.persons, wanted);
            Ok(())
        })
    })?;
    let shown = shown(context, customer_id, id)?;
    Ok(Reply::done("The contactperson details has been updated.", [("contact_person", shown)]))
}

/// `DELETE /customers/{customer_id}/contactpersons/{contactperson_id}`.
pub(super) fn delete(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let (customer_id, id) = (call.id(0, LABEL)?, call.id(1, PERSON)?);
    desk::write(context, call, |desk| {
        change(desk, customer_id, |_, contact| {
            let at = contact.persons.iter().position(|person| person.contact_person_id == id);
            contact.persons.remove(at.ok_or_else(|| ApiError::missing(PERSON))?);
            settle_primary(&mut contact.persons, None);
            Ok(())
        })
    })?;
    Ok(Reply::done("The contact person has been deleted.", []))
}

fn shown(context: &Context<'_>, customer_id: u64, id: u64) -> Result<Json, ApiError> {
    let organization = context.organization()?;
    let books = context.store.read().books(&organization.organization_id);
    let reader = Reader::over(books, organization, context.now);
    let contact = find(&reader.books, customer_id)?;
    let person = contact.persons.iter().find(|person| person.contact_person_id == id);
    Ok(view::person(&contact, person.ok_or_else(|| ApiError::missing(PERSON))?, &reader))
}
