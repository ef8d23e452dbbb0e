//! What a printed document says, apart from how it is written down.

use rust_decimal::Decimal;

use crate::engine::reader::Reader;
use crate::engine::spec::Resource;
use crate::json::Json;
use crate::resource::contact::model::{Address, ContactType};
use crate::resource::extra::money;
use crate::resource::extra::subject::{number, party};
use crate::resource::field;
use crate::store::record::Record;
use crate::store::records::Currency;

/// A column of the table.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    pub(crate) title: &'static str,
    /// Width on paper, in points; the widths of a sheet add up to [`WIDTH`].
    pub(crate) width: i16,
    /// Whether it holds numbers, which stand at the right.
    pub(crate) right: bool,
}

/// Width of a sheet's table, in points.
pub(crate) const WIDTH: i16 = 495;

/// One document as people read it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sheet {
    pub(crate) title: String,
    pub(crate) number: String,
    /// The organization, its name first.
    pub(crate) sender: Vec<String>,
    pub(crate) party_label: &'static str,
    /// The contact, its name first.
    pub(crate) party: Vec<String>,
    /// Dates, status, reference.
    pub(crate) facts: Vec<(String, String)>,
    pub(crate) currency: String,
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: Vec<Vec<String>>,
    pub(crate) totals: Vec<(String, String)>,
    pub(crate) remarks: Vec<(String, String)>,
}

/// Members that are shown beside the party when they hold something.
const FACTS: [(&str, &str); 11] = [
    ("date", "Date"),
    ("due_date", "Due Date"),
    ("expiry_date", "Expiry Date"),
    ("shipment_date", "Shipment Date"),
    ("delivery_date", "Delivery Date"),
    ("payment_terms_label", "Terms"),
    ("payment_mode", "Payment Mode"),
    ("account_name", "Account"),
    ("paid_through_account_name", "Paid Through"),
    ("reference_number", "Reference"),
    ("salesperson_name", "Salesperson"),
];

/// Amounts under the table, with the sign that people put before them; zero ones are left out.
const AMOUNTS: [(&str, &str); 9] = [
    ("sub_total", "Sub Total"),
    ("discount_amount", "(-) Discount"),
    ("shipping_charge", "Shipping Charge"),
    ("adjustment", "Adjustment"),
    ("total", "Total"),
    ("amount", "Amount"),
    ("payment_made", "(-) Payment Made"),
    ("credits_applied", "(-) Credits Applied"),
    ("write_off_amount", "(-) Write Off"),
];

impl Sheet {
    /// The sheet of a record of any kind.
    pub(crate) fn of(resource: &dyn Resource, record: &Record, reader: &Reader<'_>) -> Self {
        let spec = resource.spec();
        let value = |name: &str| plain(&resource.show(name, record, reader));
        let currency = money::currency(reader.organization, record);
        let contact = party(record).and_then(|id| reader.books.contacts.get(&id));
        let mut facts: Vec<(String, String)> =
            FACTS.iter().map(|(name, label)| ((*label).to_owned(), value(name))).collect();
        facts.push(("Status".to_owned(), resource.status(record, reader).replace('_', " ")));
        facts.retain(|(_, text)| !text.is_empty());
        let (columns, rows) = table(record, currency);
        let mut remarks =
            vec![("Notes".to_owned(), value("notes")), ("Terms & Conditions".to_owned(), value("terms"))];
        remarks.push(("Description".to_owned(), value("description")));
        remarks.retain(|(_, text)| !text.is_empty());
        let vendor = contact.is_some_and(|it| it.contact_type == ContactType::Vendor);
        let mut lines = contact.map(|it| vec![it.contact_name.to_string()]).unwrap_or_default();
        if let Some(contact) = contact {
            lines.extend(address(&contact.billing_address));
            lines.extend(contact.primary().map(|it| it.text("email").to_owned()).filter(|it| !it.is_empty()));
        }
        Self {
            title: spec.label.to_uppercase(),
            number: number(resource, record).to_owned(),
            sender: sender(reader),
            party_label: if vendor { "Vendor" } else { "Bill To" },
            party: lines,
            facts,
            currency: currency.map_or_else(String::new, |it| it.code.clone()),
            columns,
            rows,
            totals: totals(resource, record, reader, currency),
            remarks,
        }
    }

    /// Number or, without one, the title in words: the name of a downloaded file.
    pub(crate) fn file_name(&self) -> String {
        let name = if self.number.is_empty() { self.title.to_lowercase() } else { self.number.clone() };
        name.replace(['/', '\\'], "-")
    }
}

/// The organization as the head of a sheet shows it.
pub(crate) fn sender(reader: &Reader<'_>) -> Vec<String> {
    let organization = reader.organization;
    let lines = [&organization.name, &organization.country, &organization.email];
    lines.into_iter().filter(|line| !line.is_empty()).cloned().collect()
}

/// The lines of an address that hold something.
pub(crate) fn address(address: &Address) -> Vec<String> {
    let text = |name: &str| field::text(&address.members, name);
    let joined = |names: &[&str]| {
        let parts: Vec<&str> = names.iter().map(|name| text(name)).filter(|it| !it.is_empty()).collect();
        parts.join(" ")
    };
    let lines = [
        joined(&["attention"]),
        joined(&["address"]),
        joined(&["street2"]),
        joined(&["zip", "city", "state"]),
        joined(&["country"]),
    ];
    lines.into_iter().filter(|line| !line.is_empty()).collect()
}

fn plain(value: &Json) -> String {
    match value {
        Json::Text(text) | Json::Number(text) => text.clone(),
        _ => String::new(),
    }
}

const fn column(title: &'static str, width: i16, right: bool) -> Column {
    Column { title, width, right }
}

/// The lines of a document, or what a payment was applied to.
fn table(record: &Record, currency: Option<&Currency>) -> (Vec<Column>, Vec<Vec<String>>) {
    let places = currency.map_or(2, |it| it.precision);
    let text = |entry: &Json, name: &str| entry.get(name).map(plain).unwrap_or_default();
    let number = |entry: &Json, name: &str| entry.get(name).and_then(Json::as_decimal).unwrap_or_default();
    let applied = ["invoices", "bills"].into_iter().find(|name| !record.list(name).is_empty());
    if let (true, Some(name)) = (record.list("line_items").is_empty(), applied) {
        let columns = vec![
            column("Document", 245, false),
            column("Date", 110, false),
            column("Amount Applied", 140, true),
        ];
        let rows = record.list(name).iter().map(|entry| {
            let document = ["invoice_number", "bill_number"].into_iter().map(|name| text(entry, name));
            vec![
                document.collect::<Vec<_>>().concat(),
                text(entry, "date"),
                money::grouped(number(entry, "amount_applied"), places),
            ]
        });
        return (columns, rows.collect());
    }
    let columns = vec![
        column("#", 25, false),
        column("Item & Description", 240, false),
        column("Qty", 60, true),
        column("Rate", 80, true),
        column("Amount", 90, true),
    ];
    let rows = record.list("line_items").iter().enumerate().map(|(at, line)| {
        let parts = ["name", "description"].map(|name| text(line, name));
        let parts: Vec<&str> = parts.iter().map(String::as_str).filter(|it| !it.is_empty()).collect();
        let quantity = [number(line, "quantity").normalize().to_string(), text(line, "unit")];
        let rate = number(line, "rate").normalize();
        let amount = line.get("item_total").or_else(|| line.get("amount")).and_then(Json::as_decimal);
        vec![
            (at + 1).to_string(),
            parts.join(" - "),
            quantity.join(" ").trim().to_owned(),
            money::grouped(rate, rate.scale().max(places)),
            money::grouped(amount.unwrap_or_default(), places),
        ]
    });
    (columns, rows.collect())
}

fn totals(
    resource: &dyn Resource,
    record: &Record,
    reader: &Reader<'_>,
    currency: Option<&Currency>,
) -> Vec<(String, String)> {
    let value = |name: &str| resource.show(name, record, reader).as_decimal().unwrap_or(Decimal::ZERO);
    let shown = |amount: Decimal| money::shown(amount, currency);
    let mut totals = Vec::new();
    for (name, label) in AMOUNTS {
        if name == "total" {
            totals.extend(record.list("taxes").iter().map(|tax| {
                let name = tax.get("tax_name").and_then(Json::as_str).unwrap_or("Tax").to_owned();
                (name, shown(tax.get("tax_amount").and_then(Json::as_decimal).unwrap_or_default()))
            }));
        }
        let amount = value(name);
        if !amount.is_zero() || (name == "total" && record.members.get("total").is_some()) {
            totals.push((label.to_owned(), shown(amount)));
        }
    }
    for (name, label) in [("balance", "Balance Due"), ("unused_amount", "Unused Amount")] {
        if record.members.get(name).is_some() {
            totals.push((label.to_owned(), shown(value(name))));
        }
    }
    totals
}
