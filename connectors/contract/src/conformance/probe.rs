//! The promises that records of every kind with a list of their own keep.

use std::collections::BTreeSet;

use finbridge_domain::name_key;
use finbridge_domain::record::finance::standard_fields;
use finbridge_domain::record::{CrmRecordType, CustomerKind, RecordKind, Values};

use super::sample::{NAME, OTHER_NAME, changes, named, same_values, wanted};
use super::{fails, holds, references, said};
use crate::adapter::{CrmReference, NewRecord, RecordAdapter, RemoteRecord, Removal};
use crate::connector::Connection;
use crate::cursor::Cursor;
use crate::failure::FailureKind;

/// Pages after which a list is taken to be endless.
const PAGE_LIMIT: usize = 10_000;

/// Records of one kind that are tried.
pub(super) struct Probe<'a> {
    adapter: &'a dyn RecordAdapter,
    connection: &'a Connection,
    kind: RecordKind,
    /// The CRM record that the probe is made from.
    own: CrmReference,
    /// Another CRM record, which wants the same name.
    other: CrmReference,
    wanted: NewRecord,
}

/// Everything read from a cursor to the end.
struct Reading {
    records: Vec<RemoteRecord>,
    next: Cursor,
}

impl<'a> Probe<'a> {
    pub(super) fn new(
        adapter: &'a dyn RecordAdapter,
        connection: &'a Connection,
        kind: RecordKind,
        record_type: CrmRecordType,
        customer_kind: Option<CustomerKind>,
    ) -> Self {
        let [own, other] = references(record_type);
        Self { adapter, connection, kind, own, other, wanted: wanted(kind, customer_kind) }
    }

    /// Tries everything, and leaves nothing behind.
    pub(super) async fn pass(&self) -> Result<(), String> {
        self.clear().await?;
        let outcome = self.run().await;
        let cleared = self.clear().await;
        outcome.and(cleared)
    }

    async fn run(&self) -> Result<(), String> {
        self.names_its_fields().await?;
        let made = self.creates_once().await?;
        self.refuses_what_is_taken().await?;
        self.makes_one_beside_it().await?;
        let before = self.read_changes(None).await?;
        self.updates_one_field_at_a_time(&made.remote_id).await?;
        self.tells_the_change(&before, &made.remote_id).await?;
        self.lists_every_id(&made.remote_id).await?;
        self.links_repeatedly(&made.remote_id).await?;
        self.names_another(&made.remote_id).await?;
        self.removes_repeatedly(&made.remote_id).await
    }

    async fn names_its_fields(&self) -> Result<(), String> {
        let fields = said("fields", self.adapter.fields(self.connection).await)?;
        let named: BTreeSet<_> = fields.iter().map(|field| &field.key).collect();
        holds(named.len() == fields.len(), "no two fields have the same key")?;
        for field in standard_fields(self.kind) {
            holds(named.contains(&field.key), &format!("fields names {}", field.key))?;
        }
        for field in self.adapter.listed_fields() {
            holds(named.contains(field), &format!("fields names {field}, which pages tell"))?;
        }
        Ok(())
    }

    /// Creating links from the first moment, can be found again, and repeated makes no second record.
    async fn creates_once(&self) -> Result<RemoteRecord, String> {
        let wanted = &self.wanted;
        let made = said("create", self.create(Some(self.own), wanted).await)?;
        holds(made.crm_reference == Some(self.own), "a created record is linked to its CRM record")?;
        holds(made.is_active, "a created record is active")?;
        holds(made.is_whole, "create tells every field")?;
        holds(made.customer_kind == wanted.customer_kind, "a created customer is of the wanted kind")?;
        same_values("create", &wanted.values, &made)?;

        let fetched = said("fetch", self.adapter.fetch(self.connection, &made.remote_id).await)?;
        holds(fetched.remote_id == made.remote_id, "fetch answers with the record that was asked for")?;
        holds(fetched.values == made.values, "fetch tells the same values as create")?;
        holds(fetched.crm_reference == Some(self.own), "fetch tells the CRM record")?;

        let found = self.find(self.own).await?;
        let found_it = found.is_some_and(|found| found.remote_id == made.remote_id);
        holds(found_it, "find_by_reference finds the created record")?;

        let again = said("create, repeated,", self.create(Some(self.own), wanted).await)?;
        holds(again.remote_id == made.remote_id, "create, repeated, answers with the same record")?;
        let listed = self.listed(NAME).await?;
        holds(listed.len() == 1, "after a repeated create the list shows one record of that name")?;
        Ok(made)
    }

    /// Names are unique whatever their letter case; so are SKUs.
    async fn refuses_what_is_taken(&self) -> Result<(), String> {
        let shouted = named(&self.wanted, self.kind, &NAME.to_uppercase(), "PROBE-2");
        let outcome = self.create(Some(self.other), &shouted).await;
        fails("create with a taken name", outcome, &FailureKind::NameTaken)?;
        if self.kind == RecordKind::Item {
            let same_sku = named(&self.wanted, self.kind, OTHER_NAME, "PROBE-1");
            let outcome = self.create(Some(self.other), &same_sku).await;
            fails("create with a taken SKU", outcome, &FailureKind::NameTaken)?;
        }
        holds(self.find(self.other).await?.is_none(), "a refused create leaves nothing behind")
    }

    /// A record that stands for no CRM record.
    async fn makes_one_beside_it(&self) -> Result<(), String> {
        let beside = named(&self.wanted, self.kind, OTHER_NAME, "PROBE-2");
        let made = said("create without a CRM record", self.create(None, &beside).await)?;
        holds(made.crm_reference.is_none(), "a record made for no CRM record is linked to none")?;
        same_values("create without a CRM record", &beside.values, &made)?;
        let name = Values::from([(self.kind.name_field(), NAME.to_lowercase())]);
        let outcome = self.adapter.update(self.connection, &made.remote_id, &name).await;
        fails("update to a taken name", outcome, &FailureKind::NameTaken)?;
        let removal = said("remove", self.adapter.remove(self.connection, &made.remote_id).await)?;
        holds(removal == Removal::Deleted, "a record without a link is deleted")
    }

    /// Writing one field leaves everything else alone.
    async fn updates_one_field_at_a_time(&self, remote_id: &str) -> Result<(), String> {
        let mut values = self.wanted.values.clone();
        for change in changes(self.kind) {
            let updated = said("update", self.adapter.update(self.connection, remote_id, &change).await)?;
            values.extend(change);
            same_values("update", &values, &updated)?;
            let fetched = said("fetch", self.adapter.fetch(self.connection, remote_id).await)?;
            same_values("fetch after update", &values, &fetched)?;
            holds(fetched.crm_reference == Some(self.own), "an update leaves the link alone")?;
        }
        Ok(())
    }

    /// Reading on from the cursor tells the change. What else comes is the overlap: records told before, unchanged.
    async fn tells_the_change(&self, before: &Reading, remote_id: &str) -> Result<(), String> {
        let later = self.read_changes(Some(&before.next)).await?;
        let fetched = said("fetch", self.adapter.fetch(self.connection, remote_id).await)?;
        let told = later.records.iter().rfind(|record| record.remote_id == remote_id);
        let told = told.ok_or("broken promise: list_changed tells a change made after the cursor")?;
        holds(told.modified_at == fetched.modified_at, "list_changed tells the newest state of a record")?;
        for field in self.adapter.listed_fields() {
            let same = told.values.get(field) == fetched.values.get(field);
            holds(same, &format!("pages tell {field} as a fetch does"))?;
        }
        for record in later.records.iter().filter(|record| record.remote_id != remote_id) {
            let repeated = before
                .records
                .iter()
                .any(|old| old.remote_id == record.remote_id && old.modified_at == record.modified_at);
            holds(repeated, "list_changed tells nothing but what changed after the cursor, and the overlap")?;
        }
        let once_more = self.read_changes(Some(&before.next)).await?;
        let kept = once_more.records.iter().any(|record| record.remote_id == remote_id);
        holds(kept, "a cursor that is read again tells the same changes again")
    }

    async fn lists_every_id(&self, remote_id: &str) -> Result<(), String> {
        let mut ids = BTreeSet::new();
        let mut cursor = None;
        for _ in 0..PAGE_LIMIT {
            let page = said("list_ids", self.adapter.list_ids(self.connection, cursor.as_ref()).await)?;
            ids.extend(page.ids);
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        holds(cursor.is_none(), "list_ids comes to an end")?;
        holds(ids.contains(remote_id), "list_ids names the record")?;
        let all = self.read_changes(None).await?.records;
        let told: BTreeSet<_> = all.into_iter().map(|record| record.remote_id).collect();
        holds(ids == told, "list_ids names the records that list_changed tells from the beginning")
    }

    async fn links_repeatedly(&self, remote_id: &str) -> Result<(), String> {
        said("link", self.adapter.link(self.connection, remote_id, self.own).await)?;
        said("link, repeated,", self.adapter.link(self.connection, remote_id, self.own).await)?;
        let found = self.find(self.own).await?;
        let found_it = found.is_some_and(|found| found.remote_id == remote_id);
        holds(found_it, "a linked record is found by its CRM record")
    }

    /// A link goes to another CRM record only after it was taken away, which may be repeated.
    async fn names_another(&self, remote_id: &str) -> Result<(), String> {
        let outcome = self.adapter.link(self.connection, remote_id, self.other).await;
        fails("link to another CRM record", outcome, &FailureKind::Refused)?;
        for act in ["unlink", "unlink, repeated,"] {
            said(act, self.adapter.unlink(self.connection, remote_id).await)?;
            let found = self.find(self.own).await?;
            holds(found.is_none(), "an unlinked record is not found by its CRM record")?;
        }
        for reference in [self.other, self.own] {
            said("unlink", self.adapter.unlink(self.connection, remote_id).await)?;
            said("link", self.adapter.link(self.connection, remote_id, reference).await)?;
            let fetched = said("fetch", self.adapter.fetch(self.connection, remote_id).await)?;
            let told = fetched.crm_reference == Some(reference);
            holds(told, "a record names the CRM record it was linked to last")?;
        }
        Ok(())
    }

    async fn removes_repeatedly(&self, remote_id: &str) -> Result<(), String> {
        for act in ["remove", "remove, repeated,"] {
            let removal = said(act, self.adapter.remove(self.connection, remote_id).await)?;
            holds(removal == Removal::Deleted, "a record that nothing needs is deleted, however often")?;
        }
        let outcome = self.adapter.fetch(self.connection, remote_id).await;
        fails("fetch after remove", outcome, &FailureKind::NotFound)?;
        holds(self.find(self.own).await?.is_none(), "a removed record is not found by its CRM record")?;
        let outcome = self.adapter.update(self.connection, remote_id, &changes(self.kind)[0]).await;
        fails("update after remove", outcome, &FailureKind::NotFound)
    }

    async fn create(
        &self,
        reference: Option<CrmReference>,
        record: &NewRecord,
    ) -> Result<RemoteRecord, crate::Failure> {
        self.adapter.create(self.connection, reference, record).await
    }

    async fn find(&self, reference: CrmReference) -> Result<Option<RemoteRecord>, String> {
        said("find_by_reference", self.adapter.find_by_reference(self.connection, reference, None).await)
    }

    /// Ids of the records that have this name.
    async fn listed(&self, name: &str) -> Result<BTreeSet<String>, String> {
        let key = name_key(name);
        let all = self.read_changes(None).await?.records.into_iter();
        let named = all.filter(|record| name_key(&record.name(self.kind)) == key);
        Ok(named.map(|record| record.remote_id).collect())
    }

    async fn read_changes(&self, after: Option<&Cursor>) -> Result<Reading, String> {
        let mut records = Vec::new();
        let mut cursor = after.cloned();
        for _ in 0..PAGE_LIMIT {
            let page =
                said("list_changed", self.adapter.list_changed(self.connection, cursor.as_ref()).await)?;
            records.extend(page.records);
            if !page.more {
                return Ok(Reading { records, next: page.next });
            }
            cursor = Some(page.next);
        }
        Err("broken promise: list_changed comes to an end".to_owned())
    }

    async fn clear(&self) -> Result<(), String> {
        for reference in [self.own, self.other] {
            if let Some(left) = self.find(reference).await? {
                said("remove", self.adapter.remove(self.connection, &left.remote_id).await)?;
            }
        }
        for left in self.listed(OTHER_NAME).await? {
            said("remove", self.adapter.remove(self.connection, &left).await)?;
        }
        Ok(())
    }
}
