//! The world that end-to-end tests live in: server, worker and emulator on free ports, one virtual clock for all of them,
//! and a database per test.

pub mod acts;
mod drive;

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use finbridge::app::App;
use finbridge::auth::Viewer;
use finbridge::auth::token::{self, TokenFor};
use finbridge::config::{Config, Limits};
use finbridge::http::{self, GraphiqlPage, Shared};
use finbridge::service::tenant::{self, Administrator, Tenant};
use finbridge_domain::{Clock, CurrencyCode, Ids, SystemClock, VirtualClock};
use finbridge_emulator::{
    self as emulator, DEMO_CLIENT_ID, DEMO_CLIENT_SECRET, DEMO_EMAIL, DEMO_ZSC_KEY, Emulator, Seed,
};
use finbridge_sync::worker;
use sea_orm::{ConnectionTrait, Database};
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Where tests on PostgreSQL find their server; `make test` sets it.
pub const POSTGRES: &str = "TEST_POSTGRES_URL";

/// Longest wait for something that happens by itself.
const PATIENCE: Duration = Duration::from_secs(90);

/// Which database a test runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// A file of its own.
    Sqlite,
    /// A database of its own on the throwaway server.
    Postgres,
}

/// Runs an end-to-end test on both databases: `both_databases! { async fn r061_…(world: &TestWorld) { … } }`.
#[macro_export]
macro_rules! both_databases {
    ($($(#[$meta:meta])* async fn $name:ident($world:ident: &TestWorld) $body:block)+) => {
        $($(#[$meta])* mod $name {
            #[allow(unused_imports)]
            use super::*;

            async fn body($world: &$crate::TestWorld) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                let world = $crate::TestWorld::start($crate::Backend::Sqlite).await;
                body(&world).await;
                world.finish().await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                let world = $crate::TestWorld::start($crate::Backend::Postgres).await;
                body(&world).await;
                world.finish().await;
            }
        })+
    };
}

/// The virtual clock as the emulator sees it: the emulator has a clock trait of its own.
struct Bridge(Arc<VirtualClock>);

impl emulator::Clock for Bridge {
    fn now(&self) -> DateTime<Utc> {
        self.0.now()
    }
}

/// Server, worker and emulator.
pub struct TestWorld {
    /// The clock of all of them.
    pub clock: Arc<VirtualClock>,
    /// The finance side.
    pub emulator: Emulator,
    /// The server's parts.
    pub app: App,
    /// The administrator.
    pub viewer: Viewer,
    /// The administrator's token.
    pub token: String,
    /// Where the server listens.
    pub url: String,
    config: Config,
    http: reqwest::Client,
    stop: CancellationToken,
    tasks: Vec<JoinHandle<()>>,
    _folder: tempfile::TempDir,
}

impl TestWorld {
    /// A world with an empty CRM, an administrator, and an emulator with the demo seed. Nothing is connected.
    pub async fn start(backend: Backend) -> Self {
        Self::start_with(backend, |_| {}).await
    }

    /// The same, with settings that differ from the usual ones.
    pub async fn start_with(backend: Backend, adjust: impl FnOnce(&mut Config)) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let start = "2026-01-05T12:00:00Z".parse().expect("an instant");
        let clock = Arc::new(VirtualClock::starting_at(start));
        let emulator = Emulator::builder()
            .port(0)
            .clock(Arc::new(Bridge(clock.clone())))
            .seed(Seed::demo())
            .start()
            .await
            .expect("the emulator starts");
        let folder = tempfile::tempdir().expect("a folder");
        let mut config = Config::default();
        config.data.dir = folder.path().to_owned();
        config.database.max_connections = 12;
        if backend == Backend::Postgres {
            config.database.url = SecretString::from(new_postgres_database().await);
        }
        config.books.accounts_url = emulator.url();
        config.books.api_url = emulator.url();
        config.books.client_id = DEMO_CLIENT_ID.to_owned();
        config.books.client_secret = SecretString::from(DEMO_CLIENT_SECRET);
        // The world's clock stands still, so spent requests would never come back.
        config.books = config.books.without_limits();
        adjust(&mut config);

        let app = App::open(&config, clock.clone()).await.expect("the server opens");
        let engine = &app.engine;
        let wish =
            Tenant { name: "Test", home_currency: CurrencyCode::USD, time_zone: "America/Los_Angeles" };
        let person = Administrator { email: DEMO_EMAIL, name: "Ada Administrator" };
        let viewer =
            tenant::ensure(&engine.db, clock.as_ref(), &engine.ids, wish, person).await.expect("a tenant");
        let secret = token::generate();
        let wish = TokenFor {
            organization_id: viewer.organization_id,
            user_id: viewer.user_id,
            name: "test".to_owned(),
            expires_at: None,
        };
        token::store(&engine.db, clock.as_ref(), &engine.ids, wish, &secret).await.expect("a token");

        let listener = http::listen(([127, 0, 0, 1], 0).into()).await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let stop = CancellationToken::new();
        // The world's clock stands still, so spent points would never come back.
        config.limits =
            Limits { cost_bucket: 1_000_000_000, cost_restore: 1_000_000_000, ..Limits::default() };
        let shared =
            Shared::new(app.clone(), &config, GraphiqlPage::default()).expect("the guard reads the schema");
        let server = tokio::spawn(http::serve(listener, shared, stop.clone()));
        let worker = tokio::spawn(worker::run(app.engine.clone(), stop.clone()));
        Self {
            clock,
            emulator,
            app,
            viewer,
            token: secret,
            url,
            config,
            http: reqwest::Client::new(),
            stop,
            tasks: vec![server, worker],
            _folder: folder,
        }
    }

    /// Sends a GraphQL request as the administrator and returns the whole answer.
    pub async fn send(&self, query: &str, variables: Value) -> Value {
        self.send_as(&self.token, query, variables).await
    }

    /// Sends a GraphQL request with this token. What it cost is left out: answers that are to be alike differ in it.
    pub async fn send_as(&self, token: &str, query: &str, variables: Value) -> Value {
        let request = self.http.post(format!("{}/graphql", self.url)).bearer_auth(token);
        let response = request.json(&json!({ "query": query, "variables": variables })).send().await;
        let mut answer: Value = response.expect("an answer").json().await.expect("JSON");
        if let Some(members) = answer.as_object_mut() {
            members.remove("extensions");
        }
        answer
    }

    /// Sends a GraphQL request that must succeed, and returns its data.
    pub async fn data(&self, query: &str, variables: Value) -> Value {
        let mut answer = self.send(query, variables).await;
        assert!(answer.get("errors").is_none(), "{query}\n{answer:#}");
        answer["data"].take()
    }

    /// Another process, as it were, on the same database: a pool of its own, and nothing else in common. On SQLite only while
    /// no job is being worked on: opening it puts those back.
    pub async fn replica(&self) -> App {
        App::open(&self.config, self.clock.clone()).await.expect("a second server opens")
    }

    /// The HTTP client, for what is not GraphQL.
    pub fn http(&self) -> &reqwest::Client {
        &self.http
    }

    /// Connects Books with the demo credentials and returns the integration's id. No documents come, so that the finance side
    /// is asked for nothing by itself.
    pub async fn connect(&self) -> String {
        self.connect_with(", transactionKinds: []").await
    }

    /// The same with every kind of document, which come from now on.
    pub async fn connect_documents(&self) -> String {
        self.connect_with("").await
    }

    async fn connect_with(&self, more: &str) -> String {
        let query = format!(
            "mutation($key: String!, $email: String!) {{
               integrationConnect(input: {{ app: \"books\", email: $email, zscKey: $key{more} }}) {{
                 integration {{ id }} userErrors {{ code message }}
               }}
             }}"
        );
        let data = self.data(&query, json!({ "key": DEMO_ZSC_KEY, "email": DEMO_EMAIL })).await;
        id_of(&data["integrationConnect"]["integration"], &data)
    }

    /// Configures customers from accounts, one way, with this duplicate policy; returns the run's id if one was started.
    pub async fn configure(&self, integration: &str, policy: &str, start: bool) -> Option<String> {
        let data = self
            .data(
                "mutation($id: ID!, $policy: DuplicatePolicy!, $start: Boolean!) {
                   syncModuleConfigure(input: { integrationId: $id, module: CUSTOMERS, crmModule: ACCOUNTS,
                     direction: FETCH_FROM_CRM, duplicatePolicy: $policy, start: $start }) {
                     syncRun { id } userErrors { code message }
                   }
                 }",
                json!({ "id": integration, "policy": policy, "start": start }),
            )
            .await;
        assert_eq!(data["syncModuleConfigure"]["userErrors"], json!([]), "{data:#}");
        data["syncModuleConfigure"]["syncRun"]["id"].as_str().map(str::to_owned)
    }

    /// Starts a run of customers and returns its id.
    pub async fn start_run(&self, integration: &str) -> String {
        let data = self
            .data(
                "mutation($id: ID!) { syncRunStart(input: { integrationId: $id, module: CUSTOMERS }) {
                   syncRun { id } userErrors { code message } } }",
                json!({ "id": integration }),
            )
            .await;
        id_of(&data["syncRunStart"]["syncRun"], &data)
    }

    /// Waits until the run has ended, without moving the clock, and returns it.
    pub async fn ended(&self, run: &str) -> Value {
        self.run_when(run, |run| {
            ["SUCCEEDED", "PARTIAL", "FAILED", "CANCELLED"]
                .contains(&run["state"].as_str().unwrap_or_default())
        })
        .await
    }

    /// Waits until the run is as wanted, and returns it.
    pub async fn run_when(&self, run: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let begun = Instant::now();
        loop {
            let mut data = self
                .data(
                    "query($id: ID!) { syncRun(id: $id) { id state phase trigger settingsVersion createdAt startedAt finishedAt
                       totals { planned added updated deleted deactivated skipped conflicts failed pending }
                       error { code message }
                       items(first: 100) { totalCount nodes { recordName action rule reason state outcome remoteKey remoteName
                         attempts error { code message remoteCode remoteMessage } changes { field before after }
                         crmChanges { field before after } conflicts { field base crm finance } } } } }",
                    json!({ "id": run }),
                )
                .await;
            let run = data["syncRun"].take();
            if wanted(&run) {
                return run;
            }
            assert!(begun.elapsed() < PATIENCE, "the run did not get there: {run:#}");
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    }

    /// Configures, syncs and waits: the run as it ended.
    pub async fn synced(&self, integration: &str) -> Value {
        let run = self.start_run(integration).await;
        self.ended(&run).await
    }

    /// Makes an account of this name and returns its id.
    pub async fn account(&self, name: &str) -> String {
        let data = self
            .data(
                "mutation($name: String!) { accountCreate(input: { name: $name }) { account { id } userErrors { message } } }",
                json!({ "name": name }),
            )
            .await;
        id_of(&data["accountCreate"]["account"], &data)
    }

    /// Calls the emulator's Books API as an ordinary client would; the path begins after `/books/v3`.
    pub async fn books(&self, method: &str, path: &str, body: Option<Value>) -> Value {
        let token = self.books_token().await;
        let method = method.parse().expect("a method");
        let mut request = self
            .http
            .request(method, format!("{}/books/v3{path}", self.emulator.url()))
            .header("Authorization", format!("Zoho-oauthtoken {token}"));
        if let Some(body) = body {
            request = request.json(&body);
        }
        request.send().await.expect("an answer").json().await.expect("JSON")
    }

    /// Every contact of the finance side, as lists show them.
    pub async fn contacts(&self) -> Vec<Value> {
        let mut contacts = Vec::new();
        for page in 1.. {
            let answer = self.books("GET", &format!("/contacts?page={page}&per_page=200"), None).await;
            contacts.extend(answer["contacts"].as_array().expect("contacts").iter().cloned());
            if answer["page_context"]["has_more_page"] != true {
                break;
            }
        }
        contacts
    }

    /// An access token of the Books API with every right.
    pub async fn books_token(&self) -> String {
        let exchange = self
            .http
            .post(format!("{}/oauth/v2/token", self.emulator.url()))
            .form(&[
                ("grant_type", "client_credentials"),
                ("client_id", DEMO_CLIENT_ID),
                ("client_secret", DEMO_CLIENT_SECRET),
                ("scope", "ZohoBooks.fullaccess.all"),
            ])
            .send()
            .await
            .expect("an answer");
        let answer: Value = exchange.json().await.expect("JSON");
        answer["access_token"].as_str().expect("a token").to_owned()
    }

    /// Requests that changed a record on the finance side since the journal was cleared. What the integration itself is
    /// set to is no record.
    pub fn finance_writes(&self) -> Vec<String> {
        let writes = self.emulator.journal().into_iter();
        writes
            .filter(|entry| entry.method != "GET" && !entry.path.starts_with("/oauth"))
            .filter(|entry| entry.path != "/integration/v1/settings")
            .map(|entry| format!("{} {}", entry.method, entry.path))
            .collect()
    }

    /// Moves the clock of server, worker and emulator.
    pub fn advance(&self, by: TimeDelta) {
        self.clock.advance(by);
    }

    /// Ends the world: no job may be left, none may be dead, and nothing may have asked the finance side for what it
    /// does not have.
    pub async fn finish(mut self) {
        let begun = Instant::now();
        let queue = &self.app.engine.queue;
        while queue.outstanding().await.expect("the queue answers") > 0 {
            assert!(begun.elapsed() < PATIENCE, "jobs were left in the queue");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let dead = queue.dead().await.expect("the queue answers");
        assert!(dead.is_empty(), "jobs died: {dead:?}");
        let unexpected: Vec<_> = self
            .emulator
            .journal()
            .into_iter()
            .filter(|entry| entry.fault.is_none() && matches!(entry.status, Some(405 | 500..)))
            .map(|entry| format!("{} {} -> {:?}", entry.method, entry.path, entry.status))
            .collect();
        assert!(unexpected.is_empty(), "unexpected calls of the finance side: {unexpected:?}");
        self.stop.cancel();
        for task in self.tasks.drain(..) {
            task.await.expect("server and worker end in peace");
        }
    }
}

fn id_of(node: &Value, answer: &Value) -> String {
    node["id"].as_str().unwrap_or_else(|| panic!("no id in {answer:#}")).to_owned()
}

/// Makes a database on the throwaway server and returns its address.
pub async fn new_postgres_database() -> String {
    let server = std::env::var(POSTGRES)
        .unwrap_or_else(|_| panic!("{POSTGRES} is not set: run the tests with `make test` or `scripts/with-postgres cargo nextest run`"));
    let ids = Ids::new(Arc::new(SystemClock));
    let name = format!("test_{}", ids.uuid().simple());
    let admin = Database::connect(format!("{server}/postgres")).await.expect("the throwaway server answers");
    admin.execute_unprepared(&format!("CREATE DATABASE {name}")).await.expect("a database");
    admin.close().await.expect("closed");
    format!("{server}/{name}")
}
