//! What to do with one record: a pure function of both sides, the link and the settings.

use finbridge_domain::DuplicatePolicy;
use finbridge_domain::record::{CustomerField, CustomerValues, FieldChange, customer};
use finbridge_entity::types::{ItemAction, LinkState, Origin};

/// The CRM's side of a record.
#[derive(Debug, Clone)]
pub struct Source<'a> {
    /// The values it would have on the finance side.
    pub wanted: &'a CustomerValues,
    /// Whether it was deleted.
    pub is_deleted: bool,
    /// Other unlinked CRM records of the same name.
    pub rivals: usize,
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
    /// The CRM's values as last written.
    pub crm_base: CustomerValues,
    /// The finance side as last read back.
    pub remote_base: CustomerValues,
    /// The finance record.
    pub remote_id: Option<&'a str>,
    /// Whether nothing of this CRM record was written there yet.
    pub is_never_written: bool,
}

/// A finance record that could be the same thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Its id.
    pub remote_id: String,
    /// Its display name.
    pub name: String,
    /// Its values as far as they are known.
    pub values: CustomerValues,
}

/// What the finance side has that bears on an unlinked record.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// The record that already names this CRM record.
    pub referenced: Option<Candidate>,
    /// Unlinked records of the same name.
    pub same_name: Vec<Candidate>,
    /// Whether a customer that is linked to another CRM record has the name.
    pub name_is_linked: bool,
    /// The first " (n)" that is free, for a clone.
    pub free_suffix: String,
}

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
    /// The name it shall have there.
    pub remote_name: Option<String>,
    /// What changes there.
    pub changes: Vec<FieldChange>,
}

/// Decides. `None`: both sides agree and nothing is to be done.
pub fn decide(
    source: &Source<'_>,
    pair: Option<&Pair<'_>>,
    found: &Found,
    policy: DuplicatePolicy,
) -> Option<Decision> {
    match (pair, source.is_deleted) {
        (None, true) => None,
        (None, false) => Some(unlinked(source, found, policy)),
        (Some(pair), true) => Some(deleted(pair)),
        (Some(pair), false) => linked(source, pair),
    }
}

fn unlinked(source: &Source<'_>, found: &Found, policy: DuplicatePolicy) -> Decision {
    if let Some(candidate) = &found.referenced {
        return Decision {
            changes: towards(&candidate.values, source.wanted),
            ..about(
                candidate,
                ItemAction::Adopt,
                "ALREADY_REFERENCED",
                "The finance record already names this CRM record",
            )
        };
    }
    let candidates = &found.same_name;
    if candidates.len() > 1 || (source.rivals > 0 && !candidates.is_empty()) {
        let ids: Vec<_> = candidates.iter().map(|candidate| candidate.remote_id.as_str()).collect();
        let reason = format!(
            "{} finance record(s) ({}) and {} CRM record(s) share this name; link, clone or skip by hand",
            candidates.len(),
            ids.join(", "),
            source.rivals + 1
        );
        return plain(ItemAction::Ambiguous, "AMBIGUOUS_MATCH", reason);
    }
    let Some(candidate) = candidates.first() else {
        return match (found.name_is_linked, policy) {
            (true, DuplicatePolicy::Clone) => clone(
                source,
                found,
                "The customer of another CRM record has this name; duplicates are cloned",
            ),
            (true, _) => create(
                source.wanted,
                "NAME_TAKEN",
                "The customer of another CRM record has this name, so it will be refused",
            ),
            (false, _) => create(source.wanted, "NEW", "The finance side has no record of this name"),
        };
    };
    match policy {
        DuplicatePolicy::Skip => about(
            candidate,
            ItemAction::Skip,
            "DUPLICATE",
            "A finance record of this name is already there; duplicates are skipped",
        ),
        DuplicatePolicy::Overwrite => Decision {
            changes: towards(&candidate.values, source.wanted),
            ..about(
                candidate,
                ItemAction::Overwrite,
                "DUPLICATE",
                "A finance record of this name is already there; duplicates are overwritten",
            )
        },
        DuplicatePolicy::Clone => {
            clone(source, found, "A finance record of this name is already there; duplicates are cloned")
        }
    }
}

fn create(wanted: &CustomerValues, rule: &'static str, reason: &str) -> Decision {
    Decision {
        remote_name: Some(display_name(wanted).to_owned()),
        changes: created(wanted),
        ..plain(ItemAction::Create, rule, reason)
    }
}

fn clone(source: &Source<'_>, found: &Found, reason: &str) -> Decision {
    let wanted = with_suffix(source.wanted, Some(&found.free_suffix));
    Decision { action: ItemAction::Clone, ..create(&wanted, "DUPLICATE", reason) }
}

fn linked(source: &Source<'_>, pair: &Pair<'_>) -> Option<Decision> {
    let wanted = with_suffix(source.wanted, pair.name_suffix);
    match pair.state {
        // Claimed before a crash: what was begun is finished.
        LinkState::Claimed => Some(match (pair.remote_id, pair.origin) {
            (None, _) => create(&wanted, "CLAIMED", "An earlier run began to make the finance record"),
            (Some(remote_id), origin) => Decision {
                action: if origin == Origin::Crm { ItemAction::Adopt } else { ItemAction::Overwrite },
                remote_id: Some(remote_id.to_owned()),
                changes: towards(&CustomerValues::new(), &wanted),
                ..create(&wanted, "CLAIMED", "An earlier run began to link the finance record")
            },
        }),
        LinkState::Linked => {
            // Only what the CRM changed travels: an edit made on the finance side in another field stays (A17.16, A17.26).
            let mut changes = customer::changes(&pair.crm_base, &wanted);
            for change in &mut changes {
                let field = wanted.keys().find(|field| field.as_str() == change.field);
                change.before = field.map(|field| pair.remote_base.get(field).cloned().unwrap_or_default());
            }
            // Its finance record was made for another one: even without a difference it has to name this one from now on.
            let (rule, reason) = match pair.is_never_written {
                true => {
                    ("MERGED", "The CRM record took the finance record over from one that was merged into it")
                }
                false => ("CRM_CHANGED", "The CRM record changed since it was last written"),
            };
            (pair.is_never_written || !changes.is_empty()).then(|| Decision {
                action: ItemAction::Update,
                rule,
                reason: reason.to_owned(),
                remote_id: pair.remote_id.map(str::to_owned),
                remote_name: Some(display_name(&wanted).to_owned()),
                changes,
            })
        }
        LinkState::RemoteMissing => Some(plain(
            ItemAction::Skip,
            "REMOTE_MISSING",
            "The finance record was removed there; the CRM's changes have nowhere to go",
        )),
        LinkState::Deleted | LinkState::Deactivated | LinkState::CrmDeleted | LinkState::Merged => None,
    }
}

fn deleted(pair: &Pair<'_>) -> Decision {
    let decision = match pair.origin {
        Origin::Crm => plain(ItemAction::Delete, "CRM_DELETED", "The CRM record was deleted"),
        Origin::Finance => plain(
            ItemAction::Keep,
            "FINANCE_ORIGIN",
            "The CRM record was deleted, but the finance record was there first and stays",
        ),
    };
    Decision { remote_id: pair.remote_id.map(str::to_owned), ..decision }
}

fn plain(action: ItemAction, rule: &'static str, reason: impl Into<String>) -> Decision {
    Decision { action, rule, reason: reason.into(), remote_id: None, remote_name: None, changes: Vec::new() }
}

fn about(candidate: &Candidate, action: ItemAction, rule: &'static str, reason: &str) -> Decision {
    Decision {
        remote_id: Some(candidate.remote_id.clone()),
        remote_name: Some(candidate.name.clone()),
        ..plain(action, rule, reason)
    }
}

fn display_name(values: &CustomerValues) -> &str {
    values.get(&CustomerField::DisplayName).map_or("", String::as_str)
}

fn created(wanted: &CustomerValues) -> Vec<FieldChange> {
    let mut changes = customer::changes(&CustomerValues::new(), wanted);
    for change in &mut changes {
        change.before = None;
    }
    changes
}

/// Every field that is not known to be right already. Lists tell fewer fields than a single fetch, so `before` is null
/// where the value is not known yet; applying looks first and writes only what differs.
fn towards(known: &CustomerValues, wanted: &CustomerValues) -> Vec<FieldChange> {
    wanted
        .iter()
        .filter(|(field, after)| known.get(field) != Some(after))
        .map(|(field, after)| FieldChange {
            field: field.as_str().to_owned(),
            before: known.get(field).cloned(),
            after: Some(after.clone()),
        })
        .collect()
}

/// The wanted values of a clone: its name keeps the suffix it was made with, so the suffix is no difference (A17.9).
fn with_suffix(wanted: &CustomerValues, suffix: Option<&str>) -> CustomerValues {
    let mut wanted = wanted.clone();
    if let (Some(suffix), Some(name)) = (suffix, wanted.get_mut(&CustomerField::DisplayName)) {
        name.push_str(suffix);
    }
    wanted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(name: &str, city: &str) -> CustomerValues {
        CustomerValues::from([
            (CustomerField::DisplayName, name.to_owned()),
            (CustomerField::BillingCity, city.to_owned()),
        ])
    }

    fn candidate(id: &str) -> Candidate {
        Candidate { remote_id: id.to_owned(), name: "Acme".to_owned(), values: values("Acme", "Oslo") }
    }

    fn pair(state: LinkState, origin: Origin) -> Pair<'static> {
        Pair {
            state,
            origin,
            name_suffix: None,
            crm_base: values("Acme", "Oslo"),
            remote_base: values("Acme", "Oslo"),
            remote_id: Some("7"),
            is_never_written: state == LinkState::Claimed,
        }
    }

    fn decided(
        source: &Source<'_>,
        pair: Option<&Pair<'_>>,
        found: &Found,
        policy: DuplicatePolicy,
    ) -> Option<(ItemAction, &'static str)> {
        decide(source, pair, found, policy).map(|decision| (decision.action, decision.rule))
    }

    #[test]
    fn r070_equal_names_are_duplicates_and_others_are_new() {
        let wanted = values("Acme", "Oslo");
        let source = Source { wanted: &wanted, is_deleted: false, rivals: 0 };
        let one =
            Found { same_name: vec![candidate("7")], free_suffix: " (2)".to_owned(), ..Found::default() };
        let cases = [
            (DuplicatePolicy::Skip, ItemAction::Skip),
            (DuplicatePolicy::Overwrite, ItemAction::Overwrite),
            (DuplicatePolicy::Clone, ItemAction::Clone),
        ];
        for (policy, action) in cases {
            assert_eq!(decided(&source, None, &one, policy), Some((action, "DUPLICATE")));
            assert_eq!(decided(&source, None, &Found::default(), policy), Some((ItemAction::Create, "NEW")));
        }
    }

    #[test]
    fn a17_9_a_clone_has_a_suffix_that_is_no_difference_afterwards() {
        let wanted = values("Acme", "Oslo");
        let source = Source { wanted: &wanted, is_deleted: false, rivals: 0 };
        let found =
            Found { same_name: vec![candidate("7")], free_suffix: " (2)".to_owned(), ..Found::default() };
        let decision = decide(&source, None, &found, DuplicatePolicy::Clone).unwrap();
        assert_eq!(decision.remote_name.as_deref(), Some("Acme (2)"));

        let linked = Pair {
            name_suffix: Some(" (2)"),
            crm_base: values("Acme (2)", "Oslo"),
            remote_base: values("Acme (2)", "Oslo"),
            ..pair(LinkState::Linked, Origin::Crm)
        };
        assert_eq!(decide(&source, Some(&linked), &Found::default(), DuplicatePolicy::Clone), None);
    }

    #[test]
    fn a17_10_several_candidates_are_never_guessed() {
        let wanted = values("Acme", "Oslo");
        let two = Found { same_name: vec![candidate("7"), candidate("8")], ..Found::default() };
        let source = Source { wanted: &wanted, is_deleted: false, rivals: 0 };
        assert_eq!(
            decided(&source, None, &two, DuplicatePolicy::Overwrite),
            Some((ItemAction::Ambiguous, "AMBIGUOUS_MATCH"))
        );
        let rival = Source { rivals: 1, ..source };
        let one = Found { same_name: vec![candidate("7")], ..Found::default() };
        assert_eq!(
            decided(&rival, None, &one, DuplicatePolicy::Overwrite),
            Some((ItemAction::Ambiguous, "AMBIGUOUS_MATCH"))
        );
    }

    #[test]
    fn only_differences_from_what_was_read_back_are_written() {
        let moved = values("Acme", "Bergen");
        let source = Source { wanted: &moved, is_deleted: false, rivals: 0 };
        let decision = decide(
            &source,
            Some(&pair(LinkState::Linked, Origin::Crm)),
            &Found::default(),
            DuplicatePolicy::Skip,
        )
        .unwrap();
        assert_eq!(decision.action, ItemAction::Update);
        assert_eq!(decision.changes.len(), 1);
        assert_eq!(decision.changes[0].field, "billingAddress.city");
        let same = values("Acme", "Oslo");
        let source = Source { wanted: &same, is_deleted: false, rivals: 0 };
        assert_eq!(
            decide(
                &source,
                Some(&pair(LinkState::Linked, Origin::Crm)),
                &Found::default(),
                DuplicatePolicy::Skip
            ),
            None
        );
    }

    #[test]
    fn a17_26_an_edit_on_the_finance_side_stays_until_the_crm_changes_that_field() {
        let mut edited = pair(LinkState::Linked, Origin::Crm);
        edited.remote_base = values("Acme Inc", "Oslo");
        let moved = values("Acme", "Bergen");
        let source = Source { wanted: &moved, is_deleted: false, rivals: 0 };
        let decision = decide(&source, Some(&edited), &Found::default(), DuplicatePolicy::Skip).unwrap();
        let fields: Vec<_> = decision.changes.iter().map(|change| change.field.as_str()).collect();
        assert_eq!(fields, ["billingAddress.city"]);
    }

    #[test]
    fn a_finance_record_taken_over_in_a_merge_is_written_even_without_a_difference() {
        let wanted = values("Acme", "Oslo");
        let source = Source { wanted: &wanted, is_deleted: false, rivals: 0 };
        let taken = Pair { is_never_written: true, ..pair(LinkState::Linked, Origin::Crm) };
        let decision = decide(&source, Some(&taken), &Found::default(), DuplicatePolicy::Skip).unwrap();
        assert_eq!((decision.action, decision.rule), (ItemAction::Update, "MERGED"));
        assert_eq!(decision.changes, []);
    }

    #[test]
    fn what_was_begun_is_finished_as_it_was_begun() {
        let wanted = values("Acme", "Oslo");
        let source = Source { wanted: &wanted, is_deleted: false, rivals: 0 };
        let decided = |pair: &Pair<'_>| {
            decide(&source, Some(pair), &Found::default(), DuplicatePolicy::Skip)
                .map(|decision| decision.action)
        };
        let begun = |origin, remote_id| Pair { remote_id, ..pair(LinkState::Claimed, origin) };
        assert_eq!(decided(&begun(Origin::Crm, None)), Some(ItemAction::Create));
        assert_eq!(decided(&begun(Origin::Crm, Some("7"))), Some(ItemAction::Adopt));
        assert_eq!(decided(&begun(Origin::Finance, Some("7"))), Some(ItemAction::Overwrite));
    }

    #[test]
    fn deletion_follows_the_origin() {
        let wanted = values("Acme", "Oslo");
        let gone = Source { wanted: &wanted, is_deleted: true, rivals: 0 };
        let none = Found::default();
        let policy = DuplicatePolicy::Skip;
        assert_eq!(
            decided(&gone, Some(&pair(LinkState::Linked, Origin::Crm)), &none, policy),
            Some((ItemAction::Delete, "CRM_DELETED"))
        );
        assert_eq!(
            decided(&gone, Some(&pair(LinkState::Linked, Origin::Finance)), &none, policy),
            Some((ItemAction::Keep, "FINANCE_ORIGIN"))
        );
        assert_eq!(decided(&gone, None, &none, policy), None);
    }
}
