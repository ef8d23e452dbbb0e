//! Listing contacts.

use super::criteria::Criteria;
use std::sync::Arc;

use super::model::{Contact, ContactType};
use super::search::{Order, candidates};
use super::view::View;
use crate::auth::Context;
use crate::engine::criteria::known;
use crate::envelope::Reply;
use crate::error::ApiError;
use crate::json::Json;
use crate::page::Page;
use crate::request::{Call, Query};

const SORT_COLUMNS: [&str; 7] = [
    "contact_name",
    "first_name",
    "last_name",
    "email",
    "outstanding_receivable_amount",
    "created_time",
    "last_modified_time",
];

/// `GET /contacts`.
pub(crate) fn contacts(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    list(context, call, None)
}

/// `GET /customers`: the contacts that are customers.
pub(crate) fn customers(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    list(context, call, Some(ContactType::Customer))
}

/// `GET /vendors`: the contacts that are vendors.
pub(crate) fn vendors(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    list(context, call, Some(ContactType::Vendor))
}

fn list(context: &Context<'_>, call: &Call, alias: Option<ContactType>) -> Result<Reply, ApiError> {
    let view = View::new(context)?;
    let query = &call.query;
    let mut criteria = Criteria::read(query, context.organization()?.zone(), context.now)?;
    criteria.contact_type = alias.or(criteria.contact_type);
    let page = Page::read(query)?;
    let order = order(query)?;
    let books = &view.books;
    let wanted = page.page.saturating_mul(page.per_page).saturating_add(1);
    let ids = candidates(books, &criteria, order, wanted);
    let row = |id: u64| books.contacts.get(&id);
    let (rows, more) = if criteria.only_since() && (criteria.since.is_none() || order.by_change()) {
        // Rows of earlier pages need not be fetched to be passed over.
        let (ids, more) = page.take(ids);
        (ids.into_iter().filter_map(row).collect(), more)
    } else {
        page.take(ids.filter_map(row).filter(|contact| criteria.pass(contact, books)))
    };
    touch(&rows);
    let mut page_context = page.context(
        more,
        [
            ("report_name", "Contacts".into()),
            ("applied_filter", criteria.filter_by.into()),
            ("custom_fields", Vec::new().into()),
            ("sort_column", order.column.into()),
            ("sort_order", if order.descending { "D" } else { "A" }.into()),
        ],
    );
    let searched = criteria.searched(query);
    if let (Json::Object(members), false) = (&mut page_context, searched.is_empty()) {
        members.push(("search_criteria".to_owned(), searched.into()));
    }
    Ok(Reply::writing(200, "success", |out| {
        out.open_member("contacts", '[');
        for contact in rows {
            view.row(out, contact);
        }
        out.close(']');
        out.member("page_context", &page_context);
    }))
}

/// Looks at the memory of every row once. The places are far apart and nothing waits for the other, so they are fetched at
/// the same time, where writing row after row would wait for each of them.
fn touch(rows: &[&Arc<Contact>]) {
    let first = |text: &str| text.as_bytes().first().map_or(0, |byte| usize::from(*byte));
    let touched: usize = rows.iter().map(|row| first(&row.contact_name) + row.persons.len()).sum();
    let persons = rows.iter().filter_map(|row| row.persons.first());
    std::hint::black_box(touched + persons.filter(|person| person.is_primary).count());
}

/// The wanted order. Errors: code 2 for a column or a direction that is not known.
fn order(query: &Query) -> Result<Order, ApiError> {
    let column = match query.get("sort_column") {
        None => "contact_name",
        Some(name) => known(&SORT_COLUMNS, name, "sort_column")?,
    };
    let descending = match query.get("sort_order").map(str::to_ascii_lowercase).as_deref() {
        None | Some("a" | "asc" | "ascending") => false,
        Some("d" | "desc" | "descending") => true,
        Some(_) => return Err(ApiError::invalid("sort_order")),
    };
    Ok(Order { column, descending })
}
