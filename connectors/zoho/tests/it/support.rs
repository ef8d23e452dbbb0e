//! A connector that talks to a mock server.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Once};
use std::time::Duration;

use finbridge_contract::{
    Alone, Connection, Connector, Credential, CrmReference, Failure, Quota, RecordAdapter,
};
use finbridge_domain::record::{CrmRecordType, FieldKey, RecordKind, Values};
use finbridge_domain::{VirtualClock, WireId};
use finbridge_zoho::{App, ZohoApp, ZohoConfig};
use serde_json::{Value, json};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

pub const REFERENCE: CrmReference =
    CrmReference { record_type: CrmRecordType::Account, wire_id: WireId(300_000_000_000_012_001) };

/// Mock server, connector and connection.
pub struct World {
    pub server: MockServer,
    pub clock: Arc<VirtualClock>,
    pub books: ZohoApp,
    pub connection: Connection,
}

/// A connector of Books whose accounts server and API are these.
pub fn books(accounts_url: String, api_url: String, clock: Arc<VirtualClock>) -> ZohoApp {
    ZohoApp::new(App::Books, config(accounts_url, api_url), clock).unwrap()
}

/// The way to these servers, as a registered client.
pub fn config(accounts_url: String, api_url: String) -> ZohoConfig {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        rustls::crypto::ring::default_provider().install_default().expect("nobody else installs one");
    });
    ZohoConfig {
        accounts_url,
        api_url,
        client_id: "1000.CLIENT".to_owned(),
        client_secret: "client-secret".to_owned().into(),
        quota: Quota::UNLIMITED,
    }
}

impl World {
    /// The API is the mock server; no token is issued yet.
    pub async fn without_tokens() -> Self {
        let server = MockServer::start().await;
        let api = server.uri();
        Self::at(server, api)
    }

    /// The API is the mock server, and tokens are issued.
    pub async fn start() -> Self {
        let world = Self::without_tokens().await;
        world.issue("token-1", 3600).await;
        world
    }

    /// Tokens come from the mock server; the API is elsewhere.
    pub async fn with_api(api_url: String) -> Self {
        let world = Self::at(MockServer::start().await, api_url);
        world.issue("token-1", 3600).await;
        world
    }

    fn at(server: MockServer, api_url: String) -> Self {
        let clock = Arc::new(VirtualClock::starting_at("2026-01-05T12:00:00Z".parse().unwrap()));
        let books = books(server.uri(), api_url, Arc::clone(&clock));
        let connection = Connection {
            credential: Credential(r#"{"refresh_token":"refresh-1"}"#.to_owned().into()),
            organization_id: "10234695".to_owned(),
            capabilities: json!({ "crm_link": true }),
            timeout: Duration::from_secs(5),
            budget: Arc::new(Alone),
            tokens: Arc::new(Alone),
        };
        Self { server, clock, books, connection }
    }

    /// Issues this token once; tokens are issued in the order of these calls.
    pub async fn issue(&self, token: &str, expires_in: u32) {
        let body = json!({ "access_token": token, "expires_in": expires_in, "token_type": "Bearer" });
        Mock::given(method("POST"))
            .and(path("/oauth/v2/token"))
            .respond_with(ResponseTemplate::new(200).set_body_json(body))
            .up_to_n_times(1)
            .mount(&self.server)
            .await;
    }

    /// Answers calls to this path.
    pub async fn answer(&self, verb: &str, at: &str, status: u16, body: Value) {
        Mock::given(method(verb))
            .and(path(at))
            .respond_with(ResponseTemplate::new(status).set_body_json(body))
            .mount(&self.server)
            .await;
    }

    /// Answers the first call to this path, before what else answers there; of several such answers each is given once.
    pub async fn answer_once(&self, verb: &str, at: &str, status: u16, body: Value) {
        Mock::given(method(verb))
            .and(path(at))
            .respond_with(ResponseTemplate::new(status).set_body_json(body))
            .up_to_n_times(1)
            .with_priority(1)
            .mount(&self.server)
            .await;
    }

    /// The same servers and connection, seen by another app.
    pub fn app(&self, app: App) -> ZohoApp {
        let config = config(self.server.uri(), self.server.uri());
        ZohoApp::new(app, config, self.clock.clone()).unwrap()
    }

    pub fn records(&self, kind: RecordKind) -> &dyn RecordAdapter {
        self.books.records(kind).unwrap()
    }

    pub fn customers(&self) -> &dyn RecordAdapter {
        self.records(RecordKind::Customer)
    }

    /// Calls to the API so far, without their bodies.
    pub async fn lines(&self) -> Vec<String> {
        self.calls().await.into_iter().map(|(line, _)| line).collect()
    }

    /// Calls to the API so far, as `VERB /path?query`, without the organization, and their bodies.
    pub async fn calls(&self) -> Vec<(String, Value)> {
        let requests = self.server.received_requests().await.unwrap();
        requests.iter().filter(|request| request.url.path() != "/oauth/v2/token").map(written).collect()
    }

    pub async fn token_requests(&self) -> Vec<Request> {
        let mut requests = self.server.received_requests().await.unwrap();
        requests.retain(|request| request.url.path() == "/oauth/v2/token");
        requests
    }
}

fn written(request: &Request) -> (String, Value) {
    let mut line = format!("{} {}", request.method, request.url.path());
    let query: Vec<_> = request.url.query_pairs().filter(|(name, _)| name != "organization_id").collect();
    for (index, (name, value)) in query.iter().enumerate() {
        line.push_str(&format!("{}{name}={value}", if index == 0 { '?' } else { '&' }));
    }
    (line, serde_json::from_slice(&request.body).unwrap_or(Value::Null))
}

pub fn done() -> Value {
    json!({ "code": 0, "message": "success" })
}

pub fn missing() -> Value {
    json!({ "code": 1002, "message": "Contact does not exist." })
}

pub fn values(fields: &[(&'static str, &str)]) -> Values {
    fields.iter().map(|(field, value)| (FieldKey::of(field), (*value).to_owned())).collect()
}

/// A contact in detail.
pub fn contact(id: &str, name: &str) -> Value {
    json!({
        "contact_id": id,
        "contact_name": name,
        "contact_type": "customer",
        "customer_sub_type": "business",
        "status": "active",
        "zcrm_account_id": "300000000000012001",
        "zcrm_contact_id": "",
        "last_modified_time": "2026-01-05T12:06:10+0530",
    })
}

/// The user, or the app, does not have the organization.
pub fn no_organization() -> Value {
    json!({ "code": 6041, "message": "This user is not associated with the CompanyID/CompanyName:10234695." })
}

pub fn contact_answer(contact: Value) -> Value {
    json!({ "code": 0, "message": "success", "contact": contact })
}

pub fn list_answer(contacts: Vec<Value>, has_more: bool) -> Value {
    let context = json!({ "page": 1, "per_page": 200, "has_more_page": has_more });
    json!({ "code": 0, "message": "success", "contacts": contacts, "page_context": context })
}

/// The failure, where success would be wrong.
pub fn failure<T>(outcome: Result<T, Failure>) -> Failure {
    match outcome {
        Ok(_) => panic!("expected a failure"),
        Err(failure) => failure,
    }
}

/// A server that reads each request whole, writes these bytes and closes the connection.
pub fn raw_server(answer: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut seen = Vec::new();
            let mut chunk = [0; 4096];
            while !is_whole(&seen) {
                match stream.read(&mut chunk) {
                    Ok(0) | Err(_) => break,
                    Ok(length) => seen.extend_from_slice(&chunk[..length]),
                }
            }
            let _ = stream.write_all(answer);
        }
    });
    url
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request).to_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.trim().parse().ok());
    body.len() >= length.unwrap_or(0)
}
