//! Tax groups: several taxes under one id.

use rust_decimal::Decimal;

use super::{GROUP, SPEC, Tax, own, switched_on};
use crate::auth::Context;
use crate::engine::desk::{self, Desk};
use crate::engine::reader::Reader;
use crate::engine::spec::Resource;
use crate::envelope::Reply;
use crate::error::{ApiError, Code};
use crate::json::Json;
use crate::request::Call;
use crate::store::kind::Kind;
use crate::store::record::Record;

const MAX_NAME: usize = 100;

/// `POST /settings/taxgroups`.
pub(crate) fn create(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let body = call.object()?;
    let shown = desk::write(context, call, |desk| {
        let mut group = desk.blank(Kind::Tax);
        Tax.begin(desk, &mut group)?;
        group.set("tax_type", GROUP);
        save(desk, group, body)
    })?;
    Ok(Reply::success(201, "The tax group has been added.", [("tax_group", shown)]))
}

/// `GET /settings/taxgroups/{tax_group_id}`.
pub(crate) fn read(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let group = own(context, call, true)?;
    Ok(Reply::read([("tax_group", shown(&group, &Reader::new(context)?))]))
}

/// `PUT /settings/taxgroups/{tax_group_id}`.
pub(crate) fn update(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let id = own(context, call, true)?.id;
    let shown = desk::write(context, call, |desk| {
        let group = (*desk.find(Kind::Tax, id)?).clone();
        save(desk, group, call.object()?)
    })?;
    Ok(Reply::done("The tax group information has been updated.", [("tax_group", shown)]))
}

/// `DELETE /settings/taxgroups/{tax_group_id}`: its members stay.
pub(crate) fn delete(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let id = own(context, call, true)?.id;
    desk::write(context, call, |desk| desk.delete(&Tax, id))?;
    Ok(Reply::done("The tax group has been deleted.", []))
}

/// Takes `tax_group_name` and `taxes`, a list of ids or a text with commas. Errors: code 2 for a missing name, for no
/// members, the same member twice or a group as a member; 4 for a name that is taken; 6 for an unknown tax.
fn save(desk: &mut Desk<'_>, mut group: Record, body: &Json) -> Result<Json, ApiError> {
    switched_on(desk)?;
    if let Some(name) = body.get("tax_group_name") {
        let name = name.as_str().map(str::trim).ok_or_else(|| ApiError::invalid("tax_group_name"))?;
        if name.chars().count() > MAX_NAME {
            return Err(ApiError::too_long("tax_group_name", MAX_NAME));
        }
        group.set("tax_name", name);
    }
    if group.text("tax_name").is_empty() {
        return Err(ApiError::invalid("tax_group_name"));
    }
    if let Some(value) = body.get("taxes") {
        let members = ids(value)?.into_iter().map(|id| Json::object([("tax_id", id.into())]));
        group.set("taxes", members.collect::<Vec<_>>());
    }
    complete(desk, &mut group)?;
    group.modified = desk.now;
    let group = desk.put(group)?;
    Ok(shown(&group, &desk.reader()))
}

fn ids(value: &Json) -> Result<Vec<String>, ApiError> {
    let wrong = || ApiError::invalid("taxes");
    let ids: Vec<String> = match value {
        Json::Text(text) => {
            text.split(',').map(|id| id.trim().to_owned()).filter(|id| !id.is_empty()).collect()
        }
        Json::List(items) => items
            .iter()
            .map(|item| item.as_id_text().or_else(|| item.get("tax_id")?.as_id_text()).map(str::to_owned))
            .collect::<Option<_>>()
            .ok_or_else(wrong)?,
        _ => return Err(wrong()),
    };
    let twice = ids.iter().enumerate().any(|(at, id)| ids[..at].contains(id));
    if twice { Err(wrong()) } else { Ok(ids) }
}

/// Checks the members of a group and sums their percentages.
pub(super) fn complete(desk: &Desk<'_>, group: &mut Record) -> Result<(), ApiError> {
    let books = desk.books();
    let mut sum = Decimal::ZERO;
    for entry in group.list("taxes") {
        let id = entry.get("tax_id").and_then(Json::as_id_text).and_then(|id| id.parse().ok());
        let tax = id.and_then(|id| books.record(Kind::Tax, id));
        let tax = tax.ok_or_else(|| ApiError::about(Code::InvalidReference, "taxes"))?;
        if tax.text("tax_type") == GROUP {
            return Err(ApiError::invalid("taxes"));
        }
        sum += tax.decimal("tax_percentage");
    }
    if group.list("taxes").is_empty() {
        return Err(ApiError::invalid("taxes"));
    }
    group.set("tax_percentage", Json::amount(sum));
    Ok(())
}

/// Whether a tax is a group with the member `tax_id`.
pub(super) fn holds(group: &Record, tax_id: u64) -> bool {
    let id = tax_id.to_string();
    let is = |entry: &Json| entry.get("tax_id").and_then(Json::as_id_text) == Some(id.as_str());
    group.text("tax_type") == GROUP && group.list("taxes").iter().any(is)
}

fn shown(group: &Record, reader: &Reader<'_>) -> Json {
    const MEMBER: [&str; 6] =
        ["tax_name", "tax_percentage", "tax_type", "tax_factor", "tax_authority_id", "tax_authority_name"];
    let ids = group.list("taxes").iter().filter_map(|it| it.get("tax_id")?.as_id_text()?.parse().ok());
    let taxes = ids.filter_map(|id| reader.books.record(Kind::Tax, id)).map(|tax| {
        let mut object = vec![(SPEC.id.to_owned(), Json::id(tax.id))];
        object.extend(MEMBER.iter().map(|name| ((*name).to_owned(), Tax.show(name, tax, reader))));
        Json::Object(object)
    });
    Json::object([
        ("tax_group_id", Json::id(group.id)),
        ("tax_group_name", group.text("tax_name").into()),
        ("tax_group_percentage", Json::amount(group.decimal("tax_percentage"))),
        ("taxes", taxes.collect::<Vec<_>>().into()),
    ])
}
