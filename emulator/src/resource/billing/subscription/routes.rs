//! Calls on subscriptions.

use super::{Subscription, acts, change, create, end, notes, once, tell};
use crate::auth::{Context, Need};
use crate::engine::desk;
use crate::envelope::Reply;
use crate::error::ApiError;
use crate::request::Call;
use crate::routes::Handler::Plain;
use crate::routes::{BILLING, Operation, lists, op, reads};

const CREATE: Need = ("subscriptions", "create");
const READ: Need = ("subscriptions", "read");
const UPDATE: Need = ("subscriptions", "update");
const DELETE: Need = ("subscriptions", "delete");

/// The operations.
pub(crate) static OPERATIONS: &[Operation] = &[
    op(BILLING, "GET", "subscriptions", READ, "List subscriptions", lists(&Subscription)),
    op(BILLING, "POST", "subscriptions", CREATE, "Create a subscription", Plain(create::post)),
    op(BILLING, "GET", "subscriptions/*", READ, "Get a subscription", reads(&Subscription)),
    op(BILLING, "PUT", "subscriptions/*", UPDATE, "Update a subscription", Plain(change::update)),
    op(BILLING, "DELETE", "subscriptions/*", DELETE, "Delete a subscription", Plain(delete)),
    op(BILLING, "POST", "subscriptions/*/cancel", CREATE, "Cancel a subscription", Plain(end::cancel)),
    op(
        BILLING,
        "POST",
        "subscriptions/*/reactivate",
        CREATE,
        "Reactivate a subscription",
        Plain(end::reactivate),
    ),
    op(BILLING, "POST", "subscriptions/*/pause", CREATE, "Pause a subscription", Plain(end::pause)),
    op(BILLING, "POST", "subscriptions/*/resume", CREATE, "Resume a subscription", Plain(end::resume)),
    op(
        BILLING,
        "POST",
        "subscriptions/*/postpone",
        CREATE,
        "Change the billing date of a subscription",
        Plain(end::postpone),
    ),
    op(
        BILLING,
        "GET",
        "subscriptions/*/scheduledchanges",
        READ,
        "Get the scheduled change of a subscription",
        Plain(change::scheduled),
    ),
    op(
        BILLING,
        "GET",
        "subscriptions/*/recentactivities",
        READ,
        "List recent activities of a subscription",
        Plain(notes::activities),
    ),
    op(
        BILLING,
        "POST",
        "subscriptions/*/buyonetimeaddon",
        CREATE,
        "Buy a one-time addon",
        Plain(once::buy_addon),
    ),
    op(
        BILLING,
        "POST",
        "subscriptions/*/charge",
        CREATE,
        "Add a charge to a subscription",
        Plain(once::charge),
    ),
    op(
        BILLING,
        "POST",
        "subscriptions/*/coupons/*",
        CREATE,
        "Add a coupon to a subscription",
        Plain(acts::add_coupon),
    ),
    op(
        BILLING,
        "DELETE",
        "subscriptions/*/coupons",
        DELETE,
        "Remove the coupon of a subscription",
        Plain(acts::remove_coupon),
    ),
    op(
        BILLING,
        "POST",
        "subscriptions/*/card",
        CREATE,
        "Set the card of a subscription",
        Plain(acts::set_card),
    ),
    op(
        BILLING,
        "DELETE",
        "subscriptions/*/card",
        DELETE,
        "Remove the card of a subscription",
        Plain(acts::remove_card),
    ),
    op(
        BILLING,
        "POST",
        "subscriptions/*/autocollect",
        CREATE,
        "Set whether a subscription collects by itself",
        Plain(acts::auto_collect),
    ),
    op(
        BILLING,
        "POST",
        "subscriptions/*/reference",
        CREATE,
        "Set the reference of a subscription",
        Plain(acts::reference),
    ),
    op(
        BILLING,
        "POST",
        "subscriptions/*/salesperson",
        CREATE,
        "Set the salesperson of a subscription",
        Plain(acts::salesperson),
    ),
    op(
        BILLING,
        "POST",
        "subscriptions/*/contactpersons",
        CREATE,
        "Set the contact persons of a subscription",
        Plain(acts::persons),
    ),
    op(
        BILLING,
        "POST",
        "subscriptions/*/customfields",
        CREATE,
        "Set custom fields of a subscription",
        Plain(acts::custom_fields),
    ),
    op(
        BILLING,
        "POST",
        "subscriptions/*/lineitems/*",
        CREATE,
        "Describe an item of a subscription",
        Plain(acts::describe),
    ),
    op(BILLING, "POST", "subscriptions/*/notes", CREATE, "Add a note to a subscription", Plain(notes::add)),
    op(
        BILLING,
        "DELETE",
        "subscriptions/*/notes/*",
        DELETE,
        "Delete a note of a subscription",
        Plain(notes::delete),
    ),
];

/// `DELETE /subscriptions/{id}`, only without transactions (code 1004).
fn delete(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let id = call.id(0, super::spec::SPEC.label)?;
    desk::write(context, call, |desk| {
        desk.find(super::spec::SPEC.kind, id)?;
        tell(desk, id, "subscription_deleted", "Subscription deleted")?;
        desk.delete(&Subscription, id)
    })?;
    Ok(Reply::done(super::spec::SPEC.messages.deleted, []))
}
