//! `/_emulator/webhooks`: subscriptions, the delivery log, faults, firing by hand.

use std::sync::Arc;

use serde_json::{Value, json};

use super::event::{delivery, shown};
use super::fault::Rule;
use super::model::{Delivery, Status, Webhook};
use crate::envelope::Reply;
use crate::request::Query;
use crate::resource;
use crate::server::App;
use crate::store::change::Change;
use crate::store::kind::Kind;

/// Answers a call below `/_emulator/webhooks`; `rest` is the path after it.
pub(crate) fn handle(app: &App, method: &str, rest: &str, query: &Query, body: &[u8]) -> Option<Reply> {
    let rest = rest.strip_prefix("webhooks")?.trim_start_matches('/');
    let state = app.store.read();
    Some(match (method, rest) {
        ("GET", "") => {
            let all: Vec<Value> = state.webhooks.values().map(|it| masked(it)).collect();
            document(200, &json!({ "webhooks": all }))
        }
        ("POST", "") => subscribe(app, body),
        ("GET", "deliveries") => deliveries(&state, query),
        ("DELETE", "deliveries") => {
            let ids: Vec<u64> = state.deliveries.keys().copied().collect();
            write(app, ids.into_iter().map(Change::DeliveryDeleted).collect())
        }
        ("GET", "faults") => document(200, &json!({ "faults": app.mishaps.list() })),
        ("POST", "faults") => match serde_json::from_slice::<Rule>(body) {
            Ok(rule) => {
                app.mishaps.add(rule);
                document(201, &json!({ "status": "added" }))
            }
            Err(error) => refused(&format!("The rule is not understood: {error}.")),
        },
        ("DELETE", "faults") => {
            app.mishaps.clear();
            document(200, &json!({ "status": "cleared" }))
        }
        ("POST", "fire") => fire(app, body),
        ("DELETE", id) => match id.parse::<u64>().ok().filter(|id| state.webhooks.contains_key(id)) {
            Some(id) => write(app, vec![Change::WebhookDeleted(id)]),
            None => document(404, &json!({ "error": "There is no webhook with this id." })),
        },
        _ => return None,
    })
}

fn document(status: u16, body: &Value) -> Reply {
    let mut reply = Reply::json(status, &crate::json::Json::Null);
    reply.body = body.to_string().into();
    reply
}

fn refused(sentence: &str) -> Reply {
    document(400, &json!({ "error": sentence }))
}

fn masked(webhook: &Webhook) -> Value {
    let mut shown = json!(webhook);
    if !webhook.secret.is_empty() {
        shown["secret"] = "***".into();
    }
    shown
}

fn write(app: &App, changes: Vec<Change>) -> Reply {
    let written = app.store.write(|transaction| {
        changes.into_iter().for_each(|change| transaction.apply(change));
        Ok(())
    });
    match written.map(|()| app.store.settle()) {
        Ok(Ok(())) => document(200, &json!({ "status": "done" })),
        _ => document(500, &json!({ "error": "The state file could not be written." })),
    }
}

fn subscribe(app: &App, body: &[u8]) -> Reply {
    let mut webhook: Webhook = match serde_json::from_slice(body) {
        Ok(webhook) => webhook,
        Err(error) => return refused(&format!("The subscription is not understood: {error}.")),
    };
    if !(webhook.url.starts_with("http://") || webhook.url.starts_with("https://")) {
        return refused("url is an http or https address.");
    }
    let state = app.store.read();
    if !state.organizations.contains_key(&webhook.organization_id) {
        return refused("organization_id names no organization of the emulator.");
    }
    webhook.id = state.webhooks.keys().next_back().map_or(1, |last| last + 1);
    let shown = masked(&webhook);
    let reply = write(app, vec![Change::Webhook(Arc::new(webhook))]);
    if reply.status == 200 { document(201, &json!({ "webhook": shown })) } else { reply }
}

fn deliveries(state: &crate::store::State, query: &Query) -> Reply {
    let event = query.get("event");
    let status = query.get("status");
    let webhook = query.get("webhook_id");
    let word = |it: &Delivery| json!(it.status).as_str().map(str::to_owned).unwrap_or_default();
    let found: Vec<Value> = state
        .deliveries
        .values()
        .filter(|it| event.is_none_or(|event| it.event == event))
        .filter(|it| status.is_none_or(|status| word(it) == status))
        .filter(|it| webhook.is_none_or(|id| it.webhook_id.to_string() == id))
        .map(|it| json!(it))
        .collect();
    document(200, &json!({ "deliveries": found }))
}

/// `{webhook_id, resource, id, event}`: sends a record's event again, as if it had just happened.
fn fire(app: &App, body: &[u8]) -> Reply {
    let Ok(body) = serde_json::from_slice::<Value>(body) else { return refused("The body is not JSON.") };
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (singular, act) = (text("resource"), text("event"));
    if !["created", "edited", "deleted"].contains(&act.as_str()) {
        return refused("event is created, edited or deleted.");
    }
    let state = app.store.read();
    let webhook = body.get("webhook_id").and_then(Value::as_u64).and_then(|id| state.webhooks.get(&id));
    let Some(webhook) = webhook else { return refused("webhook_id names no webhook.") };
    let Some(kind) = Kind::all().find(|kind| resource::of(*kind).spec().singular == singular) else {
        return refused("resource is the singular key of a resource, such as invoice.");
    };
    let record = text("id")
        .parse()
        .ok()
        .and_then(|id: u64| Some((id, shown(&state, &webhook.organization_id, kind, id)?)));
    let Some((id, record)) = record else { return refused("id names no record of the organization.") };
    let next = state.next_delivery();
    let reply = write(app, vec![Change::Delivery(Arc::new(delivery(next, webhook, &act, id, &record)))]);
    if reply.status != 200 {
        return reply;
    }
    let found = app.store.read().deliveries.get(&next).filter(|it| it.status != Status::Lost).map(|it| it.id);
    document(201, &json!({ "delivery_id": found }))
}
