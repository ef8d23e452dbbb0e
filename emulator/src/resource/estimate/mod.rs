//! Estimates, which the service also calls quotes (section 10.4).

mod routes;
mod spec;
mod status;

pub(crate) use routes::OPERATIONS;

use crate::document::sale;
use crate::engine::desk::Desk;
use crate::engine::reader::Reader;
use crate::engine::spec::{Resource, Spec};
use crate::error::{ApiError, Code};
use crate::json::Json;
use crate::store::kind::Kind;
use crate::store::record::Record;

/// The resource.
pub(crate) struct Estimate;

impl Resource for Estimate {
    fn spec(&self) -> &'static Spec {
        &spec::SPEC
    }

    fn begin(&self, desk: &mut Desk<'_>, record: &mut Record) -> Result<(), ApiError> {
        sale::begin(record);
        if sale::sends(desk) {
            status::send(record);
            record.set("is_emailed", true);
        }
        Ok(())
    }

    fn take(
        &self,
        desk: &mut Desk<'_>,
        record: &mut Record,
        before: Option<&Record>,
        body: &Json,
    ) -> Result<(), ApiError> {
        sale::take(desk, record, before, body, self.spec().fields)
    }

    fn complete(
        &self,
        desk: &mut Desk<'_>,
        record: &mut Record,
        before: Option<&Record>,
    ) -> Result<(), ApiError> {
        sale::complete(desk, record, before)?;
        match (sale::day(record, "date"), sale::day(record, "expiry_date")) {
            (Some(date), Some(expiry)) if expiry < date => Err(ApiError::invalid("expiry_date")),
            _ => Ok(()),
        }
    }

    fn deletable(&self, desk: &Desk<'_>, record: &Record) -> Result<(), ApiError> {
        let books = desk.books();
        let named = |kind| books.naming_as(record.id, kind).next().is_some();
        if named(Kind::Invoice) || named(Kind::SalesOrder) {
            return Err(ApiError::about(Code::HasDependents, self.spec().label));
        }
        Ok(())
    }

    fn mailed(&self, desk: &mut Desk<'_>, record: &Record) -> Result<(), ApiError> {
        status::mailed(desk, record)
    }

    fn status(&self, record: &Record, reader: &Reader<'_>) -> String {
        status::shown(record, reader.today).to_owned()
    }

    fn show(&self, name: &str, record: &Record, reader: &Reader<'_>) -> Json {
        match name {
            "status" | "current_sub_status" => self.status(record, reader).into(),
            "invoice_ids" => {
                let ids = reader.books.naming_as(record.id, Kind::Invoice);
                ids.map(Json::id).collect::<Vec<_>>().into()
            }
            _ => sale::show(name, record, reader).unwrap_or_else(|| self.spec().stored(record, name)),
        }
    }

    fn texts(&self, name: &str, record: &Record, reader: &Reader<'_>) -> Vec<String> {
        sale::texts(name, record).unwrap_or_else(|| sale::plain(self.show(name, record, reader)))
    }
}

pub(crate) use status::{invoiced, uninvoiced};
