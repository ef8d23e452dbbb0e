//! The socket below a connection. It says in words what the HTTP library would only say with a status, or not at all, and
//! reads no more of a WebSocket than it may before somebody has signed in.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{HeaderValue, Response, StatusCode, header};
use serde_json::json;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_io_timeout::TimeoutStream;

/// Bytes of a request's head, its address included.
pub(super) const HEAD_BYTES: usize = 32 * 1024;

/// What every answer begins with.
const BEGINNING: &[u8] = b"HTTP/1.1 ";

/// Longest answer of the HTTP library's own: a status, three headers, no body.
const LONGEST: usize = 160;

/// What the two sides of a socket know of each other: whoever serves it, and the socket itself.
#[derive(Debug)]
pub(super) struct Line {
    header_seconds: u64,
    /// Whether anything came since the last answer.
    heard: AtomicBool,
    /// Requests whose answers are not written yet.
    answering: AtomicUsize,
    /// Whether the head of a request did not come in time.
    late: AtomicBool,
    /// Bytes that may still be read; all, unless somebody said otherwise.
    allowance: AtomicUsize,
}

impl Line {
    pub fn new(header_seconds: u64) -> Arc<Self> {
        Arc::new(Self {
            header_seconds,
            heard: AtomicBool::new(false),
            answering: AtomicUsize::new(0),
            late: AtomicBool::new(false),
            allowance: AtomicUsize::new(usize::MAX),
        })
    }

    /// A request has begun, whose answer is written as soon as this is dropped.
    pub fn answering(self: &Arc<Self>) -> Answering {
        self.answering.fetch_add(1, Ordering::Relaxed);
        Answering(self.clone())
    }

    /// The head of a request did not come in time.
    pub fn came_too_late(&self) {
        self.late.store(true, Ordering::Relaxed);
    }

    /// Lets so many more bytes be read, and no more.
    pub fn allow(&self, bytes: usize) {
        self.allowance.store(bytes, Ordering::Relaxed);
    }

    /// Whether as much was read as was allowed.
    pub fn is_exhausted(&self) -> bool {
        self.allowance.load(Ordering::Relaxed) == 0
    }
}

/// An answer that is not written yet.
#[derive(Debug)]
pub(super) struct Answering(Arc<Line>);

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.answering.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A socket.
pub(super) struct Wire {
    stream: Pin<Box<TimeoutStream<TcpStream>>>,
    line: Arc<Line>,
    /// What is written in place of an answer of the library's own.
    instead: Vec<u8>,
}

impl Wire {
    pub fn new(stream: TimeoutStream<TcpStream>, line: Arc<Line>) -> Self {
        Self { stream: Box::pin(stream), line, instead: Vec::new() }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        match this.line.allowance.load(Ordering::Relaxed) {
            usize::MAX => ready!(this.stream.as_mut().poll_read(context, buffer))?,
            // Whoever set the allowance looks at it after every read, and raises it or ends the connection.
            0 => return Poll::Pending,
            allowance => {
                let mut part = [0; 1024];
                let most = part.len().min(allowance).min(buffer.remaining());
                let mut part = ReadBuf::new(&mut part[..most]);
                ready!(this.stream.as_mut().poll_read(context, &mut part))?;
                buffer.put_slice(part.filled());
                this.line.allowance.store(allowance - part.filled().len(), Ordering::Relaxed);
            }
        }
        if buffer.filled().len() > before {
            this.line.heard.store(true, Ordering::Relaxed);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.line.heard.store(false, Ordering::Relaxed);
        if this.instead.is_empty() && this.line.answering.load(Ordering::Relaxed) == 0 {
            match wordless(bytes) {
                Some((0, status)) => this.instead = in_words(status, this.line.header_seconds),
                // First what stands before it; it comes again by itself.
                Some((at, _)) => return this.stream.as_mut().poll_write(context, &bytes[..at]),
                None => {}
            }
        }
        if this.instead.is_empty() {
            return this.stream.as_mut().poll_write(context, bytes);
        }
        while !this.instead.is_empty() {
            let written = ready!(this.stream.as_mut().poll_write(context, &this.instead))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            this.instead.drain(..written);
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().stream.as_mut().poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().stream.as_mut().poll_shutdown(context)
    }
}

impl Drop for Wire {
    /// The library ends a connection whose head does not come without giving the socket back, so this is the last moment
    /// to say why. A socket that takes nothing at once belongs to nobody who listens.
    fn drop(&mut self) {
        let line = &self.line;
        if line.late.load(Ordering::Relaxed) && line.heard.load(Ordering::Relaxed) {
            let _ = self.stream.get_ref().try_write(&in_words(408, line.header_seconds));
        }
    }
}

/// Where an answer of the HTTP library's own begins, and its status: the last one of these bytes, without a body and with
/// none of the headers that every answer of ours has.
fn wordless(bytes: &[u8]) -> Option<(usize, u16)> {
    let from = bytes.len().saturating_sub(LONGEST);
    let tail = &bytes[from..];
    let at = tail.windows(BEGINNING.len()).rposition(|window| window == BEGINNING)?;
    let answer = std::str::from_utf8(&tail[at + BEGINNING.len()..]).ok()?;
    let mut lines = answer.strip_suffix("\r\n\r\n")?.split("\r\n");
    let status = lines.next()?.split(' ').next()?.parse().ok()?;
    let bare =
        |line: &str| ["connection: close", "content-length: 0"].contains(&line) || line.starts_with("date: ");
    (matches!(status, 400 | 414 | 431) && lines.all(bare)).then_some((from + at, status))
}

/// The answer to a request whose head is larger than it may be. The HTTP library refuses one only when it has to read on
/// although it has as much already, which one that comes all at once escapes.
pub(super) fn refuse_large_head(head: &Parts) -> Option<Response<Body>> {
    let headers = head.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4);
    let address = head.uri.path_and_query().map_or(0, |it| it.as_str().len());
    if address + headers.sum::<usize>() <= HEAD_BYTES {
        return None;
    }
    let mut answer = Response::new(Body::from(said(431, 0).1));
    *answer.status_mut() = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
    let json = HeaderValue::from_static("application/json; charset=utf-8");
    answer.headers_mut().insert(header::CONTENT_TYPE, json);
    answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    Some(answer)
}

/// The answer to a request that was never read.
fn in_words(status: u16, header_seconds: u64) -> Vec<u8> {
    let (reason, body) = said(status, header_seconds);
    format!(
        "HTTP/1.1 {status} {reason}\r\ncontent-type: application/json; charset=utf-8\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// A status and why.
fn said(status: u16, header_seconds: u64) -> (&'static str, String) {
    let (reason, message, limit) = match status {
        408 => (
            "Request Timeout",
            format!(
                "The head of the request did not come within {header_seconds} seconds (HEADER_TIME); send it at once"
            ),
            Some(("HEADER_TIME", header_seconds)),
        ),
        414 | 431 => (
            if status == 414 { "URI Too Long" } else { "Request Header Fields Too Large" },
            format!(
                "The head of the request is larger than {HEAD_BYTES} bytes, or has too many headers (HEAD_BYTES); POST what stands in the address, and send fewer headers"
            ),
            Some(("HEAD_BYTES", HEAD_BYTES as u64)),
        ),
        _ => ("Bad Request", "The request cannot be read as HTTP/1.1; correct its head".to_owned(), None),
    };
    let mut extensions = json!({ "code": "BAD_USER_INPUT" });
    if let Some((limit, maximum)) = limit {
        extensions["limit"] = limit.into();
        extensions["maximum"] = maximum.into();
    }
    (reason, json!({ "errors": [{ "message": message, "extensions": extensions }] }).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_answers_that_nobody_here_wrote_are_replaced() {
        let own = "HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\ndate: Thu, 01 Jan 2026 00:00:00 GMT\r\n\r\n";
        assert_eq!(wordless(own.as_bytes()), Some((0, 431)));
        let before = "x".repeat(1_000);
        assert_eq!(wordless(format!("{before}{own}").as_bytes()), Some((1_000, 431)));
        for ours in [
            String::new(),
            before.clone(),
            format!("{own}{before}"),
            own.replace("date:", "x-request-id:"),
            own.replace("content-length: 0", "content-length: 10"),
            own.replace("431", "200"),
            own.trim_end().to_owned(),
        ] {
            assert_eq!(wordless(ours.as_bytes()), None, "{ours}");
        }
    }
}
