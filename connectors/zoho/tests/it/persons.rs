//! Persons at customers, and the first of them as part of the customer.

use finbridge_contract::{CrmReference, FailureKind, NewRecord};
use finbridge_domain::WireId;
use finbridge_domain::record::{CrmRecordType, RecordKind};
use serde_json::{Value, json};

use crate::support::{World, contact, contact_answer, done, failure, list_answer, missing, values};

const CONTACT: &str = "/books/v3/contacts/46";
const PERSONS: &str = "/books/v3/contacts/contactpersons";
const ADA: CrmReference =
    CrmReference { record_type: CrmRecordType::Contact, wire_id: WireId(300_000_000_000_012_009) };

fn person(id: &str, first: &str, last: &str, link: &str) -> Value {
    json!({ "contact_person_id": id, "first_name": first, "last_name": last, "email": "ada@acme.example",
        "phone": "1", "mobile": "", "is_primary_contact": id == "7", "zcrm_contact_id": link })
}

fn at(persons: Vec<Value>) -> Value {
    let mut contact = contact("46", "Acme");
    contact["contact_persons"] = persons.into();
    contact_answer(contact)
}

fn ada() -> NewRecord {
    let values =
        values(&[("firstName", "Ada"), ("lastName", "Byron"), ("email", "Ada@acme.example"), ("phone", "1")]);
    NewRecord { parent_id: Some("46".to_owned()), customer_kind: None, is_primary: false, values }
}

#[tokio::test]
async fn a_person_that_was_made_and_not_linked_is_taken_up() {
    let world = World::start().await;
    let present = vec![person("7", "Ada", "Byron", "999"), person("8", "Ada", "Byron", "")];
    world.answer("GET", CONTACT, 200, at(present)).await;
    world.answer("PUT", &format!("{PERSONS}/8"), 200, done()).await;
    world.answer("PUT", "/integration/v1/contactpersons/8/link", 200, done()).await;
    let made = world.records(RecordKind::ContactPerson).create(&world.connection, Some(ADA), &ada()).await;
    assert_eq!(made.unwrap().remote_id, "8");
    let lines = world.lines().await;
    assert!(!lines.iter().any(|line| line.starts_with("POST")), "{lines:?}");
    assert!(lines.contains(&"PUT /integration/v1/contactpersons/8/link".to_owned()));
}

#[tokio::test]
async fn a_person_that_is_linked_elsewhere_is_refused_before_anything_is_made() {
    let world = World::start().await;
    world.answer("GET", CONTACT, 200, at(vec![])).await;
    world.answer("GET", "/books/v3/contacts", 200, list_answer(vec![contact("47", "Other")], false)).await;
    let mut other = at(vec![person("9", "Ada", "Byron", "300000000000012009")]);
    other["contact"]["contact_id"] = "47".into();
    world.answer("GET", "/books/v3/contacts/47", 200, other).await;
    let outcome = world.records(RecordKind::ContactPerson).create(&world.connection, Some(ADA), &ada()).await;
    let refused = failure(outcome);
    assert_eq!(refused.kind, FailureKind::Refused);
    for words in ["a person at the contact 47", "unlink it there"] {
        assert!(refused.message.contains(words), "{}", refused.message);
    }
    assert!(world.lines().await.iter().all(|line| line.starts_with("GET")));
}

#[tokio::test]
async fn a_crm_contact_that_stands_for_the_customer_itself_gets_no_person_there() {
    // With and without a person who could be taken up, and then not be linked.
    for present in [vec![], vec![person("8", "Ada", "Byron", "")]] {
        let world = World::start().await;
        let mut customer = at(present);
        customer["contact"]["zcrm_contact_id"] = "300000000000012009".into();
        world.answer("GET", CONTACT, 200, customer).await;
        let persons = world.records(RecordKind::ContactPerson);
        let refused = failure(persons.create(&world.connection, Some(ADA), &ada()).await);
        assert_eq!(refused.kind, FailureKind::Refused);
        for words in ["the contact 46 itself", "unlink it there", "merge"] {
            assert!(refused.message.contains(words), "{}", refused.message);
        }
        assert!(world.lines().await.iter().all(|line| line.starts_with("GET")));
    }
}

#[tokio::test]
async fn no_given_name_is_written_and_read_as_a_dash() {
    let world = World::start().await;
    world.answer_once("GET", CONTACT, 200, at(vec![])).await;
    world.answer("GET", CONTACT, 200, at(vec![person("7", "-", "Byron", "")])).await;
    world
        .answer("POST", PERSONS, 201, json!({ "code": 0, "contact_person": { "contact_person_id": "7" } }))
        .await;
    let mut nameless = ada();
    nameless.values.remove("firstName");
    let persons = world.records(RecordKind::ContactPerson);
    let made = persons.create(&world.connection, None, &nameless).await.unwrap();
    assert_eq!(made.values["firstName"], "");
    let body = json!({ "contact_id": "46", "first_name": "-", "last_name": "Byron", "email": "Ada@acme.example",
        "phone": "1" });
    assert_eq!(world.calls().await[1], (format!("POST {PERSONS}"), body));
}

#[tokio::test]
async fn x12_a_person_that_shall_be_the_primary_one_is_so_from_its_first_moment() {
    let world = World::start().await;
    world.answer_once("GET", CONTACT, 200, at(vec![person("8", "Bob", "B", "")])).await;
    let both = at(vec![person("8", "Bob", "B", ""), person("7", "Ada", "Byron", "")]);
    world.answer("GET", CONTACT, 200, both).await;
    world
        .answer("POST", PERSONS, 201, json!({ "code": 0, "contact_person": { "contact_person_id": "7" } }))
        .await;
    let primary = NewRecord { is_primary: true, ..ada() };
    world.records(RecordKind::ContactPerson).create(&world.connection, None, &primary).await.unwrap();
    let body = json!({ "contact_id": "46", "first_name": "Ada", "last_name": "Byron", "email": "Ada@acme.example",
        "phone": "1", "is_primary_contact": true });
    assert_eq!(world.calls().await[1], (format!("POST {PERSONS}"), body));
}

#[tokio::test]
async fn the_person_that_was_made_may_be_told_in_a_list() {
    let world = World::start().await;
    world.answer_once("GET", CONTACT, 200, at(vec![])).await;
    world.answer("GET", CONTACT, 200, at(vec![person("7", "Ada", "Byron", "")])).await;
    let listed = json!({ "code": 0, "contact_person": [{ "contact_person_id": "7", "contact_id": "46" }] });
    world.answer("POST", PERSONS, 201, listed).await;
    let made = world.records(RecordKind::ContactPerson).create(&world.connection, None, &ada()).await;
    assert_eq!(made.unwrap().remote_id, "7");
}

#[tokio::test]
async fn a_person_for_no_crm_contact_is_made_once() {
    let world = World::start().await;
    let present = vec![person("7", "Ada", "Byron", "999"), person("8", "Ada", "Byron", "")];
    world.answer("GET", CONTACT, 200, at(present)).await;
    world.answer("PUT", &format!("{PERSONS}/8"), 200, done()).await;
    let made = world.records(RecordKind::ContactPerson).create(&world.connection, None, &ada()).await;
    assert_eq!(
        made.unwrap().remote_id,
        "8",
        "of two persons of these values the one that is linked to nobody"
    );
    let lines = world.lines().await;
    assert!(!lines.iter().any(|line| line.starts_with("POST") || line.contains("/link")), "{lines:?}");
}

#[tokio::test]
async fn a_person_is_fetched_out_of_its_customer() {
    let world = World::start().await;
    let alone = json!({ "code": 0, "contact_person": { "contact_person_id": "7", "contact_id": "46" } });
    world.answer("GET", &format!("{PERSONS}/7"), 200, alone).await;
    world.answer("GET", CONTACT, 200, at(vec![person("7", "Ada", "Byron", "300000000000012009")])).await;
    let read = world.records(RecordKind::ContactPerson).fetch(&world.connection, "7").await.unwrap();
    assert_eq!((read.parent_id.as_deref(), read.crm_reference), (Some("46"), Some(ADA)));
    assert_eq!(read.modified_at.to_rfc3339(), "2026-01-05T06:36:10+00:00");
    let page = world.records(RecordKind::ContactPerson).list_changed(&world.connection, None).await.unwrap();
    assert!(page.records.is_empty() && !page.more);
}

#[tokio::test]
async fn a_customer_shows_and_changes_its_first_person() {
    let world = World::start().await;
    world
        .answer("GET", CONTACT, 200, at(vec![person("8", "Bob", "B", ""), person("7", "Ada", "Byron", "")]))
        .await;
    world.answer("PUT", CONTACT, 200, done()).await;
    world.answer("PUT", &format!("{PERSONS}/7"), 200, done()).await;
    let change = values(&[("email", "new@acme.example"), ("website", "https://acme.example")]);
    let read = world.customers().update(&world.connection, "46", &change).await.unwrap();
    assert_eq!(
        (read.values["firstName"].as_str(), read.values["email"].as_str()),
        ("Ada", "ada@acme.example")
    );
    let calls = world.calls().await;
    assert_eq!(calls[1], (format!("PUT {CONTACT}"), json!({ "website": "https://acme.example" })));
    assert_eq!(calls[2], (format!("PUT {PERSONS}/7"), json!({ "email": "new@acme.example" })));
}

#[tokio::test]
async fn a_first_person_that_goes_meanwhile_is_no_customer_that_is_gone() {
    let world = World::start().await;
    world.answer_once("GET", CONTACT, 200, at(vec![person("7", "Ada", "Byron", "")])).await;
    let mut next = person("8", "Bob", "B", "");
    next["is_primary_contact"] = true.into();
    world.answer("GET", CONTACT, 200, at(vec![next])).await;
    world.answer("PUT", &format!("{PERSONS}/7"), 404, missing()).await;
    world.answer("PUT", &format!("{PERSONS}/8"), 200, done()).await;
    let change = values(&[("email", "new@acme.example")]);
    let outcome = world.customers().update(&world.connection, "46", &change).await;
    assert_eq!(failure(outcome).kind, FailureKind::OutcomeUnknown);
    let again = world.customers().update(&world.connection, "46", &change).await.unwrap();
    assert_eq!(again.values["firstName"], "Bob", "the next try reads the persons afresh");
}

#[tokio::test]
async fn a_customer_without_persons_gets_its_first_only_when_there_is_something_to_say() {
    let world = World::start().await;
    world.answer("GET", CONTACT, 200, at(vec![])).await;
    world.answer("POST", PERSONS, 201, done()).await;
    let customers = world.customers();
    customers.update(&world.connection, "46", &values(&[("email", "")])).await.unwrap();
    assert!(world.lines().await.iter().all(|line| line.starts_with("GET")));
    let read = customers.update(&world.connection, "46", &values(&[("email", "a@x.example")])).await.unwrap();
    assert_eq!(read.values["email"], "", "a customer without persons tells empty fields");
    let body = json!({ "contact_id": "46", "email": "a@x.example", "first_name": "-" });
    assert!(world.calls().await.contains(&(format!("POST {PERSONS}"), body)));
}

#[tokio::test]
async fn persons_of_a_customer_that_is_gone_are_not_there() {
    let world = World::start().await;
    world.answer("GET", CONTACT, 404, missing()).await;
    let persons = world.records(RecordKind::ContactPerson);
    assert!(persons.find_by_reference(&world.connection, ADA, Some("46")).await.unwrap().is_none());
    assert_eq!(failure(persons.fetch_children(&world.connection, "46").await).kind, FailureKind::NotFound);
}
