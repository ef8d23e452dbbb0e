//! Setting and clearing links between finance records and CRM records. A link is one to one, and every call may be
//! repeated.

use std::sync::Arc;

use super::{capable, crm_id};
use crate::auth::Context;
use crate::engine::desk::{self, Desk};
use crate::engine::write;
use crate::envelope::Reply;
use crate::error::{ApiError, Code};
use crate::json::Json;
use crate::request::Call;
use crate::resource::contact::model::{Contact, ContactType};
use crate::resource::contact::rules;
use crate::resource::contact::view::View;
use crate::resource::item::Item;
use crate::store::books::{CrmKind, CrmLink};
use crate::store::kind::Kind;
use crate::store::record::Record;

/// `PUT /integration/v1/contacts/{contact_id}/link` with one of `{zcrm_account_id}`, `{zcrm_contact_id}` for a customer
/// and `{zcrm_vendor_id}` for a vendor. Answers the contact. Errors: code 2, 1002, 900003 (the CRM record is linked
/// elsewhere), 900004 (the contact is linked to another), 900005.
pub(super) fn contact(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    capable(context)?;
    let contact_id = call.id(0, "Contact")?;
    let wanted = wanted_link(call.object()?)?;
    desk::write(context, call, |desk| {
        let known = rules::find(desk, contact_id)?;
        if known.link.as_ref() != Some(&wanted) {
            if !fits(&wanted, known.contact_type) {
                return Err(ApiError::invalid(wanted.kind.member()));
            }
            if let Some(other) = &known.link {
                return Err(ApiError::about(Code::LinkedToOther, &other.id));
            }
            free(desk, &wanted)?;
            rules::change(desk, contact_id, |_, contact| {
                contact.link = Some(wanted);
                Ok(())
            })?;
        }
        shown(desk, contact_id)
    })
}

/// Whether a contact of this type can have the link: vendors are linked with vendors, customers with the rest.
pub(super) fn fits(link: &CrmLink, contact_type: ContactType) -> bool {
    (link.kind == CrmKind::Vendor) == (contact_type == ContactType::Vendor)
}

/// `DELETE /integration/v1/contacts/{contact_id}/link`. Answers the contact, an ordinary one from then on.
pub(super) fn clear_contact(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    capable(context)?;
    let contact_id = call.id(0, "Contact")?;
    desk::write(context, call, |desk| {
        if rules::find(desk, contact_id)?.link.is_some() {
            rules::change(desk, contact_id, |_, contact| {
                contact.link = None;
                contact.imported = false;
                Ok(())
            })?;
        }
        shown(desk, contact_id)
    })
}

/// `PUT /integration/v1/contactpersons/{contact_person_id}/link` with `{zcrm_contact_id}`. Answers `contact_person`.
/// Errors: code 2, 1002, 900003 (the CRM contact is linked elsewhere), 900004 (the person is linked to another), 900005.
pub(super) fn person(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let wanted = wanted_id(call.object()?, CrmKind::Contact)?;
    set_person(context, call, |desk, present| {
        if present == Some(&wanted) {
            return Ok(None);
        }
        if let Some(other) = present {
            return Err(ApiError::about(Code::LinkedToOther, other));
        }
        free(desk, &CrmLink { kind: CrmKind::Contact, id: wanted.clone() })?;
        Ok(Some(Some(wanted.as_str().into())))
    })
}

/// `DELETE /integration/v1/contactpersons/{contact_person_id}/link`. Answers `contact_person`.
pub(super) fn clear_person(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    set_person(context, call, |_, present| Ok(present.map(|_| None)))
}

/// What a person's link shall be, or nothing to leave it.
type Wish = Option<Option<Box<str>>>;

fn set_person(
    context: &Context<'_>,
    call: &Call,
    wish: impl FnOnce(&Desk<'_>, Option<&str>) -> Result<Wish, ApiError>,
) -> Result<Reply, ApiError> {
    const LABEL: &str = "Contact person";
    capable(context)?;
    let id = call.id(0, LABEL)?;
    let missing = || ApiError::missing(LABEL);
    let shown = desk::write(context, call, |desk| {
        let contact_id = desk.books().owner(id).ok_or_else(missing)?;
        let of = |contact: &Contact| {
            contact.persons.iter().find(|it| it.contact_person_id == id).cloned().ok_or_else(missing)
        };
        let person = of(&*rules::find(desk, contact_id)?)?;
        if let Some(link) = wish(desk, person.zcrm_contact_id.as_deref())? {
            rules::change(desk, contact_id, |_, contact| {
                let person = contact.persons.iter_mut().find(|it| it.contact_person_id == id);
                person.ok_or_else(missing)?.zcrm_contact_id = link;
                Ok(())
            })?;
        }
        Ok(of(&*rules::find(desk, contact_id)?)?.show(Some(contact_id)))
    })?;
    Ok(Reply::read([("contact_person", shown)]))
}

/// `PUT /integration/v1/items/{item_id}/link` with `{zcrm_product_id}`. Answers the item. Errors: code 2, 1002, 900003
/// (the product is linked elsewhere), 900004 (the item is linked to another), 900005.
pub(super) fn item(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let wanted = wanted_id(call.object()?, CrmKind::Product)?;
    set_item(context, call, |present| match present {
        "" => Ok(wanted),
        other if other == wanted => Ok(wanted),
        other => Err(ApiError::about(Code::LinkedToOther, other)),
    })
}

/// `DELETE /integration/v1/items/{item_id}/link`. Answers the item.
pub(super) fn clear_item(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    set_item(context, call, |_| Ok(String::new()))
}

fn set_item(
    context: &Context<'_>,
    call: &Call,
    wish: impl FnOnce(&str) -> Result<String, ApiError>,
) -> Result<Reply, ApiError> {
    capable(context)?;
    let id = call.id(0, "Item")?;
    let member = CrmKind::Product.member();
    let item: Arc<Record> = desk::write(context, call, |desk| {
        let item = desk.find(Kind::Item, id)?;
        let link = wish(item.text(member))?;
        if link == item.text(member) {
            return Ok(item);
        }
        desk.alter(Kind::Item, id, |item| item.set(member, link))
    })?;
    write::reply(context, &Item, &item, 200, "success")
}

/// Refuses a CRM record that another record is linked to (code 900003).
fn free(desk: &Desk<'_>, link: &CrmLink) -> Result<(), ApiError> {
    let books = desk.books();
    let person = || books.linked_person(&link.id).map(|(_, contact)| contact);
    let person = (link.kind == CrmKind::Contact).then(person).flatten();
    match books.linked(link).or(person) {
        Some(other) => Err(ApiError::about(Code::LinkedElsewhere, &other.contact_id.to_string())),
        None => Ok(()),
    }
}

fn shown(desk: &Desk<'_>, contact_id: u64) -> Result<Reply, ApiError> {
    Ok(View::after(desk).reply(200, "success", &*rules::find(desk, contact_id)?))
}

/// The CRM id in the member of `kind` (code 2 when it holds none).
fn wanted_id(body: &Json, kind: CrmKind) -> Result<String, ApiError> {
    let name = kind.member();
    let id = body.get(name).and_then(Json::as_id_text).ok_or_else(|| ApiError::invalid(name))?;
    Ok(crm_id(id, name)?.to_owned())
}

/// Exactly one of the members must name a CRM record.
fn wanted_link(body: &Json) -> Result<CrmLink, ApiError> {
    let mut links = Vec::new();
    for kind in CrmKind::OF_CONTACTS {
        let name = kind.member();
        if body.get(name).is_some_and(|it| *it != Json::Null && it.as_str() != Some("")) {
            links.push(CrmLink { kind, id: wanted_id(body, kind)? });
        }
    }
    match (links.pop(), links.pop()) {
        (Some(link), None) => Ok(link),
        _ => Err(ApiError::invalid("zcrm_account_id")),
    }
}
