//! Bringing stored entries up to date when their definition changes. Definitions change rarely and records are read
//! often, so entries are stored complete.

use std::collections::HashSet;
use std::sync::Arc;

use super::value;
use crate::engine::desk::Desk;
use crate::error::{ApiError, Code};
use crate::filter::fold;
use crate::json::Json;
use crate::resource;
use crate::resource::contact::model::custom_fields;
use crate::store::change::Change;
use crate::store::kind::Kind;
use crate::store::record::Record;

/// Rewrites the entries of a field in every record, or removes them when the field is gone. The records' times of
/// change stay. Errors: code 4 when the field became unique and two records hold the same value.
pub(super) fn rewrite(desk: &mut Desk<'_>, field: &Record, now: Option<&Record>) -> Result<(), ApiError> {
    let entity = field.text("entity");
    for kind in Kind::all().filter(|kind| resource::of(*kind).spec().entity == entity) {
        let rows: Vec<Arc<Record>> = desk.books().table(kind).rows().cloned().collect();
        for row in rows {
            if let Some(entries) = changed(row.list("custom_fields"), field, now) {
                let mut record = (*row).clone();
                record.set("custom_fields", entries);
                desk.put(record)?;
            }
        }
    }
    if entity == "contact" { contacts(desk, field, now) } else { Ok(()) }
}

fn contacts(desk: &mut Desk<'_>, field: &Record, now: Option<&Record>) -> Result<(), ApiError> {
    let mut seen = HashSet::new();
    let rows: Vec<_> = desk.books().contacts.values().cloned().collect();
    for row in rows {
        let stored = custom_fields(&row.members);
        let Some(entries) = changed(stored, field, now) else { continue };
        let mine = |entry: &&Json| value::same(entry, field);
        if let Some((_, text)) = entries.iter().find(mine).and_then(value::unique_value)
            && !seen.insert(fold(text))
        {
            return Err(ApiError::about(Code::AlreadyExists, field.text("label")));
        }
        let mut contact = (*row).clone();
        contact.members.insert("custom_fields", entries.into());
        contact.shrink();
        desk.transaction.apply(Change::Contact {
            organization_id: desk.organization.organization_id.clone(),
            contact: Arc::new(contact),
        });
    }
    Ok(())
}

/// The entries after the change; `None` when the field is not among them.
fn changed(stored: &[Json], field: &Record, now: Option<&Record>) -> Option<Vec<Json>> {
    stored.iter().any(|entry| value::same(entry, field)).then(|| {
        stored
            .iter()
            .filter_map(|entry| match (value::same(entry, field), now) {
                (false, _) => Some(entry.clone()),
                (true, None) => None,
                (true, Some(now)) => entry.get("value").map(|value| value::shown(now, value.clone())),
            })
            .collect()
    })
}
