//! The changes that make up a state: what the log holds and what a replay applies.

use std::sync::Arc;

use axum::body::Bytes;
use serde::{Deserialize, Serialize};

use super::State;
use super::books::{CrmLink, CrmRecord};
use super::files;
use super::integration::Integration;
use super::kind::Kind;
use super::mail::Mail;
use super::record::Record;
use super::records::{AccessToken, Client, GrantCode, Organization, RefreshToken, User};
use crate::resource::contact::model::Contact;
use crate::webhook::model::{Delivery, Webhook};

/// One change. Applying the same change twice leaves the same state.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Change {
    Clear,
    NextId(u64),
    User(Arc<User>),
    Client(Arc<Client>),
    Organization(Arc<Organization>),
    Contact {
        organization_id: String,
        #[serde(deserialize_with = "Contact::read")]
        contact: Arc<Contact>,
    },
    ContactDeleted {
        organization_id: String,
        contact_id: u64,
    },
    CrmRecord {
        organization_id: String,
        record: Arc<CrmRecord>,
    },
    CrmRecordDeleted {
        organization_id: String,
        link: CrmLink,
    },
    Integration {
        organization_id: String,
        integration: Arc<Integration>,
    },
    Record {
        organization_id: String,
        record: Arc<Record>,
    },
    RecordDeleted {
        organization_id: String,
        kind: Kind,
        id: u64,
    },
    /// Bytes that a later change names by their SHA-256.
    File {
        sha256: String,
        #[serde(with = "files::base64_text")]
        bytes: Bytes,
    },
    /// The highest counter of a kind's automatic numbers, which the remaining records alone may not tell.
    Numbered {
        organization_id: String,
        kind: Kind,
        counter: u64,
    },
    Webhook(Arc<Webhook>),
    WebhookDeleted(u64),
    /// The highest ids of webhooks and deliveries, which the remaining ones alone may not tell.
    Counted {
        webhook: u64,
        delivery: u64,
    },
    Delivery(Arc<Delivery>),
    DeliveryDeleted(u64),
    Mail(Arc<Mail>),
    OutboxCleared,
    RefreshToken(Arc<RefreshToken>),
    RefreshTokenDeleted(String),
    AccessToken(Arc<AccessToken>),
    AccessTokenDeleted(String),
    Code(Arc<GrantCode>),
    CodeDeleted(String),
}

impl State {
    /// Lets a contact that was just read share its creator's name with the contact before, where it is the same.
    pub(super) fn share(&self, change: &mut Change) {
        let Change::Contact { organization_id, contact } = change else { return };
        let last = self.known_books(organization_id).contacts.last().map(|last| &last.created_by);
        if let (Some(contact), Some(last)) = (Arc::get_mut(contact), last)
            && contact.created_by == *last
        {
            contact.created_by = Arc::clone(last);
        }
    }

    /// Applies one change, indexes included.
    pub(crate) fn apply(&mut self, change: &Change) {
        match change {
            Change::Clear => *self = Self::default(),
            Change::NextId(next) => self.next_id = *next,
            Change::User(user) => {
                self.users.insert(user.user_id, Arc::clone(user));
            }
            Change::Client(client) => {
                self.clients.insert(client.client_id.clone(), Arc::clone(client));
            }
            Change::Organization(organization) => {
                self.organizations.insert(organization.organization_id.clone(), Arc::clone(organization));
            }
            Change::Contact { organization_id, contact } => {
                self.books_mut(organization_id).put_contact(Arc::clone(contact));
            }
            Change::ContactDeleted { organization_id, contact_id } => {
                self.books_mut(organization_id).remove_contact(*contact_id);
                self.drop_belongings(organization_id, *contact_id);
            }
            Change::CrmRecord { organization_id, record } => {
                self.books_mut(organization_id).put_crm_record(Arc::clone(record));
            }
            Change::CrmRecordDeleted { organization_id, link } => {
                self.books_mut(organization_id).crm_records.remove(link);
            }
            Change::Integration { organization_id, integration } => {
                self.books_mut(organization_id).integration = Arc::clone(integration);
            }
            Change::Record { organization_id, record } => {
                if let Some(sha256) = files::held_by(record) {
                    self.files.hold(sha256, record.id);
                }
                self.books_mut(organization_id).put_record(Arc::clone(record));
            }
            Change::RecordDeleted { organization_id, kind, id } => {
                if *kind == Kind::Attachment {
                    self.release_file(organization_id, *id);
                }
                self.books_mut(organization_id).remove_record(*kind, *id);
                self.drop_belongings(organization_id, *id);
            }
            Change::Numbered { organization_id, kind, counter } => {
                self.books_mut(organization_id).number_from(*kind, *counter);
            }
            Change::Webhook(webhook) => {
                self.last_webhook = self.last_webhook.max(webhook.id);
                self.webhooks.insert(webhook.id, Arc::clone(webhook));
            }
            Change::WebhookDeleted(id) => {
                self.webhooks.remove(id);
            }
            Change::Counted { webhook, delivery } => {
                self.last_webhook = self.last_webhook.max(*webhook);
                self.deliveries.number_from(*delivery);
            }
            Change::Delivery(delivery) => self.deliveries.put(delivery),
            Change::DeliveryDeleted(id) => self.deliveries.remove(*id),
            Change::File { sha256, bytes } => self.files.add(sha256, bytes),
            Change::Mail(mail) => self.put_mail(mail),
            Change::OutboxCleared => self.clear_mails(),
            Change::RefreshToken(token) => {
                self.last_serial = self.last_serial.max(token.serial);
                self.refresh_tokens.insert(token.token.clone(), Arc::clone(token));
            }
            Change::RefreshTokenDeleted(token) => {
                self.refresh_tokens.remove(token);
            }
            Change::AccessToken(token) => {
                self.last_serial = self.last_serial.max(token.serial);
                self.access_tokens.insert(token.token.clone(), Arc::clone(token));
            }
            Change::AccessTokenDeleted(token) => {
                self.access_tokens.remove(token);
            }
            Change::Code(code) => {
                self.last_serial = self.last_serial.max(code.serial);
                self.codes.insert(code.code.clone(), Arc::clone(code));
            }
            Change::CodeDeleted(code) => {
                self.codes.remove(code);
            }
        }
    }

    /// The changes that rebuild this state from nothing.
    pub(crate) fn snapshot(&self) -> Vec<Change> {
        let mut changes = vec![Change::Clear];
        changes.extend(self.users.values().cloned().map(Change::User));
        changes.extend(self.clients.values().cloned().map(Change::Client));
        changes.extend(self.organizations.values().cloned().map(Change::Organization));
        let file = |(sha256, bytes): (&String, &Bytes)| Change::File {
            sha256: sha256.clone(),
            bytes: bytes.clone(),
        };
        changes.extend(self.files.iter().map(file));
        changes.extend(self.mails.values().cloned().map(Change::Mail));
        for (organization_id, books) in &self.books {
            changes.push(Change::Integration {
                organization_id: organization_id.clone(),
                integration: Arc::clone(&books.integration),
            });
            changes.extend(books.crm_records.values().map(|record| Change::CrmRecord {
                organization_id: organization_id.clone(),
                record: Arc::clone(record),
            }));
            changes.extend(books.contacts.values().map(|contact| Change::Contact {
                organization_id: organization_id.clone(),
                contact: Arc::clone(contact),
            }));
            changes.extend(books.records().map(|record| Change::Record {
                organization_id: organization_id.clone(),
                record: Arc::clone(record),
            }));
            changes.extend(books.numbered().map(|(kind, counter)| Change::Numbered {
                organization_id: organization_id.clone(),
                kind,
                counter,
            }));
        }
        changes.extend(self.webhooks.values().cloned().map(Change::Webhook));
        changes.extend(self.deliveries.values().cloned().map(Change::Delivery));
        changes.push(Change::Counted { webhook: self.last_webhook, delivery: self.deliveries.last_id() });
        changes.extend(self.refresh_tokens.values().cloned().map(Change::RefreshToken));
        changes.extend(self.access_tokens.values().cloned().map(Change::AccessToken));
        changes.extend(self.codes.values().cloned().map(Change::Code));
        changes.push(Change::NextId(self.next_id));
        changes
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn contacts_that_were_read_share_the_name_of_their_creator() {
        let contact = |id: u64, created_by: &str| {
            let address = json!({"address_id": 1, "members": {}});
            let contact = json!({
                "contact_id": id, "contact_name": "C", "contact_type": "customer", "customer_sub_type": "business",
                "active": true, "imported": false, "link": null, "currency_id": 1, "billing_address": address,
                "shipping_address": address, "addresses": [], "persons": [], "members": {},
                "created": "2026-01-05T20:06:10Z", "modified": "2026-01-05T20:06:10Z", "created_by": created_by,
            });
            let change = json!({"contact": {"organization_id": "1", "contact": contact}});
            serde_json::from_str::<Change>(&change.to_string()).unwrap()
        };
        let mut state = State::default();
        for (id, name) in [(1, "Ada"), (2, "Ada"), (3, "Ben"), (4, "Ben")] {
            let mut change = contact(id, name);
            state.share(&mut change);
            state.apply(&change);
        }
        let books = state.books("1");
        let name = |id: u64| &books.contacts.get(&id).unwrap().created_by;
        assert!(Arc::ptr_eq(name(1), name(2)) && Arc::ptr_eq(name(3), name(4)));
        assert_eq!((&**name(2), &**name(3)), ("Ada", "Ben"));
    }

    #[test]
    fn a_snapshot_keeps_counters_that_no_remaining_record_carries() {
        let mut state = State::default();
        let organization_id = "10234695".to_owned();
        state.apply(&Change::Numbered {
            organization_id: organization_id.clone(),
            kind: Kind::Invoice,
            counter: 7,
        });
        let mut again = State::default();
        state.snapshot().iter().for_each(|change| again.apply(change));
        assert_eq!(again.books(&organization_id).table(Kind::Invoice).numbered(), 7);
    }
}
