//! What a running program tells those who operate it: metrics, traces and log lines, and that no secret is among them.

use std::collections::{BTreeMap, HashMap};
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use serde_json::{Value, json};

use crate::harness::{Ports, Product, command};

const PATIENCE: Duration = Duration::from_secs(90);

/// What a collector received.
#[derive(Clone, Default)]
struct Received(Arc<Mutex<Vec<Bytes>>>);

impl Received {
    fn bytes(&self) -> Vec<u8> {
        self.0.lock().expect("nobody panicked").concat()
    }

    fn spans(&self) -> Vec<Span> {
        let batches = self.0.lock().expect("nobody panicked").clone();
        let batches = batches.into_iter().map(|body| ExportTraceServiceRequest::decode(body).expect("OTLP"));
        batches
            .flat_map(|batch| batch.resource_spans)
            .flat_map(|resource| resource.scope_spans)
            .flat_map(|scope| scope.spans)
            .collect()
    }
}

/// A collector that keeps what it is sent.
async fn collector() -> (String, Received) {
    async fn take(State(received): State<Received>, headers: HeaderMap, body: Bytes) {
        assert_eq!(headers["content-type"], "application/x-protobuf");
        received.0.lock().expect("nobody panicked").push(body);
    }
    let received = Received::default();
    let router = Router::new().route("/v1/traces", post(take)).with_state(received.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, received)
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

fn attribute<'a>(span: &'a Span, name: &str) -> Option<&'a str> {
    use opentelemetry_proto::tonic::common::v1::any_value::Value::StringValue;
    let attribute = span.attributes.iter().find(|attribute| attribute.key == name)?;
    match attribute.value.as_ref()?.value.as_ref()? {
        StringValue(text) => Some(text),
        _ => None,
    }
}

/// Samples of Prometheus' text format by name and labels. Every one must have been described.
fn parse(text: &str) -> BTreeMap<String, f64> {
    let mut described = Vec::new();
    let mut samples = BTreeMap::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, text) = help.split_once(' ').expect("a name and what it tells");
            assert!(text.len() > 10, "{line}");
            described.push(name.to_owned());
        } else if !line.starts_with('#') {
            let (series, value) = line.rsplit_once(' ').expect("a series and a value");
            let name = series.split('{').next().expect("a name");
            assert!(described.iter().any(|known| name.starts_with(known.as_str())), "undescribed: {line}");
            samples.insert(series.to_owned(), value.parse().expect("a number"));
        }
    }
    samples
}

async fn ask(url: &str, token: &str, trace: &str, query: &str) -> Value {
    let request = reqwest::Client::new().post(format!("{url}/graphql")).bearer_auth(token);
    let request = request.header("traceparent", trace).json(&json!({ "query": query }));
    let mut answer: Value = request.send().await.expect("an answer").json().await.expect("JSON");
    assert!(answer.get("errors").is_none(), "{answer:#}");
    answer["data"].take()
}

/// Changes an account and syncs it, all in the trace of this name, and waits until the run has ended.
async fn sync_a_change(url: &str, token: &str, trace: &str) {
    let data = ask(url, token, trace, "{ accounts(first: 1) { nodes { id } } integrations { id } }").await;
    let (account, integration) = (&data["accounts"]["nodes"][0]["id"], &data["integrations"][0]["id"]);
    let change = format!(
        "mutation Change {{ accountUpdate(input: {{ id: {account}, website: \"https://new.example\" }}) {{ userErrors {{ code }} }} }}"
    );
    ask(url, token, trace, &change).await;
    let start = format!(
        "mutation Start {{ syncRunStart(input: {{ integrationId: {integration}, module: CUSTOMERS }}) {{ syncRun {{ id }} }} }}"
    );
    let data = ask(url, token, trace, &start).await;
    let look = format!("{{ syncRun(id: {}) {{ state }} }}", data["syncRunStart"]["syncRun"]["id"]);
    let begun = Instant::now();
    while ask(url, token, trace, &look).await["syncRun"]["state"] != "SUCCEEDED" {
        assert!(begun.elapsed() < PATIENCE, "the run did not end");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metrics_and_traces_tell_what_happened_and_no_secret() {
    let folder = tempfile::tempdir().expect("a folder");
    let (collector, received) = collector().await;
    let (ports, metrics) = (Ports::free(), free_port());
    let mut program = command(folder.path(), ports);
    program
        .env("FINBRIDGE_TELEMETRY_METRICS_LISTEN", format!("127.0.0.1:{metrics}"))
        .env("FINBRIDGE_TELEMETRY_OTLP_ENDPOINT", &collector);
    let product = Product::of(program, ports);
    let (url, token) = (format!("http://127.0.0.1:{}", ports.server), product.said("Token:"));
    let trace_id = "0af7651916cd43dd8448eb211c80319c";
    sync_a_change(&url, &token, &format!("00-{trace_id}-b7ad6b7169203331-01")).await;

    let scraped = reqwest::get(format!("http://127.0.0.1:{metrics}/metrics")).await.expect("an answer");
    assert!(
        scraped.headers()["content-type"].to_str().expect("text").starts_with("text/plain; version=0.0.4")
    );
    let text = scraped.text().await.expect("text");
    let samples = parse(&text);
    let at_least = |series: &str, least: f64| {
        let found = samples.get(series).copied().unwrap_or_default();
        assert!(found >= least, "{series} is {found}\n{text}");
    };
    at_least(r#"finbridge_http_requests_total{route="/graphql",method="POST",status="200"}"#, 4.0);
    at_least(r#"finbridge_graphql_operations_total{kind="mutation",outcome="ok",code="none"}"#, 2.0);
    at_least(r#"finbridge_graphql_operation_duration_seconds_count{kind="query"}"#, 2.0);
    at_least("finbridge_graphql_cost_points_total", 4.0);
    at_least(r#"finbridge_sql_duration_seconds_count{operation="SELECT",outcome="ok"}"#, 50.0);
    at_least(r#"finbridge_jobs_total{kind="sync.continue_run",outcome="done"}"#, 2.0);
    at_least(r#"finbridge_sync_runs_total{module="CUSTOMERS",state="SUCCEEDED"}"#, 2.0);
    at_least(r#"finbridge_sync_items_total{module="CUSTOMERS",outcome="added"}"#, 85.0);
    at_least(r#"finbridge_sync_items_total{module="CUSTOMERS",outcome="updated"}"#, 1.0);
    at_least("finbridge_database_connections_max", 4.0);
    at_least("process_resident_memory_bytes", 1_000_000.0);
    assert!(
        samples.keys().any(|series| series.starts_with("finbridge_connector_calls_total{app=\"")),
        "{text}"
    );
    assert_eq!(samples.get(r#"finbridge_queue_jobs{state="dead"}"#), Some(&0.0), "{text}");
    assert!(samples.len() < 600, "{} series after so little", samples.len());
    let probe = reqwest::get(format!("http://127.0.0.1:{metrics}/health/ready")).await.expect("an answer");
    assert_eq!(probe.status(), 200);
    let public = reqwest::get(format!("{url}/metrics")).await.expect("an answer");
    assert_eq!(public.status(), 404, "metrics are not for everybody");
    product.stop();

    let spans = received.spans();
    let ours: Vec<_> = spans.iter().filter(|span| hex(&span.trace_id) == trace_id).collect();
    let by_id: HashMap<_, _> = ours.iter().map(|span| (span.span_id.as_slice(), *span)).collect();
    // The way from a call of the finance app back to the request that caused it.
    let mut span = *ours
        .iter()
        .find(|span| attribute(span, "url.template").is_some_and(|path| path.contains("{id}")))
        .unwrap_or_else(|| {
            panic!("no call in {:#?}", ours.iter().map(|span| &span.name).collect::<Vec<_>>())
        });
    let mut way = vec![span.name.as_str()];
    while let Some(parent) = by_id.get(span.parent_span_id.as_slice()) {
        span = parent;
        way.push(&span.name);
    }
    assert_eq!(hex(&span.parent_span_id), "b7ad6b7169203331", "{way:?}");
    for name in ["job sync.continue_run", "graphql mutation", "POST /graphql"] {
        assert!(way.contains(&name), "no {name} in {way:?}");
    }
    let statements: Vec<_> = ours.iter().filter(|span| span.name == "SELECT").collect();
    let told = |span: &&&Span| attribute(span, "db.query.text").is_some_and(|text| text.contains('?'));
    assert!(statements.iter().any(told), "{statements:#?}");
    let parents = statements.iter().filter_map(|span| by_id.get(span.parent_span_id.as_slice()));
    let parents: Vec<_> = parents.map(|span| span.name.as_str()).collect();
    assert_eq!(parents.len(), statements.len(), "every statement belongs to something");
    for parent in ["POST /graphql", "Query.accounts", "run"] {
        assert!(parents.contains(&parent), "no statement in {parent}, but in {parents:?}");
    }
    assert!(ours.iter().any(|span| span.name.ends_with(".accounts")), "a root field");
    assert!(!spans.iter().any(|span| span.name.ends_with(".nodes")), "no deeper fields");

    let bytes = String::from_utf8_lossy(&received.bytes()).into_owned();
    for secret in [token.as_str(), finbridge_emulator::DEMO_CLIENT_SECRET, finbridge_emulator::DEMO_EMAIL] {
        assert!(!bytes.contains(secret) && !text.contains(secret), "a secret left: {secret}");
    }
    assert!(
        !bytes.contains("Zoho-oauthtoken") && !bytes.contains("1000."),
        "a token of the finance app left"
    );
    assert!(!bytes.contains("new.example"), "a value left");
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_request_is_one_line_of_the_log_with_its_id_and_no_secret() {
    let folder = tempfile::tempdir().expect("a folder");
    let ports = Ports::free();
    let product = Product::start(folder.path(), ports);
    let token = product.said("Token:");
    product.stop();

    let mut program = command(folder.path(), ports);
    program.arg("serve").env("FINBRIDGE_LOG_FORMAT", "json").stdout(Stdio::null());
    let mut child = program.spawn().expect("the program starts");
    let stderr = BufReader::new(child.stderr.take().expect("its log"));
    let reading = std::thread::spawn(move || stderr.lines().map_while(Result::ok).collect::<Vec<_>>());
    let url = format!("http://127.0.0.1:{}", ports.server);
    let begun = Instant::now();
    while !reqwest::get(format!("{url}/health/ready")).await.is_ok_and(|answer| answer.status() == 200) {
        assert!(begun.elapsed() < PATIENCE, "it did not get ready");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let email = "ada.lovelace@example.com";
    let asked = json!({
        "query": format!("query {} {{ contacts(first: 1) {{ nodes {{ email }} }} }}", "Long".repeat(40)),
        "operationName": "Long".repeat(40),
        "variables": { "email": email },
    });
    let request = reqwest::Client::new().post(format!("{url}/graphql?secret={email}")).bearer_auth(&token);
    let response = request.header("x-request-id", "known-1").json(&asked).send().await.expect("an answer");
    assert_eq!(response.status(), 200);
    let stranger = reqwest::Client::new().post(format!("{url}/graphql")).bearer_auth("fbt_unknown_token");
    let stranger =
        stranger.header("x-request-id", "known-2").json(&json!({ "query": "{ stages { name } }" }));
    assert_eq!(stranger.send().await.expect("an answer").status(), 401);
    reqwest::get(format!("{url}/{email}")).await.expect("an answer");
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().expect("kill runs").success());
    child.wait().expect("it ends");

    let lines = reading.join().expect("read");
    let text = lines.join("\n");
    assert!(!text.contains(&token) && !text.contains("fbt_unknown") && !text.contains('@'), "{text}");
    let lines: Vec<Value> =
        lines.iter().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"))).collect();
    let answered: Vec<_> = lines.iter().filter(|line| line["fields"]["message"] == "Answered").collect();
    let of = |id: &str| {
        let of: Vec<_> = answered.iter().filter(|line| line["span"]["id"] == id).collect();
        assert_eq!(of.len(), 1, "{text}");
        (*of[0]).clone()
    };
    let (known, refused) = (of("known-1"), of("known-2"));
    let span = &known["span"];
    assert_eq!((&span["method"], &span["route"]), (&json!("POST"), &json!("/graphql")), "{known:#}");
    assert_eq!((&known["fields"]["status"], &refused["fields"]["status"]), (&json!(200), &json!(401)));
    assert_eq!(span["operation"], "Long".repeat(25), "names are cut");
    assert_eq!(span["organization"].as_str().map(str::len), Some(36), "{known:#}");
    assert!(refused["span"].get("organization").is_none(), "{refused:#}");
    assert!(known["fields"]["duration_us"].as_u64().is_some_and(|took| took > 0));
    assert!(answered.iter().any(|line| line["span"]["route"] == "other" && line["fields"]["status"] == 404));
    assert!(!text.contains("/health"), "probes are quiet: {text}");
}

#[test]
fn a_taken_port_for_metrics_is_named_with_the_setting_that_changes_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let mut program = command(folder.path(), Ports::free());
    program.env("FINBRIDGE_TELEMETRY_METRICS_LISTEN", &address);
    let output = program.output().expect("the program runs");
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(text.contains(&address) && text.contains("FINBRIDGE_TELEMETRY_METRICS_LISTEN"), "{text}");
}
