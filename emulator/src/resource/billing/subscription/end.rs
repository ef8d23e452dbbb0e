//! Cancelling, reactivating, pausing and resuming, and moving the day of the next bill.

use chrono::NaiveDate;

use super::{NEVER, Subscription, current, cycle, day, refuse, save, tell};
use crate::auth::Context;
use crate::engine::desk::{self, Desk};
use crate::engine::write;
use crate::envelope::Reply;
use crate::error::ApiError;
use crate::request::Call;
use crate::store::kind::Kind;
use crate::store::record::Record;

/// Ends a subscription on a day in one of the statuses that are over.
pub(super) fn over(
    desk: &mut Desk<'_>,
    mut record: Record,
    status: &'static str,
    on: NaiveDate,
) -> Result<(), ApiError> {
    record.set("status", status);
    record.set("due_at", NEVER);
    record.set("next_billing_at", "");
    record.set("end_of_term", false);
    record.members.remove("scheduled");
    match status {
        "expired" | "trial_expired" => record.set("expires_at", on.to_string()),
        _ => record.set("cancelled_at", on.to_string()),
    }
    if day(&record, "current_term_ends_at").is_some_and(|ends| ends > on) {
        record.set("current_term_ends_at", on.to_string());
    }
    save(desk, record).map(|_| ())
}

/// One act on a subscription, answered with the subscription as it is then.
pub(super) fn act(
    context: &Context<'_>,
    call: &Call,
    change: impl FnOnce(&mut Desk<'_>, Record) -> Result<&'static str, ApiError>,
) -> Result<Reply, ApiError> {
    let id = call.id(0, super::spec::SPEC.label)?;
    let (record, message) = desk::write(context, call, |desk| {
        let record = current(desk, id)?;
        let message = change(desk, record)?;
        Ok((desk.find(Kind::Subscription, id)?, message))
    })?;
    write::reply(context, &Subscription, &record, 200, message)
}

const AT_END: &str = "Your subscription will be canceled at the end of this term.";
const AT_ONCE: &str = "Your subscription has been canceled.";

/// `POST /subscriptions/{id}/cancel?cancel_at_end=`: at once, or at the end of the term.
pub(super) fn cancel(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let at_end = match call.query.get("cancel_at_end").map(str::to_ascii_lowercase).as_deref() {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(ApiError::invalid("cancel_at_end")),
    };
    act(context, call, |desk, mut record| {
        let (id, today) = (record.id, desk.today());
        match (record.text("status"), at_end) {
            ("cancelled" | "cancelled_from_dunning", false) => Ok(AT_ONCE),
            ("cancelled" | "cancelled_from_dunning" | "expired" | "trial_expired", _) => {
                refuse(&record, "cancelled")
            }
            ("future" | "paused" | "dunning" | "unpaid", true) => {
                refuse(&record, "cancelled at the end of its term")
            }
            ("non_renewing", true) => Ok(AT_END),
            (_, true) => {
                record.set("status", "non_renewing");
                let ends = record.text("current_term_ends_at").to_owned();
                record.set("expires_at", ends);
                record.set("next_billing_at", "");
                save(desk, record)?;
                tell(desk, id, "subscription_cancellation_scheduled", "Cancellation scheduled")?;
                Ok(AT_END)
            }
            (_, false) => {
                over(desk, record, "cancelled", today)?;
                tell(desk, id, "subscription_cancelled", "Subscription cancelled")?;
                Ok(AT_ONCE)
            }
        }
    })
}

/// `POST /subscriptions/{id}/reactivate`: what was to end goes on; what has ended begins a new term today.
pub(super) fn reactivate(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    const DONE: &str = "Subscription has been reactivated successfully.";
    act(context, call, |desk, mut record| {
        let (id, today) = (record.id, desk.today());
        match record.text("status") {
            "live" => return Ok(DONE),
            "non_renewing" => {
                let trial = record.text("activated_at").is_empty();
                record.set("status", if trial { "trial" } else { "live" });
                cycle::settle_expiry(&mut record);
                save(desk, record)?;
            }
            "cancelled" | "cancelled_from_dunning" => {
                record.set("cancelled_at", "");
                let now = desk.now;
                cycle::at(desk, now, |desk| cycle::activate_again(desk, record, today))?;
            }
            _ => return refuse(&record, "reactivated"),
        }
        tell(desk, id, "subscription_reactivated", "Subscription reactivated")?;
        Ok(DONE)
    })
}

/// `POST /subscriptions/{id}/pause`: nothing is billed until the subscription is resumed.
pub(super) fn pause(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    const DONE: &str = "Subscription has been paused successfully.";
    act(context, call, |desk, mut record| {
        let (id, today) = (record.id, desk.today());
        match record.text("status") {
            "paused" => return Ok(DONE),
            "live" => {}
            _ => return refuse(&record, "paused"),
        }
        record.set("status", "paused");
        record.set("paused_at", today.to_string());
        record.set("due_at", NEVER);
        save(desk, record)?;
        tell(desk, id, "subscription_paused", "Subscription paused")?;
        Ok(DONE)
    })
}

/// `POST /subscriptions/{id}/resume`: the term ends as many days later as the subscription was paused [?].
pub(super) fn resume(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    const DONE: &str = "Subscription has been resumed successfully.";
    act(context, call, |desk, mut record| {
        let (id, today) = (record.id, desk.today());
        match record.text("status") {
            "live" => return Ok(DONE),
            "paused" => {}
            _ => return refuse(&record, "resumed"),
        }
        record.set("status", "live");
        let rested = day(&record, "paused_at").map(|from| (today - from).num_days().max(0));
        record.set("paused_at", "");
        let ends = day(&record, "current_term_ends_at");
        let ends = ends.zip(rested).and_then(|(ends, days)| {
            ends.checked_add_days(chrono::Days::new(u64::try_from(days).unwrap_or(0)))
        });
        move_bill(&mut record, ends.unwrap_or(today));
        save(desk, record)?;
        tell(desk, id, "subscription_resumed", "Subscription resumed")?;
        Ok(DONE)
    })
}

/// `POST /subscriptions/{id}/postpone` with `renewal_at`: the present term ends on another day, and later terms are
/// counted from it.
pub(super) fn postpone(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    act(context, call, |desk, mut record| {
        let id = record.id;
        let wanted = call.object()?.get("renewal_at").and_then(crate::json::Json::as_str).unwrap_or_default();
        let wanted = NaiveDate::parse_from_str(wanted, "%Y-%m-%d").ok();
        let wanted = wanted.filter(|day| *day > desk.today() && day.to_string().len() == 10);
        let wanted = wanted.ok_or_else(|| ApiError::invalid("renewal_at"))?;
        match record.text("status") {
            "live" | "trial" | "unpaid" => {}
            _ => return refuse(&record, "postponed"),
        }
        move_bill(&mut record, wanted);
        save(desk, record)?;
        tell(desk, id, "subscription_updated", "Billing date changed")?;
        Ok("Billing date of the subscription has been changed.")
    })
}

/// Ends the present term on `ends`. The next one begins there and is the first after a new anchor.
fn move_bill(record: &mut Record, ends: NaiveDate) {
    record.set("current_term_ends_at", ends.to_string());
    record.set("due_at", ends.to_string());
    cycle::anchor(record, ends);
    cycle::settle_expiry(record);
}
