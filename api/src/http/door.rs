//! The way of a request from a token and a text to an answer, whatever transport it came by:
//! [`sign_in`](super::sign_in), then [`admit`], then [`run`].

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_graphql::parser::types::OperationType;
use async_graphql::{Name, Request, Response, ServerError, Value, Variables};
use futures::FutureExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tracing::{Instrument, Span, error_span};

use super::Shared;
use super::guesses::Guesses;
use super::sign_in::SignedIn;
use crate::config::Limits;
use crate::graphql::guard::bucket::{Buckets, Level};
use crate::graphql::guard::cost::Cost;
pub use crate::graphql::guard::refusal::Refusal;
use crate::graphql::guard::refusal::{Manner, seconds};
use crate::graphql::guard::{Examined, Guard};
use crate::graphql::loader::{Loaders, Turns};
use crate::telemetry::measure;

/// How long a request waits for one of those under way to end.
const QUEUE: Duration = Duration::from_secs(1);

/// How much of an operation's name is told to logs and traces.
const TOLD_NAME: usize = 100;

/// What the way of every request needs to remember.
pub struct Gate {
    guard: Guard,
    buckets: Buckets,
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
#[derive(Debug, Default)]
pub struct Asked {
    /// The document.
    pub query: String,
    /// Which of its operations.
    pub operation_name: Option<String>,
    /// Values of its variables.
    pub variables: Variables,
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

/// What brings the answers of one request into shape and settles its cost.
pub struct Ticket {
    shared: Shared,
    examined: Arc<Examined>,
    operation_name: Option<String>,
    /// What it is, for metrics and traces.
    kind: &'static str,
    /// Only those that `@skip` and `@include` look at.
    switches: Variables,
    token: [u8; 32],
    requested: u64,
    permit: Option<OwnedSemaphorePermit>,
}

/// What came of a request that was let in.
pub struct Answer {
    /// The answer.
    pub response: Response,
    /// Whether anything was executed: validation may have refused it.
    pub executed: bool,
}

/// Whether a subscription is asked for. What cannot be read is none: letting it in tells the fault.
pub fn is_subscription(shared: &Shared, asked: &Asked) -> bool {
    let name = asked.operation_name.as_deref().filter(|name| !name.is_empty());
    let examined = shared.gate.guard.examine(&asked.query);
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
    asked: Asked,
    carries: Carries,
) -> Result<Admitted, Refusal> {
    let gate = &shared.gate;
    let examined = gate.guard.examine(&asked.query)?;
    let operation_name = asked.operation_name.filter(|name| !name.is_empty());
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
    let permit = permit(gate).await?;
    gate.buckets.take(signed_in.token, requested, shared.app.engine.clock.now()).map_err(|empty| {
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
    })?;
    let switches = variables.iter().filter(|(_, value)| matches!(value, Value::Boolean(_)));
    let switches = switches.map(|(name, value)| (name.clone(), value.clone()));
    let switches = Variables::from_value(Value::Object(switches.collect()));

    let services = shared.app.services(signed_in.viewer);
    let turns = Turns::default();
    let loaders = Loaders::new(&services, &turns);
    // The library takes the parsed document, so it is not given the text again.
    let mut request = Request::new("").variables(variables).data(services).data(loaders);
    if let Some(name) = &operation_name {
        request = request.operation_name(name);
    }
    request.set_parsed_query(examined.document());
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

async fn permit(gate: &Gate) -> Result<OwnedSemaphorePermit, Refusal> {
    let maximum = gate.limits.concurrent_requests;
    let message = format!("The server is executing {maximum} requests already; repeat this one in a moment");
    place(&gate.running, "CONCURRENT_REQUESTS", maximum, message).await
}

/// A place among the exports that are written at the same time; it is free again when it is dropped.
///
/// # Errors
/// When none gets free soon.
pub async fn admit_export(shared: &Shared) -> Result<OwnedSemaphorePermit, Refusal> {
    let gate = &shared.gate;
    let maximum = gate.limits.concurrent_exports;
    let message = format!("The server is writing {maximum} exports already; repeat this one in a moment");
    place(&gate.exporting, "CONCURRENT_EXPORTS", maximum, message).await
}

async fn place(
    places: &Arc<Semaphore>,
    limit: &'static str,
    maximum: u64,
    message: String,
) -> Result<OwnedSemaphorePermit, Refusal> {
    let waiting = tokio::time::timeout(QUEUE, places.clone().acquire_owned()).await;
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
        Err(_) => {
            let message = format!(
                "The request took longer than {limit} seconds and was given up; ask for less at a time"
            );
            Refusal::new(Manner::Unavailable, "UNAVAILABLE", message)
                .with("limit", "EXECUTION_TIME")
                .with("maximum", limit)
        }
    };
    measure::operation(kind, Some(answered.code()), begun.elapsed());
    Err(answered)
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

impl Ticket {
    /// Shapes the one answer of a query or mutation, and gives back what it did not cost.
    pub fn close(self, response: Response) -> Answer {
        let (mut response, cost) = self.shape(response);
        let executed = cost.is_some();
        let now = self.shared.app.engine.clock.now();
        let actual = cost.map_or(1, Cost::total);
        let level = self.shared.gate.buckets.settle(self.token, self.requested, actual, now);
        measure::cost(actual);
        if executed {
            response.extensions.insert("cost".to_owned(), cost_of(self.requested, actual, level));
        }
        Answer { response, executed }
    }

    /// Shapes one event of a subscription. The cost of its objects is taken, and never refuses it.
    pub fn event(&self, response: Response) -> Answer {
        let (response, cost) = self.shape(response);
        let now = self.shared.app.engine.clock.now();
        let actual = cost.map_or(1, Cost::total);
        measure::cost(actual);
        self.shared.gate.buckets.settle(self.token, 0, actual, now);
        Answer { response, executed: cost.is_some() }
    }

    /// Lets another request run: a subscription that waits for events executes nothing.
    pub fn release(&mut self) {
        self.permit = None;
    }

    /// The span of the execution.
    pub fn span(&self) -> Span {
        let name = told_name(self.operation_name.as_deref());
        let otel_name = format!("graphql {}", self.kind);
        error_span!(
            target: "otel", "operation", otel.name = otel_name, "graphql.operation.type" = self.kind,
            "graphql.operation.name" = name, "finbridge.cost.requested" = self.requested,
        )
    }

    /// The answer in the form of the specification, and its cost where anything was executed.
    fn shape(&self, mut response: Response) -> (Response, Option<Cost>) {
        let nothing = matches!(response.data, Value::Null);
        let refused = nothing && !response.errors.is_empty();
        let never_ran = refused && response.errors.iter().all(|error| error.path.is_empty());
        let mut cost = None;
        if !never_ran {
            let name = self.operation_name.as_deref();
            let guard = &self.shared.gate.guard;
            let completed =
                guard.complete(&self.examined, name, &self.switches, response.data, &response.errors);
            response.data = completed.data;
            cost = Some(completed.cost);
        }
        let most = usize::try_from(self.shared.gate.limits.errors).unwrap_or(usize::MAX);
        response.errors.truncate(most);
        let code = if never_ran { "GRAPHQL_VALIDATION_FAILED" } else { "BAD_USER_INPUT" };
        for error in &mut response.errors {
            give_code(error, code);
        }
        (response, cost)
    }
}

fn give_code(error: &mut ServerError, code: &str) {
    let extensions = error.extensions.get_or_insert_default();
    if extensions.get("code").is_none() {
        extensions.set("code", code);
    }
}

fn code_of(error: &ServerError) -> Option<String> {
    match error.extensions.as_ref()?.get("code")? {
        Value::String(code) => Some(code.clone()),
        _ => None,
    }
}

/// The beginning of an operation's name. Clients choose it, so it goes where it can do no harm: never into a metric.
fn told_name(name: Option<&str>) -> String {
    name.unwrap_or_default().chars().take(TOLD_NAME).collect()
}

fn cost_of(requested: u64, actual: u64, level: Level) -> Value {
    let members = [
        ("requestedQueryCost", requested.into()),
        ("actualQueryCost", actual.into()),
        ("throttleStatus", level.to_value()),
    ];
    Value::Object(members.into_iter().map(|(name, value)| (Name::new(name), value)).collect())
}
