//! How many records are in views: one statement for many of them.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use finbridge_entity::criteria::{Frame, View};
use finbridge_entity::types::RecordType;
use finbridge_entity::{account, contact, deal, product, vendor};
use sea_orm::sea_query::{Expr, SelectStatement, UnionType};
use sea_orm::{ColumnTrait, Condition, FromQueryResult, QueryFilter, QuerySelect, QueryTrait};
use uuid::Uuid;

use super::{frame, unusable};
use crate::service::Services;
use crate::service::error::ServiceResult;
use crate::service::record::{self, Record};

/// Views counted in one statement; SQLite takes 500 parts.
const AT_ONCE: usize = 100;

/// How many living records a view has for the viewer, or why it cannot be used.
pub type Counted = Result<u64, String>;

#[derive(FromQueryResult)]
struct Row {
    place: i64,
    n: i64,
}

/// Counts the records of views, for the viewer.
///
/// # Errors
/// The database's. A view that cannot be used does not spoil the others.
pub async fn count(services: &Services, views: &[View]) -> ServiceResult<HashMap<Uuid, Counted>> {
    let mut frames: HashMap<RecordType, Frame> = HashMap::new();
    let mut counted = HashMap::new();
    let mut wanted = Vec::new();
    for view in views {
        let frame = match frames.entry(view.record_type) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(free) => free.insert(frame(services, view.record_type).await?),
        };
        match view.within(frame) {
            Ok(members) => wanted.push((view, members)),
            Err(reason) => {
                counted.insert(view.id, Err(unusable(view, &reason.to_string())));
            }
        }
    }
    for part in wanted.chunks(AT_ONCE) {
        let mut statements = part
            .iter()
            .enumerate()
            .map(|(place, (view, members))| one(services, view.record_type, members.clone(), place));
        let Some(mut statement) = statements.next() else { continue };
        statement.unions(statements.map(|statement| (UnionType::All, statement)));
        let statement = services.db().get_database_backend().build(&statement);
        for row in Row::find_by_statement(statement).all(services.db()).await? {
            let view = usize::try_from(row.place).ok().and_then(|place| part.get(place));
            if let Some((view, _)) = view {
                counted.insert(view.id, Ok(u64::try_from(row.n).unwrap_or_default()));
            }
        }
    }
    Ok(counted)
}

fn one(services: &Services, record_type: RecordType, members: Condition, place: usize) -> SelectStatement {
    match record_type {
        RecordType::Account => of::<account::Entity>(services, members, place),
        RecordType::Contact => of::<contact::Entity>(services, members, place),
        RecordType::Vendor => of::<vendor::Entity>(services, members, place),
        RecordType::Product => of::<product::Entity>(services, members, place),
        RecordType::Deal => of::<deal::Entity>(services, members, place),
    }
}

fn of<E: Record>(services: &Services, members: Condition, place: usize) -> SelectStatement {
    record::living::<E>(services)
        .filter(members)
        .select_only()
        // A bound value has no type of its own in a list of columns.
        .column_as(Expr::cust(format!("CAST({place} AS BIGINT)")), "place")
        .column_as(E::id_column().count(), "n")
        .into_query()
}
