//! Comments on a report.

use crate::auth::Context;
use crate::engine::desk;
use crate::engine::spec::Resource;
use crate::engine::write;
use crate::envelope::Reply;
use crate::error::ApiError;
use crate::format;
use crate::json::Json;
use crate::request::Call;

/// The most characters of a comment [?].
const MAX_COMMENT: usize = 2000;

/// `GET /expensereports/{id}/comments`, oldest first.
pub(crate) fn list(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    let report = write::find(context, call, resource)?;
    Ok(Reply::read([("comments", report.list("comments").to_vec().into())]))
}

/// `POST /expensereports/{id}/comments`. Errors: code 2 without a description, 15 for a long one.
pub(crate) fn add(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    let text = call.object()?.get("description").and_then(Json::as_str).unwrap_or_default().trim();
    if text.is_empty() {
        return Err(ApiError::invalid("description"));
    }
    if text.chars().count() > MAX_COMMENT {
        return Err(ApiError::too_long("description", MAX_COMMENT));
    }
    let spec = resource.spec();
    let id = call.id(0, spec.label)?;
    let comment = desk::write(context, call, |desk| {
        let report = desk.find(spec.kind, id)?;
        let zone = desk.organization.zone();
        let comment = Json::object([
            ("comment_id", Json::id(desk.next_id())),
            ("report_id", Json::id(id)),
            ("description", text.into()),
            ("commented_by_id", Json::id(desk.caller.user_id)),
            ("commented_by", desk.caller.name.as_str().into()),
            ("comment_type", "user".into()),
            ("date", format::date(desk.now, zone).into()),
            ("date_time", format::timestamp(desk.now, zone).into()),
        ]);
        let mut comments = report.list("comments").to_vec();
        comments.push(comment.clone());
        desk.alter(spec.kind, id, |report| report.set("comments", comments))?;
        Ok(comment)
    })?;
    Ok(Reply::success(201, "Comments added.", [("comment", comment)]))
}

/// `DELETE /expensereports/{id}/comments/{comment_id}`. Errors: 1002 for an unknown one.
pub(crate) fn remove(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    write::act(context, call, resource, "The comment has been deleted.", |desk, report| {
        let is = |it: &Json| it.get("comment_id").and_then(Json::as_id_text) == Some(call.text_id(1));
        let comments = report.list("comments");
        if !comments.iter().any(is) {
            return Err(ApiError::missing("Comment"));
        }
        let kept: Vec<Json> = comments.iter().filter(|it| !is(it)).cloned().collect();
        desk.alter(report.kind, report.id, |report| report.set("comments", kept)).map(|_| ())
    })
}
