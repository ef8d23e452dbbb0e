use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use finbridge_emulator::*;
use serde_json::{Value, json};

use crate::world::*;

pub fn scratch(name: &str) -> PathBuf {
    let dir = std::env::temp_dir().join(format!("finbridge-emulator-it-{}-{name}", std::process::id()));
    let _ = std::fs::remove_dir_all(&dir);
    std::fs::create_dir_all(&dir).unwrap();
    dir.join("state.log")
}

fn spawn(state: &Path) -> (Child, String) {
    spawn_with(state, &[])
}

fn spawn_with(state: &Path, arguments: &[&str]) -> (Child, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_finbridge-emulator"))
        .args(["--port", "0", "--state"])
        .arg(state)
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let url = line.trim().rsplit(' ').next().unwrap().to_owned();
    assert!(url.starts_with("http://"), "{line}");
    (child, url)
}

#[tokio::test]
async fn kill_9_loses_nothing_that_was_answered() {
    killed_while_writing("kill", &[]).await;
}

#[tokio::test]
async fn kill_9_while_the_state_file_is_rewritten_loses_nothing_that_was_answered() {
    // So small that nearly every moment has a rewrite under way.
    let state = killed_while_writing("kill-compact", &["--compact-from", "1"]).await;
    let (length, lines) =
        (std::fs::metadata(&state).unwrap().len(), std::fs::read_to_string(&state).unwrap());
    assert!(lines.contains("{\"length\":"), "a rewrite came to its end, {length} bytes");
}

/// Kills an emulator several times under writers and looks whether everything that was answered is there.
async fn killed_while_writing(name: &str, arguments: &[&str]) -> PathBuf {
    let state = scratch(name);
    let answered: Arc<Mutex<Vec<(String, String)>>> = Arc::default();
    for round in 0..6u64 {
        let (mut child, url) = spawn_with(&state, arguments);
        let api = Api::login(&url).await;
        let writers: Vec<_> = (0..4)
            .map(|writer| {
                let (api, answered) = (api.clone(), Arc::clone(&answered));
                tokio::spawn(async move {
                    for n in 0.. {
                        let name = format!("r{round} w{writer} n{n}");
                        let Ok(response) =
                            api.request("POST", "contacts").json(&json!({"contact_name": name})).send().await
                        else {
                            return;
                        };
                        let Ok(body) = response.json::<Value>().await else { return };
                        answered.lock().unwrap().push((id(&body["contact"]), name));
                    }
                })
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(60 + 97 * round % 250)).await;
        child.kill().unwrap();
        child.wait().unwrap();
        for writer in writers {
            writer.await.unwrap();
        }
    }
    // A torn last line must not matter either.
    let mut bytes = std::fs::read(&state).unwrap();
    bytes.extend_from_slice(b"0badc0de [{\"contact\":{\"organiz");
    std::fs::write(&state, bytes).unwrap();
    let (mut child, url) = spawn_with(&state, arguments);
    let api = Api::login(&url).await;
    let answered = answered.lock().unwrap().clone();
    assert!(answered.len() > 20, "{}", answered.len());
    for (id, name) in answered {
        assert_eq!(api.get(&format!("contacts/{id}")).await["contact"]["contact_name"], name.as_str());
    }
    child.kill().unwrap();
    child.wait().unwrap();
    state
}

/// One call of the mixed run and what it leaves behind, as a model without an emulator.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Model {
    contacts: Vec<String>,
    items: Vec<String>,
    taxes: Vec<String>,
    webhooks: usize,
}

impl Model {
    async fn seen(api: &Api) -> Self {
        let names = async |path: &str, key: &str, name: &str| {
            let page = api.get(&format!("{path}?per_page=200")).await;
            let mut names: Vec<String> = page[key]
                .as_array()
                .unwrap()
                .iter()
                .map(|row| row[name].as_str().unwrap().to_owned())
                .collect();
            names.sort();
            names
        };
        Self {
            contacts: names("contacts", "contacts", "contact_name").await,
            items: names("items", "items", "name").await,
            taxes: names("settings/taxes", "taxes", "tax_name").await,
            webhooks: api.get("/_emulator/webhooks").await["webhooks"].as_array().unwrap().len(),
        }
    }
}

/// Writes of several kinds and restores, one after the other, until the emulator dies. Gives back the model after the
/// last answered call, and the one after the call that was under way.
async fn write_until_killed(api: Api, mut model: Model, round: u64) -> (Model, Model, usize) {
    let (mut kept, mut answered) = (model.clone(), 0);
    for n in 0u64.. {
        let name = format!("r{round} n{n:04}");
        let mut next = model.clone();
        let (path, body) = match n % 7 {
            0 | 5 => {
                next.contacts.push(name.clone());
                ("contacts", json!({"contact_name": name}))
            }
            1 => {
                next.items.push(name.clone());
                ("items", json!({"name": name, "rate": 1}))
            }
            2 => {
                next.taxes.push(name.clone());
                ("settings/taxes", json!({"tax_name": name, "tax_percentage": 5}))
            }
            3 => {
                next.webhooks += 1;
                // Nobody listens there, so that deliveries are written, too.
                let hook = json!({"organization_id": DEMO_ORGANIZATION_ID, "url": "http://127.0.0.1:1/"});
                ("/_emulator/webhooks", hook)
            }
            4 => ("/_emulator/snapshots", json!({"name": "s"})),
            _ => {
                next = kept.clone();
                ("/_emulator/snapshots/restore", json!({"name": "s"}))
            }
        };
        next.contacts.sort();
        next.items.sort();
        next.taxes.sort();
        let Ok(response) = api.request("POST", path).json(&body).send().await else {
            return (model, next, answered);
        };
        let status = response.status();
        let Ok(text) = response.text().await else { return (model, next, answered) };
        assert!(status.is_success(), "{path}: {text}");
        if n % 7 == 4 {
            kept = next.clone();
        }
        model = next;
        answered += 1;
    }
    unreachable!()
}

#[tokio::test]
async fn kill_9_between_writes_of_many_kinds_and_restores_loses_nothing() {
    let state = scratch("mixed");
    let (mut child, mut url) = spawn(&state);
    // The one token of the run: a restore takes back tokens that were issued after the snapshot.
    let api = Api::login(&url).await;
    let (mut model, mut answered) = (Model::default(), 0);
    for round in 0..8u64 {
        let writer = tokio::spawn(write_until_killed(api_at(&api, &url), model, round));
        tokio::time::sleep(Duration::from_millis(70 + 131 * round % 300)).await;
        child.kill().unwrap();
        child.wait().unwrap();
        let (last, under_way, count) = writer.await.unwrap();
        answered += count;
        (child, url) = spawn(&state);
        let seen = Model::seen(&api_at(&api, &url)).await;
        assert!(
            seen == last || seen == under_way,
            "round {round}: {seen:?} is neither {last:?} nor {under_way:?}"
        );
        model = seen;
    }
    assert!(answered > 40, "{answered}");
    child.kill().unwrap();
    child.wait().unwrap();
}

fn api_at(api: &Api, url: &str) -> Api {
    Api { url: url.to_owned(), ..api.clone() }
}

#[tokio::test]
async fn a_restored_state_is_the_one_that_a_restart_finds() {
    let state = scratch("restored");
    let start = || Emulator::builder().state_file(state.clone()).start();
    let emulator = start().await.unwrap();
    let api = Api::login(&emulator.url()).await;
    api.named("Kept").await;
    emulator.snapshot("kept").unwrap();
    let next = api.named("Lost").await;
    emulator.restore("kept").unwrap();
    emulator.shutdown().await;
    let emulator = start().await.unwrap();
    let api = api_at(&api, &emulator.url());
    assert_eq!(names(&api.get("contacts").await), ["Kept"]);
    assert_eq!(api.named("Next").await, next, "the id counter went back, too");
    assert!(
        matches!(emulator.restore("kept"), Err(SnapshotError::Unknown)),
        "snapshots end with the emulator"
    );
    emulator.shutdown().await;
}

#[tokio::test]
async fn a_restart_keeps_records_tokens_links_and_ids() {
    let state = scratch("restart");
    let start = || Emulator::builder().state_file(state.clone()).start();
    let emulator = start().await.unwrap();
    let api = Api::login(&emulator.url()).await;
    let refresh = api.refresh_token(DEMO_EMAIL, DEMO_ZSC_KEY, None).await;
    let contact = api.create(json!({"contact_name": "Bleibt 株", "credit_limit": 12.5, "contact_persons": [{"first_name": "A"}]})).await;
    let link = format!("/integration/v1/contacts/{}/link", id(&contact));
    api.call("PUT", &link, json!({"zcrm_account_id": "7"})).await;
    let before = api.get(&format!("contacts/{}", id(&contact))).await;
    let error = start().await.err().unwrap();
    assert!(matches!(error, StartError::StateLocked { .. }), "{error}");
    emulator.shutdown().await;

    let mut other = Seed::demo();
    other.organizations[0].name = "Ignored".to_owned();
    let emulator = Emulator::builder().state_file(state.clone()).seed(other).start().await.unwrap();
    let api = Api { url: emulator.url(), ..api };
    assert_eq!(api.get(&format!("contacts/{}", id(&contact))).await, before);
    assert_eq!(names(&api.get("contacts?zcrm_account_id=7").await), ["Bleibt 株"]);
    assert_eq!(api.get("organizations").await["organizations"][0]["name"], "Finbridge Demo Inc.");
    api.access_token(&refresh).await;
    assert_eq!(api.call("POST", "contacts", json!({"contact_name": "BLEIBT 株"})).await.1["code"], 3062);
    assert!(api.named("Next").await > id(&contact));
    emulator.shutdown().await;

    std::fs::write(&state, "not ours").unwrap();
    let error = start().await.err().unwrap();
    assert!(matches!(error, StartError::StateCorrupt { .. }), "{error}");
    assert_eq!(std::fs::read_to_string(&state).unwrap(), "not ours");
}

#[tokio::test]
async fn the_program_refuses_what_it_cannot_use() {
    let output = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_finbridge-emulator")).args(arguments).output().unwrap();
        (output.status.success(), String::from_utf8(output.stderr).unwrap())
    };
    let w = world().await;
    let port = w.emulator.addr().port().to_string();
    let (ok, message) = output(&["--port", &port]);
    assert!(!ok && message.contains("already in use"), "{message}");
    let (ok, message) = output(&["--port", "0", "--seed-file", "/nonexistent"]);
    assert!(!ok && message.contains("Check the path"), "{message}");
}
