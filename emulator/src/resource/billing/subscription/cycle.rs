//! What the clock does to subscriptions: starts, renewals, trials and cycles that end, charges that are tried again.
//!
//! Every subscription carries the day on which something has to happen, and an index orders subscriptions by it. A
//! catch-up takes the earliest of them, does that one thing at the first moment of its day, and goes on until nothing
//! is due. Each step moves the subscription and issues its invoice in one transaction, so a term has exactly one.

use std::sync::{Arc, LazyLock};

use chrono::{DateTime, Days, NaiveDate, Utc};
use rust_decimal::Decimal;

use super::{NEVER, change, charge, day, end, item, places, save, tell, term, unbilled, whole};
use crate::auth::Context;
use crate::engine::desk::Desk;
use crate::error::ApiError;
use crate::json::Json;
use crate::request::Query;
use crate::store::books::Books;
use crate::store::kind::Kind;
use crate::store::record::Record;
use crate::store::records::User;

/// The most steps of one catch-up; what is left is done before the next call.
const MOST_STEPS: usize = 20_000;
/// A charge that failed is tried again after so many days, so many times [?].
const RETRY: Days = Days::new(3);
const RETRIES: u32 = 3;
/// Who acts when the clock does.
const CLOCK: &str = "System";

/// Invoices that the service issues by itself are sent.
static SENT: LazyLock<Query> = LazyLock::new(|| Query::parse(b"send=true"));

/// Does everything that the clock has brought about in the organization's subscriptions since the last call. Doing it
/// twice changes nothing more. Without anything due it only looks at one index.
pub(crate) fn catch_up(context: &mut Context<'_>) -> Result<(), ApiError> {
    let organization = Arc::clone(context.organization()?);
    let today = context.now.with_timezone(&organization.zone()).date_naive();
    if due(&context.state.books(&organization.organization_id), today).is_none() {
        return Ok(());
    }
    context.store.write(|transaction| {
        let now = context.now;
        let caller = Arc::new(User::system(now));
        let mut desk = Desk {
            transaction,
            organization: &organization,
            now,
            user: CLOCK,
            caller: &caller,
            query: &SENT,
            contact_quota: None,
        };
        run(&mut desk, today, false, None);
        Ok(())
    })?;
    context.state = context.store.read();
    Ok(())
}

/// The subscription with the earliest thing to do, if that is due.
fn due(books: &Books, today: NaiveDate) -> Option<(u64, NaiveDate)> {
    let table = books.table(Kind::Subscription);
    let first = table.ordered("due_at")?.next()?;
    let at = day(table.get(first)?, "due_at")?;
    (at <= today).then_some((first, at))
}

/// Runs `act` at another moment, as the service itself.
pub(super) fn at<T>(
    desk: &mut Desk<'_>,
    now: DateTime<Utc>,
    act: impl FnOnce(&mut Desk<'_>) -> Result<T, ApiError>,
) -> Result<T, ApiError> {
    let (organization, user, caller) = (desk.organization, desk.user, desk.caller);
    let (transaction, contact_quota) = (&mut *desk.transaction, desk.contact_quota);
    act(&mut Desk { transaction, organization, now, user, caller, query: &SENT, contact_quota })
}

/// Does what is due up to `today`, of all subscriptions or of `only` one. A step that is refused, because the customer
/// became inactive for example, leaves its subscription as it was and is tried again the next day.
pub(super) fn run(desk: &mut Desk<'_>, today: NaiveDate, quiet: bool, only: Option<u64>) {
    for _ in 0..MOST_STEPS {
        let books = desk.books();
        let next = match only {
            None => due(&books, today),
            Some(id) => books
                .record(Kind::Subscription, id)
                .and_then(|record| Some((id, day(record, "due_at")?)))
                .filter(|(_, at)| *at <= today),
        };
        let Some((id, on)) = next else { return };
        let moment = term::begins(on, desk.organization.zone(), desk.now);
        let done = at(desk, moment, |desk| desk.attempt(|desk| step(desk, id, on, quiet)));
        if let Err(error) = done {
            tracing::warn!(%error, subscription = id, "a subscription could not go on and is tried again tomorrow");
            let tomorrow = today.succ_opt().unwrap_or(today).to_string();
            if desk.alter(Kind::Subscription, id, |record| record.set("due_at", tomorrow)).is_err() {
                return;
            }
        }
    }
    tracing::warn!("more terms are due than one catch-up does; the rest follows with the next call");
}

fn step(desk: &mut Desk<'_>, id: u64, on: NaiveDate, quiet: bool) -> Result<(), ApiError> {
    let mut record = (*desk.find(Kind::Subscription, id)?).clone();
    match record.text("status") {
        "future" => {
            begin(desk, record, on, quiet)?;
            let live = desk.find(Kind::Subscription, id)?.text("status") == "live";
            if live && !quiet {
                tell(desk, id, "subscription_activation", "Subscription activated")?;
            }
            Ok(())
        }
        "trial" if record.flag("auto_collect") && record.text("card_id").is_empty() => {
            end::over(desk, record, "trial_expired", on)?;
            if quiet { Ok(()) } else { tell(desk, id, "trial_expired", "Trial expired") }
        }
        "trial" => {
            activate(desk, record, on, quiet)?;
            if quiet { Ok(()) } else { tell(desk, id, "subscription_activation", "Subscription activated") }
        }
        "non_renewing" => {
            end::over(desk, record, "cancelled", on)?;
            if quiet { Ok(()) } else { tell(desk, id, "subscription_cancelled", "Subscription cancelled") }
        }
        "live" | "unpaid" if used_up(&record) => {
            end::over(desk, record, "expired", on)?;
            if quiet { Ok(()) } else { tell(desk, id, "subscription_expired", "Subscription expired") }
        }
        "live" | "unpaid" => {
            let changed = change::apply_scheduled(desk, &mut record, on)?;
            start_term(desk, record, on, false, quiet)?;
            if quiet {
                return Ok(());
            }
            if let Some(event_type) = changed {
                tell(desk, id, event_type, "The scheduled change took effect")?;
            }
            tell(desk, id, "subscription_renewed", "Subscription renewed")
        }
        "dunning" => retry(desk, record, on, quiet),
        _ => {
            record.set("due_at", NEVER);
            save(desk, record).map(|_| ())
        }
    }
}

/// Starts a subscription on its day: with a trial, or with its first term.
pub(super) fn begin(
    desk: &mut Desk<'_>,
    mut record: Record,
    on: NaiveDate,
    quiet: bool,
) -> Result<(), ApiError> {
    let trial = record.members.get("plan").and_then(|plan| plan.get("trial_days")?.as_decimal());
    let days = trial.and_then(|days| u64::try_from(days).ok()).unwrap_or(0);
    let ends = on.checked_add_days(Days::new(days)).filter(|_| days > 0);
    let Some(ends) = ends else { return activate(desk, record, on, quiet) };
    record.set("status", "trial");
    record.set("current_term_starts_at", on.to_string());
    for name in ["current_term_ends_at", "next_billing_at", "due_at"] {
        record.set(name, ends.to_string());
    }
    save(desk, record).map(|_| ())
}

/// Makes a subscription live from a day on, which becomes the anchor of its terms.
pub(super) fn activate(
    desk: &mut Desk<'_>,
    mut record: Record,
    on: NaiveDate,
    quiet: bool,
) -> Result<(), ApiError> {
    record.set("activated_at", on.to_string());
    anchor(&mut record, on);
    record.set("billed", whole(Decimal::ZERO));
    start_term(desk, record, on, true, quiet)
}

/// Makes a subscription that had ended live from a day on. Its billing cycles go on where they ended, and nothing that
/// is due once is due again.
pub(super) fn activate_again(desk: &mut Desk<'_>, mut record: Record, on: NaiveDate) -> Result<(), ApiError> {
    anchor(&mut record, on);
    if used_up(&record) {
        record.set("billed", whole(Decimal::ZERO));
    }
    if record.text("activated_at").is_empty() {
        record.set("activated_at", on.to_string());
    }
    start_term(desk, record, on, false, false)
}

/// Counts terms from a day on.
pub(super) fn anchor(record: &mut Record, on: NaiveDate) {
    record.set("anchor_at", on.to_string());
    record.set("terms", whole(Decimal::ZERO));
}

/// Joins a subscription that began on an earlier day: the running term is billed today, those before are not.
pub(super) fn join(
    desk: &mut Desk<'_>,
    mut record: Record,
    starts: NaiveDate,
    today: NaiveDate,
) -> Result<(), ApiError> {
    record.set("activated_at", starts.to_string());
    anchor(&mut record, starts);
    let mut begun = 0u32;
    while term::of(&record, begun + 1).is_some_and(|next| next <= today) {
        begun += 1;
    }
    record.set("terms", whole(Decimal::from(begun)));
    record.set("billed", whole(Decimal::from(begun)));
    if used_up(&record) {
        return Err(ApiError::invalid("starts_at"));
    }
    let on = term::of(&record, begun).unwrap_or(starts);
    start_term(desk, record, on, true, true)
}

fn cycles(record: &Record) -> Decimal {
    record.members.get("plan").and_then(|plan| plan.get("billing_cycles")?.as_decimal()).unwrap_or_default()
}

/// Whether every billing cycle was billed.
fn used_up(record: &Record) -> bool {
    let cycles = cycles(record);
    cycles > Decimal::ZERO && record.decimal("billed") >= cycles
}

/// Begins the next term on its day: its dates, its invoice, the charge to the card.
pub(super) fn start_term(
    desk: &mut Desk<'_>,
    mut record: Record,
    on: NaiveDate,
    first: bool,
    quiet: bool,
) -> Result<(), ApiError> {
    let begun = term::number(&record, "terms") + 1;
    let ends = term::of(&record, begun).map_or_else(|| NEVER.to_owned(), |it| it.to_string());
    record.set("terms", whole(Decimal::from(begun)));
    record.set("billed", whole(record.decimal("billed") + Decimal::ONE));
    record.set("current_term_starts_at", on.to_string());
    record.set("last_billing_at", on.to_string());
    record.set("current_term_ends_at", ends.as_str());
    record.set("due_at", ends.as_str());
    record.set("retries", whole(Decimal::ZERO));
    settle_expiry(&mut record);
    let places = places(desk, &record);
    let lines = item::lines(&item::of_term(&record, first), item::coupon(&record), places);
    let waits = record.flag(unbilled::FIRST);
    record.members.remove(unbilled::FIRST);
    let invoice_id = if waits {
        unbilled::add(desk, &mut record, lines.lines)?;
        None
    } else {
        let invoice_id = charge::invoice(desk, &mut record, lines.lines, quiet)?;
        record.set("child_invoice_id", Json::id(invoice_id));
        Some(invoice_id)
    };
    use_coupon(&mut record);
    item::settle(desk, &mut record, places)?;
    let paid = match invoice_id.filter(|_| record.flag("auto_collect")) {
        Some(invoice_id) => charge::collect(desk, &record, invoice_id, quiet)?,
        None => true,
    };
    if paid {
        record.set("status", "live");
    } else if first {
        record.set("status", "unpaid");
    } else {
        record.set("status", "dunning");
        let again = on.checked_add_days(RETRY).unwrap_or(on);
        record.set("due_at", again.to_string());
    }
    let (id, unpaid) = (record.id, record.text("status") == "unpaid");
    save(desk, record)?;
    if unpaid && !quiet { tell(desk, id, "subscription_unpaid", "Subscription unpaid") } else { Ok(()) }
}

/// The day of the next bill, which is the end of the present term unless it is the last one, and the day on which the
/// billing cycles will be used up.
pub(super) fn settle_expiry(record: &mut Record) {
    let next = if used_up(record) { String::new() } else { record.text("current_term_ends_at").to_owned() };
    record.set("next_billing_at", next);
    let cycles = cycles(record);
    let left = cycles - record.decimal("billed");
    let last = u32::try_from(left.max(Decimal::ZERO)).unwrap_or(0);
    let ends = term::of(record, term::number(record, "terms") + last).filter(|_| cycles > Decimal::ZERO);
    record.set("expires_at", ends.map_or(String::new(), |it| it.to_string()));
}

fn use_coupon(record: &mut Record) {
    let Some(coupon) = item::coupon(record) else { return };
    let left = coupon.get("terms_left").and_then(Json::as_decimal).unwrap_or(Decimal::NEGATIVE_ONE);
    if left <= Decimal::ZERO {
        return;
    }
    let rest = left - Decimal::ONE;
    if rest.is_zero() {
        record.members.remove("coupon");
    } else {
        let coupon = item::with(coupon, &[("terms_left", whole(rest))]);
        record.set("coupon", coupon);
    }
}

/// Charges the invoice of a failed renewal again. When it was paid meanwhile, or is paid now, the subscription is live;
/// after the last try it is cancelled.
fn retry(desk: &mut Desk<'_>, mut record: Record, on: NaiveDate, quiet: bool) -> Result<(), ApiError> {
    let id = record.id;
    let paid = match record.reference("child_invoice_id") {
        Some(invoice_id) => charge::collect(desk, &record, invoice_id, quiet)?,
        None => true,
    };
    if paid {
        record.set("status", "live");
        let ends = record.text("current_term_ends_at").to_owned();
        record.set("due_at", ends);
        return save(desk, record).map(|_| ());
    }
    let tries = term::number(&record, "retries") + 1;
    if tries >= RETRIES {
        end::over(desk, record, "cancelled_from_dunning", on)?;
        if quiet {
            return Ok(());
        }
        return tell(desk, id, "subscription_cancelled", "Subscription cancelled after failed payments");
    }
    record.set("retries", whole(Decimal::from(tries)));
    record.set("due_at", on.checked_add_days(RETRY).unwrap_or(on).to_string());
    save(desk, record).map(|_| ())
}
