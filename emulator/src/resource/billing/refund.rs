//! Refunds of credit notes and of payments in the shape of Billing.

use super::creditnote::CreditNote;
use super::payment::Payment;
use super::{books, event};
use crate::auth::{Context, Need};
use crate::document::refund;
use crate::engine::reader::Reader;
use crate::engine::spec::Resource;
use crate::engine::{desk, write};
use crate::envelope::Reply;
use crate::error::ApiError;
use crate::json::Json;
use crate::request::Call;
use crate::resource;
use crate::routes::Handler::Plain;
use crate::routes::{BILLING, Operation, op};
use crate::store::kind::Kind;
use crate::store::record::Record;

const CREATE: Need = ("creditnotes", "create");
const READ: Need = ("creditnotes", "read");

/// The operations.
pub(crate) static OPERATIONS: &[Operation] = &[
    op(BILLING, "POST", "creditnotes/*/refunds", CREATE, "Refund a credit note", Plain(create)),
    op(BILLING, "GET", "creditnotes/refunds/*", READ, "Get a refund of a credit note", Plain(read)),
    op(
        BILLING,
        "POST",
        "payments/*/refunds",
        ("payments", "create"),
        "Refund a payment",
        Plain(create_of_payment),
    ),
];

/// The call with what a refund needs in Books. Without a date it is of today.
fn completed(context: &Context<'_>, call: &Call, account: Option<Json>) -> Result<Call, ApiError> {
    let Json::Object(members) = call.object()? else { return Err(ApiError::invalid("JSONString")) };
    let mut members = members.clone();
    let mut default = |name: &str, value: Json| {
        if !members
            .iter()
            .any(|(known, value)| known == name && value.as_str().is_some_and(|it| !it.is_empty()))
        {
            members.retain(|(known, _)| known != name);
            members.push((name.to_owned(), value));
        }
    };
    default("date", Reader::new(context)?.today.to_string().into());
    if let Some(account) = account {
        default("from_account_id", account);
    }
    Ok(books::with_body(call, Json::Object(members)))
}

/// Makes a refund of a record by the rules of Books and tells of it.
fn make(
    context: &Context<'_>,
    call: &Call,
    kind: Kind,
    id: u64,
    shown: fn(&Record, &Json, &Reader<'_>) -> Json,
) -> Result<Reply, ApiError> {
    let body = call.object()?;
    let shown = desk::write(context, call, |desk| {
        let before = desk.find(kind, id)?;
        let refund = refund::make(desk, resource::of(kind), &before, body)?;
        let record = desk.find(kind, id)?;
        let shown = shown(&record, &refund, &desk.reader());
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

/// `POST /creditnotes/{id}/refunds`. Errors: those of Books, 4017 for more than is left for example.
fn create(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let id = call.id(0, "Credit note")?;
    make(context, &completed(context, call, None)?, Kind::CreditNote, id, shown)
}

/// `POST /payments/{id}/refunds`: what is not applied to invoices goes back. Billing names no account: it is the one that
/// the payment came to, or the organization's first that holds money. Errors: those of Books, 4017 for more than is left.
fn create_of_payment(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let payment = write::find(context, call, &Payment)?;
    let books = context.state.books(&context.organization()?.organization_id);
    let account = match payment.text("account_id") {
        "" => {
            let holds = |it: &&std::sync::Arc<Record>| ["cash", "bank"].contains(&it.text("account_type"));
            books.table(Kind::Account).rows().find(holds).map(|it| Json::id(it.id))
        }
        known => Some(known.into()),
    };
    make(context, &completed(context, call, account)?, Kind::CustomerPayment, payment.id, shown_of_payment)
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
    let creditnote = Json::object([
        ("creditnote_id", Json::id(note.id)),
        ("creditnote_number", note.text("creditnote_number").into()),
        ("date", note.text("date").into()),
        ("amount", Json::amount(note.decimal("total"))),
        ("refund_amount", refund.get("amount").cloned().unwrap_or_else(|| "".into())),
        ("balance_amount", Json::amount(note.decimal("balance"))),
    ]);
    described(&CreditNote, note, refund, creditnote, reader)
}

fn shown_of_payment(payment: &Record, refund: &Json, reader: &Reader<'_>) -> Json {
    described(&Payment, payment, refund, Json::Object(Vec::new()), reader)
}

fn described(
    view: &dyn Resource,
    record: &Record,
    refund: &Json,
    creditnote: Json,
    reader: &Reader<'_>,
) -> Json {
    let given = |name: &str| refund.get(name).cloned().unwrap_or_else(|| "".into());
    let of_record = |name: &str| view.show(name, record, reader);
    Json::object([
        ("refund_id", given("refund_id")),
        ("date", given("date")),
        ("amount", given("amount")),
        ("description", given("description")),
        ("reference_number", given("reference_number")),
        ("refund_mode", given("refund_mode")),
        ("status", "success".into()),
        ("customer_id", record.text("customer_id").into()),
        ("email", of_record("email")),
        ("creditnote", creditnote),
        ("autotransaction", Json::Object(Vec::new())),
        ("currency_code", of_record("currency_code")),
        ("currency_symbol", of_record("currency_symbol")),
    ])
}
