//! Changing integrations, one file per act.

mod configure;
mod connect;

pub use configure::SyncModuleConfigure;
pub use connect::IntegrationConnect;

/// Changing integrations.
#[derive(async_graphql::MergedObject, Default)]
pub struct IntegrationMutation(IntegrationConnect, SyncModuleConfigure);
