//! Refunds: what a vendor gave back of a payment's unused amount.

use rust_decimal::Decimal;

use crate::auth::Context;
use crate::document::account;
use crate::engine::desk::{self, Desk};
use crate::engine::reader::Reader;
use crate::engine::spec::Resource;
use crate::engine::write;
use crate::envelope::Reply;
use crate::error::{ApiError, Code};
use crate::json::{Json, round_money};
use crate::request::Call;
use crate::resource::field::{self, Fields, Kind as Field, Members};
use crate::store::kind::Kind;
use crate::store::record::Record;

const FIELDS: Fields = &[
    ("date", Field::Date),
    ("refund_mode", Field::Text(100)),
    ("reference_number", Field::Text(100)),
    ("amount", Field::Number),
    ("exchange_rate", Field::Rate),
    ("to_account_id", Field::Id),
    ("description", Field::Text(500)),
];

const LIST: &str = "vendorpayment_refunds";

/// What of a payment was given back.
pub(crate) fn refunded(payment: &Record) -> Decimal {
    payment.list(LIST).iter().filter_map(|it| it.get("amount")?.as_decimal()).sum()
}

fn is(refund: &Json, id: &str) -> bool {
    refund.get("vendorpayment_refund_id").and_then(Json::as_id_text) == Some(id)
}

fn missing() -> ApiError {
    ApiError::missing("Refund")
}

/// A refund with what its body says. Errors: code 2 without a date, an account or an amount above zero.
fn taken(desk: &Desk<'_>, payment: &Record, id: Json, known: &Json, body: &Json) -> Result<Json, ApiError> {
    let mut members = Members::new();
    members.insert("exchange_rate", Json::amount(payment.decimal("exchange_rate")));
    field::take(&mut members, FIELDS, known, 0)?;
    field::take(&mut members, FIELDS, body, 0)?;
    let currency = payment.reference("currency_id").and_then(|id| desk.organization.currency(id));
    let amount = members.get("amount").and_then(Json::as_decimal).unwrap_or_default();
    let amount = round_money(amount, currency.map_or(2, |it| it.precision));
    for name in ["date", "to_account_id"] {
        if field::text(&members, name).is_empty() {
            return Err(ApiError::invalid(name));
        }
    }
    if amount <= Decimal::ZERO {
        return Err(ApiError::invalid("amount"));
    }
    members.insert("amount", Json::amount(amount));
    let account = Record { members: members.clone(), ..payment.clone() };
    account::check(desk, &account, "to_account_id")?;
    let rate = members.get("exchange_rate").and_then(Json::as_decimal).unwrap_or(Decimal::ONE);
    let mut object = vec![
        ("vendorpayment_refund_id".to_owned(), id),
        ("vendorpayment_id".to_owned(), Json::id(payment.id)),
    ];
    field::show_all(&mut object, &members, FIELDS);
    object.push(("amount_fcy".to_owned(), Json::amount(amount)));
    object.push(("amount_bcy".to_owned(), Json::amount(round_money(amount * rate, desk.places()))));
    Ok(Json::Object(object))
}

/// Stores the refunds of a payment. Errors: 4017 when they take more than is unused.
fn put(desk: &mut Desk<'_>, payment: &Record, refunds: Vec<Json>) -> Result<(), ApiError> {
    let mut changed = payment.clone();
    changed.set(LIST, refunds);
    let unused = payment.decimal("unused_amount") + refunded(payment) - refunded(&changed);
    if unused < Decimal::ZERO {
        let subject = format!("the payment {}", payment.text("payment_number"));
        return Err(ApiError::about(Code::OverApplied, &subject));
    }
    changed.set("unused_amount", Json::amount(unused));
    changed.modified = desk.now;
    desk.put(changed).map(|_| ())
}

fn shown(refund: &Json, reader: &Reader<'_>) -> Json {
    let Json::Object(members) = refund else { return refund.clone() };
    let account = refund.get("to_account_id").and_then(Json::as_id_text).and_then(|id| id.parse().ok());
    let mut members = members.clone();
    members.push(("to_account_name".to_owned(), account::name(reader, account)));
    Json::Object(members)
}

/// `GET /vendorpayments/{id}/refunds`.
pub(crate) fn list(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    let payment = write::find(context, call, resource)?;
    let reader = Reader::new(context)?;
    let refunds: Vec<Json> = payment.list(LIST).iter().map(|it| shown(it, &reader)).collect();
    Ok(Reply::read([(LIST, refunds.into())]))
}

/// `GET /vendorpayments/{id}/refunds/{refund_id}`.
pub(crate) fn read(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    let payment = write::find(context, call, resource)?;
    let refund = payment.list(LIST).iter().find(|it| is(it, call.text_id(1))).ok_or_else(missing)?;
    Ok(Reply::read([("vendorpayment_refund", shown(refund, &Reader::new(context)?))]))
}

/// `POST /vendorpayments/{id}/refunds`.
pub(crate) fn create(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    let body = call.object()?;
    let id = call.id(0, resource.spec().label)?;
    let refund = desk::write(context, call, |desk| {
        let payment = desk.find(Kind::VendorPayment, id)?;
        let own = Json::id(desk.next_id());
        let refund = taken(desk, &payment, own, &Json::Null, body)?;
        let mut refunds = payment.list(LIST).to_vec();
        refunds.push(refund.clone());
        put(desk, &payment, refunds)?;
        Ok(shown(&refund, &desk.reader()))
    })?;
    Ok(Reply::success(201, "Vendor Payment Refunded successfully", [("vendorpayment_refund", refund)]))
}

/// `PUT /vendorpayments/{id}/refunds/{refund_id}`.
pub(crate) fn update(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    let body = call.object()?;
    let id = call.id(0, resource.spec().label)?;
    let refund = desk::write(context, call, |desk| {
        let payment = desk.find(Kind::VendorPayment, id)?;
        let mut refunds = payment.list(LIST).to_vec();
        let slot = refunds.iter_mut().find(|it| is(it, call.text_id(1))).ok_or_else(missing)?;
        let refund = taken(desk, &payment, Json::from(call.text_id(1)), slot, body)?;
        *slot = refund.clone();
        put(desk, &payment, refunds)?;
        Ok(shown(&refund, &desk.reader()))
    })?;
    Ok(Reply::done("The refund information has been saved.", [("vendorpayment_refund", refund)]))
}

/// `DELETE /vendorpayments/{id}/refunds/{refund_id}`: the amount is unused again.
pub(crate) fn delete(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    write::act(context, call, resource, "The refund has been deleted.", |desk, payment| {
        let mut refunds = payment.list(LIST).to_vec();
        let at = refunds.iter().position(|it| is(it, call.text_id(1))).ok_or_else(missing)?;
        refunds.remove(at);
        put(desk, payment, refunds)
    })
}
