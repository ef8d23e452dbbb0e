//! Calls on users.

use std::sync::Arc;

use super::{SPEC, User};
use crate::auth::Context;
use crate::engine::desk::{self, Desk};
use crate::engine::reader::Reader;
use crate::engine::spec::Resource;
use crate::engine::write;
use crate::envelope::Reply;
use crate::error::{ApiError, Code};
use crate::request::Call;
use crate::store::change::Change;
use crate::store::kind::Kind;
use crate::store::record::Record;

/// `GET /users/me`: the user whose token was sent.
pub(crate) fn me(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    caller(context, call, &User)
}

/// The same in the shape of `resource`.
pub(crate) fn caller(context: &Context<'_>, _: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    let reader = Reader::new(context)?;
    let user = reader.books.record(Kind::User, context.user.user_id);
    let user = user.ok_or_else(|| ApiError::missing(SPEC.label))?;
    Ok(Reply::read([("user", reader.detail(resource, user))]))
}

/// `POST /users`: answered with status 200 and without the user. Somebody who was removed is invited anew under the
/// same id.
pub(crate) fn invite(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    let body = call.object()?;
    desk::write(context, call, |desk| {
        let email = body.get("email").and_then(|it| it.as_str()).unwrap_or_default();
        let table = desk.books().table(Kind::User);
        let known = table.holder("email", email).and_then(|id| table.get(id)).cloned();
        match known {
            // The person's record may have the very id that the new one would get, so it must not be overwritten.
            Some(user) if user.text("status") != "deleted" => {
                return Err(ApiError::about(Code::AlreadyExists, email));
            }
            Some(user) => {
                desk.alter(Kind::User, user.id, |user| user.set("status", "invited"))?;
                let user = desk.find(Kind::User, user.id)?;
                desk.update(resource, &user, body)?;
            }
            None => {
                let mut user = desk.blank(Kind::User);
                if let Some(person) = desk.transaction.state.user_by_email(email) {
                    user.id = person.user_id;
                }
                desk.create_from(resource, user, body)?;
            }
        }
        Ok(())
    })?;
    Ok(Reply::done(SPEC.messages.created, []))
}

/// `PUT /users/{user_id}`: answered without the user.
pub(crate) fn update(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    desk::write(context, call, |desk| {
        let before = find(desk, call)?;
        desk.update(resource, &before, call.object()?)
    })?;
    Ok(Reply::done(SPEC.messages.updated, []))
}

/// `POST /users/{user_id}/invite`: repeats an invitation that was not accepted yet (code 4098 otherwise).
pub(crate) fn again(context: &Context<'_>, call: &Call, user: &dyn Resource) -> Result<Reply, ApiError> {
    write::act(context, call, user, SPEC.messages.created, |_, user| {
        if user.text("status") == "invited" { Ok(()) } else { Err(refused("The user has joined already.")) }
    })
}

/// `POST /users/{user_id}/active`.
pub(crate) fn activate(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    desk::write(context, call, |desk| {
        let user = find(desk, call)?;
        match user.text("status") {
            "active" => Ok(()),
            "inactive" => settle(desk, &user, "active"),
            _ => Err(refused("The user has not accepted the invitation yet.")),
        }
    })?;
    Ok(Reply::done("The user has been marked as active.", []))
}

/// `POST /users/{user_id}/inactive`: the user cannot call for this organization any more.
pub(crate) fn deactivate(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    desk::write(context, call, |desk| {
        let user = find(desk, call)?;
        match user.text("status") {
            _ if user.id == context.user.user_id => Err(refused("You cannot mark yourself as inactive.")),
            "inactive" => Ok(()),
            "active" => settle(desk, &user, "inactive"),
            _ => Err(refused("The user has not accepted the invitation yet.")),
        }
    })?;
    Ok(Reply::done("The user has been marked as inactive.", []))
}

/// `DELETE /users/{user_id}`: the record stays with the status `deleted`, and the person leaves the organization.
pub(crate) fn delete(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    desk::write(context, call, |desk| {
        let user = find(desk, call)?;
        if user.id == context.user.user_id {
            return Err(refused("You cannot remove yourself from the organization."));
        }
        settle(desk, &user, "deleted")?;
        let organization_id = &desk.organization.organization_id;
        if let Some(person) = desk.transaction.state.users.get(&user.id) {
            let mut person = (**person).clone();
            person.organizations.retain(|id| id != organization_id);
            desk.transaction.apply(Change::User(Arc::new(person)));
        }
        Ok(())
    })?;
    Ok(Reply::done(SPEC.messages.deleted, []))
}

/// The user that the path names; one who was removed does not exist for writes (code 1002).
pub(crate) fn find(desk: &Desk<'_>, call: &Call) -> Result<Arc<Record>, ApiError> {
    let user = desk.find(Kind::User, call.id(0, SPEC.label)?)?;
    if user.text("status") == "deleted" { Err(ApiError::missing(SPEC.label)) } else { Ok(user) }
}

fn refused(sentence: &str) -> ApiError {
    ApiError::about(Code::WrongState, sentence)
}

/// Changes the status, and with it whether the person's tokens open this organization.
fn settle(desk: &mut Desk<'_>, user: &Record, status: &'static str) -> Result<(), ApiError> {
    desk.alter(Kind::User, user.id, |user| user.set("status", status)).map(|_| ())
}
