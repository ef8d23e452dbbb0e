//! What failed in runs, by reason (X19).

use std::collections::HashMap;

use finbridge_entity::types::ItemOutcome;
use finbridge_entity::{Scoped, sync_run_item};
use sea_orm::sea_query::{Alias, Asterisk, Expr, ExprTrait, Order, Query};
use sea_orm::{ColumnTrait, DatabaseConnection, FromQueryResult, QueryFilter, QueryTrait};
use uuid::Uuid;

use super::error::ServiceResult;

/// Reasons told of a run, the most frequent ones.
pub const MOST_GROUPS: u64 = 20;

/// Items told of a reason.
pub const EXAMPLES: u64 = 3;

/// What makes two failures one of a kind.
const REASON: &str = "run_id, error_code, remote_code, COALESCE(error_template, error_message)";

/// Failures of one reason.
#[derive(Debug, Clone)]
pub struct FailureGroup {
    /// How many.
    pub count: i64,
    /// The first of them; never empty.
    pub examples: Vec<sync_run_item::Model>,
}

#[derive(FromQueryResult)]
struct Row {
    #[sea_orm(nested)]
    item: sync_run_item::Model,
    failures: i64,
    place: i64,
}

/// The failures of each of these runs by reason, the most frequent first: one statement, whatever number of runs and items
/// there are.
///
/// # Errors
/// The database's.
pub async fn of_runs(
    db: &DatabaseConnection,
    organization_id: Uuid,
    runs: &[Uuid],
) -> ServiceResult<HashMap<Uuid, Vec<FailureGroup>>> {
    let mut counted = sync_run_item::Entity::of(organization_id)
        .filter(sync_run_item::Column::RunId.is_in(runs.iter().copied()))
        .filter(sync_run_item::Column::Outcome.eq(ItemOutcome::Failed))
        .into_query();
    counted
        .expr_as(Expr::cust("COALESCE(error_template, error_message)"), "template")
        .expr_as(Expr::cust(format!("ROW_NUMBER() OVER (PARTITION BY {REASON} ORDER BY id)")), "place")
        .expr_as(Expr::cust(format!("COUNT(*) OVER (PARTITION BY {REASON})")), "failures");
    let ranked = Query::select()
        .column(Asterisk)
        .expr_as(
            Expr::cust(
                "DENSE_RANK() OVER (PARTITION BY run_id ORDER BY failures DESC, error_code, remote_code, template)",
            ),
            "rank_in_run",
        )
        .from_subquery(counted, Alias::new("counted"))
        .and_where(Expr::col("place").lte(most(EXAMPLES)))
        .take();
    let statement = Query::select()
        .column(Asterisk)
        .from_subquery(ranked, Alias::new("ranked"))
        .and_where(Expr::col("rank_in_run").lte(most(MOST_GROUPS)))
        .order_by("run_id", Order::Asc)
        .order_by("rank_in_run", Order::Asc)
        .order_by("place", Order::Asc)
        .take();
    let statement = db.get_database_backend().build(&statement);
    let mut groups: HashMap<Uuid, Vec<FailureGroup>> = HashMap::new();
    for Row { item, failures, place } in Row::find_by_statement(statement).all(db).await? {
        let of_run = groups.entry(item.run_id).or_default();
        match of_run.last_mut().filter(|_| place > 1) {
            Some(group) => group.examples.push(item),
            None => of_run.push(FailureGroup { count: failures, examples: vec![item] }),
        }
    }
    Ok(groups)
}

fn most(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
