use finbridge_domain::BothModifiedPolicy;
use finbridge_domain::record::{FieldMap, Source};

use super::*;

fn values(name: &str, city: &str) -> Values {
    Values::from([
        (FieldKey::of("displayName"), name.to_owned()),
        (FieldKey::of("billingAddress.city"), city.to_owned()),
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
        bases: Bases { crm: values("Acme", "Oslo"), finance: values("Acme", "Oslo") },
        remote_id: Some("7"),
        is_never_written: state == LinkState::Claimed,
        finance: None,
        has_moved: false,
    }
}

fn side(wanted: &Values) -> CrmSide<'_> {
    CrmSide { wanted, is_deleted: false, rivals: 0, is_left_out: false }
}

fn run(
    crm: &CrmSide<'_>,
    pair: Option<&Pair<'_>>,
    found: &Found,
    duplicates: DuplicatePolicy,
) -> Option<Decision> {
    let map = FieldMap::default_of(Source::ACCOUNTS);
    let policy = Policy {
        kind: RecordKind::Customer,
        duplicates,
        merge: Rules { policy: BothModifiedPolicy::Overwrite, map: &map },
        crm_origin: DeletePropagation::DeleteOrDeactivate,
        finance_origin: DeletePropagation::Keep,
        is_both_ways: true,
    };
    decide(crm, pair, found, policy)
}

fn decided(
    crm: &CrmSide<'_>,
    pair: Option<&Pair<'_>>,
    found: &Found,
    duplicates: DuplicatePolicy,
) -> Option<(ItemAction, &'static str)> {
    run(crm, pair, found, duplicates).map(|decision| (decision.action, decision.rule))
}

fn one() -> Found {
    Found { same: vec![candidate("7")], free_suffix: " (2)".to_owned(), ..Found::default() }
}

#[test]
fn r070_equal_names_are_duplicates_and_others_are_new() {
    let wanted = values("Acme", "Oslo");
    for (policy, action) in [
        (DuplicatePolicy::Skip, ItemAction::Skip),
        (DuplicatePolicy::Overwrite, ItemAction::Overwrite),
        (DuplicatePolicy::Clone, ItemAction::Clone),
    ] {
        assert_eq!(decided(&side(&wanted), None, &one(), policy), Some((action, "DUPLICATE")));
        let new = Some((ItemAction::Create, "NEW"));
        assert_eq!(decided(&side(&wanted), None, &Found::default(), policy), new);
    }
}

#[test]
fn a17_9_a_clone_has_a_suffix_that_is_no_difference_afterwards() {
    let wanted = values("Acme", "Oslo");
    let decision = run(&side(&wanted), None, &one(), DuplicatePolicy::Clone).unwrap();
    assert_eq!(decision.remote_name.as_deref(), Some("Acme (2)"));

    let linked = Pair {
        name_suffix: Some(" (2)"),
        bases: Bases { crm: values("Acme (2)", "Oslo"), finance: values("Acme (2)", "Oslo") },
        ..pair(LinkState::Linked, Origin::Crm)
    };
    assert_eq!(run(&side(&wanted), Some(&linked), &Found::default(), DuplicatePolicy::Clone), None);
    let name = FieldKey::of("displayName");
    assert_eq!(without_suffix(RecordKind::Customer, &name, "Bolt (2)", Some(" (2)")), "Bolt");
}

#[test]
fn a17_10_several_candidates_are_never_guessed_and_a_decision_settles_them() {
    let wanted = values("Acme", "Oslo");
    let two = Found { same: vec![candidate("7"), candidate("8")], ..one() };
    let ambiguous = Some((ItemAction::Ambiguous, "AMBIGUOUS_MATCH"));
    assert_eq!(decided(&side(&wanted), None, &two, DuplicatePolicy::Overwrite), ambiguous);
    let rival = CrmSide { rivals: 1, ..side(&wanted) };
    assert_eq!(decided(&rival, None, &one(), DuplicatePolicy::Overwrite), ambiguous);

    let settled = |choice, candidate| Found { decided: Some((choice, candidate)), ..two.clone() };
    let link = settled(MatchChoice::Link, Some(candidate("8")));
    let decision = run(&side(&wanted), None, &link, DuplicatePolicy::Skip).unwrap();
    assert_eq!((decision.action, decision.remote_id.as_deref()), (ItemAction::Overwrite, Some("8")));
    let clone = settled(MatchChoice::Clone, None);
    assert_eq!(decided(&rival, None, &clone, DuplicatePolicy::Skip), Some((ItemAction::Clone, "DECIDED")));
    let skip = settled(MatchChoice::Skip, None);
    assert_eq!(decided(&rival, None, &skip, DuplicatePolicy::Clone), Some((ItemAction::Skip, "DECIDED")));
}

#[test]
fn only_differences_from_what_was_read_back_are_written() {
    let moved = values("Acme", "Bergen");
    let linked = pair(LinkState::Linked, Origin::Crm);
    let decision = run(&side(&moved), Some(&linked), &Found::default(), DuplicatePolicy::Skip).unwrap();
    assert_eq!((decision.action, decision.rule), (ItemAction::Update, "CRM_CHANGED"));
    assert_eq!(decision.changes.len(), 1);
    assert_eq!(decision.changes[0].field.as_str(), "billingAddress.city");
    let same = values("Acme", "Oslo");
    assert_eq!(run(&side(&same), Some(&linked), &Found::default(), DuplicatePolicy::Skip), None);
}

#[test]
fn a_change_of_the_finance_side_comes_into_the_crm_and_is_not_written_back() {
    let wanted = values("Acme", "Oslo");
    let changed = Pair { finance: Some(values("Acme", "Bergen")), ..pair(LinkState::Linked, Origin::Crm) };
    let decision = run(&side(&wanted), Some(&changed), &Found::default(), DuplicatePolicy::Skip).unwrap();
    assert_eq!(
        (decision.rule, decision.changes.len(), decision.crm_changes.len()),
        ("FINANCE_CHANGED", 0, 1)
    );
}

#[test]
fn r118_deletion_follows_the_origin() {
    let wanted = values("Acme", "Oslo");
    let gone = CrmSide { is_deleted: true, ..side(&wanted) };
    let crm = pair(LinkState::Linked, Origin::Crm);
    let finance = pair(LinkState::Linked, Origin::Finance);
    let policy = DuplicatePolicy::Skip;
    assert_eq!(
        decided(&gone, Some(&crm), &Found::default(), policy),
        Some((ItemAction::Delete, "CRM_DELETED"))
    );
    assert_eq!(
        decided(&gone, Some(&finance), &Found::default(), policy),
        Some((ItemAction::Keep, "FINANCE_ORIGIN"))
    );
    assert_eq!(decided(&gone, None, &Found::default(), policy), None);
    assert_eq!(remote_gone(Origin::Finance, true, None).action, ItemAction::DeleteInCrm);
    assert_eq!(remote_gone(Origin::Crm, true, None).action, ItemAction::Detach);
    assert_eq!(remote_gone(Origin::Finance, false, None).action, ItemAction::Detach);
}

#[test]
fn r064_a_contact_without_an_account_is_left_out_and_says_why() {
    let wanted = values("Jane", "");
    let orphan = CrmSide { is_left_out: true, ..side(&wanted) };
    let expected = Some((ItemAction::Skip, "NO_ACCOUNT"));
    assert_eq!(decided(&orphan, None, &one(), DuplicatePolicy::Clone), expected);
}

#[test]
fn what_was_claimed_before_a_crash_is_finished() {
    let wanted = values("Acme", "Oslo");
    let nothing = Pair { remote_id: None, ..pair(LinkState::Claimed, Origin::Crm) };
    let cases = [
        (nothing, ItemAction::Create),
        (pair(LinkState::Claimed, Origin::Crm), ItemAction::Adopt),
        (pair(LinkState::Claimed, Origin::Finance), ItemAction::CreateInCrm),
    ];
    for (claimed, action) in cases {
        let decision = decided(&side(&wanted), Some(&claimed), &Found::default(), DuplicatePolicy::Skip);
        assert_eq!(decision, Some((action, "CLAIMED")));
    }
}
