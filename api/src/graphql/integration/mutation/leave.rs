//! `integrationDisable` and `integrationEnable`.

use async_graphql::{Context, ID, InputObject, Object, Result};
use finbridge_domain::NodeKind;

use crate::graphql::context::{Asked, uuid};
use crate::graphql::error::payload;
use crate::graphql::integration::Integration;
use crate::service::leave;

/// Which integration shall rest.
#[derive(InputObject)]
pub struct IntegrationDisableInput {
    /// Which integration.
    integration_id: ID,
    /// True once a person has agreed to it: nothing is synchronised and nothing is triggered until it is enabled again.
    #[graphql(default)]
    confirm: bool,
}

/// Which integration shall go on.
#[derive(InputObject)]
pub struct IntegrationEnableInput {
    /// Which integration.
    integration_id: ID,
    /// True once a person has agreed to it: what changed meanwhile is synchronised at once.
    #[graphql(default)]
    confirm: bool,
    /// The organization on the finance side, by its `remoteKey`: the one that the integration's links belong to. Must be named
    /// where the profile's connections pick an organization; elsewhere it may be left out.
    organization_key: Option<String>,
}

payload! {
    /// What came of switching an integration off.
    IntegrationDisablePayload {
        /// The integration, now DISABLED; null when there are user errors.
        integration: Integration
    }
}

payload! {
    /// What came of switching an integration on.
    IntegrationEnablePayload {
        /// The integration, now ACTIVE; null when there are user errors.
        integration: Integration
    }
}

/// `integrationDisable` and `integrationEnable`.
#[derive(Default)]
pub struct IntegrationLeaving;

#[Object]
impl IntegrationLeaving {
    /// Switches an integration off for a time: no run, document or trigger asks the finance app for anything. Links and settings stay,
    /// and so does everything on both sides. A run under way ends first. For administrators.
    async fn integration_disable(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which integration, and that it is meant.")] input: IntegrationDisableInput,
    ) -> Result<Option<IntegrationDisablePayload>> {
        let id = uuid(NodeKind::Integration, &input.integration_id)?;
        let disabled = leave::disable(ctx.services()?, id, input.confirm).await;
        IntegrationDisablePayload::of(disabled, Integration::from).map(Some)
    }

    /// Switches a disabled integration on again: its links and settings are what they were, and modules that are not paused begin a run
    /// at once. For administrators.
    async fn integration_enable(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which integration, and that it is meant.")] input: IntegrationEnableInput,
    ) -> Result<Option<IntegrationEnablePayload>> {
        let id = uuid(NodeKind::Integration, &input.integration_id)?;
        let key = input.organization_key.as_deref();
        let enabled = leave::enable(ctx.services()?, id, input.confirm, key).await;
        IntegrationEnablePayload::of(enabled, Integration::from).map(Some)
    }
}
