//! Views read no other tenant's rows: at worst they look at all rows of their own.

use finbridge_domain::Clock;
use finbridge_entity::criteria::{Comparison, Criteria, Frame, Operator, Predefined, VIEWER, View};
use finbridge_entity::types::RecordType;
use finbridge_entity::{Scoped, account};
use finbridge_tests::{TestWorld, both_databases};
use sea_orm::{Condition, ConnectionTrait, DbBackend, QueryFilter, QueryTrait, Statement, TransactionTrait};

use super::super::db;
use super::custom_field;

/// How the database would find the accounts.
async fn plan(world: &TestWorld, members: Condition) -> String {
    let backend = db(world).get_database_backend();
    let query = account::Entity::of(world.viewer.organization_id).filter(members).build(backend);
    let explain = match backend {
        DbBackend::Sqlite => "EXPLAIN QUERY PLAN",
        _ => "EXPLAIN",
    };
    let statement = Statement { sql: format!("{explain} {}", query.sql), ..query };
    let transaction = db(world).begin().await.expect("a transaction");
    if backend == DbBackend::Postgres {
        // A handful of rows is read from end to end whatever the indexes; what counts is whether one could be used.
        transaction.execute_unprepared("SET LOCAL enable_seqscan = off").await.expect("the setting");
    }
    let column = if backend == DbBackend::Sqlite { "detail" } else { "QUERY PLAN" };
    let rows = transaction.query_all_raw(statement).await.expect("a plan");
    let lines: Vec<String> = rows.iter().map(|row| row.try_get("", column).expect("a line")).collect();
    lines.join("\n")
}

both_databases! {
    async fn views_are_found_by_the_organization_at_worst(world: &TestWorld) {
        custom_field(world, "tier", "TEXT", None).await;
        let (here, me, now) = (world.viewer.organization_id, world.viewer.user_id, world.clock.now());
        let frame = Frame::load(db(world), here, RecordType::Account, me, now).await.unwrap();
        let one = |field, operator, values: &[&str]| Comparison::of(field, operator, values);
        let mut conditions: Vec<_> = Predefined::ALL
            .map(|kind| View::predefined(here, RecordType::Account, kind).within(&frame).unwrap())
            .into();
        for criteria in [
            one("description", Operator::Contains, &["x"]),
            one("billingAddress.country", Operator::Eq, &["Chile"]),
            one("customFields.tier", Operator::Eq, &["gold"]),
            one("tags", Operator::In, &["a", "b"]),
            Criteria::Not(Box::new(one("customFields.tier", Operator::Eq, &["gold"]))),
            Criteria::Any(vec![one("owner", Operator::Eq, &[VIEWER]), one("industry", Operator::IsEmpty, &[])]),
        ] {
            conditions.push(frame.condition(&criteria).unwrap());
        }
        for members in conditions {
            let plan = plan(world, members).await;
            for line in plan.lines() {
                let reads_all = line.contains("SCAN account") || line.contains("SCAN custom_value") || line.contains("Seq Scan");
                assert!(!reads_all, "{plan}");
            }
            assert!(plan.contains("organization_id"), "{plan}");
        }
    }
}
