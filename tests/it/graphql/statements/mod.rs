//! No field of the schema costs a statement for each record that it is asked of. The queries are made from the schema, so a
//! new field is tried as well.

/// Inserts a row with the tenant and an id, and returns the id.
macro_rules! row {
    ($world:ident, $entity:ident { $($column:ident: $value:expr),* $(,)? }) => {{
        let id = $world.app.engine.ids.uuid();
        #[allow(clippy::needless_update, reason = "some of these rows have every column, and others do not")]
        let row = $entity::ActiveModel {
            organization_id: Set($world.viewer.organization_id),
            id: Set(id),
            $($column: Set($value),)*
            ..Default::default()
        };
        row.insert(db($world)).await.expect(stringify!($entity));
        id
    }};
}

mod fill;
mod hung;
mod transactions;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex};

use finbridge::config::{Config, Limits};
use finbridge::http::GraphiqlPage;
use finbridge_domain::NodeKind;
use finbridge_tests::{TestWorld, both_databases};
use serde_json::{Value, json};

use super::{Server, id};

/// Rows of each kind.
const MANY: usize = 20;
/// Statements that no query may reach: it has three levels of lists at most, and each of them may take two.
const MOST: usize = 12;

/// What holds nothing in the rows below, or less than one for each record, and why that hides nothing.
const FEW: &[(&str, &str, &str)] = &[
    ("Query", "financeApps", "there are few, and they are no rows"),
    ("Account", "mergedInto", "living records were not merged; by the loader of `parent`"),
    ("Account", "customField", "one key is asked for; by the loader of `customFields`"),
    ("Contact", "customField", "one key is asked for; by the loader of `customFields`"),
    ("Deal", "customField", "one key is asked for; by the loader of `customFields`"),
    ("Product", "customField", "one key is asked for; by the loader of `customFields`"),
    ("Vendor", "customField", "one key is asked for; by the loader of `customFields`"),
    ("Contact", "externalReferences", "by the loader that accounts have them from"),
    ("Product", "externalReferences", "by the loader that accounts have them from"),
    ("Vendor", "externalReferences", "by the loader that accounts have them from"),
    ("Contact", "mergedInto", "by the loader of contacts"),
    ("Deal", "mergedInto", "by the loader of deals"),
    ("Product", "mergedInto", "by the loader of products"),
    ("Vendor", "mergedInto", "by the loader of vendors"),
    ("SyncRun", "crmUsers", "of the run's own row"),
    ("SyncRun", "error", "of the run's own row"),
    ("SyncRun", "plan", "of the run's own row"),
    ("SyncRun", "undoOf", "by the loader that conflicts have their run from"),
    ("SyncRunItem", "error", "of the item's own row"),
    ("SyncRunItem", "changes", "of the item's own row"),
    ("SyncRunItem", "conflicts", "of the item's own row"),
    ("SyncRunItem", "crmChanges", "of the item's own row"),
    ("SyncModule", "contactView", "by the loader of `accountView`"),
    ("SyncModule", "productView", "by the loader of `accountView`"),
    ("SyncModule", "vendorView", "by the loader of `accountView`"),
    ("Query", "capabilityProfiles", "there are few, and they are no rows"),
    ("FinanceApp", "profile", "there are few, and they are no rows"),
    ("Query", "reportAgeing", "five buckets, summed up by one statement"),
    ("Query", "reportPipelineAgainstInvoiced", "the stages, with two sums over all of them"),
    ("Query", "triggerLog", "a page of rows, by the loaders that items of runs have their records from"),
    ("Deal", "triggerLog", "a page of rows by deal, by the loader that pages of transactions are made of"),
    ("Integration", "trigger", "by a loader of the rows of integrations"),
    ("Account", "financeSummary", "one statement for all records that are asked for together"),
    ("Contact", "financeSummary", "by the loader that accounts have it from"),
    ("Vendor", "financeSummary", "by the loader that accounts have it from"),
    ("TransactionCustomer", "contact", "by the loader that `account` has its link from"),
    ("ViewCriteria", "all", "of the view's own row"),
    ("ViewCriteria", "any", "of the view's own row"),
    ("ViewCriteria", "not", "of the view's own row"),
];

const SCHEMA: &str = "{ __schema { types { name kind fields { name args { name type { kind } }
    type { name kind ofType { name kind ofType { name kind ofType { name kind } } } } } } } }";

/// A field without arguments that have to be given.
#[derive(Debug, Clone)]
struct Field {
    name: String,
    arguments: &'static str,
    ty: String,
}

/// The object types, each with its fields.
fn types(schema: &Value) -> BTreeMap<String, Vec<Field>> {
    let types = schema["__schema"]["types"].as_array().expect("types").iter();
    let objects = types.filter(|ty| ty["kind"] == "OBJECT");
    let objects = objects.filter(|ty| !ty["name"].as_str().is_some_and(|name| name.starts_with("__")));
    objects
        .map(|ty| {
            let fields = ty["fields"].as_array().expect("fields").iter().filter_map(field);
            (super::text(&ty["name"]), fields.collect())
        })
        .collect()
}

fn field(field: &Value) -> Option<Field> {
    let mut ty = &field["type"];
    while !ty["ofType"].is_null() {
        ty = &ty["ofType"];
    }
    let arguments = field["args"].as_array()?;
    let has = |name: &str| arguments.iter().any(|argument| argument["name"] == name);
    let needed: Vec<_> = arguments
        .iter()
        .filter(|argument| argument["type"]["kind"] == "NON_NULL")
        .filter_map(|argument| argument["name"].as_str())
        .collect();
    let arguments = match needed[..] {
        [] if has("first") => "(first: 20)",
        [] => "",
        ["recordType"] => "(recordType: ACCOUNT)",
        ["currencyCode"] => "(currencyCode: \"EUR\")",
        ["key"] => "(key: \"f01\")",
        _ => return None,
    };
    Some(Field { name: super::text(&field["name"]), arguments, ty: super::text(&ty["name"]) })
}

/// All that an object of this type tells by itself.
fn leaves(types: &BTreeMap<String, Vec<Field>>, composites: &BTreeSet<String>, ty: &str) -> String {
    let fields = types.get(ty).into_iter().flatten();
    let leaves = fields.filter(|field| !composites.contains(&field.ty) && field.arguments.is_empty());
    leaves.fold("__typename".to_owned(), |all, field| format!("{all} {}", field.name))
}

/// How many objects the fields that are called `tested` hold.
fn held(answer: &Value) -> usize {
    match answer {
        Value::Array(items) => items.iter().map(held).sum(),
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| if name == "tested" { size(value) } else { held(value) }).sum()
        }
        _ => 0,
    }
}

fn size(value: &Value) -> usize {
    match value {
        Value::Null => 0,
        Value::Array(items) => items.len(),
        Value::Object(fields) => fields.get("nodes").map_or(1, size),
        _ => 1,
    }
}

struct Watched<'a> {
    world: &'a TestWorld,
    server: Server,
    statements: Arc<Mutex<Vec<String>>>,
}

impl<'a> Watched<'a> {
    async fn start(world: &'a TestWorld) -> Self {
        let statements = Arc::new(Mutex::new(Vec::new()));
        let mut app = world.app.clone();
        let witness = statements.clone();
        let note = move |sql: &str| witness.lock().expect("a list").push(sql.to_owned());
        app.engine.db.set_metric_callback(move |info| note(&info.statement.sql));
        let cost = 1_000_000_000;
        let limits = Limits { cost_bucket: cost, cost_per_request: cost, ..Limits::default() };
        let config = Config { limits, ..Config::default() };
        let server = Server::with(app, GraphiqlPage::default(), &config).await;
        Self { world, server, statements }
    }

    /// The answer, and the statements that it took.
    async fn ask(&self, query: &str, variables: &Value) -> (Value, Vec<String>) {
        self.statements.lock().expect("a list").clear();
        let request =
            self.world.http().post(format!("{}/graphql", self.server.url)).bearer_auth(&self.world.token);
        let body = json!({ "query": query, "variables": variables });
        let answer: Value = request.json(&body).send().await.expect("an answer").json().await.expect("JSON");
        assert!(answer.get("errors").is_none(), "{query}\n{answer:#}");
        (answer, std::mem::take(&mut *self.statements.lock().expect("a list")))
    }
}

both_databases! {
    async fn no_field_costs_a_statement_for_each_record(world: &TestWorld) {
        fill::rows(world).await;
        let watched = Watched::start(world).await;
        let types = types(&world.data(SCHEMA, json!({})).await);
        let composites: BTreeSet<String> = types.keys().cloned().chain(["CrmRecord", "Syncable", "Node"].map(str::to_owned)).collect();
        let mut known = BTreeSet::new();
        let mut few = Vec::new();
        // Each type is reached on one way: that of the fewest levels.
        let mut ways = VecDeque::from([("Query".to_owned(), String::new(), 0)]);
        while let Some((ty, way, levels)) = ways.pop_front() {
            for field in types.get(&ty).into_iter().flatten().filter(|field| composites.contains(&field.ty)) {
                let Field { name, arguments, ty: inner } = field;
                // A plan reads the finance app; the viewer is one.
                if ty == "Query" && ["viewer"].contains(&name.as_str()) {
                    continue;
                }
                let is_page = inner.ends_with("Connection");
                let node = if is_page { inner.trim_end_matches("Connection") } else { inner };
                let (pages, end) = if is_page { ("totalCount nodes { ", " }") } else { ("", "") };
                let node = if node == "Search" { "CrmRecord" } else { node };
                let ends = " }".repeat(way.matches('{').count());
                let leaves = leaves(&types, &composites, node);
                let query = format!("{{ {way}tested: {name}{arguments} {{ {pages}{leaves}{end} }}{ends} }}");
                let (answer, ran) = watched.ask(&query, &json!({})).await;
                assert!(ran.len() < MOST, "{} statements for {query}\n{ran:#?}", ran.len());
                if held(&answer["data"]) < MANY * 3 / 4 {
                    few.push((ty.clone(), name.clone()));
                } else if levels < 4 && known.insert(node.to_owned()) {
                    ways.push_back((node.to_owned(), format!("{way}{name}{arguments} {{ {pages}"), levels + 1));
                }
            }
        }
        let expected: BTreeSet<_> = FEW.iter().map(|(ty, field, _)| ((*ty).to_owned(), (*field).to_owned())).collect();
        let few: BTreeSet<_> = few.into_iter().filter(|field| !expected.contains(field)).collect();
        assert!(few.is_empty(), "too little of these to tell: {few:?}");
        watched.server.finish().await;
    }

    async fn things_by_id_come_in_one_statement_of_each_kind(world: &TestWorld) {
        let rows = fill::rows(world).await;
        let watched = Watched::start(world).await;
        for (kind, ids) in rows {
            let ids: Vec<_> = ids.into_iter().map(|uuid| id(kind, uuid)).collect();
            let query = "query($ids: [ID!]!) { nodes(ids: $ids) { id __typename } }";
            let (answer, ran) = watched.ask(query, &json!({ "ids": ids })).await;
            let found: Vec<_> = answer["data"]["nodes"].as_array().expect("nodes").iter().map(|node| node["id"].clone()).collect();
            assert_eq!(json!(found), json!(ids), "{kind:?}");
            // A note is seen with its record, here always an account, and a line with its deal or transaction.
            let with_parent = [NodeKind::Note, NodeKind::DealLine, NodeKind::TransactionLine];
            let beside = usize::from(with_parent.contains(&kind));
            assert_eq!(ran.len(), 2 + beside, "who asks, and the rows of {kind:?}: {ran:#?}");
        }
        // Some of the views are no rows.
        for list in ["apiTokens", "views(recordType: ACCOUNT)"] {
            let listed = watched.ask(&format!("{{ list: {list} {{ id }} }}"), &json!({})).await.0["data"]["list"].take();
            let ids: Vec<_> = listed.as_array().expect("a list").iter().map(|one| one["id"].clone()).collect();
            assert!(ids.len() > MANY, "{list}");
            let (answer, ran) = watched.ask("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", &json!({ "ids": ids })).await;
            assert_eq!(answer["data"]["nodes"], listed, "{list}");
            assert_eq!(ran.len(), 2, "who asks, and the rows of {list}: {ran:#?}");
        }
        watched.server.finish().await;
    }
}
