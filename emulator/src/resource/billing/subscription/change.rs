//! Changing a subscription: another plan, another quantity, other addons, now or at the end of the term.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::{Subscription, body, card, charge, current, cycle, item, places, refuse, save, tell, term};
use crate::auth::Context;
use crate::engine::desk::{self, Desk};
use crate::engine::reader::Reader;
use crate::engine::write;
use crate::envelope::Reply;
use crate::error::ApiError;
use crate::json::Json;
use crate::request::Call;
use crate::store::kind::Kind;
use crate::store::record::Record;

/// Members that a scheduled change holds until the term ends.
const SCHEDULED: [&str; 6] = ["plan", "plan_id", "product_id", "interval", "interval_unit", "addons"];

/// `PUT /subscriptions/{id}`.
pub(super) fn update(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let id = call.id(0, super::spec::SPEC.label)?;
    let record = desk::write(context, call, |desk| {
        put(desk, id, call.object()?)?;
        desk.find(Kind::Subscription, id)
    })?;
    write::reply(context, &Subscription, &record, 200, super::spec::SPEC.messages.updated)
}

/// Changes the subscription with this id by a body. Errors: 1002 when there is none, and those of a change.
pub(crate) fn put(desk: &mut Desk<'_>, id: u64, body: &Json) -> Result<(), ApiError> {
    let record = current(desk, id)?;
    change(desk, record, body)
}

/// Changes a subscription by a body. With `end_of_term` another plan or other addons wait for the next term; otherwise
/// they hold at once, and what is left of the present term is charged or credited. Errors: 4098 for a subscription that
/// is over, and as of creation.
fn change(desk: &mut Desk<'_>, before: Record, body: &Json) -> Result<(), ApiError> {
    if !super::runs(&before) {
        return refuse(&before, "changed");
    }
    let id = before.id;
    let mut record = before.clone();
    let rate = record.members.get("exchange_rate").cloned();
    body::take_members(desk, &mut record, body, false)?;
    if let Some(rate) = rate {
        // The rate was settled with the first term.
        record.set("exchange_rate", rate);
    }
    let mut wished = record.clone();
    if body.get("plan").is_some_and(|plan| *plan != Json::Null) {
        body::take_plan(desk, &mut wished, body)?;
    }
    body::take_addons(desk, &mut wished, body)?;
    let recarded = before.text("card_id") != record.text("card_id");
    let waits = body.get("end_of_term") == Some(&Json::Bool(true)) && record.text("status") != "future";
    if waits && SCHEDULED.iter().any(|name| wished.members.get(name) != record.members.get(name)) {
        let held =
            SCHEDULED.iter().filter_map(|name| Some(((*name).to_owned(), wished.members.get(name)?.clone())));
        let held = Json::Object(held.collect());
        record.set("scheduled", held);
        record.set("end_of_term", true);
        save(desk, record)?;
        tell(desk, id, "subscription_updated", "Change scheduled for the end of the term")?;
        return if recarded { card::tell(desk, &before) } else { Ok(()) };
    }
    let mut record = wished;
    if let Some(code) = body.get("coupon_code").and_then(Json::as_str).filter(|code| !code.is_empty()) {
        body::redeem(desk, &mut record, code)?;
    }
    let places = places(desk, &record);
    item::settle(desk, &mut record, places)?;
    record.set("end_of_term", false);
    record.members.remove("scheduled");
    let direction = direction(&before, &record);
    match record.text("status") {
        "live" | "unpaid" | "dunning" => prorate(desk, &before, record)?,
        _ => {
            save(desk, record)?;
        }
    }
    tell(desk, id, direction, "Subscription changed")?;
    if recarded { card::tell(desk, &before) } else { Ok(()) }
}

/// The event of a change: more each term is an upgrade, less a downgrade.
fn direction(before: &Record, after: &Record) -> &'static str {
    match after.decimal("sub_total").cmp(&before.decimal("sub_total")) {
        std::cmp::Ordering::Greater => "subscription_upgraded",
        std::cmp::Ordering::Less => "subscription_downgraded",
        std::cmp::Ordering::Equal => "subscription_updated",
    }
}

/// Charges or credits what a change at once costs. Terms of the same length go on, and the difference is charged by days
/// [?]; terms of another length begin today, and the rest of the old one is credited.
fn prorate(desk: &mut Desk<'_>, before: &Record, mut record: Record) -> Result<(), ApiError> {
    let today = desk.today();
    let name = |record: &Record| {
        let plan = record.members.get("plan");
        plan.and_then(|plan| plan.get("name")?.as_str()).unwrap_or_default().to_owned()
    };
    let left = term::left(before, today);
    let ends = before.text("current_term_ends_at").to_owned();
    let unused = |sign: Decimal, desk: &Desk<'_>| {
        charge::share(desk, before, format!("Unused time of {} until {ends}", name(before)), sign * left)
    };
    let same = |member: &str| before.members.get(member) == record.members.get(member);
    if !(same("interval") && same("interval_unit")) {
        let (line, credit) = unused(Decimal::ONE, desk);
        if credit > Decimal::ZERO {
            sent(desk, |desk| charge::credit(desk, &mut record, vec![line]))?;
        }
        cycle::anchor(&mut record, today);
        return sent(desk, |desk| cycle::start_term(desk, record, today, false, false));
    }
    cycle::settle_expiry(&mut record);
    if before.decimal("sub_total") == record.decimal("sub_total") {
        return save(desk, record).map(|_| ());
    }
    let (new, cost) = charge::share(desk, &record, format!("{} until {ends}", name(&record)), left);
    let (old, worth) = unused(Decimal::NEGATIVE_ONE, desk);
    if cost + worth > Decimal::ZERO {
        let invoice_id = sent(desk, |desk| charge::invoice(desk, &mut record, vec![new, old], false))?;
        record.set("child_invoice_id", Json::id(invoice_id));
        sent(desk, |desk| charge::collect_if_wanted(desk, &record, invoice_id))?;
    } else if cost + worth < Decimal::ZERO {
        let mut rest = before.clone();
        let difference = before.decimal("sub_total") - record.decimal("sub_total");
        rest.set("sub_total", Json::amount(difference));
        let (line, _) =
            charge::share(desk, &rest, format!("Unused time of {} until {ends}", name(before)), left);
        sent(desk, |desk| charge::credit(desk, &mut record, vec![line]))?;
    }
    save(desk, record).map(|_| ())
}

/// Runs `act` so that the documents it makes are sent.
pub(super) fn sent<T>(
    desk: &mut Desk<'_>,
    act: impl FnOnce(&mut Desk<'_>) -> Result<T, ApiError>,
) -> Result<T, ApiError> {
    let now = desk.now;
    cycle::at(desk, now, act)
}

/// Lets a scheduled change take effect on the day a term begins, and says which event that is.
pub(super) fn apply_scheduled(
    desk: &Desk<'_>,
    record: &mut Record,
    on: NaiveDate,
) -> Result<Option<&'static str>, ApiError> {
    let Some(held) = record.members.get("scheduled").cloned() else { return Ok(None) };
    let before = record.clone();
    release(record, &held);
    record.members.remove("scheduled");
    record.set("end_of_term", false);
    let same = |member: &str| before.members.get(member) == record.members.get(member);
    if !(same("interval") && same("interval_unit")) {
        cycle::anchor(record, on);
    }
    let places = places(desk, record);
    item::settle(desk, record, places)?;
    Ok(Some(direction(&before, record)))
}

fn release(record: &mut Record, held: &Json) {
    for name in SCHEDULED {
        if let Some(value) = held.get(name) {
            record.set(name, value.clone());
        }
    }
}

/// `GET /subscriptions/{id}/scheduledchanges`: the subscription as it will be (code 1002 when nothing is scheduled).
pub(super) fn scheduled(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let reader = Reader::new(context)?;
    let id = call.id(0, super::spec::SPEC.label)?;
    let missing = || ApiError::missing(super::spec::SPEC.label);
    let record = reader.books.record(Kind::Subscription, id).ok_or_else(missing)?;
    let held = record.members.get("scheduled").ok_or_else(|| ApiError::missing("Scheduled change"))?;
    let shown = desk::write(context, call, |desk| {
        let mut wished = (**record).clone();
        release(&mut wished, held);
        let places = places(desk, &wished);
        item::settle(desk, &mut wished, places)?;
        Ok(charge::shown(desk, &wished))
    })?;
    Ok(Reply::read([("subscription", shown)]))
}
