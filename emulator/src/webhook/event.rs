//! From changes to deliveries.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::body::Told;
use super::model::{Delivery, Format, MAX_DELIVERIES, MAX_DELIVERY_BYTES, Status, Webhook};
use crate::engine::reader::Reader;
use crate::format;
use crate::json::Json;
use crate::resource;
use crate::resource::contact::view;
use crate::store::State;
use crate::store::change::Change;
use crate::store::deliveries::Deliveries;
use crate::store::kind::Kind;

/// The deliveries, and the removals of old ones, that follow from `changes`. Several changes of one record in one
/// write are one event.
pub(crate) fn caused(before: &State, after: &State, changes: &[Change]) -> Vec<Change> {
    if after.webhooks.is_empty() {
        return Vec::new();
    }
    let mut touched: BTreeMap<(&str, Kind, u64), ()> = BTreeMap::new();
    for change in changes {
        let key = match change {
            Change::Record { organization_id, record } => (organization_id.as_str(), record.kind, record.id),
            Change::RecordDeleted { organization_id, kind, id } => (organization_id.as_str(), *kind, *id),
            Change::Contact { organization_id, contact } => {
                (organization_id.as_str(), Kind::Contact, contact.contact_id)
            }
            Change::ContactDeleted { organization_id, contact_id } => {
                (organization_id.as_str(), Kind::Contact, *contact_id)
            }
            _ => continue,
        };
        touched.insert(key, ());
    }
    let mut deliveries = Vec::new();
    for (organization_id, kind, id) in touched.into_keys() {
        let (was, is) = (shown(before, organization_id, kind, id), shown(after, organization_id, kind, id));
        let (act, record) = match (was, is) {
            (None, Some(record)) => ("created", record),
            (Some(_), Some(record)) => ("edited", record),
            (Some(record), None) => ("deleted", record),
            (None, None) => continue,
        };
        let wanted = after.webhooks.values().filter(|it| it.organization_id == organization_id);
        let wanted = wanted.filter(|it| match (it.format, &record.happening) {
            // Billing's receivers are told what happened, not which record was written.
            (Format::Event, Some(happening)) => act == "created" && it.hears(&happening.event_type),
            (Format::Event, None) => !TOLD.contains(&kind) && it.names(&record.singular, act),
            _ if INTERNAL.contains(&kind) => it.names(&record.singular, act),
            _ => it.wants(&record.singular, act),
        });
        for webhook in wanted {
            let next = after.deliveries.last_id() + 1 + deliveries.len() as u64;
            deliveries.push(Change::Delivery(Arc::new(delivery(next, webhook, act, id, &record))));
        }
    }
    let bodies = deliveries.iter().map(|new| if let Change::Delivery(it) = new { it.body.len() } else { 0 });
    let room = make_room(&after.deliveries, deliveries.len(), bodies.sum());
    deliveries.extend(room);
    deliveries
}

/// Kinds whose changes Billing tells as events of its own.
const TOLD: [Kind; 6] = [
    Kind::Contact,
    Kind::Invoice,
    Kind::CreditNote,
    Kind::CustomerPayment,
    Kind::Subscription,
    Kind::BillingEvent,
];

/// Kinds that are no modules of their own: they belong to a record of one, or are how the emulator keeps something. A `*`
/// does not mean them.
const INTERNAL: [Kind; 7] = [
    Kind::Comment,
    Kind::Attachment,
    Kind::ItemImage,
    Kind::Receipt,
    Kind::HostedPage,
    Kind::CustomField,
    Kind::BillingEvent,
];

/// What has to happen to the deliveries there are when `new` ones with `bytes` of bodies come. The oldest finished ones
/// are forgotten; where all wait for receivers that do not answer, the oldest give up, and the next write forgets them.
fn make_room(known: &Deliveries, new: usize, bytes: usize) -> Vec<Change> {
    let mut count = (known.len() + new).saturating_sub(MAX_DELIVERIES);
    let mut bytes = (known.bytes() + bytes).saturating_sub(MAX_DELIVERY_BYTES);
    let mut is_excess = |old: &&Arc<Delivery>| {
        let excess = count > 0 || bytes > 0;
        count = count.saturating_sub(1);
        bytes = bytes.saturating_sub(old.body.len());
        excess
    };
    let forgotten = known.finished().take_while(&mut is_excess).map(|old| Change::DeliveryDeleted(old.id));
    let mut room: Vec<Change> = forgotten.collect();
    let given_up = known.pending().take_while(&mut is_excess);
    room.extend(given_up.map(|old| Change::Delivery(Arc::new(old.given_up()))));
    room
}

/// A record as an event shows it.
pub(crate) struct Shown {
    pub(crate) singular: String,
    pub(crate) detail: Json,
    time: DateTime<Utc>,
    time_text: String,
    /// What the record tells of, when it is one of Billing's events.
    happening: Option<Happening>,
}

/// One of Billing's events as it is delivered.
struct Happening {
    event_type: String,
    payload: String,
}

/// The record with this id, if there is one.
pub(crate) fn shown(state: &State, organization_id: &str, kind: Kind, id: u64) -> Option<Shown> {
    let organization = state.organizations.get(organization_id)?;
    let books = state.books(organization_id);
    let mut happening = None;
    let (singular, detail, time) = if kind == Kind::Contact {
        let contact = books.contacts.get(&id)?;
        ("contact".to_owned(), view::detail(contact, organization, books.clone()), contact.modified)
    } else {
        let record = Arc::clone(books.record(kind, id)?);
        if kind == Kind::BillingEvent {
            let text = |name: &str| record.text(name).to_owned();
            happening = Some(Happening { event_type: text("event_type"), payload: text("payload") });
        }
        let resource = resource::of(kind);
        let reader = Reader::over(books, organization, record.modified);
        (resource.spec().singular.to_owned(), reader.detail(resource, &record), record.modified)
    };
    Some(Shown { singular, detail, time, time_text: format::timestamp(time, organization.zone()), happening })
}

/// One delivery of a record's event.
pub(crate) fn delivery(id: u64, webhook: &Webhook, act: &str, record_id: u64, record: &Shown) -> Delivery {
    let mut name = format!("{}.{act}", record.singular);
    let (content_type, body) = match &record.happening {
        Some(happening) if webhook.format == Format::Event => {
            name.clone_from(&happening.event_type);
            ("application/json", happening.payload.clone())
        }
        _ => {
            let head = [
                ("event_id", format!("{}{id:06}", record.time.timestamp_millis()).into()),
                ("event_type", format!("{}_{act}", record.singular).into()),
                ("created_time", record.time_text.as_str().into()),
            ];
            Told { singular: &record.singular, detail: &record.detail, head }.body(webhook)
        }
    };
    Delivery {
        id,
        webhook_id: webhook.id,
        event: name,
        record_id: record_id.to_string(),
        content_type: content_type.to_owned(),
        body,
        status: Status::Pending,
        attempts: 0,
        due: None,
        last_attempt: None,
        last_status: None,
        last_error: String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiting(id: u64, body: &str) -> Change {
        Change::Delivery(Arc::new(Delivery {
            id,
            webhook_id: 1,
            event: "item.created".to_owned(),
            record_id: String::new(),
            content_type: String::new(),
            body: body.to_owned(),
            status: Status::Pending,
            attempts: 0,
            due: None,
            last_attempt: None,
            last_status: None,
            last_error: String::new(),
        }))
    }

    #[test]
    fn deliveries_that_nobody_takes_are_bounded() {
        let most = MAX_DELIVERIES as u64;
        let mut state = State::default();
        (1..=most).for_each(|id| state.apply(&waiting(id, "")));
        for id in most + 1..=most + 50 {
            let room = make_room(&state.deliveries, 1, 0);
            room.iter().for_each(|change| state.apply(change));
            state.apply(&waiting(id, ""));
        }
        // One more than the most: the one that gave up last is still to be seen.
        assert_eq!((state.deliveries.len(), state.deliveries.last_id()), (MAX_DELIVERIES + 1, most + 50));
        let oldest: Vec<_> = state.deliveries.values().take(2).map(|it| (it.id, it.status)).collect();
        assert_eq!(oldest, [(50, Status::Failed), (51, Status::Pending)]);
        assert_eq!(state.deliveries.due(DateTime::<Utc>::MAX_UTC).len(), MAX_DELIVERIES);
        // The ids stay given in what a rewrite keeps.
        (1..=most + 50).for_each(|id| state.apply(&Change::DeliveryDeleted(id)));
        let mut again = State::default();
        state.snapshot().iter().for_each(|change| again.apply(change));
        assert_eq!((again.deliveries.len(), again.deliveries.last_id()), (0, most + 50));
    }

    #[test]
    fn the_bodies_of_deliveries_are_bounded() {
        let body = "x".repeat(MAX_DELIVERY_BYTES / 8);
        let mut state = State::default();
        for id in 1..=20 {
            let room = make_room(&state.deliveries, 1, body.len());
            room.iter().for_each(|change| state.apply(change));
            state.apply(&waiting(id, &body));
        }
        let kept: Vec<_> = state.deliveries.values().map(|it| it.id).collect();
        assert_eq!(kept, (12..=20).collect::<Vec<_>>());
        assert_eq!(state.deliveries.due(DateTime::<Utc>::MAX_UTC).len(), 8);
        state.deliveries.drop_pending();
        assert_eq!(state.deliveries.bytes(), body.len());
    }
}
