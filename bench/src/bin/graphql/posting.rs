//! What triggers are measured against: a client that does nothing but post the same invoices, as many at a time. It looks at nothing,
//! keeps nothing and has no database.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use finbridge_bench::Failure;
use finbridge_domain::{Amount, WireId};
use finbridge_emulator::{DEMO_CLIENT_ID, DEMO_CLIENT_SECRET, Emulator, Seed};
use finbridge_entity::{Scoped, account, deal};
use finbridge_sync::queue::CONCURRENCY;
use finbridge_tests::TestWorld;
use serde_json::{Value, json};
use uuid::Uuid;

/// Sends what is the bare client's.
struct Bare {
    http: reqwest::Client,
    url: String,
    authorization: String,
}

/// The body that was sent for one deal, for another one. The customer is put in when it is posted.
pub fn body(sample: &Value, deal: &deal::Model) -> Value {
    let mut body = sample.clone();
    let rate = Amount::from_units(deal.amount_units.unwrap_or_default()).to_decimal().normalize();
    let rate: Option<Value> = serde_json::from_str(&rate.to_string()).ok();
    body["reference_number"] = json!(format!("FB-{}", deal.id.simple()));
    body["zcrm_potential_id"] = json!(WireId(deal.wire_id).to_string());
    body["zcrm_potential_name"] = json!(deal.name);
    body["line_items"][0]["rate"] = json!(rate);
    body
}

/// Posts them to an emulator of its own, in which the accounts are customers already, and says how long that took.
pub async fn post(world: &TestWorld, invoices: Vec<(Value, Option<Uuid>)>) -> Result<Duration, Failure> {
    let emulator = Emulator::builder().port(0).seed(Seed::demo()).start().await?;
    let bare = Arc::new(Bare::sign_in(&emulator).await?);
    let mut customers: HashMap<Uuid, String> = HashMap::new();
    for account in account::Entity::of(world.viewer.organization_id).all(&world.app.engine.db).await? {
        let made = bare
            .post("/contacts", &json!({ "contact_name": account.name, "contact_type": "customer" }))
            .await?;
        let id =
            made["contact"]["contact_id"].as_str().ok_or_else(|| format!("no customer was made: {made}"))?;
        customers.insert(account.id, id.to_owned());
    }
    let bodies = invoices.into_iter().map(|(mut body, account)| {
        body["customer_id"] = json!(account.and_then(|account| customers.get(&account)));
        body
    });
    let (bodies, next) = (Arc::new(bodies.collect::<Vec<_>>()), Arc::new(AtomicUsize::new(0)));
    let begun = Instant::now();
    let tasks: Vec<_> = (0..CONCURRENCY)
        .map(|_| {
            let (bare, bodies, next) = (bare.clone(), bodies.clone(), next.clone());
            tokio::spawn(async move {
                while let Some(body) = bodies.get(next.fetch_add(1, Ordering::Relaxed)) {
                    bare.post("/invoices", body).await?;
                }
                Ok::<_, Failure>(())
            })
        })
        .collect();
    for task in tasks {
        task.await??;
    }
    let took = begun.elapsed();
    emulator.shutdown().await;
    Ok(took)
}

impl Bare {
    async fn sign_in(emulator: &Emulator) -> Result<Self, Failure> {
        let (http, url) = (reqwest::Client::new(), emulator.url());
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", DEMO_CLIENT_ID),
            ("client_secret", DEMO_CLIENT_SECRET),
            ("scope", "ZohoBooks.fullaccess.all"),
        ];
        let answer: Value =
            http.post(format!("{url}/oauth/v2/token")).form(&form).send().await?.json().await?;
        let token = answer["access_token"].as_str().ok_or("a token was refused")?;
        Ok(Self { http, url, authorization: format!("Zoho-oauthtoken {token}") })
    }

    async fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        let request = self.http.post(format!("{}/books/v3{path}", self.url)).json(body);
        let answer = request.header("Authorization", &self.authorization).send().await?;
        let status = answer.status();
        let answer: Value = answer.json().await?;
        if status.is_success() { Ok(answer) } else { Err(format!("{path}: {answer}").into()) }
    }
}
