//! Plans: what a subscription is charged for every term. A plan is named by its code.

use rust_decimal::Decimal;

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
pub(crate) struct Plan;

/// The longest term, in units of its interval [?].
const LONGEST_INTERVAL: Decimal = rust_decimal::dec!(1000);
/// The most cycles and the longest trial, in cycles and days [?].
const MOST_CYCLES: Decimal = rust_decimal::dec!(10000);
const LARGEST_PRICE: Decimal = rust_decimal::dec!(1000000000);

static SPEC: Spec = Spec {
    kind: Kind::Plan,
    singular: "plan",
    plural: "plans",
    id: "plan_id",
    label: "Plan",
    report: "Plans",
    fields: &[
        ("plan_code", Field::Text(100)),
        ("name", Field::Text(100)),
        ("recurring_price", Field::Money),
        ("unit", Field::Free),
        ("interval", Field::Whole),
        ("interval_unit", Field::Choice(&["months", "years", "weeks"])),
        ("billing_cycles", Field::Whole),
        ("trial_period", Field::Whole),
        ("setup_fee", Field::Money),
        ("setup_fee_account_id", Field::Id),
        ("account_id", Field::Id),
        ("pricing_scheme", Field::Choice(&price::SCHEMES)),
        ("tags", Field::List),
        ("product_id", Field::Id),
        ("product_type", Field::Free),
        ("hsn_or_sac", Field::Code),
        ("sat_item_key_code", Field::Free),
        ("unitkey_code", Field::Free),
        ("item_tax_preferences", Field::List),
        ("tax_id", Field::Id),
        ("is_taxable", Field::Flag),
        ("tax_exemption_id", Field::Id),
        ("tax_exemption_code", Field::Free),
        ("description", Field::Text(2000)),
        ("store_markup_description", Field::Free),
        ("can_charge_setup_fee_immediately", Field::Flag),
    ],
    computed: &[("status", Field::Free), ("price_brackets", Field::List), ("custom_fields", Field::List)],
    required: &["plan_code", "name", "recurring_price", "interval", "product_id"],
    detail: &[
        "plan_code",
        "name",
        "description",
        "store_markup_description",
        "status",
        "product_id",
        "account_id",
        "account_name",
        "tax_id",
        "tax_name",
        "tax_percentage",
        "trial_period",
        "setup_fee",
        "setup_fee_account_id",
        "setup_fee_account_name",
        "can_charge_setup_fee_immediately",
        "tags",
        "recurring_price",
        "pricing_scheme",
        "price_brackets",
        "unit",
        "interval",
        "interval_unit",
        "billing_cycles",
        "product_type",
        "hsn_or_sac",
        "sat_item_key_code",
        "unitkey_code",
        "item_tax_preferences",
        "is_taxable",
        "addons",
        "url",
    ],
    row: &[
        "plan_code",
        "name",
        "recurring_price",
        "pricing_scheme",
        "unit",
        "interval",
        "interval_unit",
        "billing_cycles",
        "trial_period",
        "setup_fee",
        "setup_fee_account_id",
        "setup_fee_account_name",
        "product_id",
        "tax_id",
        "tax_name",
        "tax_percentage",
        "product_type",
        "hsn_or_sac",
        "sat_item_key_code",
        "unitkey_code",
        "item_tax_preferences",
        "description",
        "store_markup_description",
        "status",
        "addons",
    ],
    number: None,
    unique: &[Unique { name: "plan_code", code: Code::AlreadyExists, scope: None }],
    references: &["product_id", "tax_id"],
    filters: Filters {
        texts: &["plan_code", "name"],
        exact: &["product_id"],
        statuses: &["active", "inactive"],
        filter_by: &["PlanStatus.All", "PlanStatus.ACTIVE", "PlanStatus.INACTIVE"],
        search: &["plan_code", "name", "description"],
        ..Filters::NONE
    },
    sorts: &["name", "plan_code", "recurring_price", "status"],
    indexed: &["name", "plan_code"],
    order: ("created_time", true),
    messages: Messages {
        created: "The plan has been created.",
        updated: "The plan details has been updated.",
        deleted: "The plan has been deleted.",
    },
    entity: "plan",
};

const CREATE: Need = ("plans", "create");
const READ: Need = ("plans", "read");
const UPDATE: Need = ("plans", "update");
const DELETE: Need = ("plans", "delete");

/// The operations.
pub(crate) static OPERATIONS: &[Operation] = &[
    op(BILLING, "GET", "plans", READ, "List plans", lists(&Plan)),
    op(BILLING, "POST", "plans", CREATE, "Create a plan", creates(&Plan)),
    op(BILLING, "GET", "plans/*", READ, "Get a plan", Of(&Plan, code::read)),
    op(BILLING, "PUT", "plans/*", UPDATE, "Update a plan", Of(&Plan, code::update)),
    op(BILLING, "DELETE", "plans/*", DELETE, "Delete a plan", Of(&Plan, code::delete)),
    op(BILLING, "POST", "plans/*/markasactive", CREATE, "Mark a plan as active", Of(&Plan, code::activate)),
    op(
        BILLING,
        "POST",
        "plans/*/markasinactive",
        CREATE,
        "Mark a plan as inactive",
        Of(&Plan, code::deactivate),
    ),
];

impl Resource for Plan {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn begin(&self, _: &mut Desk<'_>, record: &mut Record) -> Result<(), ApiError> {
        record.set("status", "active");
        record.set("interval_unit", "months");
        record.set("pricing_scheme", "unit");
        record.set("billing_cycles", Json::Number("-1".to_owned()));
        record.set("is_taxable", true);
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
        price::take_brackets(record, body, desk.places())
    }

    fn complete(&self, desk: &mut Desk<'_>, record: &mut Record, _: Option<&Record>) -> Result<(), ApiError> {
        fields::product(desk, record)?;
        desk.named(Kind::Tax, record, "tax_id")?;
        fields::within(record, "recurring_price", Decimal::ZERO, LARGEST_PRICE)?;
        fields::within(record, "setup_fee", Decimal::ZERO, LARGEST_PRICE)?;
        fields::within(record, "interval", Decimal::ONE, LONGEST_INTERVAL)?;
        fields::within(record, "billing_cycles", Decimal::NEGATIVE_ONE, MOST_CYCLES)?;
        fields::within(record, "trial_period", Decimal::ZERO, MOST_CYCLES)?;
        if record.decimal("billing_cycles").is_zero() {
            record.set("billing_cycles", Json::Number("-1".to_owned()));
        }
        price::check(record)
    }

    fn show(&self, name: &str, record: &Record, reader: &Reader<'_>) -> Json {
        match name {
            "tax_name" | "tax_percentage" => price::tax(name, record, reader),
            "addons" => addons(record, reader),
            "status" => self.status(record, reader).into(),
            _ => SPEC.stored(record, name),
        }
    }

    fn changed_member(&self) -> &'static str {
        "updated_time"
    }
}

/// The addons that may be bought with a plan.
fn addons(plan: &Record, reader: &Reader<'_>) -> Json {
    let table = reader.books.table(Kind::Addon);
    let fitting = table.rows().filter(|addon| super::addon::fits(addon, plan));
    let rows = fitting.map(|addon| {
        Json::object([
            ("addon_code", addon.text("addon_code").into()),
            ("name", addon.text("name").into()),
            ("status", addon.text("status").into()),
            ("pricing_scheme", addon.text("pricing_scheme").into()),
            ("unit_name", addon.text("unit_name").into()),
            ("price_brackets", addon.list("price_brackets").to_vec().into()),
        ])
    });
    rows.collect::<Vec<_>>().into()
}
