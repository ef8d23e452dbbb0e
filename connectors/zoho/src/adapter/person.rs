//! Persons at customers.
//!
//! The vendor keeps them inside their customer: they have no list with times of change, no time of change of their own,
//! and the app that made the customer shows them with their links. So they are read out of the customer's detail, by the
//! calls of the API that the apps share.

use std::sync::Arc;

use async_trait::async_trait;
use finbridge_contract::{
    Act, ChangePage, Connection, Cost, CrmReference, Cursor, Failure, FailureKind, IdPage, NewRecord,
    RecordAdapter, RemoteRecord, Removal,
};
use finbridge_domain::record::finance::standard_fields;
use finbridge_domain::record::{FieldKey, FinanceField, RecordKind, Values};

use super::table::{Table, Told, after_the_write};
use crate::client::{Call, Client, path_id};
use crate::map::{contact, person as map, reference as reference_of};
use crate::wire::body::Member;
use crate::wire::row::Row;
use crate::words::{BOOKS_CONTACTS, CONTACT_PERSONS};

/// Contact persons of one app. Their ids alone name them; no path needs the customer's.
pub(crate) struct Persons {
    table: Table,
    /// The contacts that hold them.
    contacts: Table,
}

impl Persons {
    pub(crate) fn new(client: Arc<Client>) -> Self {
        let root = client.product().shared;
        let contacts =
            Table { client: Arc::clone(&client), root, words: &BOOKS_CONTACTS.list, only: None, from: None };
        Self { table: Table { client, root, words: &CONTACT_PERSONS, only: None, from: None }, contacts }
    }

    async fn write(&self, connection: &Connection, remote_id: &str, values: &Values) -> Result<(), Failure> {
        self.table.write(connection, Call::put(self.table.one(remote_id)?, map::members(values))).await
    }

    /// Everybody at a contact.
    async fn at(&self, connection: &Connection, contact_id: &str) -> Result<Vec<RemoteRecord>, Failure> {
        Self::told_by(&self.contacts.read(connection, contact_id).await?, contact_id)
    }

    /// Everybody whom a contact's detail tells.
    fn told_by(told: &Told, contact_id: &str) -> Result<Vec<RemoteRecord>, Failure> {
        let words = &BOOKS_CONTACTS;
        let holder = contact::record(words, RecordKind::Customer, told, true)?;
        let named = |failure| Failure { request_id: told.request_id.clone(), ..failure };
        let rows = told.row.rows(words.persons).map_err(named)?;
        rows.iter()
            .map(|row| {
                let id = row.required(words.person_id).map_err(named)?;
                Ok(map::person(row, id, contact_id, &holder))
            })
            .collect()
    }

    /// The person, out of those at a contact.
    async fn one_at(
        &self,
        connection: &Connection,
        contact_id: &str,
        remote_id: &str,
    ) -> Result<RemoteRecord, Failure> {
        let present = self.at(connection, contact_id).await?;
        let gone = || Failure::new(FailureKind::NotFound, "the person is not at the customer any more");
        present.into_iter().find(|person| person.remote_id == remote_id).ok_or_else(gone)
    }

    /// Refuses a CRM contact that stands for another customer, or for somebody there, before anything is made.
    async fn is_free(
        &self,
        connection: &Connection,
        contact_id: &str,
        reference: CrmReference,
    ) -> Result<(), Failure> {
        for holder in self.contacts.claimants(connection, reference).await? {
            // Whoever makes the person has looked there: at the customer itself, and at everybody.
            if holder == contact_id {
                continue;
            }
            let told = match self.contacts.read(connection, &holder).await {
                Err(failure) if failure.kind == FailureKind::NotFound => continue,
                outcome => outcome?,
            };
            let persons = told.row.list(BOOKS_CONTACTS.persons).unwrap_or_default();
            if is_linked(&told.row, reference) {
                return Err(self.taken(&format!("the contact {holder} itself"), told.request_id));
            }
            if persons.iter().any(|person| is_linked(person, reference)) {
                return Err(self.taken(&format!("a person at the contact {holder}"), told.request_id));
            }
        }
        Ok(())
    }

    /// The refusal of a CRM contact that stands for somebody else.
    fn taken(&self, by: &str, request_id: Option<String>) -> Failure {
        let message = format!(
            "the CRM contact is linked to {by} in {} already: unlink it there, or merge the two there, then start the \
             run again",
            self.table.product().manifest.name
        );
        Failure { request_id, ..Failure::new(FailureKind::Refused, message) }
    }

    /// Makes the person at the contact, or takes the one that an earlier attempt left: linked, or not yet.
    ///
    /// The vendor could also import a CRM contact as a person of its account. That needs the customer to be linked to
    /// the account and the import of contacts to be switched on, and beside an unlinked person of the same name it
    /// makes a second one. Looking at who is there holds at every step at which a connection may be lost: before the
    /// person is made nobody is found, before it is linked it is found by its names and address, and then by its link.
    async fn make(
        &self,
        connection: &Connection,
        contact_id: &str,
        reference: Option<CrmReference>,
        record: &NewRecord,
    ) -> Result<String, Failure> {
        let values = &record.values;
        let told = self.contacts.read(connection, contact_id).await?;
        let present = Self::told_by(&told, contact_id)?;
        let linked = present.iter().find(|it| reference.is_some() && it.crm_reference == reference);
        if linked.is_none() && reference.is_some_and(|reference| is_linked(&told.row, reference)) {
            return Err(self.taken(&format!("the contact {contact_id} itself"), told.request_id));
        }
        let free =
            || present.iter().find(|it| it.crm_reference.is_none() && map::is_same(&it.values, values));
        if let Some(known) = linked.or_else(free) {
            if !holds(&known.values, values) {
                self.write(connection, &known.remote_id, values).await?;
            }
            return Ok(known.remote_id.clone());
        }
        if let Some(reference) = reference {
            self.is_free(connection, contact_id, reference).await?;
        }
        let mut members = map::made(values);
        members.insert("contact_id".to_owned(), contact_id.into());
        if record.is_primary {
            // In the same call, so that a retry does not have to ask who was meant.
            members.insert("is_primary_contact".to_owned(), Member::Flag(true));
        }
        self.table.post(connection, &members).await
    }
}

/// Whether a row of a contact, or of a person there, is linked to this CRM record.
fn is_linked(row: &Row, reference: CrmReference) -> bool {
    reference_of(row, &[reference.record_type]) == Some(reference)
}

/// Whether these values are told as wanted.
fn holds(told: &Values, wanted: &Values) -> bool {
    wanted.iter().all(|(field, value)| told.get(field).map_or("", String::as_str) == value.trim())
}

#[async_trait]
impl RecordAdapter for Persons {
    /// Nothing: the vendor lists no changes of persons. Their customer changes with them, so that they are read by
    /// [`RecordAdapter::fetch_children`] of customers that changed.
    async fn list_changed(
        &self,
        _connection: &Connection,
        after: Option<&Cursor>,
    ) -> Result<ChangePage<RemoteRecord>, Failure> {
        let next = after.cloned().unwrap_or_else(|| Cursor(String::new()));
        Ok(ChangePage { records: Vec::new(), next, more: false })
    }

    /// Nothing, likewise: who is gone shows at the customer.
    async fn list_ids(&self, _connection: &Connection, _after: Option<&Cursor>) -> Result<IdPage, Failure> {
        Ok(IdPage { ids: Vec::new(), next: None })
    }

    async fn fetch(&self, connection: &Connection, remote_id: &str) -> Result<RemoteRecord, Failure> {
        let told = self.table.read(connection, remote_id).await?;
        let contact_id = told.row.required(BOOKS_CONTACTS.list.id);
        let named = |failure| Failure { request_id: told.request_id, ..failure };
        // The person alone does not tell when it changed.
        self.one_at(connection, &contact_id.map_err(named)?, remote_id).await
    }

    async fn fetch_children(
        &self,
        connection: &Connection,
        parent_id: &str,
    ) -> Result<Vec<RemoteRecord>, Failure> {
        self.at(connection, parent_id).await
    }

    async fn find_by_reference(
        &self,
        connection: &Connection,
        reference: CrmReference,
        parent_id: Option<&str>,
    ) -> Result<Option<RemoteRecord>, Failure> {
        let holders = match parent_id {
            Some(parent_id) => vec![parent_id.to_owned()],
            None => self.contacts.claimants(connection, reference).await?,
        };
        for holder in holders {
            let present = match self.at(connection, &holder).await {
                Err(failure) if failure.kind == FailureKind::NotFound => continue,
                outcome => outcome?,
            };
            let found = present.into_iter().find(|person| person.crm_reference == Some(reference));
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    async fn create(
        &self,
        connection: &Connection,
        reference: Option<CrmReference>,
        record: &NewRecord,
    ) -> Result<RemoteRecord, Failure> {
        let Some(contact_id) = record.parent_id.as_deref() else {
            return Err(Failure::new(FailureKind::Refused, "a contact person needs a customer to belong to"));
        };
        if reference.is_some() {
            self.table.needs_crm_link(connection)?;
        }
        path_id(contact_id)?;
        let remote_id = self.make(connection, contact_id, reference, record).await?;
        if let Some(reference) = reference {
            self.link(connection, &remote_id, reference).await.map_err(after_the_write)?;
        }
        self.one_at(connection, contact_id, &remote_id).await.map_err(after_the_write)
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
        self.write(connection, remote_id, values).await?;
        self.fetch(connection, remote_id).await.map_err(after_the_write)
    }

    async fn remove(&self, connection: &Connection, remote_id: &str) -> Result<Removal, Failure> {
        self.table.remove(connection, remote_id).await
    }

    /// Those that every organization has: persons have no added ones.
    async fn fields(&self, _connection: &Connection) -> Result<Vec<FinanceField>, Failure> {
        Ok(standard_fields(RecordKind::ContactPerson))
    }

    fn cost(&self, connection: &Connection, act: Act<'_>) -> Cost {
        match act {
            // They are read with their customers.
            Act::ListChanged | Act::ListIds { .. } => Cost::NONE,
            // The person tells where it is, and the customer the rest.
            Act::Fetch => Cost::of(2, 0),
            // Looked for at the customer and everywhere else, made, linked, and read back.
            Act::Create { is_linked: true, .. } => Cost::of(3, 2),
            Act::Create { is_linked: false, .. } => Cost::of(2, 1),
            Act::Update(values) => Cost::of(2, u64::from(!values.is_empty())),
            Act::Find | Act::Link | Act::Unlink | Act::Remove => self.table.cost(connection, act),
        }
    }

    fn listed_fields(&self) -> &[FieldKey] {
        &[]
    }
}
