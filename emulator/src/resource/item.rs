//! Items: what is sold and bought (section 10.3).

use crate::auth::{Context, Need};
use crate::engine::desk::Desk;
use crate::engine::reader::Reader;
use crate::engine::spec::{Filters, Messages, Resource, Spec, Unique};
use crate::engine::write;
use crate::envelope::Reply;
use crate::error::{ApiError, Code};
use crate::json::Json;
use crate::request::Call;
use crate::resource::field::Kind as Field;
use crate::routes::Handler::Of;
use crate::routes::{
    BOOKS_AND_INVOICE, Operation, creates, deletes, deletes_many, lists, op, reads, updates, upserts,
};
use crate::store::kind::Kind;
use crate::store::record::Record;

/// The resource.
pub(crate) struct Item;

static SPEC: Spec = Spec {
    kind: Kind::Item,
    singular: "item",
    plural: "items",
    id: "item_id",
    label: "Item",
    report: "Items",
    fields: &[
        ("name", Field::Text(100)),
        ("rate", Field::Number),
        ("description", Field::Text(2000)),
        ("unit", Field::Text(100)),
        ("sku", Field::Text(100)),
        ("product_type", Field::Choice(&["goods", "service", "digital_service"])),
        ("item_type", Field::Choice(&["sales", "purchases", "sales_and_purchases", "inventory"])),
        ("tax_id", Field::Id),
        ("is_taxable", Field::Flag),
        ("tax_exemption_id", Field::Id),
        ("account_id", Field::Id),
        ("purchase_rate", Field::Number),
        ("purchase_account_id", Field::Id),
        ("purchase_description", Field::Text(2000)),
        ("inventory_account_id", Field::Id),
        ("vendor_id", Field::Id),
        ("reorder_level", Field::Free),
        ("initial_stock", Field::Number),
        ("initial_stock_rate", Field::Number),
        ("hsn_or_sac", Field::Free),
        ("locations", Field::List),
        ("item_tax_preferences", Field::List),
        ("package_details", Field::Object),
    ],
    computed: &[("status", Field::Free), ("zcrm_product_id", Field::Free), ("custom_fields", Field::List)],
    required: &["name", "rate"],
    detail: &[
        "item_name",
        "name",
        "status",
        "source",
        "is_linked_with_zohocrm",
        "zcrm_product_id",
        "description",
        "rate",
        "unit",
        "sku",
        "product_type",
        "item_type",
        "tax_id",
        "tax_name",
        "tax_percentage",
        "tax_type",
        "is_taxable",
        "tax_exemption_id",
        "account_id",
        "account_name",
        "purchase_rate",
        "purchase_account_id",
        "purchase_account_name",
        "purchase_description",
        "inventory_account_id",
        "vendor_id",
        "reorder_level",
        "initial_stock",
        "initial_stock_rate",
        "stock_on_hand",
        "available_stock",
        "actual_available_stock",
        "hsn_or_sac",
        "locations",
        "item_tax_preferences",
        "package_details",
        "image_name",
        "image_type",
        "image_document_id",
        "has_attachment",
    ],
    row: &[
        "item_name",
        "name",
        "status",
        "source",
        "is_linked_with_zohocrm",
        "zcrm_product_id",
        "description",
        "rate",
        "unit",
        "sku",
        "product_type",
        "item_type",
        "tax_id",
        "tax_name",
        "tax_percentage",
        "account_id",
        "account_name",
        "purchase_rate",
        "purchase_account_id",
        "purchase_account_name",
        "purchase_description",
        "reorder_level",
        "stock_on_hand",
        "available_stock",
        "has_attachment",
    ],
    number: None,
    unique: &[
        Unique { name: "name", code: Code::ItemNameTaken },
        Unique { name: "sku", code: Code::SkuTaken },
        Unique { name: "zcrm_product_id", code: Code::CrmRecordTaken },
    ],
    references: &["tax_id", "vendor_id", "account_id", "purchase_account_id"],
    filters: Filters {
        texts: &["name", "description", "sku"],
        numbers: &["rate", "purchase_rate"],
        exact: &["tax_id", "account_id", "zcrm_product_id", "item_type", "product_type"],
        statuses: &["active", "inactive"],
        filter_by: &[
            "Status.All",
            "Status.Active",
            "Status.Inactive",
            "Status.Sales",
            "Status.Purchases",
            "Status.SalesAndPurchases",
            "Status.Inventory",
            "Status.Goods",
            "Status.Services",
            "Status.Crm",
        ],
        search: &["name", "description", "sku"],
        ..Filters::NONE
    },
    sorts: &["name", "sku", "rate", "tax_name"],
    indexed: &["name", "sku", "rate"],
    order: ("name", false),
    messages: Messages {
        created: "The item has been added.",
        updated: "Item details have been saved.",
        deleted: "The item has been deleted.",
    },
    entity: "item",
};

const CREATE: Need = ("settings", "create");
const READ: Need = ("settings", "read");
const UPDATE: Need = ("settings", "update");
const DELETE: Need = ("settings", "delete");

/// The operations.
pub(crate) static OPERATIONS: &[Operation] = &[
    op(BOOKS_AND_INVOICE, "GET", "items", READ, "List items", lists(&Item)),
    op(BOOKS_AND_INVOICE, "POST", "items", CREATE, "Create an item", creates(&Item)),
    op(BOOKS_AND_INVOICE, "PUT", "items", UPDATE, "Update an item by a unique custom field", upserts(&Item)),
    op(BOOKS_AND_INVOICE, "DELETE", "items", DELETE, "Delete items", deletes_many(&Item)),
    op(BOOKS_AND_INVOICE, "GET", "items/*", READ, "Get an item", reads(&Item)),
    op(BOOKS_AND_INVOICE, "PUT", "items/*", UPDATE, "Update an item", updates(&Item)),
    op(BOOKS_AND_INVOICE, "DELETE", "items/*", DELETE, "Delete an item", deletes(&Item)),
    op(BOOKS_AND_INVOICE, "POST", "items/*/active", CREATE, "Mark an item as active", Of(&Item, activate)),
    op(
        BOOKS_AND_INVOICE,
        "POST",
        "items/*/inactive",
        CREATE,
        "Mark an item as inactive",
        Of(&Item, deactivate),
    ),
];

impl Resource for Item {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn begin(&self, _: &mut Desk<'_>, record: &mut Record) -> Result<(), ApiError> {
        record.set("status", "active");
        record.set("product_type", "goods");
        record.set("item_type", "sales");
        record.set("is_taxable", true);
        Ok(())
    }

    fn complete(&self, desk: &mut Desk<'_>, record: &mut Record, _: Option<&Record>) -> Result<(), ApiError> {
        desk.named(Kind::Tax, record, "tax_id").map(|_| ())
    }

    fn show(&self, name: &str, record: &Record, reader: &Reader<'_>) -> Json {
        let tax = || record.reference("tax_id").and_then(|id| reader.books.record(Kind::Tax, id));
        match name {
            "item_name" => record.text("name").into(),
            "source" => if record.text("zcrm_product_id").is_empty() { "user" } else { "zoho_crm" }.into(),
            "is_linked_with_zohocrm" => (!record.text("zcrm_product_id").is_empty()).into(),
            "tax_name" | "tax_type" => tax().map_or("", |tax| tax.text(name)).into(),
            "tax_percentage" => Json::amount(tax().map(|tax| tax.decimal(name)).unwrap_or_default()),
            "has_attachment" => reader.has_attachment(record.id).into(),
            _ => SPEC.stored(record, name),
        }
    }

    fn passes(&self, filter: &str, record: &Record, _: &Reader<'_>) -> bool {
        let is = |name: &str, word: &str| record.text(name) == word;
        match filter {
            "Status.Active" => is("status", "active"),
            "Status.Inactive" => is("status", "inactive"),
            "Status.Sales" => is("item_type", "sales") || is("item_type", "sales_and_purchases"),
            "Status.Purchases" => is("item_type", "purchases") || is("item_type", "sales_and_purchases"),
            "Status.SalesAndPurchases" => is("item_type", "sales_and_purchases"),
            "Status.Inventory" => is("item_type", "inventory"),
            "Status.Goods" => is("product_type", "goods"),
            "Status.Services" => is("product_type", "service"),
            "Status.Crm" => !record.text("zcrm_product_id").is_empty(),
            _ => true,
        }
    }
}

fn activate(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    set(context, call, resource, "active", "The item has been marked as active.")
}

fn deactivate(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    set(context, call, resource, "inactive", "The item has been marked as inactive.")
}

fn set(
    context: &Context<'_>,
    call: &Call,
    resource: &dyn Resource,
    status: &'static str,
    message: &str,
) -> Result<Reply, ApiError> {
    write::act(context, call, resource, message, |desk, item| {
        if item.text("status") != status {
            desk.alter(Kind::Item, item.id, |item| item.set("status", status))?;
        }
        Ok(())
    })
}
