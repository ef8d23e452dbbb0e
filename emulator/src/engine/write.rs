//! Create, read, update and delete, the same for every resource.

use std::sync::Arc;

use crate::auth::Context;
use crate::engine::desk::{self, Desk};
use crate::engine::reader::Reader;
use crate::engine::spec::{Resource, Series, Spec};
use crate::envelope::Reply;
use crate::error::{ApiError, Code};
use crate::json::Json;
use crate::request::Call;
use crate::resource::extra;
use crate::store::record::Record;

/// The most records one bulk call may name.
pub(crate) const MAX_BULK: usize = 200;

/// `POST /x`.
pub(crate) fn create(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    let body = call.object()?;
    let record = desk::write(context, call, |desk| {
        let record = desk.create(resource, body)?;
        extra::accompany(desk, &record, call, true)?;
        // A mail that went out may have changed its status.
        desk.find(record.kind, record.id)
    })?;
    reply(context, resource, &record, 201, resource.spec().messages.created)
}

/// `GET /x/{id}`.
pub(crate) fn read(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    let record = find(context, call, resource)?;
    if let Some(rendered) = extra::render::of_detail(context, call, resource, &record)? {
        return Ok(rendered);
    }
    reply(context, resource, &record, 200, "success")
}

/// `PUT /x/{id}`: members that are absent keep their value.
pub(crate) fn update(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    let spec = resource.spec();
    let id = call.id(0, spec.label)?;
    let record = desk::write(context, call, |desk| {
        let before = desk.find(spec.kind, id)?;
        let record = desk.update(resource, &before, call.object()?)?;
        extra::accompany(desk, &record, call, false)?;
        Ok(record)
    })?;
    reply(context, resource, &record, 200, spec.messages.updated)
}

/// `DELETE /x/{id}`.
pub(crate) fn delete(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    let id = call.id(0, resource.spec().label)?;
    desk::write(context, call, |desk| desk.delete(resource, id))?;
    Ok(Reply::done(resource.spec().messages.deleted, []))
}

/// `DELETE /x?<singular>_ids=a,b`: each record succeeds or fails alone.
pub(crate) fn delete_many(
    context: &Context<'_>,
    call: &Call,
    resource: &dyn Resource,
) -> Result<Reply, ApiError> {
    let spec = resource.spec();
    each(context, call, resource, spec.messages.deleted, |desk, id| desk.delete(resource, id))
}

/// Acts on each of the ids in `<id>s=a,b`; what one refusal does is undone alone, and its place in the answer says why.
pub(crate) fn each(
    context: &Context<'_>,
    call: &Call,
    resource: &dyn Resource,
    message: &str,
    mut act: impl FnMut(&mut Desk<'_>, u64) -> Result<(), ApiError>,
) -> Result<Reply, ApiError> {
    let spec = resource.spec();
    let results = desk::write(context, call, |desk| {
        let mut results = Vec::new();
        for text in ids(call, &format!("{}s", spec.id))? {
            let outcome = match text.parse() {
                Ok(id) => desk.attempt(|desk| act(desk, id)),
                Err(_) => Err(ApiError::missing(spec.label)),
            };
            let (code, message) = call.outcome(outcome, message);
            results.push(Json::object([
                ("code", u64::from(code).into()),
                ("message", message.into()),
                ("id", text.into()),
                (spec.id, text.into()),
            ]));
        }
        Ok(results)
    })?;
    Ok(Reply::read([("results", results.into())]))
}

/// The ids of a comma list in the query. Errors: code 2 when it is absent or names too many.
pub(crate) fn ids<'a>(call: &'a Call, name: &str) -> Result<Vec<&'a str>, ApiError> {
    let text = call.query.get(name).ok_or_else(|| ApiError::invalid(name))?;
    let ids: Vec<&str> = text.split(',').map(str::trim).filter(|id| !id.is_empty()).collect();
    if ids.is_empty() || ids.len() > MAX_BULK { Err(ApiError::invalid(name)) } else { Ok(ids) }
}

/// The record that the path names.
pub(crate) fn find(
    context: &Context<'_>,
    call: &Call,
    resource: &dyn Resource,
) -> Result<Arc<Record>, ApiError> {
    let spec = resource.spec();
    let id = call.id(0, spec.label)?;
    let books = context.state.books(&context.organization()?.organization_id);
    books.record(spec.kind, id).cloned().ok_or_else(|| ApiError::missing(spec.label))
}

/// The record under its singular key.
pub(crate) fn reply(
    context: &Context<'_>,
    resource: &dyn Resource,
    record: &Record,
    status: u16,
    message: &str,
) -> Result<Reply, ApiError> {
    // The context's state is older than a write that this call made.
    let organization = context.organization()?;
    let books = context.store.read().books(&organization.organization_id);
    let reader =
        Reader { caller: Some(context.user.user_id), ..Reader::over(books, organization, context.now) };
    let spec = resource.spec();
    Ok(Reply::success(status, message, [(spec.singular, reader.detail(resource, record))]))
}

/// A change of status by `POST /x/{id}/status/<word>`: `change` refuses or alters the record. Repeating a change that
/// has happened is harmless, so `change` returns without altering then.
pub(crate) fn act(
    context: &Context<'_>,
    call: &Call,
    resource: &dyn Resource,
    message: &str,
    change: impl FnOnce(&mut Desk<'_>, &Arc<Record>) -> Result<(), ApiError>,
) -> Result<Reply, ApiError> {
    let spec = resource.spec();
    let id = call.id(0, spec.label)?;
    desk::write(context, call, |desk| {
        let record = desk.find(spec.kind, id)?;
        change(desk, &record)
    })?;
    Ok(Reply::done(message, []))
}

/// Gives a new record its automatic number, and checks a number that the client chose.
pub(crate) fn number(
    desk: &mut Desk<'_>,
    spec: &Spec,
    record: &mut Record,
    before: Option<&Record>,
) -> Result<(), ApiError> {
    let Some(series) = &spec.number else { return Ok(()) };
    let own = record.text(series.member).trim().to_owned();
    let known = before.map_or("", |it| it.text(series.member));
    if own.is_empty() {
        let number = if known.is_empty() { next_number(desk, spec, series) } else { known.to_owned() };
        record.set(series.member, number);
        return Ok(());
    }
    let free =
        desk.query.get("ignore_auto_number_generation").is_some_and(|it| it.eq_ignore_ascii_case("true"));
    if series.guarded && own != known && !free {
        return Err(ApiError::about(Code::AutoNumbered, series.member));
    }
    Ok(())
}

/// The first free number after the highest one that was ever given.
fn next_number(desk: &Desk<'_>, spec: &Spec, series: &Series) -> String {
    let table = desk.books().table(spec.kind);
    let mut counter = table.numbered() + 1;
    loop {
        let number = format!("{}{counter:0width$}", series.prefix, width = series.digits);
        if table.holder(series.member, &number).is_none() {
            return number;
        }
        counter += 1;
    }
}
