//! Where the values of a pair come from: noted with the outcome of the item that carried them, so that neither is there
//! without the other.

use std::collections::BTreeMap;

use finbridge_domain::Side;
use finbridge_domain::record::{FieldChange, FieldKey, Values};
use finbridge_entity::types::{LinkState, Origin};
use finbridge_entity::{field_lineage, record_link, sync_run, sync_run_item};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter, Set};
use uuid::Uuid;

use crate::apply;
use crate::engine::Engine;
use crate::error::SyncError;
use crate::link::{self, Completion};

/// A pair whose item is about to be settled, as far as lineage needs it.
pub(crate) struct Carried {
    link_id: Uuid,
    /// What both had already when they met, and who had it first; nothing for pairs that met before.
    met: Option<(Side, Values)>,
}

/// A value and its origin.
struct Source {
    side: Side,
    value: String,
    previous: Option<String>,
}

impl Carried {
    /// Of a link that is completed by this.
    pub(crate) fn by(link: &record_link::Model, completion: &Completion) -> Self {
        let side = match link.origin {
            Origin::Crm => Side::Crm,
            Origin::Finance => Side::Finance,
        };
        let is_first = link.state == LinkState::Claimed || link::is_imported(link);
        let met = is_first.then(|| (side, completion.bases.crm.clone()));
        Self { link_id: link.id, met }
    }

    /// Notes what the item carried over, and in which direction.
    pub(crate) async fn note(
        self,
        engine: &Engine,
        transaction: &DatabaseTransaction,
        run: &sync_run::Model,
        item: &sync_run_item::Model,
    ) -> Result<(), SyncError> {
        let link_id = self.link_id;
        let origins = self.origins(item)?;
        if origins.is_empty() {
            return Ok(());
        }
        let now = engine.clock.now();
        field_lineage::Entity::update_many()
            .col_expr(field_lineage::Column::ReplacedAt, Expr::value(Some(now)))
            .filter(field_lineage::Column::OrganizationId.eq(item.organization_id))
            .filter(field_lineage::Column::LinkId.eq(link_id))
            .filter(field_lineage::Column::Field.is_in(origins.keys().map(FieldKey::as_str)))
            .filter(field_lineage::Column::ReplacedAt.is_null())
            .exec(transaction)
            .await?;
        let rows = rows(engine, run, item, link_id, origins);
        field_lineage::Entity::insert_many(rows).exec_without_returning(transaction).await?;
        Ok(())
    }

    /// The rows of a pair of which nothing was noted before.
    pub(crate) fn first(
        self,
        engine: &Engine,
        run: &sync_run::Model,
        item: &sync_run_item::Model,
    ) -> Result<Vec<field_lineage::ActiveModel>, SyncError> {
        let link_id = self.link_id;
        Ok(rows(engine, run, item, link_id, self.origins(item)?))
    }

    fn origins(self, item: &sync_run_item::Model) -> Result<BTreeMap<FieldKey, Source>, SyncError> {
        let mut origins = BTreeMap::new();
        if let Some((side, values)) = self.met {
            let values = values.into_iter().filter(|(_, value)| !value.is_empty());
            origins.extend(values.map(|(field, value)| (field, Source { side, value, previous: None })));
        }
        add(&mut origins, Side::Crm, apply::changes(item)?);
        add(&mut origins, Side::Finance, apply::crm_changes(item)?);
        Ok(origins)
    }
}

fn rows(
    engine: &Engine,
    run: &sync_run::Model,
    item: &sync_run_item::Model,
    link_id: Uuid,
    origins: BTreeMap<FieldKey, Source>,
) -> Vec<field_lineage::ActiveModel> {
    let now = engine.clock.now();
    let row = |(field, origin): (FieldKey, Source)| field_lineage::ActiveModel {
        organization_id: Set(item.organization_id),
        id: Set(engine.ids.uuid()),
        link_id: Set(link_id),
        field: Set(field.as_str().to_owned()),
        side: Set(origin.side.as_str().to_owned()),
        value: Set(Some(origin.value)),
        previous_value: Set(origin.previous),
        run_id: Set(run.id),
        rule: Set(item.rule.clone()),
        actor_id: Set(run.requested_by_id),
        recorded_at: Set(now),
        replaced_at: Set(None),
    };
    origins.into_iter().map(row).collect()
}

fn add(origins: &mut BTreeMap<FieldKey, Source>, side: Side, changes: Vec<FieldChange>) {
    for FieldChange { field, before, after } in changes {
        let value = after.unwrap_or_default();
        // An empty field of a new record is no value that came from anywhere.
        if before.as_deref().unwrap_or_default() == value {
            continue;
        }
        origins.insert(field, Source { side, value, previous: before });
    }
}

/// Gives what is told of one pair to another that takes its place: as its past, because nothing of it was written there by
/// the other. Called before the first of the two is removed, which would take its lineage with it.
///
/// # Errors
/// The database's.
pub async fn hand_over(
    db: &impl ConnectionTrait,
    organization_id: Uuid,
    from: Uuid,
    to: Uuid,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<(), DbErr> {
    let told = || {
        field_lineage::Entity::update_many()
            .filter(field_lineage::Column::OrganizationId.eq(organization_id))
            .filter(field_lineage::Column::LinkId.eq(from))
    };
    told()
        .col_expr(field_lineage::Column::ReplacedAt, Expr::value(Some(now)))
        .filter(field_lineage::Column::ReplacedAt.is_null())
        .exec(db)
        .await?;
    told().col_expr(field_lineage::Column::LinkId, Expr::value(to)).exec(db).await?;
    Ok(())
}
