//! Asking a server on many connections at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use finbridge_bench::Failure;

use crate::calls::Call;
use crate::peer::Server;

/// Connections on which requests come.
const CONNECTIONS: usize = 16;

/// What came of one turn.
pub struct Turn {
    latencies: Vec<Duration>,
    time: Duration,
    cpu: Duration,
}

/// What came of all turns of a server at an operation.
#[derive(Default)]
pub struct Measured {
    latencies: Vec<Duration>,
    time: Duration,
    cpu: Duration,
    /// SQL statements of a request, and of them those that find out who asks.
    pub statements: (usize, usize),
}

impl Measured {
    pub fn add(&mut self, turn: Turn) {
        self.latencies.extend(turn.latencies);
        self.time += turn.time;
        self.cpu += turn.cpu;
    }

    fn requests(&self) -> u128 {
        self.latencies.len() as u128
    }

    /// Requests in a second.
    pub fn rate(&self) -> u128 {
        self.requests() * 1_000_000 / self.time.as_micros().max(1)
    }

    /// Processor time of a thousand requests, in milliseconds.
    pub fn cpu(&self) -> u128 {
        self.cpu.as_micros() / self.requests().max(1)
    }

    /// The latency that so many of a hundred requests do not exceed.
    pub fn percentile(&self, percent: usize) -> Duration {
        let mut sorted = self.latencies.clone();
        sorted.sort_unstable();
        sorted
            .get((sorted.len() * percent / 100).min(sorted.len().saturating_sub(1)))
            .copied()
            .unwrap_or_default()
    }
}

/// Asks for that long, the requests in turn on all connections.
pub async fn run(server: &Server, calls: &[Call], long: Duration) -> Result<Turn, Failure> {
    let calls = Arc::new(calls.to_vec());
    let next = Arc::new(AtomicUsize::new(0));
    let mut clients = Vec::with_capacity(CONNECTIONS);
    for _ in 0..CONNECTIONS {
        clients.push(server.connect().await?);
    }
    let (before, begun) = (server.cpu()?, Instant::now());
    let tasks: Vec<_> = clients
        .into_iter()
        .map(|mut client| {
            let (calls, next) = (calls.clone(), next.clone());
            tokio::spawn(async move {
                let mut latencies = Vec::with_capacity(4_096);
                while begun.elapsed() < long {
                    let call = &calls[next.fetch_add(1, Ordering::Relaxed) % calls.len()];
                    let (took, answer) = client.call(call.method, &call.path, &call.body).await?;
                    if answer.starts_with("{\"errors\"") || answer.contains("\"data\":null") {
                        return Err(Failure::from(answer));
                    }
                    latencies.push(took);
                }
                Ok(latencies)
            })
        })
        .collect();
    let mut latencies = Vec::new();
    for task in tasks {
        latencies.extend(task.await??);
    }
    Ok(Turn { latencies, time: begun.elapsed(), cpu: server.cpu()?.saturating_sub(before) })
}
