//! What criteria can say: each field and operator works on both databases, and each fault is told with its path.

use finbridge_domain::NodeKind;
use finbridge_entity::criteria::DEEPEST;
use finbridge_entity::types::StageKind;
use finbridge_tests::{TestWorld, both_databases};
use serde_json::{Value, json};

use super::super::{absent, done, faults, id, refused, stage_of, text};
use super::{CREATE, DELETE, UPDATE, account, accounts, custom_field, holds, view};

async fn wrong(world: &TestWorld, criteria: Value) -> Vec<(String, String)> {
    let input = json!({ "recordType": "ACCOUNT", "name": "Wrong", "criteria": criteria });
    refused(world, &world.token, CREATE, json!({ "input": input })).await
}

/// Values that the operator takes on a field of this kind.
fn values(world: &TestWorld, field: &Value, operator: &str) -> Vec<String> {
    let one = match (operator, field["kind"].as_str().expect("a kind")) {
        ("LAST_N_DAYS" | "NEXT_N_DAYS", _) => "30".to_owned(),
        (_, "INTEGER") => "12".to_owned(),
        (_, "DECIMAL") => "12.5".to_owned(),
        (_, "BOOLEAN") => "true".to_owned(),
        (_, "DATE") => "2026-01-05".to_owned(),
        (_, "DATE_TIME") => "2026-01-05T12:00:00Z".to_owned(),
        (_, "PICK_LIST") => text(&field["options"][0]),
        (_, "RECORD") => match field["refersTo"].as_str().expect("a reference") {
            "USER" => "VIEWER".to_owned(),
            "ACCOUNT" => absent(world, NodeKind::Account),
            _ => absent(world, NodeKind::Stage),
        },
        _ => "Some text".to_owned(),
    };
    match operator {
        "IS_EMPTY" | "IS_NOT_EMPTY" | "TODAY" | "YESTERDAY" | "TOMORROW" | "THIS_WEEK" | "THIS_MONTH"
        | "THIS_YEAR" => Vec::new(),
        "BETWEEN" | "IN" | "NOT_IN" => vec![one.clone(), one],
        _ => vec![one],
    }
}

/// What an editor of views selects: all that criteria can have, at every depth that they can have.
fn editor(field: &str) -> String {
    let field =
        if field.contains("$id") { field.to_owned() } else { format!("node(id: $id) {{ id }} {field}") };
    let mut query = format!("query($id: ID!) {{ {field} {{ criteria {{ ...Depth1 }} }} }}\n");
    for depth in 1..DEEPEST {
        let deeper = format!("...Depth{}", depth + 1);
        query += &format!(
            "fragment Depth{depth} on ViewCriteria {{ field operator values all {{ {deeper} }} any {{ {deeper} }} not {{ {deeper} }} }}\n"
        );
    }
    query + &format!("fragment Depth{DEEPEST} on ViewCriteria {{ field operator values }}")
}

both_databases! {
    async fn every_field_takes_every_operator_that_it_offers(world: &TestWorld) {
        for (key, kind, options) in [
            ("text", "TEXT", None), ("long", "LONG_TEXT", None), ("pick", "PICK_LIST", Some(vec!["A", "b"])), ("whole", "INTEGER", None),
            ("exact", "DECIMAL", None), ("yes", "BOOLEAN", None), ("day", "DATE", None), ("time", "DATE_TIME", None),
        ] {
            custom_field(world, key, kind, options).await;
        }
        let mut tried = 0;
        for (record_type, list) in [("ACCOUNT", "accounts"), ("CONTACT", "contacts"), ("VENDOR", "vendors"), ("PRODUCT", "products"), ("DEAL", "deals")] {
            let query = "query($of: RecordType!) { viewFields(recordType: $of) { key label kind operators options refersTo isCustom } }";
            let fields = world.data(query, json!({ "of": record_type })).await;
            let fields = fields["viewFields"].as_array().unwrap();
            assert_eq!(fields.iter().filter(|field| field["isCustom"] == true).count(), if record_type == "ACCOUNT" { 8 } else { 0 });
            let any = view(world, record_type, "Any", holds("name", "EQ", &["x"])).await;
            for field in fields {
                let key = field["key"].as_str().unwrap();
                let conditions: Vec<_> = field["operators"].as_array().unwrap().iter().map(|operator| {
                    tried += 1;
                    let values = values(world, field, operator.as_str().unwrap());
                    json!({ "field": key, "operator": operator, "values": values })
                }).collect();
                let criteria = json!({ "any": conditions, });
                done(world, UPDATE, json!({ "input": { "id": any, "criteria": criteria } })).await;
                let listed = format!("query($view: ID!) {{ {list}(filter: {{ view: $view }}) {{ totalCount }} view(id: $view) {{ count }} }}");
                let listed = world.data(&listed, json!({ "view": any })).await;
                assert_eq!((&listed[list]["totalCount"], &listed["view"]["count"]), (&json!(0), &json!(0)), "{record_type} {key}");
            }
        }
        assert!(tried > 400, "{tried}");
    }

    async fn empty_fields_are_not_this_and_none_of_these(world: &TestWorld) {
        custom_field(world, "tier", "TEXT", None).await;
        account(world, json!({ "name": "gold", "industry": "Gold", "tags": ["GOLD"], "customFields": [{ "key": "tier", "text": "gold" }] })).await;
        account(world, json!({ "name": "tin", "industry": "tin", "tags": ["tin"], "customFields": [{ "key": "tier", "text": "Tin" }] })).await;
        account(world, json!({ "name": "nothing" })).await;
        for field in ["industry", "customFields.tier", "tags"] {
            for (criteria, wanted) in [
                (holds(field, "EQ", &["GOLD"]), &["gold"] as &[&str]),
                (holds(field, "NE", &["GOLD"]), &["nothing", "tin"]),
                (holds(field, "NOT_IN", &["gold"]), &["nothing", "tin"]),
                (json!({ "not": holds(field, "IN", &["gold", "x"]) }), &["nothing", "tin"]),
                (json!({ "not": { "not": holds(field, "EQ", &["gold"]) } }), &["gold"]),
                (json!({ "not": { "all": [holds(field, "EQ", &["gold"]), holds("name", "EQ", &["nothing"])] } }), &["gold", "nothing", "tin"]),
                (json!({ "not": { "any": [holds(field, "EQ", &["gold"]), holds("name", "EQ", &["tin"])] } }), &["nothing"]),
                (holds(field, "IS_EMPTY", &[]), &["nothing"]),
                (holds(field, "IS_NOT_EMPTY", &[]), &["gold", "tin"]),
            ] {
                let made = view(world, "ACCOUNT", "Tried", criteria.clone()).await;
                assert_eq!(accounts(world, &world.token, &made).await, wanted, "{criteria}");
                done(world, DELETE, json!({ "input": { "id": made } })).await;
            }
        }
    }

    async fn deals_are_in_views_by_stage_and_days(world: &TestWorld) {
        let here = world.viewer.organization_id;
        let open = stage_of(world, here, "Open", StageKind::Open, 1).await;
        let won = stage_of(world, here, "Won", StageKind::Won, 2).await;
        for (name, stage, closed) in [("due", &open, "2026-01-06"), ("later", &open, "2026-02-01"), ("done", &won, "2026-01-05")] {
            let create = "mutation($input: DealCreateInput!) { dealCreate(input: $input) { deal { id } userErrors { message } } }";
            done(world, create, json!({ "input": { "name": name, "stageId": stage, "closedOn": closed } })).await;
        }
        for (criteria, wanted) in [
            (holds("stage.kind", "EQ", &["won"]), &["done"] as &[&str]),
            (holds("stage.kind", "NE", &["WON"]), &["due", "later"]),
            (holds("stage", "IN", &[&open]), &["due", "later"]),
            (json!({ "all": [holds("stage.kind", "EQ", &["OPEN"]), holds("closedOn", "NEXT_N_DAYS", &["7"])] }), &["due"]),
            (holds("closedOn", "TODAY", &[]), &["done"]),
            (holds("closedOn", "TOMORROW", &[]), &["due"]),
            (holds("closedOn", "THIS_MONTH", &[]), &["done", "due"]),
            (holds("closedOn", "BETWEEN", &["2026-01-06", "2026-02-01"]), &["due", "later"]),
        ] {
            let made = view(world, "DEAL", "Tried", criteria.clone()).await;
            let listed = world.data("query($view: ID!) { deals(filter: { view: $view }) { nodes { name } } }", json!({ "view": made })).await;
            let names: Vec<_> = listed["deals"]["nodes"].as_array().unwrap().iter().map(|deal| text(&deal["name"])).collect();
            assert_eq!(names, wanted, "{criteria}");
            done(world, DELETE, json!({ "input": { "id": made } })).await;
        }
    }

    async fn faults_are_told_with_the_path_to_each(world: &TestWorld) {
        custom_field(world, "tier", "PICK_LIST", Some(vec!["Gold", "Tin"])).await;
        let carl = id(NodeKind::User, world.viewer.user_id);
        let name = || holds("name", "EQ", &["x"]);
        for (criteria, wanted) in [
            (json!({}), &[("INVALID", "criteria")] as &[(&str, &str)]),
            (json!({ "all": [name()], "any": [name()] }), &[("INVALID", "criteria")]),
            (json!({ "all": [name()], "values": [] }), &[("INVALID", "criteria")]),
            (json!({ "all": [] }), &[("REQUIRED", "criteria.all")]),
            (json!({ "operator": "EQ" }), &[("REQUIRED", "criteria.field")]),
            (json!({ "field": "name" }), &[("REQUIRED", "criteria.operator")]),
            (json!({ "not": { "any": [] } }), &[("REQUIRED", "criteria.not.any")]),
            (holds("salary", "EQ", &["1"]), &[("NOT_FOUND", "criteria.field")]),
            (holds("customFields.salary", "EQ", &["1"]), &[("NOT_FOUND", "criteria.field")]),
            (holds("name", "GT", &["x"]), &[("INVALID", "criteria.operator")]),
            (holds("createdAt", "EQ", &["2026-01-05T12:00:00Z"]), &[("INVALID", "criteria.operator")]),
            (holds("name", "EQ", &[]), &[("REQUIRED", "criteria.values")]),
            (holds("name", "EQ", &["a", "b"]), &[("INVALID", "criteria.values")]),
            (holds("name", "IS_EMPTY", &["a"]), &[("INVALID", "criteria.values")]),
            (holds("name", "IN", &["x"; 101]), &[("INVALID", "criteria.values")]),
            (holds("name", "CONTAINS", &[" "]), &[("INVALID", "criteria.values.0")]),
            (holds("name", "EQ", &["\u{0}"]), &[("INVALID", "criteria.values.0")]),
            (holds("name", "EQ", &[&"x".repeat(251)]), &[("INVALID", "criteria.values.0")]),
            (holds("employeeCount", "EQ", &["1.5"]), &[("INVALID", "criteria.values.0")]),
            (holds("employeeCount", "EQ", &["1e3"]), &[("INVALID", "criteria.values.0")]),
            (holds("annualRevenue", "EQ", &["0.00001"]), &[("INVALID", "criteria.values.0")]),
            (holds("annualRevenue", "BETWEEN", &["1"]), &[("INVALID", "criteria.values")]),
            (holds("annualRevenue", "BETWEEN", &["2", "1"]), &[("INVALID", "criteria.values")]),
            (holds("createdAt", "GT", &["yesterday"]), &[("INVALID", "criteria.values.0")]),
            (holds("createdAt", "LAST_N_DAYS", &["0"]), &[("INVALID", "criteria.values.0")]),
            (holds("createdAt", "LAST_N_DAYS", &["3651"]), &[("INVALID", "criteria.values.0")]),
            (holds("parent", "EQ", &[&carl]), &[("INVALID", "criteria.values.0")]),
            (holds("parent", "EQ", &["VIEWER"]), &[("INVALID", "criteria.values.0")]),
            (holds("owner", "IN", &["VIEWER", "me", &carl, "user_1"]), &[("INVALID", "criteria.values.1"), ("INVALID", "criteria.values.3")]),
            (holds("customFields.tier", "EQ", &["Lead"]), &[("INVALID", "criteria.values.0")]),
            (
                json!({ "all": [holds("employeeCount", "IN", &["1", "x"]), { "not": holds("nothing", "EQ", &["1"]) }, name()] }),
                &[("INVALID", "criteria.all.0.values.1"), ("NOT_FOUND", "criteria.all.1.not.field")],
            ),
            (json!({ "any": vec![name(); 51] }), &[("INVALID", "criteria")]),
            (json!({ "not": { "not": { "not": { "not": { "not": name() } } } } }), &[("INVALID", "criteria.not.not.not.not.not")]),
        ] {
            assert_eq!(wrong(world, criteria.clone()).await, faults(wanted), "{criteria}");
        }
        // At the bounds, and in the form in which it was sent.
        let deep = json!({ "not": { "all": [{ "any": [{ "not": holds("owner", "IN", &["VIEWER", &carl]) }] }] } });
        let made = view(world, "ACCOUNT", "Deep", deep).await;
        let read = "query($id: ID!) { view(id: $id) { criteria { all { field } field operator values
            not { field all { not { field } any { not { field operator values } } } } } } }";
        let read = world.data(read, json!({ "id": made })).await;
        assert_eq!(read["view"]["criteria"], json!({ "all": null, "field": null, "operator": null, "values": null, "not": { "field": null,
            "all": [{ "not": null, "any": [{ "not": holds("owner", "IN", &["VIEWER", &carl]) }] }] } }));
        let read = world.data(&editor("view(id: $id)"), json!({ "id": made })).await;
        let whole = &read["view"]["criteria"]["not"]["all"][0]["any"][0]["not"];
        assert_eq!((&whole["field"], &whole["values"]), (&json!("owner"), &json!(["VIEWER", &carl])), "{read:#}");
        let listed = world.data(&editor("views(recordType: ACCOUNT)"), json!({ "id": made })).await;
        assert_eq!(listed["views"].as_array().map(Vec::len), Some(4));
        view(world, "ACCOUNT", "Wide", json!({ "any": vec![name(); 50] })).await;
    }
}
