//! What contacts cost in memory, and what lists cost among them. Each size has a process of its own, so that memory which
//! another one has given back is not counted as free.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Lines, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use finbridge_emulator::{Emulator, Generate};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::client::Client;
use crate::{login, resident};
use finbridge_bench::{Failure, Goals, median};

/// The word that makes the program measure one size.
pub const WORD: &str = "lists";
/// Turns that every size takes with every call, and requests in each turn.
const TURNS: usize = 6;
const IN_A_ROW: usize = 10;
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

/// What one size costs at rest, and the calls it can be asked for.
#[derive(Serialize, Deserialize)]
struct Ready {
    /// Memory that the contacts take.
    bytes: usize,
    fill: Duration,
    fork: Duration,
    /// Name and query of each call. Of calls with one name the slowest counts.
    calls: Vec<(String, String)>,
}

/// A process with one size.
struct Size {
    contacts: usize,
    child: Child,
    orders: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
    ready: Ready,
}

impl Size {
    fn start(contacts: usize) -> Result<Self, Failure> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args([WORD, &contacts.to_string()]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn()?;
        let orders = child.stdin.take().ok_or("a process without an input")?;
        let mut answers = BufReader::new(child.stdout.take().ok_or("a process without an output")?).lines();
        let ready = serde_json::from_str(&answers.next().ok_or("a process ended too soon")??)?;
        Ok(Self { contacts, child, orders, answers, ready })
    }

    /// The times of a few calls in a row.
    fn time(&mut self, call: usize) -> Result<Vec<Duration>, Failure> {
        writeln!(self.orders, "{call}")?;
        Ok(serde_json::from_str(&self.answers.next().ok_or("a process ended too soon")??)?)
    }
}

/// Measures every size in a process of its own and compares them. They take turns, so that a machine that is slower for a
/// while is slower for all of them.
pub fn compare(sizes: &[usize], goals: &mut Goals) -> Result<(), Failure> {
    let mut processes = sizes.iter().map(|size| Size::start(*size)).collect::<Result<Vec<_>, _>>()?;
    for (at, Size { contacts, ready, .. }) in processes.iter().enumerate() {
        let (bytes, fork) = (ready.bytes / contacts, ready.fork);
        println!(
            "{contacts} generated contacts: {bytes} bytes each, made in {:?}, fork {fork:?}",
            ready.fill
        );
        if *contacts >= 100_000 {
            goals.check(bytes <= GOAL_BYTES, || {
                format!("{bytes} bytes for each of {contacts} contacts (goal: {GOAL_BYTES})")
            });
        }
        goals.check(at > 0 || fork <= GOAL_FORK, || format!("a fork of the fewest contacts took {fork:?}"));
    }
    let calls: Vec<String> = match processes.first() {
        Some(first) => first.ready.calls.iter().map(|(name, _)| name.clone()).collect(),
        None => return Ok(()),
    };
    let mut slowest: BTreeMap<&str, Vec<Duration>> = BTreeMap::new();
    for (call, name) in calls.iter().enumerate() {
        let mut times = vec![Vec::new(); processes.len()];
        for _ in 0..TURNS {
            for (process, times) in processes.iter_mut().zip(&mut times) {
                times.extend(process.time(call)?);
            }
        }
        let known = slowest.entry(name).or_insert_with(|| vec![Duration::ZERO; times.len()]);
        for (known, times) in known.iter_mut().zip(times) {
            *known = (*known).max(median(times));
        }
    }
    println!("lists of 200 among {sizes:?} contacts");
    for (name, times) in slowest {
        let (Some(first), Some(last)) = (times.first(), times.last()) else { continue };
        let percent = last.as_nanos() * 100 / first.as_nanos().max(1);
        println!("  {name:44} {times:?} {percent} %");
        goals.check(percent <= GOAL_PERCENT || *last < NOISE, || {
            format!("{name}: {first:?} became {last:?}, {percent} % (goal: {GOAL_PERCENT} %)")
        });
    }
    for Size { mut child, orders, .. } in processes {
        // Its input ends, and so does it.
        drop(orders);
        child.wait()?;
    }
    Ok(())
}

/// Makes one size and then answers every number of a call with the times of a few such calls.
pub async fn measure(size: usize) -> Result<(), Failure> {
    let before = resident()?;
    let started = Instant::now();
    let order = Generate { contacts: u64::try_from(size)?, ..Generate::default() };
    let emulator = Emulator::builder().generate(order).start().await?;
    let fill = started.elapsed();
    let bytes = resident()?.saturating_sub(before);
    let started = Instant::now();
    drop(emulator.fork()?);
    let fork = started.elapsed();
    let mut api = login(&emulator).await?;
    let mut calls = Vec::new();
    for column in COLUMNS {
        for order in ["A", "D"] {
            let name = format!("{column} {order}, slowest of {PAGES} pages");
            let query = |page| format!("sort_column={column}&sort_order={order}&page={page}");
            calls.extend((1..=PAGES).map(|page| (name.clone(), query(page))));
        }
    }
    calls.extend(filters(&mut api).await?);
    let ready = Ready { bytes, fill, fork, calls };
    println!("{}", serde_json::to_string(&ready)?);
    for line in std::io::stdin().lines() {
        let (_, query) = ready.calls.get(line?.parse::<usize>()?).ok_or("there is no such call")?;
        println!("{}", serde_json::to_string(&time(&mut api, query).await?)?);
    }
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

async fn time(api: &mut Client, query: &str) -> Result<Vec<Duration>, Failure> {
    let path = format!("/books/v3/contacts?per_page=200&{query}");
    let mut times = Vec::with_capacity(IN_A_ROW);
    for _ in 0..IN_A_ROW {
        let (took, answer) = api.call("GET", &path, "").await?;
        if answer.contains("\"contacts\":[]") {
            return Err(format!("{query} finds nothing, so its time says nothing").into());
        }
        times.push(took);
    }
    Ok(times)
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
