//! What a text holds, counted without recursion and before any parser sees it.
//!
//! The parser recurses, so nothing may look smaller here than it looks there. It reads without a lexer of its own, and
//! takes apart what the specification takes for one token, or for none: `[00]` and `[truetrue]` are two values to it.

/// What the parser takes for a value even where letters follow.
const CONSTANTS: [&[u8]; 3] = [b"true", b"false", b"null"];

/// What a document is made of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Lexed {
    /// Tokens, as the parser finds them. Those of a text that follows the specification are the specification's, but for
    /// names of arguments and enum values that begin with a constant: they count for one more.
    pub tokens: u64,
    /// Brackets within brackets, at the deepest place.
    pub nesting: u64,
    /// Bytes of the longest name.
    pub longest_name: u64,
    /// Where a block string begins that does not end. The parser would take it for two strings and read on.
    pub unclosed: Option<usize>,
}

/// Counts what a GraphQL document is made of. A text that is not GraphQL is counted too; the parser will say so.
pub fn document(text: &str) -> Lexed {
    let bytes = text.as_bytes();
    let mut lexed = Lexed::default();
    let (mut open, mut within_arguments) = (0_u64, 0_u64);
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let length = match byte {
            b' ' | b'\t' | b'\r' | b'\n' | b',' => {
                at += 1;
                continue;
            }
            b'#' => {
                at += count(&bytes[at..], |byte| !matches!(byte, b'\n' | b'\r'));
                continue;
            }
            b'"' if bytes[at..].starts_with(b"\"\"\"") => match block_string(&bytes[at..]) {
                Some(length) => length,
                None => {
                    lexed.unclosed = Some(at);
                    return lexed;
                }
            },
            b'"' => string(&bytes[at..], true),
            b'.' if bytes[at..].starts_with(b"...") => 3,
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => {
                let length = count(&bytes[at..], |byte| byte.is_ascii_alphanumeric() || byte == b'_');
                lexed.longest_name = lexed.longest_name.max(length as u64);
                let name = &bytes[at..at + length];
                lexed.tokens += if within_arguments > 0 { constants_before(name) } else { 0 };
                // `queryName` is a keyword and a name where an operation may begin.
                lexed.tokens += u64::from(open == 0 && begins_with_keyword(name));
                length
            }
            b'0'..=b'9' | b'-' => number(&bytes[at..]),
            b'{' | b'[' | b'(' => {
                open += 1;
                within_arguments += u64::from(byte == b'(');
                lexed.nesting = lexed.nesting.max(open);
                1
            }
            b'}' | b']' | b')' => {
                open = open.saturating_sub(1);
                within_arguments = within_arguments.saturating_sub(u64::from(byte == b')'));
                1
            }
            _ => 1,
        };
        lexed.tokens += 1;
        at += length;
    }
    lexed
}

/// Brackets within brackets of a JSON text, at the deepest place.
pub fn json_nesting(text: &[u8]) -> u64 {
    let (mut deepest, mut open, mut at) = (0_u64, 0_u64, 0);
    while let Some(&byte) = text.get(at) {
        match byte {
            b'"' => {
                at += string(&text[at..], false);
                continue;
            }
            b'{' | b'[' => {
                open += 1;
                deepest = deepest.max(open);
            }
            b'}' | b']' => open = open.saturating_sub(1),
            _ => {}
        }
        at += 1;
    }
    deepest
}

fn count(bytes: &[u8], of: impl Fn(u8) -> bool) -> usize {
    bytes.iter().take_while(|byte| of(**byte)).count()
}

/// The length of a string with its quotes. Where `line_ends` is set, it cannot go beyond its line.
fn string(bytes: &[u8], line_ends: bool) -> usize {
    let mut at = 1;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 1,
            b'"' => return at + 1,
            b'\n' | b'\r' if line_ends => return at,
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

/// The length of a block string with its quotes; none when it does not end.
fn block_string(bytes: &[u8]) -> Option<usize> {
    let mut at = 3;
    while at < bytes.len() {
        if bytes[at..].starts_with(b"\\\"\"\"") {
            at += 4;
        } else if bytes[at..].starts_with(b"\"\"\"") {
            return Some(at + 3);
        } else {
            at += 1;
        }
    }
    None
}

/// The length of the number that the parser reads first: nothing comes after a leading zero but a fraction or an exponent,
/// and what follows may be the next number. At least one byte, for what is no number.
fn number(bytes: &[u8]) -> usize {
    let digits = |at: usize| count(bytes.get(at..).unwrap_or_default(), |byte| byte.is_ascii_digit());
    let mut at = usize::from(bytes.first() == Some(&b'-'));
    at += match bytes.get(at) {
        Some(b'0') => 1,
        _ => digits(at),
    };
    if bytes.get(at) == Some(&b'.') && digits(at + 1) > 0 {
        at += 1 + digits(at + 1);
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
        if digits(at + 1 + sign) > 0 {
            at += 1 + sign + digits(at + 1 + sign);
        }
    }
    at.max(1)
}

/// How many constants and numbers stand right before something else, and one another, in what looks like one name: the parser
/// takes `true` off its beginning, and then reads on as if nothing had been there. Each digit may be a number.
fn constants_before(mut name: &[u8]) -> u64 {
    let mut found = 0;
    while let Some(rest) = CONSTANTS.iter().find_map(|constant| name.strip_prefix(*constant)) {
        let digits = count(rest, |byte| byte.is_ascii_digit());
        found += 1 + digits as u64;
        name = &rest[digits..];
        if name.is_empty() {
            // The last of them is the token that is counted anyway.
            return found - 1;
        }
    }
    found
}

fn begins_with_keyword(name: &[u8]) -> bool {
    let keywords: [&[u8]; 4] = [b"query", b"mutation", b"subscription", b"fragment"];
    keywords.iter().any(|keyword| name.strip_prefix(*keyword).is_some_and(|rest| !rest.is_empty()))
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::super::measure::Ruler;
    use super::*;

    #[test]
    fn tokens_are_those_of_the_specification() {
        for (text, tokens) in [
            ("", 0),
            ("{ a }", 3),
            ("{a,b,,,c}", 5),
            ("query Q($n: [Int!]! = [1, -2.5e+3]) { a(first: $n) @skip(if: true) { ...F } }", 37),
            ("# { a }\n{ a # b c\r d }", 4),
            (r#"{ a(b: "x } \" {") }"#, 8),
            ("{ a(b: \"\"\"x } \\\"\"\" { \"\"\") }", 8),
            ("{ a(b: \"never closed\n) }", 8),
            ("{ a(b: [00 1.5.5 -1-1 1e5e 2E-3 -]) }", 9 + 2 + 3 + 2 + 2 + 1 + 1),
            ("{ a(b: [truetrue nullable true]) nullable }", 10 + 2 + 2 + 1),
            ("queryQ{a}fragmentF on T{a}", 5 + 7),
            ("\u{feff}{ é }", 7),
        ] {
            assert_eq!(document(text).tokens, tokens, "{text}");
        }
    }

    #[test]
    fn nesting_counts_what_is_open_and_not_what_is_text() {
        for (text, nesting) in
            [("{ a { b(c: [[1]]) } d { e } }", 5), ("}}}{", 1), ("{ a(b: \"[[[[[\") } # {{{{", 2)]
        {
            assert_eq!(document(text).nesting, nesting, "{text}");
        }
        assert_eq!(document(&"[".repeat(100_000)).nesting, 100_000);
        assert_eq!(json_nesting(br#"{"a":[{"b":"[[[\"[["}],"c":{}}"#), 3);
        assert_eq!(json_nesting("[".repeat(100_000).as_bytes()), 100_000);
        assert_eq!(document("{ short muchLonger }").longest_name, 10);
    }

    #[test]
    fn a_block_string_that_does_not_end_is_found_where_it_begins() {
        for (text, at) in [
            ("{a(b:[\"\"\"\" [[[[]]]]])}", Some(6)),
            ("{a(b:\"\"\" \\\"\"\" )}", Some(5)),
            ("{a(b:\"\"\"\"\"\" c:\"\"\"d\"\"\")}", None),
            ("{a(b:\"\" # \"\"\"\n)}", None),
        ] {
            assert_eq!(document(text).unclosed, at, "{text}");
        }
    }

    /// Values that stand right beside one another, as only the parser can take them apart.
    fn values() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            9 => "-?[01]{1,4}",
            9 => "(true|false|null|a){1,4}",
            9 => r#"""" ?[a\[]{0,4}""""#,
            9 => r#""[a\[]{0,4}""#,
            9 => "\\$v ",
            9 => "#[\"\\[]{0,3}\n",
            9 => "[ ,\u{feff}]",
            1 => "[-0-9.eE+]{1,6}",
            1 => "[a\"\\\\]{2,9}",
        ];
        leaf.prop_recursive(6, 64, 5, |inner| {
            let many = vec(inner, 0..5).prop_map(|values| values.concat());
            prop_oneof![
                many.clone().prop_map(|values| format!("[{values}]")),
                many.clone().prop_map(|values| format!("{{a:[{values}]}}")),
                many
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn nothing_is_smaller_than_the_parser_finds_it(values in values(), more in values()) {
            let text = format!("{{a(b:[{values}])c(d:[{more}])}}");
            let lexed = document(&text);
            if let (Ok(parsed), None) = (parse_query(&text), lexed.unclosed) {
                let measure = Ruler::new(&parsed).document().expect("no fragments");
                // An operation is measured with a name that this one does not have.
                prop_assert!(lexed.tokens >= measure.tokens - 2, "{text}: {lexed:?} {measure:?}");
                prop_assert!(lexed.nesting >= measure.nesting, "{text}: {lexed:?} {measure:?}");
            }
        }
    }
}
