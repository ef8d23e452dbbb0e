//! What an organization agreed with the CRM: what is synchronized, who works through the CRM, and with which rights.

use serde::{Deserialize, Serialize};

/// The agreement of one organization.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Integration {
    pub(crate) settings: Settings,
    /// People who were added besides the organization's own users.
    pub(crate) people: Vec<Person>,
    pub(crate) grants: Vec<Grant>,
}

/// Which CRM records become customers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Customers {
    Accounts,
    Contacts,
    AccountsAndContacts,
}

impl Customers {
    /// Every mode with its word on the wire.
    pub(crate) const ALL: [(Self, &'static str); 3] = [
        (Self::Accounts, "accounts"),
        (Self::Contacts, "contacts"),
        (Self::AccountsAndContacts, "accounts_and_contacts"),
    ];
}

/// What is synchronized (API facts, section 10.2).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Settings {
    pub(crate) customers: Customers,
    /// Whether contacts without an account become customers beside accounts.
    pub(crate) include_unassociated_contacts: bool,
    pub(crate) vendors: bool,
    pub(crate) items: bool,
}

impl Default for Settings {
    /// Everything, until the organization narrows it.
    fn default() -> Self {
        Self {
            customers: Customers::AccountsAndContacts,
            include_unassociated_contacts: true,
            vendors: true,
            items: true,
        }
    }
}

/// A person added to an app through the CRM.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Person {
    pub(crate) user_id: u64,
    pub(crate) email: String,
    pub(crate) name: String,
    /// Whether the person takes a licence. Integration users take none: they work through the CRM alone.
    pub(crate) licensed: bool,
}

/// What a person may do with one module of one app through the CRM.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Grant {
    pub(crate) grant_id: u64,
    pub(crate) email: String,
    pub(crate) app: String,
    pub(crate) module: String,
    /// Words of the API's scopes: `create`, `read`, `update`, `delete`.
    pub(crate) operations: Vec<String>,
}
