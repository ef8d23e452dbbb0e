use serde_json::{Value, json};

use crate::world::*;

#[tokio::test]
async fn every_encoding_is_understood() {
    let w = world().await;
    let post = |path: &str| w.api.request("POST", path);
    let form = |text: &str| [("JSONString", text.to_owned()), ("send", "true".to_owned())];
    let boundary = "xBOUNDx";
    let multipart = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"attachment\"; filename=\"a.txt\"\r\n\r\nfile\r\n\
         --{boundary}\r\nContent-Disposition: form-data; name=\"JSONString\"\r\n\r\n{{\"contact_name\":\"é4\"}}\r\n--{boundary}--\r\n"
    );
    let requests = [
        post("contacts").json(&json!({"contact_name": "é0"})),
        post("contacts").form(&form(r#"{"contact_name":"é1"}"#)),
        post("contacts").body(r#" {"contact_name":"é2"}"#),
        post("contacts")
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(r#"{"contact_name":"é3"}"#),
        post("contacts")
            .header("Content-Type", format!("multipart/form-data; boundary={boundary}"))
            .body(multipart),
        post("contacts").query(&form(r#"{"contact_name":"é5"}"#)),
    ];
    for (n, request) in requests.into_iter().enumerate() {
        let (status, body) = send(request).await;
        assert_eq!(
            (status, body["contact"]["contact_name"].as_str()),
            (201, Some(format!("é{n}").as_str())),
            "{body}"
        );
    }
}

#[tokio::test]
async fn bad_bodies_are_refused_cleanly() {
    let w = world().await;
    let post = || w.api.request("POST", "contacts");
    let json_type = |body: String| post().header("Content-Type", "application/json").body(body);
    for (request, status, code) in [
        (post(), 400, 11),
        (json_type("{\"contact_name\": ".into()), 400, 1038),
        (json_type("hello".into()), 400, 1038),
        (post().body("hello"), 400, 1038),
        (post().form(&[("JSONString", "nope")]), 400, 1038),
        (post().form(&[("JSONString", "[1]")]), 400, 2),
        (json_type("[1]".into()), 400, 2),
        (json_type("[".repeat(500_000)), 400, 1038),
        (json_type(format!("{}1{}", "{\"a\":".repeat(100), "}".repeat(100))), 400, 1038),
        (json_type(format!("{{\"notes\":\"{}\"}}", "x".repeat(11 * 1024 * 1024))), 413, 413),
        (post().body(vec![b'{', 0xff, b'}']), 400, 1038),
    ] {
        let (got, body) = send(request).await;
        assert_eq!((got, body["code"].as_i64()), (status, Some(code)), "{body}");
    }
    // A body may be much larger than what is stored of it.
    let large = "y".repeat(9 * 1024 * 1024);
    let (_, body) = w.api.call("POST", "contacts", json!({"contact_name": "fine", "unknown": large})).await;
    assert_eq!(body["code"], 0);
    let (_, body) = w.api.call("POST", "contacts", json!({"contact_name": "long", "notes": large})).await;
    assert_eq!(body["code"], 15);
}

#[tokio::test]
async fn values_are_checked() {
    let w = world().await;
    for (body, code, message) in [
        (json!({}), 2, "Invalid value passed for contact_name"),
        (json!({"contact_name": "  "}), 2, "Invalid value passed for contact_name"),
        (json!({"contact_name": 5}), 2, "Invalid value passed for contact_name"),
        (
            json!({"contact_name": "é".repeat(201)}),
            15,
            "Please ensure that the contact_name has less than 200 characters.",
        ),
        (
            json!({"contact_name": "x", "billing_address": {"zip": "1".repeat(51)}}),
            15,
            "Please ensure that the zip has less than 50 characters.",
        ),
        (json!({"contact_name": "x", "contact_type": "friend"}), 2, "Invalid value passed for contact_type"),
        (json!({"contact_name": "x", "payment_terms": "soon"}), 2, "Invalid value passed for payment_terms"),
        (json!({"contact_name": "x", "contact_persons": [1]}), 2, "Invalid value passed for contact_persons"),
        (json!({"contact_name": "x", "currency_id": "12"}), 6, "Invalid reference passed for currency_id"),
    ] {
        let (status, answer) = w.api.call("POST", "contacts", body).await;
        assert_eq!((status, answer), (400, json!({"code": code, "message": message})));
    }
    // Exactly at the limit is fine, and nothing above left a trace.
    w.api.create(json!({"contact_name": "é".repeat(200)})).await;
    assert_eq!(names(&w.api.get("contacts").await).len(), 1);
}

#[tokio::test]
async fn paths_and_headers_are_tolerant() {
    let w = world().await;
    for path in ["/books/v3//contacts", "/books/v3/contacts/", "//books//v3/contacts//"] {
        assert_eq!(w.api.call("GET", path, Value::Null).await.0, 200, "{path}");
    }
    let old = w.api.request("GET", "/api/v3/contacts").header("Host", "books.zoho.com");
    assert_eq!(send(old).await.0, 200);
    assert_eq!(w.api.call("GET", "/api/v3/contacts", Value::Null).await.0, 404);
    for scheme in ["Bearer", "bearer", "ZOHO-OAUTHTOKEN"] {
        let request = w
            .api
            .http
            .get(format!("{}/books/v3/contacts", w.api.url))
            .header("Authorization", format!("{scheme} {}", w.api.token));
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        let headers = response.headers();
        assert!(headers["content-type"].to_str().unwrap().starts_with("application/json"));
        assert_eq!(headers["x-rate-limit-limit"], "10000");
        for name in ["x-rate-limit-remaining", "x-rate-limit-reset"] {
            assert!(headers[name].to_str().unwrap().parse::<u64>().unwrap() > 1);
        }
        assert!(headers.contains_key("x-request-id"));
    }
    assert_eq!(send(w.api.request("HEAD", "contacts")).await.0, 200);
    assert_eq!(send(w.api.request("OPTIONS", "contacts")).await.0, 200);
}

#[tokio::test]
async fn every_answer_has_the_headers_of_the_service() {
    let w = world().await;
    for path in ["contacts", "nonsense", "/oauth/v2/token"] {
        let answer = w.api.request("GET", path).header("Accept-Encoding", "identity").send().await.unwrap();
        let header = |name: &str| answer.headers().get(name).map_or("", |it| it.to_str().unwrap());
        for (name, value) in [
            ("server", "ZGS"),
            ("cache-control", "no-cache, no-store, must-revalidate, private"),
            ("pragma", "no-cache"),
            ("expires", "Thu, 01 Jan 1970 00:00:00 GMT"),
            ("strict-transport-security", "max-age=0"),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("build_version", env!("CARGO_PKG_VERSION")),
            ("vary", "accept-encoding"),
        ] {
            assert_eq!(header(name), value, "{path}: {name}");
        }
        assert!(chrono::DateTime::parse_from_rfc2822(header("date")).is_ok(), "{path}");
    }
}
