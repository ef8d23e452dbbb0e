//! The one way in which an emulator comes to life, as an original or as a fork.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::builder::StartError;
use crate::clock::{Clock, SteeredClock};
use crate::emulator::Emulator;
use crate::error::overrides::Overrides;
use crate::fault::Faults;
use crate::fork::Forks;
use crate::journal::Journal;
use crate::limit::{Limiter, Limits};
use crate::scenario::Scenario;
use crate::server::{self, App};
use crate::snapshot::Snapshots;
use crate::store::Store;
use crate::tls::Secure;
use crate::webhook::{fault::Mishaps, sender};

/// What an emulator is made of.
pub(crate) struct Plan {
    pub(crate) host: IpAddr,
    pub(crate) listener: TcpListener,
    pub(crate) secured: Option<Secured>,
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) steered: Option<Arc<SteeredClock>>,
    pub(crate) scenario: Arc<Scenario>,
    pub(crate) limits: Limits,
    pub(crate) errors: Overrides,
    pub(crate) durable: bool,
    pub(crate) stop: CancellationToken,
    /// Places for forks, shared by the whole family.
    pub(crate) slots: Arc<Semaphore>,
    /// The place that a fork itself takes.
    pub(crate) slot: Option<OwnedSemaphorePermit>,
}

/// The TLS port.
pub(crate) struct Secured {
    pub(crate) listener: TcpListener,
    pub(crate) addr: SocketAddr,
    pub(crate) secure: Secure,
    pub(crate) ca_pem: String,
}

/// Starts to answer calls. Must be called within the runtime. Errors: the system does not tell the listener's address.
pub(crate) fn launch(plan: Plan) -> Result<Emulator, StartError> {
    let wanted = SocketAddr::new(plan.host, 0);
    let addr = plan.listener.local_addr().map_err(|source| listen_error(wanted, source))?;
    let tasks = TaskTracker::new();
    let app = Arc::new(App {
        store: plan.store,
        clock: plan.clock,
        steered: plan.steered,
        journal: Journal::default(),
        faults: Faults::default(),
        mishaps: Mishaps::default(),
        url: format!("http://{}", reachable(addr)),
        ca_pem: plan.secured.as_ref().map(|secured| secured.ca_pem.clone()),
        limiter: Arc::new(Limiter::new(plan.limits)),
        errors: Arc::new(plan.errors),
        address: reachable(addr),
        tls_address: plan.secured.as_ref().map(|secured| secured.addr),
        stop: plan.stop,
        requests: AtomicU64::new(0),
        numbered: AtomicU64::new(0),
        durable: plan.durable,
        scenario: plan.scenario,
        snapshots: Snapshots::default(),
        forks: Forks::new(plan.slots),
        host: plan.host,
        runtime: Handle::current(),
        tasks: tasks.clone(),
    });
    tasks.spawn(sender::run(Arc::clone(&app)));
    tasks.spawn(server::accept(Arc::clone(&app), plan.listener, None, tasks.clone()));
    let tls = plan.secured.map(|Secured { listener, addr, secure, .. }| {
        let url = secure.url().to_owned();
        tasks.spawn(server::accept(Arc::clone(&app), listener, Some(secure), tasks.clone()));
        (addr, url)
    });
    Ok(Emulator { app, addr, tls, tasks, _slot: plan.slot })
}

/// "All addresses" is nothing a client could call, so the url names this machine instead.
pub(crate) fn reachable(addr: SocketAddr) -> SocketAddr {
    if addr.ip().is_unspecified() { SocketAddr::new(Ipv4Addr::LOCALHOST.into(), addr.port()) } else { addr }
}

/// Why an address cannot be listened on.
pub(crate) fn listen_error(address: SocketAddr, source: io::Error) -> StartError {
    match source.kind() {
        io::ErrorKind::AddrInUse => StartError::PortInUse { address },
        _ => StartError::Listen { address, source },
    }
}
