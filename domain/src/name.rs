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

#[cfg(test)]
mod tests {
    use super::name_key;

    #[test]
    fn a17_11_names_compare_trimmed_and_case_folded_and_no_looser() {
        assert_eq!(name_key("  ACME  Corporation "), name_key("acme corporation"));
        assert_eq!(name_key("Straße"), name_key("STRASSE"));
        assert_ne!(name_key("Acme Ltd"), name_key("Acme Limited"));
        assert_ne!(name_key("Acme"), name_key("Acme."));
    }
}
