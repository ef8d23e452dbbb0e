//! Settings of an emulator, and why it may not start.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::clock::{Clock, ClockStart, SteeredClock};
use crate::emulator::Emulator;
use crate::error::overrides::{ErrorOverride, ErrorOverrides, OverrideError, Overrides};
use crate::fork;
use crate::generate::Generate;
use crate::launch::{Plan, Secured, launch, listen_error, reachable};
use crate::limit::Limits;
use crate::random::Random;
use crate::scenario::Scenario;
use crate::seed::Seed;
use crate::store::Store;
use crate::store::log::{self, LogError};
use crate::tls::{self, Secure, TlsError, TlsOptions};

/// Why an emulator could not start. Every message says what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Another program listens on the address.
    #[error(
        "The address {address} is already in use. Stop the program that listens there, or choose another port."
    )]
    PortInUse {
        /// The address that was asked for.
        address: SocketAddr,
    },
    /// The address cannot be listened on for another reason.
    #[error("The emulator cannot listen on {address}: {source}. Choose another host or port.")]
    Listen {
        /// The address that was asked for.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The state file or its directory cannot be read or written.
    #[error(
        "The state file {} cannot be read or written: {source}. Check that its directory exists and that you may write \
         there.", path.display()
    )]
    StateFile {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The state file is not one, or is damaged before its last line.
    #[error(
        "The state file {} cannot be used: {reason}. Restore it from a copy, or move it away to start afresh.",
        path.display()
    )]
    StateCorrupt {
        /// The file.
        path: PathBuf,
        /// Where and how it is damaged.
        reason: String,
    },
    /// Another process uses the state file.
    #[error(
        "The state file {} is in use by another emulator. Stop that one, or choose another state file.", path.display()
    )]
    StateLocked {
        /// The file.
        path: PathBuf,
    },
    /// The TLS port cannot be set up.
    #[error(
        "TLS cannot be set up: {reason}. Check the TLS directory, or move it away to start with a new authority."
    )]
    Tls {
        /// What is wrong.
        reason: String,
    },
    /// A limit is out of range.
    #[error("The limits cannot be used. {reason}")]
    Limits {
        /// What is allowed.
        reason: &'static str,
    },
    /// An error cannot be overridden so.
    #[error("The errors cannot be overridden. {0}")]
    Errors(#[from] OverrideError),
    /// The seed contradicts itself.
    #[error("The seed cannot be used: {reason}. Correct the seed and start again.")]
    Seed {
        /// What is wrong.
        reason: String,
    },
    /// A call of the scenario was refused, records cannot be generated, or the scenario sets a clock that is not the
    /// emulator's own.
    #[error("The scenario cannot be played. {reason} Correct the scenario and start again.")]
    Scenario {
        /// What is wrong, as a sentence.
        reason: String,
    },
    /// There are as many forks as there may be.
    #[error(
        "An emulator has at most {limit} forks at a time, forks of forks included. Stop one of them first."
    )]
    TooManyForks {
        /// The most there may be.
        limit: usize,
    },
}

/// Settings of an emulator that is about to start.
pub struct Builder {
    host: IpAddr,
    port: u16,
    clock: Option<Arc<dyn Clock>>,
    clock_start: Option<ClockStart>,
    state_file: Option<PathBuf>,
    compact_from: u64,
    scenario: Scenario,
    tls: Option<TlsOptions>,
    seed_number: Option<u64>,
    limits: Limits,
    errors: ErrorOverrides,
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

    /// How the emulator's own clock starts; the default is what the scenario says, and [`ClockStart::Real`] when it says
    /// nothing. A clock given to [`Builder::clock`] wins.
    #[must_use]
    pub fn clock_start(mut self, start: ClockStart) -> Self {
        self.clock_start = Some(start);
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

    /// Answers a kind of refusal in another way than the table of errors has it, for example the kind `duplicate_name`
    /// with another code. A kind that there is not is refused at the start.
    #[must_use]
    pub fn error(mut self, kind: &str, wanted: ErrorOverride) -> Self {
        self.errors.insert(kind.to_owned(), wanted);
        self
    }

    /// Keeps all records in this file, so that they survive a restart; without one they live in memory.
    #[must_use]
    pub fn state_file(mut self, path: PathBuf) -> Self {
        self.state_file = Some(path);
        self
    }

    /// Rewrites the state file without what was overwritten once it has this many bytes and twice those that the last
    /// rewrite left; the default is 8 MiB.
    #[must_use]
    pub fn compact_state_from(mut self, bytes: u64) -> Self {
        self.compact_from = bytes;
        self
    }

    /// Starts from this content; the default is [`Seed::demo`]. A state file that holds something wins over it.
    #[must_use]
    pub fn seed(mut self, seed: Seed) -> Self {
        self.scenario.seed = Some(seed);
        self
    }

    /// Starts from this scenario; one without a seed starts from [`Seed::demo`]. A state file that holds something wins
    /// over it, but for the clock.
    #[must_use]
    pub fn scenario(mut self, scenario: Scenario) -> Self {
        self.scenario = scenario;
        self
    }

    /// Also generates these records at the start, unless a state file holds something.
    #[must_use]
    pub fn generate(mut self, order: Generate) -> Self {
        self.scenario.generate.push(order);
        self
    }

    /// Also listens for TLS; see [`Emulator::ca_pem`] for what clients must trust.
    #[must_use]
    pub fn tls(mut self, options: TlsOptions) -> Self {
        self.tls = Some(options);
        self
    }

    /// The defaults that [`Emulator::builder`] names.
    pub(crate) fn new() -> Self {
        Self {
            host: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 0,
            clock: None,
            clock_start: None,
            state_file: None,
            compact_from: log::COMPACT_FROM,
            scenario: Scenario::default(),
            tls: None,
            seed_number: None,
            limits: Limits::off(),
            errors: ErrorOverrides::new(),
        }
    }

    /// Starts to listen. Errors: the address or the state file cannot be used, the seed contradicts itself, the scenario
    /// is refused, a limit is out of range, or an overridden error is not one.
    pub async fn start(self) -> Result<Emulator, StartError> {
        let mut scenario = self.scenario;
        let seed = scenario.seed.get_or_insert_with(Seed::demo);
        seed.check().map_err(|reason| StartError::Seed { reason })?;
        if let Some(reason) = self.limits.problem() {
            return Err(StartError::Limits { reason });
        }
        let errors = Overrides::of(&self.errors)?;
        let wanted = SocketAddr::new(self.host, self.port);
        let listener = TcpListener::bind(wanted).await.map_err(|source| listen_error(wanted, source))?;
        let secured = match self.tls {
            Some(options) => Some(secure(self.host, options).await?),
            None => None,
        };
        let (clock, steered) = match self.clock {
            Some(foreign) => (foreign, None),
            None => {
                let start = self.clock_start.or(scenario.clock).unwrap_or_default();
                let own = Arc::new(SteeredClock::new(start));
                (Arc::clone(&own) as Arc<dyn Clock>, Some(own))
            }
        };
        let (now, random) = (clock.now(), Arc::new(Random::new(self.seed_number)));
        let scenario = Arc::new(scenario);
        let (durable, path, first) = (self.state_file.is_some(), self.state_file, Arc::clone(&scenario));
        let file = path.map(|path| (path, self.compact_from));
        let opened = tokio::task::spawn_blocking(move || open(file, &first, now, random));
        let store = opened.await.map_err(|error| StartError::StateFile {
            path: PathBuf::new(),
            source: io::Error::other(error),
        })??;
        launch(Plan {
            host: self.host,
            listener,
            secured,
            store,
            clock,
            steered,
            scenario,
            limits: self.limits,
            errors,
            durable,
            stop: CancellationToken::new(),
            slots: fork::slots(),
            slot: None,
        })
    }
}

/// Opens the state file, if there is one, and plays the scenario when nothing is in it.
fn open(
    file: Option<(PathBuf, u64)>,
    scenario: &Scenario,
    now: DateTime<Utc>,
    random: Arc<Random>,
) -> Result<Store, StartError> {
    let refused = |reason: String| StartError::Scenario { reason };
    let Some((path, compact_from)) = file else {
        let first = scenario.first_state(now, &random).map_err(|error| refused(error.to_string()))?;
        return Ok(Store::in_memory(first, random));
    };
    let failed = |error| state_error(&path, error);
    let (store, empty) = Store::open(&path, compact_from, Arc::clone(&random)).map_err(failed)?;
    if empty {
        let first = scenario.first_state(now, &random).map_err(|error| refused(error.to_string()))?;
        store.replace(|_| Ok((first, ()))).map_err(failed)?;
    }
    Ok(store)
}

async fn secure(host: IpAddr, options: TlsOptions) -> Result<Secured, StartError> {
    let listened = tls::listen(host, options.port).await;
    let (listener, addr) = listened.map_err(|(address, source)| listen_error(address, source))?;
    let made = tokio::task::spawn_blocking(move || tls::prepare(options.dir.as_deref())).await;
    let setup = made
        .map_err(|error| error.to_string())
        .and_then(|setup| setup.map_err(|error: TlsError| error.to_string()))
        .map_err(|reason| StartError::Tls { reason })?;
    let secure = Secure::new(&setup, reachable(addr));
    Ok(Secured { listener, addr, secure, ca_pem: setup.ca_pem })
}

fn state_error(path: &Path, error: LogError) -> StartError {
    let path = path.to_owned();
    match error {
        LogError::Io(source) => StartError::StateFile { path, source },
        LogError::Locked => StartError::StateLocked { path },
        error @ (LogError::Corrupt { .. } | LogError::Broken) => {
            StartError::StateCorrupt { path, reason: error.to_string() }
        }
    }
}
