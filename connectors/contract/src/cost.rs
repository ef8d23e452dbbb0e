//! What a finance app takes to do something, in requests: what a forecast counts before anything is asked.

use std::ops::{Add, AddAssign};

use finbridge_domain::record::Values;
use serde::{Deserialize, Serialize};

/// Requests that count against the finance app's quota. Renewals of access tokens do not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// Those that change nothing there.
    pub reads: u64,
    /// Those that do.
    pub writes: u64,
}

impl Cost {
    /// Nothing is asked.
    pub const NONE: Self = Self::of(0, 0);

    /// So many of each.
    pub const fn of(reads: u64, writes: u64) -> Self {
        Self { reads, writes }
    }

    /// Requests in all.
    pub const fn requests(self) -> u64 {
        self.reads + self.writes
    }
}

impl Add for Cost {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self::of(self.reads + other.reads, self.writes + other.writes)
    }
}

impl AddAssign for Cost {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

/// What is asked of [`crate::RecordAdapter`], where nothing unforeseen happens.
#[derive(Debug, Clone, Copy)]
pub enum Act<'a> {
    /// A page of changes, which is what a reading takes while little changed.
    ListChanged,
    /// All pages of ids of so many records.
    ListIds {
        /// How many there are.
        records: u64,
    },
    /// One record with all its fields.
    Fetch,
    /// The record that is linked to a CRM record, where there is none yet.
    Find,
    /// A new record of these values.
    Create {
        /// Whether it is linked to a CRM record from its first moment.
        is_linked: bool,
        /// Its values.
        values: &'a Values,
    },
    /// A link.
    Link,
    /// The end of one.
    Unlink,
    /// A write of these fields.
    Update(&'a Values),
    /// A removal of a record without transactions.
    Remove,
}
