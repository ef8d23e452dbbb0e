//! How the emulator's contact calls compare with bare axum handlers, over HTTP on one connection. See the README beside.

mod bare;
mod client;
mod contact;
mod lists;

use std::time::{Duration, Instant};

use client::Client;
use finbridge_bench::{Failure, Goals, median};
use finbridge_emulator::{DEMO_CLIENT_ID, DEMO_CLIENT_SECRET, DEMO_EMAIL, DEMO_ZSC_KEY, Emulator};
use serde_json::{Value, json};

/// Requests measured for each number; medians count.
const TRIES: usize = 300;
/// Times that each comparison with a bare handler is made. The middle one counts, so that one noisy moment of the machine
/// decides nothing.
const ROUNDS: usize = 3;
/// Contacts stored when the list and the writes are compared with the bare handlers.
const STORED: usize = 100_000;
/// Contacts among which lists are compared without a wish.
const SIZES: [usize; 2] = [10_000, 1_000_000];
const GOAL_FIRST: Duration = Duration::from_millis(100);
const GOAL_REST: usize = 40_000_000;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let mut words = std::env::args().skip(1).peekable();
    if words.next_if(|word| word == lists::WORD).is_some() {
        return lists::measure(words.next().ok_or("how many contacts?")?.parse()?).await;
    }
    let sizes: Vec<usize> = words.map(|size| size.parse()).collect::<Result<_, _>>()?;
    let mut goals = Goals::default();
    let idle = resident()?;
    let started = Instant::now();
    let emulator = Emulator::builder().start().await?;
    let mut api = login(&emulator).await?;
    api.call("GET", "/books/v3/contacts?per_page=200", "").await?;
    let (first, rest) = (started.elapsed(), resident()?);
    println!("first list after {first:?}; at rest {} MB (before: {} MB)", mega(rest), mega(idle));
    goals
        .check(first <= GOAL_FIRST, || format!("the first list came after {first:?} (goal: {GOAL_FIRST:?})"));
    goals.check(rest <= GOAL_REST, || format!("{} MB at rest (goal: {} MB)", mega(rest), mega(GOAL_REST)));
    compare(&emulator, &mut api, &mut goals).await?;
    drop(emulator);
    lists::compare(if sizes.is_empty() { &SIZES } else { &sizes }, &mut goals)?;
    goals.verdict()
}

/// Lists and writes beside the bare handlers.
async fn compare(emulator: &Emulator, api: &mut Client, goals: &mut Goals) -> Result<(), Failure> {
    emulator.add_sample_contacts(STORED)?;
    let list = "/books/v3/contacts?per_page=200";
    let (_, text) = api.call("GET", list, "").await?;
    let mut answer: Value = serde_json::from_str(&text)?;
    let (_, made) = api.call("POST", "/books/v3/contacts", &new("Blank")).await?;
    let mut made: Value = serde_json::from_str(&made)?;
    let rows = serde_json::from_value(answer["contacts"].take())?;
    let address = bare::serve(rows, serde_json::from_value(made["contact"].take())?).await?;
    let mut bare = Client::connect(&address, "").await?;
    let (_, plain) = bare.call("GET", "/contacts?per_page=200", "").await?;
    println!("a list of 200 has {} bytes, the bare one {}", text.len(), plain.len());
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..TRIES {
            ours.push(api.call("GET", list, "").await?.0);
            theirs.push(bare.call("GET", "/contacts?per_page=200", "").await?.0);
        }
        rounds.push((median(ours), median(theirs)));
    }
    report(goals, "GET 200 of 100,000", rounds, 60);
    let mut rounds = Vec::new();
    for round in 0..ROUNDS {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for number in 0..TRIES * 4 {
            let body = new(&format!("{round}-{number}"));
            ours.push(api.call("POST", "/books/v3/contacts", &body).await?.0);
            theirs.push(bare.call("POST", "/contacts", &body).await?.0);
        }
        rounds.push((median(ours), median(theirs)));
    }
    report(goals, "POST", rounds, 50);
    Ok(())
}

/// The body of a write.
fn new(name: &str) -> String {
    let person = json!({ "first_name": "First", "last_name": "Last", "email": format!("n{name}@x.example"), "phone": "555" });
    json!({
        "contact_name": format!("New {name}"),
        "company_name": "New Company",
        "contact_persons": [person],
        "billing_address": { "address": "1 Main Street", "city": "Springfield", "zip": "12345", "country": "US" },
    })
    .to_string()
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

/// Prints every round, the emulator's time and the bare handler's, and checks the middle one by their ratio.
fn report(goals: &mut Goals, name: &str, rounds: Vec<(Duration, Duration)>, goal: u128) {
    let percent = |(ours, theirs): &(Duration, Duration)| theirs.as_nanos() * 100 / ours.as_nanos().max(1);
    let mut percents: Vec<u128> = rounds.iter().map(percent).collect();
    for ((ours, theirs), percent) in rounds.iter().zip(&percents) {
        println!("{name}: {ours:?}, bare {theirs:?}: {percent} % of the bare handler's speed");
    }
    percents.sort_unstable();
    let middle = percents[percents.len() / 2];
    println!("{name}: {middle} % in the middle of {} rounds (goal: at least {goal} %)", percents.len());
    goals.check(middle >= goal, || format!("{name}: {middle} % of the bare speed (goal: {goal} %)"));
}

/// Bytes of this process in memory.
fn resident() -> Result<usize, Failure> {
    let text = std::fs::read_to_string("/proc/self/statm")?;
    Ok(text.split(' ').nth(1).ok_or("statm has another form")?.parse::<usize>()? * 4096)
}

fn mega(bytes: usize) -> usize {
    bytes / 1_000_000
}
