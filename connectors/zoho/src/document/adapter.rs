//! The adapter of one kind of document in one app.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::NaiveDate;
use finbridge_contract::{
    ChangePage, Connection, Cursor, DocumentAbilities, DocumentAdapter, DocumentDraft, Failure, FailureKind,
    IdPage, NewDealMark, Party, RemoteDocument,
};
use finbridge_domain::{DocumentAct, DocumentKind, DocumentStatus, PartyKind};

use super::read::document;
use super::words::DocumentWords;
use super::write::{deal_members, is_so, members};
use crate::adapter::table::{PER_PAGE, Table, Told, after_the_write, has_more};
use crate::client::{Call, Client};
use crate::envelope::Answer;
use crate::wire::row::Row;

/// Documents of one kind.
pub(crate) struct Documents {
    words: &'static DocumentWords,
    table: Table,
}

impl Documents {
    pub(crate) fn new(client: Arc<Client>, words: &'static DocumentWords) -> Self {
        let root = client.product().root;
        Self { words, table: Table { client, root, words: &words.list, only: words.only } }
    }

    fn listed(&self, told: &Told) -> Result<Option<RemoteDocument>, Failure> {
        document(self.words, told, false).map(Some)
    }

    async fn rows(
        &self,
        connection: &Connection,
        call: Call,
    ) -> Result<(Vec<RemoteDocument>, bool), Failure> {
        let answer: Answer<Row> = self.table.client.call(connection, call).await?;
        let request_id = answer.request_id;
        let named = |failure| Failure { request_id: request_id.clone(), ..failure };
        let rows = answer.body.rows(self.words.list.plural).map_err(named)?;
        let more = has_more(&answer.body, rows.len());
        let told = rows.into_iter().map(|row| Told { row, request_id: request_id.clone() });
        let documents: Vec<_> =
            told.map(|told| document(self.words, &told, false)).collect::<Result<_, _>>()?;
        Ok((documents, more))
    }

    fn expect(&self, is_able: bool) -> Result<(), Failure> {
        if is_able {
            return Ok(());
        }
        let app = self.table.product().manifest.name;
        let message = format!("{app} does not do this with a {} from here", self.words.kind.noun());
        Err(Failure::new(FailureKind::NotSupported, message))
    }

    fn list(&self) -> Call {
        let call = Call::get(self.table.all());
        match self.words.only {
            Some((name, value)) => call.with(name, value),
            None => call,
        }
    }
}

#[async_trait]
impl DocumentAdapter for Documents {
    fn kind(&self) -> DocumentKind {
        self.words.kind
    }

    fn abilities(&self) -> DocumentAbilities {
        self.words.abilities
    }

    async fn list_changed(
        &self,
        connection: &Connection,
        after: Option<&Cursor>,
        dated_from: Option<NaiveDate>,
    ) -> Result<ChangePage<RemoteDocument>, Failure> {
        // What is left out has to be read, since the list is followed by time of change; it is not kept.
        let is_wanted = |one: &RemoteDocument| match (one.dated_on, dated_from) {
            (Some(day), Some(from)) => day >= from,
            _ => true,
        };
        let mut page = self.table.changes(connection, after, |told| self.listed(told)).await?;
        page.records.retain(is_wanted);
        Ok(page)
    }

    async fn list_of_party(
        &self,
        connection: &Connection,
        party: &Party,
        after: Option<&Cursor>,
    ) -> Result<ChangePage<RemoteDocument>, Failure> {
        let member = match party.kind {
            PartyKind::Customer if self.words.of_customer => "customer_id",
            PartyKind::Vendor if self.words.of_vendor => "vendor_id",
            _ => {
                let message = "documents of this kind cannot be listed by that side";
                return Err(Failure::new(FailureKind::NotSupported, message));
            }
        };
        let unreadable = |_| Failure::new(FailureKind::Malformed, "the stored cursor is unreadable");
        let number: usize = after.map_or(Ok(1), |Cursor(text)| text.parse().map_err(unreadable))?;
        let call = self.list().with(member, &party.remote_id).with("sort_column", "created_time");
        let call = call.with("sort_order", "A").with("per_page", PER_PAGE).with("page", number);
        let (records, more) = self.rows(connection, call).await?;
        Ok(ChangePage { records, next: Cursor((number + 1).to_string()), more })
    }

    async fn list_ids(&self, connection: &Connection, after: Option<&Cursor>) -> Result<IdPage, Failure> {
        let page = self.table.changes(connection, after, |told| self.listed(told)).await?;
        let ids = page.records.into_iter().map(|record: RemoteDocument| record.remote_id).collect();
        Ok(IdPage { ids, next: page.more.then_some(page.next) })
    }

    async fn fetch(&self, connection: &Connection, remote_id: &str) -> Result<RemoteDocument, Failure> {
        document(self.words, &self.table.read(connection, remote_id).await?, true)
    }

    async fn find_by_reference(
        &self,
        connection: &Connection,
        reference: &str,
    ) -> Result<Option<RemoteDocument>, Failure> {
        let Some(member) = self.words.reference else { return Ok(None) };
        let call = self.list().with(member, reference).with("per_page", PER_PAGE);
        let (documents, _) = self.rows(connection, call).await?;
        // A filter that is ignored must not make strangers ours.
        Ok(documents.into_iter().find(|one| one.reference.as_deref() == Some(reference)))
    }

    async fn create(
        &self,
        connection: &Connection,
        draft: &DocumentDraft,
    ) -> Result<RemoteDocument, Failure> {
        self.expect(self.words.abilities.creates)?;
        let call = Call::post(self.table.all()).with_body(members(self.words, draft));
        let answer: Answer<Row> = self.table.client.call(connection, call).await?;
        let made =
            answer.body.record(self.words.list.singular).and_then(|row| row.required(self.words.list.id));
        let named = |failure| Failure { request_id: answer.request_id.clone(), ..after_the_write(failure) };
        let remote_id = made.map_err(named)?;
        if draft.is_sent && self.words.abilities.acts.contains(&DocumentAct::MarkSent) {
            return self.act(connection, &remote_id, DocumentAct::MarkSent).await.map_err(after_the_write);
        }
        self.fetch(connection, &remote_id).await.map_err(after_the_write)
    }

    async fn update(
        &self,
        connection: &Connection,
        remote_id: &str,
        draft: &DocumentDraft,
    ) -> Result<RemoteDocument, Failure> {
        self.expect(self.words.abilities.edits)?;
        let call = Call::put(self.table.one(remote_id)?, members(self.words, draft));
        self.table.write(connection, call).await?;
        self.fetch(connection, remote_id).await.map_err(after_the_write)
    }

    async fn act(
        &self,
        connection: &Connection,
        remote_id: &str,
        act: DocumentAct,
    ) -> Result<RemoteDocument, Failure> {
        let call = self.words.acts.iter().find(|(known, _)| *known == act);
        self.expect(call.is_some())?;
        let path = call.map(|(_, path)| *path).unwrap_or_default();
        let call = Call::post(format!("{}/{path}", self.table.one(remote_id)?));
        match self.table.write(connection, call).await {
            Ok(()) => self.fetch(connection, remote_id).await.map_err(after_the_write),
            Err(refusal) if refusal.kind == FailureKind::Refused => {
                // Whoever repeats an act finds it done.
                let now = self.fetch(connection, remote_id).await?;
                let status = DocumentStatus::mirrored(self.words.kind, &now.status, false);
                if is_so(act, status) { Ok(now) } else { Err(refusal) }
            }
            Err(failure) => Err(failure),
        }
    }

    async fn set_deal(
        &self,
        connection: &Connection,
        remote_id: &str,
        deal: Option<&NewDealMark>,
    ) -> Result<RemoteDocument, Failure> {
        self.expect(self.words.abilities.links_deals)?;
        let call = Call::put(self.table.one(remote_id)?, deal_members(deal));
        self.table.write(connection, call).await?;
        self.fetch(connection, remote_id).await.map_err(after_the_write)
    }
}
