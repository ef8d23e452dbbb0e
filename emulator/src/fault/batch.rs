//! The first half of a list of ids.

use crate::json::Json;
use crate::request::Query;

/// Cuts every comma-separated parameter whose name ends in `_ids` to its first half, rounded up.
pub(crate) fn halve_query(query: &mut Query) {
    query.change(|name, value| {
        if names_ids(name) {
            *value = first_half(value);
        }
    });
}

/// Cuts every list of ids that is a member of `body` to its first half.
pub(crate) fn halve_body(body: &mut Json) {
    let Json::Object(members) = body else { return };
    for (_, value) in members.iter_mut().filter(|(name, _)| names_ids(name)) {
        match value {
            Json::Text(ids) => *ids = first_half(ids),
            Json::List(ids) => ids.truncate(ids.len().div_ceil(2)),
            _ => {}
        }
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
        let mut query = Query::parse(b"contact_ids=1%2C2%2C3&name=a,b");
        halve_query(&mut query);
        assert_eq!((query.get("contact_ids"), query.get("name")), (Some("1,2"), Some("a,b")));
        let mut body = Json::parse(r#"{"item_ids":["1","2"],"n":[1,2],"bill_ids":"1,2"}"#).unwrap();
        halve_body(&mut body);
        assert_eq!(body.to_text(), r#"{"item_ids":["1"],"n":[1,2],"bill_ids":"1"}"#);
    }
}
