//! Through which integration something is asked, and what its app can do.

use finbridge_contract::DocumentAbilities;
use finbridge_domain::{CapabilityProfile, DocumentKind};
use finbridge_entity::types::IntegrationState;
use finbridge_entity::{Scoped, document, integration};
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use crate::service::error::{ErrorCode, ServiceResult, UserError};
use crate::service::{Services, integration as integrations, remote};

/// An integration, and what its app can do with documents of a kind.
pub(in crate::service) struct Through {
    pub(in crate::service) integration: integration::Model,
    pub(super) profile: &'static CapabilityProfile,
    pub(super) abilities: DocumentAbilities,
}

impl Through {
    /// The integration that somebody names for a new document.
    pub(super) async fn named(
        services: &Services,
        db: &impl ConnectionTrait,
        id: Uuid,
        kind: DocumentKind,
    ) -> ServiceResult<Self> {
        let row = integrations::find(services, db, id).await?;
        let profile = integrations::profile(&row)?;
        let Some(through) = Self::offered(services, row, kind)? else {
            let message = format!(
                "This integration has no {}s; `transactionFeeds` lists what it has (profile {}: documents)",
                kind.noun(),
                profile.key
            );
            return Err(UserError::of(ErrorCode::ModuleNotSupported, "kind", message).into());
        };
        remote::expect_active(&through.integration, "integrationId")?;
        Ok(through)
    }

    /// An integration of the document's finance organization whose app can do what is asked: the one through which it was first
    /// read before any other. None where no active one can.
    pub(in crate::service) async fn of(
        services: &Services,
        db: &impl ConnectionTrait,
        row: &document::Model,
        kind: DocumentKind,
        can: impl Fn(&DocumentAbilities, &CapabilityProfile) -> bool,
    ) -> ServiceResult<Option<Self>> {
        let mut rows = integration::Entity::of(services.organization_id())
            .filter(integration::Column::FinanceOrganizationId.eq(row.finance_organization_id))
            .order_by_asc(integration::Column::Id)
            .all(db)
            .await?;
        rows.sort_by_key(|one| one.id != row.integration_id);
        let offered = rows.into_iter().map(|one| Self::offered(services, one, kind));
        let offered: Vec<Self> = offered.filter_map(Result::transpose).collect::<ServiceResult<_>>()?;
        let Some(first) = offered.first() else {
            let message =
                format!("No integration has {}s any more, so nothing is done with them", kind.noun());
            return Err(UserError::of(ErrorCode::ModuleNotSupported, "id", message).into());
        };
        if !offered.iter().any(|one| one.integration.state == IntegrationState::Active) {
            remote::expect_active(&first.integration, "id")?;
        }
        let is_fit = |one: &Self| {
            one.integration.state == IntegrationState::Active && can(&one.abilities, one.profile)
        };
        Ok(offered.into_iter().find(is_fit))
    }

    fn offered(
        services: &Services,
        row: integration::Model,
        kind: DocumentKind,
    ) -> ServiceResult<Option<Self>> {
        let profile = integrations::profile(&row)?;
        let abilities = abilities(services, &row, kind);
        let is_offered = profile.documents_of(row.is_one_way).contains(&kind);
        Ok(abilities.filter(|_| is_offered).map(|abilities| Self { integration: row, profile, abilities }))
    }
}

/// What the integration's app can do with documents of this kind; none where it has no such documents.
pub(super) fn abilities(
    services: &Services,
    row: &integration::Model,
    kind: DocumentKind,
) -> Option<DocumentAbilities> {
    let connector = services.engine.connectors.get(&row.app_key)?;
    connector.documents(kind).map(|documents| documents.abilities())
}
