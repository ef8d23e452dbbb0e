//! Which contact a person is at.
//!
//! Ids come from one counter, and most people are written with their contact: such a person is at the contact with the
//! greatest id below their own. Only the others need an index.

use imbl::OrdMap;

use super::contacts::Contacts;
use crate::resource::contact::model::Contact;

/// People who are not at the contact that their id tells.
#[derive(Debug, Clone, Default)]
pub(super) struct Persons(OrdMap<u64, u64>);

impl Persons {
    /// The contact that a person is at.
    pub(super) fn owner(&self, contacts: &Contacts, person_id: u64) -> Option<u64> {
        self.0.get(&person_id).copied().or_else(|| {
            let contact = contacts.before(person_id)?;
            let known = contact.persons.iter().any(|person| person.contact_person_id == person_id);
            known.then_some(contact.contact_id)
        })
    }

    /// All people with their contacts, in the order of their ids.
    pub(super) fn iter<'a>(&'a self, contacts: &'a Contacts) -> impl Iterator<Item = (u64, u64)> + use<'a> {
        let mut strays = self.0.iter().map(|(person, contact)| (*person, *contact)).peekable();
        let mut others = contacts.values().flat_map(|contact| self.told(contact)).peekable();
        std::iter::from_fn(move || match (strays.peek(), others.peek()) {
            (Some(stray), Some(other)) if stray < other => strays.next(),
            (_, Some(_)) => others.next(),
            (_, None) => strays.next(),
        })
    }

    /// The people of a contact whose ids tell so, in the order of their ids.
    fn told(&self, contact: &Contact) -> impl Iterator<Item = (u64, u64)> + use<> {
        let ids = contact.persons.iter().map(|person| person.contact_person_id);
        let mut ids: Vec<u64> = ids.filter(|id| !self.0.contains_key(id)).collect();
        ids.sort_unstable();
        let contact_id = contact.contact_id;
        ids.into_iter().map(move |id| (id, contact_id))
    }

    /// Takes the people of a contact that was just put among the others; `fresh` says that it was not there before.
    pub(super) fn put(&mut self, contacts: &Contacts, contact: &Contact, fresh: bool) {
        let id = contact.contact_id;
        for person in &contact.persons {
            let person_id = person.contact_person_id;
            if contacts.before(person_id).is_none_or(|it| it.contact_id != id) {
                self.0.insert(person_id, id);
            }
        }
        if !fresh {
            return;
        }
        // From now on the ids of people who were added to the contact before it tell of this one.
        let Some(former) = contacts.before(id) else { return };
        for person in former.persons.iter().filter(|person| person.contact_person_id > id) {
            self.0.insert(person.contact_person_id, former.contact_id);
        }
    }

    /// Forgets that a person is at a contact.
    pub(super) fn remove(&mut self, person_id: u64, contact_id: u64) {
        if self.0.get(&person_id) == Some(&contact_id) {
            self.0.remove(&person_id);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use chrono::{DateTime, TimeDelta};
    use proptest::prelude::*;

    use crate::resource::contact::model::{Address, Contact, ContactType, SubType};
    use crate::resource::contact_person::model::ContactPerson;
    use crate::resource::packed::Packed;
    use crate::store::books::Books;

    fn contact(contact_id: u64, created: i64, persons: &[u64]) -> Arc<Contact> {
        let instant = DateTime::UNIX_EPOCH + TimeDelta::seconds(created);
        let persons =
            persons.iter().map(|id| ContactPerson { contact_person_id: *id, ..ContactPerson::default() });
        Arc::new(Contact {
            contact_id,
            contact_name: contact_id.to_string().into(),
            contact_type: ContactType::Customer,
            customer_sub_type: SubType::Business,
            active: true,
            imported: false,
            link: None,
            currency_id: 0,
            billing_address: Address::default(),
            shipping_address: Address::default(),
            addresses: Vec::new(),
            persons: persons.collect(),
            members: Packed::default(),
            created: instant,
            modified: instant,
            created_by: "".into(),
        })
    }

    proptest! {
        #[test]
        fn people_are_at_their_contacts_and_contacts_in_the_order_of_creation(
            writes in proptest::collection::vec((0u64..12, 0i64..3, proptest::collection::btree_set(0u64..40, 0..4), any::<bool>()), 1..40)
        ) {
            let (mut books, mut plain) = (Books::default(), BTreeMap::new());
            for (id, created, persons, gone) in writes {
                let id = id * 3;
                if gone {
                    books.remove_contact(id);
                    plain.remove(&id);
                } else {
                    // Nobody is at two contacts.
                    let free = |person: &u64| {
                        plain.iter().all(|(other, (_, known)): (&u64, &(i64, Vec<u64>))| *other == id || !known.contains(person))
                    };
                    let persons: Vec<u64> = persons.into_iter().rev().filter(free).collect();
                    books.put_contact(contact(id, created, &persons));
                    plain.insert(id, (created, persons));
                }
                let owners: BTreeMap<u64, u64> = plain
                    .iter()
                    .flat_map(|(id, (_, persons))| persons.iter().map(|person| (*person, *id)))
                    .collect();
                for person in 0..40 {
                    prop_assert_eq!(books.owner(person), owners.get(&person).copied());
                }
                prop_assert_eq!(books.persons().collect::<Vec<_>>(), owners.into_iter().collect::<Vec<_>>());
                let mut order: Vec<(i64, u64)> = plain.iter().map(|(id, (created, _))| (*created, *id)).collect();
                order.sort_unstable();
                let order: Vec<u64> = order.into_iter().map(|(_, id)| id).collect();
                prop_assert_eq!(books.contacts.in_order_of_creation().collect::<Vec<_>>(), order.clone());
                let mut back: Vec<u64> = books.contacts.in_order_of_creation().rev().collect();
                back.reverse();
                prop_assert_eq!(back, order);
            }
        }
    }
}
