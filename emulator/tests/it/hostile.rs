//! Requests as an enemy would send them, drawn by proptest from the operations that the emulator lists.

use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};

use crate::hostile_words::*;

/// One operation of the emulator's own OpenAPI documents.
#[derive(Debug, Clone)]
pub struct Operation {
    pub method: String,
    /// From the root, an id as `{id1}`.
    pub path: String,
    pub query: Vec<String>,
    pub members: Vec<String>,
}

/// A request before ids of the running emulator are put in.
#[derive(Debug, Clone)]
pub struct Draft {
    operation: Index,
    method: Option<Index>,
    ids: Vec<(u8, Index)>,
    query: Vec<(Index, Index)>,
    members: Vec<(u8, Index, Index)>,
    whole: bool,
    encoding: u8,
    cut: Index,
    noise: Vec<u8>,
}

pub fn draft() -> impl Strategy<Value = Draft> {
    let index = any::<Index>;
    (
        index(),
        prop::option::weighted(0.04, index()),
        prop::collection::vec((any::<u8>(), index()), 4),
        prop_oneof![2 => Just(Vec::new()), 1 => prop::collection::vec((index(), index()), 1..4)],
        prop::collection::vec((any::<u8>(), index(), index()), 0..3),
        prop::bool::weighted(0.8),
        0u8..40,
        (index(), prop::collection::vec(any::<u8>(), 0..40)),
    )
        .prop_map(|(operation, method, ids, query, members, whole, encoding, (cut, noise))| Draft {
            operation,
            method,
            ids,
            query,
            members,
            whole,
            encoding,
            cut,
            noise,
        })
}

/// A request that can be sent, and sent again by hand from what a failure prints.
#[derive(Debug, Clone)]
pub struct Hostile {
    pub method: String,
    pub path: String,
    pub content_type: Option<&'static str>,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
}

/// Records that exist: what a whole body refers to.
pub struct Known {
    pub customer: String,
    pub vendor: String,
    pub item: String,
    pub account: String,
    pub plan: String,
}

/// A body that the service would take, for the operations whose answers others build on.
fn whole(path: &str, known: &Known, name: &str) -> Value {
    let lines = json!([{"item_id": known.item, "rate": 10, "quantity": 2, "account_id": known.account}]);
    let last = path.rsplit('/').find(|it| !it.starts_with('{')).unwrap_or_default();
    match last {
        "contacts" | "customers" => {
            json!({"contact_name": name, "display_name": name, "email": format!("{name}@x.test"),
            "contact_persons": [{"first_name": "P"}], "billing_address": {"city": "C"}, "payment_terms": 15})
        }
        "items" => json!({"name": name, "rate": 1, "purchase_rate": 1}),
        "bills" | "purchaseorders" => {
            json!({"vendor_id": known.vendor, "bill_number": name, "date": "2026-01-05",
            "line_items": lines})
        }
        "customerpayments" | "payments" => {
            json!({"customer_id": known.customer, "payment_mode": "cash", "amount": 10,
            "date": "2026-01-05", "invoices": []})
        }
        "vendorpayments" => {
            json!({"vendor_id": known.vendor, "amount": 10, "date": "2026-01-05", "bills": []})
        }
        "expenses" => {
            json!({"account_id": known.account, "amount": 10, "date": "2026-01-05", "line_items": []})
        }
        "subscriptions" => json!({"customer_id": known.customer, "plan": {"plan_code": known.plan}}),
        "plans" | "addons" | "coupons" => {
            json!({"plan_code": name, "addon_code": name, "coupon_code": name, "name": name,
            "recurring_price": 5, "interval": 1, "interval_unit": "months", "discount_by": "percentage",
            "discount_value": 5, "type": "one_time", "price_brackets": [{"price": 5}]})
        }
        "users" => json!({"name": name, "email": format!("{name}@x.test")}),
        "currencies" => json!({"currency_code": "CHF", "currency_format": "1,234.56", "price_precision": 2}),
        "exchangerates" => json!({"effective_date": "2026-01-05", "rate": 1.5}),
        "taxes" => json!({"tax_name": name, "tax_percentage": 19}),
        "refunds" => json!({"date": "2026-01-05", "amount": 1, "refund_mode": "cash"}),
        "email" => json!({"to_mail_ids": ["a@b.test"], "subject": "S", "body": "B"}),
        "comments" => json!({"description": "D"}),
        _ => json!({"customer_id": known.customer, "date": "2026-01-05", "line_items": lines, "amount": 5}),
    }
}

fn encoded(text: &str) -> String {
    use std::fmt::Write;
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.".contains(&byte) {
            out.push(char::from(byte));
        } else {
            write!(out, "%{byte:02X}").unwrap();
        }
    }
    out
}

impl Draft {
    /// `seen`: ids that answers have shown so far.
    pub fn request(&self, operations: &[Operation], known: &Known, seen: &[String]) -> Hostile {
        let operation = self.operation.get(operations);
        let method = self.method.map_or_else(|| operation.method.clone(), |it| (*it.get(METHODS)).to_owned());
        let mut path = operation.path.clone();
        for (n, (kind, index)) in self.ids.iter().enumerate() {
            let id = if *kind < 200 && !seen.is_empty() { index.get(seen) } else { *index.get(WORDS) };
            path = path.replace(&format!("{{id{}}}", n + 1), &encoded(id));
        }
        let names: Vec<&str> =
            operation.query.iter().map(String::as_str).chain(PARAMETERS.iter().copied()).collect();
        for (n, (name, value)) in self.query.iter().enumerate() {
            let value = if n == 3 && !seen.is_empty() { value.get(seen) } else { *value.get(WORDS) };
            path += &format!(
                "{}{}={}",
                if n == 0 { "?" } else { "&" },
                encoded(names[name.index(names.len())]),
                encoded(value)
            );
        }
        let body = self.body(operation, known, seen);
        let headers = match self.noise.first() {
            Some(0..8) => vec![
                (
                    "X-Unique-Identifier-Key",
                    String::from_utf8_lossy(&self.noise).replace(char::is_control, ""),
                ),
                ("X-Unique-Identifier-Value", "ß\u{130}".to_owned()),
                ("X-Upsert", "true".to_owned()),
            ],
            _ => Vec::new(),
        };
        let (content_type, body) = self.encode(body, &method);
        Hostile { method, path, content_type, headers, body }
    }

    fn body(&self, operation: &Operation, known: &Known, seen: &[String]) -> String {
        let mut body = if self.whole {
            whole(&operation.path, known, &format!("N{}", self.cut.index(1_000_000_000)))
        } else {
            json!({})
        };
        let names: Vec<&str> =
            operation.members.iter().map(String::as_str).chain(MEMBERS.iter().copied()).collect();
        for (kind, name, value) in &self.members {
            let name = *name.get(&names);
            // A mark stands for the literal, which serde_json could not hold.
            let value = match kind % 4 {
                0 if !seen.is_empty() => Value::from(value.get(seen).as_str()),
                _ => Value::from(format!("@@{}@@", value.index(LITERALS.len()))),
            };
            if kind / 64 == 0 && body["line_items"][0].is_object() {
                body["line_items"][0][name] = value;
            } else if kind / 64 == 1 {
                body[name] = json!([{"amount_applied": value, "amount": value, "date": value, "id": value,
                    "invoice_id": seen.last(), "bill_id": seen.last(), "rate": value, "value": value, "quantity": value}]);
            } else {
                body[name] = value;
            }
        }
        let mut text = body.to_string();
        for (n, literal) in LITERALS.iter().enumerate() {
            text = text.replace(&format!("\"@@{n}@@\""), literal);
        }
        text
    }

    fn encode(&self, body: String, method: &str) -> (Option<&'static str>, Vec<u8>) {
        const JSON: &str = "application/json";
        const MULTIPART: &str = "multipart/form-data; boundary=b1";
        let cut = |mut bytes: Vec<u8>| {
            bytes.truncate(self.cut.index(bytes.len() + 1));
            bytes
        };
        let multipart = |file: &[u8]| {
            let mut form = format!(
                "--b1\r\nContent-Disposition: form-data; name=\"JSONString\"\r\n\r\n{body}\r\n--b1\r\n"
            );
            form += "Content-Disposition: form-data; name=\"attachment\"; filename=\"../a\u{0}.pdf\"\r\n\r\n";
            [form.as_bytes(), file, b"\r\n--b1--\r\n"].concat()
        };
        match self.encoding {
            0 => (Some(JSON), cut(body.into_bytes())),
            1 => (
                Some("application/x-www-form-urlencoded"),
                format!("JSONString={}", encoded(&body)).into_bytes(),
            ),
            2 => (
                Some("application/x-www-form-urlencoded"),
                cut(format!("JSONString={}", encoded(&body)).into_bytes()),
            ),
            3 => (Some(MULTIPART), multipart(&self.noise)),
            4 => (Some(MULTIPART), cut(multipart(&self.noise))),
            5 => (Some("multipart/form-data"), multipart(&self.noise)),
            6 => (Some(JSON), self.noise.clone()),
            7 => (None, self.noise.clone()),
            8 => (Some(JSON), [&body.as_bytes()[..self.cut.index(body.len())], &self.noise].concat()),
            9 => (Some(JSON), format!("{}{body}{}", "[".repeat(40), "]".repeat(40)).into_bytes()),
            10 => (Some(JSON), format!("[{body}]").into_bytes()),
            11 => (None, body.into_bytes()),
            _ if matches!(method, "GET" | "HEAD" | "OPTIONS" | "TRACE") => (None, Vec::new()),
            _ => (Some(JSON), body.into_bytes()),
        }
    }
}
