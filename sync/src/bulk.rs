//! Writing many rows with one statement.

use sea_orm::sea_query::{Alias, Expr, ExprTrait, Query, TableRef, ValueTuple};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, IdenStatic, Value};
use uuid::Uuid;

use finbridge_entity::TenantOwned;

/// The name under which the new values are known in the statement.
const NEW: &str = "new_values";

/// Writes these columns of rows of a tenant, by the rows' ids: each row its own values, in the order of the columns. Rows that
/// are not there any more are left out.
///
/// # Errors
/// The database's.
pub(crate) async fn update<E: TenantOwned + Default>(
    db: &impl ConnectionTrait,
    organization_id: Uuid,
    columns: &[E::Column],
    rows: Vec<(Uuid, Vec<Value>)>,
) -> Result<(), DbErr> {
    if rows.is_empty() {
        return Ok(());
    }
    // Both databases name the columns of a list of values so.
    let new = |n: usize| Expr::col((Alias::new(NEW), Alias::new(format!("column{n}"))));
    let values = rows
        .into_iter()
        .map(|(id, values)| ValueTuple::Many(std::iter::once(Value::from(id)).chain(values).collect()));
    let mut update = Query::update();
    update.table(E::default().table_ref());
    for (n, column) in columns.iter().enumerate() {
        update.value(Alias::new(column.as_str()), new(n + 2));
    }
    update
        .from(TableRef::ValuesList(values.collect(), Alias::new(NEW).into()))
        .and_where(E::organization_column().into_expr().eq(organization_id))
        .and_where(E::id_column().into_expr().eq(new(1)));
    db.execute(&update).await?;
    Ok(())
}
