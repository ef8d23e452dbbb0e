//! The contact persons a document is addressed to.

use crate::engine::desk::Desk;
use crate::engine::reader::Reader;
use crate::error::{ApiError, Code};
use crate::json::Json;
use crate::resource::contact_person::model::ContactPerson;
use crate::store::record::Record;

/// The stored member.
const MEMBER: &str = "contact_persons_associated";

/// Takes `contact_persons` (ids) or `contact_persons_associated` (ids with their channels) of a body. A document that
/// changes its party loses the persons of the former one. Errors: code 2 for another shape, 6 for a person of another
/// contact.
pub(crate) fn take(
    desk: &Desk<'_>,
    record: &mut Record,
    before: Option<&Record>,
    body: &Json,
) -> Result<(), ApiError> {
    let given = [MEMBER, "contact_persons"].into_iter().find_map(|name| Some((name, body.get(name)?)));
    let moved = before.is_some_and(|it| it.text("customer_id") != record.text("customer_id"));
    let Some((name, value)) = given else {
        if moved {
            record.set(MEMBER, Vec::new());
        }
        return Ok(());
    };
    let entries = match value {
        Json::Null => &[],
        Json::List(entries) => entries.as_slice(),
        _ => return Err(ApiError::invalid(name)),
    };
    let (books, contact) = (desk.books(), record.reference("customer_id"));
    let mut persons = Vec::with_capacity(entries.len());
    for entry in entries {
        let id = entry.get("contact_person_id").unwrap_or(entry).as_id_text();
        let id = id.and_then(|id| id.parse().ok()).ok_or_else(|| ApiError::invalid(name))?;
        if books.owner(id) != contact {
            return Err(ApiError::about(Code::InvalidReference, name));
        }
        let chosen = |channel: &str| {
            let channels = entry.get("communication_preference");
            channels.and_then(|it| it.get(channel)).cloned().unwrap_or(Json::Bool(channel == EMAIL))
        };
        persons.push(Json::object([
            ("contact_person_id", Json::id(id)),
            ("communication_preference", Json::object(CHANNELS.map(|channel| (channel, chosen(channel))))),
        ]));
    }
    record.set(MEMBER, persons);
    Ok(())
}

const EMAIL: &str = "is_email_enabled";
const CHANNELS: [&str; 3] = [EMAIL, "is_sms_enabled", "is_whatsapp_enabled"];

/// `contact_persons`, `contact_persons_associated` and `contact_persons_details`; `None` for any other member. Persons
/// deleted since are left out.
pub(crate) fn show(name: &str, record: &Record, reader: &Reader<'_>) -> Option<Json> {
    let entries = record.list(MEMBER);
    match name {
        "contact_persons" => Some(
            entries.iter().filter_map(|it| it.get("contact_person_id").cloned()).collect::<Vec<_>>().into(),
        ),
        MEMBER => Some(entries.iter().filter_map(|it| expanded(it, reader)).collect::<Vec<_>>().into()),
        "contact_persons_details" => {
            let persons = entries.iter().filter_map(|it| known(it, reader));
            Some(persons.map(|person| person.show(None)).collect::<Vec<_>>().into())
        }
        _ => None,
    }
}

fn expanded(entry: &Json, reader: &Reader<'_>) -> Option<Json> {
    let person = known(entry, reader)?;
    let name = format!("{} {}", person.text("first_name"), person.text("last_name"));
    Some(Json::object([
        ("contact_person_id", Json::id(person.contact_person_id)),
        ("contact_person_name", name.trim().into()),
        ("first_name", person.text("first_name").into()),
        ("last_name", person.text("last_name").into()),
        ("contact_person_email", person.text("email").into()),
        ("phone", person.text("phone").into()),
        ("mobile", person.text("mobile").into()),
        ("communication_preference", entry.get("communication_preference").cloned().unwrap_or(Json::Null)),
    ]))
}

/// The person that an entry names, as it is now.
fn known<'a>(entry: &Json, reader: &'a Reader<'_>) -> Option<&'a ContactPerson> {
    let id: u64 = entry.get("contact_person_id")?.as_id_text()?.parse().ok()?;
    let contact = reader.books.owner(id).and_then(|contact| reader.books.contacts.get(&contact))?;
    contact.persons.iter().find(|person| person.contact_person_id == id)
}
