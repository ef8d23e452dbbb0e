//! Calls on organizations. None of them needs an organization to be selected.

use std::sync::Arc;

use chrono_tz::Tz;
use iso_currency::Currency;

use super::view::{self, Standing};
use crate::auth::Context;
use crate::envelope::Reply;
use crate::error::{ApiError, Code};
use crate::json::Json;
use crate::page::Page;
use crate::request::Call;
use crate::resource::field::{Fields, Kind, Members, take};
use crate::resource::user;
use crate::store;
use crate::store::change::Change;
use crate::store::records::Organization;
use crate::store::seeding;

/// New organizations are numbered from here.
const FIRST_ORGANIZATION_ID: u64 = 20_000_001;

/// Members that are stored and shown again.
const FIELDS: Fields = &[
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
    ("portal_name", Kind::Free),
    ("tax_basis", Kind::Choice(&["accrual", "cash"])),
    ("address", Kind::Object),
    ("company_id_label", Kind::Free),
    ("company_id_value", Kind::Free),
    ("tax_id_label", Kind::Free),
    ("tax_id_value", Kind::Free),
    ("custom_fields", Kind::List),
];

/// Names under which the update takes members that answers show under another one.
const ALIASES: [(&str, &str); 4] = [
    ("companyid_label", "company_id_label"),
    ("companyid_value", "company_id_value"),
    ("taxid_label", "tax_id_label"),
    ("taxid_value", "tax_id_value"),
];

/// `GET /organizations`: unpaged, so any page after the first is empty.
pub(crate) fn list(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let first_page = Page::read(&call.query)?.page == 1;
    let rows: Vec<Json> = user::organizations(&context.state, &context.user)
        .filter(|_| first_page)
        .filter_map(|id| context.state.organizations.get(id))
        .map(|organization| view::row(organization, &standing(context, organization)))
        .collect();
    Ok(Reply::read([("organizations", rows.into())]))
}

/// How the caller stands to an organization.
fn standing(context: &Context<'_>, organization: &Organization) -> Standing {
    // The context's state is older than an organization that this call made.
    let state = context.store.read();
    let person = state.users.get(&context.user.user_id).unwrap_or(&context.user);
    let books = state.known_books(&organization.organization_id);
    let record = books.record(store::kind::Kind::User, person.user_id);
    Standing {
        role: record.and_then(|it| user::role(it)).unwrap_or_default(),
        is_default: user::organizations(&state, person).next() == Some(&organization.organization_id),
    }
}

/// An organization as the caller sees it in detail.
pub(crate) fn detail(context: &Context<'_>, organization: &Organization) -> Json {
    view::detail(organization, &standing(context, organization))
}

/// `GET /organizations/{organization_id}`.
pub(crate) fn read(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let organization = context.own_organization(call.text_id(0))?;
    Ok(Reply::read([("organization", detail(context, organization))]))
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
    take_members(&mut members, body)?;
    let organization = context.store.write(|transaction| {
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
            sales_tax: true,
            currencies: seeding::currencies(transaction, &currency, context.now),
            created: context.now,
            members,
        });
        // Read again: another call may have given the user an organization meanwhile.
        let known = transaction.state.users.get(&context.user.user_id).unwrap_or(&context.user);
        let mut user = (**known).clone();
        user.organizations.push(organization.organization_id.clone());
        transaction.apply(Change::Organization(Arc::clone(&organization)));
        transaction.apply(Change::User(Arc::new(user)));
        seeding::furnish(transaction, &organization, &[], context.now)?;
        Ok(organization)
    })?;
    let shown = detail(context, &organization);
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
        check_currency(&organization, body)?;
        take_members(&mut organization.members, body)?;
        if let Some(country) = body.get("address").and_then(|it| it.get("country")).and_then(Json::as_str) {
            organization.country = country.to_owned();
        }
        let organization = Arc::new(organization);
        transaction.apply(Change::Organization(Arc::clone(&organization)));
        Ok(organization)
    })?;
    let shown = detail(context, &organization);
    Ok(Reply::done("The organization has been updated.", [("organization", shown)]))
}

/// Takes the plain members. The first month of the fiscal year comes as a number from 0, as text or not, or as the
/// month's English name, and is stored as the number. Errors: code 2 for anything else.
fn take_members(members: &mut Members, body: &Json) -> Result<(), ApiError> {
    take(members, FIELDS, body, 0)?;
    for (alias, name) in ALIASES {
        if let Some(Json::Text(text)) = body.get(alias) {
            members.insert(name, text.trim().into());
        }
    }
    let text = match body.get("fiscal_year_start_month") {
        None | Some(Json::Null) => return Ok(()),
        Some(Json::Text(text) | Json::Number(text)) => text.trim().to_ascii_lowercase(),
        Some(_) => return Err(ApiError::invalid("fiscal_year_start_month")),
    };
    if text.is_empty() {
        return Ok(());
    }
    let named = view::MONTHS.iter().position(|month| *month == text);
    let month = named.or_else(|| text.parse().ok().filter(|number| *number < view::MONTHS.len()));
    let month = month.ok_or_else(|| ApiError::invalid("fiscal_year_start_month"))?;
    members.insert("fiscal_year_start_month", Json::Number(month.to_string()));
    Ok(())
}

/// The base currency stays what it was: every stored amount counts in it (code 4099 for another one).
fn check_currency(organization: &Organization, body: &Json) -> Result<(), ApiError> {
    let wanted = body.get("currency_id").and_then(Json::as_id_text).filter(|id| !id.is_empty());
    let base = organization.currencies.first().map(|base| base.currency_id.to_string());
    if wanted.is_none() || wanted == base.as_deref() {
        return Ok(());
    }
    Err(ApiError::about(Code::BaseCurrency, "be replaced by another one"))
}

fn check_zone(name: &str) -> Result<(), ApiError> {
    name.parse::<Tz>().map(|_| ()).map_err(|_| ApiError::invalid("time_zone"))
}
