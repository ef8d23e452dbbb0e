//! `POST /crm/{account|contact|vendor|item}/{crm_id}/import`: makes a record of a pushed CRM record (section 10.2).
//!
//! What may be imported follows from the integration's settings (code 900006). A record that was never pushed is code
//! 1002. Repeating an import gives the same record.

use std::sync::Arc;

use super::model::{Contact, ContactType, SubType};
use super::rules;
use crate::auth::Context;
use crate::engine::desk::{self, Desk};
use crate::engine::spec::Resource as _;
use crate::envelope::Reply;
use crate::error::{ApiError, Code};
use crate::json::Json;
use crate::request::Call;
use crate::resource::contact_person::model::{ContactPerson, settle_primary};
use crate::resource::item::Item;
use crate::store::books::{CrmKind, CrmLink, CrmRecord};
use crate::store::integration::Customers;
use crate::store::kind::Kind;

/// Members of a pushed record that belong to a person. The API keeps them on the primary contact person.
const PERSON_MEMBERS: [&str; 6] = ["salutation", "first_name", "last_name", "email", "phone", "mobile"];

/// `POST /crm/account/{crm_account_id}/import`: a business customer.
pub(crate) fn account(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let contact = desk::write(context, call, |desk| import_account(desk, call.text_id(0)))?;
    Ok(reply(contact.contact_id, None))
}

/// `POST /crm/contact/{crm_contact_id}/import`: a contact person of the customer that its `zcrm_account_id` stands for,
/// which is imported too when it is not there. Without an account, and where accounts are not synchronized, it is an
/// individual customer.
pub(crate) fn contact(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let (contact, person) = desk::write(context, call, |desk| import_contact(desk, call.text_id(0)))?;
    Ok(reply(contact.contact_id, person))
}

/// `POST /crm/vendor/{crm_vendor_id}/import`: a vendor.
pub(crate) fn vendor(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let contact = desk::write(context, call, |desk| {
        allowed(desk.books().integration.settings.vendors, "vendors")?;
        import(desk, CrmKind::Vendor, call.text_id(0), |contact| contact.contact_type = ContactType::Vendor)
    })?;
    Ok(reply(contact.contact_id, None))
}

/// `POST /crm/item/{crm_product_id}/import`: an item, by the rules for items: a name or a SKU that another item has is
/// code 1001.
pub(crate) fn item(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let item_id = desk::write(context, call, |desk| {
        let books = desk.books();
        allowed(books.integration.settings.items, "items")?;
        let crm_id = call.text_id(0);
        let member = CrmKind::Product.member();
        if let Some(known) = books.table(Kind::Item).holder(member, crm_id) {
            return Ok(known);
        }
        let pushed = pushed(desk, CrmKind::Product, crm_id)?;
        let item = desk.create(&Item, &pushed.record)?;
        desk.alter(Item.spec().kind, item.id, |item| item.set(member, crm_id))?;
        Ok(item.id)
    })?;
    Ok(Reply::read([("data", Json::object([("item_id", Json::id(item_id))]))]))
}

fn reply(contact_id: u64, person_id: Option<u64>) -> Reply {
    let mut data = vec![
        ("customer_id".to_owned(), Json::id(contact_id)),
        ("contact_id".to_owned(), Json::id(contact_id)),
    ];
    data.extend(person_id.map(|id| ("contact_person_id".to_owned(), Json::id(id))));
    Reply::read([("data", Json::Object(data))])
}

fn allowed(allowed: bool, what: &str) -> Result<(), ApiError> {
    if allowed { Ok(()) } else { Err(ApiError::about(Code::NotSynchronized, what)) }
}

fn pushed(desk: &Desk<'_>, kind: CrmKind, crm_id: &str) -> Result<Arc<CrmRecord>, ApiError> {
    let link = CrmLink { kind, id: crm_id.to_owned() };
    desk.books().crm_records.get(&link).cloned().ok_or_else(|| ApiError::missing("CRM record"))
}

fn import_account(desk: &mut Desk<'_>, crm_id: &str) -> Result<Arc<Contact>, ApiError> {
    let mode = desk.books().integration.settings.customers;
    allowed(mode != Customers::Contacts, "accounts")?;
    import(desk, CrmKind::Account, crm_id, |_| {})
}

/// The customer and, when the CRM contact became one, the contact person.
fn import_contact(desk: &mut Desk<'_>, crm_id: &str) -> Result<(Arc<Contact>, Option<u64>), ApiError> {
    let books = desk.books();
    let settings = books.integration.settings.clone();
    allowed(settings.customers != Customers::Accounts, "contacts")?;
    if let Some((person, contact)) = books.linked_person(crm_id) {
        return Ok((Arc::clone(contact), Some(person)));
    }
    let link = CrmLink { kind: CrmKind::Contact, id: crm_id.to_owned() };
    let individual = |contact: &mut Contact| contact.customer_sub_type = SubType::Individual;
    if books.linked(&link).is_some() {
        return Ok((import(desk, CrmKind::Contact, crm_id, individual)?, None));
    }
    let record = pushed(desk, CrmKind::Contact, crm_id)?;
    let account = record.record.get(CrmKind::Account.member()).and_then(Json::as_id_text);
    let account = account.filter(|id| !id.is_empty() && settings.customers == Customers::AccountsAndContacts);
    let Some(account) = account else {
        let alone = settings.customers == Customers::Contacts || settings.include_unassociated_contacts;
        allowed(alone, "contacts without an account")?;
        return Ok((import(desk, CrmKind::Contact, crm_id, individual)?, None));
    };
    let customer = import_account(desk, account)?;
    let person_id = desk.next_id();
    let mut person = ContactPerson { contact_person_id: person_id, ..ContactPerson::default() };
    person.take(&record.record)?;
    if person.text("first_name").is_empty() && person.text("last_name").is_empty() {
        let name = record.record.get("contact_name").cloned().unwrap_or_else(|| "".into());
        person.take(&Json::object([("first_name", name)]))?;
    }
    person.zcrm_contact_id = Some(crm_id.into());
    rules::change(desk, customer.contact_id, |_, contact| {
        contact.persons.push(person);
        settle_primary(&mut contact.persons, None);
        Ok(())
    })?;
    Ok((rules::find(desk, customer.contact_id)?, Some(person_id)))
}

/// The contact linked to the record, made of it when there is none yet.
fn import(
    desk: &mut Desk<'_>,
    kind: CrmKind,
    crm_id: &str,
    shape: impl FnOnce(&mut Contact),
) -> Result<Arc<Contact>, ApiError> {
    let link = CrmLink { kind, id: crm_id.to_owned() };
    if let Some(known) = desk.books().linked(&link) {
        return Ok(Arc::clone(known));
    }
    let pushed = pushed(desk, kind, crm_id)?;
    let mut contact = rules::blank(desk);
    shape(&mut contact);
    let contact_type = contact.contact_type;
    rules::take(desk, &mut contact, &pushed.record)?;
    take_person(desk, &mut contact, &pushed.record)?;
    // The module of the CRM decides, whatever the record says.
    contact.contact_type = contact_type;
    contact.link = Some(link);
    contact.imported = true;
    rules::save(desk, contact)
}

fn take_person(desk: &mut Desk<'_>, contact: &mut Contact, record: &Json) -> Result<(), ApiError> {
    let Json::Object(members) = record else { return Ok(()) };
    let person: Vec<_> = members
        .iter()
        .filter(|(name, value)| {
            PERSON_MEMBERS.contains(&name.as_str()) && value.as_str().is_some_and(|text| !text.is_empty())
        })
        .cloned()
        .collect();
    if !contact.persons.is_empty() || person.is_empty() {
        return Ok(());
    }
    let body = Json::object([("contact_persons", vec![Json::Object(person)].into())]);
    rules::take(desk, contact, &body)
}
