//! The conditions that the parameters of a contact list set.

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;

use super::model::{Contact, ContactType};
use crate::engine::criteria::known;
use crate::error::ApiError;
use crate::filter::{TextFilter, fold, limited};
use crate::format::parse_instant;
use crate::json::Json;
use crate::request::Query;
use crate::resource::field::text;
use crate::resource::packed::Value;
use crate::store::books::{Books, CrmKind, CrmLink};
use crate::store::kind::Kind;
use crate::store::record::Record;

const TEXT_FIELDS: [&str; 8] = [
    "contact_name",
    "company_name",
    "first_name",
    "last_name",
    "address",
    "email",
    "phone",
    "contact_number",
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

/// All conditions of one list call; a row must pass every one.
pub(super) struct Criteria {
    pub(super) texts: Vec<TextFilter>,
    search: Option<String>,
    pub(super) contact_type: Option<ContactType>,
    pub(super) filter_by: &'static str,
    status: Option<&'static str>,
    pub(super) since: Option<DateTime<Utc>>,
    pub(super) links: Vec<CrmLink>,
    /// The day by which invoices are overdue.
    today: NaiveDate,
}

impl Criteria {
    /// Reads the parameters. Errors: code 2 for a value that cannot be, 15 for a text that is too long.
    pub(super) fn read(query: &Query, zone: chrono_tz::Tz, now: DateTime<Utc>) -> Result<Self, ApiError> {
        let contact_type = query
            .get("contact_type")
            .map(|word| ContactType::read(word).ok_or_else(|| ApiError::invalid("contact_type")));
        let since = query
            .get("last_modified_time")
            .map(|text| parse_instant(text, zone).ok_or_else(|| ApiError::invalid("last_modified_time")));
        let link = |kind: CrmKind| query.get(kind.member()).map(|id| CrmLink { kind, id: id.to_owned() });
        let status = query.get("status").map(|word| known(&STATUSES, word, "status")).transpose()?;
        Ok(Self {
            texts: TextFilter::read(query, &TEXT_FIELDS)?,
            search: query.get("search_text").map(|it| limited("search_text", it).map(fold)).transpose()?,
            contact_type: contact_type.transpose()?,
            filter_by: match query.get("filter_by") {
                None => "Status.All",
                Some(name) => known(&FILTERS, name, "filter_by")?,
            },
            status: status.filter(|word| *word != "all"),
            since: since.transpose()?,
            links: CrmKind::OF_CONTACTS.into_iter().filter_map(link).collect(),
            today: now.with_timezone(&zone).date_naive(),
        })
    }

    /// Whether every contact passes that `since` admits.
    pub(super) fn only_since(&self) -> bool {
        self.texts.is_empty()
            && self.search.is_none()
            && self.contact_type.is_none()
            && self.filter_by == "Status.All"
            && self.status.is_none()
            && self.links.is_empty()
    }

    /// Whether a contact passes.
    pub(super) fn pass(&self, contact: &Contact, books: &Books) -> bool {
        self.links.iter().all(|link| linked(contact, link))
            && self.contact_type.is_none_or(|it| it == contact.contact_type)
            && self.since.is_none_or(|since| contact.modified >= since)
            && self.pass_filter(contact, books)
            && self.pass_status(contact, books)
            && self.texts.iter().all(|filter| filter.admits(field_values(contact, filter.field)))
            && self.search.as_ref().is_none_or(|needle| {
                [contact.contact_name.as_str(), text(&contact.members, "notes")]
                    .iter()
                    .any(|value| fold(value).contains(needle))
            })
    }

    fn pass_filter(&self, contact: &Contact, books: &Books) -> bool {
        let in_portal = || contact.persons.iter().any(|person| person.in_portal);
        match self.filter_by {
            "Status.Active" => contact.active,
            "Status.Inactive" => !contact.active,
            "Status.Duplicate" => is_duplicate(contact, books),
            "Status.PortalEnabled" => in_portal(),
            "Status.PortalDisabled" => !in_portal(),
            "Status.CreditLimitExceed" => exceeds_limit(contact, books),
            "Status.Crm" => contact.link.is_some(),
            "Invoice.OverDue" => invoices(contact, books).any(|invoice| self.is_overdue(invoice)),
            "Invoice.Unpaid" => invoices(contact, books).next().is_some(),
            "ContactType.Customer" => contact.contact_type == ContactType::Customer,
            "ContactType.Vendor" => contact.contact_type == ContactType::Vendor,
            _ => true,
        }
    }

    fn pass_status(&self, contact: &Contact, books: &Books) -> bool {
        match self.status {
            None => true,
            Some("active") => contact.active,
            Some("inactive") => !contact.active,
            Some("crm") => contact.link.is_some(),
            Some(_) => is_duplicate(contact, books),
        }
    }

    fn is_overdue(&self, invoice: &Record) -> bool {
        NaiveDate::parse_from_str(invoice.text("due_date"), "%Y-%m-%d").is_ok_and(|due| due < self.today)
    }

    /// Rows of `search_criteria` in the page context.
    pub(super) fn searched(&self, query: &Query) -> Vec<Json> {
        let mut searched: Vec<Json> = self.texts.iter().map(TextFilter::criterion).collect();
        if let Some(search) = query.get("search_text") {
            searched.push(Json::object([
                ("column_name", "search_text".into()),
                ("search_text", search.into()),
                ("search_text_formatted", search.into()),
                ("comparator", "contains".into()),
            ]));
        }
        searched
    }
}

/// Whether the contact is linked with the CRM record, or one of its people is.
fn linked(contact: &Contact, link: &CrmLink) -> bool {
    let person =
        || contact.persons.iter().any(|person| person.zcrm_contact_id.as_deref() == Some(link.id.as_str()));
    contact.link.as_ref() == Some(link) || (link.kind == CrmKind::Contact && person())
}

/// The contact's invoices that were sent and are not paid in full.
fn invoices<'a>(contact: &Contact, books: &'a Books) -> impl Iterator<Item = &'a Record> {
    let ids = books.naming_as(contact.contact_id, Kind::Invoice);
    let invoices = ids.filter_map(|id| books.record(Kind::Invoice, id)).map(AsRef::as_ref);
    invoices.filter(|it: &&Record| it.text("status") == "sent" && it.decimal("balance") > Decimal::ZERO)
}

/// Whether the contact has a credit limit above zero and owes more.
fn exceeds_limit(contact: &Contact, books: &Books) -> bool {
    let limit = contact.members.get("credit_limit").and_then(Value::as_decimal).unwrap_or_default();
    limit > Decimal::ZERO && books.balance(contact.contact_id).receivable.own > limit
}

/// Whether somebody of another contact has the e-mail address of somebody of this one.
fn is_duplicate(contact: &Contact, books: &Books) -> bool {
    let addresses = contact.persons.iter().map(|person| fold(person.text("email")));
    addresses.filter(|email| !email.is_empty()).any(|email| {
        let holders = books.contacts.found("email", &email, false);
        holders.is_some_and(|mut ids| ids.any(|id| id != contact.contact_id))
    })
}

/// The values that a text filter on `field` looks at. Filters on people look at every contact person.
fn field_values<'a>(contact: &'a Contact, field: &'static str) -> Box<dyn Iterator<Item = &'a str> + 'a> {
    match field {
        "contact_name" => Box::new(std::iter::once(contact.contact_name.as_str())),
        "company_name" | "contact_number" => Box::new(std::iter::once(text(&contact.members, field))),
        "address" => Box::new(
            [&contact.billing_address, &contact.shipping_address]
                .into_iter()
                .chain(&contact.addresses)
                .flat_map(|address| address.members.values().filter_map(Value::as_str)),
        ),
        "phone" => {
            Box::new(contact.persons.iter().flat_map(|person| [person.text("phone"), person.text("mobile")]))
        }
        _ => Box::new(contact.persons.iter().map(move |person| person.text(field))),
    }
}
