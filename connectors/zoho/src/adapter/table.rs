//! What the calls on contacts, on persons and on items have in common.

use std::sync::Arc;

use chrono::NaiveDate;
use finbridge_contract::{
    Act, ChangePage, Connection, Cost, CrmReference, Cursor, Failure, FailureKind, IdPage, RecordAdapter,
    RemoteRecord, Removal,
};
use finbridge_domain::record::{FinanceField, RecordKind, Values};
use serde_json::Value;

use crate::client::{Call, Client, path_id};
use crate::cursor::{Mark, Position, format_time};
use crate::envelope::{Acknowledged, Answer};
use crate::map::{custom, modified_at};
use crate::product::{INTEGRATION, Product};
use crate::wire::body::{Members, Merged, Pushed};
use crate::wire::row::Row;
use crate::words::{Words, crm_words};

/// Rows asked for in one page: the most that the vendor gives.
pub(crate) const PER_PAGE: usize = 200;

/// Records that may claim one CRM record before the answer is taken for an unfiltered list.
const CLAIMANTS: usize = 10;

/// Whether CRM records can be imported and linked.
pub(crate) fn can_link(connection: &Connection) -> bool {
    connection.capabilities.get("crm_link").and_then(Value::as_bool) == Some(true)
}

/// A write of which nothing but the success matters.
pub(crate) async fn acknowledged(
    client: &Client,
    connection: &Connection,
    call: Call,
) -> Result<(), Failure> {
    let _: Answer<Acknowledged> = client.call(connection, call).await?;
    Ok(())
}

/// A failure after something was made: it must not read as if nothing had been done.
pub(crate) fn after_the_write(failure: Failure) -> Failure {
    let message = format!("the write was carried out, and what follows it failed: {}", failure.message);
    Failure { kind: FailureKind::OutcomeUnknown, message, ..failure }
}

/// A record and the request that told it.
pub(crate) struct Told {
    pub(crate) row: Row,
    pub(crate) request_id: Option<String>,
}

/// One list of records.
#[derive(Clone)]
pub(crate) struct Table {
    pub(crate) client: Arc<Client>,
    /// Root of the API that it is read in.
    pub(crate) root: &'static str,
    pub(crate) words: &'static Words,
    /// The condition that picks records of this kind out of the list.
    pub(crate) only: Option<(&'static str, &'static str)>,
    /// The condition on their day: the parameter, and the first day.
    pub(crate) from: Option<(&'static str, NaiveDate)>,
}

impl Table {
    pub(crate) fn product(&self) -> &'static Product {
        self.client.product()
    }

    pub(crate) fn all(&self) -> String {
        format!("{}/{}", self.root, self.words.path)
    }

    pub(crate) fn one(&self, remote_id: &str) -> Result<String, Failure> {
        Ok(format!("{}/{}", self.all(), path_id(remote_id)?))
    }

    fn link_of(&self, remote_id: &str) -> Result<String, Failure> {
        Ok(format!("{INTEGRATION}/{}/{}/link", self.words.linked_as, path_id(remote_id)?))
    }

    pub(crate) async fn write(&self, connection: &Connection, call: Call) -> Result<(), Failure> {
        acknowledged(&self.client, connection, call).await
    }

    /// The record in detail.
    pub(crate) async fn read(&self, connection: &Connection, remote_id: &str) -> Result<Told, Failure> {
        let answer: Answer<Row> = self.client.call(connection, Call::get(self.one(remote_id)?)).await?;
        let named = |failure| Failure { request_id: answer.request_id.clone(), ..failure };
        let row = answer.body.record(self.words.singular).map_err(named)?;
        Ok(Told { row, request_id: answer.request_id })
    }

    fn changed_since(&self, position: &Position) -> Call {
        let mut call = Call::get(self.all());
        if let Some((name, value)) = self.only {
            call = call.with(name, value);
        }
        if let Some((name, day)) = self.from {
            call = call.with(name, day);
        }
        call = call.with("sort_column", self.words.modified).with("sort_order", "A");
        match position.since {
            Some(time) => call.with("last_modified_time", format_time(time)),
            None => call,
        }
    }

    /// A page of changes. `map` says nothing of a row that is of another kind.
    pub(crate) async fn changes<T: Send>(
        &self,
        connection: &Connection,
        after: Option<&Cursor>,
        map: impl Fn(&Told) -> Result<Option<T>, Failure> + Send,
    ) -> Result<ChangePage<T>, Failure> {
        let position = Position::of(after)?;
        let call =
            self.changed_since(&position).with("per_page", PER_PAGE).with("page", position.pages_read + 1);
        let answer: Answer<Row> = self.client.call(connection, call).await?;
        let named = |failure| Failure { request_id: answer.request_id.clone(), ..failure };
        let rows = answer.body.rows(self.words.plural).map_err(named)?;
        let has_more = has_more(&answer.body, rows.len());
        let mut marks = Vec::with_capacity(rows.len());
        let mut records = Vec::with_capacity(rows.len());
        for row in rows {
            let id = row.required(self.words.id).map_err(named)?;
            marks.push(Mark { id, time: modified_at(&row, self.words.modified).map_err(named)? });
            records.extend(map(&Told { row, request_id: answer.request_id.clone() })?);
        }
        // Looked at after the page was read: rows only ever leave a second, so a tail that is still in its place
        // was there while the page was read.
        let (next, more) = if self.has_shifted(connection, &position).await? {
            (position.again()?, true)
        } else {
            (position.after(&marks, has_more)?, has_more)
        };
        Ok(ChangePage { records, next: next.into_cursor()?, more })
    }

    /// Whether rows of the second being paged have left the pages already read, so that later ones moved up.
    async fn has_shifted(&self, connection: &Connection, position: &Position) -> Result<bool, Failure> {
        let Some(tail) = &position.tail else { return Ok(false) };
        let call = self.changed_since(position).with("per_page", 1).with("page", tail.position);
        let answer: Answer<Row> = self.client.call(connection, call).await?;
        let rows = answer.body.rows(self.words.plural);
        let rows = rows.map_err(|failure| Failure { request_id: answer.request_id, ..failure })?;
        Ok(rows.first().is_none_or(|row| row.text(self.words.id).as_ref() != Some(&tail.id)))
    }

    /// A page of ids: a reading of all changes from the beginning. Numbered pages of any other order would skip a
    /// record for each one that is removed meanwhile; pages by time of change do not.
    pub(crate) async fn ids(
        &self,
        connection: &Connection,
        after: Option<&Cursor>,
        map: impl Fn(&Told) -> Result<Option<RemoteRecord>, Failure> + Send,
    ) -> Result<IdPage, Failure> {
        let page = self.changes(connection, after, map).await?;
        let ids = page.records.into_iter().map(|record| record.remote_id).collect();
        Ok(IdPage { ids, next: page.more.then_some(page.next) })
    }

    /// Ids of the records that a list names as linked to the CRM record. A row need not say what it is linked to, and an
    /// ignored filter must not link strangers, so each of them has to be looked at.
    pub(crate) async fn claimants(
        &self,
        connection: &Connection,
        reference: CrmReference,
    ) -> Result<Vec<String>, Failure> {
        let member = crm_words(reference.record_type).member;
        let call = Call::get(self.all()).with(member, reference.wire_id);
        let answer: Answer<Row> = self.client.call(connection, call).await?;
        let named = |failure| Failure { request_id: answer.request_id.clone(), ..failure };
        let rows = answer.body.rows(self.words.plural).map_err(named)?;
        if rows.len() > CLAIMANTS {
            let message = format!("{} ignored the filter by CRM record", self.product().manifest.name);
            return Err(named(Failure::new(FailureKind::Malformed, message)));
        }
        rows.iter().map(|row| row.required(self.words.id).map_err(named)).collect()
    }

    /// The record that is linked to this CRM record, as its adapter fetches it.
    pub(crate) async fn find(
        &self,
        adapter: &dyn RecordAdapter,
        connection: &Connection,
        reference: CrmReference,
    ) -> Result<Option<RemoteRecord>, Failure> {
        for id in self.claimants(connection, reference).await? {
            match adapter.fetch(connection, &id).await {
                // Customers also come when one of their persons is linked to a CRM contact.
                Ok(found) if found.crm_reference == Some(reference) => return Ok(Some(found)),
                Ok(_) => {}
                Err(failure) if failure.kind == FailureKind::NotFound => {}
                Err(failure) => return Err(failure),
            }
        }
        Ok(None)
    }

    /// The record after these values were written, as its adapter fetches it. The reply to a write may echo what was
    /// sent; only a read tells what was kept.
    pub(crate) async fn read_back(
        adapter: &dyn RecordAdapter,
        connection: &Connection,
        remote_id: &str,
        written: &Values,
    ) -> Result<RemoteRecord, Failure> {
        let mut record = adapter.fetch(connection, remote_id).await.map_err(after_the_write)?;
        custom::tell_emptied(written, &mut record.values);
        Ok(record)
    }

    pub(crate) fn needs_crm_link(&self, connection: &Connection) -> Result<(), Failure> {
        if can_link(connection) {
            return Ok(());
        }
        let message = format!(
            "this organization of {} does not declare the capability crm_link, without which records cannot be \
             linked to CRM records: have the CRM integration switched on for it there, then connect it again",
            self.product().manifest.name
        );
        Err(Failure::new(FailureKind::NotSupported, message))
    }

    /// Makes a record that is linked to nothing, and tells its id.
    pub(crate) async fn post(&self, connection: &Connection, members: &Members) -> Result<String, Failure> {
        let call = Call::post(self.all()).with_body(members);
        let answer: Answer<Row> = self.client.call(connection, call).await?;
        let made = answer.body.record(self.words.singular).and_then(|row| row.required(self.words.id));
        made.map_err(|failure| Failure { request_id: answer.request_id, ..after_the_write(failure) })
    }

    /// Tells the vendor the CRM record and has it imported. The import makes a linked record in one step, and answers
    /// with the same record when it is repeated.
    pub(crate) async fn import(
        &self,
        connection: &Connection,
        reference: CrmReference,
        members: &Members,
    ) -> Result<String, Failure> {
        self.needs_crm_link(connection)?;
        let names = crm_words(reference.record_type);
        let known = format!("{INTEGRATION}/crm/{}/{}", names.plural, reference.wire_id);
        self.write(connection, Call::put(known, Pushed { record: members })).await?;
        let shared = self.product().shared;
        let import = Call::post(format!("{shared}/crm/{}/{}/import", names.singular, reference.wire_id));
        let answer: Answer<Row> = self.client.call(connection, import).await?;
        let data = answer.body.object("data").unwrap_or_default();
        let ids = [self.words.id, "contact_id", "customer_id"];
        ids.into_iter().find_map(|id| data.some_text(id)).ok_or_else(|| Failure {
            request_id: answer.request_id,
            ..Failure::new(FailureKind::OutcomeUnknown, "the import did not say which record it made")
        })
    }

    pub(crate) async fn link(
        &self,
        connection: &Connection,
        remote_id: &str,
        reference: CrmReference,
    ) -> Result<(), Failure> {
        self.needs_crm_link(connection)?;
        let member = crm_words(reference.record_type).member.to_owned();
        let body = Members::from([(member, reference.wire_id.to_string().as_str().into())]);
        self.write(connection, Call::put(self.link_of(remote_id)?, body)).await
    }

    pub(crate) async fn unlink(&self, connection: &Connection, remote_id: &str) -> Result<(), Failure> {
        self.needs_crm_link(connection)?;
        self.write(connection, Call::delete(self.link_of(remote_id)?)).await
    }

    /// Merges contacts into one of them. The public API has no such call; the service that also links records has.
    pub(crate) async fn merge(
        &self,
        connection: &Connection,
        master_id: &str,
        merged_ids: &[String],
    ) -> Result<(), Failure> {
        self.needs_crm_link(connection)?;
        let path = format!("{INTEGRATION}/{}/{}/merge", self.words.linked_as, path_id(master_id)?);
        self.write(connection, Call::post(path).with_body(Merged { contact_ids: merged_ids })).await
    }

    /// Puts a record to use or out of use.
    pub(crate) async fn set_active(
        &self,
        connection: &Connection,
        remote_id: &str,
        is_active: bool,
    ) -> Result<(), Failure> {
        let (words, product) = (self.words, self.product());
        let root = if words.is_activity_shared { product.shared } else { self.root };
        let act = if is_active { words.activate } else { words.deactivate };
        let call = Call::post(format!("{root}/{}/{}/{act}", words.path, path_id(remote_id)?));
        self.write(connection, call).await
    }

    pub(crate) async fn remove(&self, connection: &Connection, remote_id: &str) -> Result<Removal, Failure> {
        match self.take_away(connection, remote_id).await {
            Err(failure) if failure.kind == FailureKind::NotFound => Ok(Removal::Deleted),
            outcome => outcome,
        }
    }

    /// A linked record cannot be deleted from outside the CRM, so the link goes first.
    async fn take_away(&self, connection: &Connection, remote_id: &str) -> Result<Removal, Failure> {
        if can_link(connection) {
            self.write(connection, Call::delete(self.link_of(remote_id)?)).await?;
        }
        match self.write(connection, Call::delete(self.one(remote_id)?)).await {
            Err(failure) if self.is_in_use(&failure) => {
                self.set_active(connection, remote_id, false).await?;
                Ok(Removal::Deactivated)
            }
            outcome => outcome.map(|()| Removal::Deleted),
        }
    }

    fn is_in_use(&self, failure: &Failure) -> bool {
        failure.remote_code.as_deref().is_some_and(|code| self.words.in_use.contains(&code))
    }

    /// What the acts that every kind of record has take. Those that write fields take what their adapters say.
    pub(crate) fn cost(&self, connection: &Connection, act: Act<'_>) -> Cost {
        match act {
            Act::ListChanged | Act::Fetch | Act::Find => Cost::of(1, 0),
            Act::ListIds { records } => Cost::of(records.div_ceil(PER_PAGE as u64).max(1), 0),
            Act::Link | Act::Unlink => Cost::of(0, 1),
            Act::Remove => Cost::of(0, if can_link(connection) { 2 } else { 1 }),
            // Told and imported, or posted; then read back.
            Act::Create { is_linked, .. } => Cost::of(1, if is_linked { 2 } else { 1 }),
            Act::Update(values) => Cost::of(1, u64::from(!values.is_empty())),
        }
    }

    /// Standard fields, and those that the organization added. An app that does not list them is taken to have none.
    pub(crate) async fn fields(
        &self,
        connection: &Connection,
        kind: RecordKind,
    ) -> Result<Vec<FinanceField>, Failure> {
        let mut fields = finbridge_domain::record::finance::standard_fields(kind);
        let call = Call::get(format!("{}/settings/fields", self.root));
        let call = call.with("entity", self.words.entity);
        let answer: Result<Answer<Row>, Failure> = self.client.call(connection, call).await;
        match answer {
            Ok(answer) => {
                let named = |failure| Failure { request_id: answer.request_id.clone(), ..failure };
                fields.extend(answer.body.rows("fields").map_err(named)?.iter().filter_map(custom::field));
            }
            Err(failure) if matches!(failure.kind, FailureKind::NotFound | FailureKind::NotSupported) => {}
            Err(failure) => return Err(failure),
        }
        Ok(fields)
    }
}

/// Whether rows follow after this page. A page that does not say so is followed when it is full.
pub(crate) fn has_more(answer: &Row, rows: usize) -> bool {
    let told = answer.object("page_context").and_then(|context| context.text("has_more_page"));
    told.and_then(|text| text.parse().ok()).unwrap_or(rows >= PER_PAGE)
}
