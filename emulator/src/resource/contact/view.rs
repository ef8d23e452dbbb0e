//! How contacts look in answers.

use std::sync::{Arc, LazyLock};

use chrono_tz::Tz;
use rust_decimal::Decimal;

use super::model::{ADDRESS_FIELDS, Address, CONTACT_FIELDS, Contact, ContactType, custom_fields};
use crate::auth::Context;
use crate::document::layout;
use crate::engine::desk::Desk;
use crate::engine::reader::custom_field_hash;
use crate::envelope::Reply;
use crate::error::ApiError;
use crate::json::{Json, round_money};
use crate::resource::contact_person::model::PERSON_FIELDS;
use crate::resource::field::{self, Kind};
use crate::resource::packed::{Value, place};
use crate::store::balance::Balance;
use crate::store::books::{Books, CrmKind};
use crate::store::kind;
use crate::store::records::Organization;
use crate::writer::Writer;

/// What contacts are shown with: their organization and its records at one moment.
pub(crate) struct View<'a> {
    pub(crate) books: Arc<Books>,
    organization: &'a Organization,
    zone: Tz,
    /// Decimal places of the base currency.
    places: u32,
}

/// Texts of a contact that a list row shows.
const LISTED_TEXTS: [&str; 10] = [
    "company_name",
    "website",
    "payment_terms_label",
    "facebook",
    "twitter",
    "contact_number",
    "gst_no",
    "gst_treatment",
    "place_of_contact",
    "pan_no",
];

/// The same with the places where contacts have them.
static LISTED: LazyLock<[(&str, usize); LISTED_TEXTS.len()]> =
    LazyLock::new(|| LISTED_TEXTS.map(|name| (name, place(name))));

/// A plain member, with the place where contacts have it, and with the text it shows as when it was never written: most
/// were not.
struct Plain {
    name: &'static str,
    place: usize,
    blank: String,
}

impl Plain {
    fn of((name, kind): &(&'static str, Kind)) -> Self {
        Self { name, place: place(name), blank: format!("\"{name}\":{}", unwritten(name, *kind)) }
    }
}

/// The templates of a contact without any.
static NO_DEFAULTS: LazyLock<String> = LazyLock::new(layout::no_defaults);
static DETAIL: LazyLock<Vec<Plain>> = LazyLock::new(|| CONTACT_FIELDS.iter().map(Plain::of).collect());
static ADDRESS: LazyLock<Vec<Plain>> = LazyLock::new(|| ADDRESS_FIELDS.iter().map(Plain::of).collect());

/// Members of a list row that come from the primary contact person.
const LISTED_PERSON_FIELDS: [&str; 5] = ["first_name", "last_name", "email", "phone", "mobile"];

impl<'a> View<'a> {
    /// A view of the records as they were when the call was admitted.
    pub(crate) fn new(context: &'a Context<'_>) -> Result<Self, ApiError> {
        let organization = context.organization()?;
        Ok(Self::over(context.state.books(&organization.organization_id), organization))
    }

    /// A view of the records as a write left them.
    pub(crate) fn after(desk: &Desk<'a>) -> Self {
        Self::over(desk.books(), desk.organization)
    }

    fn over(books: Arc<Books>, organization: &'a Organization) -> Self {
        let places = organization.currencies.first().map_or(2, |currency| currency.precision);
        Self { books, organization, zone: organization.zone(), places }
    }

    /// An answer with the contact in detail.
    pub(crate) fn reply(&self, status: u16, message: &str, contact: &Contact) -> Reply {
        Reply::writing(status, message, |out| {
            out.open_member("contact", '{');
            self.detail(out, contact);
            out.close('}');
        })
    }

    fn head(&self, out: &mut Writer, contact: &Contact, balance: &Balance) {
        let currency = self.organization.currency(contact.currency_id);
        out.id("contact_id", contact.contact_id);
        out.text("contact_name", &contact.contact_name);
        out.text("contact_type", contact.contact_type.word());
        let customer = contact.contact_type == ContactType::Customer;
        out.text("customer_sub_type", if customer { contact.customer_sub_type.word() } else { "" });
        out.text("status", contact.status(balance.documents > 0));
        out.text("source", contact.source());
        out.flag("is_linked_with_zohocrm", contact.link.is_some());
        for kind in CrmKind::OF_CONTACTS {
            let link = contact.link.as_ref().filter(|link| link.kind == kind);
            out.text(kind.member(), link.map_or("", |link| link.id.as_str()));
        }
        out.id("currency_id", contact.currency_id);
        out.text("currency_code", currency.map_or("", |it| it.code.as_str()));
        out.text("currency_symbol", currency.map_or("", |it| it.symbol.as_str()));
        out.raw("price_precision", &currency.map_or(2, |it| it.precision).to_string());
        for (name, bcy, money) in [
            ("outstanding_receivable_amount", "outstanding_receivable_amount_bcy", balance.receivable),
            (
                "unused_credits_receivable_amount",
                "unused_credits_receivable_amount_bcy",
                balance.credits_receivable,
            ),
            ("outstanding_payable_amount", "outstanding_payable_amount_bcy", balance.payable),
            ("unused_credits_payable_amount", "unused_credits_payable_amount_bcy", balance.credits_payable),
        ] {
            amount(out, name, money.own);
            amount(out, bcy, round_money(money.base, self.places));
        }
        let portal = contact.persons.iter().any(|person| person.in_portal);
        out.text("portal_status", if portal { "enabled" } else { "disabled" });
    }

    fn times(&self, out: &mut Writer, contact: &Contact) {
        out.instant("created_time", contact.created, self.zone);
        out.instant("last_modified_time", contact.modified, self.zone);
    }

    fn custom_fields(out: &mut Writer, contact: &Contact) {
        let fields = custom_fields(&contact.members);
        if fields.is_empty() {
            out.raw("custom_fields", "[]");
            out.raw("custom_field_hash", "{}");
        } else {
            out.member("custom_fields", &fields.to_vec().into());
            out.member("custom_field_hash", &custom_field_hash(fields));
        }
    }

    /// The members of a detail, create or update answer.
    fn detail(&self, out: &mut Writer, contact: &Contact) {
        let balance = self.books.balance(contact.contact_id);
        self.head(out, contact, &balance);
        out.flag("has_transaction", balance.documents > 0);
        out.text("contact_salutation", contact.primary().map_or("", |person| person.text("salutation")));
        out.flag("is_crm_customer", contact.link.is_some() && contact.contact_type == ContactType::Customer);
        let reminders = contact.members.get("payment_reminder_enabled") != Some(Value::Bool(false));
        out.flag("payment_reminder_enabled", reminders);
        let values = contact.members.laid_out();
        for Plain { name, place, blank } in DETAIL.iter() {
            match values.get(*place, name) {
                Some(Value::Tree(stored)) if *name == "default_templates" => {
                    out.member(name, &layout::defaults(Some(stored)));
                }
                Some(value) => out.value(name, value),
                None => out.written(blank),
            }
        }
        let opening = contact.opening_share().unwrap_or_default();
        let owed = opening.receivable.own + opening.payable.own;
        let credit = opening.credits_receivable.own + opening.credits_payable.own;
        amount(out, "opening_balance_amount", owed - credit);
        let tax = field::text(&contact.members, "tax_id").parse().ok();
        let tax = tax.and_then(|id| self.books.record(kind::Kind::Tax, id));
        out.text("tax_name", tax.map_or("", |tax| tax.text("tax_name")));
        amount(out, "tax_percentage", tax.map(|tax| tax.decimal("tax_percentage")).unwrap_or_default());
        Self::custom_fields(out, contact);
        for (name, address) in
            [("billing_address", &contact.billing_address), ("shipping_address", &contact.shipping_address)]
        {
            out.open_member(name, '{');
            write_address(out, address);
            out.close('}');
        }
        out.open_member("addresses", '[');
        for address in &contact.addresses {
            out.open('{');
            write_address(out, address);
            out.close('}');
        }
        out.close(']');
        match contact.primary() {
            Some(person) => out.id("primary_contact_id", person.contact_person_id),
            None => out.text("primary_contact_id", ""),
        }
        out.open_member("contact_persons", '[');
        for person in &contact.persons {
            out.open('{');
            person.write(out);
            out.close('}');
        }
        out.close(']');
        out.text("created_by_name", &contact.created_by);
        self.times(out, contact);
    }

    /// One row of a list.
    pub(crate) fn row(&self, out: &mut Writer, contact: &Arc<Contact>) {
        out.open('{');
        self.head(out, contact, &self.books.balance(contact.contact_id));
        out.text("customer_name", &contact.contact_name);
        out.text("vendor_name", &contact.contact_name);
        let capitalized = match contact.contact_type {
            ContactType::Customer => "Customer",
            ContactType::Vendor => "Vendor",
        };
        out.text("contact_type_formatted", capitalized);
        let values = contact.members.laid_out();
        let text =
            |(name, place): &(&str, usize)| values.get(*place, name).and_then(Value::as_str).unwrap_or("");
        for named in LISTED.iter() {
            out.text(named.0, text(named));
        }
        let language = match field::text(&contact.members, "language_code") {
            "" => "en",
            written => written,
        };
        out.text("language_code", language);
        out.text("language_code_formatted", language_name(language));
        match contact.members.get("payment_terms") {
            Some(terms) => out.value("payment_terms", terms),
            None => out.raw("payment_terms", "0"),
        }
        let primary = contact.primary();
        for (name, _) in PERSON_FIELDS.iter().filter(|(name, _)| LISTED_PERSON_FIELDS.contains(name)) {
            out.text(name, primary.map_or("", |person| person.text(name)));
        }
        let attached = self.books.naming_as(contact.contact_id, kind::Kind::Attachment).next().is_some();
        out.flag("has_attachment", attached);
        out.flag("ach_supported", false);
        for entry in custom_fields(&contact.members) {
            if let (Some(name), Some(value)) =
                (entry.get("api_name").and_then(Json::as_str), entry.get("value"))
            {
                out.member(name, value);
            }
        }
        Self::custom_fields(out, contact);
        self.times(out, contact);
        out.close('}');
    }
}

/// The English name of a language, or its code where it has none here.
fn language_name(code: &str) -> &str {
    const NAMES: [(&str, &str); 16] = [
        ("en", "English"),
        ("de", "German"),
        ("fr", "French"),
        ("es", "Spanish"),
        ("it", "Italian"),
        ("pt", "Portuguese"),
        ("nl", "Dutch"),
        ("sv", "Swedish"),
        ("pl", "Polish"),
        ("hr", "Croatian"),
        ("ru", "Russian"),
        ("ar", "Arabic"),
        ("hi", "Hindi"),
        ("ja", "Japanese"),
        ("ko", "Korean"),
        ("zh", "Chinese"),
    ];
    NAMES.iter().find(|(known, _)| *known == code).map_or(code, |(_, name)| name)
}

/// The contact in detail as a document of its own, for those who send it elsewhere.
pub(crate) fn detail(contact: &Contact, organization: &Organization, books: Arc<Books>) -> Json {
    let mut out = Writer::default();
    out.open('{');
    View::over(books, organization).detail(&mut out, contact);
    out.close('}');
    // What the writer wrote is JSON.
    Json::parse(&out.finish()).unwrap_or(Json::Null)
}

/// A plain member of a contact, for those who write their answers in other ways.
pub(crate) fn member(contact: &Contact, name: &str, kind: Kind) -> Json {
    match contact.members.get(name) {
        Some(Value::Tree(stored)) if name == "default_templates" => layout::defaults(Some(stored)),
        Some(stored) => stored.to_json(),
        // What is written there is JSON.
        None => Json::parse(unwritten(name, kind)).unwrap_or(Json::Null),
    }
}

/// What a member shows that was never written, as JSON.
fn unwritten(name: &str, kind: Kind) -> &'static str {
    match (name, kind) {
        ("default_templates", _) => &NO_DEFAULTS,
        ("is_taxable", _) => "true",
        ("language_code", _) => "\"en\"",
        (_, Kind::Text(_) | Kind::Free | Kind::Code | Kind::Id | Kind::Date | Kind::Choice(_)) => "\"\"",
        (_, Kind::Flag) => "false",
        (_, Kind::Whole) => "0",
        (_, Kind::Money | Kind::Number | Kind::Rate) => "0.0",
        (_, Kind::Object) => "{}",
        (_, Kind::List | Kind::Entries) => "[]",
    }
}

fn write_address(out: &mut Writer, address: &Address) {
    out.id("address_id", address.address_id);
    for Plain { name, blank, .. } in ADDRESS.iter() {
        match address.members.get(name) {
            Some(value) => out.value(name, value),
            None => out.written(blank),
        }
    }
}

fn amount(out: &mut Writer, name: &str, value: Decimal) {
    if value.is_zero() {
        out.raw(name, "0.0");
    } else {
        out.member(name, &Json::amount(value));
    }
}

/// One address with its id.
pub(crate) fn address(address: &Address) -> Json {
    let mut object = vec![("address_id".to_owned(), Json::id(address.address_id))];
    field::show_all(&mut object, &address.members, ADDRESS_FIELDS);
    Json::Object(object)
}
