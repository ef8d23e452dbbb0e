//! When are two names the same name?

/// The form in which names are compared: blanks trimmed and collapsed, letter case folded (A17.11).
///
/// This is the finance side's own rule of uniqueness and nothing looser: "Ltd" is not "Limited".
/// It is also the order in which names are listed.
pub fn name_key(name: &str) -> String {
    let mut key = String::with_capacity(name.len());
    for word in name.split_whitespace() {
        if !key.is_empty() {
            key.push(' ');
        }
        // Upper then lower folds letters such as ß and ς that lower-casing alone keeps apart.
        key.push_str(&word.to_uppercase().to_lowercase());
    }
    key
}

/// The words of a name in the form in which it is compared: runs of letters and digits.
pub fn name_words(name_key: &str) -> impl Iterator<Item = &str> {
    name_key.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::{name_key, name_words};

    #[test]
    fn words_are_runs_of_letters_and_digits() {
        let words: Vec<_> = name_words("müller & söhne gmbh-4 ()").collect();
        assert_eq!(words, ["müller", "söhne", "gmbh", "4"]);
    }

    #[test]
    fn a17_11_names_compare_trimmed_and_case_folded_and_no_looser() {
        assert_eq!(name_key("  ACME  Corporation "), name_key("acme corporation"));
        assert_eq!(name_key("Straße"), name_key("STRASSE"));
        assert_ne!(name_key("Acme Ltd"), name_key("Acme Limited"));
        assert_ne!(name_key("Acme"), name_key("Acme."));
    }
}
