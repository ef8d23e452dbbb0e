//! Pushing CRM records, so that import calls find them.

use std::sync::Arc;

use super::{capable, crm_id, required};
use crate::auth::Context;
use crate::engine::desk;
use crate::envelope::Reply;
use crate::error::ApiError;
use crate::json::Json;
use crate::request::Call;
use crate::store::books::{CrmKind, CrmLink, CrmRecord};
use crate::store::change::Change;
use crate::store::kind::Kind;

/// `PUT /integration/v1/crm/accounts/{crm_id}` with `{record: {contact_name, ...}}`, members named as in a contact.
/// Answers `{crm_record: {crm_id, contact_id}}`, the latter empty until the record is linked. Like all pushes it may be
/// repeated; a push does not change a record that was imported. Errors: code 2, 900005.
pub(super) fn account(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    push(context, call, CrmKind::Account, "contact_name")
}

/// `PUT /integration/v1/crm/contacts/{crm_id}`, as for accounts. `zcrm_account_id` in the record names the account that
/// the person belongs to.
pub(super) fn contact(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    push(context, call, CrmKind::Contact, "contact_name")
}

/// `PUT /integration/v1/crm/vendors/{crm_id}`, as for accounts.
pub(super) fn vendor(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    push(context, call, CrmKind::Vendor, "contact_name")
}

/// `PUT /integration/v1/crm/products/{crm_id}` with `{record: {name, rate, ...}}`, members named as in an item. Answers
/// `{crm_record: {crm_id, item_id}}`.
pub(super) fn product(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    push(context, call, CrmKind::Product, "name")
}

/// `PUT /integration/v1/crm/potentials/{crm_id}` with `{record: {potential_name}}`: the name that documents of the deal
/// show as `zcrm_potential_name`. Answers `{crm_record: {crm_id, potential_name}}`.
pub(super) fn potential(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    push(context, call, CrmKind::Potential, "potential_name")
}

fn push(context: &Context<'_>, call: &Call, kind: CrmKind, name: &str) -> Result<Reply, ApiError> {
    capable(context)?;
    let link = CrmLink { kind, id: crm_id(call.text_id(0), "crm_id")?.to_owned() };
    let record = call.object()?.get("record").filter(|record| matches!(record, Json::Object(_)));
    let record = record.ok_or_else(|| ApiError::invalid("record"))?;
    required(record, name)?;
    // A person without an account is pushed with an empty one.
    let account = record.get(CrmKind::Account.member());
    if let Some(account) = account.filter(|it| **it != Json::Null && it.as_str() != Some("")) {
        let member = CrmKind::Account.member();
        crm_id(account.as_id_text().ok_or_else(|| ApiError::invalid(member))?, member)?;
    }
    let (member, value) = desk::write(context, call, |desk| {
        let books = desk.books();
        // Pushing the same record again changes nothing, so it writes nothing.
        if books.crm_records.get(&link).is_none_or(|known| known.record != *record) {
            desk.transaction.apply(Change::CrmRecord {
                organization_id: desk.organization.organization_id.clone(),
                record: Arc::new(CrmRecord { link: link.clone(), record: record.clone() }),
            });
        }
        let books = desk.books();
        let id = |id: Option<u64>| id.map_or(Json::from(""), Json::id);
        Ok(match kind {
            CrmKind::Product => ("item_id", id(books.table(Kind::Item).holder(kind.member(), &link.id))),
            CrmKind::Potential => ("potential_name", books.potential_name(&link.id).into()),
            CrmKind::Account | CrmKind::Contact | CrmKind::Vendor => {
                let linked = books.linked(&link).map(|contact| contact.contact_id);
                let person = || books.linked_person(&link.id).map(|(_, contact)| contact.contact_id);
                let person = (kind == CrmKind::Contact).then(person).flatten();
                ("contact_id", id(linked.or(person)))
            }
        })
    })?;
    let shown = Json::object([("crm_id", link.id.as_str().into()), (member, value)]);
    Ok(Reply::read([("crm_record", shown)]))
}
