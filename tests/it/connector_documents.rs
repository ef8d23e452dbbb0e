//! Documents of the connectors against the emulator: read, made, changed, linked and acted on.

use finbridge_contract::{
    Connection, Connector, Cursor, DocumentAdapter, DocumentDraft, FailureKind, NewDealMark, NewLine, Party,
    RemoteDocument,
};
use finbridge_domain::{CapabilityProfile, DocumentAct, DocumentKind, DocumentStatus, PartyKind};
use finbridge_emulator::Emulator;
use finbridge_zoho::App;
use serde_json::{Value, json};

use super::connector::{connect, start};

/// Calls an API of the emulator as an ordinary client would.
async fn call(emulator: &Emulator, path: &str, body: Value) -> Value {
    let http = reqwest::Client::new();
    let exchange = http.post(format!("{}/oauth/v2/token", emulator.url())).form(&[
        ("grant_type", "client_credentials"),
        ("client_id", finbridge_emulator::DEMO_CLIENT_ID),
        ("client_secret", finbridge_emulator::DEMO_CLIENT_SECRET),
        ("scope", "ZohoBooks.fullaccess.all,ZohoExpense.fullaccess.all,ZohoSubscriptions.fullaccess.all"),
    ]);
    let token: Value = exchange.send().await.expect("an answer").json().await.expect("JSON");
    let token = token["access_token"].as_str().expect("a token");
    let request = http.post(format!("{}{path}", emulator.url())).bearer_auth(token).json(&body);
    let answer: Value = request.send().await.expect("an answer").json().await.expect("JSON");
    assert_eq!(answer["code"], 0, "{path}: {answer}");
    answer
}

async fn contact(emulator: &Emulator, kind: &str, name: &str) -> Party {
    let body = json!({ "contact_name": name, "contact_type": kind });
    let made = call(emulator, "/books/v3/contacts", body).await;
    let remote_id = made["contact"]["contact_id"].as_str().expect("an id").to_owned();
    let kind = if kind == "vendor" { PartyKind::Vendor } else { PartyKind::Customer };
    Party { kind, remote_id, name: None }
}

fn draft(party: &Party) -> DocumentDraft {
    let line = |name: &str, quantity: i64, price: &str| NewLine {
        item_id: None,
        name: name.to_owned(),
        description: Some("as agreed".to_owned()),
        quantity: quantity.into(),
        unit: None,
        unit_price: price.parse().expect("a price"),
    };
    DocumentDraft {
        party_id: Some(party.remote_id.clone()),
        reference: Some("FB-conformance".to_owned()),
        lines: Some(vec![line("Consulting", 2, "100.05"), line("Travel", 1, "9.9")]),
        notes: Some("Thank you".to_owned()),
        ..DocumentDraft::default()
    }
}

async fn all(adapter: &dyn DocumentAdapter, connection: &Connection) -> Vec<RemoteDocument> {
    let mut cursor: Option<Cursor> = None;
    let mut documents = Vec::new();
    loop {
        let page = adapter.list_changed(connection, cursor.as_ref(), None).await.expect("a page");
        documents.extend(page.records);
        if !page.more {
            return documents;
        }
        cursor = Some(page.next);
    }
}

/// A document that can be made here goes through its whole life.
async fn conforms(
    connector: &dyn Connector,
    connection: &Connection,
    emulator: &Emulator,
    kind: DocumentKind,
) {
    let adapter = connector.documents(kind).expect("the profile has them");
    assert_eq!(adapter.kind(), kind);
    let gone = adapter.fetch(connection, "460000000009999999").await.expect_err("nothing has that id");
    assert_eq!(gone.kind, FailureKind::NotFound, "{kind:?}");
    assert!(all(adapter, connection).await.is_empty(), "{kind:?}");
    let abilities = adapter.abilities();
    if !abilities.creates {
        let refused = adapter.create(connection, &DocumentDraft::default()).await.expect_err("not from here");
        assert_eq!(refused.kind, FailureKind::NotSupported, "{kind:?}");
        return;
    }
    let side = if kind.party() == PartyKind::Vendor { "vendor" } else { "customer" };
    let party = contact(emulator, side, &format!("Party of {}s", kind.noun())).await;
    let reference = "FB-conformance";
    assert_eq!(adapter.find_by_reference(connection, reference).await.expect("an answer"), None);
    let made = adapter.create(connection, &draft(&party)).await.expect("it is made");
    assert!(made.is_whole && made.number.is_some(), "{made:?}");
    assert_eq!(made.total, "210".parse().expect("a number"), "{kind:?}");
    assert_eq!(
        made.lines.iter().map(|line| line.name.as_str()).collect::<Vec<_>>(),
        ["Consulting", "Travel"]
    );
    assert_eq!(made.parties.first().map(|one| one.remote_id.as_str()), Some(party.remote_id.as_str()));
    let found =
        adapter.find_by_reference(connection, reference).await.expect("an answer").expect("it is found");
    assert_eq!((found.remote_id.as_str(), found.total), (made.remote_id.as_str(), made.total));
    assert_eq!(all(adapter, connection).await.len(), 1, "{kind:?}");
    let of_party = adapter.list_of_party(connection, &party, None).await.expect("a page");
    assert_eq!((of_party.records.len(), of_party.more), (1, false), "{kind:?}");
    let ids = adapter.list_ids(connection, None).await.expect("a page");
    assert_eq!(ids.ids, std::slice::from_ref(&made.remote_id));

    let edited = DocumentDraft { notes: Some("Thanks".to_owned()), ..DocumentDraft::default() };
    let edited = adapter.update(connection, &made.remote_id, &edited).await.expect("it is edited");
    assert_eq!((edited.notes.as_deref(), edited.total), (Some("Thanks"), made.total), "{kind:?}");

    let deal = NewDealMark { wire_id: 100_000_000_000_000_123, name: "Big deal".to_owned() };
    let linked = adapter.set_deal(connection, &made.remote_id, Some(&deal)).await;
    if abilities.links_deals {
        let linked = linked.expect("it is linked");
        assert_eq!(linked.deal.map(|deal| deal.wire_id.0), Some(deal.wire_id), "{kind:?}");
        let free = adapter.set_deal(connection, &made.remote_id, None).await.expect("the link is taken away");
        assert_eq!(free.deal, None, "{kind:?}");
    } else {
        assert_eq!(linked.expect_err("it takes no deal").kind, FailureKind::NotSupported);
    }
    for act in DocumentAct::ALL {
        if !abilities.acts.contains(act) {
            let refused =
                adapter.act(connection, &made.remote_id, *act).await.expect_err("it does not know it");
            assert_eq!(refused.kind, FailureKind::NotSupported, "{kind:?} {act:?}");
        }
    }
    for act in abilities.acts {
        for time in ["once", "again"] {
            let now = adapter.act(connection, &made.remote_id, *act).await;
            let now = now.unwrap_or_else(|failure| panic!("{kind:?} {act:?} {time}: {failure}"));
            assert_ne!(DocumentStatus::mirrored(kind, &now.status, false), DocumentStatus::Unknown);
        }
    }
}

async fn every_kind(app: App) {
    let (emulator, connector) = start(app).await;
    let connection = connect(&connector).await;
    let profile = CapabilityProfile::by_key(connector.manifest().profile_key).expect("a profile");
    // ERP has the documents of Books, though its profile shows none.
    let kinds = if profile.documents.is_empty() { &[DocumentKind::Invoice][..] } else { profile.documents };
    for kind in kinds {
        conforms(&connector, &connection, &emulator, *kind).await;
    }
    emulator.shutdown().await;
}

#[tokio::test]
async fn x14_documents_of_books_conform() {
    every_kind(App::Books).await;
}

#[tokio::test]
async fn x14_documents_of_invoice_conform() {
    every_kind(App::Invoice).await;
}

#[tokio::test]
async fn documents_of_erp_conform() {
    every_kind(App::Erp).await;
}

#[tokio::test]
async fn documents_of_expense_conform() {
    every_kind(App::Expense).await;
}

#[tokio::test]
async fn documents_of_billing_conform() {
    every_kind(App::Billing).await;
}

#[tokio::test]
async fn x15_an_invoice_that_was_paid_is_not_voided() {
    let (emulator, connector) = start(App::Books).await;
    let connection = connect(&connector).await;
    let adapter = connector.documents(DocumentKind::Invoice).expect("Books has invoices");
    let party = contact(&emulator, "customer", "Payer").await;
    let made =
        adapter.create(&connection, &DocumentDraft { is_sent: true, ..draft(&party) }).await.expect("made");
    assert_eq!(made.status, "sent");
    let payment = json!({ "customer_id": party.remote_id, "payment_mode": "cash", "amount": 10, "date": "2026-01-05",
        "invoices": [{ "invoice_id": made.remote_id, "amount_applied": 10 }] });
    call(&emulator, "/books/v3/customerpayments", payment).await;
    let refused =
        adapter.act(&connection, &made.remote_id, DocumentAct::Void).await.expect_err("it was paid");
    assert_eq!(refused.kind, FailureKind::Refused);
    let now = adapter.fetch(&connection, &made.remote_id).await.expect("it is there");
    assert_eq!(now.balance, "200".parse().ok());
    let payments = connector.documents(DocumentKind::CustomerPayment).expect("Books has payments");
    let paid = all(payments, &connection).await;
    let whole = payments.fetch(&connection, &paid[0].remote_id).await.expect("the payment");
    assert_eq!(
        whole.applications.iter().map(|one| one.document_id.as_str()).collect::<Vec<_>>(),
        [made.remote_id]
    );
    emulator.shutdown().await;
}
