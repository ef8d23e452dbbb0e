//! The promises that persons at customers keep. They have no list of their own, and their names may repeat.

use finbridge_domain::record::{CrmRecordType, CustomerKind, RecordKind};

use super::sample::{PARENT_NAME, changes, named, same_values, wanted};
use super::{adapter, fails, holds, references, said};
use crate::adapter::{CrmReference, NewRecord, RecordAdapter, RemoteRecord, Removal};
use crate::connector::{Connection, Connector};
use crate::failure::FailureKind;

/// The customer's CRM record, apart from those of the customers' own probes.
fn holder_reference() -> CrmReference {
    let [own, other] = references(CrmRecordType::Account);
    CrmReference { wire_id: finbridge_domain::WireId(other.wire_id.0 + 1), ..own }
}

struct Persons<'a> {
    adapter: &'a dyn RecordAdapter,
    connection: &'a Connection,
    parent_id: String,
    own: CrmReference,
    other: CrmReference,
}

/// Tries persons at a customer that is made for them.
pub(super) async fn contact_persons(
    connector: &dyn Connector,
    connection: &Connection,
) -> Result<(), String> {
    let holders = adapter(connector, RecordKind::Customer)?;
    clear(holders, connection).await?;
    let business = wanted(RecordKind::Customer, Some(CustomerKind::Business));
    let holder = named(&business, RecordKind::Customer, PARENT_NAME, "");
    let made = holders.create(connection, Some(holder_reference()), &holder).await;
    let [own, other] = references(CrmRecordType::Contact);
    let persons = Persons {
        adapter: adapter(connector, RecordKind::ContactPerson)?,
        connection,
        parent_id: said("create", made)?.remote_id,
        own,
        other,
    };
    let outcome = persons.run().await;
    let cleared = clear(holders, connection).await;
    outcome.and(cleared)?;
    let gone = persons.adapter.fetch_children(connection, &persons.parent_id).await;
    fails("fetch_children of a removed customer", gone, &FailureKind::NotFound)
}

/// Removes the customer, and everybody with it.
async fn clear(holders: &dyn RecordAdapter, connection: &Connection) -> Result<(), String> {
    let found = holders.find_by_reference(connection, holder_reference(), None).await;
    if let Some(left) = said("find_by_reference", found)? {
        said("remove", holders.remove(connection, &left.remote_id).await)?;
    }
    Ok(())
}

impl Persons<'_> {
    async fn run(&self) -> Result<(), String> {
        let wanted =
            NewRecord { parent_id: Some(self.parent_id.clone()), ..wanted(RecordKind::ContactPerson, None) };
        self.needs_a_customer(&wanted).await?;
        let made = self.creates_once(&wanted).await?;
        self.takes_up_what_was_not_linked_yet(&wanted).await?;
        self.makes_one_without_a_given_name(&wanted).await?;
        self.updates_one_field_at_a_time(&made.remote_id, &wanted).await?;
        self.names_another(&made.remote_id).await?;
        self.removes_repeatedly(&made.remote_id).await
    }

    async fn needs_a_customer(&self, wanted: &NewRecord) -> Result<(), String> {
        let nowhere = NewRecord { parent_id: None, ..wanted.clone() };
        let outcome = self.adapter.create(self.connection, Some(self.own), &nowhere).await;
        fails("create without a customer", outcome, &FailureKind::Refused)
    }

    async fn creates_once(&self, wanted: &NewRecord) -> Result<RemoteRecord, String> {
        let before = self.present().await?.len();
        let made = said("create", self.adapter.create(self.connection, Some(self.own), wanted).await)?;
        holds(made.crm_reference == Some(self.own), "a created person is linked to its CRM contact")?;
        holds(made.parent_id.as_ref() == Some(&self.parent_id), "a created person is at its customer")?;
        holds(made.is_whole && made.is_active, "create tells every field of a person who is active")?;
        same_values("create", &wanted.values, &made)?;
        let fetched = said("fetch", self.adapter.fetch(self.connection, &made.remote_id).await)?;
        holds(fetched.values == made.values, "fetch tells the same values as create")?;
        holds(fetched.parent_id == made.parent_id, "fetch tells the customer")?;
        holds(fetched.crm_reference == Some(self.own), "fetch tells the CRM contact")?;
        for parent_id in [None, Some(self.parent_id.as_str())] {
            let found = self.find(self.own, parent_id).await?;
            let found_it = found.is_some_and(|found| found.remote_id == made.remote_id);
            holds(found_it, "find_by_reference finds the created person, with and without its customer")?;
        }
        let again =
            said("create, repeated,", self.adapter.create(self.connection, Some(self.own), wanted).await)?;
        holds(again.remote_id == made.remote_id, "create, repeated, answers with the same person")?;
        let present = self.present().await?.len();
        holds(present == before + 1, "after a repeated create there is one person more")?;
        Ok(made)
    }

    /// What is left when the connection is lost between making a person and linking it.
    async fn takes_up_what_was_not_linked_yet(&self, wanted: &NewRecord) -> Result<(), String> {
        let mut other = wanted.clone();
        other.values.insert(RecordKind::ContactPerson.name_field(), "Interrupted".to_owned());
        let left =
            said("create without a CRM record", self.adapter.create(self.connection, None, &other).await)?;
        holds(left.crm_reference.is_none(), "a person made for no CRM record is linked to none")?;
        let again = self.adapter.create(self.connection, None, &other).await;
        let again = said("create without a CRM record, repeated,", again)?;
        holds(
            again.remote_id == left.remote_id,
            "create without a CRM record, repeated, makes no second person",
        )?;
        let taken = self.adapter.create(self.connection, Some(self.other), &other).await;
        let taken = said("create after an interruption", taken)?;
        holds(taken.remote_id == left.remote_id, "create takes up a person that was not linked yet")?;
        holds(taken.crm_reference == Some(self.other), "create links the person that it takes up")?;
        said("remove", self.adapter.remove(self.connection, &taken.remote_id).await)?;
        Ok(())
    }

    /// The CRM knows persons by their family name alone.
    async fn makes_one_without_a_given_name(&self, wanted: &NewRecord) -> Result<(), String> {
        let mut nameless = wanted.clone();
        nameless.values.insert(finbridge_domain::record::finance::FIRST_NAME, String::new());
        let outcome = self.adapter.create(self.connection, Some(self.other), &nameless).await;
        let made = said("create without a given name", outcome)?;
        same_values("create without a given name", &nameless.values, &made)?;
        said("remove", self.adapter.remove(self.connection, &made.remote_id).await)?;
        Ok(())
    }

    async fn updates_one_field_at_a_time(&self, remote_id: &str, wanted: &NewRecord) -> Result<(), String> {
        let mut values = wanted.values.clone();
        let others: Vec<_> =
            self.present().await?.into_iter().filter(|it| it.remote_id != remote_id).collect();
        for change in changes(RecordKind::ContactPerson) {
            let updated = said("update", self.adapter.update(self.connection, remote_id, &change).await)?;
            values.extend(change);
            same_values("update", &values, &updated)?;
            holds(updated.crm_reference == Some(self.own), "an update leaves the link alone")?;
            let present = self.present().await?;
            let told = present.iter().find(|person| person.remote_id == remote_id);
            let told = told.ok_or("broken promise: fetch_children tells a person that is there")?;
            same_values("fetch_children after update", &values, told)?;
            holds(told.modified_at == updated.modified_at, "fetch_children tells the newest state")?;
        }
        for other in others {
            let fetched = said("fetch", self.adapter.fetch(self.connection, &other.remote_id).await)?;
            holds(fetched.values == other.values, "an update leaves the other persons alone")?;
        }
        Ok(())
    }

    /// A link goes to another CRM contact only after it was taken away, which may be repeated.
    async fn names_another(&self, remote_id: &str) -> Result<(), String> {
        said("link, repeated,", self.adapter.link(self.connection, remote_id, self.own).await)?;
        let outcome = self.adapter.link(self.connection, remote_id, self.other).await;
        fails("link to another CRM contact", outcome, &FailureKind::Refused)?;
        for act in ["unlink", "unlink, repeated,"] {
            said(act, self.adapter.unlink(self.connection, remote_id).await)?;
            let found = self.find(self.own, None).await?;
            holds(found.is_none(), "an unlinked person is not found by its CRM contact")?;
        }
        for reference in [self.other, self.own] {
            said("unlink", self.adapter.unlink(self.connection, remote_id).await)?;
            said("link", self.adapter.link(self.connection, remote_id, reference).await)?;
            let fetched = said("fetch", self.adapter.fetch(self.connection, remote_id).await)?;
            let told = fetched.crm_reference == Some(reference);
            holds(told, "a person names the CRM contact it was linked to last")?;
        }
        Ok(())
    }

    async fn removes_repeatedly(&self, remote_id: &str) -> Result<(), String> {
        for act in ["remove", "remove, repeated,"] {
            let removal = said(act, self.adapter.remove(self.connection, remote_id).await)?;
            holds(removal == Removal::Deleted, "a person is deleted, however often")?;
        }
        let outcome = self.adapter.fetch(self.connection, remote_id).await;
        fails("fetch after remove", outcome, &FailureKind::NotFound)?;
        holds(self.find(self.own, None).await?.is_none(), "a removed person is not found")?;
        let outcome =
            self.adapter.update(self.connection, remote_id, &changes(RecordKind::ContactPerson)[0]).await;
        fails("update after remove", outcome, &FailureKind::NotFound)
    }

    async fn present(&self) -> Result<Vec<RemoteRecord>, String> {
        said("fetch_children", self.adapter.fetch_children(self.connection, &self.parent_id).await)
    }

    async fn find(
        &self,
        reference: CrmReference,
        parent_id: Option<&str>,
    ) -> Result<Option<RemoteRecord>, String> {
        let found = self.adapter.find_by_reference(self.connection, reference, parent_id).await;
        said("find_by_reference", found)
    }
}
