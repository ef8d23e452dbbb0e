//! What can be synchronised, and the settings that say how.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A kind of finance record that syncs with the CRM.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SyncModule {
    /// Customers: companies and persons that are billed.
    Customers,
}

impl SyncModule {
    /// Every module.
    pub const ALL: &'static [Self] = &[Self::Customers];

    /// The stored and spoken name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Customers => "CUSTOMERS",
        }
    }
}

/// The CRM module that feeds customers (R060).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CrmModule {
    /// Each account becomes a customer of type business (R061).
    Accounts,
    /// Each contact becomes a customer of type individual (R062).
    Contacts,
    /// Accounts become customers, their contacts become contact persons (R063).
    AccountsAndContacts,
}

impl CrmModule {
    /// The stored and spoken name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accounts => "ACCOUNTS",
            Self::Contacts => "CONTACTS",
            Self::AccountsAndContacts => "ACCOUNTS_AND_CONTACTS",
        }
    }
}

/// Which way records travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Direction {
    /// CRM to finance only; no finance data appears in the CRM (R066).
    FetchFromCrm,
    /// Both directions (R068).
    BothWays,
}

impl Direction {
    /// The stored and spoken name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FetchFromCrm => "FETCH_FROM_CRM",
            Self::BothWays => "BOTH_WAYS",
        }
    }
}

/// What to do when an unlinked record of the same name stands on the finance side (R071–R073).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DuplicatePolicy {
    /// Keep both: a new record is made beside the existing one, its name ending in " (2)" (A17.9).
    Clone,
    /// Link the existing record and write the CRM's values into it.
    Overwrite,
    /// Leave the existing record as it is and do not sync this one.
    Skip,
}

impl DuplicatePolicy {
    /// The stored and spoken name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Clone => "CLONE",
            Self::Overwrite => "OVERWRITE",
            Self::Skip => "SKIP",
        }
    }
}

/// The settings of one module of one integration. Stored in versions; a run keeps the version it began with (R112).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SyncSettings {
    /// Which CRM module feeds this one.
    pub crm_module: CrmModule,
    /// Which way records travel.
    pub direction: Direction,
    /// What happens on a duplicate.
    pub duplicate_policy: DuplicatePolicy,
    /// The view that limits which accounts are synchronised (R075); none: all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_view: Option<ViewChoice>,
}

/// A view that limits what is synchronised. Its criteria are read when a run is planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ViewChoice {
    /// The view.
    pub view_id: Uuid,
    /// Whom "mine" means in it: whoever chose it, because a run has nobody who asks.
    pub viewer_id: Uuid,
}
