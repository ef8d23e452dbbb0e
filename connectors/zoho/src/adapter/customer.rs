//! Customers of Books.

use std::sync::Arc;

use async_trait::async_trait;
use finbridge_contract::{
    ChangePage, Connection, CrmRecordType, CrmReference, Cursor, CustomerAdapter, Failure, FailureKind,
    RemoteCustomer, Removal,
};
use finbridge_domain::record::{Customer, CustomerValues};
use serde_json::{Value, json};

use crate::client::{Call, Client, path_id};
use crate::cursor::{Mark, Position, format_time};
use crate::envelope::{Acknowledged, Answer};
use crate::map::customer as map;
use crate::product::{INTEGRATION, Product};
use crate::wire::contact::{ContactAnswer, ContactList, ImportAnswer, PER_PAGE};

/// The vendor's code for "has transactions, cannot be deleted".
const HAS_TRANSACTIONS: &str = "1004";

/// Customers that may claim one CRM record before the answer is taken for an unfiltered list.
const CLAIMANTS: usize = 10;

/// Customers of one app.
pub(crate) struct Customers {
    client: Arc<Client>,
    product: &'static Product,
}

/// What the vendor calls a kind of CRM record: in paths that hold many, in paths that name one, and in members.
struct CrmNames {
    plural: &'static str,
    singular: &'static str,
    member: &'static str,
}

fn crm_names(record_type: CrmRecordType) -> CrmNames {
    match record_type {
        CrmRecordType::Account => {
            CrmNames { plural: "accounts", singular: "account", member: "zcrm_account_id" }
        }
        CrmRecordType::Contact => {
            CrmNames { plural: "contacts", singular: "contact", member: "zcrm_contact_id" }
        }
    }
}

fn can_link(connection: &Connection) -> bool {
    connection.capabilities.get("crm_link").and_then(Value::as_bool) == Some(true)
}

impl Customers {
    pub(crate) fn new(client: Arc<Client>, product: &'static Product) -> Self {
        Self { client, product }
    }

    fn contacts(&self) -> String {
        format!("{}/contacts", self.product.root)
    }

    fn contact(&self, remote_id: &str) -> Result<String, Failure> {
        Ok(format!("{}/contacts/{}", self.product.root, path_id(remote_id)?))
    }

    fn needs_crm_link(&self, connection: &Connection) -> Result<(), Failure> {
        if can_link(connection) {
            return Ok(());
        }
        let message = format!(
            "this organization of {} does not declare the capability crm_link, without which customers cannot be \
             linked to CRM records",
            self.product.manifest.name
        );
        Err(Failure::new(FailureKind::NotSupported, message))
    }

    async fn read(&self, connection: &Connection, remote_id: &str) -> Result<Answer<ContactAnswer>, Failure> {
        self.client.call(connection, Call::get(self.contact(remote_id)?)).await
    }

    fn changed_since(&self, position: &Position) -> Call {
        let call = Call::get(self.contacts())
            .with("contact_type", "customer")
            .with("sort_column", "last_modified_time")
            .with("sort_order", "A");
        match position.since {
            Some(time) => call.with("last_modified_time", format_time(time)),
            None => call,
        }
    }

    async fn write(&self, connection: &Connection, call: Call) -> Result<(), Failure> {
        let _: Answer<Acknowledged> = self.client.call(connection, call).await?;
        Ok(())
    }

    /// A linked customer cannot be deleted from outside the CRM, so the link goes first.
    async fn take_away(&self, connection: &Connection, remote_id: &str) -> Result<Removal, Failure> {
        if can_link(connection) {
            let link = format!("{INTEGRATION}/contacts/{}/link", path_id(remote_id)?);
            self.write(connection, Call::delete(link)).await?;
        }
        let contact = self.contact(remote_id)?;
        match self.write(connection, Call::delete(contact.clone())).await {
            Err(failure) if failure.remote_code.as_deref() == Some(HAS_TRANSACTIONS) => {
                self.write(connection, Call::post(format!("{contact}/inactive"))).await?;
                Ok(Removal::Deactivated)
            }
            outcome => outcome.map(|()| Removal::Deleted),
        }
    }

    /// Whether rows of the second being paged have left the pages already read, so that later ones moved up.
    async fn has_shifted(&self, connection: &Connection, position: &Position) -> Result<bool, Failure> {
        let Some(tail) = &position.tail else { return Ok(false) };
        let call = self.changed_since(position).with("per_page", 1).with("page", tail.position);
        let answer: Answer<ContactList> = self.client.call(connection, call).await?;
        Ok(answer.body.contacts.first().is_none_or(|row| row.contact_id != tail.id))
    }

    fn remote(answer: Answer<ContactAnswer>) -> Result<RemoteCustomer, Failure> {
        map::customer(&answer.body.contact, answer.request_id)
    }
}

/// A failure after something was made: it must not read as if nothing had been done.
fn after_the_write(failure: Failure) -> Failure {
    let message = format!("the write was carried out, and reading it back failed: {}", failure.message);
    Failure { kind: FailureKind::OutcomeUnknown, message, ..failure }
}

#[async_trait]
impl CustomerAdapter for Customers {
    async fn list_changed(
        &self,
        connection: &Connection,
        after: Option<&Cursor>,
    ) -> Result<ChangePage<RemoteCustomer>, Failure> {
        let position = Position::of(after)?;
        let call =
            self.changed_since(&position).with("per_page", PER_PAGE).with("page", position.pages_read + 1);
        let answer: Answer<ContactList> = self.client.call(connection, call).await?;
        let has_more = answer.body.has_more();
        let mut marks = Vec::with_capacity(answer.body.contacts.len());
        let mut records = Vec::with_capacity(answer.body.contacts.len());
        for contact in &answer.body.contacts {
            let record = map::customer(contact, answer.request_id.clone())?;
            marks.push(Mark { id: record.remote_id.clone(), time: record.modified_at });
            if map::is_customer(contact) {
                records.push(record);
            }
        }
        // Looked at after the page was read: rows only ever leave a second, so a tail that is still in its place
        // was there while the page was read.
        let (next, more) = if self.has_shifted(connection, &position).await? {
            (position.again()?, true)
        } else {
            (position.after(&marks, has_more)?, has_more)
        };
        Ok(ChangePage { records, next: next.into_cursor()?, more })
    }

    async fn fetch(&self, connection: &Connection, remote_id: &str) -> Result<RemoteCustomer, Failure> {
        Self::remote(self.read(connection, remote_id).await?)
    }

    async fn find_by_reference(
        &self,
        connection: &Connection,
        reference: CrmReference,
    ) -> Result<Option<RemoteCustomer>, Failure> {
        let names = crm_names(reference.record_type);
        let call = Call::get(self.contacts()).with(names.member, reference.wire_id);
        let answer: Answer<ContactList> = self.client.call(connection, call).await?;
        if answer.body.contacts.len() > CLAIMANTS {
            let message = format!("{} ignored the filter by CRM record", self.product.manifest.name);
            let failure = Failure::new(FailureKind::Malformed, message);
            return Err(Failure { request_id: answer.request_id, ..failure });
        }
        for row in answer.body.contacts {
            match self.fetch(connection, &row.contact_id).await {
                // A row need not say what it is linked to, and an ignored filter must not link strangers.
                Ok(found) if found.crm_reference == Some(reference) => return Ok(Some(found)),
                Ok(_) => {}
                Err(failure) if failure.kind == FailureKind::NotFound => {}
                Err(failure) => return Err(failure),
            }
        }
        Ok(None)
    }

    /// Tells the vendor the CRM record and has it imported. The import makes a linked customer in one step, and
    /// answers with the same customer when it is repeated.
    async fn create(
        &self,
        connection: &Connection,
        reference: CrmReference,
        customer: &Customer,
    ) -> Result<RemoteCustomer, Failure> {
        self.needs_crm_link(connection)?;
        let names = crm_names(reference.record_type);
        let mut record = map::members(&customer.values, None);
        record.insert("contact_type".to_owned(), "customer".into());
        record.insert("customer_sub_type".to_owned(), map::sub_type(customer.kind).into());
        let known = format!("{INTEGRATION}/crm/{}/{}", names.plural, reference.wire_id);
        self.write(connection, Call::put(known, json!({ "record": record }))).await?;

        let root = self.product.root;
        let import = Call::post(format!("{root}/crm/{}/{}/import", names.singular, reference.wire_id));
        let answer: Answer<ImportAnswer> = self.client.call(connection, import).await?;
        let remote_id = answer.body.data.id().ok_or_else(|| Failure {
            request_id: answer.request_id,
            ..Failure::new(FailureKind::OutcomeUnknown, "the import did not say which customer it made")
        })?;
        self.fetch(connection, &remote_id).await.map_err(after_the_write)
    }

    async fn link(
        &self,
        connection: &Connection,
        remote_id: &str,
        reference: CrmReference,
    ) -> Result<(), Failure> {
        self.needs_crm_link(connection)?;
        let path = format!("{INTEGRATION}/contacts/{}/link", path_id(remote_id)?);
        let member = crm_names(reference.record_type).member;
        self.write(connection, Call::put(path, json!({ member: reference.wire_id.to_string() }))).await
    }

    async fn unlink(&self, connection: &Connection, remote_id: &str) -> Result<(), Failure> {
        self.needs_crm_link(connection)?;
        let link = format!("{INTEGRATION}/contacts/{}/link", path_id(remote_id)?);
        self.write(connection, Call::delete(link)).await
    }

    async fn update(
        &self,
        connection: &Connection,
        remote_id: &str,
        values: &CustomerValues,
    ) -> Result<RemoteCustomer, Failure> {
        if values.is_empty() {
            return self.fetch(connection, remote_id).await;
        }
        let present = if map::touches_address(values) {
            Some(self.read(connection, remote_id).await?.body.contact)
        } else {
            None
        };
        let members = map::members(values, present.as_ref());
        self.write(connection, Call::put(self.contact(remote_id)?, members.into())).await?;
        // The reply to a write may echo what was sent; only a read tells what was kept.
        self.fetch(connection, remote_id).await.map_err(after_the_write)
    }

    async fn remove(&self, connection: &Connection, remote_id: &str) -> Result<Removal, Failure> {
        match self.take_away(connection, remote_id).await {
            Err(failure) if failure.kind == FailureKind::NotFound => Ok(Removal::Deleted),
            outcome => outcome,
        }
    }
}
