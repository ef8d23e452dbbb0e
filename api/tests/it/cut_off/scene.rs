//! The program and an emulator that outlives it.

use std::collections::BTreeSet;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use finbridge_emulator::{
    DEMO_CLIENT_ID, DEMO_CLIENT_SECRET, DEMO_EMAIL, DEMO_ZSC_KEY, Emulator, FaultAction, FaultRule, Seed,
};
use sea_orm::{ConnectionTrait, Database};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::{Ports, command};

/// Records that are born on each side.
const RECORDS: usize = 20;

/// Longest wait for something that has to come.
const PATIENCE: Duration = Duration::from_secs(90);

/// Calls that a dead process may have had under way; the emulator notes them when it has answered.
const UNDER_WAY: usize = 4;

/// A process that ends with the test.
pub struct Running(Child);

impl Running {
    /// kill -9.
    pub fn kill(&mut self) {
        self.0.kill().expect("SIGKILL is sent");
        self.0.wait().expect("it is dead");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// An emulator in the test's own process, and what the program's processes share.
pub struct Scene {
    emulator: Emulator,
    folder: TempDir,
    ports: Ports,
    database: Option<String>,
    token: String,
    http: reqwest::Client,
}

impl Scene {
    /// An emulator, and a database with an administrator: at this address, or in a file.
    pub async fn open(database: Option<String>) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let emulator =
            Emulator::builder().port(0).seed(Seed::demo()).start().await.expect("the emulator starts");
        let folder = tempfile::tempdir().expect("a folder");
        let (token, http) = (String::new(), reqwest::Client::new());
        let mut scene = Self { emulator, folder, ports: Ports::free(), database, token, http };
        let mut make = scene.command();
        make.args(["token", "--email", DEMO_EMAIL, "--organization", "Test", "--create"]);
        let output = make.output().expect("the program runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let printed = String::from_utf8(output.stdout).expect("text");
        scene.token = printed.lines().last().expect("a token").trim().to_owned();
        scene
    }

    fn command(&self) -> std::process::Command {
        let mut command = command(self.folder.path(), self.ports);
        command
            .env("FINBRIDGE_BOOKS_ACCOUNTS_URL", self.emulator.url())
            .env("FINBRIDGE_BOOKS_API_URL", self.emulator.url())
            .env("FINBRIDGE_BOOKS_CLIENT_ID", DEMO_CLIENT_ID)
            .env("FINBRIDGE_BOOKS_CLIENT_SECRET", DEMO_CLIENT_SECRET)
            // The emulator counts nothing either; a run that waits for its quota is cut off nowhere.
            .env("FINBRIDGE_BOOKS_REQUESTS_PER_MINUTE", "0")
            .env("FINBRIDGE_BOOKS_REQUESTS_PER_DAY", "0")
            .env("FINBRIDGE_BOOKS_CONCURRENT_REQUESTS", "0")
            .env("FINBRIDGE_BOOKS_TOKEN_RENEWALS", "0")
            .env("FINBRIDGE_LIMITS_COST_BUCKET", "1000000000")
            .env("FINBRIDGE_LIMITS_COST_RESTORE", "1000000000")
            .env("FINBRIDGE_LOG_FILTER", "warn");
        if let Some(database) = &self.database {
            command.env("FINBRIDGE_DATABASE_URL", database);
        }
        command
    }

    /// Starts a process of the program, and does not wait for it.
    pub fn spawn(&self, words: &[&str]) -> Running {
        let mut command = self.command();
        // A pipe that nobody reads would fill up.
        command.args(words).stdout(Stdio::null()).stderr(Stdio::inherit());
        Running(command.spawn().expect("the program starts"))
    }

    async fn answer(&self, query: &str, variables: &Value) -> Option<Value> {
        let request = self.http.post(format!("http://127.0.0.1:{}/graphql", self.ports.server));
        let request =
            request.bearer_auth(&self.token).json(&json!({ "query": query, "variables": variables }));
        request.send().await.ok()?.json().await.ok()
    }

    /// Sends a GraphQL request that must succeed, as soon as somebody answers.
    async fn data(&self, query: &str, variables: Value) -> Value {
        let begun = Instant::now();
        let mut answer = loop {
            if let Some(answer) = self.answer(query, &variables).await {
                break answer;
            }
            assert!(begun.elapsed() < PATIENCE, "nobody answers");
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        assert!(answer.get("errors").is_none(), "{query}\n{answer:#}");
        answer["data"].take()
    }

    async fn books(&self, token: &str, method: reqwest::Method, path: &str, body: &Value) -> Value {
        let request = self.http.request(method, format!("{}/books/v3{path}", self.emulator.url()));
        let request = request.header("Authorization", format!("Zoho-oauthtoken {token}"));
        let request = if body.is_null() { request } else { request.json(body) };
        request.send().await.expect("an answer").json().await.expect("JSON")
    }

    async fn books_token(&self) -> String {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", DEMO_CLIENT_ID),
            ("client_secret", DEMO_CLIENT_SECRET),
            ("scope", "ZohoBooks.fullaccess.all"),
        ];
        let request = self.http.post(format!("{}/oauth/v2/token", self.emulator.url())).form(&form);
        let answer: Value = request.send().await.expect("an answer").json().await.expect("JSON");
        answer["access_token"].as_str().expect("a token").to_owned()
    }

    /// Fills both sides and connects them, both ways.
    pub async fn prepare(&self) {
        // The first request is the one that waits for the server; a repeated mutation would make a record twice.
        self.data("{ viewer { user { id } } }", json!({})).await;
        let create = "mutation($input: AccountCreateInput!) { accountCreate(input: $input) { userErrors { message } } }";
        let token = self.books_token().await;
        for n in 0..RECORDS {
            let input =
                json!({ "name": format!("From the CRM {n}"), "website": format!("https://crm{n}.example") });
            let made = self.data(create, json!({ "input": input })).await;
            assert_eq!(made["accountCreate"]["userErrors"], json!([]));
            let body = json!({ "contact_name": format!("From Books {n}"), "customer_sub_type": "business",
                               "website": format!("https://books{n}.example") });
            assert_eq!(self.books(&token, reqwest::Method::POST, "/contacts", &body).await["code"], 0);
        }
        let connect = "mutation($input: IntegrationConnectInput!) { integrationConnect(input: $input) {
            integration { id } userErrors { message } } }";
        let input = json!({ "app": "books", "email": DEMO_EMAIL, "zscKey": DEMO_ZSC_KEY });
        let connected = self.data(connect, json!({ "input": input })).await;
        let configure = "mutation($input: SyncModuleConfigureInput!) { syncModuleConfigure(input: $input) {
            userErrors { message } } }";
        let input = json!({
            "integrationId": connected["integrationConnect"]["integration"]["id"], "module": "CUSTOMERS",
            "crmModule": "ACCOUNTS", "direction": "BOTH_WAYS", "duplicatePolicy": "SKIP", "isAutomatic": false,
            "start": false,
        });
        let configured = self.data(configure, json!({ "input": input })).await;
        assert_eq!(configured["syncModuleConfigure"]["userErrors"], json!([]), "{connected:#}");
    }

    /// Every answer of the finance side takes this much longer from now on.
    pub fn slow_down(&self, by: Duration) {
        let ms = u64::try_from(by.as_millis()).expect("a short time");
        self.emulator.fault(FaultRule::new(FaultAction::Delay { ms }).path("/books/**"));
    }

    /// Starts a run and returns its id.
    pub async fn start_run(&self) -> String {
        let integrations = self.data("{ integrations { id } }", json!({})).await;
        let start = "mutation($id: ID!) { syncRunStart(input: { integrationId: $id, module: CUSTOMERS }) {
            syncRun { id } userErrors { message } } }";
        let started = self.data(start, json!({ "id": integrations["integrations"][0]["id"] })).await;
        let run = started["syncRunStart"]["syncRun"]["id"].as_str();
        run.unwrap_or_else(|| panic!("{started:#}")).to_owned()
    }

    fn calls(&self) -> usize {
        self.emulator.journal().len()
    }

    /// Waits until the finance side was called so many times more.
    pub async fn more_calls(&self, more: usize) {
        self.calls_within(self.calls() + more, PATIENCE).await;
    }

    async fn calls_within(&self, wanted: usize, patience: Duration) {
        let begun = Instant::now();
        while self.calls() < wanted {
            assert!(begun.elapsed() < patience, "no more calls came in {patience:?}");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Waits until somebody calls who is still alive.
    pub async fn goes_on_within(&self, patience: Duration) {
        self.calls_within(self.calls() + UNDER_WAY + 1, patience).await;
    }

    /// Waits until the run has ended, and checks that each record is on both sides once, linked with its own, and that
    /// history says just that; then, that nothing is left to do.
    pub async fn check(&self, run: &str) {
        let ended = self.ended(run).await;
        let all = 2 * RECORDS;
        let expected = json!({ "planned": all, "added": all, "updated": 0, "deleted": 0, "skipped": 0,
                               "conflicts": 0, "failed": 0, "pending": 0 });
        assert_eq!((&ended["state"], &ended["totals"]), (&json!("SUCCEEDED"), &expected), "{ended:#}");
        assert_eq!(
            (&ended["items"]["totalCount"], &ended["added"]["totalCount"]),
            (&json!(all), &json!(all))
        );

        let query = "{ syncRuns { totalCount } accounts(first: 100) { totalCount nodes { name website
            externalReferences { remoteKey } } } }";
        let data = self.data(query, json!({})).await;
        assert_eq!(
            (&data["syncRuns"]["totalCount"], &data["accounts"]["totalCount"]),
            (&json!(1), &json!(all))
        );
        let crm: BTreeSet<[String; 3]> = data["accounts"]["nodes"]
            .as_array()
            .expect("accounts")
            .iter()
            .map(|node| {
                let references = node["externalReferences"].as_array().expect("references");
                assert_eq!(references.len(), 1, "{node:#}");
                [text(&references[0]["remoteKey"]), text(&node["name"]), text(&node["website"])]
            })
            .collect();
        let token = self.books_token().await;
        let list = self.books(&token, reqwest::Method::GET, "/contacts?per_page=200", &Value::Null).await;
        let contacts = list["contacts"].as_array().expect("contacts");
        assert_eq!(contacts.len(), all);
        let (mut finance, mut references) = (BTreeSet::new(), BTreeSet::new());
        for contact in contacts {
            assert!(references.insert(text(&contact["zcrm_account_id"])), "linked twice: {contact:#}");
            finance.insert([
                text(&contact["contact_id"]),
                text(&contact["contact_name"]),
                text(&contact["website"]),
            ]);
        }
        assert!(!references.contains(""), "each is linked");
        assert_eq!(crm, finance);
        let names: BTreeSet<&String> = crm.iter().map(|[_, name, _]| name).collect();
        assert_eq!(names.len(), all, "each is there once");

        let again = self.start_run().await;
        assert_eq!(self.ended(&again).await["totals"]["planned"], 0);
    }

    async fn ended(&self, run: &str) -> Value {
        let query = "query($id: ID!) { syncRun(id: $id) { state error { code message }
            totals { planned added updated deleted skipped conflicts failed pending }
            items(first: 1) { totalCount } added: items(first: 1, filter: { outcome: { eq: ADDED } }) { totalCount } } }";
        let begun = Instant::now();
        loop {
            let mut data = self.data(query, json!({ "id": run })).await;
            let run = data["syncRun"].take();
            if !["QUEUED", "RUNNING"].contains(&run["state"].as_str().expect("a state")) {
                return run;
            }
            assert!(begun.elapsed() < PATIENCE, "the run did not end: {run:#}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Makes a database on the throwaway server of the tests and returns its address.
pub async fn new_postgres_database() -> String {
    let server = std::env::var("TEST_POSTGRES_URL")
        .expect("TEST_POSTGRES_URL is set: run the tests with `make test` or `scripts/with-postgres cargo nextest run`");
    let name = format!("test_cut_off_{}", std::process::id());
    let admin = Database::connect(format!("{server}/postgres")).await.expect("the throwaway server answers");
    admin.execute_unprepared(&format!("CREATE DATABASE {name}")).await.expect("a database");
    admin.close().await.expect("closed");
    format!("{server}/{name}")
}
