//! What each act on a customer sends, and what it makes of the answers.

use finbridge_contract::{CrmReference, FailureKind, NewRecord, Removal};
use finbridge_domain::record::{CrmRecordType, CustomerKind};
use serde_json::{Value, json};
use wiremock::matchers::{method, path};
use wiremock::{Mock, ResponseTemplate};

use crate::support::{
    REFERENCE, World, contact, contact_answer, done, failure, list_answer, missing, values,
};

const CONTACT: &str = "/books/v3/contacts/46";
const LINK: &str = "/integration/v1/contacts/46/link";

fn acme() -> NewRecord {
    let values = values(&[
        ("displayName", "Acme"),
        ("website", "https://acme.example"),
        ("billingAddress.street", "Main Street 1"),
        ("billingAddress.postalCode", "0150"),
        ("billingAddress.phone", "+47 555 01"),
        ("shippingAddress.city", "Bergen"),
    ]);
    NewRecord { parent_id: None, customer_kind: Some(CustomerKind::Business), is_primary: false, values }
}

#[tokio::test]
async fn a_contact_is_read_with_everything_the_vendor_gets_wrong() {
    let world = World::start().await;
    let contact = json!({
        "contact_id": 46,
        "contact_name": "Acme",
        "company_name": null,
        "customer_sub_type": "franchise",
        "status": "crm",
        "zcrm_account_id": 300000000000012001_i64,
        "billing_address": { "address": "Main Street 1", "zip": 150, "attention": "Ada" },
        "shipping_address": "",
        "outstanding_receivable_amount": "",
        "last_modified_time": "2026-01-05T12:06:10+0530",
    });
    let template = ResponseTemplate::new(200).set_body_json(contact_answer(contact));
    let template = template.insert_header("X-Request-Id", "req-1");
    Mock::given(method("GET")).and(path(CONTACT)).respond_with(template).mount(&world.server).await;
    let read = world.customers().fetch(&world.connection, "46").await.unwrap();
    assert_eq!((read.remote_id.as_str(), read.request_id.as_deref()), ("46", Some("req-1")));
    assert_eq!(read.crm_reference, Some(REFERENCE));
    assert_eq!(read.customer_kind, Some(CustomerKind::Business));
    assert!(read.is_active);
    assert_eq!(read.modified_at.to_rfc3339(), "2026-01-05T06:36:10+00:00");
    let value = |field: &str| read.values.get(field).map(String::as_str);
    assert_eq!(value("companyName"), Some(""));
    assert_eq!(value("website"), None, "not told is not empty");
    assert_eq!(value("billingAddress.postalCode"), Some("150"));
    assert_eq!(value("billingAddress.city"), Some(""));
    assert_eq!(value("shippingAddress.city"), Some(""));
}

#[tokio::test]
async fn creating_tells_the_record_imports_it_and_reads_it_back() {
    for (record_type, plural, singular, id_member) in [
        (CrmRecordType::Account, "accounts", "account", "contact_id"),
        (CrmRecordType::Contact, "contacts", "contact", "customer_id"),
    ] {
        let world = World::start().await;
        let reference = CrmReference { record_type, ..REFERENCE };
        let known = format!("/integration/v1/crm/{plural}/300000000000012001");
        let import = format!("/books/v3/crm/{singular}/300000000000012001/import");
        world.answer("PUT", &known, 200, done()).await;
        world.answer("POST", &import, 200, json!({ "code": 0, "data": { id_member: "46" } })).await;
        world.answer("GET", CONTACT, 200, contact_answer(contact("46", "Acme"))).await;
        let made = world.customers().create(&world.connection, Some(reference), &acme()).await.unwrap();
        assert_eq!(made.remote_id, "46");
        let record = json!({
            "contact_name": "Acme",
            "website": "https://acme.example",
            "billing_address": { "address": "Main Street 1", "zip": "0150", "phone": "+47 555 01" },
            "shipping_address": { "city": "Bergen" },
            "contact_type": "customer",
            "customer_sub_type": "business",
        });
        assert_eq!(
            world.calls().await,
            [
                (format!("PUT {known}"), json!({ "record": record })),
                (format!("POST {import}"), Value::Null),
                (format!("GET {CONTACT}"), Value::Null),
            ]
        );
    }
}

#[tokio::test]
async fn a_customer_that_was_made_and_cannot_be_read_back_is_an_unknown_outcome() {
    let world = World::start().await;
    world.answer("PUT", "/integration/v1/crm/accounts/300000000000012001", 200, done()).await;
    let import = "/books/v3/crm/account/300000000000012001/import";
    world.answer("POST", import, 200, json!({ "code": 0, "data": { "contact_id": "46" } })).await;
    world.answer("GET", CONTACT, 429, json!({ "code": 44, "message": "blocked" })).await;
    let outcome = world.customers().create(&world.connection, Some(REFERENCE), &acme()).await;
    assert_eq!(failure(outcome).kind, FailureKind::OutcomeUnknown);
}

#[tokio::test]
async fn linking_needs_the_capability_and_says_so() {
    let mut world = World::start().await;
    world.connection.capabilities = json!({});
    let customers = world.customers();
    let created = customers.create(&world.connection, Some(REFERENCE), &acme()).await.map(drop);
    let linked = customers.link(&world.connection, "46", REFERENCE).await;
    for outcome in [created, linked] {
        let failure = failure(outcome);
        assert_eq!(failure.kind, FailureKind::NotSupported);
        for words in ["crm_link", "connect it again"] {
            assert!(failure.message.contains(words), "{}", failure.message);
        }
    }
    assert!(world.calls().await.is_empty());
}

#[tokio::test]
async fn linking_names_the_kind_of_crm_record() {
    for (record_type, member) in
        [(CrmRecordType::Account, "zcrm_account_id"), (CrmRecordType::Contact, "zcrm_contact_id")]
    {
        let world = World::start().await;
        world.answer("PUT", LINK, 200, done()).await;
        let reference = CrmReference { record_type, ..REFERENCE };
        world.customers().link(&world.connection, "46", reference).await.unwrap();
        assert_eq!(world.calls().await, [(format!("PUT {LINK}"), json!({ member: "300000000000012001" }))]);
    }
}

#[tokio::test]
async fn changing_an_address_field_sends_the_rest_of_that_address_along() {
    let world = World::start().await;
    let mut present = contact("46", "Acme");
    present["billing_address"] = json!({
        "address_id": "9", "attention": "Ada", "address": "Main Street 1", "street2": "Floor 2", "city": "Oslo",
        "state": "Oslo", "state_code": "03", "zip": "0150", "country": "Norway", "country_code": "NO", "phone": "1",
    });
    present["shipping_address"] = json!({ "city": "Bergen" });
    world.answer("GET", CONTACT, 200, contact_answer(present)).await;
    world.answer("PUT", CONTACT, 200, done()).await;

    let city = values(&[("billingAddress.city", "Drammen"), ("billingAddress.state", "Oslo")]);
    world.customers().update(&world.connection, "46", &city).await.unwrap();
    let moved = values(&[("billingAddress.country", "Sweden"), ("companyName", "")]);
    world.customers().update(&world.connection, "46", &moved).await.unwrap();

    let put = format!("PUT {CONTACT}");
    let bodies: Vec<_> =
        world.calls().await.into_iter().filter(|(line, _)| *line == put).map(|(_, body)| body).collect();
    let with_city = json!({ "billing_address": {
        "attention": "Ada", "address": "Main Street 1", "street2": "Floor 2", "city": "Drammen", "state": "Oslo",
        "state_code": "03", "zip": "0150", "country": "Norway", "country_code": "NO", "phone": "1",
    }});
    let with_country = json!({ "company_name": "", "billing_address": {
        "attention": "Ada", "address": "Main Street 1", "street2": "Floor 2", "city": "Oslo", "state": "Oslo",
        "zip": "0150", "country": "Sweden", "phone": "1",
    }});
    assert_eq!(bodies, [with_city, with_country]);
}

#[tokio::test]
async fn changing_other_fields_sends_them_alone() {
    let world = World::start().await;
    world.answer("PUT", CONTACT, 200, done()).await;
    world.answer("GET", CONTACT, 200, contact_answer(contact("46", "Acme"))).await;
    let website = values(&[("website", "https://new.example")]);
    world.customers().update(&world.connection, "46", &website).await.unwrap();
    let put = (format!("PUT {CONTACT}"), json!({ "website": "https://new.example" }));
    assert_eq!(world.calls().await, [put, (format!("GET {CONTACT}"), Value::Null)]);
}

#[tokio::test]
async fn removing_unlinks_first_and_then_deletes() {
    let mut world = World::start().await;
    world.answer("DELETE", LINK, 200, done()).await;
    world.answer("DELETE", CONTACT, 200, done()).await;
    assert_eq!(world.customers().remove(&world.connection, "46").await.unwrap(), Removal::Deleted);
    world.connection.capabilities = json!({});
    assert_eq!(world.customers().remove(&world.connection, "46").await.unwrap(), Removal::Deleted);
    let delete = format!("DELETE {CONTACT}");
    assert_eq!(world.lines().await, [format!("DELETE {LINK}"), delete.clone(), delete]);
}

#[tokio::test]
async fn removing_what_is_gone_is_done_at_whatever_step_that_shows() {
    for (link, delete) in [((404, missing()), (404, missing())), ((200, done()), (404, missing()))] {
        let world = World::start().await;
        world.answer("DELETE", LINK, link.0, link.1).await;
        world.answer("DELETE", CONTACT, delete.0, delete.1).await;
        assert_eq!(world.customers().remove(&world.connection, "46").await.unwrap(), Removal::Deleted);
    }
}

#[tokio::test]
async fn a_customer_with_transactions_is_made_inactive() {
    let world = World::start().await;
    world.answer("DELETE", LINK, 200, done()).await;
    world.answer("DELETE", CONTACT, 400, json!({ "code": 1004, "message": "has transactions" })).await;
    world.answer("POST", &format!("{CONTACT}/inactive"), 200, done()).await;
    assert_eq!(world.customers().remove(&world.connection, "46").await.unwrap(), Removal::Deactivated);
    assert_eq!(world.lines().await.last(), Some(&format!("POST {CONTACT}/inactive")));
}

#[tokio::test]
async fn the_wrong_organization_is_not_a_removed_customer() {
    let world = World::start().await;
    let foreign = json!({ "code": 6041, "message": "This user is not associated with the CompanyID" });
    world.answer("DELETE", LINK, 400, foreign).await;
    let outcome = world.customers().remove(&world.connection, "46").await;
    assert_eq!(failure(outcome).kind, FailureKind::Unauthorized);
}

#[tokio::test]
async fn a_customer_is_found_by_its_crm_record_and_strangers_are_not() {
    let world = World::start().await;
    let rows = vec![contact("45", "Stranger"), contact("44", "Gone"), contact("46", "Acme")];
    world.answer("GET", "/books/v3/contacts", 200, list_answer(rows, false)).await;
    let mut stranger = contact("45", "Stranger");
    stranger["zcrm_account_id"] = "999".into();
    world.answer("GET", "/books/v3/contacts/45", 200, contact_answer(stranger)).await;
    world.answer("GET", "/books/v3/contacts/44", 404, missing()).await;
    world.answer("GET", CONTACT, 200, contact_answer(contact("46", "Acme"))).await;
    let found = world.customers().find_by_reference(&world.connection, REFERENCE, None).await.unwrap();
    assert_eq!(found.map(|found| found.remote_id).as_deref(), Some("46"));
    assert_eq!(world.lines().await[0], "GET /books/v3/contacts?zcrm_account_id=300000000000012001");
}

#[tokio::test]
async fn an_ignored_filter_is_noticed_and_no_match_is_none() {
    let world = World::start().await;
    world.answer("GET", "/books/v3/contacts", 200, list_answer(vec![], false)).await;
    assert!(world.customers().find_by_reference(&world.connection, REFERENCE, None).await.unwrap().is_none());

    let world = World::start().await;
    let rows = (0..11).map(|id| contact(&id.to_string(), "Stranger")).collect();
    world.answer("GET", "/books/v3/contacts", 200, list_answer(rows, true)).await;
    let outcome = world.customers().find_by_reference(&world.connection, REFERENCE, None).await;
    assert_eq!(failure(outcome).kind, FailureKind::Malformed);
}
