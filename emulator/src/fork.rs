//! Independent copies of a running emulator in the same process.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener as Listener};
use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use crate::builder::StartError;
use crate::clock::Clock;
use crate::emulator::Emulator;
use crate::launch::{Plan, launch, listen_error};
use crate::server::App;
use crate::store::{State, Store};
use crate::sync::locked;

/// The most forks of one original, forks of forks included.
const MOST: usize = 16;

/// Places for the forks of one original.
pub(crate) fn slots() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(MOST))
}

/// The forks that were started over HTTP. They end when they are taken out, and with their original.
pub(crate) struct Forks {
    slots: Arc<Semaphore>,
    running: Mutex<Running>,
}

#[derive(Default)]
struct Running {
    last_id: u64,
    forks: BTreeMap<u64, (Emulator, DateTime<Utc>)>,
}

/// A running fork.
pub(crate) struct Fork {
    pub(crate) id: u64,
    pub(crate) url: String,
    /// When it was made, on the original's clock.
    pub(crate) time: DateTime<Utc>,
}

impl Forks {
    pub(crate) fn new(slots: Arc<Semaphore>) -> Self {
        Self { slots, running: Mutex::default() }
    }

    /// Keeps a fork until somebody ends it. Ids are never used twice.
    pub(crate) fn add(&self, emulator: Emulator, time: DateTime<Utc>) -> Fork {
        let mut running = locked(&self.running);
        running.last_id += 1;
        let fork = Fork { id: running.last_id, url: emulator.url(), time };
        running.forks.insert(fork.id, (emulator, time));
        fork
    }

    /// The running forks, oldest first.
    pub(crate) fn list(&self) -> Vec<Fork> {
        let running = locked(&self.running);
        let shown = |(id, (emulator, time)): (&u64, &(Emulator, DateTime<Utc>))| Fork {
            id: *id,
            url: emulator.url(),
            time: *time,
        };
        running.forks.iter().map(shown).collect()
    }

    /// Ends a fork; says whether there was one.
    pub(crate) fn end(&self, id: u64) -> bool {
        locked(&self.running).forks.remove(&id).is_some()
    }

    /// Takes all forks out, for the original's end.
    pub(crate) fn take_all(&self) -> Vec<Emulator> {
        std::mem::take(&mut locked(&self.running).forks).into_values().map(|(emulator, _)| emulator).collect()
    }
}

impl App {
    /// Starts a copy that goes on from `state` on `port`, 0 for any free one. Errors: the port cannot be used, or there
    /// are too many forks.
    pub(crate) fn fork(&self, port: u16, state: State) -> Result<Emulator, StartError> {
        let _runtime = self.runtime.enter();
        let slots = &self.forks.slots;
        let slot = Arc::clone(slots).try_acquire_owned();
        let slot = slot.map_err(|_| StartError::TooManyForks { limit: MOST })?;
        let wanted = SocketAddr::new(self.host, port);
        let listener = Listener::bind(wanted)
            .and_then(|listener| listener.set_nonblocking(true).map(|()| listener))
            .and_then(TcpListener::from_std)
            .map_err(|source| listen_error(wanted, source))?;
        let (clock, steered) = match &self.steered {
            None => (Arc::clone(&self.clock), None),
            Some(own) => {
                let copy = Arc::new(own.fork());
                (Arc::clone(&copy) as Arc<dyn Clock>, Some(copy))
            }
        };
        let random = Arc::new(self.store.random().fork());
        launch(Plan {
            host: self.host,
            listener,
            secured: None,
            store: Store::in_memory(state.without_pending_deliveries(), random),
            clock,
            steered,
            scenario: Arc::clone(&self.scenario),
            limits: self.limiter.limits(),
            errors: self.errors.fork(),
            durable: false,
            stop: self.stop.child_token(),
            slots: Arc::clone(slots),
            slot: Some(slot),
        })
    }
}
