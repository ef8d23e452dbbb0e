//! Payments of customers (section 10.10).

mod routes;
mod spec;

pub(crate) use routes::OPERATIONS;

use rust_decimal::Decimal;

use crate::document::application::{self, PAYMENTS};
use crate::document::{account, party, refund, sale};
use crate::engine::desk::Desk;
use crate::engine::reader::Reader;
use crate::engine::spec::{Resource, Spec};
use crate::error::{ApiError, Code};
use crate::json::{Json, round_money};
use crate::resource::contact::model::ContactType;
use crate::store::kind::Kind;
use crate::store::record::Record;

/// The resource.
pub(crate) struct CustomerPayment;

impl Resource for CustomerPayment {
    fn spec(&self) -> &'static Spec {
        &spec::SPEC
    }

    fn begin(&self, _: &mut Desk<'_>, record: &mut Record) -> Result<(), ApiError> {
        record.set("status", "success");
        Ok(())
    }

    /// A list of invoices replaces what the payment was applied to; without one that stays.
    fn take(
        &self,
        desk: &mut Desk<'_>,
        record: &mut Record,
        before: Option<&Record>,
        body: &Json,
    ) -> Result<(), ApiError> {
        party::take(record, before, "customer_id", self.spec().fields, body)?;
        // A payment is in its customer's currency, whatever the body says.
        if before.is_some_and(|it| it.text("customer_id") != record.text("customer_id")) {
            record.set("currency_id", "");
        }
        let single = || body.get("invoice_id").filter(|id| **id != Json::Null && id.as_str() != Some(""));
        let entries = match body.get("invoices") {
            Some(Json::List(entries)) => entries.clone(),
            Some(Json::Null) => Vec::new(),
            Some(_) => return Err(ApiError::invalid("invoices")),
            None if single().is_some() => vec![body.clone()],
            None => return Ok(()),
        };
        let known = application::of(record);
        let date = record.text("date").to_owned();
        let applications = application::wanted(desk, &known, &entries, &date)?;
        application::set(record, &applications);
        Ok(())
    }

    /// Errors: those of the customer, 2 for an amount that is not above zero, those of the invoices.
    fn complete(
        &self,
        desk: &mut Desk<'_>,
        record: &mut Record,
        before: Option<&Record>,
    ) -> Result<(), ApiError> {
        let (_, places) = party::settle(desk, record, before, "customer_id", ContactType::Customer)?;
        let amount = round_money(record.decimal("amount"), places);
        if amount <= Decimal::ZERO {
            return Err(ApiError::invalid("amount"));
        }
        let charges = round_money(record.decimal("bank_charges"), places);
        if charges < Decimal::ZERO || charges > amount {
            return Err(ApiError::invalid("bank_charges"));
        }
        record.set("amount", Json::amount(amount));
        record.set("bank_charges", Json::amount(charges));
        let refunded = !record.list("refunds").is_empty();
        if refunded && before.is_some_and(|it| it.text("customer_id") != record.text("customer_id")) {
            return Err(refunds_first());
        }
        application::check(desk, &PAYMENTS, record, before)
    }

    fn written(&self, desk: &mut Desk<'_>, record: &Record, before: Option<&Record>) -> Result<(), ApiError> {
        application::follow(desk, &PAYMENTS, Some(record), before)
    }

    fn deletable(&self, _: &Desk<'_>, record: &Record) -> Result<(), ApiError> {
        if record.list("refunds").is_empty() { Ok(()) } else { Err(refunds_first()) }
    }

    fn deleted(&self, desk: &mut Desk<'_>, record: &Record) -> Result<(), ApiError> {
        application::follow(desk, &PAYMENTS, None, Some(record))
    }

    fn show(&self, name: &str, record: &Record, reader: &Reader<'_>) -> Json {
        let base = |amount: Decimal| {
            let places = reader.organization.currencies.first().map_or(2, |it| it.precision);
            Json::amount(round_money(amount * record.decimal("exchange_rate"), places))
        };
        match name {
            "invoices" | "applied_invoices" => invoices(record, reader),
            "invoice_numbers" => {
                let numbers = application::of(record).into_iter().filter_map(|it| {
                    let invoice = reader.books.record(Kind::Invoice, it.invoice_id)?;
                    Some(invoice.text("invoice_number").to_owned())
                });
                numbers.collect::<Vec<_>>().join(", ").into()
            }
            "amount_refunded" => Json::amount(refund::sum(record)),
            "bcy_amount" => base(record.decimal("amount")),
            "bcy_unused_amount" => base(record.decimal("unused_amount")),
            "bcy_refunded_amount" => base(refund::sum(record)),
            "tax_amount_withheld" => Json::amount(application::of(record).iter().map(|it| it.withheld).sum()),
            "payment_status" => record.text("status").into(),
            "payment_type" => {
                if application::of(record).is_empty() { "Customer Advance" } else { "Invoice Payment" }.into()
            }
            "payment_mode_formatted" => formatted(record.text("payment_mode")).into(),
            "notes" => record.text("description").into(),
            "account_name" => account::name(reader, record.reference("account_id")),
            "tax_account_name" => account::name(reader, record.reference("tax_account_id")),
            _ => party::show(name, record, reader, "customer_id")
                .unwrap_or_else(|| self.spec().stored(record, name)),
        }
    }

    /// Payment numbers have no leading zeros, so they are compared as numbers.
    fn sort_value(&self, name: &str, record: &Record, reader: &Reader<'_>) -> Json {
        match self.show(name, record, reader) {
            Json::Text(number) if name == "payment_number" => Json::Number(number),
            shown => shown,
        }
    }

    fn texts(&self, name: &str, record: &Record, reader: &Reader<'_>) -> Vec<String> {
        match name {
            "custom_field" => sale::texts(name, record).unwrap_or_default(),
            _ => sale::plain(self.show(name, record, reader)),
        }
    }

    fn passes(&self, filter: &str, record: &Record, _: &Reader<'_>) -> bool {
        let plain = |text: &str| text.replace([' ', '_'], "").to_ascii_lowercase();
        let word = filter.split_once('.').map_or(filter, |(_, word)| word);
        let mode = plain(record.text("payment_mode"));
        match word {
            "All" => true,
            "Others" => !spec::MODES.iter().any(|known| plain(known) == mode),
            word => plain(word) == mode,
        }
    }
}

fn refunds_first() -> ApiError {
    sale::wrong("The payment has refunds. Delete them first.")
}

/// The invoices a payment is applied to, as they are now.
fn invoices(record: &Record, reader: &Reader<'_>) -> Json {
    let rows = application::of(record).into_iter().filter_map(|applied| {
        let invoice = reader.books.record(Kind::Invoice, applied.invoice_id)?;
        Some(Json::object([
            ("invoice_payment_id", Json::id(applied.id)),
            ("invoice_id", Json::id(invoice.id)),
            ("invoice_number", invoice.text("invoice_number").into()),
            ("date", invoice.text("date").into()),
            ("due_date", invoice.text("due_date").into()),
            ("total", Json::amount(invoice.decimal("total"))),
            ("balance", Json::amount(invoice.decimal("balance"))),
            ("invoice_amount", Json::amount(invoice.decimal("total"))),
            ("amount_applied", Json::amount(applied.amount)),
            ("tax_amount_withheld", Json::amount(applied.withheld)),
            ("balance_amount", Json::amount(invoice.decimal("balance"))),
        ]))
    });
    rows.collect::<Vec<_>>().into()
}

/// A payment mode as people read it; a mode of the client's own stays as it is.
fn formatted(mode: &str) -> &str {
    match mode {
        "cash" => "Cash",
        "check" => "Check",
        "creditcard" => "Credit Card",
        "banktransfer" => "Bank Transfer",
        "bankremittance" => "Bank Remittance",
        "autotransaction" => "Auto Transaction",
        "others" => "Others",
        other => other,
    }
}

/// Deletes the payments that `DELETE /customerpayments?payment_id=a,b` names, all of them or none.
fn delete_all(desk: &mut Desk<'_>, ids: &[&str]) -> Result<(), ApiError> {
    for id in ids {
        let id = id.parse().map_err(|_| ApiError::about(Code::NotFound, "Payment"))?;
        desk.delete(&CustomerPayment, id)?;
    }
    Ok(())
}
