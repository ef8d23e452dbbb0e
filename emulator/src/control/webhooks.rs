//! Webhooks: subscriptions, the delivery log, faults of delivery, firing by hand.

use std::sync::Arc;

use reqwest::Url;
use reqwest::header::{HeaderName, HeaderValue};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Call, Refusal, Route, document, route};
use crate::envelope::Reply;
use crate::resource;
use crate::store::Transaction;
use crate::store::change::Change;
use crate::store::kind::Kind;
use crate::webhook::event::{delivery, shown};
use crate::webhook::fault::Rule;
use crate::webhook::model::{Delivery, Webhook};

pub(super) static ROUTES: &[Route] = &[
    route("GET", "webhooks", "The subscriptions, secrets masked.", list),
    route(
        "POST",
        "webhooks",
        "Subscribes: {organization_id, url, events?, format?, method?, fields?, template?, secret?, encoding?, \
         sign_query?, headers?, timeout_seconds?, retry_seconds?}. events are <resource>.<created|edited|deleted> with * \
         for either part; comments, attachments, images, receipts, hosted pages, custom fields and Billing's events are \
         told in other formats than event only when they are named. format is default, event (Billing's), form or text; \
         method POST, PUT or DELETE. A form carries the record as JSONString, or the members that fields names; a text \
         is the template with its ${MODULE.MEMBER} filled in, such as ${INVOICE.INVOICE_ID}. A secret signs the raw body \
         with HMAC-SHA256 in X-Zoho-Webhook-Signature, encoding hex or base64; sign_query puts the sorted query \
         parameters in front of it. A receiver has timeout_seconds (10) for its answer; retry_seconds ([60, 300, 1800, \
         7200]) are the waits before further attempts.",
        subscribe,
    ),
    route(
        "DELETE",
        "webhooks/*",
        "Ends a subscription and forgets what it had still to send. Its id is not given again.",
        unsubscribe,
    ),
    route(
        "GET",
        "webhooks/deliveries",
        "The delivery log, oldest first. Narrowed by event, status (pending, delivered, failed, lost), webhook_id.",
        deliveries,
    ),
    route("DELETE", "webhooks/deliveries", "Forgets all deliveries, those that wait included.", forget),
    route("GET", "webhooks/faults", "The faults of delivery with what is left of their counts.", faults),
    route(
        "POST",
        "webhooks/faults",
        "Makes deliveries go wrong: {kind: lost | doubled | late | reordered, seconds (for late, from 0 to a year), event?, count?}.",
        add_fault,
    ),
    route("DELETE", "webhooks/faults", "Removes all faults of delivery.", clear_faults),
    route(
        "POST",
        "webhooks/fire",
        "Sends a record's event as if it had just happened: {webhook_id, resource, id, event}.",
        fire,
    ),
];

fn list(call: &Call<'_>) -> Result<Reply, Refusal> {
    let all: Vec<Value> = call.app.store.read().webhooks.values().map(|it| masked(it)).collect();
    Ok(document(200, &json!({ "webhooks": all })))
}

fn masked(webhook: &Webhook) -> Value {
    let mut shown = json!(webhook);
    if !webhook.secret.is_empty() {
        shown["secret"] = "***".into();
    }
    shown
}

/// Runs `act` as one write: what it looks at is what it changes. Errors: those of `act`, which must not have changed
/// anything then, and 500 when the state file cannot be written.
fn write<T>(call: &Call<'_>, act: impl FnOnce(&mut Transaction) -> Result<T, Refusal>) -> Result<T, Refusal> {
    let written = call.app.store.write(|transaction| Ok(act(transaction)));
    match written.map(|outcome| (outcome, call.app.store.settle())) {
        Ok((outcome, Ok(()))) => outcome,
        _ => Err(Refusal(500, "The state file could not be written. Free space on its disk.".to_owned())),
    }
}

fn subscribe(call: &Call<'_>) -> Result<Reply, Refusal> {
    let mut webhook: Webhook = call.read("subscription")?;
    callable(&webhook)?;
    if let Some(problem) = webhook.problem() {
        return Err(Refusal::bad(problem));
    }
    let shown = write(call, |transaction| {
        let state = &transaction.state;
        if !state.organizations.contains_key(&webhook.organization_id) {
            return Err(Refusal::bad("organization_id names no organization of the emulator."));
        }
        webhook.id = state.last_webhook + 1;
        let shown = masked(&webhook);
        transaction.apply(Change::Webhook(Arc::new(webhook)));
        Ok(shown)
    })?;
    Ok(document(201, &json!({ "webhook": shown })))
}

/// Refuses a subscription that no request could be made of: every delivery of it would fail.
fn callable(webhook: &Webhook) -> Result<(), Refusal> {
    let url = &webhook.url;
    if !(url.starts_with("http://") || url.starts_with("https://")) {
        return Err(Refusal::bad("url is an http or https address."));
    }
    match Url::parse(url) {
        Ok(parsed) if parsed.has_host() => {}
        Ok(_) => return Err(Refusal::bad(format!("url names its host; \"{url}\" names none."))),
        Err(error) => return Err(Refusal::bad(format!("url is an address; \"{url}\" is none: {error}."))),
    }
    for (name, value) in &webhook.headers {
        if HeaderName::from_bytes(name.as_bytes()).is_err() {
            return Err(Refusal::bad(format!(
                "headers are named with letters, digits and dashes; \"{name}\" is no name of a header."
            )));
        }
        // The value may be a secret, so it is not repeated.
        if HeaderValue::from_str(value).is_err() {
            return Err(Refusal::bad(format!(
                "The value of a header is text without line breaks and other control characters; that of {name} is not."
            )));
        }
    }
    Ok(())
}

fn unsubscribe(call: &Call<'_>) -> Result<Reply, Refusal> {
    write(call, |transaction| {
        let state = &transaction.state;
        let id = call.id.parse::<u64>().ok().filter(|id| state.webhooks.contains_key(id));
        let id = id.ok_or_else(|| Refusal(404, "There is no webhook with this id.".to_owned()))?;
        let waiting = state.deliveries.pending().filter(|it| it.webhook_id == id);
        let waiting: Vec<Change> = waiting.map(|it| Change::DeliveryDeleted(it.id)).collect();
        transaction.apply(Change::WebhookDeleted(id));
        waiting.into_iter().for_each(|change| transaction.apply(change));
        Ok(())
    })?;
    Ok(document(200, &json!({ "status": "removed" })))
}

fn deliveries(call: &Call<'_>) -> Result<Reply, Refusal> {
    let (event, status) = (call.query.get("event"), call.query.get("status"));
    let webhook = call.query.get("webhook_id");
    let word = |it: &Delivery| json!(it.status).as_str().map(str::to_owned).unwrap_or_default();
    let state = call.app.store.read();
    let found: Vec<Value> = state
        .deliveries
        .values()
        .filter(|it| event.is_none_or(|event| it.event == event))
        .filter(|it| status.is_none_or(|status| word(it) == status))
        .filter(|it| webhook.is_none_or(|id| it.webhook_id.to_string() == id))
        .map(|it| json!(it))
        .collect();
    Ok(document(200, &json!({ "deliveries": found })))
}

fn forget(call: &Call<'_>) -> Result<Reply, Refusal> {
    write(call, |transaction| {
        let ids: Vec<u64> = transaction.state.deliveries.values().map(|it| it.id).collect();
        ids.into_iter().for_each(|id| transaction.apply(Change::DeliveryDeleted(id)));
        Ok(())
    })?;
    Ok(document(200, &json!({ "status": "cleared" })))
}

fn faults(call: &Call<'_>) -> Result<Reply, Refusal> {
    Ok(document(200, &json!({ "faults": call.app.mishaps.list() })))
}

fn add_fault(call: &Call<'_>) -> Result<Reply, Refusal> {
    let rule: Rule = call.read("fault")?;
    if let Some(problem) = rule.problem() {
        return Err(Refusal::bad(problem));
    }
    call.app.mishaps.add(rule);
    Ok(document(201, &json!({ "status": "added" })))
}

fn clear_faults(call: &Call<'_>) -> Result<Reply, Refusal> {
    call.app.mishaps.clear();
    Ok(document(200, &json!({ "status": "cleared" })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Shot {
    webhook_id: u64,
    /// Singular key of the resource.
    resource: String,
    id: String,
    event: String,
}

fn fire(call: &Call<'_>) -> Result<Reply, Refusal> {
    let shot: Shot = call.read("shot")?;
    if !["created", "edited", "deleted"].contains(&shot.event.as_str()) {
        return Err(Refusal::bad("event is created, edited or deleted."));
    }
    let kind = Kind::all().find(|kind| resource::of(*kind).spec().singular == shot.resource);
    let id = write(call, |transaction| {
        let state = &transaction.state;
        let webhook = state.webhooks.get(&shot.webhook_id);
        let webhook = webhook.ok_or_else(|| Refusal::bad("webhook_id names no webhook."))?;
        let kind =
            kind.ok_or_else(|| Refusal::bad("resource is the singular key of a resource, such as invoice."))?;
        let record = shot
            .id
            .parse()
            .ok()
            .and_then(|id: u64| Some((id, shown(state, &webhook.organization_id, kind, id)?)));
        let (id, record) = record.ok_or_else(|| Refusal::bad("id names no record of the organization."))?;
        let next = state.deliveries.last_id() + 1;
        let fired = delivery(next, webhook, &shot.event, id, &record);
        transaction.apply(Change::Delivery(Arc::new(fired)));
        Ok(next)
    })?;
    Ok(document(201, &json!({ "delivery_id": id })))
}
