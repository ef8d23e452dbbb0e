//! Finance apps that tell of changes: the engine looks soon, once, and believes nothing.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use finbridge_emulator::DEMO_ORGANIZATION_ID;
use finbridge_tests::{TestWorld, both_databases};
use futures::StreamExt;
use ring::hmac;
use serde_json::{Value, json};

use super::support::settings;

const BOTH_WAYS: &str =
    "module: CUSTOMERS, crmModule: ACCOUNTS, direction: BOTH_WAYS, duplicatePolicy: OVERWRITE";

/// The address and secret of an integration.
struct Hook {
    url: String,
    secret: String,
}

async fn enable(world: &TestWorld, integration: &str) -> Hook {
    let query = "mutation($id: ID!) { integrationWebhookEnable(input: { integrationId: $id }) {
        webhook { path secret integration { connectionState { webhookEnabledAt } } } userErrors { code } } }";
    let data = world.data(query, json!({ "id": integration })).await;
    let hook = &data["integrationWebhookEnable"]["webhook"];
    assert!(hook["integration"]["connectionState"]["webhookEnabledAt"].is_string(), "{data:#}");
    let text = |name: &str| hook[name].as_str().expect("a text").to_owned();
    Hook { url: format!("{}{}", world.url, text("path")), secret: text("secret") }
}

impl Hook {
    fn sign(&self, body: &str) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.secret.as_bytes());
        hmac::sign(&key, body.as_bytes()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    async fn deliver(&self, world: &TestWorld, signature: &str, body: String) -> (u16, Value) {
        let request = world.http().post(&self.url).header("X-Zoho-Webhook-Signature", signature);
        let answer =
            request.header("Content-Type", "application/json").body(body).send().await.expect("an answer");
        (answer.status().as_u16(), answer.json().await.unwrap_or_default())
    }

    async fn tell(&self, world: &TestWorld, body: String) -> (u16, Value) {
        self.deliver(world, &self.sign(&body), body).await
    }
}

fn about(n: usize) -> String {
    json!({ "contact": { "contact_id": n.to_string(), "contact_type": "customer" } }).to_string()
}

/// Calls the emulator's control surface.
async fn control(world: &TestWorld, method: &str, path: &str, body: Value) -> Value {
    let method = method.parse().expect("a method");
    let request = world.http().request(method, format!("{}/_emulator/{path}", world.emulator.url()));
    let request = if body.is_null() { request } else { request.json(&body) };
    let answer = request.send().await.expect("an answer");
    assert!(answer.status().is_success(), "{path}: {}", answer.status());
    answer.json().await.expect("JSON")
}

async fn subscribe(world: &TestWorld, hook: &Hook) {
    let body = json!({
        "organization_id": DEMO_ORGANIZATION_ID, "url": hook.url, "events": ["contact.*"], "secret": hook.secret,
    });
    control(world, "POST", "webhooks", body).await;
}

/// Runs that a webhook started, and whether each has ended.
async fn woken(world: &TestWorld) -> Vec<bool> {
    let data = world.data("{ syncRuns(first: 100) { nodes { trigger state } } }", json!({})).await;
    let runs = data["syncRuns"]["nodes"].as_array().expect("runs").iter();
    let runs = runs.filter(|run| run["trigger"] == "WEBHOOK");
    runs.map(|run| !["QUEUED", "RUNNING"].contains(&run["state"].as_str().expect("a state"))).collect()
}

/// Waits until so many runs were started by webhooks and have ended.
async fn woken_times(world: &TestWorld, times: usize) {
    let begun = Instant::now();
    loop {
        let runs = woken(world).await;
        if runs.len() >= times && runs.iter().all(|ended| *ended) {
            assert_eq!(runs.len(), times);
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "{runs:?}");
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
}

async fn ready(world: &TestWorld, wish: &str) -> String {
    let integration = world.connect().await;
    settings(world, &integration, wish, false).await;
    world.account("Acme").await;
    assert_eq!(world.synced(&integration).await["state"], "SUCCEEDED");
    integration
}

async fn act(world: &TestWorld, mutation: &str, members: &str, integration: &str) {
    let query = format!(
        "mutation($id: ID!) {{ {mutation}(input: {{ integrationId: $id{members} }}) {{ userErrors {{ code message }} }} }}"
    );
    let data = world.data(&query, json!({ "id": integration })).await;
    assert_eq!(data[mutation]["userErrors"], json!([]), "{data:#}");
}

async fn names(world: &TestWorld) -> (Vec<String>, Vec<String>) {
    let data = world.data("{ accounts(first: 100) { nodes { name } } }", json!({})).await;
    let sorted = |rows: &[Value], name: &str| {
        let mut names: Vec<_> =
            rows.iter().map(|row| row[name].as_str().expect("a name").to_owned()).collect();
        names.sort();
        names
    };
    let accounts = data["accounts"]["nodes"].as_array().expect("accounts");
    (sorted(accounts, "name"), sorted(&world.contacts().await, "contact_name"))
}

both_databases! {
    async fn a_change_that_is_told_is_synchronised_without_waiting_for_the_schedule(world: &TestWorld) {
        let integration = ready(world, BOTH_WAYS).await;
        let hook = enable(world, &integration).await;
        subscribe(world, &hook).await;
        world.books("POST", "/contacts", Some(json!({ "contact_name": "Born there", "customer_sub_type": "business" }))).await;
        let begun = Instant::now();
        loop {
            let log = control(world, "GET", "webhooks/deliveries?status=delivered", Value::Null).await;
            if !log["deliveries"].as_array().expect("deliveries").is_empty() {
                break;
            }
            assert!(begun.elapsed() < Duration::from_secs(60), "it was not delivered: {log:#}");
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
        world.advance(TimeDelta::seconds(2));
        let begun = Instant::now();
        loop {
            let (accounts, contacts) = names(world).await;
            if accounts == ["Acme", "Born there"] {
                assert_eq!(accounts, contacts);
                break;
            }
            assert!(begun.elapsed() < Duration::from_secs(60), "{accounts:?}");
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
        assert!(!woken(world).await.is_empty());
    }

    async fn a_thousand_deliveries_make_one_run(world: &TestWorld) {
        let integration = ready(world, BOTH_WAYS).await;
        let hook = &enable(world, &integration).await;
        let told: Vec<_> = futures::stream::iter(0..1_000)
            .map(|n| async move { hook.tell(world, about(n)).await.0 })
            .buffer_unordered(40)
            .collect()
            .await;
        assert!(told.iter().all(|status| *status == 202), "{told:?}");
        assert!(woken(world).await.is_empty(), "a run waits for more words");
        world.advance(TimeDelta::seconds(2));
        woken_times(world, 1).await;
        // One that comes afterwards makes another.
        assert_eq!(hook.tell(world, about(1_000)).await.0, 202);
        world.advance(TimeDelta::seconds(2));
        woken_times(world, 2).await;
    }

    async fn what_is_not_signed_right_came_before_or_comes_at_the_wrong_time_starts_nothing(world: &TestWorld) {
        let integration = ready(world, BOTH_WAYS).await;
        let hook = enable(world, &integration).await;
        let stranger = Hook { url: format!("{}/webhooks/finance/unknown", world.url), secret: hook.secret.clone() };
        assert_eq!(stranger.tell(world, about(1)).await.0, 404);
        for signature in ["", "00", hook.sign(&about(2)).as_str()] {
            assert_eq!(hook.deliver(world, signature, about(1)).await.0, 401, "{signature}");
        }
        assert_eq!(hook.tell(world, "[]".to_owned()).await.0, 400);
        let large = json!({ "contact": { "notes": "x".repeat(300 * 1024) } }).to_string();
        assert_eq!(hook.tell(world, large).await.0, 413);
        let old = json!({ "event_id": "1", "event_type": "contact_edited", "created_time": "2026-01-03T12:00:00+0000", "data": { "contact": {} } });
        for ignored in [old, json!({ "invoice": { "invoice_id": "1" } })] {
            let (status, answer) = hook.tell(world, ignored.to_string()).await;
            assert_eq!((status, &answer["status"]), (200, &json!("ignored")), "{ignored}");
        }
        world.advance(TimeDelta::seconds(5));

        assert_eq!(hook.tell(world, about(1)).await.0, 202);
        world.advance(TimeDelta::seconds(2));
        woken_times(world, 1).await;
        let (status, answer) = hook.tell(world, about(1)).await;
        assert_eq!((status, &answer["status"]), (200, &json!("ignored")), "a replay");

        act(world, "syncModulePause", ", module: CUSTOMERS", &integration).await;
        let (status, answer) = hook.tell(world, about(3)).await;
        assert_eq!((status, &answer["status"]), (200, &json!("ignored")), "paused");
        act(world, "syncModuleResume", ", module: CUSTOMERS", &integration).await;

        // A new address takes the place of the old one, and none at all takes its place.
        let newer = enable(world, &integration).await;
        assert_eq!(hook.tell(world, about(4)).await.0, 404);
        let mixed = Hook { url: newer.url.clone(), secret: hook.secret };
        assert_eq!(mixed.tell(world, about(4)).await.0, 401);
        act(world, "integrationWebhookDisable", "", &integration).await;
        assert_eq!(newer.tell(world, about(4)).await.0, 404);
        world.advance(TimeDelta::seconds(5));
        // A run by hand comes after whatever else would have begun.
        world.synced(&integration).await;
        assert_eq!(woken(world).await.len(), 1);
    }

    async fn lost_doubled_late_and_reordered_deliveries_lead_to_the_same_state(world: &TestWorld) {
        let integration = ready(world, BOTH_WAYS).await;
        let hook = enable(world, &integration).await;
        subscribe(world, &hook).await;
        for fault in [
            json!({ "kind": "lost", "count": 2 }),
            json!({ "kind": "doubled", "count": 2 }),
            json!({ "kind": "reordered", "count": 1 }),
            json!({ "kind": "late", "seconds": 30, "count": 2 }),
        ] {
            control(world, "POST", "webhooks/faults", fault).await;
        }
        for n in 0..8 {
            let made = world.books("POST", "/contacts", Some(json!({ "contact_name": format!("There {n}"), "customer_sub_type": "business" }))).await;
            let id = made["contact"]["contact_id"].as_str().expect("an id").to_owned();
            world.books("PUT", &format!("/contacts/{id}"), Some(json!({ "contact_name": format!("Really there {n}") }))).await;
            world.advance(TimeDelta::seconds(7));
            tokio::time::sleep(Duration::from_millis(60)).await;
        }
        // What was lost is found by the next run, whoever starts it.
        let mut expected: Vec<_> = (0..8).map(|n| format!("Really there {n}")).collect();
        expected.insert(0, "Acme".to_owned());
        let begun = Instant::now();
        loop {
            let answer = world.data("mutation($id: ID!) { syncRunStart(input: { integrationId: $id, module: CUSTOMERS }) { syncRun { id } userErrors { code } } }", json!({ "id": integration })).await;
            if let Some(run) = answer["syncRunStart"]["syncRun"]["id"].as_str() {
                world.ended(run).await;
                if names(world).await == (expected.clone(), expected.clone()) {
                    break;
                }
            }
            assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", names(world).await);
            world.advance(TimeDelta::seconds(1));
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
        assert!(!woken(world).await.is_empty(), "those that arrived woke the engine");
    }
}
