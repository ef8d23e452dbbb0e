//! `integrationWebhookEnable` and `integrationWebhookDisable`.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use finbridge_domain::NodeKind;
use secrecy::ExposeSecret;

use crate::graphql::context::{Asked, uuid};
use crate::graphql::error::payload;
use crate::graphql::integration::Integration;
use crate::service::webhook::{self, Made};

/// Which integration shall hear of changes.
#[derive(InputObject)]
pub struct IntegrationWebhookEnableInput {
    /// Which integration.
    integration_id: ID,
}

/// Which integration shall not hear of changes any more.
#[derive(InputObject)]
pub struct IntegrationWebhookDisableInput {
    /// Which integration.
    integration_id: ID,
}

/// Where a finance app tells of changes, and how it signs. Shown once.
#[derive(SimpleObject)]
pub struct IntegrationWebhook {
    /// The integration.
    integration: Integration,
    /// Path on this server, with `/` at its beginning: put the server's public address in front, and give it to the finance
    /// app as the address of its webhooks. Without the secret it is good for nothing.
    path: String,
    /// The shared secret by which the finance app signs what it sends (HMAC-SHA256 of the body). Deliveries without the right
    /// signature are refused.
    secret: String,
}

impl From<Made> for IntegrationWebhook {
    fn from(made: Made) -> Self {
        Self {
            integration: made.integration.into(),
            path: made.path.expose_secret().to_owned(),
            secret: made.secret.expose_secret().to_owned(),
        }
    }
}

payload! {
    /// What came of letting a finance app tell of changes.
    IntegrationWebhookEnablePayload {
        /// The address and the secret, which are never shown again; null when there are user errors.
        webhook: IntegrationWebhook
    }
}

payload! {
    /// What came of taking the address away.
    IntegrationWebhookDisablePayload {
        /// The integration; null when there are user errors.
        integration: Integration
    }
}

/// `integrationWebhookEnable` and `integrationWebhookDisable`.
#[derive(Default)]
pub struct IntegrationWebhooks;

#[Object]
impl IntegrationWebhooks {
    /// Makes an address to which the finance app tells of changes, so that they are synchronised within seconds instead of with
    /// the next automatic run. Asked for again, it makes a new address and a new secret, and the old ones are not good any
    /// more. For administrators.
    async fn integration_webhook_enable(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which integration.")] input: IntegrationWebhookEnableInput,
    ) -> Result<Option<IntegrationWebhookEnablePayload>> {
        let id = uuid(NodeKind::Integration, &input.integration_id)?;
        let made = webhook::enable(ctx.services()?, id).await;
        IntegrationWebhookEnablePayload::of(made, IntegrationWebhook::from).map(Some)
    }

    /// Takes the address away: what the finance app sends there is refused from now on. For administrators.
    async fn integration_webhook_disable(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which integration.")] input: IntegrationWebhookDisableInput,
    ) -> Result<Option<IntegrationWebhookDisablePayload>> {
        let id = uuid(NodeKind::Integration, &input.integration_id)?;
        let done = webhook::disable(ctx.services()?, id).await;
        IntegrationWebhookDisablePayload::of(done, Integration::from).map(Some)
    }
}
