//! Reading JSON text in one pass.
//!
//! The library says whether a text is JSON; what it is, is read from the text itself, because the library would turn numbers
//! into binary floats, or walk every level of the document once for each level above it.

use std::collections::HashMap;

use serde_json::value::RawValue;

use crate::json::{Json, Malformed};

/// Deeper documents are refused: no request of the API nests more than a handful of levels.
pub(crate) const MAX_DEPTH: usize = 32;
/// Objects with more members than this are read with an index over their names, so that no body costs a square.
pub(crate) const FEW_MEMBERS: usize = 16;

/// Reads a whole document.
pub(crate) fn parse(text: &str) -> Result<Json, Malformed> {
    // The depth is measured on the raw text first, so that no recursion ever sees a hostile document.
    if depth(text) > MAX_DEPTH {
        return Err(Malformed);
    }
    let raw: &RawValue = serde_json::from_str(text).map_err(|_| Malformed)?;
    Cursor { text: raw.get(), at: 0 }.value()
}

/// A place in a text that is JSON.
struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    /// The next byte that is no blank, not yet passed.
    fn peek(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        while bytes.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
        bytes.get(self.at).copied()
    }

    /// The value from here on.
    fn value(&mut self) -> Result<Json, Malformed> {
        match self.peek() {
            Some(b'{') => self.object(),
            Some(b'[') => {
                let mut items = Vec::new();
                self.at += 1;
                while self.has_part(b']') {
                    items.push(self.value()?);
                }
                Ok(Json::List(items))
            }
            Some(b'"') => self.string().map(Json::Text),
            Some(_) => Ok(match self.word() {
                "true" => Json::Bool(true),
                "false" => Json::Bool(false),
                "null" => Json::Null,
                number => Json::Number(number.to_owned()),
            }),
            None => Err(Malformed),
        }
    }

    /// Of members with one name the last one counts, at the place of the first.
    fn object(&mut self) -> Result<Json, Malformed> {
        let mut members: Vec<(String, Json)> = Vec::new();
        let mut places: HashMap<String, usize> = HashMap::new();
        self.at += 1;
        while self.has_part(b'}') {
            let name = self.string()?;
            // What lies between is a colon.
            self.peek();
            self.at += 1;
            let value = self.value()?;
            if members.len() == FEW_MEMBERS && places.is_empty() {
                places = members.iter().zip(0..).map(|((name, _), at)| (name.clone(), at)).collect();
            }
            let known = if places.is_empty() {
                members.iter().position(|(known, _)| *known == name)
            } else {
                places.get(&name).copied()
            };
            match known.and_then(|at| members.get_mut(at)) {
                Some(slot) => slot.1 = value,
                None => {
                    if !places.is_empty() {
                        places.insert(name.clone(), members.len());
                    }
                    members.push((name, value));
                }
            }
        }
        Ok(Json::Object(members))
    }

    /// Passes what separates parts; whether one follows, or else the closing bracket was passed.
    fn has_part(&mut self, close: u8) -> bool {
        if self.peek() == Some(b',') {
            self.at += 1;
        }
        match self.peek() {
            None => false,
            Some(byte) if byte == close => {
                self.at += 1;
                false
            }
            Some(_) => true,
        }
    }

    /// The string that begins at the next quote.
    fn string(&mut self) -> Result<String, Malformed> {
        self.peek();
        let from = self.at;
        let (mut end, mut plain) = (from + 1, true);
        loop {
            match self.text.as_bytes().get(end) {
                Some(b'"') => break,
                Some(b'\\') => {
                    plain = false;
                    end += 2;
                }
                Some(_) => end += 1,
                None => return Err(Malformed),
            }
        }
        self.at = end + 1;
        let text = self.text.get(from..self.at).ok_or(Malformed)?;
        if plain {
            return text.get(1..text.len() - 1).map(str::to_owned).ok_or(Malformed);
        }
        // An escaped half of a pair is JSON, but no text.
        serde_json::from_str(text).map_err(|_| Malformed)
    }

    /// The letters and digits from here on.
    fn word(&mut self) -> &'a str {
        let from = self.at;
        let ends = |byte: u8| matches!(byte, b',' | b']' | b'}') || byte.is_ascii_whitespace();
        let rest = self.text.get(from..).unwrap_or_default();
        let length = rest.bytes().position(ends).unwrap_or(rest.len());
        self.at = from + length;
        &rest[..length]
    }
}

fn depth(text: &str) -> usize {
    let (mut deepest, mut level, mut in_string, mut escaped) = (0usize, 0usize, false, false);
    for byte in text.bytes() {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'{' | b'[' => {
                level += 1;
                deepest = deepest.max(level);
            }
            b'}' | b']' => level = level.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn json() -> impl Strategy<Value = Json> {
        let leaf = prop_oneof![
            Just(Json::Null),
            any::<bool>().prop_map(Json::Bool),
            "-?(0|[1-9][0-9]{0,5})(\\.[0-9]{1,3})?([eE][+-]?[0-9]{1,2})?".prop_map(Json::Number),
            ".{0,8}".prop_map(Json::Text),
        ];
        leaf.prop_recursive(4, 64, 8, |inner| {
            let name = "[a-c\"\\\\é]{0,2}";
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..5).prop_map(Json::List),
                proptest::collection::vec((name, inner), 0..24).prop_map(Json::Object),
            ]
        })
    }

    /// The value with one member of each name.
    fn settled(json: Json) -> Json {
        match json {
            Json::List(items) => Json::List(items.into_iter().map(settled).collect()),
            Json::Object(members) => {
                let mut kept: Vec<(String, Json)> = Vec::new();
                for (name, value) in members {
                    let value = settled(value);
                    match kept.iter_mut().find(|(known, _)| *known == name) {
                        Some(slot) => slot.1 = value,
                        None => kept.push((name, value)),
                    }
                }
                Json::Object(kept)
            }
            other => other,
        }
    }

    /// Writes the value with blanks wherever they may stand.
    fn spaced(json: &Json, blank: &str, out: &mut String) {
        out.push_str(blank);
        match json {
            Json::List(items) => {
                out.push('[');
                for (at, item) in items.iter().enumerate() {
                    out.push_str(if at > 0 { "," } else { "" });
                    spaced(item, blank, out);
                }
                out.push_str(blank);
                out.push(']');
            }
            Json::Object(members) => {
                out.push('{');
                for (at, (name, value)) in members.iter().enumerate() {
                    out.push_str(if at > 0 { "," } else { "" });
                    spaced(&Json::Text(name.clone()), blank, out);
                    out.push(':');
                    spaced(value, blank, out);
                }
                out.push_str(blank);
                out.push('}');
            }
            other => other.write(out),
        }
        out.push_str(blank);
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(json in json(), blank in "[ \t\r\n]{0,2}") {
            let text = json.to_text();
            prop_assert_eq!(parse(&text).unwrap(), settled(json.clone()));
            let mut text = String::new();
            spaced(&json, &blank, &mut text);
            prop_assert_eq!(parse(&text).unwrap(), settled(json));
        }

        #[test]
        fn what_is_no_json_is_refused(text in "[\\[\\]{}\",:0-9truefalsn\\\\ ]{0,12}") {
            let known = serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok();
            prop_assert_eq!(parse(&text).is_ok(), known, "{}", text);
        }
    }

    #[test]
    fn half_a_pair_is_no_text() {
        for text in [r#""\ud800""#, r#"{"\udc00":1}"#, r#"[{"a":"\ud800\u0041"}]"#] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert_eq!(parse(r#""\ud83d\ude00""#).unwrap(), Json::Text("😀".to_owned()));
    }
}
