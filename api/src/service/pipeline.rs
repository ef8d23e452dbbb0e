//! Pipelines: orders of stages that deals go through.

use std::collections::{BTreeSet, HashSet};

use finbridge_domain::name_key;
use finbridge_entity::types::StageKind;
use finbridge_entity::{Scoped, begin_write, deal, pipeline, stage};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, IntoActiveModel,
    PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Set,
};
use uuid::Uuid;

use super::Services;
use super::error::{ErrorCode, ServiceResult, UserError};
use super::idempotency::{self, Claim, Idempotency};
use super::record::{self, expect_version};
use super::stage::MOST as MOST_STAGES;
use super::validate::{Check, NAME_LENGTH};

/// Pipelines of one organization.
pub const MOST: u64 = 50;

/// A stage to come with its pipeline.
#[derive(Debug, Clone)]
pub struct FirstStage {
    /// Name.
    pub name: String,
    /// What it means.
    pub kind: StageKind,
}

/// What a pipeline is made of.
#[derive(Debug, Clone)]
pub struct NewPipeline {
    /// Name.
    pub name: String,
    /// Its stages, in this order.
    pub stages: Vec<FirstStage>,
    /// The key under which the create may be repeated.
    pub idempotency: Option<Idempotency>,
}

/// What changes: absent fields stay.
#[derive(Debug, Clone, Default)]
pub struct PipelineChange {
    /// The version the change is based on.
    pub version: Option<i64>,
    /// Name.
    pub name: Option<String>,
    /// Place in the order of pipelines.
    pub position: Option<i32>,
}

/// All pipelines in their order.
///
/// # Errors
/// The database's.
pub async fn list(services: &Services) -> ServiceResult<Vec<pipeline::Model>> {
    let pipelines = pipeline::Entity::of(services.organization_id())
        .order_by_asc(pipeline::Column::Position)
        .order_by_asc(pipeline::Column::Id)
        .limit(MOST);
    Ok(pipelines.all(services.db()).await?)
}

/// Makes a pipeline with its first stages, behind those that are there.
///
/// # Errors
/// What is wrong with the input; `FORBIDDEN` for anybody but administrators.
pub async fn create(services: &Services, new: NewPipeline) -> ServiceResult<pipeline::Model> {
    services.viewer.require_administrator()?;
    let key = new.idempotency.clone();
    let made = |id| repeated(services, id);
    idempotency::once(services, key.as_ref(), made, |claim| insert(services, new, claim)).await
}

async fn repeated(services: &Services, id: Uuid) -> ServiceResult<pipeline::Model> {
    let row = pipeline::Entity::one_of(services.organization_id(), id).one(services.db()).await?;
    idempotency::removed_since(row, "pipeline")
}

/// The stage that was made under an idempotency key, unless it was removed since.
///
/// # Errors
/// `NOT_FOUND`.
pub(super) fn made<M>(row: Option<M>) -> ServiceResult<M> {
    idempotency::removed_since(row, "stage")
}

async fn insert(
    services: &Services,
    new: NewPipeline,
    claim: Option<Claim>,
) -> ServiceResult<pipeline::Model> {
    let here = services.organization_id();
    let transaction = begin_write(services.db()).await?;
    record::in_turn(services, &transaction).await?;
    let mut check = Check::default();
    let name = check.required("name", &new.name, NAME_LENGTH);
    free_name(services, &transaction, &mut check, &name, None).await?;
    let rows = pipeline::Entity::of(here).order_by_desc(pipeline::Column::Position).all(&transaction).await?;
    if rows.len() as u64 >= MOST {
        let message = format!("An organization takes {MOST} pipelines; remove one first");
        check.fault(ErrorCode::Invalid, "name", message);
    }
    let stages = first_stages(&mut check, &new.stages);
    if let Err(faults) = check.finish() {
        transaction.rollback().await?;
        return Err(faults);
    }
    let (id, now) = (services.ids().uuid(), services.clock().now());
    let made = pipeline::ActiveModel {
        organization_id: Set(here),
        id: Set(id),
        name_key: Set(name_key(&name)),
        name: Set(name),
        position: Set(rows.first().map_or(0, |last| last.position).saturating_add(1)),
        version: Set(1),
        created_at: Set(now),
        updated_at: Set(now),
    }
    .insert(&transaction)
    .await?;
    let rows: Vec<_> = (1..)
        .zip(stages)
        .map(|(position, (name, kind))| stage::ActiveModel {
            organization_id: Set(here),
            id: Set(services.ids().uuid()),
            pipeline_id: Set(id),
            name_key: Set(name_key(&name)),
            name: Set(name),
            kind: Set(kind),
            position: Set(position),
        })
        .collect();
    if !rows.is_empty() {
        stage::Entity::insert_many(rows).exec_without_returning(&transaction).await?;
    }
    idempotency::complete(services, &transaction, claim, id).await?;
    transaction.commit().await?;
    Ok(made)
}

fn first_stages(check: &mut Check, stages: &[FirstStage]) -> Vec<(String, StageKind)> {
    if stages.len() > MOST_STAGES {
        let message = format!("A pipeline takes {MOST_STAGES} stages and these are {}", stages.len());
        check.fault(ErrorCode::Invalid, "stages", message);
        return Vec::new();
    }
    let mut seen = BTreeSet::new();
    let mut checked = Vec::with_capacity(stages.len());
    for (place, stage) in stages.iter().enumerate() {
        let path = format!("stages.{place}.name");
        let name = check.required(&path, &stage.name, NAME_LENGTH);
        if !seen.insert(name_key(&name)) {
            check.fault(ErrorCode::NotUnique, &path, "Another of these stages has this name; choose another");
        }
        checked.push((name, stage.kind));
    }
    checked
}

/// Changes the name of a pipeline, or its place among the pipelines.
///
/// # Errors
/// What is wrong with the input, or that the pipeline changed since it was read.
pub async fn update(services: &Services, id: Uuid, new: PipelineChange) -> ServiceResult<pipeline::Model> {
    services.viewer.require_administrator()?;
    let transaction = begin_write(services.db()).await?;
    record::in_turn(services, &transaction).await?;
    let before = find(services, &transaction, id, "id").await?;
    expect_version(new.version, before.version)?;
    let mut check = Check::default();
    let mut row = before.clone().into_active_model();
    if let Some(name) = &new.name {
        let name = check.required("name", name, NAME_LENGTH);
        free_name(services, &transaction, &mut check, &name, Some(id)).await?;
        row.name_key = Set(name_key(&name));
        row.name = Set(name);
    }
    if let Some(position) = new.position {
        if position < 1 {
            check.fault(ErrorCode::Invalid, "position", "Give a place from 1 on; lower ones come first");
        }
        row.position = Set(position);
    }
    check.finish()?;
    row.version = Set(before.version + 1);
    row.updated_at = Set(services.clock().now());
    let saved = row.update(&transaction).await?;
    transaction.commit().await?;
    Ok(saved)
}

/// Removes a pipeline and its stages.
///
/// # Errors
/// `PIPELINE_IN_USE` when deals are in its stages or it is the one that every organization begins with.
pub async fn delete(services: &Services, id: Uuid, version: Option<i64>) -> ServiceResult<Uuid> {
    services.viewer.require_administrator()?;
    let here = services.organization_id();
    let transaction = begin_write(services.db()).await?;
    record::in_turn(services, &transaction).await?;
    let before = find(services, &transaction, id, "id").await?;
    expect_version(version, before.version)?;
    if is_standard(&before) {
        let message = "The pipeline that an organization begins with stays: imports put their stages there. Rename it instead";
        return Err(UserError::of(ErrorCode::PipelineInUse, "id", message).into());
    }
    // Deals that are on their way into one of the stages are waited for, and then counted.
    let stages = stage::Entity::of(here).filter(stage::Column::PipelineId.eq(id));
    stages.clone().order_by_asc(stage::Column::Id).lock_exclusive().all(&transaction).await?;
    let ids = stages.clone().select_only().column(stage::Column::Id).into_query();
    let deals =
        deal::Entity::of(here).filter(deal::Column::StageId.in_subquery(ids)).count(&transaction).await?;
    if deals > 0 {
        let message = format!(
            "{deals} deal(s) are in stages of this pipeline, deleted ones included because they can be restored; remove its stages with `stageDelete` and `moveDealsToStageId` first"
        );
        return Err(UserError::of(ErrorCode::PipelineInUse, "id", message).into());
    }
    stage::Entity::delete_many()
        .filter(stage::Column::OrganizationId.eq(here))
        .filter(stage::Column::PipelineId.eq(id))
        .exec(&transaction)
        .await?;
    pipeline::Entity::delete_many()
        .filter(pipeline::Column::OrganizationId.eq(here))
        .filter(pipeline::Column::Id.eq(id))
        .exec(&transaction)
        .await?;
    transaction.commit().await?;
    Ok(id)
}

/// Puts the stages of a pipeline into this order, which names each of them once.
///
/// # Errors
/// What is wrong with the order, or that the pipeline changed since it was read.
pub async fn arrange(
    services: &Services,
    id: Uuid,
    version: Option<i64>,
    order: &[Uuid],
) -> ServiceResult<pipeline::Model> {
    services.viewer.require_administrator()?;
    let here = services.organization_id();
    let transaction = begin_write(services.db()).await?;
    record::in_turn(services, &transaction).await?;
    let before = find(services, &transaction, id, "id").await?;
    expect_version(version, before.version)?;
    let stages = stage::Entity::of(here).filter(stage::Column::PipelineId.eq(id)).all(&transaction).await?;
    let known: HashSet<Uuid> = stages.iter().map(|stage| stage.id).collect();
    let mut check = Check::default();
    let mut seen = HashSet::new();
    for (place, stage_id) in order.iter().enumerate() {
        let path = format!("stageIds.{place}");
        if !known.contains(stage_id) {
            let message = "This pipeline has no such stage; choose one that `pipeline { stages }` lists";
            check.fault(ErrorCode::NotFound, &path, message);
        } else if !seen.insert(*stage_id) {
            check.fault(ErrorCode::Invalid, &path, "The stage is named twice; name it once");
        }
    }
    let left: Vec<_> =
        stages.iter().filter(|stage| !seen.contains(&stage.id)).map(|stage| stage.name.as_str()).collect();
    if !left.is_empty() {
        let message = format!("Name every stage of the pipeline; these are missing: {}", left.join(", "));
        check.fault(ErrorCode::Invalid, "stageIds", message);
    }
    check.finish()?;
    for (position, stage_id) in (1..).zip(order) {
        stage::Entity::update_many()
            .col_expr(stage::Column::Position, Expr::value::<i32>(position))
            .filter(stage::Column::OrganizationId.eq(here))
            .filter(stage::Column::Id.eq(*stage_id))
            .exec(&transaction)
            .await?;
    }
    let arranged = touch(services, &transaction, before).await?;
    transaction.commit().await?;
    Ok(arranged)
}

/// Whether it is the pipeline that every organization begins with; it has the organization's id.
pub fn is_standard(row: &pipeline::Model) -> bool {
    row.id == row.organization_id
}

/// The pipeline that a write names by a field.
///
/// # Errors
/// `NOT_FOUND`.
pub(super) async fn find(
    services: &Services,
    db: &impl ConnectionTrait,
    id: Uuid,
    field: &str,
) -> ServiceResult<pipeline::Model> {
    let row = pipeline::Entity::one_of(services.organization_id(), id).one(db).await?;
    row.ok_or_else(|| {
        let message = "There is no such pipeline; choose one that `pipelines` lists";
        UserError::of(ErrorCode::NotFound, field, message).into()
    })
}

/// Notes that a pipeline changed, be it only in its stages: they have no version of their own.
///
/// # Errors
/// The database's.
pub(super) async fn touch(
    services: &Services,
    transaction: &DatabaseTransaction,
    before: pipeline::Model,
) -> ServiceResult<pipeline::Model> {
    let version = before.version + 1;
    let mut row = before.into_active_model();
    row.version = Set(version);
    row.updated_at = Set(services.clock().now());
    Ok(row.update(transaction).await?)
}

async fn free_name(
    services: &Services,
    db: &impl ConnectionTrait,
    check: &mut Check,
    name: &str,
    but: Option<Uuid>,
) -> ServiceResult<()> {
    let mut others =
        pipeline::Entity::of(services.organization_id()).filter(pipeline::Column::NameKey.eq(name_key(name)));
    if let Some(id) = but {
        others = others.filter(pipeline::Column::Id.ne(id));
    }
    if others.one(db).await?.is_some() {
        check.fault(ErrorCode::NotUnique, "name", "Another pipeline has this name; choose another");
    }
    Ok(())
}
