//! Which person of a customer is its primary one (X12). The finance side always has one, and takes the first that comes; of
//! several that are made side by side that would be anybody.

use std::collections::{HashMap, HashSet};

use finbridge_domain::record::RecordKind;
use finbridge_entity::types::{ItemAction, Origin};
use finbridge_entity::{Scoped, contact, record_link, sync_run_item};
use sea_orm::{ColumnTrait, QueryFilter, QuerySelect};
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
        let oldest = self.oldest_made([holder.record_id]).await?;
        Ok(oldest.get(&holder.record_id) == Some(&item.record_id))
    }

    /// The same for many persons at once: those who become the primary ones of their customers.
    pub(super) async fn primaries(
        &self,
        customers: &[&record_link::Model],
    ) -> Result<HashSet<Uuid>, SyncError> {
        let (db, remote, organization_id) = (&self.engine.db, self.remote(), self.run.organization_id);
        let mut holders: HashMap<&str, Uuid> = customers
            .iter()
            .filter(|link| link.origin == Origin::Crm)
            .filter_map(|link| Some((link.remote_id.as_deref()?, link.record_id)))
            .collect();
        if holders.is_empty() {
            return Ok(HashSet::new());
        }
        let earlier: Vec<Option<String>> = record_link::Entity::of(organization_id)
            .select_only()
            .column(record_link::Column::RemoteParentId)
            .filter(record_link::Column::FinanceOrganizationId.eq(remote.organization.id))
            .filter(record_link::Column::Kind.eq(RecordKind::ContactPerson.as_str()))
            .filter(record_link::Column::RemoteParentId.is_in(holders.keys().copied()))
            .filter(record_link::Column::CreatedAt.lt(self.run.created_at))
            .into_tuple()
            .all(db)
            .await?;
        for customer in earlier.iter().flatten() {
            holders.remove(customer.as_str());
        }
        Ok(self.oldest_made(holders.into_values()).await?.into_values().collect())
    }

    /// Of the contacts of each account that this run makes persons of, the one that has been there longest.
    async fn oldest_made(
        &self,
        accounts: impl IntoIterator<Item = Uuid>,
    ) -> Result<HashMap<Uuid, Uuid>, SyncError> {
        let (db, organization_id) = (&self.engine.db, self.run.organization_id);
        let contacts: Vec<(Uuid, Option<Uuid>)> = contact::Entity::of(organization_id)
            .select_only()
            .columns([contact::Column::Id, contact::Column::AccountId])
            .filter(contact::Column::AccountId.is_in(accounts))
            .into_tuple()
            .all(db)
            .await?;
        // Asked by contact: the items of a whole run are many.
        let made: Vec<Uuid> = sync_run_item::Entity::of(organization_id)
            .select_only()
            .column(sync_run_item::Column::RecordId)
            .filter(sync_run_item::Column::RecordId.is_in(contacts.iter().map(|(id, _)| *id)))
            .filter(sync_run_item::Column::RunId.eq(self.run.id))
            .filter(sync_run_item::Column::Kind.eq(RecordKind::ContactPerson.as_str()))
            .filter(sync_run_item::Column::Action.eq(ItemAction::Create))
            .into_tuple()
            .all(db)
            .await?;
        let made: HashSet<Uuid> = made.into_iter().collect();
        let mut oldest: HashMap<Uuid, Uuid> = HashMap::new();
        for (person, account) in contacts.into_iter().filter(|(id, _)| made.contains(id)) {
            if let Some(account) = account {
                oldest.entry(account).and_modify(|known| *known = person.min(*known)).or_insert(person);
            }
        }
        Ok(oldest)
    }
}
