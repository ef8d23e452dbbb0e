//! Path patterns of fault rules and of journal queries.

/// Whether `path` fits `pattern`. `*` stands for any text without a slash, `**` for any text. The whole path must fit.
pub(crate) fn fits(pattern: &str, path: &str) -> bool {
    let (pattern, path) = (pattern.as_bytes(), path.as_bytes());
    let (mut p, mut t) = (0, 0);
    // Where to go on when the text after a star does not fit: the pattern after the star, and the text it has eaten.
    let mut narrow: Option<(usize, usize)> = None;
    let mut wide: Option<(usize, usize)> = None;
    loop {
        if pattern.get(p) == Some(&b'*') {
            if pattern.get(p + 1) == Some(&b'*') {
                p += 2;
                (wide, narrow) = (Some((p, t)), None);
            } else {
                p += 1;
                narrow = Some((p, t));
            }
            continue;
        }
        if p == pattern.len() && t == path.len() {
            return true;
        }
        if p < pattern.len() && pattern.get(p) == path.get(t) {
            (p, t) = (p + 1, t + 1);
            continue;
        }
        // A star that may not pass a slash gives way to the last one that may.
        match (narrow, wide) {
            (Some((after, eaten)), _) if path.get(eaten).is_some_and(|byte| *byte != b'/') => {
                narrow = Some((after, eaten + 1));
                (p, t) = (after, eaten + 1);
            }
            (_, Some((after, eaten))) if eaten < path.len() => {
                (wide, narrow) = (Some((after, eaten + 1)), None);
                (p, t) = (after, eaten + 1);
            }
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_star_stays_in_its_segment_and_two_do_not() {
        for (pattern, path, expected) in [
            ("/books/v3/contacts", "/books/v3/contacts", true),
            ("/books/v3/contacts", "/books/v3/contacts/1", false),
            ("/books/v3/contacts/*", "/books/v3/contacts/17", true),
            ("/books/v3/contacts/*", "/books/v3/contacts/17/address", false),
            ("/books/v3/contacts/*/address", "/books/v3/contacts/17/address", true),
            ("/books/**", "/books/v3/contacts/17/address", true),
            ("**/contacts/*", "/books/v3/contacts/17", true),
            ("**/contacts/*", "/books/v3/contacts/17/address/contacts/3", true),
            ("**/a/*b", "/a/x/a/cb", true),
            ("/*/v3/*s", "/books/v3/contacts", true),
            ("**", "", true),
            ("*", "a/b", false),
            ("", "a", false),
        ] {
            assert_eq!(fits(pattern, path), expected, "{pattern} on {path}");
        }
    }

    #[test]
    fn many_stars_end_soon() {
        assert!(!fits(&"**a".repeat(30), &format!("{}b", "a".repeat(2000))));
    }
}
