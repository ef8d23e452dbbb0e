//! What differs between the apps, and what all of them share.

use finbridge_contract::{Connector, FailureKind, Grant, NewRecord, Shared};
use finbridge_domain::record::{CustomerKind, RecordKind};
use finbridge_domain::{CapabilityProfile, CrmModule, SyncModule};
use finbridge_zoho::{App, ZohoApp};
use serde_json::{Value, json};

use crate::support::{
    REFERENCE, World, config, contact, contact_answer, done, failure, list_answer, no_organization, values,
};

const SETTINGS: &str = "/integration/v1/settings";

fn all(world: &World) -> Vec<ZohoApp> {
    ZohoApp::all(config(world.server.uri(), world.server.uri()), world.clock.clone()).unwrap()
}

fn shared(customers: Option<CrmModule>) -> Shared {
    Shared { customers, include_unassociated: true, vendors: true, items: false }
}

#[tokio::test]
async fn every_app_offers_the_kinds_of_its_profile() {
    let world = World::start().await;
    let keys: Vec<_> = all(&world).iter().map(|app| app.manifest().app_key).collect();
    assert_eq!(keys, ["books", "invoice", "erp", "expense", "billing"]);
    for app in all(&world) {
        let profile = CapabilityProfile::by_key(app.manifest().profile_key).unwrap();
        for kind in profile.modules.iter().copied().flat_map(SyncModule::kinds) {
            assert!(app.records(*kind).is_some(), "{} {kind:?}", profile.key);
        }
    }
}

#[tokio::test]
async fn each_app_is_told_the_organization_in_its_own_way() {
    for (app, path, header) in [
        (App::Books, "/books/v3/contacts", None),
        (App::Erp, "/erp/v3/contacts", None),
        (App::Invoice, "/invoice/v3/contacts", Some("x-com-zoho-invoice-organizationid")),
        (App::Expense, "/expense/v1/contacts", Some("x-com-zoho-expense-organizationid")),
        (App::Billing, "/billing/v1/customers", Some("x-com-zoho-subscriptions-organizationid")),
    ] {
        let world = World::start().await;
        let mut empty = list_answer(vec![], false);
        empty["customers"] = json!([]);
        world.answer("GET", path, 200, empty).await;
        let app = world.app(app);
        let customers = app.records(RecordKind::Customer).unwrap();
        customers.list_changed(&world.connection, None).await.unwrap();
        let request = world.server.received_requests().await.unwrap().pop().unwrap();
        let by_query = request.url.query_pairs().any(|(name, _)| name == "organization_id");
        let told = header.and_then(|header| request.headers.get(header)).map(|id| id.to_str().unwrap());
        assert_eq!((by_query, told), (header.is_none(), header.map(|_| "10234695")), "{path}");
    }
}

#[tokio::test]
async fn a_service_key_is_exchanged_for_the_app_that_is_connected() {
    let world = World::start().await;
    world.answer("POST", "/integration/v1/zsc/exchange", 200, json!({ "refresh_token": "r" })).await;
    for app in [App::Books, App::Billing] {
        let key = "zsc-key".to_owned().into();
        let grant = Grant::ServiceKey { email: "ada@finance.example".to_owned(), key };
        world.app(app).authorize(grant).await.unwrap();
    }
    let asked: Vec<_> = world.calls().await.into_iter().map(|(_, body)| body["scope"].clone()).collect();
    let both = "ZohoSubscriptions.fullaccess.all,ZohoBooks.fullaccess.all";
    assert_eq!(asked, [Value::Null, both.into()]);
}

#[tokio::test]
async fn apps_share_one_token() {
    let world = World::start().await;
    for path in ["/books/v3/contacts", "/erp/v3/contacts"] {
        world.answer("GET", path, 200, list_answer(vec![], false)).await;
    }
    for app in all(&world).iter().filter(|app| ["books", "erp"].contains(&app.manifest().app_key)) {
        let customers = app.records(RecordKind::Customer).unwrap();
        customers.list_changed(&world.connection, None).await.unwrap();
    }
    assert_eq!(world.token_requests().await.len(), 1);
}

#[tokio::test]
async fn customers_of_billing_are_contacts_in_other_words() {
    let world = World::start().await;
    let one = "/billing/v1/customers/46";
    let customer = json!({
        "customer_id": "46",
        "display_name": "Acme",
        "email": "ada@acme.example",
        "first_name": "Ada",
        "billing_address": { "street": "Main Street 1", "fax": "2" },
        "contactpersons": [{ "contactperson_id": "7", "email": "ada@acme.example", "first_name": "Ada",
            "is_primary_contact": true }],
        "status": "active",
        "zcrm_account_id": "300000000000012001",
        "updated_time": "2026-01-05T12:06:10+0530",
    });
    let answer = json!({ "code": 0, "customer": customer });
    world.answer("GET", one, 200, answer).await;
    world.answer("PUT", one, 200, done()).await;
    world.answer("DELETE", "/integration/v1/contacts/46/link", 200, done()).await;
    world.answer("DELETE", one, 400, json!({ "code": 1004, "message": "has transactions" })).await;
    world.answer("POST", &format!("{one}/markasinactive"), 200, done()).await;
    let app = world.app(App::Billing);
    let customers = app.records(RecordKind::Customer).unwrap();
    let change =
        values(&[("displayName", "Acme"), ("email", "x@acme.example"), ("billingAddress.street", "S 2")]);
    let read = customers.update(&world.connection, "46", &change).await.unwrap();
    assert_eq!(read.crm_reference, Some(REFERENCE));
    assert_eq!(read.values["billingAddress.street"], "Main Street 1");
    assert_eq!((read.values["email"].as_str(), read.values["lastName"].as_str()), ("ada@acme.example", ""));
    customers.remove(&world.connection, "46").await.unwrap();
    let body = json!({ "display_name": "Acme", "email": "x@acme.example",
        "billing_address": { "street": "S 2", "fax": "2" } });
    let calls = world.calls().await;
    assert_eq!(calls[1], (format!("PUT {one}"), body));
    assert_eq!(calls.last().unwrap().0, format!("POST {one}/markasinactive"));
}

#[tokio::test]
async fn imports_are_calls_of_books() {
    let world = World::start().await;
    world.answer("PUT", "/integration/v1/crm/accounts/300000000000012001", 200, done()).await;
    let import = "/books/v3/crm/account/300000000000012001/import";
    world.answer("POST", import, 200, json!({ "code": 0, "data": { "contact_id": "46" } })).await;
    world.answer("GET", "/expense/v1/contacts/46", 200, contact_answer(contact("46", "Acme"))).await;
    let record = NewRecord {
        parent_id: None,
        customer_kind: Some(CustomerKind::Business),
        is_primary: false,
        values: values(&[("displayName", "Acme"), ("email", "ada@acme.example"), ("phone", "")]),
    };
    let app = world.app(App::Expense);
    let customers = app.records(RecordKind::Customer).unwrap();
    customers.create(&world.connection, Some(REFERENCE), &record).await.unwrap();
    let calls = world.calls().await;
    let told = json!({ "record": { "contact_name": "Acme", "contact_type": "customer",
        "customer_sub_type": "business", "contact_persons": [{ "email": "ada@acme.example" }] } });
    assert_eq!(calls[0].1, told);
    assert_eq!(calls[1], (format!("POST {import}"), Value::Null));
}

#[tokio::test]
async fn an_organization_that_did_not_join_books_is_told_to() {
    for app in [App::Invoice, App::Expense, App::Billing] {
        let world = World::start().await;
        let import = "/books/v3/crm/account/300000000000012001/import";
        let person = "/books/v3/contacts/contactpersons/7";
        world.answer("PUT", "/integration/v1/crm/accounts/300000000000012001", 200, done()).await;
        for (verb, path) in [("POST", import), ("GET", "/books/v3/contacts/46"), ("PUT", person)] {
            world.answer(verb, path, 400, no_organization()).await;
        }
        let app = world.app(app);
        let customers = app.records(RecordKind::Customer).unwrap();
        let persons = app.records(RecordKind::ContactPerson).unwrap();
        let record = NewRecord {
            parent_id: None,
            customer_kind: None,
            is_primary: false,
            values: values(&[("displayName", "A")]),
        };
        let renamed = values(&[("firstName", "Ada")]);
        for outcome in [
            customers.create(&world.connection, Some(REFERENCE), &record).await.map(drop),
            persons.fetch_children(&world.connection, "46").await.map(drop),
            persons.update(&world.connection, "7", &renamed).await.map(drop),
        ] {
            let failure = failure(outcome);
            assert_eq!(failure.kind, FailureKind::NotSupported, "{}", failure.message);
            assert!(failure.message.contains("add the organization to Books"), "{}", failure.message);
            assert_eq!(failure.remote_code.as_deref(), Some("6041"));
        }
    }
}

#[tokio::test]
async fn an_organization_that_the_app_itself_refuses_is_another_matter() {
    for app in [App::Books, App::Erp, App::Expense] {
        let world = World::start().await;
        for path in ["/books/v3/contacts/46", "/erp/v3/contacts/46", "/expense/v1/contacts/46"] {
            world.answer("GET", path, 400, no_organization()).await;
        }
        let connector = world.app(app);
        let customers = connector.records(RecordKind::Customer).unwrap();
        let refused = failure(customers.fetch(&world.connection, "46").await);
        assert_eq!(refused.kind, FailureKind::Unauthorized, "{app:?}");
        if app != App::Expense {
            // Their persons are kept in calls of their own.
            let persons = connector.records(RecordKind::ContactPerson).unwrap();
            let refused = failure(persons.fetch_children(&world.connection, "46").await);
            assert_eq!(refused.kind, FailureKind::Unauthorized, "{app:?}");
        }
    }
}

#[tokio::test]
async fn what_is_synchronised_is_told_where_it_differs() {
    for (known, sent) in [
        (
            json!({ "customers": "accounts", "include_unassociated_contacts": true, "vendors": true, "items": false }),
            true,
        ),
        (
            json!({ "customers": "accounts_and_contacts", "include_unassociated_contacts": true, "vendors": true,
                "items": false }),
            false,
        ),
    ] {
        let world = World::start().await;
        world.answer("GET", SETTINGS, 200, json!({ "code": 0, "settings": known })).await;
        world.answer("PUT", SETTINGS, 200, done()).await;
        let settings = shared(Some(CrmModule::AccountsAndContacts));
        world.books.prepare(&world.connection, &settings).await.unwrap();
        let body = json!({ "customers": "accounts_and_contacts", "include_unassociated_contacts": true,
            "vendors": true, "items": false });
        let put = (format!("PUT {SETTINGS}"), body);
        assert_eq!(world.calls().await.contains(&put), sent, "{known}");
    }
}

#[tokio::test]
async fn without_the_link_service_nothing_is_told() {
    let mut world = World::start().await;
    world.connection.capabilities = json!({});
    world.books.prepare(&world.connection, &shared(None)).await.unwrap();
    assert!(world.calls().await.is_empty());
}

#[tokio::test]
async fn x11_expense_tells_whoever_is_or_was_its_user_and_invites_others() {
    let world = World::start().await;
    let users = "/expense/v1/users";
    let page = |email: &str, has_more: bool| json!({ "code": 0, "users": [{ "user_id": "1", "email": email }], "page_context": { "has_more_page": has_more } });
    for (email, has_more) in
        [("Ada@crm.example", true), ("bob@crm.example", false), ("gone@crm.example", false)]
    {
        world.answer_once("GET", users, 200, page(email, has_more)).await;
    }
    world.answer("POST", users, 200, done()).await;
    let app = world.app(App::Expense);
    let known = app.users(&world.connection).await.unwrap();
    assert_eq!(
        known.into_iter().collect::<Vec<_>>(),
        ["ada@crm.example", "bob@crm.example", "gone@crm.example"]
    );
    app.invite(&world.connection, "cyd@crm.example", "Cyd").await.unwrap();
    let calls = world.calls().await;
    let lines: Vec<_> = calls.iter().map(|(line, _)| line.as_str()).collect();
    assert_eq!(
        lines,
        [
            "GET /expense/v1/users?filter_by=Status.All&per_page=200&page=1",
            "GET /expense/v1/users?filter_by=Status.All&per_page=200&page=2",
            "GET /expense/v1/users?filter_by=Status.Deleted&per_page=200&page=1",
            "POST /expense/v1/users",
        ]
    );
    assert_eq!(calls[3].1, json!({ "email": "cyd@crm.example", "name": "Cyd" }));
    assert_eq!(failure(world.books.users(&world.connection).await).kind, FailureKind::NotSupported);
}
