//! May this viewer do this to this object? Asked here, on every path, and answered nowhere else.

use finbridge_domain::DocumentKind;
use finbridge_entity::types::Role;

use super::Services;
use super::error::{ServiceError, ServiceResult};

/// What somebody wants to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// See it (R152).
    View,
    /// Make it or change it, which is one right (R153).
    CreateEdit,
    /// Have it mailed (R154).
    Mail,
    /// Say how it works.
    Configure,
}

/// To what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Object {
    /// Documents of a kind.
    Transactions(DocumentKind),
    /// What is open with customers and vendors, and reports over documents.
    FinanceSummary,
    /// The CRM's own exchange rates.
    ExchangeRates,
    /// How much there is of items (X01).
    Stock,
    /// Connections and what they do.
    Integrations,
}

impl Services {
    /// Lets the viewer do it. Administrators may do everything. Others see, make, change and mail documents, and see sums and rates;
    /// what is not said here nobody else may do.
    ///
    /// # Errors
    /// `FORBIDDEN`.
    pub fn permit(&self, act: Act, object: Object) -> ServiceResult<()> {
        let is_allowed = match (self.viewer.role, act, object) {
            (Role::Administrator, _, _) => true,
            // Nobody makes, changes or mails a subscription from here (R153, R154).
            (
                Role::Standard,
                Act::CreateEdit | Act::Mail,
                Object::Transactions(DocumentKind::Subscription),
            ) => false,
            (Role::Standard, Act::View | Act::CreateEdit | Act::Mail, Object::Transactions(_)) => true,
            (Role::Standard, Act::View, Object::FinanceSummary | Object::ExchangeRates | Object::Stock) => {
                true
            }
            (Role::Standard, _, _) => false,
        };
        if is_allowed {
            return Ok(());
        }
        let what = match object {
            Object::Transactions(kind) => format!("{}s", kind.noun()),
            Object::FinanceSummary => "financial summaries".to_owned(),
            Object::ExchangeRates => "exchange rates".to_owned(),
            Object::Stock => "stock".to_owned(),
            Object::Integrations => "integrations".to_owned(),
        };
        let verb = match act {
            Act::View => "see",
            Act::CreateEdit => "make or change",
            Act::Mail => "mail",
            Act::Configure => "configure",
        };
        let message = format!(
            "You may not {verb} {what}; ask an administrator of the organization to do it, or to let you"
        );
        Err(ServiceError::Forbidden(message))
    }
}
