//! `POST /oauth/v2/token/revoke`.

use super::{Failure, kill, reply};
use crate::envelope::Reply;
use crate::host::Site;
use crate::json::Json;
use crate::request::Query;
use crate::store::Store;
use crate::store::change::Change;

/// Ends the refresh token `token` with its access tokens, or one access token. A token that is unknown, already ended
/// or of another data centre is HTTP 400.
pub(crate) fn revoke(store: &Store, site: &Site, parameters: &Query) -> Reply {
    let wanted = parameters.get("token").unwrap_or_default();
    let outcome = store.write(|transaction| {
        let state = &transaction.state;
        let here =
            |user_id: &u64| state.users.get(user_id).is_some_and(|user| site.reaches(user.data_centre));
        let ended: Vec<_> = state
            .access_tokens
            .values()
            .filter(|access| !access.revoked && here(&access.user_id))
            .filter(|access| access.token == wanted || access.refresh_token.as_deref() == Some(wanted))
            .cloned()
            .collect();
        let known = state.refresh_tokens.get(wanted).is_some_and(|refresh| here(&refresh.user_id));
        if !known && !ended.iter().any(|access| access.token == wanted) {
            return Ok(Err(Failure::Named("invalid_code")));
        }
        for access in ended {
            kill(transaction, &access);
        }
        if known {
            transaction.apply(Change::RefreshTokenDeleted(wanted.to_owned()));
        }
        Ok(Ok(Json::object([("status", "success".into())])))
    });
    reply(outcome.unwrap_or_else(|error| Err(error.into())), 400)
}
