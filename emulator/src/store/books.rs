//! The records of one organization and the indexes over them.

use std::sync::Arc;

use imbl::{OrdMap, OrdSet};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::balance::{self, Balance};
use super::contacts::Contacts;
use super::integration::Integration;
use super::kind::Kind;
use super::persons::Persons;
use super::record::Record;
use super::table::Table;
use crate::json::Json;
use crate::resource;
use crate::resource::contact::model::Contact;

/// Which CRM module a linked record lives in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CrmKind {
    Account,
    Contact,
    Vendor,
    Product,
    /// A deal.
    Potential,
}

impl CrmKind {
    /// The modules whose records become contacts.
    pub(crate) const OF_CONTACTS: [Self; 3] = [Self::Account, Self::Contact, Self::Vendor];

    /// The member of a linked record that carries the id.
    pub(crate) fn member(self) -> &'static str {
        match self {
            Self::Account => "zcrm_account_id",
            Self::Contact => "zcrm_contact_id",
            Self::Vendor => "zcrm_vendor_id",
            Self::Product => "zcrm_product_id",
            Self::Potential => "zcrm_potential_id",
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
    pub(crate) contacts: Contacts,
    pub(crate) by_link: OrdMap<CrmLink, u64>,
    /// CRM contact to linked contact person.
    person_links: OrdMap<String, u64>,
    persons: Persons,
    pub(crate) crm_records: OrdMap<CrmLink, Arc<CrmRecord>>,
    tables: OrdMap<Kind, Table>,
    /// Named record, kind and id of the record that names it.
    references: OrdSet<(u64, Kind, u64)>,
    balances: OrdMap<u64, Balance>,
    /// Contacts that owe something, by the amount in their currency.
    owing: OrdSet<(Decimal, u64)>,
    /// What the organization agreed with the CRM.
    pub(crate) integration: Arc<Integration>,
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

    /// Inserts or replaces a record, its references and its shares of its contacts' balances.
    pub(crate) fn put_record(&mut self, record: Arc<Record>) {
        self.remove_record(record.kind, record.id);
        let spec = resource::of(record.kind).spec();
        for target in spec.references(&record) {
            self.references.insert((target, record.kind, record.id));
        }
        for (contact, share) in balance::shares(&record) {
            self.change_balance(contact, |balance| balance.add(share));
        }
        self.tables.entry(record.kind).or_default().put(spec, record);
    }

    /// Removes a record, its references and its shares of its contacts' balances.
    pub(crate) fn remove_record(&mut self, kind: Kind, id: u64) {
        let spec = resource::of(kind).spec();
        let removed = self.tables.get_mut(&kind).and_then(|table| table.remove(spec, id));
        let Some(record) = removed else { return };
        for target in spec.references(&record) {
            self.references.remove(&(target, kind, id));
        }
        for (contact, share) in balance::shares(&record) {
            self.change_balance(contact, |balance| balance.sub(share));
        }
    }

    /// Records that name `target`, in the order of kinds and ids. Its own comments and attached files do not count: they
    /// go with it.
    pub(crate) fn naming(&self, target: u64) -> impl DoubleEndedIterator<Item = (Kind, u64)> {
        self.references
            .range((target, Kind::Contact, 0)..=(target, Kind::LAST, u64::MAX))
            .map(|it| (it.1, it.2))
            .filter(|(kind, _)| !matches!(kind, Kind::Comment | Kind::Attachment))
    }

    /// Ids of the records of one kind that name `target`, in the order of their creation.
    pub(crate) fn naming_as(&self, target: u64, kind: Kind) -> impl DoubleEndedIterator<Item = u64> {
        self.references.range((target, kind, 0)..=(target, kind, u64::MAX)).map(|it| it.2)
    }

    /// What a contact owes and is owed, opening balances included.
    pub(crate) fn balance(&self, contact_id: u64) -> Balance {
        self.balances.get(&contact_id).copied().unwrap_or_default()
    }

    /// Contacts whose outstanding receivable is not zero, by the amount in their currency. It is never below zero: what
    /// was paid too much is a credit.
    pub(crate) fn owing(&self) -> impl DoubleEndedIterator<Item = u64> {
        self.owing.iter().map(|(_, id)| *id)
    }

    fn change_balance(&mut self, contact_id: u64, change: impl FnOnce(&mut Balance)) {
        let balance = self.balances.entry(contact_id).or_default();
        let was = balance.receivable.own;
        change(balance);
        let is = balance.receivable.own;
        if was != is {
            self.owing.remove(&(was, contact_id));
            if !is.is_zero() {
                self.owing.insert((is, contact_id));
            }
        }
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

    /// Inserts or replaces a contact, its links, its people and its opening balances.
    pub(crate) fn put_contact(&mut self, contact: Arc<Contact>) {
        let before = self.contacts.get(&contact.contact_id).cloned();
        if let Some(before) = &before {
            self.forget(before, Some(&contact));
        }
        let id = contact.contact_id;
        if let Some(link) = &contact.link {
            self.by_link.insert(link.clone(), id);
        }
        for person in &contact.persons {
            if let Some(link) = &person.zcrm_contact_id {
                self.person_links.insert(link.to_string(), person.contact_person_id);
            }
        }
        if let Some(share) = contact.opening_share() {
            self.change_balance(id, |balance| balance.add(share));
        }
        self.contacts.put(Arc::clone(&contact));
        self.persons.put(&self.contacts, &contact, before.is_none());
    }

    /// Removes a contact from the rows and from every index.
    pub(crate) fn remove_contact(&mut self, contact_id: u64) {
        let Some(contact) = self.contacts.remove(contact_id) else { return };
        self.forget(&contact, None);
    }

    /// Takes a contact out of what lies outside its own table; `next` is the contact that replaces it.
    fn forget(&mut self, contact: &Contact, next: Option<&Contact>) {
        if let Some(link) =
            contact.link.as_ref().filter(|link| next.and_then(|it| it.link.as_ref()) != Some(*link))
        {
            self.by_link.remove(link);
        }
        let stays =
            |id| next.is_some_and(|it| it.persons.iter().any(|person| person.contact_person_id == id));
        for person in &contact.persons {
            if let Some(link) = &person.zcrm_contact_id {
                self.person_links.remove(&**link);
            }
            if !stays(person.contact_person_id) {
                self.persons.remove(person.contact_person_id, contact.contact_id);
            }
        }
        if let Some(share) = contact.opening_share() {
            self.change_balance(contact.contact_id, |balance| balance.sub(share));
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

    /// The contact that a person is at.
    pub(crate) fn owner(&self, person_id: u64) -> Option<u64> {
        self.persons.owner(&self.contacts, person_id)
    }

    /// All people with their contacts, in the order of their ids.
    pub(crate) fn persons(&self) -> impl Iterator<Item = (u64, u64)> {
        self.persons.iter(&self.contacts)
    }

    /// The contact person linked to a CRM contact, and its contact.
    pub(crate) fn linked_person(&self, crm_id: &str) -> Option<(u64, &Arc<Contact>)> {
        let person_id = *self.person_links.get(crm_id)?;
        let contact = self.contacts.get(&self.owner(person_id)?)?;
        Some((person_id, contact))
    }

    /// The name of a deal that was pushed, empty when it was not.
    pub(crate) fn potential_name(&self, crm_id: &str) -> &str {
        let link = CrmLink { kind: CrmKind::Potential, id: crm_id.to_owned() };
        let known = self.crm_records.get(&link);
        known.and_then(|known| known.record.get("potential_name")?.as_str()).unwrap_or_default()
    }
}
