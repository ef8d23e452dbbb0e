//! Listing customers.

use std::sync::Arc;

use super::view;
use crate::auth::Context;
use crate::engine::criteria::known;
use crate::engine::reader::Reader;
use crate::envelope::Reply;
use crate::error::ApiError;
use crate::filter::{TextFilter, fold, limited};
use crate::format::parse_instant;
use crate::json::Json;
use crate::page::Page;
use crate::request::Call;
use crate::resource::contact::model::{Contact, ContactType};
use crate::resource::field;

const TEXTS: [&str; 8] =
    ["email", "display_name", "customer_name", "company_name", "first_name", "last_name", "phone", "mobile"];
const SORTS: [&str; 10] = [
    "display_name",
    "customer_name",
    "company_name",
    "first_name",
    "last_name",
    "email",
    "outstanding",
    "created_time",
    "updated_time",
    "last_modified_time",
];
const FILTERS: [&str; 7] = [
    "CustomerStatus.All",
    "CustomerStatus.ACTIVE",
    "CustomerStatus.INACTIVE",
    "Status.All",
    "Status.Active",
    "Status.Inactive",
    "Status.Crm",
];

/// `GET /customers`.
pub(super) fn customers(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let reader = Reader::new(context)?;
    let query = &call.query;
    let page = Page::read(query)?;
    let texts = TextFilter::read(query, &TEXTS)?;
    let filter = query.get("filter_by").map_or(Ok(FILTERS[0]), |it| known(&FILTERS, it, "filter_by"))?;
    let search = query.get("search_text").map(|it| limited("search_text", it).map(fold)).transpose()?;
    let zone = reader.organization.zone();
    let since = query
        .get("last_modified_time")
        .map(|it| parse_instant(it, zone).ok_or_else(|| ApiError::invalid("last_modified_time")))
        .transpose()?;
    let column = query.get("sort_column").map_or(Ok(SORTS[0]), |it| known(&SORTS, it, "sort_column"))?;
    let descending = match query.get("sort_order").map(str::to_ascii_lowercase).as_deref() {
        None | Some("a" | "asc" | "ascending") => false,
        Some("d" | "desc" | "descending") => true,
        Some(_) => return Err(ApiError::invalid("sort_order")),
    };
    let linked = |contact: &Contact, kind: &str| {
        query.get(kind).is_none_or(|id| {
            contact.link.as_ref().is_some_and(|link| link.kind.member() == kind && link.id == id)
        })
    };
    let passes = |contact: &&Arc<Contact>| {
        contact.contact_type == ContactType::Customer
            && since.is_none_or(|since| contact.modified >= since)
            && match filter.split_once('.').map_or("", |(_, word)| word) {
                "ACTIVE" | "Active" => contact.active,
                "INACTIVE" | "Inactive" => !contact.active,
                "Crm" => contact.link.is_some(),
                _ => true,
            }
            && linked(contact, "zcrm_account_id")
            && linked(contact, "zcrm_contact_id")
            && texts.iter().all(|it| values(contact, it.field).iter().any(|text| it.matches(text)))
            && search.as_ref().is_none_or(|needle| {
                let texts = ["display_name", "company_name", "email"].map(|name| values(contact, name));
                texts.iter().flatten().any(|text| fold(text).contains(needle))
            })
    };
    let mut rows: Vec<Arc<Contact>> = reader.books.contacts.values().filter(passes).cloned().collect();
    match column {
        "created_time" => rows.sort_by_key(|it| (it.created, it.contact_id)),
        "updated_time" | "last_modified_time" => rows.sort_by_key(|it| (it.modified, it.contact_id)),
        "outstanding" => {
            rows.sort_by_key(|it| (reader.books.balance(it.contact_id).receivable.own, it.contact_id));
        }
        name => rows.sort_by_cached_key(|it| {
            (values(it, name).first().map_or(String::new(), |text| fold(text)), it.contact_id)
        }),
    }
    if descending {
        rows.reverse();
    }
    let (rows, more) = page.take(rows.into_iter());
    let rows: Vec<Json> = rows.iter().map(|contact| view::row(contact, &reader)).collect();
    let page_context = page.context(
        more,
        [
            ("report_name", "Customers".into()),
            ("applied_filter", filter.into()),
            ("custom_fields", Vec::new().into()),
            ("sort_column", column.into()),
            ("sort_order", if descending { "D" } else { "A" }.into()),
        ],
    );
    Ok(Reply::read([("customers", rows.into()), ("page_context", page_context)]))
}

/// What a filter or an order looks at. Members of people are looked for in every contact person, the primary one first.
fn values<'a>(contact: &'a Contact, name: &str) -> Vec<&'a str> {
    match name {
        "display_name" | "customer_name" => vec![&contact.contact_name],
        "company_name" => vec![field::text(&contact.members, name)],
        _ => {
            let others = contact.persons.iter().filter(|person| !person.is_primary);
            contact.primary().into_iter().chain(others).map(|person| person.text(name)).collect()
        }
    }
}
