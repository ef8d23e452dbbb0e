//! The default content of mails, from which a client starts.

use crate::engine::reader::Reader;
use crate::engine::spec::Resource;
use crate::json::Json;
use crate::resource::contact::model::Contact;
use crate::resource::extra::kinds::Shape;
use crate::resource::extra::render::sheet::Sheet;
use crate::resource::extra::render::text::escaped;
use crate::resource::extra::subject::{Subject, number};
use crate::resource::extra::{attachment, money};
use crate::store::record::Record;
use crate::store::records::User;

/// What a mail would say.
pub(crate) struct Content {
    pub(crate) subject: String,
    pub(crate) body: String,
    pub(crate) from: String,
    /// The addresses that are selected.
    pub(crate) to: Vec<String>,
    /// Of the PDF, without its ending.
    pub(crate) file_name: String,
}

/// The default mail of a document. `reminder` asks for the payment.
pub(crate) fn of_document(
    resource: &dyn Resource,
    record: &Record,
    contact: Option<&Contact>,
    reader: &Reader<'_>,
    user: &User,
    reminder: bool,
) -> Content {
    let label = resource.spec().label;
    let name = number(resource, record);
    let sender = &reader.organization.name;
    let value = |name: &str| resource.show(name, record, reader).as_decimal();
    let amount = ["balance", "total", "amount"]
        .into_iter()
        .filter(|name| reminder || *name != "balance")
        .find_map(value)
        .map(|amount| money::shown(amount, money::currency(reader.organization, record)))
        .unwrap_or_default();
    let subject = if reminder {
        format!("Payment Reminder for {name}")
    } else {
        format!("{label} - {name} from {sender}")
    };
    let ask = if reminder {
        format!(
            "Your payment of {} for {name} is due on {}.",
            escaped(&amount),
            escaped(record.text("due_date"))
        )
    } else {
        format!("{} {} over {} is attached.", escaped(label), escaped(name), escaped(&amount))
    };
    let party = contact.map_or("", |it| it.contact_name.as_str());
    let body = format!("Dear {},<br><br>{ask}<br><br>Regards,<br>{}", escaped(party), escaped(sender));
    let to = contact.map(|contact| selected(contact, Some(record))).unwrap_or_default();
    Content {
        subject,
        body,
        from: user.email.clone(),
        to,
        file_name: Sheet::of(resource, record, reader).file_name(),
    }
}

/// The addresses of the people whom a document is for; of the primary person when it names none.
fn selected(contact: &Contact, record: Option<&Record>) -> Vec<String> {
    let chosen = chosen(contact, record);
    let persons = contact.persons.iter().filter(|person| chosen.contains(&person.contact_person_id));
    persons.map(|person| person.text("email").to_owned()).filter(|email| !email.is_empty()).collect()
}

fn chosen(contact: &Contact, record: Option<&Record>) -> Vec<u64> {
    let id = |value: &Json| value.as_id_text().and_then(|id| id.parse::<u64>().ok());
    let mut ids: Vec<u64> = Vec::new();
    if let Some(record) = record {
        ids.extend(record.list("contact_persons").iter().filter_map(id));
        let associated = record.list("contact_persons_associated").iter();
        ids.extend(associated.filter_map(|it| it.get("contact_person_id").and_then(id)));
    }
    ids.retain(|id| contact.persons.iter().any(|person| person.contact_person_id == *id));
    if ids.is_empty() { contact.primary().map(|it| it.contact_person_id).into_iter().collect() } else { ids }
}

/// The addresses of a contact's primary person.
pub(crate) fn of_contact(contact: &Contact) -> Vec<String> {
    selected(contact, None)
}

/// The people of a contact as a mail form lists them.
pub(crate) fn to_contacts(contact: Option<&Contact>, record: Option<&Record>) -> Json {
    let Some(contact) = contact else { return Vec::new().into() };
    let chosen = chosen(contact, record);
    let person = |person: &crate::resource::contact_person::model::ContactPerson| {
        let text = |name: &str| Json::from(person.text(name));
        Json::object([
            ("contact_person_id", Json::id(person.contact_person_id)),
            ("salutation", text("salutation")),
            ("first_name", text("first_name")),
            ("last_name", text("last_name")),
            ("email", text("email")),
            ("phone", text("phone")),
            ("mobile", text("mobile")),
            ("selected", chosen.contains(&person.contact_person_id).into()),
        ])
    };
    contact.persons.iter().map(person).collect::<Vec<_>>().into()
}

/// Who may send: the user, and the organization when its address is another one.
pub(crate) fn from_emails(reader: &Reader<'_>, user: &User) -> Json {
    let entry = |name: &str, email: &str, selected: bool| {
        Json::object([
            ("user_name", name.into()),
            ("selected", selected.into()),
            ("email", email.into()),
            ("organization_contact_id", "".into()),
            ("is_org_email_id", (!selected).into()),
        ])
    };
    let mut senders = vec![entry(&user.name, &user.email, true)];
    let organization = reader.organization;
    if !organization.email.is_empty() && !organization.email.eq_ignore_ascii_case(&user.email) {
        senders.push(entry(&organization.name, &organization.email, false));
    }
    senders.into()
}

/// The content as an answer carries it.
pub(crate) fn shown(
    content: &Content,
    subject: &Subject,
    reader: &Reader<'_>,
    user: &User,
    shape: Shape,
) -> Vec<(String, Json)> {
    let record = subject.record.as_deref();
    let contact = subject.contact.as_deref();
    let party = contact.map_or(Json::from(""), |it| Json::id(it.contact_id));
    let none = || Json::from(Vec::new());
    let file = format!("{}.pdf", content.file_name);
    let template = Json::object([
        ("selected", true.into()),
        ("name", "Default".into()),
        ("email_template_id", "".into()),
    ]);
    let mut members = vec![
        ("subject", content.subject.as_str().into()),
        ("body", content.body.as_str().into()),
        ("error_list", none()),
        ("emailtemplates", vec![template].into()),
        ("to_contacts", to_contacts(contact, record)),
        ("file_name", file.as_str().into()),
        ("from_emails", from_emails(reader, user)),
        ("customer_id", party),
    ];
    if shape != Shape::Flat {
        let documents = attachment::documents(&attachment::of(&reader.books, subject.id), reader);
        members.extend([
            ("customer_name", contact.map_or("", |it| it.contact_name.as_str()).into()),
            ("entity_id", Json::id(subject.id)),
            ("documents", documents),
            ("attachment_name", file.into()),
            ("file_name_without_extension", content.file_name.as_str().into()),
            ("attach_pdf", true.into()),
            ("from_email", content.from.as_str().into()),
            ("from_address", content.from.as_str().into()),
            ("to_mails_str", content.to.join(",").into()),
            ("cc_mails_str", "".into()),
            ("cc_mails_list", none()),
            ("bcc_mails", none()),
            ("bcc_mails_str", "".into()),
            ("emailtemplate_documents", none()),
            ("deprecated_placeholders_used", none()),
            ("gateways_configured", false.into()),
            ("gateways_associated", false.into()),
        ]);
    }
    let object: Vec<(String, Json)> =
        members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    match shape {
        Shape::Flat => object,
        Shape::Data => vec![("data".to_owned(), Json::Object(object))],
        Shape::DataList => vec![("data".to_owned(), vec![Json::Object(object)].into())],
    }
}
