//! What travels between the two sides: values of named fields, and the differences between two versions of them.

use std::borrow::{Borrow, Cow};
use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// The name of a field in settings, differences and history: `displayName`, `billingAddress.city`. Fields that somebody
/// added on either side begin with [`FieldKey::CUSTOM`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FieldKey(Cow<'static, str>);

impl FieldKey {
    /// What the keys of added fields begin with, on both sides.
    pub const CUSTOM: &'static str = "customFields.";

    /// The key of a field that every organization has.
    pub const fn of(name: &'static str) -> Self {
        Self(Cow::Borrowed(name))
    }

    /// The key of a field that an organization added, by its own name.
    pub fn custom(name: &str) -> Self {
        Self(format!("{}{name}", Self::CUSTOM).into())
    }

    /// The own name of an added field; none when the field is one that everybody has.
    pub fn custom_name(&self) -> Option<&str> {
        self.0.strip_prefix(Self::CUSTOM)
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for FieldKey {
    fn from(name: String) -> Self {
        Self(name.into())
    }
}

impl Borrow<str> for FieldKey {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FieldKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Values by field. A field that is absent is not mapped, or not told; it is never written. Empty text is an empty field.
pub type Values = BTreeMap<FieldKey, String>;

/// One field of a record before and after a change. Absent and empty are the same on the finance side: `""`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldChange {
    /// The field's name.
    pub field: FieldKey,
    /// Its value before; null when the record did not exist, or the value is not known.
    pub before: Option<String>,
    /// Its value after; null when the record is removed.
    pub after: Option<String>,
}

/// What has to be written so that `base` becomes `wanted`. Fields that `wanted` does not name are left alone.
pub fn changes(base: &Values, wanted: &Values) -> Vec<FieldChange> {
    wanted
        .iter()
        .filter_map(|(field, after)| {
            let before = base.get(field).map_or("", String::as_str);
            (before != after).then(|| FieldChange {
                field: field.clone(),
                before: Some(before.to_owned()),
                after: Some(after.clone()),
            })
        })
        .collect()
}

/// The values that these changes lead to.
pub fn after(changes: &[FieldChange]) -> Values {
    changes.iter().map(|change| (change.field.clone(), change.after.clone().unwrap_or_default())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(pairs: &[(&'static str, &str)]) -> Values {
        pairs.iter().map(|(field, value)| (FieldKey::of(field), (*value).to_owned())).collect()
    }

    #[test]
    fn only_mapped_fields_that_differ_are_changes() {
        let base = values(&[("displayName", "Acme"), ("website", "https://acme.example"), ("phone", "1")]);
        let wanted =
            values(&[("displayName", "Acme"), ("website", ""), ("billingAddress.country", "Norway")]);
        let changed = changes(&base, &wanted);
        let changed: Vec<_> = changed
            .iter()
            .map(|change| (change.field.as_str(), change.before.as_deref(), change.after.as_deref()))
            .collect();
        assert_eq!(
            changed,
            [
                ("billingAddress.country", Some(""), Some("Norway")),
                ("website", Some("https://acme.example"), Some("")),
            ]
        );
    }

    #[test]
    fn added_fields_are_told_from_those_that_everybody_has() {
        assert_eq!(FieldKey::custom("cf_region").custom_name(), Some("cf_region"));
        assert_eq!(FieldKey::of("website").custom_name(), None);
        let json = serde_json::to_string(&FieldKey::custom("cf_region")).unwrap();
        assert_eq!(json, "\"customFields.cf_region\"");
    }
}
