//! One emulator on a virtual clock and a client with a token.

use std::sync::{Arc, Once};

use chrono::{DateTime, TimeZone, Utc};
use finbridge_emulator::*;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};

pub struct World {
    pub emulator: Emulator,
    pub clock: Arc<ManualClock>,
    pub api: Api,
}

#[derive(Clone)]
pub struct Api {
    pub url: String,
    pub token: String,
    pub http: Client,
}

pub fn http() -> Client {
    static TLS: Once = Once::new();
    TLS.call_once(|| {
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
    Client::new()
}

pub fn start_time() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 1, 5, 20, 6, 10).unwrap()
}

pub async fn world() -> World {
    world_with(Seed::demo()).await
}

pub async fn world_with(seed: Seed) -> World {
    let clock = Arc::new(ManualClock::new(start_time()));
    let emulator = Emulator::builder().clock(clock.clone()).seed(seed).start().await.unwrap();
    let api = Api::login(&emulator.url()).await;
    World { emulator, clock, api }
}

impl Api {
    pub async fn login(url: &str) -> Self {
        Self::login_as(url, DEMO_EMAIL, DEMO_ZSC_KEY, None).await
    }

    pub async fn login_as(url: &str, email: &str, key: &str, scope: Option<&str>) -> Self {
        let mut api = Self { url: url.to_owned(), token: String::new(), http: http() };
        let refresh = api.refresh_token(email, key, scope).await;
        api.token = api.access_token(&refresh).await;
        api
    }

    pub async fn refresh_token(&self, email: &str, key: &str, scope: Option<&str>) -> String {
        let mut body = json!({"client_id": DEMO_CLIENT_ID, "client_secret": DEMO_CLIENT_SECRET, "email": email, "zsc_key": key});
        if let Some(scope) = scope {
            body["scope"] = scope.into();
        }
        let url = format!("{}/integration/v1/zsc/exchange", self.url);
        let answer: Value = self.http.post(url).json(&body).send().await.unwrap().json().await.unwrap();
        answer["refresh_token"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    }

    pub async fn access_token(&self, refresh: &str) -> String {
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh),
            ("client_id", DEMO_CLIENT_ID),
            ("client_secret", DEMO_CLIENT_SECRET),
        ];
        let answer = self.http.post(format!("{}/oauth/v2/token", self.url)).form(&form).send().await.unwrap();
        let answer: Value = answer.json().await.unwrap();
        answer["access_token"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    }

    pub fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let root = if path.starts_with('/') { String::new() } else { "/books/v3/".to_owned() };
        self.http
            .request(method, format!("{}{root}{path}", self.url))
            .header("Authorization", format!("Zoho-oauthtoken {}", self.token))
    }

    pub async fn call(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let mut request = self.request(method, path);
        if !body.is_null() {
            request = request.json(&body);
        }
        send(request).await
    }

    pub async fn get(&self, path: &str) -> Value {
        let (status, body) = self.call("GET", path, Value::Null).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    pub async fn create(&self, body: Value) -> Value {
        let (status, body) = self.call("POST", "contacts", body).await;
        assert_eq!(status, 201, "{body}");
        body["contact"].clone()
    }

    pub async fn named(&self, name: &str) -> String {
        id(&self.create(json!({"contact_name": name})).await)
    }
}

pub async fn send(request: RequestBuilder) -> (u16, Value) {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
    (status, body)
}

pub fn id(contact: &Value) -> String {
    contact["contact_id"].as_str().unwrap().to_owned()
}

pub fn names(list: &Value) -> Vec<String> {
    list["contacts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["contact_name"].as_str().unwrap().to_owned())
        .collect()
}

/// A second organization with its own user, beside the demo one.
pub fn two_tenants() -> Seed {
    let mut seed = Seed::demo();
    let mut other = seed.organizations[0].clone();
    other.organization_id = "60012345".to_owned();
    other.name = "Kolkata Traders".to_owned();
    other.time_zone = "Asia/Kolkata".to_owned();
    other.currency_code = "INR".to_owned();
    other.crm_link = false;
    seed.organizations.push(other);
    seed.users.push(SeedUser {
        email: "second@example.com".to_owned(),
        name: "Second".to_owned(),
        zsc_key: "second-key".to_owned(),
        organizations: vec!["60012345".to_owned()],
        data_centre: DataCentre::Us,
    });
    seed.users.push(SeedUser {
        email: "alone@example.com".to_owned(),
        name: "Alone".to_owned(),
        zsc_key: "alone-key".to_owned(),
        organizations: Vec::new(),
        data_centre: DataCentre::Us,
    });
    seed
}
