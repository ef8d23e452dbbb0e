//! Hostile calls through the whole pipeline: each is answered, in the envelope, never by an internal error.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::TimeDelta;
use finbridge_emulator::*;
use proptest::prelude::*;
use proptest::test_runner::{FileFailurePersistence, TestRng, TestRunner};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::durability::scratch;
use crate::hostile::*;
use crate::world::*;

const APPS: [&str; 5] = ["books", "invoice", "erp", "expense", "billing"];
const SCOPES: &str = "ZohoBooks.fullaccess.all,ZohoInvoice.fullaccess.all,ERP.fullaccess.all,\
     ZohoExpense.fullaccess.ALL,ZohoSubscriptions.fullaccess.all";
/// Calls that once failed; they are made first, and a new one is added.
const FOUND: &str = "tests/it/robust.proptest-regressions";
/// A call that takes longer than this hangs.
const PATIENCE: Duration = Duration::from_secs(20);

fn all_apps() -> Seed {
    let mut seed = Seed::demo();
    seed.organizations[0].apps = APPS.map(str::to_owned).to_vec();
    seed
}

async fn login(url: &str) -> Api {
    Api::login_as(url, DEMO_EMAIL, DEMO_ZSC_KEY, Some(SCOPES)).await
}

async fn start(clock: &Arc<ManualClock>, state: &Path) -> Emulator {
    Emulator::builder()
        .clock(Arc::clone(clock) as Arc<dyn Clock>)
        .seed(all_apps())
        .state_file(state.to_owned())
        .start()
        .await
        .unwrap()
}

async fn operations(api: &Api) -> Vec<Operation> {
    let mut all = Vec::new();
    for app in APPS {
        let (_, document) = api.call("GET", &format!("/_emulator/openapi/{app}.json"), Value::Null).await;
        let server = document["servers"][0]["url"].as_str().unwrap();
        let root = server.strip_prefix(&api.url).unwrap();
        for (path, methods) in document["paths"].as_object().unwrap() {
            for (method, operation) in methods.as_object().unwrap() {
                let parameters = operation["parameters"].as_array().unwrap();
                let query = parameters.iter().filter(|it| it["in"] == "query");
                let schema = operation.pointer("/requestBody/content/application~1json/schema/properties");
                all.push(Operation {
                    method: method.to_uppercase(),
                    path: format!("{root}{path}"),
                    query: query.map(|it| it["name"].as_str().unwrap().to_owned()).collect(),
                    members: schema
                        .and_then(Value::as_object)
                        .map(|it| it.keys().cloned().collect())
                        .unwrap_or_default(),
                });
            }
        }
    }
    all
}

/// The ids of an answer, wherever they stand.
fn ids(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                match value {
                    Value::String(text) if name.ends_with("_id") && !text.is_empty() => {
                        found.push(text.clone())
                    }
                    _ => ids(value, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|it| ids(it, found)),
        _ => {}
    }
}

/// Sends the call and checks what holds of every answer.
async fn strike(api: &Api, call: &Hostile) -> Result<Value, String> {
    let mut request = api.request(&call.method, &call.path).body(call.body.clone());
    if let Some(kind) = call.content_type {
        request = request.header("Content-Type", kind);
    }
    for (name, value) in &call.headers {
        request = request.header(*name, value.as_bytes());
    }
    let shown = || {
        format!(
            "{} {} {:?}\n{}",
            call.method,
            call.path,
            call.content_type,
            String::from_utf8_lossy(&call.body)
        )
    };
    let sent = tokio::time::timeout(PATIENCE, request.send()).await;
    let response = sent.map_err(|_| format!("hangs: {}", shown()))?;
    let response = response.map_err(|error| format!("no answer ({error:?}): {}", shown()))?;
    let status = response.status().as_u16();
    let kind =
        response.headers().get("content-type").map(|it| it.to_str().unwrap().to_owned()).unwrap_or_default();
    let bytes = response.bytes().await.map_err(|error| format!("{error}: {}", shown()))?;
    if call.method == "HEAD" || (call.method == "OPTIONS" && bytes.is_empty()) {
        return if status == 500 { Err(format!("500: {}", shown())) } else { Ok(Value::Null) };
    }
    if !kind.starts_with("application/json") {
        // Papers, pictures and tables are given in their own formats, errors never.
        return if status == 200 { Ok(Value::Null) } else { Err(format!("{status} as {kind}: {}", shown())) };
    }
    let answer: Value = serde_json::from_slice(&bytes).map_err(|error| format!("{error}: {}", shown()))?;
    let code = answer["code"].as_i64();
    let fair = match status {
        200 | 201 => code == Some(0),
        400 | 401 | 404 | 405 | 413 | 501 => code.is_some_and(|it| it != 0 && it != 1000),
        _ => false,
    };
    if fair && answer["message"].is_string() {
        Ok(answer)
    } else {
        Err(format!("{status} {answer}: {}", shown()))
    }
}

/// What every list answers when it is asked without parameters, some of which it may miss.
async fn lists(api: &Api, operations: &[Operation]) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    for operation in operations.iter().filter(|it| it.method == "GET" && !it.path.contains('{')) {
        let (status, answer) = api.call("GET", &operation.path, Value::Null).await;
        assert!(matches!(status, 200 | 400 | 501), "{}: {status} {answer}", operation.path);
        all.push((operation.path.clone(), answer));
    }
    all
}

/// Records that the hostile bodies refer to.
async fn known(api: &Api) -> Known {
    let made = async |path: &str, body: Value| {
        let (status, answer) = api.call("POST", path, body).await;
        assert_eq!(status, 201, "{path}: {answer}");
        answer
    };
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let customer = made("contacts", json!({"contact_name": "Customer", "email": "c@x.test"})).await;
    let vendor = made("contacts", json!({"contact_name": "Vendor", "contact_type": "vendor"})).await;
    let item = made("items", json!({"name": "Item", "rate": 10, "purchase_rate": 7})).await;
    let product = made("/billing/v1/products", json!({"name": "Cloud"})).await;
    let plan = json!({"plan_code": "p", "name": "P", "product_id": product["product"]["product_id"],
        "recurring_price": 9.99, "interval": 1, "interval_unit": "months"});
    made("/billing/v1/plans", plan).await;
    let chart = api.get("chartofaccounts").await;
    let rows = chart["chartofaccounts"].as_array().unwrap();
    let account = rows.iter().find(|it| it["account_type"] == "expense").unwrap();
    Known {
        customer: text(&customer["contact"]["contact_id"]),
        vendor: text(&vendor["contact"]["contact_id"]),
        item: text(&item["item"]["item_id"]),
        account: text(&account["account_id"]),
        plan: "p".to_owned(),
    }
}

/// `FINBRIDGE_FUZZ_CASES` asks for another number of calls, and then for new ones in each run.
#[test]
fn every_hostile_call_is_answered_and_the_state_stays_whole() {
    let asked = std::env::var("FINBRIDGE_FUZZ_CASES").ok().and_then(|it| it.parse().ok());
    let config = ProptestConfig {
        cases: asked.unwrap_or(3000),
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(FOUND))),
        max_shrink_iters: 300,
        ..ProptestConfig::default()
    };
    let mut runner = match asked {
        None => {
            let rng = TestRng::deterministic_rng(config.rng_algorithm);
            TestRunner::new_with_rng(config, rng)
        }
        Some(_) => TestRunner::new(config),
    };
    let runtime = Runtime::new().unwrap();
    let (clock, state) = (Arc::new(ManualClock::new(start_time())), scratch("hostile"));
    let emulator = runtime.block_on(start(&clock, &state));
    let (api, operations, known) = runtime.block_on(async {
        let api = login(&emulator.url()).await;
        let operations = operations(&api).await;
        let known = known(&api).await;
        (api, operations, known)
    });
    assert!(operations.len() > 300, "{}", operations.len());
    let taken = AtomicU32::new(0);
    let seen = Mutex::new(vec![known.customer.clone(), known.vendor.clone(), known.item.clone()]);
    let ran = runner.run(&draft(), |draft| {
        let request = draft.request(&operations, &known, &seen.lock().unwrap());
        let answer = runtime.block_on(strike(&api, &request)).map_err(TestCaseError::fail)?;
        if answer["code"] == 0 && request.method != "GET" {
            taken.fetch_add(1, Ordering::Relaxed);
        }
        let mut seen = seen.lock().unwrap();
        ids(&answer, &mut seen);
        // Recent ids are drawn more often than those of the beginning.
        if seen.len() > 400 {
            let old = seen.len() - 400;
            seen.drain(..old);
        }
        Ok(())
    });
    if let Err(error) = ran {
        panic!("{error}");
    }
    let taken = taken.into_inner();
    assert!(taken > 30, "only {taken} writes went through, so that the others saw little");
    runtime.block_on(async {
        clock.advance(TimeDelta::days(40));
        let api = login(&emulator.url()).await;
        let before = lists(&api, &operations).await;
        emulator.shutdown().await;
        let emulator = start(&clock, &state).await;
        let api = Api { url: emulator.url(), ..api };
        for ((path, before), (_, after)) in before.iter().zip(lists(&api, &operations).await) {
            assert_eq!(*before, after, "{path} is another after a restart");
        }
        emulator.shutdown().await;
    });
}
