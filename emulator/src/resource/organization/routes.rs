//! Calls on organizations. None of them needs an organization to be selected.

use std::sync::Arc;

use chrono_tz::Tz;
use iso_currency::Currency;

use super::view;
use crate::auth::Context;
use crate::envelope::Reply;
use crate::error::{ApiError, Code};
use crate::json::Json;
use crate::request::Call;
use crate::resource::field::{Fields, Kind, Members, take};
use crate::store::change::Change;
use crate::store::records::Organization;
use crate::store::seeding;

/// New organizations are numbered from here.
const FIRST_ORGANIZATION_ID: u64 = 20_000_001;

/// Members that are stored and shown again.
const FIELDS: Fields = &[
    ("fiscal_year_start_month", Kind::Free),
    ("date_format", Kind::Free),
    ("field_separator", Kind::Free),
    ("language_code", Kind::Free),
    ("industry_type", Kind::Free),
    ("industry_size", Kind::Free),
    ("org_address", Kind::Free),
    ("remit_to_address", Kind::Free),
    ("phone", Kind::Free),
    ("fax", Kind::Free),
    ("website", Kind::Free),
    ("is_logo_uploaded", Kind::Flag),
    ("address", Kind::Object),
    ("custom_fields", Kind::List),
];

/// `GET /organizations`: unpaged, so any page after the first is empty.
pub(crate) fn list(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let first_page = call.query.get("page").is_none_or(|page| page == "1" || page == "0");
    let rows: Vec<Json> = context
        .user
        .organizations
        .iter()
        .filter(|_| first_page)
        .filter_map(|id| context.state.organizations.get(id))
        .map(|organization| view::organization(organization, &context.user))
        .collect();
    Ok(Reply::read([("organizations", rows.into())]))
}

/// `GET /organizations/{organization_id}`.
pub(crate) fn read(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let organization = context.own_organization(call.text_id(0))?;
    Ok(Reply::read([("organization", view::organization(organization, &context.user))]))
}

/// `POST /organizations`: the caller becomes its administrator.
pub(crate) fn create(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    found(context, call.object()?, vec!["books".to_owned()])
}

/// Creates an organization that has joined `apps`.
pub(crate) fn found(context: &Context<'_>, body: &Json, apps: Vec<String>) -> Result<Reply, ApiError> {
    let required = |name: &str| {
        let text = body.get(name).and_then(Json::as_str).map(str::trim).filter(|text| !text.is_empty());
        text.map(str::to_owned).ok_or_else(|| ApiError::invalid(name))
    };
    let (name, currency, zone) = (required("name")?, required("currency_code")?, required("time_zone")?);
    if Currency::from_code(&currency).is_none() {
        return Err(ApiError::invalid("currency_code"));
    }
    check_zone(&zone)?;
    let country =
        body.get("address").and_then(|it| it.get("country")).and_then(Json::as_str).unwrap_or_default();
    let mut members = Members::new();
    take(&mut members, FIELDS, body, 0)?;
    let (organization, user) = context.store.write(|transaction| {
        let mut number = FIRST_ORGANIZATION_ID;
        while transaction.organization_exists(&number.to_string()) {
            number += 1;
        }
        let organization = Arc::new(Organization {
            organization_id: number.to_string(),
            name: name.clone(),
            email: context.user.email.clone(),
            contact_name: context.user.name.clone(),
            country: country.to_owned(),
            time_zone: zone.clone(),
            plan_name: "TRIAL".to_owned(),
            apps,
            crm_link: true,
            currencies: seeding::currencies(transaction, &currency),
            created: context.now,
            members,
        });
        // Read again: another call may have given the user an organization meanwhile.
        let known = transaction.state.users.get(&context.user.user_id).unwrap_or(&context.user);
        let mut user = (**known).clone();
        user.organizations.push(organization.organization_id.clone());
        let user = Arc::new(user);
        transaction.apply(Change::Organization(Arc::clone(&organization)));
        transaction.apply(Change::User(Arc::clone(&user)));
        Ok((organization, user))
    })?;
    let shown = view::organization(&organization, &user);
    Ok(Reply::success(201, "The organization has been created.", [("organization", shown)]))
}

/// `PUT /organizations/{organization_id}`.
pub(crate) fn update(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let id = context.own_organization(call.text_id(0))?.organization_id.clone();
    let body = call.object()?;
    let organization = context.store.write(|transaction| {
        let known = transaction.state.organizations.get(&id);
        let known = known.ok_or_else(|| ApiError::about(Code::WrongOrganization, &id))?;
        let mut organization = (**known).clone();
        for (name, slot) in [
            ("name", &mut organization.name),
            ("email", &mut organization.email),
            ("contact_name", &mut organization.contact_name),
            ("time_zone", &mut organization.time_zone),
        ] {
            match body.get(name) {
                None | Some(Json::Null) => {}
                Some(Json::Text(text)) => *slot = text.trim().to_owned(),
                Some(_) => return Err(ApiError::invalid(name)),
            }
        }
        if organization.name.is_empty() {
            return Err(ApiError::invalid("name"));
        }
        check_zone(&organization.time_zone)?;
        take(&mut organization.members, FIELDS, body, 0)?;
        let organization = Arc::new(organization);
        transaction.apply(Change::Organization(Arc::clone(&organization)));
        Ok(organization)
    })?;
    let shown = view::organization(&organization, &context.user);
    Ok(Reply::done("The organization has been updated.", [("organization", shown)]))
}

fn check_zone(name: &str) -> Result<(), ApiError> {
    name.parse::<Tz>().map(|_| ()).map_err(|_| ApiError::invalid("time_zone"))
}
