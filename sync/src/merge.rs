//! The three-way merge of a pair: what each side changed since both were last seen to agree. Pure.

use finbridge_domain::BothModifiedPolicy;
use finbridge_domain::record::{FieldChange, FieldKey, FieldMap, Values};
use serde::{Deserialize, Serialize};

/// What both sides had when they last agreed, by finance field.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bases {
    /// The CRM's values as last written or taken over.
    pub crm: Values,
    /// The finance side as last read back.
    pub finance: Values,
}

/// A field that both sides changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldConflict {
    /// The field, named as on the finance side.
    pub field: FieldKey,
    /// What both had.
    pub base: Option<String>,
    /// What the CRM has.
    pub crm: String,
    /// What the finance side has.
    pub finance: String,
}

/// What a merge leads to. Fields are named as on the finance side throughout.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Merged {
    /// What is written on the finance side.
    pub to_finance: Vec<FieldChange>,
    /// What is written in the CRM.
    pub to_crm: Vec<FieldChange>,
    /// What both sides changed, whatever becomes of it.
    pub conflicts: Vec<FieldConflict>,
    /// Whether the finance side's version is kept as an unlinked copy first.
    pub keeps_copy: bool,
    /// The fields that wait for a person: their bases stay as they are.
    pub open: Vec<FieldKey>,
}

impl Merged {
    /// Whether nothing is written and nobody is asked.
    pub fn is_quiet(&self) -> bool {
        self.to_finance.is_empty() && self.to_crm.is_empty() && self.open.is_empty() && !self.keeps_copy
    }

    /// Leaves these fields as they are on either side.
    pub fn leave(&mut self, fields: &[FieldKey]) {
        self.to_finance.retain(|change| !fields.contains(&change.field));
        self.to_crm.retain(|change| !fields.contains(&change.field));
    }
}

/// What an empty field holds.
static NOTHING: String = String::new();

/// How a pair is merged.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    /// What becomes of a field that both sides changed (A17.16).
    pub policy: BothModifiedPolicy,
    /// Which finance fields come back.
    pub map: &'a FieldMap,
}

/// Merges. `finance` is the finance side as it is now; none when it did not change, or its changes are not taken (A17.26).
pub fn merge(bases: &Bases, crm: &Values, finance: Option<&Values>, rules: Rules<'_>) -> Merged {
    let mut merged = Merged::default();
    for (field, wanted) in crm {
        let crm_base = bases.crm.get(field);
        let known = bases.finance.get(field);
        // Finance apps do not tell added fields that are empty.
        let is_emptied = |finance: &Values| {
            field.custom_name().is_some() && !finance.contains_key(field) && known.is_some()
        };
        let now_there = match finance {
            Some(finance) if is_emptied(finance) => Some(&NOTHING),
            finance => finance.and_then(|finance| finance.get(field)),
        };
        let now = now_there.or(known);
        // A field that was never mapped before has no base: the CRM's value is news unless it is there already. That it
        // has none is no news, or it would wipe out what the finance side has.
        let crm_changed = crm_base.map_or("", String::as_str) != wanted.as_str();
        let finance_changed = match (now_there, known) {
            (Some(now), Some(known)) => now != known,
            _ => false,
        };
        // Empty and absent are the same.
        if now.map_or("", String::as_str) == wanted.as_str() {
            continue;
        }
        let change = |before: Option<&String>, after: &String| FieldChange {
            field: field.clone(),
            before: Some(before.cloned().unwrap_or_default()),
            after: Some(after.clone()),
        };
        match (crm_changed, finance_changed, now) {
            (true, true, Some(now)) => {
                merged.conflicts.push(FieldConflict {
                    field: field.clone(),
                    base: crm_base.cloned(),
                    crm: wanted.clone(),
                    finance: now.clone(),
                });
                match rules.policy {
                    BothModifiedPolicy::Overwrite => merged.to_finance.push(change(Some(now), wanted)),
                    BothModifiedPolicy::Clone => {
                        merged.keeps_copy = true;
                        merged.to_finance.push(change(Some(now), wanted));
                    }
                    BothModifiedPolicy::Skip => {}
                    BothModifiedPolicy::Ask => merged.open.push(field.clone()),
                }
            }
            (true, _, now) => merged.to_finance.push(change(now, wanted)),
            (false, true, Some(now)) if rules.map.comes_back(field) => {
                merged.to_crm.push(change(Some(wanted), now));
            }
            (false, _, _) => {}
        }
    }
    merged
}

/// The bases after a merge was carried out: what is written, taken over or left apart by policy is agreed on; what waits for
/// a person is not.
pub fn bases_after(bases: &Bases, crm: &Values, finance: &Values, merged: &Merged) -> Bases {
    let mut after = bases.clone();
    for (field, wanted) in crm {
        if !merged.open.contains(field) {
            after.crm.insert(field.clone(), wanted.clone());
        }
    }
    for change in &merged.to_crm {
        after.crm.insert(change.field.clone(), change.after.clone().unwrap_or_default());
    }
    for (field, value) in finance {
        if !merged.open.contains(field) {
            after.finance.insert(field.clone(), value.clone());
        }
    }
    for field in crm.keys().filter(|field| field.custom_name().is_some() && !finance.contains_key(*field)) {
        if let Some(known) = after.finance.get_mut(field).filter(|_| !merged.open.contains(field)) {
            known.clear();
        }
    }
    after
}

#[cfg(test)]
mod tests {
    use finbridge_domain::record::Source;
    use finbridge_domain::record::values::after;
    use proptest::prelude::*;

    use super::*;

    const CITY: FieldKey = FieldKey::of("billingAddress.city");
    const SITE: FieldKey = FieldKey::of("website");

    fn values(city: &str, site: &str) -> Values {
        Values::from([(CITY, city.to_owned()), (SITE, site.to_owned())])
    }

    fn agreed(city: &str, site: &str) -> Bases {
        Bases { crm: values(city, site), finance: values(city, site) }
    }

    fn merged(crm: &Values, finance: &Values, policy: BothModifiedPolicy) -> Merged {
        let map = FieldMap::default_of(Source::ACCOUNTS);
        merge(&agreed("Oslo", "a.example"), crm, Some(finance), Rules { policy, map: &map })
    }

    #[test]
    fn a17_16_a_field_that_the_crm_never_had_takes_what_the_finance_side_gives_it() {
        let map = FieldMap::default_of(Source::ACCOUNTS);
        let bases =
            Bases { crm: Values::from([(SITE, "a.example".to_owned())]), finance: values("", "a.example") };
        let rules = Rules { policy: BothModifiedPolicy::Overwrite, map: &map };
        let merged = merge(&bases, &values("", "b.example"), Some(&values("Bergen", "a.example")), rules);
        assert_eq!(merged.conflicts, []);
        assert_eq!(after(&merged.to_crm), Values::from([(CITY, "Bergen".to_owned())]));
        assert_eq!(after(&merged.to_finance), Values::from([(SITE, "b.example".to_owned())]));
    }

    #[test]
    fn a17_16_different_fields_changed_on_both_sides_merge_without_conflict() {
        let merged =
            merged(&values("Bergen", "a.example"), &values("Oslo", "b.example"), BothModifiedPolicy::Ask);
        assert_eq!(merged.to_finance.len(), 1);
        assert_eq!(merged.to_finance[0].field, CITY);
        assert_eq!(merged.to_crm.len(), 1);
        assert_eq!((&merged.to_crm[0].field, merged.to_crm[0].after.as_deref()), (&SITE, Some("b.example")));
        assert!(merged.conflicts.is_empty());
    }

    #[test]
    fn a17_16_the_same_field_goes_by_policy() {
        let (crm, finance) = (values("Bergen", "a.example"), values("Tromsø", "a.example"));
        for (policy, writes, copies, waits) in [
            (BothModifiedPolicy::Overwrite, 1, false, 0),
            (BothModifiedPolicy::Clone, 1, true, 0),
            (BothModifiedPolicy::Skip, 0, false, 0),
            (BothModifiedPolicy::Ask, 0, false, 1),
        ] {
            let merged = merged(&crm, &finance, policy);
            assert_eq!(
                (merged.to_finance.len(), merged.keeps_copy, merged.open.len(), merged.to_crm.len()),
                (writes, copies, waits, 0),
                "{policy:?}"
            );
            assert_eq!(merged.conflicts.len(), 1);
            assert_eq!(merged.conflicts[0].base.as_deref(), Some("Oslo"));
        }
    }

    #[test]
    fn both_sides_changed_to_the_same_value_is_no_conflict() {
        let same = values("Bergen", "a.example");
        assert!(merged(&same, &same, BothModifiedPolicy::Ask).is_quiet());
    }

    #[test]
    fn a17_26_an_edit_on_the_finance_side_stays_until_the_crm_changes_that_field() {
        let map = FieldMap::default_of(Source::ACCOUNTS);
        let rules = Rules { policy: BothModifiedPolicy::Overwrite, map: &map };
        let bases = Bases { crm: values("Oslo", ""), finance: values("Trondheim", "") };
        assert!(merge(&bases, &values("Oslo", ""), None, rules).is_quiet());
        let merged = merge(&bases, &values("Bergen", ""), None, rules);
        assert_eq!(merged.to_finance[0].before.as_deref(), Some("Trondheim"));
    }

    proptest! {
        /// After a merge is carried out nothing is left to do, whatever either side had: no echo, no second write.
        #[test]
        fn a_merge_that_was_carried_out_leaves_nothing_to_do(
            base in "[ab]", crm in "[abc]", finance in "[abc]", policy in 0_usize..4
        ) {
            let map = FieldMap::default_of(Source::ACCOUNTS);
            let rules = Rules { policy: BothModifiedPolicy::ALL[policy], map: &map };
            let bases = agreed(&base, "");
            let (crm, finance) = (values(&crm, ""), values(&finance, ""));
            let first = merge(&bases, &crm, Some(&finance), rules);
            let mut crm_now = crm.clone();
            let mut finance_now = finance.clone();
            for change in &first.to_crm {
                crm_now.insert(change.field.clone(), change.after.clone().unwrap());
            }
            for change in &first.to_finance {
                finance_now.insert(change.field.clone(), change.after.clone().unwrap());
            }
            let after = bases_after(&bases, &crm, &finance_now, &first);
            let second = merge(&after, &crm_now, Some(&finance_now), rules);
            prop_assert_eq!(&second.to_crm, &Vec::new());
            prop_assert_eq!(&second.to_finance, &Vec::new());
            prop_assert_eq!(second.open, first.open);
            if first.conflicts.is_empty() {
                prop_assert_eq!(crm_now, finance_now);
            }
        }
    }
}
