//! Masking by scanning text. Nothing is parsed, so that it is quick and works on texts that were cut.

use std::borrow::Cow;
use std::collections::BTreeMap;

use axum::http::HeaderMap;

/// What stands in the place of a secret.
const MASK: &str = "***";
/// Members, parameters and headers whose values are never shown.
const SECRETS: [&str; 10] = [
    "access_token",
    "authorization",
    "authtoken",
    "client_secret",
    "code",
    "cookie",
    "refresh_token",
    "token",
    "zsc_key",
    "password",
];
/// What every token and grant code begins with.
const TOKEN: &str = "1000.";
/// Hexadecimal digits in each of the two parts of a token.
const PART: usize = 32;
/// A text that ends within a token shows this many characters of it at most.
const HARMLESS: usize = 8;

/// Headers with secrets masked; of an authorization only the scheme is left.
pub(super) fn headers(headers: &HeaderMap) -> BTreeMap<String, String> {
    let shown = |name: &str, value: &str| match value.split_once(' ') {
        Some((scheme, _)) if name == "authorization" => format!("{scheme} {MASK}"),
        _ if secret(name) => MASK.to_owned(),
        _ => tokens(value).into_owned(),
    };
    let text = |value: &axum::http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    headers.iter().map(|(name, value)| (name.to_string(), shown(name.as_str(), &text(value)))).collect()
}

/// A query or form with secrets masked.
pub(super) fn query(query: &str) -> String {
    let mut masked = form_urlencoded::Serializer::new(String::new());
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        if secret(&name) {
            masked.append_pair(&name, MASK);
        } else {
            masked.append_pair(
                &name,
                &if is_json(&value) { text(&value) } else { tokens(&value).into_owned() },
            );
        }
    }
    masked.finish()
}

/// A body with secrets masked, at most `longest` bytes of it. The body may have been cut anywhere.
pub(super) fn body(body: &[u8], longest: usize) -> String {
    let whole = match std::str::from_utf8(body) {
        Ok(text) => Cow::Borrowed(text),
        // A character that the cut went through is left out.
        Err(error) if error.error_len().is_none() => String::from_utf8_lossy(&body[..error.valid_up_to()]),
        Err(_) => String::from_utf8_lossy(body),
    };
    let form =
        whole.contains('=') && !whole.starts_with(['{', '[', '<']) && !whole.contains(char::is_whitespace);
    let mut masked = if form { query(&whole) } else { text(&whole) };
    if masked.len() > longest {
        masked.truncate(masked.floor_char_boundary(longest));
    }
    masked
}

/// JSON is masked member by member; another text is hidden whole once it mentions a secret.
fn text(text: &str) -> String {
    if is_json(text) {
        return tokens(&json(text)).into_owned();
    }
    let lower = text.to_ascii_lowercase();
    if SECRETS.iter().any(|secret| *secret != "code" && lower.contains(secret)) {
        return MASK.to_owned();
    }
    tokens(text).into_owned()
}

fn is_json(text: &str) -> bool {
    text.trim_start().starts_with(['{', '['])
}

/// Replaces the text and number values of secret members. The envelope's `code` is a number and stays; a grant code is
/// text.
fn json(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut masked = String::with_capacity(text.len());
    let (mut at, mut copied) = (0, 0);
    while let Some(open) = find_quote(bytes, at) {
        let Some(close) = closing_quote(bytes, open + 1) else { break };
        at = close + 1;
        let colon = skip_space(bytes, at);
        if bytes.get(colon) != Some(&b':') {
            continue;
        }
        at = skip_space(bytes, colon + 1);
        let name = member_name(&text[open..=close]);
        if !secret(&name) {
            continue;
        }
        let (from, to) = match bytes.get(at) {
            Some(b'"') => (at + 1, closing_quote(bytes, at + 1).unwrap_or(bytes.len())),
            Some(b'-' | b'0'..=b'9') if !name.eq_ignore_ascii_case("code") => {
                let end = bytes[at..].iter().position(|byte| b",}] \r\n\t".contains(byte));
                (at, end.map_or(bytes.len(), |end| at + end))
            }
            _ => continue,
        };
        if to > from {
            masked.push_str(&text[copied..from]);
            masked.push_str(if bytes[at] == b'"' { MASK } else { "\"***\"" });
            copied = to;
        }
        at = if bytes[at] == b'"' { (to + 1).min(bytes.len()) } else { to };
    }
    masked.push_str(&text[copied..]);
    masked
}

fn find_quote(bytes: &[u8], from: usize) -> Option<usize> {
    bytes.get(from..)?.iter().position(|byte| *byte == b'"').map(|at| from + at)
}

fn closing_quote(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        match bytes.get(at)? {
            b'"' => return Some(at),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

fn skip_space(bytes: &[u8], from: usize) -> usize {
    from + bytes.iter().skip(from).take_while(|byte| byte.is_ascii_whitespace()).count()
}

/// The name without quotes; escapes are resolved, so that no spelling of a name hides a secret.
fn member_name(quoted: &str) -> Cow<'_, str> {
    if quoted.contains('\\') {
        serde_json::from_str::<String>(quoted).map_or(Cow::Borrowed(quoted), Cow::Owned)
    } else {
        Cow::Borrowed(&quoted[1..quoted.len() - 1])
    }
}

/// Masks everything that has the form of a token, wherever it stands.
pub(super) fn tokens(text: &str) -> Cow<'_, str> {
    if !text.contains(TOKEN) {
        return Cow::Borrowed(text);
    }
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(TOKEN) {
        let (before, token) = rest.split_at(at);
        masked.push_str(before);
        match token_length(token) {
            Some(length) => {
                masked.push_str(MASK);
                rest = &token[length..];
            }
            None => {
                masked.push_str(TOKEN);
                rest = &token[TOKEN.len()..];
            }
        }
    }
    masked.push_str(rest);
    Cow::Owned(masked)
}

/// Length of the token that `text` begins with, also of one that the end of the text cuts off.
fn token_length(text: &str) -> Option<usize> {
    let parts = &text.as_bytes()[TOKEN.len()..];
    let hex = |byte: &&u8| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f');
    let first = parts.iter().take(PART).take_while(hex).count();
    let second = match parts.get(first) {
        None if first >= HARMLESS => return Some(text.len()),
        Some(b'.') if first == PART => &parts[PART + 1..],
        _ => return None,
    };
    let length = second.iter().take(PART).take_while(hex).count();
    (length == PART || length == second.len()).then_some(TOKEN.len() + PART + 1 + length)
}

fn secret(name: &str) -> bool {
    SECRETS.iter().any(|secret| name.eq_ignore_ascii_case(secret))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECRET: &str = "1000.0123456789abcdef0123456789abcdef.fedcba9876543210fedcba9876543210";

    #[test]
    fn members_of_json_are_masked_and_codes_of_envelopes_are_not() {
        for (given, shown) in [
            (r#"{"code":0,"message":"token"}"#, r#"{"code":0,"message":"token"}"#),
            (r#"{"code": "abc" , "zsc_key":17}"#, r#"{"code": "***" , "zsc_key":"***"}"#),
            (r#"[{"a":{"Refresh_Token":"x\"y"}},1]"#, r#"[{"a":{"Refresh_Token":"***"}},1]"#),
            (r#"{"tok\u0065n":"abc"}"#, r#"{"tok\u0065n":"***"}"#),
            (r#"{"token":"","password":null}"#, r#"{"token":"","password":null}"#),
            (r#"{"note":"{\"token\":\"a\"}"}"#, r#"{"note":"{\"token\":\"a\"}"}"#),
        ] {
            assert_eq!(body(given.as_bytes(), 1000), shown);
        }
    }

    #[test]
    fn forms_and_other_texts() {
        assert_eq!(body(b"grant_type=x&client_secret=abc", 1000), "grant_type=x&client_secret=***");
        assert_eq!(query("JSONString=%7B%22token%22%3A%22abc"), "JSONString=%7B%22token%22%3A%22***");
        assert_eq!(body(b"--b\r\nname=\"zsc_key\"\r\n\r\nabc", 1000), MASK);
        assert_eq!(body(b"<p>Hello</p>", 1000), "<p>Hello</p>");
        assert_eq!(tokens(&format!("at {SECRET}, 1000.50")), "at ***, 1000.50");
        assert_eq!(tokens("1000.DEMOFINBRIDGE"), "1000.DEMOFINBRIDGE");
    }

    proptest! {
        /// Wherever the text is cut, no more than a harmless piece of a secret shows.
        #[test]
        fn a_cut_shows_no_secret(cut in 0usize..400) {
            let long = "s3cr3t".repeat(10);
            let given = format!(
                r#"{{"contact_name":"Ü","access_token":"{SECRET}","list":[{{"client_secret" : "{long}"}}],"url":"/x?c={SECRET}"}}"#
            );
            let shown = body(&given.as_bytes()[..cut.min(given.len())], 64 * 1024);
            prop_assert!(!shown.contains("0123456789"), "{shown}");
            prop_assert!(!shown.contains("s3cr3t"), "{shown}");
        }

        /// Scanning never panics and never grows without bound.
        #[test]
        fn any_bytes_are_shown(given in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(body(&given, 100).len() <= 100);
        }
    }
}
