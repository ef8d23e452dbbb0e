//! Keeps the catalogue of error codes complete in both directions.
//!
//! A client that meets a code must find it in `docs/errors.md`, with its meaning and remedy, and a code found
//! there must be one that the server can still answer. Codes come from two places: the enum `ErrorCode` of
//! the schema for what a user can act on, and a list in the page itself for top-level errors, which GraphQL
//! gives no type.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

const CATALOGUE: &str = "docs/errors.md";
const SCHEMA: &str = "api/schema.graphql";
const TOP_LEVEL: &str = "Top-level codes";

fn read(relative: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(relative);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()))
}

fn is_code(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_uppercase())
        && text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}

/// The names and punctuators of an SDL document, without descriptions, strings and comments.
///
/// A description may hold anything, the text `enum ErrorCode {` included, so it has to be skipped by its
/// quotes.
fn tokens(sdl: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = sdl;
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with("\"\"\"") {
            block_string(rest)
        } else if first == '"' {
            string(rest)
        } else if first == '#' {
            rest.find('\n').unwrap_or(rest.len())
        } else if first.is_ascii_alphanumeric() || first == '_' {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
            tokens.push(&rest[..end]);
            end
        } else {
            let end = first.len_utf8();
            if !first.is_whitespace() {
                tokens.push(&rest[..end]);
            }
            end
        };
        rest = &rest[length..];
    }
    tokens
}

/// The length of a block string, in which `\"""` is text.
fn block_string(text: &str) -> usize {
    let mut at = 3;
    while let Some(found) = text[at..].find("\"\"\"") {
        let quotes = at + found;
        if !text[..quotes].ends_with('\\') {
            return quotes + 3;
        }
        at = quotes + 3;
    }
    panic!("{SCHEMA} ends within a block string");
}

fn string(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    panic!("{SCHEMA} ends within a string");
}

/// The values of `enum ErrorCode`, skipping directives such as `@deprecated(reason: "…")` on enum and values.
fn enum_values(sdl: &str) -> BTreeSet<String> {
    let tokens = tokens(sdl);
    let start = tokens
        .windows(2)
        .position(|pair| pair == ["enum", "ErrorCode"])
        .unwrap_or_else(|| panic!("{SCHEMA} has no enum ErrorCode"));
    let mut values = BTreeSet::new();
    let mut inside = false;
    let mut parentheses = 0_u32;
    let mut directive = false;
    for token in &tokens[start + 2..] {
        match *token {
            "(" => parentheses += 1,
            ")" => parentheses -= 1,
            _ if parentheses > 0 => {}
            "@" => directive = true,
            _ if directive => directive = false,
            "{" => inside = true,
            "}" => break,
            name if inside => {
                assert!(values.insert(name.to_owned()), "{SCHEMA} lists {name} twice in ErrorCode")
            }
            _ => {}
        }
    }
    assert!(!values.is_empty(), "the enum ErrorCode of {SCHEMA} has no values");
    values
}

/// The codes of the first fenced block under the heading "Top-level codes", separated by white space or
/// commas.
fn top_level_codes(page: &str) -> BTreeSet<String> {
    let mut lines = page.lines().skip_while(|line| {
        !(line.starts_with('#') && line.trim_start_matches('#').trim().eq_ignore_ascii_case(TOP_LEVEL))
    });
    assert!(lines.next().is_some(), "{CATALOGUE} has no heading \"{TOP_LEVEL}\"");
    let mut block = lines
        .take_while(|line| !line.starts_with('#'))
        .skip_while(|line| !line.trim_start().starts_with("```"));
    assert!(block.next().is_some(), "{CATALOGUE} has no fenced block under \"{TOP_LEVEL}\"");
    let mut codes = BTreeSet::new();
    for line in block.take_while(|line| !line.trim_start().starts_with("```")) {
        for code in line.split(|c: char| c.is_whitespace() || c == ',').filter(|code| !code.is_empty()) {
            assert!(is_code(code), "{CATALOGUE} lists {code:?} under \"{TOP_LEVEL}\", which is no code");
            assert!(codes.insert(code.to_owned()), "{CATALOGUE} lists {code} twice under \"{TOP_LEVEL}\"");
        }
    }
    assert!(!codes.is_empty(), "{CATALOGUE} has an empty block under \"{TOP_LEVEL}\"");
    codes
}

/// The rows that start with a code, each with its remaining cells.
fn rows(page: &str) -> BTreeMap<String, Vec<String>> {
    let mut rows = BTreeMap::new();
    for line in page.lines() {
        let Some((code, cells)) = line.strip_prefix("| `").and_then(|row| row.split_once("` |")) else {
            continue;
        };
        if !is_code(code) {
            continue;
        }
        let cells =
            cells.trim().trim_end_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect();
        assert!(
            rows.insert(code.to_owned(), cells).is_none(),
            "{CATALOGUE} has two rows for {code}; keep one"
        );
    }
    rows
}

#[test]
fn every_code_is_in_the_catalogue_and_every_entry_is_a_code() {
    let page = read(CATALOGUE);
    let documented: BTreeSet<_> = rows(&page).into_keys().collect();
    let mut answered = enum_values(&read(SCHEMA));
    answered.extend(top_level_codes(&page));
    let undocumented: Vec<_> = answered.difference(&documented).collect();
    let forgotten: Vec<_> = documented.difference(&answered).collect();
    assert!(undocumented.is_empty(), "add a row with meaning and remedy to {CATALOGUE} for {undocumented:?}");
    assert!(
        forgotten.is_empty(),
        "{CATALOGUE} documents {forgotten:?}, which neither the enum ErrorCode of {SCHEMA} nor the list \
         under \"{TOP_LEVEL}\" has; remove the rows or add the codes"
    );
}

#[test]
fn every_entry_tells_meaning_and_remedy() {
    let short: Vec<_> = rows(&read(CATALOGUE))
        .into_iter()
        .filter(|(_, cells)| cells.iter().filter(|cell| !cell.is_empty()).count() < 2)
        .map(|(code, _)| code)
        .collect();
    assert!(short.is_empty(), "these rows of {CATALOGUE} lack a meaning or a remedy: {short:?}");
}

#[test]
fn the_enum_is_read_past_descriptions_and_directives() {
    let sdl = r##"
"""
Not this one: enum ErrorCode { WRONG }, nor \""" this: enum ErrorCode { WORSE }
"""
type Query { a(b: String = "enum ErrorCode { C \" }"): Int } # enum ErrorCode { D }
enum ErrorCodeFamily { OTHER }
enum ErrorCode @tag(name: "x") {
	"""
	NOT a value
	"""
	NOT_FOUND
	"one line" OLD @deprecated(reason: "Use `NOT_FOUND`. } {") # trailing
	PLAN_STALE @a @b(c: [1, 2], d: { e: F })
	V2
}
enum After { LATE }
"##;
    let values: Vec<_> = enum_values(sdl).into_iter().collect();
    assert_eq!(values, ["NOT_FOUND", "OLD", "PLAN_STALE", "V2"]);
}

#[test]
fn the_page_is_read_by_rows_and_by_the_fenced_list() {
    let page = "\
# Errors

| code | meaning | remedy |
|---|---|---|
| `NOT_FOUND` | nothing there | check the id |
| `HALF` | only a meaning | |
| `notACode` | x | y |

## Top-level codes

As the schema has no type for these:

```text
FORBIDDEN, UNAUTHENTICATED
INTERNAL_SERVER_ERROR
```

```text
LATER
```
";
    let rows = rows(page);
    assert_eq!(rows.keys().collect::<Vec<_>>(), ["HALF", "NOT_FOUND"]);
    assert_eq!(rows["NOT_FOUND"], ["nothing there", "check the id"]);
    assert_eq!(rows["HALF"].iter().filter(|cell| !cell.is_empty()).count(), 1);
    let codes: Vec<_> = top_level_codes(page).into_iter().collect();
    assert_eq!(codes, ["FORBIDDEN", "INTERNAL_SERVER_ERROR", "UNAUTHENTICATED"]);
}
