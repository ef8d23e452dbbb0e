//! How the emulator's contact calls compare with bare axum handlers, over HTTP on one connection. See the README beside.

mod bare;
mod client;

use std::time::{Duration, Instant};

use client::Client;
use finbridge_emulator::{DEMO_CLIENT_ID, DEMO_CLIENT_SECRET, DEMO_EMAIL, DEMO_ZSC_KEY, Emulator};
use serde_json::{Value, json};

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Requests measured for each number; medians count.
const TRIES: usize = 300;
/// Contacts stored when the list and the writes are compared with the bare handlers.
const STORED: usize = 100_000;
/// Lists whose cost must not depend on how many contacts there are.
const LISTS: [(&str, &str); 10] = [
    ("by name, page 1", "sort_column=contact_name"),
    ("by name, page 10", "sort_column=contact_name&page=10"),
    ("by change, descending", "sort_column=last_modified_time&sort_order=D"),
    ("by creation, page 10", "sort_column=created_time&page=10"),
    ("by e-mail, page 10", "sort_column=email&page=10"),
    ("by outstanding amount", "sort_column=outstanding_receivable_amount&sort_order=D"),
    ("name is", "contact_name=Contact%200000007-1"),
    ("name begins", "contact_name_startswith=contact%2000000"),
    ("e-mail begins", "email_startswith=person77%40"),
    ("company is, by change", "company_name=company%209&sort_column=last_modified_time"),
];

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let sizes: Vec<usize> = std::env::args().skip(1).map(|size| size.parse()).collect::<Result<_, _>>()?;
    let idle = resident()?;
    let started = Instant::now();
    let emulator = Emulator::builder().start().await?;
    let mut api = login(&emulator).await?;
    api.call("GET", "/books/v3/contacts?per_page=200", "").await?;
    println!(
        "first list after {:?}; at rest {} MB (before: {} MB)",
        started.elapsed(),
        mega(resident()?),
        mega(idle)
    );
    compare(&emulator, &mut api).await?;
    drop(emulator);
    for size in if sizes.is_empty() { vec![10_000, 100_000] } else { sizes } {
        grow(size).await?;
    }
    Ok(())
}

/// Lists and writes beside the bare handlers.
async fn compare(emulator: &Emulator, api: &mut Client) -> Result<(), Failure> {
    emulator.add_sample_contacts(STORED)?;
    let list = "/books/v3/contacts?per_page=200";
    let (_, text) = api.call("GET", list, "").await?;
    let mut answer: Value = serde_json::from_str(&text)?;
    let address = bare::serve(serde_json::from_value(answer["contacts"].take())?).await?;
    let mut bare = Client::connect(&address, "").await?;
    let (_, plain) = bare.call("GET", "/contacts?per_page=200", "").await?;
    println!("a list of 200 has {} bytes, the bare one {}", text.len(), plain.len());
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..TRIES {
        ours.push(api.call("GET", list, "").await?.0);
        theirs.push(bare.call("GET", "/contacts?per_page=200", "").await?.0);
    }
    report("GET 200 of 100,000", ours, theirs, 60);
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for number in 0..TRIES * 4 {
        let body = json!({
            "contact_name": format!("New {number}"), "company_name": "New Company",
            "contact_persons": [{"first_name": "First", "last_name": "Last", "email": format!("n{number}@x.example"), "phone": "555"}],
            "billing_address": {"address": "1 Main Street", "city": "Springfield", "zip": "12345", "country": "US"},
        });
        let body = body.to_string();
        ours.push(api.call("POST", "/books/v3/contacts", &body).await?.0);
        theirs.push(bare.call("POST", "/contacts", &body).await?.0);
    }
    report("POST", ours, theirs, 50);
    Ok(())
}

/// What contacts cost in memory, and what lists cost among them.
async fn grow(size: usize) -> Result<(), Failure> {
    let before = resident()?;
    let emulator = Emulator::builder().start().await?;
    let started = Instant::now();
    emulator.add_sample_contacts(size)?;
    let (took, bytes) = (started.elapsed(), resident()?.saturating_sub(before));
    println!("{size} contacts: filled in {took:?}, {} MB, {} bytes each", mega(bytes), bytes / size.max(1));
    let started = Instant::now();
    let fork = emulator.fork()?;
    println!("  {:24} {:?}", "fork", started.elapsed());
    drop(fork);
    let mut api = login(&emulator).await?;
    for (name, query) in LISTS {
        let path = format!("/books/v3/contacts?per_page=200&{query}");
        let mut times = Vec::new();
        for _ in 0..TRIES / 3 {
            times.push(api.call("GET", &path, "").await?.0);
        }
        println!("  {name:24} {:?}", median(times));
    }
    Ok(())
}

async fn login(emulator: &Emulator) -> Result<Client, Failure> {
    let address = emulator.addr().to_string();
    let mut client = Client::connect(&address, "").await?;
    let keys = json!({
        "client_id": DEMO_CLIENT_ID, "client_secret": DEMO_CLIENT_SECRET, "email": DEMO_EMAIL, "zsc_key": DEMO_ZSC_KEY,
    });
    let (_, answer) = client.call("POST", "/integration/v1/zsc/exchange", &keys.to_string()).await?;
    let refresh = member(&answer, "refresh_token")?;
    let query = format!(
        "/oauth/v2/token?grant_type=refresh_token&refresh_token={refresh}&client_id={DEMO_CLIENT_ID}&client_secret={DEMO_CLIENT_SECRET}"
    );
    let (_, answer) = client.call("POST", &query, "").await?;
    Client::connect(&address, &format!("Authorization: Bearer {}\r\n", member(&answer, "access_token")?))
        .await
}

fn member(answer: &str, name: &str) -> Result<String, Failure> {
    let answer: Value = serde_json::from_str(answer)?;
    Ok(answer[name].as_str().ok_or("a token was refused")?.to_owned())
}

fn report(name: &str, ours: Vec<Duration>, theirs: Vec<Duration>, goal: u128) {
    let (ours, theirs) = (median(ours), median(theirs));
    let percent = theirs.as_nanos() * 100 / ours.as_nanos().max(1);
    println!(
        "{name}: {ours:?}, bare {theirs:?}: {percent} % of the bare handler's speed (goal: at least {goal} %)"
    );
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// Bytes of this process in memory.
fn resident() -> Result<usize, Failure> {
    let text = std::fs::read_to_string("/proc/self/statm")?;
    Ok(text.split(' ').nth(1).ok_or("statm has another form")?.parse::<usize>()? * 4096)
}

fn mega(bytes: usize) -> usize {
    bytes / 1_000_000
}
