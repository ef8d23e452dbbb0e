//! How many records are in views: one statement for many of them.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use finbridge_entity::criteria::{Frame, View};
use finbridge_entity::types::RecordType;
use finbridge_entity::{account, contact, deal, product, vendor};
use sea_orm::sea_query::{Expr, SelectStatement, UnionType};
use sea_orm::{ColumnTrait, Condition, DbBackend, FromQueryResult, QueryFilter, QuerySelect, QueryTrait};
use uuid::Uuid;

use super::{frame, unusable};
use crate::service::Services;
use crate::service::error::ServiceResult;
use crate::service::record::{self, Record};

/// Views counted in one statement; SQLite takes 500 parts.
const AT_ONCE: usize = 100;
/// Parameters per statement; SQLite takes 32,766 and PostgreSQL 65,535. One view alone never has so many.
const PARAMETERS: usize = 30_000;

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
    let places: Vec<Uuid> = wanted.iter().map(|(view, _)| view.id).collect();
    let statements = wanted
        .into_iter()
        .enumerate()
        .map(|(place, (view, members))| one(services, view.record_type, members, place))
        .collect();
    let backend = services.db().get_database_backend();
    for statement in together(statements, backend, PARAMETERS) {
        for row in Row::find_by_statement(backend.build(&statement)).all(services.db()).await? {
            if let Some(id) = usize::try_from(row.place).ok().and_then(|place| places.get(place)) {
                counted.insert(*id, Ok(u64::try_from(row.n).unwrap_or_default()));
            }
        }
    }
    Ok(counted)
}

/// Puts statements together to as few as the number of parts and parameters allows.
fn together(statements: Vec<SelectStatement>, backend: DbBackend, most: usize) -> Vec<SelectStatement> {
    let mut unions: Vec<SelectStatement> = Vec::new();
    let (mut parts, mut bound) = (0, 0);
    for statement in statements {
        let values = backend.build(&statement).values.map_or(0, |values| values.0.len());
        match unions.last_mut() {
            Some(union) if parts < AT_ONCE && bound + values <= most => {
                union.union(UnionType::All, statement);
                (parts, bound) = (parts + 1, bound + values);
            }
            _ => {
                unions.push(statement);
                (parts, bound) = (1, values);
            }
        }
    }
    unions
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
