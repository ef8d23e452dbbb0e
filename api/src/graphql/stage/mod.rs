//! Stages in GraphQL.

pub mod mutation;
pub mod query;

use async_graphql::{Context, Enum, ID, InputObject, Object, Result};
use finbridge_domain::NodeKind;
use finbridge_entity::{stage, types};
use uuid::Uuid;

use super::context::{Asked, id};
use super::error::top_level;
use super::loader::failed;
use super::pipeline::Pipeline;
use crate::service::ServiceError;

/// A stage that deals go through on their way to being won or lost.
#[derive(Clone)]
pub struct Stage(stage::Model);

impl From<stage::Model> for Stage {
    fn from(row: stage::Model) -> Self {
        Self(row)
    }
}

/// What a stage says about the deals in it, whatever the organization calls it.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "types::StageKind")]
pub enum StageKind {
    /// Still being worked on: the customer has not decided.
    Open,
    /// The customer bought.
    Won,
    /// The customer did not buy.
    Lost,
}

/// Conditions on the kind of a stage.
#[derive(InputObject, Debug, Clone, Default)]
pub struct StageKindFilter {
    /// Is this.
    pub eq: Option<StageKind>,
    /// Is one of these.
    #[graphql(name = "in", validator(max_items = 3))]
    pub any_of: Option<Vec<StageKind>>,
}

/// A stage that deals go through on their way to being won or lost.
#[Object]
impl Stage {
    /// Global id.
    pub async fn id(&self) -> ID {
        id(NodeKind::Stage, self.0.id)
    }

    /// What the organization calls the stage; no two of a pipeline are called the same.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// What the stage means: whether deals in it are open, won or lost.
    async fn kind(&self) -> StageKind {
        self.0.kind.into()
    }

    /// The pipeline that the stage belongs to.
    async fn pipeline(&self, ctx: &Context<'_>) -> Result<Pipeline> {
        let pipeline = Pipeline::load(ctx, self.0.pipeline_id).await?;
        pipeline.ok_or_else(|| top_level(ServiceError::Internal("a stage's pipeline is missing".into())))
    }

    /// Place in the order of the pipeline's stages: lower ones come first. Numbers may be missing in between.
    async fn position(&self) -> i32 {
        self.0.position
    }
}

impl Stage {
    /// The stage, unless it is another tenant's.
    ///
    /// # Errors
    /// The database's.
    pub async fn load(ctx: &Context<'_>, uuid: Uuid) -> Result<Option<Self>> {
        Ok(ctx.loaders()?.stages().load_one(uuid).await.map_err(failed)?.map(Self))
    }
}
