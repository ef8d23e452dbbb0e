//! Searching records of every kind by the beginnings of words of their names.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use finbridge::http::GraphiqlPage;
use finbridge_domain::{Clock, name_key, name_words};
use finbridge_entity::types::{RecordType, StageKind};
use finbridge_entity::{account, record_word};
use finbridge_tests::{TestWorld, both_databases};
use sea_orm::{ConnectionTrait, DbBackend, EntityTrait, Set, Statement, TransactionTrait};
use serde_json::{Value, json};

use super::{Server, code, db, done, organization, stage_of, text};

const SEARCH: &str = "query($query: String!, $types: [RecordType!], $first: Int, $after: String) {
    search(query: $query, types: $types, first: $first, after: $after) {
      totalCount edges { cursor node { id } } nodes { id name recordType deletedAt }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }";

/// The names that are found, all of them.
async fn found(world: &TestWorld, query: &str) -> Vec<String> {
    let data = world.data(SEARCH, json!({ "query": query, "first": 100 })).await;
    let names = names(&data);
    assert_eq!(data["search"]["totalCount"], names.len(), "{query}");
    names
}

fn names(data: &Value) -> Vec<String> {
    data["search"]["nodes"].as_array().expect("nodes").iter().map(|node| text(&node["name"])).collect()
}

async fn made(world: &TestWorld, mutation: &str, variables: Value) -> String {
    let payload = done(world, mutation, variables).await;
    let object = payload.as_object().expect("a payload").values().find(|value| value["id"].is_string());
    text(&object.expect("an object")["id"])
}

/// Accounts of these names, made in one go.
async fn accounts(world: &TestWorld, names: impl Iterator<Item = String>) {
    let (here, now, ids) = (world.viewer.organization_id, world.clock.now(), &world.app.engine.ids);
    let (mut rows, mut words) = (Vec::new(), Vec::new());
    for name in names {
        let (id, key) = (ids.uuid(), name_key(&name));
        words.extend(name_words(&key).collect::<BTreeSet<_>>().into_iter().map(|word| {
            record_word::ActiveModel {
                organization_id: Set(here),
                word: Set(word.to_owned()),
                record_id: Set(id),
                record_type: Set(RecordType::Account),
            }
        }));
        rows.push(account::ActiveModel {
            organization_id: Set(here),
            id: Set(id),
            wire_id: Set(ids.wire_id().0),
            name_key: Set(key),
            name: Set(name),
            version: Set(1),
            created_at: Set(now),
            updated_at: Set(now),
            ..Default::default()
        });
    }
    for rows in rows.chunks(1_000) {
        account::Entity::insert_many(rows.to_vec())
            .exec_without_returning(db(world))
            .await
            .expect("accounts");
    }
    for words in words.chunks(5_000) {
        record_word::Entity::insert_many(words.to_vec())
            .exec_without_returning(db(world))
            .await
            .expect("words");
    }
}

both_databases! {
    async fn every_kind_is_found_by_any_beginning_of_its_words(world: &TestWorld) {
        let stage = stage_of(world, world.viewer.organization_id, "Open", StageKind::Open, 1).await;
        world.account("Acme Söhne GmbH & Co").await;
        made(world, "mutation { contactCreate(input: { firstName: \"Söhnke\", lastName: \"Acmer\" }) { contact { id } userErrors { code } } }", json!({})).await;
        made(world, "mutation { vendorCreate(input: { name: \"Paper-Acme\" }) { vendor { id } userErrors { code } } }", json!({})).await;
        made(world, "mutation { productCreate(input: { name: \"GTX acme 300\" }) { product { id } userErrors { code } } }", json!({})).await;
        made(world, "mutation($stage: ID!) { dealCreate(input: { name: \"acme\", stageId: $stage }) { deal { id } userErrors { code } } }", json!({ "stage": stage })).await;

        assert_eq!(
            found(world, "ACME").await,
            ["acme", "Acme Söhne GmbH & Co", "Paper-Acme", "GTX acme 300", "Söhnke Acmer"],
            "names that begin with it by name, then whole words, then longer ones"
        );
        assert_eq!(found(world, "  söhn ac").await, ["Acme Söhne GmbH & Co", "Söhnke Acmer"]);
        assert_eq!(found(world, "SÖHNE").await, ["Acme Söhne GmbH & Co"]);
        assert_eq!(found(world, "300").await, ["GTX acme 300"]);
        assert_eq!(found(world, "co, gm ac!").await, ["Acme Söhne GmbH & Co"]);
        assert_eq!(found(world, "cme").await, Vec::<String>::new(), "words are found by their beginnings");
        assert_eq!(found(world, "acme zzz").await, Vec::<String>::new());
        let data = world.data(SEARCH, json!({ "query": "acme", "types": ["VENDOR", "DEAL"] })).await;
        assert_eq!((names(&data), &data["search"]["totalCount"]), (vec!["acme".to_owned(), "Paper-Acme".to_owned()], &json!(2)));
        assert_eq!(data["search"]["nodes"][1]["recordType"], "VENDOR");
        let stranger = organization(world, "Other", "other@example.com").await;
        let theirs = world.send_as(&stranger.token, SEARCH, json!({ "query": "acme" })).await;
        assert_eq!((&theirs["data"]["search"]["nodes"], &theirs["data"]["search"]["totalCount"]), (&json!([]), &json!(0)));
    }

    async fn what_is_renamed_or_deleted_is_found_accordingly(world: &TestWorld) {
        let id = world.account("Old Name").await;
        let input = json!({ "id": id });
        done(world, "mutation($id: ID!) { accountUpdate(input: { id: $id, name: \"New Name\" }) { account { id } userErrors { code } } }", input.clone()).await;
        assert_eq!(found(world, "old").await, Vec::<String>::new());
        assert_eq!(found(world, "new").await, ["New Name"]);
        done(world, "mutation($id: ID!) { accountDelete(input: { id: $id }) { deletedAccount userErrors { code } } }", input.clone()).await;
        assert_eq!(found(world, "new").await, Vec::<String>::new());
        assert_eq!(found(world, "name").await, Vec::<String>::new());
        done(world, "mutation($id: ID!) { accountRestore(input: { id: $id }) { account { id } userErrors { code } } }", input).await;
        assert_eq!(found(world, "name").await, ["New Name"]);
    }

    async fn pages_are_complete_and_without_repeats(world: &TestWorld) {
        // Names with one fitting word, with several, and with the query at their beginning or not.
        let shapes = ["Ann {n}", "Anna Ann {n}", "Bob Ann {n}", "Bob Annalena Anna {n}", "{n} ann", "Zed {n}", "Annabel-{n}"];
        accounts(world, (0..70).map(|n| shapes[n % 7].replace("{n}", &format!("{:02}", n * 3 % 70)))).await;
        let all = found(world, "ann").await;
        assert_eq!(all.len(), 60, "all but the Zeds");
        let begins = |name: &String| name.starts_with("Ann");
        assert!(all[..30].iter().all(begins) && !all[30..].iter().any(begins), "{all:?}");
        assert!(all[..30].is_sorted_by_key(|name| name_key(name)));
        assert!(all[30..50].iter().all(|name| name.split(' ').any(|word| word.eq_ignore_ascii_case("ann"))));
        for size in [1, 7, 30, 59, 60] {
            let (mut walked, mut cursor, mut pages) = (Vec::new(), Value::Null, 0);
            loop {
                let data = world.data(SEARCH, json!({ "query": "Ann", "first": size, "after": cursor })).await;
                let (page, info) = (names(&data), &data["search"]["pageInfo"]);
                assert_eq!(info["hasPreviousPage"], pages > 0);
                assert_eq!(info["endCursor"], data["search"]["edges"].as_array().expect("edges").last().expect("one")["cursor"]);
                walked.extend(page);
                pages += 1;
                if info["hasNextPage"] == false {
                    break;
                }
                cursor = info["endCursor"].clone();
                assert!(walked.len() < 60, "the walk goes on too long");
            }
            assert_eq!(walked, all, "by {size}");
        }
    }

    async fn wrong_searches_are_refused(world: &TestWorld) {
        world.account("Acme One").await;
        world.account("Acme Two").await;
        for query in [String::new(), " -&- ".to_owned(), "\0".to_owned(), "x".repeat(201), "a b c d e f g h i j k".to_owned()] {
            assert_eq!(code(&world.send(SEARCH, json!({ "query": query })).await), "BAD_USER_INPUT", "{query:?}");
        }
        for first in [0, 101] {
            assert_eq!(code(&world.send(SEARCH, json!({ "query": "acme", "first": first })).await), "BAD_USER_INPUT");
        }
        assert_eq!(code(&world.send(SEARCH, json!({ "query": "acme", "types": [] })).await), "BAD_USER_INPUT");
        let page = world.data(SEARCH, json!({ "query": "acme", "first": 1 })).await;
        let cursor = page["search"]["pageInfo"]["endCursor"].clone();
        let list = world.data("{ accounts(first: 1) { pageInfo { endCursor } } }", json!({})).await;
        for (query, after) in [("acme one", cursor), ("acme", list["accounts"]["pageInfo"]["endCursor"].clone()), ("acme", json!("x"))] {
            assert_eq!(code(&world.send(SEARCH, json!({ "query": query, "after": after })).await), "BAD_USER_INPUT");
        }
    }

    async fn a_search_reads_index_ranges_and_sorts_nothing(world: &TestWorld) {
        accounts(world, (0..6_000).map(|n| format!("{} Kan{n} {}", ["Big", "Small"][n % 2], ["Trade", "Works", "Tradition"][n % 3]))).await;
        db(world).execute_unprepared("ANALYZE").await.expect("statistics");
        let statements = Arc::new(Mutex::new(Vec::new()));
        let mut app = world.app.clone();
        let witness = statements.clone();
        app.engine.db.set_metric_callback(move |info| witness.lock().expect("a list").push(info.statement.clone()));
        let server = Server::start(app, GraphiqlPage::default()).await;
        for (query, total) in [("trad", 4_000), ("big kan12", 56), ("kan5999", 1)] {
            let mut cursor = Value::Null;
            for _ in 0..2 {
                statements.lock().expect("a list").clear();
                let variables = json!({ "query": query, "first": 10, "after": cursor });
                let request = world.http().post(format!("{}/graphql", server.url)).bearer_auth(&world.token);
                let body = json!({ "query": SEARCH.replace("totalCount", ""), "variables": variables });
                let answer: Value = request.json(&body).send().await.expect("an answer").json().await.expect("JSON");
                assert!(answer.get("errors").is_none(), "{answer:#}");
                cursor = answer["data"]["search"]["pageInfo"]["endCursor"].clone();
                let ran: Vec<Statement> = statements.lock().expect("a list").clone();
                let searches: Vec<_> = ran.into_iter().filter(|statement| statement.sql.contains("\"place\"")).collect();
                assert!((1..=2).contains(&searches.len()), "{searches:#?}");
                for statement in searches {
                    let plan = explained(world, &statement).await;
                    let by_words = statement.sql.contains("\"other\"");
                    assert!(carried_by_indexes(&plan, by_words), "{query}: {}\n{plan}", statement.sql);
                }
                if cursor.is_null() {
                    break;
                }
            }
            assert_eq!(world.data(SEARCH, json!({ "query": query })).await["search"]["totalCount"], total);
        }
        server.finish().await;
    }
}

/// Whether tables are read by indexes only, and what they hold is not sorted. The starts of the ranges of names, a page each
/// at most, may be sorted as they are merged.
fn carried_by_indexes(plan: &str, by_words: bool) -> bool {
    let scans = plan.lines().any(|line| {
        line.contains("Seq Scan") || line.trim_start().starts_with("SCAN ") && line.trim() != "SCAN start"
    });
    let sorts = plan
        .lines()
        .any(|line| line.trim_start().trim_start_matches("-> ").trim_start().starts_with("Sort  ("));
    let read = ["ix_account_name_key_id", "record_word"].iter().any(|name| plan.contains(name));
    let sorts_words = by_words && plan.contains("TEMP B-TREE");
    read && !(scans || sorts || sorts_words)
}

/// How the database carries it out. PostgreSQL sorts and scans what it takes for few rows, so it is asked for a plan without.
pub(super) async fn explained(world: &TestWorld, statement: &Statement) -> String {
    let transaction = db(world).begin().await.expect("a transaction");
    let backend = transaction.get_database_backend();
    let (explain, column) = match backend {
        DbBackend::Sqlite => ("EXPLAIN QUERY PLAN", "detail"),
        _ => ("EXPLAIN", "QUERY PLAN"),
    };
    if backend == DbBackend::Postgres {
        for way in ["seqscan", "sort", "bitmapscan"] {
            let sql = format!("SET LOCAL enable_{way} = off");
            transaction.execute_unprepared(&sql).await.expect("a setting");
        }
    }
    let sql = format!("{explain} {}", statement.sql);
    let statement = match statement.values.clone() {
        Some(values) => Statement::from_sql_and_values(backend, sql, values),
        None => Statement::from_string(backend, sql),
    };
    let rows = transaction.query_all_raw(statement).await.expect("a plan");
    let lines: Vec<String> = rows.iter().map(|row| row.try_get("", column).expect("a line")).collect();
    transaction.rollback().await.expect("rolled back");
    lines.join("\n")
}
