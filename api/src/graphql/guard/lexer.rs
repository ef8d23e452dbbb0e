//! What a text holds, counted without recursion and before any parser sees it.

/// What a document is made of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Lexed {
    /// Tokens, as the GraphQL specification counts them.
    pub tokens: u64,
    /// Brackets within brackets, at the deepest place.
    pub nesting: u64,
    /// Bytes of the longest name.
    pub longest_name: u64,
}

/// Counts what a GraphQL document is made of. A text that is not GraphQL is counted too; the parser will say so.
pub fn document(text: &str) -> Lexed {
    let bytes = text.as_bytes();
    let mut lexed = Lexed::default();
    let mut open = 0_u64;
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
            b'"' if bytes[at..].starts_with(b"\"\"\"") => block_string(&bytes[at..]),
            b'"' => string(&bytes[at..], true),
            b'.' if bytes[at..].starts_with(b"...") => 3,
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => {
                let length = count(&bytes[at..], |byte| byte.is_ascii_alphanumeric() || byte == b'_');
                lexed.longest_name = lexed.longest_name.max(length as u64);
                length
            }
            b'0'..=b'9' | b'-' => {
                let number = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'+' | b'-');
                count(&bytes[at..], number)
            }
            b'{' | b'[' | b'(' => {
                open += 1;
                lexed.nesting = lexed.nesting.max(open);
                1
            }
            b'}' | b']' | b')' => {
                open = open.saturating_sub(1);
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

fn block_string(bytes: &[u8]) -> usize {
    let mut at = 3;
    while at < bytes.len() {
        if bytes[at..].starts_with(b"\\\"\"\"") {
            at += 4;
        } else if bytes[at..].starts_with(b"\"\"\"") {
            return at + 3;
        } else {
            at += 1;
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
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
}
