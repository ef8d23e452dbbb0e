//! An organization in every app with a record of each kind, and the lists that show them.

use finbridge_emulator::*;
use serde_json::{Value, json};

use crate::calls::*;
use crate::world::*;

/// A list: its path, the key of its rows, and the member that names a row in the path of its detail, if it has one.
pub type List = (&'static str, &'static str, Option<&'static str>);

/// Lists of every product.
pub const LISTS: [List; 32] = [
    ("/books/v3/contacts", "contacts", Some("contact_id")),
    ("/books/v3/customers", "contacts", None),
    ("/books/v3/vendors", "contacts", None),
    ("/books/v3/items", "items", Some("item_id")),
    ("/books/v3/estimates", "estimates", Some("estimate_id")),
    ("/books/v3/salesorders", "salesorders", Some("salesorder_id")),
    ("/books/v3/invoices", "invoices", Some("invoice_id")),
    ("/books/v3/creditnotes", "creditnotes", Some("creditnote_id")),
    ("/books/v3/customerpayments", "customerpayments", Some("payment_id")),
    ("/books/v3/vendorpayments", "vendorpayments", Some("payment_id")),
    ("/books/v3/purchaseorders", "purchaseorders", Some("purchaseorder_id")),
    ("/books/v3/bills", "bills", Some("bill_id")),
    ("/books/v3/expenses", "expenses", Some("expense_id")),
    ("/books/v3/chartofaccounts", "chartofaccounts", Some("account_id")),
    ("/books/v3/settings/taxes", "taxes", Some("tax_id")),
    ("/books/v3/users", "users", Some("user_id")),
    ("/invoice/v3/contacts", "contacts", Some("contact_id")),
    ("/invoice/v3/invoices", "invoices", Some("invoice_id")),
    ("/erp/v3/items", "items", Some("item_id")),
    ("/expense/v1/expenses", "expenses", Some("expense_id")),
    ("/expense/v1/expensereports", "expense_reports", Some("report_id")),
    ("/expense/v1/expensecategories", "expense_accounts", Some("category_id")),
    ("/billing/v1/customers", "customers", Some("customer_id")),
    ("/billing/v1/products", "products", Some("product_id")),
    ("/billing/v1/plans", "plans", Some("plan_code")),
    ("/billing/v1/addons", "addons", Some("addon_code")),
    ("/billing/v1/coupons", "coupons", Some("coupon_code")),
    ("/billing/v1/subscriptions", "subscriptions", Some("subscription_id")),
    ("/billing/v1/invoices", "invoices", Some("invoice_id")),
    ("/billing/v1/payments", "payments", Some("payment_id")),
    ("/billing/v1/creditnotes", "creditnotes", Some("creditnote_id")),
    ("/billing/v1/hostedpages", "hosted_pages", Some("hostedpage_id")),
];

const SCOPES: &str = "ZohoBooks.fullaccess.all,ZohoInvoice.fullaccess.all,ERP.fullaccess.all,\
     ZohoExpense.fullaccess.ALL,ZohoSubscriptions.fullaccess.all";

/// What has custom fields. Each has one with the label `Tier`.
const ENTITIES: [&str; 15] = [
    "contact",
    "item",
    "estimate",
    "salesorder",
    "invoice",
    "creditnote",
    "customer_payment",
    "purchaseorder",
    "bill",
    "vendorpayment",
    "expense",
    "expense_report",
    "plan",
    "addon",
    "subscription",
];

fn seed() -> Seed {
    let mut seed = Seed::demo();
    seed.organizations[0].apps =
        ["books", "invoice", "erp", "expense", "billing"].map(str::to_owned).to_vec();
    let tier = |entity: &str| SeedCustomField {
        entity: entity.to_owned(),
        label: "Tier".to_owned(),
        api_name: String::new(),
        data_type: "string".to_owned(),
        is_unique: false,
        is_mandatory: false,
        values: Vec::new(),
    };
    seed.organizations[0].custom_fields = ENTITIES.map(tier).to_vec();
    seed
}

/// Creates a record with a custom field; gives back its id, which the call answers under `key` as `id`.
async fn make(api: &Api, path: &str, key: &str, id: &str, mut body: Value) -> String {
    body["custom_fields"] = json!([{"label": "Tier", "value": "gold"}]);
    text(&done(api, 201, "POST", path, body).await[key], id)
}

/// The world. Nothing in it was changed after the start of its clock, which stands still.
pub async fn everywhere() -> World {
    let mut w = world_with(seed()).await;
    w.api = Api::login_as(&w.api.url, DEMO_EMAIL, DEMO_ZSC_KEY, Some(SCOPES)).await;
    let api = &w.api;
    let people = json!([{"first_name": "Ada", "email": "ada@x.test"}]);
    let body = json!({"contact_name": "Acme", "contact_persons": people});
    // The ids of these requests are integers.
    let customer: u64 = make(api, "contacts", "contact", "contact_id", body).await.parse().unwrap();
    let body = json!({"contact_name": "Steel", "contact_type": "vendor"});
    let vendor: u64 = make(api, "contacts", "contact", "contact_id", body).await.parse().unwrap();
    let body = json!({"name": "Nut", "rate": 1});
    let item: u64 = make(api, "items", "item", "item_id", body).await.parse().unwrap();
    done(api, 201, "POST", "settings/taxes", json!({"tax_name": "VAT", "tax_percentage": 10})).await;

    let lines = json!([{"item_id": item, "rate": 100}]);
    let sale = json!({"customer_id": customer, "line_items": lines});
    make(api, "estimates", "estimate", "estimate_id", sale.clone()).await;
    make(api, "salesorders", "salesorder", "salesorder_id", sale.clone()).await;
    let invoice = make(api, "invoices?send=true", "invoice", "invoice_id", sale.clone()).await;
    make(api, "creditnotes", "creditnote", "creditnote_id", sale).await;
    let body = json!({"customer_id": customer, "amount": 10, "date": "2026-01-05", "payment_mode": "cash",
        "invoices": [{"invoice_id": invoice.parse::<u64>().unwrap(), "amount_applied": 10}]});
    make(api, "customerpayments", "payment", "payment_id", body).await;

    let mut purchase = json!({"vendor_id": vendor, "line_items": lines});
    make(api, "purchaseorders", "purchaseorder", "purchaseorder_id", purchase.clone()).await;
    purchase["bill_number"] = json!("B-1");
    let bill = make(api, "bills", "bill", "bill_id", purchase).await;
    let body = json!({"vendor_id": vendor, "amount": 10, "bills": [{"bill_id": bill, "amount_applied": 10}]});
    make(api, "vendorpayments", "vendorpayment", "payment_id", body).await;
    let chart = api.get("chartofaccounts").await;
    let account =
        chart["chartofaccounts"].as_array().unwrap().iter().find(|it| it["account_type"] == "expense");
    let account = text(account.unwrap(), "account_id");
    let body = json!({"account_id": account, "date": "2026-01-05", "amount": 10});
    make(api, "expenses", "expense", "expense_id", body).await;

    let body = json!({"category_name": "Meals"});
    done(api, 201, "POST", "/expense/v1/expensecategories", body).await;
    let body = json!({"date": "2026-01-05", "amount": 10});
    let expense = make(api, "/expense/v1/expenses", "expense", "expense_id", body).await;
    let body = json!({"report_name": "January", "expenses": [{"expense_id": expense}]});
    make(api, "/expense/v1/expensereports", "expense_report", "report_id", body).await;
    subscribed(api, customer).await;
    w
}

/// What Billing adds.
async fn subscribed(api: &Api, customer: u64) {
    let product = done(api, 201, "POST", "/billing/v1/products", json!({"name": "Cloud"})).await;
    let product = text(&product["product"], "product_id");
    let body = json!({"plan_code": "m", "name": "Monthly", "recurring_price": 100, "interval": 1,
        "interval_unit": "months", "product_id": product});
    make(api, "/billing/v1/plans", "plan", "plan_code", body).await;
    let body =
        json!({"addon_code": "a", "name": "Seat", "product_id": product, "price_brackets": [{"price": 10}]});
    make(api, "/billing/v1/addons", "addon", "addon_code", body).await;
    let body = json!({"coupon_code": "c", "name": "Ten", "product_id": product, "type": "one_time",
        "discount_by": "percentage", "discount_value": 10});
    done(api, 201, "POST", "/billing/v1/coupons", body).await;
    let body = json!({"customer_id": customer.to_string(), "plan": {"plan_code": "m"}});
    make(api, "/billing/v1/subscriptions", "subscription", "subscription_id", body).await;
    let body = json!({"customer": {"display_name": "New", "email": "n@x.test"}, "plan": {"plan_code": "m"}});
    done(api, 201, "POST", "/billing/v1/hostedpages/newsubscription", body).await;
}
