//! Documents of finance apps in the CRM: read, made, changed, mailed and followed from here.

mod acts;
mod context;
mod kept;
mod lists;
mod money;
mod once;
mod rates;
pub(crate) mod seen;
mod subscriptions;
