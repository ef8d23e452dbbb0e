//! Sales orders (section 10.7).

mod list;
mod progress;
mod routes;
mod spec;
mod status;

pub(crate) use progress::{Line, lines};
pub(crate) use routes::OPERATIONS;
pub(crate) use status::{shown, touch};

use crate::document::sale;
use crate::engine::desk::Desk;
use crate::engine::reader::Reader;
use crate::engine::spec::{Resource, Spec};
use crate::error::{ApiError, Code};
use crate::json::Json;
use crate::store::kind::Kind;
use crate::store::record::Record;

/// The resource.
pub(crate) struct SalesOrder;

impl Resource for SalesOrder {
    fn spec(&self) -> &'static Spec {
        &spec::SPEC
    }

    fn begin(&self, _: &mut Desk<'_>, record: &mut Record) -> Result<(), ApiError> {
        sale::begin(record);
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

    /// Errors: 4098 when a line or the customer that invoices rest on would go.
    fn complete(
        &self,
        desk: &mut Desk<'_>,
        record: &mut Record,
        before: Option<&Record>,
    ) -> Result<(), ApiError> {
        sale::complete(desk, record, before)?;
        desk.named(Kind::Estimate, record, "estimate_id")?;
        let Some(before) = before else { return Ok(()) };
        let kept: Vec<u64> = lines(&desk.books(), record).iter().map(|line| line.id).collect();
        let lost = |line: &Line| !line.invoiced.is_zero() && !kept.contains(&line.id);
        if lines(&desk.books(), before).iter().any(lost) {
            return Err(sale::wrong("A line of a sales order that was invoiced cannot be removed."));
        }
        let invoiced = desk.books().naming_as(record.id, Kind::Invoice).next().is_some();
        if invoiced && before.text("customer_id") != record.text("customer_id") {
            return Err(sale::wrong("The customer of a sales order that was invoiced cannot be changed."));
        }
        Ok(())
    }

    fn deletable(&self, desk: &Desk<'_>, record: &Record) -> Result<(), ApiError> {
        if desk.books().naming_as(record.id, Kind::Invoice).next().is_some() {
            return Err(ApiError::about(Code::HasDependents, self.spec().label));
        }
        Ok(())
    }

    fn mailed(&self, desk: &mut Desk<'_>, record: &Record) -> Result<(), ApiError> {
        status::mailed(desk, record)
    }

    fn status(&self, record: &Record, reader: &Reader<'_>) -> String {
        status::shown(record, &reader.books, reader.today).to_owned()
    }

    fn show(&self, name: &str, record: &Record, reader: &Reader<'_>) -> Json {
        match name {
            "status" => self.status(record, reader).into(),
            "order_status" => record.text("status").into(),
            "invoiced_status" => progress::of(record, &reader.books).word().into(),
            "current_sub_status" if record.text(name).is_empty() => self.status(record, reader).into(),
            "shipment_days" => {
                let late = sale::day(record, "shipment_date").map(|day| (reader.today - day).num_days());
                u64::try_from(late.unwrap_or_default()).unwrap_or_default().into()
            }
            "invoices" => {
                let ids = reader.books.naming_as(record.id, Kind::Invoice);
                let rows = ids.filter_map(|id| reader.books.record(Kind::Invoice, id));
                rows.map(|invoice| progress::invoice(invoice, reader)).collect::<Vec<_>>().into()
            }
            "line_items" => progress::with_quantities(record, &reader.books),
            _ => sale::show(name, record, reader).unwrap_or_else(|| self.spec().stored(record, name)),
        }
    }

    fn texts(&self, name: &str, record: &Record, reader: &Reader<'_>) -> Vec<String> {
        sale::texts(name, record).unwrap_or_else(|| sale::plain(self.show(name, record, reader)))
    }
}
