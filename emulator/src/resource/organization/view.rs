//! How organizations look in answers.

use crate::format;
use crate::json::Json;
use crate::store::records::Organization;

/// Countries of the editions the vendor sells, by English name.
const COUNTRY_CODES: [(&str, &str); 10] = [
    ("United States", "US"),
    ("United Kingdom", "GB"),
    ("India", "IN"),
    ("Canada", "CA"),
    ("Australia", "AU"),
    ("Germany", "DE"),
    ("France", "FR"),
    ("Japan", "JP"),
    ("Saudi Arabia", "SA"),
    ("United Arab Emirates", "AE"),
];

/// Months of a fiscal year's start, by the number that is stored.
pub(crate) const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// How somebody stands to an organization.
pub(crate) struct Standing {
    pub(crate) role: &'static str,
    pub(crate) is_default: bool,
}

/// One organization as details show it: they name the month that lists number.
pub(crate) fn detail(organization: &Organization, standing: &Standing) -> Json {
    let Json::Object(mut members) = row(organization, standing) else { return Json::Null };
    for (_, value) in members.iter_mut().filter(|(name, _)| name == "fiscal_year_start_month") {
        let month = value.as_decimal().and_then(|it| usize::try_from(it).ok());
        *value = month.and_then(|it| MONTHS.get(it)).copied().unwrap_or(MONTHS[0]).into();
    }
    for (_, value) in members.iter_mut().filter(|(name, _)| name == "address") {
        *value = address(organization, value);
    }
    let portal =
        organization.members.get("portal_name").and_then(Json::as_str).is_some_and(|it| !it.is_empty());
    let basis = organization.members.get("tax_basis").cloned();
    members.extend([
        ("tax_basis".to_owned(), basis.unwrap_or_else(|| "accrual".into())),
        ("is_portal_enabled".to_owned(), portal.into()),
        ("is_new_customer_custom_fields".to_owned(), false.into()),
    ]);
    Json::Object(members)
}

/// The stored address with all the members that an address has; the country is the organization's unless it was written.
fn address(organization: &Organization, stored: &Json) -> Json {
    let mut members = Vec::new();
    for name in ["street_address1", "street_address2", "city", "state", "country", "zip"] {
        let unwritten = if name == "country" { organization.country.as_str() } else { "" };
        members.push((name.to_owned(), stored.get(name).cloned().unwrap_or_else(|| unwritten.into())));
    }
    if let Json::Object(written) = stored {
        let more = written.iter().filter(|(name, _)| members.iter().all(|(known, _)| known != name));
        let more: Vec<_> = more.cloned().collect();
        members.extend(more);
    }
    Json::Object(members)
}

/// One organization as lists show it to somebody.
pub(crate) fn row(organization: &Organization, standing: &Standing) -> Json {
    let base = organization.currencies.first();
    let created = format::date(organization.created, organization.zone());
    let apps =
        || -> Json { organization.apps.iter().map(|app| app.as_str().into()).collect::<Vec<_>>().into() };
    let country_code = COUNTRY_CODES.iter().find(|(name, _)| *name == organization.country);
    // Organizations write the format as a pattern, currencies as a sample.
    let format = match base.map_or(2, |it| it.precision) {
        0 => "###,##0",
        3 => "###,##0.000",
        _ => "###,##0.00",
    };
    let symbol = base.map_or("", |it| it.symbol.as_str());
    let Json::Object(mut members) = Json::object([
        ("organization_id", organization.organization_id.as_str().into()),
        ("name", organization.name.as_str().into()),
        ("contact_name", organization.contact_name.as_str().into()),
        ("email", organization.email.as_str().into()),
        ("is_default_org", standing.is_default.into()),
        ("plan_type", 0.into()),
        ("plan_name", organization.plan_name.as_str().into()),
        ("plan_period", "Monthly".into()),
        ("language_code", "en".into()),
        ("fiscal_year_start_month", 0.into()),
        ("account_created_date", created.as_str().into()),
        ("account_created_date_formatted", created.as_str().into()),
        ("time_zone", organization.time_zone.as_str().into()),
        ("time_zone_formatted", organization.time_zone.as_str().into()),
        ("date_format", "dd MMM yyyy".into()),
        ("field_separator", " ".into()),
        ("is_org_active", true.into()),
        ("currency_id", base.map_or(Json::from(""), |it| Json::id(it.currency_id))),
        ("currency_code", base.map_or("", |it| it.code.as_str()).into()),
        ("currency_symbol", symbol.into()),
        ("currency_format", format.into()),
        ("price_precision", u64::from(base.map_or(2, |it| it.precision)).into()),
        ("country", organization.country.as_str().into()),
        ("country_code", country_code.map_or("", |(_, code)| code).into()),
        ("state", "".into()),
        ("state_code", "".into()),
        ("phone", "".into()),
        ("fax", "".into()),
        ("website", "".into()),
        ("industry_type", "".into()),
        ("industry_size", "".into()),
        ("company_id_label", "".into()),
        ("company_id_value", "".into()),
        ("tax_id_label", "".into()),
        ("tax_id_value", "".into()),
        ("org_address", "".into()),
        ("remit_to_address", "".into()),
        ("address", Json::Object(Vec::new())),
        ("org_type", "production".into()),
        ("mode", "live".into()),
        ("version", "".into()),
        ("zi_migration_status", 0.into()),
        ("portal_name", "".into()),
        ("tax_group_enabled", true.into()),
        ("is_logo_uploaded", false.into()),
        ("is_trial_expired", false.into()),
        ("user_role", standing.role.into()),
        ("user_status", "active".into()),
        ("AppList", apps()),
        ("org_joined_app_list", apps()),
        ("sales_tax_type", "".into()),
        ("is_registered_for_gst", false.into()),
        ("custom_fields", Vec::new().into()),
    ]) else {
        return Json::Null;
    };
    // The state is shown beside the address, as the list has no address.
    let address = organization.members.get("address");
    for name in ["state", "state_code"] {
        let value = address.and_then(|address| address.get(name)).cloned();
        if let (Some(value), Some(shown)) = (value, members.iter_mut().find(|(known, _)| known == name)) {
            shown.1 = value;
        }
    }
    for (name, value) in organization.members.iter() {
        if let Some(shown) = members.iter_mut().find(|(known, _)| known == name) {
            shown.1 = value.clone();
        }
    }
    Json::Object(members)
}
