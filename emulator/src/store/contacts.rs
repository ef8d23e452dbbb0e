//! The contacts of one organization and the indexes over them.

use std::ops::Bound;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use imbl::{OrdMap, OrdSet};

use super::folded::Folded;
use crate::json::Json;
use crate::resource::contact::model::{Contact, custom_fields};
use crate::resource::field::text;

/// Members of people that are found and sorted by an index. A list sorts by the primary person's value and finds by
/// everybody's.
const OF_PERSONS: [&str; 3] = ["first_name", "last_name", "email"];
/// Members of contacts that are found by an index.
const OF_CONTACTS: [&str; 2] = ["company_name", "contact_number"];

/// Folded values of one member.
#[derive(Debug, Clone, Default)]
struct TextIndex {
    /// One entry for each contact, or for each that has a value, if nothing sorts by the member.
    leading: OrdSet<(Folded, u64)>,
    /// Values of people who are not primary.
    further: OrdSet<(Folded, u64)>,
}

/// All contacts of one organization.
#[derive(Debug, Clone, Default)]
pub(crate) struct Contacts {
    rows: OrdMap<u64, Arc<Contact>>,
    /// Folded name to id. It holds the uniqueness rule and serves the order by name.
    by_name: OrdMap<Folded, u64>,
    /// Ids follow the time, so their order is that of creation until somebody sets the clock back; from then on it has
    /// an index.
    by_created: Option<OrdSet<(DateTime<Utc>, u64)>>,
    by_modified: OrdSet<(DateTime<Utc>, u64)>,
    of_persons: [TextIndex; OF_PERSONS.len()],
    of_contacts: [TextIndex; OF_CONTACTS.len()],
    /// API name and folded value of unique custom fields.
    unique: OrdMap<(String, Folded), u64>,
}

impl Contacts {
    /// The contact with this id.
    pub(crate) fn get(&self, contact_id: &u64) -> Option<&Arc<Contact>> {
        self.rows.get(contact_id)
    }

    /// The contact with the greatest id below `id`.
    pub(crate) fn before(&self, id: u64) -> Option<&Arc<Contact>> {
        self.rows.get_prev(&id.checked_sub(1)?).map(|(_, contact)| contact)
    }

    /// The contact with the greatest id.
    pub(crate) fn last(&self) -> Option<&Arc<Contact>> {
        self.rows.get_max().map(|(_, contact)| contact)
    }

    /// How many contacts there are.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// All contacts by their ids.
    pub(crate) fn values(&self) -> impl DoubleEndedIterator<Item = &Arc<Contact>> {
        self.rows.values()
    }

    /// The contact with this folded name.
    pub(crate) fn named(&self, folded: &str) -> Option<u64> {
        self.by_name.get(&Folded::from_folded(folded)).copied()
    }

    /// The contact that holds `value` in the unique custom field `api_name`.
    pub(crate) fn holder(&self, api_name: &str, value: &str) -> Option<u64> {
        self.unique.get(&(api_name.to_owned(), Folded::of(value))).copied()
    }

    /// The label of a unique custom field whose value another contact holds.
    pub(crate) fn clash<'a>(&self, contact: &'a Contact) -> Option<&'a str> {
        let taken =
            |name: &str, value: &str| self.holder(name, value).is_some_and(|id| id != contact.contact_id);
        unique_fields(contact).find(|(name, value, _)| taken(name, value)).map(|(_, _, label)| label)
    }

    /// Ids in the order of names, narrowed to the folded names that begin with `prefix`.
    pub(crate) fn in_order_of_names<'a>(
        &'a self,
        prefix: &str,
    ) -> impl DoubleEndedIterator<Item = u64> + use<'a> {
        let end = after(prefix).map_or(Bound::Unbounded, |end| Bound::Excluded(Folded::from_folded(&end)));
        self.by_name.range((Bound::Included(Folded::from_folded(prefix)), end)).map(|(_, id)| *id)
    }

    /// Ids in the order of creation.
    pub(crate) fn in_order_of_creation(&self) -> impl DoubleEndedIterator<Item = u64> {
        let indexed = self.by_created.iter().flatten().map(|(_, id)| *id);
        let rows = self.by_created.is_none().then(|| self.rows.keys().copied());
        indexed.chain(rows.into_iter().flatten())
    }

    /// Ids of the contacts changed at or after `since`, oldest change first.
    pub(crate) fn changed(&self, since: DateTime<Utc>) -> impl DoubleEndedIterator<Item = u64> {
        self.by_modified.range((since, 0)..).map(|(_, id)| *id)
    }

    /// Ids in the order of a member of the primary person; `None` for a member without an index.
    pub(crate) fn in_order_of(&self, member: &str) -> Option<impl DoubleEndedIterator<Item = u64>> {
        let at = OF_PERSONS.iter().position(|known| *known == member)?;
        Some(self.of_persons[at].leading.iter().map(|(_, id)| *id))
    }

    /// Ids of contacts where anybody's `member` is `needle`, or begins with it; a contact may come more than once. `None`
    /// for a member without an index. `needle` is folded.
    pub(crate) fn found<'a>(
        &'a self,
        member: &str,
        needle: &str,
        begins: bool,
    ) -> Option<impl Iterator<Item = u64> + use<'a>> {
        let index = OF_PERSONS.iter().position(|known| *known == member).map(|at| &self.of_persons[at]);
        let of_contacts =
            || OF_CONTACTS.iter().position(|known| *known == member).map(|at| &self.of_contacts[at]);
        let index = index.or_else(of_contacts)?;
        let from = Bound::Included((Folded::from_folded(needle), 0));
        let end = if begins {
            after(needle).map_or(Bound::Unbounded, |end| Bound::Excluded((Folded::from_folded(&end), 0)))
        } else {
            Bound::Included((Folded::from_folded(needle), u64::MAX))
        };
        let range = (from, end);
        Some(index.leading.range(range.clone()).chain(index.further.range(range)).map(|(_, id)| *id))
    }

    /// Inserts or replaces a contact. Indexes whose values stay are not touched.
    pub(crate) fn put(&mut self, contact: Arc<Contact>) {
        let before = self.rows.get(&contact.contact_id).cloned();
        self.reindex(before.as_deref(), Some(&contact));
        let known = before.is_some_and(|before| before.created == contact.created);
        if self.by_created.is_none() && !known && self.is_out_of_turn(&contact) {
            let others = self.rows.values().filter(|it| it.contact_id != contact.contact_id);
            self.by_created = Some(others.map(|it| (it.created, it.contact_id)).collect());
        }
        if let Some(index) = &mut self.by_created {
            index.insert((contact.created, contact.contact_id));
        }
        self.rows.insert(contact.contact_id, contact);
    }

    /// Removes a contact from the rows and from every index.
    pub(crate) fn remove(&mut self, contact_id: u64) -> Option<Arc<Contact>> {
        let contact = self.rows.remove(&contact_id)?;
        self.reindex(Some(&contact), None);
        Some(contact)
    }

    /// Whether a contact was created before one with a lesser id, or after one with a greater id.
    fn is_out_of_turn(&self, contact: &Contact) -> bool {
        let id = contact.contact_id;
        let before = self.before(id);
        let after = self.rows.range((Bound::Excluded(id), Bound::Unbounded)).next();
        before.is_some_and(|it| it.created > contact.created)
            || after.is_some_and(|(_, it)| it.created < contact.created)
    }

    fn reindex(&mut self, old: Option<&Contact>, new: Option<&Contact>) {
        let Some(id) = old.or(new).map(|contact| contact.contact_id) else { return };
        let name = |contact: &Contact| Folded::of(&contact.contact_name);
        let (was, is) = (old.map(name), new.map(name));
        if was != is {
            if let Some(name) = was {
                self.by_name.remove(&name);
            }
            if let Some(name) = is {
                self.by_name.insert(name, id);
            }
        }
        if let (Some(index), Some(old)) = (&mut self.by_created, old) {
            index.remove(&(old.created, id));
        }
        let time = |contact: &Contact| (contact.modified, id);
        replace(&mut self.by_modified, old.map(time), new.map(time));
        for (index, member) in self.of_persons.iter_mut().zip(OF_PERSONS) {
            let leading = |contact: &Contact| {
                (Folded::of(contact.primary().map_or("", |person| person.text(member))), id)
            };
            replace(&mut index.leading, old.map(leading), new.map(leading));
            let further = |contact: Option<&Contact>| -> Vec<(Folded, u64)> {
                let persons = contact.map(|it| it.persons.as_slice()).unwrap_or_default();
                let others = persons.iter().filter(|person| !person.is_primary);
                let values =
                    others.map(|person| Folded::of(person.text(member))).filter(|value| !value.is_empty());
                values.map(|value| (value, id)).collect()
            };
            let (was, is) = (further(old), further(new));
            if was != is {
                for entry in &was {
                    index.further.remove(entry);
                }
                index.further.extend(is);
            }
        }
        for (index, member) in self.of_contacts.iter_mut().zip(OF_CONTACTS) {
            let leading = |contact: &Contact| {
                let value = Folded::of(text(&contact.members, member));
                (!value.is_empty()).then_some((value, id))
            };
            replace(&mut index.leading, old.and_then(leading), new.and_then(leading));
        }
        let (was, is) =
            (old.map(unique_values).unwrap_or_default(), new.map(unique_values).unwrap_or_default());
        if was != is {
            for name in &was {
                self.unique.remove(name);
            }
            self.unique.extend(is.into_iter().map(|name| (name, id)));
        }
    }
}

fn replace<T: Ord + Clone>(index: &mut OrdSet<T>, old: Option<T>, new: Option<T>) {
    if old == new {
        return;
    }
    if let Some(old) = old {
        index.remove(&old);
    }
    if let Some(new) = new {
        index.insert(new);
    }
}

/// API names and folded values of a contact's unique custom fields.
fn unique_values(contact: &Contact) -> Vec<(String, Folded)> {
    let fields = unique_fields(contact).map(|(name, value, _)| (name.to_owned(), Folded::of(value)));
    fields.filter(|(_, value)| !value.is_empty()).collect()
}

/// API name, value and label of a contact's unique custom fields.
fn unique_fields(contact: &Contact) -> impl Iterator<Item = (&str, &str, &str)> {
    custom_fields(&contact.members).iter().filter_map(|entry| {
        let text = |name: &str| entry.get(name).and_then(Json::as_str);
        let (Json::Text(value) | Json::Number(value)) = entry.get("value")? else { return None };
        let unique = entry.get("is_unique") == Some(&Json::Bool(true));
        unique.then(|| {
            (text("api_name").unwrap_or_default(), value.as_str(), text("label").unwrap_or_default())
        })
    })
}

/// The least text above all texts that begin with `prefix`; `None` when there is none.
fn after(prefix: &str) -> Option<String> {
    let mut text = prefix.to_owned();
    while let Some(last) = text.pop() {
        let next = (u32::from(last) + 1..=u32::from(char::MAX)).find_map(char::from_u32);
        if let Some(next) = next {
            text.push(next);
            return Some(text);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::after;

    #[test]
    fn prefixes_end_before_the_next_text() {
        for (prefix, end) in [
            ("", None),
            ("ab", Some("ac")),
            ("a\u{d7ff}", Some("a\u{e000}")),
            ("a\u{10ffff}", Some("b")),
            ("\u{10ffff}", None),
        ] {
            assert_eq!(after(prefix).as_deref(), end, "{prefix:?}");
        }
    }
}
