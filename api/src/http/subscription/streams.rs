//! What is open: counted by token, and closed together when the server stops.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::auth::token;
use crate::config;

/// Longest wait for streams to end when the server stops.
const FAREWELL: Duration = Duration::from_secs(5);

/// The open WebSockets and event streams of this process. Cheap to clone.
#[derive(Clone)]
pub(in crate::http) struct Streams {
    pub(super) bounds: config::Subscriptions,
    /// Cancelled when the server stops.
    pub(super) stop: CancellationToken,
    /// What has to end before the server has stopped.
    pub(super) tasks: TaskTracker,
    open: Arc<Mutex<HashMap<String, u64>>>,
}

impl Streams {
    pub(in crate::http) fn new(bounds: config::Subscriptions) -> Self {
        Self { bounds, stop: CancellationToken::new(), tasks: TaskTracker::new(), open: Arc::default() }
    }

    /// Counts a stream of this token, unless it has as many as it may.
    pub(super) fn admit(&self, token: &str) -> Option<Admission> {
        let key = token::hash(token);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(key.clone()).or_default();
        if *count >= self.bounds.streams_per_token {
            return None;
        }
        *count += 1;
        Some(Admission { key, open: self.open.clone() })
    }

    /// Tells every stream to end.
    pub(in crate::http) fn stop(&self) {
        self.stop.cancel();
        self.tasks.close();
    }

    /// Waits until they have.
    pub(in crate::http) async fn stopped(&self) {
        if tokio::time::timeout(FAREWELL, self.tasks.wait()).await.is_err() {
            tracing::warn!(left = self.tasks.len(), "Some subscriptions did not end in time and are cut off");
        }
    }
}

/// The place of one stream; free again when dropped.
#[derive(Debug)]
pub(super) struct Admission {
    key: String,
    open: Arc<Mutex<HashMap<String, u64>>>,
}

impl Drop for Admission {
    fn drop(&mut self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let left = open.get_mut(&self.key).map(|count| {
            *count -= 1;
            *count
        });
        if left == Some(0) {
            open.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_so_many_places_and_gets_each_back() {
        let streams =
            Streams::new(config::Subscriptions { streams_per_token: 2, ..config::Subscriptions::default() });
        let (first, _second) = (streams.admit("fbt_a").unwrap(), streams.admit("fbt_a").unwrap());
        assert!(streams.admit("fbt_a").is_none());
        let other = streams.admit("fbt_b");
        assert!(other.is_some(), "another token has places of its own");
        drop(first);
        assert!(streams.admit("fbt_a").is_some());
        drop(other);
        assert_eq!(streams.open.lock().unwrap().len(), 1, "nothing is kept of tokens without a stream");
    }
}
