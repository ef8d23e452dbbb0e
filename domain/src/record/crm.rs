//! CRM records that finance records can stand for.

use serde::{Deserialize, Serialize};

/// Kinds of CRM records that finance records can be linked to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CrmRecordType {
    /// A company.
    Account,
    /// A person.
    Contact,
    /// A supplier.
    Vendor,
    /// Something that is sold.
    Product,
}

impl CrmRecordType {
    /// Every kind.
    pub const ALL: &'static [Self] = &[Self::Account, Self::Contact, Self::Vendor, Self::Product];

    /// The stored and spoken name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Account => "ACCOUNT",
            Self::Contact => "CONTACT",
            Self::Vendor => "VENDOR",
            Self::Product => "PRODUCT",
        }
    }

    /// The kind of this stored name.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|one| one.as_str() == name)
    }
}
