//! Records that calls name by a code of the caller's choice: plans, addons and coupons. Products keep their ids, and
//! share the calls that set a status.

use std::sync::Arc;

use crate::auth::Context;
use crate::engine::spec::Resource;
use crate::engine::{desk, write};
use crate::envelope::Reply;
use crate::error::ApiError;
use crate::request::Call;
use crate::store::books::Books;
use crate::store::kind::Kind;
use crate::store::record::Record;

/// The record with a code, compared as names are (code 1002 when there is none).
pub(crate) fn find(books: &Books, resource: &dyn Resource, code: &str) -> Result<Arc<Record>, ApiError> {
    let spec = resource.spec();
    let table = books.table(spec.kind);
    let holder = spec.unique.first().and_then(|unique| table.holder(unique.name, code));
    let known = holder.and_then(|id| table.get(id).cloned());
    known.ok_or_else(|| ApiError::missing(spec.label))
}

/// Segment `index` of the path's codes. Codes may hold any character, so they arrive escaped.
pub(crate) fn in_path(call: &Call, index: usize) -> String {
    // A plus sign is a plus sign in a path; only in a form does it stand for a blank.
    let text = call.text_id(index).replace('+', "%2B").replace('&', "%26").replace('=', "%3D");
    form_urlencoded::parse(text.as_bytes()).next().map(|(code, _)| code.into_owned()).unwrap_or_default()
}

fn located(books: &Books, call: &Call, resource: &dyn Resource) -> Result<Arc<Record>, ApiError> {
    let spec = resource.spec();
    if spec.kind == Kind::Product {
        let id = call.id(0, spec.label)?;
        return books.record(spec.kind, id).cloned().ok_or_else(|| ApiError::missing(spec.label));
    }
    find(books, resource, &in_path(call, 0))
}

/// `GET /x/{code}`.
pub(crate) fn read(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    let books = context.state.books(&context.organization()?.organization_id);
    write::reply(context, resource, &*located(&books, call, resource)?, 200, "success")
}

/// `PUT /x/{code}`.
pub(crate) fn update(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    let record = desk::write(context, call, |desk| {
        let before = located(&desk.books(), call, resource)?;
        desk.update(resource, &before, call.object()?)
    })?;
    write::reply(context, resource, &record, 200, resource.spec().messages.updated)
}

/// `DELETE /x/{code}`.
pub(crate) fn delete(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    desk::write(context, call, |desk| {
        let record = located(&desk.books(), call, resource)?;
        desk.delete(resource, record.id)
    })?;
    Ok(Reply::done(resource.spec().messages.deleted, []))
}

/// `POST /x/{code}/markasactive`; repeating it is harmless.
pub(crate) fn activate(
    context: &Context<'_>,
    call: &Call,
    resource: &dyn Resource,
) -> Result<Reply, ApiError> {
    mark(context, call, resource, "active")
}

/// `POST /x/{code}/markasinactive`; repeating it is harmless.
pub(crate) fn deactivate(
    context: &Context<'_>,
    call: &Call,
    resource: &dyn Resource,
) -> Result<Reply, ApiError> {
    mark(context, call, resource, "inactive")
}

fn mark(
    context: &Context<'_>,
    call: &Call,
    resource: &dyn Resource,
    status: &'static str,
) -> Result<Reply, ApiError> {
    let spec = resource.spec();
    desk::write(context, call, |desk| {
        let record = located(&desk.books(), call, resource)?;
        if record.text("status") != status {
            desk.alter(spec.kind, record.id, |record| record.set("status", status))?;
        }
        Ok(())
    })?;
    Ok(Reply::done(&format!("The {} has been marked as {status}.", spec.singular), []))
}
