//! Bills (section 10.8).
//!
//! A bill is open from its creation, or a draft when the body says `"status": "draft"`. Overdue, partially paid and paid
//! follow from its balance and the day.

mod order;
mod payment;
mod routes;

use chrono::{Days, NaiveDate};
use rust_decimal::Decimal;

use crate::document::total::TOTAL_FIELDS;
use crate::engine::desk::Desk;
use crate::engine::reader::Reader;
use crate::engine::spec::{Filters, Messages, Resource, Spec, Unique};
use crate::error::{ApiError, Code};
use crate::json::Json;
use crate::resource::field::{Fields, Kind as Field};
use crate::resource::purchaseorder::billed;
use crate::resource::{purchase, step};
use crate::store::kind::Kind;
use crate::store::record::Record;
pub(crate) use payment::settle;
pub(crate) use routes::OPERATIONS;

/// The resource.
pub(crate) struct Bill;

static FIELDS: Fields = &[
    ("vendor_id", Field::Id),
    ("currency_id", Field::Id),
    ("vat_treatment", Field::Free),
    ("bill_number", Field::Text(100)),
    ("documents", Field::List),
    ("source_of_supply", Field::Free),
    ("destination_of_supply", Field::Free),
    ("place_of_supply", Field::Free),
    ("permit_number", Field::Free),
    ("gst_treatment", Field::Free),
    ("tax_treatment", Field::Free),
    ("gst_no", Field::Free),
    ("pricebook_id", Field::Id),
    ("reference_number", Field::Text(100)),
    ("date", Field::Date),
    ("due_date", Field::Date),
    ("payment_terms", Field::Whole),
    ("payment_terms_label", Field::Text(100)),
    ("payment_expected_date", Field::Date),
    ("recurring_bill_id", Field::Id),
    ("exchange_rate", Field::Rate),
    ("is_item_level_tax_calc", Field::Flag),
    ("is_inclusive_tax", Field::Flag),
    ("is_discount_before_tax", Field::Flag),
    ("discount_type", Field::Choice(&["entity_level", "item_level"])),
    ("adjustment", Field::Money),
    ("adjustment_description", Field::Free),
    ("location_id", Field::Id),
    ("notes", Field::Text(5000)),
    ("terms", Field::Text(10_000)),
    ("approvers", Field::List),
    ("template_id", Field::Id),
];

static SPEC: Spec = Spec {
    kind: Kind::Bill,
    singular: "bill",
    plural: "bills",
    id: "bill_id",
    label: "Bill",
    report: "Bills",
    fields: FIELDS,
    computed: TOTAL_FIELDS,
    required: &["bill_number"],
    detail: &[
        "purchaseorder_ids",
        "vendor_id",
        "vendor_name",
        "company_name",
        "vat_treatment",
        "source_of_supply",
        "destination_of_supply",
        "place_of_supply",
        "permit_number",
        "gst_no",
        "gst_treatment",
        "tax_treatment",
        "pricebook_id",
        "unused_credits_payable_amount",
        "status",
        "bill_number",
        "date",
        "due_date",
        "payment_terms",
        "payment_terms_label",
        "payment_expected_date",
        "reference_number",
        "recurring_bill_id",
        "due_by_days",
        "due_in_days",
        "currency_id",
        "currency_code",
        "currency_symbol",
        "documents",
        "price_precision",
        "exchange_rate",
        "discount",
        "discount_amount",
        "discount_type",
        "is_discount_before_tax",
        "adjustment",
        "adjustment_description",
        "is_item_level_tax_calc",
        "is_inclusive_tax",
        "line_items",
        "location_id",
        "sub_total",
        "tax_total",
        "total",
        "bcy_total",
        "payment_made",
        "vendor_credits_applied",
        "is_line_item_invoiced",
        "purchaseorders",
        "taxes",
        "balance",
        "billing_address",
        "shipping_address",
        "payments",
        "vendor_credits",
        "created_by_id",
        "created_by",
        "notes",
        "terms",
        "attachment_name",
        "has_attachment",
        "template_id",
        "template_name",
        "template_type",
    ],
    row: &[
        "vendor_id",
        "vendor_name",
        "status",
        "bill_number",
        "reference_number",
        "date",
        "due_date",
        "due_days",
        "currency_id",
        "currency_code",
        "price_precision",
        "exchange_rate",
        "total",
        "balance",
        "location_id",
        "attachment_name",
        "has_attachment",
    ],
    number: None,
    unique: &[Unique { name: "bill_number", code: Code::BillNumberTaken, scope: Some("vendor_id") }],
    references: &["vendor_id", "purchaseorder_ids", "line_items.customer_id"],
    filters: Filters {
        texts: &[
            "bill_number",
            "reference_number",
            "vendor_name",
            "description",
            "item_name",
            "item_description",
        ],
        numbers: &["total", "balance"],
        dates: &["date", "due_date", "created_date"],
        exact: &["vendor_id", "item_id", "recurring_bill_id", "purchaseorder_id"],
        statuses: &[
            "draft",
            "open",
            "overdue",
            "unpaid",
            "partially_paid",
            "paid",
            "void",
            "pending_approval",
            "approved",
        ],
        filter_by: &[
            "Status.All",
            "Status.PartiallyPaid",
            "Status.Paid",
            "Status.Overdue",
            "Status.Void",
            "Status.Open",
            "Status.Draft",
            "Status.Unpaid",
            "Status.PendingApproval",
            "Status.Approved",
        ],
        search: &["bill_number", "reference_number", "vendor_name"],
        sums: &["total", "balance"],
    },
    sorts: &["vendor_name", "bill_number", "date", "due_date", "total", "balance"],
    indexed: &["bill_number", "date", "due_date", "total", "balance"],
    order: ("created_time", true),
    messages: Messages {
        created: "The bill has been created.",
        updated: "Bill information has been updated.",
        deleted: "The bill has been deleted.",
    },
    entity: "bill",
};

/// Statuses in which a bill is owed and may be paid.
pub(crate) const OWED: [&str; 4] = ["open", "overdue", "partially_paid", "paid"];

impl Resource for Bill {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn begin(&self, _: &mut Desk<'_>, record: &mut Record) -> Result<(), ApiError> {
        record.set("status", "open");
        record.set("is_discount_before_tax", true);
        Ok(())
    }

    fn take(
        &self,
        desk: &mut Desk<'_>,
        record: &mut Record,
        before: Option<&Record>,
        body: &Json,
    ) -> Result<(), ApiError> {
        let status = body.get("status").and_then(Json::as_str);
        if before.is_none() && status.is_some_and(|it| it.eq_ignore_ascii_case("draft")) {
            record.set("status", "draft");
        }
        order::take(record, body)?;
        purchase::take(desk, self, record, body)?;
        if before.is_none() && body.get("line_items").is_none() {
            order::take_lines(desk, record)?;
        }
        Ok(())
    }

    fn complete(
        &self,
        desk: &mut Desk<'_>,
        record: &mut Record,
        before: Option<&Record>,
    ) -> Result<(), ApiError> {
        if before.is_some_and(|it| it.text("status") == "void") {
            return Err(step::refusal(self, "void", "changed"));
        }
        let paid = record.decimal("payment_made");
        let kept = |name: &str| before.is_none_or(|it| it.text(name) == record.text(name));
        if !(paid.is_zero() || kept("vendor_id") && kept("currency_id")) {
            return Err(ApiError::about(Code::PaymentsApplied, "The bill"));
        }
        purchase::complete(desk, record, before)?;
        order::check(desk, record, before)?;
        terms(desk, record, before);
        let balance = record.decimal("total") - paid;
        if balance < Decimal::ZERO {
            return Err(ApiError::about(Code::OverApplied, &subject(record)));
        }
        record.set("payment_made", Json::amount(paid));
        record.set("balance", Json::amount(balance));
        Ok(())
    }

    fn written(&self, desk: &mut Desk<'_>, record: &Record, before: Option<&Record>) -> Result<(), ApiError> {
        let mut orders = order::ids(record);
        orders.extend(before.map(order::ids).unwrap_or_default());
        orders.into_iter().try_for_each(|id| billed::settle(desk, id))
    }

    fn deletable(&self, desk: &Desk<'_>, record: &Record) -> Result<(), ApiError> {
        if desk.books().naming_as(record.id, Kind::VendorPayment).next().is_some() {
            return Err(ApiError::about(Code::PaymentsApplied, "The bill"));
        }
        Ok(())
    }

    fn deleted(&self, desk: &mut Desk<'_>, record: &Record) -> Result<(), ApiError> {
        order::ids(record).into_iter().try_for_each(|id| billed::settle(desk, id))
    }

    fn status(&self, record: &Record, reader: &Reader<'_>) -> String {
        let late = || purchase::days_until(record.text("due_date"), reader).is_some_and(|days| days < 0);
        match record.text("status") {
            "open" if record.decimal("balance") <= Decimal::ZERO => "paid",
            "open" if late() => "overdue",
            "open" if record.decimal("payment_made") > Decimal::ZERO => "partially_paid",
            stored => stored,
        }
        .to_owned()
    }

    fn show(&self, name: &str, record: &Record, reader: &Reader<'_>) -> Json {
        let status = || self.status(record, reader);
        let owed = || ["open", "overdue", "partially_paid"].contains(&status().as_str());
        match name {
            "status" => status().into(),
            "purchaseorder_id" => order::ids(record).first().map_or_else(|| "".into(), |id| Json::id(*id)),
            "purchaseorder_ids" => record.list(name).to_vec().into(),
            "purchaseorders" => order::shown(record, reader).into(),
            "payments" => payment::shown(record, reader).into(),
            "vendor_credits" => Vec::new().into(),
            "vendor_credits_applied" => Json::amount(Decimal::ZERO),
            "is_line_item_invoiced" => false.into(),
            "unused_credits_payable_amount" => {
                let vendor = record.reference("vendor_id").unwrap_or_default();
                Json::amount(reader.books.balance(vendor).credits_payable.own)
            }
            "payment_made" | "balance" => Json::amount(record.decimal(name)),
            "due_days" if owed() => purchase::distance(record.text("due_date"), reader).into(),
            "due_in_days" | "due_by_days" if owed() => {
                let days = purchase::days_until(record.text("due_date"), reader);
                let days = days.map(|days| if name == "due_by_days" { -days } else { days });
                days.filter(|days| *days > 0)
                    .map_or_else(|| "".into(), |days| Json::from(days.unsigned_abs()))
            }
            _ => purchase::show(name, record, reader).unwrap_or_else(|| SPEC.stored(record, name)),
        }
    }

    fn texts(&self, name: &str, record: &Record, reader: &Reader<'_>) -> Vec<String> {
        match name {
            "description" => purchase::texts("item_description", record).unwrap_or_default(),
            "purchaseorder_id" => order::ids(record).iter().map(u64::to_string).collect(),
            _ => purchase::texts(name, record).unwrap_or_else(|| match self.show(name, record, reader) {
                Json::Text(text) => vec![text],
                _ => Vec::new(),
            }),
        }
    }

    fn passes(&self, filter: &str, record: &Record, reader: &Reader<'_>) -> bool {
        let word = filter.split_once('.').map_or(filter, |(_, word)| word);
        let plain = |text: &str| text.replace('_', "").to_ascii_lowercase();
        match word {
            "All" => true,
            "Unpaid" => self.has_status("unpaid", record, reader),
            _ => plain(word) == plain(&self.status(record, reader)),
        }
    }

    fn has_status(&self, word: &str, record: &Record, reader: &Reader<'_>) -> bool {
        let status = self.status(record, reader);
        match word {
            "all" => true,
            "unpaid" => ["open", "overdue", "partially_paid"].contains(&status.as_str()),
            _ => word == status,
        }
    }
}

/// "the bill BN-1", the subject of refusals.
pub(crate) fn subject(record: &Record) -> String {
    format!("the bill {}", record.text("bill_number"))
}

/// The due date that the terms give: the body's, or else the vendor's, in days after the bill's date. A due date of the
/// client's own stays until the date or the terms change.
fn terms(desk: &Desk<'_>, record: &mut Record, before: Option<&Record>) {
    let books = desk.books();
    if before.is_none()
        && record.members.get("payment_terms").is_none()
        && let Some(vendor) = record.reference("vendor_id").and_then(|id| books.contacts.get(&id))
    {
        for name in ["payment_terms", "payment_terms_label"] {
            if let Some(value) = vendor.members.get(name) {
                record.set(name, value.to_json());
            }
        }
    }
    let same = |name: &str| before.is_none_or(|it| it.members.get(name) == record.members.get(name));
    let own = !record.text("due_date").is_empty();
    let moved = !(same("date") && same("payment_terms"));
    let due_written = before.is_some() && !same("due_date");
    if own && (!moved || due_written || before.is_none()) {
        return;
    }
    let days = u64::try_from(record.decimal("payment_terms")).unwrap_or(0);
    let date = NaiveDate::parse_from_str(record.text("date"), "%Y-%m-%d").ok();
    if let Some(due) = date.and_then(|date| date.checked_add_days(Days::new(days.min(36_500)))) {
        record.set("due_date", due.to_string());
    }
}
