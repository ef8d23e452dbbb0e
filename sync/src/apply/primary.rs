//! Which person of a customer is its primary one (X12). The finance side always has one, and takes the first that comes; of
//! several that are made side by side that would be anybody.

use finbridge_domain::record::RecordKind;
use finbridge_entity::types::{ItemAction, Origin};
use finbridge_entity::{Scoped, contact, record_link, sync_run_item};
use sea_orm::sea_query::Query;
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::work::Work;
use crate::error::SyncError;
use crate::link;

impl Work<'_> {
    /// Whether the person that an item makes becomes the primary one of its customer: of those that the first run makes at a
    /// customer which the CRM had first, the one whose contact has been there longest. Afterwards, and at customers that the
    /// finance side had first, it is the finance side's choice.
    pub(super) async fn becomes_primary(
        &self,
        item: &sync_run_item::Model,
        customer: &str,
    ) -> Result<bool, SyncError> {
        let (db, remote, organization_id) = (&self.engine.db, self.remote(), self.run.organization_id);
        let holder = link::of_remote(db, remote, RecordKind::Customer, customer).await?;
        let Some(holder) = holder.filter(|link| link.origin == Origin::Crm) else { return Ok(false) };
        let earlier = record_link::Entity::of(organization_id)
            .filter(record_link::Column::FinanceOrganizationId.eq(remote.organization.id))
            .filter(record_link::Column::Kind.eq(RecordKind::ContactPerson.as_str()))
            .filter(record_link::Column::RemoteParentId.eq(customer))
            .filter(record_link::Column::CreatedAt.lt(self.run.created_at))
            .one(db)
            .await?;
        if earlier.is_some() {
            return Ok(false);
        }
        let mut made = Query::select();
        made.column(sync_run_item::Column::RecordId)
            .from(sync_run_item::Entity)
            .and_where(sync_run_item::Column::OrganizationId.eq(organization_id))
            .and_where(sync_run_item::Column::RunId.eq(self.run.id))
            .and_where(sync_run_item::Column::Kind.eq(RecordKind::ContactPerson.as_str()))
            .and_where(sync_run_item::Column::Action.eq(ItemAction::Create));
        let oldest: Option<Uuid> = contact::Entity::of(organization_id)
            .select_only()
            .column(contact::Column::Id)
            .filter(contact::Column::AccountId.eq(holder.record_id))
            .filter(contact::Column::Id.in_subquery(made.take()))
            .order_by_asc(contact::Column::Id)
            .into_tuple()
            .one(db)
            .await?;
        Ok(oldest == Some(item.record_id))
    }
}
