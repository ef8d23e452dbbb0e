//! People who work with an organization through the CRM, and the licences that they take or do not take.

use super::{agree, required};
use crate::auth::Context;
use crate::engine::desk::{self, Desk};
use crate::envelope::Reply;
use crate::error::{ApiError, Code};
use crate::json::Json;
use crate::request::Call;
use crate::resource::user::works_for;
use crate::store::State;
use crate::store::integration::{Integration, Person};
use crate::store::records::Organization;

const LABEL: &str = "User";

/// `GET /integration/v1/licences`: `{licences: {total, used}}`. The plan sets the total; users of the organization and
/// licensed people take one each, integration users none.
pub(super) fn licences(context: &Context<'_>, _: &Call) -> Result<Reply, ApiError> {
    let organization = context.organization()?;
    let books = context.state.books(&organization.organization_id);
    let used = used(&context.state, organization, &books.integration);
    let licences = Json::object([("total", total(organization).into()), ("used", used.into())]);
    Ok(Reply::read([("licences", licences)]))
}

/// `GET /integration/v1/users`: `{users: [{user_id, email, name, user_type}]}`, the people who were added by this surface.
pub(super) fn list(context: &Context<'_>, _: &Call) -> Result<Reply, ApiError> {
    let books = context.state.books(&context.organization()?.organization_id);
    Ok(Reply::read([("users", books.integration.people.iter().map(show).collect::<Vec<_>>().into())]))
}

/// `POST /integration/v1/users` with `{email, name, user_type}`, the type being `integration`, the default, or `licensed`.
/// An integration user has no password and no token: calls are made for them. Errors: code 2, 4 when the person is a user
/// already, 900008 when a licence is wanted and all are in use.
pub(super) fn add(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let body = call.object()?;
    let (email, name) = (required(body, "email")?, required(body, "name")?);
    let (mailbox, domain) = email.split_once('@').unwrap_or_default();
    if mailbox.is_empty() || domain.is_empty() {
        return Err(ApiError::invalid("email"));
    }
    let licensed = licensed(body)?.unwrap_or(false);
    let person = desk::write(context, call, |desk| {
        agree(desk, |desk, integration| {
            let id = &desk.organization.organization_id;
            let user = desk.transaction.state.user_by_email(email);
            let added = integration.people.iter().any(|person| person.email.eq_ignore_ascii_case(email));
            if added || user.is_some_and(|user| works_for(&desk.transaction.state, user, id)) {
                return Err(ApiError::about(Code::AlreadyExists, email));
            }
            if licensed {
                take_licence(desk, integration)?;
            }
            let (email, name) = (email.to_ascii_lowercase(), name.to_owned());
            let person = Person { user_id: desk.next_id(), email, name, licensed };
            integration.people.push(person.clone());
            Ok(person)
        })
    })?;
    Ok(Reply::success(201, "The user has been added.", [("user", show(&person))]))
}

/// `PUT /integration/v1/users/{user_id}` with `{user_type}`: makes an integration user a licensed one, or takes the licence
/// away. Errors: code 2, 1002, 900008.
pub(super) fn update(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let id = call.id(0, LABEL)?;
    let licensed = licensed(call.object()?)?.ok_or_else(|| ApiError::invalid("user_type"))?;
    let person = desk::write(context, call, |desk| {
        agree(desk, |desk, integration| {
            let at = integration.people.iter().position(|person| person.user_id == id);
            let at = at.ok_or_else(|| ApiError::missing(LABEL))?;
            if licensed && !integration.people[at].licensed {
                take_licence(desk, integration)?;
            }
            integration.people[at].licensed = licensed;
            Ok(integration.people[at].clone())
        })
    })?;
    Ok(Reply::done("The user has been updated.", [("user", show(&person))]))
}

/// `DELETE /integration/v1/users/{user_id}`: the person's grants go too. Errors: code 1002.
pub(super) fn remove(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let id = call.id(0, LABEL)?;
    desk::write(context, call, |desk| {
        agree(desk, |_, integration| {
            let at = integration.people.iter().position(|person| person.user_id == id);
            let person = integration.people.remove(at.ok_or_else(|| ApiError::missing(LABEL))?);
            integration.grants.retain(|grant| !grant.email.eq_ignore_ascii_case(&person.email));
            Ok(())
        })
    })?;
    Ok(Reply::done("The user has been removed.", []))
}

/// Refuses when every licence is in use (code 900008).
fn take_licence(desk: &Desk<'_>, integration: &Integration) -> Result<(), ApiError> {
    let total = total(desk.organization);
    if used(&desk.transaction.state, desk.organization, integration) < total {
        Ok(())
    } else {
        Err(ApiError::about(Code::LicencesUsedUp, &total.to_string()))
    }
}

/// Users that a plan includes, as the vendor's price list has them.
fn total(organization: &Organization) -> u64 {
    match organization.plan_name.to_ascii_uppercase().as_str() {
        "FREE" => 1,
        "STANDARD" => 3,
        "PROFESSIONAL" => 5,
        "ULTIMATE" => 15,
        _ => 10,
    }
}

fn used(state: &State, organization: &Organization, integration: &Integration) -> u64 {
    let id = &organization.organization_id;
    let users = state.users.values().filter(|user| works_for(state, user, id)).count();
    let licensed = integration.people.iter().filter(|person| person.licensed).count();
    u64::try_from(users + licensed).unwrap_or(u64::MAX)
}

fn licensed(body: &Json) -> Result<Option<bool>, ApiError> {
    match body.get("user_type").map(Json::as_str) {
        None => Ok(None),
        Some(Some("integration")) => Ok(Some(false)),
        Some(Some("licensed")) => Ok(Some(true)),
        Some(_) => Err(ApiError::invalid("user_type")),
    }
}

fn show(person: &Person) -> Json {
    Json::object([
        ("user_id", Json::id(person.user_id)),
        ("email", person.email.as_str().into()),
        ("name", person.name.as_str().into()),
        ("user_type", if person.licensed { "licensed" } else { "integration" }.into()),
    ])
}
