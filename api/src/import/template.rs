//! Templates: text put together from columns, such as `{product}[ for {account}] ({opportunity_id})`.
//!
//! - `{column}` is the value of a column; `{column|lower}`, `{column|upper}`, `{column|slug}` and `{column|slug:-}`
//!   change it (`slug` keeps letters and digits and joins the words with a full stop, or with what follows the colon).
//! - `[…]` is left out when a value inside it is empty.
//! - An empty value outside brackets makes the whole text empty, so half a sentence never reaches a record.
//! - `{{`, `}}`, `[[` and `]]` stand for the characters themselves.

use std::iter::Peekable;
use std::str::Chars;

/// A template that has been checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Template {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Value { slot: usize, functions: Vec<Function> },
    Optional(Vec<Part>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Function {
    Lower,
    Upper,
    Slug(String),
}

impl Template {
    /// Reads a template; `slot` says where a column's value is found.
    pub(super) fn parse(
        text: &str,
        slot: &mut dyn FnMut(&str) -> Result<usize, String>,
    ) -> Result<Self, String> {
        let mut parser = Parser { chars: text.chars().peekable(), slot };
        Ok(Self { parts: parser.parts(false)? })
    }

    /// The value of one column as it is.
    pub(super) fn of_slot(slot: usize) -> Self {
        Self { parts: vec![Part::Value { slot, functions: Vec::new() }] }
    }

    /// The values of these columns joined by a bar.
    pub(super) fn joined(slots: &[usize]) -> Self {
        let mut parts = Vec::new();
        for slot in slots {
            if !parts.is_empty() {
                parts.push(Part::Text("|".to_owned()));
            }
            parts.push(Part::Value { slot: *slot, functions: Vec::new() });
        }
        Self { parts }
    }

    /// The text, or an empty one if a value outside brackets is empty.
    pub(super) fn fill<T: AsRef<str>>(&self, values: &[T]) -> String {
        let mut out = String::new();
        if fill(&self.parts, values, &mut out) { out } else { String::new() }
    }
}

/// Appends the parts; says whether every value directly among them had something in it.
fn fill<T: AsRef<str>>(parts: &[Part], values: &[T], out: &mut String) -> bool {
    for part in parts {
        match part {
            Part::Text(text) => out.push_str(text),
            Part::Value { slot, functions } => {
                let value = values.get(*slot).map_or("", AsRef::as_ref);
                let value = functions.iter().fold(value.to_owned(), |value, function| function.apply(&value));
                if value.is_empty() {
                    return false;
                }
                out.push_str(&value);
            }
            Part::Optional(inner) => {
                let before = out.len();
                if !fill(inner, values, out) {
                    out.truncate(before);
                }
            }
        }
    }
    true
}

impl Function {
    fn parse(text: &str) -> Result<Self, String> {
        match text.split_once(':').unwrap_or((text, "")) {
            ("lower", "") => Ok(Self::Lower),
            ("upper", "") => Ok(Self::Upper),
            ("slug", "") => Ok(Self::Slug(".".to_owned())),
            ("slug", separator) => Ok(Self::Slug(separator.to_owned())),
            _ => Err(format!("`{text}` is not a template function; there are lower, upper, slug and slug:-")),
        }
    }

    fn apply(&self, value: &str) -> String {
        match self {
            Self::Lower => value.to_lowercase(),
            Self::Upper => value.to_uppercase(),
            Self::Slug(separator) => slug(value, separator),
        }
    }
}

/// Words of letters and digits, in lower case, joined by the separator.
fn slug(value: &str, separator: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let mut between_words = false;
    for letter in value.chars().flat_map(char::to_lowercase) {
        if !letter.is_alphanumeric() {
            between_words = !out.is_empty();
            continue;
        }
        if std::mem::take(&mut between_words) {
            out.push_str(separator);
        }
        match without_accent(letter) {
            Some(plain) => out.push_str(plain),
            None => out.push(letter),
        }
    }
    out
}

/// Plain letters for the accented ones of western European names; mail systems often refuse the accented ones.
fn without_accent(letter: char) -> Option<&'static str> {
    Some(match letter {
        'à' | 'á' | 'â' | 'ã' | 'å' | 'ą' => "a",
        'ä' | 'æ' => "ae",
        'ç' | 'ć' | 'č' => "c",
        'è' | 'é' | 'ê' | 'ë' | 'ę' | 'ě' => "e",
        'ì' | 'í' | 'î' | 'ï' => "i",
        'ł' => "l",
        'ñ' | 'ń' | 'ň' => "n",
        'ò' | 'ó' | 'ô' | 'õ' => "o",
        'ö' | 'ø' | 'œ' => "oe",
        'ř' => "r",
        'ś' | 'š' => "s",
        'ß' => "ss",
        'ù' | 'ú' | 'û' | 'ů' => "u",
        'ü' => "ue",
        'ý' | 'ÿ' => "y",
        'ź' | 'ż' | 'ž' => "z",
        _ => return None,
    })
}

struct Parser<'a> {
    chars: Peekable<Chars<'a>>,
    slot: &'a mut dyn FnMut(&str) -> Result<usize, String>,
}

impl Parser<'_> {
    fn parts(&mut self, inside_brackets: bool) -> Result<Vec<Part>, String> {
        let mut parts = Vec::new();
        let mut text = String::new();
        while let Some(letter) = self.chars.next() {
            if matches!(letter, '{' | '}' | '[' | ']') && self.chars.next_if_eq(&letter).is_some() {
                text.push(letter);
                continue;
            }
            match letter {
                '{' => {
                    push_text(&mut parts, &mut text);
                    parts.push(self.value()?);
                }
                '[' if inside_brackets => return Err("brackets cannot stand inside brackets".to_owned()),
                '[' => {
                    push_text(&mut parts, &mut text);
                    parts.push(Part::Optional(self.parts(true)?));
                }
                ']' if inside_brackets => {
                    push_text(&mut parts, &mut text);
                    return Ok(parts);
                }
                '}' | ']' => return Err(format!("`{letter}` closes nothing; write it twice to mean itself")),
                _ => text.push(letter),
            }
        }
        if inside_brackets {
            return Err("a `[` is not closed; write it twice to mean itself".to_owned());
        }
        push_text(&mut parts, &mut text);
        Ok(parts)
    }

    fn value(&mut self) -> Result<Part, String> {
        let mut inner = String::new();
        loop {
            match self.chars.next() {
                Some('}') => break,
                Some(letter) => inner.push(letter),
                None => return Err("a `{` is not closed; write it twice to mean itself".to_owned()),
            }
        }
        let mut pieces = inner.split('|');
        let slot = (self.slot)(pieces.next().unwrap_or_default())?;
        Ok(Part::Value { slot, functions: pieces.map(Function::parse).collect::<Result<_, _>>()? })
    }
}

fn push_text(parts: &mut Vec<Part>, text: &mut String) {
    if !text.is_empty() {
        parts.push(Part::Text(std::mem::take(text)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [&str; 3] = ["product", "account", "id"];

    fn parse(text: &str) -> Result<Template, String> {
        Template::parse(text, &mut |name| {
            COLUMNS.iter().position(|column| *column == name).ok_or_else(|| format!("no column {name}"))
        })
    }

    #[test]
    fn brackets_vanish_when_a_value_inside_is_empty() {
        let template = parse("{product}[ for {account}] ({id})").unwrap();
        assert_eq!(template.fill(&["GTX Pro", "Isdom", "Z0"]), "GTX Pro for Isdom (Z0)");
        assert_eq!(template.fill(&["GTX Pro", "", "Z0"]), "GTX Pro (Z0)");
    }

    #[test]
    fn an_empty_value_outside_brackets_empties_the_whole() {
        let template = parse("{product|slug}@example.com").unwrap();
        assert_eq!(template.fill(&["", "Isdom", "Z0"]), "");
        assert_eq!(template.fill(&["--", "Isdom", "Z0"]), "");
    }

    #[test]
    fn functions_apply_in_order() {
        let fill = |text: &str, value: &str| parse(text).unwrap().fill(&[value, "", ""]);
        assert_eq!(fill("{product|slug}@example.com", "Mei-Mei  O'Johns "), "mei.mei.o.johns@example.com");
        assert_eq!(fill("{product|slug:-|upper}", "GTX Plus Pro"), "GTX-PLUS-PRO");
        assert_eq!(fill("{product|slug}", "Lucía Müller"), "lucia.mueller");
        assert_eq!(fill("{product|lower}", "ABC"), "abc");
    }

    #[test]
    fn doubled_characters_stand_for_themselves() {
        assert_eq!(parse("[[{product}]] {{x}}").unwrap().fill(&["A", "", ""]), "[A] {x}");
    }

    #[test]
    fn broken_templates_are_refused_with_a_reason() {
        for (text, reason) in [
            ("{product", "not closed"),
            ("[ for {account}", "not closed"),
            ("a ] b", "closes nothing"),
            ("[a [b] c]", "inside brackets"),
            ("{nothing}", "no column nothing"),
            ("{product|shout}", "not a template function"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }
}
