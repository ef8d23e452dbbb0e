//! Changing integrations, one file per act.

mod configure;
mod connect;
mod webhook;

pub use configure::SyncModuleConfigure;
pub use connect::IntegrationConnect;
pub use webhook::IntegrationWebhooks;

/// Changing integrations.
#[derive(async_graphql::MergedObject, Default)]
pub struct IntegrationMutation(IntegrationConnect, IntegrationWebhooks, SyncModuleConfigure);
