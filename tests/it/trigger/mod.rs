//! Deals that make documents.

mod bulk;
mod configure;
mod content;
mod decisions;
mod deleted;
pub mod desk;
mod estimates;
mod exactly_once;
mod faults;
mod imports;
mod invoices;
mod limits;
mod log;
mod manual;
mod meanwhile;
mod recreate;
mod settings;
mod simulate;
mod stages;
mod walks;

use finbridge_tests::TestWorld;
use serde_json::{Value, json};

use super::transaction::seen::until;

/// A world in which accounts are customers, with the stages of a sale.
pub struct Sales {
    /// The integration.
    pub integration: String,
    /// An account that is a customer.
    pub account: String,
    /// Stages: open, further, won, lost.
    pub open: String,
    pub further: String,
    pub won: String,
    pub lost: String,
}

/// Connects, makes a customer of an account, and the stages.
pub async fn sales(world: &TestWorld) -> Sales {
    let integration = world.connect_documents().await;
    let account = world.account("Acme").await;
    let run = world.configure(&integration, "OVERWRITE", true).await.expect("a run");
    let run = world.ended(&run).await;
    assert_eq!(run["totals"]["added"], 1, "{run:#}");
    let stage = async |name: &str, kind: &str| {
        let query = "mutation($input: StageCreateInput!) { stageCreate(input: $input) { stage { id } userErrors { message } } }";
        let data = world.data(query, json!({ "input": { "name": name, "kind": kind } })).await;
        data["stageCreate"]["stage"]["id"].as_str().unwrap_or_else(|| panic!("{data:#}")).to_owned()
    };
    Sales {
        integration,
        account,
        open: stage("Talks", "OPEN").await,
        further: stage("Offer", "OPEN").await,
        won: stage("Closed Won", "WON").await,
        lost: stage("Closed Lost", "LOST").await,
    }
}

impl Sales {
    /// Sets the trigger; `more` stands in its input.
    pub async fn trigger(&self, world: &TestWorld, point: &str, more: Value) {
        let mut input = json!({ "integrationId": self.integration, "point": point });
        for (name, value) in more.as_object().expect("members") {
            input[name] = value.clone();
        }
        let data = set(world, input).await;
        assert_eq!(data["userErrors"], json!([]), "{data:#}");
        assert_eq!(data["trigger"]["point"], point);
    }

    /// Makes a deal of this amount in a stage, and returns its id.
    pub async fn deal(&self, world: &TestWorld, stage: &str, members: Value) -> String {
        let mut input =
            json!({ "name": "Big deal", "accountId": self.account, "stageId": stage, "amount": "1200.50" });
        for (name, value) in members.as_object().expect("members") {
            input[name] = value.clone();
        }
        let query = "mutation($input: DealCreateInput!) { dealCreate(input: $input) { deal { id } userErrors { message } } }";
        let data = world.data(query, json!({ "input": input })).await;
        data["dealCreate"]["deal"]["id"].as_str().unwrap_or_else(|| panic!("{data:#}")).to_owned()
    }
}

/// Asks for a trigger to be set.
pub async fn set(world: &TestWorld, input: Value) -> Value {
    let query = "mutation($input: IntegrationTriggerSetInput!) { integrationTriggerSet(input: $input) {
        trigger { point createStages { name } acceptStages { name } invalidateStages { name } isMarkedSent }
        userErrors { code message field } } }";
    world.data(query, json!({ "input": input })).await["integrationTriggerSet"].take()
}

/// Moves a deal to a stage.
pub async fn moved(world: &TestWorld, deal: &str, stage: &str) {
    let query = "mutation($id: ID!, $stage: ID!) { dealMoveToStage(input: { id: $id, stageId: $stage }) { deal { id } userErrors { message } } }";
    let data = world.data(query, json!({ "id": deal, "stage": stage })).await;
    assert_eq!(data["dealMoveToStage"]["userErrors"], json!([]), "{data:#}");
}

/// The trigger log of a deal, oldest first, once it has so many entries.
pub async fn logged(world: &TestWorld, deal: &str, count: usize) -> Vec<Value> {
    let query =
        "query($deal: ID!) { triggerLog(filter: { deal: { eq: $deal } }, first: 100) { totalCount nodes {
        id action outcome code message remoteKey transactionKind stage { name } integration { id } } } }";
    let read = async || world.data(query, json!({ "deal": deal })).await["triggerLog"].take();
    until(
        async || read().await["totalCount"].as_u64() >= Some(count as u64),
        "the trigger looked at the deal",
    )
    .await;
    let log = read().await;
    let mut entries = log["nodes"].as_array().expect("entries").clone();
    assert_eq!(entries.len(), count, "{entries:#?}");
    entries.reverse();
    entries
}

/// What an entry of the log says in short.
pub fn said(entry: &Value) -> (&str, &str, &str) {
    let text = |name: &str| entry[name].as_str().unwrap_or_default();
    (text("action"), text("outcome"), text("code"))
}

/// Documents of the finance side; `path` is their list.
pub async fn documents(world: &TestWorld, path: &str, key: &str) -> Vec<Value> {
    let list = world.books("GET", &format!("{path}?per_page=200"), None).await;
    list[key].as_array().unwrap_or_else(|| panic!("{list:#}")).clone()
}

/// One document of the finance side, whole.
pub async fn document(world: &TestWorld, path: &str, key: &str) -> Value {
    world.books("GET", path, None).await[key].take()
}
