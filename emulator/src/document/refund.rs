//! Refunds of payments and of credit notes.

use std::sync::Arc;

use rust_decimal::Decimal;

use super::application::{self, CREDITS, PAYMENTS, Source};
use super::sale::wrong;
use crate::auth::Context;
use crate::engine::desk::{self, Desk};
use crate::engine::reader::Reader;
use crate::engine::spec::Resource;
use crate::engine::write::find;
use crate::envelope::Reply;
use crate::error::ApiError;
use crate::json::{Json, round_money};
use crate::page::Page;
use crate::request::Call;
use crate::resource::field::{self, Fields, Kind as Field, Members};
use crate::store::kind::Kind;
use crate::store::record::Record;

const FIELDS: Fields = &[
    ("date", Field::Date),
    ("refund_mode", Field::Text(100)),
    ("payment_form", Field::Free),
    ("reference_number", Field::Text(100)),
    ("amount", Field::Number),
    ("exchange_rate", Field::Rate),
    ("from_account_id", Field::Id),
    ("description", Field::Text(500)),
];

/// What differs between refunds of payments and of credit notes.
struct Manner {
    source: &'static Source,
    /// Member of a refund with its id.
    id: &'static str,
    list: &'static str,
    /// Key of one refund, and whether the key holds a list with it alone.
    one: (&'static str, bool),
    number: &'static str,
    required: &'static [&'static str],
    messages: [&'static str; 5],
}

static OF_PAYMENTS: Manner = Manner {
    source: &PAYMENTS,
    id: "payment_refund_id",
    list: "payment_refunds",
    one: ("payment_refunds", true),
    number: "payment_number",
    required: &["date", "amount", "from_account_id"],
    messages: [
        "The list of refunds of the customer is displayed successfully.",
        "The details of the refund are displayed successfully.",
        "The refund information for this payment has been saved.",
        "The refund information has been saved.",
        "The refund has been deleted.",
    ],
};

static OF_CREDITS: Manner = Manner {
    source: &CREDITS,
    id: "creditnote_refund_id",
    list: "creditnote_refunds",
    one: ("creditnote_refund", false),
    number: "creditnote_number",
    required: &["date", "amount"],
    messages: [
        "The refunds of the existing credit note are displayed successfully.",
        "The refund of the credit note is displayed successfully.",
        "The credit note amount is refunded successfully.",
        "The credit note refund is updated successfully.",
        "The refund has been successfully deleted.",
    ],
};

fn manner(resource: &dyn Resource) -> &'static Manner {
    if resource.spec().kind == Kind::CreditNote { &OF_CREDITS } else { &OF_PAYMENTS }
}

fn amount(refund: &Json) -> Decimal {
    refund.get("amount").and_then(Json::as_decimal).unwrap_or_default()
}

fn is(refund: &Json, id: &str) -> bool {
    refund.get("refund_id").and_then(Json::as_id_text) == Some(id)
}

/// What was refunded of a record.
pub(crate) fn sum(record: &Record) -> Decimal {
    record.list("refunds").iter().map(amount).sum()
}

/// `GET /x/{id}/refunds`.
pub(crate) fn list(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    let manner = manner(resource);
    let record = find(context, call, resource)?;
    let reader = Reader::new(context)?;
    let rows = record.list("refunds").iter().map(|it| row(manner, &record, it, &reader)).collect();
    page(call, manner, rows, manner.messages[0])
}

/// `GET /creditnotes/refunds`: those of every credit note, newest first, or those of `customer_id`.
pub(crate) fn list_all(
    context: &Context<'_>,
    call: &Call,
    resource: &dyn Resource,
) -> Result<Reply, ApiError> {
    let manner = manner(resource);
    let reader = Reader::new(context)?;
    let table = reader.books.table(resource.spec().kind);
    let customer = call.query.get("customer_id");
    let of_customer = |it: &&Arc<Record>| customer.is_none_or(|id| it.text("customer_id") == id);
    let mut rows = Vec::new();
    for record in table.rows().filter(of_customer) {
        rows.extend(record.list("refunds").iter().map(|it| row(manner, record, it, &reader)));
    }
    let day = |row: &Json| row.get("date").and_then(Json::as_str).unwrap_or_default().to_owned();
    rows.sort_by_key(|row| std::cmp::Reverse(day(row)));
    page(call, manner, rows, "The list of credit note refunds are displayed successfully.")
}

fn page(call: &Call, manner: &Manner, rows: Vec<Json>, message: &str) -> Result<Reply, ApiError> {
    let page = Page::read(&call.query)?;
    let (rows, more) = page.take(rows.into_iter());
    let context = page.context(
        more,
        [("report_name", "Refunds".into()), ("sort_column", "date".into()), ("sort_order", "D".into())],
    );
    Ok(Reply::done(message, [(manner.list, rows.into()), ("page_context", context)]))
}

/// `GET /x/{id}/refunds/{refund_id}`.
pub(crate) fn read(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    let manner = manner(resource);
    let record = find(context, call, resource)?;
    let refund = record.list("refunds").iter().find(|it| is(it, call.text_id(1)));
    let refund = refund.ok_or_else(|| ApiError::missing("Refund"))?;
    Ok(answer(manner, detail(manner, &record, refund, &Reader::new(context)?), manner.messages[1]))
}

/// `POST /x/{id}/refunds`.
pub(crate) fn create(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    save(context, call, resource, false)
}

/// `PUT /x/{id}/refunds/{refund_id}`.
pub(crate) fn update(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    save(context, call, resource, true)
}

fn save(context: &Context<'_>, call: &Call, resource: &dyn Resource, known: bool) -> Result<Reply, ApiError> {
    let manner = manner(resource);
    let (body, id) = (call.object()?, call.id(0, resource.spec().label)?);
    let shown = desk::write(context, call, |desk| {
        let before = desk.find(resource.spec().kind, id)?;
        let refund = keep(desk, manner, &before, body, known.then(|| call.text_id(1)))?;
        Ok(detail(manner, &before, &refund, &desk.reader()))
    })?;
    Ok(answer(manner, shown, manner.messages[if known { 3 } else { 2 }]))
}

/// Refunds a record and gives back the refund as it is stored. Errors: those of [`keep`].
pub(crate) fn make(
    desk: &mut Desk<'_>,
    resource: &dyn Resource,
    record: &Arc<Record>,
    body: &Json,
) -> Result<Json, ApiError> {
    keep(desk, manner(resource), record, body, None)
}

/// Stores a new refund, or changes the `known` one. Errors: code 2 for a missing or bad member, 4098 for a credit note
/// that is not open, 4017 for more than is left.
fn keep(
    desk: &mut Desk<'_>,
    manner: &Manner,
    before: &Arc<Record>,
    body: &Json,
    known: Option<&str>,
) -> Result<Json, ApiError> {
    if manner.source.kind == Kind::CreditNote && before.text("status") != "open" {
        return Err(wrong("Only an open credit note can be refunded."));
    }
    let mut members = Members::new();
    let mut refunds = before.list("refunds").to_vec();
    let at = known.and_then(|id| refunds.iter().position(|it| is(it, id)));
    let refund_id = match at {
        Some(at) => {
            field::take(&mut members, FIELDS, &refunds[at], 0)?;
            refunds[at].get("refund_id").cloned().unwrap_or(Json::Null)
        }
        None if known.is_some() => return Err(ApiError::missing("Refund")),
        None => Json::id(desk.next_id()),
    };
    field::take(&mut members, FIELDS, body, 0)?;
    let currency = before.reference("currency_id").and_then(|id| desk.organization.currency(id));
    let wanted = members.get("amount").and_then(Json::as_decimal).unwrap_or_default();
    let wanted = round_money(wanted, currency.map_or(2, |it| it.precision));
    if wanted <= Decimal::ZERO {
        return Err(ApiError::invalid("amount"));
    }
    members.insert("amount", Json::amount(wanted));
    let missing = |name: &&&str| field::text(&members, name).is_empty();
    if let Some(name) = manner.required.iter().filter(|it| **it != "amount").find(missing) {
        return Err(ApiError::invalid(name));
    }
    if members.get("exchange_rate").and_then(Json::as_decimal).is_none_or(|it| it.is_zero()) {
        members.insert("exchange_rate", Json::amount(before.decimal("exchange_rate")));
    }
    let mut refund = vec![("refund_id".to_owned(), refund_id)];
    field::show_all(&mut refund, &members, FIELDS);
    let refund = Json::Object(refund);
    match at {
        Some(at) => refunds[at] = refund.clone(),
        None => refunds.push(refund.clone()),
    }
    store(desk, manner, before, refunds)?;
    Ok(refund)
}

/// `DELETE /x/{id}/refunds/{refund_id}`: the amount is left over again.
pub(crate) fn delete(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    let manner = manner(resource);
    let id = call.id(0, resource.spec().label)?;
    desk::write(context, call, |desk| {
        let before = desk.find(resource.spec().kind, id)?;
        let mut refunds = before.list("refunds").to_vec();
        refunds.retain(|it| !is(it, call.text_id(1)));
        if refunds.len() == before.list("refunds").len() {
            return Err(ApiError::missing("Refund"));
        }
        store(desk, manner, &before, refunds)
    })?;
    Ok(Reply::done(manner.messages[4], []))
}

fn store(
    desk: &mut Desk<'_>,
    manner: &Manner,
    before: &Arc<Record>,
    refunds: Vec<Json>,
) -> Result<(), ApiError> {
    let mut record = (**before).clone();
    record.set("refunds", refunds);
    application::check(desk, manner.source, &mut record, Some(before))?;
    record.modified = desk.now;
    desk.put(record).map(|_| ())
}

fn answer(manner: &Manner, shown: Json, message: &str) -> Reply {
    let (key, listed) = manner.one;
    Reply::done(message, [(key, if listed { vec![shown].into() } else { shown })])
}

fn head(manner: &Manner, record: &Record, refund: &Json) -> Vec<(String, Json)> {
    let id = refund.get("refund_id").cloned().unwrap_or(Json::Null);
    let own = crate::resource::of(record.kind).spec().id;
    vec![(manner.id.to_owned(), id), (own.to_owned(), Json::id(record.id))]
}

fn detail(manner: &Manner, record: &Record, refund: &Json, reader: &Reader<'_>) -> Json {
    let mut object = head(manner, record, refund);
    let given = |name: &str| refund.get(name).cloned().unwrap_or(Json::Null);
    object.extend(FIELDS.iter().map(|(name, _)| ((*name).to_owned(), given(name))));
    object.push(("customer_name".to_owned(), customer(record, reader)));
    Json::Object(object)
}

fn row(manner: &Manner, record: &Record, refund: &Json, reader: &Reader<'_>) -> Json {
    let mut object = head(manner, record, refund);
    for name in ["date", "refund_mode", "payment_form", "reference_number", "description"] {
        object.push((name.to_owned(), refund.get(name).cloned().unwrap_or(Json::Null)));
    }
    object.push((manner.number.to_owned(), record.text(manner.number).into()));
    object.push(("customer_name".to_owned(), customer(record, reader)));
    let rate = refund.get("exchange_rate").and_then(Json::as_decimal).unwrap_or(Decimal::ONE);
    let places = reader.organization.currencies.first().map_or(2, |it| it.precision);
    object.push(("amount_bcy".to_owned(), Json::amount(round_money(amount(refund) * rate, places))));
    object.push(("amount_fcy".to_owned(), Json::amount(amount(refund))));
    Json::Object(object)
}

fn customer(record: &Record, reader: &Reader<'_>) -> Json {
    super::party::show("customer_name", record, reader, "customer_id").unwrap_or(Json::Null)
}
