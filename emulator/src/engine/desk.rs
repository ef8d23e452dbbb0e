//! Where a write works: the running transaction, the organization, the caller and the moment.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};

use crate::auth::Context;
use crate::engine::reader::Reader;
use crate::engine::spec::Resource;
use crate::error::{ApiError, Code};
use crate::json::Json;
use crate::request::{Call, Query};
use crate::resource;
use crate::resource::contact::model::Contact;
use crate::resource::custom_field;
use crate::resource::extra::history;
use crate::resource::field::Members;
use crate::store::Transaction;
use crate::store::books::Books;
use crate::store::change::Change;
use crate::store::kind::Kind;
use crate::store::record::Record;
use crate::store::records::{Organization, User};

/// The desk of one write. Everything done here is published together, or not at all when the write is refused.
pub(crate) struct Desk<'a> {
    pub(crate) transaction: &'a mut Transaction,
    pub(crate) organization: &'a Arc<Organization>,
    pub(crate) now: DateTime<Utc>,
    /// Name of the calling user.
    pub(crate) user: &'a str,
    pub(crate) caller: &'a Arc<User>,
    pub(crate) query: &'a Query,
    /// The most contacts that the organization may have, if there is a limit.
    pub(crate) contact_quota: Option<u64>,
}

/// Runs a write and gives back its result. Errors: those of `act`, 6041 for an organization that is gone by now.
pub(crate) fn write<T>(
    context: &Context<'_>,
    call: &Call,
    act: impl FnOnce(&mut Desk<'_>) -> Result<T, ApiError>,
) -> Result<T, ApiError> {
    let id = &context.organization()?.organization_id;
    context.store.write_at(context.now, |transaction| {
        // Another write may have changed it since the call was admitted.
        let organization = transaction.state.organizations.get(id).cloned();
        let organization = organization.ok_or_else(|| ApiError::about(Code::WrongOrganization, id))?;
        act(&mut Desk {
            transaction,
            organization: &organization,
            now: context.now,
            user: &context.user.name,
            caller: &context.user,
            query: &call.query,
            contact_quota: call.settings.contact_quota,
        })
    })
}

impl Desk<'_> {
    /// The organization's records, this write's own changes included.
    pub(crate) fn books(&self) -> Arc<Books> {
        self.transaction.state.books(&self.organization.organization_id)
    }

    /// The same, for who only looks.
    pub(crate) fn present(&self) -> &Books {
        self.transaction.state.known_books(&self.organization.organization_id)
    }

    /// A reader over the records as they are now, to derive statuses and show records.
    pub(crate) fn reader(&self) -> Reader<'_> {
        Reader::over(self.books(), self.organization, self.now)
    }

    /// The present day in the organization's zone.
    pub(crate) fn today(&self) -> NaiveDate {
        self.now.with_timezone(&self.organization.zone()).date_naive()
    }

    /// Decimal places of the base currency.
    pub(crate) fn places(&self) -> u32 {
        self.organization.currencies.first().map_or(2, |currency| currency.precision)
    }

    /// The next unused id.
    pub(crate) fn next_id(&mut self) -> u64 {
        self.transaction.next_id()
    }

    /// A record of `kind` (code 1002 when there is none).
    pub(crate) fn find(&self, kind: Kind, id: u64) -> Result<Arc<Record>, ApiError> {
        let missing = || ApiError::missing(resource::of(kind).spec().label);
        self.books().record(kind, id).cloned().ok_or_else(missing)
    }

    /// The record that a member of a body names (code 6 when it names none).
    pub(crate) fn named(
        &self,
        kind: Kind,
        record: &Record,
        member: &str,
    ) -> Result<Option<Arc<Record>>, ApiError> {
        let Some(value) = record.members.get(member).filter(|it| it.as_str() != Some("")) else {
            return Ok(None);
        };
        let id = value.as_id_text().and_then(|id| id.parse().ok());
        let known = id.and_then(|id| self.books().record(kind, id).cloned());
        known.map(Some).ok_or_else(|| ApiError::about(Code::InvalidReference, member))
    }

    /// The contact that a member names (code 6 when it names none).
    pub(crate) fn contact(&self, record: &Record, member: &str) -> Result<Arc<Contact>, ApiError> {
        let known = record.reference(member).and_then(|id| self.books().contacts.get(&id).cloned());
        known.ok_or_else(|| ApiError::about(Code::InvalidReference, member))
    }

    /// An empty record of `kind` with a new id.
    pub(crate) fn blank(&mut self, kind: Kind) -> Record {
        Record {
            kind,
            id: self.next_id(),
            members: Members::new(),
            created: self.now,
            modified: self.now,
            created_by: self.user.to_owned(),
        }
    }

    /// Creates a record from a body, by the rules of its resource.
    pub(crate) fn create(&mut self, resource: &dyn Resource, body: &Json) -> Result<Arc<Record>, ApiError> {
        let record = self.blank(resource.spec().kind);
        self.create_from(resource, record, body)
    }

    /// Creates a record from a body and from members that the call itself has set, such as its owner.
    pub(crate) fn create_from(
        &mut self,
        resource: &dyn Resource,
        mut record: Record,
        body: &Json,
    ) -> Result<Arc<Record>, ApiError> {
        resource.begin(self, &mut record)?;
        let stored = record.list("custom_fields").to_vec();
        let begun = clears(body).then(|| record.members.clone());
        resource.take(self, &mut record, None, body)?;
        restore(resource, &mut record, begun, body);
        self.take_custom_fields(resource, &mut record, &stored, true, body)?;
        self.store(resource, record, None)
    }

    /// Changes a record by a body, by the rules of its resource.
    pub(crate) fn update(
        &mut self,
        resource: &dyn Resource,
        before: &Arc<Record>,
        body: &Json,
    ) -> Result<Arc<Record>, ApiError> {
        let mut record = (**before).clone();
        let begun = clears(body).then(|| self.begun(resource, before)).transpose()?;
        resource.take(self, &mut record, Some(before), body)?;
        restore(resource, &mut record, begun, body);
        self.take_custom_fields(resource, &mut record, before.list("custom_fields"), false, body)?;
        self.store(resource, record, Some(before))
    }

    /// What a new record in the place of `before` would begin with.
    fn begun(&mut self, resource: &dyn Resource, before: &Record) -> Result<Members, ApiError> {
        let mut fresh = Record {
            kind: before.kind,
            id: before.id,
            members: Members::new(),
            created: before.created,
            modified: before.modified,
            created_by: before.created_by.clone(),
        };
        resource.begin(self, &mut fresh)?;
        Ok(fresh.members)
    }

    /// Takes the custom fields of a body into a record that held `stored`, if its resource has any.
    pub(crate) fn take_custom_fields(
        &self,
        resource: &dyn Resource,
        record: &mut Record,
        stored: &[Json],
        fresh: bool,
        body: &Json,
    ) -> Result<(), ApiError> {
        let entity = resource.spec().entity;
        if entity.is_empty() {
            return Ok(());
        }
        let fields = custom_field::take(&self.books(), entity, self.places(), stored, fresh, body)?;
        if !fields.is_empty() || record.members.get("custom_fields").is_some() {
            record.set("custom_fields", fields);
        }
        Ok(())
    }

    fn store(
        &mut self,
        resource: &dyn Resource,
        mut record: Record,
        before: Option<&Arc<Record>>,
    ) -> Result<Arc<Record>, ApiError> {
        let before = before.map(Arc::as_ref);
        super::write::number(self, resource.spec(), &mut record, before)?;
        resource.complete(self, &mut record, before)?;
        let empty = |name: &&&str| {
            matches!(record.members.get(name), None | Some(Json::Null))
                || record.members.get(name).and_then(Json::as_str).is_some_and(|text| text.trim().is_empty())
        };
        if let Some(name) = resource.spec().required.iter().find(empty) {
            return Err(ApiError::invalid(name));
        }
        record.modified = self.now;
        let record = self.put(record)?;
        if before.is_some_and(|before| before.text("status") == record.text("status")) {
            history::updated(self, &record)?;
        }
        resource.written(self, &record, before)?;
        // Consequences may have touched the record itself.
        self.find(record.kind, record.id)
    }

    /// Stores a record as it is; its unique members must be free.
    pub(crate) fn put(&mut self, record: Record) -> Result<Arc<Record>, ApiError> {
        let spec = resource::of(record.kind).spec();
        let table = self.books().table(record.kind);
        let before = table.get(record.id);
        for unique in spec.unique {
            // Records that were moved beside each other may have one value, and each of them keeps it.
            if before.is_some_and(|before| unique.key(before) == unique.key(&record)) {
                continue;
            }
            if table.holder(unique.name, &unique.key(&record)).is_some_and(|holder| holder != record.id) {
                return Err(ApiError::about(unique.code, record.text(unique.name)));
            }
        }
        for entry in record.list("custom_fields") {
            let unique = custom_field::value::unique_value(entry);
            let holder = unique.and_then(|(name, value)| table.holder(name, value));
            if holder.is_some_and(|holder| holder != record.id) {
                let label = entry.get("label").and_then(Json::as_str).unwrap_or_default();
                return Err(ApiError::about(Code::AlreadyExists, label));
            }
        }
        self.keep(record)
    }

    /// Stores a record as it is, beside others with the same unique members.
    pub(crate) fn keep(&mut self, record: Record) -> Result<Arc<Record>, ApiError> {
        let before = self.books().table(record.kind).get(record.id).cloned();
        let record = Arc::new(record);
        self.transaction.apply(Change::Record {
            organization_id: self.organization.organization_id.clone(),
            record: Arc::clone(&record),
        });
        history::stored(self, &record, before.as_deref())?;
        Ok(record)
    }

    /// Runs `act`; what it did is undone when it is refused.
    pub(crate) fn attempt(
        &mut self,
        act: impl FnOnce(&mut Desk<'_>) -> Result<(), ApiError>,
    ) -> Result<(), ApiError> {
        let mark = self.transaction.mark();
        let outcome = act(self);
        if outcome.is_err() {
            self.transaction.return_to(mark);
        }
        outcome
    }

    /// Changes one record without its resource's rules: a status, a balance.
    pub(crate) fn alter(
        &mut self,
        kind: Kind,
        id: u64,
        change: impl FnOnce(&mut Record),
    ) -> Result<Arc<Record>, ApiError> {
        let mut record = (*self.find(kind, id)?).clone();
        change(&mut record);
        record.modified = self.now;
        self.put(record)
    }

    /// Deletes a record, if its resource allows it.
    pub(crate) fn delete(&mut self, resource: &dyn Resource, id: u64) -> Result<(), ApiError> {
        let record = self.find(resource.spec().kind, id)?;
        resource.deletable(self, &record)?;
        self.transaction.apply(Change::RecordDeleted {
            organization_id: self.organization.organization_id.clone(),
            kind: record.kind,
            id,
        });
        resource.deleted(self, &record)
    }
}

/// Whether a body clears any member.
fn clears(body: &Json) -> bool {
    matches!(body, Json::Object(members) if members.iter().any(|(_, value)| *value == Json::Null))
}

/// Gives members that the body has cleared what they had when the record began.
fn restore(resource: &dyn Resource, record: &mut Record, begun: Option<Members>, body: &Json) {
    let Some(begun) = begun else { return };
    for (name, _) in resource.spec().fields {
        let cleared = body.get(name) == Some(&Json::Null) && record.members.get(name).is_none();
        if let Some(value) = begun.get(name).filter(|_| cleared) {
            record.set(name, value.clone());
        }
    }
}

#[cfg(test)]
mod tests;
