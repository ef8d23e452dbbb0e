//! Grants: what a person may do with one module of one app through the CRM.

use super::{agree, app, required};
use crate::auth::Context;
use crate::engine::desk::{self, Desk};
use crate::envelope::Reply;
use crate::error::{ApiError, Code};
use crate::json::Json;
use crate::request::Call;
use crate::resource::user::works_for;
use crate::scope;
use crate::store::integration::{Grant, Integration};

const LABEL: &str = "Grant";
const OPERATIONS: [&str; 4] = ["create", "read", "update", "delete"];

/// `GET /integration/v1/grants?email=&app=`: `{grants: [{grant_id, email, app, module, operations}]}` in the order of
/// asking. Errors: code 2 for an unknown app.
pub(super) fn list(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let books = context.state.books(&context.organization()?.organization_id);
    let wanted = call.query.get("app").map(app).transpose()?;
    let email = call.query.get("email");
    let shown = books.integration.grants.iter().filter(|grant| {
        email.is_none_or(|email| grant.email.eq_ignore_ascii_case(email))
            && wanted.is_none_or(|app| grant.app == app.app())
    });
    Ok(Reply::read([("grants", shown.map(show).collect::<Vec<_>>().into())]))
}

/// `POST /integration/v1/grants` with `{email, app, module, operations: [...]}`, words of the app's scopes such as
/// `estimates` and `create`, `read`, `update`, `delete`. A person has one grant for a module: asking again adds
/// operations to it. Errors: code 2, 900009 for somebody who is no user of the organization, integration users included,
/// 900010 for an app that the organization has not joined.
pub(super) fn ask(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let body = call.object()?;
    let (email, app) = (required(body, "email")?, app(required(body, "app")?)?);
    let module = required(body, "module")?.to_ascii_lowercase();
    if scope::parse(&format!("{}.{module}.all", app.service())).is_none() {
        return Err(ApiError::invalid("module"));
    }
    let wrong = || ApiError::invalid("operations");
    let entries = body.get("operations").and_then(Json::as_list).ok_or_else(wrong)?;
    let operation = |entry: &Json| OPERATIONS.iter().copied().find(|known| entry.as_str() == Some(*known));
    let asked = entries.iter().map(|entry| operation(entry).ok_or_else(wrong));
    let asked: Vec<&str> = asked.collect::<Result<_, _>>()?;
    if asked.is_empty() {
        return Err(wrong());
    }
    let grant = desk::write(context, call, |desk| {
        if !desk.organization.joined(app.app()) {
            return Err(ApiError::about(Code::AppNotJoined, app.app()));
        }
        agree(desk, |desk, integration| {
            known(desk, integration, email)?;
            let same = |grant: &Grant| {
                grant.email.eq_ignore_ascii_case(email) && grant.app == app.app() && grant.module == module
            };
            let at = match integration.grants.iter().position(same) {
                Some(at) => at,
                None => {
                    integration.grants.push(Grant {
                        grant_id: desk.next_id(),
                        email: email.to_ascii_lowercase(),
                        app: app.app().to_owned(),
                        module,
                        operations: Vec::new(),
                    });
                    integration.grants.len() - 1
                }
            };
            let operations = &mut integration.grants[at].operations;
            for operation in asked {
                if !operations.iter().any(|known| known == operation) {
                    operations.push(operation.to_owned());
                }
            }
            Ok(integration.grants[at].clone())
        })
    })?;
    Ok(Reply::success(201, "The grant has been given.", [("grant", show(&grant))]))
}

/// `DELETE /integration/v1/grants/{grant_id}?operations=create,update`: takes these operations away, all of them without
/// the parameter; a grant without operations is gone. Errors: code 2 for an unknown operation, 1002.
pub(super) fn revoke(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let id = call.id(0, LABEL)?;
    let named = call.query.get("operations").map(|text| text.split(',').map(str::trim).collect::<Vec<_>>());
    let taken = named.unwrap_or(OPERATIONS.to_vec());
    if taken.iter().any(|operation| !OPERATIONS.contains(operation)) {
        return Err(ApiError::invalid("operations"));
    }
    desk::write(context, call, |desk| {
        agree(desk, |_, integration| {
            let grant = integration.grants.iter_mut().find(|grant| grant.grant_id == id);
            let grant = grant.ok_or_else(|| ApiError::missing(LABEL))?;
            grant.operations.retain(|operation| !taken.contains(&operation.as_str()));
            integration.grants.retain(|grant| !grant.operations.is_empty());
            Ok(())
        })
    })?;
    Ok(Reply::done("The grant has been revoked.", []))
}

/// Refuses somebody who is neither a user of the organization nor was added to it (code 900009).
fn known(desk: &Desk<'_>, integration: &Integration, email: &str) -> Result<(), ApiError> {
    let id = &desk.organization.organization_id;
    let state = &desk.transaction.state;
    let user = state.user_by_email(email).is_some_and(|user| works_for(state, user, id));
    let added = || integration.people.iter().any(|person| person.email.eq_ignore_ascii_case(email));
    if user || added() { Ok(()) } else { Err(ApiError::about(Code::UnknownPerson, email)) }
}

fn show(grant: &Grant) -> Json {
    let operations = grant.operations.iter().map(|operation| operation.as_str().into());
    Json::object([
        ("grant_id", Json::id(grant.grant_id)),
        ("email", grant.email.as_str().into()),
        ("app", grant.app.as_str().into()),
        ("module", grant.module.as_str().into()),
        ("operations", operations.collect::<Vec<_>>().into()),
    ])
}
