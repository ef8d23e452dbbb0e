//! `/_emulator`: clock, chance, faults, limits, errors, journal, snapshots, forks, scenarios, webhooks, reset, health and the
//! status page.
//!
//! These calls are no part of the emulated API, need no token and are not journalled. A refusal is
//! `{"error":"<sentence>"}` with a status of 400 or above; the sentence says what is allowed.

mod clock;
mod docs;
mod errors;
mod faults;
mod forks;
mod journal;
mod limits;
mod outbox;
mod seed;
mod service;
mod snapshots;
mod webhooks;

use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::envelope::Reply;
use crate::request::Query;
use crate::server::{Answer, App};
use crate::tls;

/// What a control call works with.
struct Call<'a> {
    app: &'a App,
    now: DateTime<Utc>,
    query: &'a Query,
    body: &'a [u8],
    /// What the route's `*`, `@` or `**` stands for.
    id: &'a str,
}

/// A refusal: HTTP status and sentence.
struct Refusal(u16, String);

type Handler = fn(&Call<'_>) -> Result<Reply, Refusal>;

/// One control call. The page of documents is made from these, so the summary is written for its reader.
struct Route {
    method: &'static str,
    /// Below `/_emulator/`; `*` stands for an id, `@` for a name, `**` for the rest.
    path: &'static str,
    summary: &'static str,
    handler: Handler,
}

const fn route(method: &'static str, path: &'static str, summary: &'static str, handler: Handler) -> Route {
    Route { method, path, summary, handler }
}

fn routes() -> impl Iterator<Item = &'static Route> {
    [
        service::ROUTES,
        clock::ROUTES,
        faults::ROUTES,
        limits::ROUTES,
        errors::ROUTES,
        journal::ROUTES,
        outbox::ROUTES,
        snapshots::ROUTES,
        forks::ROUTES,
        seed::ROUTES,
        webhooks::ROUTES,
        docs::ROUTES,
    ]
    .into_iter()
    .flatten()
}

/// Whether a call may be busy for so long that others would wait for it on the event loop.
pub(crate) fn takes_long(path: &str) -> bool {
    ["_emulator/generate", "_emulator/seed", "_emulator/reset"].contains(&path.trim_end_matches('/'))
}

/// The refusal of a control call whose body is larger than any may be.
pub(crate) fn too_large() -> Answer {
    refused(413, "The body is larger than 10 MiB.").into()
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
    if path == tls::CA_PATH {
        return match (app.ca_pem.as_deref(), method) {
            (None, _) => refused(404, "The emulator has no authority. Start it with --tls."),
            (Some(pem), "GET" | "HEAD") => tls::ca_reply(pem),
            (Some(_), _) => refused(405, "The certificate is there to be read: GET."),
        };
    }
    let rest = path.strip_prefix("_emulator").unwrap_or_default().trim_start_matches('/');
    let mut matching = routes().filter_map(|route| Some((route, id(route.path, rest)?))).peekable();
    if matching.peek().is_none() {
        return refused(404, "There is no such control call. GET /_emulator/docs lists all.");
    }
    match matching.find(|(route, _)| route.method == method) {
        Some((route, id)) => {
            let call = Call { app, now, query, body, id };
            (route.handler)(&call).unwrap_or_else(|Refusal(status, sentence)| refused(status, &sentence))
        }
        None => refused(405, "This control call has another method. GET /_emulator/docs lists all."),
    }
}

/// What `*`, `@` or `**` stands for, empty for a path without one; `None` when the path does not fit. Literal paths
/// win, because `*` takes digits only and no literal path stands beside an `@`.
fn id<'a>(pattern: &str, path: &'a str) -> Option<&'a str> {
    let segment = |root: &str, fits: fn(u8) -> bool| {
        path.strip_prefix(root).filter(|id| !id.is_empty() && id.bytes().all(fits))
    };
    if let Some(root) = pattern.strip_suffix("**") {
        segment(root, |_| true)
    } else if let Some(root) = pattern.strip_suffix('*') {
        segment(root, |byte| byte.is_ascii_digit())
    } else if let Some(root) = pattern.strip_suffix('@') {
        segment(root, |byte| byte != b'/')
    } else {
        (pattern == path).then_some("")
    }
}

fn refused(status: u16, sentence: &str) -> Reply {
    document(status, &json!({ "error": sentence }))
}

fn document(status: u16, body: &Value) -> Reply {
    text(status, "application/json;charset=UTF-8", body.to_string())
}

fn text(status: u16, content_type: &'static str, body: String) -> Reply {
    Reply { status, ..Reply::file(content_type.into(), body.into()) }
}

impl Refusal {
    fn bad(sentence: impl Into<String>) -> Self {
        Self(400, sentence.into())
    }
}

impl Call<'_> {
    /// The body as `T`; an empty body is an empty object. Errors: 400 with what is wrong.
    fn read<T: DeserializeOwned>(&self, what: &str) -> Result<T, Refusal> {
        let body = if self.body.trim_ascii().is_empty() { b"{}" } else { self.body };
        serde_json::from_slice(body)
            .map_err(|error| Refusal::bad(format!("The {what} is not understood: {error}.")))
    }

    /// `present` with the members of the body put over it; members of objects are put over singly, and `null` stays a
    /// value. Errors: 400 with what is wrong.
    fn patched(&self, mut present: Value, what: &str) -> Result<String, Refusal> {
        let patch: Value = self.read(what)?;
        if !patch.is_object() {
            return Err(Refusal::bad(format!("The {what} is a JSON object.")));
        }
        put_over(&mut present, patch);
        Ok(present.to_string())
    }
}

fn put_over(present: &mut Value, patch: Value) {
    match (present, patch) {
        (Value::Object(present), Value::Object(patch)) => {
            for (name, value) in patch {
                put_over(present.entry(name).or_insert(Value::Null), value);
            }
        }
        (present, patch) => *present = patch,
    }
}
