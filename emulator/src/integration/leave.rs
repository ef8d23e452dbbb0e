//! Ending the integration: no record is linked any more.

use super::capable;
use crate::auth::Context;
use crate::engine::desk::{self, Desk};
use crate::envelope::Reply;
use crate::error::ApiError;
use crate::json::Json;
use crate::request::Call;
use crate::resource::contact::rules;
use crate::resource::item::Item;
use crate::store::books::CrmKind;
use crate::store::change::Change;
use crate::store::integration::{Integration, Settings};
use crate::store::kind::Kind;

/// What became of the linked records.
#[derive(Default)]
struct Outcome {
    converted: u64,
    deleted: u64,
}

/// `POST /integration/v1/leave` with `{records: "keep"}`, the default, or `{records: "delete_unused"}`: drops all links,
/// pushed CRM records and settings for good. Linked contacts and items become ordinary ones; with `delete_unused` those
/// without transactions are deleted instead. Contact persons and documents always stay and lose their link. People and
/// grants stay. Answers `{left: {converted, deleted}}`, which counts contacts and items; repeating it finds none. Errors:
/// code 2, 900005.
pub(super) fn leave(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    capable(context)?;
    let wish = call.optional_object()?.and_then(|body| body.get("records"));
    let delete = match wish.map(Json::as_str) {
        None | Some(Some("keep")) => false,
        Some(Some("delete_unused")) => true,
        Some(_) => return Err(ApiError::invalid("records")),
    };
    let outcome = desk::write(context, call, |desk| {
        let mut outcome = Outcome::default();
        unlink_contacts(desk, delete, &mut outcome)?;
        unlink_items(desk, delete, &mut outcome)?;
        unlink_documents(desk)?;
        forget(desk);
        Ok(outcome)
    })?;
    let left = Json::object([("converted", outcome.converted.into()), ("deleted", outcome.deleted.into())]);
    Ok(Reply::done("The integration has been removed.", [("left", left)]))
}

fn unlink_contacts(desk: &mut Desk<'_>, delete: bool, outcome: &mut Outcome) -> Result<(), ApiError> {
    let books = desk.books();
    for contact in books.contacts.values() {
        let id = contact.contact_id;
        let people = contact.persons.iter().any(|person| person.zcrm_contact_id.is_some());
        if contact.link.is_some() && delete && !rules::is_used(&books, id) {
            rules::remove(desk, id);
            outcome.deleted += 1;
        } else if contact.link.is_some() || people {
            outcome.converted += u64::from(contact.link.is_some());
            rules::change(desk, id, |_, contact| {
                contact.link = None;
                contact.imported = false;
                contact.persons.iter_mut().for_each(|person| person.zcrm_contact_id = None);
                Ok(())
            })?;
        }
    }
    Ok(())
}

fn unlink_items(desk: &mut Desk<'_>, delete: bool, outcome: &mut Outcome) -> Result<(), ApiError> {
    let member = CrmKind::Product.member();
    let books = desk.books();
    for item in books.table(Kind::Item).rows().filter(|item| !item.text(member).is_empty()) {
        if delete && books.naming(item.id).next().is_none() {
            desk.delete(&Item, item.id)?;
            outcome.deleted += 1;
        } else {
            desk.alter(Kind::Item, item.id, |item| item.set(member, ""))?;
            outcome.converted += 1;
        }
    }
    Ok(())
}

fn unlink_documents(desk: &mut Desk<'_>) -> Result<(), ApiError> {
    let member = CrmKind::Potential.member();
    let books = desk.books();
    for document in books.records().filter(|record| !record.text(member).is_empty()) {
        desk.alter(document.kind, document.id, |document| {
            document.members.remove(member);
            document.members.remove("zcrm_potential_name");
        })?;
    }
    Ok(())
}

fn forget(desk: &mut Desk<'_>) {
    let books = desk.books();
    let organization_id = desk.organization.organization_id.clone();
    for link in books.crm_records.keys() {
        let change =
            Change::CrmRecordDeleted { organization_id: organization_id.clone(), link: link.clone() };
        desk.transaction.apply(change);
    }
    let integration = Integration { settings: Settings::default(), ..(*books.integration).clone() };
    desk.transaction.apply(Change::Integration { organization_id, integration: integration.into() });
}
