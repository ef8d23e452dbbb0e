//! Bodies of every encoding, whole and broken: each is decoded or refused, at once and without a panic.

use std::time::{Duration, Instant};

use axum::http::HeaderValue;
use proptest::prelude::*;

use super::*;

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";
const MULTIPART: &str = "multipart/form-data; boundary=b1";
const TYPES: [&str; 12] = [
    JSON,
    "application/json; charset=utf-8",
    "APPLICATION/JSON",
    FORM,
    MULTIPART,
    "multipart/form-data",
    "multipart/form-data; boundary=\"b1\"",
    "multipart/form-data; boundary=",
    "text/plain",
    "",
    ";",
    "application/octet-stream",
];
/// More than any decoding of 10 MB takes, far less than one whose cost is a square.
const PATIENCE: Duration = Duration::from_secs(60);

/// What came of a body: code of a refusal, or the document; the query after it; names and sizes of files.
type Seen = (Result<Option<String>, u32>, Query, Vec<(String, usize)>);

fn decoded(content_type: &[u8], body: &[u8], query: &[u8]) -> Seen {
    let mut headers = HeaderMap::new();
    if let Ok(value) = HeaderValue::from_bytes(content_type) {
        headers.insert(CONTENT_TYPE, value);
    }
    let mut query = Query::parse(query);
    let bytes = Bytes::copy_from_slice(body);
    // What is decoded lies in memory, so that nothing waits.
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let decoded = runtime.block_on(decode_body(&headers, &bytes, &mut query));
    let shown = decoded.body.map(|it| it.map(|it| it.to_text())).map_err(|error| error.code());
    (shown, query, decoded.files.into_iter().map(|it| (it.name, it.bytes.len())).collect())
}

fn document(content_type: &str, body: &[u8]) -> Result<Option<String>, u32> {
    decoded(content_type.as_bytes(), body, b"").0
}

fn text(content_type: &str, body: &str) -> Option<String> {
    document(content_type, body.as_bytes()).unwrap()
}

fn malformed() -> u32 {
    ApiError::from(Code::MalformedJson).code()
}

fn parts(parts: &[(&str, &str)]) -> String {
    let mut form = String::new();
    for (head, content) in parts {
        form += &format!("--b1\r\nContent-Disposition: form-data; {head}\r\n\r\n{content}\r\n");
    }
    form + "--b1--\r\n"
}

#[test]
fn a_byte_order_mark_is_no_part_of_the_document() {
    // It is no white space either, so only the content type tells that this is JSON.
    assert_eq!(text(JSON, "\u{feff}{\"a\":1}").as_deref(), Some(r#"{"a":1}"#));
}

#[test]
fn null_is_no_body() {
    assert_eq!(text(JSON, " null "), None);
    assert_eq!(document("text/plain", b"null"), Err(malformed()));
}

#[test]
fn json_counts_whatever_the_content_type_says() {
    for kind in [JSON, FORM, "text/plain", "", ";"] {
        assert_eq!(text(kind, "\r\n {\"a\":[1]}").as_deref(), Some(r#"{"a":[1]}"#), "{kind}");
    }
}

#[test]
fn blanks_alone_are_no_body_and_leave_the_one_in_the_query() {
    assert_eq!(document(JSON, b" \r\n\t"), Ok(None));
    let (body, query, _) = decoded(JSON.as_bytes(), b" ", b"JSONString=%7B%22a%22%3A1%7D&b=2");
    assert_eq!((body.unwrap().as_deref(), query.get("b")), (Some(r#"{"a":1}"#), Some("2")));
    assert_eq!(query.get("JSONString"), None, "what was read is no parameter");
}

#[test]
fn the_first_document_that_is_not_blank_counts() {
    let (body, query, _) = decoded(FORM.as_bytes(), b"JSONString=+&JSONString=%7B%7D&JSONString=x", b"");
    assert_eq!((body.unwrap().as_deref(), query.get("JSONString")), (Some("{}"), Some("x")));
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    let malformed = Err(malformed());
    assert_eq!(document(JSON, b"{\"a\":\"\xff\"}"), malformed);
    assert_eq!(document(JSON, b"{\"a\":\"\xed\xa0\x80\"}"), malformed);
    assert_eq!(document(JSON, br#"{"a":"\ud800"}"#), malformed, "half a surrogate pair");
    assert_eq!(
        document(FORM, b"JSONString=%7B%22a%22%3A%22%FF%22%7D").unwrap().as_deref(),
        Some("{\"a\":\"\u{fffd}\"}")
    );
}

#[test]
fn control_characters_in_texts_are_read_when_escaped_and_refused_when_not() {
    assert_eq!(text(JSON, r#"{"a":"\u0000\u001f"}"#).as_deref(), Some(r#"{"a":"\u0000\u001f"}"#));
    assert_eq!(document(JSON, b"{\"a\":\"\0\"}"), Err(malformed()));
}

#[test]
fn numbers_that_no_type_holds_stay_as_written_and_others_are_refused() {
    for number in
        ["1e999999999", "-0", "0.1000", "123456789012345678901234567890123456789012345678901234567890"]
    {
        let body = format!("{{\"a\":{number}}}");
        assert_eq!(text(JSON, &body), Some(body));
    }
    for number in ["01", "+1", ".5", "1.", "NaN", "Infinity", "0x1", "1_000"] {
        let refused = document(JSON, format!("{{\"a\":{number}}}").as_bytes());
        assert_eq!(refused, Err(malformed()), "{number}");
    }
}

#[test]
fn nesting_has_an_end_that_texts_do_not_move() {
    let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(document(JSON, deep(32).as_bytes()).is_ok());
    assert!(document(JSON, deep(33).as_bytes()).is_err());
    assert!(document(JSON, "[".repeat(5_000_000).as_bytes()).is_err());
    assert!(document(JSON, "{\"a\":".repeat(1_000_000).as_bytes()).is_err());
    assert!(document(JSON, format!("{{\"a\":\"{}\"}}", "[".repeat(100)).as_bytes()).is_ok());
    assert!(document(JSON, br#"{"a":"\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["}"#).is_ok());
}

#[test]
fn a_document_and_something_behind_it_is_no_document() {
    for body in ["{} {}", "{}x", "[],", "{\"a\":1", "{\"a\"}", "{a:1}", "{'a':1}", "{\"a\":1,}"] {
        assert!(document(JSON, body.as_bytes()).is_err(), "{body}");
    }
}

#[test]
fn forms_give_parameters_and_a_document() {
    let (body, query, _) = decoded(FORM.as_bytes(), b"a=1&a=2&=3&b&%zz=%&JSONString=[1]", b"a=0");
    assert_eq!(
        (body.unwrap().as_deref(), query.get("a"), query.get("")),
        (Some("[1]"), Some("0"), Some("3"))
    );
    assert_eq!(query.get("%zz"), Some("%"));
}

#[test]
fn multipart_gives_files_parameters_and_a_document() {
    let form = parts(&[
        ("name=\"JSONString\"", "{\"a\":1}"),
        ("name=\"x\"", "1"),
        ("name=\"f\"; filename=\"../\u{e9}.pdf\"", "four"),
        ("name=\"g\"; filename=\"\"", ""),
        ("filename=\"nameless\"", "dropped"),
    ]);
    let (body, query, files) = decoded(MULTIPART.as_bytes(), form.as_bytes(), b"");
    assert_eq!((body.unwrap().as_deref(), query.get("x")), (Some(r#"{"a":1}"#), Some("1")));
    assert_eq!(files, [("../\u{e9}.pdf".to_owned(), 4), (String::new(), 0)]);
}

#[test]
fn multipart_that_is_cut_or_lacks_its_boundary_is_refused() {
    let form = parts(&[("name=\"x\"", "1"), ("name=\"f\"; filename=\"f\"", "four")]);
    for cut in 0..form.len() - "--\r\n".len() {
        assert!(document(MULTIPART, &form.as_bytes()[..cut]).is_err(), "cut at {cut}");
    }
    for kind in ["multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=b2"]
    {
        assert!(document(kind, form.as_bytes()).is_err(), "{kind}");
    }
}

#[test]
fn bodies_of_ten_megabytes_cost_no_square() {
    let many = |count: usize, one: &dyn Fn(usize) -> String| (0..count).map(one).collect::<Vec<_>>();
    let object = |members: Vec<String>| format!("{{{}}}", members.join(","));
    let distinct = object(many(1_000_000, &|n| format!("\"{n:05x}\":1")));
    let equal = object(many(1_000_000, &|_| "\"same\":1".to_owned()));
    let nested =
        object(many(1_000, &|n| format!("\"{n}\":{}", object(many(1_000, &|n| format!("\"{n}\":1"))))));
    let list = format!("[{}]", many(5_000_000, &|_| "1".to_owned()).join(","));
    let fields = many(1_000_000, &|n| format!("f{n}=1")).join("&");
    let documents = many(500_000, &|_| "JSONString=+".to_owned()).join("&");
    let files = parts(&vec![("name=\"f\"; filename=\"f\"", "x"); 100_000]);
    for (name, kind, body) in [
        ("distinct members", JSON, &distinct),
        ("equal members", JSON, &equal),
        ("nested members", JSON, &nested),
        ("a list", JSON, &list),
        ("fields", FORM, &fields),
        ("blank documents", FORM, &documents),
        ("parts", MULTIPART, &files),
        ("one text", JSON, &format!("{{\"a\":\"{}\"}}", "\\u00e9".repeat(1_500_000))),
        ("escapes", FORM, &format!("JSONString=%22{}%22", "%C3%A9".repeat(1_500_000))),
    ] {
        let begun = Instant::now();
        assert!(document(kind, body.as_bytes()).is_ok(), "{name}");
        assert!(begun.elapsed() < PATIENCE, "{name}: {:?}", begun.elapsed());
    }
}

/// Something that is nearly a body.
fn body() -> impl Strategy<Value = Vec<u8>> {
    let json = r#"[\[\]{}",:0-9eE.+\\untrefals \-é]{0,60}"#.prop_map(String::into_bytes);
    let form = "(JSONString|a|%7B|=|&|%|\\+|[0-9A-F]{2}|\\{\\}){0,20}".prop_map(String::into_bytes);
    let form_data = prop::collection::vec(("[a-z;=\" ]{0,20}", "[ -~\r\n]{0,30}"), 0..4).prop_map(|all| {
        let all: Vec<(&str, &str)> = all.iter().map(|(head, content)| (&**head, &**content)).collect();
        parts(&all).into_bytes()
    });
    let members = (17usize..2_000, 1usize..500).prop_map(|(count, names)| {
        let members: Vec<String> = (0..count).map(|n| format!("\"m{}\":{n}", n % names)).collect();
        format!("{{{}}}", members.join(",")).into_bytes()
    });
    let large = (any::<u8>(), 60_000usize..300_000).prop_map(|(byte, length)| vec![byte; length]);
    let whole = prop_oneof![
        4 => prop::collection::vec(any::<u8>(), 0..200),
        4 => json,
        3 => form,
        3 => form_data,
        2 => members,
        1 => large,
    ];
    // Some are cut, and some have a byte changed.
    (whole, any::<prop::sample::Index>(), any::<u8>(), 0u8..4).prop_map(|(mut bytes, at, byte, how)| {
        match how {
            0 => bytes.truncate(at.index(bytes.len() + 1)),
            1 if !bytes.is_empty() => {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            _ => {}
        }
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn every_body_is_decoded_or_refused(
        kind in prop_oneof![
            8 => prop::sample::select(&TYPES[..]).prop_map(|it| it.as_bytes().to_vec()),
            1 => prop::collection::vec(any::<u8>(), 0..40),
        ],
        body in body(),
        query in "[a-zJSON=&%+{}\"]{0,30}",
    ) {
        let (document, _, files) = decoded(&kind, &body, query.as_bytes());
        prop_assert!(files.iter().map(|it| it.1).sum::<usize>() <= body.len());
        match document {
            // What was read can be written and read again, and stays the same.
            Ok(Some(text)) => prop_assert_eq!(Json::parse(&text).map(|it| it.to_text()).ok(), Some(text)),
            Ok(None) => {}
            Err(code) => prop_assert!(code != 0 && code != 1000, "code {}", code),
        }
    }

    #[test]
    fn objects_of_any_size_are_read_as_a_map_would(members in prop::collection::vec(("[ab]{1,3}", 0u32..9), 0..60)) {
        let written: Vec<String> = members.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
        let json = Json::parse(&format!("{{{}}}", written.join(","))).unwrap();
        let Json::Object(read) = json else { panic!("no object") };
        let mut expected: Vec<(String, Json)> = Vec::new();
        for (name, value) in members {
            let value = Json::Number(value.to_string());
            match expected.iter_mut().find(|it| it.0 == name) {
                Some(known) => known.1 = value,
                None => expected.push((name, value)),
            }
        }
        prop_assert_eq!(read, expected);
    }
}
