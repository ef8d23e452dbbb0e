//! What to do with one record: a pure function of both sides, the link and the settings.

use finbridge_contract::listed_name;
use finbridge_domain::record::{FieldChange, FieldKey, RecordKind, Values, values};
use finbridge_domain::{DeletePropagation, DuplicatePolicy};
use finbridge_entity::types::{ItemAction, LinkState, MatchChoice, Origin};

use crate::merge::{self, Bases, FieldConflict, Merged, Rules};

/// The CRM's side of a record.
#[derive(Debug, Clone)]
pub struct CrmSide<'a> {
    /// The values it would have on the finance side.
    pub wanted: &'a Values,
    /// Whether it was deleted.
    pub is_deleted: bool,
    /// Other unlinked CRM records that would be taken for the same thing.
    pub rivals: usize,
    /// Whether it is left out because it belongs to no account (R064).
    pub is_left_out: bool,
}

/// What is known of the pair.
#[derive(Debug, Clone)]
pub struct Pair<'a> {
    /// Where it stands.
    pub state: LinkState,
    /// Who had the record first.
    pub origin: Origin,
    /// What the clone carries after its name.
    pub name_suffix: Option<&'a str>,
    /// What both sides had when they last agreed.
    pub bases: Bases,
    /// The finance record.
    pub remote_id: Option<&'a str>,
    /// Whether nothing of this CRM record was written there yet.
    pub is_never_written: bool,
    /// The finance side as it is now, where it changed and that counts.
    pub finance: Option<Values>,
    /// Whether the person belongs to another customer by now (A17.14).
    pub has_moved: bool,
}

/// A finance record that could be the same thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Its id.
    pub remote_id: String,
    /// Its name.
    pub name: String,
    /// Its values as far as they are known.
    pub values: Values,
}

/// What the finance side has that bears on an unlinked record.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// The record that already names this CRM record.
    pub referenced: Option<Candidate>,
    /// Unlinked records that would be taken for the same thing.
    pub same: Vec<Candidate>,
    /// Whether a finance record that is linked to another CRM record has the name.
    pub name_is_linked: bool,
    /// The first " (n)" that is free, for a clone.
    pub free_suffix: String,
    /// What a person decided, and the finance record that was chosen.
    pub decided: Option<(MatchChoice, Option<Candidate>)>,
}

/// What decides.
#[derive(Debug, Clone, Copy)]
pub struct Policy<'a> {
    /// What kind of finance record it is about.
    pub kind: RecordKind,
    /// What happens on a duplicate.
    pub duplicates: DuplicatePolicy,
    /// How pairs are merged.
    pub merge: Rules<'a>,
    /// What becomes of finance records born in the CRM.
    pub crm_origin: DeletePropagation,
    /// What becomes of those that the finance side had first.
    pub finance_origin: DeletePropagation,
    /// Whether changes and removals of the finance side come into the CRM.
    pub is_both_ways: bool,
}

/// The rule of a pair of which nothing was written yet.
pub(crate) const MERGED: &str = "MERGED";

/// The rule of pairs that were brought in, and have agreed on nothing yet.
pub(crate) const IMPORTED: &str = "IMPORTED";

/// What to do, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// What to do.
    pub action: ItemAction,
    /// The rule that decided: stable, for programs.
    pub rule: &'static str,
    /// Why: a sentence, for people.
    pub reason: String,
    /// The finance record it concerns.
    pub remote_id: Option<String>,
    /// The name it has or shall have there.
    pub remote_name: Option<String>,
    /// What changes there.
    pub changes: Vec<FieldChange>,
    /// What changes in the CRM, named as on the finance side.
    pub crm_changes: Vec<FieldChange>,
    /// Fields that both sides changed.
    pub conflicts: Vec<FieldConflict>,
}

/// Decides about a CRM record. `None`: both sides agree and nothing is to be done.
pub fn decide(
    crm: &CrmSide<'_>,
    pair: Option<&Pair<'_>>,
    found: &Found,
    policy: Policy<'_>,
) -> Option<Decision> {
    match (pair, crm.is_deleted) {
        (None, true) => None,
        (None, false) => Some(unlinked(crm, found, policy)),
        (Some(pair), true) => Some(deleted(pair, policy)),
        (Some(pair), false) => linked(crm, pair, policy),
    }
}

fn unlinked(crm: &CrmSide<'_>, found: &Found, policy: Policy<'_>) -> Decision {
    if crm.is_left_out {
        let reason = "The contact belongs to no account; include contacts without one, or give it one";
        return plain(ItemAction::Skip, "NO_ACCOUNT", reason);
    }
    if let Some(candidate) = &found.referenced {
        return Decision {
            changes: towards(&candidate.values, crm.wanted),
            ..about(
                candidate,
                ItemAction::Adopt,
                "ALREADY_REFERENCED",
                "The finance record already names this CRM record",
            )
        };
    }
    match &found.decided {
        Some((MatchChoice::Skip, _)) => {
            return plain(ItemAction::Skip, "DECIDED", "Somebody decided not to synchronise this record");
        }
        Some((MatchChoice::Clone, _)) => {
            let reason = "Somebody decided that this is a record of its own";
            let is_taken = found.name_is_linked || !found.same.is_empty();
            return if is_taken {
                clone(crm, found, policy, "DECIDED", reason)
            } else {
                create(crm.wanted, policy, "DECIDED", reason)
            };
        }
        Some((MatchChoice::Link, Some(candidate))) => {
            return overwrite(crm, candidate, "DECIDED", "Somebody decided that this is the same thing");
        }
        Some((MatchChoice::Link, None)) => {
            let reason = "Somebody decided what it is, but that finance record is gone; decide anew with `syncMatchDecide`";
            return plain(ItemAction::Ambiguous, "AMBIGUOUS_MATCH", reason);
        }
        None => {}
    }
    let candidates = &found.same;
    if candidates.len() > 1 || (crm.rivals > 0 && !candidates.is_empty()) {
        let ids: Vec<_> = candidates.iter().map(|candidate| candidate.remote_id.as_str()).collect();
        let reason = format!(
            "{} finance record(s) ({}) and {} CRM record(s) could be the same thing; decide with `syncMatchDecide`: link, clone or skip",
            candidates.len(),
            ids.join(", "),
            crm.rivals + 1
        );
        return plain(ItemAction::Ambiguous, "AMBIGUOUS_MATCH", reason);
    }
    let Some(candidate) = candidates.first() else {
        // Only one of the customers of a name can have it; persons may share theirs.
        let is_taken = found.name_is_linked && policy.kind != RecordKind::ContactPerson;
        return match (is_taken, policy.duplicates) {
            (true, DuplicatePolicy::Clone) => clone(
                crm,
                found,
                policy,
                "DUPLICATE",
                "The finance record of another CRM record has this name; duplicates are cloned",
            ),
            (true, _) => create(
                crm.wanted,
                policy,
                "NAME_TAKEN",
                "The finance record of another CRM record has this name, so it will be refused",
            ),
            (false, _) => create(crm.wanted, policy, "NEW", "The finance side has no such record"),
        };
    };
    match policy.duplicates {
        DuplicatePolicy::Skip => about(
            candidate,
            ItemAction::Skip,
            "DUPLICATE",
            "A finance record of this name is already there; duplicates are skipped",
        ),
        DuplicatePolicy::Overwrite => overwrite(
            crm,
            candidate,
            "DUPLICATE",
            "A finance record of this name is already there; duplicates are overwritten",
        ),
        // Two persons of one name at one customer are one person.
        DuplicatePolicy::Clone if policy.kind == RecordKind::ContactPerson => {
            overwrite(crm, candidate, "DUPLICATE", "The customer already has a person of this name")
        }
        DuplicatePolicy::Clone => {
            let reason = "A finance record of this name is already there; duplicates are cloned";
            clone(crm, found, policy, "DUPLICATE", reason)
        }
    }
}

fn create(wanted: &Values, policy: Policy<'_>, rule: &'static str, reason: &str) -> Decision {
    Decision {
        remote_name: Some(listed_name(policy.kind, wanted)),
        changes: made(wanted),
        ..plain(ItemAction::Create, rule, reason)
    }
}

fn clone(crm: &CrmSide<'_>, found: &Found, policy: Policy<'_>, rule: &'static str, reason: &str) -> Decision {
    let wanted = with_suffix(policy.kind, crm.wanted, Some(&found.free_suffix));
    Decision { action: ItemAction::Clone, ..create(&wanted, policy, rule, reason) }
}

fn overwrite(crm: &CrmSide<'_>, candidate: &Candidate, rule: &'static str, reason: &str) -> Decision {
    Decision {
        changes: towards(&candidate.values, crm.wanted),
        ..about(candidate, ItemAction::Overwrite, rule, reason)
    }
}

fn linked(crm: &CrmSide<'_>, pair: &Pair<'_>, policy: Policy<'_>) -> Option<Decision> {
    let wanted = with_suffix(policy.kind, crm.wanted, pair.name_suffix);
    match pair.state {
        // Claimed before a crash: what was begun is finished.
        LinkState::Claimed => Some(match (pair.remote_id, pair.origin) {
            (None, _) => {
                create(&wanted, policy, "CLAIMED", "An earlier run began to make the finance record")
            }
            // The CRM record was made of the finance record, and only their link is not complete.
            (Some(remote_id), Origin::Finance) if !pair.bases.crm.is_empty() => Decision {
                remote_id: Some(remote_id.to_owned()),
                ..plain(
                    ItemAction::CreateInCrm,
                    "CLAIMED",
                    "An earlier run began to link the CRM record that it made",
                )
            },
            (Some(remote_id), origin) => Decision {
                action: if origin == Origin::Crm { ItemAction::Adopt } else { ItemAction::Overwrite },
                remote_id: Some(remote_id.to_owned()),
                changes: towards(&Values::new(), &wanted),
                ..create(&wanted, policy, "CLAIMED", "An earlier run began to link the finance record")
            },
        }),
        LinkState::Linked if pair.has_moved => Some(Decision {
            remote_id: pair.remote_id.map(str::to_owned),
            remote_name: Some(listed_name(policy.kind, &wanted)),
            changes: made(&wanted),
            ..plain(
                ItemAction::Move,
                "ACCOUNT_CHANGED",
                "The contact belongs to another account by now, so the person moves to its customer",
            )
        }),
        LinkState::Linked => {
            let merged = merge::merge(&pair.bases, &wanted, pair.finance.as_ref(), policy.merge);
            // Its finance record was made for another one: even without a difference it has to name this one from now on.
            (pair.is_never_written || !merged.is_quiet() || !merged.conflicts.is_empty())
                .then(|| of_merge(merged, &wanted, pair, policy))
        }
        LinkState::RemoteMissing => Some(plain(
            ItemAction::Skip,
            "REMOTE_MISSING",
            "The finance record was removed there; the CRM's changes have nowhere to go",
        )),
        LinkState::RemoteGone => Some(remote_gone(pair.origin, policy.is_both_ways, pair.remote_id)),
        LinkState::Deleted | LinkState::Deactivated | LinkState::CrmDeleted | LinkState::Merged => None,
    }
}

/// The rule by which a merge is done, and why.
pub fn rule_of(merged: &Merged) -> (&'static str, &'static str) {
    if !merged.open.is_empty() {
        ("BOTH_CHANGED", "Both sides changed the same field; decide with `syncConflictResolve`")
    } else if !merged.conflicts.is_empty() {
        ("BOTH_CHANGED", "Both sides changed the same field; the policy for that decided")
    } else if merged.to_finance.is_empty() {
        ("FINANCE_CHANGED", "The finance record changed since both sides last agreed")
    } else if merged.to_crm.is_empty() {
        ("CRM_CHANGED", "The CRM record changed since it was last written")
    } else {
        ("BOTH_SIDES_CHANGED", "Each side changed other fields; both changes are kept")
    }
}

/// An update, as a merge has it.
fn of_merge(merged: Merged, wanted: &Values, pair: &Pair<'_>, policy: Policy<'_>) -> Decision {
    let (rule, reason) = match pair.is_never_written {
        true => (MERGED, "The CRM record took the finance record over from one that was merged into it"),
        false => rule_of(&merged),
    };
    Decision {
        action: ItemAction::Update,
        rule,
        reason: reason.to_owned(),
        remote_id: pair.remote_id.map(str::to_owned),
        remote_name: Some(listed_name(policy.kind, wanted)),
        changes: merged.to_finance,
        crm_changes: merged.to_crm,
        conflicts: merged.conflicts,
    }
}

fn deleted(pair: &Pair<'_>, policy: Policy<'_>) -> Decision {
    let propagation = match pair.origin {
        Origin::Crm => policy.crm_origin,
        Origin::Finance => policy.finance_origin,
    };
    let decision = match (propagation, pair.origin) {
        (DeletePropagation::DeleteOrDeactivate, _) => {
            plain(ItemAction::Delete, "CRM_DELETED", "The CRM record was deleted")
        }
        (DeletePropagation::Keep, Origin::Finance) => plain(
            ItemAction::Keep,
            "FINANCE_ORIGIN",
            "The CRM record was deleted, but the finance record was there first and stays",
        ),
        (DeletePropagation::Keep, Origin::Crm) => plain(
            ItemAction::Keep,
            "DELETIONS_KEPT",
            "The CRM record was deleted; this finance app keeps its record",
        ),
    };
    Decision { remote_id: pair.remote_id.map(str::to_owned), ..decision }
}

/// A finance record that only the finance side has: it comes into the CRM (R068, R069). `crm` is what it would hold there.
pub fn finance_born(kind: RecordKind, remote_id: &str, finance: &Values, crm: &Values) -> Decision {
    let changes = crm.iter().map(|(field, value)| FieldChange {
        field: field.clone(),
        before: None,
        after: Some(value.clone()),
    });
    Decision {
        remote_id: Some(remote_id.to_owned()),
        remote_name: Some(listed_name(kind, finance)),
        crm_changes: changes.collect(),
        ..plain(ItemAction::CreateInCrm, "NEW", "The CRM has no such record")
    }
}

/// A pair whose finance record is gone although nobody here removed it.
pub fn remote_gone(origin: Origin, is_both_ways: bool, remote_id: Option<&str>) -> Decision {
    let decision = match (origin, is_both_ways) {
        (Origin::Finance, true) => plain(
            ItemAction::DeleteInCrm,
            "FINANCE_DELETED",
            "The finance record, which was there first, was deleted",
        ),
        (Origin::Crm, true) => plain(
            ItemAction::Detach,
            "CRM_ORIGIN",
            "The finance record was deleted, but the CRM record was there first and stays; it is not made again",
        ),
        (_, false) => plain(
            ItemAction::Detach,
            "ONE_WAY",
            "The finance record was deleted; changes of the finance side do not come into the CRM",
        ),
    };
    Decision { remote_id: remote_id.map(str::to_owned), ..decision }
}

/// A decision without changes.
pub fn plain(action: ItemAction, rule: &'static str, reason: impl Into<String>) -> Decision {
    Decision {
        action,
        rule,
        reason: reason.into(),
        remote_id: None,
        remote_name: None,
        changes: Vec::new(),
        crm_changes: Vec::new(),
        conflicts: Vec::new(),
    }
}

fn about(candidate: &Candidate, action: ItemAction, rule: &'static str, reason: &str) -> Decision {
    Decision {
        remote_id: Some(candidate.remote_id.clone()),
        remote_name: Some(candidate.name.clone()),
        ..plain(action, rule, reason)
    }
}

fn made(wanted: &Values) -> Vec<FieldChange> {
    let mut changes = values::changes(&Values::new(), wanted);
    for change in &mut changes {
        change.before = None;
    }
    changes
}

/// Every field that is not known to be right already. Lists tell fewer fields than a single fetch, so `before` is null
/// where the value is not known yet; applying looks first and writes only what differs.
fn towards(known: &Values, wanted: &Values) -> Vec<FieldChange> {
    wanted
        .iter()
        .filter(|(field, after)| known.get(*field) != Some(after))
        .map(|(field, after)| FieldChange {
            field: field.clone(),
            before: known.get(field).cloned(),
            after: Some(after.clone()),
        })
        .collect()
}

/// The wanted values of a clone: its name keeps the suffix it was made with, so the suffix is no difference (A17.9).
pub fn with_suffix(kind: RecordKind, wanted: &Values, suffix: Option<&str>) -> Values {
    let mut wanted = wanted.clone();
    if let (Some(suffix), Some(name)) = (suffix, wanted.get_mut(kind.name_field().as_str())) {
        name.push_str(suffix);
    }
    wanted
}

/// Finance values as the CRM would have them: the suffix of a clone is not the CRM's.
pub fn without_suffix(kind: RecordKind, field: &FieldKey, value: &str, suffix: Option<&str>) -> String {
    match suffix {
        Some(suffix) if *field == kind.name_field() => value.strip_suffix(suffix).unwrap_or(value).to_owned(),
        _ => value.to_owned(),
    }
}

#[cfg(test)]
#[path = "decide_tests.rs"]
mod tests;
