//! Connections: how many there may be, and how long they may dawdle. The usual serving function of the web framework has
//! no bounds at all.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_io_timeout::TimeoutStream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

use super::guesses::network;
use super::wire::{HEAD_BYTES, Line, Wire, refuse_large_head};
use super::written::Holding;
use crate::config::Limits;

/// How long to wait before accepting again when the system has no more file handles.
const BREATHER: Duration = Duration::from_millis(50);

/// How many connections beyond the limits are told so at the same time. More are closed without a word.
const TOLD: usize = 64;

/// How long telling one may take.
const TELLING: Duration = Duration::from_secs(1);

const FULL: &str = r#"{"errors":[{"message":"The server has as many connections as it takes, in all or from your address; close some, or try again in a moment","extensions":{"code":"UNAVAILABLE","limit":"CONNECTIONS"}}]}"#;

/// Serves until told to stop, then lets what is under way finish.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    limits: &Limits,
    proxies: &[IpAddr],
    stop: CancellationToken,
) {
    let door = Doorkeeper::new(limits, proxies);
    let patience =
        Patience { head: limits.header_seconds, answer: Duration::from_secs(limits.answer_seconds) };
    let connections = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // A connection that was given up before it was accepted fails too, and is nobody's trouble.
                tracing::debug!(%error, "A connection could not be accepted");
                tokio::time::sleep(BREATHER).await;
                continue;
            }
        };
        match door.enter(peer.ip()) {
            Some(place) => {
                let place = Arc::new(place);
                connections.spawn(connection(stream, peer, place, router.clone(), patience, stop.clone()));
            }
            None => {
                if let Ok(place) = door.told.clone().try_acquire_owned() {
                    connections.spawn(tell(stream, place));
                }
            }
        }
    }
    drop(listener);
    connections.close();
    // Nobody may hold up the end for longer than a request may take from its first byte to its last.
    let longest = limits.header_seconds + limits.body_seconds + limits.execution_seconds;
    if tokio::time::timeout(Duration::from_secs(longest), connections.wait()).await.is_err() {
        tracing::warn!(left = connections.len(), "Connections that did not end were cut off");
    }
}

/// For how long a client is waited for.
#[derive(Clone, Copy)]
struct Patience {
    /// In seconds.
    head: u64,
    answer: Duration,
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    place: Arc<Place>,
    router: Router,
    patience: Patience,
    stop: CancellationToken,
) {
    // Answers are small and whole: waiting to fill a packet would only delay them.
    let _ = stream.set_nodelay(true);
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(patience.answer));
    let line = Line::new(patience.head);
    let (wire, told) = (Wire::new(stream, line.clone()), line.clone());
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        // A connection that becomes something else than HTTP keeps its place.
        request.extensions_mut().insert(Held { line: line.clone(), _place: place.clone() });
        let answering = line.answering();
        let (head, body) = request.into_parts();
        let refused = refuse_large_head(&head);
        let answer = router.clone().oneshot(Request::from_parts(head, Body::new(body)));
        async move {
            let answer = match refused {
                Some(refused) => refused,
                None => answer.await?,
            };
            Ok::<_, Infallible>(answer.map(|body| Body::new(Holding { body, _held: answering })))
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(patience.head))
        .max_buf_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(wire), service)
        .with_upgrades();
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        if error.is_timeout() {
            told.came_too_late();
        }
        tracing::debug!(%error, "A connection broke off");
    }
}

/// Says that there is no room, and gives the client a moment to read it.
async fn tell(mut stream: TcpStream, _place: OwnedSemaphorePermit) {
    let answer = format!(
        "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json; charset=utf-8\r\ncontent-length: {}\r\nretry-after: 1\r\nconnection: close\r\n\r\n{FULL}",
        FULL.len()
    );
    let telling = async {
        stream.write_all(answer.as_bytes()).await?;
        stream.shutdown().await?;
        let mut unread = [0; 1024];
        while stream.read(&mut unread).await? > 0 {}
        std::io::Result::Ok(())
    };
    // Whether the client listens is its own affair.
    let _ = tokio::time::timeout(TELLING, telling).await;
}

/// Counts connections, in all and by address.
struct Doorkeeper {
    places: Arc<Semaphore>,
    told: Arc<Semaphore>,
    by_address: Arc<Mutex<HashMap<IpAddr, u64>>>,
    per_address: u64,
    proxies: Vec<IpAddr>,
}

/// A connection, for whoever goes on with it when it is HTTP no longer.
#[derive(Clone)]
pub(super) struct Held {
    /// Its socket.
    pub line: Arc<Line>,
    _place: Arc<Place>,
}

/// A connection's place, given back when it is dropped.
struct Place {
    _permit: OwnedSemaphorePermit,
    address: IpAddr,
    by_address: Arc<Mutex<HashMap<IpAddr, u64>>>,
}

impl Doorkeeper {
    fn new(limits: &Limits, proxies: &[IpAddr]) -> Self {
        let places = usize::try_from(limits.connections).unwrap_or(Semaphore::MAX_PERMITS);
        Self {
            places: Arc::new(Semaphore::new(places.min(Semaphore::MAX_PERMITS))),
            told: Arc::new(Semaphore::new(TOLD)),
            by_address: Arc::default(),
            per_address: limits.connections_per_address,
            proxies: proxies.iter().map(|proxy| proxy.to_canonical()).collect(),
        }
    }

    fn enter(&self, peer: IpAddr) -> Option<Place> {
        let permit = self.places.clone().try_acquire_owned().ok()?;
        let address = network(peer);
        let mut by_address = self.by_address.lock().unwrap_or_else(PoisonError::into_inner);
        let count = by_address.entry(address).or_default();
        // Behind a proxy everybody has its address.
        if *count >= self.per_address && !self.proxies.contains(&peer.to_canonical()) {
            return None;
        }
        *count += 1;
        Some(Place { _permit: permit, address, by_address: self.by_address.clone() })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut by_address = self.by_address.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = by_address.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                by_address.remove(&self.address);
            }
        }
    }
}
