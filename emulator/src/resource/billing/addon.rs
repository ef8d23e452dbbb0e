//! Addons: what is bought with a plan, every term or once. An addon is named by its code.

use super::{code, fields, price};
use crate::auth::Need;
use crate::engine::desk::Desk;
use crate::engine::reader::Reader;
use crate::engine::spec::{Filters, Messages, Resource, Spec, Unique};
use crate::error::{ApiError, Code};
use crate::json::Json;
use crate::resource::field::{self, Kind as Field};
use crate::routes::Handler::Of;
use crate::routes::{BILLING, Operation, creates, lists, op};
use crate::store::kind::Kind;
use crate::store::record::Record;

/// The resource.
pub(crate) struct Addon;

const SHOWN: [&str; 22] = [
    "addon_code",
    "name",
    "description",
    "store_markup_description",
    "unit",
    "unit_name",
    "pricing_scheme",
    "price_brackets",
    "type",
    "interval_unit",
    "tags",
    "applicable_to_all_plans",
    "status",
    "product_id",
    "product_type",
    "hsn_or_sac",
    "sat_item_key_code",
    "unitkey_code",
    "item_tax_preferences",
    "tax_id",
    "tax_name",
    "tax_percentage",
];

static SPEC: Spec = Spec {
    kind: Kind::Addon,
    singular: "addon",
    plural: "addons",
    id: "addon_id",
    label: "Addon",
    report: "Addons",
    fields: &[
        ("addon_code", Field::Text(100)),
        ("name", Field::Text(100)),
        ("unit_name", Field::Free),
        ("pricing_scheme", Field::Choice(&price::SCHEMES)),
        ("type", Field::Choice(&["one_time", "recurring"])),
        ("interval_unit", Field::Choice(&["monthly", "yearly", "weekly"])),
        ("tags", Field::List),
        ("applicable_to_all_plans", Field::Flag),
        ("product_id", Field::Id),
        ("description", Field::Text(2000)),
        ("store_markup_description", Field::Free),
        ("tax_id", Field::Id),
        ("product_type", Field::Free),
        ("hsn_or_sac", Field::Code),
        ("sat_item_key_code", Field::Free),
        ("unitkey_code", Field::Free),
        ("item_tax_preferences", Field::List),
        ("tax_exemption_id", Field::Id),
        ("tax_exemption_code", Field::Free),
    ],
    computed: &[
        ("status", Field::Free),
        ("price_brackets", Field::List),
        ("plans", Field::List),
        ("custom_fields", Field::List),
    ],
    required: &["addon_code", "name", "product_id"],
    detail: &{
        let mut names = ["plans"; 23];
        let mut at = 0;
        while at < SHOWN.len() {
            names[at] = SHOWN[at];
            at += 1;
        }
        names
    },
    row: &SHOWN,
    number: None,
    unique: &[Unique { name: "addon_code", code: Code::AlreadyExists, scope: None }],
    references: &["product_id", "tax_id"],
    filters: Filters {
        texts: &["addon_code", "name"],
        exact: &["product_id"],
        statuses: &["active", "inactive"],
        filter_by: &[
            "AddonStatus.All",
            "AddonStatus.ACTIVE",
            "AddonStatus.INACTIVE",
            "AddonStatus.ONETIME",
            "AddonStatus.RECURRING",
        ],
        search: &["addon_code", "name", "description"],
        ..Filters::NONE
    },
    sorts: &["name", "addon_code", "status"],
    indexed: &["name", "addon_code"],
    order: ("created_time", true),
    messages: Messages {
        created: "The addon has been created",
        updated: "The addon details have been updated.",
        deleted: "The addon has been deleted.",
    },
    entity: "addon",
};

const CREATE: Need = ("addons", "create");
const READ: Need = ("addons", "read");
const UPDATE: Need = ("addons", "update");
const DELETE: Need = ("addons", "delete");

/// The operations.
pub(crate) static OPERATIONS: &[Operation] = &[
    op(BILLING, "GET", "addons", READ, "List addons", lists(&Addon)),
    op(BILLING, "POST", "addons", CREATE, "Create an addon", creates(&Addon)),
    op(BILLING, "GET", "addons/*", READ, "Get an addon", Of(&Addon, code::read)),
    op(BILLING, "PUT", "addons/*", UPDATE, "Update an addon", Of(&Addon, code::update)),
    op(BILLING, "DELETE", "addons/*", DELETE, "Delete an addon", Of(&Addon, code::delete)),
    op(
        BILLING,
        "POST",
        "addons/*/markasactive",
        CREATE,
        "Mark an addon as active",
        Of(&Addon, code::activate),
    ),
    op(
        BILLING,
        "POST",
        "addons/*/markasinactive",
        CREATE,
        "Mark an addon as inactive",
        Of(&Addon, code::deactivate),
    ),
];

impl Resource for Addon {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn begin(&self, _: &mut Desk<'_>, record: &mut Record) -> Result<(), ApiError> {
        record.set("status", "active");
        record.set("pricing_scheme", "unit");
        record.set("type", "recurring");
        record.set("interval_unit", "monthly");
        Ok(())
    }

    fn take(
        &self,
        desk: &mut Desk<'_>,
        record: &mut Record,
        _: Option<&Record>,
        body: &Json,
    ) -> Result<(), ApiError> {
        field::take(&mut record.members, SPEC.fields, body, desk.places())?;
        price::take_brackets(record, body, desk.places())?;
        fields::take_codes(desk, record, body, "plans", Kind::Plan, "plan_code")
    }

    fn complete(&self, desk: &mut Desk<'_>, record: &mut Record, _: Option<&Record>) -> Result<(), ApiError> {
        fields::product(desk, record)?;
        desk.named(Kind::Tax, record, "tax_id")?;
        if record.list("plans").is_empty() && record.members.get("applicable_to_all_plans").is_none() {
            record.set("applicable_to_all_plans", true);
        }
        if record.list("price_brackets").is_empty() {
            return Err(ApiError::invalid("price_brackets"));
        }
        price::check(record)
    }

    /// Subscriptions name their addons by code.
    fn deletable(&self, desk: &Desk<'_>, record: &Record) -> Result<(), ApiError> {
        let code = record.text("addon_code");
        let used = |subscription: &&std::sync::Arc<Record>| {
            fields::names(subscription, "addons", "addon_code", code)
        };
        let table = desk.books().table(Kind::Subscription);
        match table.rows().find(used) {
            Some(_) => Err(ApiError::about(Code::HasDependents, SPEC.label)),
            None => Ok(()),
        }
    }

    fn show(&self, name: &str, record: &Record, reader: &Reader<'_>) -> Json {
        match name {
            "tax_name" | "tax_percentage" => price::tax(name, record, reader),
            "unit" => record.text("unit_name").into(),
            "plans" => fields::named_codes(reader, record, "plans", Kind::Plan, "plan_code"),
            _ => SPEC.stored(record, name),
        }
    }

    fn passes(&self, filter: &str, record: &Record, _: &Reader<'_>) -> bool {
        match filter {
            "AddonStatus.ACTIVE" => record.text("status") == "active",
            "AddonStatus.INACTIVE" => record.text("status") == "inactive",
            "AddonStatus.ONETIME" => record.text("type") == "one_time",
            "AddonStatus.RECURRING" => record.text("type") == "recurring",
            _ => true,
        }
    }

    fn changed_member(&self) -> &'static str {
        "updated_time"
    }
}

/// Whether an addon may be bought with a plan: both are of one product, and the addon is for all its plans or for this.
pub(crate) fn fits(addon: &Record, plan: &Record) -> bool {
    addon.text("product_id") == plan.text("product_id")
        && (addon.flag("applicable_to_all_plans")
            || fields::names(addon, "plans", "plan_code", plan.text("plan_code")))
}
