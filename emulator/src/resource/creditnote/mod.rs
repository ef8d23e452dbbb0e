//! Credit notes.

pub(crate) mod apply;
mod routes;
mod spec;
pub(crate) mod status;

pub(crate) use routes::OPERATIONS;

use rust_decimal::Decimal;

use crate::document::application::{self, CREDITS};
use crate::document::{refund, sale};
use crate::engine::desk::Desk;
use crate::engine::reader::Reader;
use crate::engine::spec::{Resource, Spec};
use crate::error::{ApiError, Code};
use crate::json::{Json, round_money};
use crate::store::record::Record;

/// The resource.
pub(crate) struct CreditNote;

impl Resource for CreditNote {
    fn spec(&self) -> &'static Spec {
        &spec::SPEC
    }

    fn begin(&self, _: &mut Desk<'_>, record: &mut Record) -> Result<(), ApiError> {
        sale::begin(record);
        record.set("status", "open");
        Ok(())
    }

    /// Errors besides those of every document: 4097 for a number of the client's own that neither the query nor the body
    /// allows by `ignore_auto_number_generation`.
    fn take(
        &self,
        desk: &mut Desk<'_>,
        record: &mut Record,
        before: Option<&Record>,
        body: &Json,
    ) -> Result<(), ApiError> {
        sale::take(desk, record, before, body, self.spec().fields)?;
        let is = |name: &str| body.get(name) == Some(&Json::Bool(true));
        let allowed = desk.query.get("ignore_auto_number_generation").is_some_and(|it| it == "true");
        let number = record.text("creditnote_number");
        let known = before.map_or("", |it| it.text("creditnote_number"));
        if !number.is_empty() && number != known && !allowed && !is("ignore_auto_number_generation") {
            return Err(ApiError::about(Code::AutoNumbered, "creditnote_number"));
        }
        if before.is_none() && is("is_draft") {
            record.set("status", "draft");
        }
        Ok(())
    }

    fn complete(
        &self,
        desk: &mut Desk<'_>,
        record: &mut Record,
        before: Option<&Record>,
    ) -> Result<(), ApiError> {
        sale::complete(desk, record, before)?;
        if record.decimal("total") < Decimal::ZERO {
            return Err(ApiError::invalid("total"));
        }
        let moved = |before: &Record| {
            ["customer_id", "currency_id"].iter().any(|it| before.text(it) != record.text(it))
        };
        if used(record) && before.is_some_and(moved) {
            return Err(ApiError::about(Code::PaymentsApplied, self.spec().label));
        }
        application::check(desk, &CREDITS, record, before)
    }

    fn written(&self, desk: &mut Desk<'_>, record: &Record, before: Option<&Record>) -> Result<(), ApiError> {
        application::follow(desk, &CREDITS, Some(record), before)
    }

    fn deletable(&self, _: &Desk<'_>, record: &Record) -> Result<(), ApiError> {
        if used(record) {
            return Err(ApiError::about(Code::PaymentsApplied, self.spec().label));
        }
        Ok(())
    }

    fn mailed(&self, desk: &mut Desk<'_>, record: &Record) -> Result<(), ApiError> {
        status::mailed(desk, record)
    }

    fn status(&self, record: &Record, _: &Reader<'_>) -> String {
        status::shown(record).to_owned()
    }

    fn show(&self, name: &str, record: &Record, reader: &Reader<'_>) -> Json {
        match name {
            "status" => self.status(record, reader).into(),
            "invoices" => apply::invoices(record, reader),
            "updated_time" => reader.timestamp(record.modified),
            "total_credits_used" => Json::amount(application::of(record).iter().map(|it| it.amount).sum()),
            "total_refunded_amount" => Json::amount(refund::sum(record)),
            "bcy_balance" => {
                let places = reader.organization.currencies.first().map_or(2, |it| it.precision);
                let base = record.decimal("balance") * record.decimal("exchange_rate");
                Json::amount(round_money(base, places))
            }
            _ => sale::show(name, record, reader).unwrap_or_else(|| self.spec().stored(record, name)),
        }
    }

    fn texts(&self, name: &str, record: &Record, reader: &Reader<'_>) -> Vec<String> {
        let of_lines = |member: &str| {
            let ids = record.list("line_items").iter().filter_map(|line| line.get(member)?.as_str());
            ids.map(str::to_owned).collect()
        };
        match name {
            "line_item_id" => of_lines("line_item_id"),
            "tax_id" => of_lines("tax_id"),
            _ => sale::texts(name, record).unwrap_or_else(|| sale::plain(self.show(name, record, reader))),
        }
    }
}

/// Whether something of it is applied or refunded.
fn used(record: &Record) -> bool {
    !record.list("invoices").is_empty() || !record.list("refunds").is_empty()
}
