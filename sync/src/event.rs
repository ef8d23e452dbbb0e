//! What changed, told to those who watch it.
//!
//! An announcement says only where something changed, never what: whoever is woken reads the present state from the
//! database. So announcements may come late, twice or bundled; one that is lost only delays, because watchers also look
//! from time to time by themselves.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sea_orm::{ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, Statement};
use sqlx::postgres::{PgListener, PgPoolOptions};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// The channel of PostgreSQL's LISTEN and NOTIFY.
const CHANNEL: &str = "finbridge_event";

/// Silence after which the listening connection is tried: one that died without a word hears nothing for ever.
const SILENCE: Duration = Duration::from_secs(30);

/// Longest wait for a connection, and for the answer of one that is tried.
const ANSWER: Duration = Duration::from_secs(10);

/// Pauses between attempts to listen again.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(30));

/// What kind of thing changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subject {
    /// A sync run: its state, phase or numbers.
    SyncRun,
    /// A document of a finance app: what was read of it, or that it is gone.
    Transaction,
    /// Something that was asked of a finance app about a document: how it stands.
    TransactionJob,
    /// A deal.
    Deal,
}

impl Subject {
    const ALL: &'static [Self] = &[Self::SyncRun, Self::Transaction, Self::TransactionJob, Self::Deal];

    fn name(self) -> &'static str {
        match self {
            Self::SyncRun => "sync_run",
            Self::Transaction => "transaction",
            Self::TransactionJob => "transaction_job",
            Self::Deal => "deal",
        }
    }
}

/// What is announced and watched: one thing of a tenant, or every thing of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Topic {
    /// The tenant.
    pub organization_id: Uuid,
    /// The kind.
    pub subject: Subject,
    /// Which one; none: any of the kind.
    pub id: Option<Uuid>,
}

impl Topic {
    /// This one thing.
    pub fn one(organization_id: Uuid, subject: Subject, id: Uuid) -> Self {
        Self { organization_id, subject, id: Some(id) }
    }

    /// Every thing of a kind: woken by an announcement of any of them.
    pub fn all(organization_id: Uuid, subject: Subject) -> Self {
        Self { organization_id, subject, id: None }
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.subject.name(), self.organization_id)?;
        self.id.map_or(Ok(()), |id| write!(f, " {id}"))
    }
}

/// The text is no topic of this version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownTopic;

impl FromStr for Topic {
    type Err = UnknownTopic;

    fn from_str(text: &str) -> Result<Self, UnknownTopic> {
        let mut words = text.split(' ');
        let name = words.next();
        let subject = Subject::ALL.iter().copied().find(|subject| Some(subject.name()) == name);
        let mut ids = words.map(|word| word.parse::<Uuid>().map_err(|_| UnknownTopic));
        let organization_id = ids.next().ok_or(UnknownTopic)??;
        let id = ids.next().transpose()?;
        if ids.next().is_some() {
            return Err(UnknownTopic);
        }
        Ok(Self { organization_id, subject: subject.ok_or(UnknownTopic)?, id })
    }
}

/// Where changes are announced and watched. Cheap to clone.
///
/// On PostgreSQL an announcement is a NOTIFY of the writing transaction, so it reaches every process, exactly when the
/// transaction commits. On SQLite, which one process has to itself, it stays in memory.
#[derive(Clone)]
pub struct Events {
    between_processes: bool,
    watched: Arc<Watched>,
}

#[derive(Default)]
struct Watched(Mutex<HashMap<Topic, watch::Sender<()>>>);

impl Watched {
    fn lock(&self) -> MutexGuard<'_, HashMap<Topic, watch::Sender<()>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake(&self, topic: Topic) {
        let watched = self.lock();
        let wider = Topic { id: None, ..topic };
        for topic in [Some(topic), (wider != topic).then_some(wider)].into_iter().flatten() {
            if let Some(watchers) = watched.get(&topic) {
                watchers.send_replace(());
            }
        }
    }

    fn wake_all(&self) {
        for watchers in self.lock().values() {
            watchers.send_replace(());
        }
    }
}

impl Events {
    /// The announcements of those who share this database.
    pub fn of(db: &DatabaseConnection) -> Self {
        let between_processes = db.get_database_backend() == DbBackend::Postgres;
        Self { between_processes, watched: Arc::default() }
    }

    /// Commits a transaction and announces what it changed.
    ///
    /// # Errors
    /// The database's; then nothing was committed and nothing is announced.
    pub async fn commit(&self, transaction: DatabaseTransaction, topics: &[Topic]) -> Result<(), DbErr> {
        if self.between_processes {
            for topic in topics {
                notify(&transaction, *topic).await?;
            }
            return transaction.commit().await;
        }
        transaction.commit().await?;
        for topic in topics {
            self.watched.wake(*topic);
        }
        Ok(())
    }

    /// Announces what is committed already.
    ///
    /// # Errors
    /// The database's.
    pub async fn announce(&self, db: &DatabaseConnection, topic: Topic) -> Result<(), DbErr> {
        if self.between_processes {
            return notify(db, topic).await;
        }
        self.watched.wake(topic);
        Ok(())
    }

    /// Begins to watch. What is announced from now on wakes the watch, so read the state after this.
    pub fn watch(&self, topic: Topic) -> Watch {
        let receiver = self.watched.lock().entry(topic).or_default().subscribe();
        Watch { topic, receiver, watched: self.watched.clone() }
    }

    /// Passes announcements of other processes on to the watchers of this one, until told to stop.
    ///
    /// It has a connection of its own and makes a new one when that is lost. Then everybody is woken, because nobody
    /// knows what was announced meanwhile. Nothing to do on SQLite.
    pub async fn listen(&self, db: &DatabaseConnection, stop: CancellationToken) {
        if !self.between_processes {
            return;
        }
        let mut pause = PAUSES.0;
        while !stop.is_cancelled() {
            let failure = tokio::select! {
                failure = self.hear(db, &mut pause) => failure,
                () = stop.cancelled() => return,
            };
            tracing::warn!(error = %failure, "Announcements of other processes cannot be heard; connecting again");
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = stop.cancelled() => return,
            }
            pause = (pause * 2).min(PAUSES.1);
        }
    }

    /// Listens until that fails.
    async fn hear(&self, db: &DatabaseConnection, pause: &mut Duration) -> sqlx::Error {
        match self.try_hear(db, pause).await {
            Ok(never) => match never {},
            Err(failure) => failure,
        }
    }

    async fn try_hear(
        &self,
        db: &DatabaseConnection,
        pause: &mut Duration,
    ) -> Result<std::convert::Infallible, sqlx::Error> {
        let options = db.get_postgres_connection_pool().connect_options();
        let own = PgPoolOptions::new()
            .max_connections(1)
            .max_lifetime(None)
            .idle_timeout(None)
            .acquire_timeout(ANSWER)
            .connect_with((*options).clone())
            .await?;
        let mut listener = PgListener::connect_with(&own).await?;
        listener.eager_reconnect(false);
        listener.listen(CHANNEL).await?;
        self.watched.wake_all();
        *pause = PAUSES.0;
        let lost = || sqlx::Error::Io(std::io::ErrorKind::ConnectionReset.into());
        loop {
            match tokio::time::timeout(SILENCE, listener.try_recv()).await {
                // A newer version may announce what this one does not know.
                Ok(Ok(Some(heard))) => {
                    heard.payload().parse().into_iter().for_each(|topic| self.watched.wake(topic))
                }
                Ok(Ok(None)) => return Err(lost()),
                Ok(Err(failure)) => return Err(failure),
                Err(_) => {
                    let alive = tokio::time::timeout(ANSWER, sqlx::query("SELECT 1").execute(&mut listener));
                    alive.await.map_err(|_| lost())??;
                }
            }
        }
    }
}

async fn notify(db: &impl ConnectionTrait, topic: Topic) -> Result<(), DbErr> {
    let values = [CHANNEL.into(), topic.to_string().into()];
    db.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, "SELECT pg_notify($1, $2)", values))
        .await?;
    Ok(())
}

/// A watch of one topic; it ends when dropped.
pub struct Watch {
    topic: Topic,
    receiver: watch::Receiver<()>,
    watched: Arc<Watched>,
}

impl Watch {
    /// Returns when something was announced since the last call: at once if it was meanwhile, once however often.
    pub async fn announced(&mut self) {
        if self.receiver.changed().await.is_err() {
            // The sender lives as long as there is a watch, so this is never reached.
            std::future::pending::<()>().await;
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let mut watched = self.watched.lock();
        if watched.get(&self.topic).is_some_and(|watchers| watchers.receiver_count() <= 1) {
            watched.remove(&self.topic);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_memory() -> Events {
        Events { between_processes: false, watched: Arc::default() }
    }

    async fn is_woken(watch: &mut Watch) -> bool {
        tokio::time::timeout(Duration::from_millis(20), watch.announced()).await.is_ok()
    }

    #[test]
    fn topics_are_short_texts_that_can_be_read_back() {
        let topics = [
            Topic::one(Uuid::from_u128(1), Subject::SyncRun, Uuid::from_u128(2)),
            Topic::all(Uuid::from_u128(3), Subject::SyncRun),
            Topic::one(Uuid::from_u128(1), Subject::TransactionJob, Uuid::from_u128(4)),
            Topic::all(Uuid::from_u128(1), Subject::Transaction),
            Topic::one(Uuid::from_u128(1), Subject::Deal, Uuid::from_u128(5)),
        ];
        for topic in topics {
            let text = topic.to_string();
            assert!(text.len() < 200, "{text}");
            assert_eq!(text.parse(), Ok(topic));
        }
        let own = topics[0].to_string();
        for text in [
            "",
            "sync_run",
            "sync_run x",
            "later_kind 00000000-0000-0000-0000-000000000001",
            &format!("{own} {own}"),
        ] {
            assert_eq!(text.parse::<Topic>(), Err(UnknownTopic), "{text}");
        }
    }

    #[tokio::test]
    async fn a_watch_is_woken_once_for_many_announcements_of_its_own_topic() {
        let events = in_memory();
        let (tenant, run) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let topic = Topic::one(tenant, Subject::SyncRun, run);
        let mut one = events.watch(topic);
        let mut all = events.watch(Topic::all(tenant, Subject::SyncRun));
        let mut other = events.watch(Topic::one(Uuid::from_u128(9), Subject::SyncRun, run));
        assert!(!is_woken(&mut one).await);
        for _ in 0..1_000 {
            events.watched.wake(topic);
        }
        assert!(is_woken(&mut one).await && is_woken(&mut all).await);
        assert!(!is_woken(&mut one).await && !is_woken(&mut all).await && !is_woken(&mut other).await);
        events.watched.wake_all();
        assert!(is_woken(&mut one).await && is_woken(&mut all).await && is_woken(&mut other).await);
    }

    #[tokio::test]
    async fn nothing_is_kept_of_watches_that_ended() {
        let events = in_memory();
        let topic = Topic::all(Uuid::from_u128(1), Subject::SyncRun);
        let (first, mut second) = (events.watch(topic), events.watch(topic));
        drop(first);
        events.watched.wake(topic);
        assert!(is_woken(&mut second).await);
        drop(second);
        assert!(events.watched.lock().is_empty());
    }
}
