//! What estimates, sales orders, invoices and credit notes share (sections 10.4 to 10.7).

use rust_decimal::Decimal;

use super::line::{self, Discount};
use super::{address, gst, layout, party, person, total};
use crate::engine::desk::Desk;
use crate::engine::reader::Reader;
use crate::error::{ApiError, Code};
use crate::json::Json;
use crate::resource::contact::model::ContactType;
use crate::resource::field::{Fields, Kind as Field};
use crate::store::record::Record;

/// Members a client writes.
pub(crate) const FIELDS: Fields = &[
    ("customer_id", Field::Id),
    ("currency_id", Field::Id),
    ("template_id", Field::Id),
    ("place_of_supply", Field::Free),
    ("gst_treatment", Field::Free),
    ("gst_no", Field::Free),
    ("vat_treatment", Field::Free),
    ("tax_treatment", Field::Free),
    ("is_reverse_charge_applied", Field::Flag),
    ("cfdi_usage", Field::Free),
    ("cfdi_reference_type", Field::Free),
    ("reference_number", Field::Text(100)),
    ("date", Field::Date),
    ("exchange_rate", Field::Rate),
    ("is_discount_before_tax", Field::Flag),
    ("discount_type", Field::Choice(&["entity_level", "item_level"])),
    ("is_inclusive_tax", Field::Flag),
    ("custom_body", Field::Free),
    ("custom_subject", Field::Free),
    ("salesperson_id", Field::Id),
    ("salesperson_name", Field::Text(200)),
    ("notes", Field::Free),
    ("terms", Field::Free),
    ("shipping_charge", Field::Number),
    ("adjustment", Field::Number),
    ("adjustment_description", Field::Free),
    ("tax_id", Field::Id),
    ("tax_exemption_id", Field::Id),
    ("tax_authority_id", Field::Id),
    ("avatax_use_code", Field::Free),
    ("avatax_exempt_no", Field::Free),
    ("project_id", Field::Id),
    ("location_id", Field::Id),
    ("zcrm_potential_id", Field::Id),
    ("zcrm_potential_name", Field::Free),
];

/// Members that the service computes, besides the totals.
pub(crate) const COMPUTED: Fields = &[
    ("status", Field::Free),
    ("discount", Field::Number),
    ("contact_persons_associated", Field::List),
    ("custom_fields", Field::List),
    ("documents", Field::List),
    ("is_pre_gst", Field::Flag),
    ("is_emailed", Field::Flag),
    ("is_viewed_by_client", Field::Flag),
    ("can_send_in_mail", Field::Flag),
    ("roundoff_value", Field::Money),
];

/// Tables written after one another. `N` must be the sum of their lengths, which the compiler checks.
pub(crate) const fn joined<T: Copy, const N: usize>(tables: &[&[T]]) -> [T; N] {
    let mut all = [tables[0][0]; N];
    let (mut at, mut table) = (0, 0);
    while table < tables.len() {
        let mut row = 0;
        while row < tables[table].len() {
            all[at] = tables[table][row];
            at += 1;
            row += 1;
        }
        table += 1;
    }
    assert!(at == N, "the tables have another length");
    all
}

/// Gives a new document its first members: a draft, discounted before tax.
pub(crate) fn begin(record: &mut Record) {
    record.set("status", "draft");
    record.set("is_discount_before_tax", true);
    record.set("discount_type", "entity_level");
}

/// Takes a body: members, discount, contact persons, lines. Errors: code 2 and 15 for values that cannot be, 6 for
/// unknown items, taxes and persons.
pub(crate) fn take(
    desk: &mut Desk<'_>,
    record: &mut Record,
    before: Option<&Record>,
    body: &Json,
    fields: Fields,
) -> Result<(), ApiError> {
    party::take(record, before, "customer_id", fields, body)?;
    if let Some(value) = body.get("discount") {
        Discount::read(Some(value))?;
        let absent = *value == Json::Null || value.as_str() == Some("");
        record.set("discount", if absent { Json::amount(Decimal::ZERO) } else { value.clone() });
    }
    address::take(desk, record, before, body)?;
    person::take(desk, record, before, body)?;
    line::take(desk, record, body, false)?;
    // Clients that discount lines rarely say so besides.
    if before.is_none() && body.get("discount_type").is_none() && only_lines_are_discounted(record) {
        record.set("discount_type", "item_level");
    }
    Ok(())
}

fn only_lines_are_discounted(record: &Record) -> bool {
    let some = |value: Option<&Json>| match Discount::read(value) {
        Ok(Discount::Percent(number) | Discount::Amount(number)) => !number.is_zero(),
        Err(_) => false,
    };
    !some(record.members.get("discount"))
        && record.list("line_items").iter().any(|line| some(line.get("discount")))
}

/// Settles party, currency, date and totals. Gives back the currency's places. Errors as of [`party::settle`] and
/// [`total::compute`], code 6 for an unknown layout and 3032 for the wrong goods and services tax.
pub(crate) fn complete(
    desk: &mut Desk<'_>,
    record: &mut Record,
    before: Option<&Record>,
) -> Result<u32, ApiError> {
    let (customer, places) = party::settle(desk, record, before, "customer_id", ContactType::Customer)?;
    if record.text("date").is_empty() {
        record.set("date", desk.today().to_string());
    }
    layout::check(record)?;
    total::compute(desk, record, places)?;
    gst::check_sale(desk, record, &customer)?;
    Ok(places)
}

/// Members that all of them show alike; `None` for any other.
pub(crate) fn show(name: &str, record: &Record, reader: &Reader<'_>) -> Option<Json> {
    let project = || {
        let members = [("project_id", record.text("project_id").into()), ("project_name", "".into())];
        (name == "project").then(|| Json::object(members))
    };
    party::show(name, record, reader, "customer_id")
        .or_else(|| person::show(name, record, reader))
        .or_else(|| layout::show(name, record))
        .or_else(project)
}

/// The texts that filters on lines and custom fields look at; `None` for any other member.
pub(crate) fn texts(name: &str, record: &Record) -> Option<Vec<String>> {
    if name != "custom_field" {
        return party::line_texts(name, record);
    }
    let values = record.list("custom_fields").iter().filter_map(|entry| entry.get("value"));
    Some(
        values
            .filter_map(|value| match value {
                Json::Text(text) | Json::Number(text) => Some(text.clone()),
                _ => None,
            })
            .collect(),
    )
}

/// Refuses a transition (code 4098) with one sentence for all of them.
pub(crate) fn refuse<T>(what: &str, status: &str, wish: &str) -> Result<T, ApiError> {
    Err(wrong(&format!("{what} in the status {status} cannot be {wish}.")))
}

/// A refusal because of a state (code 4098).
pub(crate) fn wrong(sentence: &str) -> ApiError {
    ApiError::about(Code::WrongState, sentence)
}

/// A day from a member.
pub(crate) fn day(record: &Record, name: &str) -> Option<chrono::NaiveDate> {
    chrono::NaiveDate::parse_from_str(record.text(name), "%Y-%m-%d").ok()
}

/// Whether a call that creates a document also sends it: `send=true`.
pub(crate) fn sends(desk: &Desk<'_>) -> bool {
    desk.query.get("send").is_some_and(|it| it.eq_ignore_ascii_case("true"))
}

/// The text of a member for filters and searches.
pub(crate) fn plain(value: Json) -> Vec<String> {
    match value {
        Json::Text(text) | Json::Number(text) => vec![text],
        _ => Vec::new(),
    }
}
