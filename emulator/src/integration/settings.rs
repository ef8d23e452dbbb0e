//! What is synchronized between the CRM and an organization.

use super::{agree, capable};
use crate::auth::Context;
use crate::engine::desk;
use crate::envelope::Reply;
use crate::error::ApiError;
use crate::json::Json;
use crate::request::Call;
use crate::store::integration::{Customers, Settings};

/// `GET /integration/v1/settings`: `{settings: {customers, include_unassociated_contacts, vendors, items}}`. Errors: code
/// 900005.
pub(super) fn read(context: &Context<'_>, _: &Call) -> Result<Reply, ApiError> {
    let organization = capable(context)?;
    let books = context.state.books(&organization.organization_id);
    Ok(Reply::read([("settings", shown(&books.integration.settings))]))
}

/// `PUT /integration/v1/settings`: `customers` is `accounts`, `contacts` or `accounts_and_contacts`, the others are flags;
/// absent members keep their value. Import calls follow from then on; what was imported stays. Errors: code 2, 900005.
pub(super) fn update(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    capable(context)?;
    let body = call.object()?;
    let settings = desk::write(context, call, |desk| {
        agree(desk, |_, integration| {
            let settings = &mut integration.settings;
            if let Some(word) = body.get("customers") {
                let known = Customers::ALL.into_iter().find(|(_, name)| word.as_str() == Some(*name));
                settings.customers = known.ok_or_else(|| ApiError::invalid("customers"))?.0;
            }
            for (name, flag) in [
                ("include_unassociated_contacts", &mut settings.include_unassociated_contacts),
                ("vendors", &mut settings.vendors),
                ("items", &mut settings.items),
            ] {
                match body.get(name) {
                    None => {}
                    Some(Json::Bool(value)) => *flag = *value,
                    Some(_) => return Err(ApiError::invalid(name)),
                }
            }
            Ok(settings.clone())
        })
    })?;
    Ok(Reply::done("The integration settings have been saved.", [("settings", shown(&settings))]))
}

fn shown(settings: &Settings) -> Json {
    let customers = Customers::ALL.into_iter().find(|(mode, _)| *mode == settings.customers);
    Json::object([
        ("customers", customers.map_or("", |(_, word)| word).into()),
        ("include_unassociated_contacts", settings.include_unassociated_contacts.into()),
        ("vendors", settings.vendors.into()),
        ("items", settings.items.into()),
    ])
}
