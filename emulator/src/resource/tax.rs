//! Taxes and tax groups (section 10.12). A group is a tax whose percentage is the sum of its members'.

use crate::auth::Need;
use crate::engine::desk::Desk;
use crate::engine::spec::{Filters, Messages, Resource, Spec};
use crate::error::ApiError;
use crate::resource::field::Kind as Field;
use crate::routes::{BOOKS_AND_INVOICE, Operation, creates, deletes, lists, op, reads, updates};
use crate::store::kind::Kind;
use crate::store::record::Record;

/// The resource.
pub(crate) struct Tax;

static SPEC: Spec = Spec {
    kind: Kind::Tax,
    singular: "tax",
    plural: "taxes",
    id: "tax_id",
    label: "Tax",
    report: "Taxes",
    fields: &[
        ("tax_name", Field::Text(100)),
        ("tax_percentage", Field::Number),
        ("tax_type", Field::Choice(&["tax", "compound_tax"])),
        ("tax_specific_type", Field::Free),
        ("tax_authority_id", Field::Id),
        ("tax_authority_name", Field::Free),
        ("is_value_added", Field::Flag),
        ("is_editable", Field::Flag),
        ("tax_account_id", Field::Id),
        ("purchase_tax_account_id", Field::Id),
    ],
    computed: &[("status", Field::Free), ("is_default_tax", Field::Flag), ("taxes", Field::List)],
    required: &["tax_name", "tax_percentage"],
    detail: &[
        "tax_name",
        "tax_percentage",
        "tax_type",
        "tax_specific_type",
        "tax_authority_id",
        "tax_authority_name",
        "is_value_added",
        "is_default_tax",
        "is_editable",
        "tax_account_id",
        "purchase_tax_account_id",
        "status",
    ],
    row: &[
        "tax_name",
        "tax_percentage",
        "tax_type",
        "tax_specific_type",
        "tax_authority_id",
        "tax_authority_name",
        "is_value_added",
        "is_default_tax",
        "is_editable",
        "status",
    ],
    number: None,
    unique: &[],
    references: &[],
    filters: Filters::NONE,
    sorts: &["tax_name", "tax_percentage"],
    indexed: &[],
    order: ("created_time", false),
    messages: Messages {
        created: "The tax has been added.",
        updated: "Tax information has been saved.",
        deleted: "The tax has been deleted.",
    },
    entity: "",
};

const CREATE: Need = ("settings", "create");
const READ: Need = ("settings", "read");
const UPDATE: Need = ("settings", "update");
const DELETE: Need = ("settings", "delete");

/// The operations.
pub(crate) static OPERATIONS: &[Operation] = &[
    op(BOOKS_AND_INVOICE, "GET", "settings/taxes", READ, "List taxes", lists(&Tax)),
    op(BOOKS_AND_INVOICE, "POST", "settings/taxes", CREATE, "Create a tax", creates(&Tax)),
    op(BOOKS_AND_INVOICE, "GET", "settings/taxes/*", READ, "Get a tax", reads(&Tax)),
    op(BOOKS_AND_INVOICE, "PUT", "settings/taxes/*", UPDATE, "Update a tax", updates(&Tax)),
    op(BOOKS_AND_INVOICE, "DELETE", "settings/taxes/*", DELETE, "Delete a tax", deletes(&Tax)),
];

impl Resource for Tax {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn begin(&self, _: &mut Desk<'_>, record: &mut Record) -> Result<(), ApiError> {
        record.set("tax_type", "tax");
        record.set("status", "Active");
        record.set("is_editable", true);
        Ok(())
    }
}
