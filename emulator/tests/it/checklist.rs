//! The checklist of easily missed behaviours (API facts, section 18): each line has its tests, here or elsewhere.

use std::path::Path;

use chrono::{NaiveDate, TimeDelta};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::calls::*;
use crate::sales::shop;
use crate::whole_world::*;
use crate::world::*;

/// Number of the line, then the tests that hold it, as `file::test`.
const LINES: [(u8, &[&str]); 20] = [
    (1, &["checklist::s18_01_ids_are_strings_everywhere"]),
    (2, &["checklist::s18_02_the_envelope_is_json_with_an_integer_code"]),
    (
        3,
        &[
            "oauth::grants_by_form_and_by_query",
            "oauth::client_credentials_name_an_organization_of_a_service",
            "encoding::paths_and_headers_are_tolerant",
        ],
    ),
    (
        4,
        &[
            "oauth::failures_are_http_200_with_an_error",
            "limits::refreshing_too_often_is_denied_and_retries_prolong_it",
        ],
    ),
    (5, &["scopes::the_organization_is_selected_by_query_header_or_default"]),
    (6, &["encoding::every_encoding_is_understood"]),
    (7, &["checklist::s18_07_lists_are_tolerant"]),
    (8, &["checklist::s18_08_rows_changed_at_or_after_an_instant"]),
    (9, &["checklist::s18_09_rows_have_cursors"]),
    (10, &["expenses::lists_of_expenses", "customerpayments::rows_lists_and_bulk_deletion"]),
    (11, &["errors::organizations_are_selected_checked_and_written"]),
    (12, &["checklist::s18_12_and_13_keys_that_differ_from_the_path"]),
    (13, &["checklist::s18_12_and_13_keys_that_differ_from_the_path"]),
    (14, &["encoding::paths_and_headers_are_tolerant", "limits::the_minute_of_an_organization_rolls"]),
    (
        15,
        &[
            "errors::routes_that_do_not_exist_or_are_not_emulated",
            "errors::missing_records",
            "oauth::tokens_expire_are_revoked_and_need_scopes",
        ],
    ),
    (
        16,
        &[
            "estimates::every_transition_is_allowed_or_refused_as_described",
            "invoices::every_transition_is_allowed_or_refused_as_described",
        ],
    ),
    (17, &["encoding::paths_and_headers_are_tolerant"]),
    (18, &["checklist::s18_18_deletion_answers_200_with_a_sentence"]),
    (
        19,
        &[
            "items::several_items_are_read_and_deleted_at_once",
            "contacts::bulk_delete_reports_each_contact",
            "invoices::bulk_calls_answer_for_each_record",
        ],
    ),
    (
        20,
        &[
            "checklist::s18_20_gzip_and_harmless_methods",
            "checklist::s18_20_a_connection_carries_several_calls",
            "control::reset_health_and_status_page",
        ],
    ),
];

#[test]
fn every_line_has_its_tests() {
    for (at, (number, tests)) in (1u8..).zip(LINES) {
        assert_eq!(at, number);
        assert!(!tests.is_empty(), "line {number}");
        for name in tests {
            let (file, test) = name.split_once("::").unwrap();
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/it/{file}.rs"));
            let source = std::fs::read_to_string(path).unwrap();
            assert!(source.contains(&format!("async fn {test}()")), "line {number}: {name}");
        }
    }
}

/// Members whose name ends in `_id` or `_ids` and whose value is a number.
fn numeric_ids(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let number =
                    value.is_number() || value.as_array().is_some_and(|it| it.iter().any(Value::is_number));
                if (name.ends_with("_id") || name.ends_with("_ids")) && number {
                    found.push(format!("{at}.{name}"));
                }
                numeric_ids(value, &format!("{at}.{name}"), found);
            }
        }
        Value::Array(items) => items.iter().for_each(|it| numeric_ids(it, at, found)),
        _ => {}
    }
}

#[tokio::test]
async fn s18_01_ids_are_strings_everywhere() {
    let w = everywhere().await;
    let mut found = Vec::new();
    for (path, key, _) in LISTS {
        let list = w.api.get(path).await;
        numeric_ids(&list, path, &mut found);
        let Some(row) = list[key].get(0) else { continue };
        let id = row.as_object().unwrap().iter().find(|(name, _)| name.ends_with("_id")).unwrap().1;
        assert!(id.is_string(), "{path}: {row}");
    }
    assert_eq!(found, [""; 0]);
}

#[tokio::test]
async fn s18_02_the_envelope_is_json_with_an_integer_code() {
    let w = everywhere().await;
    for path in LISTS.iter().map(|it| it.0).chain(["/books/v3/contacts/1", "/books/v3/nonsense"]) {
        let response = w.api.request("GET", path).send().await.unwrap();
        let kind = response.headers()["content-type"].to_str().unwrap().to_owned();
        assert!(
            kind.starts_with("application/json") && kind.to_ascii_lowercase().contains("utf-8"),
            "{path}: {kind}"
        );
        let good = response.status() == 200;
        let bytes = response.bytes().await.unwrap();
        assert_eq!(bytes[0], b'{', "{path} begins with a mark");
        let body: Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(body["code"].as_u64() == Some(0), good, "{path}: {body}");
        assert!(body["code"].is_u64() && body["message"].is_string(), "{path}: {body}");
    }
}

#[tokio::test]
async fn s18_07_lists_are_tolerant() {
    let w = everywhere().await;
    for (path, key, _) in LISTS {
        let count = |list: &Value| list[key].as_array().map(Vec::len);
        let all = count(&w.api.get(path).await);
        assert!(all.is_some(), "{path} has no {key}");
        for same in ["?page=&per_page=&sort_column=&filter_by=", "?page=0", "?per_page=500"] {
            assert_eq!(count(&w.api.get(&format!("{path}{same}")).await), all, "{path}{same}");
        }
    }
    let clamped = w.api.get("contacts?per_page=500").await;
    assert_eq!(clamped["page_context"]["per_page"], 200);
    assert_eq!(w.api.get("contacts?page=99").await["contacts"], json!([]));
}

/// The only list that takes a time of change and does not look at it: its rows show none.
const WITHOUT_CHANGES: [&str; 1] = ["/billing/v1/hostedpages"];

/// Everything was changed at the start of the clock and nothing since.
#[tokio::test]
async fn s18_08_rows_changed_at_or_after_an_instant() {
    let w = everywhere().await;
    let lists = LISTS.iter().map(|it| (it.0, it.1)).chain([("/books/v3/settings/currencies", "currencies")]);
    for (path, key) in lists {
        let count = async |since: &str| {
            let list = w.api.get(&format!("{path}?last_modified_time={since}")).await;
            list[key].as_array().unwrap_or_else(|| panic!("{path} has no {key}")).len()
        };
        let all = w.api.get(path).await[key].as_array().unwrap().len();
        assert!(all > 0, "{path} has no row");
        for at in [
            "2026-01-05T20:06:10Z",
            "2026-01-05T20:06:10%2B0000",
            "2026-01-05T12:06:10-0800",
            "2026-01-06T01:36:10%2B05:30",
            // A plus that was not escaped arrives as a space.
            "2026-01-05T21:06:10+0100",
        ] {
            assert_eq!(count(at).await, all, "{path} {at}");
        }
        let later = if WITHOUT_CHANGES.contains(&path) { all } else { 0 };
        assert_eq!(count("2026-01-05T20:06:11Z").await, later, "{path}");
    }
    // Of two rows only the one that was changed since is listed.
    w.clock.advance(TimeDelta::seconds(1));
    let item = text(&w.api.get("items").await["items"][0], "item_id");
    done(&w.api, 201, "POST", "items", json!({"name": "Bolt", "rate": 1})).await;
    let since = "last_modified_time=2026-01-05T20:06:11Z";
    assert_eq!(column(&w.api.get(&format!("items?{since}")).await, "items", "name"), ["Bolt"]);
    done(&w.api, 200, "PUT", &format!("items/{item}"), json!({"rate": 2})).await;
    assert_eq!(column(&w.api.get(&format!("items?{since}")).await, "items", "name"), ["Bolt", "Nut"]);
}

#[tokio::test]
async fn s18_09_rows_have_cursors() {
    let w = everywhere().await;
    let books = LISTS.iter().filter(|it| it.0.starts_with("/books/"));
    for (path, key, _) in books.filter(|it| it.1 != "users") {
        let row = w.api.get(path).await[*key][0].clone();
        let time = text(&row, "last_modified_time");
        assert!(chrono::DateTime::parse_from_str(&time, "%Y-%m-%dT%H:%M:%S%z").is_ok(), "{path}: {time}");
        assert!(!time.ends_with('Z') && !time[19..].contains(':'), "{path}: {time}");
    }
    for (path, key) in [
        ("expenses", "expenses"),
        ("customerpayments", "customerpayments"),
        ("/expense/v1/expenses", "expenses"),
        ("/billing/v1/payments", "payments"),
    ] {
        let date = text(&w.api.get(path).await[key][0], "date");
        assert!(NaiveDate::parse_from_str(&date, "%Y-%m-%d").is_ok() && date.len() == 10, "{path}: {date}");
    }
    // The other lists with a date as their cursor are not built.
    for path in ["journals", "banktransactions"] {
        assert_eq!(w.api.call("GET", path, Value::Null).await.0, 501, "{path}");
    }
}

#[tokio::test]
async fn s18_12_and_13_keys_that_differ_from_the_path() {
    let w = everywhere().await;
    for (path, key, _) in LISTS {
        assert!(w.api.get(path).await[key].is_array(), "{path} has no {key}");
    }
    for differs in [
        ("/books/v3/vendors", "contacts"),
        ("/expense/v1/expensecategories", "expense_accounts"),
        ("/expense/v1/expensereports", "expense_reports"),
        ("/billing/v1/hostedpages", "hosted_pages"),
    ] {
        assert!(LISTS.iter().any(|it| (it.0, it.1) == differs), "{differs:?}");
    }
    // The other lists whose key differs are not built.
    for path in ["recurringexpenses", "recurringinvoices", "vendorcredits"] {
        assert_eq!(w.api.call("GET", path, Value::Null).await.0, 501, "{path}");
    }
    let payment = w.api.get("customerpayments").await["customerpayments"][0]["payment_id"].clone();
    let detail = w.api.get(&format!("customerpayments/{}", payment.as_str().unwrap())).await;
    assert_eq!(detail["payment"]["payment_id"], payment);
}

#[tokio::test]
async fn s18_18_deletion_answers_200_with_a_sentence() {
    let shop = shop().await;
    let api = shop.api();
    let mut made = vec![format!("contacts/{}", api.named("Gone").await)];
    for (plural, id) in
        [("estimates", "estimate_id"), ("salesorders", "salesorder_id"), ("invoices", "invoice_id")]
    {
        made.push(format!("{plural}/{}", text(&shop.create(plural, json!({})).await, id)));
    }
    for path in made {
        let (status, body) = api.call("DELETE", &path, Value::Null).await;
        assert_eq!((status, &body["code"]), (200, &json!(0)), "{path}");
        assert!(body["message"].as_str().unwrap().to_lowercase().contains("deleted"), "{path}: {body}");
    }
}

#[tokio::test]
async fn s18_20_gzip_and_harmless_methods() {
    let mut w = everywhere().await;
    let before = w.api.get("contacts").await;
    for (path, _, _) in LISTS {
        for method in ["HEAD", "OPTIONS"] {
            assert_eq!(send(w.api.request(method, path)).await.0, 200, "{method} {path}");
        }
    }
    assert_eq!(w.api.get("contacts").await, before);
    w.api.http = reqwest::Client::builder().no_gzip().build().unwrap();
    let zipped = w.api.request("GET", "contacts").header("Accept-Encoding", "gzip").send().await.unwrap();
    assert_eq!(zipped.headers()["content-encoding"], "gzip");
    let plain = w.api.request("GET", "contacts").header("Accept-Encoding", "identity").send().await.unwrap();
    assert!(!plain.headers().contains_key("content-encoding"));
}

/// Reads one answer: its head, in small letters, and as much of a body as the head announces.
async fn answer(stream: &mut TcpStream) -> (String, String) {
    let (mut head, mut byte) = (String::new(), [0]);
    while !head.ends_with("\r\n\r\n") {
        stream.read_exact(&mut byte).await.unwrap();
        head.push(char::from(byte[0]));
    }
    let head = head.to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    let mut body = vec![0; length.parse().unwrap()];
    stream.read_exact(&mut body).await.unwrap();
    (head, String::from_utf8(body).unwrap())
}

#[tokio::test]
async fn s18_20_a_connection_carries_several_calls() {
    let w = world().await;
    let address = w.api.url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let token = &w.api.token;
    let calls = [
        ("GET", "contacts", "200"),
        ("POST", "contacts", "400"),
        ("GET", "nonsense", "404"),
        ("GET", "items", "200"),
    ];
    for (method, path, status) in calls {
        let request = format!(
            "{method} /books/v3/{path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Zoho-oauthtoken {token}\r\n\
             Content-Length: 0\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let (head, body) = answer(&mut stream).await;
        assert!(head.starts_with(&format!("http/1.1 {status} ")), "{method} {path}: {head}");
        assert!(!head.contains("connection: close"), "{head}");
        assert!(body.starts_with("{\"code\":"), "{body}");
    }
}
