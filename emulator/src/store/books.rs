//! The records of one organization and the indexes over them.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use imbl::{OrdMap, OrdSet};
use serde::{Deserialize, Serialize};

use crate::filter::fold;
use crate::json::Json;
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
}

impl Books {
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
