//! Expense reports (section 13): drafts are submitted, approved level by level, and reimbursed.
//!
//! A report's totals follow from its expenses, in the base currency.

mod approval;
mod comment;
pub(crate) mod contents;
mod policy;
mod reimbursement;
mod routes;
mod step;

use rust_decimal::Decimal;

use super::expense::EmployeeExpense;
use crate::engine::desk::Desk;
use crate::engine::reader::Reader;
use crate::engine::spec::{Filters, Messages, Resource, Series, Spec, Unique};
use crate::error::{ApiError, Code};
use crate::json::{Json, round_money};
use crate::resource::contact::model::ContactType;
use crate::resource::expense::party;
use crate::resource::field::{self, Fields, Kind as Field};
use crate::resource::{purchase, step as common};
use crate::store::kind::Kind;
use crate::store::record::Record;
pub(crate) use routes::OPERATIONS;

/// The resource.
pub(crate) struct ExpenseReport;

static FIELDS: Fields = &[
    ("report_name", Field::Text(200)),
    ("report_number", Field::Text(100)),
    ("description", Field::Text(500)),
    ("start_date", Field::Date),
    ("end_date", Field::Date),
    ("due_date", Field::Date),
    ("reimbursement_currency_id", Field::Id),
    ("rcy_exchange_rate", Field::Rate),
    ("customer_id", Field::Id),
    ("project_id", Field::Id),
    ("trip_id", Field::Id),
    ("policy_id", Field::Id),
    ("policy_name", Field::Free),
    ("department_id", Field::Id),
    ("department_name", Field::Free),
    ("accounting_reference_id", Field::Id),
    ("zcrm_potential_id", Field::Id),
    ("zcrm_potential_name", Field::Text(200)),
];

static SPEC: Spec = Spec {
    kind: Kind::ExpenseReport,
    singular: "expense_report",
    plural: "expense_reports",
    id: "report_id",
    label: "Expense report",
    report: "Expense Reports",
    fields: FIELDS,
    computed: &[
        ("is_archived", Field::Flag),
        ("approvers", Field::List),
        ("approval_history", Field::List),
        ("comments", Field::List),
        ("shared_with", Field::List),
        ("tags", Field::List),
    ],
    required: &["report_name"],
    detail: &[
        "report_name",
        "report_number",
        "description",
        "start_date",
        "end_date",
        "status",
        "sub_status",
        "currency_id",
        "currency_code",
        "currency_symbol",
        "price_precision",
        "total",
        "reimbursable_total",
        "non_reimbursable_total",
        "amount_to_be_reimbursed",
        "reimbursed_amount",
        "reimbursement_currency_id",
        "rcy_total",
        "rcy_reimbursable_total",
        "rcy_exchange_rate",
        "expense_count",
        "uncategorized_expense_count",
        "user_id",
        "user_name",
        "user_email",
        "submitted_to_id",
        "submitted_to_name",
        "submitted_to_email",
        "submitter_id",
        "submitter_name",
        "submitter_email",
        "approver_id",
        "approver_name",
        "approver_email",
        "submitted_by",
        "submitted_date",
        "last_submitted_date",
        "approved_date",
        "reimbursement_date",
        "due_date",
        "due_days",
        "policy_id",
        "policy_name",
        "policy_violated",
        "receipt_policy_violation_count",
        "description_policy_violation_count",
        "amount_policy_violation_count",
        "custom_policy_violation_count",
        "total_policy_violation_count",
        "department_id",
        "department_name",
        "customer_id",
        "customer_name",
        "project_id",
        "trip_id",
        "zcrm_potential_id",
        "zcrm_potential_name",
        "comments_count",
        "is_archived",
        "created_by_id",
        "created_by_name",
        "created_date",
        "accounting_app_name",
        "accounting_reference_id",
        "tags",
        "expenses",
        "approvers",
        "comments",
        "shared_with",
    ],
    row: &[
        "report_name",
        "report_number",
        "description",
        "start_date",
        "end_date",
        "status",
        "sub_status",
        "currency_id",
        "currency_code",
        "price_precision",
        "total",
        "reimbursable_total",
        "non_reimbursable_total",
        "amount_to_be_reimbursed",
        "rcy_total",
        "rcy_reimbursable_total",
        "rcy_exchange_rate",
        "expense_count",
        "uncategorized_expense_count",
        "user_id",
        "user_name",
        "user_email",
        "submitted_to_id",
        "submitted_to_name",
        "submitted_to_email",
        "submitter_id",
        "submitter_name",
        "submitter_email",
        "approver_id",
        "approver_name",
        "approver_email",
        "submitted_by",
        "submitted_date",
        "last_submitted_date",
        "approved_date",
        "reimbursement_date",
        "due_date",
        "due_days",
        "policy_id",
        "policy_name",
        "policy_violated",
        "receipt_policy_violation_count",
        "description_policy_violation_count",
        "amount_policy_violation_count",
        "custom_policy_violation_count",
        "total_policy_violation_count",
        "department_id",
        "department_name",
        "customer_id",
        "customer_name",
        "project_id",
        "trip_id",
        "zcrm_potential_id",
        "zcrm_potential_name",
        "comments_count",
        "is_archived",
        "created_by_id",
        "created_by_name",
        "created_date",
    ],
    number: Some(Series { member: "report_number", prefix: "ER-", digits: 5, guarded: false }),
    unique: &[Unique { name: "report_number", code: Code::AlreadyExists, scope: None }],
    references: &["customer_id"],
    filters: Filters {
        texts: &["report_name", "report_number", "description", "user_name", "customer_name"],
        numbers: &["total"],
        dates: &["start_date", "end_date", "submitted_date", "approved_date", "created_date"],
        exact: &[
            "user_id",
            "customer_id",
            "project_id",
            "trip_id",
            "policy_id",
            "submitted_to_id",
            "approver_id",
            "zcrm_potential_id",
            "is_archived",
        ],
        statuses: &["draft", "submitted", "approved", "rejected", "reimbursed", "recalled"],
        filter_by: &[
            "Status.All",
            "Status.Draft",
            "Status.Submitted",
            "Status.Approved",
            "Status.Rejected",
            "Status.Reimbursed",
            "Status.Recalled",
            "Status.Archived",
        ],
        search: &["report_name", "report_number", "description"],
        sums: &["total", "reimbursable_total"],
    },
    sorts: &["report_name", "report_number", "start_date", "end_date", "submitted_date", "total", "status"],
    indexed: &["report_name", "report_number", "start_date", "end_date"],
    order: ("created_time", true),
    messages: Messages {
        created: "The expense report has been created.",
        updated: "The expense report has been updated.",
        deleted: "The expense report has been deleted.",
    },
    entity: "expense_report",
};

/// Statuses in which a report and its expenses may be changed.
const EDITABLE: [&str; 3] = ["draft", "rejected", "recalled"];

/// Refuses to change a report that was handed in, and its expenses (code 4098).
pub(crate) fn editable(report: &Record) -> Result<(), ApiError> {
    let status = report.text("status");
    if EDITABLE.contains(&status) { Ok(()) } else { Err(common::refusal(&ExpenseReport, status, "changed")) }
}

impl Resource for ExpenseReport {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn begin(&self, desk: &mut Desk<'_>, record: &mut Record) -> Result<(), ApiError> {
        record.set("status", "draft");
        record.set("user_id", Json::id(desk.caller.user_id));
        record.set("user_name", desk.caller.name.as_str());
        record.set("user_email", desk.caller.email.as_str());
        Ok(())
    }

    fn take(
        &self,
        desk: &mut Desk<'_>,
        record: &mut Record,
        before: Option<&Record>,
        body: &Json,
    ) -> Result<(), ApiError> {
        before.map_or(Ok(()), editable)?;
        field::take(&mut record.members, FIELDS, body, desk.places())?;
        approval::take(desk, record, body)
    }

    fn complete(
        &self,
        desk: &mut Desk<'_>,
        record: &mut Record,
        before: Option<&Record>,
    ) -> Result<(), ApiError> {
        let (start, end) = (record.text("start_date"), record.text("end_date"));
        if !start.is_empty() && !end.is_empty() && end < start {
            return Err(ApiError::invalid("end_date"));
        }
        party(desk, record, before, "customer_id", ContactType::Customer)?;
        if record.text("reimbursement_currency_id").is_empty()
            && let Some(base) = desk.organization.currencies.first()
        {
            record.set("reimbursement_currency_id", Json::id(base.currency_id));
        }
        let currency = record.reference("reimbursement_currency_id");
        let currency = currency.and_then(|id| desk.organization.currency(id));
        let currency =
            currency.ok_or_else(|| ApiError::about(Code::InvalidReference, "reimbursement_currency_id"))?;
        let base =
            desk.organization.currencies.first().is_some_and(|it| it.currency_id == currency.currency_id);
        let given = record.decimal("rcy_exchange_rate");
        if given < Decimal::ZERO {
            return Err(ApiError::invalid("rcy_exchange_rate"));
        }
        let rate = if base {
            Decimal::ONE
        } else if given.is_zero() {
            currency.exchange_rate
        } else {
            given
        };
        record.set("rcy_exchange_rate", Json::amount(rate));
        Ok(())
    }

    fn deletable(&self, _: &Desk<'_>, record: &Record) -> Result<(), ApiError> {
        let status = record.text("status");
        if EDITABLE.contains(&status) { Ok(()) } else { Err(common::refusal(self, status, "deleted")) }
    }

    fn deleted(&self, desk: &mut Desk<'_>, record: &Record) -> Result<(), ApiError> {
        let expenses: Vec<u64> = desk.books().naming_as(record.id, Kind::EmployeeExpense).collect();
        expenses.into_iter().try_for_each(|id| contents::leave(desk, id))
    }

    fn show(&self, name: &str, record: &Record, reader: &Reader<'_>) -> Json {
        let customer = || record.reference("customer_id").and_then(|id| reader.books.contacts.get(&id));
        let base = reader.organization.currencies.first();
        let sums = || Sums::of(record, reader);
        match name {
            "currency_id" => base.map_or_else(|| "".into(), |it| Json::id(it.currency_id)),
            "currency_code" => base.map_or("", |it| it.code.as_str()).into(),
            "currency_symbol" => base.map_or("", |it| it.symbol.as_str()).into(),
            "price_precision" => u64::from(base.map_or(2, |it| it.precision)).into(),
            "total" => Json::amount(sums().total),
            "reimbursable_total" => Json::amount(sums().reimbursable),
            "non_reimbursable_total" => Json::amount(sums().total - sums().reimbursable),
            "reimbursed_amount" => Json::amount(reimbursement::paid(record)),
            "amount_to_be_reimbursed" => Json::amount(sums().reimbursable - reimbursement::paid(record)),
            "rcy_total" => converted(sums().total, record, reader),
            "rcy_reimbursable_total" => converted(sums().reimbursable, record, reader),
            "expense_count" => sums().count.into(),
            "uncategorized_expense_count" => sums().uncategorized.into(),
            "sub_status" => {
                let partly = record.text("status") == "approved" && !record.list("reimbursements").is_empty();
                if partly { "partially_reimbursed" } else { record.text("status") }.into()
            }
            "submitted_to_id" | "submitted_to_name" | "submitted_to_email" => {
                approval::awaited(record).map_or_else(|| "".into(), |it| approval::member(it, name))
            }
            "approver_id" | "approver_name" | "approver_email" => {
                approval::latest(record).map_or_else(|| "".into(), |it| approval::member(it, name))
            }
            "due_days" if ["submitted", "approved"].contains(&record.text("status")) => {
                purchase::distance(record.text("due_date"), reader).into()
            }
            "customer_name" => customer().map_or("", |it| it.contact_name.as_str()).into(),
            "comments_count" => (record.list("comments").len() as u64).into(),
            "created_by_id" => record.text("user_id").into(),
            "created_by_name" => record.created_by.as_str().into(),
            "created_date" => crate::format::date(record.created, reader.organization.zone()).into(),
            "accounting_app_name" => "Zoho Books".into(),
            "expenses" => {
                let expenses = contents::expenses(record, reader);
                expenses.map(|it| reader.row(&EmployeeExpense, it)).collect::<Vec<_>>().into()
            }
            _ => policy::show(name, record, reader).unwrap_or_else(|| SPEC.stored(record, name)),
        }
    }

    fn passes(&self, filter: &str, record: &Record, _: &Reader<'_>) -> bool {
        let word = filter.split_once('.').map_or(filter, |(_, word)| word).to_ascii_lowercase();
        word == "all" || (word == "archived" && record.flag("is_archived")) || word == record.text("status")
    }
}

/// Sums over a report's expenses, in the base currency. Personal expenses are not reimbursed.
struct Sums {
    total: Decimal,
    reimbursable: Decimal,
    count: u64,
    uncategorized: u64,
}

impl Sums {
    fn of(report: &Record, reader: &Reader<'_>) -> Self {
        let mut sums = Self { total: Decimal::ZERO, reimbursable: Decimal::ZERO, count: 0, uncategorized: 0 };
        for expense in contents::expenses(report, reader) {
            let amount = expense.decimal("bcy_total");
            sums.total += amount;
            if expense.flag("is_reimbursable") && !expense.flag("is_personal") {
                sums.reimbursable += amount;
            }
            sums.count += 1;
            let categorized =
                !expense.text("category_id").is_empty() || !expense.list("line_items").is_empty();
            sums.uncategorized += u64::from(!categorized);
        }
        sums
    }
}

/// An amount in the currency of the reimbursement: base amount divided by the report's rate.
fn converted(amount: Decimal, report: &Record, reader: &Reader<'_>) -> Json {
    let rate = report.decimal("rcy_exchange_rate");
    let currency = report.reference("reimbursement_currency_id");
    let places = currency.and_then(|id| reader.organization.currency(id)).map_or(2, |it| it.precision);
    Json::amount(round_money(amount.checked_div(rate).unwrap_or(amount), places))
}
