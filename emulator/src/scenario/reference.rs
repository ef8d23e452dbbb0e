//! `$name.member`: values of earlier answers.

use std::collections::BTreeMap;

use crate::json::Json;

/// The answers saved so far, by the names they were saved as.
#[derive(Debug, Default)]
pub(crate) struct Saved(pub(crate) BTreeMap<String, Json>);

impl Saved {
    /// `value` with every string that is a reference replaced by what it stands for. Errors: a sentence about a
    /// reference that leads nowhere.
    pub(crate) fn resolve(&self, value: &Json) -> Result<Json, String> {
        Ok(match value {
            Json::Text(text) => match text.strip_prefix('$') {
                Some(rest) if rest.starts_with('$') => rest.into(),
                Some(reference) if is_reference(reference) => self.find(reference)?.clone(),
                _ => value.clone(),
            },
            Json::List(items) => {
                Json::List(items.iter().map(|item| self.resolve(item)).collect::<Result<_, _>>()?)
            }
            Json::Object(members) => {
                let members = members.iter().map(|(name, it)| Ok((name.clone(), self.resolve(it)?)));
                Json::Object(members.collect::<Result<_, String>>()?)
            }
            other => other.clone(),
        })
    }

    /// A path and query with its references replaced. A reference is a whole segment, a whole value of the query, or one
    /// of several between commas.
    pub(crate) fn resolve_path(&self, path: &str) -> Result<String, String> {
        let mut resolved = String::new();
        for piece in path.split_inclusive(['/', '?', '&', '=', ',']) {
            let end = piece.find(['/', '?', '&', '=', ',']).unwrap_or(piece.len());
            let (word, delimiter) = piece.split_at(end);
            match word.strip_prefix('$').filter(|reference| is_reference(reference)) {
                None => resolved.push_str(word),
                Some(reference) => match self.find(reference)? {
                    Json::Text(text) | Json::Number(text) => {
                        resolved.extend(form_urlencoded::byte_serialize(text.as_bytes()));
                    }
                    _ => return Err(format!("\"{word}\" stands for neither a text nor a number.")),
                },
            }
            resolved.push_str(delimiter);
        }
        Ok(resolved)
    }

    /// The member is looked for in the answer and then in the record that the answer holds.
    fn find(&self, reference: &str) -> Result<&Json, String> {
        let (name, path) = reference.split_once('.').unwrap_or((reference, ""));
        let known = || self.0.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        let answer = self.0.get(name).ok_or_else(|| {
            format!("\"${reference}\" names an answer that no earlier call saved. Saved so far: {}.", known())
        })?;
        member(answer, path)
            .or_else(|| member(record(answer)?, path))
            .ok_or_else(|| format!("\"${reference}\" names a member that the saved answer does not have."))
    }
}

/// The record in an answer: its first object, but for the page context of a list.
pub(crate) fn record(answer: &Json) -> Option<&Json> {
    let Json::Object(members) = answer else { return None };
    let found =
        members.iter().find(|(name, value)| name != "page_context" && matches!(value, Json::Object(_)));
    found.map(|(_, value)| value)
}

/// Follows names of members and places in lists.
fn member<'a>(value: &'a Json, path: &str) -> Option<&'a Json> {
    path.split('.').try_fold(value, |value, step| match value {
        Json::List(items) => items.get(step.parse::<usize>().ok()?),
        _ => value.get(step),
    })
}

/// `name.member`, so that prices such as `$5.00` stay what they are.
fn is_reference(text: &str) -> bool {
    let word = |text: &str| {
        !text.is_empty() && text.bytes().all(|it| it.is_ascii_alphanumeric() || b"_-".contains(&it))
    };
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.contains('.')
        && text.split('.').all(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn saved() -> Saved {
        let answer = r#"{"code":0,"contact":{"contact_id":"46","people":[{"id":7}],"name":"A/B"}}"#;
        Saved(BTreeMap::from([("acme".to_owned(), Json::parse(answer).unwrap())]))
    }

    #[test]
    fn references_are_replaced_wherever_they_stand() {
        let body = Json::parse(
            r#"{"a":["$acme.contact_id",{"b":"$acme.people.0.id"}],"c":"$$acme.code","d":"$5.00"}"#,
        );
        let resolved = saved().resolve(&body.unwrap()).unwrap();
        assert_eq!(resolved.to_text(), r#"{"a":["46",{"b":7}],"c":"$acme.code","d":"$5.00"}"#);
        let path = "/x/$acme.contact_id/y?ids=$acme.people.0.id,2&n=$acme.name";
        assert_eq!(saved().resolve_path(path).unwrap(), "/x/46/y?ids=7,2&n=A%2FB");
    }

    #[test]
    fn a_reference_that_leads_nowhere_is_an_error() {
        for text in ["$other.contact_id", "$acme.nothing", "$acme.people.1.id"] {
            assert!(saved().resolve(&text.into()).is_err(), "{text}");
            assert!(saved().resolve_path(text).is_err(), "{text}");
        }
        assert!(saved().resolve_path("/x/$acme.contact").is_err());
    }
}
