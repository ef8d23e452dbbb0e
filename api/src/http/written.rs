//! Bodies of answers that hold something until they are written.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use tokio::sync::{OwnedSemaphorePermit, oneshot};

/// How much of an answer is handed on at a time: the next part is asked for when this one has gone to the client.
const PART: usize = 32 * 1024;

/// A body that holds something until the last of it was handed to the connection.
pub(super) struct Holding<T> {
    /// The body.
    pub body: Body,
    /// What it holds.
    pub _held: T,
}

impl<T: Unpin> HttpBody for Holding<T> {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// An answer in parts, of known length.
struct Parts {
    left: Bytes,
    _kept: Option<Kept>,
}

/// A place among the running requests, free again when this is dropped, or when it was kept for as long as it may be.
pub(super) struct Kept {
    _written: oneshot::Sender<()>,
}

/// Keeps the place of an answer of so many bytes while it is written, but not for longer than that: whoever takes its answer
/// drop by drop must not keep everybody else out. A short answer is handed on whole, and its place is free at once.
pub(super) fn keep(place: Option<OwnedSemaphorePermit>, bytes: usize, longest: Duration) -> Option<Kept> {
    let place = place.filter(|_| bytes > PART)?;
    let (kept, written) = oneshot::channel();
    tokio::spawn(async move {
        // Nothing is ever sent: either what was kept for is over, or the time is.
        let _ = tokio::time::timeout(longest, written).await;
        drop(place);
    });
    Some(Kept { _written: kept })
}

/// A body of these bytes that keeps a place among the running requests until they are written, or for so long.
pub(super) fn in_parts(bytes: Vec<u8>, place: Option<OwnedSemaphorePermit>, longest: Duration) -> Body {
    let kept = keep(place, bytes.len(), longest);
    Body::new(Parts { left: bytes.into(), _kept: kept })
}

impl HttpBody for Parts {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.left.is_empty() {
            return Poll::Ready(None);
        }
        let part = self.left.len().min(PART);
        Poll::Ready(Some(Ok(Frame::data(self.left.split_to(part)))))
    }

    fn is_end_stream(&self) -> bool {
        self.left.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left.len() as u64)
    }
}
