//! Exchange rates of a currency by day (section 10.11). `rate` says how many units of the base currency one unit of the
//! foreign currency is worth.

use std::sync::Arc;

use chrono::NaiveDate;
use rust_decimal::Decimal;

use crate::auth::{Context, Need};
use crate::engine::criteria::known;
use crate::engine::desk::{self, Desk};
use crate::engine::reader::Reader;
use crate::engine::spec::{Filters, Messages, Resource, Spec};
use crate::envelope::Reply;
use crate::error::{ApiError, Code};
use crate::json::Json;
use crate::request::Call;
use crate::resource::currency;
use crate::resource::field::Kind as Field;
use crate::routes::Handler::Plain;
use crate::routes::{BOOKS_AND_INVOICE, Operation, op};
use crate::store::books::Books;
use crate::store::kind::Kind;
use crate::store::record::Record;

/// The resource.
pub(crate) struct ExchangeRate;

static SPEC: Spec = Spec {
    kind: Kind::ExchangeRate,
    singular: "exchange_rate",
    plural: "exchange_rates",
    id: "exchange_rate_id",
    label: "Exchange rate",
    report: "ExchangeRates",
    fields: &[("effective_date", Field::Date), ("rate", Field::Rate)],
    computed: &[("currency_id", Field::Id)],
    required: &["effective_date", "rate"],
    detail: SHOWN,
    row: SHOWN,
    number: None,
    unique: &[],
    references: &["currency_id"],
    filters: Filters::NONE,
    sorts: &["effective_date"],
    indexed: &[],
    order: ("effective_date", true),
    messages: Messages {
        created: "The exchange rate has been added.",
        updated: "The exchange rate has been updated.",
        deleted: "Exchange rate successfully deleted",
    },
    entity: "",
};

const SHOWN: &[&str] = &["currency_id", "currency_code", "effective_date", "rate"];

const CREATE: Need = ("settings", "create");
const READ: Need = ("settings", "read");
const UPDATE: Need = ("settings", "update");
const DELETE: Need = ("settings", "delete");
const MANY: &str = "settings/currencies/*/exchangerates";
const ONE: &str = "settings/currencies/*/exchangerates/*";

/// The operations.
pub(crate) static OPERATIONS: &[Operation] = &[
    op(BOOKS_AND_INVOICE, "GET", MANY, READ, "List exchange rates", Plain(list)),
    op(BOOKS_AND_INVOICE, "POST", MANY, CREATE, "Create an exchange rate", Plain(create)),
    op(BOOKS_AND_INVOICE, "GET", ONE, READ, "Get an exchange rate", Plain(read)),
    op(BOOKS_AND_INVOICE, "PUT", ONE, UPDATE, "Update an exchange rate", Plain(update)),
    op(BOOKS_AND_INVOICE, "DELETE", ONE, DELETE, "Delete an exchange rate", Plain(delete)),
];

impl Resource for ExchangeRate {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn begin(&self, desk: &mut Desk<'_>, record: &mut Record) -> Result<(), ApiError> {
        record.set("effective_date", desk.today().to_string());
        Ok(())
    }

    /// Errors: code 2 for a rate that is not above zero, 4 for a day that has a rate already.
    fn complete(&self, desk: &mut Desk<'_>, record: &mut Record, _: Option<&Record>) -> Result<(), ApiError> {
        if record.decimal("rate") <= Decimal::ZERO {
            return Err(ApiError::invalid("rate"));
        }
        let id = record.reference("currency_id").unwrap_or_default();
        let (books, day) = (desk.books(), record.text("effective_date"));
        if of_currency(&books, id).any(|it| it.id != record.id && it.text("effective_date") == day) {
            let subject = format!("An exchange rate with the effective date {day}");
            return Err(ApiError::about(Code::AlreadyExists, &subject));
        }
        Ok(())
    }

    fn show(&self, name: &str, record: &Record, reader: &Reader<'_>) -> Json {
        if name != "currency_code" {
            return SPEC.stored(record, name);
        }
        let currency = record.reference("currency_id").and_then(|id| reader.organization.currency(id));
        currency.map_or("", |currency| currency.code.as_str()).into()
    }
}

fn of_currency(books: &Books, currency_id: u64) -> impl Iterator<Item = Arc<Record>> {
    let ids = books.naming_as(currency_id, Kind::ExchangeRate);
    ids.filter_map(|id| books.record(Kind::ExchangeRate, id).cloned())
}

/// The latest rate of a currency that is effective on `day`. Dates compare as text, because they are written in one way.
pub(crate) fn effective(books: &Books, currency_id: u64, day: NaiveDate) -> Option<Arc<Record>> {
    let day = day.to_string();
    of_currency(books, currency_id)
        .filter(|rate| rate.text("effective_date") <= day.as_str())
        .max_by(|left, right| left.text("effective_date").cmp(right.text("effective_date")))
}

/// `GET …/exchangerates`, newest first and not paged. `from_date` starts at the rate that is effective on that day;
/// `is_current_date=true` asks for the rate of today and nothing else.
fn list(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let reader = Reader::new(context)?;
    let currency = currency::find(reader.organization, call)?;
    if let Some(column) = call.query.get("sort_column") {
        known(SPEC.sorts, column, "sort_column")?;
    }
    let ascending = match call.query.get("sort_order").map(str::to_ascii_lowercase).as_deref() {
        None | Some("d" | "desc" | "descending") => false,
        Some("a" | "asc" | "ascending") => true,
        Some(_) => return Err(ApiError::invalid("sort_order")),
    };
    let mut rates: Vec<Arc<Record>> = of_currency(&reader.books, currency.currency_id).collect();
    rates.sort_by(|left, right| right.text("effective_date").cmp(left.text("effective_date")));
    if let Some(text) = call.query.get("from_date") {
        let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").map_err(|_| ApiError::invalid("from_date"))?;
        let first = effective(&reader.books, currency.currency_id, day);
        let first = first.map_or(day.to_string(), |rate| rate.text("effective_date").to_owned());
        rates.retain(|rate| rate.text("effective_date") >= first.as_str());
    }
    if call.query.get("is_current_date").is_some_and(|it| it.eq_ignore_ascii_case("true")) {
        let today = reader.today.to_string();
        rates.retain(|rate| rate.text("effective_date") == today);
    }
    if ascending {
        rates.reverse();
    }
    if crate::page::Page::read(&call.query)?.page > 1 {
        rates.clear();
    }
    let rows: Vec<Json> = rates.iter().map(|rate| reader.row(&ExchangeRate, rate)).collect();
    Ok(Reply::read([("exchange_rates", rows.into())]))
}

fn create(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let body = call.object()?;
    let shown = desk::write(context, call, |desk| {
        let id = foreign(desk.organization, call)?;
        let mut record = desk.blank(Kind::ExchangeRate);
        record.set("currency_id", Json::id(id));
        let record = desk.create_from(&ExchangeRate, record, body)?;
        Ok(desk.reader().detail(&ExchangeRate, &record))
    })?;
    Ok(Reply::success(201, SPEC.messages.created, [("exchange_rate", shown)]))
}

fn read(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let reader = Reader::new(context)?;
    let rate = find(&reader.books, call)?;
    Ok(Reply::read([("exchange_rate", reader.detail(&ExchangeRate, &rate))]))
}

fn update(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let shown = desk::write(context, call, |desk| {
        let before = find(&desk.books(), call)?;
        let record = desk.update(&ExchangeRate, &before, call.object()?)?;
        Ok(desk.reader().detail(&ExchangeRate, &record))
    })?;
    Ok(Reply::done(SPEC.messages.updated, [("exchange_rate", shown)]))
}

fn delete(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    desk::write(context, call, |desk| {
        let rate = find(&desk.books(), call)?;
        desk.delete(&ExchangeRate, rate.id)
    })?;
    Ok(Reply::done(SPEC.messages.deleted, []))
}

/// The rate that the path names; one of another currency does not exist here.
fn find(books: &Books, call: &Call) -> Result<Arc<Record>, ApiError> {
    let (currency_id, id) = (call.id(0, "Currency")?, call.id(1, SPEC.label)?);
    let known = books.record(Kind::ExchangeRate, id).cloned();
    let own = known.filter(|rate| rate.reference("currency_id") == Some(currency_id));
    own.ok_or_else(|| ApiError::missing(SPEC.label))
}

/// The currency that the path names; the base currency has no rates (code 4099).
fn foreign(organization: &crate::store::records::Organization, call: &Call) -> Result<u64, ApiError> {
    let id = currency::find(organization, call)?.currency_id;
    if organization.currencies.first().is_some_and(|base| base.currency_id == id) {
        return Err(ApiError::about(Code::BaseCurrency, "have exchange rates"));
    }
    Ok(id)
}
