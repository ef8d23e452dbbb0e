//! Writing JSON text piece by piece, for answers too long to build a tree of them first.

use chrono::{DateTime, Datelike, Offset, Timelike, Utc};
use chrono_tz::Tz;

use crate::json::Json;
use crate::resource::packed::Value;

/// JSON text in the making. The caller opens and closes in pairs and gives names that need no escaping.
#[derive(Debug, Default)]
pub(crate) struct Writer(String);

impl Writer {
    /// An empty text with room for a record in detail.
    pub(crate) fn with_room() -> Self {
        Self(String::with_capacity(8192))
    }

    /// The text written so far.
    pub(crate) fn finish(self) -> String {
        self.0
    }

    /// Begins an object or a list, `{` or `[`, as an item of a list or as the whole document.
    pub(crate) fn open(&mut self, bracket: char) {
        self.part();
        self.0.push(bracket);
    }

    /// Begins an object or a list as a member.
    pub(crate) fn open_member(&mut self, name: &str, bracket: char) {
        self.name(name);
        self.0.push(bracket);
    }

    /// Ends what [`Writer::open`] began, with `}` or `]`.
    pub(crate) fn close(&mut self, bracket: char) {
        self.0.push(bracket);
    }

    /// A text member.
    pub(crate) fn text(&mut self, name: &str, value: &str) {
        self.name(name);
        quoted(&mut self.0, value);
    }

    /// A member whose value is JSON already: a number, `true`, an escaped text.
    pub(crate) fn raw(&mut self, name: &str, value: &str) {
        self.name(name);
        self.0.push_str(value);
    }

    /// A member that was written before, name and value.
    pub(crate) fn written(&mut self, member: &str) {
        self.part();
        self.0.push_str(member);
    }

    /// A flag.
    pub(crate) fn flag(&mut self, name: &str, value: bool) {
        self.raw(name, if value { "true" } else { "false" });
    }

    /// A record id, which is a text.
    pub(crate) fn id(&mut self, name: &str, value: u64) {
        self.name(name);
        self.0.push('"');
        self.number(value);
        self.0.push('"');
    }

    /// A member of any value.
    pub(crate) fn member(&mut self, name: &str, value: &Json) {
        self.name(name);
        value.write(&mut self.0);
    }

    /// A member whose value is kept packed.
    pub(crate) fn value(&mut self, name: &str, value: Value<'_>) {
        self.name(name);
        value.write(&mut self.0);
    }

    /// An instant as `2013-08-05T12:06:10+0530`.
    pub(crate) fn instant(&mut self, name: &str, instant: DateTime<Utc>, zone: Tz) {
        self.name(name);
        self.0.push('"');
        let local = instant.with_timezone(&zone);
        let offset = local.offset().fix().local_minus_utc() / 60;
        self.padded(u64::from(local.year().unsigned_abs()), 4);
        for (mark, part) in [
            ('-', local.month()),
            ('-', local.day()),
            ('T', local.hour()),
            (':', local.minute()),
            (':', local.second()),
        ] {
            self.0.push(mark);
            self.padded(u64::from(part), 2);
        }
        self.0.push(if offset < 0 { '-' } else { '+' });
        let minutes = u64::from(offset.unsigned_abs());
        self.padded(minutes / 60 * 100 + minutes % 60, 4);
        self.0.push('"');
    }

    fn name(&mut self, name: &str) {
        self.part();
        self.0.push('"');
        self.0.push_str(name);
        self.0.push_str("\":");
    }

    /// Separates from what stands before, unless that is an opening.
    fn part(&mut self) {
        if !matches!(self.0.as_bytes().last(), None | Some(b'{' | b'[')) {
            self.0.push(',');
        }
    }

    fn number(&mut self, value: u64) {
        let width = value.checked_ilog10().map_or(1, |digits| digits + 1);
        self.padded(value, width);
    }

    /// The last `width` digits of a number.
    fn padded(&mut self, value: u64, width: u32) {
        for place in (0..width).rev() {
            let digit = value / 10u64.pow(place) % 10;
            self.0.push(char::from(b'0' + u8::try_from(digit).unwrap_or_default()));
        }
    }
}

/// Appends a text in quotes, escaped.
pub(crate) fn quoted(out: &mut String, text: &str) {
    out.push('"');
    let mut plain = 0;
    for (at, byte) in text.bytes().enumerate() {
        let escape = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0x08 => "\\b",
            0x0c => "\\f",
            0..0x20 => "",
            _ => continue,
        };
        out.push_str(&text[plain..at]);
        if escape.is_empty() {
            out.push_str(&format!("\\u{byte:04x}"));
        } else {
            out.push_str(escape);
        }
        plain = at + 1;
    }
    out.push_str(&text[plain..]);
    out.push('"');
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;
    use proptest::prelude::*;

    use super::*;
    use crate::format;

    #[test]
    fn parts_are_separated_where_they_must_be() {
        let mut out = Writer::default();
        out.open('{');
        out.id("a", 0);
        out.open_member("b", '[');
        for _ in 0..2 {
            out.open('{');
            out.flag("c", true);
            out.raw("d", "0.0");
            out.close('}');
        }
        out.close(']');
        out.open_member("e", '{');
        out.close('}');
        out.text("f", "[");
        out.member("g", &Json::from(vec![Json::Null, 12.into()]));
        out.close('}');
        assert_eq!(
            out.finish(),
            r#"{"a":"0","b":[{"c":true,"d":0.0},{"c":true,"d":0.0}],"e":{},"f":"[","g":[null,12]}"#
        );
    }

    proptest! {
        #[test]
        fn texts_are_escaped_as_the_json_library_does(text in any::<String>()) {
            let mut out = String::new();
            quoted(&mut out, &text);
            prop_assert_eq!(out, serde_json::to_string(&text).unwrap());
        }

        #[test]
        fn instants_are_written_as_chrono_does(seconds in -2_000_000_000i64..30_000_000_000, id in any::<u64>()) {
            let instant = Utc.timestamp_opt(seconds, 0).unwrap();
            for zone in [Tz::UTC, Tz::America__Los_Angeles, Tz::Asia__Kolkata] {
                let mut out = Writer::default();
                out.open('{');
                out.instant("t", instant, zone);
                out.id("i", id);
                out.close('}');
                let expected = format!("{{\"t\":\"{}\",\"i\":\"{id}\"}}", format::timestamp(instant, zone));
                prop_assert_eq!(out.finish(), expected);
            }
        }
    }
}
