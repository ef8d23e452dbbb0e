//! The contact a document is for, and what the document takes from it: currency, terms, addresses.

use std::sync::Arc;

use rust_decimal::Decimal;

use crate::engine::desk::Desk;
use crate::engine::reader::Reader;
use crate::error::{ApiError, Code};
use crate::json::Json;
use crate::resource::contact::model::{Contact, ContactType};
use crate::resource::contact::view;
use crate::resource::currency;
use crate::resource::field::{self, Fields};
use crate::resource::packed::Value;
use crate::store::record::Record;

/// Places that an amount keeps until its currency is known.
const MOST_PLACES: u32 = 10;

/// Checks the contact that `member` names and settles the document's currency. `before` is the document as it was: an
/// inactive contact keeps its documents, yet gets no new ones. Gives back the contact and the currency's places.
/// Errors: code 2 without a contact or with one of the wrong type, 6 for an unknown contact or currency, 1005 for an
/// inactive contact.
pub(crate) fn settle(
    desk: &mut Desk<'_>,
    record: &mut Record,
    before: Option<&Record>,
    member: &'static str,
    wanted: ContactType,
) -> Result<(Arc<Contact>, u32), ApiError> {
    if record.text(member).is_empty() {
        return Err(ApiError::invalid(member));
    }
    let contact = desk.contact(record, member)?;
    let unchanged = before.is_some_and(|before| before.text(member) == record.text(member));
    // A customer that was merged with a vendor keeps the vendor's documents.
    if contact.contact_type != wanted && !unchanged {
        return Err(ApiError::invalid(member));
    }
    if !contact.active && !unchanged {
        return Err(ApiError::about(Code::InactiveContact, &contact.contact_name));
    }
    if record.text("currency_id").is_empty() {
        record.set("currency_id", Json::id(contact.currency_id));
    }
    let currency = record.reference("currency_id").and_then(|id| desk.organization.currency(id));
    let currency = currency.ok_or_else(|| ApiError::about(Code::InvalidReference, "currency_id"))?;
    let base =
        desk.organization.currencies.first().is_some_and(|base| base.currency_id == currency.currency_id);
    let places = currency.precision;
    let rate = if base { Decimal::ONE } else { record.decimal("exchange_rate") };
    if rate < Decimal::ZERO {
        return Err(ApiError::invalid("exchange_rate"));
    }
    let rate = if rate.is_zero() {
        let day = record.text("date").parse().unwrap_or_else(|_| desk.today());
        currency::rate_on(&desk.books(), desk.organization, currency.currency_id, day)
    } else {
        rate
    };
    record.set("exchange_rate", Json::amount(rate));
    Ok((contact, places))
}

/// Takes a body's members of a document, and forgets the currency and its rate where a new party or a new currency makes
/// the known ones wrong. Amounts keep their places here; the totals round them.
pub(crate) fn take(
    record: &mut Record,
    before: Option<&Record>,
    member: &'static str,
    fields: Fields,
    body: &Json,
) -> Result<(), ApiError> {
    field::take(&mut record.members, fields, body, MOST_PLACES)?;
    let Some(before) = before else { return Ok(()) };
    if before.text(member) != record.text(member) && body.get("currency_id").is_none() {
        record.set("currency_id", "");
    }
    if before.text("currency_id") != record.text("currency_id") && body.get("exchange_rate").is_none() {
        record.set("exchange_rate", Json::amount(Decimal::ZERO));
    }
    Ok(())
}

/// Members of a document that show its contact or its currency; `None` for any other member. `party` is the member that
/// names the contact.
pub(crate) fn show(name: &str, record: &Record, reader: &Reader<'_>, party: &str) -> Option<Json> {
    let contact = || record.reference(party).and_then(|id| reader.books.contacts.get(&id));
    let currency = || record.reference("currency_id").and_then(|id| reader.organization.currency(id));
    Some(match name {
        "customer_name" | "vendor_name" => contact().map_or("", |it| it.contact_name.as_str()).into(),
        "company_name" => contact()
            .and_then(|it| it.members.get("company_name").map(Value::to_json))
            .unwrap_or_else(|| "".into()),
        "email" | "phone" => contact().and_then(|it| it.primary()).map_or("", |it| it.text(name)).into(),
        "currency_code" => currency().map_or("", |it| it.code.as_str()).into(),
        "currency_symbol" => currency().map_or("", |it| it.symbol.as_str()).into(),
        "price_precision" => u64::from(currency().map_or(2, |it| it.precision)).into(),
        // A document may have been given an address of its own.
        "billing_address" | "shipping_address" if record.members.get(name).is_some() => {
            record.members.get(name).cloned().unwrap_or(Json::Null)
        }
        "billing_address" => {
            contact().map_or(Json::Object(Vec::new()), |it| view::address(&it.billing_address))
        }
        "shipping_address" => {
            contact().map_or(Json::Object(Vec::new()), |it| view::address(&it.shipping_address))
        }
        // A deal that was renamed in the CRM shows its new name on old documents.
        "zcrm_potential_name" => match reader.books.potential_name(record.text("zcrm_potential_id")) {
            "" => record.text(name).into(),
            pushed => pushed.into(),
        },
        "has_attachment" => reader.has_attachment(record.id).into(),
        "created_by" | "created_by_name" => record.created_by.as_str().into(),
        _ => return None,
    })
}

/// The texts of a document's lines that a filter on items looks at; `None` for any other member.
pub(crate) fn line_texts(name: &str, record: &Record) -> Option<Vec<String>> {
    let member = match name {
        "item_name" => "name",
        "item_description" => "description",
        "item_id" => "item_id",
        _ => return None,
    };
    let lines = record.list("line_items").iter();
    Some(lines.filter_map(|line| line.get(member)?.as_str()).map(str::to_owned).collect())
}
