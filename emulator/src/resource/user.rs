//! `GET /users/me`.

use crate::auth::Context;
use crate::envelope::Reply;
use crate::error::ApiError;
use crate::format;
use crate::json::Json;
use crate::request::Call;
use crate::routes::Handler::Plain;
use crate::routes::{BOOKS_AND_INVOICE, Operation, op};

/// The operations.
pub(crate) static OPERATIONS: &[Operation] =
    &[op(BOOKS_AND_INVOICE, "GET", "users/me", ("settings", "read"), "Get the calling user", Plain(me))];

/// The user whose token was sent.
pub(crate) fn me(context: &Context<'_>, _: &Call) -> Result<Reply, ApiError> {
    let organization = context.organization()?;
    let user = &context.user;
    let email = Json::object([("email", user.email.as_str().into()), ("is_selected", true.into())]);
    let shown = Json::object([
        ("user_id", Json::id(user.user_id)),
        ("name", user.name.as_str().into()),
        ("email", user.email.as_str().into()),
        ("email_ids", vec![email].into()),
        ("status", "active".into()),
        ("user_role", "admin".into()),
        ("user_type", "zoho".into()),
        ("role_id", "".into()),
        ("is_current_user", true.into()),
        ("is_super_admin", true.into()),
        ("is_employee", false.into()),
        ("is_customer_segmented", false.into()),
        ("is_vendor_segmented", false.into()),
        ("photo_url", "".into()),
        ("mobile", "".into()),
        ("created_time", format::timestamp(user.created, organization.zone()).into()),
        ("custom_fields", Vec::new().into()),
    ]);
    Ok(Reply::read([("user", shown)]))
}
