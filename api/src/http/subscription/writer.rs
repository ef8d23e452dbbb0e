//! What is said on a WebSocket: all messages go through one short queue to one task that writes them.

use std::time::Duration;

use axum::extract::ws::{Message, WebSocket};
use futures::SinkExt;
use futures::stream::SplitSink;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::protocol::ToClient;
use crate::http::written::Kept;

/// Messages that may wait to be written.
pub(super) const QUEUE: usize = 16;

/// A message that waits to be written.
pub(super) struct Letter {
    message: Message,
    /// The place of what it answers.
    kept: Option<Kept>,
}

/// How writing ends.
pub(super) enum Written {
    All(SplitSink<WebSocket, Message>),
    Slow(SplitSink<WebSocket, Message>),
    Gone,
}

/// Writes what is queued, until nobody can queue more.
pub(super) async fn write(
    mut sink: SplitSink<WebSocket, Message>,
    mut waiting: mpsc::Receiver<Letter>,
    slow: Duration,
) -> Written {
    while let Some(Letter { message, kept }) = waiting.recv().await {
        match timeout(slow, sink.send(message)).await {
            Ok(Ok(())) => drop(kept),
            Ok(Err(_)) => return Written::Gone,
            Err(_) => return Written::Slow(sink),
        }
    }
    Written::All(sink)
}

/// Queues a message, with what is kept until so many bytes are written, and tells whether that could be done.
pub(super) async fn say(
    queue: &mpsc::Sender<Letter>,
    message: &ToClient<'_>,
    keep: impl FnOnce(usize) -> Option<Kept>,
) -> bool {
    match serde_json::to_string(message) {
        Ok(text) => {
            let kept = keep(text.len());
            queue.send(Letter { message: Message::text(text), kept }).await.is_ok()
        }
        Err(error) => {
            tracing::error!(%error, "A message could not be written");
            false
        }
    }
}
