//! How subscriptions look in answers.

use chrono::{Datelike, NaiveDate};
use rust_decimal::Decimal;

use super::{day, item, spec::SPEC};
use crate::engine::reader::Reader;
use crate::json::Json;
use crate::resource::billing::customer;
use crate::store::kind::Kind;
use crate::store::record::Record;

/// The status at this moment: a subscription whose charge failed is live once its invoice was paid otherwise.
pub(super) fn status<'a>(record: &'a Record, reader: &Reader<'_>) -> &'a str {
    let stored = record.text("status");
    let waits = stored == "unpaid" || stored == "dunning";
    let invoice = record.reference("child_invoice_id");
    let invoice = invoice.and_then(|id| reader.books.record(Kind::Invoice, id)).filter(|_| waits);
    let paid =
        |it: &&std::sync::Arc<Record>| it.text("status") != "void" && it.decimal("balance") <= Decimal::ZERO;
    if invoice.filter(paid).is_some() { "live" } else { stored }
}

/// The value of a member.
pub(super) fn show(name: &str, record: &Record, reader: &Reader<'_>) -> Json {
    let contact = || record.reference("customer_id").and_then(|id| reader.books.contacts.get(&id));
    let currency = || record.reference("currency_id").and_then(|id| reader.organization.currency(id));
    let product = || {
        let product = record.reference("product_id").and_then(|id| reader.books.record(Kind::Product, id));
        product.map_or("", |it| it.text("name")).to_owned()
    };
    let of_plan = |member: &str| {
        let plan = record.members.get("plan");
        plan.and_then(|plan| plan.get(member)?.as_str()).unwrap_or_default().to_owned()
    };
    match name {
        "status" => status(record, reader).into(),
        "name" => match (product(), of_plan("name")) {
            (product, plan) if product.is_empty() => plan.into(),
            (product, plan) => format!("{product}-{plan}").into(),
        },
        "plan_name" => of_plan("name").into(),
        "plan_code" => of_plan("plan_code").into(),
        "product_name" => product().into(),
        "customer_name" => contact().map_or("", |it| it.contact_name.as_str()).into(),
        "email" => contact().and_then(|it| it.primary()).map_or("", |it| it.text("email")).into(),
        "currency_code" => currency().map_or("", |it| it.code.as_str()).into(),
        "currency_symbol" => currency().map_or("", |it| it.symbol.as_str()).into(),
        "customer" => contact().map_or_else(|| Json::Object(Vec::new()), |it| customer::brief(it)),
        "plan" => bare(record.members.get("plan").unwrap_or(&Json::Null)),
        "addons" => record.list("addons").iter().map(bare).collect::<Vec<_>>().into(),
        "coupon" => item::coupon(record).map_or_else(|| Json::Object(Vec::new()), bare),
        "interval" => record.decimal("interval").normalize().to_string().into(),
        "card" => card(record),
        "can_add_bank_account" => false.into(),
        _ => SPEC.stored(record, name),
    }
}

/// Without what the service keeps for itself.
fn bare(json: &Json) -> Json {
    const HIDDEN: [&str; 5] = ["pieces", "covered", "agreed_price", "setup_fee_tax_id", "terms_left"];
    let Json::Object(members) = json else { return Json::Object(Vec::new()) };
    Json::Object(members.iter().filter(|(name, _)| !HIDDEN.contains(&name.as_str())).cloned().collect())
}

/// A card of the emulator is an id and nothing more; its last four digits are those of the id.
pub(super) fn card(record: &Record) -> Json {
    let id = record.text("card_id");
    if id.is_empty() {
        return Json::Object(Vec::new());
    }
    let digits = id.get(id.len().saturating_sub(4)..).unwrap_or(id);
    Json::object([
        ("card_id", id.into()),
        ("last_four_digits", digits.into()),
        ("payment_gateway", "test_gateway".into()),
        ("expiry_month", 12.into()),
        ("expiry_year", 2099.into()),
    ])
}

/// Whether a subscription passes one value of `filter_by`.
pub(super) fn passes(filter: &str, record: &Record, reader: &Reader<'_>) -> bool {
    let status = status(record, reader);
    let word = filter.split_once('.').map_or("", |(_, word)| word);
    let cancelled_in = |month: Option<NaiveDate>| {
        let on = day(record, "cancelled_at").filter(|_| status.starts_with("cancelled"));
        on.zip(month).is_some_and(|(on, month)| (on.year(), on.month()) == (month.year(), month.month()))
    };
    match word {
        "All" => true,
        "ACTIVE" => ["trial", "live", "unpaid", "dunning", "non_renewing"].contains(&status),
        "PAST_DUE" => status == "dunning",
        "CANCELLED_THIS_MONTH" => cancelled_in(Some(reader.today)),
        "CANCELLED_LAST_MONTH" => cancelled_in(reader.today.checked_sub_months(chrono::Months::new(1))),
        word => word.eq_ignore_ascii_case(status),
    }
}
