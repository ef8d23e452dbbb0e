//! Starting the program.

use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// Longest a start may take in a debug build on a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);

/// Ports that are free now.
#[derive(Debug, Clone, Copy)]
pub struct Ports {
    /// For the GraphQL server.
    pub server: u16,
    /// For the emulator.
    pub emulator: u16,
}

impl Ports {
    /// Two ports that are free now.
    pub fn free() -> Self {
        let taken: Vec<_> = (0..2).map(|_| TcpListener::bind("127.0.0.1:0").expect("a port")).collect();
        let port = |n: usize| taken[n].local_addr().expect("an address").port();
        Self { server: port(0), emulator: port(1) }
    }
}

/// The program with this data folder and these ports, not started yet.
pub fn command(data: &Path, ports: Ports) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_finbridge"));
    command
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
        .env("FINBRIDGE_DATA_DIR", data)
        .env("FINBRIDGE_SERVER_LISTEN", format!("127.0.0.1:{}", ports.server))
        .env("FINBRIDGE_EMULATOR_LISTEN", format!("127.0.0.1:{}", ports.emulator))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// The running product.
pub struct Product {
    child: Child,
    ports: Ports,
    /// What it printed until it was ready.
    pub printed: Vec<String>,
}

impl Product {
    /// Starts it and waits until it says that it is ready.
    pub fn start(data: &Path, ports: Ports) -> Self {
        Self::of(command(data, ports), ports)
    }

    /// Starts this command, which listens on these ports, and waits until it says that it is ready.
    pub fn of(mut command: Command, ports: Ports) -> Self {
        // The HTTP client of the tests wants to know its TLS provider even for plain HTTP.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut child = command.spawn().expect("the program starts");
        let (sender, lines) = mpsc::channel();
        let output = BufReader::new(child.stdout.take().expect("its output"));
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let begun = Instant::now();
        let mut printed = Vec::new();
        while !printed.iter().any(|line: &String| line.starts_with("Ctrl-C")) {
            match lines.recv_timeout(PATIENCE.saturating_sub(begun.elapsed())) {
                Ok(line) => printed.push(line),
                Err(_) => {
                    let _ = child.kill();
                    let mut complaint = String::new();
                    let _ = child.stderr.take().map(|mut stderr| stderr.read_to_string(&mut complaint));
                    panic!("it did not get ready\n{}\n{complaint}", printed.join("\n"));
                }
            }
        }
        Self { child, ports, printed }
    }

    /// What it printed after this label.
    pub fn said(&self, label: &str) -> String {
        let line = self.printed.iter().find_map(|line| line.strip_prefix(label));
        line.unwrap_or_else(|| panic!("no `{label}` in {:#?}", self.printed)).trim().to_owned()
    }

    /// Asks it to stop, and waits until it did.
    pub fn stop(mut self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &pid]).status().expect("kill runs").success());
        let begun = Instant::now();
        while self.child.try_wait().expect("it can be waited for").is_none() {
            assert!(begun.elapsed() < PATIENCE, "it did not stop");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Sends a GraphQL request that must succeed.
    pub async fn data(&self, query: &str) -> Value {
        let request = reqwest::Client::new().post(format!("http://127.0.0.1:{}/graphql", self.ports.server));
        let request = request.bearer_auth(self.said("Token:")).json(&json!({ "query": query }));
        let mut answer: Value = request.send().await.expect("an answer").json().await.expect("JSON");
        assert!(answer.get("errors").is_none(), "{answer:#}");
        answer["data"].take()
    }

    /// Every contact that the emulator's Books API lists, fifty at a time.
    pub async fn contacts(&self) -> Vec<Value> {
        let http = reqwest::Client::new();
        let emulator = format!("http://127.0.0.1:{}", self.ports.emulator);
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", finbridge_emulator::DEMO_CLIENT_ID),
            ("client_secret", finbridge_emulator::DEMO_CLIENT_SECRET),
            ("scope", "ZohoBooks.contacts.READ"),
        ];
        let token =
            http.post(format!("{emulator}/oauth/v2/token")).form(&form).send().await.expect("an answer");
        let token: Value = token.json().await.expect("JSON");
        let bearer = format!("Zoho-oauthtoken {}", token["access_token"].as_str().expect("a token"));
        let mut contacts = Vec::new();
        for page in 1.. {
            let request = http.get(format!("{emulator}/books/v3/contacts?per_page=50&page={page}"));
            let answer = request.header("Authorization", &bearer).send().await.expect("an answer");
            let answer: Value = answer.json().await.expect("JSON");
            contacts.extend(answer["contacts"].as_array().expect("contacts").iter().cloned());
            if answer["page_context"]["has_more_page"] != true {
                break;
            }
        }
        contacts
    }

    /// Checks that the sample CRM is there once, synchronised once, and that history says just that.
    pub async fn check_sample(&self) {
        let data = self
            .data(
                "{ accounts(first: 100) { totalCount nodes { name externalReferences { remoteKey } } }
                   deals { totalCount } contacts { totalCount } vendors { totalCount } products { totalCount } stages { name }
                   integrations { id } syncRuns { totalCount nodes { state trigger
                     totals { planned added updated deleted skipped conflicts failed pending }
                     items(first: 1, filter: { outcome: { eq: ADDED } }) { totalCount } } } }",
            )
            .await;
        let count = |list: &str| data[list]["totalCount"].as_u64();
        assert_eq!(
            (count("accounts"), count("deals"), count("products")),
            (Some(85), Some(8800), Some(7)),
            "{data:#}"
        );
        assert_eq!((count("contacts"), count("vendors")), (Some(30), Some(5)));
        assert_eq!(data["stages"].as_array().map(Vec::len), Some(4));
        assert_eq!(data["integrations"].as_array().map(Vec::len), Some(1));
        assert_eq!(count("syncRuns"), Some(1), "{:#}", data["syncRuns"]);
        let run = &data["syncRuns"]["nodes"][0];
        assert_eq!(
            (run["state"].as_str(), run["trigger"].as_str()),
            (Some("SUCCEEDED"), Some("INITIAL")),
            "{run:#}"
        );
        let expected = json!({ "planned": 85, "added": 85, "updated": 0, "deleted": 0, "skipped": 0, "conflicts": 0,
                               "failed": 0, "pending": 0 });
        assert_eq!(run["totals"], expected);
        assert_eq!(run["items"]["totalCount"], 85);

        let accounts = data["accounts"]["nodes"].as_array().expect("accounts");
        let mut links: Vec<_> = accounts
            .iter()
            .map(|account| {
                let references = account["externalReferences"].as_array().expect("references");
                assert_eq!(references.len(), 1, "one link each: {account:#}");
                (
                    references[0]["remoteKey"].as_str().expect("a remote id").to_owned(),
                    account["name"].clone(),
                )
            })
            .collect();
        let mut contacts: Vec<_> = self
            .contacts()
            .await
            .into_iter()
            .map(|contact| {
                assert_eq!(contact["is_linked_with_zohocrm"], true, "{contact:#}");
                assert_eq!(contact["zcrm_account_id"].as_str().map(str::len), Some(18), "{contact:#}");
                (contact["contact_id"].as_str().expect("an id").to_owned(), contact["contact_name"].clone())
            })
            .collect();
        links.sort_by(|a, b| a.0.cmp(&b.0));
        contacts.sort_by(|a, b| a.0.cmp(&b.0));
        assert_eq!(contacts.len(), 85);
        assert_eq!(links, contacts, "each customer is the account it is linked to");
    }
}

impl Drop for Product {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
