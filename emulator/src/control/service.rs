//! The emulator as a whole: health, reset, chance, grant codes, status page.

use std::sync::atomic::Ordering;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Call, Refusal, Route, document, route};
use crate::envelope::Reply;
use crate::error::{ApiError, Code};
use crate::oauth;
use crate::scope;
use crate::status_page;

pub(super) static ROUTES: &[Route] = &[
    route("GET", "", "The status page for people.", status),
    route(
        "GET",
        "health",
        "Says that the emulator runs: {status, time, url, version, requests}. requests counts all calls but those to \
         the control surface.",
        health,
    ),
    route(
        "POST",
        "reset",
        "Goes back to the seed and the scenario of the start: records, tokens, id counters and what the limits counted. \
         Journal, faults, limits, clock, chance, snapshots and forks stay.",
        reset,
    ),
    route("GET", "random", "The number that makes chance repeatable: {seed}, null without one.", random),
    route(
        "PUT",
        "random",
        "Starts chance over with {\"seed\": 7}, or unpredictably with {\"seed\": null}.",
        restart_random,
    ),
    route(
        "POST",
        "oauth/codes",
        "Mints a grant code as the consent page would: {client_id, email, scope, redirect_uri?, access_type?, \
         expires_in?}. Without a redirect_uri it is a self client's, and expires_in is 180 to 600 seconds. The answer \
         is {code}.",
        mint_code,
    ),
];

fn status(call: &Call<'_>) -> Result<Reply, Refusal> {
    Ok(Reply::html(status_page::render(call.app, call.now)))
}

fn health(call: &Call<'_>) -> Result<Reply, Refusal> {
    Ok(document(
        200,
        &json!({
            "status": "ok",
            "time": call.now,
            "url": call.app.url,
            "version": env!("CARGO_PKG_VERSION"),
            "requests": call.app.requests.load(Ordering::Relaxed),
        }),
    ))
}

fn reset(call: &Call<'_>) -> Result<Reply, Refusal> {
    call.app.reset(call.now).map_err(|error| {
        tracing::error!(%error, "the reset was refused");
        Refusal(500, error.to_string())
    })?;
    Ok(document(200, &json!({ "status": "reset" })))
}

fn random(call: &Call<'_>) -> Result<Reply, Refusal> {
    Ok(document(200, &json!({ "seed": call.app.store.random().number() })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Chance {
    seed: Option<u64>,
}

fn restart_random(call: &Call<'_>) -> Result<Reply, Refusal> {
    let chance: Chance = call.read("seed")?;
    call.app.store.random().restart(chance.seed);
    random(call)
}

fn mint_code(call: &Call<'_>) -> Result<Reply, Refusal> {
    let store = &call.app.store;
    let body: Value = call.read("order of a code")?;
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    let state = store.read();
    let user = state.user_by_email(text("email")).cloned();
    let user = user.ok_or_else(|| Refusal::bad("email names no user of the emulator."))?;
    if !state.clients.contains_key(text("client_id")) {
        return Err(Refusal::bad("client_id names no client of the emulator."));
    }
    let scopes = scope::parse(text("scope"));
    let scopes = scopes.ok_or_else(|| Refusal::bad("scope is empty or names a scope that is not known."))?;
    let redirect_uri = Some(text("redirect_uri").to_owned()).filter(|uri| !uri.is_empty());
    let offline = text("access_type") != "online";
    let expires_in = match body.get("expires_in") {
        None | Some(Value::Null) => oauth::CODE_SECONDS,
        Some(wanted) => {
            let wanted = wanted.as_i64().filter(|it| oauth::SELF_CLIENT_CODE_SECONDS.contains(it));
            let wanted = wanted.filter(|_| redirect_uri.is_none());
            let sentence = "expires_in is 180 to 600 seconds, for codes without a redirect_uri.";
            wanted.ok_or_else(|| Refusal::bad(sentence))?
        }
    };
    let minted = store.write(|transaction| {
        let (user_id, client_id) = (user.user_id, text("client_id"));
        let new = oauth::NewCode { user_id, client_id, scopes, redirect_uri, offline, expires_in };
        Ok(oauth::mint_code(transaction, call.now, new))
    });
    let settled = minted.and_then(|code| store.settle().map(|()| code).map_err(|_| Code::Internal.into()));
    Ok(settled.map_or_else(|error: ApiError| error.into(), |code| document(201, &json!({ "code": code }))))
}
