//! Members packed into one text, for records that there are a million of.
//!
//! A member that is a value of its own in a list costs an allocation and several times its size; packed it costs its size
//! and three bytes. Only what was written is there: what an answer shows besides is added when it is written.

use std::collections::HashMap;
use std::fmt;
use std::sync::LazyLock;

use rust_decimal::Decimal;
use serde::de::MapAccess;
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::contact::model::{ADDRESS_FIELDS, CONTACT_FIELDS};
use super::contact_person::model::PERSON_FIELDS;
use super::field::Holder;
use super::members::{Members, shared};
use super::text::Text;
use crate::json::{Json, decimal, is_id};
use crate::writer::quoted;

/// Bytes before each value: its name, its kind with the upper half of its length, the lower half.
const HEAD: usize = 3;
/// Room that the first member makes for others, in bytes. What is left over goes when texts are gathered.
const ROOM: usize = 128;
/// The longest packed value in bytes; longer ones are kept as they are.
const LONGEST: usize = 0x7ff;
/// Kinds of values, in the upper bits of the second byte. All three bytes stay below 128, so that the whole is text.
const NULL: u8 = 0;
const FALSE: u8 = 1;
const TRUE: u8 = 2;
const NUMBER: u8 = 3;
const TEXT: u8 = 4;

/// Names of members that are packed. Packed texts live in memory only, so a place in the table may change with it.
static NAMES: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let mut names: Vec<&'static str> = Vec::new();
    let tables = [CONTACT_FIELDS, ADDRESS_FIELDS, PERSON_FIELDS];
    let fields = tables.into_iter().flatten().map(|(name, _)| *name);
    for name in fields.chain(["payment_reminder_enabled"]) {
        if !names.contains(&name) && names.len() < 0x80 {
            names.push(name);
        }
    }
    names
});

/// The place of each name.
static PLACES: LazyLock<HashMap<&'static str, u8>> =
    LazyLock::new(|| NAMES.iter().zip(0u8..).map(|(name, place)| (*name, place)).collect());

/// Members in the order of their first writing, lists and objects last. A member that was never written is absent.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Packed {
    text: Text,
    /// Lists, objects, long texts, and members that no table names.
    rest: Option<Box<Members>>,
}

/// Names whose values [`Packed::laid_out`] lays out; there are a few less than that.
const LAID_OUT: usize = 64;

/// The values of packed members by the places of their names, for who looks at most of them.
pub(crate) struct LaidOut<'a> {
    packed: &'a Packed,
    values: [Option<Value<'a>>; LAID_OUT],
}

impl<'a> LaidOut<'a> {
    /// The value of the member `name`, whose place is `place`.
    pub(crate) fn get(&self, place: usize, name: &str) -> Option<Value<'a>> {
        match self.values.get(place) {
            Some(Some(value)) => Some(*value),
            Some(None) => self.packed.rest.as_ref()?.get(name).map(Value::Tree),
            None => self.packed.get(name),
        }
    }
}

/// The place of a name, to be remembered by who looks for it often.
pub(crate) fn place(name: &str) -> usize {
    PLACES.get(name).copied().map_or(usize::MAX, usize::from)
}

/// The value of a packed member.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Value<'a> {
    Null,
    Bool(bool),
    /// The literal exactly as written.
    Number(&'a str),
    Text(&'a str),
    /// A value that is not packed.
    Tree(&'a Json),
}

impl<'a> Value<'a> {
    /// The text of a string.
    pub(crate) fn as_str(self) -> Option<&'a str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Tree(json) => json.as_str(),
            _ => None,
        }
    }

    /// The items of a list.
    pub(crate) fn as_list(self) -> Option<&'a [Json]> {
        if let Self::Tree(json) = self { json.as_list() } else { None }
    }

    /// An exact decimal from a number or a numeric string.
    pub(crate) fn as_decimal(self) -> Option<Decimal> {
        match self {
            Self::Number(text) | Self::Text(text) => decimal(text),
            Self::Tree(json) => json.as_decimal(),
            Self::Null | Self::Bool(_) => None,
        }
    }

    /// An id from a digit string or from an integer.
    pub(crate) fn as_id_text(self) -> Option<&'a str> {
        match self {
            Self::Number(text) | Self::Text(text) => Some(text).filter(|text| is_id(text)),
            Self::Tree(json) => json.as_id_text(),
            Self::Null | Self::Bool(_) => None,
        }
    }

    /// The value as a tree of its own.
    pub(crate) fn to_json(self) -> Json {
        match self {
            Self::Null => Json::Null,
            Self::Bool(flag) => Json::Bool(flag),
            Self::Number(text) => Json::Number(text.to_owned()),
            Self::Text(text) => Json::Text(text.to_owned()),
            Self::Tree(json) => json.clone(),
        }
    }

    /// Appends the value to a text of JSON.
    pub(crate) fn write(self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(flag) => out.push_str(if flag { "true" } else { "false" }),
            Self::Number(text) => out.push_str(text),
            Self::Text(text) => quoted(out, text),
            Self::Tree(json) => json.write(out),
        }
    }
}

/// One packed member.
struct Entry<'a> {
    name: &'static str,
    place: usize,
    value: Value<'a>,
    /// Where it begins and where the next one does.
    at: usize,
    end: usize,
}

impl Packed {
    /// The value of a member.
    pub(crate) fn get(&self, name: &str) -> Option<Value<'_>> {
        let packed = self.entries().find(|entry| entry.name == name).map(|entry| entry.value);
        packed.or_else(|| self.rest.as_ref()?.get(name).map(Value::Tree))
    }

    /// The values by the places of their names.
    pub(crate) fn laid_out(&self) -> LaidOut<'_> {
        let mut values = [None; LAID_OUT];
        for entry in self.entries() {
            if let Some(slot) = values.get_mut(entry.place) {
                *slot = Some(entry.value);
            }
        }
        LaidOut { packed: self, values }
    }

    /// Writes a member.
    pub(crate) fn insert(&mut self, name: &'static str, value: Json) {
        let known = self.entries().find(|entry| entry.name == name).map(|entry| (entry.at, entry.end));
        let Some((head, text)) = packed(name, &value) else {
            if let Some((at, end)) = known {
                self.text.own().replace_range(at..end, "");
            }
            self.rest.get_or_insert_default().insert(name, value);
            return;
        };
        match known {
            Some((at, end)) => {
                let head: String = head.iter().collect();
                self.text.own().replace_range(at..end, &(head + text));
            }
            None => {
                self.forget_tree(name);
                let own = self.text.own();
                if own.is_empty() {
                    own.reserve(ROOM);
                }
                own.extend(head);
                own.push_str(text);
            }
        }
    }

    fn forget_tree(&mut self, name: &str) {
        if let Some(rest) = &mut self.rest {
            rest.remove(name);
            if rest.iter().next().is_none() {
                self.rest = None;
            }
        }
    }

    /// Gives back what room is left over in lists and objects after the writes, and hands out the text, so that it can be
    /// gathered with others.
    pub(crate) fn shrink(&mut self) -> &mut Text {
        if let Some(rest) = &mut self.rest {
            rest.shrink();
        }
        &mut self.text
    }

    /// All values.
    pub(crate) fn values(&self) -> impl Iterator<Item = Value<'_>> {
        self.iter().map(|(_, value)| value)
    }

    /// All members.
    fn iter(&self) -> impl Iterator<Item = (&'static str, Value<'_>)> {
        let rest = self.rest.iter().flat_map(|rest| rest.iter());
        let packed = self.entries().map(|entry| (entry.name, entry.value));
        packed.chain(rest.map(|(name, value)| (name, Value::Tree(value))))
    }

    fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        let (mut at, names) = (0, &*NAMES);
        std::iter::from_fn(move || {
            let head = self.text.as_bytes().get(at..at + HEAD)?;
            let (place, kind) = (usize::from(head[0]), head[1] >> 4);
            let name = names.get(place)?;
            let length = usize::from(head[1] & 0xf) << 7 | usize::from(head[2]);
            let (from, end) = (at + HEAD, at + HEAD + length);
            let text = self.text.get(from..end)?;
            let value = match kind {
                NULL => Value::Null,
                FALSE | TRUE => Value::Bool(kind == TRUE),
                NUMBER => Value::Number(text),
                _ => Value::Text(text),
            };
            let entry = Entry { name, place, value, at, end };
            at = end;
            Some(entry)
        })
    }
}

/// The head and the text of a member as it is packed; `None` for one that is not.
fn packed<'a>(name: &str, value: &'a Json) -> Option<([char; HEAD], &'a str)> {
    let place = *PLACES.get(name)?;
    let (kind, text) = match value {
        Json::Null => (NULL, ""),
        Json::Bool(flag) => (if *flag { TRUE } else { FALSE }, ""),
        Json::Number(text) => (NUMBER, text.as_str()),
        Json::Text(text) => (TEXT, text.as_str()),
        Json::List(_) | Json::Object(_) => return None,
    };
    let length = u16::try_from(text.len()).ok().filter(|length| usize::from(*length) <= LONGEST)?;
    let [upper, lower] = (length << 1).to_be_bytes();
    Some(([place, kind << 4 | upper, lower >> 1].map(char::from), text))
}

impl Holder for Packed {
    fn shown(&self, name: &str) -> Option<Json> {
        self.get(name).map(Value::to_json)
    }

    fn text(&self, name: &str) -> &str {
        self.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    fn put(&mut self, name: &'static str, value: Json) {
        self.insert(name, value);
    }

    fn clear(&mut self, name: &str) {
        let known = self.entries().find(|entry| entry.name == name).map(|entry| (entry.at, entry.end));
        match known {
            Some((at, end)) => self.text.own().replace_range(at..end, ""),
            None => self.forget_tree(name),
        }
    }
}

impl Serialize for Packed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in self.iter() {
            map.serialize_entry(name, &value)?;
        }
        map.end()
    }
}

impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(flag) => serializer.serialize_bool(*flag),
            Self::Number(_) => self.to_json().serialize(serializer),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Tree(json) => json.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Packed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Packed;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Packed, A::Error> {
                let mut packed = Packed::default();
                while let Some((name, value)) = map.next_entry::<String, Json>()? {
                    packed.insert(shared(&name), value);
                }
                Ok(packed)
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn value() -> impl Strategy<Value = Json> {
        let long = "[aé\u{10ffff}]{2040,2060}";
        prop_oneof![
            Just(Json::Null),
            any::<bool>().prop_map(Json::Bool),
            any::<u64>().prop_map(Json::from),
            ".{0,300}".prop_map(Json::Text),
            long.prop_map(Json::Text),
            proptest::collection::vec(".{0,3}".prop_map(Json::Text), 0..3).prop_map(Json::List),
        ]
    }

    proptest! {
        #[test]
        fn packed_members_are_those_that_were_written(
            writes in proptest::collection::vec((0usize..8, proptest::option::of(value())), 0..40)
        ) {
            // The last name is in no table.
            let names = ["company_name", "notes", "tags", "city", "email", "credit_limit", "phone", "other"];
            let (mut packed, mut plain) = (Packed::default(), Members::new());
            for (at, value) in writes {
                match value {
                    Some(value) => {
                        packed.insert(names[at], value.clone());
                        plain.insert(names[at], value);
                    }
                    None => {
                        packed.clear(names[at]);
                        plain.remove(names[at]);
                    }
                }
                let text = serde_json::to_string(&packed).unwrap();
                let again: Packed = serde_json::from_str(&text).unwrap();
                let laid_out = packed.laid_out();
                for name in names {
                    prop_assert_eq!(laid_out.get(place(name), name), packed.get(name));
                    let (expected, is) = (plain.get(name).cloned(), packed.get(name).map(Value::to_json));
                    prop_assert_eq!(&is, &expected);
                    prop_assert_eq!(again.get(name).map(Value::to_json), expected);
                    let mut written = String::new();
                    if let Some(value) = packed.get(name) {
                        value.write(&mut written);
                        prop_assert_eq!(written, is.unwrap_or(Json::Null).to_text());
                    }
                }
                prop_assert_eq!(packed.values().count(), plain.iter().count());
            }
        }
    }
}
