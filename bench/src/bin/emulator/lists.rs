//! What contacts cost in memory, and what lists cost among them. Each size has a process of its own, so that memory which
//! another one has given back is not counted as free.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::{Duration, Instant};

use finbridge_emulator::{Emulator, Generate};
use serde_json::{Value, json};

use crate::client::Client;
use crate::{login, mega, resident};
use finbridge_bench::{Failure, Goals, median};

/// The word that makes the program measure one size.
pub const WORD: &str = "lists";
/// Requests measured for each page.
const TRIES: usize = 60;
/// Contacts that are changed after all others.
const CHANGED: usize = 50;
/// The name of a contact that no other name begins with.
const ONLY: &str = "Only Name";
/// The company that they get.
const COMPANY: &str = "One Company";
/// Pages of each order that are looked at.
const PAGES: usize = 10;
/// How much longer a list may take among the most contacts than among the fewest.
const GOAL_PERCENT: u128 = 150;
/// Times below this differ by chance, so that no goal is missed by them.
const NOISE: Duration = Duration::from_micros(100);
const GOAL_BYTES: usize = 2_000;
const GOAL_FORK: Duration = Duration::from_millis(200);
const COLUMNS: [&str; 7] = [
    "contact_name",
    "first_name",
    "last_name",
    "email",
    "outstanding_receivable_amount",
    "created_time",
    "last_modified_time",
];

/// Measures every size in a process of its own and compares them.
pub fn compare(sizes: &[usize], goals: &mut Goals) -> Result<(), Failure> {
    let mut times: BTreeMap<String, Vec<Duration>> = BTreeMap::new();
    for size in sizes {
        let output = Command::new(std::env::current_exe()?).args([WORD, &size.to_string()]).output()?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
        }
        let measured: BTreeMap<String, u64> = serde_json::from_slice(&output.stdout)?;
        for (name, nanos) in measured {
            match name.as_str() {
                "bytes" => {
                    let bytes = usize::try_from(nanos)? / size;
                    println!("{size} generated contacts: {bytes} bytes each");
                    if *size >= 100_000 {
                        goals.check(bytes <= GOAL_BYTES, || {
                            format!("{bytes} bytes for each of {size} contacts (goal: {GOAL_BYTES})")
                        });
                    }
                }
                "fill" => println!("{size} generated contacts: made in {:?}", Duration::from_nanos(nanos)),
                _ => times.entry(name).or_default().push(Duration::from_nanos(nanos)),
            }
        }
    }
    println!("lists of 200 among {sizes:?} contacts");
    for (name, times) in times {
        let (Some(first), Some(last)) = (times.first(), times.last()) else { continue };
        if name == "fork" {
            println!("  {name:44} {times:?}");
            goals.check(*first <= GOAL_FORK, || format!("a fork of the fewest contacts took {first:?}"));
            continue;
        }
        let percent = last.as_nanos() * 100 / first.as_nanos().max(1);
        println!("  {name:44} {times:?} {percent} %");
        goals.check(percent <= GOAL_PERCENT || *last < NOISE, || {
            format!("{name}: {first:?} became {last:?}, {percent} % (goal: {GOAL_PERCENT} %)")
        });
    }
    Ok(())
}

/// Measures one size and prints nanoseconds, and bytes, by name.
pub async fn measure(size: usize) -> Result<(), Failure> {
    let mut measured: BTreeMap<String, u64> = BTreeMap::new();
    let before = resident()?;
    let started = Instant::now();
    let order = Generate { contacts: u64::try_from(size)?, ..Generate::default() };
    let emulator = Emulator::builder().generate(order).start().await?;
    measured.insert("fill".to_owned(), nanos(started.elapsed()));
    measured.insert("bytes".to_owned(), u64::try_from(resident()?.saturating_sub(before))?);
    let started = Instant::now();
    let fork = emulator.fork()?;
    measured.insert("fork".to_owned(), nanos(started.elapsed()));
    drop(fork);
    let mut api = login(&emulator).await?;
    for column in COLUMNS {
        for order in ["A", "D"] {
            let query = format!("sort_column={column}&sort_order={order}");
            let mut worst = Duration::ZERO;
            for page in 1..=PAGES {
                worst = worst.max(time(&mut api, &format!("{query}&page={page}")).await?);
            }
            measured.insert(format!("{column} {order}, slowest of {PAGES} pages"), nanos(worst));
        }
    }
    for (name, query) in filters(&mut api).await? {
        measured.insert(name, nanos(time(&mut api, &query).await?));
    }
    println!("{}", serde_json::to_string(&measured)?);
    eprintln!("{} MB", mega(resident()?));
    Ok(())
}

/// Conditions that there are rows for.
async fn filters(api: &mut Client) -> Result<Vec<(String, String)>, Failure> {
    // Contacts are generated in one order, so that this one is the same at every size.
    let row = api.call("GET", "/books/v3/contacts?per_page=200&page=3&sort_column=created_time", "").await?.1;
    let row: Value = serde_json::from_str(&row)?;
    let rows = row["contacts"].as_array().into_iter().flatten();
    let row =
        rows.skip(100).find(|row| row["company_name"] != "").ok_or("no generated contact is a company")?;
    let text = |name: &str| row[name].as_str().map(str::to_owned).ok_or("a generated contact lacks a text");
    // Among more contacts more names begin with a whole name, so that one gets a name that none begins with.
    let (name, email) = (text("contact_name")?, text("email")?);
    let path = format!("/books/v3/contacts/{}", text("contact_id")?);
    api.call("PUT", &path, &json!({ "contact_name": ONLY }).to_string()).await?;
    let all = text("last_modified_time")?;
    // The clock shows seconds in answers; what is changed now shall be later than everything else.
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let path = format!("/books/v3/contacts?per_page={CHANGED}&sort_column=first_name");
    let rows = api.call("GET", &path, "");
    let rows: Value = serde_json::from_str(&rows.await?.1)?;
    let mut since = String::new();
    for row in rows["contacts"].as_array().into_iter().flatten() {
        let id = row["contact_id"].as_str().ok_or("a contact without an id")?;
        // Generated companies have more contacts among more; this one has as many at every size.
        let body = json!({ "website": "www.example.com", "company_name": COMPANY }).to_string();
        let (_, answer) = api.call("PUT", &format!("/books/v3/contacts/{id}"), &body).await?;
        let answer: Value = serde_json::from_str(&answer)?;
        let time = answer["contact"]["last_modified_time"].as_str().unwrap_or_default();
        if since.is_empty() {
            time.clone_into(&mut since);
        }
    }
    let change = "sort_column=last_modified_time";
    let few = format!("last_modified_time={}", escaped(&since));
    let most = format!("last_modified_time={}", escaped(&all));
    let beginning = |text: &str, length: usize| escaped(&text.chars().take(length).collect::<String>());
    Ok([
        ("name is", format!("contact_name={}", escaped(ONLY))),
        ("name begins, few", format!("contact_name_startswith={}", beginning(ONLY, ONLY.len() - 1))),
        ("name begins, many", format!("contact_name_startswith={}", beginning(&name, 1))),
        (
            "name begins, many, by name descending",
            format!("contact_name_startswith={}&sort_order=D", beginning(&name, 1)),
        ),
        ("e-mail is", format!("email={}", escaped(&email))),
        ("e-mail begins, few", format!("email_startswith={}", beginning(&email, email.len() - 1))),
        ("e-mail begins, many", format!("email_startswith={}", beginning(&email, 1))),
        ("company is, by change", format!("company_name={}&{change}", escaped(COMPANY))),
        ("changed since, few, by change", format!("{few}&{change}")),
        ("changed since, few, by change descending", format!("{few}&{change}&sort_order=D")),
        ("changed since, few, by name", few),
        ("changed since, all, by change", format!("{most}&{change}")),
        ("changed since, all, by change, page 10", format!("{most}&{change}&page=10")),
        ("changed since, all, by change descending", format!("{most}&{change}&sort_order=D")),
        ("changed since, all, by name", most),
    ]
    .map(|(name, query)| (name.to_owned(), query))
    .into())
}

async fn time(api: &mut Client, query: &str) -> Result<Duration, Failure> {
    let path = format!("/books/v3/contacts?per_page=200&{query}");
    let mut times = Vec::with_capacity(TRIES);
    for _ in 0..TRIES {
        let (took, answer) = api.call("GET", &path, "").await?;
        if answer.contains("\"contacts\":[]") {
            return Err(format!("{query} finds nothing, so its time says nothing").into());
        }
        times.push(took);
    }
    Ok(median(times))
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

fn escaped(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() {
            out.push(char::from(byte));
        } else {
            out += &format!("%{byte:02X}");
        }
    }
    out
}
