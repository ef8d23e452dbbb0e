//! Webhook deliveries and the indexes over them.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use imbl::{OrdMap, OrdSet};

use crate::webhook::model::{Delivery, Status};

/// All deliveries, oldest first by their ids.
#[derive(Debug, Clone, Default)]
pub(crate) struct Deliveries {
    rows: OrdMap<u64, Arc<Delivery>>,
    /// Those that are not finished, by the time of their next attempt; those without one are due at once.
    pending: OrdSet<(Option<DateTime<Utc>>, u64)>,
    finished: OrdSet<u64>,
    /// The highest id that any delivery had, removed ones included.
    last_id: u64,
    /// Of all bodies together.
    bytes: usize,
}

impl Deliveries {
    /// The delivery with this id.
    pub(crate) fn get(&self, id: u64) -> Option<&Arc<Delivery>> {
        self.rows.get(&id)
    }

    /// All deliveries, oldest first.
    pub(crate) fn values(&self) -> impl DoubleEndedIterator<Item = &Arc<Delivery>> {
        self.rows.values()
    }

    /// How many deliveries there are.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// How many bytes the bodies have together.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The highest id that was ever given.
    pub(crate) fn last_id(&self) -> u64 {
        self.last_id
    }

    /// New deliveries are numbered above `id`.
    pub(crate) fn number_from(&mut self, id: u64) {
        self.last_id = self.last_id.max(id);
    }

    /// Inserts or replaces a delivery.
    pub(crate) fn put(&mut self, delivery: &Arc<Delivery>) {
        self.remove(delivery.id);
        if delivery.status == Status::Pending {
            self.pending.insert((delivery.due, delivery.id));
        } else {
            self.finished.insert(delivery.id);
        }
        self.number_from(delivery.id);
        self.bytes += delivery.body.len();
        self.rows.insert(delivery.id, Arc::clone(delivery));
    }

    /// Removes a delivery.
    pub(crate) fn remove(&mut self, id: u64) {
        if let Some(known) = self.rows.remove(&id) {
            self.bytes -= known.body.len();
            self.pending.remove(&(known.due, id));
            self.finished.remove(&id);
        }
    }

    /// Unfinished deliveries whose time has come, oldest first.
    pub(crate) fn due(&self, now: DateTime<Utc>) -> Vec<Arc<Delivery>> {
        let due = self.pending.range(..=(Some(now), u64::MAX)).filter_map(|(_, id)| self.rows.get(id));
        let mut due: Vec<_> = due.cloned().collect();
        due.sort_unstable_by_key(|delivery| delivery.id);
        due
    }

    /// Unfinished deliveries, oldest first.
    pub(crate) fn pending(&self) -> impl Iterator<Item = &Arc<Delivery>> {
        self.rows.values().filter(|delivery| delivery.status == Status::Pending)
    }

    /// Whether any delivery is unfinished.
    pub(crate) fn any_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    /// The finished deliveries, oldest first.
    pub(crate) fn finished(&self) -> impl Iterator<Item = &Arc<Delivery>> {
        self.finished.iter().filter_map(|id| self.rows.get(id))
    }

    /// Forgets the unfinished deliveries.
    pub(crate) fn drop_pending(&mut self) {
        for (_, id) in std::mem::take(&mut self.pending) {
            self.remove(id);
        }
    }
}
