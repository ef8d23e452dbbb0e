//! Criteria: which records are meant, as data that people make, and as a condition in SQL.
//!
//! A condition is about a field that [`fields`] lists, and is either true or false: an empty field has no value that a
//! comparison could find, so `NE`, `NOT_IN` and `not` match it. Lists of records and the sync engine evaluate the same
//! condition inside their own statements; nothing is ever read to be filtered afterwards.

mod calendar;
mod catalogue;
mod check;
mod condition;
mod field;
mod frame;
mod operator;
mod text;
mod value;
mod view;

use serde::{Deserialize, Serialize};

pub use calendar::next_midnight;
pub use check::{Draft, Fault, FaultKind, check};
pub use field::{Field, FieldKind, Reference, fields};
pub use frame::{Frame, FrameError};
pub use operator::{Arity, Operator};
pub use text::TextShape;
pub use value::VIEWER;
pub use view::{Predefined, View};

/// How deep criteria may be nested.
pub const DEEPEST: usize = 5;
/// Conditions that criteria may have.
pub const MOST: usize = 50;
/// Values that one condition may have.
pub const MOST_VALUES: usize = 100;
/// Days that a condition may look back or ahead.
pub const MOST_DAYS: i64 = 3_650;

/// Which records are meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Criteria {
    /// All of these hold.
    All(Vec<Criteria>),
    /// At least one of these holds.
    Any(Vec<Criteria>),
    /// This does not hold.
    Not(Box<Criteria>),
    /// A field compares so.
    Condition(Comparison),
}

/// A condition on one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comparison {
    /// Key of the field.
    pub field: String,
    /// How it is compared.
    pub operator: Operator,
    /// With what, in the form that the field's kind takes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
}

impl Comparison {
    /// The condition as criteria.
    pub fn of(field: &str, operator: Operator, values: &[&str]) -> Criteria {
        let values = values.iter().map(|value| (*value).to_owned()).collect();
        Criteria::Condition(Self { field: field.to_owned(), operator, values })
    }
}

/// Criteria that were right when they were made and cannot be applied any more.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unusable(pub String);
