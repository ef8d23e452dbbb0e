//! Changing pipelines, one file per act.

mod arrange;
mod create;
mod delete;
mod update;

/// Changing pipelines.
#[derive(async_graphql::MergedObject, Default)]
pub struct PipelineMutation(
    create::PipelineCreate,
    update::PipelineUpdate,
    delete::PipelineDelete,
    arrange::PipelineArrangeStages,
);
