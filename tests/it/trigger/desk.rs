//! A desk to try triggers at: stages and deals here, estimates and invoices there, and the log in between. The finance side is asked
//! for nothing by itself, so that the journal tells what triggers did.

use finbridge_domain::NodeId;
use finbridge_tests::TestWorld;
use sea_orm::prelude::Uuid;
use serde_json::{Value, json};

use crate::transaction::seen::until;

/// A connected CRM with the account Acme, stages, and nothing that is triggered yet.
pub struct Desk<'a> {
    pub world: &'a TestWorld,
    pub integration: String,
    /// The account, a customer already unless said otherwise.
    pub acme: String,
    pub open: String,
    pub offered: String,
    pub agreed: String,
    pub refused: String,
    pub won: String,
    pub lost: String,
}

impl<'a> Desk<'a> {
    /// One whose account is a customer.
    pub async fn of(world: &'a TestWorld) -> Self {
        let desk = Self::without_customers(world).await;
        world.configure(&desk.integration, "SKIP", false).await;
        let run = world.synced(&desk.integration).await;
        assert_eq!(run["state"], "SUCCEEDED", "{run:#}");
        desk
    }

    /// One that synchronises no customers.
    pub async fn without_customers(world: &'a TestWorld) -> Self {
        let integration = world.connect().await;
        Self {
            world,
            integration,
            acme: world.account("Acme").await,
            open: stage(world, "Talks", "OPEN").await,
            offered: stage(world, "Offered", "OPEN").await,
            agreed: stage(world, "Agreed", "OPEN").await,
            refused: stage(world, "Refused", "OPEN").await,
            won: stage(world, "Signed", "WON").await,
            lost: stage(world, "Gone", "LOST").await,
        }
    }

    /// Has deals make invoices.
    pub async fn invoices(&self) {
        self.trigger(json!({ "point": "INVOICE" })).await;
    }

    /// Has deals make estimates in the stages that are made for it.
    pub async fn estimates(&self) {
        self.trigger(json!({ "point": "ESTIMATE", "createStageIds": [self.offered],
            "acceptStageIds": [self.agreed], "invalidateStageIds": [self.refused] }))
            .await;
    }

    /// Says what deals do, which must be taken.
    pub async fn trigger(&self, members: Value) -> Value {
        let set = self.try_trigger(members).await;
        assert_eq!(set["userErrors"], json!([]), "{set:#}");
        set["trigger"].clone()
    }

    /// The same, refused or not.
    pub async fn try_trigger(&self, mut members: Value) -> Value {
        members["integrationId"] = json!(self.integration);
        self.world.data(SET, json!({ "input": members })).await["integrationTriggerSet"].take()
    }

    /// A deal of 250.50 with Acme, made in this stage.
    pub async fn deal(&self, name: &str, stage: &str) -> String {
        self.deal_of(json!({ "name": name, "stageId": stage, "accountId": self.acme, "amount": "250.50" }))
            .await
    }

    /// A deal of these members.
    pub async fn deal_of(&self, input: Value) -> String {
        let query = "mutation($input: DealCreateInput!) { dealCreate(input: $input) { deal { id } userErrors { message } } }";
        let data = self.world.data(query, json!({ "input": input })).await;
        data["dealCreate"]["deal"]["id"].as_str().unwrap_or_else(|| panic!("{data:#}")).to_owned()
    }

    /// Moves a deal and waits for nothing.
    pub async fn go(&self, deal: &str, stage: &str) {
        let query = "mutation($id: ID!, $stage: ID!) { dealMoveToStage(input: { id: $id, stageId: $stage }) { userErrors { message } } }";
        let data = self.world.data(query, json!({ "id": deal, "stage": stage })).await;
        assert_eq!(data["dealMoveToStage"]["userErrors"], json!([]), "{data:#}");
    }

    /// Moves a deal and waits for what comes of it: the newest entry of its log, where there were so many before.
    pub async fn gone(&self, deal: &str, stage: &str) -> Value {
        let before = self.entries(deal).await.len();
        self.go(deal, stage).await;
        self.newest(deal, before + 1).await
    }

    /// Waits until the log of a deal has so many entries, and returns the newest.
    pub async fn newest(&self, deal: &str, count: usize) -> Value {
        let is_there = async || self.entries(deal).await.len() >= count;
        until(is_there, "the trigger was looked at").await;
        let entries = self.entries(deal).await;
        assert_eq!(entries.len(), count, "{entries:#?}");
        entries[0].clone()
    }

    /// The log of a deal, newest first.
    pub async fn entries(&self, deal: &str) -> Vec<Value> {
        let query = "query($id: ID!) { triggerLog(filter: { deal: { eq: $id } }, first: 100) { nodes {
            transactionKind action outcome code message remoteKey remoteCode stage { id } integration { id } } } }";
        let data = self.world.data(query, json!({ "id": deal })).await;
        data["triggerLog"]["nodes"].as_array().expect("entries").clone()
    }

    /// The documents of this list there, as lists show them.
    pub async fn listed(&self, list: &str) -> Vec<Value> {
        let answer = self.world.books("GET", &format!("/{list}?per_page=200"), None).await;
        answer[list].as_array().unwrap_or_else(|| panic!("{answer:#}")).clone()
    }

    /// The invoice of an entry, whole.
    pub async fn invoice(&self, entry: &Value) -> Value {
        self.document("invoice", entry).await
    }

    /// The estimate of an entry, whole.
    pub async fn estimate(&self, entry: &Value) -> Value {
        self.document("estimate", entry).await
    }

    async fn document(&self, kind: &str, entry: &Value) -> Value {
        let id = entry["remoteKey"].as_str().unwrap_or_else(|| panic!("no document: {entry:#}"));
        self.world.books("GET", &format!("/{kind}s/{id}"), None).await[kind].take()
    }

    /// Somebody there changes how a document stands.
    pub async fn mark(&self, kind: &str, entry: &Value, status: &str) {
        let id = entry["remoteKey"].as_str().expect("a document");
        let answer = self.world.books("POST", &format!("/{kind}s/{id}/status/{status}"), None).await;
        assert_eq!(answer["code"], 0, "{answer:#}");
    }

    /// A customer pays so much of an invoice.
    pub async fn pay(&self, entry: &Value, amount: f64) {
        let invoice = self.invoice(entry).await;
        let payment = json!({ "customer_id": invoice["customer_id"], "payment_mode": "cash", "amount": amount, "date": "2026-01-05",
            "invoices": [{ "invoice_id": invoice["invoice_id"], "amount_applied": amount }] });
        let answer = self.world.books("POST", "/customerpayments", Some(payment)).await;
        assert_eq!(answer["code"], 0, "{answer:#}");
    }

    /// How the finance side names a deal.
    pub async fn number(&self, deal: &str) -> Value {
        let data =
            self.world.data("query($id: ID!) { deal(id: $id) { wireId } }", json!({ "id": deal })).await;
        data["deal"]["wireId"].clone()
    }
}

/// Says what deals do.
pub const SET: &str = "mutation($input: IntegrationTriggerSetInput!) { integrationTriggerSet(input: $input) {
    trigger { point isMarkedSent createStages { name } acceptStages { name } invalidateStages { name } }
    userErrors { code message field } } }";

/// Makes a stage and returns its id.
async fn stage(world: &TestWorld, name: &str, kind: &str) -> String {
    let query = format!(
        "mutation {{ stageCreate(input: {{ name: \"{name}\", kind: {kind} }}) {{ stage {{ id }} userErrors {{ message }} }} }}"
    );
    let data = world.data(&query, json!({})).await;
    data["stageCreate"]["stage"]["id"].as_str().unwrap_or_else(|| panic!("{data:#}")).to_owned()
}

/// The UUID of an outside id.
pub fn uuid_of(id: &str) -> Uuid {
    id.parse::<NodeId>().expect("an id").uuid
}

/// What an entry says, in short.
pub fn said(entry: &Value) -> (&str, &str, Option<&str>) {
    let text = |member: &str| entry[member].as_str();
    (text("action").expect("an action"), text("outcome").expect("an outcome"), text("code"))
}
