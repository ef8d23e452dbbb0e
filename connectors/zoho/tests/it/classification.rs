//! Every shape of a bad answer, on a read and on a write.

use std::time::Duration;

use finbridge_contract::{Failure, FailureKind};
use serde_json::json;
use wiremock::matchers::path;
use wiremock::{Mock, ResponseTemplate};

use crate::support::{REFERENCE, World, contact_answer, failure, raw_server};

use FailureKind::{
    Malformed, NameTaken, NotFound, NotSupported, OutcomeUnknown, Refused, Unauthorized, Unavailable,
};

async fn read(world: &World) -> Failure {
    failure(world.customers().fetch(&world.connection, "46").await)
}

async fn write(world: &World) -> Failure {
    failure(world.customers().link(&world.connection, "46", REFERENCE).await)
}

async fn answering(template: ResponseTemplate) -> World {
    let world = World::start().await;
    for at in ["/books/v3/contacts/46", "/integration/v1/contacts/46/link"] {
        Mock::given(path(at)).respond_with(template.clone()).mount(&world.server).await;
    }
    world
}

#[tokio::test]
async fn the_apps_own_errors_mean_the_same_on_reads_and_writes() {
    let cases = [
        (200, 3062, NameTaken),
        (400, 3062, NameTaken),
        (400, 1001, NameTaken),
        (404, 1002, NotFound),
        (400, 1002, NotFound),
        (404, 2006, NotFound),
        (404, 5, NotSupported),
        (405, 37, NotSupported),
        (501, 9999, NotSupported),
        (400, 2, Refused),
        (400, 1004, Refused),
        (200, 4, Refused),
        (400, 6041, Unauthorized),
        (400, 9017, Unauthorized),
        (403, 9, Unauthorized),
        (503, 0, Unavailable),
    ];
    for (status, code, kind) in cases {
        let body = json!({ "code": code, "message": "The vendor's words" });
        let template =
            ResponseTemplate::new(status).set_body_json(body).insert_header("X-Request-Id", "req-7");
        let world = answering(template).await;
        for failure in [read(&world).await, write(&world).await] {
            assert_eq!(failure.kind, kind, "{status} {code}");
            assert_eq!(failure.remote_code, (code != 0).then(|| code.to_string()));
            assert_eq!(failure.remote_message.as_deref(), Some("The vendor's words"));
            assert_eq!(failure.request_id.as_deref(), Some("req-7"));
        }
    }
}

#[tokio::test]
async fn an_app_that_broke_down_leaves_the_outcome_of_a_write_unknown() {
    for (status, code) in [(500, 1000), (200, 1000), (500, 0), (500, 4)] {
        let body = json!({ "code": code, "message": "Internal error" });
        let world = answering(ResponseTemplate::new(status).set_body_json(body)).await;
        assert_eq!(read(&world).await.kind, Unavailable, "{status} {code}");
        assert_eq!(write(&world).await.kind, OutcomeUnknown, "{status} {code}");
    }
    let world = answering(ResponseTemplate::new(500).set_body_raw("<html></html>", "text/html")).await;
    assert_eq!((read(&world).await.kind, write(&world).await.kind), (Unavailable, OutcomeUnknown));
}

#[tokio::test]
async fn limits_are_known_by_status_or_code_and_carry_the_wait() {
    let cases = [
        (429, json!(43), Some("3600"), Some(3600)),
        (429, json!(44), Some("60"), Some(60)),
        (429, json!("45"), Some("99999999999"), Some(86_400)),
        (429, json!(1070), None, None),
        (400, json!(45), None, None),
        (429, json!(""), Some("soon"), None),
    ];
    for (status, code, header, seconds) in cases {
        let body = json!({ "code": code, "message": "slow down" });
        let mut template = ResponseTemplate::new(status).set_body_json(body);
        if let Some(header) = header {
            template = template.insert_header("Retry-After", header);
        }
        let world = answering(template).await;
        let retry_after = seconds.map(Duration::from_secs);
        assert_eq!(read(&world).await.kind, FailureKind::RateLimited { retry_after }, "{status} {code}");
        assert_eq!(write(&world).await.kind, FailureKind::RateLimited { retry_after }, "{status} {code}");
    }
}

#[tokio::test]
async fn answers_that_are_not_the_apps_leave_the_outcome_of_a_write_unknown() {
    let html = |status| ResponseTemplate::new(status).set_body_raw("<html></html>", "text/html");
    let text = |body: &str| ResponseTemplate::new(200).set_body_raw(body, "application/json;charset=UTF-8");
    let ok = r#"{"code":0,"message":"success","contact":{"contact_id":"46"}}"#;
    let cases = [
        ("HTML with 200", html(200), Malformed, OutcomeUnknown),
        ("HTML with 400", html(400), Malformed, OutcomeUnknown),
        ("HTML with 502", html(502), Unavailable, OutcomeUnknown),
        ("HTML with 503", html(503), Unavailable, Unavailable),
        ("HTML with 404", html(404), NotSupported, NotSupported),
        (
            "redirect",
            html(302).insert_header("Location", "https://elsewhere.example/"),
            Malformed,
            OutcomeUnknown,
        ),
        ("truncated JSON", text(&ok[..40]), Unavailable, OutcomeUnknown),
        ("no body", text(""), Unavailable, OutcomeUnknown),
        ("a list", text("[]"), Malformed, OutcomeUnknown),
        ("no code", text("{}"), Malformed, OutcomeUnknown),
        (
            "JSON as text",
            ResponseTemplate::new(200).set_body_raw(ok, "text/plain"),
            Malformed,
            OutcomeUnknown,
        ),
        ("too much", text(&" ".repeat(33 * 1024 * 1024)), Malformed, OutcomeUnknown),
    ];
    for (case, template, on_read, on_write) in cases {
        let world = answering(template).await;
        assert_eq!(read(&world).await.kind, on_read, "{case}");
        assert_eq!(write(&world).await.kind, on_write, "{case}");
    }
}

#[tokio::test]
async fn a_contact_that_lacks_what_is_needed_is_malformed() {
    for contact in
        [json!({}), json!({ "contact_id": "46" }), json!({ "contact_id": "46", "last_modified_time": "x" })]
    {
        let world =
            answering(ResponseTemplate::new(200).set_body_json(contact_answer(contact.clone()))).await;
        assert_eq!(read(&world).await.kind, Malformed, "{contact}");
    }
}

#[tokio::test]
async fn a_lost_answer_leaves_the_outcome_of_a_write_unknown() {
    let half =
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{\"code\":0,";
    for (case, answer) in [("reset", b"".as_slice()), ("broken off", half.as_slice())] {
        let world = World::with_api(raw_server(answer)).await;
        assert_eq!(read(&world).await.kind, Unavailable, "{case}");
        assert_eq!(write(&world).await.kind, OutcomeUnknown, "{case}");
    }
}

#[tokio::test]
async fn no_answer_in_time_leaves_the_outcome_of_a_write_unknown() {
    let mut world = answering(ResponseTemplate::new(200).set_delay(Duration::from_secs(20))).await;
    world.connection.timeout = Duration::from_millis(200);
    assert_eq!(read(&world).await.kind, Unavailable);
    assert_eq!(write(&world).await.kind, OutcomeUnknown);
}

#[tokio::test]
async fn a_call_that_was_never_sent_did_nothing_and_its_failure_names_no_organization() {
    // Bound and closed again, so nobody listens there.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let world = World::with_api(format!("http://{free}")).await;
    for failure in [read(&world).await, write(&world).await] {
        assert_eq!(failure.kind, Unavailable);
        assert!(!failure.message.contains("10234695"), "{}", failure.message);
    }
}

#[tokio::test]
async fn ids_that_would_name_another_path_are_refused_unsent() {
    let world = World::start().await;
    for id in ["", "46/active", "../organizations", "46?x=1", &"4".repeat(65)] {
        let outcome = world.customers().remove(&world.connection, id).await;
        assert_eq!(failure(outcome).kind, Refused, "{id}");
    }
    assert!(world.calls().await.is_empty());
}
