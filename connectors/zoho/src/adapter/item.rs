//! Items.

use std::sync::Arc;

use async_trait::async_trait;
use finbridge_contract::{
    Act, ChangePage, Connection, Cost, CrmReference, Cursor, Failure, IdPage, NewRecord, RecordAdapter,
    RemoteRecord, Removal,
};
use finbridge_domain::record::{FieldKey, FinanceField, RecordKind, Values};

use super::table::{Table, Told, after_the_write};
use crate::client::{Call, Client};
use crate::map::item as map;
use crate::words::ITEMS;

/// Items of one app.
pub(crate) struct Items {
    table: Table,
    listed: Vec<FieldKey>,
}

impl Items {
    pub(crate) fn new(client: Arc<Client>) -> Self {
        let root = client.product().root;
        let table = Table { client, root, words: &ITEMS, only: None, from: None };
        Self { table, listed: map::LISTED.map(FieldKey::of).to_vec() }
    }

    fn listed(told: &Told) -> Result<Option<RemoteRecord>, Failure> {
        map::record(told, false).map(Some)
    }
}

#[async_trait]
impl RecordAdapter for Items {
    async fn list_changed(
        &self,
        connection: &Connection,
        after: Option<&Cursor>,
    ) -> Result<ChangePage<RemoteRecord>, Failure> {
        self.table.changes(connection, after, Self::listed).await
    }

    async fn list_ids(&self, connection: &Connection, after: Option<&Cursor>) -> Result<IdPage, Failure> {
        self.table.ids(connection, after, Self::listed).await
    }

    async fn fetch(&self, connection: &Connection, remote_id: &str) -> Result<RemoteRecord, Failure> {
        map::record(&self.table.read(connection, remote_id).await?, true)
    }

    async fn find_by_reference(
        &self,
        connection: &Connection,
        reference: CrmReference,
        _parent_id: Option<&str>,
    ) -> Result<Option<RemoteRecord>, Failure> {
        self.table.find(self, connection, reference).await
    }

    async fn create(
        &self,
        connection: &Connection,
        reference: Option<CrmReference>,
        record: &NewRecord,
    ) -> Result<RemoteRecord, Failure> {
        let members = map::made(&record.values);
        let remote_id = match reference {
            Some(reference) => self.table.import(connection, reference, &members).await?,
            None => self.table.post(connection, &members).await?,
        };
        // Items are made in use.
        if map::activity(&record.values) == Some(false) {
            let outcome = self.table.set_active(connection, &remote_id, false).await;
            outcome.map_err(after_the_write)?;
        }
        Table::read_back(self, connection, &remote_id, &record.values).await
    }

    async fn link(
        &self,
        connection: &Connection,
        remote_id: &str,
        reference: CrmReference,
    ) -> Result<(), Failure> {
        self.table.link(connection, remote_id, reference).await
    }

    async fn unlink(&self, connection: &Connection, remote_id: &str) -> Result<(), Failure> {
        self.table.unlink(connection, remote_id).await
    }

    async fn update(
        &self,
        connection: &Connection,
        remote_id: &str,
        values: &Values,
    ) -> Result<RemoteRecord, Failure> {
        let members = map::members(values);
        if !members.is_empty() {
            self.table.write(connection, Call::put(self.table.one(remote_id)?, members)).await?;
        }
        if let Some(is_active) = map::activity(values) {
            self.table.set_active(connection, remote_id, is_active).await?;
        }
        Table::read_back(self, connection, remote_id, values).await
    }

    async fn remove(&self, connection: &Connection, remote_id: &str) -> Result<Removal, Failure> {
        self.table.remove(connection, remote_id).await
    }

    async fn fields(&self, connection: &Connection) -> Result<Vec<FinanceField>, Failure> {
        self.table.fields(connection, RecordKind::Item).await
    }

    fn cost(&self, connection: &Connection, act: Act<'_>) -> Cost {
        let known = self.table.cost(connection, act);
        match act {
            Act::Create { values, .. } if map::activity(values) == Some(false) => known + Cost::of(0, 1),
            Act::Update(values) => {
                let is_written = !map::members(values).is_empty();
                Cost::of(1, u64::from(is_written) + u64::from(map::activity(values).is_some()))
            }
            _ => known,
        }
    }

    fn listed_fields(&self) -> &[FieldKey] {
        &self.listed
    }
}
