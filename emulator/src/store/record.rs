//! A record of any kind: its id, its members, and when it was written.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::kind::Kind;
use crate::json::Json;
use crate::resource::field::Members;

/// A record as stored. What its members mean is said by the resource of its kind.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) kind: Kind,
    pub(crate) id: u64,
    pub(crate) members: Members,
    pub(crate) created: DateTime<Utc>,
    pub(crate) modified: DateTime<Utc>,
    /// Name of the user who created it.
    pub(crate) created_by: String,
}

impl Record {
    /// The text of a member, empty when it holds none.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.members.get(name).and_then(Json::as_str).unwrap_or_default()
    }

    /// The number in a member, zero when it holds none.
    pub(crate) fn decimal(&self, name: &str) -> Decimal {
        self.members.get(name).and_then(Json::as_decimal).unwrap_or_default()
    }

    /// Whether a flag is set.
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.members.get(name) == Some(&Json::Bool(true))
    }

    /// The record that a member names.
    pub(crate) fn reference(&self, name: &str) -> Option<u64> {
        self.members.get(name).and_then(Json::as_id_text).and_then(|id| id.parse().ok())
    }

    /// The entries of a list, none when the member holds no list.
    pub(crate) fn list(&self, name: &str) -> &[Json] {
        self.members.get(name).and_then(Json::as_list).unwrap_or_default()
    }

    /// Writes a member.
    pub(crate) fn set(&mut self, name: &'static str, value: impl Into<Json>) {
        self.members.insert(name, value.into());
    }
}
