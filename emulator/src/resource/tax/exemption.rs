//! Tax exemptions: why a customer or an item bears no tax.

use crate::auth::Context;
use crate::auth::Need;
use crate::engine::desk::{self, Desk};
use crate::engine::spec::{Filters, Messages, Resource, Spec, Unique};
use crate::engine::write;
use crate::envelope::Reply;
use crate::error::ApiError;
use crate::error::Code;
use crate::request::Call;
use crate::resource::field::Kind as Field;
use crate::routes::Handler::Of;
use crate::routes::{BOOKS_AND_INVOICE, Operation, deletes, lists, op, reads, updates};
use crate::store::kind::Kind;
use crate::store::record::Record;

/// The resource.
pub(crate) struct TaxExemption;

static SPEC: Spec = Spec {
    kind: Kind::TaxExemption,
    singular: "tax_exemption",
    plural: "tax_exemptions",
    id: "tax_exemption_id",
    label: "Tax exemption",
    report: "TaxExemptions",
    fields: &[
        ("tax_exemption_code", Field::Text(100)),
        ("description", Field::Free),
        ("type", Field::Choice(&["customer", "item"])),
    ],
    computed: &[],
    required: &["tax_exemption_code", "type"],
    detail: &["tax_exemption_code", "description", "type"],
    row: &["tax_exemption_code", "description", "type"],
    number: None,
    unique: &[Unique { name: "tax_exemption_code", code: Code::AlreadyExists, scope: None }],
    references: &[],
    filters: Filters::NONE,
    sorts: &["tax_exemption_code"],
    indexed: &[],
    order: ("created_time", false),
    messages: Messages {
        created: "Tax Exemption has been added.",
        updated: "Tax Exemption has been updated.",
        deleted: "Tax exemption has been deleted successfully.",
    },
    entity: "",
};

const CREATE: Need = ("settings", "create");
const READ: Need = ("settings", "read");
const UPDATE: Need = ("settings", "update");
const DELETE: Need = ("settings", "delete");
const MANY: &str = "settings/taxexemptions";
const ONE: &str = "settings/taxexemptions/*";

/// The operations.
pub(crate) static OPERATIONS: &[Operation] = &[
    op(BOOKS_AND_INVOICE, "GET", MANY, READ, "List tax exemptions", lists(&TaxExemption)),
    op(BOOKS_AND_INVOICE, "POST", MANY, CREATE, "Create a tax exemption", Of(&TaxExemption, create)),
    op(BOOKS_AND_INVOICE, "GET", ONE, READ, "Get a tax exemption", reads(&TaxExemption)),
    op(BOOKS_AND_INVOICE, "PUT", ONE, UPDATE, "Update a tax exemption", updates(&TaxExemption)),
    op(BOOKS_AND_INVOICE, "DELETE", ONE, DELETE, "Delete a tax exemption", deletes(&TaxExemption)),
];

impl Resource for TaxExemption {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn deletable(&self, desk: &Desk<'_>, record: &Record) -> Result<(), ApiError> {
        super::unused(desk, record, &SPEC)
    }
}

/// `POST /settings/taxexemptions`: documented with the status 200.
fn create(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    let body = call.object()?;
    let record = desk::write(context, call, |desk| desk.create(resource, body))?;
    write::reply(context, resource, &record, 200, SPEC.messages.created)
}
