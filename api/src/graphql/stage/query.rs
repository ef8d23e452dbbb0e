//! Reading stages.

use async_graphql::{Context, ID, Object, Result};
use finbridge_domain::NodeKind;

use super::Stage;
use crate::graphql::context::{Asked, uuid};
use crate::graphql::error::top_level;
use crate::service::stage;

/// Reading stages.
#[derive(Default)]
pub struct StageQuery;

#[Object]
impl StageQuery {
    /// The stage of this id; null when there is none in this organization.
    async fn stage(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Id of a stage.")] id: ID,
    ) -> Result<Option<Stage>> {
        Stage::load(ctx, uuid(NodeKind::Stage, &id)?).await
    }

    /// All stages of this organization, in the order of their pipelines and their own, or those of one pipeline. A pipeline
    /// has at most 50, so this is a plain list without pages.
    async fn stages(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those of this pipeline.")] pipeline_id: Option<ID>,
    ) -> Result<Option<Vec<Stage>>> {
        let pipeline_id = pipeline_id.map(|id| uuid(NodeKind::Pipeline, &id)).transpose()?;
        let stages = stage::list(ctx.services()?, pipeline_id).await.map_err(top_level)?;
        Ok(Some(stages.into_iter().map(Stage::from).collect()))
    }
}
