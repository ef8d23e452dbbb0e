//! The adapter of one kind of document in one app.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::NaiveDate;
use finbridge_contract::{
    ChangePage, Connection, Cursor, DocumentAbilities, DocumentAdapter, DocumentDraft, Failure, FailureKind,
    IdPage, Mail, NewDealMark, Party, RemoteDocument,
};
use finbridge_domain::{DocumentAct, DocumentKind, DocumentStatus, PartyKind};

use super::lookup::Lookup;
use super::read::document;
use super::words::{Content, DocumentWords, Reference};
use super::write::{deal_members, is_so, members};
use crate::adapter::table::{PER_PAGE, Table, Told, after_the_write, has_more};
use crate::client::{Call, Client};
use crate::envelope::Answer;
use crate::wire::body::{Member, Members};
use crate::wire::row::Row;

/// Documents of one kind.
pub(crate) struct Documents {
    pub(super) words: &'static DocumentWords,
    /// Where one of them is read and written.
    pub(super) table: Table,
    /// Where they are listed.
    listing: Table,
    lookup: Arc<Lookup>,
}

impl Documents {
    pub(crate) fn new(client: Arc<Client>, words: &'static DocumentWords, lookup: Arc<Lookup>) -> Self {
        let root = client.product().root;
        let table = Table { client, root, words: &words.list, only: words.only, from: None };
        let listing = Table { words: words.lists_at.unwrap_or(&words.list), ..table.clone() };
        Self { words, table, listing, lookup }
    }

    fn listed(&self, told: &Told) -> Result<Option<RemoteDocument>, Failure> {
        document(self.words, told, false).map(Some)
    }

    async fn rows(
        &self,
        connection: &Connection,
        call: Call,
    ) -> Result<(Vec<RemoteDocument>, bool), Failure> {
        let answer: Answer<Row> = self.listing.client.call(connection, call).await?;
        let request_id = answer.request_id;
        let named = |failure| Failure { request_id: request_id.clone(), ..failure };
        let rows = answer.body.rows(self.listing.words.plural).map_err(named)?;
        let more = has_more(&answer.body, rows.len());
        let told = rows.into_iter().map(|row| Told { row, request_id: request_id.clone() });
        let mut documents =
            told.map(|told| document(self.words, &told, false)).collect::<Result<Vec<_>, _>>()?;
        self.tell_currencies(connection, &mut documents).await?;
        Ok((documents, more))
    }

    /// Lists of payments lack the currency.
    async fn tell_currencies(
        &self,
        connection: &Connection,
        documents: &mut [RemoteDocument],
    ) -> Result<(), Failure> {
        match self.words.content {
            Content::Payment => self.lookup.tell_currencies(connection, documents).await,
            _ => Ok(()),
        }
    }

    fn list(&self) -> Call {
        let call = Call::get(self.listing.all());
        match self.listing.only {
            Some((name, value)) => call.with(name, value),
            None => call,
        }
    }

    pub(super) async fn whole(
        &self,
        connection: &Connection,
        remote_id: &str,
    ) -> Result<RemoteDocument, Failure> {
        document(self.words, &self.table.read(connection, remote_id).await?, true)
    }

    /// The document after it was written: the reply to a write may echo what was sent.
    async fn read_back(&self, connection: &Connection, remote_id: &str) -> Result<RemoteDocument, Failure> {
        self.whole(connection, remote_id).await.map_err(after_the_write)
    }

    fn expect(&self, is_able: bool) -> Result<(), Failure> {
        if is_able {
            return Ok(());
        }
        let app = self.table.product().manifest.name;
        let message =
            format!("{app} does not do this with a document of this kind: {}", self.words.kind.noun());
        Err(Failure::new(FailureKind::NotSupported, message))
    }

    /// What is sent for a draft.
    async fn written(
        &self,
        connection: &Connection,
        draft: &DocumentDraft,
        is_new: bool,
    ) -> Result<Members, Failure> {
        let mut draft = draft.clone();
        if is_new && draft.dated_on.is_none() && self.words.is_day_given {
            draft.dated_on = Some(self.lookup.today(connection).await?);
        }
        let mut members = members(self.words, &draft, is_new);
        match &draft.currency_code {
            Some(code) if self.words.has_own_currency => {
                let currency = self.lookup.currency(connection, code).await?;
                members.insert("currency_id".to_owned(), Member::Text(currency.id));
            }
            Some(code) => self.expect_currency(connection, code, draft.party_id.as_deref()).await?,
            None => {}
        }
        Ok(members)
    }

    /// A document that cannot have a currency of its own must not silently get another one than was asked for.
    async fn expect_currency(
        &self,
        connection: &Connection,
        code: &str,
        customer_id: Option<&str>,
    ) -> Result<(), Failure> {
        let Some(customer_id) = customer_id else { return Ok(()) };
        let own = self.lookup.currency_of(connection, customer_id).await?;
        if own == code {
            return Ok(());
        }
        let app = self.table.product().manifest.name;
        let noun = self.words.kind.noun();
        let message =
            format!("in {app} a {noun} is in the customer's currency, which is {own}: leave {code} out");
        Err(Failure::new(FailureKind::Refused, message))
    }

    /// Makes a new document count as sent, where it is not so from the beginning.
    async fn mark(&self, connection: &Connection, remote_id: &str) -> Result<RemoteDocument, Failure> {
        let acts = [DocumentAct::MarkSent, DocumentAct::Open].into_iter();
        match acts.into_iter().find(|act| self.words.abilities.acts.contains(act)) {
            Some(act) if self.words.draft_flag.is_none() => self.act(connection, remote_id, act).await,
            _ => self.whole(connection, remote_id).await,
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
        // Not every list can be limited by a day.
        let is_wanted = |one: &RemoteDocument| match (one.dated_on, dated_from) {
            (Some(day), Some(from)) => day >= from,
            _ => true,
        };
        let from = self.words.from.zip(dated_from);
        let listing = Table { from, ..self.listing.clone() };
        let mut page = listing.changes(connection, after, |told| self.listed(told)).await?;
        page.records.retain(is_wanted);
        self.tell_currencies(connection, &mut page.records).await?;
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
        let page = self.listing.changes(connection, after, |told| self.listed(told)).await?;
        let ids = page.records.into_iter().map(|record: RemoteDocument| record.remote_id).collect();
        Ok(IdPage { ids, next: page.more.then_some(page.next) })
    }

    async fn fetch(&self, connection: &Connection, remote_id: &str) -> Result<RemoteDocument, Failure> {
        self.whole(connection, remote_id).await
    }

    async fn find_by_reference(
        &self,
        connection: &Connection,
        reference: &str,
    ) -> Result<Option<RemoteDocument>, Failure> {
        let parameter = match self.words.reference {
            Reference::Member(member) => member,
            Reference::EndOf(_) => "search_text",
        };
        let call = self.list().with(parameter, reference).with("per_page", PER_PAGE);
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
        let members = self.written(connection, draft, true).await?;
        let remote_id = self.table.post(connection, &members).await?;
        if draft.is_sent {
            return self.mark(connection, &remote_id).await.map_err(after_the_write);
        }
        self.read_back(connection, &remote_id).await
    }

    async fn update(
        &self,
        connection: &Connection,
        remote_id: &str,
        draft: &DocumentDraft,
    ) -> Result<RemoteDocument, Failure> {
        self.expect(self.words.abilities.edits)?;
        let mut draft = draft.clone();
        // The text that holds the reference is written as a whole.
        let in_text = matches!(self.words.reference, Reference::EndOf(_));
        if in_text && draft.notes.is_some() != draft.reference.is_some() {
            let now = self.whole(connection, remote_id).await?;
            draft.notes = draft.notes.or(now.notes);
            draft.reference = draft.reference.or(now.reference);
        }
        let call = Call::put(self.table.one(remote_id)?, self.written(connection, &draft, false).await?);
        self.table.write(connection, call).await?;
        self.read_back(connection, remote_id).await
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
            Ok(()) => self.read_back(connection, remote_id).await,
            Err(refusal) if refusal.kind == FailureKind::Refused => {
                // Whoever repeats an act finds it done.
                let now = self.whole(connection, remote_id).await?;
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
        self.read_back(connection, remote_id).await
    }

    async fn mail(
        &self,
        connection: &Connection,
        remote_id: &str,
        mail: &Mail,
    ) -> Result<RemoteDocument, Failure> {
        self.expect(self.words.abilities.mails)?;
        self.send(connection, remote_id, mail).await?;
        self.read_back(connection, remote_id).await
    }

    async fn pdf(&self, connection: &Connection, remote_id: &str) -> Result<Vec<u8>, Failure> {
        self.expect(self.words.abilities.prints)?;
        let answer = self.table.client.pdf(connection, self.table.one(remote_id)?).await?;
        Ok(answer.body)
    }
}
