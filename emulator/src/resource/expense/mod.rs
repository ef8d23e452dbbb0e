//! Expenses of Books (section 10.9). Whether one is billed to a customer follows from the invoices that name it.

pub(crate) mod amount;
mod routes;

use std::sync::Arc;

use amount::{AMOUNT_FIELDS, tax_member};

use crate::document::account;
use crate::engine::desk::Desk;
use crate::engine::reader::Reader;
use crate::engine::spec::{Filters, Messages, Resource, Spec};
use crate::error::{ApiError, Code};
use crate::json::Json;
use crate::resource::contact::model::{Contact, ContactType};
use crate::resource::field::{self, Fields, Kind as Field};
use crate::resource::receipt;
use crate::store::kind::Kind;
use crate::store::record::Record;
pub(crate) use routes::OPERATIONS;

/// The resource.
pub(crate) struct Expense;

static FIELDS: Fields = &[
    ("account_id", Field::Id),
    ("paid_through_account_id", Field::Id),
    ("date", Field::Date),
    ("amount", Field::Number),
    ("tax_id", Field::Id),
    ("is_inclusive_tax", Field::Flag),
    ("is_billable", Field::Flag),
    ("is_personal", Field::Flag),
    ("reference_number", Field::Text(100)),
    ("description", Field::Text(100)),
    ("customer_id", Field::Id),
    ("vendor_id", Field::Id),
    ("currency_id", Field::Id),
    ("exchange_rate", Field::Rate),
    ("project_id", Field::Id),
    ("expense_type", Field::Choice(&["non_mileage", "mileage"])),
    amount::MILEAGE_FIELDS[0],
    amount::MILEAGE_FIELDS[1],
    amount::MILEAGE_FIELDS[2],
    amount::MILEAGE_FIELDS[3],
    amount::MILEAGE_FIELDS[4],
    amount::MILEAGE_FIELDS[5],
    ("employee_id", Field::Id),
    ("vehicle_type", Field::Free),
    ("fuel_type", Field::Free),
    ("engine_capacity_range", Field::Free),
    ("can_reclaim_vat_on_mileage", Field::Free),
    ("source_of_supply", Field::Free),
    ("destination_of_supply", Field::Free),
    ("place_of_supply", Field::Free),
    ("hsn_or_sac", Field::Code),
    ("gst_no", Field::Free),
    ("gst_treatment", Field::Free),
    ("vat_treatment", Field::Free),
    ("tax_treatment", Field::Free),
    ("product_type", Field::Free),
    ("location_id", Field::Id),
    ("recurring_expense_id", Field::Id),
];

static LINE_FIELDS: Fields = &[
    ("account_id", Field::Id),
    ("description", Field::Text(100)),
    ("amount", Field::Number),
    ("tax_id", Field::Id),
    ("item_order", Field::Whole),
    ("product_type", Field::Free),
    ("hsn_or_sac", Field::Code),
    ("tax_exemption_id", Field::Id),
    ("location_id", Field::Id),
];

static SPEC: Spec = Spec {
    kind: Kind::Expense,
    singular: "expense",
    plural: "expenses",
    id: "expense_id",
    label: "Expense",
    report: "Expenses",
    fields: FIELDS,
    computed: AMOUNT_FIELDS,
    required: &["date", "amount"],
    detail: &[
        "transaction_id",
        "transaction_type",
        "expense_item_id",
        "expense_type",
        "account_id",
        "account_name",
        "paid_through_account_id",
        "paid_through_account_name",
        "date",
        "currency_id",
        "currency_code",
        "exchange_rate",
        "amount",
        "sub_total",
        "tax_id",
        "tax_name",
        "tax_percentage",
        "tax_amount",
        "taxes",
        "is_inclusive_tax",
        "is_itemized_expense",
        "total",
        "bcy_total",
        "is_billable",
        "is_personal",
        "reference_number",
        "description",
        "customer_id",
        "customer_name",
        "vendor_id",
        "vendor_name",
        "employee_id",
        "project_id",
        "project_name",
        "mileage_type",
        "mileage_unit",
        "mileage_rate",
        "distance",
        "start_reading",
        "end_reading",
        "vehicle_type",
        "fuel_type",
        "engine_capacity_range",
        "line_items",
        "status",
        "invoice_id",
        "invoice_number",
        "expense_receipt_name",
        "expense_receipt_type",
        "has_attachment",
        "documents",
        "source_of_supply",
        "destination_of_supply",
        "place_of_supply",
        "hsn_or_sac",
        "gst_no",
        "gst_treatment",
        "vat_treatment",
        "tax_treatment",
        "product_type",
        "location_id",
        "recurring_expense_id",
        "created_by_name",
    ],
    row: &[
        "date",
        "user_name",
        "paid_through_account_name",
        "account_name",
        "description",
        "currency_id",
        "currency_code",
        "bcy_total",
        "bcy_total_without_tax",
        "total",
        "total_without_tax",
        "is_billable",
        "is_personal",
        "reference_number",
        "customer_id",
        "customer_name",
        "vendor_id",
        "vendor_name",
        "status",
        "expense_receipt_name",
        "exchange_rate",
        "distance",
        "mileage_rate",
        "mileage_unit",
        "mileage_type",
        "expense_type",
        "start_reading",
        "end_reading",
        "report_id",
        "report_name",
        "report_number",
        "location_id",
        "has_attachment",
        "custom_fields_list",
    ],
    number: None,
    unique: &[],
    references: &["account_id", "paid_through_account_id", "customer_id", "vendor_id", "tax_id"],
    filters: Filters {
        texts: &["description", "reference_number", "account_name", "customer_name", "vendor_name"],
        numbers: &["amount", "total"],
        dates: &["date", "created_date"],
        exact: &[
            "customer_id",
            "vendor_id",
            "account_id",
            "recurring_expense_id",
            "paid_through_account_id",
            "is_billable",
        ],
        statuses: &["unbilled", "invoiced", "reimbursed", "nonbillable", "billable"],
        filter_by: &[
            "Status.All",
            "Status.Billable",
            "Status.Nonbillable",
            "Status.Reimbursed",
            "Status.Invoiced",
            "Status.Unbilled",
        ],
        search: &["description", "reference_number", "account_name", "customer_name", "vendor_name"],
        sums: &["total", "bcy_total"],
    },
    sorts: &[
        "date",
        "account_name",
        "paid_through_account_name",
        "total",
        "bcy_total",
        "reference_number",
        "customer_name",
    ],
    indexed: &["date", "total", "bcy_total", "reference_number"],
    order: ("created_time", true),
    messages: Messages {
        created: "The expense has been recorded.",
        updated: "Expense information has been updated.",
        deleted: "The expense has been deleted.",
    },
    entity: "expense",
};

impl Resource for Expense {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn begin(&self, _: &mut Desk<'_>, record: &mut Record) -> Result<(), ApiError> {
        record.set("expense_type", "non_mileage");
        record.set("mileage_type", "non_mileage");
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
        amount::compute(desk, record)?;
        let lines = record.list("line_items");
        let named =
            |line: &Json| line.get("account_id").and_then(Json::as_id_text).is_some_and(|id| !id.is_empty());
        if (lines.is_empty() && record.text("account_id").is_empty()) || !lines.iter().all(named) {
            return Err(ApiError::invalid("account_id"));
        }
        account::check(desk, record, "account_id")?;
        account::check(desk, record, "paid_through_account_id")?;
        account::check_lines(desk, record)?;
        party(desk, record, before, "customer_id", ContactType::Customer)?;
        party(desk, record, before, "vendor_id", ContactType::Vendor)?;
        if record.flag("is_billable") && record.text("customer_id").is_empty() {
            return Err(ApiError::invalid("customer_id"));
        }
        let kept = |name: &str| before.is_none_or(|it| it.members.get(name) == record.members.get(name));
        if !["customer_id", "is_billable", "total"].into_iter().all(kept)
            && invoices(record, &desk.reader()).next().is_some()
        {
            let sentence = "The customer and the amount of an invoiced expense cannot be changed.";
            return Err(ApiError::about(Code::WrongState, sentence));
        }
        Ok(())
    }

    fn deletable(&self, desk: &Desk<'_>, record: &Record) -> Result<(), ApiError> {
        receipt::stands_alone(desk, record, SPEC.label)
    }

    fn deleted(&self, desk: &mut Desk<'_>, record: &Record) -> Result<(), ApiError> {
        receipt::remove(desk, record.id);
        Ok(())
    }

    fn status(&self, record: &Record, reader: &Reader<'_>) -> String {
        let paid =
            |invoice: &Arc<Record>| crate::resource::of(Kind::Invoice).status(invoice, reader) == "paid";
        match invoices(record, reader).next() {
            Some(invoice) if paid(&invoice) => "reimbursed",
            Some(_) => "invoiced",
            None if record.flag("is_billable") => "unbilled",
            None => "nonbillable",
        }
        .to_owned()
    }

    fn show(&self, name: &str, record: &Record, reader: &Reader<'_>) -> Json {
        let contact = |name: &str| {
            let known = record.reference(name).and_then(|id| reader.books.contacts.get(&id));
            Json::from(known.map_or("", |it| it.contact_name.as_str()))
        };
        let invoice = || invoices(record, reader).next();
        match name {
            "status" => self.status(record, reader).into(),
            "transaction_id" => Json::id(record.id),
            "expense_item_id" => {
                let line = record.list("line_items").first().and_then(|it| it.get("line_item_id"));
                line.cloned().unwrap_or_else(|| "".into())
            }
            "transaction_type" => "expense".into(),
            "account_name" | "paid_through_account_name" => {
                account::name(reader, record.reference(&name.replace("_name", "_id")))
            }
            "customer_name" => contact("customer_id"),
            "vendor_name" => contact("vendor_id"),
            "tax_name" | "tax_percentage" => tax_member(&reader.books, record.reference("tax_id"), name),
            "currency_code" => {
                let currency =
                    record.reference("currency_id").and_then(|id| reader.organization.currency(id));
                currency.map_or("", |it| it.code.as_str()).into()
            }
            "is_itemized_expense" => (!record.list("line_items").is_empty()).into(),
            "line_items" => account::named_lines(record, reader),
            "total_without_tax" => SPEC.stored(record, "sub_total"),
            "invoice_id" => invoice().map_or_else(|| "".into(), |it| Json::id(it.id)),
            "invoice_number" => invoice().map_or_else(|| "".into(), |it| it.text(name).into()),
            "user_name" | "created_by_name" => record.created_by.as_str().into(),
            "custom_fields_list" => record.list("custom_fields").to_vec().into(),
            _ => receipt::show(name, record, reader).unwrap_or_else(|| SPEC.stored(record, name)),
        }
    }

    fn passes(&self, filter: &str, record: &Record, reader: &Reader<'_>) -> bool {
        let word = filter.split_once('.').map_or(filter, |(_, word)| word).to_ascii_lowercase();
        self.has_status(&word, record, reader)
    }

    fn has_status(&self, word: &str, record: &Record, reader: &Reader<'_>) -> bool {
        match word {
            "all" => true,
            "billable" => record.flag("is_billable"),
            _ => word == self.status(record, reader),
        }
    }
}

/// The invoices with a line for the expense, void ones left out.
fn invoices<'a>(record: &Record, reader: &'a Reader<'_>) -> impl Iterator<Item = Arc<Record>> + 'a {
    let known = reader.books.naming_as(record.id, Kind::Invoice);
    known
        .filter_map(|id| reader.books.record(Kind::Invoice, id).cloned())
        .filter(|invoice| invoice.text("status") != "void")
}

/// Checks the contact that a member names, if any. Errors: 6 for an unknown contact, 2 for one of the wrong type, 1005 for
/// an inactive one that newly joins.
pub(crate) fn party(
    desk: &Desk<'_>,
    record: &Record,
    before: Option<&Record>,
    member: &str,
    wanted: ContactType,
) -> Result<Option<Arc<Contact>>, ApiError> {
    if record.text(member).is_empty() {
        return Ok(None);
    }
    let contact = desk.contact(record, member)?;
    if contact.contact_type != wanted {
        return Err(ApiError::invalid(member));
    }
    if !contact.active && before.is_none_or(|it| it.text(member) != record.text(member)) {
        return Err(ApiError::about(Code::InactiveContact, &contact.contact_name));
    }
    Ok(Some(contact))
}
