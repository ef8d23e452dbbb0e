//! What a run goes through, in order, as data: the CRM's records, then those that only the finance side has, or the other
//! way round (R068, R084).

use finbridge_domain::{CapabilityProfile, Direction, Lane, Members, Side, SyncModule, SyncSettings};

/// One pass over the records of one side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stage {
    /// Which side's records are looked at.
    pub side: Side,
    /// What becomes what.
    pub lane: Lane,
}

/// The stages of a run of this module.
pub fn stages(profile: &CapabilityProfile, module: SyncModule, settings: &SyncSettings) -> Vec<Stage> {
    let lanes = settings.lanes(module);
    let of = |side: Side| {
        let lanes = lanes.clone().into_iter();
        // Nothing is made in the CRM for records that the CRM leaves out.
        lanes
            .filter(move |lane| side == Side::Crm || lane.members != Members::LeftOut)
            .map(move |lane| Stage { side, lane })
    };
    match (settings.direction, profile.first_side(module)) {
        (Direction::FetchFromCrm, _) => of(Side::Crm).collect(),
        (Direction::BothWays, Side::Crm) => of(Side::Crm).chain(of(Side::Finance)).collect(),
        (Direction::BothWays, Side::Finance) => of(Side::Finance).chain(of(Side::Crm)).collect(),
    }
}

/// The phases of a run as people know them: which way records travel first.
pub fn phases(profile: &CapabilityProfile, module: SyncModule, settings: &SyncSettings) -> Vec<Side> {
    let mut sides: Vec<_> = stages(profile, module, settings).iter().map(|stage| stage.side).collect();
    sides.dedup();
    sides
}

#[cfg(test)]
mod tests {
    use finbridge_domain::profile::{BOOKS_NOW, ERP};
    use finbridge_domain::{CrmModule, DuplicatePolicy};

    use super::*;

    fn settings(direction: Direction) -> SyncSettings {
        SyncSettings {
            crm_module: Some(CrmModule::AccountsAndContacts),
            ..SyncSettings::new(direction, DuplicatePolicy::Skip)
        }
    }

    #[test]
    fn r068_the_crm_comes_first_with_customers_and_r084_the_finance_side_with_items() {
        let both = settings(Direction::BothWays);
        assert_eq!(phases(&BOOKS_NOW, SyncModule::Customers, &both), [Side::Crm, Side::Finance]);
        assert_eq!(phases(&ERP, SyncModule::Items, &both), [Side::Finance, Side::Crm]);
        assert_eq!(phases(&ERP, SyncModule::Vendors, &both), [Side::Crm, Side::Finance]);
        let one = settings(Direction::FetchFromCrm);
        assert_eq!(phases(&ERP, SyncModule::Items, &one), [Side::Crm]);
        assert_eq!(stages(&BOOKS_NOW, SyncModule::Customers, &both).len(), 5);
    }
}
