//! Members that records store by a table of names, kinds and limits instead of one struct field each.

use std::collections::BTreeMap;

use crate::error::ApiError;
use crate::json::{Json, round_money};

/// What a member may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Text with a stated limit in characters.
    Text(usize),
    /// Text without a stated limit.
    Free,
    /// The id of another record; integers are accepted.
    Id,
    Flag,
    /// A whole number.
    Whole,
    /// Money, rounded to the currency's places.
    Money,
    Object,
    List,
}

/// A table of members in the order in which answers show them.
pub(crate) type Fields = &'static [(&'static str, Kind)];

/// Stored members. A member that was never written is absent and shows its kind's empty value.
pub(crate) type Members = BTreeMap<String, Json>;

impl Kind {
    /// What an unwritten member shows: the API answers empty values, rarely null.
    pub(crate) fn empty(self) -> Json {
        match self {
            Self::Text(_) | Self::Free | Self::Id => "".into(),
            Self::Flag => false.into(),
            Self::Whole => Json::from(0),
            Self::Money => Json::Number("0.0".to_owned()),
            Self::Object => Json::Object(Vec::new()),
            Self::List => Vec::new().into(),
        }
    }

    /// The value as it will be stored. Errors: code 2 for another type, 15 for excess length.
    fn accept(self, name: &str, value: &Json, places: u32) -> Result<Json, ApiError> {
        let wrong = || ApiError::invalid(name);
        match (self, value) {
            (_, Json::Null) => Ok(self.empty()),
            (Self::Text(max), Json::Text(text)) if text.chars().count() > max => {
                Err(ApiError::too_long(name, max))
            }
            (Self::Text(_) | Self::Free, Json::Text(text)) => Ok(text.trim().into()),
            (Self::Id, _) => value.as_id_text().map(Json::from).ok_or_else(wrong),
            (Self::Flag, Json::Bool(_)) => Ok(value.clone()),
            (Self::Flag, Json::Text(text)) if text == "true" || text == "false" => {
                Ok((text == "true").into())
            }
            (Self::Whole | Self::Money, Json::Text(text)) if text.is_empty() => Ok(self.empty()),
            (Self::Whole, _) => {
                let number =
                    value.as_decimal().filter(|number| number.fract().is_zero()).ok_or_else(wrong)?;
                Ok(Json::Number(number.trunc().normalize().to_string()))
            }
            (Self::Money, _) => {
                value.as_decimal().map(|it| Json::amount(round_money(it, places))).ok_or_else(wrong)
            }
            (Self::Object, Json::Object(_)) | (Self::List, Json::List(_)) => Ok(value.clone()),
            _ => Err(wrong()),
        }
    }
}

/// Takes the members of `body` that `fields` knows into `members`; absent ones keep their value, unknown ones are
/// ignored silently. `places` is the currency's precision.
pub(crate) fn take(members: &mut Members, fields: Fields, body: &Json, places: u32) -> Result<(), ApiError> {
    for (name, kind) in fields {
        if let Some(value) = body.get(name) {
            members.insert((*name).to_owned(), kind.accept(name, value, places)?);
        }
    }
    Ok(())
}

/// The stored or empty value of one member.
pub(crate) fn show(members: &Members, name: &str, kind: Kind) -> Json {
    members.get(name).cloned().unwrap_or_else(|| kind.empty())
}

/// Appends every member of the table to an answer.
pub(crate) fn show_all(object: &mut Vec<(String, Json)>, members: &Members, fields: Fields) {
    object.extend(fields.iter().map(|(name, kind)| ((*name).to_owned(), show(members, name, *kind))));
}

/// The text of one member, empty when it holds none.
pub(crate) fn text<'a>(members: &'a Members, name: &str) -> &'a str {
    members.get(name).and_then(Json::as_str).unwrap_or_default()
}
