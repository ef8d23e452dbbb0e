//! The pipeline every call goes through: read, admit, strike, handle, record, deliver.

mod accept;
mod answer;
mod handle;
mod line;

use std::net::{IpAddr, SocketAddr};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::response::Response;
use chrono::{DateTime, Utc};
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::auth::Admitted;
use crate::clock::{Clock, SteeredClock};
use crate::control;
use crate::error::overrides::Overrides;
use crate::error::{ApiError, Code};
use crate::fault::{Delivery, FaultId, Faults, Make, Plan, Subject, halve_body, halve_query};
use crate::fork::Forks;
use crate::host::{self, Site};
use crate::journal::{Journal, Recorded};
use crate::limit::Limiter;
use crate::request::{Call, Decoded, Query, Settings, decode, is_large, read_body};
use crate::scenario::{Scenario, ScenarioError};
use crate::snapshot::Snapshots;
use crate::store::Store;
use crate::tls::Secure;
use crate::webhook::fault::Mishaps;

pub(crate) use accept::accept;
pub(crate) use answer::Answer;
use answer::{deliver, response};
use handle::Admission;

/// Everything the calls share.
pub(crate) struct App {
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
    /// The clock that the control surface may move; `None` when the embedding program brought its own.
    pub(crate) steered: Option<Arc<SteeredClock>>,
    pub(crate) journal: Journal,
    pub(crate) faults: Faults,
    pub(crate) mishaps: Mishaps,
    pub(crate) limiter: Arc<Limiter>,
    /// What is answered instead of the table of errors.
    pub(crate) errors: Arc<Overrides>,
    /// The emulator's own address; tokens name it as `api_domain`.
    pub(crate) url: String,
    pub(crate) address: SocketAddr,
    /// The address of the TLS port, if there is one.
    pub(crate) tls_address: Option<SocketAddr>,
    /// Certificate of the authority that signed the TLS port's, in PEM; `None` without TLS.
    pub(crate) ca_pem: Option<String>,
    pub(crate) stop: CancellationToken,
    /// Calls so far, those to the control surface aside.
    pub(crate) requests: AtomicU64,
    /// The number of the last answer. Control calls have none: a person who looks at the status page must not change the
    /// numbers that a test sees. It starts over with the journal.
    pub(crate) numbered: AtomicU64,
    /// Whether there is a state file, so that handling a call may wait for a disk.
    pub(crate) durable: bool,
    /// What a reset goes back to.
    pub(crate) scenario: Arc<Scenario>,
    pub(crate) snapshots: Snapshots,
    pub(crate) forks: Forks,
    /// The address that was asked for, on which forks listen, too.
    pub(crate) host: IpAddr,
    /// Where forks run.
    pub(crate) runtime: Handle,
    /// What a shutdown waits for.
    pub(crate) tasks: TaskTracker,
}

impl App {
    /// Goes back to the seed and the scenario, and forgets what hangs on the records. Errors: the state file cannot be
    /// written, or the scenario is refused; then nothing changes.
    pub(crate) fn reset(&self, now: DateTime<Utc>) -> Result<(), ScenarioError> {
        self.store
            .replace(|_| self.scenario.first_state(now, self.store.random()).map(|state| (state, ())))?;
        self.forget();
        Ok(())
    }

    /// Forgets the recorded calls; they and the answers are numbered from 1 again.
    pub(crate) fn clear_journal(&self) {
        self.journal.clear();
        self.numbered.store(0, Ordering::Relaxed);
    }

    /// Forgets what hangs on records that were replaced as a whole.
    pub(crate) fn forget(&self) {
        self.store.history().clear();
        self.limiter.forget();
    }
}

/// A call read from the wire.
struct Incoming {
    id: String,
    arrived: Instant,
    now: DateTime<Utc>,
    method: String,
    path: String,
    site: Site,
    raw_query: String,
    body: Bytes,
    /// The decoded call, but for the ids in its path.
    call: Call,
}

async fn handle(State(app): State<Arc<App>>, request: Request) -> Response {
    let arrived = Instant::now();
    let now = app.clock.now();
    let (parts, body) = request.into_parts();
    let path = host::canonical(parts.uri.path(), &parts.headers);
    let secure = parts.extensions.get::<Secure>();
    let site = Site::of(secure.map(Secure::url), &app.url, &parts.headers);
    let method = parts.method.as_str().to_owned();
    let raw_query = parts.uri.query().unwrap_or_default().to_owned();
    let query = Query::parse(raw_query.as_bytes());
    let body = read_body(body).await;
    let too_large = body.is_none();
    let body = Bytes::from(body.unwrap_or_default());
    if path == "_emulator" || path.starts_with("_emulator/") {
        let answer = if too_large {
            control::too_large()
        } else {
            let worker = Arc::clone(&app);
            let aside = leaves_event_loop(&app, &body) || control::takes_long(&path);
            run(aside, move || control::handle(&worker, now, &method, &path, &query, &body).into()).await
        };
        return response(answer, None);
    }
    app.requests.fetch_add(1, Ordering::Relaxed);
    let id = format!("req-{}", app.numbered.fetch_add(1, Ordering::Relaxed) + 1);
    let headers = Arc::new(parts.headers);
    let (decoded, query): (Decoded, Query) = if too_large {
        (Err(ApiError::from(Code::BodyTooLarge)).into(), query)
    } else {
        decode(&headers, &body, query).await
    };
    let Decoded { body: decoded, files } = decoded;
    let settings = Settings { errors: Arc::clone(&app.errors), contact_quota: app.limiter.contact_quota() };
    let call = Call { ids: Vec::new(), query, headers, files, body: decoded, settings };
    answer_call(&app, Incoming { id, arrived, now, method, path, site, raw_query, body, call }).await
}

/// Whether a call may be busy or wait for so long that others would wait for it on the event loop: for a disk, for
/// another writer, or with a large body.
fn leaves_event_loop(app: &App, body: &Bytes) -> bool {
    app.durable || app.store.is_busy() || is_large(body)
}

async fn answer_call(app: &Arc<App>, mut incoming: Incoming) -> Response {
    let now = incoming.now;
    let admission = handle::admit(app, &incoming);
    let caller = admission.as_ref().ok().and_then(Admitted::caller);
    let (entered, quota) = match &caller {
        Some(caller) => {
            let (entered, quota) = app.limiter.enter(caller, now);
            (entered.map(Some), quota)
        }
        None => (handle::throttle(app, &incoming).map(|()| None), Vec::new()),
    };
    let (slot, rule, plan) = match entered {
        Err(refusal) => (None, None, Plan::ready(refusal)),
        Ok(slot) => {
            let subject = Subject {
                method: &incoming.method,
                path: &format!("/{}", incoming.path),
                body: &incoming.body,
                organization: caller.as_ref().map(|caller| &caller.organization_id),
            };
            match app.faults.strike(&subject, app.store.random()) {
                None => (slot, None, Plan::USUAL),
                Some((rule, action)) => {
                    let plan = caller.as_ref().map_or("FREE", |caller| caller.plan.as_str());
                    let day_limit = app.limiter.limits().day_limit(plan);
                    (slot, Some(rule), Plan::of(action, now, day_limit, app.store.random()))
                }
            }
        }
    };
    if let Make::Handle { half: true, .. } = plan.make {
        halve_query(&mut incoming.call.query);
        if let Ok(Some(body)) = &mut incoming.call.body {
            halve_body(body);
        }
    }
    let (id, delivery, wait) = (incoming.id.clone(), plan.delivery, plan.wait);
    let organization = caller.map(|caller| caller.organization_id);
    let aside = leaves_event_loop(app, &incoming.body);
    let worker = Arc::clone(app);
    let made = move |waited: bool| {
        // The call counts as in process until its answer is ready.
        let _slot = slot;
        // Much may have happened while the call waited.
        let admission = if waited { handle::admit(&worker, &incoming) } else { admission };
        make(&worker, incoming, admission, rule, plan, organization, quota)
    };
    let answer = if wait == 0 {
        run(aside, move || made(false)).await
    } else {
        // A task of its own, because this one ends when the client gives up; the call is handled all the same.
        let waiting = Arc::clone(app);
        let task = app.tasks.spawn(async move {
            pause(&waiting, wait).await;
            run(aside || waiting.store.is_busy(), move || made(true)).await
        });
        task.await.unwrap_or_else(|_| ApiError::from(Code::Internal).into())
    };
    deliver(answer, delivery, &id, &app.stop)
}

/// Makes the answer and records the call.
fn make(
    app: &App,
    mut incoming: Incoming,
    admission: Admission,
    rule: Option<FaultId>,
    plan: Plan,
    organization: Option<String>,
    quota: Vec<(String, String)>,
) -> Answer {
    let (answer, organization) = match plan.make {
        Make::Handle { stale, .. } => {
            let handled =
                catch_unwind(AssertUnwindSafe(|| handle::answer(app, &mut incoming, admission, stale)));
            let (mut answer, organization) =
                handled.unwrap_or_else(|_| (ApiError::from(Code::Internal).into(), organization));
            answer.headers.extend(quota);
            (answer, organization)
        }
        Make::Ready(mut answer) => {
            if answer.code.is_some() {
                answer.headers.extend(quota);
            }
            (answer, organization)
        }
        Make::Nothing => {
            let nothing = Answer {
                status: 200,
                code: None,
                content_type: "".into(),
                headers: Vec::new(),
                body: Bytes::new(),
                refusal: None,
            };
            (nothing, organization)
        }
    };
    let answer = answer.worded_by(&app.errors);
    app.journal.record(Recorded {
        sequence: 0,
        time: incoming.now,
        method: incoming.method,
        path: format!("/{}", incoming.path),
        query: incoming.raw_query,
        headers: incoming.call.headers,
        organization_id: organization,
        status: (!matches!(plan.delivery, Delivery::Close | Delivery::Reset)).then_some(answer.status),
        code: answer.code,
        content_type: answer.content_type.clone(),
        request_body: incoming.body,
        response_body: answer.body.clone(),
        request_id: incoming.id,
        duration: incoming.arrived.elapsed(),
        fault: rule,
    });
    answer
}

/// Waits, but never longer than the emulator lives.
async fn pause(app: &App, ms: u64) {
    if ms == 0 {
        return;
    }
    tokio::select! {
        () = app.stop.cancelled() => {}
        () = tokio::time::sleep(Duration::from_millis(ms)) => {}
    }
}

/// Runs the work of a call; a panic in it becomes code 1000. With a state file it may wait for the disk, so it leaves the
/// event loop (`aside`); without one it is memory work, mostly shorter than the way to another thread. In both cases it
/// goes on when the client hangs up, so a call is either wholly done or not begun.
async fn run(aside: bool, work: impl FnOnce() -> Answer + Send + 'static) -> Answer {
    if aside {
        let done = tokio::task::spawn_blocking(work).await;
        return done.unwrap_or_else(|_| ApiError::from(Code::Internal).into());
    }
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| ApiError::from(Code::Internal).into())
}

#[cfg(test)]
mod tests;
