//! Taxes (section 10.12). A group is a tax of the type `tax_group` whose percentage is the sum of its members'; it has
//! calls of its own and can be named wherever a tax can.

pub(crate) mod authority;
pub(crate) mod exemption;
pub(crate) mod group;

use rust_decimal::Decimal;

use crate::auth::{Context, Need};
use crate::engine::desk::Desk;
use crate::engine::reader::Reader;
use crate::engine::spec::{Filters, Messages, Resource, Spec, Unique};
use crate::engine::write;
use crate::envelope::Reply;
use crate::error::{ApiError, Code};
use crate::json::Json;
use crate::request::Call;
use crate::resource::field::{self, Kind as Field};
use crate::resource::packed::Value;
use crate::routes::Handler::{Of, Plain};
use crate::routes::{BOOKS_AND_INVOICE, Operation, creates, lists, op, reads};
use crate::store::books::Books;
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
        ("tax_factor", Field::Choice(&["rate", "share"])),
        ("tax_specific_type", Field::Free),
        ("tax_authority_id", Field::Id),
        ("country_code", Field::Free),
        ("is_value_added", Field::Flag),
        ("is_editable", Field::Flag),
        ("is_default_tax", Field::Flag),
        ("purchase_tax_expense_account_id", Field::Id),
        ("tds_payable_account_id", Field::Id),
        ("tax_account_id", Field::Id),
        ("purchase_tax_account_id", Field::Id),
    ],
    computed: &[("status", Field::Free), ("taxes", Field::List)],
    required: &["tax_name", "tax_percentage"],
    detail: &[
        "tax_name",
        "tax_percentage",
        "tax_type",
        "tax_factor",
        "tax_specific_type",
        "tax_authority_id",
        "tax_authority_name",
        "is_value_added",
        "is_default_tax",
        "is_editable",
        "country_code",
        "tax_account_id",
        "output_tax_account_name",
        "purchase_tax_account_id",
        "purchase_tax_account_name",
        "purchase_tax_expense_account_id",
        "tds_payable_account_id",
        "status",
    ],
    row: &[
        "tax_name",
        "tax_percentage",
        "tax_type",
        "tax_factor",
        "tax_specific_type",
        "tax_authority_id",
        "tax_authority_name",
        "is_value_added",
        "is_default_tax",
        "is_editable",
        "tax_account_id",
        "output_tax_account_name",
        "purchase_tax_account_id",
        "purchase_tax_account_name",
        "status",
    ],
    number: None,
    unique: &[Unique { name: "tax_name", code: Code::AlreadyExists, scope: None }],
    references: &["tax_authority_id", "tax_account_id", "purchase_tax_account_id"],
    filters: Filters { texts: &["tax_name"], exact: &["tax_type"], ..Filters::NONE },
    sorts: &["tax_name", "tax_percentage"],
    indexed: &[],
    order: ("created_time", false),
    messages: Messages {
        created: "The tax has been added.",
        updated: "Tax information has been saved.",
        deleted: "The record has been deleted.",
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
    op(BOOKS_AND_INVOICE, "PUT", "settings/taxes/*", UPDATE, "Update a tax", Of(&Tax, update)),
    op(BOOKS_AND_INVOICE, "DELETE", "settings/taxes/*", DELETE, "Delete a tax", Of(&Tax, delete)),
    op(BOOKS_AND_INVOICE, "POST", "settings/taxgroups", CREATE, "Create a tax group", Plain(group::create)),
    op(BOOKS_AND_INVOICE, "GET", "settings/taxgroups/*", READ, "Get a tax group", Plain(group::read)),
    op(BOOKS_AND_INVOICE, "PUT", "settings/taxgroups/*", UPDATE, "Update a tax group", Plain(group::update)),
    op(
        BOOKS_AND_INVOICE,
        "DELETE",
        "settings/taxgroups/*",
        DELETE,
        "Delete a tax group",
        Plain(group::delete),
    ),
];

/// The type of a group.
const GROUP: &str = "tax_group";

impl Resource for Tax {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn begin(&self, _: &mut Desk<'_>, record: &mut Record) -> Result<(), ApiError> {
        record.set("tax_type", "tax");
        record.set("tax_factor", "rate");
        record.set("status", "Active");
        record.set("is_editable", true);
        Ok(())
    }

    fn take(
        &self,
        desk: &mut Desk<'_>,
        record: &mut Record,
        before: Option<&Record>,
        body: &Json,
    ) -> Result<(), ApiError> {
        switched_on(desk)?;
        if before.is_some_and(|before| !before.flag("is_editable")) {
            let refused = "The tax cannot be edited.";
            return Err(ApiError::about(Code::WrongState, refused));
        }
        field::take(&mut record.members, SPEC.fields, body, desk.places())
    }

    /// Errors: code 2 for a percentage below 0 or above 100, 6 for an unknown authority or account.
    fn complete(&self, desk: &mut Desk<'_>, record: &mut Record, _: Option<&Record>) -> Result<(), ApiError> {
        if record.text("tax_type") == GROUP {
            return group::complete(desk, record);
        }
        let percentage = record.decimal("tax_percentage");
        if percentage < Decimal::ZERO || percentage > Decimal::ONE_HUNDRED {
            return Err(ApiError::invalid("tax_percentage"));
        }
        desk.named(Kind::TaxAuthority, record, "tax_authority_id")?;
        for name in ["tax_account_id", "purchase_tax_account_id"] {
            desk.named(Kind::Account, record, name)?;
        }
        Ok(())
    }

    /// Groups follow the percentages of their members, and there is one default tax at most.
    fn written(&self, desk: &mut Desk<'_>, record: &Record, _: Option<&Record>) -> Result<(), ApiError> {
        let table = desk.books().table(Kind::Tax);
        if record.flag("is_default_tax") {
            for other in table.rows().filter(|it| it.id != record.id && it.flag("is_default_tax")) {
                desk.alter(Kind::Tax, other.id, |other| other.set("is_default_tax", false))?;
            }
        }
        for known in table.rows().filter(|it| group::holds(it, record.id)) {
            let mut group = (**known).clone();
            group::complete(desk, &mut group)?;
            if group.members != known.members {
                group.modified = desk.now;
                desk.put(group)?;
            }
        }
        Ok(())
    }

    /// A tax that a record, a contact or a group uses stays (code 36).
    fn deletable(&self, desk: &Desk<'_>, record: &Record) -> Result<(), ApiError> {
        switched_on(desk)?;
        let books = desk.books();
        let by_group = || books.table(Kind::Tax).rows().any(|it| group::holds(it, record.id));
        if books.naming(record.id).next().is_some()
            || by_group()
            || named_by_contact(&books, "tax_id", record.id)
        {
            return Err(ApiError::about(Code::HasDependents, record.text("tax_name")));
        }
        Ok(())
    }

    fn show(&self, name: &str, record: &Record, reader: &Reader<'_>) -> Json {
        let text = |kind: Kind, member: &str, shown: &str| {
            let other = record.reference(member).and_then(|id| reader.books.record(kind, id));
            Json::from(other.map_or("", |other| other.text(shown)))
        };
        match name {
            "tax_authority_name" => text(Kind::TaxAuthority, "tax_authority_id", "tax_authority_name"),
            "output_tax_account_name" => text(Kind::Account, "tax_account_id", "account_name"),
            "purchase_tax_account_name" => text(Kind::Account, "purchase_tax_account_id", "account_name"),
            _ => SPEC.stored(record, name),
        }
    }
}

/// Whether a contact names the record `id` in `member`: the references of contacts are in no index.
fn named_by_contact(books: &Books, member: &str, id: u64) -> bool {
    let id = id.to_string();
    let names = |value: Value<'_>| value.as_id_text() == Some(id.as_str());
    books.contacts.values().any(|contact| contact.members.get(member).is_some_and(names))
}

/// Keeps a record that others or contacts name (code 36).
fn unused(desk: &Desk<'_>, record: &Record, spec: &Spec) -> Result<(), ApiError> {
    let books = desk.present();
    if books.naming(record.id).next().is_some() || named_by_contact(books, spec.id, record.id) {
        return Err(ApiError::about(Code::HasDependents, spec.label));
    }
    Ok(())
}

/// Refuses to write taxes in an organization without sales tax (code 110817).
fn switched_on(desk: &Desk<'_>) -> Result<(), ApiError> {
    if desk.organization.sales_tax { Ok(()) } else { Err(Code::SalesTaxOff.into()) }
}

/// `PUT /settings/taxes/{tax_id}`. A tax in use may change: documents keep the amounts they were written with.
pub(crate) fn update(context: &Context<'_>, call: &Call, tax: &dyn Resource) -> Result<Reply, ApiError> {
    own(context, call, false)?;
    write::update(context, call, tax)
}

/// `DELETE /settings/taxes/{tax_id}`.
pub(crate) fn delete(context: &Context<'_>, call: &Call, tax: &dyn Resource) -> Result<Reply, ApiError> {
    own(context, call, false)?;
    write::delete(context, call, tax)
}

/// The record that the path names must be a group, or none: each has its own calls (code 1002 otherwise).
fn own(context: &Context<'_>, call: &Call, wanted: bool) -> Result<std::sync::Arc<Record>, ApiError> {
    let label = if wanted { "Tax group" } else { SPEC.label };
    let known = write::find(context, call, &Tax).map_err(|_| ApiError::missing(label))?;
    if (known.text("tax_type") == GROUP) == wanted { Ok(known) } else { Err(ApiError::missing(label)) }
}
