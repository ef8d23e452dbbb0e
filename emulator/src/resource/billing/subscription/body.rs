//! What a body says of a subscription: plan, addons, coupon and plain members.

use rust_decimal::Decimal;

use super::{Subscription, item, places, spec::SPEC, whole};
use crate::engine::desk::Desk;
use crate::error::{ApiError, Code};
use crate::json::{Json, round_money};
use crate::resource::billing::{addon, coupon, price};
use crate::resource::field;
use crate::store::kind::Kind;
use crate::store::record::Record;

const LARGEST: Decimal = rust_decimal::dec!(1000000000);
const MOST_ADDONS: usize = 100;

/// Takes the plain members, custom fields and contact persons of a body. Errors: code 2 and 15 for values that cannot
/// be or a custom field that does not exist, 6 for a contact person of another customer. `fresh` says that the
/// subscription is being created.
pub(super) fn take_members(
    desk: &Desk<'_>,
    record: &mut Record,
    body: &Json,
    fresh: bool,
) -> Result<(), ApiError> {
    field::take(&mut record.members, SPEC.fields, body, 10)?;
    if record.decimal("exchange_rate") < Decimal::ZERO {
        return Err(ApiError::invalid("exchange_rate"));
    }
    take_custom_fields(desk, record, body, fresh)?;
    take_persons(desk, record, body)
}

/// Takes `custom_fields`; an entry must name a field of subscriptions (code 2).
pub(super) fn take_custom_fields(
    desk: &Desk<'_>,
    record: &mut Record,
    body: &Json,
    fresh: bool,
) -> Result<(), ApiError> {
    let stored = record.list("custom_fields").to_vec();
    desk.take_custom_fields(&Subscription, record, &stored, fresh, body)
}

/// Takes `contactpersons`, each of which must be of the subscription's customer (code 6).
pub(super) fn take_persons(desk: &Desk<'_>, record: &mut Record, body: &Json) -> Result<(), ApiError> {
    let entries = match body.get("contactpersons") {
        None | Some(Json::Null) => return Ok(()),
        Some(Json::List(entries)) => entries,
        Some(_) => return Err(ApiError::invalid("contactpersons")),
    };
    let books = desk.books();
    let customer = record.reference("customer_id");
    let mut persons = Vec::with_capacity(entries.len());
    for entry in entries {
        let id = entry.get("contactperson_id").and_then(Json::as_id_text).and_then(|id| id.parse().ok());
        let known = id.filter(|id| books.owner(*id) == customer && customer.is_some());
        let known = known.ok_or_else(|| ApiError::about(Code::InvalidReference, "contactperson_id"))?;
        persons.push(Json::object([("contactperson_id", Json::id(known))]));
    }
    record.set("contactpersons", persons);
    Ok(())
}

/// Reads a number between `least` and a bound that no product overflows (code 2 otherwise).
pub(super) fn number(body: &Json, name: &str, default: Decimal, least: Decimal) -> Result<Decimal, ApiError> {
    match body.get(name) {
        None | Some(Json::Null) => Ok(default),
        Some(value) if value.as_str() == Some("") => Ok(default),
        Some(value) => {
            let number = value.as_decimal().filter(|number| (least..=LARGEST).contains(number));
            number.ok_or_else(|| ApiError::invalid(name))
        }
    }
}

fn count(body: &Json, name: &str, default: Decimal, least: Decimal) -> Result<Decimal, ApiError> {
    let number = number(body, name, default, least)?;
    let whole = number.fract().is_zero() && number <= Decimal::from(10_000);
    if whole { Ok(number) } else { Err(ApiError::invalid(name)) }
}

/// A whole quantity of at least one (code 2 otherwise).
fn quantity(body: &Json, default: Decimal) -> Result<Decimal, ApiError> {
    let quantity = number(body, "quantity", default, Decimal::ONE)?;
    if quantity.fract().is_zero() { Ok(quantity) } else { Err(ApiError::invalid("quantity")) }
}

/// The largest amount of one line. No sum of a subscription's lines leaves the decimal type below it.
const LARGEST_LINE: Decimal = rust_decimal::dec!(1000000000000);

/// Rounds prices to `places`. Errors: code 2 for an amount beyond every bound.
fn rounded(pieces: Vec<(Decimal, Decimal)>, places: u32) -> Result<Vec<(Decimal, Decimal)>, ApiError> {
    let one = |(quantity, price): (Decimal, Decimal)| {
        let price = round_money(price, places);
        let fits = quantity.checked_mul(price).is_some_and(|amount| amount <= LARGEST_LINE);
        if fits { Ok((quantity, price)) } else { Err(ApiError::invalid("price")) }
    };
    pieces.into_iter().map(one).collect()
}

/// Prices of the catalogue are in the base currency; a subscription's are in its customer's.
fn converted(desk: &Desk<'_>, record: &Record, pieces: Vec<(Decimal, Decimal)>) -> Vec<(Decimal, Decimal)> {
    let (rate, places) = (record.decimal("exchange_rate"), places(desk, record));
    let own = |price: Decimal| if rate <= Decimal::ZERO { price } else { round_money(price / rate, places) };
    pieces.into_iter().map(|(quantity, price)| (quantity, own(price))).collect()
}

fn text<'a>(body: &'a Json, name: &str) -> &'a str {
    body.get(name).and_then(Json::as_str).unwrap_or_default()
}

/// A tax that a body names, or the catalogue's (code 6 when there is none).
fn tax(desk: &Desk<'_>, body: &Json, default: &str) -> Result<String, ApiError> {
    let wanted = match body.get("tax_id") {
        None | Some(Json::Null) => default,
        Some(value) => value.as_id_text().ok_or_else(|| ApiError::invalid("tax_id"))?,
    };
    let known = wanted.is_empty()
        || wanted.parse().ok().is_some_and(|id| desk.books().record(Kind::Tax, id).is_some());
    if known { Ok(wanted.to_owned()) } else { Err(ApiError::about(Code::InvalidReference, "tax_id")) }
}

fn active(record: &Record, label: &str) -> Result<(), ApiError> {
    if record.text("status") == "active" {
        return Ok(());
    }
    let sentence = format!("The {label} {} is inactive.", record.text("name"));
    Err(ApiError::about(Code::WrongState, &sentence))
}

/// Takes `plan` of a body into the record: the plan with its price, its product and its interval. What the body leaves
/// out comes from the same plan as before, or from the catalogue. Errors: code 2 without a plan code, 6 for an unknown
/// one, 4098 for an inactive plan.
pub(super) fn take_plan(desk: &Desk<'_>, record: &mut Record, body: &Json) -> Result<(), ApiError> {
    let wanted = body.get("plan").filter(|plan| matches!(plan, Json::Object(_)));
    let wanted = wanted.ok_or_else(|| ApiError::invalid("plan"))?;
    let code = text(wanted, "plan_code");
    if code.is_empty() {
        return Err(ApiError::invalid("plan_code"));
    }
    let table = desk.books().table(Kind::Plan);
    let plan = table.holder("plan_code", code).and_then(|id| table.get(id).cloned());
    let plan = plan.ok_or_else(|| ApiError::about(Code::InvalidReference, "plan_code"))?;
    let before = record.members.get("plan").filter(|_| record.reference("plan_id") == Some(plan.id)).cloned();
    if before.is_none() {
        active(&plan, "plan")?;
    }
    let known = |name: &str| before.as_ref().and_then(|it| it.get(name)).and_then(Json::as_decimal);
    let quantity = quantity(wanted, known("quantity").unwrap_or(Decimal::ONE))?;
    let listed = converted(desk, record, price::pieces(&plan, quantity));
    let pieces = match wanted.get("price").filter(|it| **it != Json::Null) {
        Some(_) => vec![(quantity, number(wanted, "price", Decimal::ZERO, Decimal::ZERO)?)],
        // A price once agreed holds for any quantity of the same plan.
        None => match known("agreed_price") {
            Some(price) => vec![(quantity, price)],
            None => listed,
        },
    };
    let places = places(desk, record);
    let pieces = rounded(pieces, places)?;
    let skips = |name: &str| wanted.get(name) == Some(&Json::Bool(true));
    let fee = converted(desk, record, vec![(Decimal::ONE, plan.decimal("setup_fee"))]);
    let fee = rounded(fee, places)?;
    let fee = fee.first().map_or(Decimal::ZERO, |(_, price)| *price);
    let fee = if skips("exclude_setup_fee") {
        Decimal::ZERO
    } else {
        round_money(number(wanted, "setup_fee", known("setup_fee").unwrap_or(fee), Decimal::ZERO)?, places)
    };
    let trial = known("trial_days").unwrap_or(plan.decimal("trial_period"));
    let trial = if skips("exclude_trial") {
        Decimal::ZERO
    } else {
        count(wanted, "trial_days", trial, Decimal::ZERO)?
    };
    let cycles = known("billing_cycles").unwrap_or(plan.decimal("billing_cycles"));
    let cycles = count(wanted, "billing_cycles", cycles, Decimal::NEGATIVE_ONE)?;
    let described = if text(wanted, "plan_description").is_empty() {
        before.as_ref().map_or(plan.text("description"), |it| text(it, "plan_description"))
    } else {
        text(wanted, "plan_description")
    };
    let one = pieces.first().map_or(Decimal::ZERO, |(_, price)| *price);
    let agreed = wanted.get("price").is_some_and(|it| *it != Json::Null) || known("agreed_price").is_some();
    let mut members = vec![
        ("plan_code", plan.text("plan_code").into()),
        ("name", plan.text("name").into()),
        ("quantity", whole(quantity)),
        ("price", Json::amount(one)),
        ("setup_fee", Json::amount(fee)),
        ("plan_description", described.into()),
        ("tax_id", tax(desk, wanted, plan.text("tax_id"))?.into()),
        ("setup_fee_tax_id", text(wanted, "setup_fee_tax_id").into()),
        ("trial_days", whole(trial)),
        ("billing_cycles", whole(if cycles.is_zero() { Decimal::NEGATIVE_ONE } else { cycles })),
        ("tags", wanted.get("tags").cloned().unwrap_or_else(|| Vec::new().into())),
        (
            "item_custom_fields",
            wanted.get("item_custom_fields").cloned().unwrap_or_else(|| Vec::new().into()),
        ),
        ("pieces", item::stored(&pieces)),
    ];
    if agreed {
        members.push(("agreed_price", Json::amount(one)));
    }
    let members = members.into_iter().map(|(name, value)| (name.to_owned(), value));
    record.set("plan", Json::Object(members.collect()));
    record.set("plan_id", Json::id(plan.id));
    record.set("product_id", plan.text("product_id"));
    record.set("interval", whole(plan.decimal("interval")));
    record.set("interval_unit", plan.text("interval_unit"));
    cover(desk, record)
}

/// Addons of a body, each with its price. `kind` is the type of addon that may be bought, `plan` the plan it must fit.
/// Errors: code 2 without a code, 6 for an unknown addon, 4098 for one that is inactive, of the other type or of other
/// plans.
pub(super) fn addons(
    desk: &Desk<'_>,
    record: &Record,
    entries: &[Json],
    kind: &str,
) -> Result<Vec<Json>, ApiError> {
    if entries.len() > MOST_ADDONS {
        return Err(ApiError::invalid("addons"));
    }
    let books = desk.books();
    let table = books.table(Kind::Addon);
    let plan = record.reference("plan_id").and_then(|id| books.record(Kind::Plan, id));
    let places = places(desk, record);
    let mut taken = Vec::with_capacity(entries.len());
    for entry in entries {
        let code = text(entry, "addon_code");
        if code.is_empty() {
            return Err(ApiError::invalid("addon_code"));
        }
        let addon = table.holder("addon_code", code).and_then(|id| table.get(id));
        let addon = addon.ok_or_else(|| ApiError::about(Code::InvalidReference, "addon_code"))?;
        let before = record
            .list("addons")
            .iter()
            .find(|it| text(it, "addon_code") == addon.text("addon_code") && kind == "recurring");
        if before.is_none() {
            active(addon, "addon")?;
        }
        if addon.text("type") != kind || plan.is_none_or(|plan| !addon::fits(addon, plan)) {
            let sentence = format!("The addon {} cannot be bought here.", addon.text("name"));
            return Err(ApiError::about(Code::WrongState, &sentence));
        }
        let quantity = quantity(entry, Decimal::ONE)?;
        let pieces = match entry.get("price").filter(|it| **it != Json::Null) {
            Some(_) => vec![(quantity, number(entry, "price", Decimal::ZERO, Decimal::ZERO)?)],
            None => converted(desk, record, price::pieces(addon, quantity)),
        };
        let pieces = rounded(pieces, places)?;
        let described = text(entry, "addon_description");
        taken.push(Json::object([
            ("addon_code", addon.text("addon_code").into()),
            ("name", addon.text("name").into()),
            (
                "addon_description",
                if described.is_empty() { addon.text("description") } else { described }.into(),
            ),
            ("quantity", whole(quantity)),
            ("price", Json::amount(pieces.first().map_or(Decimal::ZERO, |(_, price)| *price))),
            ("tax_id", tax(desk, entry, addon.text("tax_id"))?.into()),
            ("tags", entry.get("tags").cloned().unwrap_or_else(|| Vec::new().into())),
            (
                "item_custom_fields",
                entry.get("item_custom_fields").cloned().unwrap_or_else(|| Vec::new().into()),
            ),
            ("pieces", item::stored(&pieces)),
        ]));
    }
    Ok(taken)
}

/// Takes `addons` of a body into the record; an absent member leaves them as they are.
pub(super) fn take_addons(desk: &Desk<'_>, record: &mut Record, body: &Json) -> Result<(), ApiError> {
    let entries = match body.get("addons") {
        None | Some(Json::Null) => return Ok(()),
        Some(Json::List(entries)) => entries,
        Some(_) => return Err(ApiError::invalid("addons")),
    };
    let taken = addons(desk, record, entries, "recurring")?;
    record.set("addons", taken);
    cover(desk, record)
}

/// A coupon that may be redeemed now (code 6 when there is none, 4098 when it is not active or of another product).
pub(super) fn redeemable(
    desk: &Desk<'_>,
    record: &Record,
    code: &str,
) -> Result<std::sync::Arc<Record>, ApiError> {
    let table = desk.books().table(Kind::Coupon);
    let known = table.holder("coupon_code", code).and_then(|id| table.get(id).cloned());
    let known = known.ok_or_else(|| ApiError::about(Code::InvalidReference, "coupon_code"))?;
    let status = coupon::status(&known, desk.today());
    if status != "active" || known.text("product_id") != record.text("product_id") {
        let sentence =
            format!("The coupon {} cannot be applied to the subscription.", known.text("coupon_code"));
        return Err(ApiError::about(Code::WrongState, &sentence));
    }
    Ok(known)
}

/// Redeems a coupon for a subscription in place of any other. It lasts for one term, for its duration in terms, or for
/// ever. Errors as of [`redeemable`].
pub(super) fn redeem(desk: &mut Desk<'_>, record: &mut Record, code: &str) -> Result<(), ApiError> {
    let coupon = redeemable(desk, record, code)?;
    let left = match coupon.text("type") {
        "one_time" => Decimal::ONE,
        "duration" => coupon.decimal("duration"),
        _ => Decimal::NEGATIVE_ONE,
    };
    record.set(
        "coupon",
        Json::object([
            ("coupon_code", coupon.text("coupon_code").into()),
            ("coupon_name", coupon.text("name").into()),
            ("discount_by", coupon.text("discount_by").into()),
            ("discount_value", Json::amount(coupon.decimal("discount_value"))),
            ("discount_amount", Json::amount(Decimal::ZERO)),
            ("terms_left", whole(left)),
        ]),
    );
    count_redemption(desk, &coupon)?;
    cover(desk, record)
}

/// Counts one redemption of a coupon.
pub(super) fn count_redemption(desk: &mut Desk<'_>, coupon: &Record) -> Result<(), ApiError> {
    let count = whole(coupon.decimal("redemption_count") + Decimal::ONE);
    desk.alter(Kind::Coupon, coupon.id, |coupon| coupon.set("redemption_count", count)).map(|_| ())
}

/// Marks which of plan and addons the subscription's coupon discounts.
fn cover(desk: &Desk<'_>, record: &mut Record) -> Result<(), ApiError> {
    let Some(code) = item::coupon(record).map(|it| text(it, "coupon_code").to_owned()) else { return Ok(()) };
    let books = desk.books();
    let table = books.table(Kind::Coupon);
    let Some(coupon) = table.holder("coupon_code", &code).and_then(|id| table.get(id)) else { return Ok(()) };
    let plan = record.members.get("plan").cloned().unwrap_or(Json::Null);
    let covered = coupon::covers_plan(coupon, text(&plan, "plan_code"));
    let addons = books.table(Kind::Addon);
    let marked: Vec<Json> = record
        .list("addons")
        .iter()
        .map(|it| {
            let addon = addons.holder("addon_code", text(it, "addon_code")).and_then(|id| addons.get(id));
            let covered = addon.is_some_and(|addon| coupon::covers_addon(coupon, addon));
            item::with(it, &[("covered", covered.into())])
        })
        .collect();
    record.set("plan", item::with(&plan, &[("covered", covered.into())]));
    record.set("addons", marked);
    Ok(())
}
