//! `/integration/v1`: stands for the vendor's private service that links CRM records, which the public API lacks.
//!
//! Every call carries a token like any other and selects the organization like any other, unless it says otherwise. A
//! refused call changes nothing.

pub(crate) mod crm;
pub(crate) mod grant;
pub(crate) mod leave;
pub(crate) mod link;
pub(crate) mod merge;
pub(crate) mod people;
pub(crate) mod provision;
pub(crate) mod settings;
pub(crate) mod zsc;

use std::sync::Arc;

use crate::auth::{Context, Need};
use crate::engine::desk::Desk;
use crate::envelope::Reply;
use crate::error::{ApiError, Code};
use crate::json::Json;
use crate::product::Product;
use crate::request::Call;
use crate::routes::Handler::Plain;
use crate::routes::{Operation, Served, op};
use crate::store::change::Change;
use crate::store::integration::Integration;
use crate::store::records::Organization;
pub(crate) use zsc::exchange_zsc_key;

const CREATE: Need = ("contacts", "create");
const READ: Need = ("contacts", "read");
const UPDATE: Need = ("contacts", "update");
const DELETE: Need = ("contacts", "delete");
const SET: Need = ("settings", "update");
const SEE: Need = ("settings", "read");
const HERE: Served = Served::ByIntegration;

/// The operations.
pub(crate) static OPERATIONS: &[Operation] = &[
    op(HERE, "GET", "capabilities", READ, "List the capabilities of an organization", Plain(capabilities))
        .open(),
    op(HERE, "POST", "zsc/key", SET, "Generate a ZSC key", Plain(zsc::issue_key)).open().unscoped(),
    op(HERE, "DELETE", "zsc/key", SET, "Revoke the ZSC key", Plain(zsc::revoke_key)).open().unscoped(),
    op(HERE, "GET", "settings", SEE, "Get what is synchronized", Plain(settings::read)),
    op(HERE, "PUT", "settings", SET, "Change what is synchronized", Plain(settings::update)),
    op(HERE, "PUT", "crm/accounts/*", CREATE, "Push a CRM account", Plain(crm::account)),
    op(HERE, "PUT", "crm/contacts/*", CREATE, "Push a CRM contact", Plain(crm::contact)),
    op(HERE, "PUT", "crm/vendors/*", CREATE, "Push a CRM vendor", Plain(crm::vendor)),
    op(HERE, "PUT", "crm/products/*", CREATE, "Push a CRM product", Plain(crm::product)),
    op(HERE, "PUT", "crm/potentials/*", CREATE, "Push a CRM deal", Plain(crm::potential)),
    op(HERE, "PUT", "contacts/*/link", UPDATE, "Link a contact with a CRM record", Plain(link::contact)),
    op(HERE, "DELETE", "contacts/*/link", UPDATE, "Clear the link of a contact", Plain(link::clear_contact)),
    op(HERE, "POST", "contacts/*/merge", UPDATE, "Merge contacts into one", Plain(merge::merge)),
    op(
        HERE,
        "PUT",
        "contactpersons/*/link",
        UPDATE,
        "Link a contact person with a CRM contact",
        Plain(link::person),
    ),
    op(
        HERE,
        "DELETE",
        "contactpersons/*/link",
        UPDATE,
        "Clear the link of a contact person",
        Plain(link::clear_person),
    ),
    op(HERE, "PUT", "items/*/link", SET, "Link an item with a CRM product", Plain(link::item)),
    op(HERE, "DELETE", "items/*/link", SET, "Clear the link of an item", Plain(link::clear_item)),
    op(HERE, "POST", "leave", DELETE, "End the integration and its links", Plain(leave::leave)),
    op(HERE, "POST", "organizations", SET, "Create an organization in apps", Plain(provision::create))
        .unscoped(),
    op(HERE, "POST", "organizations/*/apps", SET, "Add an organization to an app", Plain(provision::join))
        .unscoped(),
    op(HERE, "GET", "grants", SEE, "List grants", Plain(grant::list)),
    op(HERE, "POST", "grants", SET, "Ask for a grant", Plain(grant::ask)),
    op(HERE, "DELETE", "grants/*", SET, "Revoke a grant", Plain(grant::revoke)),
    op(HERE, "GET", "licences", SEE, "Count the licences", Plain(people::licences)),
    op(HERE, "GET", "users", SEE, "List people added through the CRM", Plain(people::list)),
    op(HERE, "POST", "users", SET, "Add a person through the CRM", Plain(people::add)),
    op(HERE, "PUT", "users/*", SET, "Change the kind of a person", Plain(people::update)),
    op(HERE, "DELETE", "users/*", SET, "Remove a person added through the CRM", Plain(people::remove)),
];

/// `GET /integration/v1/capabilities`.
fn capabilities(context: &Context<'_>, _: &Call) -> Result<Reply, ApiError> {
    let crm_link = context.organization()?.crm_link;
    Ok(Reply::read([("capabilities", Json::object([("crm_link", crm_link.into())]))]))
}

/// The organization, if it offers the capability `crm_link` (code 900005 otherwise).
fn capable<'a>(context: &'a Context<'_>) -> Result<&'a Arc<Organization>, ApiError> {
    let organization = context.organization()?;
    if organization.crm_link {
        Ok(organization)
    } else {
        Err(ApiError::about(Code::NoCrmLink, &organization.organization_id))
    }
}

/// The id of a CRM record: up to 30 digits, which come back unchanged (code 2 naming `name` otherwise).
fn crm_id<'a>(text: &'a str, name: &str) -> Result<&'a str, ApiError> {
    let digits = !text.is_empty() && text.len() <= 30 && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { Ok(text) } else { Err(ApiError::invalid(name)) }
}

/// The text of a body's member, trimmed (code 2 when there is none).
fn required<'a>(body: &'a Json, name: &str) -> Result<&'a str, ApiError> {
    let text = body.get(name).and_then(Json::as_str).map(str::trim).filter(|text| !text.is_empty());
    text.ok_or_else(|| ApiError::invalid(name))
}

/// The app that a word names (code 2 when there is none).
fn app(word: &str) -> Result<Product, ApiError> {
    let known = Product::ALL.into_iter().find(|product| product.app().eq_ignore_ascii_case(word.trim()));
    known.ok_or_else(|| ApiError::invalid("app"))
}

/// Changes what the organization agreed with the CRM.
fn agree<T>(
    desk: &mut Desk<'_>,
    change: impl FnOnce(&mut Desk<'_>, &mut Integration) -> Result<T, ApiError>,
) -> Result<T, ApiError> {
    let mut integration = (*desk.books().integration).clone();
    let value = change(desk, &mut integration)?;
    let organization_id = desk.organization.organization_id.clone();
    desk.transaction.apply(Change::Integration { organization_id, integration: Arc::new(integration) });
    Ok(value)
}
