//! What an answer needs after its execution: the form of the specification, codes in its errors, and its cost settled.

use std::sync::Arc;

use async_graphql::{Name, Response, ServerError, Value, Variables};
use tokio::sync::OwnedSemaphorePermit;
use tracing::{Span, error_span};

use super::Shared;
use crate::graphql::guard::Examined;
use crate::graphql::guard::bucket::Level;
use crate::graphql::guard::cost::Cost;
use crate::graphql::guard::refusal::Refusal;
use crate::telemetry::measure;

/// How much of an operation's name is told to logs and traces.
const TOLD_NAME: usize = 100;

/// What brings the answers of one request into shape and settles its cost.
pub struct Ticket {
    pub(super) shared: Shared,
    pub(super) examined: Arc<Examined>,
    pub(super) operation_name: Option<String>,
    /// What it is, for metrics and traces.
    pub(super) kind: &'static str,
    /// Only those that `@skip` and `@include` look at.
    pub(super) switches: Variables,
    pub(super) token: [u8; 32],
    pub(super) requested: u64,
    pub(super) permit: Option<OwnedSemaphorePermit>,
}

/// What came of a request that was let in.
pub struct Answer {
    /// The answer.
    pub response: Response,
    /// Whether anything was executed: validation may have refused it.
    pub executed: bool,
    /// Its place among the running requests, to be kept until the answer is written.
    pub place: Option<OwnedSemaphorePermit>,
}

impl Answer {
    /// The answer to what was let in and then not executed to its end.
    pub fn refused(refusal: Refusal) -> Self {
        Self { response: refusal.into_response(), executed: false, place: None }
    }
}

impl Ticket {
    /// Shapes the one answer of a query or mutation, and gives back what it did not cost.
    pub fn close(mut self, response: Response) -> Answer {
        let (mut response, cost) = self.shape(response);
        let executed = cost.is_some();
        let now = self.shared.app.engine.clock.now();
        let actual = cost.map_or(1, Cost::total);
        let level = self.shared.gate.buckets.settle(self.token, self.requested, actual, now);
        measure::cost(actual);
        if executed {
            response.extensions.insert("cost".to_owned(), cost_of(self.requested, actual, level));
        }
        Answer { response, executed, place: self.permit.take() }
    }

    /// Shapes one event of a subscription, and tells what it cost.
    pub fn event(&self, response: Response) -> (Answer, u64) {
        let (response, cost) = self.shape(response);
        let actual = cost.map_or(1, Cost::total);
        measure::cost(actual);
        (Answer { response, executed: cost.is_some(), place: None }, actual)
    }

    /// Gives back what was taken for a request that turned out not to be one that can be executed.
    pub fn forfeit(&self) {
        let now = self.shared.app.engine.clock.now();
        self.shared.gate.buckets.settle(self.token, self.requested, 1, now);
    }

    /// Lets another request run, and tells who has paid how much: a subscription that waits for events executes nothing,
    /// and each of its events is let in by itself.
    pub fn release(&mut self) -> ([u8; 32], u64) {
        self.permit = None;
        (self.token, self.requested)
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
            let most = self.shared.gate.limits().answer_bytes;
            if completed.bytes > most {
                response.data = Value::Null;
                response.errors = answer_too_large(completed.bytes, most).into_errors();
            }
        }
        let most = usize::try_from(self.shared.gate.limits().errors).unwrap_or(usize::MAX);
        response.errors.truncate(most);
        let code = if never_ran { "GRAPHQL_VALIDATION_FAILED" } else { "BAD_USER_INPUT" };
        for error in &mut response.errors {
            give_code(error, code);
        }
        (response, cost)
    }
}

/// The refusal of an answer that was made and is not sent.
fn answer_too_large(found: u64, maximum: u64) -> Refusal {
    let message = format!(
        "The answer takes {found} bytes, and {maximum} are allowed (ANSWER_BYTES); ask for smaller pages (`first`) or fewer long texts. What a mutation did stays done"
    );
    Refusal::limit("ANSWER_TOO_LARGE", "ANSWER_BYTES", found, maximum, message)
}

fn give_code(error: &mut ServerError, code: &str) {
    let extensions = error.extensions.get_or_insert_default();
    if extensions.get("code").is_none() {
        extensions.set("code", code);
    }
}

/// The code of an error.
pub(super) fn code_of(error: &ServerError) -> Option<String> {
    match error.extensions.as_ref()?.get("code")? {
        Value::String(code) => Some(code.clone()),
        _ => None,
    }
}

/// The beginning of an operation's name. Clients choose it, so it goes where it can do no harm: never into a metric.
pub(super) fn told_name(name: Option<&str>) -> String {
    name.unwrap_or_default().chars().take(TOLD_NAME).collect()
}

/// What a request might have cost and what it did, as answers show it.
pub(super) fn cost_of(requested: u64, actual: u64, level: Level) -> Value {
    let members = [
        ("requestedQueryCost", requested.into()),
        ("actualQueryCost", actual.into()),
        ("throttleStatus", level.to_value()),
    ];
    Value::Object(members.into_iter().map(|(name, value)| (Name::new(name), value)).collect())
}
