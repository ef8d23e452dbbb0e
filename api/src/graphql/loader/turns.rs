//! When loaders read.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::task::{Context, Poll, Wake, Waker};

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
        let mut turn = Turn::default();
        poll_fn(|context| {
            let polled = turn.whole(context, |context| execution.as_mut().poll(context));
            self.0.notify_waiters();
            polled
        })
        .await
    }

    /// The same for a stream of answers. Loaders keep nothing that they read, so each answer reads anew.
    pub fn stream<S: Stream>(&self, answers: S) -> impl Stream<Item = S::Item> + use<S> {
        let mut answers = Box::pin(answers);
        let turns = self.0.clone();
        let mut turn = Turn::default();
        futures::stream::poll_fn(move |context| {
            let polled = turn.whole(context, |context| answers.as_mut().poll_next(context));
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

/// How often an execution is gone on with in a turn: far more often than what a request may ask for needs.
const MOST_TIMES: usize = 1000;

/// A turn of an execution.
#[derive(Default)]
struct Turn(Option<Arc<Again>>);

impl Turn {
    /// Goes on until the execution has to wait for something. Lists of futures hand back after every two of them that still wait, and
    /// ask at once to be gone on with; a turn that ended there would read for those two alone.
    ///
    /// It is without the runtime's own measure of how much a task may do at once, which would end it after some forty questions. How
    /// much a request may ask is bounded by its cost.
    fn whole<T>(
        &mut self,
        context: &mut Context<'_>,
        mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        let again = self.0.take().filter(|again| again.outer.will_wake(context.waker()));
        let again = again.unwrap_or_else(|| {
            let (is_polled, is_asked) = (AtomicBool::new(false), AtomicBool::new(false));
            Arc::new(Again { outer: context.waker().clone(), is_polled, is_asked })
        });
        let waker = Waker::from(self.0.insert(again.clone()).clone());
        let mut within = Context::from_waker(&waker);
        again.is_polled.store(true, SeqCst);
        for _ in 0..MOST_TIMES {
            again.is_asked.store(false, SeqCst);
            let polled = pin!(unconstrained(poll_fn(&mut poll))).poll(&mut within);
            if polled.is_ready() {
                again.is_polled.store(false, SeqCst);
                return polled;
            }
            if !again.is_asked.load(SeqCst) {
                break;
            }
        }
        again.is_polled.store(false, SeqCst);
        // It may have been asked since, by somebody who saw that it was gone on with.
        if again.is_asked.load(SeqCst) {
            context.waker().wake_by_ref();
        }
        Poll::Pending
    }
}

/// What wakes an execution: the runtime's task, or only a mark while it is gone on with anyhow.
struct Again {
    outer: Waker,
    is_polled: AtomicBool,
    is_asked: AtomicBool,
}

impl Wake for Again {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.is_asked.store(true, SeqCst);
        if !self.is_polled.load(SeqCst) {
            self.outer.wake_by_ref();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use futures::StreamExt;
    use futures::stream::FuturesUnordered;
    use tokio::sync::oneshot;

    use super::*;

    /// Lists within a list, each of which waits for an answer: all are asked in the first turn.
    #[tokio::test]
    async fn a_turn_asks_all_that_can_be_asked() {
        let asked = Arc::new(AtomicUsize::new(0));
        let (answers, lists): (Vec<_>, FuturesUnordered<_>) = (0..100)
            .map(|_| {
                let (answer, answered) = oneshot::channel::<()>();
                let asked = asked.clone();
                let one = async move {
                    asked.fetch_add(1, SeqCst);
                    answered.await.is_ok()
                };
                (answer, FuturesUnordered::from_iter([one]).collect::<Vec<_>>())
            })
            .unzip();
        let turns = Turns::default();
        let ended = turns.0.clone().notified_owned();
        let running = tokio::spawn({
            let turns = turns.clone();
            async move { turns.run(lists.collect::<Vec<_>>()).await }
        });
        ended.await;
        assert_eq!(asked.load(SeqCst), 100);
        for answer in answers {
            answer.send(()).expect("somebody waits");
        }
        let told = running.await.expect("it ends");
        assert_eq!(told, vec![vec![true]; 100]);
    }
}
