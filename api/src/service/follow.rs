//! Following a row: how it stands, and how it changes.

use std::time::Duration;

use finbridge_entity::{Scoped, TenantOwned, deal, document_act};
use finbridge_sync::event::{Subject, Topic, Watch};
use futures::Stream;
use futures::stream::unfold;
use tokio::time::{Instant, sleep, sleep_until};
use uuid::Uuid;

use super::Services;
use super::error::{ServiceError, ServiceResult};

/// Shortest time between two states of one stream.
const SPACING: Duration = Duration::from_millis(200);

/// When to look again after nothing was announced: what makes good an announcement that was lost.
const SAFETY: Duration = Duration::from_secs(10);

/// Failures in a row after which a stream gives up, and the longest pause between them: about a minute in all.
const PATIENCE: (u32, Duration) = (10, Duration::from_secs(10));

/// The states of a deal: the present one, then each change. It ends with its deletion.
///
/// # Errors
/// No deal of this id in this organization. In the stream: a database that stays away.
pub async fn deal(
    services: &Services,
    id: Uuid,
) -> ServiceResult<impl Stream<Item = ServiceResult<deal::Model>> + Send + 'static + use<>> {
    let missing = "There is no deal of this id; `deals` lists those that there are";
    follow::<deal::Entity>(services, Subject::Deal, id, missing, |deal| deal.deleted_at.is_some()).await
}

/// The states of something that was asked of a finance app about a document: the present one, then each change, until it has ended.
///
/// # Errors
/// None of this id in this organization. In the stream: a database that stays away.
pub async fn document_act(
    services: &Services,
    id: Uuid,
) -> ServiceResult<impl Stream<Item = ServiceResult<document_act::Model>> + Send + 'static + use<>> {
    let missing = "There is no job of this id; mutations on transactions return theirs";
    let is_over = |act: &document_act::Model| act.finished_at.is_some();
    follow::<document_act::Entity>(services, Subject::TransactionJob, id, missing, is_over).await
}

/// The states of a row. What lies between two of them may be left out, never the last one.
async fn follow<E>(
    services: &Services,
    subject: Subject,
    id: Uuid,
    missing: &str,
    is_last: fn(&E::Model) -> bool,
) -> ServiceResult<impl Stream<Item = ServiceResult<E::Model>> + Send + 'static + use<E>>
where
    E: TenantOwned,
    E::Model: Clone + PartialEq + Send + Sync + 'static,
{
    // Watching begins before the first look, so that nothing happens unseen in between.
    let watch = services.engine.events.watch(Topic::one(services.organization_id(), subject, id));
    let first = read::<E>(services, id).await?.ok_or_else(|| ServiceError::BadInput(missing.to_owned()))?;
    let follower = Follower::<E> {
        services: services.clone(),
        id,
        pace: Pace::new(watch),
        seen: None,
        first: Some(first),
        is_last,
        has_ended: false,
    };
    Ok(unfold(follower, |mut follower| async move { Some((follower.next().await?, follower)) }))
}

async fn read<E: TenantOwned>(services: &Services, id: Uuid) -> ServiceResult<Option<E::Model>>
where
    E::Model: Send + Sync,
{
    Ok(E::one_of(services.organization_id(), id).one(services.db()).await?)
}

struct Follower<E: TenantOwned> {
    services: Services,
    id: Uuid,
    pace: Pace,
    seen: Option<E::Model>,
    first: Option<E::Model>,
    is_last: fn(&E::Model) -> bool,
    has_ended: bool,
}

impl<E: TenantOwned> Follower<E>
where
    E::Model: Clone + PartialEq + Send + Sync + 'static,
{
    async fn next(&mut self) -> Option<ServiceResult<E::Model>> {
        while !self.has_ended {
            let state = match self.first.take() {
                Some(first) => Ok(Some(first)),
                None => {
                    self.pace.wait().await;
                    patiently("a row that is followed", || read::<E>(&self.services, self.id)).await
                }
            };
            match state {
                Err(error) => {
                    self.has_ended = true;
                    return Some(Err(error));
                }
                Ok(None) => self.has_ended = true,
                Ok(Some(state)) => {
                    self.has_ended = (self.is_last)(&state);
                    if self.seen.as_ref() != Some(&state) {
                        self.seen = Some(state.clone());
                        return Some(Ok(state));
                    }
                }
            }
        }
        None
    }
}

/// When to look: after an announcement, from time to time without one, and never too often.
pub(super) struct Pace {
    watch: Watch,
    looked_at: Instant,
}

impl Pace {
    /// The pace of somebody who looks for the first time now.
    pub(super) fn new(watch: Watch) -> Self {
        Self { watch, looked_at: Instant::now() }
    }

    /// Waits until there may be something new.
    pub(super) async fn wait(&mut self) {
        sleep_until(self.looked_at + SPACING).await;
        tokio::select! {
            () = self.watch.announced() => {}
            () = sleep_until(self.looked_at + SAFETY) => {}
        }
        self.looked_at = Instant::now();
    }
}

/// Reads again and again while the database is away, for about a minute.
pub(super) async fn patiently<T, F>(what: &str, read: impl Fn() -> F) -> ServiceResult<T>
where
    F: Future<Output = ServiceResult<T>>,
{
    let mut failures = 0;
    loop {
        match read().await {
            Ok(state) => return Ok(state),
            Err(error) if failures >= PATIENCE.0 => return Err(error),
            Err(error) => {
                tracing::warn!(%error, what, "What is watched cannot be read; trying again");
                sleep(Duration::from_secs(1 << failures.min(4)).min(PATIENCE.1)).await;
                failures += 1;
            }
        }
    }
}
