//! When loaders read.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures::Stream;
use futures::future::BoxFuture;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::task::coop::unconstrained;
use tracing::Instrument;

/// The turns in which a request is executed: a turn lasts until the execution has to wait. Loaders read after the turn in
/// which they were asked first, so that one statement serves all that was asked for in it, however long the turn took.
#[derive(Clone, Default)]
pub struct Turns(Arc<Notify>);

impl Turns {
    /// Executes a request and announces the end of each turn.
    pub async fn run<F: Future>(&self, execution: F) -> F::Output {
        let mut execution = pin!(execution);
        poll_fn(|context| {
            let polled = whole(context, |context| execution.as_mut().poll(context));
            self.0.notify_waiters();
            polled
        })
        .await
    }

    /// The same for a stream of answers. Loaders keep nothing that they read, so each answer reads anew.
    pub fn stream<S: Stream>(&self, answers: S) -> impl Stream<Item = S::Item> + use<S> {
        let mut answers = Box::pin(answers);
        let turns = self.0.clone();
        futures::stream::poll_fn(move |context| {
            let polled = whole(context, |context| answers.as_mut().poll_next(context));
            turns.notify_waiters();
            polled
        })
    }

    pub(super) fn spawner(
        &self,
    ) -> impl Fn(BoxFuture<'static, ()>) -> JoinHandle<()> + Send + Sync + 'static {
        let turns = self.0.clone();
        move |load| {
            let ended = turns.clone().notified_owned();
            let batch = async move {
                ended.await;
                load.await;
            };
            tokio::spawn(batch.in_current_span())
        }
    }
}

/// A turn without the runtime's own measure of how much a task may do at once: that would end it after some forty questions, and
/// the others would come too late for the batch. How much a request may ask is bounded by its cost.
fn whole<T>(context: &mut Context<'_>, poll: impl FnMut(&mut Context<'_>) -> Poll<T>) -> Poll<T> {
    pin!(unconstrained(poll_fn(poll))).poll(context)
}
