//! The tables: one file each. Rows never leave this side of the services; GraphQL has types of its own.

pub mod account;
pub mod api_token;
pub mod contact;
pub mod crm_user;
pub mod database;
pub mod deal;
pub mod deal_line;
pub mod finance_organization;
pub mod import_key;
pub mod integration;
pub mod membership;
pub mod organization;
pub mod product;
pub mod record_link;
pub mod remote_record;
pub mod scope;
pub mod stage;
pub mod sync_module;
pub mod sync_run;
pub mod sync_run_item;
pub mod sync_run_progress;
pub mod sync_settings;
pub mod types;
pub mod vendor;

pub use database::{PoolSize, begin_write};
pub use scope::{Scoped, TenantOwned};
