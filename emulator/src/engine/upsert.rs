//! `PUT /x` with `X-Unique-Identifier-Key`: the API's only aid against creating a record twice (section 10.13).

use std::sync::Arc;

use crate::auth::Context;
use crate::engine::desk::{self, Desk};
use crate::engine::spec::Resource;
use crate::engine::write::reply;
use crate::envelope::Reply;
use crate::error::{ApiError, Code};
use crate::json::Json;
use crate::request::Call;
use crate::resource::{custom_field, extra};
use crate::store::record::Record;

/// The record to write: its key and value, and whether to create it when there is none.
pub(crate) struct Wanted<'a> {
    pub(crate) key: &'a str,
    pub(crate) value: &'a str,
    pub(crate) create: bool,
}

/// Reads the headers. Errors: code 2 when one is missing.
pub(crate) fn wanted(call: &Call) -> Result<Wanted<'_>, ApiError> {
    let header = |name: &str| call.header(name).filter(|text| !text.is_empty());
    Ok(Wanted {
        key: header("x-unique-identifier-key").ok_or_else(|| ApiError::invalid("X-Unique-Identifier-Key"))?,
        value: header("x-unique-identifier-value")
            .ok_or_else(|| ApiError::invalid("X-Unique-Identifier-Value"))?,
        create: header("x-upsert").is_some_and(|text| text.eq_ignore_ascii_case("true")),
    })
}

/// `PUT /x`. The key must be a unique custom field of the resource (code 2); a miss without `X-Upsert` is code 1003.
pub(crate) fn upsert(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    let spec = resource.spec();
    let (wanted, body) = (wanted(call)?, call.object()?);
    let (record, created) = desk::write(context, call, |desk| {
        let (record, created) = written(desk, resource, &wanted, body)?;
        extra::accompany(desk, &record, call, created)?;
        // A mail that went out may have changed its status.
        Ok((desk.find(record.kind, record.id)?, created))
    })?;
    let (status, message) = if created { (201, spec.messages.created) } else { (200, spec.messages.updated) };
    reply(context, resource, &record, status, message)
}

/// Writes the record. Also says whether it is new.
fn written(
    desk: &mut Desk<'_>,
    resource: &dyn Resource,
    wanted: &Wanted<'_>,
    body: &Json,
) -> Result<(Arc<Record>, bool), ApiError> {
    let spec = resource.spec();
    let field = custom_field::unique(desk, spec.entity, wanted.key)?;
    let value = custom_field::value::canonical(&field, wanted.value)?;
    let holder = desk.books().table(spec.kind).holder(wanted.key, &value);
    match holder {
        Some(id) => {
            let before = desk.find(spec.kind, id)?;
            Ok((desk.update(resource, &before, body)?, false))
        }
        None if wanted.create => {
            let record = desk.create(resource, &custom_field::with_value(body, &field, &value))?;
            // A body that gives the field another value would make every repetition create one more record.
            if desk.books().table(spec.kind).holder(wanted.key, &value) != Some(record.id) {
                return Err(ApiError::invalid("X-Unique-Identifier-Value"));
            }
            Ok((record, true))
        }
        None => Err(ApiError::about(Code::UnknownUnique, wanted.value)),
    }
}
