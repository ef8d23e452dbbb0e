//! The list of sales orders, which knows more filters than others: `_in` and `_not_in` of every text, and the ids.

use crate::auth::Context;
use crate::engine::list::narrowed;
use crate::engine::reader::Reader;
use crate::engine::spec::Resource;
use crate::engine::write::ids;
use crate::envelope::Reply;
use crate::error::ApiError;
use crate::filter::fold;
use crate::request::Call;
use crate::store::record::Record;

/// `GET /salesorders`. Errors besides those of every list: code 2 for more ids than a call may name.
pub(super) fn list(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    let reader = Reader::new(context)?;
    let wanted = match call.query.get("salesorder_ids") {
        None => None,
        Some(_) => Some(ids(call, "salesorder_ids")?),
    };
    let mut among: Vec<(&str, bool, Vec<String>)> = Vec::new();
    for name in resource.spec().filters.texts {
        for (suffix, within) in [("_in", true), ("_not_in", false)] {
            if let Some(words) = call.query.get(&format!("{name}{suffix}")) {
                among.push((name, within, words.split(',').map(fold).collect()));
            }
        }
    }
    narrowed(context, call, resource, |record: &Record| {
        wanted.as_ref().is_none_or(|ids| ids.contains(&record.id.to_string().as_str()))
            && among.iter().all(|(name, within, words)| {
                let texts = resource.texts(name, record, &reader);
                texts.iter().any(|text| words.contains(&fold(text))) == *within
            })
    })
}
