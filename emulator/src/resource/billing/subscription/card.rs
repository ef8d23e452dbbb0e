//! The card of a subscription: which one it is, and what events tell of it.

use super::acts::{take, take_optional, updated};
use super::{current, refuse, runs, view};
use crate::engine::desk::Desk;
use crate::error::ApiError;
use crate::json::Json;
use crate::resource::billing::event::{self, Happening};
use crate::store::kind::Kind;
use crate::store::record::Record;

/// Lets the next charge go to the card of a body. Errors: code 2 without a `card_id`, 1002, 4098 for a subscription that
/// is over.
pub(crate) fn set(desk: &mut Desk<'_>, id: u64, body: &Json) -> Result<(), ApiError> {
    let before = current(desk, id)?;
    if !runs(&before) {
        return refuse(&before, "changed");
    }
    let mut record = before.clone();
    take(&mut record, body, "card_id")?;
    take_optional(&mut record, body, "auto_collect")?;
    updated(desk, record, "Card changed")?;
    tell(desk, &before)
}

/// Takes the card away. Without one nothing is collected.
pub(super) fn remove(desk: &mut Desk<'_>, before: &Record) -> Result<(), ApiError> {
    if before.text("card_id").is_empty() {
        return Ok(());
    }
    let mut record = before.clone();
    record.set("card_id", "");
    record.set("auto_collect", false);
    updated(desk, record, "Card removed")?;
    tell(desk, before)
}

/// Records what became of the card that a subscription had `before`.
pub(super) fn tell(desk: &mut Desk<'_>, before: &Record) -> Result<(), ApiError> {
    let record = desk.find(Kind::Subscription, before.id)?;
    let (event_type, holder, did) =
        match (before.text("card_id").is_empty(), record.text("card_id").is_empty()) {
            (true, true) => return Ok(()),
            (true, false) => ("card_added", &*record, "added"),
            (false, false) => ("card_updated", &*record, "updated"),
            (false, true) => ("card_deleted", before, "deleted"),
        };
    let Json::Object(mut card) = view::card(holder) else { return Ok(()) };
    let customer = holder.reference("customer_id").map_or_else(|| "".into(), Json::id);
    card.push(("customer_id".to_owned(), customer));
    event::record(
        desk,
        Happening {
            event_type,
            data: ("card", Json::Object(card)),
            subscription_id: Some(before.id),
            description: format!("Card {did}"),
        },
    )
}
