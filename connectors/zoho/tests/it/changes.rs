//! Reading changes while the list changes under the reader.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};
use finbridge_contract::{Cursor, FailureKind, RemoteRecord};
use serde_json::{Value, json};
use wiremock::matchers::{method, path, query_param};
use wiremock::{Mock, Request, ResponseTemplate};

use crate::support::{World, failure, list_answer};

const LIST: &str = "/books/v3/contacts";

/// The vendor's list: id to time of change, in seconds from the start.
type Rows = Arc<Mutex<BTreeMap<u32, i64>>>;

fn start() -> DateTime<Utc> {
    "2026-01-05T12:00:00Z".parse().unwrap()
}

fn row(id: u32, second: i64) -> Value {
    let time = start() + TimeDelta::seconds(second);
    json!({
        "contact_id": id.to_string(),
        "contact_name": format!("Customer {id}"),
        "contact_type": "customer",
        "last_modified_time": time.format("%Y-%m-%dT%H:%M:%S+0000").to_string(),
    })
}

/// Sorts, filters and pages as the vendor does: by time, then by id, from the given time on.
fn page_of(rows: &BTreeMap<u32, i64>, request: &Request) -> ResponseTemplate {
    let query: BTreeMap<_, _> = request.url.query_pairs().into_owned().collect();
    let since = query.get("last_modified_time").map_or(i64::MIN, |text| {
        let time = DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%z").unwrap();
        (time.to_utc() - start()).num_seconds()
    });
    let mut sorted: Vec<_> = rows.iter().map(|(id, second)| (*second, *id)).collect();
    sorted.retain(|(second, _)| *second >= since);
    sorted.sort_unstable();
    let per_page: usize = query["per_page"].parse().unwrap();
    let skipped = (query["page"].parse::<usize>().unwrap() - 1) * per_page;
    let page = sorted.iter().skip(skipped).take(per_page).map(|(second, id)| row(*id, *second)).collect();
    ResponseTemplate::new(200).set_body_json(list_answer(page, skipped + per_page < sorted.len()))
}

async fn vendor(rows: impl IntoIterator<Item = (u32, i64)>) -> (World, Rows) {
    let world = World::start().await;
    let rows: Rows = Arc::new(Mutex::new(rows.into_iter().collect()));
    let served = Arc::clone(&rows);
    Mock::given(method("GET"))
        .and(path(LIST))
        .respond_with(move |request: &Request| page_of(&served.lock().unwrap(), request))
        .mount(&world.server)
        .await;
    (world, rows)
}

/// Reads to the end; `between` runs after each page with the number of pages read.
async fn read(
    world: &World,
    after: Option<&Cursor>,
    between: impl Fn(usize),
) -> (Vec<RemoteRecord>, Cursor, usize) {
    let (mut records, mut cursor) = (Vec::new(), after.cloned());
    for pages in 1..100 {
        let page = world.customers().list_changed(&world.connection, cursor.as_ref()).await.unwrap();
        records.extend(page.records);
        if !page.more {
            return (records, page.next, pages);
        }
        between(pages);
        cursor = Some(page.next);
    }
    panic!("the list does not end");
}

/// The newest time told of each record.
fn newest(records: &[RemoteRecord]) -> BTreeMap<u32, i64> {
    let seconds = |record: &RemoteRecord| (record.modified_at - start()).num_seconds();
    records.iter().map(|record| (record.remote_id.parse().unwrap(), seconds(record))).collect()
}

#[tokio::test]
async fn the_exact_queries_of_two_readings() {
    let (world, _) = vendor([(1, 0), (2, 90)]).await;
    let (records, cursor, _) = read(&world, None, |_| {}).await;
    assert_eq!(newest(&records), BTreeMap::from([(1, 0), (2, 90)]));
    let (records, again, _) = read(&world, Some(&cursor), |_| {}).await;
    assert_eq!(newest(&records), BTreeMap::from([(2, 90)]), "the overlap repeats the last minute");
    assert_eq!(again, cursor, "a quiet list leaves the cursor where it is");

    let asked = "GET /books/v3/contacts?contact_type=customer&sort_column=last_modified_time&sort_order=A";
    let lines: Vec<_> = world.calls().await.into_iter().map(|(line, _)| line).collect();
    assert_eq!(
        lines,
        [
            format!("{asked}&per_page=200&page=1"),
            format!("{asked}&last_modified_time=2026-01-05T12:00:30+0000&per_page=200&page=1"),
        ]
    );
    let requests = world.server.received_requests().await.unwrap();
    let url = requests[2].url.as_str();
    assert!(url.contains("last_modified_time=2026-01-05T12%3A00%3A30%2B0000"), "{url}");
    assert!(url.contains("organization_id=10234695"), "{url}");
    assert_eq!(requests[2].headers["Authorization"], "Zoho-oauthtoken token-1");
    assert_eq!(requests[2].headers["Accept"], "application/json");
}

#[tokio::test]
async fn records_that_change_between_pages_hide_no_others() {
    let (world, rows) = vendor((0..1000).map(|id| (id, i64::from(id) / 10))).await;
    // After each page a handful of records already read moves to the end.
    let disturb = |pages: usize| {
        let mut rows = rows.lock().unwrap();
        for id in 0..5 {
            rows.insert((pages as u32 - 1) * 5 + id, 1000 + pages as i64);
        }
    };
    let (records, _, _) = read(&world, None, disturb).await;
    assert_eq!(newest(&records), *rows.lock().unwrap());
}

#[tokio::test]
async fn many_records_of_one_second_are_read_by_page_number() {
    let (world, rows) = vendor((0..900).map(|id| (id, if id < 50 { 0 } else { 7 }))).await;
    let (records, _, pages) = read(&world, None, |_| {}).await;
    assert_eq!(newest(&records), *rows.lock().unwrap());
    assert_eq!(pages, 6);
}

#[tokio::test]
async fn a_second_that_loses_records_while_it_is_paged_is_read_again() {
    let (world, rows) = vendor((0..900).map(|id| (id, 7))).await;
    // Record 3 leaves the pages already read, which pulls a later one over their edge.
    let disturb = |pages: usize| {
        if pages == 3 {
            rows.lock().unwrap().insert(3, 70);
        }
    };
    let (records, _, _) = read(&world, None, disturb).await;
    assert_eq!(newest(&records), *rows.lock().unwrap());
}

#[tokio::test]
async fn a_failed_look_for_shifts_names_its_request() {
    let (world, _) = vendor((0..900).map(|id| (id, 7))).await;
    let body = json!({ "code": 0, "message": "success" });
    Mock::given(method("GET"))
        .and(path(LIST))
        .and(query_param("per_page", "1"))
        .respond_with(ResponseTemplate::new(200).set_body_json(body).insert_header("X-Request-Id", "req-9"))
        .with_priority(1)
        .mount(&world.server)
        .await;
    let mut cursor = None;
    // There is something to look for only behind the first page of one second.
    for _ in 0..2 {
        let page = world.customers().list_changed(&world.connection, cursor.as_ref()).await.unwrap();
        cursor = Some(page.next);
    }
    let failure = failure(world.customers().list_changed(&world.connection, cursor.as_ref()).await);
    assert_eq!(failure.kind, FailureKind::Malformed);
    assert_eq!(failure.request_id.as_deref(), Some("req-9"));
}

#[tokio::test]
async fn a_change_after_the_reading_is_told_by_the_next_even_in_the_same_second() {
    let (world, rows) = vendor([(1, 0), (2, 90)]).await;
    let (_, cursor, _) = read(&world, None, |_| {}).await;
    rows.lock().unwrap().insert(3, 90);
    rows.lock().unwrap().insert(1, 120);
    let (records, _, _) = read(&world, Some(&cursor), |_| {}).await;
    assert_eq!(newest(&records), BTreeMap::from([(1, 120), (2, 90), (3, 90)]));
}

#[tokio::test]
async fn rows_tell_less_and_vendors_are_left_out() {
    let world = World::start().await;
    let mut vendor = row(2, 1);
    vendor["contact_type"] = "vendor".into();
    world.answer("GET", LIST, 200, list_answer(vec![row(1, 0), vendor], false)).await;
    let page = world.customers().list_changed(&world.connection, None).await.unwrap();
    assert_eq!(page.records.len(), 1);
    let told: Vec<_> = page.records[0].values.keys().map(|field| field.as_str()).collect();
    assert_eq!(told, ["displayName"]);
}

#[tokio::test]
async fn ids_are_read_to_the_end_while_records_are_removed() {
    let (world, rows) = vendor((0..1000).map(|id| (id, i64::from(id) / 10))).await;
    let (mut ids, mut cursor) = (BTreeSet::new(), None);
    for pages in 0..100 {
        let page = world.customers().list_ids(&world.connection, cursor.as_ref()).await.unwrap();
        ids.extend(page.ids.into_iter().map(|id| id.parse::<u32>().unwrap()));
        let Some(next) = page.next else { break };
        cursor = Some(next);
        // Records already read go, which would pull later ones over the edges of numbered pages.
        rows.lock().unwrap().retain(|id, _| !(pages * 3..pages * 3 + 3).contains(id));
    }
    let left: BTreeSet<_> = rows.lock().unwrap().keys().copied().collect();
    assert!(ids.is_superset(&left), "{:?}", left.difference(&ids).collect::<Vec<_>>());
}

#[tokio::test]
async fn an_answer_without_rows_is_not_an_empty_list() {
    for body in [json!({ "code": 0, "message": "success" }), list_answer(vec![], true)] {
        let world = World::start().await;
        world.answer("GET", LIST, 200, body).await;
        let outcome = world.customers().list_changed(&world.connection, None).await;
        assert_eq!(failure(outcome).kind, FailureKind::Malformed);
    }
}
