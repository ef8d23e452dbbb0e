//! Members that records store by a table of names, kinds and limits instead of one struct field each.

use rust_decimal::Decimal;

pub(crate) use super::members::Members;
use crate::error::ApiError;
use crate::json::{Json, round_money};

/// What a member may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Text with a stated limit in characters.
    Text(usize),
    /// Text without a stated limit; what is longer than [`LONGEST`] is refused all the same.
    Free,
    /// A code in text; integers are accepted.
    Code,
    /// The id of another record; integers are accepted.
    Id,
    Flag,
    /// A whole number.
    Whole,
    /// Money, rounded to the currency's places.
    Money,
    /// A number that keeps its places: a price, a quantity, a percentage.
    Number,
    /// What one unit of a currency is worth in another.
    Rate,
    /// `yyyy-MM-dd`.
    Date,
    /// One of some words, compared without case and stored in the spelling given here.
    Choice(&'static [&'static str]),
    Object,
    List,
    /// A list whose resource bounds the entries and keeps what it knows of them.
    Entries,
}

/// A table of members in the order in which answers show them.
pub(crate) type Fields = &'static [(&'static str, Kind)];

impl Kind {
    /// What an unwritten member shows: the API answers empty values, rarely null.
    pub(crate) fn empty(self) -> Json {
        match self {
            Self::Text(_) | Self::Free | Self::Code | Self::Id | Self::Date | Self::Choice(_) => "".into(),
            Self::Flag => false.into(),
            Self::Whole => Json::from(0),
            Self::Money | Self::Number | Self::Rate => Json::Number("0.0".to_owned()),
            Self::Object => Json::Object(Vec::new()),
            Self::List | Self::Entries => Vec::new().into(),
        }
    }

    /// The value as it will be stored. Errors: code 2 for another type or too large a tree, 15 for excess length.
    fn accept(self, name: &str, value: &Json, places: u32) -> Result<Json, ApiError> {
        let wrong = || ApiError::invalid(name);
        match (self, value) {
            (Self::Text(max), Json::Text(text)) if text.chars().count() > max => {
                Err(ApiError::too_long(name, max))
            }
            (_, Json::Text(text) | Json::Number(text)) if text.len() > LONGEST => {
                Err(ApiError::too_long(name, LONGEST))
            }
            (Self::Text(_) | Self::Free | Self::Code, Json::Text(text)) => Ok(text.trim().into()),
            (Self::Code, Json::Number(_)) => value.as_id_text().map(Json::from).ok_or_else(wrong),
            (Self::Id, _) => value.as_id_text().map(Json::from).ok_or_else(wrong),
            (Self::Flag, Json::Bool(_)) => Ok(value.clone()),
            (Self::Flag, Json::Text(text)) if text == "true" || text == "false" => {
                Ok((text == "true").into())
            }
            (
                Self::Whole | Self::Money | Self::Number | Self::Rate | Self::Date | Self::Choice(_),
                Json::Text(text),
            ) if text.trim().is_empty() => Ok(self.empty()),
            (Self::Date, Json::Text(text)) => {
                let day = chrono::NaiveDate::parse_from_str(text.trim(), "%Y-%m-%d").map_err(|_| wrong())?;
                Ok(day.to_string().into())
            }
            (Self::Choice(words), Json::Text(text)) => {
                let known = words.iter().find(|word| word.eq_ignore_ascii_case(text.trim()));
                known.map(|word| Json::from(*word)).ok_or_else(wrong)
            }
            (Self::Whole, _) => {
                let number =
                    value.as_decimal().filter(|number| number.fract().is_zero()).ok_or_else(wrong)?;
                Ok(Json::Number(number.trunc().normalize().to_string()))
            }
            (Self::Number, _) => value.as_decimal().and_then(bounded).map(Json::amount).ok_or_else(wrong),
            (Self::Rate, _) => value.as_decimal().and_then(rate).map(Json::amount).ok_or_else(wrong),
            (Self::Money, _) => value
                .as_decimal()
                .and_then(bounded)
                .map(|it| Json::amount(round_money(it, places)))
                .ok_or_else(wrong),
            (Self::Object, Json::Object(_)) | (Self::List, Json::List(_)) if value.size() > LONGEST => {
                Err(wrong())
            }
            (Self::Object, Json::Object(_)) | (Self::List | Self::Entries, Json::List(_)) => {
                Ok(value.clone())
            }
            _ => Err(wrong()),
        }
    }
}

/// The most bytes of a text or of a tree that is stored as it was sent.
const LONGEST: usize = 64 * 1024;
/// Products of two such numbers still fit the decimal type.
const LARGEST: Decimal = rust_decimal::dec!(1_000_000_000_000);
/// The largest exchange rate. It leaves room for sums of ten billion products with the largest amounts.
const LARGEST_RATE: Decimal = rust_decimal::dec!(1_000_000);

/// A number within what may be written, with the places that are kept.
pub(crate) fn bounded(number: Decimal) -> Option<Decimal> {
    (number.abs() <= LARGEST).then(|| number.round_dp(10))
}

/// The same of an exchange rate.
pub(crate) fn rate(number: Decimal) -> Option<Decimal> {
    bounded(number).filter(|rate| rate.abs() <= LARGEST_RATE)
}

/// What members are kept in.
pub(crate) trait Holder {
    /// The value of a member.
    fn shown(&self, name: &str) -> Option<Json>;
    /// The text of a member, empty when it holds none.
    fn text(&self, name: &str) -> &str;
    /// Writes a member.
    fn put(&mut self, name: &'static str, value: Json);
    /// Forgets a member.
    fn clear(&mut self, name: &str);
}

/// Takes the members of `body` that `fields` knows into `members`; absent ones keep their value, unknown ones are
/// ignored silently, and `null` leaves a member as if it had never been written. `places` is the currency's precision.
pub(crate) fn take(
    members: &mut impl Holder,
    fields: Fields,
    body: &Json,
    places: u32,
) -> Result<(), ApiError> {
    for (name, kind) in fields {
        match body.get(name) {
            None => {}
            Some(Json::Null) => members.clear(name),
            Some(value) => members.put(name, kind.accept(name, value, places)?),
        }
    }
    Ok(())
}

/// The stored or empty value of one member.
pub(crate) fn show(members: &impl Holder, name: &str, kind: Kind) -> Json {
    members.shown(name).unwrap_or_else(|| kind.empty())
}

/// Appends every member of the table to an answer.
pub(crate) fn show_all(object: &mut Vec<(String, Json)>, members: &impl Holder, fields: Fields) {
    object.extend(fields.iter().map(|(name, kind)| ((*name).to_owned(), show(members, name, *kind))));
}

/// The text of one member, empty when it holds none.
pub(crate) fn text<'a>(members: &'a impl Holder, name: &str) -> &'a str {
    members.text(name)
}
