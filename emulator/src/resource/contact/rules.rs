//! What a contact must obey, on creation and on every change.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rust_decimal::Decimal;

use super::model::{
    ADDRESS_FIELDS, Address, CONTACT_FIELDS, CUSTOM_FIELDS, Contact, ContactType, SubType, custom_fields,
};
use crate::engine::desk::Desk;
use crate::error::{ApiError, Code};
use crate::filter::fold;
use crate::json::{Json, round_money};
use crate::resource::contact_person::model::{ContactPerson, settle_primary};
use crate::resource::custom_field;
use crate::resource::field::{self, Holder as _};
use crate::resource::packed::{Packed, Value};
use crate::resource::text::Text;
use crate::store::books::Books;
use crate::store::change::Change;
use crate::store::kind::Kind;
use crate::store::records::Currency;

const MAX_NAME: usize = 200;

/// The most contact persons one call may write [?].
const MAX_PERSONS: usize = 1000;

/// The most opening balances of a contact [?].
const MAX_OPENING_BALANCES: usize = 1000;

/// Members that name a record, with its kind.
const REFERENCES: [(&str, Kind); 3] = [
    ("tax_id", Kind::Tax),
    ("tax_exemption_id", Kind::TaxExemption),
    ("tax_authority_id", Kind::TaxAuthority),
];

/// A contact without content, to be filled by [`take`].
pub(crate) fn blank(desk: &mut Desk<'_>) -> Contact {
    let mut address = || Address { address_id: desk.next_id(), members: Packed::default() };
    let (billing_address, shipping_address) = (address(), address());
    let last = desk.present().contacts.last().map(|last| &last.created_by);
    let created_by = last.filter(|name| ***name == *desk.user).map_or_else(|| desk.user.into(), Arc::clone);
    Contact {
        contact_id: desk.next_id(),
        contact_name: Text::default(),
        contact_type: ContactType::Customer,
        customer_sub_type: SubType::Business,
        active: true,
        imported: false,
        link: None,
        currency_id: desk.organization.currencies.first().map_or(0, |currency| currency.currency_id),
        billing_address,
        shipping_address,
        addresses: Vec::new(),
        persons: Vec::new(),
        members: Packed::default(),
        created: desk.now,
        modified: desk.now,
        created_by,
    }
}

/// Takes the writable members of `body`. Scalars that are absent keep their value; a `contact_persons` array replaces
/// the whole set, updating the entries that carry an id. Errors: code 2, 6 or 15 for what cannot be, such as a vendor in an
/// organization that has neither Books nor ERP, 4098 for another
/// currency once there are transactions, and for another type of a linked contact.
pub(crate) fn take(desk: &mut Desk<'_>, contact: &mut Contact, body: &Json) -> Result<(), ApiError> {
    let fresh = contact.contact_name.is_empty();
    if let Some(value) = body.get("contact_name") {
        let name = value.as_str().map(str::trim).ok_or_else(|| ApiError::invalid("contact_name"))?;
        if name.chars().count() > MAX_NAME {
            return Err(ApiError::too_long("contact_name", MAX_NAME));
        }
        contact.contact_name = name.into();
    }
    if contact.contact_name.is_empty() {
        return Err(ApiError::invalid("contact_name"));
    }
    if let Some(word) = word(body, "contact_type")? {
        let known = ContactType::read(word).filter(|it| *it == ContactType::Customer || has_vendors(desk));
        let known = known.ok_or_else(|| ApiError::invalid("contact_type"))?;
        // A customer's link is no link of a vendor.
        if known != contact.contact_type && contact.link.is_some() {
            let sentence = format!(
                "The {} is linked with Zoho CRM. Remove the link to change its type.",
                subject(contact)
            );
            return Err(ApiError::about(Code::WrongState, &sentence));
        }
        contact.contact_type = known;
    }
    if let Some(word) = word(body, "customer_sub_type")? {
        contact.customer_sub_type =
            SubType::read(word).ok_or_else(|| ApiError::invalid("customer_sub_type"))?;
    }
    let currency_id = contact.currency_id;
    take_currency(desk, contact, body)?;
    let currency = desk.organization.currency(contact.currency_id).cloned();
    let places = currency.as_ref().map_or(2, |currency| currency.precision);
    field::take(&mut contact.members, CONTACT_FIELDS, body, places)?;
    // A contact without a language speaks English, like one to whom nobody gave any.
    if body.get("language_code").is_some() && field::text(&contact.members, "language_code").is_empty() {
        contact.members.clear("language_code");
    }
    check_references(desk.present(), contact, body)?;
    let given = body.get("opening_balances").is_some();
    if given || contact.currency_id != currency_id {
        take_opening_balances(&mut contact.members, currency.as_ref(), given)?;
    }
    let stored = custom_fields(&contact.members);
    let fields = custom_field::take(desk.present(), "contact", places, stored, fresh, body)?;
    if !fields.is_empty() || !stored.is_empty() {
        contact.members.insert(CUSTOM_FIELDS, fields.into());
    }
    take_address(&mut contact.billing_address, body, "billing_address")?;
    take_address(&mut contact.shipping_address, body, "shipping_address")?;
    take_persons(desk, contact, body)
}

/// Whether the organization buys: Invoice alone has no vendors.
fn has_vendors(desk: &Desk<'_>) -> bool {
    ["books", "erp"].iter().any(|app| desk.organization.joined(app))
}

fn take_currency(desk: &Desk<'_>, contact: &mut Contact, body: &Json) -> Result<(), ApiError> {
    let wanted = body.get("currency_id").filter(|it| !matches!(it, Json::Null) && it.as_str() != Some(""));
    let Some(wanted) = wanted else { return Ok(()) };
    let id = wanted.as_id_text().ok_or_else(|| ApiError::invalid("currency_id"))?;
    let known = id.parse().ok().and_then(|id| desk.organization.currency(id));
    let known = known.ok_or_else(|| ApiError::about(Code::InvalidReference, "currency_id"))?;
    if known.currency_id != contact.currency_id && is_used(desk.present(), contact.contact_id) {
        let sentence =
            format!("The currency of {} cannot be changed, because it has transactions.", subject(contact));
        return Err(ApiError::about(Code::WrongState, &sentence));
    }
    contact.currency_id = known.currency_id;
    Ok(())
}

/// Refuses a body that names a tax, an exemption or an authority that is none (code 6).
fn check_references(books: &Books, contact: &Contact, body: &Json) -> Result<(), ApiError> {
    for (name, kind) in REFERENCES.iter().filter(|(name, _)| body.get(name).is_some()) {
        let id = field::text(&contact.members, name);
        let known = || id.parse().ok().and_then(|id| books.record(*kind, id));
        if !id.is_empty() && known().is_none() {
            return Err(ApiError::about(Code::InvalidReference, name));
        }
    }
    Ok(())
}

/// Stores each opening balance as `{location_id, exchange_rate, opening_balance_amount}`: the amount in the contact's
/// currency and rounded to its places, the rate that of the currency unless the entry has one. Entries that were not
/// `given` are of another currency, whose rate they lose. Errors: code 2.
fn take_opening_balances(
    members: &mut Packed,
    currency: Option<&Currency>,
    given: bool,
) -> Result<(), ApiError> {
    let entries = members.get("opening_balances").and_then(Value::as_list).unwrap_or_default();
    if entries.is_empty() {
        members.clear("opening_balances");
        return Ok(());
    }
    if entries.len() > MAX_OPENING_BALANCES {
        return Err(ApiError::invalid("opening_balances"));
    }
    let (places, rate) = currency.map_or((2, Decimal::ONE), |it| (it.precision, it.exchange_rate));
    let mut taken = Vec::with_capacity(entries.len());
    for entry in entries {
        let number = |name: &str| match entry.get(name) {
            None | Some(Json::Null) => Ok(None),
            Some(Json::Text(text)) if text.trim().is_empty() => Ok(None),
            Some(value) => value.as_decimal().map(Some).ok_or_else(|| ApiError::invalid(name)),
        };
        let bounded = |name: &str, number, bound: fn(Decimal) -> Option<Decimal>| {
            bound(number).ok_or_else(|| ApiError::invalid(name))
        };
        let amount = number("opening_balance_amount")?.unwrap_or_default();
        let amount = bounded("opening_balance_amount", amount, field::bounded)?;
        let rate = match number("exchange_rate")?.filter(|_| given) {
            Some(own) => bounded("exchange_rate", own, field::rate)?,
            None => rate,
        };
        if rate <= Decimal::ZERO {
            return Err(ApiError::invalid("exchange_rate"));
        }
        let location = entry.get("location_id").and_then(Json::as_id_text);
        let location = location.and_then(|id| id.parse().ok()).map_or_else(|| "".into(), Json::id);
        taken.push(Json::object([
            ("location_id", location),
            ("exchange_rate", Json::amount(rate)),
            ("opening_balance_amount", Json::amount(round_money(amount, places))),
        ]));
    }
    members.insert("opening_balances", taken.into());
    Ok(())
}

/// The contact as sentences name it: `customer "Acme"`.
fn subject(contact: &Contact) -> String {
    format!("{} \"{}\"", contact.contact_type.word(), contact.contact_name)
}

/// Stores the contact, unless its name belongs to another contact of the organization, customer or vendor (code 3062),
/// another one holds a unique custom field's value (code 4), or a new one would be more than the plan allows (code 1009).
pub(crate) fn save(desk: &mut Desk<'_>, mut contact: Contact) -> Result<Arc<Contact>, ApiError> {
    let (books, id) = (desk.present(), contact.contact_id);
    if books.contacts.named(&fold(&contact.contact_name)).is_some_and(|owner| owner != id) {
        return Err(ApiError::about(Code::DuplicateName, &subject(&contact)));
    }
    if let Some(label) = books.contacts.clash(&contact) {
        return Err(ApiError::about(Code::AlreadyExists, label));
    }
    let full = |quota: &u64| u64::try_from(books.contacts.len()).is_ok_and(|count| count >= *quota);
    if let Some(quota) = desk.contact_quota.filter(full)
        && books.contacts.get(&id).is_none()
    {
        let sentence = format!("Your plan allows {quota} contacts. Upgrade it to add more.");
        return Err(ApiError::about(Code::LimitExceeded, &sentence));
    }
    contact.shrink();
    let contact = Arc::new(contact);
    desk.transaction.apply(Change::Contact {
        organization_id: desk.organization.organization_id.clone(),
        contact: Arc::clone(&contact),
    });
    Ok(contact)
}

/// Changes a contact by `act` and stores it as modified now.
pub(crate) fn change<T>(
    desk: &mut Desk<'_>,
    contact_id: u64,
    act: impl FnOnce(&mut Desk<'_>, &mut Contact) -> Result<T, ApiError>,
) -> Result<T, ApiError> {
    let mut contact = (*find(desk, contact_id)?).clone();
    let value = act(desk, &mut contact)?;
    contact.modified = desk.now;
    save(desk, contact)?;
    Ok(value)
}

/// The contact with this id (code 1002 when there is none).
pub(crate) fn find(desk: &Desk<'_>, contact_id: u64) -> Result<Arc<Contact>, ApiError> {
    desk.present().contacts.get(&contact_id).cloned().ok_or_else(|| ApiError::missing("Contact"))
}

/// Deletes a contact. One with transactions is refused (code 1004), and a linked one (code 36): the integration clears
/// the link first.
pub(crate) fn delete(desk: &mut Desk<'_>, contact_id: u64) -> Result<(), ApiError> {
    let contact = find(desk, contact_id)?;
    if contact.link.is_some() {
        return Err(ApiError::about(Code::Linked, &contact.contact_name));
    }
    if is_used(desk.present(), contact_id) {
        return Err(ApiError::about(Code::HasTransactions, &format!("The {}", subject(&contact))));
    }
    remove(desk, contact_id);
    Ok(())
}

/// Whether a transaction names the contact, as its party or beside it.
pub(crate) fn is_used(books: &Books, contact_id: u64) -> bool {
    books.balance(contact_id).documents > 0
}

/// Removes a contact without asking.
pub(crate) fn remove(desk: &mut Desk<'_>, contact_id: u64) {
    let organization_id = desk.organization.organization_id.clone();
    desk.transaction.apply(Change::ContactDeleted { organization_id, contact_id });
}

/// Takes the members of one address object into `address`.
fn take_address(address: &mut Address, body: &Json, name: &str) -> Result<(), ApiError> {
    match body.get(name) {
        None | Some(Json::Null) => Ok(()),
        Some(value @ Json::Object(_)) => field::take(&mut address.members, ADDRESS_FIELDS, value, 0),
        Some(_) => Err(ApiError::invalid(name)),
    }
}

fn word<'a>(body: &'a Json, name: &str) -> Result<Option<&'a str>, ApiError> {
    match body.get(name) {
        None | Some(Json::Null) => Ok(None),
        Some(Json::Text(text)) => Ok(Some(text.trim()).filter(|text| !text.is_empty())),
        Some(_) => Err(ApiError::invalid(name)),
    }
}

fn take_persons(desk: &mut Desk<'_>, contact: &mut Contact, body: &Json) -> Result<(), ApiError> {
    let entries = match body.get("contact_persons") {
        None | Some(Json::Null) => return Ok(()),
        Some(Json::List(entries)) if entries.len() <= MAX_PERSONS => entries,
        Some(_) => return Err(ApiError::invalid("contact_persons")),
    };
    let known: BTreeMap<u64, &ContactPerson> =
        contact.persons.iter().map(|person| (person.contact_person_id, person)).collect();
    let mut taken = BTreeSet::new();
    let (mut persons, mut wanted) = (Vec::with_capacity(entries.len()), None);
    for entry in entries {
        if !matches!(entry, Json::Object(_)) {
            return Err(ApiError::invalid("contact_persons"));
        }
        let id = entry.get("contact_person_id").filter(|id| id.as_str() != Some("") && **id != Json::Null);
        let mut person = match id {
            None => ContactPerson { contact_person_id: desk.next_id(), ..ContactPerson::default() },
            Some(id) => {
                let id = id.as_id_text().and_then(|id| id.parse::<u64>().ok());
                // A person who is named twice would be stored twice, with one id.
                let id = id.filter(|id| taken.insert(*id)).and_then(|id| known.get(&id).copied());
                id.cloned().ok_or_else(|| ApiError::invalid("contact_person_id"))?
            }
        };
        if person.take(entry)? && wanted.is_none() {
            wanted = Some(person.contact_person_id);
        }
        persons.push(person);
    }
    settle_primary(&mut persons, wanted);
    contact.persons = persons;
    Ok(())
}
