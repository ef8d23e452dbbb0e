//! What is read together with what leads to it.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use async_trait::async_trait;
use finbridge_domain::SyncSettings;
use finbridge_entity::{Scoped, crm_user, custom_field, membership, pipeline, stage, sync_module};
use sea_orm::{ColumnTrait, EntityTrait, JoinType, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::{LoadError, Scope};
use crate::service::failures::{self, FailureGroup};
use crate::service::{integration, layout};

/// People of the organization, by user id.
pub struct Users(pub(super) Scope);

#[async_trait]
impl Loader<Uuid> for Users {
    type Value = (crm_user::Model, membership::Model);
    type Error = LoadError;

    async fn load(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, Self::Value>, LoadError> {
        let user = membership::Entity::belongs_to(crm_user::Entity)
            .from(membership::Column::UserId)
            .to(crm_user::Column::Id);
        let members = membership::Entity::of(self.0.organization_id)
            .filter(membership::Column::UserId.is_in(ids.iter().copied()))
            .join(JoinType::InnerJoin, user.into())
            .select_also(crm_user::Entity)
            .all(&self.0.db)
            .await?;
        let people = members.into_iter().filter_map(|(member, user)| Some((user?, member)));
        Ok(people.map(|(user, member)| (user.id, (user, member))).collect())
    }
}

/// The fields that layouts show, by layout.
pub struct FieldsOfLayout(pub(super) Scope);

#[async_trait]
impl Loader<Uuid> for FieldsOfLayout {
    type Value = Vec<custom_field::Model>;
    type Error = LoadError;

    async fn load(&self, layouts: &[Uuid]) -> Result<HashMap<Uuid, Self::Value>, LoadError> {
        Ok(layout::shown(&self.0.db, self.0.organization_id, layouts).await?)
    }
}

/// Pipelines, by a stage of theirs.
pub struct PipelineOfStage(pub(super) Scope);

#[async_trait]
impl Loader<Uuid> for PipelineOfStage {
    type Value = pipeline::Model;
    type Error = LoadError;

    async fn load(&self, stages: &[Uuid]) -> Result<HashMap<Uuid, Self::Value>, LoadError> {
        let pipeline = stage::Entity::belongs_to(pipeline::Entity)
            .from(stage::Column::PipelineId)
            .to(pipeline::Column::Id);
        let stages = stage::Entity::of(self.0.organization_id)
            .filter(stage::Column::Id.is_in(stages.iter().copied()))
            .join(JoinType::InnerJoin, pipeline.into())
            .filter(pipeline::Column::OrganizationId.eq(self.0.organization_id))
            .select_also(pipeline::Entity)
            .all(&self.0.db)
            .await?;
        Ok(stages.into_iter().filter_map(|(stage, pipeline)| Some((stage.id, pipeline?))).collect())
    }
}

/// A module with the settings in force.
pub type Configured = (sync_module::Model, SyncSettings);

/// Modules with the settings in force, by id.
pub struct Modules(pub(super) Scope);

#[async_trait]
impl Loader<Uuid> for Modules {
    type Value = Configured;
    type Error = LoadError;

    async fn load(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, Configured>, LoadError> {
        let which = sync_module::Column::Id.is_in(ids.iter().copied());
        let modules = integration::configured(&self.0.db, self.0.organization_id, which).await?;
        Ok(modules.into_iter().map(|module| (module.0.id, module)).collect())
    }
}

/// Modules with the settings in force, by integration.
pub struct ModulesOfIntegration(pub(super) Scope);

#[async_trait]
impl Loader<Uuid> for ModulesOfIntegration {
    type Value = Vec<Configured>;
    type Error = LoadError;

    async fn load(&self, integrations: &[Uuid]) -> Result<HashMap<Uuid, Self::Value>, LoadError> {
        let which = sync_module::Column::IntegrationId.is_in(integrations.iter().copied());
        let modules = integration::configured(&self.0.db, self.0.organization_id, which).await?;
        let mut of_integration: HashMap<Uuid, Self::Value> = HashMap::new();
        for module in modules {
            of_integration.entry(module.0.integration_id).or_default().push(module);
        }
        Ok(of_integration)
    }
}

/// What failed in runs by reason, by run.
pub struct FailuresOfRun(pub(super) Scope);

#[async_trait]
impl Loader<Uuid> for FailuresOfRun {
    type Value = Vec<FailureGroup>;
    type Error = LoadError;

    async fn load(&self, runs: &[Uuid]) -> Result<HashMap<Uuid, Self::Value>, LoadError> {
        Ok(failures::of_runs(&self.0.db, self.0.organization_id, runs).await?)
    }
}
