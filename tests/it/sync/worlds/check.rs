//! What holds of every world once its runs are through.

use std::collections::{BTreeMap, BTreeSet};

use finbridge_entity::types::{ConflictState, ItemOutcome, LinkState, Origin, RunState};
use finbridge_entity::{Scoped, record_link, sync_conflict, sync_run, sync_run_item};
use finbridge_sync::outcome;
use sea_orm::prelude::Uuid;
use sea_orm::{ColumnTrait, QueryFilter};

use super::Stage;
use super::sides::{Crm, Finance, Kind, Seen};

/// Runs after which nothing may be left to do. Clones find their numbers one after the other.
const MOST_RUNS: usize = 6;

/// The tables and both sides at one moment.
pub struct Look {
    /// The CRM.
    pub crm: Crm,
    /// The finance side.
    pub finance: Finance,
    /// The pairs.
    pub links: Vec<record_link::Model>,
}

impl Look {
    /// The pair of a CRM record.
    pub fn link_of(&self, record_id: Uuid) -> Option<&record_link::Model> {
        self.links.iter().find(|link| link.record_id == record_id && link.state == LinkState::Linked)
    }

    fn link_to(&self, kind: Kind, remote_id: &str) -> Option<&record_link::Model> {
        let is_it = |link: &&record_link::Model| {
            link.kind == kind.stored() && link.remote_id.as_deref() == Some(remote_id)
        };
        self.links.iter().find(is_it)
    }
}

/// What a test knows beside what it sees.
#[derive(Debug, Default)]
pub struct Known {
    /// The CRM's records that were there when the world was last looked at, or made since by somebody.
    pub crm: BTreeSet<Uuid>,
    /// The same of the finance side.
    pub finance: BTreeSet<String>,
    /// Deleted in the CRM: the finance record it was linked with, and where that was born.
    pub deleted: BTreeMap<Uuid, Option<(String, Origin)>>,
    /// Fields that somebody changed on the finance side after the CRM last wrote them; 0 is the name.
    pub ahead: BTreeSet<(String, usize)>,
    /// Records that both sides may have changed since the last runs.
    pub edits: usize,
}

impl Stage<'_> {
    /// Both sides, and the links between them.
    pub async fn look(&self) -> Look {
        let links = record_link::Entity::of(self.organization).all(&self.world.app.engine.db).await.unwrap();
        Look { crm: self.crm().await, finance: self.finance().await, links }
    }

    /// Runs until a run writes nothing on either side, versions included. That one comes at once after a run in which
    /// everything succeeded.
    pub async fn settle(&self) -> sync_run::Model {
        let db = &self.world.app.engine.db;
        let mut was_success = false;
        for _ in 0..MOST_RUNS {
            let before = self.look().await;
            self.world.emulator.clear_journal();
            let run = self.world.driven(self.organization, self.module).await;
            assert!(matches!(run.state, RunState::Succeeded | RunState::Partial), "{run:#?}");
            let totals = outcome::counted(db, self.organization, run.id).await.unwrap();
            let done = totals.added + totals.updated + totals.deleted + totals.deactivated;
            let (written, after) = (self.written(), self.look().await);
            let is_quiet = done == 0 && written.is_empty() && before.crm == after.crm;
            assert!(
                is_quiet || !was_success,
                "nothing changed, and a run does something: {totals:?} {written:?}"
            );
            if is_quiet {
                assert_eq!(before.finance, after.finance, "nobody wrote on the finance side");
                if run.planned_count == 0 {
                    assert_eq!(
                        self.world.finance_writes(),
                        [""; 0],
                        "nothing is planned, and something tried"
                    );
                }
                return run;
            }
            was_success = run.state == RunState::Succeeded;
        }
        panic!("{MOST_RUNS} runs after each other all found something to write");
    }

    /// Requests that changed a record on the finance side. One that was refused did not; and telling the finance app what
    /// a CRM record is, before it is asked to make something of it, makes nothing.
    fn written(&self) -> Vec<String> {
        let entries = self.world.emulator.journal().into_iter();
        entries
            .filter(|entry| entry.method != "GET" && matches!(entry.status, Some(200..=299)))
            .filter(|entry| !entry.path.starts_with("/oauth") && entry.path != "/integration/v1/settings")
            .filter(|entry| !entry.path.starts_with("/integration/v1/crm/"))
            .map(|entry| format!("{} {}", entry.method, entry.path))
            .collect()
    }

    /// Checks that both sides are equal where they are linked, and that no record was lost or doubled.
    pub async fn check(&mut self, last: &sync_run::Model) {
        let look = self.look().await;
        let db = &self.world.app.engine.db;
        let items = sync_run_item::Entity::of(self.organization)
            .filter(sync_run_item::Column::RunId.eq(last.id))
            .all(db)
            .await
            .unwrap();
        let explained: BTreeSet<Uuid> = items
            .iter()
            .filter(|item| match item.outcome {
                ItemOutcome::Skipped | ItemOutcome::Conflict => true,
                // The finance side takes a name once; nothing else may fail where nothing goes wrong.
                ItemOutcome::Failed => item.error_code.as_deref() == Some("NAME_TAKEN"),
                _ => false,
            })
            .map(|item| item.record_id)
            .collect();
        self.equal(&look).await;
        self.all_of_the_crm(&look, &explained);
        self.all_of_the_finance_side(&look, &explained);
        self.deleted(&look);
        self.known.crm = look.crm.keys().copied().collect();
        self.known.finance = look.finance.keys().cloned().collect();
        self.known.edits = 0;
    }

    /// Linked records are equal under the map, but for what waits for a person, what the policy leaves apart, and what
    /// somebody changed on the finance side while records go one way.
    async fn equal(&self, look: &Look) {
        let apart = sync_conflict::Entity::of(self.organization)
            .filter(sync_conflict::Column::State.is_in([ConflictState::Open, ConflictState::Kept]))
            .all(&self.world.app.engine.db)
            .await
            .unwrap();
        let apart: BTreeSet<(Uuid, String)> =
            apart.into_iter().map(|conflict| (conflict.link_id, conflict.field)).collect();
        for link in look.links.iter().filter(|link| link.state == LinkState::Linked) {
            let remote_id = link.remote_id.as_ref().unwrap();
            let crm = look.crm.get(&link.record_id).unwrap_or_else(|| panic!("lost in the CRM: {link:#?}"));
            let finance =
                look.finance.get(remote_id).unwrap_or_else(|| panic!("lost on the finance side: {link:#?}"));
            let suffix = link.name_suffix.as_deref().unwrap_or_default();
            for (place, field) in crm.kind.fields().into_iter().enumerate() {
                let wanted = match place {
                    0 => format!("{}{suffix}", crm.held[0]),
                    _ => crm.held[place].clone(),
                };
                let is_left = if self.shape.is_both_ways {
                    apart.contains(&(link.id, field.to_owned()))
                } else {
                    self.known.ahead.contains(&(remote_id.clone(), place))
                };
                assert!(
                    finance.held[place] == wanted || is_left,
                    "{field} differs: the CRM has {crm:#?}, the finance side {finance:#?}, linked as {link:#?}"
                );
            }
        }
    }

    /// Every record of the CRM is still there, and linked or accounted for; new ones came from the finance side, one each.
    fn all_of_the_crm(&self, look: &Look, explained: &BTreeSet<Uuid>) {
        for id in &self.known.crm {
            assert_ne!(
                look.crm.contains_key(id),
                self.known.deleted.contains_key(id),
                "what nobody deleted stays, and what was deleted does not come back: {id}"
            );
        }
        for (id, seen) in &look.crm {
            let link = look.link_of(*id);
            assert!(link.is_some() || explained.contains(id), "neither linked nor explained: {seen:#?}");
            if !self.known.crm.contains(id) {
                let origin = link.map(|link| link.origin);
                assert_eq!(origin, Some(Origin::Finance), "nobody made {seen:#?}");
                assert!(self.shape.is_both_ways, "one way nothing comes into the CRM: {seen:#?}");
            }
        }
    }

    /// The same of the finance side. Links are unique by the database, references by this.
    fn all_of_the_finance_side(&self, look: &Look, explained: &BTreeSet<Uuid>) {
        let gone: BTreeSet<&String> = self
            .known
            .deleted
            .values()
            .flatten()
            .filter(|(_, origin)| *origin == Origin::Crm)
            .map(|(remote_id, _)| remote_id)
            .collect();
        for id in &self.known.finance {
            assert_ne!(look.finance.contains_key(id), gone.contains(id), "lost, or left over: {id}");
        }
        let mut references = BTreeSet::new();
        let mut copies = 0;
        for (id, seen) in &look.finance {
            if let Some(reference) = &seen.reference {
                assert!(
                    references.insert((seen.kind, reference)),
                    "two finance records of one CRM record: {seen:#?}"
                );
            }
            let link = look.link_to(seen.kind, id);
            let is_new = !self.known.finance.contains(id);
            match link {
                Some(link) if is_new => assert_eq!(link.origin, Origin::Crm, "nobody made {seen:#?}"),
                None if is_new => {
                    assert!(seen.is_copy(), "nobody made {seen:#?}");
                    copies += 1;
                }
                _ => {}
            }
            if link.is_none() && self.shape.is_both_ways {
                assert!(is_left_to_the_crm(look, seen, explained), "nothing stands for {seen:#?}");
            }
        }
        let keeps_copies = self.shape.is_both_ways && self.shape.both_modified == "CLONE";
        let most = if keeps_copies { self.known.edits } else { 0 };
        assert!(copies <= most, "{copies} copies for {most} edits");
    }

    /// What was deleted in the CRM goes on the finance side when it was born in the CRM, and stays otherwise.
    fn deleted(&self, look: &Look) {
        for (id, pair) in &self.known.deleted {
            assert!(!look.crm.contains_key(id), "{id} came back");
            if let Some((remote_id, origin)) = pair {
                assert_eq!(look.finance.contains_key(remote_id), *origin == Origin::Finance, "{remote_id}");
            }
        }
    }
}

/// Whether a finance record without a link is a copy that was kept apart, one that records of the CRM could be, which wait
/// for somebody, or a person of such a one.
fn is_left_to_the_crm(look: &Look, seen: &Seen, explained: &BTreeSet<Uuid>) -> bool {
    let name = seen.held[0].to_lowercase();
    let waits = |(id, one): (&Uuid, &Seen)| explained.contains(id) && one.held[0].to_lowercase() == name;
    let is_loose = |one: &Seen| one.kind == Kind::Company && look.link_to(one.kind, &one.id).is_none();
    seen.is_copy()
        || look.crm.iter().any(waits)
        || (seen.kind == Kind::Person && look.finance.values().any(is_loose))
}
