//! Coupons: discounts on plans and addons. A coupon is named by its code.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::{code, fields};
use crate::auth::Need;
use crate::engine::desk::Desk;
use crate::engine::reader::Reader;
use crate::engine::spec::{Filters, Messages, Resource, Spec, Unique};
use crate::error::{ApiError, Code};
use crate::json::Json;
use crate::resource::field::{self, Fields, Kind as Field};
use crate::routes::Handler::Of;
use crate::routes::{BILLING, Operation, creates, lists, op};
use crate::store::kind::Kind;
use crate::store::record::Record;

/// The resource.
pub(crate) struct Coupon;

/// Members that stay writable: a coupon's terms are settled when it is created.
const LATER: Fields = &[
    ("name", Field::Text(100)),
    ("description", Field::Text(2000)),
    ("max_redemption", Field::Whole),
    ("expiry_at", Field::Date),
];

static SPEC: Spec = Spec {
    kind: Kind::Coupon,
    singular: "coupon",
    plural: "coupons",
    id: "coupon_id",
    label: "Coupon",
    report: "Coupons",
    fields: &[
        ("coupon_code", Field::Text(100)),
        ("name", Field::Text(100)),
        ("description", Field::Text(2000)),
        ("type", Field::Choice(&["one_time", "forever", "duration"])),
        ("duration", Field::Whole),
        ("discount_by", Field::Choice(&["flat", "percentage"])),
        ("discount_value", Field::Number),
        ("product_id", Field::Id),
        ("max_redemption", Field::Whole),
        ("expiry_at", Field::Date),
        ("apply_to_plans", Field::Choice(&["all", "select", "none"])),
        ("apply_to_addons", Field::Choice(&["all", "select", "all_recurring", "all_onetime", "none"])),
    ],
    computed: &[
        ("status", Field::Free),
        ("redemption_count", Field::Whole),
        ("plans", Field::List),
        ("addons", Field::List),
    ],
    required: &["coupon_code", "name", "type", "discount_by", "discount_value", "product_id"],
    detail: &[
        "coupon_code",
        "name",
        "description",
        "type",
        "duration",
        "status",
        "discount_by",
        "discount_value",
        "product_id",
        "max_redemption",
        "redemption_count",
        "expiry_at",
        "apply_to_plans",
        "plans",
        "apply_to_addons",
        "addons",
    ],
    row: &[
        "coupon_code",
        "name",
        "description",
        "type",
        "status",
        "discount_by",
        "discount_value",
        "product_id",
        "max_redemption",
        "redemption_count",
        "expiry_at",
    ],
    number: None,
    unique: &[Unique { name: "coupon_code", code: Code::AlreadyExists, scope: None }],
    references: &["product_id"],
    filters: Filters {
        texts: &["coupon_code", "name"],
        exact: &["product_id"],
        statuses: &["active", "inactive", "expired", "maxed_out"],
        filter_by: &[
            "CouponStatus.All",
            "CouponStatus.ACTIVE",
            "CouponStatus.INACTIVE",
            "CouponStatus.EXPIRED",
            "CouponStatus.MAXED_OUT",
        ],
        search: &["coupon_code", "name", "description"],
        ..Filters::NONE
    },
    sorts: &["name", "coupon_code", "expiry_at"],
    indexed: &["name", "coupon_code"],
    order: ("created_time", true),
    messages: Messages {
        created: "The coupon has been created",
        updated: "The coupon details have been updated.",
        deleted: "The coupon has been deleted.",
    },
    entity: "",
};

const CREATE: Need = ("coupons", "create");
const READ: Need = ("coupons", "read");
const UPDATE: Need = ("coupons", "update");
const DELETE: Need = ("coupons", "delete");

/// The operations.
pub(crate) static OPERATIONS: &[Operation] = &[
    op(BILLING, "GET", "coupons", READ, "List coupons", lists(&Coupon)),
    op(BILLING, "POST", "coupons", CREATE, "Create a coupon", creates(&Coupon)),
    op(BILLING, "GET", "coupons/*", READ, "Get a coupon", Of(&Coupon, code::read)),
    op(BILLING, "PUT", "coupons/*", UPDATE, "Update a coupon", Of(&Coupon, code::update)),
    op(BILLING, "DELETE", "coupons/*", DELETE, "Delete a coupon", Of(&Coupon, code::delete)),
    op(
        BILLING,
        "POST",
        "coupons/*/markasactive",
        CREATE,
        "Mark a coupon as active",
        Of(&Coupon, code::activate),
    ),
    op(
        BILLING,
        "POST",
        "coupons/*/markasinactive",
        CREATE,
        "Mark a coupon as inactive",
        Of(&Coupon, code::deactivate),
    ),
];

impl Resource for Coupon {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn begin(&self, _: &mut Desk<'_>, record: &mut Record) -> Result<(), ApiError> {
        record.set("status", "active");
        record.set("apply_to_plans", "all");
        record.set("apply_to_addons", "all");
        Ok(())
    }

    fn take(
        &self,
        desk: &mut Desk<'_>,
        record: &mut Record,
        before: Option<&Record>,
        body: &Json,
    ) -> Result<(), ApiError> {
        if before.is_some() {
            return field::take(&mut record.members, LATER, body, 0);
        }
        field::take(&mut record.members, SPEC.fields, body, desk.places())?;
        fields::take_codes(desk, record, body, "plans", Kind::Plan, "plan_code")?;
        fields::take_codes(desk, record, body, "addons", Kind::Addon, "addon_code")
    }

    fn complete(&self, desk: &mut Desk<'_>, record: &mut Record, _: Option<&Record>) -> Result<(), ApiError> {
        fields::product(desk, record)?;
        let most = if record.text("discount_by") == "percentage" {
            Decimal::ONE_HUNDRED
        } else {
            Decimal::from(1_000_000_000)
        };
        fields::within(record, "discount_value", Decimal::ZERO, most)?;
        fields::within(record, "max_redemption", Decimal::ZERO, Decimal::from(1_000_000_000))?;
        if record.text("type") == "duration" {
            fields::within(record, "duration", Decimal::ONE, Decimal::from(10_000))?;
        }
        for (rule, list) in [("apply_to_plans", "plans"), ("apply_to_addons", "addons")] {
            if record.text(rule) == "select" && record.list(list).is_empty() {
                return Err(ApiError::invalid(list));
            }
        }
        Ok(())
    }

    fn deletable(&self, _: &Desk<'_>, record: &Record) -> Result<(), ApiError> {
        if record.decimal("redemption_count") > Decimal::ZERO {
            return Err(ApiError::about(Code::HasDependents, SPEC.label));
        }
        Ok(())
    }

    fn status(&self, record: &Record, reader: &Reader<'_>) -> String {
        status(record, reader.today).to_owned()
    }

    fn show(&self, name: &str, record: &Record, reader: &Reader<'_>) -> Json {
        match name {
            "status" => self.status(record, reader).into(),
            "plans" => fields::named_codes(reader, record, "plans", Kind::Plan, "plan_code"),
            "addons" => fields::named_codes(reader, record, "addons", Kind::Addon, "addon_code"),
            _ => SPEC.stored(record, name),
        }
    }

    fn changed_member(&self) -> &'static str {
        "updated_time"
    }
}

/// `active`, `inactive`, `expired` after the day of expiry, or `maxed_out` when every redemption was used.
pub(crate) fn status(coupon: &Record, today: NaiveDate) -> &'static str {
    let expiry = NaiveDate::parse_from_str(coupon.text("expiry_at"), "%Y-%m-%d").ok();
    let most = coupon.decimal("max_redemption");
    if coupon.text("status") != "active" {
        "inactive"
    } else if expiry.is_some_and(|last| last < today) {
        "expired"
    } else if most > Decimal::ZERO && coupon.decimal("redemption_count") >= most {
        "maxed_out"
    } else {
        "active"
    }
}

/// Whether a coupon discounts a plan.
pub(crate) fn covers_plan(coupon: &Record, plan_code: &str) -> bool {
    match coupon.text("apply_to_plans") {
        "all" => true,
        "select" => fields::names(coupon, "plans", "plan_code", plan_code),
        _ => false,
    }
}

/// Whether a coupon discounts an addon.
pub(crate) fn covers_addon(coupon: &Record, addon: &Record) -> bool {
    match coupon.text("apply_to_addons") {
        "all" => true,
        "all_recurring" => addon.text("type") == "recurring",
        "all_onetime" => addon.text("type") == "one_time",
        "select" => fields::names(coupon, "addons", "addon_code", addon.text("addon_code")),
        _ => false,
    }
}
