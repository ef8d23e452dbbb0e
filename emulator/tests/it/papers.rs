//! What tests on comments, files, mails and printed documents share.

use reqwest::Response;
use serde_json::{Value, json};

use crate::world::*;

impl Api {
    /// A customer with one person, who has an address.
    pub async fn customer(&self, name: &str) -> String {
        id(&self
            .create(json!({"contact_name": name, "contact_persons": [
                {"first_name": "Ada", "last_name": "Roe", "email": "ada@buyer.example"},
                {"first_name": "Ben", "email": "ben@buyer.example"},
            ]}))
            .await)
    }

    /// A document over 200.00 for a customer; gives back its id.
    pub async fn document(&self, path: &str, singular: &str, customer: &str, query: &str) -> String {
        let body = json!({"customer_id": customer, "date": "2026-01-05",
            "line_items": [{"name": "Work <b>", "description": "by the hour", "rate": 100, "quantity": 2}]});
        let (status, body) = self.call("POST", &format!("{path}{query}"), body).await;
        assert_eq!(status, 201, "{body}");
        body[singular][format!("{singular}_id")].as_str().unwrap().to_owned()
    }

    pub async fn invoice(&self, customer: &str) -> String {
        self.document("invoices", "invoice", customer, "").await
    }

    /// A call with files: field, file name, content; and a form field with the JSON body, unless that is null.
    pub async fn upload(
        &self,
        method: &str,
        path: &str,
        files: &[(&str, &str, &[u8])],
        body: Value,
    ) -> (u16, Value) {
        const LINE: &str = "----finbridge-test";
        let mut form = Vec::new();
        for (field, name, bytes) in files {
            form.extend(
                format!(
                    "--{LINE}\r\nContent-Disposition: form-data; name=\"{field}\"; filename=\"{name}\"\r\n\
                     Content-Type: application/x-whatever\r\n\r\n"
                )
                .into_bytes(),
            );
            form.extend(*bytes);
            form.extend(b"\r\n");
        }
        if !body.is_null() {
            let head =
                format!("--{LINE}\r\nContent-Disposition: form-data; name=\"JSONString\"\r\n\r\n{body}\r\n");
            form.extend(head.into_bytes());
        }
        form.extend(format!("--{LINE}--\r\n").into_bytes());
        let request = self
            .request(method, path)
            .header("Content-Type", format!("multipart/form-data; boundary={LINE}"));
        send(request.body(form)).await
    }

    /// A file: content type, disposition, bytes.
    pub async fn download(&self, path: &str) -> (String, String, Vec<u8>) {
        let response = self.request("GET", path).send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        let header = |response: &Response, name: &str| {
            response.headers().get(name).map(|it| it.to_str().unwrap().to_owned()).unwrap_or_default()
        };
        let head = (header(&response, "content-type"), header(&response, "content-disposition"));
        (head.0, head.1, response.bytes().await.unwrap().to_vec())
    }

    /// The mails in the outbox, newest first.
    pub async fn outbox(&self, query: &str) -> Vec<Value> {
        self.get(&format!("/_emulator/outbox{query}")).await["mails"].as_array().unwrap().clone()
    }
}

/// Each value of one member of the entries of a list.
pub fn each(list: &Value, member: &str) -> Vec<String> {
    list.as_array().unwrap().iter().map(|it| it[member].as_str().unwrap().to_owned()).collect()
}

/// The text of a PDF that this emulator wrote: its streams are not compressed.
pub fn pdf_text(bytes: &[u8]) -> String {
    assert!(bytes.starts_with(b"%PDF-1.") && bytes.ends_with(b"%%EOF"));
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

/// The code and the sentence of a refusal with this HTTP status.
pub fn refusal((status, body): (u16, Value), expected: u16) -> (u64, String) {
    assert_eq!(status, expected, "{body}");
    (body["code"].as_u64().unwrap(), body["message"].as_str().unwrap().to_owned())
}
