//! Calls on custom field definitions, and the call that writes nothing but a record's custom fields.

use super::{entities, of_entity, plain};
use crate::auth::Context;
use crate::engine::desk;
use crate::engine::reader::Reader;
use crate::engine::spec::Resource;
use crate::engine::write;
use crate::envelope::Reply;
use crate::error::{ApiError, Code};
use crate::json::Json;
use crate::request::Call;
use crate::resource::custom_field::CustomField;

/// `GET /settings/fields?entity=`. Errors: code 2 without a known entity.
pub(crate) fn fields(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let entity = wanted(call)?.ok_or_else(|| ApiError::invalid("entity"))?;
    Ok(Reply::read([("fields", shown(&Reader::new(context)?, entity).into())]))
}

/// `GET /settings/preferences/customfields`: lists under the names of their entities.
pub(crate) fn preferences(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let reader = Reader::new(context)?;
    let wanted = wanted(call)?;
    let among = entities().filter(|entity| wanted.is_none_or(|wanted| wanted == *entity));
    let lists = among.map(|entity| (entity.to_owned(), shown(&reader, entity).into())).collect();
    Ok(Reply::read([("customfields", Json::Object(lists))]))
}

fn wanted(call: &Call) -> Result<Option<&'static str>, ApiError> {
    let Some(text) = call.query.get("entity") else { return Ok(None) };
    let known = entities().find(|entity| plain(entity) == plain(text));
    known.map(Some).ok_or_else(|| ApiError::invalid("entity"))
}

fn shown(reader: &Reader<'_>, entity: &str) -> Vec<Json> {
    of_entity(&reader.books, entity)
        .map(|field| {
            let Json::Object(mut members) = reader.detail(&CustomField, &field) else { return Json::Null };
            members.push(("field_id".to_owned(), Json::id(field.id)));
            members.push(("field_name".to_owned(), field.text("api_name").into()));
            members.push(("field_name_formatted".to_owned(), field.text("label").into()));
            members.push(("is_custom_field".to_owned(), true.into()));
            Json::Object(members)
        })
        .collect()
}

/// `POST /integration/v1/customfields`.
pub(crate) fn create(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    capable(context)?;
    write::create(context, call, resource)
}

/// `PUT /integration/v1/customfields/{customfield_id}`.
pub(crate) fn update(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    capable(context)?;
    write::update(context, call, resource)
}

/// `DELETE /integration/v1/customfields/{customfield_id}`: the values go with it.
pub(crate) fn delete(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    capable(context)?;
    write::delete(context, call, resource)
}

fn capable(context: &Context<'_>) -> Result<(), ApiError> {
    let organization = context.organization()?;
    if organization.crm_link {
        return Ok(());
    }
    Err(ApiError::about(Code::NoCrmLink, &organization.organization_id))
}

/// `PUT /<singular>/{id}/customfields`: a list of entries, bare or under `custom_fields`.
pub(crate) fn write_values(
    context: &Context<'_>,
    call: &Call,
    resource: &dyn Resource,
) -> Result<Reply, ApiError> {
    let spec = resource.spec();
    let id = call.id(0, spec.label)?;
    let entries = match call.body.as_ref().map_err(Clone::clone)? {
        None => return Err(Code::EmptyBody.into()),
        Some(Json::List(entries)) => entries.clone(),
        Some(body) => {
            let entries = body.get("custom_fields").and_then(Json::as_list);
            entries.ok_or_else(|| ApiError::invalid("custom_fields"))?.to_vec()
        }
    };
    let body = Json::object([("custom_fields", entries.into())]);
    desk::write(context, call, |desk| {
        let before = desk.find(spec.kind, id)?;
        let mut record = (*before).clone();
        desk.take_custom_fields(resource, &mut record, before.list("custom_fields"), false, &body)?;
        record.modified = desk.now;
        desk.put(record)
    })?;
    Ok(Reply::done("Custom Fields Updated Successfully", []))
}
