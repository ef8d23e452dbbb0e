//! Sends what is due: to each webhook in the order in which it happened, and to all of them at the same time.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use chrono::{DateTime, TimeDelta, Utc};
use reqwest::redirect::Policy;
use ring::hmac;
use tokio::task::{self, JoinSet};

use super::fault::Mishap;
use super::model::{Delivery, Encoding, Method, Status, Webhook};
use crate::error::ApiError;
use crate::server::App;
use crate::store::change::Change;

/// How often the clock is looked at while something is due later; the clock may be moved at any moment.
const LOOK: Duration = Duration::from_millis(50);
/// How long a webhook rests after an outcome could not be kept. Its delivery is still due then, and without a rest the
/// receiver would get it over and over until the disk has room again.
const REST: Duration = Duration::from_secs(10);
const SIGNATURE: &str = "X-Zoho-Webhook-Signature";

/// Sends deliveries until the emulator stops.
pub(crate) async fn run(app: Arc<App>) {
    // Whoever embeds the emulator may have chosen a provider; theirs stays.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().redirect(Policy::none()).no_proxy().build();
    let client = match client {
        Ok(client) => client,
        Err(error) => {
            tracing::error!(%error, "webhooks cannot be sent, because the HTTP client did not start");
            return;
        }
    };
    let sender = Arc::new(Sender { app, client });
    let mut running: JoinSet<(u64, Option<Arc<Delivery>>)> = JoinSet::new();
    // Webhooks that are being sent to: each has one task, so that one that hangs keeps nobody else waiting.
    let mut busy: BTreeMap<u64, task::Id> = BTreeMap::new();
    // The delivery of each webhook that waits for the next one.
    let mut held: BTreeMap<u64, Arc<Delivery>> = BTreeMap::new();
    loop {
        // Asked for before looking, so that nothing written in between is overlooked.
        let changed = sender.app.store.changed();
        let state = sender.app.store.read();
        // A restored state may have other deliveries under the ids of those that were held.
        held.retain(|_, it| state.deliveries.get(it.id).is_some_and(|known| Arc::ptr_eq(known, it)));
        let mut due: BTreeMap<u64, VecDeque<Arc<Delivery>>> = BTreeMap::new();
        for delivery in state.deliveries.due(sender.app.clock.now()) {
            let webhook = delivery.webhook_id;
            if !busy.contains_key(&webhook) && held.get(&webhook).is_none_or(|held| held.id != delivery.id) {
                due.entry(webhook).or_default().push_back(delivery);
            }
        }
        let waiting = state.deliveries.any_pending();
        drop(state);
        for (webhook, due) in due {
            let (sender, held) = (Arc::clone(&sender), held.remove(&webhook));
            let task = running.spawn(async move { (webhook, sender.work(due, held).await) });
            busy.insert(webhook, task.id());
        }
        tokio::select! {
            () = sender.app.stop.cancelled() => return,
            () = changed => {}
            Some(ended) = running.join_next(), if !running.is_empty() => match ended {
                Ok((webhook, late)) => {
                    busy.remove(&webhook);
                    held.extend(late.map(|late| (webhook, late)));
                }
                Err(error) => {
                    tracing::error!(%error, "a task that sends to a webhook broke off and begins anew after a rest");
                    let of = busy.iter().find(|(_, task)| **task == error.id()).map(|(webhook, _)| *webhook);
                    if let Some(webhook) = of {
                        let sender = Arc::clone(&sender);
                        let task = running.spawn(async move {
                            sender.rest().await;
                            (webhook, None)
                        });
                        busy.insert(webhook, task.id());
                    }
                }
            },
            () = tokio::time::sleep(LOOK), if waiting => {}
        }
    }
}

/// What became of a delivery.
enum Fate {
    Tried,
    /// A rule swallowed or postponed it, or it is gone.
    Passed,
    Held,
    /// What became of it could not be written down, so it is still due.
    Unkept,
}

struct Sender {
    app: Arc<App>,
    client: reqwest::Client,
}

impl Sender {
    /// Sends deliveries of one webhook, one after the other, until an outcome cannot be kept. `held` waits for the next
    /// one that is sent; gives back what waits in the end.
    async fn work(
        &self,
        due: VecDeque<Arc<Delivery>>,
        mut held: Option<Arc<Delivery>>,
    ) -> Option<Arc<Delivery>> {
        for delivery in due {
            match self.handle(&delivery, held.is_some()).await {
                Fate::Passed => {}
                Fate::Held => held = Some(delivery),
                Fate::Tried => {
                    if let Some(late) = held.take().filter(|late| self.waits(late))
                        && self.attempt(&late).await.is_none()
                    {
                        self.rest().await;
                        return None;
                    }
                }
                Fate::Unkept => {
                    self.rest().await;
                    return held;
                }
            }
        }
        held
    }

    /// Lets time pass, but never more than the emulator lives.
    async fn rest(&self) {
        tokio::select! {
            () = self.app.stop.cancelled() => {}
            () = tokio::time::sleep(REST) => {}
        }
    }

    /// Whether a delivery is still to be sent: it may have been forgotten, or another state restored.
    fn waits(&self, delivery: &Arc<Delivery>) -> bool {
        let state = self.app.store.read();
        state.deliveries.get(delivery.id).is_some_and(|known| Arc::ptr_eq(known, delivery))
    }

    /// Sends one delivery, unless it is gone or a rule stands in its way.
    async fn handle(&self, delivery: &Arc<Delivery>, held: bool) -> Fate {
        if !self.waits(delivery) {
            return Fate::Passed;
        }
        let (kept, fate) = match self.app.mishaps.strike(delivery, held) {
            None => (self.attempt(delivery).await, Fate::Tried),
            Some(Mishap::Lost) => {
                (self.keep(Delivery { status: Status::Lost, ..(**delivery).clone() }).await, Fate::Passed)
            }
            Some(Mishap::Doubled) => match self.attempt(delivery).await {
                Some(first) => (self.attempt(&first).await, Fate::Tried),
                None => (None, Fate::Unkept),
            },
            Some(Mishap::Late { seconds }) => {
                let due = self.app.clock.now().checked_add_signed(TimeDelta::seconds(seconds));
                // Without a day it would be due at once, and struck again.
                let due = Some(due.unwrap_or(DateTime::<Utc>::MAX_UTC));
                (self.keep(Delivery { due, ..(**delivery).clone() }).await, Fate::Passed)
            }
            Some(Mishap::Reordered) => return Fate::Held,
        };
        if kept.is_some() { fate } else { Fate::Unkept }
    }

    /// Sends a delivery and gives it back as it was kept, or nothing when it could not be kept.
    async fn attempt(&self, delivery: &Delivery) -> Option<Delivery> {
        // The wait before the next attempt counts from here, however long the receiver takes.
        let now = self.app.clock.now();
        let webhook = self.app.store.read().webhooks.get(&delivery.webhook_id).cloned();
        let next = match webhook {
            Some(webhook) => {
                let outcome = send(&self.client, &webhook, delivery).await;
                delivery.attempted(now, outcome, &webhook.retry_seconds)
            }
            // The first of two arrived before the subscription was removed.
            None if delivery.status == Status::Delivered => delivery.clone(),
            None => Delivery {
                status: Status::Failed,
                due: None,
                last_error: "the subscription was removed".to_owned(),
                ..delivery.clone()
            },
        };
        self.keep(next).await
    }

    /// Writes down what became of a delivery and gives it back, or nothing when it could not be written, which is logged.
    /// The write may wait for others, so it leaves the event loop.
    async fn keep(&self, delivery: Delivery) -> Option<Delivery> {
        let app = Arc::clone(&self.app);
        let kept = task::spawn_blocking(move || {
            let written = keep(&app, &delivery);
            (delivery, written)
        });
        let problem = match kept.await {
            Ok((delivery, Ok(()))) => return Some(delivery),
            Ok((_, Err(error))) => error.to_string(),
            Err(error) => error.to_string(),
        };
        tracing::error!(%problem, "the outcome of a webhook delivery could not be kept; free space on the state file's disk");
        None
    }
}

async fn send(client: &reqwest::Client, webhook: &Webhook, delivery: &Delivery) -> Result<u16, String> {
    let method = match webhook.method {
        Method::Post => reqwest::Method::POST,
        Method::Put => reqwest::Method::PUT,
        Method::Delete => reqwest::Method::DELETE,
    };
    let timeout = Duration::from_secs(webhook.timeout_seconds);
    let mut request = client.request(method, &webhook.url).timeout(timeout);
    // A template may be of any type.
    if !webhook.headers.keys().any(|name| name.eq_ignore_ascii_case("Content-Type")) {
        request = request.header("Content-Type", &delivery.content_type);
    }
    for (name, value) in &webhook.headers {
        request = request.header(name, value);
    }
    if !webhook.secret.is_empty() {
        request = request.header(SIGNATURE, signature(webhook, &delivery.body));
    }
    let answer = request.body(delivery.body.clone()).send().await;
    answer.map(|answer| answer.status().as_u16()).map_err(|error| {
        if error.is_timeout() {
            format!("the receiver did not answer within {} seconds", webhook.timeout_seconds)
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

fn keep(app: &App, delivery: &Delivery) -> Result<(), ApiError> {
    app.store.write(|transaction| {
        // While it was being sent, it may have been cleared away, or another state with another delivery of this id may
        // have been restored.
        let known = transaction.state.deliveries.get(delivery.id);
        if known.is_some_and(|known| known.is_of(delivery)) {
            transaction.apply(Change::Delivery(Arc::new(delivery.clone())));
        }
        Ok(())
    })
}
