//! Documents of the connectors against the emulator: what every finance app must be able to do, and what the vendor's apps
//! do beyond it.

use finbridge_contract::{
    Connection, Connector, Cursor, DocumentAdapter, DocumentDraft, FailureKind, Mail, NewLine, Party,
    RemoteDocument, Stock, conformance,
};
use finbridge_domain::profile::BOOKS_NOW;
use finbridge_domain::{CapabilityProfile, DocumentAct, DocumentKind, PartyKind};
use finbridge_emulator::Emulator;
use finbridge_zoho::{App, ZohoApp};
use reqwest::Method;
use serde_json::{Value, json};

use super::connector::{connect, start};

/// The emulator, an app of it, and an organization of that.
struct World {
    emulator: Emulator,
    connector: ZohoApp,
    connection: Connection,
}

impl World {
    async fn start(app: App) -> Self {
        let (emulator, connector) = start(app).await;
        let connection = connect(&connector).await;
        Self { emulator, connector, connection }
    }

    /// Calls an API of the emulator as an ordinary client would.
    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Value {
        let http = reqwest::Client::new();
        let url = self.emulator.url();
        let exchange = http.post(format!("{url}/oauth/v2/token")).form(&[
            ("grant_type", "client_credentials"),
            ("client_id", finbridge_emulator::DEMO_CLIENT_ID),
            ("client_secret", finbridge_emulator::DEMO_CLIENT_SECRET),
            ("scope", "ZohoBooks.fullaccess.all,ZohoExpense.fullaccess.all,ZohoSubscriptions.fullaccess.all"),
        ]);
        let token: Value = exchange.send().await.expect("an answer").json().await.expect("JSON");
        let token = token["access_token"].as_str().expect("a token");
        let mut request = http.request(method, format!("{url}{path}")).bearer_auth(token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        request.send().await.expect("an answer").json().await.expect("JSON")
    }

    /// Makes a record by an API of the emulator.
    async fn make(&self, path: &str, singular: &str, body: Value) -> Value {
        let answer = self.call(Method::POST, path, Some(body)).await;
        assert_eq!(answer["code"], 0, "{path}: {answer}");
        answer[singular].clone()
    }

    /// A customer or vendor of this name, in a currency of the organization or in its base currency.
    async fn contact(&self, name: &str, kind: PartyKind, currency_id: &str) -> Party {
        let contact_type = if kind == PartyKind::Vendor { "vendor" } else { "customer" };
        let body = json!({ "contact_name": name, "contact_type": contact_type, "currency_id": currency_id });
        let made = self.make("/books/v3/contacts", "contact", body).await;
        let remote_id = made["contact_id"].as_str().expect("an id").to_owned();
        Party { kind, remote_id, name: None }
    }

    async fn customer(&self) -> Party {
        self.contact("Document Ltd", PartyKind::Customer, "").await
    }

    /// The id of a currency that every organization has.
    async fn euro(&self) -> String {
        let list = self.call(Method::GET, "/books/v3/settings/currencies", None).await;
        let rows = list["currencies"].as_array().expect("a list");
        let euro = rows.iter().find(|one| one["currency_code"] == "EUR").expect("it is there");
        euro["currency_id"].as_str().expect("an id").to_owned()
    }

    fn documents(&self, kind: DocumentKind) -> &dyn DocumentAdapter {
        self.connector.documents(kind).expect("the app has them")
    }

    async fn made(&self, kind: DocumentKind, draft: &DocumentDraft) -> RemoteDocument {
        self.documents(kind).create(&self.connection, draft).await.expect("it is made")
    }

    async fn all(&self, kind: DocumentKind) -> Vec<RemoteDocument> {
        let mut cursor: Option<Cursor> = None;
        let mut documents = Vec::new();
        loop {
            let page = self.documents(kind).list_changed(&self.connection, cursor.as_ref(), None).await;
            let page = page.expect("a page");
            documents.extend(page.records);
            if !page.more {
                return documents;
            }
            cursor = Some(page.next);
        }
    }
}

/// A document of one line that comes to 100.
fn draft(party: &Party) -> DocumentDraft {
    let line = NewLine {
        item_id: None,
        name: "Consulting".to_owned(),
        description: None,
        quantity: 2.into(),
        unit: None,
        unit_price: 50.into(),
    };
    DocumentDraft {
        party_id: Some(party.remote_id.clone()),
        lines: Some(vec![line]),
        ..DocumentDraft::default()
    }
}

async fn conforms(app: App) {
    let world = World::start(app).await;
    let profile = CapabilityProfile::by_key(world.connector.manifest().profile_key).expect("a profile");
    // ERP has the documents of Books, though its profile shows none.
    let kinds = if profile.documents.is_empty() { BOOKS_NOW.documents } else { profile.documents };
    if app == App::Expense {
        let travel = json!({ "category_name": "Travel" });
        world.make("/expense/v1/expensecategories", "expense_category", travel).await;
    }
    for kind in DocumentKind::ALL {
        assert_eq!(world.connector.documents(*kind).is_some(), kinds.contains(kind), "{app:?} has {kind:?}");
    }
    for kind in kinds {
        let outcome = conformance::documents(&world.connector, &world.connection, *kind).await;
        outcome.unwrap_or_else(|broken| panic!("{kind:?} of {app:?}: {broken}"));
        let again = conformance::documents(&world.connector, &world.connection, *kind).await;
        again.unwrap_or_else(|broken| panic!("{kind:?} of {app:?}, beside other documents: {broken}"));
    }
    world.emulator.shutdown().await;
}

#[tokio::test]
async fn x14_documents_of_books_conform() {
    conforms(App::Books).await;
}

#[tokio::test]
async fn x14_documents_of_invoice_conform() {
    conforms(App::Invoice).await;
}

#[tokio::test]
async fn x14_documents_of_erp_conform() {
    conforms(App::Erp).await;
}

#[tokio::test]
async fn x14_documents_of_expense_conform() {
    conforms(App::Expense).await;
}

#[tokio::test]
async fn x14_documents_of_billing_conform() {
    conforms(App::Billing).await;
}

#[tokio::test]
async fn x15_an_invoice_that_was_paid_is_not_voided() {
    let world = World::start(App::Books).await;
    let customer = world.customer().await;
    let sent = DocumentDraft { is_sent: true, ..draft(&customer) };
    let invoice = world.made(DocumentKind::Invoice, &sent).await;
    let payment = DocumentDraft {
        party_id: Some(customer.remote_id.clone()),
        amount: Some(10.into()),
        applications: vec![finbridge_contract::Application {
            document_id: invoice.remote_id.clone(),
            amount: 10.into(),
        }],
        ..DocumentDraft::default()
    };
    let paid = world.made(DocumentKind::CustomerPayment, &payment).await;
    assert_eq!((paid.applications, paid.balance), (payment.applications, Some(0.into())));
    let invoices = world.documents(DocumentKind::Invoice);
    let refused = invoices.act(&world.connection, &invoice.remote_id, DocumentAct::Void).await;
    assert_eq!(refused.expect_err("it was paid").kind, FailureKind::Refused);
    let now = invoices.fetch(&world.connection, &invoice.remote_id).await.expect("it is there");
    assert_eq!((now.balance, now.status.as_str()), (Some(90.into()), "partially_paid"));
    world.emulator.shutdown().await;
}

#[tokio::test]
async fn r135_a_mail_has_the_document_attached() {
    for (app, kind) in [
        (App::Books, DocumentKind::Estimate),
        (App::Books, DocumentKind::SalesOrder),
        (App::Books, DocumentKind::CreditNote),
        (App::Billing, DocumentKind::Invoice),
    ] {
        let world = World::start(app).await;
        let customer = world.customer().await;
        let made = world.made(kind, &draft(&customer)).await;
        let mail = Mail {
            to: vec!["ada@example.com".to_owned()],
            cc: vec!["bob@example.com".to_owned()],
            ..Mail::default()
        };
        world.documents(kind).mail(&world.connection, &made.remote_id, &mail).await.expect("it is mailed");
        let path = format!("/_emulator/outbox?document_id={}", made.remote_id);
        let outbox = world.call(Method::GET, &path, None).await;
        let mails = outbox["mails"].as_array().expect("a list");
        assert_eq!(mails.len(), 1, "{outbox}");
        assert_eq!(mails[0]["to"], json!(["ada@example.com"]));
        assert_eq!(mails[0]["cc"], json!(["bob@example.com"]));
        let number = made.number.expect("a number");
        let subject = mails[0]["subject"].as_str().expect("a subject");
        assert!(subject.contains(&number), "{subject} names {number}");
        let kind = mails[0]["attachments"][0]["content_type"].as_str().unwrap_or_default();
        assert!(kind.starts_with("application/pdf"), "{outbox}");
        world.emulator.shutdown().await;
    }
}

#[tokio::test]
async fn a17_27_new_documents_are_in_the_currency_of_the_customer() {
    let world = World::start(App::Books).await;
    let euro = world.euro().await;
    let customer = world.contact("Euro Ltd", PartyKind::Customer, &euro).await;
    let terms = world.connector.party_terms(&world.connection, &customer, "USD").await.expect("terms");
    assert_eq!((terms.currency_code.as_str(), terms.exchange_rate), ("EUR", None), "nobody entered a rate");
    let rate = json!({ "effective_date": "2020-01-01", "rate": 1.08 });
    let rates = format!("/books/v3/settings/currencies/{euro}/exchangerates");
    world.make(&rates, "exchange_rate", rate).await;
    let terms = world.connector.party_terms(&world.connection, &customer, "USD").await.expect("terms");
    assert_eq!((terms.currency_code.as_str(), terms.exchange_rate), ("EUR", "1.08".parse().ok()));
    let own =
        world.connector.party_terms(&world.connection, &world.customer().await, "USD").await.expect("terms");
    assert_eq!((own.currency_code.as_str(), own.exchange_rate), ("USD", None));

    let rate = "1.1".parse().ok();
    let foreign = DocumentDraft { exchange_rate: rate, ..draft(&customer) };
    let estimate = world.made(DocumentKind::Estimate, &foreign).await;
    assert_eq!((estimate.currency_code.as_str(), estimate.exchange_rate), ("EUR", rate));
    let told = DocumentDraft { currency_code: Some("USD".to_owned()), ..draft(&customer) };
    let estimate = world.made(DocumentKind::Estimate, &told).await;
    assert_eq!(estimate.currency_code, "USD");

    // Lists of payments do not tell the currency.
    let payment = DocumentDraft {
        party_id: Some(customer.remote_id.clone()),
        amount: Some(10.into()),
        exchange_rate: rate,
        ..DocumentDraft::default()
    };
    let made = world.made(DocumentKind::CustomerPayment, &payment).await;
    assert_eq!((made.currency_code.as_str(), made.exchange_rate), ("EUR", rate));
    let listed = world.all(DocumentKind::CustomerPayment).await;
    assert_eq!(listed.iter().map(|one| one.currency_code.as_str()).collect::<Vec<_>>(), ["EUR"]);
    let other = DocumentDraft { currency_code: Some("USD".to_owned()), ..payment };
    let refused = world.documents(DocumentKind::CustomerPayment).create(&world.connection, &other).await;
    assert_eq!(refused.expect_err("it would be in EUR").kind, FailureKind::Refused);
    assert_eq!(world.all(DocumentKind::CustomerPayment).await.len(), 1);
    let unknown = DocumentDraft { currency_code: Some("CZK".to_owned()), ..draft(&customer) };
    let refused = world.documents(DocumentKind::Estimate).create(&world.connection, &unknown).await;
    assert_eq!(refused.expect_err("there is no such currency").kind, FailureKind::Refused);
    world.emulator.shutdown().await;
}

#[tokio::test]
async fn r001_a_subscription_is_told_with_its_plan() {
    let world = World::start(App::Billing).await;
    let customer = world.customer().await;
    let product = world.make("/billing/v1/products", "product", json!({ "name": "Support" })).await;
    let plan = json!({ "plan_code": "gold", "name": "Gold", "recurring_price": 30, "interval": 1, "interval_unit": "months",
        "product_id": product["product_id"] });
    world.make("/billing/v1/plans", "plan", plan).await;
    let body =
        json!({ "customer_id": customer.remote_id, "plan": { "plan_code": "gold" }, "auto_collect": false });
    let made = world.make("/billing/v1/subscriptions", "subscription", body).await;
    let id = made["subscription_id"].as_str().expect("an id");
    let listed = world.all(DocumentKind::Subscription).await;
    assert_eq!(listed.iter().map(|one| one.remote_id.as_str()).collect::<Vec<_>>(), [id]);
    let subscriptions = world.documents(DocumentKind::Subscription);
    let whole = subscriptions.fetch(&world.connection, id).await.expect("the subscription");
    assert_eq!((whole.total, whole.status.as_str()), (30.into(), "live"));
    assert_eq!(whole.parties.first().map(|one| &one.remote_id), Some(&customer.remote_id));
    assert_eq!(whole.lines.iter().map(|line| line.name.as_str()).collect::<Vec<_>>(), ["Gold"]);
    let term = whole.subscription.expect("its term");
    assert_eq!(term.plan_name.as_deref(), Some("Gold"));
    assert!(term.starts_on.is_some() && term.next_billing_on > term.starts_on);
    let of_party = subscriptions.list_of_party(&world.connection, &customer, None).await.expect("a page");
    assert_eq!(of_party.records.len(), 1);
    world.emulator.shutdown().await;
}

#[tokio::test]
async fn x01_the_stock_of_an_item_is_told_where_it_is_counted() {
    let world = World::start(App::Books).await;
    let counted = json!({ "name": "Chair", "rate": 50, "item_type": "inventory", "initial_stock": 12.5,
        "initial_stock_rate": 20 });
    let counted = world.make("/books/v3/items", "item", counted).await;
    let id = counted["item_id"].as_str().expect("an id");
    let stock = world.connector.stock(&world.connection, id).await.expect("an answer");
    let wanted = "12.5".parse().expect("a number");
    assert_eq!(stock, Some(Stock { on_hand: wanted, available: Some(wanted) }));
    let uncounted = world.make("/books/v3/items", "item", json!({ "name": "Hour", "rate": 50 })).await;
    let uncounted = uncounted["item_id"].as_str().expect("an id");
    assert_eq!(world.connector.stock(&world.connection, uncounted).await.expect("an answer"), None);
    let gone = world
        .connector
        .stock(&world.connection, "999999999999999999")
        .await
        .expect_err("nothing has that id");
    assert_eq!(gone.kind, FailureKind::NotFound);
    world.emulator.shutdown().await;
}

#[tokio::test]
async fn x01_expenses_have_the_categories_of_their_app() {
    let names = async |app: App| {
        let world = World::start(app).await;
        let travel = json!({ "category_name": "Travel" });
        world.make("/expense/v1/expensecategories", "expense_category", travel).await;
        let categories = world.connector.expense_categories(&world.connection).await;
        world.emulator.shutdown().await;
        categories.map(|categories| categories.into_iter().map(|one| one.name).collect::<Vec<_>>())
    };
    assert_eq!(names(App::Expense).await.expect("an answer"), ["Travel"]);
    let accounts = names(App::Books).await.expect("an answer");
    let has = |name: &str| accounts.iter().any(|one| one == name);
    assert!(has("Travel Expense") && !has("Sales") && !has("Petty Cash"), "{accounts:?}");
    for app in [App::Invoice, App::Billing] {
        assert_eq!(names(app).await.expect_err("it has none").kind, FailureKind::NotSupported, "{app:?}");
    }
}
