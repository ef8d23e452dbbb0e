//! Whether two products may have the same name: a setting of the organization, which matching items by SKU needs (R089).
//!
//! While names are unique, whoever names a product waits for the organization's turn, so that two of one name cannot be
//! written at once. While they are not, writers share a lock that turning it on has to wait for.

use finbridge_domain::{ItemMatchKey, SyncModule};
use finbridge_entity::{begin_write, organization, product, sync_module};
use sea_orm::sea_query::{ExprTrait, LockType};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder, QuerySelect, Set,
};
use uuid::Uuid;

use super::error::{ErrorCode, ServiceError, ServiceResult, UserError};
use super::record::{in_turn, living};
use super::validate::Check;
use super::{Services, integration};

/// Names that are shown when several products share theirs.
const SHOWN: u64 = 5;

/// What holds for names of products until the transaction ends.
pub(super) struct Names {
    is_unique: bool,
}

/// Begins to name a product: a transaction that holds nothing but what keeps names as they are.
///
/// # Errors
/// The database's.
pub(super) async fn begin(services: &Services) -> ServiceResult<(DatabaseTransaction, Names)> {
    let here = services.organization_id();
    loop {
        let transaction = begin_write(services.db()).await?;
        let organization = organization::Entity::find_by_id(here).one(&transaction).await?;
        if organization.is_some_and(|organization| organization.is_product_name_unique) {
            in_turn(services, &transaction).await?;
            return Ok((transaction, Names { is_unique: true }));
        }
        if !are_unique(&transaction, here).await? {
            return Ok((transaction, Names { is_unique: false }));
        }
        // Somebody turned it on between the two looks. A turn cannot be taken with the shared lock in hand: two who tried
        // would wait for each other.
        transaction.rollback().await?;
    }
}

impl Names {
    /// Notes a fault when another living product has the name. `but` is the product itself.
    ///
    /// # Errors
    /// The database's.
    pub(super) async fn free(
        &self,
        services: &Services,
        transaction: &DatabaseTransaction,
        check: &mut Check,
        field: &str,
        key: &str,
        but: Uuid,
    ) -> ServiceResult<()> {
        if !self.is_unique {
            return Ok(());
        }
        let other = living::<product::Entity>(services)
            .filter(product::Column::NameKey.eq(key))
            .filter(product::Column::Id.ne(but))
            .one(transaction)
            .await?;
        if let Some(other) = other {
            let message = format!(
                "There is a product `{}` already, and names of products are unique here; choose another name",
                other.name
            );
            check.fault(ErrorCode::NotUnique, field, message);
        }
        Ok(())
    }
}

/// Whether names of products are unique, which stays so until the transaction ends.
///
/// # Errors
/// The database's.
pub(crate) async fn are_unique(
    transaction: &DatabaseTransaction,
    organization_id: Uuid,
) -> Result<bool, DbErr> {
    let organization = organization::Entity::find_by_id(organization_id);
    let organization = organization.lock(LockType::Share).one(transaction).await?;
    Ok(organization.is_some_and(|organization| organization.is_product_name_unique))
}

/// Makes names of products unique, or lets products share them.
///
/// # Errors
/// `NOT_UNIQUE` while products share a name; `PRODUCT_NAME_NOT_UNIQUE` while items are matched by SKU; `FORBIDDEN` for
/// anybody but administrators.
pub async fn set_unique(services: &Services, is_unique: bool) -> ServiceResult<organization::Model> {
    services.viewer.require_administrator()?;
    let transaction = begin_write(services.db()).await?;
    in_turn(services, &transaction).await?;
    let organization = organization::Entity::find_by_id(services.organization_id()).one(&transaction).await?;
    let organization = organization.ok_or_else(|| {
        ServiceError::BadInput("The organization of this token no longer exists".to_owned())
    })?;
    match is_unique {
        true => expect_distinct(services, &transaction).await?,
        false => expect_unneeded(services, &transaction).await?,
    }
    let mut row = organization.into_active_model();
    row.is_product_name_unique = Set(is_unique);
    let organization = row.update(&transaction).await?;
    transaction.commit().await?;
    Ok(organization)
}

async fn expect_distinct(services: &Services, transaction: &DatabaseTransaction) -> ServiceResult<()> {
    let shared: Vec<String> = living::<product::Entity>(services)
        .select_only()
        .column_as(product::Column::Name.min(), "name")
        .group_by(product::Column::NameKey)
        .having(product::Column::Id.count().gt(1))
        .order_by_asc(product::Column::NameKey)
        .limit(SHOWN)
        .into_tuple()
        .all(transaction)
        .await?;
    if shared.is_empty() {
        return Ok(());
    }
    let message = format!(
        "Several products share a name: {}, and perhaps more. Rename them, or merge them with `productMerge`, first",
        shared.join(", ")
    );
    Err(UserError::of(ErrorCode::NotUnique, "isUnique", message).into())
}

async fn expect_unneeded(services: &Services, transaction: &DatabaseTransaction) -> ServiceResult<()> {
    let items = sync_module::Column::Module.eq(SyncModule::Items.as_str());
    let modules = integration::configured(transaction, services.organization_id(), items).await?;
    if modules.iter().all(|(_, settings)| settings.item_match_key != ItemMatchKey::Sku) {
        return Ok(());
    }
    let message = "Items are matched by SKU, which takes unique names of products; choose the match key NAME with `syncModuleConfigure` first";
    Err(UserError::of(ErrorCode::ProductNameNotUnique, "isUnique", message).into())
}
