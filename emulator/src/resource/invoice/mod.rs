//! Invoices (section 10.6).

pub(crate) mod credit;
mod order;
mod routes;
mod spec;
pub(crate) mod status;
mod terms;
#[cfg(test)]
mod tests;

pub(crate) use routes::OPERATIONS;

use rust_decimal::Decimal;

use crate::document::{address, application, sale};
use crate::engine::desk::Desk;
use crate::engine::reader::Reader;
use crate::engine::spec::{Resource, Spec, is_status};
use crate::error::{ApiError, Code};
use crate::json::{Json, round_money};
use crate::resource::{estimate, receipt, salesorder};
use crate::store::kind::Kind;
use crate::store::record::Record;

/// The resource.
pub(crate) struct Invoice;

impl Resource for Invoice {
    fn spec(&self) -> &'static Spec {
        &spec::SPEC
    }

    fn begin(&self, desk: &mut Desk<'_>, record: &mut Record) -> Result<(), ApiError> {
        sale::begin(record);
        record.set("payment_reminder_enabled", true);
        if sale::sends(desk) {
            record.set("status", "sent");
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
        sale::take(desk, record, before, body, self.spec().fields)?;
        terms::take(record, body);
        Ok(())
    }

    /// Errors: those of every document, 2 for a total below zero, 4018 for another customer or currency under applied
    /// payments, 4017 for a total below what is applied, and those of the sales order it is made from.
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
        if applied(record) && before.is_some_and(moved) {
            return Err(ApiError::about(Code::PaymentsApplied, self.spec().label));
        }
        order::relate(desk, record, before)?;
        terms::settle(desk, record)?;
        application::sum_up(desk, record);
        if record.decimal("balance") < Decimal::ZERO {
            return Err(ApiError::about(Code::OverApplied, record.text("invoice_number")));
        }
        Ok(())
    }

    fn written(&self, desk: &mut Desk<'_>, record: &Record, before: Option<&Record>) -> Result<(), ApiError> {
        let estimate = record.reference("invoiced_estimate_id");
        let former = before.and_then(|it| it.reference("invoiced_estimate_id"));
        if estimate != former {
            if let Some(id) = estimate {
                estimate::invoiced(desk, id, record.text("customer_id"))?;
            }
            if let Some(id) = former {
                estimate::uninvoiced(desk, id)?;
            }
        }
        let order = record.reference("salesorder_id");
        let former = before.and_then(|it| it.reference("salesorder_id"));
        let same = before.is_some_and(|it| it.list("line_items") == record.list("line_items"));
        if order == former && same {
            return Ok(());
        }
        for id in [order, former.filter(|it| Some(*it) != order)].into_iter().flatten() {
            salesorder::touch(desk, id)?;
        }
        Ok(())
    }

    fn deletable(&self, _: &Desk<'_>, record: &Record) -> Result<(), ApiError> {
        if applied(record) {
            return Err(ApiError::about(Code::PaymentsApplied, self.spec().label));
        }
        Ok(())
    }

    fn deleted(&self, desk: &mut Desk<'_>, record: &Record) -> Result<(), ApiError> {
        if let Some(id) = record.reference("invoiced_estimate_id") {
            estimate::uninvoiced(desk, id)?;
        }
        record.reference("salesorder_id").map_or(Ok(()), |id| salesorder::touch(desk, id))
    }

    fn mailed(&self, desk: &mut Desk<'_>, record: &Record) -> Result<(), ApiError> {
        status::mailed(desk, record)
    }

    fn status(&self, record: &Record, reader: &Reader<'_>) -> String {
        status::shown(record, reader.today).to_owned()
    }

    fn show(&self, name: &str, record: &Record, reader: &Reader<'_>) -> Json {
        let order =
            || record.reference("salesorder_id").and_then(|id| reader.books.record(Kind::SalesOrder, id));
        match name {
            "status" | "current_sub_status" => self.status(record, reader).into(),
            "type" | "transaction_type" => "invoice".into(),
            "due_days" => terms::due_days(record, reader.today).into(),
            "updated_time" => reader.timestamp(record.modified),
            "bcy_balance" => {
                let places = reader.organization.currencies.first().map_or(2, |it| it.precision);
                let base = record.decimal("balance") * record.decimal("exchange_rate");
                Json::amount(round_money(base, places))
            }
            "country" => {
                let address = self.show("billing_address", record, reader);
                address.get("country").cloned().unwrap_or_else(|| "".into())
            }
            "invoice_url" => format!(
                "https://books.zoho.com/portal/{}/secure?CInvoiceID={}",
                reader.organization.organization_id, record.id
            )
            .into(),
            "salesorder_number" => order().map_or("", |it| it.text(name)).into(),
            "salesorders" => {
                order().map(|it| order::summary(it, reader)).into_iter().collect::<Vec<_>>().into()
            }
            "line_items" => lines(record, reader),
            "payment_options" => {
                let gateways = record.members.get(name).and_then(|it| it.get("payment_gateways")).cloned();
                Json::object([("payment_gateways", gateways.unwrap_or_else(|| Vec::new().into()))])
            }
            _ => sale::show(name, record, reader).unwrap_or_else(|| self.spec().stored(record, name)),
        }
    }

    fn cell(&self, name: &str, record: &Record, reader: &Reader<'_>) -> Json {
        let shown = self.show(name, record, reader);
        match name {
            "billing_address" | "shipping_address" => address::row(&shown),
            "documents" => "".into(),
            _ => shown,
        }
    }

    fn texts(&self, name: &str, record: &Record, reader: &Reader<'_>) -> Vec<String> {
        sale::texts(name, record).unwrap_or_else(|| sale::plain(self.show(name, record, reader)))
    }

    fn passes(&self, filter: &str, record: &Record, reader: &Reader<'_>) -> bool {
        match filter {
            "Status.Unpaid" => status::is_unpaid(record),
            "Status.Viewed" => record.flag("is_viewed_by_client"),
            "Date.PaymentExpectedDate" => !record.text("payment_expected_date").is_empty(),
            _ => is_status(filter, &self.status(record, reader)),
        }
    }

    fn has_status(&self, word: &str, record: &Record, reader: &Reader<'_>) -> bool {
        match word {
            "unpaid" => status::is_unpaid(record),
            "viewed" => record.flag("is_viewed_by_client"),
            _ => word == self.status(record, reader),
        }
    }
}

/// The lines, each with the expense that it bills and the name of the expense's receipt.
fn lines(record: &Record, reader: &Reader<'_>) -> Json {
    let rows = record.list("line_items").iter().map(|line| {
        let Json::Object(members) = line else { return line.clone() };
        let mut members = members.clone();
        let expense = line.get("expense_id").cloned();
        let id = expense.as_ref().and_then(|it| it.as_id_text()?.parse().ok());
        let receipt = id.and_then(|id| receipt::of(&reader.books, id));
        if expense.is_none() {
            members.push(("expense_id".to_owned(), "".into()));
        }
        let file = receipt.map_or_else(String::new, |it| it.text("file_name").to_owned());
        members.push(("expense_receipt_name".to_owned(), file.into()));
        Json::Object(members)
    });
    rows.collect::<Vec<_>>().into()
}

/// Whether payments or credits are applied.
fn applied(record: &Record) -> bool {
    ["payment_made", "tax_amount_withheld", "credits_applied"]
        .iter()
        .any(|name| !record.decimal(name).is_zero())
}
