//! The way of a request from a token and a text to an answer, whatever transport it came by:
//! [`sign_in`](super::sign_in), then [`admit`], then [`run`].

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_graphql::parser::types::OperationType;
use async_graphql::{Name, Request, Response, Value, Variables};
use futures::FutureExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tracing::{Instrument, Span};

use super::Shared;
use super::guesses::Guesses;
use super::sign_in::SignedIn;
pub use super::ticket::{Answer, Ticket};
use super::ticket::{code_of, cost_of, told_name};
use crate::config::Limits;
use crate::graphql::guard::bucket::Buckets;
pub use crate::graphql::guard::refusal::Refusal;
use crate::graphql::guard::refusal::{Manner, seconds};
use crate::graphql::guard::{Examined, Guard};
use crate::graphql::loader::{Loaders, Turns};
use crate::telemetry::measure;

/// How long a request waits for one of those under way to end.
const QUEUE: Duration = Duration::from_secs(1);

/// What the way of every request needs to remember.
pub struct Gate {
    pub(super) guard: Guard,
    pub(super) buckets: Buckets,
    pub(super) guesses: Guesses,
    running: Arc<Semaphore>,
    exporting: Arc<Semaphore>,
    limits: Limits,
}

impl Gate {
    /// A gate with these limits.
    pub fn new(guard: Guard, limits: Limits) -> Self {
        let places = |most: u64| {
            let most = usize::try_from(most).unwrap_or(Semaphore::MAX_PERMITS);
            Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS)))
        };
        Self {
            guard,
            buckets: Buckets::new(&limits),
            guesses: Guesses::new(limits.unknown_tokens_per_minute),
            running: places(limits.concurrent_requests),
            exporting: places(limits.concurrent_exports),
            limits,
        }
    }

    /// The limits.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }
}

/// What is asked, as the GraphQL-over-HTTP specification describes it.
#[derive(Default)]
pub struct Asked {
    /// The document.
    query: String,
    /// Which of its operations.
    operation_name: Option<String>,
    /// Values of its variables.
    variables: Variables,
    /// What came of looking at the document, which is done once.
    examined: Option<Result<Arc<Examined>, Refusal>>,
}

impl Asked {
    /// This operation of this document, with these variables.
    pub fn new(query: String, operation_name: Option<String>, variables: Variables) -> Self {
        let operation_name = operation_name.filter(|name| !name.is_empty());
        Self { query, operation_name, variables, examined: None }
    }

    fn examined(&mut self, gate: &Gate) -> Result<Arc<Examined>, Refusal> {
        self.examined.get_or_insert_with(|| gate.guard.examine(&self.query)).clone()
    }
}

/// What a transport can carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carries {
    /// Queries only: GET.
    Queries,
    /// Queries and subscriptions: GET of an event stream.
    Streams,
    /// Anything.
    Everything,
}

/// A request that may be executed.
pub struct Admitted {
    /// What it asks for.
    pub kind: OperationType,
    /// What the library executes.
    pub request: Request,
    /// In whose turns its loaders read.
    pub turns: Turns,
    /// What brings its answers into shape.
    pub ticket: Ticket,
}

/// Whether a subscription is asked for. What cannot be read is none: letting it in tells the fault.
pub fn is_subscription(shared: &Shared, asked: &mut Asked) -> bool {
    let examined = asked.examined(&shared.gate);
    let name = asked.operation_name.as_deref();
    examined.is_ok_and(|examined| examined.kind(name) == OperationType::Subscription)
}

/// Checks what is asked against every limit, takes its cost, and makes it ready to be executed.
///
/// # Errors
/// When it cannot be parsed, exceeds a limit, the token has not enough points, or the server is full.
pub async fn admit(
    shared: &Shared,
    signed_in: SignedIn,
    asked: Asked,
    carries: Carries,
) -> Result<Admitted, Refusal> {
    let admitted = examine(shared, signed_in, asked, carries).await;
    admitted.inspect_err(|refusal| measure::refused("unknown", refusal.code()))
}

async fn examine(
    shared: &Shared,
    signed_in: SignedIn,
    mut asked: Asked,
    carries: Carries,
) -> Result<Admitted, Refusal> {
    let gate = &shared.gate;
    let examined = asked.examined(gate)?;
    let operation_name = asked.operation_name;
    let kind = examined.kind(operation_name.as_deref());
    let carried = match carries {
        Carries::Everything => true,
        Carries::Queries => examined.is_query(operation_name.as_deref()),
        Carries::Streams => kind != OperationType::Mutation,
    };
    if !carried {
        let message = "GET runs queries only; POST mutations, and subscribe over WebSocket or SSE";
        return Err(Refusal::new(Manner::Method, "BAD_USER_INPUT", message));
    }
    let mut variables = asked.variables;
    examined.fill_in_defaults(operation_name.as_deref(), &mut variables)?;
    let requested = gate.guard.price(&examined, operation_name.as_deref(), &variables)?.total();
    let told = match examined.operation(operation_name.as_deref())?.ty {
        OperationType::Query => "query",
        OperationType::Mutation => "mutation",
        OperationType::Subscription => "subscription",
    };
    if let Some(name) = &operation_name {
        Span::current().record("operation", told_name(Some(name)));
    }
    let permit = permit(gate, QUEUE).await?;
    pay(shared, signed_in.token, requested)?;
    let switches = variables.iter().filter(|(_, value)| matches!(value, Value::Boolean(_)));
    let switches = switches.map(|(name, value)| (name.clone(), value.clone()));
    let switches = Variables::from_value(Value::Object(switches.collect()));

    let document = gate.guard.executable(&examined, operation_name.as_deref(), &variables);
    let services = shared.app.services(signed_in.viewer);
    let turns = Turns::default();
    let loaders = Loaders::new(&services, &turns);
    // The library takes the parsed document, so it is not given the text again.
    let mut request = Request::new("").variables(variables).data(services).data(loaders);
    if let Some(name) = &operation_name {
        request = request.operation_name(name);
    }
    request.set_parsed_query(document);
    let ticket = Ticket {
        shared: shared.clone(),
        examined,
        operation_name,
        kind: told,
        switches,
        token: signed_in.token,
        requested,
        permit: Some(permit),
    };
    Ok(Admitted { kind, request, turns, ticket })
}

/// Takes what a request may cost out of the bucket of its token.
///
/// # Errors
/// When there is not enough in it.
pub(super) fn pay(shared: &Shared, token: [u8; 32], requested: u64) -> Result<(), Refusal> {
    let taken = shared.gate.buckets.take(token, requested, shared.app.engine.clock.now());
    taken.map(drop).map_err(|empty| {
        let message = format!(
            "The request may cost {requested} points, and your token has {} of {} left; {} come back each second, so repeat it in {} seconds, or ask for less",
            empty.level.available,
            empty.level.maximum,
            empty.level.restore,
            seconds(empty.wait),
        );
        measure::throttled("cost");
        let mut cost = cost_of(requested, 0, empty.level);
        if let Value::Object(members) = &mut cost {
            members.insert(Name::new("actualQueryCost"), Value::Null);
        }
        Refusal::new(Manner::Throttled, "THROTTLED", message).with("cost", cost).after(empty.wait)
    })
}

/// A place among what is executed at the same time; it is free again when it is dropped.
///
/// # Errors
/// When none gets free within this time.
pub(super) async fn permit(gate: &Gate, wait: Duration) -> Result<OwnedSemaphorePermit, Refusal> {
    let maximum = gate.limits.concurrent_requests;
    let message = format!("The server is executing {maximum} requests already; repeat this one in a moment");
    place(&gate.running, wait, "CONCURRENT_REQUESTS", maximum, message).await
}

/// A place among the exports that are written at the same time; it is free again when it is dropped.
///
/// # Errors
/// When none gets free soon.
pub async fn admit_export(shared: &Shared) -> Result<OwnedSemaphorePermit, Refusal> {
    let gate = &shared.gate;
    let maximum = gate.limits.concurrent_exports;
    let message = format!("The server is writing {maximum} exports already; repeat this one in a moment");
    place(&gate.exporting, QUEUE, "CONCURRENT_EXPORTS", maximum, message).await
}

async fn place(
    places: &Arc<Semaphore>,
    wait: Duration,
    limit: &'static str,
    maximum: u64,
    message: String,
) -> Result<OwnedSemaphorePermit, Refusal> {
    let waiting = tokio::time::timeout(wait, places.clone().acquire_owned()).await;
    waiting.ok().and_then(Result::ok).ok_or_else(|| {
        measure::throttled(if limit == "CONCURRENT_EXPORTS" {
            "concurrent_exports"
        } else {
            "concurrent_requests"
        });
        Refusal::new(Manner::Unavailable, "UNAVAILABLE", message)
            .with("limit", limit)
            .with("maximum", maximum)
            .after(QUEUE)
    })
}

/// Executes a query or mutation.
///
/// # Errors
/// When it took too long, or the server failed. What it may have cost stays taken then.
pub async fn run(shared: &Shared, admitted: Admitted) -> Result<Answer, Refusal> {
    let Admitted { request, turns, ticket, .. } = admitted;
    let limit = shared.gate.limits.execution_seconds;
    let (kind, begun, span) = (ticket.kind, Instant::now(), ticket.span());
    let execution = turns.run(shared.schema.execute(request)).instrument(span.clone());
    let execution = AssertUnwindSafe(execution).catch_unwind();
    let answered = match tokio::time::timeout(Duration::from_secs(limit), execution).await {
        Ok(Ok(response)) => {
            let answer = ticket.close(response);
            let code = answer.response.errors.first().map(|error| code_of(error).unwrap_or_default());
            match (answer.executed, code) {
                (false, Some(code)) => measure::refused(kind, &code),
                (_, code) => measure::operation(kind, code.as_deref(), begun.elapsed()),
            }
            return Ok(answer);
        }
        Ok(Err(_)) => failed(),
        Err(_) => too_slow(limit),
    };
    measure::operation(kind, Some(answered.code()), begun.elapsed());
    Err(answered)
}

/// An execution that took longer than so many seconds.
pub(super) fn too_slow(limit: u64) -> Refusal {
    let message =
        format!("The request took longer than {limit} seconds and was given up; ask for less at a time");
    Refusal::new(Manner::Unavailable, "UNAVAILABLE", message)
        .with("limit", "EXECUTION_TIME")
        .with("maximum", limit)
}

/// Names the request in each of its errors.
pub fn name_request(response: &mut Response, request_id: &str) {
    for error in &mut response.errors {
        error.extensions.get_or_insert_default().set("requestId", request_id);
    }
}

/// The server's own fault. The panic hook has told the log what happened.
pub fn failed() -> Refusal {
    let message =
        "Something failed on our side; repeat the request, and name the request id if it fails again";
    Refusal::new(Manner::Internal, "INTERNAL_SERVER_ERROR", message)
}
