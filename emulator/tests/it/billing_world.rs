//! An emulator with Billing, a client of it, and a small catalogue.

use chrono::{DateTime, NaiveDate, Utc};
use finbridge_emulator::*;
use serde_json::{Value, json};

use crate::world::*;

const SCOPES: &str = "ZohoBooks.fullaccess.all,ZohoSubscriptions.fullaccess.all";

pub struct Billing {
    pub world: World,
    pub product: String,
}

/// An organization in `zone` at midday of `day`, with one product.
pub async fn billing_in(zone: &str, day: &str) -> Billing {
    let mut seed = Seed::demo();
    seed.organizations[0].time_zone = zone.to_owned();
    seed.organizations[0].apps = vec!["books".to_owned(), "billing".to_owned()];
    let fields = [("contact", "Tier"), ("plan", "Tier"), ("invoice", "Ref"), ("subscription", "Ref")];
    seed.organizations[0].custom_fields = fields
        .map(|(entity, label)| SeedCustomField {
            entity: entity.to_owned(),
            label: label.to_owned(),
            api_name: String::new(),
            data_type: "string".to_owned(),
            is_unique: label == "Ref",
            is_mandatory: false,
            values: Vec::new(),
        })
        .to_vec();
    let mut world = world_with(seed).await;
    world.clock.set(noon(day));
    world.api = Api::login_as(&world.emulator.url(), DEMO_EMAIL, DEMO_ZSC_KEY, Some(SCOPES)).await;
    let mut billing = Billing { world, product: String::new() };
    let product = billing.created("products", json!({"name": "Cloud"})).await;
    billing.product = text(&product["product"]["product_id"]);
    billing
}

pub async fn billing() -> Billing {
    billing_in("UTC", "2026-01-05").await
}

pub fn noon(day: &str) -> DateTime<Utc> {
    day.parse::<NaiveDate>().unwrap().and_hms_opt(12, 0, 0).unwrap().and_utc()
}

pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

pub fn failure(code: u32, message: &str) -> Value {
    json!({"code": code, "message": message})
}

impl Billing {
    /// Moves the clock to midday of a day. Access tokens live an hour, so a new one is fetched.
    pub async fn at(&mut self, day: &str) {
        self.world.clock.set(noon(day));
        let url = self.world.emulator.url();
        self.world.api = Api::login_as(&url, DEMO_EMAIL, DEMO_ZSC_KEY, Some(SCOPES)).await;
    }

    pub async fn call(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/billing/v1/{path}") };
        self.world.api.call(method, &path, body).await
    }

    pub async fn get(&self, path: &str) -> Value {
        let (status, body) = self.call("GET", path, Value::Null).await;
        assert_eq!((status, &body["code"]), (200, &json!(0)), "{path}: {body}");
        body
    }

    pub async fn created(&self, path: &str, body: Value) -> Value {
        let (status, body) = self.call("POST", path, body).await;
        assert_eq!((status, &body["code"]), (201, &json!(0)), "{path}: {body}");
        body
    }

    /// A call that succeeds with status 200 and this sentence.
    pub async fn done(&self, method: &str, path: &str, body: Value, message: &str) -> Value {
        let (status, body) = self.call(method, path, body).await;
        assert_eq!((status, &body["message"]), (200, &json!(message)), "{method} {path}: {body}");
        body
    }

    /// A call that is refused with this status, code and sentence.
    pub async fn refused(
        &self,
        method: &str,
        path: &str,
        body: Value,
        status: u16,
        code: u32,
        message: &str,
    ) {
        let answer = self.call(method, path, body).await;
        assert_eq!(answer, (status, failure(code, message)), "{method} {path}");
    }

    /// A monthly plan for 100 with this code.
    pub async fn plan(&self, code: &str, more: Value) -> Value {
        let mut body = json!({"plan_code": code, "name": format!("Plan {code}"), "recurring_price": 100, "interval": 1,
            "interval_unit": "months", "product_id": self.product});
        merge(&mut body, more);
        self.created("plans", body).await["plan"].clone()
    }

    pub async fn addon(&self, code: &str, more: Value) -> Value {
        let mut body = json!({"addon_code": code, "name": format!("Addon {code}"), "product_id": self.product,
            "price_brackets": [{"price": 10}]});
        merge(&mut body, more);
        self.created("addons", body).await["addon"].clone()
    }

    pub async fn coupon(&self, code: &str, more: Value) -> Value {
        let mut body = json!({"coupon_code": code, "name": format!("Coupon {code}"), "product_id": self.product,
            "type": "one_time", "discount_by": "percentage", "discount_value": 10});
        merge(&mut body, more);
        self.created("coupons", body).await["coupon"].clone()
    }

    pub async fn customer(&self, name: &str) -> String {
        let body = json!({"display_name": name, "email": format!("{}@x.test", name.to_lowercase())});
        text(&self.created("customers", body).await["customer"]["customer_id"])
    }

    /// A subscription of a customer; `more` is laid over the body.
    pub async fn subscribe(&self, customer: &str, plan: &str, more: Value) -> Value {
        let mut body = json!({"customer_id": customer, "plan": {"plan_code": plan}});
        merge(&mut body, more);
        self.created("subscriptions", body).await["subscription"].clone()
    }

    pub async fn subscription(&self, id: &str) -> Value {
        self.get(&format!("subscriptions/{id}")).await["subscription"].clone()
    }

    /// The invoices of a customer, the oldest first.
    pub async fn invoices(&self, customer: &str) -> Vec<Value> {
        let list =
            self.get(&format!("invoices?customer_id={customer}&sort_column=created_time&sort_order=A")).await;
        list["invoices"].as_array().unwrap().clone()
    }

    /// The events, the oldest first.
    pub async fn events(&self) -> Vec<String> {
        let list = self.get("events?sort_column=created_time&sort_order=A").await;
        list["events"].as_array().unwrap().iter().map(|it| text(&it["event_type"])).collect()
    }
}

pub fn merge(body: &mut Value, more: Value) {
    for (name, value) in more.as_object().unwrap() {
        match (body.get_mut(name), value) {
            (Some(known @ Value::Object(_)), Value::Object(_)) => merge(known, value.clone()),
            _ => body[name] = value.clone(),
        }
    }
}

pub fn dates(subscription: &Value) -> [String; 4] {
    ["current_term_starts_at", "current_term_ends_at", "last_billing_at", "next_billing_at"]
        .map(|name| text(&subscription[name]))
}

pub fn invoiced(invoices: &[Value]) -> Vec<(String, String)> {
    invoices.iter().map(|it| (text(&it["invoice_date"]), it["total"].to_string())).collect()
}

pub fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(date, total)| ((*date).to_owned(), (*total).to_owned())).collect()
}
