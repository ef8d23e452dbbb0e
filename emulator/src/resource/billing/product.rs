//! Products: what plans, addons and coupons belong to.

use super::code;
use crate::auth::Need;
use crate::engine::desk::Desk;
use crate::engine::spec::{Filters, Messages, Resource, Spec, Unique};
use crate::error::{ApiError, Code};
use crate::resource::field::Kind as Field;
use crate::routes::Handler::Of;
use crate::routes::{BILLING, Operation, creates, deletes, lists, op, reads, updates};
use crate::store::kind::Kind;
use crate::store::record::Record;

/// The resource.
pub(crate) struct Product;

static SPEC: Spec = Spec {
    kind: Kind::Product,
    singular: "product",
    plural: "products",
    id: "product_id",
    label: "Product",
    report: "Products",
    fields: &[
        ("name", Field::Text(100)),
        ("description", Field::Text(2000)),
        ("email_ids", Field::Free),
        ("redirect_url", Field::Free),
    ],
    computed: &[("status", Field::Free)],
    required: &["name"],
    detail: &["name", "description", "email_ids", "redirect_url", "status"],
    row: &["name", "description", "email_ids", "redirect_url", "status"],
    number: None,
    unique: &[Unique { name: "name", code: Code::AlreadyExists, scope: None }],
    references: &[],
    filters: Filters {
        texts: &["name"],
        statuses: &["active", "inactive"],
        filter_by: &["ProductStatus.All", "ProductStatus.ACTIVE", "ProductStatus.INACTIVE"],
        search: &["name", "description"],
        ..Filters::NONE
    },
    sorts: &["name", "status"],
    indexed: &["name"],
    order: ("created_time", true),
    messages: Messages {
        created: "The product has been created",
        updated: "The product details have been updated.",
        deleted: "The product has been deleted.",
    },
    entity: "",
};

const CREATE: Need = ("products", "create");
const READ: Need = ("products", "read");
const UPDATE: Need = ("products", "update");
const DELETE: Need = ("products", "delete");

/// The operations.
pub(crate) static OPERATIONS: &[Operation] = &[
    op(BILLING, "GET", "products", READ, "List products", lists(&Product)),
    op(BILLING, "POST", "products", CREATE, "Create a product", creates(&Product)),
    op(BILLING, "GET", "products/*", READ, "Get a product", reads(&Product)),
    op(BILLING, "PUT", "products/*", UPDATE, "Update a product", updates(&Product)),
    op(BILLING, "DELETE", "products/*", DELETE, "Delete a product", deletes(&Product)),
    op(
        BILLING,
        "POST",
        "products/*/markasactive",
        CREATE,
        "Mark a product as active",
        Of(&Product, code::activate),
    ),
    op(
        BILLING,
        "POST",
        "products/*/markasinactive",
        CREATE,
        "Mark a product as inactive",
        Of(&Product, code::deactivate),
    ),
];

impl Resource for Product {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn begin(&self, _: &mut Desk<'_>, record: &mut Record) -> Result<(), ApiError> {
        record.set("status", "active");
        Ok(())
    }

    fn changed_member(&self) -> &'static str {
        "updated_time"
    }
}
