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
use axum::http::HeaderMap;
use axum::response::Response;
use chrono::{DateTime, Utc};
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use crate::clock::{Clock, SteeredClock};
use crate::control;
use crate::error::{ApiError, Code};
use crate::fault::{
    Delivery, FaultId, Faults, History, Make, Plan, Subject, first_half_of_body, first_half_of_query,
};
use crate::fork::Forks;
use crate::host::{self, Site};
use crate::journal::{Journal, Recorded};
use crate::limit::Limiter;
use crate::request::{Decoded, Query, decode_body, read_body};
use crate::scenario::{Scenario, ScenarioError};
use crate::snapshot::Snapshots;
use crate::store::Store;
use crate::tls::{self, Secure};
use crate::webhook::fault::Mishaps;

pub(crate) use accept::accept;
pub(crate) use answer::Answer;
use answer::{deliver, response};

/// Everything the calls share.
pub(crate) struct App {
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
    /// The clock that the control surface may move; `None` when the embedding program brought its own.
    pub(crate) steered: Option<Arc<SteeredClock>>,
    pub(crate) journal: Journal,
    pub(crate) faults: Faults,
    pub(crate) mishaps: Mishaps,
    pub(crate) history: History,
    pub(crate) limiter: Arc<Limiter>,
    /// The emulator's own address; tokens name it as `api_domain`.
    pub(crate) url: String,
    pub(crate) address: SocketAddr,
    /// Certificate of the authority that signed the TLS port's, in PEM; `None` without TLS.
    pub(crate) ca_pem: Option<String>,
    pub(crate) stop: CancellationToken,
    /// Calls so far, those to the control surface aside: their answers are numbered, and a person who looks at the
    /// status page must not change the numbers that a test sees.
    pub(crate) requests: AtomicU64,
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

    /// Forgets what hangs on records that were replaced as a whole.
    pub(crate) fn forget(&self) {
        self.history.clear();
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
    headers: HeaderMap,
    body: Bytes,
    query: Query,
    decoded: Decoded,
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
    let mut query = Query::parse(raw_query.as_bytes());
    let body = read_body(body).await;
    let too_large = body.is_none();
    let body = Bytes::from(body.unwrap_or_default());
    if path == tls::CA_PATH {
        return response(tls::ca_reply(app.ca_pem.as_deref(), &method).into(), None);
    }
    if path == "_emulator" || path.starts_with("_emulator/") {
        let answer = if too_large {
            ApiError::from(Code::BodyTooLarge).into()
        } else {
            let worker = Arc::clone(&app);
            let aside = app.durable || control::takes_long(&path);
            run(aside, move || control::handle(&worker, now, &method, &path, &query, &body).into()).await
        };
        return response(answer, None);
    }
    let id = format!("req-{}", app.requests.fetch_add(1, Ordering::Relaxed) + 1);
    let decoded = if too_large {
        Err(ApiError::from(Code::BodyTooLarge)).into()
    } else {
        decode_body(&parts.headers, &body, &mut query).await
    };
    let headers = parts.headers;
    let incoming =
        Incoming { id, arrived, now, method, path, site, raw_query, headers, body, query, decoded };
    answer_call(&app, incoming).await
}

async fn answer_call(app: &Arc<App>, mut incoming: Incoming) -> Response {
    let now = incoming.now;
    let caller = handle::caller(app, &incoming);
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
    pause(app, plan.wait).await;
    if let Make::Handle { half: true, .. } = plan.make {
        incoming.query = Query::parse(first_half_of_query(&incoming.raw_query).as_bytes());
        let body = Bytes::from(first_half_of_body(&incoming.body));
        incoming.decoded = decode_body(&incoming.headers, &body, &mut incoming.query).await;
    }
    let (id, worker) = (incoming.id.clone(), Arc::clone(app));
    let delivery = plan.delivery;
    let organization = caller.map(|caller| caller.organization_id);
    let answer = run(app.durable, move || {
        // The call counts as in process until its answer is ready.
        let _slot = slot;
        make(&worker, incoming, rule, plan, organization, quota)
    })
    .await;
    deliver(answer, delivery, &id, &app.stop)
}

/// Makes the answer and records the call.
fn make(
    app: &App,
    incoming: Incoming,
    rule: Option<FaultId>,
    plan: Plan,
    organization: Option<String>,
    quota: Vec<(String, String)>,
) -> Answer {
    let (answer, organization) = match plan.make {
        Make::Handle { stale, .. } => {
            let handled = catch_unwind(AssertUnwindSafe(|| handle::answer(app, &incoming, stale)));
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
            };
            (nothing, organization)
        }
    };
    app.journal.record(Recorded {
        sequence: 0,
        time: incoming.now,
        method: incoming.method,
        path: format!("/{}", incoming.path),
        query: incoming.raw_query,
        headers: incoming.headers,
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
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_becomes_code_1000() {
        for durable in [false, true] {
            let answer = run(durable, || panic!("on purpose")).await;
            assert_eq!((answer.status, answer.code), (500, Some(1000)), "{durable}");
        }
    }
}
