//! Each event of a subscription is let in like a request: it is paid for, takes a place among what is executed at the same
//! time, and has as long. What a subscription waits for takes nothing of that.
//!
//! Only the library knows where waiting ends and executing begins, so the turnstile stands in an extension of the schema.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_graphql::Response;
use async_graphql::extensions::{Extension, ExtensionContext, ExtensionFactory, NextExecute};
use async_trait::async_trait;
use tokio::time::timeout;

use crate::graphql::guard::refusal::Refusal;
use crate::http::Shared;
use crate::http::door::{pay, permit, too_slow};

/// Makes the extension of each request. A subscription brings its turnstile in the request's data.
pub(in crate::http) struct Turnstiles;

struct OfRequest;

/// The turnstile of one subscription.
pub(super) struct Turnstile {
    shared: Shared,
    token: [u8; 32],
    /// What each event may cost.
    requested: u64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Points that were taken and not settled yet: those of the request itself, for its first event.
    held: u64,
    is_executing: bool,
    refused: Option<Refusal>,
}

impl ExtensionFactory for Turnstiles {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(OfRequest)
    }
}

#[async_trait]
impl Extension for OfRequest {
    async fn execute(
        &self,
        context: &ExtensionContext<'_>,
        operation_name: Option<&str>,
        next: NextExecute<'_>,
    ) -> Response {
        let execution = next.run(context, operation_name);
        match context.data_opt::<Arc<Turnstile>>() {
            Some(turnstile) => turnstile.pass(execution).await,
            None => execution.await,
        }
    }
}

impl Turnstile {
    /// The turnstile of a subscription whose price was taken.
    pub fn new(shared: Shared, (token, requested): ([u8; 32], u64)) -> Arc<Self> {
        let state = Mutex::new(State { held: requested, ..State::default() });
        Arc::new(Self { shared, token, requested, state })
    }

    /// Executes an event if it may be. Of one that was refused the answer says nothing; [`Self::refused`] does.
    async fn pass(&self, execution: impl Future<Output = Response>) -> Response {
        match self.execute(execution).await {
            Ok(response) => response,
            Err(refusal) => {
                self.state().refused = Some(refusal);
                Response::default()
            }
        }
    }

    async fn execute(&self, execution: impl Future<Output = Response>) -> Result<Response, Refusal> {
        if self.state().held == 0 {
            pay(&self.shared, self.token, self.requested)?;
            self.state().held = self.requested;
        }
        let gate = &self.shared.gate;
        let limit = gate.limits().execution_seconds;
        let longest = Duration::from_secs(limit);
        // Streams that wait for the same may all be woken at once, so there is more time than for a request.
        let _place = permit(gate, longest).await?;
        self.state().is_executing = true;
        let response = timeout(longest, execution).await.map_err(|_| too_slow(limit))?;
        self.state().is_executing = false;
        Ok(response)
    }

    /// Why the event that came last was not executed, or not to its end. Nothing should be asked for after that.
    pub fn refused(&self) -> Option<Refusal> {
        self.state().refused.take()
    }

    /// Corrects what was taken for an event, or for what never came to its first one, by what it really cost.
    pub fn settle(&self, actual: u64) {
        let taken = std::mem::take(&mut self.state().held);
        self.shared.gate.buckets.settle(self.token, taken, actual, self.shared.app.engine.clock.now());
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turnstile {
    /// Whoever left before an event came pays a point; whoever left in the middle of one, or asked for too much, what it may
    /// have cost.
    fn drop(&mut self) {
        let (held, is_executing) = {
            let state = self.state();
            (state.held, state.is_executing)
        };
        if held > 0 && !is_executing {
            self.settle(1);
        }
    }
}
