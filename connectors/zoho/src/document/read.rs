//! Documents as answers tell them.

use chrono::{DateTime, NaiveDate, Utc};
use finbridge_contract::{
    Application, DealMark, Failure, FailureKind, Party, RemoteDocument, RemoteLine, RemoteTax,
    SubscriptionTerm,
};
use finbridge_domain::{DocumentKind, PartyKind, WireId};
use rust_decimal::Decimal;

use super::words::DocumentWords;
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
    let lines = row.list(words.lines).unwrap_or_default();
    let mut lines: Vec<RemoteLine> = lines.iter().map(line).collect::<Result<_, _>>()?;
    if words.kind == DocumentKind::Subscription
        && let Some(plan) = row.object("plan").filter(|plan| plan.some_text("name").is_some())
    {
        lines.insert(0, line(&plan)?);
    }
    let deal = row.some_text("zcrm_potential_id").and_then(|id| id.parse().ok()).filter(|id| *id > 0);
    Ok(RemoteDocument {
        remote_id: row.required(words.list.id)?,
        number: row.some_text(words.number),
        reference: words.reference.and_then(|member| row.some_text(member)),
        status: row.some_text(words.status).or_else(|| row.some_text("status")).unwrap_or_default(),
        parties: parties(row),
        deal: deal.map(|id| DealMark { wire_id: WireId(id), name: row.some_text("zcrm_potential_name") }),
        currency_code: row.some_text("currency_code").unwrap_or_default(),
        exchange_rate: amount(row, "exchange_rate")?.filter(|rate| *rate > Decimal::ZERO),
        dated_on: day(row, words.dated),
        due_on: words.due.and_then(|member| day(row, member)),
        sub_total: amount(row, "sub_total")?,
        discount_total: amount(row, "discount_total")?,
        tax_total: amount(row, "tax_total")?,
        shipping: amount(row, "shipping_charge")?,
        adjustment: amount(row, "adjustment")?,
        total: amount(row, words.total)?.ok_or_else(|| unreadable(words.total))?,
        balance: words.balance.map_or(Ok(None), |member| amount(row, member))?,
        lines: if is_whole { lines } else { Vec::new() },
        taxes: taxes(row)?,
        applications: applications(words.kind, row)?,
        notes: row.some_text("notes").or_else(|| row.some_text("description")),
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

fn line(row: &Row) -> Result<RemoteLine, Failure> {
    let first = |members: &[&str]| members.iter().find_map(|member| row.some_text(member));
    let quantity = amount(row, "quantity")?.unwrap_or(Decimal::ONE);
    let price =
        ["rate", "price", "amount"].iter().find_map(|member| amount(row, member).transpose()).transpose()?;
    let total = ["item_total", "total", "amount"].iter().find_map(|member| amount(row, member).transpose());
    let total = total.transpose()?;
    let unit_price = price.or(total).unwrap_or_default();
    Ok(RemoteLine {
        remote_id: first(&["line_item_id", "item_id", "expense_id", "addon_code", "plan_code"]),
        item_id: first(&["item_id", "product_id"]),
        name: first(&["name", "item_name", "category_name", "account_name", "merchant_name"])
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
            None => quantity.checked_mul(unit_price).ok_or_else(|| unreadable("item_total"))?,
        },
    })
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
fn amount(row: &Row, member: &str) -> Result<Option<Decimal>, Failure> {
    let Some(text) = row.some_text(member) else { return Ok(None) };
    let exact = Decimal::from_str_exact(text.trim()).or_else(|_| Decimal::from_scientific(text.trim()));
    exact.map(Some).map_err(|_| unreadable(member))
}

fn unreadable(member: &str) -> Failure {
    Failure::new(FailureKind::Malformed, format!("{member} of a document cannot be read as a number"))
}
