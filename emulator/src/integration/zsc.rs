//! ZSC keys: with a person's e-mail address and key another product gets a token of theirs.

use std::sync::Arc;

use crate::auth::Context;
use crate::envelope::Reply;
use crate::error::{ApiError, Code};
use crate::json::Json;
use crate::oauth;
use crate::request::Call;
use crate::scope;
use crate::store::change::Change;
use crate::store::records::User;
use crate::store::{Store, Transaction};

/// Scope of a refresh token that was exchanged for a ZSC key without naming one.
const FULL_ACCESS: &str = "ZohoBooks.fullaccess.all";

/// `POST /integration/v1/zsc/exchange`: trades a user's ZSC key for a refresh token. A wrong key and an unknown e-mail
/// address answer alike, so that nobody learns which addresses exist.
pub(crate) fn exchange_zsc_key(store: &Store, call: &Call) -> Result<Reply, ApiError> {
    let body = call.object()?;
    let text = |name: &str| body.get(name).and_then(Json::as_str).map(str::trim).unwrap_or_default();
    let scopes = match body.get("scope").and_then(Json::as_str) {
        Some(wanted) => scope::parse(wanted).ok_or_else(|| ApiError::invalid("scope"))?,
        None => vec![FULL_ACCESS.to_owned()],
    };
    let (refresh_token, user) = store.write(|transaction| {
        let client = transaction.state.clients.get(text("client_id")).cloned();
        let client =
            client.filter(|it| it.client_secret == text("client_secret")).ok_or(Code::UnknownClient)?;
        let user = transaction.state.user_by_email(text("email")).cloned();
        // Someone who revoked the key has none, and no key opens that.
        let user = user.filter(|it| !it.zsc_key.is_empty() && it.zsc_key == text("zsc_key"));
        let user = user.ok_or(Code::ZscRefused)?;
        Ok((oauth::issue_refresh(transaction, user.user_id, &client.client_id, &scopes), user))
    })?;
    let shown = Json::object([
        ("user_id", Json::id(user.user_id)),
        ("name", user.name.as_str().into()),
        ("email", user.email.as_str().into()),
    ]);
    Ok(Reply::read([("refresh_token", refresh_token.into()), ("user", shown)]))
}

/// `POST /integration/v1/zsc/key`: gives the calling user a new key, `{zsc_key}`. The one before no longer works; tokens
/// that were issued for it do.
pub(crate) fn issue_key(context: &Context<'_>, _: &Call) -> Result<Reply, ApiError> {
    let key = context.store.write(|transaction| {
        let key = transaction.zsc_key();
        set_key(transaction, context, &key);
        Ok(key)
    })?;
    Ok(Reply::success(201, "The ZSC key has been generated.", [("zsc_key", key.into())]))
}

/// `DELETE /integration/v1/zsc/key`: leaves the calling user without a key; repeating it is harmless.
pub(crate) fn revoke_key(context: &Context<'_>, _: &Call) -> Result<Reply, ApiError> {
    context.store.write(|transaction| {
        set_key(transaction, context, "");
        Ok(())
    })?;
    Ok(Reply::done("The ZSC key has been revoked.", []))
}

fn set_key(transaction: &mut Transaction, context: &Context<'_>, key: &str) {
    let known = transaction.state.users.get(&context.user.user_id).unwrap_or(&context.user);
    let user = User { zsc_key: key.to_owned(), ..(**known).clone() };
    transaction.apply(Change::User(Arc::new(user)));
}
