//! Invoices of a subscription, and charges to its card.

use rust_decimal::Decimal;

use super::{Subscription, places};
use crate::engine::desk::Desk;
use crate::engine::spec::Resource;
use crate::error::ApiError;
use crate::json::Json;
use crate::resource;
use crate::resource::billing::event::{self, Happening};
use crate::resource::billing::{creditnote, invoice, payment};
use crate::store::kind::Kind;
use crate::store::record::Record;

/// A card whose id ends like this declines every charge [?]; every other card pays.
pub(crate) const DECLINED: &str = "0002";

/// Issues an invoice over `lines` to a subscription's customer, dated the desk's day, and gives back its id. A quiet
/// invoice makes no event.
pub(super) fn invoice(
    desk: &mut Desk<'_>,
    record: &mut Record,
    lines: Vec<Json>,
    quiet: bool,
) -> Result<u64, ApiError> {
    let mut body = head(desk, record, lines);
    if !record.text("payment_terms_label").is_empty() || !record.decimal("payment_terms").is_zero() {
        body.push(("payment_terms".to_owned(), super::whole(record.decimal("payment_terms"))));
        body.push(("payment_terms_label".to_owned(), record.text("payment_terms_label").into()));
    }
    let created = desk.create(resource::of(Kind::Invoice), &Json::Object(body))?;
    let id = created.id;
    desk.alter(Kind::Invoice, id, |invoice| invoice.set("subscription_id", Json::id(record.id)))?;
    record.set("has_transactions", true);
    if !quiet {
        tell(desk, Kind::Invoice, id, "invoice_created", record.id)?;
    }
    Ok(id)
}

/// Gives a customer credit for what a subscription no longer uses.
pub(super) fn credit(desk: &mut Desk<'_>, record: &mut Record, lines: Vec<Json>) -> Result<(), ApiError> {
    let body = Json::Object(head(desk, record, lines));
    let created = desk.create(resource::of(Kind::CreditNote), &body)?;
    record.set("has_transactions", true);
    tell(desk, Kind::CreditNote, created.id, "credit_note_created", record.id)
}

fn head(desk: &Desk<'_>, record: &Record, lines: Vec<Json>) -> Vec<(String, Json)> {
    let members = [
        ("customer_id", record.text("customer_id").into()),
        ("currency_id", record.text("currency_id").into()),
        ("exchange_rate", Json::amount(record.decimal("exchange_rate"))),
        ("date", desk.today().to_string().into()),
        ("reference_number", record.text("reference_id").into()),
        ("salesperson_name", record.text("salesperson_name").into()),
        ("discount_type", "item_level".into()),
        ("line_items", lines.into()),
    ];
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Charges an invoice's balance to the subscription's card and says whether the card paid. Without a balance there is
/// nothing to pay; without a card nothing is paid.
pub(super) fn collect(
    desk: &mut Desk<'_>,
    record: &Record,
    invoice_id: u64,
    quiet: bool,
) -> Result<bool, ApiError> {
    let invoice = desk.find(Kind::Invoice, invoice_id)?;
    let balance = invoice.decimal("balance");
    if balance <= Decimal::ZERO {
        return Ok(true);
    }
    let card = record.text("card_id");
    if card.is_empty() || card.ends_with(DECLINED) {
        if !quiet {
            tell(desk, Kind::Invoice, invoice_id, "payment_declined", record.id)?;
        }
        return Ok(false);
    }
    let payment = invoice::pay(desk, invoice_id, card)?;
    if !quiet {
        tell(desk, Kind::CustomerPayment, payment.id, "payment_thankyou", record.id)?;
    }
    Ok(true)
}

/// Charges an invoice outside the terms, when the subscription collects by itself.
pub(super) fn collect_if_wanted(
    desk: &mut Desk<'_>,
    record: &Record,
    invoice_id: u64,
) -> Result<(), ApiError> {
    if record.flag("auto_collect") {
        collect(desk, record, invoice_id, false)?;
    }
    Ok(())
}

fn tell(
    desk: &mut Desk<'_>,
    kind: Kind,
    id: u64,
    event_type: &str,
    subscription_id: u64,
) -> Result<(), ApiError> {
    let resource: &dyn Resource = match kind {
        Kind::Invoice => &invoice::Invoice,
        Kind::CreditNote => &creditnote::CreditNote,
        _ => &payment::Payment,
    };
    let record = desk.find(kind, id)?;
    let shown = desk.reader().detail(resource, &record);
    let description = event_type.replace('_', " ");
    event::record(
        desk,
        Happening {
            event_type,
            data: (resource.spec().singular, shown),
            subscription_id: Some(subscription_id),
            description,
        },
    )
}

/// The days' worth of what a term costs, before tax: one line for the plan's tax.
pub(super) fn share(desk: &Desk<'_>, record: &Record, name: String, share: Decimal) -> (Json, Decimal) {
    let places = places(desk, record);
    let amount = crate::json::round_money(record.decimal("sub_total") * share, places);
    let plan = record.members.get("plan");
    let tax = plan.and_then(|plan| plan.get("tax_id")?.as_str()).unwrap_or_default();
    let mut line = vec![
        ("name".to_owned(), Json::from(name)),
        ("rate".to_owned(), Json::amount(amount)),
        ("quantity".to_owned(), Json::amount(Decimal::ONE)),
    ];
    if !tax.is_empty() {
        line.push(("tax_id".to_owned(), tax.into()));
    }
    (Json::Object(line), amount)
}

/// The subscription as answers show it.
pub(super) fn shown(desk: &Desk<'_>, record: &Record) -> Json {
    desk.reader().detail(&Subscription, record)
}
