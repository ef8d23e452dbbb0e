//! `integrationConnect`.

use async_graphql::{Context, InputObject, Object, Result};
use secrecy::SecretString;

use crate::graphql::context::Asked;
use crate::graphql::error::payload;
use crate::graphql::integration::Integration;
use crate::graphql::transaction::TransactionKind;
use crate::service::integration::{self, Connect};

/// What connecting a finance app takes.
#[derive(InputObject)]
pub struct IntegrationConnectInput {
    /// Key of the finance app, as `financeApps` lists it.
    app: String,
    /// E-mail address of the person whose access is used.
    email: String,
    /// The service key (ZSC key) that the finance app issued to that person, from its integration settings.
    zsc_key: String,
    /// Id, on the finance side, of the organization to connect; may be left out when the person has only one.
    finance_organization: Option<String>,
    /// Which documents of the finance app shall come into the CRM; all that the profile has when left out, none when empty. Only for a
    /// new connection; `transactionsFetch` adds kinds later.
    transaction_kinds: Option<Vec<TransactionKind>>,
    /// How many days back the first reading of documents goes, by their dates; to the beginning when left out.
    #[graphql(validator(minimum = 1, maximum = 36500))]
    transaction_history_days: Option<i32>,
}

payload! {
    /// What came of connecting a finance app.
    IntegrationConnectPayload {
        /// The connection; null when there are user errors.
        integration: Integration
    }
}

/// `integrationConnect`.
#[derive(Default)]
pub struct IntegrationConnect;

#[Object]
impl IntegrationConnect {
    /// Connects a finance app: checks the key with the app, finds the organization and keeps the credential encrypted.
    /// Connecting the same organization again renews the credential and keeps links and settings. Of a further organization of
    /// the same app, `isOneWay` tells whether records only go to it. For administrators.
    async fn integration_connect(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which app, and whose access.")] input: IntegrationConnectInput,
    ) -> Result<Option<IntegrationConnectPayload>> {
        let wish = Connect {
            app_key: input.app,
            email: input.email,
            zsc_key: SecretString::from(input.zsc_key),
            remote_organization_id: input.finance_organization,
            transaction_kinds: input.transaction_kinds.map(|kinds| kinds.into_iter().map(Into::into).collect()),
            transaction_history_days: input.transaction_history_days.and_then(|days| days.try_into().ok()),
        };
        IntegrationConnectPayload::of(integration::connect(ctx.services()?, wish).await, Integration::from)
            .map(Some)
    }
}
