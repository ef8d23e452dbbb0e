//! What makes two plans the same: a hash over the version of the settings and over every step in order, taken while the
//! steps go by, so that memory does not grow with their number.

use finbridge_domain::record::FieldChange;
use finbridge_entity::sync_run_item;
use finbridge_entity::types::ItemAction;
use sea_orm::ActiveEnum;
use serde::Serialize;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::Step;
use crate::error::SyncError;
use crate::merge::FieldConflict;

/// Bytes of a hash.
const LENGTH: usize = 32;

/// The hash of a plan, as people pass it on: 64 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlanHash([u8; LENGTH]);

impl PlanHash {
    /// Reads what [`Self::text`] wrote; none: it is no hash of a plan.
    pub fn read(text: &str) -> Option<Self> {
        if text.len() != 2 * LENGTH || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let mut bytes = [0; LENGTH];
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok()?;
        }
        Some(Self(bytes))
    }

    /// The hash as text.
    pub fn text(self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// What a step comes to: two that are the same do the same to the same record in the same version.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Outline<'a> {
    kind: &'a str,
    /// The CRM record; none where it is still to be made, because its id is drawn anew each time.
    record_id: Option<Uuid>,
    version: i64,
    action: String,
    remote_id: Option<&'a str>,
    /// Where a person moves to. What other persons belong to may still have to be made.
    new_parent_id: Option<&'a str>,
    changes: &'a [FieldChange],
    crm_changes: &'a [FieldChange],
    conflicts: &'a [FieldConflict],
}

/// What a stored step changes, read.
#[derive(Debug)]
pub(crate) struct Contents {
    pub(crate) changes: Vec<FieldChange>,
    pub(crate) crm_changes: Vec<FieldChange>,
    pub(crate) conflicts: Vec<FieldConflict>,
}

/// Versions begin at 1: a record without one is still to be made.
fn known(record_id: Uuid, version: i64) -> Option<Uuid> {
    (version > 0).then_some(record_id)
}

fn moves_to(action: ItemAction, parent_id: Option<&str>) -> Option<&str> {
    parent_id.filter(|_| action == ItemAction::Move)
}

impl<'a> Outline<'a> {
    pub(crate) fn of_step(step: &'a Step) -> Self {
        Self {
            kind: step.kind.as_str(),
            record_id: known(step.record_id, step.version),
            version: step.version,
            action: ItemAction::to_value(&step.decision.action),
            remote_id: step.decision.remote_id.as_deref(),
            new_parent_id: moves_to(step.decision.action, step.remote_parent_id.as_deref()),
            changes: &step.decision.changes,
            crm_changes: &step.decision.crm_changes,
            conflicts: &step.decision.conflicts,
        }
    }

    /// The same of a step that was stored; the contents are those of the item.
    pub(crate) fn of_item(item: &'a sync_run_item::Model, contents: &'a Contents) -> Self {
        Self {
            kind: &item.kind,
            record_id: known(item.record_id, item.record_version),
            version: item.record_version,
            action: ItemAction::to_value(&item.action),
            remote_id: item.remote_id.as_deref(),
            new_parent_id: moves_to(item.action, item.remote_parent_id.as_deref()),
            changes: &contents.changes,
            crm_changes: &contents.crm_changes,
            conflicts: &contents.conflicts,
        }
    }
}

/// A hash that is being taken.
#[derive(Debug, Clone)]
pub(crate) struct Hashing(Sha256);

impl Hashing {
    /// Of a plan of this module under this version of its settings.
    pub(crate) fn begin(module_id: Uuid, settings_version: i32) -> Self {
        let mut hash = Sha256::new();
        hash.update(module_id.as_bytes());
        hash.update(settings_version.to_be_bytes());
        Self(hash)
    }

    /// Goes on with the next step. Each is told with its length, so that no two lists of steps read alike.
    pub(crate) fn add(&mut self, outline: &Outline<'_>) -> Result<(), SyncError> {
        let told = serde_json::to_vec(outline)
            .map_err(|source| SyncError::Corrupt { what: "a step of a plan", source })?;
        self.0.update(told.len().to_be_bytes());
        self.0.update(&told);
        Ok(())
    }

    pub(crate) fn end(self) -> PlanHash {
        PlanHash(self.0.finalize().into())
    }
}

#[cfg(test)]
mod tests {
    use finbridge_domain::record::{CrmRecordType, FieldKey, RecordKind};

    use super::*;
    use crate::decide::{Decision, plain};

    fn step(version: i64, website: &str) -> Step {
        let change = FieldChange {
            field: FieldKey::of("website"),
            before: Some(String::new()),
            after: Some(website.to_owned()),
        };
        Step {
            stage: 0,
            after: Uuid::from_u128(1),
            kind: RecordKind::Customer,
            record_type: CrmRecordType::Account,
            record_id: Uuid::from_u128(1),
            name: "Acme".to_owned(),
            version,
            remote_parent_id: None,
            decision: Decision {
                remote_id: Some("7".to_owned()),
                changes: vec![change],
                ..plain(ItemAction::Update, "CRM_CHANGED", "changed")
            },
        }
    }

    fn hash(version: i32, steps: &[Step]) -> PlanHash {
        let mut hashing = Hashing::begin(Uuid::from_u128(9), version);
        for step in steps {
            hashing.add(&Outline::of_step(step)).unwrap();
        }
        hashing.end()
    }

    #[test]
    fn whatever_a_plan_would_do_otherwise_changes_its_hash() {
        let plan = [step(2, "a.example"), step(3, "b.example")];
        let known = hash(1, &plan);
        assert_eq!(known, hash(1, &plan.clone()));
        let turned: Vec<_> = plan.iter().rev().cloned().collect();
        for other in [
            hash(2, &plan),
            hash(1, &plan[..1]),
            hash(1, &turned),
            hash(1, &[step(2, "a.example"), step(4, "b.example")]),
            hash(1, &[step(2, "a.example"), step(3, "c.example")]),
        ] {
            assert_ne!(known, other);
        }
    }

    #[test]
    fn what_a_person_was_shown_besides_the_values_that_are_written_counts_too() {
        let conflict = |finance: &str| {
            let mut step = step(2, "a.example");
            step.decision.changes.clear();
            step.decision.conflicts.push(FieldConflict {
                field: FieldKey::of("website"),
                base: None,
                crm: "b.example".to_owned(),
                finance: finance.to_owned(),
            });
            step
        };
        assert_eq!(hash(1, &[conflict("c.example")]), hash(1, &[conflict("c.example")]));
        assert_ne!(hash(1, &[conflict("c.example")]), hash(1, &[conflict("d.example")]));
        let at = |action: ItemAction, parent: Option<&str>| {
            let mut step = step(2, "a.example");
            step.decision.action = action;
            step.remote_parent_id = parent.map(str::to_owned);
            step
        };
        let (moved, made) = (ItemAction::Move, ItemAction::Create);
        assert_ne!(hash(1, &[at(moved, Some("1"))]), hash(1, &[at(moved, Some("2"))]));
        // The customer of a new person may be made by the same plan.
        assert_eq!(hash(1, &[at(made, None)]), hash(1, &[at(made, Some("2"))]));
    }

    #[test]
    fn a_record_that_is_still_to_be_made_counts_without_its_id() {
        let (one, mut other) = (step(0, "a.example"), step(0, "a.example"));
        other.record_id = Uuid::from_u128(2);
        assert_eq!(hash(1, &[one]), hash(1, &[other]));
    }

    #[test]
    fn hashes_read_back_as_written_and_other_texts_are_none() {
        let known = hash(1, &[step(2, "a.example")]);
        assert_eq!(PlanHash::read(&known.text()), Some(known));
        for text in ["", "abc", &"é".repeat(32), &"g".repeat(64)] {
            assert_eq!(PlanHash::read(text), None, "{text}");
        }
    }
}
