//! `POST /crm/{account|contact}/{crm_id}/import`: makes a contact of a pushed CRM record.

use super::model::Contact;
use super::rules;
use crate::auth::Context;
use crate::envelope::Reply;
use crate::error::ApiError;
use crate::json::Json;
use crate::request::Call;
use crate::store::Transaction;
use crate::store::books::{CrmKind, CrmLink};

/// Members of a pushed record that belong to a person. The API keeps them on the primary contact person.
const PERSON_MEMBERS: [&str; 6] = ["salutation", "first_name", "last_name", "email", "phone", "mobile"];

/// `POST /crm/account/{crm_account_id}/import`: a business customer.
pub(crate) fn account(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    import(context, call, CrmKind::Account, "business")
}

/// `POST /crm/contact/{crm_contact_id}/import`: an individual customer.
pub(crate) fn contact(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    import(context, call, CrmKind::Contact, "individual")
}

fn import(context: &Context<'_>, call: &Call, kind: CrmKind, sub_type: &str) -> Result<Reply, ApiError> {
    let organization = context.organization()?;
    let link = CrmLink { kind, id: call.text_id(0).to_owned() };
    let contact_id = context.store.write(|transaction| {
        let books = transaction.state.books(&organization.organization_id);
        if let Some(known) = books.linked(&link) {
            return Ok(known.contact_id);
        }
        let pushed = books.crm_records.get(&link).ok_or_else(|| ApiError::missing("CRM record"))?;
        let mut contact = rules::blank(transaction, organization, context.now, &context.user.name);
        contact.customer_sub_type = sub_type.to_owned();
        rules::take(transaction, organization, &mut contact, &pushed.record)?;
        take_person(transaction, organization, &mut contact, &pushed.record)?;
        contact.link = Some(link.clone());
        contact.imported = true;
        rules::save(transaction, &organization.organization_id, contact).map(|contact| contact.contact_id)
    })?;
    let data = Json::object([("customer_id", Json::id(contact_id)), ("contact_id", Json::id(contact_id))]);
    Ok(Reply::read([("data", data)]))
}

fn take_person(
    transaction: &mut Transaction,
    organization: &crate::store::records::Organization,
    contact: &mut Contact,
    record: &Json,
) -> Result<(), ApiError> {
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
    rules::take(transaction, organization, contact, &body)
}
