//! The first half of a list of ids.

use crate::json::Json;

/// `query` with every comma-separated parameter whose name ends in `_ids` cut to its first half, rounded up.
pub(crate) fn first_half_of_query(query: &str) -> String {
    let mut halved = form_urlencoded::Serializer::new(String::new());
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        if names_ids(&name) {
            halved.append_pair(&name, &first_half(&value));
        } else {
            halved.append_pair(&name, &value);
        }
    }
    halved.finish()
}

/// `body` with every list of ids cut to its first half: members of a JSON object or fields of a form. Anything else is
/// left as it is.
pub(crate) fn first_half_of_body(body: &[u8]) -> Vec<u8> {
    let Ok(text) = std::str::from_utf8(body) else { return body.to_vec() };
    match Json::parse(text) {
        Ok(Json::Object(mut members)) => {
            for (_, value) in members.iter_mut().filter(|(name, _)| names_ids(name)) {
                match value {
                    Json::Text(ids) => *ids = first_half(ids),
                    Json::List(ids) => ids.truncate(ids.len().div_ceil(2)),
                    _ => {}
                }
            }
            Json::Object(members).to_text().into_bytes()
        }
        Err(_) if !text.contains(char::is_whitespace) && text.contains('=') => {
            first_half_of_query(text).into_bytes()
        }
        _ => body.to_vec(),
    }
}

fn names_ids(name: &str) -> bool {
    name.ends_with("_ids")
}

fn first_half(ids: &str) -> String {
    let ids: Vec<&str> = ids.split(',').collect();
    ids[..ids.len().div_ceil(2)].join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lists_of_ids_are_halved() {
        assert_eq!(first_half_of_query("contact_ids=1%2C2%2C3&name=a,b"), "contact_ids=1%2C2&name=a%2Cb");
        assert_eq!(
            first_half_of_body(br#"{"item_ids":["1","2"],"n":[1,2]}"#),
            br#"{"item_ids":["1"],"n":[1,2]}"#
        );
        assert_eq!(first_half_of_body(b"invoice_ids=1,2"), b"invoice_ids=1");
        assert_eq!(first_half_of_body(b"\xff"), b"\xff");
    }
}
