//! Statements of account of contacts, and mails to contacts.

use std::cmp::Ordering;
use std::sync::Arc;

use chrono::{Datelike, NaiveDate};
use rust_decimal::Decimal;

use super::content::{self, Content};
use super::draft::{self, Draft};
use super::{body, post};
use crate::auth::Context;
use crate::engine::desk::{self, Desk};
use crate::engine::reader::Reader;
use crate::envelope::Reply;
use crate::error::ApiError;
use crate::json::Json;
use crate::request::Call;
use crate::resource::contact::model::{Contact, ContactType};
use crate::resource::contact::{self};
use crate::resource::extra::render::pdf;
use crate::resource::extra::render::sheet::{Column, Sheet, address, sender as head};
use crate::resource::extra::render::text::escaped;
use crate::resource::extra::subject::{Subject, number};
use crate::resource::extra::{history, money};
use crate::store::kind::Kind;
use crate::store::mail::MailFile;
use crate::store::record::Record;
use crate::store::records::User;

/// The days a statement covers, both inclusive.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Period {
    start: NaiveDate,
    end: NaiveDate,
}

impl Period {
    /// The present month up to today.
    pub(crate) fn current(today: NaiveDate) -> Self {
        Self { start: today.with_day(1).unwrap_or(today), end: today }
    }

    /// Reads `start_date` and `end_date`. Errors: code 2 for what is no day and for an end before the start.
    fn read(call: &Call, today: NaiveDate) -> Result<Self, ApiError> {
        let day = |name: &str, default: NaiveDate| match call.query.get(name) {
            None => Ok(default),
            Some(text) => NaiveDate::parse_from_str(text, "%Y-%m-%d").map_err(|_| ApiError::invalid(name)),
        };
        let end = day("end_date", today)?;
        let start = day("start_date", Self::current(end).start)?;
        if end < start { Err(ApiError::invalid("end_date")) } else { Ok(Self { start, end }) }
    }
}

/// What a document adds to what a contact owes: more for an invoice, less for a payment.
fn amount(record: &Record) -> Option<Decimal> {
    if ["draft", "void", "pending_approval", "approved"].contains(&record.text("status")) {
        return None;
    }
    match record.kind {
        Kind::Invoice | Kind::Bill => Some(record.decimal("total")),
        Kind::CreditNote => Some(-record.decimal("total")),
        Kind::CustomerPayment | Kind::VendorPayment => Some(-record.decimal("amount")),
        _ => None,
    }
}

/// The contact's documents in its own currency, oldest first.
fn documents(contact: &Contact, reader: &Reader<'_>) -> Vec<(Arc<Record>, Decimal)> {
    let kinds: &[Kind] = match contact.contact_type {
        ContactType::Customer => &[Kind::Invoice, Kind::CreditNote, Kind::CustomerPayment],
        ContactType::Vendor => &[Kind::Bill, Kind::VendorPayment],
    };
    let mut found: Vec<(Arc<Record>, Decimal)> = Vec::new();
    for kind in kinds {
        let records =
            reader.books.naming_as(contact.contact_id, *kind).filter_map(|id| reader.books.record(*kind, id));
        let own = records.filter(|it| it.reference("currency_id").is_none_or(|id| id == contact.currency_id));
        found.extend(own.filter_map(|record| Some((Arc::clone(record), amount(record)?))));
    }
    found.sort_by(|(a, _), (b, _)| match a.text("date").cmp(b.text("date")) {
        Ordering::Equal => a.id.cmp(&b.id),
        order => order,
    });
    found
}

/// The statement of a contact as a sheet.
fn sheet(contact: &Contact, period: Period, reader: &Reader<'_>) -> Sheet {
    let currency = reader.organization.currency(contact.currency_id);
    let places = currency.map_or(2, |it| it.precision);
    let (start, end) = (period.start.to_string(), period.end.to_string());
    let (mut balance, mut rows) = (Decimal::ZERO, Vec::new());
    let mut opening = Decimal::ZERO;
    for (record, amount) in documents(contact, reader) {
        let day = record.text("date");
        if day > end.as_str() {
            break;
        }
        balance += amount;
        if day < start.as_str() {
            opening = balance;
            continue;
        }
        let resource = crate::resource::of(record.kind);
        rows.push(vec![
            day.to_owned(),
            format!("{} {}", resource.spec().label, number(resource, &record)),
            money::grouped(amount, places),
            money::grouped(balance, places),
        ]);
    }
    let mut party = vec![contact.contact_name.to_string()];
    party.extend(address(&contact.billing_address));
    let column = |title, width, right| Column { title, width, right };
    Sheet {
        title: "STATEMENT OF ACCOUNTS".to_owned(),
        sender: head(reader),
        party_label: "To",
        party,
        facts: vec![("From".to_owned(), start), ("Until".to_owned(), end)],
        currency: currency.map_or_else(String::new, |it| it.code.clone()),
        columns: vec![
            column("Date", 85, false),
            column("Transaction", 210, false),
            column("Amount", 100, true),
            column("Balance", 100, true),
        ],
        rows,
        totals: vec![
            ("Opening Balance".to_owned(), money::shown(opening, currency)),
            ("Balance Due".to_owned(), money::shown(balance, currency)),
        ],
        ..Sheet::default()
    }
}

fn file_name(contact: &Contact) -> String {
    format!("statement_{}", contact.contact_name.replace(['/', '\\', ' '], "_"))
}

/// The statement of a contact as a file of a mail.
pub(super) fn file(desk: &mut Desk<'_>, contact_id: u64, period: Period) -> Result<MailFile, ApiError> {
    let subject = Subject::find(&desk.books(), Kind::Contact, contact_id)?;
    let contact = subject.contact.ok_or_else(|| ApiError::missing("Contact"))?;
    let bytes = pdf::write(&[sheet(&contact, period, &desk.reader())]);
    draft::pdf(desk, format!("{}.pdf", file_name(&contact)), &bytes)
}

fn usual(contact: &Contact, period: Option<Period>, organization: &str, user: &User) -> Content {
    let (subject, sentence) = match period {
        Some(Period { start, end }) => (
            format!("Account Statement from {start} to {end}"),
            format!("Your statement of account from {start} to {end} is attached."),
        ),
        None => (format!("A message from {organization}"), String::new()),
    };
    let name = escaped(&contact.contact_name);
    Content {
        subject,
        body: format!("Dear {name},<br><br>{sentence}<br><br>Regards,<br>{}", escaped(organization)),
        from: user.email.clone(),
        to: content::of_contact(contact),
        file_name: file_name(contact),
    }
}

/// `GET /contacts/{contact_id}/statements/email?start_date=&end_date=`.
pub(crate) fn get(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let (subject, reader) = Subject::read(context, call, &contact::Unlisted)?;
    let contact = subject.contact.as_ref().ok_or_else(|| ApiError::missing("Contact"))?;
    let period = Period::read(call, reader.today)?;
    let content = usual(contact, Some(period), &reader.organization.name, &context.user);
    let data = Json::object([
        ("subject", content.subject.into()),
        ("body", content.body.into()),
        ("to_contacts", content::to_contacts(Some(contact), None)),
        ("file_name", format!("{}.pdf", content.file_name).into()),
        ("from_emails", content::from_emails(&reader, &context.user)),
        ("contact_id", Json::id(contact.contact_id)),
    ]);
    Ok(Reply::read([("data", data)]))
}

/// `POST /contacts/{contact_id}/statements/email?start_date=&end_date=`.
pub(crate) fn email_statement(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    send(context, call, true)?;
    Ok(Reply::done("Statement has been sent to the Customer.", []))
}

/// `POST /contacts/{contact_id}/email?send_customer_statement=`.
pub(crate) fn email(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    send(context, call, false)?;
    Ok(Reply::done("Email has been sent.", []))
}

fn send(context: &Context<'_>, call: &Call, of_statement: bool) -> Result<(), ApiError> {
    let id = call.id(0, "Contact")?;
    let body = body(call)?;
    desk::write(context, call, |desk| {
        let subject = Subject::find(&desk.books(), Kind::Contact, id)?;
        let contact = subject.contact.ok_or_else(|| ApiError::missing("Contact"))?;
        let period = Period::read(call, desk.today())?;
        let content = usual(&contact, of_statement.then_some(period), &desk.organization.name, desk.caller);
        let draft = Draft::read(desk, body, content, &["subject", "body"], false)?;
        let mut files = draft::files(desk, call)?;
        if of_statement || draft::wish(call, body, "send_customer_statement")? == Some(true) {
            files.push(file(desk, id, period)?);
        }
        let what = if of_statement { "Statement" } else { "Mail" };
        let note = format!("{what} emailed to {}.", draft.to.join(", "));
        post(desk, Kind::Contact, id, draft, files);
        history::note_contact(desk, id, &note, "Mailed")
    })
}
