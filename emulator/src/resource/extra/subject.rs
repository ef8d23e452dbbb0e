//! What a call on comments, files or mails is about: a record, or a contact.

use std::sync::Arc;

use crate::auth::Context;
use crate::engine::reader::Reader;
use crate::engine::spec::Resource;
use crate::error::ApiError;
use crate::json::Json;
use crate::request::Call;
use crate::resource::contact::model::Contact;
use crate::store::books::Books;
use crate::store::kind::Kind;
use crate::store::record::Record;

/// A record or a contact. A contact has no record; a document has a contact where it names one.
pub(crate) struct Subject {
    pub(crate) resource: &'static dyn Resource,
    pub(crate) id: u64,
    pub(crate) record: Option<Arc<Record>>,
    pub(crate) contact: Option<Arc<Contact>>,
}

impl Subject {
    /// The subject with this id (code 1002 when there is none).
    pub(crate) fn find(books: &Books, kind: Kind, id: u64) -> Result<Self, ApiError> {
        let resource = crate::resource::of(kind);
        let missing = || ApiError::missing(resource.spec().label);
        let (record, contact) = match kind {
            Kind::Contact => (None, Some(books.contacts.get(&id).cloned().ok_or_else(missing)?)),
            _ => {
                let record = books.record(kind, id).cloned().ok_or_else(missing)?;
                let contact = party(&record).and_then(|id| books.contacts.get(&id).cloned());
                (Some(record), contact)
            }
        };
        Ok(Self { resource, id, record, contact })
    }

    /// The subject of a call whose first id names it, and a reader over the records.
    pub(crate) fn read<'a>(
        context: &'a Context<'_>,
        call: &Call,
        resource: &dyn Resource,
    ) -> Result<(Self, Reader<'a>), ApiError> {
        let reader = Reader::new(context)?;
        let spec = resource.spec();
        let subject = Self::find(&reader.books, spec.kind, call.id(0, spec.label)?)?;
        Ok((subject, reader))
    }

    /// The kind.
    pub(crate) fn kind(&self) -> Kind {
        self.resource.spec().kind
    }
}

/// The contact that a document is for.
pub(crate) fn party(record: &Record) -> Option<u64> {
    match record.kind {
        Kind::PurchaseOrder | Kind::Bill | Kind::VendorPayment => record.reference("vendor_id"),
        Kind::Expense => record.reference("customer_id").or_else(|| record.reference("vendor_id")),
        _ => record.reference("customer_id"),
    }
}

/// The number of a document, or what stands for it.
pub(crate) fn number<'a>(resource: &dyn Resource, record: &'a Record) -> &'a str {
    let own = resource.spec().number.as_ref().map_or("bill_number", |series| series.member);
    [own, "reference_number"]
        .into_iter()
        .map(|name| record.text(name))
        .find(|it| !it.is_empty())
        .unwrap_or("")
}

/// A flag of the query or of a form: `true` or `false`. Errors: code 2 for anything else.
pub(crate) fn flag(call: &Call, name: &str) -> Result<Option<bool>, ApiError> {
    match call.query.get(name).map(str::to_ascii_lowercase).as_deref() {
        None => Ok(None),
        Some("true") => Ok(Some(true)),
        Some("false") => Ok(Some(false)),
        Some(_) => Err(ApiError::invalid(name)),
    }
}

/// The text of a body's member. Errors: code 2 when it is no text, 15 when it has more than `max` characters.
pub(crate) fn text<'a>(body: &'a Json, name: &str, max: usize) -> Result<&'a str, ApiError> {
    match body.get(name) {
        None | Some(Json::Null) => Ok(""),
        Some(Json::Text(text)) if text.chars().count() > max => Err(ApiError::too_long(name, max)),
        Some(Json::Text(text)) => Ok(text.trim()),
        Some(_) => Err(ApiError::invalid(name)),
    }
}
