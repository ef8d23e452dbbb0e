//! From changes to deliveries.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::model::{Delivery, Format, MAX_DELIVERIES, Status, Webhook};
use crate::engine::reader::Reader;
use crate::format;
use crate::json::Json;
use crate::resource;
use crate::resource::contact::view;
use crate::store::State;
use crate::store::change::Change;
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
        let wanted = after.webhooks.values().filter(|it| it.wants(organization_id, &record.singular, act));
        for webhook in wanted {
            let next = after.next_delivery() + deliveries.len() as u64;
            deliveries.push(Change::Delivery(Arc::new(delivery(next, webhook, act, id, &record))));
        }
    }
    let excess = (after.deliveries.len() + deliveries.len()).saturating_sub(MAX_DELIVERIES);
    let finished = after.deliveries.values().filter(|it| it.status != Status::Pending);
    deliveries.extend(finished.take(excess).map(|old| Change::DeliveryDeleted(old.id)));
    deliveries
}

/// A record as an event shows it.
pub(crate) struct Shown {
    pub(crate) singular: String,
    pub(crate) detail: Json,
    time: DateTime<Utc>,
    time_text: String,
}

/// The record with this id, if there is one.
pub(crate) fn shown(state: &State, organization_id: &str, kind: Kind, id: u64) -> Option<Shown> {
    let organization = state.organizations.get(organization_id)?;
    let books = state.books(organization_id);
    let (singular, detail, time) = if kind == Kind::Contact {
        let contact = books.contacts.get(&id)?;
        ("contact".to_owned(), view::detail(contact, organization, books.clone()), contact.modified)
    } else {
        let record = Arc::clone(books.record(kind, id)?);
        let resource = resource::of(kind);
        let reader = Reader::over(books, organization, record.modified);
        (resource.spec().singular.to_owned(), reader.detail(resource, &record), record.modified)
    };
    Some(Shown { singular, detail, time, time_text: format::timestamp(time, organization.zone()) })
}

/// One delivery of a record's event.
pub(crate) fn delivery(id: u64, webhook: &Webhook, act: &str, record_id: u64, record: &Shown) -> Delivery {
    let keyed = Json::Object(vec![(record.singular.clone(), record.detail.clone())]);
    let (content_type, body) = match webhook.format {
        Format::Default => ("application/json", keyed.to_text()),
        Format::Event => {
            let event = Json::object([
                ("event_id", format!("{}{id:06}", record.time.timestamp_millis()).into()),
                ("event_type", format!("{}_{act}", record.singular).into()),
                ("created_time", record.time_text.as_str().into()),
                ("data", keyed),
            ]);
            ("application/json", event.to_text())
        }
        Format::Form => {
            let text = keyed.to_text();
            let form =
                form_urlencoded::Serializer::new(String::new()).append_pair("JSONString", &text).finish();
            ("application/x-www-form-urlencoded", form)
        }
    };
    Delivery {
        id,
        webhook_id: webhook.id,
        event: format!("{}.{act}", record.singular),
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
