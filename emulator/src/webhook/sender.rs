//! Sends what is due: to each webhook in the order in which it happened, and to all of them at the same time.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use chrono::TimeDelta;
use reqwest::redirect::Policy;
use ring::hmac;
use tokio::task::JoinSet;

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
    let sender = Arc::new(Sender { app, client });
    let mut running: JoinSet<(u64, Option<Arc<Delivery>>)> = JoinSet::new();
    // Webhooks that are being sent to: each has one task, so that one that hangs keeps nobody else waiting.
    let mut busy: BTreeSet<u64> = BTreeSet::new();
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
            if !busy.contains(&webhook) && held.get(&webhook).is_none_or(|held| held.id != delivery.id) {
                due.entry(webhook).or_default().push_back(delivery);
            }
        }
        let waiting = state.deliveries.any_pending();
        drop(state);
        for (webhook, due) in due {
            busy.insert(webhook);
            let (sender, held) = (Arc::clone(&sender), held.remove(&webhook));
            running.spawn(async move { (webhook, sender.work(due, held).await) });
        }
        tokio::select! {
            () = sender.app.stop.cancelled() => return,
            () = changed => {}
            Some(ended) = running.join_next(), if !running.is_empty() => {
                // A task that panicked keeps its webhook, which then gets nothing more; the panic is logged.
                if let Ok((webhook, late)) = ended {
                    busy.remove(&webhook);
                    held.extend(late.map(|late| (webhook, late)));
                }
            }
            () = tokio::time::sleep(LOOK), if waiting => {}
        }
    }
}

/// What became of a delivery.
#[derive(PartialEq)]
enum Fate {
    Tried,
    /// A rule swallowed or postponed it, or it is gone.
    Passed,
    Held,
}

struct Sender {
    app: Arc<App>,
    client: reqwest::Client,
}

impl Sender {
    /// Sends deliveries of one webhook, one after the other. `held` waits for the next one that is sent; gives back what
    /// waits in the end.
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
                    if let Some(late) = held.take().filter(|late| self.waits(late)) {
                        self.attempt(&late).await;
                    }
                }
            }
        }
        held
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
        match self.app.mishaps.strike(delivery, held) {
            None => self.attempt(delivery).await,
            Some(Mishap::Lost) => {
                self.keep(Delivery { status: Status::Lost, ..(**delivery).clone() }).await;
                return Fate::Passed;
            }
            Some(Mishap::Doubled) => {
                self.attempt(delivery).await;
                self.attempt(delivery).await;
            }
            Some(Mishap::Late { seconds }) => {
                let due = self.app.clock.now().checked_add_signed(TimeDelta::seconds(seconds));
                self.keep(Delivery { due, ..(**delivery).clone() }).await;
                return Fate::Passed;
            }
            Some(Mishap::Reordered) => return Fate::Held,
        }
        Fate::Tried
    }

    async fn attempt(&self, delivery: &Delivery) {
        // The wait before the next attempt counts from here, however long the receiver takes.
        let now = self.app.clock.now();
        let webhook = self.app.store.read().webhooks.get(&delivery.webhook_id).cloned();
        let next = match webhook {
            Some(webhook) => delivery.attempted(now, send(&self.client, &webhook, delivery).await),
            None => Delivery {
                status: Status::Failed,
                due: None,
                last_error: "the subscription was removed".to_owned(),
                ..delivery.clone()
            },
        };
        self.keep(next).await;
    }

    /// Writes down what became of a delivery. The write may wait for others, so it leaves the event loop.
    async fn keep(&self, delivery: Delivery) {
        let app = Arc::clone(&self.app);
        let kept = tokio::task::spawn_blocking(move || keep(&app, delivery)).await;
        if let Err(error) = kept {
            tracing::error!(%error, "the outcome of a webhook delivery could not be kept");
        }
    }
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
        let known = transaction.state.deliveries.get(delivery.id);
        if known.is_some_and(|known| known.is_of(&delivery)) {
            transaction.apply(Change::Delivery(Arc::new(delivery)));
        }
        Ok(())
    });
    if let Err(error) = written {
        tracing::error!(%error, "the outcome of a webhook delivery could not be kept");
    }
}
