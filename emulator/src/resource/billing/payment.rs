//! Payments in the shape of Billing: the organization's customer payments.

use crate::auth::{Context, Need};
use crate::engine::reader::Reader;
use crate::engine::spec::{Filters, Messages, Resource, Spec};
use crate::envelope::Reply;
use crate::error::ApiError;
use crate::json::Json;
use crate::request::Call;
use crate::resource;
use crate::resource::billing::books;
use crate::routes::Handler::Plain;
use crate::routes::{BILLING, Operation, lists, op, reads};
use crate::store::kind::Kind;
use crate::store::record::Record;

/// The resource.
pub(crate) struct Payment;

static SPEC: Spec = Spec {
    kind: Kind::CustomerPayment,
    singular: "payment",
    plural: "payments",
    id: "payment_id",
    label: "Payment",
    report: "Payments",
    fields: &[],
    computed: &[],
    required: &[],
    detail: &[
        "payment_number",
        "payment_mode",
        "amount",
        "amount_refunded",
        "unused_amount",
        "bank_charges",
        "date",
        "status",
        "reference_number",
        "description",
        "customer_id",
        "customer_name",
        "email",
        "autotransaction",
        "invoices",
        "currency_code",
        "currency_symbol",
        "exchange_rate",
        "account_id",
        "tax_account_id",
    ],
    row: &[
        "payment_number",
        "payment_mode",
        "amount",
        "amount_refunded",
        "unused_amount",
        "date",
        "status",
        "reference_number",
        "description",
        "customer_id",
        "customer_name",
        "email",
        "invoices",
        "currency_code",
        "currency_symbol",
    ],
    number: None,
    unique: &[],
    references: &["customer_id"],
    filters: Filters {
        texts: &["customer_name", "reference_number", "payment_mode"],
        numbers: &["amount"],
        dates: &["date"],
        exact: &["customer_id"],
        filter_by: &["PaymentMode.All"],
        search: &["customer_name", "reference_number"],
        ..Filters::NONE
    },
    sorts: &["date", "amount", "customer_name", "payment_mode"],
    indexed: &["date"],
    order: ("created_time", true),
    messages: Messages {
        created: "The payment has been created.",
        updated: "The payment details have been updated.",
        deleted: "The payment has been deleted.",
    },
    entity: "customer_payment",
};

const CREATE: Need = ("payments", "create");
const READ: Need = ("payments", "read");
const UPDATE: Need = ("payments", "update");
const DELETE: Need = ("payments", "delete");

/// The operations.
pub(crate) static OPERATIONS: &[Operation] = &[
    op(BILLING, "GET", "payments", READ, "List payments", lists(&Payment)),
    op(BILLING, "POST", "payments", CREATE, "Create a payment", Plain(create)),
    op(BILLING, "GET", "payments/*", READ, "Get a payment", reads(&Payment)),
    op(BILLING, "PUT", "payments/*", UPDATE, "Update a payment", Plain(update)),
    op(BILLING, "DELETE", "payments/*", DELETE, "Delete a payment", Plain(delete)),
];

impl Resource for Payment {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn show(&self, name: &str, record: &Record, reader: &Reader<'_>) -> Json {
        match name {
            "autotransaction" => Json::Object(Vec::new()),
            _ => resource::of(Kind::CustomerPayment).show(name, record, reader),
        }
    }

    fn changed_member(&self) -> &'static str {
        "updated_time"
    }
}

/// Without a date a payment is of today.
fn create(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let body = call.object()?;
    let Json::Object(members) = body else { return Err(ApiError::invalid("JSONString")) };
    let dated = body.get("date").is_some_and(|date| *date != Json::Null && date.as_str() != Some(""));
    let mut members = members.clone();
    if !dated {
        members.retain(|(name, _)| name != "date");
        let today = Reader::new(context)?.today.to_string();
        members.push(("date".to_owned(), today.into()));
    }
    books::create(context, call, &Payment, &Json::Object(members), "payment_thankyou")
}

fn update(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    crate::engine::write::find(context, call, &Payment)?;
    books::update(context, call, &Payment, call.object()?, "payment_updated")
}

fn delete(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    books::delete(context, call, &Payment, "payment_deleted")
}
