//! Subscriptions: a customer, a plan and addons, charged every term on the emulator's clock (section 12).
//!
//! ```text
//! create -> future | trial | live | unpaid          future -> trial | live          trial -> live | trial_expired
//! live -> non_renewing -> cancelled                 live <-> paused                 live -> expired
//! live -> dunning -> live | cancelled_from_dunning  cancelled | non_renewing -> live
//! ```
//! What the clock brings about is done by [`cycle::catch_up`] before every call of the organization.

mod acts;
mod body;
mod card;
mod change;
mod charge;
mod create;
pub(crate) mod cycle;
mod end;
mod item;
mod notes;
mod once;
mod routes;
mod spec;
mod term;
pub(crate) mod unbilled;
mod view;

pub(crate) use card::set as set_card;
pub(crate) use change::put as update;
pub(crate) use charge::DECLINED;
pub(crate) use create::create;
pub(crate) use once::buy;
pub(crate) use routes::OPERATIONS;

use chrono::NaiveDate;
use rust_decimal::Decimal;

use crate::engine::desk::Desk;
use crate::engine::reader::Reader;
use crate::engine::spec::{Resource, Spec};
use crate::error::{ApiError, Code};
use crate::json::Json;
use crate::resource::billing::event::{self, Happening};
use crate::store::kind::Kind;
use crate::store::record::Record;

/// The resource.
pub(crate) struct Subscription;

/// The day on which the clock next has something to do with a subscription that is over or at rest.
const NEVER: &str = "9999-12-31";

impl Resource for Subscription {
    fn spec(&self) -> &'static Spec {
        &spec::SPEC
    }

    /// What was charged cannot be undone by deleting what it was charged for.
    fn deletable(&self, desk: &Desk<'_>, record: &Record) -> Result<(), ApiError> {
        let charged = desk.books().naming_as(record.id, Kind::UnbilledCharge).next().is_some();
        if charged || record.flag("has_transactions") {
            let sentence = "The subscription has transactions and cannot be deleted.";
            return Err(ApiError::worded(Code::HasTransactions, sentence));
        }
        Ok(())
    }

    fn status(&self, record: &Record, reader: &Reader<'_>) -> String {
        view::status(record, reader).to_owned()
    }

    fn show(&self, name: &str, record: &Record, reader: &Reader<'_>) -> Json {
        view::show(name, record, reader)
    }

    fn passes(&self, filter: &str, record: &Record, reader: &Reader<'_>) -> bool {
        view::passes(filter, record, reader)
    }

    fn changed_member(&self) -> &'static str {
        "updated_time"
    }
}

/// Whether a subscription is not over.
pub(crate) fn runs(record: &Record) -> bool {
    ["future", "trial", "live", "unpaid", "dunning", "paused", "non_renewing"]
        .contains(&record.text("status"))
}

/// A day from a member.
fn day(record: &Record, name: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(record.text(name), "%Y-%m-%d").ok()
}

/// Decimal places of a subscription's currency.
fn places(desk: &Desk<'_>, record: &Record) -> u32 {
    let known = record.reference("currency_id").and_then(|id| desk.organization.currency(id));
    known.map_or_else(|| desk.places(), |currency| currency.precision)
}

/// The subscription with this id as it stands now (code 1002 when there is none): once the invoice that a charge failed
/// for was paid otherwise, it is live again.
fn current(desk: &Desk<'_>, id: u64) -> Result<Record, ApiError> {
    let mut record = (*desk.find(Kind::Subscription, id)?).clone();
    let shown = view::status(&record, &desk.reader()).to_owned();
    if shown != record.text("status") {
        record.set("status", shown);
        let ends = record.text("current_term_ends_at").to_owned();
        record.set("due_at", ends);
    }
    Ok(record)
}

/// Refuses what the state of a subscription does not allow (code 4098).
fn refuse<T>(record: &Record, wish: &str) -> Result<T, ApiError> {
    let sentence = format!("A subscription in the status {} cannot be {wish}.", record.text("status"));
    Err(ApiError::about(Code::WrongState, &sentence))
}

/// Stores a subscription as changed at the desk's moment.
fn save(desk: &mut Desk<'_>, mut record: Record) -> Result<std::sync::Arc<Record>, ApiError> {
    record.modified = desk.now;
    desk.put(record)
}

/// Records an event of a subscription with the subscription as it is now.
fn tell(desk: &mut Desk<'_>, id: u64, event_type: &str, description: &str) -> Result<(), ApiError> {
    let record = desk.find(Kind::Subscription, id)?;
    let shown = desk.reader().detail(&Subscription, &record);
    event::record(
        desk,
        Happening {
            event_type,
            data: ("subscription", shown),
            subscription_id: Some(id),
            description: description.to_owned(),
        },
    )
}

/// A whole number as JSON.
fn whole(number: Decimal) -> Json {
    Json::Number(number.trunc().normalize().to_string())
}
