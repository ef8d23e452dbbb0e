//! Creating a subscription.

use std::sync::Arc;

use chrono::{Months, NaiveDate};
use rust_decimal::Decimal;

use super::{Subscription, body, cycle, item, places, save, tell, term, unbilled};
use crate::auth::Context;
use crate::engine::desk::{self, Desk};
use crate::engine::write;
use crate::envelope::Reply;
use crate::error::{ApiError, Code};
use crate::json::Json;
use crate::request::Call;
use crate::resource::billing::customer;
use crate::resource::contact::model::ContactType;
use crate::store::kind::Kind;
use crate::store::record::Record;

/// How far back a subscription may start, in months [?].
const LONGEST_PAST: Months = Months::new(120);

/// `POST /subscriptions`.
pub(super) fn post(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let body = call.object()?;
    let record = desk::write(context, call, |desk| create(desk, body))?;
    write::reply(context, &Subscription, &record, 201, super::spec::SPEC.messages.created)
}

/// Creates a subscription by a body: for a known customer or, with `customer`, for a new one; at once, or on a day to
/// come. A start in the past begins the term that is running now; with `create_backdated_invoice` every term since is
/// billed, and none of that makes an event. With `add_to_unbilled_charges` the first term becomes an unbilled charge in
/// place of an invoice. Errors: code 2 and 6 for what cannot be, 1005 for an inactive customer.
pub(crate) fn create(desk: &mut Desk<'_>, body: &Json) -> Result<Arc<Record>, ApiError> {
    let unbilled = unbilled::wanted(body)?;
    let customer_id = customer(desk, body)?;
    let mut record = desk.blank(Kind::Subscription);
    record.set("customer_id", Json::id(customer_id));
    let contact = desk.contact(&record, "customer_id")?;
    if !contact.active {
        return Err(ApiError::about(Code::InactiveContact, &contact.contact_name));
    }
    record.set("currency_id", Json::id(contact.currency_id));
    body::take_members(desk, &mut record, body, true)?;
    exchange_rate(desk, &mut record);
    if record.members.get("auto_collect").is_none() {
        let card = !record.text("card_id").is_empty();
        record.set("auto_collect", card);
    }
    body::take_plan(desk, &mut record, body)?;
    body::take_addons(desk, &mut record, body)?;
    if let Some(code) = body.get("coupon_code").and_then(Json::as_str).filter(|code| !code.is_empty()) {
        body::redeem(desk, &mut record, code)?;
    }
    let places = places(desk, &record);
    item::settle(desk, &mut record, places)?;
    let today = desk.today();
    let starts = match body.get("starts_at").and_then(Json::as_str).filter(|text| !text.is_empty()) {
        None => today,
        Some(text) => {
            let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
            let earliest = today.checked_sub_months(LONGEST_PAST);
            let day = day.filter(|day| {
                earliest.is_none_or(|earliest| *day >= earliest) && day.to_string().len() == 10
            });
            day.ok_or_else(|| ApiError::invalid("starts_at"))?
        }
    };
    if unbilled {
        record.set(unbilled::FIRST, true);
    }
    record.set("created_at", today.to_string());
    record.set("starts_at", starts.to_string());
    begin(desk, record, starts, today, body.get("create_backdated_invoice") == Some(&Json::Bool(true)))
}

fn begin(
    desk: &mut Desk<'_>,
    mut record: Record,
    starts: NaiveDate,
    today: NaiveDate,
    every_term: bool,
) -> Result<Arc<Record>, ApiError> {
    let id = record.id;
    if starts > today {
        record.set("status", "future");
        record.set("next_billing_at", starts.to_string());
        record.set("due_at", starts.to_string());
        save(desk, record)?;
    } else if starts == today || every_term {
        let quiet = starts < today;
        // The first term is billed on its own day, and the days between have not been lived through yet.
        let moment = term::begins(starts, desk.organization.zone(), desk.now);
        let moment = if quiet { moment } else { desk.now };
        cycle::at(desk, moment, |desk| cycle::begin(desk, record, starts, quiet))?;
        cycle::run(desk, today, quiet, Some(id));
    } else {
        cycle::join(desk, record, starts, today)?;
    }
    let record = desk.find(Kind::Subscription, id)?;
    tell(desk, id, "subscription_created", "Subscription created")?;
    if record.text("status") == "live" && starts == today {
        tell(desk, id, "subscription_activation", "Subscription activated")?;
    }
    Ok(record)
}

fn customer(desk: &mut Desk<'_>, body: &Json) -> Result<u64, ApiError> {
    let absent = |value: &&Json| **value != Json::Null && value.as_str() != Some("");
    if let Some(value) = body.get("customer_id").filter(absent) {
        let id = value.as_id_text().and_then(|id| id.parse().ok());
        let books = desk.books();
        let known = id.and_then(|id: u64| books.contacts.get(&id).cloned());
        let known = known.filter(|contact| contact.contact_type == ContactType::Customer);
        let known = known.ok_or_else(|| ApiError::about(Code::InvalidReference, "customer_id"))?;
        return Ok(known.contact_id);
    }
    match body.get("customer") {
        Some(new @ Json::Object(_)) => Ok(customer::add(desk, new)?.contact_id),
        _ => Err(ApiError::invalid("customer_id")),
    }
}

/// The rate of the customer's currency, unless the body gave one; the base currency is worth itself.
fn exchange_rate(desk: &Desk<'_>, record: &mut Record) {
    let base = desk.organization.currencies.first().map(|currency| currency.currency_id);
    let currency = record.reference("currency_id").and_then(|id| desk.organization.currency(id));
    let known = currency.map_or(Decimal::ONE, |currency| currency.exchange_rate);
    let rate = record.decimal("exchange_rate");
    let rate = match (record.reference("currency_id") == base, rate > Decimal::ZERO) {
        (true, _) => Decimal::ONE,
        (false, true) => rate,
        (false, false) => known,
    };
    record.set("exchange_rate", Json::amount(rate));
}
