//! Notes on records of every kind.

use std::sync::{Arc, Mutex};

use chrono::TimeDelta;
use finbridge::http::GraphiqlPage;
use finbridge_domain::{Clock, NodeId, NodeKind, name_key};
use finbridge_entity::types::{RecordType, Role, StageKind};
use finbridge_entity::{account, note};
use finbridge_tests::{TestWorld, both_databases};
use sea_orm::{EntityTrait, Set};
use serde_json::{Value, json};

use super::{
    Server, absent, code, colleague, db, done, faults, organization, product_of, refused, stage_of, text,
    vendor_row,
};
use sea_orm::ActiveModelTrait;

const CREATE: &str = "mutation($input: NoteCreateInput!) { noteCreate(input: $input) {
    note { id body version author { id email } record { id name recordType } createdAt updatedAt }
    userErrors { code field message } } }";
const UPDATE: &str = "mutation($input: NoteUpdateInput!) { noteUpdate(input: $input) {
    note { id body version author { id } } userErrors { code field message } } }";
const DELETE: &str = "mutation($input: NoteDeleteInput!) { noteDelete(input: $input) {
    deletedNote userErrors { code field message } } }";

async fn note_on(world: &TestWorld, record: &str, body: &str) -> Value {
    done(world, CREATE, json!({ "input": { "recordId": record, "body": body } })).await["note"].take()
}

/// What a record's notes say, as a list of that kind of record shows them.
async fn notes_of(world: &TestWorld, list: &str, filter: &str) -> Value {
    let query = format!(
        "{{ list: {list}(filter: {{ {filter} }}) {{ nodes {{ notes {{ totalCount nodes {{ body }} }} }} }} }}"
    );
    world.data(&query, json!({})).await["list"]["nodes"][0]["notes"].take()
}

/// One record of each kind: its list, its id, its type.
async fn one_of_each(world: &TestWorld) -> Vec<(&'static str, String, &'static str)> {
    let here = world.viewer.organization_id;
    let stage = stage_of(world, here, "Open", StageKind::Open, 1).await;
    let account = world.account("Acme").await;
    let contact = done(
        world,
        "mutation { contactCreate(input: { lastName: \"Muster\" }) { contact { id } userErrors { code } } }",
        json!({}),
    )
    .await;
    let deal = done(
        world,
        "mutation($stage: ID!) { dealCreate(input: { name: \"Big\", stageId: $stage }) { deal { id } userErrors { code } } }",
        json!({ "stage": stage }),
    )
    .await;
    let vendor = vendor_row(world, here, "Paper Ltd").insert(db(world)).await.expect("a vendor");
    vec![
        ("accounts", account, "ACCOUNT"),
        ("contacts", text(&contact["contact"]["id"]), "CONTACT"),
        ("vendors", NodeId::new(NodeKind::Vendor, vendor.id).to_string(), "VENDOR"),
        ("products", product_of(world, here, "Chair").await, "PRODUCT"),
        ("deals", text(&deal["deal"]["id"]), "DEAL"),
    ]
}

both_databases! {
    async fn every_kind_of_record_takes_notes(world: &TestWorld) {
        for (list, record, kind) in one_of_each(world).await {
            let note = note_on(world, &record, "  Called.\nWants an offer.  ").await;
            assert_eq!(note["body"], "Called.\nWants an offer.");
            assert_eq!(note["record"]["id"], record);
            assert_eq!(note["record"]["recordType"], kind);
            assert_eq!(note["author"]["id"], NodeId::new(NodeKind::User, world.viewer.user_id).to_string());
            assert_eq!(notes_of(world, list, "").await, json!({ "totalCount": 1, "nodes": [{ "body": "Called.\nWants an offer." }] }));
            let found = world.data("query($id: ID!) { node(id: $id) { __typename id ... on Note { body } } }", json!({ "id": note["id"] })).await;
            assert_eq!(found["node"]["__typename"], "Note");
            assert_eq!(found["node"]["id"], note["id"]);
        }
    }

    async fn notes_come_newest_first_and_in_pages(world: &TestWorld) {
        let account = world.account("Acme").await;
        for n in 0..5 {
            note_on(world, &account, &format!("Note {n}")).await;
            // Two notes of one instant have an order too.
            if n != 2 {
                world.advance(TimeDelta::seconds(1));
            }
        }
        let query = "query($id: ID!, $first: Int, $after: String, $last: Int) { account(id: $id) {
            notes(first: $first, after: $after, last: $last) { totalCount nodes { body } pageInfo { endCursor hasNextPage } } version } }";
        let page = async |arguments: Value| -> (Vec<String>, Value, Value) {
            let mut variables = arguments;
            variables["id"] = json!(account);
            let data = world.data(query, variables).await;
            let notes = &data["account"]["notes"];
            assert_eq!(notes["totalCount"], 5);
            assert_eq!(data["account"]["version"], 1, "notes are no change of the record");
            let bodies = notes["nodes"].as_array().expect("nodes").iter().map(|note| text(&note["body"])).collect();
            (bodies, notes["pageInfo"]["endCursor"].clone(), notes["pageInfo"]["hasNextPage"].clone())
        };
        let (bodies, cursor, more) = page(json!({ "first": 3 })).await;
        assert_eq!((bodies, more), (vec!["Note 4".to_owned(), "Note 3".to_owned(), "Note 2".to_owned()], json!(true)));
        let (bodies, _, more) = page(json!({ "first": 3, "after": cursor })).await;
        assert_eq!((bodies, more), (vec!["Note 1".to_owned(), "Note 0".to_owned()], json!(false)));
        assert_eq!(page(json!({ "last": 1 })).await.0, ["Note 0"]);
        let answer = world.send(query, json!({ "id": account, "first": 101 })).await;
        assert_eq!(code(&answer), "BAD_USER_INPUT");
    }

    async fn a_note_is_changed_by_version_and_deleted_for_good(world: &TestWorld) {
        let account = world.account("Acme").await;
        let note = note_on(world, &account, "First").await;
        world.advance(TimeDelta::minutes(1));
        let changed = done(world, UPDATE, json!({ "input": { "id": note["id"], "version": 1, "body": "Second" } })).await;
        assert_eq!((&changed["note"]["body"], &changed["note"]["version"]), (&json!("Second"), &json!(2)));
        let stale = json!({ "input": { "id": note["id"], "version": 1, "body": "Third" } });
        assert_eq!(refused(world, &world.token, UPDATE, stale).await, faults(&[("VERSION_CONFLICT", "version")]));
        for (body, wanted) in [(" ".to_owned(), "REQUIRED"), ("x".repeat(10_001), "TOO_LONG"), ("a\0".to_owned(), "INVALID")] {
            let input = json!({ "input": { "id": note["id"], "body": body } });
            assert_eq!(refused(world, &world.token, UPDATE, input).await, faults(&[(wanted, "body")]));
            let input = json!({ "input": { "recordId": account, "body": body } });
            assert_eq!(refused(world, &world.token, CREATE, input).await, faults(&[(wanted, "body")]));
        }
        let longest = json!({ "input": { "id": note["id"], "body": "ä".repeat(10_000) } });
        assert_eq!(done(world, UPDATE, longest).await["note"]["version"], 3);
        let stale = json!({ "input": { "id": note["id"], "version": 2 } });
        assert_eq!(refused(world, &world.token, DELETE, stale).await, faults(&[("VERSION_CONFLICT", "version")]));
        let deleted = done(world, DELETE, json!({ "input": { "id": note["id"], "version": 3 } })).await;
        assert_eq!(deleted["deletedNote"], note["id"]);
        let again = json!({ "input": { "id": note["id"] } });
        assert_eq!(refused(world, &world.token, DELETE, again).await, faults(&[("NOT_FOUND", "id")]));
        assert_eq!(notes_of(world, "accounts", "").await["totalCount"], 0);
    }

    async fn only_author_and_administrators_write_a_note(world: &TestWorld) {
        let account = world.account("Acme").await;
        let author = colleague(world, "Anna Author", Role::Standard).await;
        let other = colleague(world, "Oskar Other", Role::Standard).await;
        let input = json!({ "input": { "recordId": account, "body": "Mine" } });
        let mut answer = world.send_as(&author.token, CREATE, input).await;
        let note = answer["data"]["noteCreate"]["note"].take();
        assert_eq!(note["author"]["id"], NodeId::new(NodeKind::User, author.viewer.user_id).to_string());
        for (mutation, input) in [(UPDATE, json!({ "id": note["id"], "body": "Theirs" })), (DELETE, json!({ "id": note["id"] }))] {
            let answer = world.send_as(&other.token, mutation, json!({ "input": input })).await;
            assert_eq!(code(&answer), "FORBIDDEN");
        }
        let input = json!({ "input": { "id": note["id"], "body": "Still mine" } });
        let answer = world.send_as(&author.token, UPDATE, input).await;
        assert_eq!(answer["data"]["noteUpdate"]["note"]["body"], "Still mine");
        done(world, DELETE, json!({ "input": { "id": note["id"] } })).await;
    }

    async fn another_organizations_records_and_notes_look_absent(world: &TestWorld) {
        let account = world.account("Acme").await;
        let note = note_on(world, &account, "Secret").await;
        let stranger = organization(world, "Other", "other@example.com").await;
        for (id, note) in [(account.clone(), text(&note["id"])), (absent(world, NodeKind::Account), absent(world, NodeKind::Note))] {
            let input = json!({ "input": { "recordId": id, "body": "Hello" } });
            assert_eq!(refused(world, &stranger.token, CREATE, input).await, faults(&[("NOT_FOUND", "recordId")]));
            let input = json!({ "input": { "id": note, "body": "Hello" } });
            assert_eq!(refused(world, &stranger.token, UPDATE, input).await, faults(&[("NOT_FOUND", "id")]));
            let input = json!({ "input": { "id": note } });
            assert_eq!(refused(world, &stranger.token, DELETE, input).await, faults(&[("NOT_FOUND", "id")]));
            let answer = world.send_as(&stranger.token, "query($id: ID!) { node(id: $id) { id } }", json!({ "id": note })).await;
            assert_eq!(answer, json!({ "data": { "node": null } }));
        }
        let input = json!({ "input": { "recordId": note["id"], "body": "On a note" } });
        assert_eq!(code(&world.send(CREATE, input).await), "BAD_USER_INPUT");
    }

    async fn notes_go_and_come_back_with_their_record(world: &TestWorld) {
        let account = world.account("Acme").await;
        let note = note_on(world, &account, "Kept").await;
        done(
            world,
            "mutation($id: ID!) { accountDelete(input: { id: $id }) { deletedAccount userErrors { code } } }",
            json!({ "id": account }),
        )
        .await;
        assert_eq!(notes_of(world, "accounts", "isDeleted: true").await, json!({ "totalCount": 0, "nodes": [] }));
        let node = world.data("query($id: ID!) { node(id: $id) { id } }", json!({ "id": note["id"] })).await;
        assert_eq!(node["node"], Value::Null);
        let input = json!({ "input": { "id": note["id"], "body": "Changed" } });
        assert_eq!(refused(world, &world.token, UPDATE, input).await, faults(&[("NOT_FOUND", "id")]));
        let input = json!({ "input": { "recordId": account, "body": "Late" } });
        assert_eq!(refused(world, &world.token, CREATE, input).await, faults(&[("NOT_FOUND", "recordId")]));
        done(
            world,
            "mutation($id: ID!) { accountRestore(input: { id: $id }) { account { id } userErrors { code } } }",
            json!({ "id": account }),
        )
        .await;
        assert_eq!(notes_of(world, "accounts", "").await, json!({ "totalCount": 1, "nodes": [{ "body": "Kept" }] }));
    }

    async fn a_note_with_a_key_is_written_once(world: &TestWorld) {
        let account = world.account("Acme").await;
        let input = json!({ "input": { "recordId": account, "body": "Once", "idempotencyKey": "k1" } });
        let first = done(world, CREATE, input.clone()).await;
        assert_eq!(done(world, CREATE, input.clone()).await["note"]["id"], first["note"]["id"]);
        assert_eq!(notes_of(world, "accounts", "").await["totalCount"], 1);
        let other = json!({ "input": { "recordId": account, "body": "Twice", "idempotencyKey": "k1" } });
        assert_eq!(refused(world, &world.token, CREATE, other).await, faults(&[("IDEMPOTENCY_KEY_REUSED", "idempotencyKey")]));
        // A refused create gives its key back.
        let wrong = json!({ "input": { "recordId": account, "body": " ", "idempotencyKey": "k2" } });
        assert_eq!(refused(world, &world.token, CREATE, wrong).await, faults(&[("REQUIRED", "body")]));
        let right = json!({ "input": { "recordId": account, "body": "Now", "idempotencyKey": "k2" } });
        done(world, CREATE, right).await;
        done(world, DELETE, json!({ "input": { "id": first["note"]["id"] } })).await;
        assert_eq!(refused(world, &world.token, CREATE, input).await, faults(&[("NOT_FOUND", "idempotencyKey")]));
        assert_eq!(notes_of(world, "accounts", "").await["totalCount"], 1);
    }

    async fn the_notes_of_a_page_of_50_take_one_statement(world: &TestWorld) {
        let (here, now, ids) = (world.viewer.organization_id, world.clock.now(), &world.app.engine.ids);
        let (mut accounts, mut notes) = (Vec::new(), Vec::new());
        for n in 0..60_usize {
            let (id, name) = (ids.uuid(), format!("Account {n:02}"));
            accounts.push(account::ActiveModel {
                organization_id: Set(here),
                id: Set(id),
                wire_id: Set(ids.wire_id().0),
                name_key: Set(name_key(&name)),
                name: Set(name),
                version: Set(1),
                created_at: Set(now),
                updated_at: Set(now),
                ..Default::default()
            });
            notes.extend((0..n % 5).map(|m| note::ActiveModel {
                organization_id: Set(here),
                id: Set(ids.uuid()),
                record_type: Set(RecordType::Account),
                record_id: Set(id),
                body: Set(format!("Note {n:02} {m}")),
                author_id: Set(Some(world.viewer.user_id)),
                version: Set(1),
                created_at: Set(now),
                updated_at: Set(now),
            }));
        }
        account::Entity::insert_many(accounts).exec_without_returning(db(world)).await.expect("accounts");
        note::Entity::insert_many(notes).exec_without_returning(db(world)).await.expect("notes");

        let statements = Arc::new(Mutex::new(Vec::new()));
        let mut app = world.app.clone();
        let witness = statements.clone();
        app.engine.db.set_metric_callback(move |info| witness.lock().expect("a list").push(info.statement.sql.clone()));
        let server = Server::start(app, GraphiqlPage::default()).await;
        let query = "{ accounts(first: 50) { nodes { name notes(first: 3) { totalCount nodes { body author { name } } } } } }";
        // Batches close by time, so a busy machine may split one: the fewest statements of some tries are what counts.
        let mut fewest = usize::MAX;
        let mut answer = Value::Null;
        for _ in 0..8 {
            statements.lock().expect("a list").clear();
            let request = world.http().post(format!("{}/graphql", server.url)).bearer_auth(&world.token);
            answer = request.json(&json!({ "query": query })).send().await.expect("an answer").json().await.expect("JSON");
            let on_notes = statements.lock().expect("a list").iter().filter(|sql| sql.contains("\"note\"")).count();
            fewest = fewest.min(on_notes);
        }
        assert_eq!(fewest, 2, "one for the notes of all accounts, one for their numbers");
        for (n, account) in answer["data"]["accounts"]["nodes"].as_array().expect("nodes").iter().enumerate() {
            let nodes = account["notes"]["nodes"].as_array().expect("nodes");
            let bodies: Vec<_> = nodes.iter().map(|note| text(&note["body"])).collect();
            let wanted: Vec<_> = (0..n % 5).rev().take(3).map(|m| format!("Note {n:02} {m}")).collect();
            assert_eq!(bodies, wanted, "newest first, of this account only");
            assert_eq!(account["notes"]["totalCount"], n % 5);
            assert!(nodes.iter().all(|note| note["author"]["name"] == "Ada Administrator"));
        }
        server.finish().await;
    }
}
