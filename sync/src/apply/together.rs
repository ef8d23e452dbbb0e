//! Making many finance records side by side, where nothing stands in the way: what is known of them is read, and what is
//! claimed and came of it written, for many with one statement. Whatever is particular about an item is left to the way that
//! looks at each by itself.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use finbridge_contract::{CrmReference, RemoteRecord};
use finbridge_domain::record::finance::check_options;
use finbridge_domain::record::{FieldKey, RecordKind, Values};
use finbridge_entity::types::{ItemAction, ItemOutcome, ItemState, LinkState, Origin};
use finbridge_entity::{Scoped, begin_write, field_lineage, record_link, sync_run_item};
use sea_orm::{ActiveEnum, ColumnTrait, EntityTrait, QueryFilter, QuerySelect, Value};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};
use uuid::Uuid;

use super::settle::Settled;
use super::work::{Work, extended, wanted};
use crate::error::SyncError;
use crate::lineage::Carried;
use crate::link::{self, Completion, Wish};
use crate::merge::Bases;
use crate::records::SourceRecord;
use crate::{bulk, merged, progress, pull, records};

/// Outcomes that are noted with one transaction at most: all of a batch that come in time.
pub(super) const GROUP: usize = 100;

/// How long an outcome waits for others to be noted with. Groups are full then, which also have the same few statements again and
/// again; the last of a batch does not wait. What is not noted when a process dies is looked for, and not made again.
const LINGER: Duration = Duration::from_millis(100);

/// Rows of lineage that go with one statement: SQLite takes 32,766 values.
const LINEAGE_ROWS: usize = 1000;

/// What is worked on at the same time.
pub(super) enum Piece {
    /// One of many that only have to be made.
    Begun(Box<Begun>),
    /// An item by itself.
    Single(Box<sync_run_item::Model>),
}

/// An item whose CRM record is claimed and of which nothing was asked yet.
pub(super) struct Begun {
    item: sync_run_item::Model,
    pub(super) link: record_link::Model,
    reference: CrmReference,
    parent_id: Option<String>,
    is_primary: bool,
    values: Values,
}

/// An item whose finance record was made and read back.
pub(super) struct Made {
    item: sync_run_item::Model,
    link: record_link::Model,
    completion: Completion,
}

impl Work<'_> {
    /// Claims those of a stage's items that only have to be made. The rest is handed back.
    pub(super) async fn begin(
        &self,
        items: Vec<sync_run_item::Model>,
    ) -> Result<(Vec<Begun>, Vec<sync_run_item::Model>), SyncError> {
        // What somebody looked at before is compared record by record.
        let is_plain = |item: &sync_run_item::Model| {
            item.action == ItemAction::Create && item.attempts == 0 && self.run.plan_hash.is_none()
        };
        let (plain, mut rest): (Vec<_>, Vec<_>) = items.into_iter().partition(is_plain);
        let Some(first) = plain.first() else { return Ok((Vec::new(), rest)) };
        let (task, db) = (self.task(first)?, &self.engine.db);
        let ids: Vec<Uuid> = plain.iter().map(|item| item.record_id).collect();
        let here = self.run.organization_id;
        let merged = merged::among(db, task.record_type, here, &ids).await?;
        let fields: Vec<FieldKey> = task.map.crm_fields().cloned().collect();
        let records = records::load(db, here, task.record_type, &fields, &ids).await?;
        let records: HashMap<Uuid, SourceRecord> =
            records.into_iter().map(|record| (record.id, record)).collect();
        let is_person = task.kind == RecordKind::ContactPerson;
        let customers = match is_person {
            true => self.customers(records.values()).await?,
            false => HashMap::new(),
        };
        let primaries = match is_person {
            true => self.primaries(&customers.values().collect::<Vec<_>>()).await?,
            false => HashSet::new(),
        };
        let mut ready = Vec::new();
        for item in plain {
            let record = records.get(&item.record_id).filter(|_| !merged.contains(&item.record_id));
            let customer = record.and_then(|record| customers.get(&record.account_id?));
            let parent_id = customer.and_then(|customer| customer.remote_id.clone());
            let values = wanted(&item)?;
            match record {
                Some(record)
                    if parent_id.is_some() == is_person && check_options(task.kind, &values).is_ok() =>
                {
                    ready.push((item, record.reference(), parent_id, values));
                }
                _ => rest.push(item),
            }
        }
        let wishes = ready.iter().map(|(item, _, parent_id, _)| Wish {
            kind: task.kind,
            record_type: task.record_type,
            record_id: item.record_id,
            remote_id: None,
            remote_parent_id: parent_id.as_deref(),
            origin: Origin::Crm,
            name_suffix: None,
        });
        let claims = link::claim_together(self.engine, self.remote(), task.kind, wishes.collect()).await?;
        let mut claims: HashMap<Uuid, record_link::Model> =
            claims.unwrap_or_default().into_iter().map(|link| (link.record_id, link)).collect();
        let mut begun = Vec::new();
        for (item, reference, parent_id, values) in ready {
            match claims.remove(&item.record_id) {
                Some(link) => {
                    let is_primary = primaries.contains(&item.record_id);
                    begun.push(Begun { item, link, reference, parent_id, is_primary, values });
                }
                // Claimed before, or at this moment by somebody else.
                None => rest.push(item),
            }
        }
        Ok((begun, rest))
    }

    /// The customers that the accounts of these contacts are, by account.
    async fn customers(
        &self,
        contacts: impl Iterator<Item = &SourceRecord>,
    ) -> Result<HashMap<Uuid, record_link::Model>, SyncError> {
        let accounts: HashSet<Uuid> = contacts.filter_map(|contact| contact.account_id).collect();
        let db = &self.engine.db;
        let mut links = link::of_records(db, self.remote(), RecordKind::Customer, accounts).await?;
        links.retain(|_, link| link.state == LinkState::Linked && link.remote_id.is_some());
        Ok(links)
    }

    /// Works on a piece. What was made is handed over to be noted with others.
    pub(super) async fn piece(&self, piece: Piece, made: &mpsc::Sender<Made>) -> Result<Settled, SyncError> {
        let begun = match piece {
            Piece::Single(item) => return self.work(*item).await,
            Piece::Begun(begun) => *begun,
        };
        let task = self.task(&begun.item)?;
        let Begun { link, reference, parent_id, is_primary, values, .. } = &begun;
        match self.make_new(&task, link, *reference, parent_id.clone(), *is_primary, values).await {
            Ok(read_back) => {
                // Nobody notes it any more: the link stays claimed, and whoever goes on looks before making another one.
                let _ = made.send(begun.made(read_back)).await;
                Ok(Settled::Answered)
            }
            Err(SyncError::Finance(failure)) => self.failed(&task, begun.item, failure).await,
            Err(error) => Err(error),
        }
    }

    /// Gives the claims of items back of which nothing was asked.
    pub(super) async fn give_back(&self, links: Vec<Uuid>) -> Result<(), SyncError> {
        if links.is_empty() {
            return Ok(());
        }
        link::release_all(&self.engine.db, self.run.organization_id, links).await
    }

    /// Notes what was made as it comes in, until nothing more comes.
    pub(super) async fn note_made(&self, mut made: mpsc::Receiver<Made>) -> Result<(), SyncError> {
        while let Some(first) = made.recv().await {
            let mut group = vec![first];
            let until = Instant::now() + LINGER;
            while group.len() < GROUP {
                match timeout_at(until, made.recv()).await {
                    Ok(Some(next)) => group.push(next),
                    Ok(None) | Err(_) => break,
                }
            }
            self.note_group(group).await?;
        }
        Ok(())
    }

    /// Links, mirror, items, lineage and numbers, in one transaction: as [`Self::succeed`] does for one.
    async fn note_group(&self, group: Vec<Made>) -> Result<(), SyncError> {
        let Some(first) = group.first() else { return Ok(()) };
        let (task, engine) = (self.task(&first.item)?, self.engine);
        let (here, run) = (self.run.organization_id, self.run);
        let transaction = begin_write(&engine.db).await?;
        // A worker that was overtaken while it waited for an answer must not write over what the other one noted; the rows stay
        // locked until the transaction ends.
        let pending: Vec<Uuid> = sync_run_item::Entity::of(here)
            .select_only()
            .column(sync_run_item::Column::Id)
            .filter(sync_run_item::Column::Id.is_in(group.iter().map(|made| made.item.id)))
            .filter(sync_run_item::Column::State.eq(ItemState::Pending))
            .lock_exclusive()
            .into_tuple()
            .all(&transaction)
            .await?;
        let pending: HashSet<Uuid> = pending.into_iter().collect();
        let group: Vec<Made> = group.into_iter().filter(|made| pending.contains(&made.item.id)).collect();
        let completed = group.iter().map(|made| (made.link.id, &made.completion));
        link::complete_together(engine, &transaction, here, completed).await?;
        let rows: Vec<RemoteRecord> = group.iter().map(|made| made.completion.read_back.clone()).collect();
        pull::mirror(engine, &transaction, self.remote(), task.kind, &rows).await?;
        let mut lineage = Vec::new();
        for made in &group {
            lineage.extend(Carried::by(&made.link, &made.completion).first(engine, run, &made.item)?);
        }
        while !lineage.is_empty() {
            let rest = lineage.split_off(lineage.len().min(LINEAGE_ROWS));
            let rows = std::mem::replace(&mut lineage, rest);
            field_lineage::Entity::insert_many(rows).exec_without_returning(&transaction).await?;
        }
        let now = engine.clock.now();
        let items = group.iter().map(|made| {
            let read_back = &made.completion.read_back;
            let values: Vec<Value> = vec![
                read_back.remote_id.clone().into(),
                read_back.name(task.kind).into(),
                read_back.request_id.clone().into(),
                ItemState::Succeeded.to_value().into(),
                ItemOutcome::Added.to_value().into(),
                now.into(),
            ];
            (made.item.id, values)
        });
        use sync_run_item::Column;
        let columns = [
            Column::RemoteId,
            Column::RemoteName,
            Column::RemoteRequestId,
            Column::State,
            Column::Outcome,
            Column::FinishedAt,
        ];
        bulk::update::<sync_run_item::Entity>(&transaction, here, &columns, items.collect()).await?;
        let count = i64::try_from(group.len()).unwrap_or(i64::MAX);
        let topic = progress::topic(here, run.id);
        self.pulse.commit_many(engine, transaction, topic, ItemOutcome::Added, count).await
    }
}

impl Begun {
    /// What has to be noted once the finance record is there.
    fn made(self, read_back: RemoteRecord) -> Made {
        let bases = extended(Bases::default(), &self.values, &read_back.values);
        let version = self.item.record_version;
        let completion = Completion { read_back, bases, version, is_remote_dirty: false };
        Made { item: self.item, link: self.link, completion }
    }
}
