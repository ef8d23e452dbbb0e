//! Records as both sides see them: the fields that travel, and the differences between two versions.

pub mod customer;

use serde::{Deserialize, Serialize};

pub use customer::{Customer, CustomerField, CustomerKind, CustomerValues};

/// One field of a record before and after a change. Absent and empty are the same on the finance side: `""`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldChange {
    /// The field's name.
    pub field: String,
    /// Its value before; null when the record did not exist.
    pub before: Option<String>,
    /// Its value after; null when the record is removed.
    pub after: Option<String>,
}
