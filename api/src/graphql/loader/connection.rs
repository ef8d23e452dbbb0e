//! What is known about connections, read for all of them together.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use async_trait::async_trait;
use finbridge_entity::{Scoped, circuit_breaker, request_budget, webhook_endpoint};
use sea_orm::{ColumnTrait, QueryFilter};
use uuid::Uuid;

use super::{LoadError, Scope};

/// An integration and the finance organization that it is connected to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Connected {
    /// The integration.
    pub integration_id: Uuid,
    /// The finance organization.
    pub finance_organization_id: Uuid,
}

/// What is known about a connection. What was never needed has no row.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// Whether the finance app answers.
    pub circuit: Option<circuit_breaker::Model>,
    /// What the finance organization was asked.
    pub budget: Option<request_budget::Model>,
    /// Where the finance app tells of changes.
    pub webhook: Option<webhook_endpoint::Model>,
}

/// What is known about connections.
pub struct Connections(pub(super) Scope);

#[async_trait]
impl Loader<Connected> for Connections {
    type Value = Known;
    type Error = LoadError;

    async fn load(&self, connections: &[Connected]) -> Result<HashMap<Connected, Known>, LoadError> {
        let (db, here) = (&self.0.db, self.0.organization_id);
        let integrations = || connections.iter().map(|connection| connection.integration_id);
        let organizations = connections.iter().map(|connection| connection.finance_organization_id);
        let circuits = circuit_breaker::Entity::of(here)
            .filter(circuit_breaker::Column::IntegrationId.is_in(integrations()))
            .all(db)
            .await?;
        let budgets = request_budget::Entity::of(here)
            .filter(request_budget::Column::FinanceOrganizationId.is_in(organizations))
            .all(db)
            .await?;
        let webhooks = webhook_endpoint::Entity::of(here)
            .filter(webhook_endpoint::Column::IntegrationId.is_in(integrations()))
            .all(db)
            .await?;
        let known = |connection: &Connected| Known {
            circuit: circuits.iter().find(|row| row.integration_id == connection.integration_id).cloned(),
            budget: budgets
                .iter()
                .find(|row| row.finance_organization_id == connection.finance_organization_id)
                .cloned(),
            webhook: webhooks.iter().find(|row| row.integration_id == connection.integration_id).cloned(),
        };
        Ok(connections.iter().map(|connection| (*connection, known(connection))).collect())
    }
}
