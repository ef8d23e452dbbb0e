//! Currencies of an organization (section 10.11). The first one is the base currency.

use std::sync::Arc;

use chrono::NaiveDate;
use iso_currency::Currency as Iso;
use rust_decimal::Decimal;

use crate::auth::{Context, Need};
use crate::engine::criteria::known;
use crate::engine::desk::{self, Desk};
use crate::engine::reader::Reader;
use crate::envelope::Reply;
use crate::error::{ApiError, Code};
use crate::format::parse_instant;
use crate::json::Json;
use crate::request::Call;
use crate::resource::exchange_rate;
use crate::resource::field::{Fields, Kind as Field, Members, take, text};
use crate::routes::Handler::Plain;
use crate::routes::{BOOKS_AND_INVOICE, Operation, op};
use crate::store::books::Books;
use crate::store::change::Change;
use crate::store::kind::Kind;
use crate::store::records::{Currency, Organization};

const CREATE: Need = ("settings", "create");
const READ: Need = ("settings", "read");
const UPDATE: Need = ("settings", "update");
const DELETE: Need = ("settings", "delete");

/// The operations.
pub(crate) static OPERATIONS: &[Operation] = &[
    op(BOOKS_AND_INVOICE, "GET", "settings/currencies", READ, "List currencies", Plain(list)),
    op(BOOKS_AND_INVOICE, "POST", "settings/currencies", CREATE, "Create a currency", Plain(create)),
    op(BOOKS_AND_INVOICE, "GET", "settings/currencies/*", READ, "Get a currency", Plain(read)),
    op(BOOKS_AND_INVOICE, "PUT", "settings/currencies/*", UPDATE, "Update a currency", Plain(update)),
    op(BOOKS_AND_INVOICE, "DELETE", "settings/currencies/*", DELETE, "Delete a currency", Plain(delete)),
];

/// Members that a client writes. The exchange rate has calls of its own.
const FIELDS: Fields = &[
    ("currency_code", Field::Text(100)),
    ("currency_symbol", Field::Text(4)),
    ("price_precision", Field::Whole),
    ("currency_format", Field::Text(100)),
];

/// Decimal places that amounts may have.
const PRECISIONS: [u32; 3] = [0, 2, 3];

/// A currency with what its code says of it.
pub(crate) fn of_code(currency_id: u64, code: &str, now: chrono::DateTime<chrono::Utc>) -> Currency {
    let iso = Iso::from_code(code);
    let precision = iso.and_then(Iso::exponent).map_or(2, u32::from).min(3);
    Currency {
        currency_id,
        code: code.to_owned(),
        name: name_of(code),
        symbol: iso.map_or_else(|| code.to_owned(), |iso| iso.symbol().to_string()),
        precision,
        format: format_of(precision).to_owned(),
        exchange_rate: Decimal::ONE,
        modified: now,
    }
}

/// `AUD- Australian Dollar`; a code that is not in ISO 4217 is its own name.
fn name_of(code: &str) -> String {
    let Some(iso) = Iso::from_code(code) else { return code.to_owned() };
    let capital = |word: &str| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_uppercase().chain(letters).collect::<String>())
    };
    let words: Vec<String> = iso.name().split(' ').filter_map(capital).collect();
    format!("{code}- {}", words.join(" "))
}

fn format_of(precision: u32) -> &'static str {
    match precision {
        0 => "1,234,567",
        3 => "1,234,567.899",
        _ => "1,234,567.89",
    }
}

/// Base currency units that one unit of a currency is worth on `day`: the latest recorded rate that is effective then,
/// or the currency's own rate while there is none. The base currency is worth one.
pub(crate) fn rate_on(
    books: &Books,
    organization: &Organization,
    currency_id: u64,
    day: NaiveDate,
) -> Decimal {
    if organization.currencies.first().is_some_and(|base| base.currency_id == currency_id) {
        return Decimal::ONE;
    }
    let own = || organization.currency(currency_id).map_or(Decimal::ONE, |currency| currency.exchange_rate);
    exchange_rate::effective(books, currency_id, day).map_or_else(own, |rate| rate.decimal("rate"))
}

/// The currency that the path names in the organization as it is now (code 1002 when there is none).
pub(crate) fn find<'a>(organization: &'a Organization, call: &Call) -> Result<&'a Currency, ApiError> {
    let known = organization.currency(call.id(0, "Currency")?);
    known.ok_or_else(|| ApiError::missing("Currency"))
}

fn shown(currency: &Currency, organization: &Organization, books: &Books, day: NaiveDate) -> Json {
    let base = organization.currencies.first().is_some_and(|it| it.currency_id == currency.currency_id);
    let effective = if base { None } else { exchange_rate::effective(books, currency.currency_id, day) };
    let effective_date = effective.map_or_else(String::new, |rate| rate.text("effective_date").to_owned());
    let rate = rate_on(books, organization, currency.currency_id, day);
    Json::object([
        ("currency_id", Json::id(currency.currency_id)),
        ("currency_code", currency.code.as_str().into()),
        ("currency_name", currency.name.as_str().into()),
        ("currency_symbol", currency.symbol.as_str().into()),
        ("price_precision", u64::from(currency.precision).into()),
        ("currency_format", currency.format.as_str().into()),
        ("is_base_currency", base.into()),
        ("exchange_rate", Json::amount(rate)),
        ("effective_date", effective_date.into()),
        ("last_modified_time", crate::format::timestamp(currency.modified, organization.zone()).into()),
    ])
}

/// `GET /settings/currencies`: not paged, so any page after the first is empty.
pub(crate) fn list(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    const FILTERS: &[&str] = &["Currencies.All", "Currencies.ExcludeBaseCurrency"];
    let reader = Reader::new(context)?;
    let filter = call.query.get("filter_by").map(|it| known(FILTERS, it, "filter_by")).transpose()?;
    let since = call.query.get("last_modified_time").map(|text| {
        parse_instant(text, reader.organization.zone()).ok_or_else(|| ApiError::invalid("last_modified_time"))
    });
    let since = since.transpose()?;
    let page = crate::page::Page::read(&call.query)?.page;
    let rows = reader
        .organization
        .currencies
        .iter()
        .skip(usize::from(filter == Some(FILTERS[1])))
        .filter(|currency| page == 1 && since.is_none_or(|since| currency.modified >= since))
        .map(|currency| shown(currency, reader.organization, &reader.books, reader.today));
    Ok(Reply::read([("currencies", rows.collect::<Vec<_>>().into())]))
}

pub(crate) fn read(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let reader = Reader::new(context)?;
    let currency = find(reader.organization, call)?;
    Ok(Reply::read([("currency", shown(currency, reader.organization, &reader.books, reader.today))]))
}

pub(crate) fn create(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let body = call.object()?;
    let shown = desk::write(context, call, |desk| {
        let mut organization = present(desk)?;
        let id = desk.next_id();
        let mut currency = of_code(id, "", desk.now);
        currency.symbol = String::new();
        currency.format = String::new();
        fill(&organization, &mut currency, body, true)?;
        organization.currencies.push(currency);
        Ok(save(desk, organization, id))
    })?;
    Ok(Reply::success(201, "The currency has been added.", [("currency", shown)]))
}

pub(crate) fn update(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let shown = desk::write(context, call, |desk| {
        let mut organization = present(desk)?;
        let mut currency = find(&organization, call)?.clone();
        fill(&organization, &mut currency, call.object()?, false)?;
        currency.modified = desk.now;
        let id = currency.currency_id;
        for slot in organization.currencies.iter_mut().filter(|it| it.currency_id == id) {
            *slot = currency.clone();
        }
        Ok(save(desk, organization, id))
    })?;
    Ok(Reply::done("Currency information has been saved.", [("currency", shown)]))
}

/// Refused for the base currency (code 4099) and for one that a contact or a record uses (code 36). Its exchange rates
/// go with it.
pub(crate) fn delete(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    desk::write(context, call, |desk| {
        let mut organization = present(desk)?;
        let currency = find(&organization, call)?;
        let (id, code) = (currency.currency_id, currency.code.clone());
        if organization.currencies.first().is_some_and(|base| base.currency_id == id) {
            return Err(ApiError::about(Code::BaseCurrency, "be deleted"));
        }
        let books = desk.books();
        let uses = |kind: Kind| kind != Kind::ExchangeRate;
        let by_record =
            books.records().any(|record| uses(record.kind) && record.reference("currency_id") == Some(id));
        if by_record || books.contacts.values().any(|contact| contact.currency_id == id) {
            return Err(ApiError::about(Code::HasDependents, &code));
        }
        let rates: Vec<u64> = books.naming_as(id, Kind::ExchangeRate).collect();
        for rate in rates {
            desk.delete(&exchange_rate::ExchangeRate, rate)?;
        }
        organization.currencies.retain(|it| it.currency_id != id);
        desk.transaction.apply(Change::Organization(Arc::new(organization)));
        Ok(())
    })?;
    Ok(Reply::done("The currency has been deleted.", []))
}

/// The organization with every change made so far; the call's own copy may be older.
fn present(desk: &Desk<'_>) -> Result<Organization, ApiError> {
    let id = &desk.organization.organization_id;
    let known = desk.transaction.state.organizations.get(id);
    known.map(|it| (**it).clone()).ok_or_else(|| ApiError::about(Code::WrongOrganization, id))
}

fn save(desk: &mut Desk<'_>, organization: Organization, id: u64) -> Json {
    let (books, day) = (desk.books(), desk.today());
    let organization = Arc::new(organization);
    desk.transaction.apply(Change::Organization(Arc::clone(&organization)));
    organization.currency(id).map_or(Json::Null, |currency| shown(currency, &organization, &books, day))
}

/// Takes the body into a currency. Errors: code 2 for a missing or unknown value, 15 for excess length, 4 for a code
/// that another currency has, 4099 for another code of the base currency.
fn fill(
    organization: &Organization,
    currency: &mut Currency,
    body: &Json,
    fresh: bool,
) -> Result<(), ApiError> {
    let mut members = Members::new();
    take(&mut members, FIELDS, body, 0)?;
    let code = text(&members, "currency_code").to_uppercase();
    if fresh && code.is_empty() {
        return Err(ApiError::invalid("currency_code"));
    }
    if !code.is_empty() && code != currency.code {
        if Iso::from_code(&code).is_none() {
            return Err(ApiError::invalid("currency_code"));
        }
        if organization.currencies.iter().any(|it| it.code == code) {
            return Err(ApiError::about(Code::AlreadyExists, &code));
        }
        let base = organization.currencies.first().map(|base| base.currency_id);
        if base == Some(currency.currency_id) {
            return Err(ApiError::about(Code::BaseCurrency, "get another code"));
        }
        let known = of_code(currency.currency_id, &code, currency.modified);
        currency.name = known.name;
        currency.precision = known.precision;
        currency.code = code;
        if currency.symbol.is_empty() {
            currency.symbol = known.symbol.chars().take(4).collect();
        }
    }
    if let Some(precision) = members.get("price_precision").filter(|_| given(body, "price_precision")) {
        let wanted = precision.as_decimal().and_then(|it| u32::try_from(it).ok());
        let wanted = wanted.filter(|it| PRECISIONS.contains(it));
        currency.precision = wanted.ok_or_else(|| ApiError::invalid("price_precision"))?;
    }
    if given(body, "currency_symbol") {
        currency.symbol = text(&members, "currency_symbol").to_owned();
    }
    if members.get("currency_format").is_some() {
        currency.format = text(&members, "currency_format").to_owned();
    }
    let sample =
        |letter: char| letter.is_ascii_digit() || [',', '.', ' ', '\'', '#', '\u{a0}'].contains(&letter);
    if currency.format.is_empty() || !currency.format.chars().all(sample) {
        return Err(ApiError::invalid("currency_format"));
    }
    Ok(())
}

/// Whether the body says something of a member; null and an empty text say nothing.
fn given(body: &Json, name: &str) -> bool {
    body.get(name).is_some_and(|value| *value != Json::Null && value.as_str() != Some(""))
}
