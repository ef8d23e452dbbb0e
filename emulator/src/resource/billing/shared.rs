//! What Billing shows just as Books does, under its own paths and scopes: items, taxes, the calling user, organizations;
//! the list of all transactions; and what is known and not emulated.

use crate::auth::{Context, Need};
use crate::engine::criteria::known;
use crate::engine::reader::Reader;
use crate::engine::spec::Resource;
use crate::engine::write;
use crate::envelope::Reply;
use crate::error::ApiError;
use crate::json::Json;
use crate::page::Page;
use crate::request::Call;
use crate::resource::currency;
use crate::resource::item::Item;
use crate::resource::organization::routes as organization;
use crate::resource::tax::authority::TaxAuthority;
use crate::resource::tax::exemption::TaxExemption;
use crate::resource::tax::{self, Tax};
use crate::resource::user::{User, routes as user};
use crate::routes::Handler::{Of, Plain};
use crate::routes::{BILLING, Operation, creates, deletes, lists, missing, op, reads, updates};
use crate::store::kind::Kind;
use crate::store::record::Record;

const ITEMS: [Need; 4] = [("items", "create"), ("items", "read"), ("items", "update"), ("items", "delete")];
const CREATE: Need = ("settings", "create");
const READ: Need = ("settings", "read");
const UPDATE: Need = ("settings", "update");
const DELETE: Need = ("settings", "delete");

const PROFILES: &str = "profiles that make expenses on a schedule take no part in the CRM link";

/// The operations.
pub(crate) static OPERATIONS: &[Operation] = &[
    op(BILLING, "GET", "items", ITEMS[1], "List items", lists(&Item)),
    op(BILLING, "POST", "items", ITEMS[0], "Create an item", creates(&Item)),
    op(BILLING, "GET", "items/*", ITEMS[1], "Get an item", reads(&Item)),
    op(BILLING, "PUT", "items/*", ITEMS[2], "Update an item", updates(&Item)),
    op(BILLING, "DELETE", "items/*", ITEMS[3], "Delete an item", deletes(&Item)),
    op(BILLING, "POST", "items/*/active", ITEMS[0], "Mark an item as active", Of(&Item, activate)),
    op(BILLING, "POST", "items/*/inactive", ITEMS[0], "Mark an item as inactive", Of(&Item, deactivate)),
    op(BILLING, "GET", "settings/taxes", READ, "List taxes", lists(&Tax)),
    op(BILLING, "POST", "settings/taxes", CREATE, "Create a tax", creates(&Tax)),
    op(BILLING, "GET", "settings/taxes/*", READ, "Get a tax", reads(&Tax)),
    op(BILLING, "PUT", "settings/taxes/*", UPDATE, "Update a tax", Of(&Tax, tax::update)),
    op(BILLING, "DELETE", "settings/taxes/*", DELETE, "Delete a tax", Of(&Tax, tax::delete)),
    op(BILLING, "GET", "users", READ, "List users", lists(&User)),
    op(BILLING, "GET", "users/me", READ, "Get the calling user", Plain(user::me)),
    op(BILLING, "GET", "users/*", READ, "Get a user", reads(&User)),
    op(BILLING, "GET", "settings/currencies", READ, "List currencies", Plain(currency::list)),
    op(BILLING, "POST", "settings/currencies", CREATE, "Create a currency", Plain(currency::create)),
    op(BILLING, "GET", "settings/currencies/*", READ, "Get a currency", Plain(currency::read)),
    op(BILLING, "PUT", "settings/currencies/*", UPDATE, "Update a currency", Plain(currency::update)),
    op(BILLING, "DELETE", "settings/currencies/*", DELETE, "Delete a currency", Plain(currency::delete)),
    op(BILLING, "GET", "organizations", READ, "List organizations", Plain(organization::list)).unscoped(),
    op(BILLING, "GET", "organizations/*", READ, "Get an organization", Plain(organization::read)).unscoped(),
    op(BILLING, "PUT", "organizations/*", UPDATE, "Update an organization", Plain(organization::update))
        .unscoped(),
    op(BILLING, "GET", "transactions", ("invoices", "read"), "List transactions", Plain(transactions)),
    op(BILLING, "GET", "settings/taxexemptions", READ, "List tax exemptions", lists(&TaxExemption)),
    op(BILLING, "GET", "settings/taxauthorities", READ, "List tax authorities", lists(&TaxAuthority)),
    missing(BILLING, "GET", "settings/preferences/churnmessages", READ, "List churn messages")
        .because("reasons for leaving are texts of the portal, which is not emulated"),
    missing(BILLING, "GET", "recurringexpenses", ("expenses", "read"), "List recurring expenses")
        .because(PROFILES),
    missing(BILLING, "POST", "recurringexpenses", ("expenses", "create"), "Create a recurring expense")
        .because(PROFILES),
    missing(BILLING, "GET", "recurringexpenses/*", ("expenses", "read"), "Get a recurring expense")
        .because(PROFILES),
    missing(BILLING, "PUT", "recurringexpenses/*", ("expenses", "update"), "Update a recurring expense")
        .because(PROFILES),
    missing(BILLING, "DELETE", "recurringexpenses/*", ("expenses", "delete"), "Delete a recurring expense")
        .because(PROFILES),
];

fn activate(context: &Context<'_>, call: &Call, item: &dyn Resource) -> Result<Reply, ApiError> {
    mark(context, call, item, "active", "The item has been marked Active.")
}

fn deactivate(context: &Context<'_>, call: &Call, item: &dyn Resource) -> Result<Reply, ApiError> {
    mark(context, call, item, "inactive", "The item has been marked Inactive.")
}

fn mark(
    context: &Context<'_>,
    call: &Call,
    item: &dyn Resource,
    status: &'static str,
    message: &str,
) -> Result<Reply, ApiError> {
    write::act(context, call, item, message, |desk, record| {
        if record.text("status") != status {
            desk.alter(Kind::Item, record.id, |item| item.set("status", status))?;
        }
        Ok(())
    })
}

const TYPES: [&str; 5] = [
    "TransactionType.All",
    "TransactionType.INVOICE",
    "TransactionType.PAYMENT",
    "TransactionType.CREDIT",
    "TransactionType.REFUND",
];

/// `GET /transactions`: invoices, payments, credit notes and refunds, the newest day first.
fn transactions(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let reader = Reader::new(context)?;
    let page = Page::read(&call.query)?;
    let filter = call.query.get("filter_by").map_or(Ok(TYPES[0]), |it| known(&TYPES, it, "filter_by"))?;
    let customer = call.query.get("customer_id");
    let mut rows: Vec<(String, u64, Json)> = Vec::new();
    for (kind, word, amount) in [
        (Kind::Invoice, "invoice", "total"),
        (Kind::CustomerPayment, "payment", "amount"),
        (Kind::CreditNote, "credit", "total"),
    ] {
        for record in reader.books.table(kind).rows() {
            if customer.is_some_and(|id| record.text("customer_id") != id) {
                continue;
            }
            rows.push((record.text("date").to_owned(), record.id, row(&reader, record, word, amount)));
            if kind != Kind::Invoice {
                rows.extend(record.list("refunds").iter().map(|it| refund(record, it)));
            }
        }
    }
    let wanted = filter.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    rows.retain(|(_, _, row)| wanted == "all" || row.get("type").and_then(Json::as_str) == Some(&wanted));
    rows.sort_by(|left, right| (&right.0, right.1).cmp(&(&left.0, left.1)));
    let (rows, more) = page.take(rows.into_iter().map(|(_, _, row)| row));
    let page_context =
        page.context(more, [("report_name", "Transactions".into()), ("applied_filter", filter.into())]);
    Ok(Reply::read([("transactions", rows.into()), ("page_context", page_context)]))
}

fn row(reader: &Reader<'_>, record: &Record, word: &str, amount: &str) -> Json {
    let resource = crate::resource::of(record.kind);
    let number = match record.kind {
        Kind::Invoice => "invoice_number",
        Kind::CreditNote => "creditnote_number",
        _ => "reference_number",
    };
    Json::object([
        ("transaction_id", Json::id(record.id)),
        ("reference_id", record.text(number).into()),
        ("date", record.text("date").into()),
        ("type", word.into()),
        ("status", resource.status(record, reader).into()),
        ("amount", Json::amount(record.decimal(amount))),
    ])
}

fn refund(record: &Record, refund: &Json) -> (String, u64, Json) {
    let given = |name: &str| refund.get(name).cloned().unwrap_or_else(|| "".into());
    let date = given("date");
    let id = given("refund_id");
    let order = id.as_id_text().and_then(|id| id.parse().ok()).unwrap_or(record.id);
    let shown = Json::object([
        ("transaction_id", id),
        ("reference_id", given("reference_number")),
        ("date", date.clone()),
        ("type", "refund".into()),
        ("status", "success".into()),
        ("amount", given("amount")),
    ]);
    (date.as_str().unwrap_or_default().to_owned(), order, shown)
}
