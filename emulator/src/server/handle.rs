//! Who calls, and what the operation answers.

use super::{Answer, App, Incoming};
use crate::auth::{Admitted, Context};
use crate::envelope::Reply;
use crate::error::{ApiError, Code};
use crate::fault::Age;
use crate::integration;
use crate::oauth;
use crate::product::Product;
use crate::routes::{self, Target};

/// A token that was looked at once, whatever the call needs.
pub(super) type Admission = Result<Admitted, ApiError>;

/// Looks at the token and the organization of a call.
pub(super) fn admit(app: &App, incoming: &Incoming) -> Admission {
    let product = Product::of(&incoming.path).map(|(product, _)| product);
    let call = &incoming.call;
    Admitted::of(&app.store, incoming.now, &call.query, &call.headers, product)
}

/// Refuses a refresh that comes too soon after others of the same token. Unknown tokens are not counted: they fail
/// anyway, and counting them would let a stranger fill the memory.
pub(super) fn throttle(app: &App, incoming: &Incoming) -> Result<(), Reply> {
    let query = &incoming.call.query;
    if incoming.path != "oauth/v2/token" || query.get("grant_type") != Some("refresh_token") {
        return Ok(());
    }
    match query.get("refresh_token") {
        Some(token) if app.store.read().refresh_tokens.contains_key(token) => {
            app.limiter.token(token, incoming.now)
        }
        _ => Ok(()),
    }
}

/// Handles the call and waits until everything it may have seen or done is on disk. Also says which organization it
/// worked with. `stale` answers a read from earlier records.
pub(super) fn answer(
    app: &App,
    incoming: &mut Incoming,
    admission: Admission,
    stale: Option<Age>,
) -> (Answer, Option<String>) {
    let mut organization = None;
    let reply = dispatch(app, incoming, admission, stale, &mut organization).unwrap_or_else(Reply::from);
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
    incoming: &mut Incoming,
    admission: Admission,
    stale: Option<Age>,
    worked: &mut Option<String>,
) -> Result<Reply, ApiError> {
    if incoming.method == "OPTIONS" {
        return Ok(Reply::read([]));
    }
    let (call, site, now) = (&mut incoming.call, &incoming.site, incoming.now);
    if let Err(error @ ApiError { kind: Code::BodyTooLarge, .. }) = &call.body {
        return Err(error.clone());
    }
    match routes::find(&incoming.method, &incoming.path) {
        Target::Refused(error) => Err(error),
        Target::Authorize => Ok(oauth::authorize(&app.store, now, site, &call.query)),
        Target::Token => Ok(oauth::token(&app.store, now, site, &call.query)),
        Target::Revoke => Ok(oauth::revoke(&app.store, site, &call.query)),
        Target::ZscExchange => integration::exchange_zsc_key(&app.store, call),
        Target::Operation(operation, _, ids) => {
            let mut context = Context::resume(&app.store, admission?, operation.need, operation.scoped)?;
            if operation.scoped {
                *worked = context.organization().ok().map(|it| it.organization_id.clone());
                crate::resource::billing::catch_up(&mut context)?;
            }
            call.ids = ids;
            if let Some(age) = stale {
                context.state = app.store.history().earlier(age, now, context.state);
            }
            operation.answer(&context, call)
        }
    }
}
