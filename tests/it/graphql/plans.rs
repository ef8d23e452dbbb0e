//! How databases carry out lists: pages are ranges of an index, in its order, however far down the list they are; and
//! whatever lists can be filtered by has an index.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use finbridge::http::GraphiqlPage;
use finbridge_tests::{TestWorld, both_databases};
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use serde_json::{Value, json};

use super::pages::{self, ORDERS};
use super::search::explained;
use super::{Server, db, text};

/// Where the value is that a filter compares.
enum At {
    /// Table and column.
    Column(&'static str, &'static str),
    /// Where an index does not help, and why.
    Without(&'static str),
}

/// What lists of every kind of record are filtered by; the table is that of the list.
const OF_RECORDS: [(&str, &str); 5] = [
    ("name", "name_key"),
    ("owner", "owner_id"),
    ("createdAt", "created_at"),
    ("updatedAt", "updated_at"),
    ("isDeleted", "deleted_at"),
];

/// The same, in tables of their own.
const BESIDE_RECORDS: [(&str, &[(&str, &str)]); 2] = [
    ("tags", &[("tag", "name_key"), ("record_tag", "tag_id")]),
    ("customFields", &[("custom_value", "field_id")]),
];

const LISTS: [(&str, &str); 5] = [
    ("AccountFilter", "account"),
    ("ContactFilter", "contact"),
    ("DealFilter", "deal"),
    ("ProductFilter", "product"),
    ("VendorFilter", "vendor"),
];

const FILTERS: [(&str, &str, At); 41] = [
    ("AccountFilter", "annualRevenue", At::Column("account", "annual_revenue_units")),
    ("AccountFilter", "industry", At::Column("account", "industry_key")),
    ("AccountFilter", "parent", At::Column("account", "parent_id")),
    ("ContactFilter", "account", At::Column("contact", "account_id")),
    ("ContactFilter", "email", At::Column("contact", "email_key")),
    ("DealFilter", "account", At::Column("deal", "account_id")),
    ("DealFilter", "amount", At::Column("deal", "amount_units")),
    ("DealFilter", "closedOn", At::Column("deal", "closed_on")),
    ("DealFilter", "openedOn", At::Column("deal", "opened_on")),
    ("DealFilter", "pipeline", At::Column("stage", "pipeline_id")),
    ("DealFilter", "stage", At::Column("deal", "stage_id")),
    (
        "DealFilter",
        "stageKind",
        At::Without("an organization has few stages; deals are found by their stage"),
    ),
    ("ProductFilter", "code", At::Column("product", "code_key")),
    ("ProductFilter", "family", At::Column("product", "family_key")),
    ("ProductFilter", "isActive", At::Column("product", "is_active")),
    ("ProductFilter", "isTaxable", At::Column("product", "is_taxable")),
    ("ProductFilter", "unitPrice", At::Column("product", "unit_price_units")),
    ("SyncConflictFilter", "state", At::Column("sync_conflict", "state")),
    ("SyncRunFilter", "createdAt", At::Column("sync_run", "created_at")),
    ("SyncRunFilter", "integration", At::Column("sync_run", "integration_id")),
    ("SyncRunFilter", "state", At::Column("sync_run", "state")),
    ("SyncRunItemFilter", "outcome", At::Column("sync_run_item", "run_id")),
    ("TagFilter", "name", At::Column("tag", "name_key")),
    ("TransactionFilter", "accountId", At::Column("record_link", "record_id")),
    ("TransactionFilter", "balance", At::Column("document", "balance_units")),
    ("TransactionFilter", "contactId", At::Column("record_link", "record_id")),
    ("TransactionFilter", "datedOn", At::Column("document", "dated_on")),
    ("TransactionFilter", "dealId", At::Column("document", "deal_id")),
    ("TransactionFilter", "dueOn", At::Column("document", "due_on")),
    ("TransactionFilter", "kind", At::Column("document", "kind")),
    ("TransactionFilter", "number", At::Column("document", "number")),
    ("TransactionFilter", "reference", At::Column("document", "reference")),
    ("TransactionFilter", "remoteModifiedAt", At::Column("document", "remote_modified_at")),
    ("TransactionFilter", "status", At::Column("document", "status")),
    ("TransactionFilter", "total", At::Column("document", "total_units")),
    ("TransactionFilter", "vendorId", At::Column("record_link", "record_id")),
    ("TriggerLogFilter", "codes", At::Column("trigger_log", "code")),
    ("TriggerLogFilter", "deal", At::Column("trigger_log", "deal_id")),
    ("TriggerLogFilter", "outcome", At::Column("trigger_log", "outcome")),
    ("UserFilter", "name", At::Column("membership", "name_key")),
    ("UserFilter", "email", At::Column("crm_user", "email")),
];

/// What every list of records takes that is told by criteria.
const VIEW: &str = "view";

/// The filters that lists take, each with its fields and their types.
async fn filters(world: &TestWorld) -> BTreeMap<String, Vec<(String, String)>> {
    let query = "{ __schema { types { name inputFields { name type { name ofType { name } } }
        fields { args { name type { name ofType { name } } } } } } }";
    let schema = world.data(query, json!({})).await;
    let types = schema["__schema"]["types"].as_array().expect("types");
    let name_of =
        |ty: &Value| ty["name"].as_str().or(ty["ofType"]["name"].as_str()).unwrap_or_default().to_owned();
    let arguments = types.iter().flat_map(|ty| ty["fields"].as_array().into_iter().flatten());
    let arguments = arguments.flat_map(|field| field["args"].as_array().into_iter().flatten());
    let taken: BTreeSet<_> = arguments
        .filter(|argument| argument["name"] == "filter")
        .map(|argument| name_of(&argument["type"]))
        .collect();
    let filters = types.iter().filter(|ty| taken.contains(ty["name"].as_str().unwrap_or_default()));
    filters
        .map(|ty| {
            let fields = ty["inputFields"].as_array().expect("fields").iter();
            (text(&ty["name"]), fields.map(|field| (text(&field["name"]), name_of(&field["type"]))).collect())
        })
        .collect()
}

/// The columns of each index of this table, in their order, without the tenant's; and those that are ordered by bytes.
async fn indexes(world: &TestWorld, table: &str) -> (Vec<Vec<String>>, BTreeSet<String>) {
    let backend = db(world).get_database_backend();
    let sql = match backend {
        DbBackend::Sqlite => format!(
            "SELECT list.name AS name, info.name AS part, 'C' AS sorted FROM pragma_index_list('{table}') list, \
             pragma_index_info(list.name) info ORDER BY list.name, info.seqno"
        ),
        _ => format!(
            "SELECT index.relname::text AS name, part.attname::text AS part, COALESCE(sorted.collname, '')::text AS sorted \
             FROM pg_index x JOIN pg_class index ON index.oid = x.indexrelid \
             JOIN pg_attribute part ON part.attrelid = x.indexrelid \
             LEFT JOIN pg_collation sorted ON sorted.oid = part.attcollation \
             WHERE x.indrelid = '{table}'::regclass ORDER BY 1, part.attnum"
        ),
    };
    let (mut indexes, mut by_bytes) = (BTreeMap::<String, Vec<String>>::new(), BTreeSet::new());
    for row in db(world).query_all_raw(Statement::from_string(backend, sql)).await.expect("indexes") {
        let column =
            |name: &str| row.try_get::<Option<String>>("", name).expect("a text").unwrap_or_default();
        let (name, part, sorted) = (column("name"), column("part"), column("sorted"));
        if sorted == "C" {
            by_bytes.insert(part.clone());
        }
        let parts = indexes.entry(name).or_default();
        if part != "organization_id" {
            parts.push(part);
        }
    }
    (indexes.into_values().collect(), by_bytes)
}

/// Whether the plan reads a range of an index that the order of the list makes, and sorts nothing.
fn seeks(plan: &str) -> bool {
    let sorts = plan.contains("TEMP B-TREE") || plan.contains("Sort");
    let scans = plan.lines().any(|line| line.trim_start().starts_with("SCAN ")) || plan.contains("Seq Scan");
    let within_tenant = plan.contains("organization_id=? AND ")
        || plan.lines().any(|line| {
            line.contains("Index Cond:") && line.contains("organization_id") && line.contains(" AND ")
        });
    within_tenant && !sorts && !scans
}

both_databases! {
    async fn every_order_is_read_from_an_index_from_where_the_page_before_ended(world: &TestWorld) {
        pages::fill(world).await;
        db(world).execute_unprepared("ANALYZE").await.expect("statistics");
        let statements = Arc::new(Mutex::new(Vec::new()));
        let mut app = world.app.clone();
        let witness = statements.clone();
        app.engine.db.set_metric_callback(move |info| witness.lock().expect("a list").push(info.statement.clone()));
        let server = Server::start(app, GraphiqlPage::default()).await;
        let mut explained_statements = 0;
        for (list, orders) in ORDERS {
            for ((order, _), direction) in orders.iter().flat_map(|order| [(order, "ASC"), (order, "DESC")]) {
                let query = format!("query($after: String) {{ list: {list}(first: 5, after: $after, orderBy: {{ field: {order}, direction: {direction} }}) {{ nodes {{ id }} pageInfo {{ endCursor }} }} }}");
                let mut cursor = Value::Null;
                // The second page begins among filled values, the last among empty ones, where there are any.
                for page in 0..5 {
                    statements.lock().expect("a list").clear();
                    let request = world.http().post(format!("{}/graphql", server.url)).bearer_auth(&world.token);
                    let body = json!({ "query": query, "variables": { "after": cursor } });
                    let answer: Value = request.json(&body).send().await.expect("an answer").json().await.expect("JSON");
                    assert!(answer.get("errors").is_none(), "{answer:#}");
                    cursor = answer["data"]["list"]["pageInfo"]["endCursor"].clone();
                    let ran: Vec<Statement> = statements.lock().expect("a list").clone();
                    let pages: Vec<_> = ran.into_iter().filter(|statement| statement.sql.contains("ORDER BY")).collect();
                    assert!((1..=2).contains(&pages.len()), "{pages:#?}");
                    for statement in pages.iter().filter(|_| page > 0) {
                        let plan = explained(world, statement).await;
                        assert!(seeks(&plan), "{list} {order} {direction}, page {page}: {}\n{plan}", statement.sql);
                        explained_statements += 1;
                    }
                }
            }
        }
        assert!(explained_statements > 100, "{explained_statements}");
        server.finish().await;
    }

    async fn whatever_lists_are_filtered_by_has_an_index(world: &TestWorld) {
        let mut places: BTreeMap<(&str, &str), Vec<(&str, &str)>> = BTreeMap::new();
        for (filter, table) in LISTS {
            for (field, column) in OF_RECORDS {
                places.insert((filter, field), vec![(table, column)]);
            }
            for (field, columns) in BESIDE_RECORDS {
                places.insert((filter, field), columns.to_vec());
            }
            // The primary key begins with the organization and ends with the id.
            places.insert((filter, "id"), Vec::new());
            places.insert((filter, VIEW), Vec::new());
        }
        for (filter, field, at) in &FILTERS {
            let columns = match at {
                At::Column(table, column) => vec![(*table, *column)],
                At::Without(reason) => {
                    assert!(reason.len() > 10);
                    Vec::new()
                }
            };
            places.insert((filter, field), columns);
        }
        for (filter, fields) in filters(world).await {
            for (field, ty) in fields {
                let known = places.keys().find(|(of, name)| *of == filter && *name == field).copied();
                let Some(columns) = known.and_then(|known| places.remove(&known)) else {
                    panic!("`{filter}.{field}` is new: give it an index, and name its column here");
                };
                for (table, column) in columns {
                    let (indexes, by_bytes) = indexes(world, table).await;
                    assert!(indexes.iter().any(|parts| parts.first().is_some_and(|part| part == column)), "{table}.{column} of `{filter}.{field}`: {indexes:?}");
                    // What texts begin with is a range of the index.
                    assert!(ty != "StringFilter" || by_bytes.contains(column), "{table}.{column} is not ordered by its bytes");
                }
            }
        }
        assert!(places.is_empty(), "these are no filters any more: {:?}", places.keys());
    }

    async fn what_a_text_begins_with_is_a_range_of_its_index(world: &TestWorld) {
        let here = world.viewer.organization_id;
        for n in 0..500 {
            let mut row = crate::graphql::product_row(world, here, &format!("Product {n}"));
            let code = format!("code {n:03}");
            (row.code, row.code_key) = (sea_orm::Set(Some(code.clone())), sea_orm::Set(Some(code)));
            sea_orm::ActiveModelTrait::insert(row, db(world)).await.expect("a product");
        }
        db(world).execute_unprepared("ANALYZE").await.expect("statistics");
        let statements = Arc::new(Mutex::new(Vec::new()));
        let mut app = world.app.clone();
        let witness = statements.clone();
        app.engine.db.set_metric_callback(move |info| witness.lock().expect("a list").push(info.statement.clone()));
        let server = Server::start(app, GraphiqlPage::default()).await;
        let request = world.http().post(format!("{}/graphql", server.url)).bearer_auth(&world.token);
        let query = "{ products(filter: { code: { startsWith: \"CODE 49\" } }) { totalCount } }";
        let answer: Value = request.json(&json!({ "query": query })).send().await.expect("an answer").json().await.expect("JSON");
        assert_eq!(answer["data"]["products"]["totalCount"], 10, "{answer:#}");
        let ran: Vec<Statement> = statements.lock().expect("a list").clone();
        let counts: Vec<_> = ran.iter().filter(|statement| statement.sql.contains("COUNT")).collect();
        assert_eq!(counts.len(), 1, "{ran:#?}");
        let plan = explained(world, counts[0]).await;
        assert!(plan.contains("ix_product_code_key") && plan.contains("code_key"), "{plan}");
        assert!(plan.contains("code_key>? AND code_key<?") || plan.contains("code_key >= "), "{plan}");
        server.finish().await;
    }
}
