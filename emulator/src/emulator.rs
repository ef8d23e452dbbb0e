//! A running emulator, steered from Rust.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::OwnedSemaphorePermit;
use tokio_util::task::TaskTracker;

use crate::builder::{Builder, StartError};
use crate::clock::SteeredClock;
use crate::error::overrides::{ErrorOverride, ErrorOverrides, OverrideError};
use crate::fault::{FaultId, FaultRule, FaultState};
use crate::journal::{JournalEntry, JournalFilter};
use crate::limit::Limits;
use crate::server::App;
use crate::snapshot::SnapshotError;

/// Calls still running this long after a shutdown was asked for are abandoned.
const DRAIN: Duration = Duration::from_secs(5);

/// A running emulator could not go back to its seed.
#[derive(Debug, thiserror::Error)]
#[error("The state stays as it is: {0} Correct that and try again.")]
pub struct StateError(pub(crate) String);

/// A running emulator. It stops when it is dropped; [`Emulator::shutdown`] also waits for running calls.
pub struct Emulator {
    pub(crate) app: Arc<App>,
    pub(crate) addr: SocketAddr,
    pub(crate) tls: Option<(SocketAddr, String)>,
    pub(crate) tasks: TaskTracker,
    /// A fork's place among the forks there may be; dropping it makes room.
    pub(crate) _slot: Option<OwnedSemaphorePermit>,
}

impl Emulator {
    /// Settings with their defaults: 127.0.0.1, any free port, the machine's clock, memory only, [`Seed::demo`],
    /// unpredictable tokens, no limits.
    ///
    /// [`Seed::demo`]: crate::Seed::demo
    pub fn builder() -> Builder {
        Builder::new()
    }

    /// Root of every path, for example `http://127.0.0.1:8081`, without a slash at the end.
    pub fn url(&self) -> String {
        self.app.url.clone()
    }

    /// The address the emulator listens on.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The address the emulator listens on for TLS; `None` when it does not.
    pub fn tls_addr(&self) -> Option<SocketAddr> {
        self.tls.as_ref().map(|(addr, _)| *addr)
    }

    /// Root of every path over TLS, for example `https://127.0.0.1:8443`; `None` without TLS.
    pub fn tls_url(&self) -> Option<&str> {
        self.tls.as_ref().map(|(_, url)| url.as_str())
    }

    /// Certificate of the authority that clients of the TLS port must trust, in PEM; `None` without TLS.
    pub fn ca_pem(&self) -> Option<&str> {
        self.app.ca_pem.as_deref()
    }

    /// The calls since the start or the last [`Emulator::clear_journal`], oldest first; the last 10,000 at most.
    pub fn journal(&self) -> Vec<JournalEntry> {
        self.app.journal.list(&JournalFilter::default())
    }

    /// Forgets all recorded calls. They and the answers (`X-Request-Id`) are numbered from 1 again.
    pub fn clear_journal(&self) {
        self.app.clear_journal();
    }

    /// Goes back to the scenario and the seed that the emulator started with: records, tokens, id counters and what the
    /// limits counted. Journal, faults, limits, clock, chance, snapshots and forks stay. Errors: the state file cannot be
    /// written, or the scenario no longer plays.
    pub fn reset(&self) -> Result<(), StateError> {
        self.app.reset(self.app.clock.now()).map_err(|error| StateError(error.to_string()))
    }

    /// Keeps everything the emulator knows now under a name of 1 to 64 letters, digits, `.`, `_` and `-`: records,
    /// tokens, id counters, webhooks and the clock's reading. An older snapshot of the name is forgotten. Snapshots live
    /// in memory and end with the emulator. Errors: a bad name, or 32 other snapshots.
    pub fn snapshot(&self, name: &str) -> Result<(), SnapshotError> {
        self.app.snapshot(name, self.app.clock.now()).map(|_| ())
    }

    /// Goes back to a snapshot; the clock stays. What the limits counted and what stale reads remember is forgotten.
    /// With a state file the restored state is on disk when this returns. Errors: no such snapshot, or the state file
    /// cannot be written; then nothing changes.
    pub fn restore(&self, name: &str) -> Result<(), SnapshotError> {
        self.app.restore(name, false)
    }

    /// Goes back to a snapshot and sets the clock as it was: a frozen clock stands where it stood, one that ran from a
    /// chosen instant runs on from its reading, and the machine's time is the machine's time. Errors: those of
    /// [`Emulator::restore`], or a clock that belongs to the embedding program.
    pub fn restore_with_clock(&self, name: &str) -> Result<(), SnapshotError> {
        self.app.restore(name, true)
    }

    /// Starts an independent copy in this process on a free port of the same address: the same records, tokens,
    /// webhooks, seed, limits and overridden errors, an empty journal, no faults, nothing counted, no state file, no TLS. Deliveries that
    /// wait stay with the original. Its clock starts where this one stands in the same mode; a clock of the embedding
    /// program is shared. It ends with its original. Errors: no free port, or 16 forks.
    pub fn fork(&self) -> Result<Emulator, StartError> {
        self.app.fork(0, self.app.store.read())
    }

    /// The emulator's own clock; `None` when it was started with one of the caller's.
    pub fn clock(&self) -> Option<&SteeredClock> {
        self.app.steered.as_deref()
    }

    /// Adds a fault rule; rules are asked in the order in which they were added, and the first one that fires wins.
    pub fn fault(&self, rule: FaultRule) -> FaultId {
        self.app.faults.add(rule)
    }

    /// The rules in force with what they have done so far.
    pub fn faults(&self) -> Vec<FaultState> {
        self.app.faults.list()
    }

    /// Removes one rule; says whether there was one.
    pub fn remove_fault(&self, id: FaultId) -> bool {
        self.app.faults.remove(id)
    }

    /// Removes all fault rules.
    pub fn clear_faults(&self) {
        self.app.faults.clear();
    }

    /// The limits in force.
    pub fn limits(&self) -> Limits {
        self.app.limiter.limits()
    }

    /// Changes the limits; what was counted stays. Errors: a sentence about a number that is out of range.
    pub fn set_limits(&self, limits: Limits) -> Result<(), &'static str> {
        match limits.problem() {
            Some(problem) => Err(problem),
            None => {
                self.app.limiter.set(limits);
                Ok(())
            }
        }
    }

    /// The kinds of refusals that are answered in another way than the table of errors has it.
    pub fn error_overrides(&self) -> ErrorOverrides {
        self.app.errors.list()
    }

    /// Answers a kind of refusal in another way; an override without content gives it back to the table. Forks that are
    /// made afterwards do the same, and a reset leaves it. Errors: no such kind, or a number that is out of range.
    pub fn override_error(&self, kind: &str, wanted: ErrorOverride) -> Result<(), OverrideError> {
        self.app.errors.put([(kind, Some(wanted))])
    }

    /// Gives every kind of refusal back to the table.
    pub fn clear_error_overrides(&self) {
        self.app.errors.clear();
    }

    /// Stops listening, lets running calls finish for up to five seconds, then returns.
    pub async fn shutdown(self) {
        self.app.stop.cancel();
        for fork in self.app.forks.take_all() {
            Box::pin(fork.shutdown()).await;
        }
        self.tasks.close();
        if tokio::time::timeout(DRAIN, self.tasks.wait()).await.is_err() {
            tracing::warn!("some calls were still running when the emulator stopped");
        }
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        self.app.stop.cancel();
    }
}
