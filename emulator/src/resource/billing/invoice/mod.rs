//! Invoices in the shape of Billing. They are the organization's invoices, by the rules of Books.

mod routes;
mod view;

pub(crate) use routes::OPERATIONS;

use std::sync::Arc;

use rust_decimal::Decimal;

use crate::engine::desk::Desk;
use crate::engine::reader::Reader;
use crate::engine::spec::{Filters, Messages, Resource, Spec};
use crate::error::{ApiError, Code};
use crate::json::Json;
use crate::resource;
use crate::resource::billing::payment::Payment;
use crate::resource::billing::{books, subscription};
use crate::store::kind::Kind;
use crate::store::record::Record;

/// The resource.
pub(crate) struct Invoice;

/// Pays what is due of an invoice from a card. Errors: 4098 when nothing is due or the card declines.
pub(crate) fn pay(desk: &mut Desk<'_>, id: u64, card: &str) -> Result<Arc<Record>, ApiError> {
    let invoice = desk.find(Kind::Invoice, id)?;
    let balance = invoice.decimal("balance");
    if invoice.text("status") == "void" || balance <= Decimal::ZERO {
        return Err(ApiError::about(Code::WrongState, "Nothing of the invoice is due."));
    }
    if card.ends_with(subscription::DECLINED) {
        return Err(ApiError::about(Code::WrongState, "The card was declined."));
    }
    let applied = Json::object([("invoice_id", Json::id(id)), ("amount_applied", Json::amount(balance))]);
    let body = Json::object([
        ("customer_id", invoice.text("customer_id").into()),
        ("payment_mode", "autotransaction".into()),
        ("amount", Json::amount(balance)),
        ("date", desk.today().to_string().into()),
        ("exchange_rate", Json::amount(invoice.decimal("exchange_rate"))),
        ("invoices", vec![applied].into()),
    ]);
    desk.create(resource::of(Kind::CustomerPayment), &body)
}

/// Pays what is due of an invoice from a card, and tells of it. Errors as of [`pay`].
pub(crate) fn pay_and_tell(desk: &mut Desk<'_>, id: u64, card: &str) -> Result<Arc<Record>, ApiError> {
    let payment = pay(desk, id, card)?;
    books::tell(desk, &Payment, payment.id, "payment_thankyou")?;
    Ok(payment)
}

static SPEC: Spec = Spec {
    kind: Kind::Invoice,
    singular: "invoice",
    plural: "invoices",
    id: "invoice_id",
    label: "Invoice",
    report: "Invoices",
    fields: &[],
    computed: &[],
    required: &[],
    detail: &[
        "number",
        "invoice_number",
        "status",
        "invoice_date",
        "date",
        "due_date",
        "payment_terms",
        "payment_terms_label",
        "payment_expected_date",
        "last_payment_date",
        "ach_payment_initiated",
        "transaction_type",
        "reference_number",
        "customer_id",
        "customer_name",
        "email",
        "invoice_items",
        "coupons",
        "credits",
        "payments",
        "discount",
        "discount_type",
        "is_discount_before_tax",
        "is_inclusive_tax",
        "shipping_charge",
        "adjustment",
        "adjustment_description",
        "sub_total",
        "tax_total",
        "taxes",
        "total",
        "payment_made",
        "balance",
        "credits_applied",
        "tax_amount_withheld",
        "write_off_amount",
        "allow_partial_payments",
        "currency_id",
        "currency_code",
        "currency_symbol",
        "exchange_rate",
        "price_precision",
        "salesperson_id",
        "salesperson_name",
        "invoice_url",
        "subscription_id",
        "subscriptions",
        "is_emailed",
        "is_viewed_by_client",
        "client_viewed_time",
        "has_attachment",
        "reminders_sent",
        "billing_address",
        "shipping_address",
        "notes",
        "terms",
        "comments",
        "can_send_in_mail",
        "documents",
        "template_id",
        "template_name",
    ],
    row: &[
        "number",
        "invoice_number",
        "status",
        "invoice_date",
        "date",
        "due_date",
        "reference_number",
        "customer_id",
        "customer_name",
        "email",
        "balance",
        "total",
        "currency_code",
        "currency_symbol",
        "has_attachment",
        "subscription_id",
    ],
    number: None,
    unique: &[],
    references: &["customer_id", "subscription_id"],
    filters: Filters {
        texts: &["number", "invoice_number", "reference_number", "customer_name", "email"],
        numbers: &["total", "balance"],
        dates: &["date", "invoice_date", "due_date", "created_date"],
        exact: &["customer_id", "subscription_id"],
        statuses: &["sent", "draft", "overdue", "paid", "void", "unpaid", "partially_paid"],
        filter_by: &[
            "Status.All",
            "Status.Sent",
            "Status.Draft",
            "Status.OverDue",
            "Status.Paid",
            "Status.PartiallyPaid",
            "Status.Void",
            "Status.Unpaid",
        ],
        search: &["number", "reference_number", "customer_name"],
        sums: &["total", "balance"],
    },
    sorts: &["number", "invoice_date", "due_date", "customer_name", "total", "balance", "status"],
    indexed: &["due_date"],
    order: ("created_time", true),
    messages: Messages {
        created: "The invoice has been created.",
        updated: "Invoice information has been updated.",
        deleted: "The invoice has been deleted.",
    },
    entity: "invoice",
};

impl Resource for Invoice {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn status(&self, record: &Record, reader: &Reader<'_>) -> String {
        resource::of(Kind::Invoice).status(record, reader)
    }

    fn show(&self, name: &str, record: &Record, reader: &Reader<'_>) -> Json {
        view::show(name, record, reader)
    }

    fn passes(&self, filter: &str, record: &Record, reader: &Reader<'_>) -> bool {
        resource::of(Kind::Invoice).passes(filter, record, reader)
    }

    fn has_status(&self, word: &str, record: &Record, reader: &Reader<'_>) -> bool {
        resource::of(Kind::Invoice).has_status(word, record, reader)
    }

    fn changed_member(&self) -> &'static str {
        "updated_time"
    }
}
