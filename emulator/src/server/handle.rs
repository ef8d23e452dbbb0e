//! Who calls, and what the operation answers.

use super::{Answer, App, Incoming};
use crate::auth::Context;
use crate::envelope::Reply;
use crate::error::{ApiError, Code};
use crate::fault::Age;
use crate::integration;
use crate::limit::Caller;
use crate::oauth;
use crate::product::Product;
use crate::request::Call;
use crate::routes::{self, Target};

/// Whom the quotas count the call for; `None` for a call without a valid token or without an organization.
pub(super) fn caller(app: &App, incoming: &Incoming) -> Option<Caller> {
    let product = Product::of(&incoming.path).map(|(product, _)| product);
    let (mut context, token) =
        Context::admit(&app.store, incoming.now, &incoming.headers, product, None).ok()?;
    context.select(&incoming.query, &incoming.headers, &token).ok()?;
    let organization = context.organization().ok()?;
    Some(Caller {
        user_id: context.user.user_id,
        organization_id: organization.organization_id.clone(),
        plan: organization.plan_name.clone(),
    })
}

/// Refuses a refresh that comes too soon after others of the same token. Unknown tokens are not counted: they fail
/// anyway, and counting them would let a stranger fill the memory.
pub(super) fn throttle(app: &App, incoming: &Incoming) -> Result<(), Reply> {
    if incoming.path != "oauth/v2/token" || incoming.query.get("grant_type") != Some("refresh_token") {
        return Ok(());
    }
    match incoming.query.get("refresh_token") {
        Some(token) if app.store.read().refresh_tokens.contains_key(token) => {
            app.limiter.token(token, incoming.now)
        }
        _ => Ok(()),
    }
}

/// Handles the call and waits until everything it may have seen or done is on disk. Also says which organization it
/// worked with. `stale` answers a read from earlier records.
pub(super) fn answer(app: &App, incoming: &Incoming, stale: Option<Age>) -> (Answer, Option<String>) {
    let mut organization = None;
    let writes = !matches!(incoming.method.as_str(), "GET" | "HEAD" | "OPTIONS");
    let before = writes.then(|| app.store.read());
    let reply = dispatch(app, incoming, stale, &mut organization).unwrap_or_else(Reply::from);
    // Tokens and users are no records: only a call that touched the books leaves an earlier state.
    if let Some(before) = before.filter(|before| !before.books.ptr_eq(&app.store.read().books)) {
        app.history.push(incoming.now, before);
    }
    match app.store.settle() {
        Ok(()) => (reply.into(), organization),
        Err(error) => {
            tracing::error!(%error, "the state file could not be brought to disk");
            (ApiError::from(Code::Internal).into(), organization)
        }
    }
}

fn dispatch(
    app: &App,
    incoming: &Incoming,
    stale: Option<Age>,
    organization: &mut Option<String>,
) -> Result<Reply, ApiError> {
    if incoming.method == "OPTIONS" {
        return Ok(Reply::read([]));
    }
    if let Err(error @ ApiError { kind: Code::BodyTooLarge, .. }) = &incoming.decoded.body {
        return Err(error.clone());
    }
    let call = |ids| Call {
        ids,
        query: incoming.query.clone(),
        headers: incoming.headers.clone(),
        files: incoming.decoded.files.clone(),
        body: incoming.decoded.body.clone(),
    };
    match routes::find(&incoming.method, &incoming.path) {
        Target::Refused(error) => Err(error),
        Target::Authorize => Ok(oauth::authorize(&app.store, incoming.now, &incoming.site, &incoming.query)),
        Target::Token => Ok(oauth::token(&app.store, incoming.now, &incoming.site, &incoming.query)),
        Target::Revoke => Ok(oauth::revoke(&app.store, &incoming.site, &incoming.query)),
        Target::ZscExchange => integration::exchange_zsc_key(&app.store, &call(Vec::new())),
        Target::Operation(operation, product, ids) => {
            let (mut context, token) =
                Context::admit(&app.store, incoming.now, &incoming.headers, product, operation.need)?;
            if operation.scoped {
                context.select(&incoming.query, &incoming.headers, &token)?;
                *organization = context.organization().ok().map(|it| it.organization_id.clone());
                crate::resource::billing::catch_up(&mut context)?;
            }
            if let Some(age) = stale {
                context.state = app.history.earlier(age, context.now, context.state);
            }
            operation.answer(&context, &call(ids))
        }
    }
}
