//! `syncModuleResume`.

use async_graphql::{Context, ID, InputObject, Object, Result};
use finbridge_domain::NodeKind;

use crate::graphql::context::{Asked, uuid};
use crate::graphql::error::payload;
use crate::graphql::integration::SyncModuleKey;
use crate::graphql::integration::module::SyncModule;
use crate::graphql::sync::of_module;
use crate::service::sync_control;

/// What to resume.
#[derive(InputObject)]
pub struct SyncModuleResumeInput {
    /// Which integration.
    integration_id: ID,
    /// Which of its modules.
    module: SyncModuleKey,
}

payload! {
    /// What came of resuming.
    SyncModuleResumePayload {
        /// The module as it stands now; null when there are user errors.
        sync_module: SyncModule
    }
}

/// `syncModuleResume`.
#[derive(Default)]
pub struct SyncModuleResume;

#[Object]
impl SyncModuleResume {
    /// Lets runs start again. What was missed is not made good; the next automatic run comes when the next would have been
    /// due. For administrators.
    async fn sync_module_resume(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to resume.")] input: SyncModuleResumeInput,
    ) -> Result<Option<SyncModuleResumePayload>> {
        let services = ctx.services()?;
        let integration = uuid(NodeKind::Integration, &input.integration_id)?;
        let done = sync_control::resume(services, integration, input.module.into()).await;
        let done = match done {
            Ok(row) => of_module(services, row).await,
            Err(error) => Err(error),
        };
        SyncModuleResumePayload::of(done, |module| module).map(Some)
    }
}
