//! Customers and vendors.

use std::sync::Arc;

use async_trait::async_trait;
use finbridge_contract::{
    Act, ChangePage, Connection, Cost, CrmReference, Cursor, Failure, FailureKind, IdPage, NewRecord,
    PartyTerms, RecordAdapter, RemoteRecord, Removal,
};
use finbridge_domain::record::{FieldKey, FinanceField, RecordKind, Values};

use super::table::{Table, Told};
use crate::client::{Call, Client, path_id};
use crate::document::Lookup;
use crate::map::{contact as map, person};
use crate::wire::row::Row;
use crate::words::{BOOKS_CONTACTS, ContactWords};

/// Customers, or vendors, of one app.
pub(crate) struct Contacts {
    table: Table,
    words: &'static ContactWords,
    kind: RecordKind,
    listed: Vec<FieldKey>,
}

impl Contacts {
    /// Those of `kind`, which is customers or vendors.
    pub(crate) fn new(client: Arc<Client>, kind: RecordKind) -> Self {
        let (words, root) = (client.product().contacts, client.product().root);
        let contact_type = if kind == RecordKind::Vendor { "vendor" } else { "customer" };
        let only = words.has_types.then_some(("contact_type", contact_type));
        let table = Table { client, root, words: &words.list, only, from: None };
        Self { table, words, kind, listed: map::LISTED.map(FieldKey::of).to_vec() }
    }

    fn listed(&self) -> impl Fn(&Told) -> Result<Option<RemoteRecord>, Failure> + Send {
        let (words, kind) = (self.words, self.kind);
        move |told| map::record_of(words, kind, told, false)
    }

    /// What new documents of a contact begin with. The rate is that of the app's own table; the base currency has none, and is not
    /// looked up.
    pub(crate) async fn terms(
        &self,
        connection: &Connection,
        remote_id: &str,
        lookup: &Lookup,
        base: &str,
    ) -> Result<PartyTerms, Failure> {
        let told = self.table.read(connection, remote_id).await?;
        let code = told.row.required("currency_code");
        let currency_code = code.map_err(|failure| Failure { request_id: told.request_id, ..failure })?;
        let exchange_rate = match currency_code == base {
            true => None,
            false => lookup.currency(connection, &currency_code).await?.rate,
        };
        let persons = told.row.list(self.words.persons).unwrap_or_default();
        let primary = person::primary(&told.row, &persons, self.words.person_id);
        let email = told.row.some_text("email").or_else(|| primary?.some_text("email"));
        Ok(PartyTerms { currency_code, exchange_rate, email })
    }

    /// Writes the fields of the first person, and makes it where nobody is there. By its own call: a list of persons in
    /// a contact removes those that it leaves out.
    async fn write_first_person(
        &self,
        connection: &Connection,
        remote_id: &str,
        contact: &Row,
        values: &Values,
    ) -> Result<(), Failure> {
        let persons = contact.list(self.words.persons).unwrap_or_default();
        let primary = person::primary(contact, &persons, self.words.person_id);
        let shared = self.table.product().shared;
        let call = match primary.map(|primary| primary.required(self.words.person_id)).transpose()? {
            Some(id) => {
                let path = format!("{shared}/contacts/contactpersons/{}", path_id(&id)?);
                Call::put(path, person::members(&person::personal(values)))
            }
            None if person::along(values).is_empty() => return Ok(()),
            None => {
                let mut members = person::made(&person::personal(values));
                members.insert("contact_id".to_owned(), remote_id.into());
                Call::post(format!("{shared}/contacts/contactpersons")).with_body(members)
            }
        };
        self.table.write(connection, call).await.map_err(|failure| match failure.kind {
            // As it stands it would say that the customer is gone, and with it may go the CRM's record.
            FailureKind::NotFound => Failure {
                kind: FailureKind::OutcomeUnknown,
                message: format!(
                    "the person was removed while it was written; the next try looks who is there: {}",
                    failure.message
                ),
                ..failure
            },
            _ => failure,
        })
    }
}

#[async_trait]
impl RecordAdapter for Contacts {
    async fn list_changed(
        &self,
        connection: &Connection,
        after: Option<&Cursor>,
    ) -> Result<ChangePage<RemoteRecord>, Failure> {
        self.table.changes(connection, after, self.listed()).await
    }

    async fn list_ids(&self, connection: &Connection, after: Option<&Cursor>) -> Result<IdPage, Failure> {
        self.table.ids(connection, after, self.listed()).await
    }

    async fn fetch(&self, connection: &Connection, remote_id: &str) -> Result<RemoteRecord, Failure> {
        map::record(self.words, self.kind, &self.table.read(connection, remote_id).await?, true)
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
        let made = |words| map::made(words, self.kind, record.customer_kind, &record.values);
        let remote_id = match reference {
            // Imports are calls of Books, whatever the app's own words are.
            Some(reference) => self.table.import(connection, reference, &made(&BOOKS_CONTACTS)).await?,
            None => self.table.post(connection, &made(self.words)).await?,
        };
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
        if values.is_empty() {
            return self.fetch(connection, remote_id).await;
        }
        let writes_person = person::has_personal(values) && !self.words.has_personal_members;
        let present = if writes_person || map::touches_address(values) {
            Some(self.table.read(connection, remote_id).await?.row)
        } else {
            None
        };
        let members = map::members(self.words, values, present.as_ref());
        if !members.is_empty() {
            self.table.write(connection, Call::put(self.table.one(remote_id)?, members)).await?;
        }
        if let Some(present) = present.filter(|_| writes_person) {
            self.write_first_person(connection, remote_id, &present, values).await?;
        }
        Table::read_back(self, connection, remote_id, values).await
    }

    async fn remove(&self, connection: &Connection, remote_id: &str) -> Result<Removal, Failure> {
        self.table.remove(connection, remote_id).await
    }

    async fn merge(
        &self,
        connection: &Connection,
        master_id: &str,
        merged_ids: &[String],
    ) -> Result<(), Failure> {
        self.table.merge(connection, master_id, merged_ids).await
    }

    async fn fields(&self, connection: &Connection) -> Result<Vec<FinanceField>, Failure> {
        self.table.fields(connection, self.kind).await
    }

    fn cost(&self, connection: &Connection, act: Act<'_>) -> Cost {
        let Act::Update(values) = act else { return self.table.cost(connection, act) };
        if values.is_empty() {
            return Cost::of(1, 0);
        }
        let writes_person = person::has_personal(values) && !self.words.has_personal_members;
        let is_looked_at = writes_person || map::touches_address(values);
        let writes_contact = !map::members(self.words, values, None).is_empty();
        Cost::of(1 + u64::from(is_looked_at), u64::from(writes_contact) + u64::from(writes_person))
    }

    fn listed_fields(&self) -> &[FieldKey] {
        &self.listed
    }
}
