//! What is told about each call: a span for traces, and a measure that the server counts. Ids, addresses' queries and
//! whatever else could name somebody stay out of both.

use std::time::Instant;

use reqwest::{Method, Request};
use tracing::Span;
use tracing::field::Empty;

use crate::transport::RawAnswer;

/// Longest word that a path is believed to be made of.
const LONGEST_WORD: usize = 30;

/// A call under way.
pub(crate) struct Observed {
    span: Span,
    begun: Instant,
    method: Method,
    app: String,
}

impl Observed {
    /// The call begins.
    pub(crate) fn begin(request: &Request, app: &str) -> Self {
        let method = request.method().clone();
        let span = tracing::error_span!(
            target: "otel",
            "call",
            otel.name = format!("{app} {method}"),
            otel.kind = "client",
            otel.status_code = Empty,
            app,
            "http.request.method" = method.as_str(),
            "url.template" = template(request.url().path()),
            "server.address" = request.url().host_str(),
            "http.response.status_code" = Empty,
            "remote.request_id" = Empty,
        );
        Self { span, begun: Instant::now(), method, app: app.to_owned() }
    }

    /// Where the call takes place.
    pub(crate) fn span(&self) -> Span {
        self.span.clone()
    }

    /// The call ended, with or without an answer.
    pub(crate) fn end(self, answer: Option<&RawAnswer>) {
        let status = answer.map_or(0, |answer| answer.status.as_u16());
        if status == 0 || status >= 400 {
            self.span.record("otel.status_code", "ERROR");
        }
        if status > 0 {
            self.span.record("http.response.status_code", status);
        }
        if let Some(id) = answer.and_then(|answer| answer.request_id.as_deref()) {
            self.span.record("remote.request_id", id);
        }
        let micros = u64::try_from(self.begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        let (app, method) = (self.app.as_str(), self.method.as_str());
        tracing::trace!(target: "measure", measure = "call", app, method, status, micros);
    }
}

/// The path with its ids left out: whatever is neither a plain word nor a version.
fn template(path: &str) -> String {
    let word = |part: &str| {
        let letters = part.strip_prefix('v').unwrap_or_default();
        let version =
            !letters.is_empty() && letters.len() <= 2 && letters.bytes().all(|b| b.is_ascii_digit());
        let plain = part.bytes().all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'_' | b'-'));
        version || (plain && part.len() <= LONGEST_WORD)
    };
    let parts = path.split('/').map(|part| if word(part) { part } else { "{id}" });
    parts.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_left_out_of_paths() {
        for (path, told) in [
            ("/books/v3/contacts", "/books/v3/contacts"),
            ("/books/v3/contacts/460000000026049/inactive", "/books/v3/contacts/{id}/inactive"),
            (
                "/integration/v1/crm/account/111111000000123456/import",
                "/integration/v1/crm/account/{id}/import",
            ),
            ("/oauth/v2/token", "/oauth/v2/token"),
            ("/books/v3/contacts/Ada", "/books/v3/contacts/{id}"),
            ("/x/ada@example.com/v3z", "/x/{id}/{id}"),
            (&format!("/x/{}", "a".repeat(31)), "/x/{id}"),
        ] {
            assert_eq!(template(path), told);
        }
    }
}
