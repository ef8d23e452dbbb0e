//! What every finance app must pass before the engine may use it.
//!
//! Run it against the app, or against an emulator of it, with a connection to an organization that may be written to.
//! It removes what it makes, also what an interrupted run left behind.

use std::collections::BTreeSet;

use finbridge_domain::record::{Customer, CustomerField, CustomerKind, CustomerValues};
use finbridge_domain::{WireId, name_key};

use crate::adapter::{CrmRecordType, CrmReference, CustomerAdapter, RemoteCustomer, Removal};
use crate::connector::{Connection, Connector};
use crate::cursor::Cursor;
use crate::failure::{Failure, FailureKind};

/// The CRM record that the customer is made from.
const OWN: CrmReference = account(990_000_000_000_000_001);

/// Another CRM record, which wants the same name.
const OTHER: CrmReference = account(990_000_000_000_000_002);

const NAME: &str = "Conformance Probe Ltd";

const CHANGED_CITY: &str = "Ostrava";

/// Pages after which a list is taken to be endless.
const PAGE_LIMIT: usize = 10_000;

const fn account(number: i64) -> CrmReference {
    CrmReference { record_type: CrmRecordType::Account, wire_id: WireId(number) }
}

/// Checks everything that the engine relies on for customers.
///
/// # Errors
/// A sentence that says which promise the app does not keep.
pub async fn customers(connector: &dyn Connector, connection: &Connection) -> Result<(), String> {
    let adapter = connector.customers().ok_or("the app does not offer customers")?;
    let probe = Probe { adapter, connection };
    probe.clear().await?;
    let outcome = probe.run().await;
    let cleared = probe.clear().await;
    outcome.and(cleared)
}

struct Probe<'a> {
    adapter: &'a dyn CustomerAdapter,
    connection: &'a Connection,
}

/// Everything read from a cursor to the end.
struct Reading {
    records: Vec<RemoteCustomer>,
    next: Cursor,
}

impl Probe<'_> {
    async fn run(&self) -> Result<(), String> {
        let wanted = wanted();
        let made = self.creates_once(&wanted).await?;
        self.refuses_a_taken_name(&wanted).await?;
        let before = self.read_changes(None).await?;
        self.updates_one_field(&made.remote_id, &wanted).await?;
        self.tells_the_change(&before, &made.remote_id).await?;
        self.links_repeatedly(&made.remote_id).await?;
        self.names_another(&made.remote_id).await?;
        self.removes_repeatedly(&made.remote_id).await
    }

    /// Creating links from the first moment, can be found again, and repeated makes no second record.
    async fn creates_once(&self, wanted: &Customer) -> Result<RemoteCustomer, String> {
        let made = said("create", self.adapter.create(self.connection, OWN, wanted).await)?;
        holds(made.crm_reference == Some(OWN), "a created customer is linked to its CRM record")?;
        holds(made.is_active, "a created customer is active")?;
        holds(made.customer.kind == wanted.kind, "a created customer is of the kind that was asked for")?;
        same_values("create", &wanted.values, &made)?;

        let fetched = said("fetch", self.adapter.fetch(self.connection, &made.remote_id).await)?;
        holds(fetched.remote_id == made.remote_id, "fetch answers with the customer that was asked for")?;
        holds(fetched.customer == made.customer, "fetch tells the same values as create")?;
        holds(fetched.crm_reference == Some(OWN), "fetch tells the CRM record")?;

        let found = self.find(OWN).await?;
        let found_it = found.is_some_and(|found| found.remote_id == made.remote_id);
        holds(found_it, "find_by_reference finds the created customer")?;

        let again = said("create, repeated,", self.adapter.create(self.connection, OWN, wanted).await)?;
        holds(again.remote_id == made.remote_id, "create, repeated, answers with the same customer")?;
        let key = name_key(NAME);
        let all = self.read_changes(None).await?.records;
        let listed: BTreeSet<_> = all
            .iter()
            .filter(|record| name_key(record.customer.display_name()) == key)
            .map(|record| &record.remote_id)
            .collect();
        holds(listed.len() == 1, "after a repeated create the list shows one customer of that name")?;
        Ok(made)
    }

    /// Names are unique whatever their letter case.
    async fn refuses_a_taken_name(&self, wanted: &Customer) -> Result<(), String> {
        let mut shouted = wanted.clone();
        shouted.values.insert(CustomerField::DisplayName, NAME.to_uppercase());
        match self.adapter.create(self.connection, OTHER, &shouted).await {
            Ok(_) => return Err("broken promise: a name that is taken is refused".to_owned()),
            Err(failure) => is_kind("create with a taken name", &failure, &FailureKind::NameTaken)?,
        }
        holds(self.find(OTHER).await?.is_none(), "a refused create leaves no customer behind")
    }

    /// Writing one field of an address leaves everything else alone.
    async fn updates_one_field(&self, remote_id: &str, wanted: &Customer) -> Result<(), String> {
        let change = CustomerValues::from([(CustomerField::BillingCity, CHANGED_CITY.to_owned())]);
        let updated = said("update", self.adapter.update(self.connection, remote_id, &change).await)?;
        let mut values = wanted.values.clone();
        values.extend(change);
        same_values("update", &values, &updated)?;
        let fetched = said("fetch", self.adapter.fetch(self.connection, remote_id).await)?;
        same_values("fetch after update", &values, &fetched)?;
        holds(fetched.crm_reference == Some(OWN), "an update leaves the link alone")
    }

    /// Reading on from the cursor tells the change. What else comes is the overlap: records told before, unchanged.
    async fn tells_the_change(&self, before: &Reading, remote_id: &str) -> Result<(), String> {
        let later = self.read_changes(Some(&before.next)).await?;
        let fetched = said("fetch", self.adapter.fetch(self.connection, remote_id).await)?;
        let told = later.records.iter().rfind(|record| record.remote_id == remote_id);
        let told = told.ok_or("broken promise: list_changed tells a change made after the cursor")?;
        holds(told.modified_at == fetched.modified_at, "list_changed tells the newest state of a record")?;
        for record in later.records.iter().filter(|record| record.remote_id != remote_id) {
            let repeated = before
                .records
                .iter()
                .any(|old| old.remote_id == record.remote_id && old.modified_at == record.modified_at);
            holds(repeated, "list_changed tells nothing but what changed after the cursor, and the overlap")?;
        }
        let once_more = self.read_changes(Some(&before.next)).await?;
        let kept = once_more.records.iter().any(|record| record.remote_id == remote_id);
        holds(kept, "a cursor that is read again tells the same changes again")
    }

    async fn links_repeatedly(&self, remote_id: &str) -> Result<(), String> {
        said("link", self.adapter.link(self.connection, remote_id, OWN).await)?;
        said("link, repeated,", self.adapter.link(self.connection, remote_id, OWN).await)?;
        let found = self.find(OWN).await?;
        holds(
            found.is_some_and(|found| found.remote_id == remote_id),
            "a linked customer is found by its CRM record",
        )
    }

    /// A link goes to another CRM record only after it was taken away, which may be repeated.
    async fn names_another(&self, remote_id: &str) -> Result<(), String> {
        match self.adapter.link(self.connection, remote_id, OTHER).await {
            Ok(()) => return Err("broken promise: a link is not taken from its CRM record".to_owned()),
            Err(failure) => is_kind("link to another CRM record", &failure, &FailureKind::Refused)?,
        }
        for act in ["unlink", "unlink, repeated,"] {
            said(act, self.adapter.unlink(self.connection, remote_id).await)?;
            holds(self.find(OWN).await?.is_none(), "an unlinked customer is not found by its CRM record")?;
        }
        for reference in [OTHER, OWN] {
            said("unlink", self.adapter.unlink(self.connection, remote_id).await)?;
            said("link", self.adapter.link(self.connection, remote_id, reference).await)?;
            let fetched = said("fetch", self.adapter.fetch(self.connection, remote_id).await)?;
            holds(
                fetched.crm_reference == Some(reference),
                "a customer names the CRM record it was linked to last",
            )?;
        }
        Ok(())
    }

    async fn removes_repeatedly(&self, remote_id: &str) -> Result<(), String> {
        for act in ["remove", "remove, repeated,"] {
            let removal = said(act, self.adapter.remove(self.connection, remote_id).await)?;
            holds(removal == Removal::Deleted, "a customer without transactions is deleted, however often")?;
        }
        match self.adapter.fetch(self.connection, remote_id).await {
            Ok(_) => return Err("broken promise: a removed customer cannot be fetched".to_owned()),
            Err(failure) => is_kind("fetch after remove", &failure, &FailureKind::NotFound)?,
        }
        holds(self.find(OWN).await?.is_none(), "a removed customer is not found by its CRM record")
    }

    async fn find(&self, reference: CrmReference) -> Result<Option<RemoteCustomer>, String> {
        said("find_by_reference", self.adapter.find_by_reference(self.connection, reference).await)
    }

    async fn read_changes(&self, after: Option<&Cursor>) -> Result<Reading, String> {
        let mut records = Vec::new();
        let mut cursor = after.cloned();
        for _ in 0..PAGE_LIMIT {
            let page =
                said("list_changed", self.adapter.list_changed(self.connection, cursor.as_ref()).await)?;
            records.extend(page.records);
            if !page.more {
                return Ok(Reading { records, next: page.next });
            }
            cursor = Some(page.next);
        }
        Err("broken promise: list_changed comes to an end".to_owned())
    }

    async fn clear(&self) -> Result<(), String> {
        for reference in [OWN, OTHER] {
            if let Some(left) = self.find(reference).await? {
                said("remove", self.adapter.remove(self.connection, &left.remote_id).await)?;
            }
        }
        Ok(())
    }
}

/// A customer with a value of its own in every field.
fn wanted() -> Customer {
    let value = |field| match field {
        CustomerField::DisplayName => NAME,
        CustomerField::CompanyName => "Conformance Probe Limited",
        CustomerField::Website => "https://probe.example",
        CustomerField::BillingStreet => "Bill Street 1",
        CustomerField::BillingCity => "Brno",
        CustomerField::BillingState => "Moravia",
        CustomerField::BillingPostalCode => "602 00",
        CustomerField::BillingCountry => "Czech Republic",
        CustomerField::BillingPhone => "+420 555 010 001",
        CustomerField::ShippingStreet => "Ship Street 2",
        CustomerField::ShippingCity => "Graz",
        CustomerField::ShippingState => "Styria",
        CustomerField::ShippingPostalCode => "8010",
        CustomerField::ShippingCountry => "Austria",
    };
    let values = CustomerField::ALL.iter().map(|field| (*field, value(*field).to_owned())).collect();
    Customer { kind: CustomerKind::Business, values }
}

fn same_values(act: &str, wanted: &CustomerValues, told: &RemoteCustomer) -> Result<(), String> {
    for (field, value) in wanted {
        let got = told.customer.values.get(field).map_or("nothing", String::as_str);
        if got != value {
            return Err(format!("after {act} the field {} is {got}, expected {value}", field.as_str()));
        }
    }
    Ok(())
}

fn holds(kept: bool, promise: &str) -> Result<(), String> {
    if kept { Ok(()) } else { Err(format!("broken promise: {promise}")) }
}

fn said<T>(act: &str, outcome: Result<T, Failure>) -> Result<T, String> {
    outcome.map_err(|failure| format!("{act} failed with {:?}: {failure}", failure.kind))
}

fn is_kind(act: &str, failure: &Failure, wanted: &FailureKind) -> Result<(), String> {
    if failure.kind == *wanted {
        return Ok(());
    }
    Err(format!("{act} failed with {:?} ({failure}), expected {wanted:?}", failure.kind))
}
