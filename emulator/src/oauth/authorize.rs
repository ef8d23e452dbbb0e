//! `/oauth/v2/auth`: where a person grants a client its scopes (API facts, section 2.1).

use std::sync::Arc;

use axum::http::Uri;
use chrono::{DateTime, Utc};

use super::{CODE_SECONDS, NewCode, consent, mint_code};
use crate::envelope::Reply;
use crate::host::Site;
use crate::request::Query;
use crate::scope;
use crate::store::records::{Client, User};
use crate::store::{State, Store};

/// Parameter with the e-mail address of the user who signs in.
pub(super) const USER: &str = "emulator_user";
/// Parameter with the user's answer: `accept` or `deny`.
pub(super) const ANSWER: &str = "emulator_consent";
/// Parameters that the page carries over from the request to the answer.
pub(super) const CARRIED: [&str; 7] =
    ["response_type", "client_id", "scope", "redirect_uri", "access_type", "prompt", "state"];

/// A request that may be shown to a person.
pub(super) struct Request {
    pub(super) client: Arc<Client>,
    pub(super) scopes: Vec<String>,
    pub(super) redirect_uri: String,
    /// Whether access without the user, by refresh token, is asked for.
    pub(super) offline: bool,
}

/// Shows the consent page, or redirects to the client once `emulator_consent` holds the user's answer. A request with a
/// mistake is answered by a page that names it (HTTP 400) and never redirects, because its redirect cannot be trusted.
pub(crate) fn authorize(store: &Store, now: DateTime<Utc>, site: &Site, parameters: &Query) -> Reply {
    let state = store.read();
    let request = match check(&state, site, parameters) {
        Ok(request) => request,
        Err(mistake) => return consent::refused(&mistake),
    };
    match parameters.get(ANSWER) {
        None => consent::page(&state, &request, parameters),
        Some("deny") => back(&request, [Some(("error", "access_denied")), carried_state(parameters)]),
        Some("accept") => match user(&state, &request, parameters) {
            Some(user) => accept(store, now, site, &request, &user, parameters),
            None => consent::refused(&Mistake {
                word: "invalid_user",
                explanation: format!("{USER} names no user who can grant this client anything."),
            }),
        },
        Some(_) => consent::refused(&Mistake {
            word: "invalid_request",
            explanation: format!("{ANSWER} is neither accept nor deny."),
        }),
    }
}

/// What is wrong with a request.
pub(super) struct Mistake {
    pub(super) word: &'static str,
    pub(super) explanation: String,
}

fn check(state: &State, site: &Site, parameters: &Query) -> Result<Request, Mistake> {
    let mistake =
        |word: &'static str, explanation: &str| Mistake { word, explanation: explanation.to_owned() };
    let known = parameters.get("client_id").and_then(|id| state.clients.get(id));
    let client = known
        .filter(|client| site.data_centre().is_none_or(|here| client.serves(here)))
        .ok_or_else(|| mistake("invalid_client", "The client id is not known in this data centre."))?;
    let redirect_uri = parameters
        .get("redirect_uri")
        .filter(|uri| client.redirect_uris.is_empty() || client.redirect_uris.iter().any(|own| own == uri))
        .filter(|uri| web_address(uri))
        .ok_or_else(|| {
            mistake(
                "invalid_redirect_uri",
                "The redirect URI is missing, is no web address or is not registered.",
            )
        })?;
    if parameters.get("response_type") != Some("code") {
        return Err(mistake("invalid_response_type", "The response type must be code."));
    }
    let scopes = parameters
        .get("scope")
        .and_then(scope::parse)
        .ok_or_else(|| mistake("INVALID_OAUTH_SCOPE", "A scope does not exist, or none is asked for."))?;
    Ok(Request {
        client: Arc::clone(client),
        scopes,
        redirect_uri: redirect_uri.to_owned(),
        offline: parameters.get("access_type") == Some("offline"),
    })
}

/// Whether a browser may be sent there: `http` or `https` with a host, plain ASCII, no fragment.
pub(crate) fn web_address(uri: &str) -> bool {
    let parsed = uri.parse::<Uri>().ok().filter(|_| uri.is_ascii() && !uri.contains('#'));
    parsed.is_some_and(|parsed| {
        matches!(parsed.scheme_str(), Some("http" | "https"))
            && parsed.host().is_some_and(|host| !host.is_empty())
    })
}

/// The users who can answer the request: those in the client's data centres.
pub(super) fn users<'a>(state: &'a State, request: &Request) -> impl Iterator<Item = &'a Arc<User>> {
    let client = Arc::clone(&request.client);
    state.users.values().filter(move |user| client.serves(user.data_centre))
}

fn user(state: &State, request: &Request, parameters: &Query) -> Option<Arc<User>> {
    let wanted = parameters.get(USER);
    let mut users = users(state, request);
    users.find(|user| wanted.is_none_or(|email| user.email.eq_ignore_ascii_case(email))).cloned()
}

fn accept(
    store: &Store,
    now: DateTime<Utc>,
    site: &Site,
    request: &Request,
    user: &User,
    parameters: &Query,
) -> Reply {
    let minted = store.write(|transaction| {
        let new = NewCode {
            user_id: user.user_id,
            client_id: &request.client.client_id,
            scopes: request.scopes.clone(),
            redirect_uri: Some(request.redirect_uri.clone()),
            offline: request.offline,
            expires_in: CODE_SECONDS,
        };
        Ok(mint_code(transaction, now, new))
    });
    match minted {
        Ok(code) => {
            let server = site.accounts_server(user.data_centre);
            let members = [
                carried_state(parameters),
                Some(("code", code.as_str())),
                Some(("location", user.data_centre.location())),
                Some(("accounts-server", server.as_str())),
            ];
            back(request, members)
        }
        Err(error) => error.into(),
    }
}

fn carried_state(parameters: &Query) -> Option<(&str, &str)> {
    parameters.exact("state").filter(|state| !state.is_empty()).map(|state| ("state", state))
}

/// Sends the browser back to the client with these query members.
fn back<'a>(request: &Request, members: impl IntoIterator<Item = Option<(&'a str, &'a str)>>) -> Reply {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(members.into_iter().flatten());
    let uri = &request.redirect_uri;
    let joint = match uri.split_once('?') {
        None => "?",
        Some((_, query)) if query.is_empty() || query.ends_with('&') => "",
        Some(_) => "&",
    };
    let mut reply = Reply::html(String::new());
    reply.status = 302;
    reply.headers.push(("Location".to_owned(), format!("{uri}{joint}{}", query.finish())));
    reply
}
