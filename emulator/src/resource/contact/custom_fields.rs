//! The custom fields of a contact.

use super::model::{CUSTOM_FIELDS, custom_fields};
use crate::error::ApiError;
use crate::json::Json;
use crate::resource::field::Members;

/// What identifies an entry; a write may use any of them.
const KEYS: [&str; 4] = ["customfield_id", "api_name", "label", "index"];

/// Takes `custom_fields` of a body: entries replace those of the same id, name, label or index, others stay. Errors: code
/// 2 for a value that is no list, or an entry that names no field.
pub(crate) fn take(members: &mut Members, body: &Json) -> Result<(), ApiError> {
    let Some(value) = body.get(CUSTOM_FIELDS) else { return Ok(()) };
    let entries = match value {
        Json::List(entries) => entries.as_slice(),
        Json::Null => return Ok(()),
        _ => return Err(ApiError::invalid(CUSTOM_FIELDS)),
    };
    let mut stored = custom_fields(members).to_vec();
    for entry in entries {
        if !KEYS.iter().any(|key| entry.get(key).is_some()) {
            return Err(ApiError::invalid(CUSTOM_FIELDS));
        }
        let same = |known: &Json| {
            KEYS.iter().any(|key| known.get(key).is_some() && known.get(key) == entry.get(key))
        };
        match stored.iter_mut().find(|known| same(known)) {
            Some(known) => *known = entry.clone(),
            None => stored.push(entry.clone()),
        }
    }
    members.insert(CUSTOM_FIELDS, Json::List(stored));
    Ok(())
}
