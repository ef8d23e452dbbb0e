//! What writes of CRM records have in common: a draft or an edit is begun, filled in by the service of its kind, and
//! written in one transaction with its tags, custom fields and search words.

use std::future::Future;

use async_graphql::MaybeUndefined;
use finbridge_domain::NodeId;
use finbridge_entity::types::{DealEventKind, RecordType};
use finbridge_entity::{Scoped, begin_write, deal, layout as layout_table};
use sea_orm::{ActiveModelTrait, DatabaseTransaction, IntoActiveModel, Set};
use uuid::Uuid;

use super::{Extent, Record, expect_version, find, hold, made, node_kind, owner};
use crate::service::custom_field::value::{self, CustomInput};
use crate::service::error::{ServiceResult, UserError};
use crate::service::idempotency::{self, Claim, Idempotency};
use crate::service::validate::{Check, change};
use crate::service::{Services, layout, link, product_name, search, tag, trigger};

/// What every create may say.
#[derive(Debug, Clone, Default)]
pub struct CommonNew {
    /// The id that it shall have, for whoever noted it down before; a new one when absent.
    pub id: Option<Uuid>,
    /// Who looks after it; the viewer when absent.
    pub owner_id: Option<Uuid>,
    /// Its layout; the standard one when absent.
    pub layout_id: Option<Uuid>,
    /// Names of its tags.
    pub tags: Vec<String>,
    /// What it holds in custom fields.
    pub custom_fields: Vec<CustomInput>,
    /// The key under which the create may be repeated.
    pub idempotency: Option<Idempotency>,
}

/// What every update may say: absent fields stay, null clears.
#[derive(Debug, Clone, Default)]
pub struct CommonChange {
    /// The version the change is based on; a newer one in the database refuses it.
    pub version: Option<i64>,
    /// Who looks after it.
    pub owner_id: MaybeUndefined<Uuid>,
    /// Its layout; null gives it the standard one.
    pub layout_id: MaybeUndefined<Uuid>,
    /// Names of its tags; they replace those it has.
    pub tags: MaybeUndefined<Vec<String>>,
    /// What it holds in custom fields; those that are not named stay.
    pub custom_fields: Vec<CustomInput>,
}

/// A record in the making.
pub struct Draft<E: Record> {
    /// What it is made in.
    pub transaction: DatabaseTransaction,
    /// The faults found so far.
    pub check: Check,
    /// The row, to be filled in.
    pub row: E::Active,
    /// Its id.
    pub id: Uuid,
    common: CommonNew,
    claim: Option<Claim>,
}

/// Makes a record under the key of its create; a repeat gets what was made.
///
/// # Errors
/// `IDEMPOTENCY_KEY_REUSED`, `IDEMPOTENCY_IN_PROGRESS`, and why it was not made.
pub async fn once<E: Record, M>(
    services: &Services,
    key: Option<Idempotency>,
    make: impl FnOnce(Option<Claim>) -> M,
) -> ServiceResult<E::Model>
where
    M: Future<Output = ServiceResult<E::Model>>,
{
    idempotency::once(services, key.as_ref(), |id| made::<E>(services, id), make).await
}

/// Begins to make a record.
///
/// # Errors
/// The database's.
pub async fn draft<E: Record>(
    services: &Services,
    common: CommonNew,
    claim: Option<Claim>,
) -> ServiceResult<Draft<E>> {
    draft_in(services, begin_write(services.db()).await?, common, claim).await
}

/// Begins to make a record in a transaction that holds nothing yet, unless its turn.
///
/// # Errors
/// The database's.
pub async fn draft_in<E: Record>(
    services: &Services,
    transaction: DatabaseTransaction,
    common: CommonNew,
    claim: Option<Claim>,
) -> ServiceResult<Draft<E>> {
    hold::<layout_table::Entity>(services, &transaction, common.layout_id).await?;
    let id = common.id.unwrap_or_else(|| services.ids().uuid());
    let row = E::draft(services, id);
    Ok(Draft { transaction, check: Check::default(), row, id, common, claim })
}

impl<E: Record> Draft<E>
where
    E::Model: IntoActiveModel<E::Active>,
{
    /// Writes the record with all that belongs to it; `after` is what else belongs to it, in the same transaction.
    ///
    /// # Errors
    /// The faults found, by the one who filled it in too.
    pub async fn insert(mut self, services: &Services) -> ServiceResult<Inserted<E>> {
        let transaction = &self.transaction;
        owner(services, transaction, &mut self.check, self.common.owner_id).await?;
        layout::refer(services, transaction, &mut self.check, E::TYPE, self.common.layout_id).await?;
        let tags = tag::named(&mut self.check, &self.common.tags);
        let custom = value::prepare_new(
            services,
            transaction,
            &mut self.check,
            E::TYPE,
            self.common.layout_id,
            &self.common.custom_fields,
        )
        .await?;
        if let Err(faults) = self.check.finish() {
            self.transaction.rollback().await?;
            return Err(faults);
        }
        let slots = E::slots(&mut self.row);
        *slots.owner_id = Set(Some(self.common.owner_id.unwrap_or(services.viewer.user_id)));
        *slots.layout_id = Set(self.common.layout_id);
        let model = self.row.insert(&self.transaction).await?;
        value::write(services, &self.transaction, self.id, custom).await?;
        tag::replace(services, &self.transaction, E::TYPE, self.id, tags).await?;
        search::index(services, &self.transaction, E::TYPE, self.id, E::name_key(&model)).await?;
        idempotency::complete(services, &self.transaction, self.claim, self.id).await?;
        Ok(Inserted { transaction: self.transaction, model })
    }
}

/// A record that was written and is not yet committed.
pub struct Inserted<E: Record> {
    /// What it was written in: whatever else belongs to it is written in the same.
    pub transaction: DatabaseTransaction,
    model: E::Model,
}

impl<E: Record> Inserted<E> {
    /// Makes it last.
    ///
    /// # Errors
    /// The database's.
    pub async fn commit(self) -> ServiceResult<E::Model> {
        self.transaction.commit().await?;
        Ok(self.model)
    }

    /// The record and what it was written in.
    pub fn into_parts(self) -> (DatabaseTransaction, E::Model) {
        (self.transaction, self.model)
    }
}

/// A record being changed.
pub struct Edit<E: Record> {
    /// What it is changed in.
    pub transaction: DatabaseTransaction,
    /// The faults found so far.
    pub check: Check,
    /// The row as it was.
    pub before: E::Model,
    /// The row, to be changed.
    pub row: E::Active,
    common: CommonChange,
}

/// Begins to change a record.
///
/// # Errors
/// `NOT_FOUND`, `VERSION_CONFLICT`.
pub async fn edit<E: Record>(services: &Services, id: Uuid, common: CommonChange) -> ServiceResult<Edit<E>>
where
    E::Model: Clone,
{
    let transaction = begin_write(services.db()).await?;
    hold_layout(services, &transaction, &common).await?;
    edit_in(services, transaction, id, common).await
}

/// Keeps the layout that a change gives its record as it is until the transaction ends. It is locked before any record, the
/// record itself and those that it refers to: whoever removes a layout locks it first and then the records that have it.
///
/// # Errors
/// The database's.
pub async fn hold_layout(
    services: &Services,
    transaction: &DatabaseTransaction,
    common: &CommonChange,
) -> ServiceResult<()> {
    hold::<layout_table::Entity>(services, transaction, common.layout_id.value().copied()).await
}

/// Begins to change a record in a transaction that holds already what the change refers to, its layout included.
///
/// # Errors
/// `NOT_FOUND`, `VERSION_CONFLICT`.
pub async fn edit_in<E: Record>(
    services: &Services,
    transaction: DatabaseTransaction,
    id: Uuid,
    common: CommonChange,
) -> ServiceResult<Edit<E>>
where
    E::Model: Clone,
{
    let before = find::<E>(services, &transaction, Extent::Living, id).await?;
    expect_version(common.version, E::common(&before).version)?;
    let row = E::active(before.clone());
    Ok(Edit { transaction, check: Check::default(), before, row, common })
}

impl<E: Record> Edit<E>
where
    E::Model: IntoActiveModel<E::Active>,
{
    /// Gives the record tags of these names and no others.
    pub fn tag(&mut self, names: Vec<String>) {
        self.common.tags = MaybeUndefined::Value(names);
    }

    /// Writes the change with all that belongs to the record.
    ///
    /// # Errors
    /// The faults found, by the one who changed it too.
    pub async fn save(mut self, services: &Services) -> ServiceResult<Inserted<E>> {
        let before = E::common(&self.before);
        let (transaction, check) = (&self.transaction, &mut self.check);
        let slots = E::slots(&mut self.row);
        *slots.owner_id = change(&self.common.owner_id, |owner| Some(*owner));
        *slots.layout_id = change(&self.common.layout_id, |layout| Some(*layout));
        owner(services, transaction, check, self.common.owner_id.take()).await?;
        let layout_id = match &self.common.layout_id {
            MaybeUndefined::Undefined => before.layout_id,
            MaybeUndefined::Null => None,
            MaybeUndefined::Value(layout) => Some(*layout),
        };
        // Only what the change gives is looked for: what the record has already is none of the caller's doing.
        layout::refer(services, transaction, check, E::TYPE, self.common.layout_id.value().copied()).await?;
        let tags = match &self.common.tags {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some(tag::Names::new()),
            MaybeUndefined::Value(names) => Some(tag::named(check, names)),
        };
        let inputs = &self.common.custom_fields;
        let custom =
            value::prepare_change(services, transaction, check, E::TYPE, before.id, layout_id, inputs)
                .await?;
        self.check.finish()?;
        *slots.version = Set(before.version + 1);
        *slots.updated_at = Set(services.clock().now());
        let model = self.row.update(&self.transaction).await?;
        value::write(services, &self.transaction, before.id, custom).await?;
        if let Some(tags) = tags {
            tag::replace(services, &self.transaction, E::TYPE, before.id, tags).await?;
        }
        if E::name_key(&self.before) != E::name_key(&model) {
            search::index(services, &self.transaction, E::TYPE, before.id, E::name_key(&model)).await?;
        }
        Ok(Inserted { transaction: self.transaction, model })
    }
}

/// Deletes a record: it becomes a tombstone, which can be restored. What it held in unique fields is free again.
///
/// # Errors
/// `NOT_FOUND`, `VERSION_CONFLICT`.
pub async fn delete<E: Record>(services: &Services, id: Uuid, version: Option<i64>) -> ServiceResult<E::Model>
where
    E::Model: IntoActiveModel<E::Active>,
{
    remove::<E>(services, id, version).await?.commit().await
}

/// Makes a record a tombstone and leaves the transaction to whoever has more to write in it.
///
/// # Errors
/// `NOT_FOUND`, `VERSION_CONFLICT`.
pub async fn remove<E: Record>(
    services: &Services,
    id: Uuid,
    version: Option<i64>,
) -> ServiceResult<Inserted<E>>
where
    E::Model: IntoActiveModel<E::Active>,
{
    let transaction = begin_write(services.db()).await?;
    let before = find::<E>(services, &transaction, Extent::Living, id).await?;
    expect_version(version, E::common(&before).version)?;
    let model = bury::<E>(services, &transaction, before, None).await?;
    Ok(Inserted { transaction, model })
}

/// Makes a record a tombstone.
///
/// # Errors
/// The database's.
pub async fn bury<E: Record>(
    services: &Services,
    transaction: &DatabaseTransaction,
    before: E::Model,
    merged_into: Option<Uuid>,
) -> ServiceResult<E::Model>
where
    E::Model: IntoActiveModel<E::Active>,
{
    let common = E::common(&before);
    let now = services.clock().now();
    let mut row = E::active(before);
    let slots = E::slots(&mut row);
    *slots.deleted_at = Set(Some(now));
    *slots.merged_into_id = Set(merged_into);
    *slots.updated_at = Set(now);
    *slots.version = Set(common.version + 1);
    let model = row.update(transaction).await?;
    value::release(services, transaction, common.id).await?;
    search::forget(services, transaction, common.id).await?;
    if E::TYPE == RecordType::Deal
        && let Some(deal) = deal::Entity::one_of(services.organization_id(), common.id).one(transaction).await?
    {
        trigger::note(services, transaction, &deal, DealEventKind::Deleted).await?;
    }
    Ok(model)
}

/// Brings a deleted record back, with everything that it had.
///
/// # Errors
/// `NOT_FOUND`, and `NOT_UNIQUE` when another record holds by now what this one held in a unique field, the name of a product
/// included where names are unique.
pub async fn restore<E: Record>(services: &Services, id: Uuid) -> ServiceResult<E::Model>
where
    E::Model: IntoActiveModel<E::Active>,
{
    bring_back::<E>(services, id).await?.commit().await
}

/// Brings a deleted record back and leaves the transaction to whoever has more to write in it.
///
/// # Errors
/// `NOT_FOUND`, `MERGED`, `NOT_UNIQUE`.
pub async fn bring_back<E: Record>(services: &Services, id: Uuid) -> ServiceResult<Inserted<E>>
where
    E::Model: IntoActiveModel<E::Active>,
{
    let (transaction, names) = match E::TYPE {
        RecordType::Product => {
            let (transaction, names) = product_name::begin(services).await?;
            (transaction, Some(names))
        }
        RecordType::Account | RecordType::Contact | RecordType::Vendor | RecordType::Deal => {
            (begin_write(services.db()).await?, None)
        }
    };
    let before = find::<E>(services, &transaction, Extent::Deleted, id).await?;
    let common = E::common(&before);
    if let Some(into) = common.merged_into_id {
        let message = format!(
            "This {} was merged into {}; what it had is there now, so it stays deleted",
            E::NAME,
            NodeId::new(node_kind(E::TYPE), into)
        );
        return Err(UserError::of(crate::service::ErrorCode::Merged, "id", message).into());
    }
    if let Some(names) = names {
        let mut check = Check::default();
        names.free(services, &transaction, &mut check, "id", E::name_key(&before), id).await?;
        check.finish()?;
    }
    value::reclaim(services, &transaction, id).await?;
    link::revive(services, &transaction, id).await?;
    let mut row = E::active(before);
    let slots = E::slots(&mut row);
    *slots.deleted_at = Set(None);
    *slots.updated_at = Set(services.clock().now());
    *slots.version = Set(common.version + 1);
    let model = row.update(&transaction).await?;
    search::index(services, &transaction, E::TYPE, id, E::name_key(&model)).await?;
    Ok(Inserted { transaction, model })
}
