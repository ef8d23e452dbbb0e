//! What the tests of the purchase side share.

use chrono::TimeDelta;
use finbridge_emulator::{DEMO_EMAIL, DEMO_ZSC_KEY, Seed};
use serde_json::{Value, json};

use crate::world::{Api, World, send, world_with};

/// What the calls of these tests need: every app that serves them.
pub const SCOPES: &str = "ZohoBooks.fullaccess.all,ZohoInvoice.fullaccess.all,ZohoExpense.fullaccess.ALL";

pub struct Purchase {
    pub w: World,
    pub vendor: String,
    /// Two expense accounts.
    pub accounts: [String; 2],
}

/// The demo seed, its organization having joined the apps of these tests.
pub fn joined() -> Seed {
    let mut seed = Seed::demo();
    seed.organizations[0].apps = ["books", "invoice", "expense"].map(str::to_owned).to_vec();
    seed
}

pub async fn purchase() -> Purchase {
    purchase_with(joined()).await
}

pub async fn purchase_with(seed: Seed) -> Purchase {
    Purchase::over(world_with(seed).await).await
}

async fn login(w: &World) -> Api {
    Api::login_as(&w.emulator.url(), DEMO_EMAIL, DEMO_ZSC_KEY, Some(SCOPES)).await
}

impl Purchase {
    pub async fn over(mut w: World) -> Self {
        w.api = login(&w).await;
        let vendor = w.api.create(json!({"contact_name": "Steel Works", "contact_type": "vendor"})).await;
        let vendor = text(&vendor["contact_id"]);
        // An organization without a chart of accounts takes every account.
        let (_, chart) = w.api.call("GET", "chartofaccounts", Value::Null).await;
        let known = chart["chartofaccounts"].as_array().cloned().unwrap_or_default();
        let known =
            known.iter().filter(|it| it["account_type"] == "expense").map(|it| text(&it["account_id"]));
        let mut known = known.chain(["460000000000000777".to_owned(), "460000000000000778".to_owned()]);
        let accounts = [known.next().unwrap(), known.next().unwrap()];
        Self { w, vendor, accounts }
    }

    /// Lets time pass, and renews the token that did not outlive it.
    pub async fn wait(&mut self, time: TimeDelta) {
        self.w.clock.advance(time);
        self.w.api = login(&self.w).await;
    }

    /// A call that must answer with the given status; gives back its body.
    pub async fn ask(&self, method: &str, path: &str, body: Value, status: u16) -> Value {
        let (got, answer) = self.w.api.call(method, path, body).await;
        assert_eq!(got, status, "{method} {path}: {answer}");
        answer
    }

    pub async fn says(&self, method: &str, path: &str, body: Value, status: u16, message: &str) {
        let answer = self.ask(method, path, body, status).await;
        assert_eq!(
            (answer["code"].as_i64(), answer["message"].as_str()),
            (Some(0), Some(message)),
            "{method} {path}"
        );
    }

    /// A call that must be refused with the given code, HTTP status 400.
    pub async fn refused(&self, method: &str, path: &str, body: Value, code: i64) -> String {
        let answer = self.ask(method, path, body, 400).await;
        assert_eq!(answer["code"].as_i64(), Some(code), "{method} {path}: {answer}");
        answer["message"].as_str().unwrap().to_owned()
    }

    pub async fn tax(&self, name: &str, percentage: u32) -> String {
        let body = json!({"tax_name": name, "tax_percentage": percentage});
        text(&self.ask("POST", "settings/taxes", body, 201).await["tax"]["tax_id"])
    }

    /// A purchase order over 10 bolts at 2.5 and 4 nuts at 1.25, as a draft.
    pub async fn order(&self) -> Value {
        let lines = json!([
            {"name": "Bolt", "rate": 2.5, "quantity": 10, "account_id": self.accounts[0]},
            {"name": "Nut", "rate": 1.25, "quantity": 4}
        ]);
        let body = json!({"vendor_id": self.vendor, "line_items": lines});
        self.ask("POST", "purchaseorders", body, 201).await["purchaseorder"].clone()
    }

    /// A bill of the given total.
    pub async fn bill(&self, number: &str, total: u32) -> String {
        let lines = json!([{"name": "Steel", "rate": total, "quantity": 1}]);
        let body = json!({"vendor_id": self.vendor, "bill_number": number, "line_items": lines});
        text(&self.ask("POST", "bills", body, 201).await["bill"]["bill_id"])
    }

    pub async fn status(&self, path: &str, key: &str) -> String {
        text(&self.ask("GET", path, Value::Null, 200).await[key]["status"])
    }

    /// A multipart call with the file `receipt` and, unless it is null, the body as `JSONString`.
    pub async fn with_receipt(&self, method: &str, path: &str, body: Value, file: &str) -> (u16, Value) {
        let mut form = String::new();
        if !body.is_null() {
            form += &format!("--b1\r\nContent-Disposition: form-data; name=\"JSONString\"\r\n\r\n{body}\r\n");
        }
        form += "--b1\r\nContent-Disposition: form-data; name=\"receipt\"; filename=\"lunch.PNG\"\r\n";
        form += &format!("Content-Type: image/png\r\n\r\n{file}\r\n--b1--\r\n");
        let request = self.w.api.request(method, path);
        send(request.header("Content-Type", "multipart/form-data; boundary=b1").body(form)).await
    }
}

pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

/// The values of one member over the rows of a list.
pub fn column(list: &Value, key: &str, member: &str) -> Vec<String> {
    list[key].as_array().unwrap().iter().map(|row| text(&row[member])).collect()
}
