//! Sends what is due, in the order in which it happened.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use chrono::TimeDelta;
use reqwest::redirect::Policy;
use ring::hmac;

use super::fault::Mishap;
use super::model::{Delivery, Encoding, Status, Webhook};
use crate::server::App;
use crate::store::change::Change;

/// How long a receiver may take for its answer [?].
const TIMEOUT: Duration = Duration::from_secs(10);
/// How often the clock is looked at while something is due later; the clock may be moved at any moment.
const LOOK: Duration = Duration::from_millis(50);
const SIGNATURE: &str = "X-Zoho-Webhook-Signature";

/// Sends deliveries until the emulator stops.
pub(crate) async fn run(app: Arc<App>) {
    // Whoever embeds the emulator may have chosen a provider; theirs stays.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().timeout(TIMEOUT).redirect(Policy::none()).no_proxy().build();
    let client = match client {
        Ok(client) => client,
        Err(error) => {
            tracing::error!(%error, "webhooks cannot be sent, because the HTTP client did not start");
            return;
        }
    };
    let mut held: Vec<Arc<Delivery>> = Vec::new();
    loop {
        // Asked for before looking, so that nothing written in between is overlooked.
        let changed = app.store.changed();
        let state = app.store.read();
        // A restored state may have other deliveries under the ids of those that were held.
        held.retain(|it| state.deliveries.get(&it.id).is_some_and(|known| Arc::ptr_eq(known, it)));
        let due = state.due_deliveries(app.clock.now());
        let waiting = state.has_pending_deliveries();
        drop(state);
        let due: Vec<_> = due.into_iter().filter(|it| !held.iter().any(|held| held.id == it.id)).collect();
        if due.is_empty() {
            tokio::select! {
                () = app.stop.cancelled() => return,
                () = changed => {}
                () = tokio::time::sleep(LOOK), if waiting => {}
            }
            continue;
        }
        for delivery in due {
            let sent = tokio::select! {
                () = app.stop.cancelled() => return,
                sent = handle(&app, &client, &delivery) => sent,
            };
            if !sent {
                held.push(delivery);
                continue;
            }
            let (release, rest): (Vec<_>, Vec<_>) =
                held.into_iter().partition(|it| it.webhook_id == delivery.webhook_id);
            held = rest;
            for late in release {
                attempt(&app, &client, &late).await;
            }
        }
    }
}

/// Sends one delivery, unless a rule stands in its way. `false` when it is held back behind the next one.
async fn handle(app: &App, client: &reqwest::Client, delivery: &Delivery) -> bool {
    match app.mishaps.strike(delivery) {
        None => attempt(app, client, delivery).await,
        Some(Mishap::Lost) => keep(app, Delivery { status: Status::Lost, ..delivery.clone() }),
        Some(Mishap::Doubled) => {
            attempt(app, client, delivery).await;
            attempt(app, client, delivery).await;
        }
        Some(Mishap::Late { seconds }) => {
            let due = app.clock.now().checked_add_signed(TimeDelta::seconds(seconds));
            keep(app, Delivery { due, ..delivery.clone() });
        }
        Some(Mishap::Reordered) => return false,
    }
    true
}

async fn attempt(app: &App, client: &reqwest::Client, delivery: &Delivery) {
    // The wait before the next attempt counts from here, however long the receiver takes.
    let now = app.clock.now();
    let webhook = app.store.read().webhooks.get(&delivery.webhook_id).cloned();
    let outcome = match &webhook {
        None => Err("the subscription was removed".to_owned()),
        Some(webhook) => send(client, webhook, delivery).await,
    };
    let mut next = delivery.attempted(now, outcome);
    if webhook.is_none() {
        next.status = Status::Failed;
        next.due = None;
    }
    keep(app, next);
}

async fn send(client: &reqwest::Client, webhook: &Webhook, delivery: &Delivery) -> Result<u16, String> {
    let mut request = client.post(&webhook.url).header("Content-Type", &delivery.content_type);
    for (name, value) in &webhook.headers {
        request = request.header(name, value);
    }
    if !webhook.secret.is_empty() {
        request = request.header(SIGNATURE, signature(webhook, &delivery.body));
    }
    let answer = request.body(delivery.body.clone()).send().await;
    answer.map(|answer| answer.status().as_u16()).map_err(|error| {
        if error.is_timeout() {
            "the receiver did not answer within 10 seconds".to_owned()
        } else {
            error.without_url().to_string()
        }
    })
}

/// HMAC-SHA256 of the raw body with the shared secret.
fn signature(webhook: &Webhook, body: &str) -> String {
    let mut signed = String::new();
    if webhook.sign_query {
        let query = webhook.url.split_once('?').map_or("", |(_, query)| query);
        let mut parameters: Vec<(String, String)> =
            form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        parameters.sort();
        signed.extend(parameters.into_iter().flat_map(|(name, value)| [name, value]));
    }
    signed.push_str(body);
    let key = hmac::Key::new(hmac::HMAC_SHA256, webhook.secret.as_bytes());
    let tag = hmac::sign(&key, signed.as_bytes());
    match webhook.encoding {
        Encoding::Hex => tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect(),
        Encoding::Base64 => base64::engine::general_purpose::STANDARD.encode(tag.as_ref()),
    }
}

fn keep(app: &App, delivery: Delivery) {
    let written = app.store.write(|transaction| {
        // While it was being sent, it may have been cleared away, or another state with another delivery of this id may
        // have been restored.
        let known = transaction.state.deliveries.get(&delivery.id);
        if known.is_some_and(|known| known.is_of(&delivery)) {
            transaction.apply(Change::Delivery(Arc::new(delivery)));
        }
        Ok(())
    });
    if let Err(error) = written {
        tracing::error!(%error, "the outcome of a webhook delivery could not be kept");
    }
}
