//! Calls that Billing answers as Books does: the operation of Books is run, and the answer put into Billing's words.

use std::sync::Arc;

use crate::auth::Context;
use crate::engine::desk::Desk;
use crate::engine::spec::Resource;
use crate::engine::{desk, write};
use crate::envelope::Reply;
use crate::error::ApiError;
use crate::json::Json;
use crate::request::Call;
use crate::resource;
use crate::resource::billing::event::{self, Happening};
use crate::resource::extra::{self, mail};
use crate::routes::Operation;
use crate::store::record::Record;

/// Runs one operation of a table of Books.
pub(super) fn run(
    context: &Context<'_>,
    call: &Call,
    table: &'static [Operation],
    method: &str,
    path: &str,
) -> Result<Reply, ApiError> {
    let known = table.iter().find(|it| it.method == method && it.path == path);
    known.ok_or_else(|| ApiError::missing(path))?.answer(context, call)
}

/// Runs one operation of a table of Books and answers with Billing's sentence.
pub(super) fn done(
    context: &Context<'_>,
    call: &Call,
    table: &'static [Operation],
    (method, path): (&str, &str),
    message: &str,
) -> Result<Reply, ApiError> {
    run(context, call, table, method, path)?;
    Ok(Reply::done(message, []))
}

/// The same call with another body.
pub(super) fn with_body(call: &Call, body: Json) -> Call {
    Call {
        ids: call.ids.clone(),
        query: call.query.clone(),
        headers: Arc::clone(&call.headers),
        files: Vec::new(),
        body: Ok(Some(body)),
        settings: call.settings.clone(),
    }
}

/// `POST /x` with a body in the words of Books, answered as `view` shows the record.
pub(super) fn create(
    context: &Context<'_>,
    call: &Call,
    view: &'static dyn Resource,
    body: &Json,
    event_type: &str,
) -> Result<Reply, ApiError> {
    let spec = view.spec();
    let record = desk::write(context, call, |desk| {
        let made = desk.create(resource::of(spec.kind), body)?;
        extra::accompany(desk, &made, call, true)?;
        tell(desk, view, made.id, event_type)?;
        desk.find(spec.kind, made.id)
    })?;
    write::reply(context, view, &record, 201, spec.messages.created)
}

/// `PUT /x/{id}` with a body in the words of Books.
pub(super) fn update(
    context: &Context<'_>,
    call: &Call,
    view: &'static dyn Resource,
    body: &Json,
    event_type: &str,
) -> Result<Reply, ApiError> {
    let spec = view.spec();
    let id = call.id(0, spec.label)?;
    let record = desk::write(context, call, |desk| {
        let before = desk.find(spec.kind, id)?;
        let record = desk.update(resource::of(spec.kind), &before, body)?;
        extra::accompany(desk, &record, call, false)?;
        tell(desk, view, id, event_type)?;
        Ok(record)
    })?;
    write::reply(context, view, &record, 200, spec.messages.updated)
}

/// `DELETE /x/{id}` by the rules of Books.
pub(super) fn delete(
    context: &Context<'_>,
    call: &Call,
    view: &'static dyn Resource,
    event_type: &str,
) -> Result<Reply, ApiError> {
    let spec = view.spec();
    let id = call.id(0, spec.label)?;
    desk::write(context, call, |desk| {
        tell(desk, view, id, event_type)?;
        desk.delete(resource::of(spec.kind), id)
    })?;
    Ok(Reply::done(spec.messages.deleted, []))
}

/// Changes a record by the rules of Books and tells of it if anything changed, in one write: no one sees a step between,
/// and no change is without its event. Answers with Billing's sentence.
pub(super) fn act(
    context: &Context<'_>,
    call: &Call,
    view: &'static dyn Resource,
    event_type: &str,
    message: &str,
    change: impl FnOnce(&mut Desk<'_>, &Arc<Record>) -> Result<(), ApiError>,
) -> Result<Reply, ApiError> {
    write::act(context, call, view, message, |desk, before| {
        change(desk, before)?;
        let after = desk.find(before.kind, before.id)?;
        if Arc::ptr_eq(before, &after) { Ok(()) } else { tell(desk, view, before.id, event_type) }
    })
}

/// `POST /x/{id}/email`, which is `path` in Books: what is in `needed` must be there (code 2), the rest is as in Books.
pub(super) fn mail(
    context: &Context<'_>,
    call: &Call,
    path: &str,
    needed: &[&str],
    message: &str,
) -> Result<Reply, ApiError> {
    let body = call.object()?;
    let absent = |name: &&&str| match body.get(name) {
        Some(Json::List(entries)) => entries.is_empty(),
        Some(Json::Text(text)) => text.trim().is_empty(),
        _ => true,
    };
    if let Some(name) = needed.iter().find(absent) {
        return Err(ApiError::invalid(name));
    }
    run(context, call, mail::OPERATIONS, "POST", path)?;
    Ok(Reply::done(message, []))
}

/// Records an event about a document as Billing shows it.
pub(super) fn tell(
    desk: &mut Desk<'_>,
    view: &'static dyn Resource,
    id: u64,
    event_type: &str,
) -> Result<(), ApiError> {
    let record = desk.find(view.spec().kind, id)?;
    let shown = desk.reader().detail(view, &record);
    let subscription_id = record.reference("subscription_id");
    let description = event_type.replace('_', " ");
    event::record(
        desk,
        Happening { event_type, data: (view.spec().singular, shown), subscription_id, description },
    )
}

/// A body with lines under Billing's name for them, in the words of Books: `price` for `rate`, `street` for `address`,
/// contact persons as ids. An entry's `item_id` names a line, its `product_id` an item.
pub(super) fn translated(desk_items: impl Fn(&str) -> Option<Json>, body: &Json, lines: &str) -> Json {
    let Json::Object(members) = body else { return body.clone() };
    let renamed = members.iter().map(|(name, value)| match (name.as_str(), value) {
        (name, Json::List(entries)) if name == lines => {
            let entries: Vec<Json> = entries.iter().map(|entry| line(&desk_items, entry)).collect();
            ("line_items".to_owned(), entries.into())
        }
        ("contact_persons", Json::List(entries)) => {
            let ids = entries.iter().map(|it| it.get("contactperson_id").unwrap_or(it).clone());
            (name.clone(), ids.collect::<Vec<_>>().into())
        }
        ("billing_address" | "shipping_address", value) => (name.clone(), address(value)),
        _ => (name.clone(), value.clone()),
    });
    Json::Object(renamed.collect())
}

fn line(items: &impl Fn(&str) -> Option<Json>, entry: &Json) -> Json {
    let Json::Object(members) = entry else { return entry.clone() };
    let mut line = Vec::with_capacity(members.len() + 1);
    for (name, value) in members {
        match (name.as_str(), value.as_id_text()) {
            ("price", _) => line.push(("rate".to_owned(), value.clone())),
            ("item_id", Some(id)) if !id.is_empty() => line.push(("line_item_id".to_owned(), id.into())),
            ("product_id", Some(id)) if !id.is_empty() => line.push(("item_id".to_owned(), id.into())),
            ("item_id" | "product_id", _) => {}
            _ => line.push((name.clone(), value.clone())),
        }
    }
    let named = line.iter().any(|(name, _)| name == "name" || name == "item_id");
    let code = entry.get("code").and_then(Json::as_str).unwrap_or_default();
    if !named && let Some(name) = items(code) {
        line.push(("name".to_owned(), name));
    }
    Json::Object(line)
}

/// An address of a document in the words of Books.
pub(super) fn address(value: &Json) -> Json {
    renamed(value, "street", "address")
}

/// An address of a document in the words of Billing.
pub(super) fn street(value: &Json) -> Json {
    renamed(value, "address", "street")
}

fn renamed(value: &Json, from: &str, to: &str) -> Json {
    let Json::Object(members) = value else { return value.clone() };
    let members = members
        .iter()
        .map(|(name, value)| (if name == from { to.to_owned() } else { name.clone() }, value.clone()));
    Json::Object(members.collect())
}

/// Lines of a document under Billing's names.
pub(super) fn items(record: &Record) -> Json {
    let given = |line: &Json, name: &str| line.get(name).cloned().unwrap_or_else(|| "".into());
    let rows = record.list("line_items").iter().map(|line| {
        Json::object([
            ("item_id", given(line, "line_item_id")),
            ("product_id", given(line, "item_id")),
            ("name", given(line, "name")),
            ("description", given(line, "description")),
            ("code", given(line, "code")),
            ("price", given(line, "rate")),
            ("quantity", given(line, "quantity")),
            ("unit", given(line, "unit")),
            ("discount", given(line, "discount")),
            ("discount_amount", given(line, "discount_amount")),
            ("item_total", given(line, "item_total")),
            ("tax_id", given(line, "tax_id")),
            ("tax_name", given(line, "tax_name")),
            ("tax_type", given(line, "tax_type")),
            ("tax_percentage", given(line, "tax_percentage")),
            ("account_id", given(line, "account_id")),
            ("tags", given(line, "tags")),
            ("item_custom_fields", given(line, "item_custom_fields")),
        ])
    });
    rows.collect::<Vec<_>>().into()
}

/// The name of the plan or addon with a code.
pub(super) fn named(books: &crate::store::books::Books, code: &str) -> Option<Json> {
    use crate::store::kind::Kind;
    let find = |kind: Kind, key: &str| {
        let table = books.table(kind);
        table.holder(key, code).and_then(|id| Some(Json::from(table.get(id)?.text("name"))))
    };
    find(Kind::Plan, "plan_code").or_else(|| find(Kind::Addon, "addon_code"))
}
