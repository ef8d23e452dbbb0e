//! The members of a record: few, sparse, and named from a small vocabulary, so their names are shared.

use std::collections::HashSet;
use std::fmt;
use std::sync::Mutex;

use serde::de::MapAccess;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::field::Holder;
use crate::json::Json;
use crate::sync::locked;

/// Members in the order of their first writing. A member that was never written is absent.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Members(Vec<(&'static str, Json)>);

impl Members {
    /// No members.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// The value of a member.
    pub(crate) fn get(&self, name: &str) -> Option<&Json> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// Writes a member.
    pub(crate) fn insert(&mut self, name: &'static str, value: Json) {
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some(slot) => slot.1 = value,
            None => self.0.push((name, value)),
        }
    }

    /// Forgets a member.
    pub(crate) fn remove(&mut self, name: &str) {
        self.0.retain(|(known, _)| *known != name);
    }

    /// Gives back what room is left over after the writes.
    pub(crate) fn shrink(&mut self) {
        self.0.shrink_to_fit();
    }

    /// All members.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'static str, &Json)> {
        self.0.iter().map(|(name, value)| (*name, value))
    }
}

impl Holder for Members {
    fn shown(&self, name: &str) -> Option<Json> {
        self.get(name).cloned()
    }

    fn text(&self, name: &str) -> &str {
        self.get(name).and_then(Json::as_str).unwrap_or_default()
    }

    fn put(&mut self, name: &'static str, value: Json) {
        self.insert(name, value);
    }

    fn clear(&mut self, name: &str) {
        self.remove(name);
    }
}

impl Serialize for Members {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Members;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, Json>()? {
                    members.push((shared(&name), value));
                }
                members.shrink_to_fit();
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}

/// The one copy of a name. Names are read from state files that this program wrote, and it writes only names of its
/// field tables, so the set stays small although it is never emptied.
pub(super) fn shared(name: &str) -> &'static str {
    static NAMES: Mutex<Option<HashSet<&'static str>>> = Mutex::new(None);
    let mut names = locked(&NAMES);
    let names = names.get_or_insert_default();
    match names.get(name) {
        Some(known) => known,
        None => {
            let leaked: &'static str = Box::leak(name.to_owned().into_boxed_str());
            names.insert(leaked);
            leaked
        }
    }
}
