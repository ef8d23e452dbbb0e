//! The records of one organization and the indexes over them.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use imbl::{OrdMap, OrdSet};
use serde::{Deserialize, Serialize};

use super::balance::{self, Balance};
use super::kind::Kind;
use super::record::Record;
use super::table::Table;
use crate::filter::fold;
use crate::json::Json;
use crate::resource;
use crate::resource::contact::model::Contact;

/// Which CRM module a linked record lives in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CrmKind {
    Account,
    Contact,
}

impl CrmKind {
    /// The member of a contact that carries the id.
    pub(crate) fn member(self) -> &'static str {
        match self {
            Self::Account => "zcrm_account_id",
            Self::Contact => "zcrm_contact_id",
        }
    }
}

/// A record of the CRM. The id is a digit string that must come back unchanged, leading zeros included.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct CrmLink {
    pub(crate) kind: CrmKind,
    pub(crate) id: String,
}

/// A CRM record that was pushed and waits for an import call.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct CrmRecord {
    pub(crate) link: CrmLink,
    pub(crate) record: Json,
}

/// All records of one organization.
#[derive(Debug, Clone, Default)]
pub(crate) struct Books {
    pub(crate) contacts: OrdMap<u64, Arc<Contact>>,
    /// Folded name to id. It holds the uniqueness rule and serves the order by name.
    pub(crate) by_name: OrdMap<String, u64>,
    /// Serves the order by change and the filter on it.
    pub(crate) by_modified: OrdSet<(DateTime<Utc>, u64)>,
    pub(crate) by_link: OrdMap<CrmLink, u64>,
    /// Contact person to contact.
    pub(crate) persons: OrdMap<u64, u64>,
    pub(crate) crm_records: OrdMap<CrmLink, Arc<CrmRecord>>,
    tables: OrdMap<Kind, Table>,
    /// Named record, kind and id of the record that names it.
    references: OrdSet<(u64, Kind, u64)>,
    balances: OrdMap<u64, Balance>,
}

impl Books {
    /// The records of one kind; a kind without any has an empty table.
    pub(crate) fn table(&self, kind: Kind) -> Table {
        self.tables.get(&kind).cloned().unwrap_or_default()
    }

    /// One record.
    pub(crate) fn record(&self, kind: Kind, id: u64) -> Option<&Arc<Record>> {
        self.tables.get(&kind).and_then(|table| table.get(id))
    }

    /// Inserts or replaces a record, its references and its share of its contact's balance.
    pub(crate) fn put_record(&mut self, record: Arc<Record>) {
        self.remove_record(record.kind, record.id);
        let spec = resource::of(record.kind).spec();
        for target in spec.references(&record) {
            self.references.insert((target, record.kind, record.id));
        }
        if let Some((contact, share)) = balance::share(&record) {
            self.balances.entry(contact).or_default().add(share);
        }
        self.tables.entry(record.kind).or_default().put(spec, record);
    }

    /// Removes a record, its references and its share of its contact's balance.
    pub(crate) fn remove_record(&mut self, kind: Kind, id: u64) {
        let spec = resource::of(kind).spec();
        let removed = self.tables.get_mut(&kind).and_then(|table| table.remove(spec, id));
        let Some(record) = removed else { return };
        for target in spec.references(&record) {
            self.references.remove(&(target, kind, id));
        }
        if let Some((contact, share)) = balance::share(&record)
            && let Some(balance) = self.balances.get_mut(&contact)
        {
            balance.sub(share);
        }
    }

    /// Records that name `target`, in the order of kinds and ids.
    pub(crate) fn naming(&self, target: u64) -> impl DoubleEndedIterator<Item = (Kind, u64)> {
        self.references
            .range((target, Kind::Contact, 0)..=(target, Kind::LAST, u64::MAX))
            .map(|it| (it.1, it.2))
    }

    /// Ids of the records of one kind that name `target`, in the order of their creation.
    pub(crate) fn naming_as(&self, target: u64, kind: Kind) -> impl DoubleEndedIterator<Item = u64> {
        self.references.range((target, kind, 0)..=(target, kind, u64::MAX)).map(|it| it.2)
    }

    /// What a contact owes and is owed.
    pub(crate) fn balance(&self, contact_id: u64) -> Balance {
        self.balances.get(&contact_id).copied().unwrap_or_default()
    }

    /// Every record outside the contacts, for a snapshot.
    pub(crate) fn records(&self) -> impl Iterator<Item = &Arc<Record>> {
        self.tables.values().flat_map(Table::rows)
    }

    /// The highest counter that an automatic number of each kind carried, where there is one.
    pub(crate) fn numbered(&self) -> impl Iterator<Item = (Kind, u64)> {
        self.tables.iter().map(|(kind, table)| (*kind, table.numbered())).filter(|(_, counter)| *counter > 0)
    }

    /// Automatic numbers of a kind go on above `counter`.
    pub(crate) fn number_from(&mut self, kind: Kind, counter: u64) {
        self.tables.entry(kind).or_default().number_from(counter);
    }

    /// Inserts or replaces a contact.
    pub(crate) fn put_contact(&mut self, contact: Arc<Contact>) {
        self.remove_contact(contact.contact_id);
        let id = contact.contact_id;
        self.by_name.insert(fold(&contact.contact_name), id);
        self.by_modified.insert((contact.modified, id));
        if let Some(link) = &contact.link {
            self.by_link.insert(link.clone(), id);
        }
        for person in &contact.persons {
            self.persons.insert(person.contact_person_id, id);
        }
        self.contacts.insert(id, contact);
    }

    /// Removes a contact from the rows and from every index.
    pub(crate) fn remove_contact(&mut self, contact_id: u64) {
        let Some(contact) = self.contacts.remove(&contact_id) else { return };
        self.by_name.remove(&fold(&contact.contact_name));
        self.by_modified.remove(&(contact.modified, contact_id));
        if let Some(link) = &contact.link {
            self.by_link.remove(link);
        }
        for person in &contact.persons {
            self.persons.remove(&person.contact_person_id);
        }
    }

    /// Inserts or replaces a pushed CRM record.
    pub(crate) fn put_crm_record(&mut self, record: Arc<CrmRecord>) {
        self.crm_records.insert(record.link.clone(), record);
    }

    /// The contact linked to a CRM record.
    pub(crate) fn linked(&self, link: &CrmLink) -> Option<&Arc<Contact>> {
        self.by_link.get(link).and_then(|id| self.contacts.get(id))
    }
}
