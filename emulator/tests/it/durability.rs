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
    let mut child = Command::new(env!("CARGO_BIN_EXE_finbridge-emulator"))
        .args(["--port", "0", "--state"])
        .arg(state)
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
    let state = scratch("kill");
    let answered: Arc<Mutex<Vec<(String, String)>>> = Arc::default();
    for round in 0..6u64 {
        let (mut child, url) = spawn(&state);
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
    let (mut child, url) = spawn(&state);
    let api = Api::login(&url).await;
    let answered = answered.lock().unwrap().clone();
    assert!(answered.len() > 20, "{}", answered.len());
    for (id, name) in answered {
        assert_eq!(api.get(&format!("contacts/{id}")).await["contact"]["contact_name"], name.as_str());
    }
    child.kill().unwrap();
    child.wait().unwrap();
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
