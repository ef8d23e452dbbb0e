//! Documents as answers tell them.

use chrono::{DateTime, NaiveDate, Utc};
use finbridge_contract::{
    Application, DealMark, Failure, FailureKind, Party, RemoteDocument, RemoteLine, RemoteTax,
    SubscriptionTerm,
};
use finbridge_domain::{DocumentKind, PartyKind, WireId};
use rust_decimal::Decimal;

use super::words::{Content, DocumentWords, Lines, Reference};
use crate::adapter::table::Told;
use crate::cursor::parse_time;
use crate::map::modified_at;
use crate::wire::row::Row;

/// A document; of a list, what lists tell.
///
/// # Errors
/// [`FailureKind::Malformed`] when an id, an amount or the time of change cannot be read.
pub(super) fn document(
    words: &DocumentWords,
    told: &Told,
    is_whole: bool,
) -> Result<RemoteDocument, Failure> {
    read(words, &told.row, is_whole, told.request_id.as_deref())
        .map_err(|failure| Failure { request_id: told.request_id.clone(), ..failure })
}

fn read(
    words: &DocumentWords,
    row: &Row,
    is_whole: bool,
    request_id: Option<&str>,
) -> Result<RemoteDocument, Failure> {
    let lines = if is_whole { lines(words, row)? } else { Vec::new() };
    let told = row.some_text(words.notes);
    let (notes, reference) = match words.reference {
        Reference::Member(member) => (told, row.some_text(member)),
        Reference::EndOf(_) => unmarked(told),
    };
    let deal = row.some_text("zcrm_potential_id").and_then(|id| id.parse().ok()).filter(|id| *id > 0);
    Ok(RemoteDocument {
        remote_id: row.required(words.list.id)?,
        number: row.some_text(words.number),
        reference,
        status: row.some_text(words.status).or_else(|| row.some_text("status")).unwrap_or_default(),
        parties: parties(row),
        deal: deal.map(|id| DealMark { wire_id: WireId(id), name: row.some_text("zcrm_potential_name") }),
        currency_code: row.some_text("currency_code").unwrap_or_default(),
        exchange_rate: amount(row, "exchange_rate")?.filter(|rate| *rate > Decimal::ZERO),
        dated_on: day(row, words.dated),
        due_on: words.due.and_then(|member| day(row, member)),
        sub_total: amount(row, "sub_total")?,
        discount_total: match amount(row, "discount_amount")? {
            Some(told) => Some(told),
            None => amount(row, "discount_total")?,
        },
        tax_total: amount(row, "tax_total")?,
        shipping: amount(row, "shipping_charge")?,
        adjustment: amount(row, "adjustment")?,
        total: amount(row, words.total)?.ok_or_else(|| unreadable(words.total))?,
        balance: words.balance.map_or(Ok(None), |member| amount(row, member))?,
        lines,
        taxes: taxes(row)?,
        applications: applications(words.kind, row)?,
        notes,
        terms: row.some_text("terms"),
        subscription: (words.kind == DocumentKind::Subscription).then(|| term(row)),
        created_at: row.some_text("created_time").and_then(|text| parse_time(&text)),
        modified_at: changed_at(words, row)?,
        is_whole,
        request_id: request_id.map(str::to_owned),
    })
}

/// Lists and single documents do not always name the time of change alike.
fn changed_at(words: &DocumentWords, row: &Row) -> Result<DateTime<Utc>, Failure> {
    let other = if words.list.modified == "updated_time" { "last_modified_time" } else { "updated_time" };
    let member = if row.some_text(words.list.modified).is_some() { words.list.modified } else { other };
    modified_at(row, member)
}

fn parties(row: &Row) -> Vec<Party> {
    let party = |kind, id, name| {
        let remote_id = row.some_text(id)?;
        Some(Party { kind, remote_id, name: row.some_text(name) })
    };
    let known = [
        party(PartyKind::Customer, "customer_id", "customer_name"),
        party(PartyKind::Vendor, "vendor_id", "vendor_name"),
    ];
    let mut parties: Vec<Party> = known.into_iter().flatten().collect();
    // A single subscription tells its customer as an object.
    if parties.is_empty()
        && let Some(customer) = row.object("customer")
        && let Some(remote_id) = customer.some_text("customer_id")
    {
        parties.push(Party {
            kind: PartyKind::Customer,
            remote_id,
            name: customer.some_text("display_name"),
        });
    }
    parties
}

/// The lines. What was spent without any is a line of its own, and a plan is the first line of its subscription.
fn lines(words: &DocumentWords, row: &Row) -> Result<Vec<RemoteLine>, Failure> {
    let told = row.list(words.lines.list).unwrap_or_default();
    let mut lines: Vec<RemoteLine> =
        told.iter().map(|one| line(words.lines, one)).collect::<Result<_, _>>()?;
    if words.kind == DocumentKind::Subscription
        && let Some(plan) = row.object("plan").filter(|plan| plan.some_text("name").is_some())
    {
        lines.insert(0, RemoteLine { remote_id: plan.some_text("plan_code"), ..line(words.lines, &plan)? });
    }
    if lines.is_empty() && matches!(words.content, Content::Expense(_)) {
        let whole = Lines { total: "sub_total", ..*words.lines };
        lines.push(RemoteLine { remote_id: None, description: None, ..line(&whole, row)? });
    }
    Ok(lines)
}

fn line(words: &Lines, row: &Row) -> Result<RemoteLine, Failure> {
    let first = |members: &[&str]| members.iter().find_map(|member| row.some_text(member));
    let quantity = amount(row, "quantity")?.unwrap_or(Decimal::ONE);
    let (price, total) = (amount(row, words.price)?, amount(row, words.total)?);
    let unit_price = price.or(total).unwrap_or_default();
    Ok(RemoteLine {
        remote_id: row.some_text(words.id),
        item_id: row.some_text(words.item),
        name: first(&["name", "item_name", "category_name", "account_name", "merchant_name", "description"])
            .unwrap_or_default(),
        description: first(&["description"]),
        quantity,
        unit: first(&["unit"]),
        unit_price,
        discount: first(&["discount"]).filter(|text| text.parse::<Decimal>() != Ok(Decimal::ZERO)),
        tax_name: first(&["tax_name"]),
        tax_percent: amount(row, "tax_percentage")?,
        total: match total {
            Some(total) => total,
            None => quantity.checked_mul(unit_price).ok_or_else(|| unreadable(words.total))?,
        },
    })
}

/// What stands between a text and the reference at its end.
const MARK: &str = "(reference ";

/// A text with a reference at its end.
pub(super) fn marked(text: &str, reference: &str) -> String {
    format!("{text} {MARK}{reference})").trim_start().to_owned()
}

/// A text, and the reference that stands at its end.
fn unmarked(text: Option<String>) -> (Option<String>, Option<String>) {
    let Some(text) = text else { return (None, None) };
    let parts = text.strip_suffix(')').and_then(|text| text.rsplit_once(MARK));
    match parts.map(|(notes, reference)| (notes.trim_end().to_owned(), reference.to_owned())) {
        Some((notes, reference)) => (Some(notes).filter(|notes| !notes.is_empty()), Some(reference)),
        None => (Some(text), None),
    }
}

fn taxes(row: &Row) -> Result<Vec<RemoteTax>, Failure> {
    let rows = row.list("taxes").unwrap_or_default();
    let taxes = rows.iter().filter_map(|tax| {
        let name = tax.some_text("tax_name")?;
        match amount(tax, "tax_amount") {
            Ok(amount) => Some(Ok(RemoteTax { name, amount: amount? })),
            Err(failure) => Some(Err(failure)),
        }
    });
    taxes.collect()
}

fn applications(kind: DocumentKind, row: &Row) -> Result<Vec<Application>, Failure> {
    if !matches!(kind, DocumentKind::CustomerPayment | DocumentKind::CreditNote) {
        return Ok(Vec::new());
    }
    let rows = row.list("invoices").unwrap_or_default();
    let applied = rows.iter().filter_map(|invoice| {
        let document_id = invoice.some_text("invoice_id")?;
        let applied = ["amount_applied", "credited_amount", "amount"];
        match applied.iter().find_map(|member| amount(invoice, member).transpose())? {
            Ok(amount) => Some(Ok(Application { document_id, amount })),
            Err(failure) => Some(Err(failure)),
        }
    });
    applied.collect()
}

fn term(row: &Row) -> SubscriptionTerm {
    let plan = row.object("plan").and_then(|plan| plan.some_text("name"));
    SubscriptionTerm {
        plan_name: plan.or_else(|| row.some_text("plan_name")),
        starts_on: day(row, "current_term_starts_at"),
        ends_on: day(row, "current_term_ends_at"),
        next_billing_on: day(row, "next_billing_at"),
    }
}

/// A day; times are cut to theirs.
fn day(row: &Row, member: &str) -> Option<NaiveDate> {
    row.some_text(member)?.get(..10)?.parse().ok()
}

/// A number, exactly as it is written; none where the app writes nothing.
pub(super) fn amount(row: &Row, member: &str) -> Result<Option<Decimal>, Failure> {
    let Some(text) = row.some_text(member) else { return Ok(None) };
    let exact = Decimal::from_str_exact(text.trim()).or_else(|_| Decimal::from_scientific(text.trim()));
    exact.map(Some).map_err(|_| unreadable(member))
}

fn unreadable(member: &str) -> Failure {
    Failure::new(FailureKind::Malformed, format!("{member} of a document cannot be read as a number"))
}

#[cfg(test)]
mod tests {
    use super::super::words::{OF_BILLING, OF_BOOKS, OF_EXPENSE};
    use super::*;

    fn told(
        words: &'static [DocumentWords],
        kind: DocumentKind,
        is_whole: bool,
        text: &str,
    ) -> RemoteDocument {
        let words = words.iter().find(|words| words.kind == kind).unwrap();
        let row = serde_json::from_str(text).unwrap();
        document(words, &Told { row, request_id: None }, is_whole).unwrap()
    }

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn r178_amounts_and_rates_keep_every_digit() {
        let invoice = told(
            OF_BOOKS,
            DocumentKind::Invoice,
            false,
            r#"{"invoice_id": "46", "status": "sent", "currency_code": "INR",
            "exchange_rate": 0.0166666666, "total": 100000.00, "balance": "90000.05", "date": "2026-01-05", "customer_id": 7,
            "due_date": "", "zcrm_potential_id": "000000000000000123", "last_modified_time": "2026-01-05T12:06:10+0530"}"#,
        );
        assert_eq!((invoice.total, invoice.balance), (decimal("100000"), Some(decimal("90000.05"))));
        assert_eq!(invoice.exchange_rate, Some(decimal("0.0166666666")));
        assert_eq!(invoice.deal.map(|deal| deal.wire_id), Some(WireId(123)));
        assert_eq!((invoice.due_on, invoice.is_whole), (None, false));
        assert_eq!(
            invoice.parties,
            [Party { kind: PartyKind::Customer, remote_id: "7".to_owned(), name: None }]
        );
    }

    #[test]
    fn lines_of_billing_name_themselves_by_what_books_calls_an_item() {
        let invoice = told(
            OF_BILLING,
            DocumentKind::Invoice,
            true,
            r#"{"invoice_id": "46", "total": 20, "status": "sent",
            "updated_time": "2026-01-05T12:06:10+0530", "invoice_items": [{"item_id": "1", "product_id": "2", "name": "Seat",
            "price": "10.0", "quantity": 2, "item_total": 20}]}"#,
        );
        let line = &invoice.lines[0];
        assert_eq!((line.remote_id.as_deref(), line.item_id.as_deref()), (Some("1"), Some("2")));
        assert_eq!((line.unit_price, line.total), (decimal("10"), decimal("20")));
    }

    #[test]
    fn an_expense_without_lines_is_a_line() {
        let expense = told(
            OF_BOOKS,
            DocumentKind::Expense,
            true,
            r#"{"expense_id": "46", "total": 12, "sub_total": 10,
            "amount": 12, "account_name": "Travel", "description": "Taxi", "status": "unbilled",
            "last_modified_time": "2026-01-05T12:06:10+0530"}"#,
        );
        let line = &expense.lines[0];
        assert_eq!((line.name.as_str(), line.total), ("Travel", decimal("10")));
        assert_eq!(expense.notes.as_deref(), Some("Taxi"));
    }

    #[test]
    fn a_reference_at_the_end_of_a_text_is_found_there() {
        let report = |text: &str| {
            let report = format!(
                r#"{{"report_id": "46", "total": 1, "status": "draft", "description": "{text}",
                "last_modified_time": "2026-01-05T12:06:10+0530"}}"#
            );
            let report = told(OF_EXPENSE, DocumentKind::ExpenseReport, false, &report);
            (report.notes, report.reference)
        };
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(report(&marked("Fair (spring)", "FB-1")), (text("Fair (spring)"), text("FB-1")));
        assert_eq!(report(&marked("", "FB-1")), (None, text("FB-1")));
        assert_eq!(report("Fair (spring)"), (text("Fair (spring)"), None));
        assert_eq!(report(""), (None, None));
    }

    #[test]
    fn what_is_no_number_is_not_taken_for_nothing() {
        let words = OF_BOOKS.iter().find(|words| words.kind == DocumentKind::Invoice).unwrap();
        for total in [r#""much""#, "null", "[]"] {
            let text = format!(
                r#"{{"invoice_id": "46", "total": {total}, "last_modified_time": "2026-01-05T12:06:10+0530"}}"#
            );
            let told = Told { row: serde_json::from_str(&text).unwrap(), request_id: Some("r".to_owned()) };
            let failure = document(words, &told, false).unwrap_err();
            assert_eq!(
                (failure.kind, failure.request_id.as_deref()),
                (FailureKind::Malformed, Some("r")),
                "{total}"
            );
        }
    }
}
