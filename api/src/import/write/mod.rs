//! Writing records: what all kinds have in common. What is particular to a kind is in the file of its name.

mod account;
mod contact;
mod deal;
mod product;
mod stage;
mod user;
mod vendor;

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use finbridge_domain::Ids;
use finbridge_entity::types::{self, Address};
use finbridge_entity::{Scoped, account as account_table, contact as contact_table, deal as deal_table};
use finbridge_entity::{product as product_table, record_word, vendor as vendor_table};
use sea_orm::{
    ActiveModelBehavior, ActiveModelTrait, ActiveValue, ColumnTrait, DatabaseTransaction, DbErr, EntityTrait,
    IntoActiveModel, Iterable, QueryFilter, QuerySelect, Set,
};
use uuid::Uuid;

use super::fields::RecordType;
use super::note::Reason;
use super::row::Row;
use super::value::Value;
use crate::service::search;

pub(super) use stage::write as write_stages;

/// Parameters per statement; SQLite takes 32,766 and PostgreSQL 65,535.
const PARAMETERS: usize = 30_000;

/// What every write needs.
pub(super) struct Context<'a> {
    pub tx: &'a DatabaseTransaction,
    pub ids: &'a Ids,
    pub organization_id: Uuid,
    pub now: DateTime<Utc>,
    pub fires_triggers: bool,
}

/// What came of bringing a record up to date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Updated {
    /// Done.
    Written,
    /// Done but for one field, which stays as it is.
    Kept { field: &'static str, reason: Reason },
    /// Not done.
    Refused(Reason),
}

/// Makes the records and returns their ids, row by row.
pub(super) async fn create(
    context: &Context<'_>,
    record: RecordType,
    rows: &[&Row<'_>],
) -> Result<Vec<Uuid>, DbErr> {
    match record {
        RecordType::Stage => Ok(Vec::new()),
        RecordType::User => user::create(context, rows).await,
        RecordType::Account => create_all::<account_table::Entity>(context, rows).await,
        RecordType::Contact => create_all::<contact_table::Entity>(context, rows).await,
        RecordType::Vendor => create_all::<vendor_table::Entity>(context, rows).await,
        RecordType::Product => create_all::<product_table::Entity>(context, rows).await,
        RecordType::Deal => {
            let ids = create_all::<deal_table::Entity>(context, rows).await?;
            let deals: Vec<_> = ids.iter().copied().zip(rows.iter().copied()).collect();
            deal::insert_lines(context, &deals).await?;
            deal::note_made(context, &deals).await?;
            Ok(ids)
        }
    }
}

/// Brings the records up to date and says what came of it, row by row.
pub(super) async fn update(
    context: &Context<'_>,
    record: RecordType,
    rows: &[(Uuid, &Row<'_>)],
) -> Result<Vec<Updated>, DbErr> {
    match record {
        RecordType::Stage => Ok(Vec::new()),
        RecordType::User => user::update(context, rows).await,
        RecordType::Account => update_all::<account_table::Entity>(context, rows).await,
        RecordType::Contact => update_all::<contact_table::Entity>(context, rows).await,
        RecordType::Vendor => update_all::<vendor_table::Entity>(context, rows).await,
        RecordType::Product => {
            let outcomes = update_all::<product_table::Entity>(context, rows).await?;
            product::one_price_per_currency(context, rows).await?;
            Ok(outcomes)
        }
        RecordType::Deal => {
            let before = deal::stages(context, rows).await?;
            let outcomes = update_all::<deal_table::Entity>(context, rows).await?;
            let written = outcomes.iter().zip(rows).filter(|(outcome, _)| **outcome == Updated::Written);
            let deals: Vec<_> = written.map(|(_, deal)| *deal).collect();
            deal::replace_lines(context, &deals).await?;
            deal::note_moved(context, &deals, &before).await?;
            Ok(outcomes)
        }
    }
}

/// A kind of record that is one row of one table, with version and tombstone.
trait Record: Scoped {
    /// The table's row in the making.
    type Active: ActiveModelTrait<Entity = Self> + ActiveModelBehavior + Send;

    /// Which kind of record it is.
    const TYPE: types::RecordType;

    /// A new record without its mapped fields.
    fn draft(context: &Context<'_>, id: Uuid) -> Self::Active;

    /// An existing record, to be changed now; none if it was deleted.
    fn edit(context: &Context<'_>, model: Self::Model) -> Option<Self::Active>;

    /// The id of an existing record.
    fn id(model: &Self::Model) -> Uuid;

    /// Sets the mapped fields, and only these.
    fn fill(active: &mut Self::Active, row: &Row<'_>);

    /// The name as it is compared, where it was just set.
    fn new_name_key(active: &Self::Active) -> Option<&str>;
}

/// Implements all of [`Record`] but `fill`, which each kind has in its own file as `fill`.
macro_rules! record {
    ($module:ident, $kind:ident, $fill:path, { $($field:ident: $value:expr),* }) => {
        impl Record for $module::Entity {
            type Active = $module::ActiveModel;

            const TYPE: types::RecordType = types::RecordType::$kind;

            fn draft(context: &Context<'_>, id: Uuid) -> Self::Active {
                $module::ActiveModel {
                    organization_id: Set(context.organization_id),
                    id: Set(id),
                    wire_id: Set(context.ids.wire_id().0),
                    version: Set(1),
                    created_at: Set(context.now),
                    updated_at: Set(context.now),
                    $($field: Set($value),)*
                    ..Default::default()
                }
            }

            fn edit(context: &Context<'_>, model: Self::Model) -> Option<Self::Active> {
                if model.deleted_at.is_some() {
                    return None;
                }
                let version = model.version;
                let mut active: Self::Active = model.into_active_model();
                active.version = Set(version + 1);
                active.updated_at = Set(context.now);
                Some(active)
            }

            fn id(model: &Self::Model) -> Uuid {
                model.id
            }

            fn fill(active: &mut Self::Active, row: &Row<'_>) {
                $fill(active, row);
            }

            fn new_name_key(active: &Self::Active) -> Option<&str> {
                match &active.name_key {
                    ActiveValue::Set(name_key) => Some(name_key),
                    _ => None,
                }
            }
        }
    };
}

record!(account_table, Account, account::fill, {});
record!(contact_table, Contact, contact::fill, {});
record!(vendor_table, Vendor, vendor::fill, {});
record!(product_table, Product, product::fill, { is_active: true });
record!(deal_table, Deal, deal::fill, {});

async fn create_all<E: Record>(context: &Context<'_>, rows: &[&Row<'_>]) -> Result<Vec<Uuid>, DbErr>
where
    E::Model: IntoActiveModel<E::Active>,
{
    let mut ids = Vec::with_capacity(rows.len());
    let mut drafts = Vec::with_capacity(rows.len());
    let mut words = Vec::new();
    for row in rows {
        let id = context.ids.uuid();
        let mut draft = E::draft(context, id);
        E::fill(&mut draft, row);
        words.extend(words_of::<E>(context, id, &draft));
        drafts.push(draft);
        ids.push(id);
    }
    insert(context, drafts).await?;
    insert(context, words).await?;
    Ok(ids)
}

async fn update_all<E: Record>(
    context: &Context<'_>,
    rows: &[(Uuid, &Row<'_>)],
) -> Result<Vec<Updated>, DbErr>
where
    E::Model: IntoActiveModel<E::Active>,
{
    let wanted = rows.iter().map(|(id, _)| *id);
    let models = E::of(context.organization_id)
        .filter(E::id_column().is_in(wanted))
        // Whoever edits one of these now waits until the import has written it.
        .lock_exclusive()
        .all(context.tx)
        .await?;
    let mut models: HashMap<Uuid, E::Model> =
        models.into_iter().map(|model| (E::id(&model), model)).collect();
    let mut outcomes = Vec::with_capacity(rows.len());
    let (mut named, mut words) = (Vec::new(), Vec::new());
    for (id, row) in rows {
        let Some(mut active) = models.remove(id).and_then(|model| E::edit(context, model)) else {
            outcomes.push(Updated::Refused(Reason::Deleted));
            continue;
        };
        E::fill(&mut active, row);
        if E::new_name_key(&active).is_some() {
            named.push(*id);
            words.extend(words_of::<E>(context, *id, &active));
        }
        active.update(context.tx).await?;
        outcomes.push(Updated::Written);
    }
    if !named.is_empty() {
        record_word::Entity::delete_many()
            .filter(record_word::Column::OrganizationId.eq(context.organization_id))
            .filter(record_word::Column::RecordId.is_in(named))
            .exec(context.tx)
            .await?;
        insert(context, words).await?;
    }
    Ok(outcomes)
}

/// The words by which a record is found, where its name was just set.
fn words_of<E: Record>(context: &Context<'_>, id: Uuid, active: &E::Active) -> Vec<record_word::ActiveModel> {
    let name_key = E::new_name_key(active);
    name_key.map(|name_key| search::rows(context.organization_id, E::TYPE, id, name_key)).unwrap_or_default()
}

/// Inserts rows in as few statements as the number of parameters allows.
pub(super) async fn insert<A>(context: &Context<'_>, mut rows: Vec<A>) -> Result<(), DbErr>
where
    A: ActiveModelTrait + Send,
{
    let columns = <A::Entity as EntityTrait>::Column::iter().count().max(1);
    let most = (PARAMETERS / columns).max(1);
    while !rows.is_empty() {
        let rest = rows.split_off(rows.len().min(most));
        A::Entity::insert_many(rows).exec_without_returning(context.tx).await?;
        rows = rest;
    }
    Ok(())
}

/// Sets a column if the mapping fills its field.
fn set<T: Into<sea_orm::Value>>(
    column: &mut ActiveValue<T>,
    row: &Row<'_>,
    field: &str,
    read: impl FnOnce(&Value) -> T,
) {
    if let Some(value) = row.value(field) {
        *column = Set(read(value));
    }
}

/// An address with the mapped parts set and the others as they were; none if no part is mapped.
fn address(
    current: &ActiveValue<Option<Address>>,
    row: &Row<'_>,
    prefix: &str,
) -> Option<ActiveValue<Option<Address>>> {
    let mut address = match current {
        ActiveValue::Set(Some(address)) | ActiveValue::Unchanged(Some(address)) => address.clone(),
        _ => Address::default(),
    };
    let mut mapped = false;
    for (part, slot) in [
        ("street", &mut address.street),
        ("city", &mut address.city),
        ("state", &mut address.state),
        ("postal_code", &mut address.postal_code),
        ("country", &mut address.country),
    ] {
        if let Some(value) = row.value(&format!("{prefix}_{part}")) {
            *slot = value.text();
            mapped = true;
        }
    }
    mapped.then(|| Set((address != Address::default()).then_some(address)))
}
