//! Categories of expenses. The list's key is `expense_accounts`, because a category is an account of the books.

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
use crate::routes::{EXPENSE, Operation, creates, deletes, lists, op, reads, updates};
use crate::store::kind::Kind;
use crate::store::record::Record;

/// The resource.
pub(crate) struct ExpenseCategory;

static SPEC: Spec = Spec {
    kind: Kind::ExpenseCategory,
    singular: "expense_category",
    plural: "expense_accounts",
    id: "category_id",
    label: "Expense category",
    report: "Expense Categories",
    fields: &[
        ("category_name", Field::Text(100)),
        ("category_type", Field::Free),
        ("description", Field::Text(500)),
        ("gl_code", Field::Text(50)),
        ("maximum_allowed_amount", Field::Number),
        ("receipt_required_amount", Field::Number),
        ("flat_amount", Field::Number),
        ("is_mileage", Field::Flag),
        ("parent_account_id", Field::Id),
    ],
    computed: &[("is_enabled", Field::Flag), ("is_custom", Field::Flag)],
    required: &["category_name"],
    detail: &MEMBERS,
    row: &MEMBERS,
    number: None,
    unique: &[Unique { name: "category_name", code: Code::AlreadyExists, scope: None }],
    references: &["parent_account_id"],
    filters: Filters {
        texts: &["category_name", "description"],
        statuses: &["active", "inactive"],
        filter_by: &["Status.All", "Status.Active", "Status.Inactive"],
        search: &["category_name", "description"],
        ..Filters::NONE
    },
    sorts: &["category_name"],
    indexed: &["category_name"],
    order: ("category_name", false),
    messages: Messages {
        created: "The expense category has been created.",
        updated: "The expense category has been updated.",
        deleted: "The expense category has been deleted.",
    },
    entity: "",
};

static MEMBERS: [&str; 17] = [
    "category_name",
    "category_type",
    "description",
    "status",
    "is_enabled",
    "is_custom",
    "is_mileage",
    "gl_code",
    "maximum_allowed_amount",
    "receipt_required_amount",
    "flat_amount",
    "is_child_present",
    "parent_account_id",
    "parent_account_name",
    "depth",
    "can_delete",
    "account_name",
];

/// Deeper chains of parents are refused [?].
const MAX_DEPTH: usize = 10;

const CREATE: Need = ("expensecategory", "create");
const READ: Need = ("expensecategory", "read");
const UPDATE: Need = ("expensecategory", "update");
const DELETE: Need = ("expensecategory", "delete");

/// The operations.
pub(crate) static OPERATIONS: &[Operation] = &[
    op(EXPENSE, "GET", "expensecategories", READ, "List expense categories", lists(&ExpenseCategory)),
    op(EXPENSE, "POST", "expensecategories", CREATE, "Create an expense category", creates(&ExpenseCategory)),
    op(EXPENSE, "GET", "expensecategories/*", READ, "Get an expense category", reads(&ExpenseCategory)),
    op(
        EXPENSE,
        "PUT",
        "expensecategories/*",
        UPDATE,
        "Update an expense category",
        updates(&ExpenseCategory),
    ),
    op(
        EXPENSE,
        "DELETE",
        "expensecategories/*",
        DELETE,
        "Delete an expense category",
        deletes(&ExpenseCategory),
    ),
    op(
        EXPENSE,
        "POST",
        "expensecategories/*/show",
        CREATE,
        "Show an expense category",
        Of(&ExpenseCategory, enable),
    ),
    op(
        EXPENSE,
        "POST",
        "expensecategories/*/hide",
        CREATE,
        "Hide an expense category",
        Of(&ExpenseCategory, disable),
    ),
];

impl Resource for ExpenseCategory {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn begin(&self, _: &mut Desk<'_>, record: &mut Record) -> Result<(), ApiError> {
        record.set("is_enabled", true);
        record.set("is_custom", true);
        Ok(())
    }

    fn complete(&self, desk: &mut Desk<'_>, record: &mut Record, _: Option<&Record>) -> Result<(), ApiError> {
        let mut parent = desk.named(Kind::ExpenseCategory, record, "parent_account_id")?;
        for _ in 0..MAX_DEPTH {
            match parent {
                None => return Ok(()),
                Some(it) if it.id == record.id => break,
                Some(it) => parent = desk.named(Kind::ExpenseCategory, &it, "parent_account_id")?,
            }
        }
        Err(ApiError::invalid("parent_account_id"))
    }

    fn status(&self, record: &Record, _: &Reader<'_>) -> String {
        if record.flag("is_enabled") { "active" } else { "inactive" }.to_owned()
    }

    fn show(&self, name: &str, record: &Record, reader: &Reader<'_>) -> Json {
        let parent = |it: &Record| {
            it.reference("parent_account_id").and_then(|id| reader.books.record(Kind::ExpenseCategory, id))
        };
        match name {
            "status" => self.status(record, reader).into(),
            "account_name" => record.text("category_name").into(),
            "parent_account_name" => parent(record).map_or("", |it| it.text("category_name")).into(),
            "is_child_present" => {
                reader.books.naming_as(record.id, Kind::ExpenseCategory).next().is_some().into()
            }
            "can_delete" => reader.books.naming(record.id).next().is_none().into(),
            "depth" => {
                let chain = std::iter::successors(parent(record), |it| parent(it));
                (chain.take(MAX_DEPTH).count() as u64).into()
            }
            _ => SPEC.stored(record, name),
        }
    }
}

fn enable(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    set(context, call, resource, true, "The expense category has been enabled.")
}

fn disable(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    set(context, call, resource, false, "The expense category has been disabled.")
}

fn set(
    context: &Context<'_>,
    call: &Call,
    resource: &dyn Resource,
    enabled: bool,
    message: &str,
) -> Result<Reply, ApiError> {
    write::act(context, call, resource, message, |desk, category| {
        if category.flag("is_enabled") != enabled {
            desk.alter(category.kind, category.id, |it| it.set("is_enabled", enabled))?;
        }
        Ok(())
    })
}
