//! One step of a state machine, asked for by a call without a body.

use std::sync::Arc;

use crate::auth::Context;
use crate::engine::desk::Desk;
use crate::engine::spec::Resource;
use crate::engine::write;
use crate::envelope::Reply;
use crate::error::{ApiError, Code};
use crate::request::Call;
use crate::store::record::Record;

/// A step from some statuses to one.
pub(crate) struct Step {
    pub(crate) from: &'static [&'static str],
    /// The status that is stored.
    pub(crate) to: &'static str,
    /// Statuses in which the step has already happened; repeating it there is harmless.
    pub(crate) done: &'static [&'static str],
    /// What is done, as a participle: "marked as open".
    pub(crate) verb: &'static str,
    /// The sentence of success, and its HTTP status.
    pub(crate) message: &'static str,
    pub(crate) http: u16,
}

impl Step {
    /// Takes the step. Errors: 4098 from any status that is neither in `from` nor in `done`.
    pub(crate) fn take(
        &self,
        desk: &mut Desk<'_>,
        resource: &dyn Resource,
        record: &Arc<Record>,
    ) -> Result<(), ApiError> {
        let status = resource.status(record, &desk.reader());
        if self.done.contains(&status.as_str()) {
            return Ok(());
        }
        if !self.from.contains(&status.as_str()) {
            return Err(refusal(resource, &status, self.verb));
        }
        desk.alter(record.kind, record.id, |record| record.set("status", self.to)).map(|_| ())
    }

    /// Answers `POST /x/{id}/<step>`.
    pub(crate) fn answer(
        &self,
        context: &Context<'_>,
        call: &Call,
        resource: &dyn Resource,
    ) -> Result<Reply, ApiError> {
        let reply = write::act(context, call, resource, self.message, |desk, record| {
            self.take(desk, resource, record)
        })?;
        Ok(Reply { status: self.http, ..reply })
    }
}

/// "A bill in the status void cannot be submitted." (code 4098)
pub(crate) fn refusal(resource: &dyn Resource, status: &str, verb: &str) -> ApiError {
    let label = resource.spec().label.to_lowercase();
    let article = if label.starts_with(['a', 'e', 'i', 'o']) { "An" } else { "A" };
    ApiError::about(Code::WrongState, &format!("{article} {label} in the status {status} cannot be {verb}."))
}
