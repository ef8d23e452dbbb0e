//! Errors as clients see them: user errors in payloads, everything else at the top level with a code.

use async_graphql::{Error, ErrorExtensions, Interface};

use crate::service::{ErrorCode, ServiceError, ServiceResult, UserError};

/// Something that can be shown to a person.
#[derive(Interface)]
#[graphql(
    field(name = "code", ty = "&ErrorCode", desc = "Why it was refused; stable, for programs."),
    field(name = "message", ty = "&String", desc = "What is wrong and what to do next; for people."),
    field(
        name = "field",
        ty = "&Option<Vec<String>>",
        desc = "Path to the input field at fault, from the input object; null when no single field is."
    )
)]
pub enum DisplayableError {
    /// Something in the input that a person can mend.
    UserError(UserError),
}

/// A top-level error with a code.
pub fn coded(code: &'static str, message: impl Into<String>) -> Error {
    Error::new(message).extend_with(|_, extensions| extensions.set("code", code))
}

/// The top-level error of a query. User errors have no payload to stand in there, so they are the caller's mistake.
pub fn top_level(error: ServiceError) -> Error {
    match error {
        ServiceError::Refused(_) | ServiceError::BadInput(_) => coded("BAD_USER_INPUT", error.to_string()),
        ServiceError::Forbidden(message) => coded("FORBIDDEN", message),
        ServiceError::Unavailable(message) => coded("UNAVAILABLE", message),
        ServiceError::Inactive(message) => coded("INTEGRATION_INACTIVE", message),
        ServiceError::Internal(source) => {
            tracing::error!(error = &*source as &dyn std::error::Error, "A request failed inside");
            coded(
                "INTERNAL_SERVER_ERROR",
                "Something failed on our side; repeat the request, and name the request id if it fails again",
            )
        }
    }
}

/// Splits what a mutation's service said into its payload's object and user errors.
///
/// # Errors
/// What is not for the payload.
pub fn split<T>(result: ServiceResult<T>) -> async_graphql::Result<(Option<T>, Vec<UserError>)> {
    match result {
        Ok(object) => Ok((Some(object), Vec::new())),
        Err(ServiceError::Refused(errors)) => Ok((None, errors)),
        Err(error) => Err(top_level(error)),
    }
}

/// Declares the payload of a mutation: the object, null exactly when there are user errors, and the user errors.
macro_rules! payload {
    ($(#[$doc:meta])* $name:ident { $(#[$fdoc:meta])* $field:ident: $type:ty }) => {
        $(#[$doc])*
        #[derive(async_graphql::SimpleObject)]
        pub struct $name {
            $(#[$fdoc])*
            $field: Option<$type>,
            /// What a person has to mend; empty when the mutation did what was asked.
            user_errors: Vec<$crate::service::UserError>,
        }

        impl $name {
            /// Of what a service said.
            ///
            /// # Errors
            /// What is not for the payload.
            pub(in $crate::graphql) fn of<M>(
                result: $crate::service::ServiceResult<M>,
                shape: impl FnOnce(M) -> $type,
            ) -> async_graphql::Result<Self> {
                let (object, user_errors) = $crate::graphql::error::split(result)?;
                Ok(Self { $field: object.map(shape), user_errors })
            }
        }
    };
}
pub(crate) use payload;
