//! Who asks, and how they prove it.

pub mod token;

use finbridge_entity::types::Role;
use uuid::Uuid;

use crate::service::ServiceError;

/// The person behind a request, in one organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Viewer {
    /// The person.
    pub user_id: Uuid,
    /// The organization the token is bound to.
    pub organization_id: Uuid,
    /// What the person may do there.
    pub role: Role,
}

impl Viewer {
    /// Lets administrators pass (R005).
    ///
    /// # Errors
    /// `FORBIDDEN` for everybody else.
    pub fn require_administrator(&self) -> Result<(), ServiceError> {
        match self.role {
            Role::Administrator => Ok(()),
            Role::Standard => Err(ServiceError::Forbidden(
                "This takes an administrator of the organization; ask one to do it or to change your role"
                    .to_owned(),
            )),
        }
    }
}
