//! Text filters of lists: `<field>`, `<field>_startswith`, `<field>_contains`.

use crate::error::ApiError;
use crate::json::Json;
use crate::request::Query;

/// The longest text a filter may carry, in characters.
const MAX_FILTER: usize = 100;

/// Folds case so that two spellings of one name compare equal in every script.
///
/// Upper case first, then lower case, letter by letter, reaches what full case folding reaches: `ß` meets `SS`, and the
/// two small sigmas meet each other.
pub(crate) fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.trim().to_ascii_lowercase();
    }
    text.trim().chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparator {
    Is,
    StartsWith,
    Contains,
    In,
    NotIn,
}

impl Comparator {
    const ALL: [(Self, &'static str, &'static str); 5] = [
        (Self::Is, "", "equal"),
        (Self::StartsWith, "_startswith", "starts_with"),
        (Self::Contains, "_contains", "contains"),
        (Self::In, "_in", "in"),
        (Self::NotIn, "_not_in", "not_in"),
    ];
}

/// One text condition on one field.
#[derive(Debug, Clone)]
pub(crate) struct TextFilter {
    pub(crate) field: &'static str,
    comparator: Comparator,
    needle: String,
    raw: String,
}

impl TextFilter {
    /// The filters that `query` sets on `fields`.
    pub(crate) fn read(query: &Query, fields: &[&'static str]) -> Result<Vec<Self>, ApiError> {
        let mut filters = Vec::new();
        for &field in fields {
            for (comparator, suffix, _) in Comparator::ALL {
                let name = format!("{field}{suffix}");
                if let Some(raw) = query.get(&name) {
                    let raw = limited(&name, raw)?;
                    filters.push(Self { field, comparator, needle: fold(raw), raw: raw.to_owned() });
                }
            }
        }
        Ok(filters)
    }

    /// The folded text, when the filter asks for exact equality.
    pub(crate) fn exact(&self) -> Option<&str> {
        (self.comparator == Comparator::Is).then_some(self.needle.as_str())
    }

    /// The folded text, and whether values need only begin with it; `None` when it may stand anywhere or is a list.
    pub(crate) fn anchored(&self) -> Option<(&str, bool)> {
        match self.comparator {
            Comparator::Is => Some((self.needle.as_str(), false)),
            Comparator::StartsWith => Some((self.needle.as_str(), true)),
            Comparator::Contains | Comparator::In | Comparator::NotIn => None,
        }
    }

    /// Whether `value` passes.
    pub(crate) fn matches(&self, value: &str) -> bool {
        let value = fold(value);
        match self.comparator {
            Comparator::Is => value == self.needle,
            Comparator::StartsWith => value.starts_with(&self.needle),
            Comparator::Contains => value.contains(&self.needle),
            Comparator::In => self.lists(&value),
            Comparator::NotIn => !self.lists(&value),
        }
    }

    fn lists(&self, value: &str) -> bool {
        self.needle.split(',').any(|it| it.trim() == value)
    }

    /// Whether a record with these texts passes: one of them must match, or none may be among the excluded ones.
    pub(crate) fn admits<'t>(&self, texts: impl IntoIterator<Item = &'t str>) -> bool {
        let mut texts = texts.into_iter();
        match self.comparator {
            Comparator::NotIn => texts.all(|text| self.matches(text)),
            _ => texts.any(|text| self.matches(text)),
        }
    }

    /// The row of `search_criteria` in the page context.
    pub(crate) fn criterion(&self) -> Json {
        let comparator = Comparator::ALL.iter().find(|row| row.0 == self.comparator).map_or("", |row| row.2);
        Json::object([
            ("column_name", self.field.into()),
            ("search_text", self.raw.as_str().into()),
            ("search_text_formatted", self.raw.as_str().into()),
            ("comparator", comparator.into()),
        ])
    }
}

/// Refuses a filter text longer than the service admits.
pub(crate) fn limited<'a>(name: &str, text: &'a str) -> Result<&'a str, ApiError> {
    if text.chars().count() > MAX_FILTER { Err(ApiError::too_long(name, MAX_FILTER)) } else { Ok(text) }
}

#[cfg(test)]
mod tests {
    use super::fold;

    #[test]
    fn folding_reaches_beyond_ascii() {
        assert_eq!(fold("  STRASSE "), fold("Straße"));
        assert_eq!(fold("ΟΔΟΣ"), fold("οδος"));
        assert_eq!(fold("οδός"), fold("ΟΔΌΣ"));
        assert_ne!(fold("Ärger"), fold("Arger"));
    }
}
