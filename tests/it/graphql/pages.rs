//! Pages: complete, without repeats, in order, and stable while records are inserted.

use std::cmp::Ordering;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{NaiveDate, TimeDelta};
use finbridge_domain::{Clock, NodeId, name_key};
use finbridge_entity::types::{Role, StageKind};
use finbridge_entity::{account, contact, deal, product, vendor};
use finbridge_tests::{TestWorld, both_databases};
use sea_orm::prelude::Decimal;
use sea_orm::{EntityTrait, Set};
use serde_json::{Value, json};

use super::{code, colleague, db, done, stage_of};

/// Records of each kind: not a multiple of the size of a page.
const RECORDS: usize = 23;

/// Every list, every field that it can be ordered by, and how the value of that field is selected.
pub(super) const ORDERS: [(&str, &[(&str, &str)]); 6] = [
    (
        "accounts",
        &[
            NAME,
            CREATED,
            UPDATED,
            ("ANNUAL_REVENUE", "annualRevenue { amount }"),
            ("EMPLOYEE_COUNT", "employeeCount"),
        ],
    ),
    ("contacts", &[NAME, CREATED, UPDATED]),
    (
        "deals",
        &[
            NAME,
            CREATED,
            UPDATED,
            ("AMOUNT", "amount { amount }"),
            ("OPENED_ON", "openedOn"),
            ("CLOSED_ON", "closedOn"),
        ],
    ),
    ("products", &[NAME, CREATED, UPDATED, ("UNIT_PRICE", "unitPrice { amount }")]),
    ("vendors", &[NAME, CREATED, UPDATED]),
    ("users", &[NAME]),
];
const NAME: (&str, &str) = ("NAME", "name");
const CREATED: (&str, &str) = ("CREATED_AT", "createdAt");
const UPDATED: (&str, &str) = ("UPDATED_AT", "updatedAt");

/// Fills in what all records have: names and times with ties, in an order of their own each.
macro_rules! filled {
    ($entity:ident, $world:expr, $n:expr, { $($field:ident: $value:expr),* $(,)? }) => {{
        let (n, ids) = ($n, &$world.app.engine.ids);
        let name = format!("{} {}", ["zeta", "Alpha", "ÄGIR", "beta", "Ωmega", "émile", "B"][n * 5 % 7], n * 11 % 5);
        // Some instants have no part of a second, some three digits of it, some six.
        let time = |n: usize| $world.clock.now() + TimeDelta::microseconds([0, 1, 1_000, 500_000, 1_000_000][n % 5]);
        $entity::ActiveModel {
            organization_id: Set($world.viewer.organization_id),
            id: Set(ids.uuid()),
            wire_id: Set(ids.wire_id().0),
            name_key: Set(name_key(&name)),
            name: Set(name),
            version: Set(1),
            created_at: Set(time(n * 3)),
            updated_at: Set(time(n / 3)),
            $($field: Set($value),)*
            ..Default::default()
        }
    }};
}

/// A value with ties; every fourth is null.
fn sometimes(n: usize) -> Option<i64> {
    (!n.is_multiple_of(4)).then(|| i64::try_from(n * 37 % 6).unwrap_or_default() - 2)
}

pub(super) async fn fill(world: &TestWorld) {
    let stage = stage_of(world, world.viewer.organization_id, "Open", StageKind::Open, 1).await;
    let stage = stage.parse::<NodeId>().expect("an id").uuid;
    let day = |n: usize| {
        sometimes(n).and_then(|n| NaiveDate::from_ymd_opt(2025, 1, u32::try_from(n + 3).unwrap_or(1)))
    };
    let usd = || "USD".to_owned();
    let accounts = (0..RECORDS).map(|n| {
        filled!(account, world, n, {
            annual_revenue_units: sometimes(n).map(|n| n * 25_000),
            annual_revenue_currency_code: sometimes(n).map(|_| usd()),
            employee_count: sometimes(n + 1).and_then(|n| i32::try_from(n).ok()),
        })
    });
    let contacts = (0..RECORDS).map(|n| filled!(contact, world, n, { last_name: "x".to_owned() }));
    let deals = (0..RECORDS).map(|n| filled!(deal, world, n, {
        stage_id: stage, currency_code: usd(), amount_units: sometimes(n + 2), opened_on: day(n), closed_on: day(n + 3),
    }));
    let products = (0..RECORDS).map(|n| filled!(product, world, n, {
        unit_price_units: sometimes(n), unit_price_currency_code: sometimes(n).map(|_| usd()), is_active: true,
    }));
    let vendors = (0..RECORDS).map(|n| filled!(vendor, world, n, {}));
    account::Entity::insert_many(accounts).exec_without_returning(db(world)).await.expect("accounts");
    contact::Entity::insert_many(contacts).exec_without_returning(db(world)).await.expect("contacts");
    deal::Entity::insert_many(deals).exec_without_returning(db(world)).await.expect("deals");
    product::Entity::insert_many(products).exec_without_returning(db(world)).await.expect("products");
    vendor::Entity::insert_many(vendors).exec_without_returning(db(world)).await.expect("vendors");
    for n in 1..RECORDS {
        colleague(world, &format!("{} {}", ["zoe", "Ann", "bob"][n % 3], n * 5 % 4), Role::Standard).await;
    }
}

/// A list in one order.
struct List<'a> {
    world: &'a TestWorld,
    name: &'a str,
    field: &'a str,
    value: &'a str,
    direction: &'a str,
}

impl List<'_> {
    async fn page(&self, arguments: Value) -> Value {
        let Self { name, field, value, direction, .. } = self;
        let query = format!(
            "query($first: Int, $after: String, $last: Int, $before: String) {{
               list: {name}(first: $first, after: $after, last: $last, before: $before, orderBy: {{ field: {field}, direction: {direction} }}) {{
                 edges {{ cursor node {{ id {value} }} }} nodes {{ id }} totalCount
                 pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }} }}"
        );
        self.world.data(&query, arguments).await["list"].take()
    }

    /// The whole list, page by page; forwards, or backwards from its end.
    async fn walked(&self, forwards: bool) -> Vec<Value> {
        let (size, mark, more, edge) = match forwards {
            true => ("first", "after", "hasNextPage", "endCursor"),
            false => ("last", "before", "hasPreviousPage", "startCursor"),
        };
        let mut nodes: Vec<Value> = Vec::new();
        let mut cursor = Value::Null;
        loop {
            let page = self.page(json!({ size: 7, mark: cursor })).await;
            let edges = page["edges"].as_array().expect("edges").clone();
            let (info, from_here) = (&page["pageInfo"], edges.iter().map(|edge| edge["node"].clone()));
            assert_eq!(info["startCursor"], edges[0]["cursor"]);
            assert_eq!(info["endCursor"], edges[edges.len() - 1]["cursor"]);
            assert_eq!(page["totalCount"], RECORDS);
            match forwards {
                true => nodes.extend(from_here),
                false => nodes = from_here.chain(nodes).collect(),
            }
            assert!(nodes.len() <= RECORDS, "the walk goes on too long");
            if info[more] == false {
                return nodes;
            }
            assert_eq!(edges.len(), 7);
            cursor = info[edge].clone();
        }
    }

    /// How two records stand in this order; records without a value come last, whichever way the list runs.
    fn compare(&self, left: &Value, right: &Value) -> Ordering {
        let value = |node: &Value| {
            let field = self.value.split(' ').next().unwrap_or_default();
            let value = node[field].get("amount").unwrap_or(&node[field]).clone();
            (!value.is_null()).then_some(value)
        };
        let turned = |order: Ordering| if self.direction == "DESC" { order.reverse() } else { order };
        let by_id = || turned(left["id"].as_str().cmp(&right["id"].as_str()));
        match (value(left), value(right)) {
            (None, None) => by_id(),
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
            (Some(left), Some(right)) => turned(self.compare_values(&left, &right)).then_with(by_id),
        }
    }

    fn compare_values(&self, left: &Value, right: &Value) -> Ordering {
        let texts = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let (l, r) = (texts(left), texts(right));
        match self.field {
            "NAME" => name_key(&l).cmp(&name_key(&r)),
            "EMPLOYEE_COUNT" => left.as_i64().cmp(&right.as_i64()),
            "CREATED_AT" | "UPDATED_AT" => l
                .parse::<chrono::DateTime<chrono::Utc>>()
                .expect("an instant")
                .cmp(&r.parse().expect("an instant")),
            "OPENED_ON" | "CLOSED_ON" => l.cmp(&r),
            _ => l.parse::<Decimal>().expect("a number").cmp(&r.parse().expect("a number")),
        }
    }
}

both_databases! {
    async fn every_list_is_complete_and_in_order_forwards_and_backwards(world: &TestWorld) {
        fill(world).await;
        for (name, orders) in ORDERS {
            for (field, value) in orders {
                for direction in ["ASC", "DESC"] {
                    let list = List { world, name, field, value, direction };
                    let forwards = list.walked(true).await;
                    for pair in forwards.windows(2) {
                        assert_eq!(list.compare(&pair[0], &pair[1]), Ordering::Less, "{name} by {field} {direction}: {pair:#?}");
                    }
                    assert_eq!(forwards.len(), RECORDS, "{name} by {field} {direction}");
                    assert_eq!(list.walked(false).await, forwards, "{name} by {field} {direction}, backwards");
                }
            }
        }
    }

    async fn a_window_between_two_cursors_holds_what_is_between_them(world: &TestWorld) {
        fill(world).await;
        for (field, value) in [("NAME", "name"), ("AMOUNT", "amount { amount }")] {
            let list = List { world, name: "deals", field, value, direction: "DESC" };
            let all = list.page(json!({ "first": 100 })).await;
            assert_eq!((&all["pageInfo"]["hasNextPage"], &all["pageInfo"]["hasPreviousPage"]), (&json!(false), &json!(false)));
            for (from, to) in [(0, 22), (3, 20), (15, 22), (18, 20)] {
                let (after, before) = (&all["edges"][from]["cursor"], &all["edges"][to]["cursor"]);
                let between = all["nodes"].as_array().map(|nodes| nodes[from + 1..to].to_vec());
                for size in ["first", "last"] {
                    let page = list.page(json!({ size: 100, "after": after, "before": before })).await;
                    assert_eq!(page["nodes"].as_array(), between.as_ref(), "{field} {from}..{to} {size}");
                }
            }
            let end = list.page(json!({ "first": 7, "after": all["edges"][22]["cursor"] })).await;
            assert_eq!((&end["nodes"], &end["pageInfo"]["endCursor"]), (&json!([]), &json!(null)), "after the last there is nothing");
            assert_eq!(end["totalCount"], RECORDS);
        }
        let unasked = world.data("{ vendors { nodes { id } } accounts(first: 1, orderBy: { field: NAME }) { nodes { id } } }", json!({})).await;
        assert_eq!(unasked["vendors"]["nodes"].as_array().map(Vec::len), Some(RECORDS), "25 when nothing is said");
    }

    async fn a_walk_is_stable_while_records_are_inserted(world: &TestWorld) {
        for n in 10..30 {
            world.account(&format!("Account {n}")).await;
        }
        let page = "query($after: String) { accounts(first: 7, after: $after) { nodes { name } pageInfo { hasNextPage endCursor } } }";
        let (mut names, mut after) = (Vec::new(), Value::Null);
        loop {
            let answer = world.data(page, json!({ "after": after })).await;
            let nodes = answer["accounts"]["nodes"].as_array().expect("nodes");
            names.extend(nodes.iter().filter_map(|node| node["name"].as_str().map(str::to_owned)));
            if answer["accounts"]["pageInfo"]["hasNextPage"] == false {
                break;
            }
            after = answer["accounts"]["pageInfo"]["endCursor"].clone();
            if names.len() == 7 {
                world.account("Account 12 before the cursor").await;
                world.account("Account 20 after the cursor").await;
                let id = &world.data("{ accounts(filter: { name: { eq: \"account 16\" } }) { nodes { id } } }", json!({})).await["accounts"]["nodes"][0]["id"];
                let delete = "mutation($id: ID!) { accountDelete(input: { id: $id }) { deletedAccount userErrors { code } } }";
                done(world, delete, json!({ "id": id })).await;
            }
        }
        let mut wanted: Vec<_> = (10..30).map(|n| format!("Account {n}")).collect();
        wanted.insert(11, "Account 20 after the cursor".to_owned());
        assert_eq!(names, wanted, "the record under the cursor was deleted, and the walk went on from its place");
    }

    async fn sizes_out_of_range_are_refused(world: &TestWorld) {
        for (list, _) in ORDERS {
            for arguments in ["first: 0", "first: 101", "first: -1", "last: 0", "last: 101", "last: -1", "first: 5, last: 5", "first: 2147483647"] {
                let answer = world.send(&format!("{{ {list}({arguments}) {{ totalCount }} }}"), json!({})).await;
                assert_eq!(code(&answer), "BAD_USER_INPUT", "{list}({arguments})");
                assert_eq!(answer["data"], json!({ list: null }));
            }
        }
        let account = world.account("Nested").await;
        for nested in ["contacts(first: 0)", "deals(last: 101)", "contacts(first: 1, last: 1)"] {
            let query = format!("query($id: ID!) {{ account(id: $id) {{ {nested} {{ totalCount }} }} }}");
            assert_eq!(code(&world.send(&query, json!({ "id": account })).await), "BAD_USER_INPUT", "{nested}");
        }
    }

    async fn only_cursors_of_the_same_list_and_order_are_taken(world: &TestWorld) {
        fill(world).await;
        let cursor = |list: &'static str, field: &'static str, direction: &'static str| async move {
            let list = List { world, name: list, field, value: "id", direction };
            list.page(json!({ "first": 1 })).await["edges"][0]["cursor"].as_str().expect("a cursor").to_owned()
        };
        let right = cursor("accounts", "NAME", "ASC").await;
        let content = URL_SAFE_NO_PAD.decode(&right).expect("base64");
        let forged = |change: &dyn Fn(&mut Value)| {
            let mut cursor: Value = serde_json::from_slice(&content).expect("JSON");
            change(&mut cursor);
            URL_SAFE_NO_PAD.encode(cursor.to_string())
        };
        let wrong = [
            cursor("accounts", "NAME", "DESC").await,
            cursor("accounts", "CREATED_AT", "ASC").await,
            cursor("contacts", "NAME", "ASC").await,
            cursor("vendors", "NAME", "ASC").await,
            String::new(),
            "garbage".to_owned(),
            "{}".to_owned(),
            right[..right.len() - 4].to_owned(),
            format!("{right}AAAA"),
            right.to_lowercase(),
            URL_SAFE_NO_PAD.encode("{}"),
            forged(&|cursor| cursor["v"] = json!({ "int": 5 })),
            forged(&|cursor| cursor["v"] = json!({ "date": null })),
            forged(&|cursor| cursor["v"] = json!("name")),
            forged(&|cursor| cursor["more"] = json!(1)),
        ];
        for argument in ["after", "before"] {
            let query = format!("query($cursor: String) {{ accounts(first: 3, {argument}: $cursor) {{ nodes {{ id }} }} }}");
            assert!(world.send(&query, json!({ "cursor": right })).await.get("errors").is_none());
            for cursor in &wrong {
                let answer = world.send(&query, json!({ "cursor": cursor })).await;
                assert_eq!(code(&answer), "BAD_USER_INPUT", "{argument}: {cursor}");
            }
        }
        let nested = "query($cursor: String) { accounts(first: 2) { nodes { contacts(first: 1, after: $cursor) { nodes { id } } } } }";
        let foreign = json!({ "cursor": cursor("contacts", "NAME", "ASC").await });
        let answer = world.send(nested, foreign).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{answer:#}");
    }

    async fn nested_lists_are_walked_like_others(world: &TestWorld) {
        let account = world.account("Parent").await;
        for n in [5, 3, 1, 4, 2] {
            let create = "mutation($a: ID!, $n: String!) { contactCreate(input: { lastName: $n, accountId: $a }) { contact { id } userErrors { code } } }";
            done(world, create, json!({ "a": account, "n": format!("Contact {n}") })).await;
        }
        for (size, mark, edge, wanted) in [
            ("first", "after", "endCursor", [[1, 2].as_slice(), &[3, 4], &[5]]),
            ("last", "before", "startCursor", [[4, 5].as_slice(), &[2, 3], &[1]]),
        ] {
            let query = format!("query($id: ID!, $mark: String) {{ account(id: $id) {{ contacts({size}: 2, {mark}: $mark) {{
                totalCount nodes {{ name }} pageInfo {{ startCursor endCursor hasNextPage hasPreviousPage }} }} }} }}");
            let mut cursor = Value::Null;
            for (page, wanted) in wanted.into_iter().enumerate() {
                let contacts = world.data(&query, json!({ "id": account, "mark": cursor })).await["account"]["contacts"].take();
                let names: Vec<_> = wanted.iter().map(|n| json!({ "name": format!("Contact {n}") })).collect();
                assert_eq!((&contacts["nodes"], &contacts["totalCount"]), (&json!(names), &json!(5)), "{size} {page}");
                let more = if size == "first" { "hasNextPage" } else { "hasPreviousPage" };
                assert_eq!(contacts["pageInfo"][more], page < 2);
                cursor = contacts["pageInfo"][edge].clone();
            }
        }
    }
}
