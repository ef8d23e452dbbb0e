//! The connectors against the emulator: what every finance app must be able to do.

use std::sync::Arc;
use std::time::Duration;

use finbridge_contract::{Alone, Connection, Connector, FailureKind, Grant, Quota, conformance};
use finbridge_domain::SystemClock;
use finbridge_domain::record::RecordKind;
use finbridge_emulator::{
    DEMO_CLIENT_ID, DEMO_CLIENT_SECRET, DEMO_EMAIL, DEMO_ORGANIZATION_ID, DEMO_ZSC_KEY, Emulator, Seed,
};
use finbridge_zoho::{App, ZohoApp, ZohoConfig};
use secrecy::SecretString;

pub(crate) async fn start(app: App) -> (Emulator, ZohoApp) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let emulator = Emulator::builder().port(0).seed(Seed::demo()).start().await.expect("the emulator starts");
    let config = ZohoConfig {
        accounts_url: emulator.url(),
        api_url: emulator.url(),
        client_id: DEMO_CLIENT_ID.to_owned(),
        client_secret: SecretString::from(DEMO_CLIENT_SECRET),
        quota: Quota::UNLIMITED,
    };
    let app = ZohoApp::new(app, config, Arc::new(SystemClock)).expect("the connector is built");
    (emulator, app)
}

fn grant(email: &str, key: &str) -> Grant {
    Grant::ServiceKey { email: email.to_owned(), key: SecretString::from(key.to_owned()) }
}

/// The first organization, as a connection to it.
pub(crate) async fn connect(app: &ZohoApp) -> Connection {
    let credential = app.authorize(grant(DEMO_EMAIL, DEMO_ZSC_KEY)).await.expect("the demo key is right");
    let organizations = app.organizations(&credential).await.expect("organizations are listed");
    let organization = organizations.first().expect("there is one");
    assert_eq!(organization.remote_id, DEMO_ORGANIZATION_ID);
    assert_eq!(organization.base_currency_code, "USD");
    Connection {
        credential,
        organization_id: organization.remote_id.clone(),
        capabilities: organization.capabilities.clone(),
        timeout: Duration::from_secs(10),
        budget: Arc::new(Alone),
        tokens: Arc::new(Alone),
    }
}

async fn conforms(app: App, kinds: &[RecordKind]) {
    let (emulator, connector) = start(app).await;
    let connection = connect(&connector).await;
    for kind in RecordKind::ALL {
        assert_eq!(connector.records(*kind).is_some(), kinds.contains(kind), "{app:?} offers {kind:?}");
    }
    for kind in kinds {
        let outcome = conformance::records(&connector, &connection, *kind).await;
        outcome.unwrap_or_else(|broken| panic!("{kind:?} of {app:?}: {broken}"));
    }
    emulator.shutdown().await;
}

#[tokio::test]
async fn books_conforms() {
    conforms(App::Books, RecordKind::ALL).await;
}

#[tokio::test]
async fn invoice_conforms() {
    conforms(App::Invoice, RecordKind::ALL).await;
}

#[tokio::test]
async fn erp_conforms() {
    conforms(App::Erp, RecordKind::ALL).await;
}

#[tokio::test]
async fn expense_conforms() {
    conforms(App::Expense, &[RecordKind::Customer, RecordKind::ContactPerson]).await;
}

#[tokio::test]
async fn billing_conforms() {
    conforms(App::Billing, &[RecordKind::Customer, RecordKind::ContactPerson]).await;
}

#[tokio::test]
async fn a_wrong_key_and_a_wrong_person_are_the_same_refusal() {
    let (emulator, books) = start(App::Books).await;
    let key = books.authorize(grant(DEMO_EMAIL, "wrong")).await.expect_err("a wrong key");
    let person =
        books.authorize(grant("nobody@example.com", DEMO_ZSC_KEY)).await.expect_err("a wrong person");
    assert_eq!(key.kind, FailureKind::Unauthorized);
    assert_eq!(key.message, person.message);
    emulator.shutdown().await;
}
