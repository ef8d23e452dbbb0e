//! Behaviour that differs between finance apps, as data.
//!
//! The engine reads a [`CapabilityProfile`] and never asks which app it serves. A refusal names the profile key
//! that caused it, so "why can I not …?" has an answer.

use crate::module::{CrmModule, Direction, DuplicatePolicy, SyncModule, SyncSettings};

/// What an integration may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CapabilityProfile {
    /// Name of the profile, stored with the integration.
    pub key: &'static str,
    /// Modules that can be synchronised.
    pub modules: &'static [SyncModule],
    /// CRM modules that may feed customers.
    pub customer_crm_modules: &'static [CrmModule],
    /// Directions that may be chosen.
    pub directions: &'static [Direction],
    /// What may be done on a duplicate.
    pub duplicate_policies: &'static [DuplicatePolicy],
}

/// A setting that the profile does not offer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the profile {profile} does not offer {value} ({key}); it offers {}", offered.join(", "))]
pub struct NotOffered {
    /// The profile asked.
    pub profile: &'static str,
    /// The profile key that refuses.
    pub key: &'static str,
    /// What was asked for.
    pub value: &'static str,
    /// What may be asked for instead.
    pub offered: Vec<&'static str>,
}

/// Books as it is sold today. Lists what this release serves; later releases lengthen the lists.
pub const BOOKS_NOW: CapabilityProfile = CapabilityProfile {
    key: "BOOKS_NOW",
    modules: &[SyncModule::Customers],
    customer_crm_modules: &[CrmModule::Accounts],
    directions: &[Direction::FetchFromCrm],
    duplicate_policies: &[DuplicatePolicy::Clone, DuplicatePolicy::Overwrite, DuplicatePolicy::Skip],
};

impl CapabilityProfile {
    /// Every profile.
    pub const ALL: &'static [Self] = &[BOOKS_NOW];

    /// The profile of this name.
    pub fn by_key(key: &str) -> Option<&'static Self> {
        Self::ALL.iter().find(|profile| profile.key == key)
    }

    /// Checks that these settings are offered for the module.
    ///
    /// # Errors
    /// The first setting that is not, with the profile key that refuses it.
    pub fn check(&self, module: SyncModule, settings: &SyncSettings) -> Result<(), NotOffered> {
        self.offers("modules", self.modules, module, SyncModule::as_str)?;
        self.offers(
            "customers.crmModules",
            self.customer_crm_modules,
            settings.crm_module,
            CrmModule::as_str,
        )?;
        self.offers("directions", self.directions, settings.direction, Direction::as_str)?;
        let policies = self.duplicate_policies;
        self.offers("duplicatePolicies", policies, settings.duplicate_policy, DuplicatePolicy::as_str)
    }

    fn offers<T: Copy + PartialEq>(
        &self,
        key: &'static str,
        offered: &[T],
        value: T,
        name: impl Fn(T) -> &'static str,
    ) -> Result<(), NotOffered> {
        if offered.contains(&value) {
            return Ok(());
        }
        let offered = offered.iter().map(|one| name(*one)).collect();
        Err(NotOffered { profile: self.key, key, value: name(value), offered })
    }
}
