//! Payments to vendors, applied to bills in whole or in part. What is not applied stays as the unused amount and is owed
//! by the vendor.

pub(crate) mod apply;
mod refund;
mod routes;

use rust_decimal::Decimal;

use crate::document::{account, party};
use crate::engine::desk::Desk;
use crate::engine::reader::Reader;
use crate::engine::spec::{Filters, Messages, Resource, Series, Spec, Unique};
use crate::error::{ApiError, Code};
use crate::json::{Json, round_money};
use crate::resource::contact::model::ContactType;
use crate::resource::field::{self, Fields, Kind as Field};
use crate::store::kind::Kind;
use crate::store::record::Record;
pub(crate) use routes::OPERATIONS;

/// The resource.
pub(crate) struct VendorPayment;

static FIELDS: Fields = &[
    ("vendor_id", Field::Id),
    ("date", Field::Date),
    ("exchange_rate", Field::Rate),
    ("amount", Field::Number),
    ("paid_through_account_id", Field::Id),
    ("payment_mode", Field::Text(100)),
    ("payment_number", Field::Text(100)),
    ("description", Field::Text(500)),
    ("reference_number", Field::Text(100)),
    ("is_paid_via_print_check", Field::Flag),
    ("location_id", Field::Id),
];

static SPEC: Spec = Spec {
    kind: Kind::VendorPayment,
    singular: "vendorpayment",
    plural: "vendorpayments",
    id: "payment_id",
    label: "Vendor payment",
    report: "Vendor Payments",
    fields: FIELDS,
    computed: &[
        ("bills", Field::List),
        ("vendorpayment_refunds", Field::List),
        ("currency_id", Field::Id),
        ("unused_amount", Field::Money),
    ],
    required: &["vendor_id", "amount"],
    detail: &[
        "vendor_id",
        "vendor_name",
        "payment_mode",
        "payment_number",
        "description",
        "date",
        "reference_number",
        "exchange_rate",
        "amount",
        "balance",
        "unused_amount",
        "currency_id",
        "currency_code",
        "currency_symbol",
        "paid_through_account_id",
        "paid_through_account_name",
        "paid_through_account_type",
        "is_paid_via_print_check",
        "is_ach_payment",
        "ach_payment_status",
        "check_details",
        "billing_address",
        "bills",
        "vendorpayment_refunds",
        "location_id",
        "documents",
        "imported_transactions",
    ],
    row: &[
        "vendor_id",
        "vendor_name",
        "bill_numbers",
        "payment_mode",
        "payment_number",
        "description",
        "date",
        "reference_number",
        "exchange_rate",
        "amount",
        "bcy_amount",
        "paid_through_account_id",
        "paid_through_account_name",
        "balance",
        "bcy_balance",
        "is_paid_via_print_check",
        "has_attachment",
        "is_ach_payment",
        "ach_payment_status",
        "ach_gw_transaction_id",
        "check_details",
    ],
    number: Some(Series { member: "payment_number", prefix: "", digits: 1, guarded: false }),
    unique: &[Unique { name: "payment_number", code: Code::AlreadyExists, scope: None }],
    references: &["vendor_id", "paid_through_account_id", "bills.bill_id"],
    filters: Filters {
        texts: &["vendor_name", "reference_number", "payment_number", "payment_mode", "notes", "description"],
        numbers: &["amount"],
        dates: &["date", "created_date"],
        exact: &["vendor_id", "bill_id", "paid_through_account_id"],
        filter_by: &[
            "PaymentMode.All",
            "PaymentMode.Check",
            "PaymentMode.Cash",
            "PaymentMode.BankTransfer",
            "PaymentMode.Paypal",
            "PaymentMode.CreditCard",
            "PaymentMode.GoogleCheckout",
            "PaymentMode.Credit",
            "PaymentMode.Authorizenet",
            "PaymentMode.BankRemittance",
            "PaymentMode.Payflowpro",
            "PaymentMode.Others",
        ],
        search: &["reference_number", "description", "vendor_name", "payment_number"],
        sums: &["amount", "balance"],
        ..Filters::NONE
    },
    sorts: &["vendor_name", "date", "reference_number", "amount", "payment_number"],
    indexed: &["date", "amount"],
    order: ("created_time", true),
    messages: Messages {
        created: "The payment made to the vendor has been recorded.",
        updated: "The details of the payment made to the vendor has been updated",
        deleted: "The payment has been deleted.",
    },
    entity: "vendorpayment",
};

impl Resource for VendorPayment {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn take(
        &self,
        desk: &mut Desk<'_>,
        record: &mut Record,
        _: Option<&Record>,
        body: &Json,
    ) -> Result<(), ApiError> {
        field::take(&mut record.members, FIELDS, body, desk.places())?;
        if let Some(check) = body.get("check_details") {
            record.set("check_details", check.clone());
        }
        apply::take(desk, record, body)
    }

    fn complete(
        &self,
        desk: &mut Desk<'_>,
        record: &mut Record,
        before: Option<&Record>,
    ) -> Result<(), ApiError> {
        apply::vendor(desk, record)?;
        if before.is_some_and(|it| it.text("vendor_id") != record.text("vendor_id")) {
            record.members.remove("currency_id");
        }
        let (_, places) = party::settle(desk, record, before, "vendor_id", ContactType::Vendor)?;
        account::check(desk, record, "paid_through_account_id")?;
        if record.text("date").is_empty() {
            record.set("date", desk.today().to_string());
        }
        let amount = round_money(record.decimal("amount"), places);
        if amount <= Decimal::ZERO {
            return Err(ApiError::invalid("amount"));
        }
        record.set("amount", Json::amount(amount));
        apply::check(desk, record, before, places)
    }

    fn written(&self, desk: &mut Desk<'_>, record: &Record, before: Option<&Record>) -> Result<(), ApiError> {
        apply::settle(desk, record, before)
    }

    fn deletable(&self, _: &Desk<'_>, record: &Record) -> Result<(), ApiError> {
        if record.list("vendorpayment_refunds").is_empty() {
            return Ok(());
        }
        Err(ApiError::about(Code::WrongState, "A vendor payment with refunds cannot be deleted."))
    }

    fn deleted(&self, desk: &mut Desk<'_>, record: &Record) -> Result<(), ApiError> {
        apply::settle(desk, record, None)
    }

    fn show(&self, name: &str, record: &Record, reader: &Reader<'_>) -> Json {
        let base = |name: &str| {
            let places = reader.organization.currencies.first().map_or(2, |it| it.precision);
            Json::amount(round_money(record.decimal(name) * record.decimal("exchange_rate"), places))
        };
        match name {
            "balance" => Json::amount(record.decimal("unused_amount")),
            "bcy_amount" => base("amount"),
            "bcy_balance" => base("unused_amount"),
            "bills" => apply::shown(record, reader).into(),
            "bill_numbers" => apply::numbers(record, reader).join(", ").into(),
            "paid_through_account_name" => account::name(reader, record.reference("paid_through_account_id")),
            "paid_through_account_type" => {
                let known = record.reference("paid_through_account_id");
                let known = known.and_then(|id| reader.books.record(Kind::Account, id));
                known.map_or("", |it| it.text("account_type")).into()
            }
            "is_ach_payment" => false.into(),
            "check_details" => record.members.get(name).cloned().unwrap_or_else(|| Vec::new().into()),
            "documents" | "imported_transactions" => Vec::new().into(),
            _ => party::show(name, record, reader, "vendor_id").unwrap_or_else(|| SPEC.stored(record, name)),
        }
    }

    fn texts(&self, name: &str, record: &Record, reader: &Reader<'_>) -> Vec<String> {
        match name {
            "notes" => vec![record.text("description").to_owned()],
            "bill_id" => apply::bills(record).iter().map(u64::to_string).collect(),
            _ => match self.show(name, record, reader) {
                Json::Text(text) => vec![text],
                _ => Vec::new(),
            },
        }
    }

    fn passes(&self, filter: &str, record: &Record, _: &Reader<'_>) -> bool {
        let word = filter.split_once('.').map_or(filter, |(_, word)| word);
        let plain: String = record.text("payment_mode").chars().filter(|it| it.is_alphanumeric()).collect();
        word == "All" || word.eq_ignore_ascii_case(&plain)
    }
}
