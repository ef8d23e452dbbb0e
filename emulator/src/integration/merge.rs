//! Merging contacts, which the web application can and the public API cannot (section 10.1).

use super::{capable, link};
use crate::auth::Context;
use crate::engine::desk::{self, Desk};
use crate::envelope::Reply;
use crate::error::{ApiError, Code};
use crate::json::Json;
use crate::request::Call;
use crate::resource;
use crate::resource::contact::rules;
use crate::resource::contact::view::View;
use crate::store::balance;
use crate::store::kind::Kind;
use crate::store::record::Record;

/// `POST /integration/v1/contacts/{contact_id}/merge` with `{contact_ids: [...]}`: the contact of the path is the master
/// and receives all transactions of the others, which become inactive; waking one of them later brings nothing back. A
/// customer and a vendor can be merged. A master without a link takes over the first link among the others that
/// a contact of its type can have; further links stay where they are. Bills of one number keep it. Answers the master. Errors: code 2 for an empty list or the master in it, 1002, 900005,
/// 900007 for another currency.
pub(super) fn merge(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    capable(context)?;
    let master_id = call.id(0, "Contact")?;
    let others = others(call.object()?, master_id)?;
    desk::write(context, call, |desk| {
        let master = rules::find(desk, master_id)?;
        let mut taken = None;
        for id in others {
            let other = rules::find(desk, id)?;
            if other.currency_id != master.currency_id {
                return Err(ApiError::about(Code::CurrencyDiffers, &id.to_string()));
            }
            let fits = other.link.as_ref().is_some_and(|it| link::fits(it, master.contact_type));
            let takes = master.link.is_none() && taken.is_none() && fits;
            if takes {
                taken = other.link.clone();
            }
            rules::change(desk, id, |_, contact| {
                contact.active = false;
                contact.imported = false;
                if takes {
                    contact.link = None;
                }
                Ok(())
            })?;
            hand_over(desk, id, master_id)?;
        }
        if taken.is_some() {
            rules::change(desk, master_id, |_, contact| {
                contact.link = taken;
                Ok(())
            })?;
        }
        let master = rules::find(desk, master_id)?;
        Ok(View::after(desk).reply(200, "The contacts have been merged.", &master))
    })
}

fn others(body: &Json, master_id: u64) -> Result<Vec<u64>, ApiError> {
    let wrong = || ApiError::invalid("contact_ids");
    let entries = body.get("contact_ids").and_then(Json::as_list).ok_or_else(wrong)?;
    let ids = entries.iter().map(|id| id.as_id_text().and_then(|id| id.parse().ok()).ok_or_else(wrong));
    let ids: Vec<u64> = ids.collect::<Result<_, _>>()?;
    if ids.is_empty() || ids.contains(&master_id) { Err(wrong()) } else { Ok(ids) }
}

/// Lets every transaction of a contact name another one instead. Comments and attachments stay: they tell of the
/// contact and not of its transactions.
fn hand_over(desk: &mut Desk<'_>, from: u64, to: u64) -> Result<(), ApiError> {
    let naming: Vec<(Kind, u64)> = desk.books().naming(from).collect();
    for (kind, id) in naming {
        let mut record = (*desk.find(kind, id)?).clone();
        if balance::shares(&record).is_empty() {
            continue;
        }
        for name in resource::of(kind).spec().references {
            match name.split_once('.') {
                Some((list, member)) => rename(&mut record, list, member, from, to),
                None if record.reference(name) == Some(from) => record.set(name, Json::id(to)),
                None => {}
            }
        }
        record.modified = desk.now;
        // Two vendors may each have had a bill of one number; the master has both.
        desk.keep(record)?;
    }
    Ok(())
}

/// Lets the entries of a list that name one contact name another instead.
fn rename(record: &mut Record, list: &'static str, member: &str, from: u64, to: u64) {
    let names = |value: &Json| value.as_id_text().and_then(|id| id.parse().ok()) == Some(from);
    if !record.list(list).iter().any(|entry| entry.get(member).is_some_and(names)) {
        return;
    }
    let mut entries = record.list(list).to_vec();
    for entry in &mut entries {
        let Json::Object(members) = entry else { continue };
        for (_, value) in members.iter_mut().filter(|(name, value)| name == member && names(value)) {
            *value = Json::id(to);
        }
    }
    record.set(list, entries);
}
