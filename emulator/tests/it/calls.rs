//! Short forms of calls that many tests make.

use serde_json::{Value, json};

use crate::world::*;

/// A call that must succeed with this status; gives back the answer.
pub async fn done(api: &Api, status: u16, method: &str, path: &str, body: Value) -> Value {
    let (got, answer) = api.call(method, path, body).await;
    assert_eq!(got, status, "{method} {path}: {answer}");
    assert_eq!(answer["code"], json!(0), "{method} {path}: {answer}");
    answer
}

/// A call that must be refused with this status, code and sentence.
pub async fn refused(
    api: &Api,
    method: &str,
    path: &str,
    body: Value,
    status: u16,
    code: u32,
    message: &str,
) {
    let answer = api.call(method, path, body.clone()).await;
    assert_eq!(answer, (status, json!({"code": code, "message": message})), "{method} {path} {body}");
}

/// A call that must be refused with HTTP 400 and "Invalid value passed for `name`".
pub async fn invalid(api: &Api, method: &str, path: &str, body: Value, name: &str) {
    refused(api, method, path, body, 400, 2, &format!("Invalid value passed for {name}")).await;
}

/// The text of a member.
pub fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_else(|| panic!("{name} in {value}")).to_owned()
}

/// One member of every row.
pub fn column(list: &Value, key: &str, name: &str) -> Vec<String> {
    list[key]
        .as_array()
        .unwrap_or_else(|| panic!("{key} in {list}"))
        .iter()
        .map(|row| text(row, name))
        .collect()
}
