//! Changing integrations, one file per act.

mod configure;
mod connect;
mod leave;
mod webhook;

pub use configure::SyncModuleConfigure;
pub use connect::IntegrationConnect;
pub use leave::IntegrationLeaving;
pub use webhook::IntegrationWebhooks;

/// Changing integrations.
#[derive(async_graphql::MergedObject, Default)]
pub struct IntegrationMutation(
    IntegrationConnect,
    IntegrationLeaving,
    IntegrationWebhooks,
    SyncModuleConfigure,
);
