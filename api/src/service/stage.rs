//! The stages that deals go through.

use std::collections::HashMap;

use finbridge_domain::name_key;
use finbridge_entity::types::StageKind;
use finbridge_entity::{Scoped, begin_write, deal, pipeline, stage};
use sea_orm::sea_query::{Expr, ExprTrait, LockType};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, IntoActiveModel,
    PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Set,
};
use uuid::Uuid;

use super::Services;
use super::error::{ErrorCode, ServiceResult, UserError};
use super::idempotency::{self, Claim, Idempotency};
use super::validate::{Check, NAME_LENGTH};
use super::{deal as deals, pipeline as pipelines, record};

/// Stages of one pipeline.
pub const MOST: usize = 50;

/// What a stage is made of.
#[derive(Debug, Clone)]
pub struct NewStage {
    /// The pipeline it belongs to; the one that every organization begins with when absent.
    pub pipeline_id: Option<Uuid>,
    /// Name.
    pub name: String,
    /// What it means.
    pub kind: StageKind,
    /// The key under which the create may be repeated.
    pub idempotency: Option<Idempotency>,
}

/// What changes: absent fields stay.
#[derive(Debug, Clone, Default)]
pub struct StageChange {
    /// The version of the pipeline on which the change is based.
    pub pipeline_version: Option<i64>,
    /// Name.
    pub name: Option<String>,
    /// What it means.
    pub kind: Option<StageKind>,
}

/// What came of removing a stage.
#[derive(Debug, Clone, Copy)]
pub struct Removed {
    /// The stage.
    pub id: Uuid,
    /// Deals that were moved to another one.
    pub moved: u64,
}

/// All stages in the order of their pipelines and their own, or those of one pipeline. There are as many as people can
/// keep apart, so they are not paged.
///
/// # Errors
/// The database's.
pub async fn list(services: &Services, pipeline_id: Option<Uuid>) -> ServiceResult<Vec<stage::Model>> {
    let mut select = stage::Entity::of(services.organization_id())
        .order_by_asc(stage::Column::Position)
        .order_by_asc(stage::Column::Id);
    if let Some(id) = pipeline_id {
        select = select.filter(stage::Column::PipelineId.eq(id));
    }
    let mut stages = select.all(services.db()).await?;
    if pipeline_id.is_none() {
        let places: HashMap<Uuid, usize> =
            (0..).zip(pipelines::list(services).await?).map(|(place, row)| (row.id, place)).collect();
        stages.sort_by_key(|stage| places.get(&stage.pipeline_id).copied());
    }
    Ok(stages)
}

/// Makes a stage behind those that its pipeline has.
///
/// # Errors
/// What is wrong with the input; `FORBIDDEN` for anybody but administrators.
pub async fn create(services: &Services, new: NewStage) -> ServiceResult<stage::Model> {
    services.viewer.require_administrator()?;
    let key = new.idempotency.clone();
    let made = |id| repeated(services, id);
    idempotency::once(services, key.as_ref(), made, |claim| insert(services, new, claim)).await
}

async fn repeated(services: &Services, id: Uuid) -> ServiceResult<stage::Model> {
    pipelines::made(stage::Entity::one_of(services.organization_id(), id).one(services.db()).await?)
}

async fn insert(services: &Services, new: NewStage, claim: Option<Claim>) -> ServiceResult<stage::Model> {
    let transaction = begin_write(services.db()).await?;
    let made = insert_in(services, &transaction, new, claim).await;
    if made.is_ok() {
        transaction.commit().await?;
    } else {
        transaction.rollback().await?;
    }
    made
}

async fn insert_in(
    services: &Services,
    transaction: &DatabaseTransaction,
    new: NewStage,
    claim: Option<Claim>,
) -> ServiceResult<stage::Model> {
    let here = services.organization_id();
    record::in_turn(services, transaction).await?;
    let pipeline_id = new.pipeline_id.unwrap_or(here);
    let pipeline = pipelines::find(services, transaction, pipeline_id, "pipelineId").await?;
    let mut check = Check::default();
    let name = check.required("name", &new.name, NAME_LENGTH);
    free_name(services, transaction, &mut check, pipeline_id, &name, None).await?;
    let there = stage::Entity::of(here)
        .filter(stage::Column::PipelineId.eq(pipeline_id))
        .order_by_desc(stage::Column::Position)
        .all(transaction)
        .await?;
    if there.len() >= MOST {
        let message = format!("A pipeline takes {MOST} stages; remove one first");
        check.fault(ErrorCode::Invalid, "pipelineId", message);
    }
    check.finish()?;
    let id = services.ids().uuid();
    let row = stage::ActiveModel {
        organization_id: Set(here),
        id: Set(id),
        pipeline_id: Set(pipeline_id),
        name_key: Set(name_key(&name)),
        name: Set(name),
        kind: Set(new.kind),
        position: Set(there.first().map_or(0, |last| last.position).saturating_add(1)),
    }
    .insert(transaction)
    .await?;
    pipelines::touch(services, transaction, pipeline).await?;
    idempotency::complete(services, transaction, claim, id).await?;
    Ok(row)
}

/// Changes what a stage is called or means. What it means stays while deals are in it: they would be won, lost or opened
/// again without anybody having moved them.
///
/// # Errors
/// What is wrong with the input, `STAGE_IN_USE`, or that the pipeline changed since it was read.
pub async fn update(services: &Services, id: Uuid, new: StageChange) -> ServiceResult<stage::Model> {
    services.viewer.require_administrator()?;
    let transaction = begin_write(services.db()).await?;
    let (pipeline, before) = find(services, &transaction, id, new.pipeline_version).await?;
    let mut check = Check::default();
    let mut row = before.clone().into_active_model();
    if let Some(name) = &new.name {
        let name = check.required("name", name, NAME_LENGTH);
        free_name(services, &transaction, &mut check, pipeline.id, &name, Some(id)).await?;
        row.name_key = Set(name_key(&name));
        row.name = Set(name);
    }
    if let Some(kind) = new.kind.filter(|kind| *kind != before.kind) {
        let deals = count(services, &transaction, id).await?;
        if deals > 0 {
            let message = format!(
                "{deals} deal(s) are in this stage, deleted ones included; make a stage of the other kind with `stageCreate`, then remove this one with `stageDelete` and `moveDealsToStageId`"
            );
            check.fault(ErrorCode::StageInUse, "kind", message);
        }
        row.kind = Set(kind);
    }
    check.finish()?;
    let saved = if row.is_changed() { row.update(&transaction).await? } else { before };
    pipelines::touch(services, &transaction, pipeline).await?;
    transaction.commit().await?;
    Ok(saved)
}

/// Removes a stage; deals that are in it go to another one, as if each had been moved.
///
/// # Errors
/// `STAGE_IN_USE` when deals are in it and no other stage is named.
pub async fn delete(
    services: &Services,
    id: Uuid,
    pipeline_version: Option<i64>,
    target_id: Option<Uuid>,
) -> ServiceResult<Removed> {
    services.viewer.require_administrator()?;
    let transaction = begin_write(services.db()).await?;
    let (pipeline, _) = find(services, &transaction, id, pipeline_version).await?;
    let moved = match target_id {
        Some(target_id) => empty(services, &transaction, id, target_id).await?,
        None => {
            let deals = count(services, &transaction, id).await?;
            if deals > 0 {
                let message = format!(
                    "{deals} deal(s) are in this stage, deleted ones included because they can be restored; name the stage they go to"
                );
                return Err(UserError::of(ErrorCode::StageInUse, "moveDealsToStageId", message).into());
            }
            0
        }
    };
    stage::Entity::delete_many()
        .filter(stage::Column::OrganizationId.eq(services.organization_id()))
        .filter(stage::Column::Id.eq(id))
        .exec(&transaction)
        .await?;
    pipelines::touch(services, &transaction, pipeline).await?;
    transaction.commit().await?;
    Ok(Removed { id, moved })
}

/// Moves every deal of a stage, tombstones too, in one statement, however many they are.
async fn empty(
    services: &Services,
    transaction: &DatabaseTransaction,
    id: Uuid,
    target_id: Uuid,
) -> ServiceResult<u64> {
    let field = "moveDealsToStageId";
    if id == target_id {
        let message = "The deals cannot stay in the stage that is removed; name another";
        return Err(UserError::of(ErrorCode::Invalid, field, message).into());
    }
    let target = stage::Entity::one_of(services.organization_id(), target_id).one(transaction).await?;
    let Some(target) = target else {
        let message = "There is no such stage; choose one that `stages` lists";
        return Err(UserError::of(ErrorCode::NotFound, field, message).into());
    };
    let mut update = deal::Entity::update_many()
        .col_expr(deal::Column::StageId, Expr::value(target_id))
        .col_expr(deal::Column::Version, Expr::col(deal::Column::Version).add(1))
        .col_expr(deal::Column::UpdatedAt, Expr::value(services.clock().now()))
        .filter(deal::Column::OrganizationId.eq(services.organization_id()))
        .filter(deal::Column::StageId.eq(id));
    if target.kind != StageKind::Open {
        let today = deals::today(services, transaction).await?;
        let closed_on = Expr::col(deal::Column::ClosedOn).if_null(today);
        update = update.col_expr(deal::Column::ClosedOn, closed_on);
    }
    Ok(update.exec(transaction).await?.rows_affected)
}

/// The stage that a write names by the field `id`, and its pipeline, both safe from other administrators. Deals that are
/// on their way into the stage are waited for.
async fn find(
    services: &Services,
    transaction: &DatabaseTransaction,
    id: Uuid,
    pipeline_version: Option<i64>,
) -> ServiceResult<(pipeline::Model, stage::Model)> {
    record::in_turn(services, transaction).await?;
    let row = stage::Entity::one_of(services.organization_id(), id)
        .lock(LockType::Update)
        .one(transaction)
        .await?
        .ok_or_else(|| {
            let message = "There is no such stage; choose one that `stages` lists";
            UserError::of(ErrorCode::NotFound, "id", message)
        })?;
    let pipeline = pipelines::find(services, transaction, row.pipeline_id, "id").await?;
    match pipeline_version {
        Some(expected) if expected != pipeline.version => {
            let message = format!(
                "The pipeline is at version {}, not {expected}: somebody changed it or its stages. Read it again and repeat the change",
                pipeline.version
            );
            Err(UserError::of(ErrorCode::VersionConflict, "pipelineVersion", message).into())
        }
        _ => Ok((pipeline, row)),
    }
}

async fn count(services: &Services, db: &impl ConnectionTrait, stage_id: Uuid) -> ServiceResult<u64> {
    let deals = deal::Entity::of(services.organization_id()).filter(deal::Column::StageId.eq(stage_id));
    Ok(deals.count(db).await?)
}

async fn free_name(
    services: &Services,
    db: &impl ConnectionTrait,
    check: &mut Check,
    pipeline_id: Uuid,
    name: &str,
    but: Option<Uuid>,
) -> ServiceResult<()> {
    let mut others = stage::Entity::of(services.organization_id())
        .filter(stage::Column::PipelineId.eq(pipeline_id))
        .filter(stage::Column::NameKey.eq(name_key(name)));
    if let Some(id) = but {
        others = others.filter(stage::Column::Id.ne(id));
    }
    if others.one(db).await?.is_some() {
        let message = "Another stage of this pipeline has this name; choose another";
        check.fault(ErrorCode::NotUnique, "name", message);
    }
    Ok(())
}
