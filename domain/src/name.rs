//! When are two names the same name?

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The form in which names are compared: blanks trimmed and collapsed, letter case folded (A17.11), and letters with their
/// marks composed (NFC), because `ü` may come as one character or as `u` with a mark and looks the same.
///
/// This is the finance side's own rule of uniqueness and nothing looser: "Ltd" is not "Limited".
/// It is also the order in which names are listed.
pub fn name_key(name: &str) -> String {
    let mut key = String::with_capacity(name.len());
    for word in name.split_whitespace() {
        if !key.is_empty() {
            key.push(' ');
        }
        // Folding takes a few composed letters apart, so they are composed again.
        let composed: String = word.nfc().collect();
        key.extend(composed.chars().flat_map(fold).nfc());
    }
    key
}

/// A letter without its case. Each letter stands for itself, wherever in a word it is, so that a part of a text has the
/// same form as in the whole: Σ is σ at the end of a word too.
pub fn fold(letter: char) -> impl Iterator<Item = char> {
    // Upper between lower folds letters such as ß, ẞ and ς, which lower-casing alone keeps apart.
    letter.to_lowercase().flat_map(char::to_uppercase).flat_map(char::to_lowercase)
}

/// The words of a name in the form in which it is compared: runs of letters and digits, with their marks.
pub fn name_words(name_key: &str) -> impl Iterator<Item = &str> {
    name_key
        .split(|c: char| !c.is_alphanumeric() && !is_combining_mark(c))
        .filter(|word| word.contains(char::is_alphanumeric))
}

#[cfg(test)]
mod tests {
    use super::{fold, name_key, name_words};

    #[test]
    fn words_are_runs_of_letters_and_digits() {
        let words: Vec<_> = name_words("müller & söhne gmbh-4 ()").collect();
        assert_eq!(words, ["müller", "söhne", "gmbh", "4"]);
    }

    #[test]
    fn marks_belong_to_the_letter_before_them() {
        // Not every letter with a mark has a character of its own: i with a dot above, and most of Devanagari.
        let key = name_key("İstanbul हिन्दी x\u{301}y");
        assert_eq!(name_words(&key).collect::<Vec<_>>(), ["i\u{307}stanbul", "हिन्दी", "x\u{301}y"]);
        assert_eq!(name_words("- \u{301} -").count(), 0);
    }

    #[test]
    fn letters_compare_the_same_composed_and_with_marks() {
        assert_eq!(name_key("Mu\u{308}ller"), name_key("MÜLLER"));
        assert_eq!(name_key("Mu\u{308}ller"), "müller");
        assert_ne!(name_key("Muller"), name_key("Müller"));
        for name in ["İstanbul", "ΐ", "ŉ", "ǰ", "Straße", "Ω\u{301}"] {
            assert_eq!(name_key(&name_key(name)), name_key(name), "{name}");
        }
    }

    #[test]
    fn a17_11_names_compare_trimmed_and_case_folded_and_no_looser() {
        assert_eq!(name_key("  ACME  Corporation "), name_key("acme corporation"));
        assert_eq!(name_key("Straße"), name_key("STRASSE"));
        assert_eq!(name_key("Straße"), name_key("STRAẞE"));
        assert_ne!(name_key("Acme Ltd"), name_key("Acme Limited"));
        assert_ne!(name_key("Acme"), name_key("Acme."));
    }

    #[test]
    fn every_letter_is_folded_for_itself_and_once() {
        for letter in (0..=u32::from(char::MAX)).filter_map(char::from_u32) {
            let folded: String = fold(letter).collect();
            assert_eq!(folded.chars().flat_map(fold).collect::<String>(), folded, "{letter:?}");
        }
        assert_eq!(name_key("ΟΔΟΣ ΑΒΓ"), "οδοσ αβγ");
        assert!(name_key("ΟΔΟΣΑ").starts_with(&name_key("ΟΔΟΣ")));
    }
}
