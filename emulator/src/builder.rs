//! Starting and steering an emulator from Rust.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::{Clock, ClockStart, SteeredClock};
use crate::fault::{FaultId, FaultRule, FaultState, Faults, History};
use crate::journal::{Journal, JournalEntry, JournalFilter};
use crate::limit::{Limiter, Limits};
use crate::random::Random;
use crate::seed::Seed;
use crate::server::{self, App};
use crate::start_error::{StartError, StateError, listen_error, state_error};
use crate::store::Store;
use crate::tls::{self, Secure, TlsError, TlsOptions};
use crate::webhook::{fault::Mishaps, sender};

/// Calls still running this long after a shutdown was asked for are abandoned.
const DRAIN: Duration = Duration::from_secs(5);

/// Settings of an emulator that is about to start.
pub struct Builder {
    host: IpAddr,
    port: u16,
    clock: Option<Arc<dyn Clock>>,
    clock_start: ClockStart,
    state_file: Option<PathBuf>,
    seed: Seed,
    tls: Option<TlsOptions>,
    seed_number: Option<u64>,
    limits: Limits,
}

impl Builder {
    /// Listens on this port; 0, the default, takes any free one.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Listens on this address; the default is 127.0.0.1.
    #[must_use]
    pub fn host(mut self, host: IpAddr) -> Self {
        self.host = host;
        self
    }

    /// Takes time from this clock, which only its owner moves: the control surface refuses to. Without one, the emulator
    /// has a [`SteeredClock`] of its own.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// How the emulator's own clock starts; the default is [`ClockStart::Real`]. A clock given to [`Builder::clock`] wins.
    #[must_use]
    pub fn clock_start(mut self, start: ClockStart) -> Self {
        self.clock_start = start;
        self
    }

    /// Makes tokens, codes and the probabilities of faults repeatable; without a number they are unpredictable. With the
    /// same number, the same seed, a frozen clock and one client, two runs of one script give the same answers.
    #[must_use]
    pub fn seed_number(mut self, number: u64) -> Self {
        self.seed_number = Some(number);
        self
    }

    /// Quotas to keep; the default is [`Limits::off`].
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Keeps all records in this file, so that they survive a restart; without one they live in memory.
    #[must_use]
    pub fn state_file(mut self, path: PathBuf) -> Self {
        self.state_file = Some(path);
        self
    }

    /// Starts from this content; the default is [`Seed::demo`]. A state file that holds something wins over it.
    #[must_use]
    pub fn seed(mut self, seed: Seed) -> Self {
        self.seed = seed;
        self
    }

    /// Also listens for TLS; see [`Emulator::ca_pem`] for what clients must trust.
    #[must_use]
    pub fn tls(mut self, options: TlsOptions) -> Self {
        self.tls = Some(options);
        self
    }

    /// Starts to listen. Errors: the address or the state file cannot be used, the seed contradicts itself, or a limit is
    /// out of range.
    pub async fn start(self) -> Result<Emulator, StartError> {
        self.seed.check().map_err(|reason| StartError::Seed { reason })?;
        if let Some(reason) = self.limits.problem() {
            return Err(StartError::Limits { reason });
        }
        let wanted = SocketAddr::new(self.host, self.port);
        let listener = TcpListener::bind(wanted).await.map_err(|source| listen_error(wanted, source))?;
        let addr = listener.local_addr().map_err(|source| listen_error(wanted, source))?;
        let mut secured = None;
        if let Some(options) = self.tls {
            let listened = tls::listen(self.host, options.port).await;
            let (listener, addr) = listened.map_err(|(address, source)| listen_error(address, source))?;
            let made = tokio::task::spawn_blocking(move || tls::prepare(options.dir.as_deref())).await;
            let setup = made
                .map_err(|error| error.to_string())
                .and_then(|setup| setup.map_err(|error: TlsError| error.to_string()))
                .map_err(|reason| StartError::Tls { reason })?;
            let secure = Secure::new(&setup, reachable(addr));
            secured = Some((listener, addr, secure, setup.ca_pem));
        }
        let (clock, steered) = match self.clock {
            Some(foreign) => (foreign, None),
            None => {
                let own = Arc::new(SteeredClock::new(self.clock_start));
                (Arc::clone(&own) as Arc<dyn Clock>, Some(own))
            }
        };
        let durable = self.state_file.is_some();
        let (path, seed, now, random) =
            (self.state_file, self.seed, clock.now(), Random::new(self.seed_number));
        let opened = tokio::task::spawn_blocking(move || {
            Store::open(path.as_deref(), seed, now, random)
                .map_err(|error| state_error(path.as_deref(), error))
        });
        let store = opened.await.map_err(|error| StartError::StateFile {
            path: PathBuf::new(),
            source: io::Error::other(error),
        })??;
        let app = Arc::new(App {
            store,
            clock,
            steered,
            journal: Journal::default(),
            faults: Faults::default(),
            mishaps: Mishaps::default(),
            url: format!("http://{}", reachable(addr)),
            ca_pem: secured.as_ref().map(|(.., pem)| pem.clone()),
            history: History::default(),
            limiter: Arc::new(Limiter::new(self.limits)),
            address: reachable(addr),
            stop: CancellationToken::new(),
            requests: AtomicU64::new(0),
            durable,
        });
        let tasks = TaskTracker::new();
        tasks.spawn(sender::run(Arc::clone(&app)));
        tasks.spawn(server::accept(Arc::clone(&app), listener, None, tasks.clone()));
        let tls = secured.map(|(listener, addr, secure, _)| {
            let url = secure.url().to_owned();
            tasks.spawn(server::accept(Arc::clone(&app), listener, Some(secure), tasks.clone()));
            (addr, url)
        });
        Ok(Emulator { app, addr, tls, tasks })
    }
}

/// "All addresses" is nothing a client could call, so the url names this machine instead.
fn reachable(addr: SocketAddr) -> SocketAddr {
    if addr.ip().is_unspecified() { SocketAddr::new(Ipv4Addr::LOCALHOST.into(), addr.port()) } else { addr }
}

/// A running emulator. It stops when it is dropped; [`Emulator::shutdown`] also waits for running calls.
pub struct Emulator {
    app: Arc<App>,
    addr: SocketAddr,
    tls: Option<(SocketAddr, String)>,
    tasks: TaskTracker,
}

impl Emulator {
    /// Settings with their defaults: 127.0.0.1, any free port, the machine's clock, memory only, [`Seed::demo`],
    /// unpredictable tokens, no limits.
    pub fn builder() -> Builder {
        Builder {
            host: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 0,
            clock: None,
            clock_start: ClockStart::Real,
            state_file: None,
            seed: Seed::demo(),
            tls: None,
            seed_number: None,
            limits: Limits::off(),
        }
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

    /// Forgets all recorded calls.
    pub fn clear_journal(&self) {
        self.app.journal.clear();
    }

    /// Goes back to the seed: records, tokens, id counters and what the limits counted. Journal, faults, limits, clock
    /// and chance stay. Errors: the state file cannot be written.
    pub fn reset(&self) -> Result<(), StateError> {
        self.app.reset(self.app.clock.now()).map_err(|error| StateError::new(error.to_string()))
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

    /// Stops listening, lets running calls finish for up to five seconds, then returns.
    pub async fn shutdown(self) {
        self.app.stop.cancel();
        self.tasks.close();
        if tokio::time::timeout(DRAIN, self.tasks.wait()).await.is_err() {
            tracing::warn!("some calls were still running when the emulator stopped");
        }
    }
}

impl Emulator {
    /// Starts another emulator on a free port of 127.0.0.1, with the same clock and everything that this one holds at this
    /// moment, tokens included; from then on neither sees the other. The records are shared until one of them changes, so
    /// their number does not matter. The fork lives in memory; journal and faults are its own. Errors: no port is free.
    pub async fn fork(&self) -> Result<Self, StartError> {
        let (state, seed) = (self.app.store.read(), self.app.store.seed().clone());
        let fork = Self::builder().clock(Arc::clone(&self.app.clock)).seed(seed).start().await?;
        fork.app.store.adopt(state);
        Ok(fork)
    }

    pub(crate) fn store(&self) -> &Store {
        &self.app.store
    }

    pub(crate) fn now(&self) -> chrono::DateTime<chrono::Utc> {
        self.app.clock.now()
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        self.app.stop.cancel();
    }
}
