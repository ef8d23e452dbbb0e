//! What the engine is measured against: a client that does nothing but send the engine's writes, as many at a time. It
//! plans nothing, reads nothing back and has no database.

use std::time::{Duration, Instant};

use finbridge_emulator::{DEMO_CLIENT_ID, DEMO_CLIENT_SECRET, Emulator, Seed};
use reqwest::Method;
use serde_json::{Value, json};

use crate::fill::{PERSONS, account_of, person_of};
use finbridge_bench::Failure;

/// Records written at the same time, as the engine does.
const PARALLEL: usize = 4;

/// Ids of CRM records have 18 digits.
const FIRST_ACCOUNT: u64 = 100_000_000_000_000_000;
const FIRST_CONTACT: u64 = 200_000_000_000_000_000;

#[derive(Clone)]
struct Bare {
    http: reqwest::Client,
    url: String,
    authorization: String,
}

/// Writes so many customers with their persons into an emulator of its own, and says how long that took.
pub async fn write(customers: usize) -> Result<Duration, Failure> {
    let emulator = Emulator::builder().port(0).seed(Seed::demo()).start().await?;
    let (http, url) = (reqwest::Client::new(), emulator.url());
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", DEMO_CLIENT_ID),
        ("client_secret", DEMO_CLIENT_SECRET),
        ("scope", "ZohoBooks.fullaccess.all"),
    ];
    let answer: Value = http.post(format!("{url}/oauth/v2/token")).form(&form).send().await?.json().await?;
    let token = answer["access_token"].as_str().ok_or("a token was refused")?;
    let bare = Bare { http, url, authorization: format!("Zoho-oauthtoken {token}") };
    let begun = Instant::now();
    let mut tasks = Vec::with_capacity(PARALLEL);
    for place in 0..PARALLEL {
        let bare = bare.clone();
        tasks.push(tokio::spawn(async move {
            for n in (place..customers).step_by(PARALLEL) {
                bare.customer(n).await?;
            }
            Ok::<_, Failure>(())
        }));
    }
    for task in tasks {
        task.await??;
    }
    let took = begun.elapsed();
    emulator.shutdown().await;
    Ok(took)
}

impl Bare {
    async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Result<Value, Failure> {
        let request = self.http.request(method, format!("{}{path}", self.url));
        let request = request.header("Authorization", &self.authorization);
        let request = match &body {
            Some(body) => request.json(body),
            None => request,
        };
        let answer = request.send().await?;
        let status = answer.status();
        let body: Value = answer.json().await?;
        if status.is_success() { Ok(body) } else { Err(format!("{path}: {body}").into()) }
    }

    async fn customer(&self, n: usize) -> Result<(), Failure> {
        let (name, website) = account_of(n);
        let wire_id = FIRST_ACCOUNT + n as u64;
        let record = json!({ "contact_name": name, "company_name": name, "website": website,
                             "contact_type": "customer", "customer_sub_type": "business" });
        let known = format!("/integration/v1/crm/accounts/{wire_id}");
        self.send(Method::PUT, &known, Some(json!({ "record": record }))).await?;
        let made = self.send(Method::POST, &format!("/books/v3/crm/account/{wire_id}/import"), None).await?;
        let data = &made["data"];
        let id = ["contact_id", "customer_id"].iter().find_map(|id| data[*id].as_str());
        let id = id.ok_or_else(|| format!("the import names no customer: {made}"))?.to_owned();
        for place in 0..PERSONS {
            let (first_name, last_name, email) = person_of(n, place);
            let person =
                json!({ "contact_id": id, "first_name": first_name, "last_name": last_name, "email": email });
            let made = self.send(Method::POST, "/books/v3/contacts/contactpersons", Some(person)).await?;
            let person = &made["contact_person"]["contact_person_id"];
            let person = person.as_str().ok_or_else(|| format!("no person was made: {made}"))?;
            let link =
                json!({ "zcrm_contact_id": (FIRST_CONTACT + (n * PERSONS + place) as u64).to_string() });
            self.send(Method::PUT, &format!("/integration/v1/contactpersons/{person}/link"), Some(link))
                .await?;
        }
        Ok(())
    }
}
