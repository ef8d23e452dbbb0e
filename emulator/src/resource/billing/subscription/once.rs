//! What is bought once besides the terms: one-time addons and charges.

use rust_decimal::Decimal;

use super::change::sent;
use super::{body, charge, current, item, places, refuse, save, tell, unbilled};
use crate::auth::Context;
use crate::engine::desk::{self, Desk};
use crate::envelope::Reply;
use crate::error::ApiError;
use crate::json::Json;
use crate::request::Call;
use crate::resource::billing::{coupon, invoice};
use crate::store::kind::Kind;
use crate::store::record::Record;

/// What a purchase came to: an invoice, or a charge that waits for one.
pub(crate) enum Bought {
    Invoice(u64),
    Unbilled(u64),
}

impl Bought {
    /// The id of the invoice, if there is one.
    pub(crate) fn invoice(&self) -> Option<u64> {
        match self {
            Self::Invoice(id) => Some(*id),
            Self::Unbilled(_) => None,
        }
    }
}

/// Charges lines to a subscription: by an invoice at once, or as an unbilled charge when the body wants that.
fn settle(
    desk: &mut Desk<'_>,
    record: &mut Record,
    lines: Vec<Json>,
    body: &Json,
) -> Result<Bought, ApiError> {
    if unbilled::wanted(body)? {
        return unbilled::add(desk, record, lines).map(Bought::Unbilled);
    }
    sent(desk, |desk| {
        let invoice_id = charge::invoice(desk, record, lines, false)?;
        charge::collect_if_wanted(desk, record, invoice_id)?;
        Ok(Bought::Invoice(invoice_id))
    })
}

fn buyable(record: &Record) -> Result<(), ApiError> {
    if ["trial", "live", "unpaid", "dunning", "non_renewing"].contains(&record.text("status")) {
        return Ok(());
    }
    refuse(record, "charged")
}

/// `POST /subscriptions/{id}/buyonetimeaddon`.
pub(super) fn buy_addon(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let id = call.id(0, super::spec::SPEC.label)?;
    let body = call.object()?;
    let bought = desk::write(context, call, |desk| buy(desk, id, body))?;
    reply(context, &bought, "One-time addon has been purchased successfully.")
}

/// Buys one-time addons for a subscription, with a coupon if the body names one.
pub(crate) fn buy(desk: &mut Desk<'_>, id: u64, body: &Json) -> Result<Bought, ApiError> {
    let mut record = current(desk, id)?;
    buyable(&record)?;
    let entries = body.get("addons").and_then(Json::as_list).filter(|entries| !entries.is_empty());
    let addons =
        body::addons(desk, &record, entries.ok_or_else(|| ApiError::invalid("addons"))?, "one_time")?;
    let code = body.get("coupon_code").and_then(Json::as_str).filter(|code| !code.is_empty());
    let redeemed = code.map(|code| body::redeemable(desk, &record, code)).transpose()?;
    let mut items: Vec<item::Item> = addons.iter().map(item::of_addon).collect();
    let discount = redeemed.as_ref().map(|it| {
        Json::object([
            ("coupon_code", it.text("coupon_code").into()),
            ("discount_by", it.text("discount_by").into()),
            ("discount_value", Json::amount(it.decimal("discount_value"))),
        ])
    });
    if let Some(redeemed) = &redeemed {
        let table = desk.books().table(Kind::Addon);
        for item in &mut items {
            let addon = table.holder("addon_code", &item.code).and_then(|id| table.get(id));
            item.covered = addon.is_some_and(|addon| coupon::covers_addon(redeemed, addon));
        }
        body::count_redemption(desk, redeemed)?;
    }
    let lines = item::lines(&items, discount.as_ref(), places(desk, &record));
    let bought = settle(desk, &mut record, lines.lines, body)?;
    save(desk, record)?;
    tell(desk, id, "subscription_updated", "One-time addon bought")?;
    Ok(bought)
}

/// `POST /subscriptions/{id}/charge`: an amount with a description.
pub(super) fn charge(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let id = call.id(0, super::spec::SPEC.label)?;
    let body = call.object()?;
    let bought = desk::write(context, call, |desk| {
        let mut record = current(desk, id)?;
        buyable(&record)?;
        let amount = body::number(body, "amount", Decimal::ZERO, Decimal::ZERO)?;
        if amount.is_zero() {
            return Err(ApiError::invalid("amount"));
        }
        let text = body.get("description").and_then(Json::as_str).unwrap_or_default();
        let line = Json::object([
            ("name", if text.is_empty() { "One time charge" } else { text }.into()),
            ("description", text.into()),
            ("rate", Json::amount(amount)),
            ("quantity", Json::amount(Decimal::ONE)),
        ]);
        let bought = settle(desk, &mut record, vec![line], body)?;
        save(desk, record)?;
        tell(desk, id, "subscription_updated", "One-time charge added")?;
        Ok(bought)
    })?;
    reply(context, &bought, "One time charge has been added successfully.")
}

fn reply(context: &Context<'_>, bought: &Bought, message: &str) -> Result<Reply, ApiError> {
    let invoice_id = match bought {
        Bought::Invoice(id) => *id,
        Bought::Unbilled(id) => return unbilled::reply(context, *id, message),
    };
    let organization = context.organization()?;
    let books = context.store.read().books(&organization.organization_id);
    let reader = crate::engine::reader::Reader::over(books, organization, context.now);
    let invoice =
        reader.books.record(Kind::Invoice, invoice_id).ok_or_else(|| ApiError::missing("Invoice"))?;
    Ok(Reply::done(message, [("invoice", reader.detail(&invoice::Invoice, invoice))]))
}
