//! What failures of one reason have in common: their message without what is the record's own (X19).

use finbridge_domain::record::FieldChange;
use finbridge_entity::sync_run_item;

/// What stands where the record's own was.
const OWN: &str = "…";

/// Shorter values are words of the sentence more often than values of the record.
const SHORTEST: usize = 3;

/// So many digits in a row are an id or a number that no other record shares.
const DIGITS: usize = 6;

/// The message without names, ids and values of the record; none when it holds none of them.
pub(crate) fn template(message: &str, item: &sync_run_item::Model) -> Option<String> {
    let names = [Some(item.record_name.clone()), item.remote_name.clone(), item.remote_id.clone()];
    let changes = [Some(&item.changes), item.crm_changes.as_ref()];
    let changes = changes.into_iter().flatten().flat_map(|stored| {
        // What cannot be read has its own error where it is needed; here it only leaves a value in the sentence.
        serde_json::from_value::<Vec<FieldChange>>(stored.clone()).unwrap_or_default()
    });
    let values = changes.flat_map(|change| [change.before, change.after]);
    let own = names.into_iter().chain(values).flatten().map(|value| value.trim().to_owned());
    let mut own: Vec<String> =
        own.filter(|value| (SHORTEST..=message.len()).contains(&value.len())).collect();
    // "Acme Limited" before "Acme", or half of the name would stay.
    own.sort_by_key(|value| std::cmp::Reverse(value.len()));
    own.dedup();
    let mut text = message.to_owned();
    for value in &own {
        text = without(&text, value);
    }
    let text = without_numbers(&text);
    (text != message).then_some(text)
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// The text without this value, where it stands by itself and is no part of a longer word.
fn without(text: &str, value: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(value) {
        let (before, after) = (&rest[..at], &rest[at + value.len()..]);
        kept.push_str(before);
        let continues =
            |edge: Option<char>, next: Option<char>| edge.is_some_and(is_word) && next.is_some_and(is_word);
        let is_part = continues(kept.chars().next_back(), value.chars().next())
            || continues(value.chars().next_back(), after.chars().next());
        kept.push_str(if is_part { value } else { OWN });
        rest = after;
    }
    kept.push_str(rest);
    kept
}

fn without_numbers(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut digits = String::new();
    for character in text.chars().chain(['\0']) {
        if character.is_ascii_digit() {
            digits.push(character);
            continue;
        }
        kept.push_str(if digits.len() >= DIGITS { OWN } else { &digits });
        digits.clear();
        kept.push(character);
    }
    kept.pop();
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn x19_values_go_where_they_stand_by_themselves() {
        assert_eq!(without("the name \"Acme\" of Acme, Acmeville", "Acme"), "the name \"…\" of …, Acmeville");
        assert_eq!(without("contact_name is wrong: contact", "contact"), "contact_name is wrong: …");
        assert_eq!(without("ends with -5 and -5", "-5"), "ends with … and …");
        assert_eq!(without("Ærø", "Ærø"), OWN);
    }

    #[test]
    fn x19_long_numbers_go_and_short_ones_stay() {
        assert_eq!(
            without_numbers("record 460000000026049 has more than 200 characters"),
            "record … has more than 200 characters"
        );
        assert_eq!(without_numbers("code 123456"), "code …");
        assert_eq!(without_numbers(""), "");
    }
}
