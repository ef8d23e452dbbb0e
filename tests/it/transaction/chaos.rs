//! Words about documents that are lost, come twice, late or in the wrong order: what is mirrored is the same in the end.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use finbridge_emulator::DEMO_ORGANIZATION_ID;
use finbridge_tests::{TestWorld, both_databases};
use serde_json::{Value, json};

use super::seen::{customer, fetch, invoice, made, until, with};

/// Calls the emulator's control surface.
async fn control(world: &TestWorld, path: &str, body: Value) {
    let url = format!("{}/_emulator/{path}", world.emulator.url());
    let answer = world.http().post(url).json(&body).send().await.expect("an answer");
    assert!(answer.status().is_success(), "{path}: {}", answer.status());
}

/// Has the finance side tell of its documents.
async fn subscribe(world: &TestWorld, integration: &str) {
    let query = "mutation($id: ID!) { integrationWebhookEnable(input: { integrationId: $id }) { webhook { path secret } userErrors { code } } }";
    let data = world.data(query, json!({ "id": integration })).await;
    let hook = &data["integrationWebhookEnable"]["webhook"];
    let url = format!("{}{}", world.url, hook["path"].as_str().expect("a path"));
    let body = json!({ "organization_id": DEMO_ORGANIZATION_ID, "url": url, "events": ["*"], "secret": hook["secret"] });
    control(world, "webhooks", body).await;
}

/// The documents of these lists there: what stands for their state, by their id.
async fn there(world: &TestWorld) -> BTreeMap<String, String> {
    let mut documents = BTreeMap::new();
    for (list, id) in [("invoices", "invoice_id"), ("estimates", "estimate_id")] {
        let answer = world.books("GET", &format!("/{list}?per_page=200"), None).await;
        for one in answer[list].as_array().unwrap_or_else(|| panic!("{answer:#}")) {
            let text = |name: &str| one[name].as_str().unwrap_or_default();
            let told = format!("{} {}", undated(text("status")), text("reference_number"));
            documents.insert(text(id).to_owned(), told);
        }
    }
    documents
}

/// A status without what the calendar decides, which nobody tells.
fn undated(status: &str) -> &str {
    match status {
        "overdue" | "expired" => "sent",
        other => other,
    }
}

/// The same as it is mirrored here.
async fn here(world: &TestWorld) -> BTreeMap<String, String> {
    let query = "{ transactions(first: 100, filter: { kind: { in: [INVOICE, ESTIMATE] } }) { nodes { remoteKey remoteStatus reference } } }";
    let data = world.data(query, json!({})).await;
    let nodes = data["transactions"]["nodes"].as_array().expect("transactions").iter();
    let told = nodes.map(|one| {
        let text = |name: &str| one[name].as_str().unwrap_or_default();
        let told = format!("{} {}", undated(text("remoteStatus")), text("reference"));
        (text("remoteKey").to_owned(), told)
    });
    told.collect()
}

/// Throws that come the same way every time.
struct Dice(u64);

impl Dice {
    fn throw(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// Somebody there does something with a document, where its state lets him; what the app refuses stays as it was.
async fn meddle(world: &TestWorld, dice: &mut Dice, n: usize, documents: &[(&str, String)]) {
    let which = usize::try_from(dice.throw(documents.len() as u64)).expect("a small number");
    let (path, id) = &documents[which];
    match dice.throw(6) {
        0 => {
            world.books("DELETE", &format!("{path}/{id}"), None).await;
        }
        1 | 2 => {
            let edit = json!({ "reference_number": format!("R-{n}") });
            world.books("PUT", &format!("{path}/{id}"), Some(edit)).await;
        }
        3 => {
            world.books("POST", &format!("{path}/{id}/status/sent"), None).await;
        }
        _ => {
            let status = if *path == "/invoices" { "void" } else { "declined" };
            world.books("POST", &format!("{path}/{id}/status/{status}"), None).await;
        }
    }
}

both_databases! {
    async fn r102_words_that_are_lost_doubled_late_or_reordered_lead_to_the_same_mirror(world: &TestWorld) {
        let integration = world.connect_documents().await;
        let payer = customer(world, "Acme", None).await;
        fetch(world, &integration, &["INVOICE", "ESTIMATE"]).await;
        subscribe(world, &integration).await;
        for fault in [
            json!({ "kind": "lost", "count": 5 }),
            json!({ "kind": "doubled", "count": 8 }),
            json!({ "kind": "reordered", "count": 4 }),
            json!({ "kind": "late", "seconds": 45, "count": 6 }),
        ] {
            control(world, "webhooks/faults", fault).await;
        }
        let mut documents = Vec::new();
        let mut dice = Dice(7);
        for n in 0..40 {
            if n % 5 == 0 {
                let one = invoice(world, &payer, json!({})).await;
                documents.push(("/invoices", one["invoice_id"].as_str().expect("an id").to_owned()));
                let one = made(world, "/estimates", "estimate", with(&payer, json!({}))).await;
                documents.push(("/estimates", one["estimate_id"].as_str().expect("an id").to_owned()));
            }
            meddle(world, &mut dice, n, &documents).await;
            world.advance(TimeDelta::seconds(3));
        }
        // What was told late comes, what was lost is found by the next reading, and what was deleted by the sweep.
        world.advance(TimeDelta::hours(25));
        until(async || here(world).await == there(world).await, "both sides tell the same").await;
        // And it stays so: nothing that is on its way still undoes it.
        world.advance(TimeDelta::hours(3));
        fetch(world, &integration, &["INVOICE", "ESTIMATE"]).await;
        until(async || here(world).await == there(world).await, "both sides still tell the same").await;
    }
}
