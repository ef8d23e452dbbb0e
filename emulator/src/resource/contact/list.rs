//! Listing contacts: filters, order, pages.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::model::{Contact, ContactType};
use super::view;
use crate::auth::Context;
use crate::envelope::Reply;
use crate::error::ApiError;
use crate::filter::{TextFilter, fold, limited};
use crate::format::parse_instant;
use crate::json::Json;
use crate::page::Page;
use crate::request::{Call, Query};
use crate::resource::field::text;
use crate::store::books::{Books, CrmKind, CrmLink};

const TEXT_FIELDS: [&str; 7] =
    ["contact_name", "company_name", "first_name", "last_name", "address", "email", "phone"];
const SORT_COLUMNS: [&str; 7] = [
    "contact_name",
    "first_name",
    "last_name",
    "email",
    "outstanding_receivable_amount",
    "created_time",
    "last_modified_time",
];
const FILTERS: [&str; 12] = [
    "Status.All",
    "Status.Active",
    "Status.Inactive",
    "Status.Duplicate",
    "Status.PortalEnabled",
    "Status.PortalDisabled",
    "Status.CreditLimitExceed",
    "Status.Crm",
    "Invoice.OverDue",
    "Invoice.Unpaid",
    "ContactType.Customer",
    "ContactType.Vendor",
];
const STATUSES: [&str; 5] = ["active", "inactive", "crm", "all", "duplicate"];

type Row = Arc<Contact>;

struct Criteria {
    texts: Vec<TextFilter>,
    search: Option<String>,
    contact_type: Option<ContactType>,
    filter_by: &'static str,
    status: Option<String>,
    since: Option<DateTime<Utc>>,
    links: Vec<CrmLink>,
    /// A vendor id was asked for; no contact carries one yet.
    vendor_link: bool,
}

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
    let organization = context.organization()?;
    let query = &call.query;
    let mut criteria = Criteria::read(query, organization.zone())?;
    criteria.contact_type = alias.or(criteria.contact_type);
    let page = Page::read(query)?;
    let column = match query.get("sort_column") {
        None => "contact_name",
        Some(name) => known(&SORT_COLUMNS, name, "sort_column")?,
    };
    let descending = match query.get("sort_order").map(str::to_ascii_lowercase).as_deref() {
        None | Some("a" | "asc" | "ascending") => false,
        Some("d" | "desc" | "descending") => true,
        Some(_) => return Err(ApiError::invalid("sort_order")),
    };
    let books = context.state.books(&organization.organization_id);
    let (rows, more) =
        page.take(ordered(&books, &criteria, column, descending).filter(|it| criteria.pass(it)));
    let rows: Vec<Json> = rows.iter().map(|contact| view::row(contact, organization)).collect();
    let mut searched: Vec<Json> = criteria.texts.iter().map(TextFilter::criterion).collect();
    if let Some(search) = query.get("search_text") {
        searched.push(Json::object([
            ("column_name", "search_text".into()),
            ("search_text", search.into()),
            ("search_text_formatted", search.into()),
            ("comparator", "contains".into()),
        ]));
    }
    let mut page_context = page.context(
        more,
        [
            ("report_name", "Contacts".into()),
            ("applied_filter", criteria.filter_by.into()),
            ("custom_fields", Vec::new().into()),
            ("sort_column", column.into()),
            ("sort_order", if descending { "D" } else { "A" }.into()),
        ],
    );
    if let (Json::Object(members), false) = (&mut page_context, searched.is_empty()) {
        members.push(("search_criteria".to_owned(), searched.into()));
    }
    Ok(Reply::read([("contacts", rows.into()), ("page_context", page_context)]))
}

fn known(table: &[&'static str], wanted: &str, name: &str) -> Result<&'static str, ApiError> {
    table.iter().copied().find(|it| it.eq_ignore_ascii_case(wanted)).ok_or_else(|| ApiError::invalid(name))
}

impl Criteria {
    fn read(query: &Query, zone: chrono_tz::Tz) -> Result<Self, ApiError> {
        let contact_type = query
            .get("contact_type")
            .map(|word| ContactType::read(word).ok_or_else(|| ApiError::invalid("contact_type")));
        let since = query
            .get("last_modified_time")
            .map(|text| parse_instant(text, zone).ok_or_else(|| ApiError::invalid("last_modified_time")));
        let link = |kind: CrmKind| query.get(kind.member()).map(|id| CrmLink { kind, id: id.to_owned() });
        Ok(Self {
            texts: TextFilter::read(query, &TEXT_FIELDS)?,
            search: query.get("search_text").map(|it| limited("search_text", it).map(fold)).transpose()?,
            contact_type: contact_type.transpose()?,
            filter_by: match query.get("filter_by") {
                None => "Status.All",
                Some(name) => known(&FILTERS, name, "filter_by")?,
            },
            status: query
                .get("status")
                .map(|word| known(&STATUSES, word, "status").map(str::to_owned))
                .transpose()?,
            since: since.transpose()?,
            links: [CrmKind::Account, CrmKind::Contact].into_iter().filter_map(link).collect(),
            vendor_link: query.get("zcrm_vendor_id").is_some(),
        })
    }

    fn pass(&self, contact: &Row) -> bool {
        !self.vendor_link
            && self.links.iter().all(|link| contact.link.as_ref() == Some(link))
            && self.contact_type.is_none_or(|it| it == contact.contact_type)
            && self.since.is_none_or(|since| contact.modified >= since)
            && self.pass_filter(contact)
            && self.pass_status(contact)
            && self
                .texts
                .iter()
                .all(|filter| field_values(contact, filter.field).any(|it| filter.matches(it)))
            && self.search.as_ref().is_none_or(|needle| {
                [contact.contact_name.as_str(), text(&contact.members, "notes")]
                    .iter()
                    .any(|value| fold(value).contains(needle))
            })
    }

    fn pass_filter(&self, contact: &Row) -> bool {
        let in_portal = || contact.persons.iter().any(|person| person.in_portal);
        match self.filter_by {
            "Status.All" => true,
            "Status.Active" => contact.active,
            "Status.Inactive" => !contact.active,
            "Status.PortalEnabled" => in_portal(),
            "Status.PortalDisabled" => !in_portal(),
            "Status.Crm" => contact.link.is_some(),
            "ContactType.Customer" => contact.contact_type == ContactType::Customer,
            "ContactType.Vendor" => contact.contact_type == ContactType::Vendor,
            // Duplicates, exceeded limits and invoices need transactions, which no contact has yet.
            _ => false,
        }
    }

    fn pass_status(&self, contact: &Row) -> bool {
        match self.status.as_deref() {
            None | Some("all") => true,
            Some("active") => contact.active,
            Some("inactive") => !contact.active,
            Some("crm") => contact.link.is_some(),
            Some(_) => false,
        }
    }
}

/// The values that a text filter on `field` looks at. Filters on people look at every contact person.
fn field_values<'a>(contact: &'a Contact, field: &'static str) -> Box<dyn Iterator<Item = &'a str> + 'a> {
    match field {
        "contact_name" => Box::new(std::iter::once(contact.contact_name.as_str())),
        "company_name" => Box::new(std::iter::once(text(&contact.members, field))),
        "address" => Box::new(
            [&contact.billing_address, &contact.shipping_address]
                .into_iter()
                .chain(&contact.addresses)
                .flat_map(|address| address.members.values().filter_map(Json::as_str)),
        ),
        "phone" => {
            Box::new(contact.persons.iter().flat_map(|person| [person.text("phone"), person.text("mobile")]))
        }
        _ => Box::new(contact.persons.iter().map(move |person| person.text(field))),
    }
}

/// The candidate rows in the wanted order. Orders that an index serves are walked, not sorted.
fn ordered<'a>(
    books: &'a Books,
    criteria: &Criteria,
    column: &str,
    descending: bool,
) -> Box<dyn Iterator<Item = Row> + 'a> {
    let rows = |id: &u64| books.contacts.get(id).cloned();
    if let Some(link) = criteria.links.first() {
        return Box::new(books.linked(link).cloned().into_iter());
    }
    let exact = criteria.texts.iter().find(|it| it.field == "contact_name").and_then(TextFilter::exact);
    if let Some(name) = exact {
        return Box::new(books.by_name.get(name).and_then(rows).into_iter());
    }
    match column {
        "last_modified_time" => {
            let from = (criteria.since.unwrap_or(DateTime::<Utc>::MIN_UTC), 0);
            let ids = books.by_modified.range(from..).map(|(_, id)| id);
            turned(ids, descending, rows)
        }
        "contact_name" => match recent(books, criteria) {
            Some(changed) => sorted(changed, column, descending),
            None => turned(books.by_name.values(), descending, rows),
        },
        _ => {
            let rows = recent(books, criteria).unwrap_or_else(|| books.contacts.values().cloned().collect());
            sorted(rows, column, descending)
        }
    }
}

fn turned<'a>(
    ids: impl DoubleEndedIterator<Item = &'a u64> + 'a,
    descending: bool,
    row: impl Fn(&u64) -> Option<Row> + 'a,
) -> Box<dyn Iterator<Item = Row> + 'a> {
    if descending { Box::new(ids.rev().filter_map(row)) } else { Box::new(ids.filter_map(row)) }
}

/// The rows changed since the wanted instant, when they are few enough that sorting them beats walking all rows.
fn recent(books: &Books, criteria: &Criteria) -> Option<Vec<Row>> {
    let limit = books.contacts.len() / 8 + 1;
    let ids = books.by_modified.range((criteria.since?, 0)..).map(|(_, id)| id);
    let rows: Vec<Row> = ids.take(limit + 1).filter_map(|id| books.contacts.get(id).cloned()).collect();
    (rows.len() <= limit).then_some(rows)
}

fn sorted(mut rows: Vec<Row>, column: &str, descending: bool) -> Box<dyn Iterator<Item = Row>> {
    match column {
        "created_time" => rows.sort_by_key(|contact| (contact.created, contact.contact_id)),
        "contact_name" => {
            rows.sort_by_cached_key(|contact| (fold(&contact.contact_name), contact.contact_id))
        }
        // Every balance is zero as long as there are no transactions, so the tie-break alone decides.
        "outstanding_receivable_amount" => rows.sort_by_key(|contact| contact.contact_id),
        person => rows.sort_by_cached_key(|contact| {
            (contact.primary().map_or(String::new(), |it| fold(it.text(person))), contact.contact_id)
        }),
    }
    if descending {
        rows.reverse();
    }
    Box::new(rows.into_iter())
}
