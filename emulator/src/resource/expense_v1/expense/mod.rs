//! Expenses of employees. Their status follows from the report they are in.

mod routes;

use std::sync::Arc;

use chrono::NaiveDate;

use super::{period, report};
use crate::engine::desk::Desk;
use crate::engine::reader::Reader;
use crate::engine::spec::{Filters, Messages, Resource, Spec};
use crate::error::{ApiError, Code};
use crate::json::Json;
use crate::resource::contact::model::ContactType;
use crate::resource::expense::amount::{self, AMOUNT_FIELDS, tax_member};
use crate::resource::expense::party;
use crate::resource::field::{self, Fields, Kind as Field};
use crate::resource::receipt;
use crate::store::kind::Kind;
use crate::store::record::Record;
pub(crate) use routes::OPERATIONS;

/// The resource.
pub(crate) struct EmployeeExpense;

static FIELDS: Fields = &[
    ("date", Field::Date),
    ("merchant_id", Field::Id),
    ("merchant_name", Field::Text(200)),
    ("category_id", Field::Id),
    ("currency_id", Field::Id),
    ("exchange_rate", Field::Rate),
    ("amount", Field::Number),
    ("is_reimbursable", Field::Flag),
    ("is_billable", Field::Flag),
    ("is_personal", Field::Flag),
    ("is_inclusive_tax", Field::Flag),
    ("tax_id", Field::Id),
    ("description", Field::Text(500)),
    ("reference_number", Field::Text(100)),
    ("customer_id", Field::Id),
    ("project_id", Field::Id),
    ("report_id", Field::Id),
    ("paid_through_account_id", Field::Id),
    ("payment_mode", Field::Text(100)),
    ("expense_type", Field::Choice(&["non_mileage", "mileage", "per_diem"])),
    amount::MILEAGE_FIELDS[0],
    amount::MILEAGE_FIELDS[1],
    amount::MILEAGE_FIELDS[2],
    amount::MILEAGE_FIELDS[3],
    amount::MILEAGE_FIELDS[4],
    amount::MILEAGE_FIELDS[5],
    ("attendees", Field::List),
    ("zcrm_potential_id", Field::Id),
];

static LINE_FIELDS: Fields = &[
    ("category_id", Field::Id),
    ("description", Field::Text(500)),
    ("amount", Field::Number),
    ("tax_id", Field::Id),
    ("item_order", Field::Whole),
];

static SPEC: Spec = Spec {
    kind: Kind::EmployeeExpense,
    singular: "expense",
    plural: "expenses",
    id: "expense_id",
    label: "Expense",
    report: "Expenses",
    fields: FIELDS,
    computed: AMOUNT_FIELDS,
    required: &["date", "amount"],
    detail: &[
        "date",
        "user_id",
        "user_name",
        "user_email",
        "merchant_id",
        "merchant_name",
        "category_id",
        "category_name",
        "currency_id",
        "currency_code",
        "currency_symbol",
        "price_precision",
        "exchange_rate",
        "amount",
        "sub_total",
        "tax_id",
        "tax_name",
        "tax_percentage",
        "tax_amount",
        "taxes",
        "is_inclusive_tax",
        "total",
        "bcy_total",
        "is_reimbursable",
        "is_billable",
        "is_personal",
        "is_itemized_expense",
        "description",
        "reference_number",
        "customer_id",
        "customer_name",
        "project_id",
        "report_id",
        "report_name",
        "report_number",
        "report_status",
        "paid_through_account_id",
        "payment_mode",
        "expense_type",
        "mileage_type",
        "mileage_unit",
        "mileage_rate",
        "distance",
        "start_reading",
        "end_reading",
        "attendees",
        "documents",
        "line_items",
        "status",
        "expense_receipt_name",
        "expense_receipt_type",
        "zcrm_potential_id",
    ],
    row: &[
        "date",
        "user_id",
        "user_name",
        "user_email",
        "merchant_id",
        "merchant_name",
        "category_id",
        "category_name",
        "currency_id",
        "currency_code",
        "exchange_rate",
        "amount",
        "total",
        "bcy_total",
        "tax_amount",
        "is_reimbursable",
        "is_billable",
        "is_personal",
        "is_inclusive_tax",
        "description",
        "reference_number",
        "customer_id",
        "customer_name",
        "project_id",
        "report_id",
        "report_name",
        "report_number",
        "payment_mode",
        "expense_type",
        "distance",
        "mileage_rate",
        "mileage_unit",
        "status",
        "expense_receipt_name",
        "has_attachment",
    ],
    number: None,
    unique: &[],
    references: &["category_id", "customer_id", "report_id", "tax_id", "line_items.category_id"],
    filters: Filters {
        texts: &["merchant_name", "description", "reference_number", "category_name", "customer_name"],
        numbers: &["amount", "total"],
        dates: &["date", "created_date"],
        exact: &[
            "category_id",
            "customer_id",
            "report_id",
            "user_id",
            "currency_id",
            "expense_type",
            "is_reimbursable",
            "is_billable",
        ],
        statuses: &["unreported", "unsubmitted", "submitted", "approved", "rejected", "reimbursed"],
        filter_by: &[
            "ExpenseDate.ThisMonth",
            "ExpenseDate.All",
            "ExpenseDate.Today",
            "ExpenseDate.ThisWeek",
            "ExpenseDate.PreviousMonth",
            "ExpenseDate.ThisQuarter",
            "ExpenseDate.ThisYear",
            "ExpenseDate.PreviousYear",
            "Status.All",
            "Status.Unreported",
            "Status.Unsubmitted",
            "Status.Submitted",
            "Status.Approved",
            "Status.Rejected",
            "Status.Reimbursed",
        ],
        search: &["merchant_name", "description", "reference_number", "category_name"],
        sums: &["total", "bcy_total"],
    },
    sorts: &["date", "merchant_name", "category_name", "total", "bcy_total", "reference_number"],
    indexed: &["date", "total", "bcy_total"],
    order: ("created_time", true),
    messages: Messages {
        created: "The expense has been recorded.",
        updated: "The expense has been updated.",
        deleted: "The expense has been deleted.",
    },
    entity: "expense",
};

impl Resource for EmployeeExpense {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn begin(&self, desk: &mut Desk<'_>, record: &mut Record) -> Result<(), ApiError> {
        record.set("is_reimbursable", true);
        record.set("expense_type", "non_mileage");
        record.set("user_id", Json::id(desk.caller.user_id));
        record.set("user_name", desk.caller.name.as_str());
        record.set("user_email", desk.caller.email.as_str());
        Ok(())
    }

    fn take(
        &self,
        desk: &mut Desk<'_>,
        record: &mut Record,
        _: Option<&Record>,
        body: &Json,
    ) -> Result<(), ApiError> {
        field::take(&mut record.members, FIELDS, body, desk.places())?;
        amount::take_lines(desk, record, body, LINE_FIELDS)
    }

    fn complete(
        &self,
        desk: &mut Desk<'_>,
        record: &mut Record,
        before: Option<&Record>,
    ) -> Result<(), ApiError> {
        if let Some(before) = before {
            unlocked(desk, before)?;
        }
        if let Some(report) = desk.named(Kind::ExpenseReport, record, "report_id")?
            && before.is_none_or(|it| it.text("report_id") != record.text("report_id"))
        {
            report::editable(&report)?;
        }
        category(desk, record, before)?;
        desk.named(Kind::Tax, record, "tax_id")?;
        party(desk, record, before, "customer_id", ContactType::Customer)?;
        amount::compute(desk, record)
    }

    fn deletable(&self, desk: &Desk<'_>, record: &Record) -> Result<(), ApiError> {
        unlocked(desk, record)?;
        receipt::stands_alone(desk, record, SPEC.label)
    }

    fn deleted(&self, desk: &mut Desk<'_>, record: &Record) -> Result<(), ApiError> {
        receipt::remove(desk, record.id);
        Ok(())
    }

    fn status(&self, record: &Record, reader: &Reader<'_>) -> String {
        match report_of(record, reader).map(|it| it.text("status")) {
            None => "unreported",
            Some("draft" | "recalled") => "unsubmitted",
            Some(status) => status,
        }
        .to_owned()
    }

    fn show(&self, name: &str, record: &Record, reader: &Reader<'_>) -> Json {
        let currency = || record.reference("currency_id").and_then(|id| reader.organization.currency(id));
        let customer = || record.reference("customer_id").and_then(|id| reader.books.contacts.get(&id));
        let category = |id: Option<u64>| id.and_then(|id| reader.books.record(Kind::ExpenseCategory, id));
        match name {
            "status" => self.status(record, reader).into(),
            "category_name" => {
                category(record.reference("category_id")).map_or("", |it| it.text(name)).into()
            }
            "currency_code" => currency().map_or("", |it| it.code.as_str()).into(),
            "currency_symbol" => currency().map_or("", |it| it.symbol.as_str()).into(),
            "price_precision" => u64::from(currency().map_or(2, |it| it.precision)).into(),
            "customer_name" => customer().map_or("", |it| it.contact_name.as_str()).into(),
            "tax_name" | "tax_percentage" => tax_member(&reader.books, record.reference("tax_id"), name),
            "report_name" | "report_number" => {
                report_of(record, reader).map_or("", |it| it.text(name)).into()
            }
            "report_status" => report_of(record, reader).map_or("", |it| it.text("status")).into(),
            "is_itemized_expense" => (!record.list("line_items").is_empty()).into(),
            "line_items" => {
                let lines = record.list(name).iter().map(|line| {
                    let Json::Object(members) = line else { return line.clone() };
                    let id = |name: &str| line.get(name)?.as_id_text()?.parse::<u64>().ok();
                    let mut members = members.clone();
                    let shown = category(id("category_id")).map_or("", |it| it.text("category_name"));
                    members.push(("category_name".to_owned(), shown.into()));
                    members
                        .push(("tax_name".to_owned(), tax_member(&reader.books, id("tax_id"), "tax_name")));
                    Json::Object(members)
                });
                lines.collect::<Vec<_>>().into()
            }
            _ => receipt::show(name, record, reader).unwrap_or_else(|| SPEC.stored(record, name)),
        }
    }

    fn passes(&self, filter: &str, record: &Record, reader: &Reader<'_>) -> bool {
        let (group, word) = filter.split_once('.').unwrap_or(("Status", filter));
        if group == "ExpenseDate" {
            let day = NaiveDate::parse_from_str(record.text("date"), "%Y-%m-%d");
            return day.is_ok_and(|day| period::holds(word, day, reader.today));
        }
        word == "All" || word.eq_ignore_ascii_case(&self.status(record, reader))
    }
}

fn report_of<'a>(record: &Record, reader: &'a Reader<'_>) -> Option<&'a Arc<Record>> {
    record.reference("report_id").and_then(|id| reader.books.record(Kind::ExpenseReport, id))
}

/// An expense follows its report: what was submitted cannot be changed (code 4098).
fn unlocked(desk: &Desk<'_>, expense: &Record) -> Result<(), ApiError> {
    let books = desk.books();
    let report = expense.reference("report_id").and_then(|id| books.record(Kind::ExpenseReport, id));
    report.map_or(Ok(()), |report| report::editable(report))
}

/// Categories must exist (code 6), and hidden ones take no new expenses (code 2).
fn category(desk: &Desk<'_>, record: &Record, before: Option<&Record>) -> Result<(), ApiError> {
    let books = desk.books();
    let lines = |record: &Record| {
        let ids = record.list("line_items").iter().map(|line| line.get("category_id").cloned());
        let own = record.members.get("category_id").cloned();
        let ids = ids.chain([own]).flatten();
        ids.filter_map(|id| id.as_id_text().filter(|id| !id.is_empty()).map(str::to_owned))
            .collect::<Vec<_>>()
    };
    let known = before.map(lines).unwrap_or_default();
    for id in lines(record) {
        let category = id.parse().ok().and_then(|id| books.record(Kind::ExpenseCategory, id));
        let category = category.ok_or_else(|| ApiError::about(Code::InvalidReference, "category_id"))?;
        if !category.flag("is_enabled") && !known.contains(&id) {
            return Err(ApiError::invalid("category_id"));
        }
    }
    Ok(())
}
