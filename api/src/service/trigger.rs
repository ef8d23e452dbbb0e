//! What deals do to documents: setting it, looking at what came of it, and trying it out.

use finbridge_domain::profile::{EstimateTrigger, InvoiceTrigger};
use finbridge_domain::{CapabilityProfile, DocumentKind};
use finbridge_entity::types::{DealEventKind, IntegrationState, TriggerPoint};
use finbridge_entity::{Scoped, begin_write, deal, deal_document, stage, trigger_log, trigger_setting};
use finbridge_sync::SyncError;
use finbridge_sync::trigger::{self, Assessment};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, IntoActiveModel, PaginatorTrait, QueryFilter,
    Set,
};
use uuid::Uuid;

use super::error::{ErrorCode, ServiceError, ServiceResult, UserError};
use super::page::{Listing, Page, PageArgs, SortKey, SortValue};
use super::permit::{Act, Object};
use super::record::{self, in_turn};
use super::validate::Check;
use super::{Services, integration as integrations, leave};

/// What an integration's deals shall do.
#[derive(Debug, Clone)]
pub struct Wish {
    /// What is triggered.
    pub point: TriggerPoint,
    /// Stages that make an estimate.
    pub create: Vec<Uuid>,
    /// Stages that have it accepted.
    pub accept: Vec<Uuid>,
    /// Stages that have it declined.
    pub invalidate: Vec<Uuid>,
    /// Whether documents count as sent at once.
    pub is_sent: bool,
}

/// Says what an integration's deals do: one thing or nothing (R122).
///
/// # Errors
/// `MODULE_NOT_SUPPORTED` where the profile has no such documents (R123), `SETTING_NOT_SUPPORTED` where it does not trigger them,
/// and stages that are not there or stand for two things.
pub async fn set(
    services: &Services,
    integration_id: Uuid,
    wish: Wish,
) -> ServiceResult<trigger_setting::Model> {
    services.permit(Act::Configure, Object::Integrations)?;
    let transaction = begin_write(services.db()).await?;
    // Two who set it at once would both make a row.
    in_turn(services, &transaction).await?;
    let integration = integrations::find(services, &transaction, integration_id).await?;
    let profile = integrations::profile(&integration)?;
    expect_offered(profile, &wish, integration.is_one_way)?;
    check_stages(services, &transaction, &wish).await?;
    let known = of(&transaction, services.organization_id(), integration_id).await?;
    let version = known.as_ref().map_or(1, |row| row.version + 1);
    let stages = |ids: &[Uuid]| serde_json::to_value(ids);
    let told = trigger_setting::ActiveModel {
        trigger: Set(wish.point),
        create_stages: Set(stages(&wish.create)?),
        accept_stages: Set(stages(&wish.accept)?),
        invalidate_stages: Set(stages(&wish.invalidate)?),
        is_sent: Set(wish.is_sent),
        version: Set(version),
        updated_at: Set(services.clock().now()),
        updated_by_id: Set(Some(services.viewer.user_id)),
        ..Default::default()
    };
    let row = match known {
        Some(known) => {
            let keyed = known.into_active_model();
            trigger_setting::ActiveModel { organization_id: keyed.organization_id, id: keyed.id, ..told }
                .update(&transaction)
                .await?
        }
        None => {
            trigger_setting::ActiveModel {
                organization_id: Set(services.organization_id()),
                id: Set(services.ids().uuid()),
                integration_id: Set(integration_id),
                ..told
            }
            .insert(&transaction)
            .await?
        }
    };
    transaction.commit().await?;
    Ok(row)
}

fn expect_offered(profile: &CapabilityProfile, wish: &Wish, is_one_way: bool) -> ServiceResult<()> {
    let (kind, key, is_offered) = match wish.point {
        TriggerPoint::None => return Ok(()),
        TriggerPoint::Estimate => {
            (DocumentKind::Estimate, "estimateTrigger", profile.estimate_trigger != EstimateTrigger::None)
        }
        TriggerPoint::Invoice => {
            (DocumentKind::Invoice, "invoiceTrigger", profile.invoice_trigger != InvoiceTrigger::None)
        }
    };
    if !profile.documents_of(is_one_way).contains(&kind) {
        let message =
            format!("the profile {} has no {}s that deals could make (documents)", profile.key, kind.noun());
        return Err(UserError::of(ErrorCode::ModuleNotSupported, "point", message).into());
    }
    if !is_offered {
        let message = format!("the profile {} does not offer that trigger ({key})", profile.key);
        return Err(UserError::of(ErrorCode::SettingNotSupported, "point", message).into());
    }
    let takes_stages =
        wish.point == TriggerPoint::Estimate && profile.estimate_trigger == EstimateTrigger::ByStage;
    let has_stages = !(wish.create.is_empty() && wish.accept.is_empty() && wish.invalidate.is_empty());
    match (takes_stages, has_stages) {
        (false, true) => {
            let message = format!(
                "stages are only chosen for estimates by stage (profile {}: {key}); leave them out",
                profile.key
            );
            Err(UserError::of(ErrorCode::SettingNotSupported, "createStageIds", message).into())
        }
        (true, false) => {
            let message = "Choose at least one stage that makes, accepts or declines an estimate";
            Err(UserError::of(ErrorCode::Required, "createStageIds", message).into())
        }
        _ => Ok(()),
    }
}

async fn check_stages(services: &Services, db: &impl ConnectionTrait, wish: &Wish) -> ServiceResult<()> {
    let lists = [
        ("createStageIds", &wish.create),
        ("acceptStageIds", &wish.accept),
        ("invalidateStageIds", &wish.invalidate),
    ];
    let mut check = Check::default();
    let mut seen: Vec<Uuid> = Vec::new();
    for (field, ids) in lists {
        let known = stage::Entity::of(services.organization_id())
            .filter(stage::Column::Id.is_in(ids.iter().copied()))
            .all(db)
            .await?;
        for id in ids {
            if known.iter().all(|stage| stage.id != *id) {
                check.fault(
                    ErrorCode::NotFound,
                    field,
                    "There is no such stage; choose one that `stages` lists",
                );
            }
            if seen.contains(id) {
                check.fault(
                    ErrorCode::Invalid,
                    field,
                    "A stage does one thing; leave it in one of the lists",
                );
            }
            seen.push(*id);
        }
    }
    check.finish()
}

async fn of(
    db: &impl ConnectionTrait,
    organization_id: Uuid,
    integration_id: Uuid,
) -> ServiceResult<Option<trigger_setting::Model>> {
    Ok(trigger_setting::Entity::of(organization_id)
        .filter(trigger_setting::Column::IntegrationId.eq(integration_id))
        .one(db)
        .await?)
}

/// What would happen if this deal came into this stage now. Nothing is written anywhere.
///
/// # Errors
/// `NOT_FOUND` as a mistake of the caller; a finance app that does not answer.
pub async fn simulate(services: &Services, deal_id: Uuid, stage_id: Uuid) -> ServiceResult<Vec<Assessment>> {
    may_look(services)?;
    let deal = record::living::<deal::Entity>(services)
        .filter(deal::Column::Id.eq(deal_id))
        .one(services.db())
        .await?
        .ok_or_else(|| ServiceError::BadInput("There is no such deal; `deals` lists them".to_owned()))?;
    let stage = stage::Entity::one_of(services.organization_id(), stage_id)
        .one(services.db())
        .await?
        .ok_or_else(|| ServiceError::BadInput("There is no such stage; `stages` lists them".to_owned()))?;
    trigger::simulate(&services.engine, &deal, &stage).await.map_err(|error| match error {
        SyncError::Finance(failure) => ServiceError::Unavailable(format!(
            "The finance app could not be asked: {failure}; try again later"
        )),
        other => other.into(),
    })
}

/// Has another document made for a deal whose old one is void, declined or gone (A17.1). What comes of it stands in the trigger log.
///
/// # Errors
/// `NOT_FOUND` where no document was made for the deal; a disabled integration.
pub async fn recreate(
    services: &Services,
    deal_id: Uuid,
    integration_id: Uuid,
) -> ServiceResult<deal::Model> {
    let transaction = begin_write(services.db()).await?;
    let integration = integrations::find(services, &transaction, integration_id).await?;
    if integration.state == IntegrationState::Disabled {
        return Err(leave::inactive());
    }
    let deal = record::living::<deal::Entity>(services)
        .filter(deal::Column::Id.eq(deal_id))
        .one(&transaction)
        .await?;
    let Some(deal) = deal else {
        return Err(UserError::of(
            ErrorCode::NotFound,
            "dealId",
            "There is no such deal; `deals` lists them",
        )
        .into());
    };
    let made = deal_document::Entity::of(services.organization_id())
        .filter(deal_document::Column::DealId.eq(deal_id))
        .filter(deal_document::Column::IntegrationId.eq(integration_id))
        .filter(deal_document::Column::RemoteId.is_not_null())
        .one(&transaction)
        .await?;
    let Some(made) = made else {
        let message = "No document was made for this deal; move it to the stage that makes one";
        return Err(UserError::of(ErrorCode::NotFound, "dealId", message).into());
    };
    if let Some(kind) = DocumentKind::by_name(&made.kind) {
        services.permit(Act::CreateEdit, Object::Transactions(kind))?;
    }
    let (engine, actor) = (&services.engine, Some(services.viewer.user_id));
    trigger::note::note(engine, &transaction, &deal, DealEventKind::Moved, actor, Some(integration_id))
        .await?;
    transaction.commit().await?;
    Ok(deal)
}

/// Lets the viewer see what triggers do: whoever may see the documents that they make.
///
/// # Errors
/// `FORBIDDEN`.
pub fn may_look(services: &Services) -> ServiceResult<()> {
    services.permit(Act::View, Object::Transactions(DocumentKind::Estimate))?;
    services.permit(Act::View, Object::Transactions(DocumentKind::Invoice))
}

/// What happened to a deal is noted, so that triggers look at it.
pub(super) async fn note(
    services: &Services,
    transaction: &sea_orm::DatabaseTransaction,
    deal: &deal::Model,
    event: DealEventKind,
) -> ServiceResult<()> {
    let actor = Some(services.viewer.user_id);
    Ok(trigger::note::note(&services.engine, transaction, deal, event, actor, None).await?)
}

/// The trigger log, newest first.
pub fn newest() -> Listing<trigger_log::Entity> {
    let key = SortKey {
        name: "LOGGED",
        column: trigger_log::Column::Id,
        nullable: false,
        value: |row: &trigger_log::Model| SortValue::Id(row.id),
    };
    Listing { name: "triggerLog", key, descending: true }
}

/// A page of the trigger log.
///
/// # Errors
/// Bad page arguments.
pub async fn page(
    services: &Services,
    condition: Condition,
    args: &PageArgs,
) -> ServiceResult<Page<trigger_log::Model>> {
    may_look(services)?;
    let rows = trigger_log::Entity::of(services.organization_id()).filter(condition);
    newest().window(args)?.read(services.db(), rows).await
}

/// How many rows the trigger log has.
///
/// # Errors
/// The database's.
pub async fn count(services: &Services, condition: Condition) -> ServiceResult<u64> {
    Ok(trigger_log::Entity::of(services.organization_id()).filter(condition).count(services.db()).await?)
}
