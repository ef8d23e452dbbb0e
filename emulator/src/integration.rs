//! `/integration/v1`: stands for the vendor's private service that links CRM records, which the public API lacks.

use std::sync::Arc;

use crate::auth::{Context, Need};
use crate::envelope::Reply;
use crate::error::{ApiError, Code};
use crate::json::Json;
use crate::oauth;
use crate::request::Call;
use crate::resource::contact::model::Contact;
use crate::resource::contact::{rules, view};
use crate::routes::Handler::Plain;
use crate::routes::{Operation, Served, op};
use crate::scope;
use crate::store::Store;
use crate::store::books::{CrmKind, CrmLink, CrmRecord};
use crate::store::change::Change;
use crate::store::records::Organization;

/// Scope of a refresh token that was exchanged for a ZSC key without naming one.
const FULL_ACCESS: &str = "ZohoBooks.fullaccess.all";

const CREATE: Need = ("contacts", "create");
const READ: Need = ("contacts", "read");
const UPDATE: Need = ("contacts", "update");
const HERE: Served = Served::ByIntegration;

/// The operations.
pub(crate) static OPERATIONS: &[Operation] = &[
    op(HERE, "GET", "capabilities", READ, "List the capabilities of an organization", Plain(capabilities))
        .open(),
    op(HERE, "PUT", "crm/accounts/*", CREATE, "Push a CRM account", Plain(push_account)),
    op(HERE, "PUT", "crm/contacts/*", CREATE, "Push a CRM contact", Plain(push_contact)),
    op(HERE, "PUT", "contacts/*/link", UPDATE, "Link a contact with a CRM record", Plain(link)),
    op(HERE, "DELETE", "contacts/*/link", UPDATE, "Clear the link of a contact", Plain(unlink)),
];

/// `POST /integration/v1/zsc/exchange`: trades a user's ZSC key for a refresh token. A wrong key and an unknown e-mail
/// address answer alike, so that nobody learns which addresses exist.
pub(crate) fn exchange_zsc_key(store: &Store, call: &Call) -> Result<Reply, ApiError> {
    let body = call.object()?;
    let text = |name: &str| body.get(name).and_then(Json::as_str).map(str::trim).unwrap_or_default();
    let scopes = match body.get("scope").and_then(Json::as_str) {
        Some(wanted) => scope::parse(wanted).ok_or_else(|| ApiError::invalid("scope"))?,
        None => vec![FULL_ACCESS.to_owned()],
    };
    let (refresh_token, user) = store.write(|transaction| {
        let client = transaction.state.clients.get(text("client_id")).cloned();
        let client =
            client.filter(|it| it.client_secret == text("client_secret")).ok_or(Code::UnknownClient)?;
        let user = transaction.state.user_by_email(text("email")).cloned();
        let user = user.filter(|it| it.zsc_key == text("zsc_key")).ok_or(Code::ZscRefused)?;
        Ok((oauth::issue_refresh(transaction, user.user_id, &client.client_id, &scopes), user))
    })?;
    let shown = Json::object([
        ("user_id", Json::id(user.user_id)),
        ("name", user.name.as_str().into()),
        ("email", user.email.as_str().into()),
    ]);
    Ok(Reply::read([("refresh_token", refresh_token.into()), ("user", shown)]))
}

/// `GET /integration/v1/capabilities`.
pub(crate) fn capabilities(context: &Context<'_>, _: &Call) -> Result<Reply, ApiError> {
    let crm_link = context.organization()?.crm_link;
    Ok(Reply::read([("capabilities", Json::object([("crm_link", crm_link.into())]))]))
}

/// `PUT /integration/v1/crm/accounts/{crm_id}`.
pub(crate) fn push_account(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    push(context, call, CrmKind::Account)
}

/// `PUT /integration/v1/crm/contacts/{crm_id}`.
pub(crate) fn push_contact(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    push(context, call, CrmKind::Contact)
}

fn push(context: &Context<'_>, call: &Call, kind: CrmKind) -> Result<Reply, ApiError> {
    let organization = capable(context)?;
    let link = CrmLink { kind, id: crm_id(call.text_id(0), "crm_id")?.to_owned() };
    let record = call.object()?.get("record").filter(|record| matches!(record, Json::Object(_)));
    let record = record.ok_or_else(|| ApiError::invalid("record"))?;
    let named = record.get("contact_name").and_then(Json::as_str).is_some_and(|name| !name.trim().is_empty());
    if !named {
        return Err(ApiError::invalid("contact_name"));
    }
    let contact_id = context.store.write(|transaction| {
        let books = transaction.state.books(&organization.organization_id);
        // Pushing the same record again changes nothing, so it writes nothing.
        if books.crm_records.get(&link).is_none_or(|known| known.record != *record) {
            transaction.apply(Change::CrmRecord {
                organization_id: organization.organization_id.clone(),
                record: Arc::new(CrmRecord { link: link.clone(), record: record.clone() }),
            });
        }
        Ok(books.linked(&link).map(|contact| contact.contact_id))
    })?;
    let shown = Json::object([
        ("crm_id", link.id.as_str().into()),
        ("contact_id", contact_id.map_or(Json::from(""), Json::id)),
    ]);
    Ok(Reply::read([("crm_record", shown)]))
}

/// `PUT /integration/v1/contacts/{contact_id}/link`.
pub(crate) fn link(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let organization = capable(context)?;
    let contact_id = call.id(0, "Contact")?;
    let wanted = wanted_link(call.object()?)?;
    let contact = context.store.write(|transaction| {
        let known = rules::find(transaction, &organization.organization_id, contact_id)?;
        if known.link.as_ref() == Some(&wanted) {
            return Ok(known);
        }
        if let Some(other) = &known.link {
            return Err(ApiError::about(Code::LinkedToOther, &other.id));
        }
        if let Some(other) = transaction.state.books(&organization.organization_id).linked(&wanted) {
            return Err(ApiError::about(Code::LinkedElsewhere, &other.contact_id.to_string()));
        }
        let contact = Contact { link: Some(wanted), modified: context.now, ..(*known).clone() };
        rules::save(transaction, &organization.organization_id, contact)
    })?;
    Ok(Reply::read([("contact", view::detail(&contact, organization))]))
}

/// `DELETE /integration/v1/contacts/{contact_id}/link`.
pub(crate) fn unlink(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let organization = capable(context)?;
    let contact_id = call.id(0, "Contact")?;
    let contact = context.store.write(|transaction| {
        let known = rules::find(transaction, &organization.organization_id, contact_id)?;
        if known.link.is_none() {
            return Ok(known);
        }
        let contact = Contact { link: None, imported: false, modified: context.now, ..(*known).clone() };
        rules::save(transaction, &organization.organization_id, contact)
    })?;
    Ok(Reply::read([("contact", view::detail(&contact, organization))]))
}

fn capable<'a>(context: &'a Context<'_>) -> Result<&'a Arc<Organization>, ApiError> {
    let organization = context.organization()?;
    if organization.crm_link {
        Ok(organization)
    } else {
        Err(ApiError::about(Code::NoCrmLink, &organization.organization_id))
    }
}

fn crm_id<'a>(text: &'a str, name: &str) -> Result<&'a str, ApiError> {
    let digits = !text.is_empty() && text.len() <= 30 && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { Ok(text) } else { Err(ApiError::invalid(name)) }
}

/// Exactly one of the two members must name a CRM record.
fn wanted_link(body: &Json) -> Result<CrmLink, ApiError> {
    let mut links = Vec::new();
    for kind in [CrmKind::Account, CrmKind::Contact] {
        let name = kind.member();
        if let Some(value) = body.get(name).filter(|it| **it != Json::Null && it.as_str() != Some("")) {
            let id = value.as_id_text().ok_or_else(|| ApiError::invalid(name))?;
            links.push(CrmLink { kind, id: crm_id(id, name)?.to_owned() });
        }
    }
    match (links.pop(), links.pop()) {
        (Some(link), None) => Ok(link),
        _ => Err(ApiError::invalid("zcrm_account_id")),
    }
}
