//! Merging customers on the finance side (R119): one of them receives the documents and the link of the others.

use finbridge_contract::{Failure, FailureKind};
use finbridge_domain::SyncModule;
use finbridge_domain::record::{CrmRecordType, RecordKind, Source};
use finbridge_entity::types::{LinkState, Origin};
use finbridge_entity::{Scoped, begin_write, integration, record_link, remote_record, sync_module};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, IntoActiveModel,
    QueryFilter, QuerySelect, Set,
};
use std::collections::HashMap;
use uuid::Uuid;

use super::error::{ErrorCode, ServiceError, ServiceResult, UserError};
use super::link_map::unagreed;
use super::{Services, integration as integrations, remote};

/// Customers that are one.
#[derive(Debug, Clone)]
pub struct MergeCustomers {
    /// The integration to whose organization they belong.
    pub integration_id: Uuid,
    /// The one that stays.
    pub master_id: String,
    /// Those that go up in it.
    pub merged_ids: Vec<String>,
}

/// What came of a merge.
pub struct Merged {
    /// The integration.
    pub integration: integration::Model,
    /// The link of the customer that stays; none where nobody had one.
    pub link: Option<record_link::Model>,
}

/// Merges customers in the finance app, then lets the links follow. May be repeated: what was merged already has nothing left
/// to give. Where the one that stays has no link it takes over the first of the others', and the next run compares the two.
///
/// # Errors
/// `NOT_FOUND` for customers that are not known, `CURRENCY_DIFFERS`, `SYNC_ALREADY_RUNNING`, `SYNC_IN_PROGRESS`,
/// `RECONNECT_NEEDED`, `FINANCE_UNAVAILABLE`; after the last it may have been done, and repeating it is safe.
pub async fn merge(services: &Services, wish: MergeCustomers) -> ServiceResult<Merged> {
    services.viewer.require_administrator()?;
    if wish.merged_ids.contains(&wish.master_id) {
        let message = "A customer cannot be merged into itself; leave it out";
        return Err(UserError::of(ErrorCode::Invalid, "mergedKeys", message).into());
    }
    let db = services.db();
    let integration = integrations::find(services, db, wish.integration_id).await?;
    expect_rest(db, &integration).await?;
    expect_known(db, &integration, &wish).await?;
    expect_unclaimed(db, &integration, &wish).await?;
    let remote = services.engine.remote(db, services.organization_id(), integration.id).await?;
    let Some(adapter) = remote.connector.records(RecordKind::Customer) else {
        let message = "The finance app has no customers; name an integration of one that has";
        return Err(UserError::of(ErrorCode::ModuleNotSupported, "integrationId", message).into());
    };
    // No transaction is held while the finance app thinks about it.
    let merged = adapter.merge(&remote.connection, &wish.master_id, &wish.merged_ids);
    match tokio::time::timeout(remote::PATIENCE, merged).await {
        Ok(Ok(())) => {}
        Ok(Err(failure)) => return Err(refused(&failure)),
        Err(_) => {
            let message = "The finance app did not answer within 5 seconds; send it again, what was done already is not done twice";
            return Err(UserError::whole(ErrorCode::FinanceUnavailable, message).into());
        }
    }
    let transaction = begin_write(db).await?;
    // A run may have begun meanwhile. Sent again once it ended, nothing is left to be done but this.
    expect_rest(&transaction, &integration).await?;
    expect_unclaimed(&transaction, &integration, &wish).await?;
    let link = follow(services, &transaction, &integration, &wish).await?;
    transaction.commit().await?;
    Ok(Merged { integration, link })
}

/// A run under way may have one of them in hand, of whichever app: those of one organization share its customers.
async fn expect_rest(db: &impl ConnectionTrait, integration: &integration::Model) -> ServiceResult<()> {
    let here = integration.organization_id;
    let apps: Vec<Uuid> = integration::Entity::of(here)
        .select_only()
        .column(integration::Column::Id)
        .filter(integration::Column::FinanceOrganizationId.eq(integration.finance_organization_id))
        .into_tuple()
        .all(db)
        .await?;
    // Held, so that none begins before a transaction that asks this has ended.
    let modules = sync_module::Entity::of(here)
        .filter(sync_module::Column::IntegrationId.is_in(apps))
        .filter(sync_module::Column::Module.eq(SyncModule::Customers.as_str()))
        .lock_exclusive()
        .all(db)
        .await?;
    if modules.iter().any(|module| module.active_run_id.is_some()) {
        let message = "A run of customers is queued or running; merge when `syncRuns` shows that it ended";
        return Err(UserError::whole(ErrorCode::SyncAlreadyRunning, message).into());
    }
    Ok(())
}

async fn expect_known(
    db: &impl ConnectionTrait,
    integration: &integration::Model,
    wish: &MergeCustomers,
) -> ServiceResult<()> {
    let ids = wish.merged_ids.iter().chain([&wish.master_id]);
    let known: Vec<String> = mirror(integration)
        .select_only()
        .column(remote_record::Column::RemoteId)
        // No id has U+0000, and PostgreSQL refuses to compare with one.
        .filter(remote_record::Column::RemoteId.is_in(ids.clone().filter(|id| !id.contains('\0'))))
        .into_tuple()
        .all(db)
        .await?;
    let Some(unknown) = ids.into_iter().find(|id| !known.contains(id)) else { return Ok(()) };
    let field = if *unknown == wish.master_id { "masterKey" } else { "mergedKeys" };
    let message = format!(
        "No customer {unknown} is known; is the id right? The finance side is known as it was last read: ask for `syncPlan`, which reads it"
    );
    Err(UserError::of(ErrorCode::NotFound, field, message).into())
}

/// A run that was cut off goes on with what it claimed, and would find another customer there.
async fn expect_unclaimed(
    db: &impl ConnectionTrait,
    integration: &integration::Model,
    wish: &MergeCustomers,
) -> ServiceResult<()> {
    let ids = wish.merged_ids.iter().chain([&wish.master_id]);
    let claimed = record_link::Entity::of(integration.organization_id)
        .filter(record_link::Column::FinanceOrganizationId.eq(integration.finance_organization_id))
        .filter(record_link::Column::Kind.eq(RecordKind::Customer.as_str()))
        .filter(record_link::Column::RemoteId.is_in(ids))
        .filter(record_link::Column::State.eq(LinkState::Claimed))
        .one(db)
        .await?;
    if claimed.is_some() {
        let message = "A sync run was cut off while it linked one of these; start another and merge again when it ended";
        return Err(UserError::whole(ErrorCode::SyncInProgress, message).into());
    }
    Ok(())
}

fn mirror(integration: &integration::Model) -> sea_orm::Select<remote_record::Entity> {
    remote_record::Entity::of(integration.organization_id)
        .filter(remote_record::Column::FinanceOrganizationId.eq(integration.finance_organization_id))
        .filter(remote_record::Column::Kind.eq(RecordKind::Customer.as_str()))
}

fn refused(failure: &Failure) -> ServiceError {
    let (code, field) = match failure.kind {
        FailureKind::CurrencyDiffers => (ErrorCode::CurrencyDiffers, Some("mergedKeys")),
        FailureKind::NotFound => (ErrorCode::NotFound, Some("mergedKeys")),
        FailureKind::Refused | FailureKind::NameTaken => (ErrorCode::Invalid, None),
        FailureKind::Unauthorized => (ErrorCode::ReconnectNeeded, None),
        FailureKind::RateLimited { .. }
        | FailureKind::Unavailable
        | FailureKind::OutcomeUnknown
        | FailureKind::Malformed => (ErrorCode::FinanceUnavailable, None),
        FailureKind::NotSupported => (ErrorCode::SettingNotSupported, Some("integrationId")),
    };
    let message = format!("The customers were not merged, because {failure}");
    match field {
        Some(field) => UserError::of(code, field, message).into(),
        None => UserError::whole(code, message).into(),
    }
}

/// Lets the links follow what was merged: the same rules as on the finance side.
async fn follow(
    services: &Services,
    transaction: &DatabaseTransaction,
    integration: &integration::Model,
    wish: &MergeCustomers,
) -> ServiceResult<Option<record_link::Model>> {
    let ids = wish.merged_ids.iter().chain([&wish.master_id]);
    let links = record_link::Entity::of(integration.organization_id)
        .filter(record_link::Column::FinanceOrganizationId.eq(integration.finance_organization_id))
        .filter(record_link::Column::Kind.eq(RecordKind::Customer.as_str()))
        .filter(record_link::Column::RemoteId.is_in(ids))
        .filter(record_link::Column::State.eq(LinkState::Linked))
        .lock_exclusive()
        .all(transaction)
        .await?;
    let mut links: HashMap<String, record_link::Model> =
        links.into_iter().filter_map(|link| Some((link.remote_id.clone()?, link))).collect();
    let own = links.remove(&wish.master_id);
    let mut others: Vec<_> = wish.merged_ids.iter().filter_map(|id| links.remove(id)).collect();
    let stays = match own {
        Some(own) => Some(own),
        None if others.is_empty() => None,
        None => Some(move_to_master(services, transaction, integration, others.remove(0), wish).await?),
    };
    let now = services.clock().now();
    for link in others {
        // Its finance record sleeps, and the documents are with another: it has no counterpart any more.
        let mut link = link.into_active_model();
        link.state = Set(LinkState::RemoteMissing);
        link.is_remote_dirty = Set(false);
        link.updated_at = Set(now);
        link.update(transaction).await?;
    }
    remote_record::Entity::update_many()
        .col_expr(remote_record::Column::IsActive, Expr::value(false))
        .filter(remote_record::Column::OrganizationId.eq(integration.organization_id))
        .filter(remote_record::Column::FinanceOrganizationId.eq(integration.finance_organization_id))
        .filter(remote_record::Column::Kind.eq(RecordKind::Customer.as_str()))
        .filter(remote_record::Column::RemoteId.is_in(&wish.merged_ids))
        .exec(transaction)
        .await?;
    Ok(stays)
}

/// The link goes over, with what is told of its fields; the two have agreed on nothing yet.
async fn move_to_master(
    services: &Services,
    transaction: &DatabaseTransaction,
    integration: &integration::Model,
    link: record_link::Model,
    wish: &MergeCustomers,
) -> ServiceResult<record_link::Model> {
    let master = mirror(integration)
        .filter(remote_record::Column::RemoteId.eq(&wish.master_id))
        .one(transaction)
        .await?
        .ok_or_else(|| ServiceError::Internal("a customer that went away".into()))?;
    // A link of the one that stays that is not in use any more gives way: only one may name it.
    record_link::Entity::update_many()
        .col_expr(record_link::Column::RemoteId, Expr::value(Option::<String>::None))
        .filter(record_link::Column::OrganizationId.eq(integration.organization_id))
        .filter(record_link::Column::FinanceOrganizationId.eq(integration.finance_organization_id))
        .filter(record_link::Column::Kind.eq(RecordKind::Customer.as_str()))
        .filter(record_link::Column::RemoteId.eq(&wish.master_id))
        .filter(record_link::Column::State.is_not_in([LinkState::Claimed, LinkState::Linked]))
        .exec(transaction)
        .await?;
    let record_type = CrmRecordType::by_name(&link.record_type)
        .ok_or_else(|| ServiceError::Internal("a link of an unknown kind of record".into()))?;
    let source = Source { record_type, kind: RecordKind::Customer };
    let bases = unagreed(services, transaction, integration, source, &master).await?;
    let mut link = link.into_active_model();
    link.remote_id = Set(Some(wish.master_id.clone()));
    // The name is that of the one that stays, which was there before the CRM's record came to it.
    link.name_suffix = Set(None);
    link.origin = Set(Origin::Finance);
    link.crm_base = Set(None);
    link.remote_base = Set(Some(serde_json::to_value(bases)?));
    link.synced_version = Set(record_link::NEVER_WRITTEN);
    link.is_remote_dirty = Set(true);
    link.remote_modified_at = Set(None);
    link.updated_at = Set(services.clock().now());
    Ok(link.update(transaction).await?)
}
