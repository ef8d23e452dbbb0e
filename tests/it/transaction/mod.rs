//! Documents of finance apps in the CRM: read, made, changed, mailed and followed from here.

mod chaos;
mod context;
mod kept;
mod lists;
mod mirror;
mod money;
mod rates;
pub mod seen;
mod subscriptions;
