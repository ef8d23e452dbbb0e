//! Calls on items beyond those that every resource has.

use super::SPEC;
use crate::auth::Context;
use crate::engine::reader::Reader;
use crate::engine::spec::Resource;
use crate::engine::write;
use crate::envelope::Reply;
use crate::error::ApiError;
use crate::json::Json;
use crate::page::Page;
use crate::request::Call;
use crate::store::kind::Kind;

pub(super) fn activate(context: &Context<'_>, call: &Call, item: &dyn Resource) -> Result<Reply, ApiError> {
    set(context, call, item, "active", "The item has been marked as active.")
}

pub(super) fn deactivate(context: &Context<'_>, call: &Call, item: &dyn Resource) -> Result<Reply, ApiError> {
    set(context, call, item, "inactive", "The item has been marked as inactive.")
}

fn set(
    context: &Context<'_>,
    call: &Call,
    resource: &dyn Resource,
    status: &'static str,
    message: &str,
) -> Result<Reply, ApiError> {
    write::act(context, call, resource, message, |desk, item| {
        if item.text("status") != status {
            desk.alter(Kind::Item, item.id, |item| item.set("status", status))?;
        }
        Ok(())
    })
}

/// `GET /itemdetails?item_ids=a,b`: details in the order asked for; ids of no item are left out. Errors: code 2 without
/// ids or with more than 200.
pub(super) fn details(context: &Context<'_>, call: &Call, item: &dyn Resource) -> Result<Reply, ApiError> {
    let reader = Reader::new(context)?;
    let page = Page::read(&call.query)?;
    let ids = write::ids(call, "item_ids")?.into_iter().filter_map(|id| id.parse().ok());
    let records = ids.filter_map(|id| reader.books.record(Kind::Item, id));
    let (shown, more) = page.take(records.map(|record| reader.detail(item, record)));
    let page_context = page.context(
        more,
        [
            ("report_name", SPEC.report.into()),
            ("sort_column", SPEC.order.0.into()),
            ("sort_order", Json::from("A")),
        ],
    );
    Ok(Reply::read([(SPEC.plural, shown.into()), ("page_context", page_context)]))
}
