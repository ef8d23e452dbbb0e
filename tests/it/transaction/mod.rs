//! Documents of finance apps in the CRM: read, made, changed, mailed and followed from here.

mod acts;
mod chaos;
mod context;
mod create;
mod crm_customers;
mod doubt;
mod kept;
mod links;
mod lists;
mod mirror;
mod money;
mod once;
mod payment;
mod pdf;
mod permits;
mod promises;
mod races;
mod rates;
mod search;
pub mod seen;
mod setup;
mod stock;
mod subscriptions;
