//! Purchase orders (section 10.8).
//!
//! A draft is opened, an open order is billed by its bills or by hand, or cancelled. How much of an open order is billed
//! follows from its bills, so that deleting a bill opens the order again.

pub(crate) mod billed;
mod routes;

use crate::document::total::TOTAL_FIELDS;
use crate::engine::desk::Desk;
use crate::engine::reader::Reader;
use crate::engine::spec::{Filters, Messages, Resource, Series, Spec, Unique};
use crate::error::{ApiError, Code};
use crate::json::Json;
use crate::resource::field::{Fields, Kind as Field};
use crate::resource::{purchase, step};
use crate::store::kind::Kind;
use crate::store::record::Record;
pub(crate) use routes::OPERATIONS;

/// The resource.
pub(crate) struct PurchaseOrder;

static FIELDS: Fields = &[
    ("vendor_id", Field::Id),
    ("currency_id", Field::Id),
    ("contact_persons_associated", Field::List),
    ("purchaseorder_number", Field::Text(100)),
    ("gst_treatment", Field::Free),
    ("tax_treatment", Field::Free),
    ("gst_no", Field::Free),
    ("vat_treatment", Field::Free),
    ("source_of_supply", Field::Free),
    ("destination_of_supply", Field::Free),
    ("place_of_supply", Field::Free),
    ("pricebook_id", Field::Id),
    ("reference_number", Field::Text(100)),
    ("crm_owner_id", Field::Id),
    ("crm_custom_reference_id", Field::Id),
    ("template_id", Field::Id),
    ("date", Field::Date),
    ("delivery_date", Field::Date),
    ("expected_delivery_date", Field::Date),
    ("due_date", Field::Date),
    ("exchange_rate", Field::Rate),
    ("discount_account_id", Field::Id),
    ("discount_type", Field::Choice(&["entity_level", "item_level"])),
    ("is_discount_before_tax", Field::Flag),
    ("is_inclusive_tax", Field::Flag),
    ("adjustment", Field::Money),
    ("adjustment_description", Field::Free),
    ("notes", Field::Text(5000)),
    ("terms", Field::Text(10_000)),
    ("ship_via", Field::Text(100)),
    ("delivery_org_address_id", Field::Id),
    ("delivery_customer_id", Field::Id),
    ("attention", Field::Free),
    ("salesorder_id", Field::Id),
    ("location_id", Field::Id),
    ("documents", Field::List),
];

static SPEC: Spec = Spec {
    kind: Kind::PurchaseOrder,
    singular: "purchaseorder",
    plural: "purchaseorders",
    id: "purchaseorder_id",
    label: "Purchase order",
    report: "Purchase Orders",
    fields: FIELDS,
    computed: TOTAL_FIELDS,
    required: &["vendor_id"],
    detail: &[
        "documents",
        "vat_treatment",
        "gst_no",
        "gst_treatment",
        "tax_treatment",
        "source_of_supply",
        "destination_of_supply",
        "place_of_supply",
        "pricebook_id",
        "purchaseorder_number",
        "date",
        "expected_delivery_date",
        "delivery_date",
        "due_date",
        "discount",
        "discount_amount",
        "discount_account_id",
        "discount_type",
        "is_discount_before_tax",
        "reference_number",
        "status",
        "billed_status",
        "vendor_id",
        "vendor_name",
        "company_name",
        "crm_owner_id",
        "contact_persons_associated",
        "currency_id",
        "currency_code",
        "currency_symbol",
        "exchange_rate",
        "is_emailed",
        "is_inclusive_tax",
        "location_id",
        "line_items",
        "sub_total",
        "tax_total",
        "adjustment",
        "adjustment_description",
        "total",
        "bcy_total",
        "taxes",
        "billing_address",
        "shipping_address",
        "notes",
        "terms",
        "ship_via",
        "attention",
        "delivery_org_address_id",
        "delivery_customer_id",
        "salesorder_id",
        "price_precision",
        "bills",
        "attachment_name",
        "has_attachment",
        "template_id",
        "template_name",
        "template_type",
        "created_by_id",
        "created_by",
        "can_mark_as_bill",
        "can_mark_as_unbill",
    ],
    row: &[
        "vendor_id",
        "vendor_name",
        "company_name",
        "status",
        "billed_status",
        "color_code",
        "purchaseorder_number",
        "reference_number",
        "date",
        "delivery_date",
        "delivery_days",
        "due_by_days",
        "due_in_days",
        "currency_id",
        "currency_code",
        "price_precision",
        "total",
        "has_attachment",
        "client_viewed_time",
        "current_sub_status",
        "current_sub_status_id",
    ],
    number: Some(Series { member: "purchaseorder_number", prefix: "PO-", digits: 5, guarded: true }),
    unique: &[Unique { name: "purchaseorder_number", code: Code::AlreadyExists, scope: None }],
    references: &["vendor_id", "salesorder_id", "delivery_customer_id"],
    filters: Filters {
        texts: &["purchaseorder_number", "reference_number", "vendor_name", "item_name", "item_description"],
        numbers: &["total"],
        dates: &["date", "delivery_date", "created_date"],
        exact: &["vendor_id", "item_id", "salesorder_id"],
        statuses: &[
            "draft",
            "open",
            "partially_billed",
            "billed",
            "cancelled",
            "pending_approval",
            "approved",
            "rejected",
        ],
        filter_by: &[
            "Status.All",
            "Status.Draft",
            "Status.Open",
            "Status.Billed",
            "Status.PartiallyBilled",
            "Status.Cancelled",
            "Status.PendingApproval",
            "Status.Approved",
            "Status.Rejected",
        ],
        search: &["purchaseorder_number", "reference_number", "vendor_name"],
        sums: &["total"],
    },
    sorts: &["vendor_name", "purchaseorder_number", "date", "delivery_date", "total"],
    indexed: &["purchaseorder_number", "date", "delivery_date", "total"],
    order: ("created_time", true),
    messages: Messages {
        created: "Purchase Order has been added.",
        updated: "Purchase Order has been updated.",
        deleted: "The purchase order has been deleted.",
    },
    entity: "purchaseorder",
};

impl Resource for PurchaseOrder {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn begin(&self, _: &mut Desk<'_>, record: &mut Record) -> Result<(), ApiError> {
        record.set("status", "draft");
        record.set("is_discount_before_tax", true);
        Ok(())
    }

    fn take(
        &self,
        desk: &mut Desk<'_>,
        record: &mut Record,
        _: Option<&Record>,
        body: &Json,
    ) -> Result<(), ApiError> {
        purchase::take(desk, self, record, body)
    }

    fn complete(
        &self,
        desk: &mut Desk<'_>,
        record: &mut Record,
        before: Option<&Record>,
    ) -> Result<(), ApiError> {
        if let Some(before) = before {
            let status = self.status(before, &desk.reader());
            if status == "billed" || status == "cancelled" {
                return Err(step::refusal(self, &status, "changed"));
            }
            billed::keeps_billed_lines(desk, record, before)?;
        }
        purchase::complete(desk, record, before)?;
        desk.named(Kind::SalesOrder, record, "salesorder_id")?;
        if record.reference("delivery_customer_id").is_some() {
            desk.contact(record, "delivery_customer_id")?;
        }
        Ok(())
    }

    fn written(&self, desk: &mut Desk<'_>, record: &Record, before: Option<&Record>) -> Result<(), ApiError> {
        if before.is_some() { billed::settle(desk, record.id) } else { Ok(()) }
    }

    fn mailed(&self, desk: &mut Desk<'_>, record: &Record) -> Result<(), ApiError> {
        let opens = ["draft", "approved"].contains(&record.text("status"));
        desk.alter(Kind::PurchaseOrder, record.id, |record| {
            record.set("is_emailed", true);
            if opens {
                record.set("status", "open");
            }
        })
        .map(|_| ())
    }

    fn status(&self, record: &Record, _: &Reader<'_>) -> String {
        let billed = record.text("billed_status");
        if record.text("status") == "open" && !billed.is_empty() { billed } else { record.text("status") }
            .to_owned()
    }

    fn show(&self, name: &str, record: &Record, reader: &Reader<'_>) -> Json {
        let open = || ["open", "partially_billed"].contains(&self.status(record, reader).as_str());
        match name {
            "status" => self.status(record, reader).into(),
            "billed_status" if record.text("status") == "billed" => "billed".into(),
            "bills" => billed::bills(record, reader).into(),
            "is_emailed" => record.flag(name).into(),
            "can_mark_as_bill" => open().into(),
            "can_mark_as_unbill" => false.into(),
            "delivery_days" if open() => purchase::distance(record.text("delivery_date"), reader).into(),
            "due_in_days" | "due_by_days" if open() => {
                let days = purchase::days_until(record.text("delivery_date"), reader);
                let days = days.map(|days| if name == "due_by_days" { -days } else { days });
                days.filter(|days| *days > 0)
                    .map_or_else(|| "".into(), |days| Json::from(days.unsigned_abs()))
            }
            _ => purchase::show(name, record, reader).unwrap_or_else(|| SPEC.stored(record, name)),
        }
    }

    fn texts(&self, name: &str, record: &Record, reader: &Reader<'_>) -> Vec<String> {
        purchase::texts(name, record).unwrap_or_else(|| match self.show(name, record, reader) {
            Json::Text(text) => vec![text],
            _ => Vec::new(),
        })
    }
}
