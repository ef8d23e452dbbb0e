//! Small acts on contacts: portal, payment reminders, 1099 tracking, and their refunds.

use std::sync::Arc;

use super::model::{Contact, ContactType};
use super::rules;
use crate::auth::Context;
use crate::engine::desk::{self, Desk};
use crate::engine::reader::Reader;
use crate::envelope::Reply;
use crate::error::{ApiError, Code};
use crate::json::{Json, round_money};
use crate::page::Page;
use crate::request::Call;
use crate::resource::contact_person::model::ContactPerson;
use crate::resource::extra::history;
use crate::resource::extra::mail::draft::Draft;
use crate::resource::extra::mail::post;
use crate::resource::extra::render::text::escaped;
use crate::resource::packed::Value;
use crate::store::change::Change;
use crate::store::kind::Kind;
use crate::store::record::Record;

/// Changes a contact. An act that changes nothing leaves its time of change as it is; one that does is noted in its
/// history.
fn act(
    context: &Context<'_>,
    call: &Call,
    message: &str,
    note: &str,
    change: impl FnOnce(&mut Desk<'_>, &mut Contact) -> Result<bool, ApiError>,
) -> Result<Reply, ApiError> {
    let id = call.id(0, "Contact")?;
    desk::write(context, call, |desk| {
        let organization_id = desk.organization.organization_id.clone();
        let mut contact = (*rules::find(desk, id)?).clone();
        if !change(desk, &mut contact)? {
            return Ok(());
        }
        contact.modified = desk.now;
        contact.shrink();
        desk.transaction.apply(Change::Contact { organization_id, contact: Arc::new(contact) });
        history::note_contact(desk, id, note, "Updated")
    })?;
    Ok(Reply::done(message, []))
}

/// Sets a flag of a contact; says whether it was another one.
fn set(contact: &mut Contact, name: &'static str, value: bool, default: bool) -> bool {
    let known = contact.members.get(name).map_or(default, |it| it == Value::Bool(true));
    contact.members.insert(name, value.into());
    known != value
}

/// `POST /contacts/{contact_id}/portal/enable`: the people named in `contact_persons` may enter the portal, nobody else;
/// new ones get an invitation by mail. Errors: code 2 for nobody or for somebody who is no person of the contact, 4098 for
/// a person without an address.
pub(super) fn enable_portal(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    const WRONG: &str = "contact_persons";
    let body = call.object()?;
    let entries = body.get(WRONG).and_then(Json::as_list).filter(|entries| !entries.is_empty());
    let entries = entries.ok_or_else(|| ApiError::invalid(WRONG))?;
    let message = "Client Portal preferences have been updated";
    act(context, call, message, "Portal access was changed.", |desk, contact| {
        let mut changed = set(contact, "is_portal_enabled", true, false);
        let mut wanted = Vec::with_capacity(entries.len());
        for entry in entries {
            let id = entry.get("contact_person_id").and_then(Json::as_id_text).and_then(|id| id.parse().ok());
            let known = contact.persons.iter().find(|person| Some(person.contact_person_id) == id);
            let person = known.ok_or_else(|| ApiError::invalid("contact_person_id"))?;
            if person.text("email").is_empty() {
                let sentence = "A contact person needs an e-mail address to use the portal.";
                return Err(ApiError::about(Code::WrongState, sentence));
            }
            wanted.push(person.contact_person_id);
        }
        for person in &mut contact.persons {
            let admitted = wanted.contains(&person.contact_person_id);
            if admitted && !person.in_portal {
                invite(desk, contact.contact_id, person)?;
            }
            changed |= admitted != person.in_portal;
            person.in_portal = admitted;
        }
        Ok(changed)
    })
}

fn invite(desk: &mut Desk<'_>, contact_id: u64, person: &ContactPerson) -> Result<(), ApiError> {
    let organization = &desk.organization.name;
    let name = [person.text("first_name"), person.text("last_name")].join(" ");
    let draft = Draft {
        from: desk.caller.email.clone(),
        to: vec![person.text("email").to_owned()],
        cc: Vec::new(),
        bcc: Vec::new(),
        subject: format!("Invitation to the client portal of {organization}"),
        body: format!(
            "Dear {},<br><br>{} invites you to its client portal.",
            escaped(name.trim()),
            escaped(organization)
        ),
    };
    post(desk, Kind::Contact, contact_id, draft, Vec::new());
    Ok(())
}

/// `POST /contacts/{contact_id}/paymentreminder/enable`; repeating it is harmless.
pub(super) fn enable_reminders(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let message = "All reminders associated with this contact have been enabled.";
    act(context, call, message, "Payment reminders enabled.", |_, contact| {
        Ok(set(contact, "payment_reminder_enabled", true, true))
    })
}

/// `POST /contacts/{contact_id}/paymentreminder/disable`; repeating it is harmless.
pub(super) fn disable_reminders(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let message = "All reminders associated with this contact have been stopped.";
    act(context, call, message, "Payment reminders stopped.", |_, contact| {
        Ok(set(contact, "payment_reminder_enabled", false, true))
    })
}

/// `POST /contacts/{contact_id}/track1099`; repeating it is harmless.
pub(super) fn track_1099(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    track(context, call, true, "1099 tracking is enabled.")
}

/// `POST /contacts/{contact_id}/untrack1099`; repeating it is harmless.
pub(super) fn untrack_1099(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    track(context, call, false, "1099 tracking is disabled.")
}

/// Errors: 4098 for a customer, because only payments to vendors are reported.
fn track(context: &Context<'_>, call: &Call, tracked: bool, message: &str) -> Result<Reply, ApiError> {
    act(context, call, message, message, |_, contact| {
        if contact.contact_type != ContactType::Vendor {
            let sentence = "Only vendors can be tracked for 1099 reporting.";
            return Err(ApiError::about(Code::WrongState, sentence));
        }
        Ok(set(contact, "track_1099", tracked, false))
    })
}

/// `GET /contacts/{contact_id}/refunds`: the refunds of the contact's credit notes, newest credit note first.
pub(super) fn refunds(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let page = Page::read(&call.query)?;
    let reader = Reader::new(context)?;
    let id = call.id(0, "Contact")?;
    let contact = reader.books.contacts.get(&id).ok_or_else(|| ApiError::missing("Contact"))?;
    let notes = reader.books.naming_as(id, Kind::CreditNote).rev();
    let notes = notes.filter_map(|id| reader.books.record(Kind::CreditNote, id));
    let rows = notes.flat_map(|note| {
        let refunds = note.list("refunds").iter().rev();
        refunds.map(|refund| refund_row(&reader, contact, note, refund)).collect::<Vec<_>>()
    });
    let (rows, more) = page.take(rows);
    let order = [
        ("report_name", "Credit Note Refunds".into()),
        ("sort_column", "date".into()),
        ("sort_order", "D".into()),
    ];
    Ok(Reply::read([("creditnote_refunds", rows.into()), ("page_context", page.context(more, order))]))
}

fn refund_row(reader: &Reader<'_>, contact: &Contact, note: &Record, refund: &Json) -> Json {
    let member = |name: &str| refund.get(name).cloned().unwrap_or_else(|| "".into());
    let number = |name: &str| refund.get(name).and_then(Json::as_decimal);
    let amount = number("amount").unwrap_or_default();
    let rate = number("exchange_rate")
        .filter(|rate| !rate.is_zero())
        .unwrap_or_else(|| note.decimal("exchange_rate"));
    let places = reader.organization.currencies.first().map_or(2, |it| it.precision);
    Json::object([
        ("creditnote_refund_id", member("refund_id")),
        ("creditnote_id", Json::id(note.id)),
        ("date", member("date")),
        ("refund_mode", member("refund_mode")),
        ("reference_number", member("reference_number")),
        ("creditnote_number", note.text("creditnote_number").into()),
        ("customer_name", contact.contact_name.as_str().into()),
        ("description", member("description")),
        ("amount_bcy", Json::amount(round_money(amount * rate, places))),
        ("amount_fcy", Json::amount(amount)),
    ])
}
