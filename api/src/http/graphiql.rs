//! GraphiQL, from files that are part of the program: it works without a network.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use rust_embed::RustEmbed;
use secrecy::{ExposeSecret, SecretString};

use super::Shared;

#[derive(RustEmbed)]
#[folder = "assets/graphiql"]
struct Assets;

/// What the page may do: load its own files and ask its own server. Its editor sets styles on elements, and its style
/// sheet holds pictures and fonts as data.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
    font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// What the page begins with.
#[derive(Clone, Default)]
pub struct Page {
    /// A token for the headers; only for the demo, and only shown to this machine.
    pub token: Option<Arc<SecretString>>,
    /// Queries worth trying, one tab each.
    pub queries: Vec<&'static str>,
}

pub(super) async fn page(
    State(shared): State<Shared>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
) -> Response {
    let (Some(page), Some(html)) = (&shared.graphiql, Assets::get("index.html")) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let token = page.token.as_ref().filter(|_| is_this_machine(peer, &headers));
    let token = token.map_or("<paste a token; `finbridge token` makes one>", |token| token.expose_secret());
    let settings = serde_json::json!({ "authorization": format!("Bearer {token}"), "queries": page.queries });
    // `<` cannot end the script element early when it is written as an escape.
    let settings = settings.to_string().replace('<', "\\u003c");
    let html = String::from_utf8_lossy(&html.data).replace("{{SETTINGS}}", &settings);
    ([(header::CACHE_CONTROL, "no-store"), (header::CONTENT_SECURITY_POLICY, POLICY)], Html(html))
        .into_response()
}

/// Whether the request comes from this machine and was meant for it. A page elsewhere that points its own host name at
/// 127.0.0.1 passes the first test and not the second.
fn is_this_machine(peer: SocketAddr, headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    peer.ip().is_loopback() && matches!(name, "127.0.0.1" | "localhost" | "[::1]")
}

pub(super) async fn file(Path(name): Path<String>) -> Response {
    let kind = match name.rsplit_once('.') {
        Some((_, "js")) => "text/javascript; charset=utf-8",
        Some((_, "css")) => "text/css; charset=utf-8",
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    match Assets::get(&name) {
        Some(file) => ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "max-age=3600")], file.data)
            .into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
