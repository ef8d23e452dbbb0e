//! Organizations: creating one in several apps at once, and adding one to a further app.

use std::sync::Arc;

use super::{app, required};
use crate::auth::Context;
use crate::envelope::Reply;
use crate::error::{ApiError, Code};
use crate::json::Json;
use crate::request::Call;
use crate::resource::organization::routes;
use crate::store::change::Change;

/// `POST /integration/v1/organizations` with the members of `POST /organizations` and `{apps: [...]}`: creates an
/// organization that has joined exactly these apps. The caller becomes its administrator. Errors: code 2 as there, and for
/// an empty list or an unknown app.
pub(super) fn create(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let body = call.object()?;
    let entries = body.get("apps").and_then(Json::as_list).ok_or_else(|| ApiError::invalid("apps"))?;
    let named = entries.iter().map(|entry| app(entry.as_str().unwrap_or_default()));
    let mut apps: Vec<String> =
        named.map(|app| app.map(|app| app.app().to_owned())).collect::<Result<_, _>>()?;
    apps.sort();
    apps.dedup();
    if apps.is_empty() {
        return Err(ApiError::invalid("apps"));
    }
    routes::found(context, body, apps)
}

/// `POST /integration/v1/organizations/{organization_id}/apps` with `{app}`: adds the organization to the app; repeating it
/// is harmless. Answers the organization. Errors: code 2 for an unknown app, 6041 for somebody else's organization.
pub(super) fn join(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let id = context.own_organization(call.text_id(0))?.organization_id.clone();
    let app = app(required(call.object()?, "app")?)?;
    let organization = context.store.write(|transaction| {
        let known = transaction.state.organizations.get(&id);
        let known = known.cloned().ok_or_else(|| ApiError::about(Code::WrongOrganization, &id))?;
        if known.joined(app.app()) {
            return Ok(known);
        }
        let mut organization = (*known).clone();
        organization.apps.push(app.app().to_owned());
        let organization = Arc::new(organization);
        transaction.apply(Change::Organization(Arc::clone(&organization)));
        Ok(organization)
    })?;
    let shown = routes::detail(context, &organization);
    Ok(Reply::done("The organization has been added to the app.", [("organization", shown)]))
}
