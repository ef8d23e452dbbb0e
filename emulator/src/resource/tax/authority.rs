//! Tax authorities: who collects a tax.

use crate::auth::Need;
use crate::engine::desk::Desk;
use crate::engine::spec::{Filters, Messages, Resource, Spec, Unique};
use crate::error::{ApiError, Code};
use crate::resource::field::Kind as Field;
use crate::routes::{BOOKS_AND_INVOICE, Operation, creates, deletes, lists, op, reads, updates};
use crate::store::kind::Kind;
use crate::store::record::Record;

/// The resource.
pub(crate) struct TaxAuthority;

static SPEC: Spec = Spec {
    kind: Kind::TaxAuthority,
    singular: "tax_authority",
    plural: "tax_authorities",
    id: "tax_authority_id",
    label: "Tax authority",
    report: "TaxAuthorities",
    fields: &[
        ("tax_authority_name", Field::Text(100)),
        ("description", Field::Free),
        ("registration_number", Field::Free),
        ("registration_number_label", Field::Free),
    ],
    computed: &[],
    required: &["tax_authority_name"],
    detail: &["tax_authority_name", "description", "registration_number", "registration_number_label"],
    row: &["tax_authority_name", "description", "registration_number", "registration_number_label"],
    number: None,
    unique: &[Unique { name: "tax_authority_name", code: Code::AlreadyExists, scope: None }],
    references: &[],
    filters: Filters::NONE,
    sorts: &["tax_authority_name"],
    indexed: &[],
    order: ("created_time", false),
    messages: Messages {
        created: "Tax Authority has been added.",
        updated: "Tax Authority information has been updated.",
        deleted: "Tax authority has been deleted.",
    },
    entity: "",
};

const CREATE: Need = ("settings", "create");
const READ: Need = ("settings", "read");
const UPDATE: Need = ("settings", "update");
const DELETE: Need = ("settings", "delete");
const MANY: &str = "settings/taxauthorities";
const ONE: &str = "settings/taxauthorities/*";

/// The operations.
pub(crate) static OPERATIONS: &[Operation] = &[
    op(BOOKS_AND_INVOICE, "GET", MANY, READ, "List tax authorities", lists(&TaxAuthority)),
    op(BOOKS_AND_INVOICE, "POST", MANY, CREATE, "Create a tax authority", creates(&TaxAuthority)),
    op(BOOKS_AND_INVOICE, "GET", ONE, READ, "Get a tax authority", reads(&TaxAuthority)),
    op(BOOKS_AND_INVOICE, "PUT", ONE, UPDATE, "Update a tax authority", updates(&TaxAuthority)),
    op(BOOKS_AND_INVOICE, "DELETE", ONE, DELETE, "Delete a tax authority", deletes(&TaxAuthority)),
];

impl Resource for TaxAuthority {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn deletable(&self, desk: &Desk<'_>, record: &Record) -> Result<(), ApiError> {
        super::unused(desk, record, &SPEC)
    }
}
