//! Refunds of credit notes in the shape of Billing.

use super::creditnote::CreditNote;
use super::{books, event};
use crate::auth::{Context, Need};
use crate::engine::desk;
use crate::engine::reader::Reader;
use crate::envelope::Reply;
use crate::error::ApiError;
use crate::json::Json;
use crate::request::Call;
use crate::resource::creditnote::OPERATIONS as BOOKS;
use crate::routes::Handler::Plain;
use crate::routes::{BILLING, Operation, missing, op};
use crate::store::kind::Kind;
use crate::store::record::Record;

const CREATE: Need = ("creditnotes", "create");
const READ: Need = ("creditnotes", "read");

/// The operations.
pub(crate) static OPERATIONS: &[Operation] = &[
    op(BILLING, "POST", "creditnotes/*/refunds", CREATE, "Refund a credit note", Plain(create)),
    op(BILLING, "GET", "creditnotes/refunds/*", READ, "Get a refund of a credit note", Plain(read)),
    missing(BILLING, "POST", "payments/*/refunds", ("payments", "create"), "Refund a payment"),
];

/// Without a date a refund is of today. Errors: those of Books, 4017 for more than is left for example.
fn create(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let Json::Object(members) = call.object()? else { return Err(ApiError::invalid("JSONString")) };
    let mut members = members.clone();
    if !members.iter().any(|(name, value)| name == "date" && value.as_str().is_some_and(|it| !it.is_empty()))
    {
        members.retain(|(name, _)| name != "date");
        members.push(("date".to_owned(), Reader::new(context)?.today.to_string().into()));
    }
    let id = call.id(0, "Credit note")?;
    let translated = books::with_body(call, Json::Object(members));
    books::run(context, &translated, BOOKS, "POST", "creditnotes/*/refunds")?;
    let shown = desk::write(context, call, |desk| {
        let note = desk.find(Kind::CreditNote, id)?;
        let refund = note.list("refunds").last().ok_or_else(|| ApiError::missing("Refund"))?;
        let shown = shown(&note, refund, &desk.reader());
        event::record(
            desk,
            event::Happening {
                event_type: "payment_refunded",
                data: ("refund", shown.clone()),
                subscription_id: None,
                description: "payment refunded".to_owned(),
            },
        )?;
        Ok(shown)
    })?;
    Ok(Reply::success(201, "The refund information has been saved.", [("refund", shown)]))
}

fn read(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let reader = Reader::new(context)?;
    let wanted = |refund: &&Json| refund.get("refund_id").and_then(Json::as_id_text) == Some(call.text_id(0));
    let table = reader.books.table(Kind::CreditNote);
    let mut known = table.rows().filter_map(|note| Some((note, note.list("refunds").iter().find(wanted)?)));
    let (note, refund) = known.next().ok_or_else(|| ApiError::missing("Refund"))?;
    Ok(Reply::read([("refund", shown(note, refund, &reader))]))
}

fn shown(note: &Record, refund: &Json, reader: &Reader<'_>) -> Json {
    let given = |name: &str| refund.get(name).cloned().unwrap_or_else(|| "".into());
    let of_note = |name: &str| crate::engine::spec::Resource::show(&CreditNote, name, note, reader);
    let creditnote = Json::object([
        ("creditnote_id", Json::id(note.id)),
        ("creditnote_number", note.text("creditnote_number").into()),
        ("date", note.text("date").into()),
        ("amount", Json::amount(note.decimal("total"))),
        ("refund_amount", given("amount")),
        ("balance_amount", Json::amount(note.decimal("balance"))),
    ]);
    Json::object([
        ("refund_id", given("refund_id")),
        ("date", given("date")),
        ("amount", given("amount")),
        ("description", given("description")),
        ("reference_number", given("reference_number")),
        ("refund_mode", given("refund_mode")),
        ("status", "success".into()),
        ("customer_id", note.text("customer_id").into()),
        ("email", of_note("email")),
        ("creditnote", creditnote),
        ("autotransaction", Json::Object(Vec::new())),
        ("currency_code", of_note("currency_code")),
        ("currency_symbol", of_note("currency_symbol")),
    ])
}
