use finbridge_emulator::*;
use serde_json::{Value, json};

use crate::world::*;

const EU_EMAIL: &str = "europe@example.com";
const EU_KEY: &str = "europe-key";
const EVERYWHERE: &str = "1000.EVERYWHERE";

/// The demo tenant in the United States, another in Europe, and a second client that works in every data centre.
fn two_data_centres() -> Seed {
    let mut seed = Seed::demo();
    let mut organization = seed.organizations[0].clone();
    organization.organization_id = "20067890".to_owned();
    organization.data_centre = DataCentre::Eu;
    seed.organizations.push(organization);
    seed.users.push(SeedUser {
        email: EU_EMAIL.to_owned(),
        name: "Europe".to_owned(),
        zsc_key: EU_KEY.to_owned(),
        organizations: vec!["20067890".to_owned()],
        data_centre: DataCentre::Eu,
    });
    let mut client = seed.clients[0].clone();
    client.client_id = EVERYWHERE.to_owned();
    client.multi_dc = true;
    seed.clients.push(client);
    seed
}

async fn on(api: &Api, host: &str, method: &str, path: &str) -> (u16, Value) {
    send(api.request(method, path).header("Host", host)).await
}

async fn oauth(api: &Api, host: &str, path: &str, form: &[(&str, &str)]) -> (u16, Value) {
    send(api.http.post(format!("{}{path}", api.url)).header("Host", host).form(form)).await
}

#[tokio::test]
async fn every_host_leads_to_its_product() {
    let w = world().await;
    for dc in ["com", "eu", "in", "com.au", "jp", "sa", "ca", "com.cn"] {
        for (host, path, reached) in [
            ("books.zoho", "/api/v3/contacts", "/books/v3/contacts"),
            ("invoice.zoho", "/api/v3/invoices", "/invoice/v3/invoices"),
            ("subscriptions.zoho", "/api/v1/plans", "/billing/v1/plans"),
            ("billing.zoho", "/api/v1/plans/", "/billing/v1/plans"),
            ("expense.zoho", "//api/v1//trips", "/expense/v1/trips"),
            ("inventory.zoho", "/api/v1/items", "/inventory/v1/items"),
            ("www.zohoapis", "/books/v3//contacts/", "/books/v3/contacts"),
            ("www.zohoapis", "/erp/v3/items", "/erp/v3/items"),
            ("www.zohoapis", "/oauth/v2/token", &format!("/www.zohoapis.{dc}/oauth/v2/token")),
            ("books.zoho", "/api/v1/contacts", &format!("/books.zoho.{dc}/api/v1/contacts")),
        ] {
            let host = format!("{}.{dc}:8081", host.to_ascii_uppercase());
            let (status, body) = on(&w.api, &host, "GET", path).await;
            assert_eq!(w.emulator.journal().last().unwrap().path, reached, "{host}{path}");
            if reached.contains("zoho") {
                assert_eq!((status, &body["code"]), (404, &json!(5)), "{host}{path}");
            }
            if reached.starts_with("/inventory") {
                assert_eq!((status, &body["code"]), (501, &json!(501)), "{host}{path}");
            }
            if reached.starts_with("/books/") {
                assert_eq!(status, if dc == "com" { 200 } else { 401 }, "{host}{path}: {body}");
            }
        }
    }
}

#[tokio::test]
async fn tokens_work_in_their_own_data_centre_only() {
    let w = world_with(two_data_centres()).await;
    let eu = Api::login_as(&w.api.url, EU_EMAIL, EU_KEY, None).await;
    let unknown = (401, json!({"code": 14, "message": "Invalid value passed for authtoken."}));
    for (api, own, other) in [(&w.api, "com", "eu"), (&eu, "eu", "com")] {
        for host in ["books.zoho", "www.zohoapis"] {
            let path = if host == "books.zoho" { "/api/v3/contacts" } else { "/books/v3/contacts" };
            assert_eq!(on(api, &format!("{host}.{own}"), "GET", path).await.0, 200, "{host}.{own}");
            for dc in [other, "in", "com.cn"] {
                assert_eq!(on(api, &format!("{host}.{dc}"), "GET", path).await, unknown, "{host}.{dc}");
            }
        }
        // The emulator's own address knows no data centres.
        assert_eq!(api.call("GET", "contacts", Value::Null).await.0, 200);
    }
}

#[tokio::test]
async fn the_oauth_server_of_a_data_centre_knows_its_own() {
    let w = world_with(two_data_centres()).await;
    let us = w.api.refresh_token(DEMO_EMAIL, DEMO_ZSC_KEY, None).await;
    let refresh = |client: &'static str| {
        [
            ("grant_type", "refresh_token"),
            ("refresh_token", us.as_str()),
            ("client_id", client),
            ("client_secret", DEMO_CLIENT_SECRET),
        ]
    };
    let token = "/oauth/v2/token";
    let (status, answer) = oauth(&w.api, "accounts.zoho.com", token, &refresh(DEMO_CLIENT_ID)).await;
    // Without TLS the vendor's names lead nowhere, so the emulator names itself.
    assert_eq!((status, &answer["api_domain"]), (200, &json!(w.api.url)));
    for (client, error) in [(DEMO_CLIENT_ID, "invalid_client"), (EVERYWHERE, "invalid_code")] {
        let answer = oauth(&w.api, "accounts.zoho.eu", token, &refresh(client)).await;
        assert_eq!(answer, (200, json!({"error": error})));
    }
    let credentials = |soid: &'static str| {
        [
            ("grant_type", "client_credentials"),
            ("scope", "ZohoBooks.contacts.READ"),
            ("soid", soid),
            ("client_id", EVERYWHERE),
            ("client_secret", DEMO_CLIENT_SECRET),
        ]
    };
    for (host, soid, works) in [
        ("accounts.zoho.eu", "ZohoBooks.20067890", true),
        ("accounts.zoho.eu", "ZohoBooks.10234695", false),
        ("accounts.zoho.com", "ZohoBooks.10234695", true),
        ("accounts.zohocloud.ca", "ZohoBooks.10234695", false),
        ("localhost", "ZohoBooks.20067890", true),
    ] {
        let (_, answer) = oauth(&w.api, host, token, &credentials(soid)).await;
        assert_eq!(answer["access_token"].is_string(), works, "{host} {soid}: {answer}");
        assert!(works || answer == json!({"error": "invalid_soid"}), "{answer}");
    }
    let revoke = [("token", us.as_str())];
    let path = "/oauth/v2/token/revoke";
    assert_eq!(oauth(&w.api, "accounts.zoho.eu", path, &revoke).await.0, 400);
    assert_eq!(oauth(&w.api, "accounts.zoho.com", path, &revoke).await, (200, json!({"status": "success"})));
}

#[tokio::test]
async fn consent_names_the_data_centre_of_the_user() {
    let w = world_with(two_data_centres()).await;
    let browser = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let visit = async |host: &str, client: &str, user: &str| {
        let query = [
            ("response_type", "code"),
            ("client_id", client),
            ("scope", "ZohoBooks.contacts.READ"),
            ("redirect_uri", "http://l/cb"),
            ("emulator_user", user),
            ("emulator_consent", "accept"),
        ];
        let url = format!("{}/oauth/v2/auth", w.api.url);
        browser.get(url).header("Host", host).query(&query).send().await.unwrap()
    };
    // A client of every data centre begins at accounts.zoho.com and is told where its user lives.
    for (user, location) in [(DEMO_EMAIL, "location=us&"), (EU_EMAIL, "location=eu&")] {
        let answer = visit("accounts.zoho.com", EVERYWHERE, user).await;
        assert_eq!(answer.status(), 302);
        assert!(answer.headers()["location"].to_str().unwrap().contains(location));
    }
    assert_eq!(visit("accounts.zoho.com", DEMO_CLIENT_ID, EU_EMAIL).await.status(), 400);
    assert_eq!(visit("accounts.zoho.eu", DEMO_CLIENT_ID, EU_EMAIL).await.status(), 400);
}

#[tokio::test]
async fn a_seed_cannot_mix_data_centres() {
    let mut seed = two_data_centres();
    seed.users[0].organizations.push("20067890".to_owned());
    let started = Emulator::builder().seed(seed).start().await;
    assert!(matches!(started, Err(StartError::Seed { reason }) if reason.contains("another data centre")));
    let text = serde_json::to_string(&two_data_centres()).unwrap();
    assert!(text.contains("\"data_centre\":\"eu\""), "{text}");
    assert!(serde_json::from_str::<Seed>(&text.replace("\"eu\"", "\"mars\"")).is_err());
}
