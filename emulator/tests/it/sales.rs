//! What the tests of sales documents share.

use std::sync::Mutex;

use chrono::{TimeDelta, TimeZone, Utc};
use serde_json::{Value, json};

use crate::world::*;

/// A world in Los Angeles at noon of 2026-01-05 there, with a customer.
pub struct Shop {
    w: World,
    pub customer: String,
    /// Tokens live an hour, and tests let days pass.
    token: Mutex<String>,
}

/// A call that changes a status: where it is made, what it answers, and the verb of the sentence that refuses it.
#[derive(Clone, Copy)]
pub struct Step {
    pub path: &'static str,
    pub status: u16,
    pub message: &'static str,
    pub verb: &'static str,
}

/// A status, a call that it allows, and the status that the call leads to.
pub type Allowed = (&'static str, &'static str, &'static str);

pub async fn shop() -> Shop {
    let w = world().await;
    let customer = w.api.named("Bowman").await;
    let token = Mutex::new(w.api.token.clone());
    Shop { w, customer, token }
}

impl Shop {
    pub fn api(&self) -> Api {
        Api { token: self.token.lock().unwrap().clone(), ..self.w.api.clone() }
    }

    pub async fn call(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        self.api().call(method, path, body).await
    }

    /// A call that must succeed with the status and the message.
    pub async fn done(&self, method: &str, path: &str, body: Value, status: u16, message: &str) -> Value {
        let (got, answer) = self.call(method, path, body).await;
        assert_eq!(
            (got, &answer["code"], answer["message"].as_str()),
            (status, &json!(0), Some(message)),
            "{method} {path}: {answer}"
        );
        answer
    }

    /// A call that must be refused with the status and the code.
    pub async fn refused(&self, method: &str, path: &str, body: Value, status: u16, code: u32) -> String {
        let (got, answer) = self.call(method, path, body).await;
        assert_eq!((got, &answer["code"]), (status, &json!(code)), "{method} {path}: {answer}");
        answer["message"].as_str().unwrap().to_owned()
    }

    /// Makes a call that changes the status of a document in the status `from`. One in the list of what is allowed leads
    /// to the status there; any other is refused and changes nothing.
    pub async fn step(
        &self,
        plural: &str,
        id: &str,
        what: &str,
        from: &str,
        step: Step,
        allowed: &[Allowed],
    ) {
        let path = format!("{plural}/{id}/{}", step.path);
        match allowed.iter().find(|it| (it.0, it.1) == (from, step.path)) {
            Some((_, _, to)) => {
                self.done("POST", &path, json!({}), step.status, step.message).await;
                assert_eq!(self.status(plural, id).await, *to, "{from} {}", step.path);
            }
            None => {
                let before = self.get(plural, id).await;
                let sentence = self.refused("POST", &path, Value::Null, 400, 4098).await;
                assert_eq!(sentence, format!("{what} in the status {from} cannot be {}.", step.verb));
                assert_eq!(self.get(plural, id).await, before, "{from} {}", step.path);
            }
        }
    }

    /// Creates a record; `more` is merged over a customer and one line of 100.
    pub async fn create(&self, plural: &str, more: Value) -> Value {
        let mut body = json!({"customer_id": self.customer, "line_items": [{"name": "Work", "rate": 100}]});
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        let (status, answer) = self.call("POST", plural, body).await;
        assert_eq!(status, 201, "{plural}: {answer}");
        only(&answer)
    }

    pub async fn get(&self, plural: &str, id: &str) -> Value {
        only(&self.api().get(&format!("{plural}/{id}")).await)
    }

    pub async fn status(&self, plural: &str, id: &str) -> String {
        self.get(plural, id).await["status"].as_str().unwrap().to_owned()
    }

    /// Values of `member` in the rows of a list.
    pub async fn listed(&self, plural: &str, query: &str, member: &str) -> Vec<Value> {
        let list = self.api().get(&format!("{plural}?{query}")).await;
        list[plural]
            .as_array()
            .unwrap_or_else(|| panic!("{list}"))
            .iter()
            .map(|it| it[member].clone())
            .collect()
    }

    /// An invoice that was sent, over `amount`.
    pub async fn invoice(&self, amount: Value) -> Value {
        let body = json!({"line_items": [{"name": "Work", "rate": amount}]});
        self.create("invoices?send=true", body).await
    }

    /// A payment of `amount`, applied as given.
    pub async fn pay(&self, amount: Value, invoices: Value) -> (u16, Value) {
        let body = json!({"customer_id": self.customer, "payment_mode": "cash", "amount": amount,
            "date": "2026-01-05", "invoices": invoices});
        self.call("POST", "customerpayments", body).await
    }

    pub async fn paid(&self, amount: Value, invoices: Value) -> Value {
        let (status, answer) = self.pay(amount, invoices).await;
        assert_eq!(status, 201, "{answer}");
        only(&answer)
    }

    /// Sets the clock to an hour of a day of January 2026 in Los Angeles.
    pub async fn at(&self, day: u32, hour: u32) {
        let wanted = chrono_tz::America::Los_Angeles.with_ymd_and_hms(2026, 1, day, hour, 0, 0).unwrap();
        self.w.clock.set(wanted.with_timezone(&Utc));
        let token = Api::login(&self.w.api.url).await.token;
        *self.token.lock().unwrap() = token;
    }

    pub fn advance(&self, seconds: i64) {
        self.w.clock.advance(TimeDelta::seconds(seconds));
    }
}

/// The one record of an answer.
pub fn only(answer: &Value) -> Value {
    let members = answer.as_object().unwrap();
    let found = members.iter().find(|(name, value)| value.is_object() && *name != "page_context");
    found.unwrap_or_else(|| panic!("{answer}")).1.clone()
}

/// The id of a record.
pub fn id_of(record: &Value, name: &str) -> String {
    record[name].as_str().unwrap_or_else(|| panic!("{record}")).to_owned()
}
