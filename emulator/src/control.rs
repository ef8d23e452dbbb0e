//! `/_emulator`: journal, reset, faults, health and the status page. These calls are not journalled.

use std::sync::atomic::Ordering;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::envelope::Reply;
use crate::error::{ApiError, Code};
use crate::fault::FaultRule;
use crate::journal::JournalFilter;
use crate::oauth;
use crate::outbox;
use crate::request::Query;
use crate::scope;
use crate::server::App;
use crate::status_page;

/// The refusals of the control surface carry a sentence and HTTP 400; they are no part of the emulated API.
fn refused(sentence: &str) -> Reply {
    document(400, &json!({ "error": sentence }))
}

fn document(status: u16, body: &Value) -> Reply {
    let mut reply = Reply::json(status, &crate::json::Json::Null);
    reply.body = body.to_string().into();
    reply
}

/// Answers one control call.
pub(crate) fn handle(
    app: &App,
    now: DateTime<Utc>,
    method: &str,
    path: &str,
    query: &Query,
    body: &[u8],
) -> Reply {
    let rest = path.strip_prefix("_emulator").unwrap_or_default().trim_start_matches('/');
    if let Some(outbox) = rest.strip_prefix("outbox").filter(|it| it.is_empty() || it.starts_with('/')) {
        let reply = outbox::handle(&app.store, method, outbox.trim_start_matches('/'), query);
        return reply.unwrap_or_else(|| ApiError::from(Code::InvalidUrl).into());
    }
    match (method, rest) {
        ("GET", "") => Reply::html(status_page::render(app, now)),
        ("GET", "health") => document(200, &health(app, now)),
        ("GET", "journal") => journal(app, query),
        ("DELETE", "journal") => {
            app.journal.clear();
            document(200, &json!({ "status": "cleared" }))
        }
        ("POST", "reset") => match app.store.reset(now) {
            Ok(()) => document(200, &json!({ "status": "reset" })),
            Err(error) => {
                tracing::error!(%error, "the reset could not be written to the state file");
                ApiError::from(Code::Internal).into()
            }
        },
        ("GET", "faults") => document(200, &json!({ "faults": app.faults.list() })),
        ("POST", "faults") => match serde_json::from_slice::<FaultRule>(body) {
            Ok(rule) => document(201, &json!({ "id": app.faults.add(rule) })),
            Err(error) => refused(&format!("The fault rule is not understood: {error}.")),
        },
        ("DELETE", "faults") => {
            app.faults.clear();
            document(200, &json!({ "status": "cleared" }))
        }
        ("POST", "oauth/codes") => mint_code(app, now, body),
        (_, "" | "health" | "journal" | "reset" | "faults" | "oauth/codes") => {
            ApiError::from(Code::MethodNotAllowed).into()
        }
        ("DELETE", one) => match one.strip_prefix("faults/").and_then(|id| id.parse().ok()) {
            Some(id) if app.faults.remove(id) => document(200, &json!({ "status": "cleared" })),
            _ => ApiError::from(Code::InvalidUrl).into(),
        },
        _ => ApiError::from(Code::InvalidUrl).into(),
    }
}

fn health(app: &App, now: DateTime<Utc>) -> Value {
    json!({
        "status": "ok",
        "time": now,
        "url": app.url,
        "version": env!("CARGO_PKG_VERSION"),
        "requests": app.requests.load(Ordering::Relaxed),
    })
}

fn journal(app: &App, query: &Query) -> Reply {
    let (status, since) = (query.get("status"), query.get("since"));
    let filter = JournalFilter {
        method: query.get("method").map(str::to_owned),
        path: query.get("path").map(str::to_owned),
        status: status.and_then(|text| text.parse().ok()),
        since: since.and_then(|text| text.parse().ok()),
    };
    if status.is_some() != filter.status.is_some() || since.is_some() != filter.since.is_some() {
        return refused("status is an HTTP status and since a sequence number; both are whole numbers.");
    }
    document(200, &json!({ "entries": app.journal.list(&filter) }))
}

/// Mints a grant code as the consent page would: `{client_id, email, scope, redirect_uri?, access_type?}`.
fn mint_code(app: &App, now: DateTime<Utc>, body: &[u8]) -> Reply {
    let Ok(body) = serde_json::from_slice::<Value>(body) else {
        return refused("The body is not JSON.");
    };
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    let state = app.store.read();
    let Some(user) = state.user_by_email(text("email")).cloned() else {
        return refused("email names no user of the emulator.");
    };
    if !state.clients.contains_key(text("client_id")) {
        return refused("client_id names no client of the emulator.");
    }
    let Some(scopes) = scope::parse(text("scope")) else {
        return refused("scope is empty or names a scope that is not known.");
    };
    let redirect_uri = Some(text("redirect_uri").to_owned()).filter(|uri| !uri.is_empty());
    let offline = text("access_type") != "online";
    let minted = app.store.write(|transaction| {
        let client_id = text("client_id");
        Ok(oauth::mint_code(transaction, now, user.user_id, client_id, scopes, redirect_uri, offline))
    });
    match minted.and_then(|code| app.store.settle().map(|()| code).map_err(|_| Code::Internal.into())) {
        Ok(code) => document(201, &json!({ "code": code })),
        Err(error) => error.into(),
    }
}
