//! What a user must obey, and how one is shown.

use super::{ROLES, SPEC, User};
use crate::engine::desk::Desk;
use crate::engine::reader::Reader;
use crate::engine::spec::{Resource, Spec};
use crate::error::{ApiError, Code};
use crate::json::Json;
use crate::store::record::Record;

impl Resource for User {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn begin(&self, _: &mut Desk<'_>, record: &mut Record) -> Result<(), ApiError> {
        record.set("status", "invited");
        record.set("role_id", ROLES[1].1);
        Ok(())
    }

    /// Errors: code 2 for an e-mail address that is none, 6 for an unknown role, 4098 for another address of somebody
    /// who has accepted the invitation.
    fn complete(
        &self,
        _: &mut Desk<'_>,
        record: &mut Record,
        before: Option<&Record>,
    ) -> Result<(), ApiError> {
        let email = record.text("email");
        let parts = email.split_once('@').filter(|(name, host)| !name.is_empty() && host.contains('.'));
        if parts.is_none() || email.contains(char::is_whitespace) {
            return Err(ApiError::invalid("email"));
        }
        if role(record).is_none() {
            return Err(ApiError::about(Code::InvalidReference, "role_id"));
        }
        let settled = before.filter(|before| before.text("status") != "invited");
        if settled.is_some_and(|before| !before.text("email").eq_ignore_ascii_case(email)) {
            let refused = "The e-mail address of a user who has joined cannot be changed.";
            return Err(ApiError::about(Code::WrongState, refused));
        }
        Ok(())
    }

    fn show(&self, name: &str, record: &Record, reader: &Reader<'_>) -> Json {
        match name {
            "email_ids" => {
                let email = [("email", record.text("email").into()), ("is_selected", true.into())];
                vec![Json::object(email)].into()
            }
            "user_role" => role(record).unwrap_or_default().into(),
            "user_type" => "zoho".into(),
            "invitation_type" => "mail".into(),
            "is_current_user" => (reader.caller == Some(record.id)).into(),
            "is_employee" | "is_customer_segmented" | "is_vendor_segmented" => false.into(),
            "photo_url" => "".into(),
            "custom_fields" => Vec::new().into(),
            _ => SPEC.stored(record, name),
        }
    }

    /// Removed users are listed only when they are asked for.
    fn passes(&self, filter: &str, record: &Record, _: &Reader<'_>) -> bool {
        let status = record.text("status");
        match filter {
            "Status.All" => status != "deleted",
            _ => filter.strip_prefix("Status.").is_some_and(|word| word.eq_ignore_ascii_case(status)),
        }
    }
}

/// The word of a user's role.
pub(crate) fn role(record: &Record) -> Option<&'static str> {
    ROLES.iter().find(|(_, id)| *id == record.text("role_id")).map(|(word, _)| *word)
}
