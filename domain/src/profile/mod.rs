//! Behaviour that differs between finance apps, as data.
//!
//! The engine reads a [`CapabilityProfile`] and never asks which app it serves. A refusal names the profile key
//! that caused it, so "why can I not …?" has an answer.

mod all;
mod fixed;
mod settle;

pub use all::{BILLING, BOOKS_2013, BOOKS_ACCOUNT_PERSONS, BOOKS_NOW, ERP, EXPENSE_NOW, INVOICE_NOW, SUITE};
pub use fixed::FixedMap;
pub use settle::{SettingsRefusal, SettingsWish};

use serde::{Deserialize, Serialize};

use crate::document::DocumentKind;
use crate::module::{CrmModule, Direction, DuplicatePolicy, ItemMatchKey, Side, SyncModule, named};
use crate::record::CrmRecordType;

named! {
    /// How many finance organizations one CRM may sync with.
    MultiOrganization {
        /// One, never more (R023).
        Never = "NEVER",
        /// One at a time; another may take its place (R029).
        Replaceable = "REPLACEABLE",
        /// More only by support, and those one way (R022).
        SupportOneWay = "SUPPORT_ONE_WAY",
    }
}

named! {
    /// What connecting tells the CRM of the finance side (R027, X04).
    SharedData {
        /// The organization's name.
        OrganizationName = "ORGANIZATION_NAME",
        /// An e-mail address.
        Email = "EMAIL",
        /// The organization's country.
        Country = "COUNTRY",
        /// Details of all users.
        Users = "USERS",
        /// Details of contacts, as an older text has it.
        Contacts = "CONTACTS",
    }
}

named! {
    /// What connecting takes.
    CredentialKind {
        /// An e-mail address and the finance app's service key (R014).
        FinanceServiceKey = "FINANCE_SERVICE_KEY",
        /// An e-mail address and the CRM's service key (R017).
        CrmServiceKey = "CRM_SERVICE_KEY",
        /// Picking the CRM organization, without any key (R020).
        PickOrganization = "PICK_ORGANIZATION",
    }
}

named! {
    /// How documents of the finance app come into the CRM.
    TransactionSync {
        /// When somebody asks for them (R113).
        OnDemand = "ON_DEMAND",
        /// At once (R102).
        Instant = "INSTANT",
        /// Not at all.
        None = "NONE",
    }
}

named! {
    /// Whether fields can be mapped.
    Mapping {
        /// Which fields travel is fixed (R097).
        Fixed = "FIXED",
        /// Fields can be mapped, custom ones too (R092).
        Free = "FREE",
    }
}

named! {
    /// What deals can do to estimates.
    EstimateTrigger {
        /// Nothing.
        None = "NONE",
        /// Stages that make, accept and decline can be chosen (R124).
        ByStage = "BY_STAGE",
        /// Made with the deal, accepted when won, declined when lost (R125).
        DealLife = "DEAL_LIFE",
    }
}

named! {
    /// What deals can do to invoices.
    InvoiceTrigger {
        /// Nothing.
        None = "NONE",
        /// Made when won.
        Won = "WON",
        /// Made when won, voided when lost (R126).
        WonLost = "WON_LOST",
    }
}

named! {
    /// What becomes of a finance record when its CRM record is deleted.
    DeletePropagation {
        /// It is deleted, or made inactive where it has transactions (R116, R117).
        DeleteOrDeactivate = "DELETE_OR_DEACTIVATE",
        /// It stays (R118).
        Keep = "KEEP",
    }
}

named! {
    /// What can be paused (R108, R111).
    Pause {
        /// Nothing.
        None = "NONE",
        /// All modules of an integration together.
        Integration = "INTEGRATION",
        /// Each module by itself.
        Module = "MODULE",
    }
}

named! {
    /// How an integration can be left.
    ExitAction {
        /// For one app or for all (R130, R155).
        Deactivate = "DEACTIVATE",
        /// For a time (R158).
        Disable = "DISABLE",
        /// For good, after it was disabled, converting records (R162–R164).
        DeleteWithConversion = "DELETE_WITH_CONVERSION",
    }
}

named! {
    /// Editions of the CRM, from small to large.
    Edition {
        /// Free.
        Free = "FREE",
        /// Standard.
        Standard = "STANDARD",
        /// Professional.
        Professional = "PROFESSIONAL",
        /// Enterprise.
        Enterprise = "ENTERPRISE",
    }
}

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
    /// The direction that holds when none is chosen.
    pub default_direction: Direction,
    /// Modules whose direction can be chosen; the others have the default one.
    pub extent_modules: &'static [SyncModule],
    /// What may be done on a duplicate.
    pub duplicate_policies: &'static [DuplicatePolicy],
    /// The same for items that are matched by SKU (R087).
    pub sku_duplicate_policies: &'static [DuplicatePolicy],
    /// Whether the duplicate policy also decides about fields that both sides changed, where nothing else is chosen (A17.19).
    pub is_duplicate_policy_shared: bool,
    /// By what items may be matched.
    pub item_match_keys: &'static [ItemMatchKey],
    /// Which side comes first with customers.
    pub customers_first: Side,
    /// Which side comes first with vendors (A17.18).
    pub vendors_first: Side,
    /// Which side comes first with items (R084).
    pub items_first: Side,
    /// CRM records whose sync can be limited by a view.
    pub views: &'static [CrmRecordType],
    /// Whether fields can be mapped.
    pub mapping: Mapping,
    /// The maps, where they are fixed (R097).
    pub fixed_maps: &'static [FixedMap],
    /// Whether contacts without an account can become customers (R065).
    pub is_unassociated_offered: bool,
    /// Whether only custom fields of the standard layout can be mapped (R096, X07).
    pub is_standard_layout_only: bool,
    /// Most custom fields in the map of vendors; none: any number (X06).
    pub vendor_custom_field_limit: Option<u32>,
    /// Whether accounts that alone feed customers become contact persons of them too: by the default map, which takes the
    /// account's name and telephone to the first person of its customer (X08).
    pub is_account_also_person: bool,
    /// Whether CRM users become users of the app (X11).
    pub is_user_sync_offered: bool,
    /// Hours between automatic runs (R100, R101).
    pub auto_interval_hours: u32,
    /// Whether automatic runs have to be asked for (R100).
    pub is_auto_opt_in: bool,
    /// What can be paused.
    pub pause: Pause,
    /// Whether a single record can be synchronised again (R104).
    pub is_single_resync_offered: bool,
    /// Whether a module tells its status (R105).
    pub is_status_check_offered: bool,
    /// What becomes of finance records that were made of a CRM record which is deleted.
    pub delete_crm_origin: DeletePropagation,
    /// The same for records that the finance side had first (R118).
    pub delete_finance_origin: DeletePropagation,
    /// How many organizations.
    pub multi_organization: MultiOrganization,
    /// What connecting takes.
    pub credential: CredentialKind,
    /// What connecting tells the CRM of the finance side.
    pub shared_data: &'static [SharedData],
    /// How documents come.
    pub transaction_sync: TransactionSync,
    /// Which documents come, where any do.
    pub documents: &'static [DocumentKind],
    /// What deals do to estimates.
    pub estimate_trigger: EstimateTrigger,
    /// What deals do to invoices.
    pub invoice_trigger: InvoiceTrigger,
    /// Whether a status changed by hand stops triggers for a document (R128).
    pub is_stopped_by_manual_status: bool,
    /// Whether documents can be linked to deals and dissociated (R136, R139).
    pub is_deal_link_offered: bool,
    /// How it can be left.
    pub exit_actions: &'static [ExitAction],
    /// The smallest edition of the CRM that may connect; none: any (X10).
    pub min_edition: Option<Edition>,
    /// Whether it is there on request only (R026).
    pub is_on_request: bool,
}

impl CapabilityProfile {
    /// Every profile.
    pub const ALL: &'static [Self] =
        &[BOOKS_2013, SUITE, BILLING, ERP, BOOKS_NOW, BOOKS_ACCOUNT_PERSONS, INVOICE_NOW, EXPENSE_NOW];

    /// The profile of this name.
    pub fn by_key(key: &str) -> Option<&'static Self> {
        Self::ALL.iter().find(|profile| profile.key == key)
    }

    /// How documents come from an organization; one that is one-way shows none (X05).
    pub const fn transactions_of(&self, is_one_way: bool) -> TransactionSync {
        if is_one_way { TransactionSync::None } else { self.transaction_sync }
    }

    /// Which documents come from an organization; from one that is one-way none (X05).
    pub const fn documents_of(&self, is_one_way: bool) -> &'static [DocumentKind] {
        match self.transactions_of(is_one_way) {
            TransactionSync::None => &[],
            TransactionSync::OnDemand | TransactionSync::Instant => self.documents,
        }
    }

    /// Which side is looked at first in runs of the module.
    pub const fn first_side(&self, module: SyncModule) -> Side {
        match module {
            SyncModule::Customers => self.customers_first,
            SyncModule::Vendors => self.vendors_first,
            SyncModule::Items => self.items_first,
        }
    }

    /// The duplicate policies that may be chosen for the module under this match key.
    pub const fn policies(&self, module: SyncModule, key: ItemMatchKey) -> &'static [DuplicatePolicy] {
        match (module, key) {
            (SyncModule::Items, ItemMatchKey::Sku) => self.sku_duplicate_policies,
            _ => self.duplicate_policies,
        }
    }
}
