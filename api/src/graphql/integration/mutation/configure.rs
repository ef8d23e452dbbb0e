//! `syncModuleConfigure`.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use finbridge_domain::{NodeKind, SyncSettings, ViewChoice};

use crate::graphql::context::{Asked, uuid};
use crate::graphql::error;
use crate::graphql::integration::{CrmModule, DuplicatePolicy, SyncDirection, SyncModule, SyncModuleKey};
use crate::graphql::sync::SyncRun;
use crate::service::{UserError, integration};

/// How a module shall be synchronised. What the integration's profile does not offer is refused with the key that says so.
#[derive(InputObject)]
pub struct SyncModuleConfigureInput {
    /// Which integration.
    integration_id: ID,
    /// Which module.
    module: SyncModuleKey,
    /// The CRM module that feeds it.
    crm_module: CrmModule,
    /// Which way records travel.
    direction: SyncDirection,
    /// What happens when an unlinked record of the same name stands on the finance side.
    duplicate_policy: DuplicatePolicy,
    /// The view that limits which accounts are synchronised, one that `views` lists for accounts; all of them when left out. An
    /// account that leaves the view stays linked and gets no more updates.
    account_view_id: Option<ID>,
    /// True: save and sync. False: save, and sync later.
    start: bool,
}

/// What came of configuring a module.
#[derive(SimpleObject)]
pub struct SyncModuleConfigurePayload {
    /// The module with its new settings; null when there are user errors.
    sync_module: Option<SyncModule>,
    /// The run that was started; null when none was asked for, or there are user errors.
    sync_run: Option<SyncRun>,
    /// What a person has to mend; empty when the mutation did what was asked.
    user_errors: Vec<UserError>,
}

/// `syncModuleConfigure`.
#[derive(Default)]
pub struct SyncModuleConfigure;

#[Object]
impl SyncModuleConfigure {
    /// Saves a module's settings as a new version and, where wished, starts a run. A run under way keeps the settings it
    /// began with. For administrators.
    async fn sync_module_configure(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which module, and how.")] input: SyncModuleConfigureInput,
    ) -> Result<Option<SyncModuleConfigurePayload>> {
        let services = ctx.services()?;
        let account_view = match &input.account_view_id {
            Some(view) => {
                Some(ViewChoice { view_id: uuid(NodeKind::View, view)?, viewer_id: services.viewer.user_id })
            }
            None => None,
        };
        let settings = SyncSettings {
            crm_module: input.crm_module.into(),
            direction: input.direction.into(),
            duplicate_policy: input.duplicate_policy.into(),
            account_view,
        };
        let id = uuid(NodeKind::Integration, &input.integration_id)?;
        let result = integration::configure(services, id, input.module.into(), settings, input.start).await;
        let (configured, user_errors) = error::split(result)?;
        Ok(Some(match configured {
            Some(done) => SyncModuleConfigurePayload {
                sync_module: Some(SyncModule { row: done.module, settings: done.settings }),
                sync_run: done.run.map(SyncRun::from),
                user_errors,
            },
            None => SyncModuleConfigurePayload { sync_module: None, sync_run: None, user_errors },
        }))
    }
}
