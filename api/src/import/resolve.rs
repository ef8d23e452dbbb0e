//! What earlier imports remember, looked up for many keys at once.

use std::collections::{BTreeMap, HashMap, HashSet};

use finbridge_entity::{Scoped, import_key};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, QueryFilter, QuerySelect, Set, Unchanged,
};
use uuid::Uuid;

use super::fields::{Kind, RecordType};
use super::note::{Note, NoteKind, Reason};
use super::row::{Row, label, referred};
use super::value::Value;
use super::write::Context;

/// Keys per statement, well under the number of parameters that databases take.
const KEYS: usize = 5_000;

/// What is remembered of a row.
#[derive(Debug, Clone)]
pub(super) struct Known {
    /// Id of the memory itself.
    id: Uuid,
    /// The record made of the row.
    pub record_id: Uuid,
    /// Hash of the row's values when it was last imported.
    pub row_hash: String,
}

/// Where the keys of one import are remembered.
#[derive(Debug, Clone, Copy)]
pub(super) struct Memory<'a> {
    pub organization_id: Uuid,
    pub source: &'a str,
}

impl Memory<'_> {
    /// What is remembered of these rows, by key.
    pub(super) async fn of<C: ConnectionTrait>(
        &self,
        db: &C,
        record: RecordType,
        keys: &[String],
    ) -> Result<HashMap<String, Known>, DbErr> {
        let mut found = HashMap::with_capacity(keys.len());
        for keys in keys.chunks(KEYS) {
            let rows: Vec<(String, Uuid, Uuid, String)> = import_key::Entity::of(self.organization_id)
                .select_only()
                .columns([
                    import_key::Column::ExternalKey,
                    import_key::Column::Id,
                    import_key::Column::RecordId,
                    import_key::Column::RowHash,
                ])
                .filter(import_key::Column::Source.eq(self.source))
                .filter(import_key::Column::RecordType.eq(record.name()))
                .filter(import_key::Column::ExternalKey.is_in(keys.iter().map(String::as_str)))
                .into_tuple()
                .all(db)
                .await?;
            let known = rows
                .into_iter()
                .map(|(key, id, record_id, row_hash)| (key, Known { id, record_id, row_hash }));
            found.extend(known);
        }
        Ok(found)
    }

    /// A row to be remembered.
    pub(super) fn new_key(
        &self,
        context: &Context<'_>,
        record: RecordType,
        key: &str,
        record_id: Uuid,
        row_hash: String,
    ) -> import_key::ActiveModel {
        import_key::ActiveModel {
            organization_id: Set(self.organization_id),
            id: Set(context.ids.uuid()),
            source: Set(self.source.to_owned()),
            record_type: Set(record.name().to_owned()),
            external_key: Set(key.to_owned()),
            record_id: Set(record_id),
            row_hash: Set(row_hash),
            imported_at: Set(context.now),
        }
    }

    /// Remembers new values of a row that was known.
    pub(super) async fn renew(
        &self,
        context: &Context<'_>,
        known: &Known,
        record_id: Uuid,
        row_hash: String,
    ) -> Result<(), DbErr> {
        let key = import_key::ActiveModel {
            organization_id: Unchanged(self.organization_id),
            id: Unchanged(known.id),
            record_id: Set(record_id),
            row_hash: Set(row_hash),
            imported_at: Set(context.now),
            ..Default::default()
        };
        key.update(context.tx).await.map(drop)
    }

    /// Replaces the keys that the rows refer to by the ids of their records.
    ///
    /// A reference of a row to a row of the same kind that is not there yet is postponed in the first pass, since the
    /// row may stand further down in the file; all others are followed or noted.
    pub(super) async fn follow<C: ConnectionTrait>(
        &self,
        db: &C,
        rows: &mut [Row<'_>],
        pass: Pass,
    ) -> Result<Vec<Followed>, DbErr> {
        let mut by_record: BTreeMap<RecordType, Vec<String>> = BTreeMap::new();
        let referred: HashSet<(RecordType, String)> = referred(rows.iter());
        for (record, key) in referred {
            by_record.entry(record).or_default().push(key);
        }
        let mut ids: HashMap<RecordType, HashMap<String, Known>> = HashMap::new();
        for (record, keys) in by_record {
            ids.insert(record, self.of(db, record, &keys).await?);
        }
        Ok(rows.iter_mut().map(|row| follow(row, &ids, pass)).collect())
    }
}

/// Whether the file is read for the first time, or once more for what refers to rows further down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pass {
    First,
    Second,
}

/// What came of a row's references.
#[derive(Debug, Default)]
pub(super) struct Followed {
    pub notes: Vec<Note>,
    pub postponed: bool,
}

fn follow(row: &mut Row<'_>, ids: &HashMap<RecordType, HashMap<String, Known>>, pass: Pass) -> Followed {
    let mut followed = Followed::default();
    let plan = row.plan;
    for (index, column) in plan.columns.iter().enumerate() {
        let (Kind::Reference(record), Some(Value::Reference { key, .. })) =
            (column.field.kind, row.values.get(index))
        else {
            continue;
        };
        let key = key.clone();
        let same_kind = record == plan.record;
        let itself = same_kind && key == row.key;
        let id = ids.get(&record).and_then(|found| found.get(&key)).map(|known| known.record_id);
        let id = if itself { None } else { id };
        if id.is_none() {
            let reason = if itself { Reason::SelfReference } else { Reason::UnknownReference(record) };
            if column.required {
                let label = label(plan, column);
                followed.notes.push(row.note(NoteKind::Rejected, label, reason, Some(&key)));
            } else if same_kind && !itself && pass == Pass::First {
                followed.postponed = true;
            } else if pass == Pass::First || same_kind {
                let label = label(plan, column);
                followed.notes.push(row.note(NoteKind::Adjusted, label, reason, Some(&key)));
            }
        }
        if let Some(value) = row.values.get_mut(index) {
            *value = Value::Reference { key, id };
        }
    }
    followed
}
