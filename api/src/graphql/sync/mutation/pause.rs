//! `syncModulePause`.

use async_graphql::{Context, ID, InputObject, Object, Result};
use finbridge_domain::NodeKind;

use crate::graphql::context::{Asked, uuid};
use crate::graphql::error::payload;
use crate::graphql::integration::SyncModuleKey;
use crate::graphql::integration::module::SyncModule;
use crate::graphql::sync::of_module;
use crate::service::sync_control;

/// What to pause.
#[derive(InputObject)]
pub struct SyncModulePauseInput {
    /// Which integration.
    integration_id: ID,
    /// Which of its modules.
    module: SyncModuleKey,
}

payload! {
    /// What came of pausing.
    SyncModulePausePayload {
        /// The module as it stands now; null when there are user errors.
        sync_module: SyncModule
    }
}

/// `syncModulePause`.
#[derive(Default)]
pub struct SyncModulePause;

#[Object]
impl SyncModulePause {
    /// Pauses a module: neither automatic nor manual runs start. A run under way ends first; the module is PAUSING until then.
    /// Where the profile pauses nothing less, all modules of the integration are paused. For administrators.
    async fn sync_module_pause(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to pause.")] input: SyncModulePauseInput,
    ) -> Result<Option<SyncModulePausePayload>> {
        let services = ctx.services()?;
        let integration = uuid(NodeKind::Integration, &input.integration_id)?;
        let done = sync_control::pause(services, integration, input.module.into()).await;
        let done = match done {
            Ok(row) => of_module(services, row).await,
            Err(error) => Err(error),
        };
        SyncModulePausePayload::of(done, |module| module).map(Some)
    }
}
