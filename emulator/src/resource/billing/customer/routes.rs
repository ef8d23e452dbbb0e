//! Calls on customers.

use std::sync::Arc;

use super::{LABEL, body, change, find, list, person, view};
use crate::auth::{Context, Need};
use crate::engine::desk::{self, Desk};
use crate::engine::reader::Reader;
use crate::envelope::Reply;
use crate::error::{ApiError, Code};
use crate::json::Json;
use crate::request::Call;
use crate::resource::billing::event::{self, Happening};
use crate::resource::billing::subscription;
use crate::resource::contact::model::{Contact, ContactType};
use crate::routes::Handler::Plain;
use crate::routes::{BILLING, Operation, op};
use crate::store::kind::Kind;

const CREATE: Need = ("customers", "create");
const READ: Need = ("customers", "read");
const UPDATE: Need = ("customers", "update");
const DELETE: Need = ("customers", "delete");
const PERSONS: &str = "customers/*/contactpersons";
const PERSON: &str = "customers/*/contactpersons/*";

/// The operations.
pub(crate) static OPERATIONS: &[Operation] = &[
    op(BILLING, "GET", "customers", READ, "List customers", Plain(list::customers)),
    op(BILLING, "POST", "customers", CREATE, "Create a customer", Plain(create)),
    op(BILLING, "GET", "customers/*", READ, "Get a customer", Plain(read)),
    op(BILLING, "PUT", "customers/*", UPDATE, "Update a customer", Plain(update)),
    op(BILLING, "DELETE", "customers/*", DELETE, "Delete a customer", Plain(delete)),
    op(
        BILLING,
        "GET",
        "customers/reference/*",
        READ,
        "Get a customer by the id of its CRM record",
        Plain(by_reference),
    ),
    op(BILLING, "POST", "customers/*/markasactive", CREATE, "Mark a customer as active", Plain(activate)),
    op(
        BILLING,
        "POST",
        "customers/*/markasinactive",
        CREATE,
        "Mark a customer as inactive",
        Plain(deactivate),
    ),
    op(BILLING, "GET", PERSONS, READ, "List contact persons of a customer", Plain(person::list)),
    op(BILLING, "POST", PERSONS, CREATE, "Add a contact person to a customer", Plain(person::create)),
    op(BILLING, "GET", PERSON, READ, "Get a contact person of a customer", Plain(person::read)),
    op(BILLING, "PUT", PERSON, UPDATE, "Update a contact person of a customer", Plain(person::update)),
    op(BILLING, "DELETE", PERSON, DELETE, "Delete a contact person of a customer", Plain(person::delete)),
];

fn create(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let body = call.object()?;
    let contact = desk::write(context, call, |desk| add(desk, body))?;
    reply(context, &contact, 201, "The customer has been created")
}

/// Creates a customer and tells of it. Errors as of [`body::create`].
pub(crate) fn add(desk: &mut Desk<'_>, body: &Json) -> Result<Arc<Contact>, ApiError> {
    let contact = body::create(desk, body)?;
    told(desk, "customer_created", &contact)?;
    Ok(contact)
}

fn read(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let books = context.state.books(&context.organization()?.organization_id);
    let contact = find(&books, call.id(0, LABEL)?)?;
    reply(context, &contact, 200, "success")
}

/// `reference_id_type` names the member to look at, `zcrm_account_id` or `zcrm_contact_id`; without it both are.
fn by_reference(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let books = context.state.books(&context.organization()?.organization_id);
    let kind = call.query.get("reference_id_type");
    if kind.is_some_and(|kind| !["zcrm_account_id", "zcrm_contact_id"].contains(&kind)) {
        return Err(ApiError::invalid("reference_id_type"));
    }
    let mut known = books.contacts.values().filter(|contact| {
        contact.contact_type == ContactType::Customer
            && contact.link.as_ref().is_some_and(|link| {
                link.id == call.text_id(0) && kind.is_none_or(|kind| link.kind.member() == kind)
            })
    });
    let contact = known.next().cloned().ok_or_else(|| ApiError::missing(LABEL))?;
    reply(context, &contact, 200, "success")
}

fn update(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let id = call.id(0, LABEL)?;
    let contact = desk::write(context, call, |desk| {
        change(desk, id, |desk, contact| body::take(desk, contact, call.object()?))?;
        let contact = find(&desk.books(), id)?;
        told(desk, "customer_updated", &contact)?;
        Ok(contact)
    })?;
    reply(context, &contact, 200, "The customer details have been updated.")
}

fn delete(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let id = call.id(0, LABEL)?;
    desk::write(context, call, |desk| {
        let contact = find(&desk.books(), id)?;
        told(desk, "customer_deleted", &contact)?;
        body::delete(desk, &contact)
    })?;
    Ok(Reply::done("The customer has been deleted.", []))
}

fn activate(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    set_active(context, call, true, "The customer has been marked as active.")
}

/// A customer whose subscriptions still run cannot be put to sleep (code 4098 [?]).
fn deactivate(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    set_active(context, call, false, "The customer has been marked as inactive.")
}

fn set_active(context: &Context<'_>, call: &Call, active: bool, message: &str) -> Result<Reply, ApiError> {
    let id = call.id(0, LABEL)?;
    desk::write(context, call, |desk| {
        let known = find(&desk.books(), id)?;
        if known.active == active {
            return Ok(());
        }
        let books = desk.books();
        let mut subscriptions =
            books.naming_as(id, Kind::Subscription).filter_map(|it| books.record(Kind::Subscription, it));
        if !active && subscriptions.any(|it| subscription::runs(it)) {
            return Err(ApiError::about(
                Code::WrongState,
                "The customer has subscriptions that are not over and cannot be marked as inactive.",
            ));
        }
        change(desk, id, |_, contact| {
            contact.active = active;
            // A row that was put to sleep and woken is an ordinary one from then on.
            contact.imported = false;
            Ok(())
        })?;
        let contact = find(&desk.books(), id)?;
        told(desk, "customer_updated", &contact)
    })?;
    Ok(Reply::done(message, []))
}

fn told(desk: &mut Desk<'_>, event_type: &str, contact: &Contact) -> Result<(), ApiError> {
    let shown = view::detail(contact, &desk.reader());
    let description = format!("Customer {}", contact.contact_name);
    event::record(
        desk,
        Happening { event_type, data: ("customer", shown), subscription_id: None, description },
    )
}

fn reply(context: &Context<'_>, contact: &Contact, status: u16, message: &str) -> Result<Reply, ApiError> {
    let organization = context.organization()?;
    let books = context.store.read().books(&organization.organization_id);
    let reader = Reader::over(books, organization, context.now);
    let shown: Json = view::detail(contact, &reader);
    Ok(Reply::success(status, message, [("customer", shown)]))
}
