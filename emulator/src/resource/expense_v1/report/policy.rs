//! What of a report goes against the rules of its expenses' categories, what submitting it would refuse, and what it
//! spends on each category.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::{EDITABLE, ExpenseReport, contents};
use crate::auth::Context;
use crate::engine::reader::Reader;
use crate::engine::spec::Resource;
use crate::engine::write;
use crate::envelope::Reply;
use crate::error::{ApiError, Code};
use crate::json::{Json, round_money};
use crate::request::Call;
use crate::resource::receipt;
use crate::resource::step::refusal;
use crate::store::books::Books;
use crate::store::kind::Kind;
use crate::store::record::Record;

/// The rule that an expense breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    /// The category's `receipt_required_amount` is reached, and there is no receipt.
    Receipt,
    /// The category's `maximum_allowed_amount` is exceeded.
    Amount,
}

impl Rule {
    fn word(self) -> &'static str {
        match self {
            Self::Receipt => "receipt",
            Self::Amount => "amount",
        }
    }
}

/// What an expense spends on each category: its id, if there is one, and the amount with tax in the base currency.
fn spent(expense: &Record, reader: &Reader<'_>) -> Vec<(Option<u64>, Decimal)> {
    let rate = expense.decimal("exchange_rate");
    let places = reader.organization.currencies.first().map_or(2, |it| it.precision);
    let lines = expense.list("line_items");
    if lines.is_empty() {
        return vec![(expense.reference("category_id"), expense.decimal("bcy_total"))];
    }
    let one = |line: &Json| {
        let id = line.get("category_id").and_then(Json::as_id_text).and_then(|id| id.parse().ok());
        let given = |name: &str| line.get(name).and_then(Json::as_decimal).unwrap_or_default();
        // The amount that was written may hold the tax already.
        let amount = given("item_total") + given("tax_amount");
        (id, round_money(amount.checked_mul(rate).unwrap_or(amount), places))
    };
    lines.iter().map(one).collect()
}

/// The rules that the expenses of a report break, with the expense.
pub(super) fn violations(report: &Record, reader: &Reader<'_>) -> Vec<(u64, Rule)> {
    let mut found = Vec::new();
    for expense in contents::expenses(report, reader) {
        for (category, amount) in spent(expense, reader) {
            let category = category.and_then(|id| reader.books.record(Kind::ExpenseCategory, id));
            let Some(category) = category else { continue };
            let limit = |name: &str| Some(category.decimal(name)).filter(|it| *it > Decimal::ZERO);
            let bare = receipt::of(&reader.books, expense.id).is_none();
            if bare && limit("receipt_required_amount").is_some_and(|least| amount >= least) {
                found.push((expense.id, Rule::Receipt));
            }
            if limit("maximum_allowed_amount").is_some_and(|most| amount > most) {
                found.push((expense.id, Rule::Amount));
            }
        }
    }
    found
}

/// The value of `policy_violated` and of a member such as `receipt_policy_violation_count`. Rules about descriptions and
/// rules of one's own do not exist here.
pub(super) fn show(name: &str, report: &Record, reader: &Reader<'_>) -> Option<Json> {
    let found = || violations(report, reader);
    let count = |wanted: Option<Rule>| {
        let counted = found().into_iter().filter(|(_, rule)| wanted.is_none_or(|it| it == *rule)).count();
        Json::from(counted as u64)
    };
    Some(match name {
        "policy_violated" => (!found().is_empty()).into(),
        "receipt_policy_violation_count" => count(Some(Rule::Receipt)),
        "amount_policy_violation_count" => count(Some(Rule::Amount)),
        "description_policy_violation_count" | "custom_policy_violation_count" => Json::from(0),
        "total_policy_violation_count" => count(None),
        _ => return None,
    })
}

/// Why a report cannot be submitted (code 4098). One that was submitted already is left as it is, which is no refusal.
pub(super) fn refusals(books: &Books, report: &Record) -> Vec<ApiError> {
    let status = report.text("status");
    let mut found = Vec::new();
    if status == "submitted" {
        return found;
    }
    if !EDITABLE.contains(&status) {
        found.push(refusal(&ExpenseReport, status, "submitted"));
    }
    if books.naming_as(report.id, Kind::EmployeeExpense).next().is_none() {
        let sentence = "An expense report without expenses cannot be submitted.";
        found.push(ApiError::about(Code::WrongState, sentence));
    }
    found
}

/// `GET /expensereports/{id}/validate`: what submitting would refuse, and the rules that are broken, which do not stand in
/// its way.
pub(super) fn validate(
    context: &Context<'_>,
    call: &Call,
    resource: &dyn Resource,
) -> Result<Reply, ApiError> {
    let report = write::find(context, call, resource)?;
    let reader = Reader::new(context)?;
    let errors: Vec<Json> = refusals(&reader.books, &report)
        .into_iter()
        .map(|it| call.outcome(Err(it), ""))
        .map(|(code, message)| Json::object([("code", u64::from(code).into()), ("message", message.into())]))
        .collect();
    let broken = violations(&report, &reader).into_iter().map(|(expense, rule)| {
        Json::object([("expense_id", Json::id(expense)), ("policy_type", rule.word().into())])
    });
    let shown = Json::object([
        ("report_id", Json::id(report.id)),
        ("can_submit", errors.is_empty().into()),
        ("errors", errors.into()),
        ("policy_violations", broken.collect::<Vec<_>>().into()),
    ]);
    Ok(Reply::read([("validation", shown)]))
}

/// `GET /expensereports/{id}/budgetsummary`: what the report spends on each category, in the base currency. No budget is
/// ever defined, so nothing is compared with one.
pub(super) fn budget(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    let report = write::find(context, call, resource)?;
    let reader = Reader::new(context)?;
    let mut sums: BTreeMap<Option<u64>, Decimal> = BTreeMap::new();
    for (category, amount) in contents::expenses(&report, &reader).flat_map(|it| spent(it, &reader)) {
        *sums.entry(category).or_default() += amount;
    }
    let rows = sums.into_iter().map(|(id, amount)| {
        let category = id.and_then(|id| reader.books.record(Kind::ExpenseCategory, id));
        Json::object([
            ("category_id", id.map_or_else(|| "".into(), Json::id)),
            ("category_name", category.map_or("", |it| it.text("category_name")).into()),
            ("amount", Json::amount(amount)),
        ])
    });
    let shown = Json::object([
        ("report_id", Json::id(report.id)),
        ("currency_code", resource.show("currency_code", &report, &reader)),
        ("total", resource.show("total", &report, &reader)),
        ("categories", rows.collect::<Vec<_>>().into()),
        ("budgets", Vec::new().into()),
    ]);
    Ok(Reply::read([("budget_summary", shown)]))
}
