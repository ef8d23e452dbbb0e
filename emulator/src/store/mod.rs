//! The emulator's memory: an immutable state that is replaced whole, and the log that makes it durable.
//!
//! A write works on a copy of the state (the maps share their structure, so a copy is a few pointers), is appended to
//! the log, and only then becomes visible. Before an answer leaves, [`Store::settle`] waits until the log is on disk.

pub(crate) mod balance;
mod belongings;
pub(crate) mod books;
pub(crate) mod change;
pub(crate) mod contacts;
pub(crate) mod deliveries;
pub(crate) mod files;
pub(crate) mod folded;
pub(crate) mod integration;
pub(crate) mod kind;
pub(crate) mod log;
pub(crate) mod mail;
mod persons;
pub(crate) mod record;
pub(crate) mod records;
pub(crate) mod seeding;
pub(crate) mod table;
mod weight;

use std::path::Path;
use std::sync::{LazyLock, Mutex, TryLockError};

use chrono::{DateTime, Utc};
use imbl::OrdMap;
use std::sync::Arc;

use tokio::sync::Notify;

use crate::error::{ApiError, Code};
use crate::fault::History;
use crate::random::Random;
use crate::sync::locked;
use crate::webhook::event;
use crate::webhook::model::Webhook;
use books::Books;
use change::Change;
use deliveries::Deliveries;
use files::Files;
use log::{Log, LogError};
use mail::Mail;
use records::{AccessToken, Client, GrantCode, Organization, RefreshToken, User};

/// Record ids start here: 18 digits, like those of a live data centre.
const FIRST_ID: u64 = 460_000_000_000_000_001;

/// Everything the emulator knows at one instant. Cloning shares structure.
#[derive(Debug, Clone, Default)]
pub(crate) struct State {
    pub(crate) next_id: u64,
    pub(crate) users: OrdMap<u64, Arc<User>>,
    pub(crate) clients: OrdMap<String, Arc<Client>>,
    pub(crate) organizations: OrdMap<String, Arc<Organization>>,
    /// Behind a pointer, because the maps copy the values that lie beside one that is changed.
    pub(crate) books: OrdMap<String, Arc<Books>>,
    pub(crate) webhooks: OrdMap<u64, Arc<Webhook>>,
    /// The highest id that any webhook had, removed ones included: deliveries and tests name webhooks by their ids.
    pub(crate) last_webhook: u64,
    pub(crate) deliveries: Deliveries,
    pub(crate) refresh_tokens: OrdMap<String, Arc<RefreshToken>>,
    pub(crate) access_tokens: OrdMap<String, Arc<AccessToken>>,
    /// The highest serial number that any token or code had, as far as is remembered.
    pub(crate) last_serial: u64,
    pub(crate) codes: OrdMap<String, Arc<GrantCode>>,
    pub(crate) files: Files,
    pub(crate) mails: OrdMap<u64, Arc<Mail>>,
}

impl State {
    /// The records of one organization; an organization without any has empty books.
    pub(crate) fn books(&self, organization_id: &str) -> Arc<Books> {
        self.books.get(organization_id).cloned().unwrap_or_default()
    }

    /// The records of one organization, to be changed.
    fn books_mut(&mut self, organization_id: &str) -> &mut Books {
        Arc::make_mut(self.books.entry(organization_id.to_owned()).or_default())
    }

    /// The same where they are.
    pub(crate) fn known_books(&self, organization_id: &str) -> &Books {
        static NONE: LazyLock<Books> = LazyLock::new(Books::default);
        self.books.get(organization_id).map_or(&NONE, AsRef::as_ref)
    }

    /// The state without its unfinished deliveries: whoever goes on beside the original leaves them to it.
    pub(crate) fn without_pending_deliveries(mut self) -> Self {
        self.deliveries.drop_pending();
        self
    }

    /// The user with this e-mail address, compared without case.
    pub(crate) fn user_by_email(&self, email: &str) -> Option<&Arc<User>> {
        self.users.values().find(|user| user.email.eq_ignore_ascii_case(email.trim()))
    }
}

/// A running change: a working copy and the record of what was done to it.
pub(crate) struct Transaction {
    pub(crate) state: State,
    pub(crate) random: Arc<Random>,
    changes: Vec<Change>,
}

impl Transaction {
    /// A transaction on an empty state, never to be published.
    pub(crate) fn scratch() -> Self {
        Self { state: State::default(), random: Arc::default(), changes: Vec::new() }
    }

    /// Applies `change` to the working copy and remembers it for the log.
    pub(crate) fn apply(&mut self, change: Change) {
        self.state.apply(&change);
        self.changes.push(change);
    }

    /// A point to return to.
    pub(crate) fn mark(&self) -> Mark {
        Mark { state: self.state.clone(), changes: self.changes.len() }
    }

    /// Undoes everything since the mark.
    pub(crate) fn return_to(&mut self, mark: Mark) {
        self.state = mark.state;
        self.changes.truncate(mark.changes);
    }

    /// The next unused record id.
    pub(crate) fn next_id(&mut self) -> u64 {
        let id = self.state.next_id.max(FIRST_ID);
        self.state.next_id = id + 1;
        id
    }

    /// A new token or code. A repeatable generator that was started over draws again what it drew before, and that may
    /// still be alive.
    pub(crate) fn secret(&self) -> String {
        let state = &self.state;
        let taken = |secret: &String| {
            state.access_tokens.contains_key(secret)
                || state.refresh_tokens.contains_key(secret)
                || state.codes.contains_key(secret)
        };
        loop {
            let secret = self.random.secret();
            if !taken(&secret) {
                return secret;
            }
        }
    }

    /// A new ZSC key, which is nobody's.
    pub(crate) fn zsc_key(&self) -> String {
        loop {
            let key = self.random.key();
            if self.state.users.values().all(|user| user.zsc_key != key) {
                return key;
            }
        }
    }

    /// Whether an administrator of the API would see `organization_id` taken.
    pub(crate) fn organization_exists(&self, organization_id: &str) -> bool {
        self.state.organizations.contains_key(organization_id)
    }
}

/// A point of a transaction.
pub(crate) struct Mark {
    state: State,
    changes: usize,
}

/// The state and its log.
#[derive(Debug)]
pub(crate) struct Store {
    /// Locked only to copy the state or to put another one in its place, so that no reader ever waits for a writer.
    state: Mutex<State>,
    /// Held while a write is made. Writes may take long, so an event loop asks [`Store::is_busy`] first.
    writer: Mutex<()>,
    log: Option<Log>,
    random: Arc<Random>,
    changed: Notify,
    /// What the records were before the last writes of calls.
    history: History,
}

impl Store {
    /// Opens the state file, which is rewritten shorter once it has `compact_from` bytes. Also says whether there was
    /// nothing in it.
    pub(crate) fn open(
        path: &Path,
        compact_from: u64,
        random: Arc<Random>,
    ) -> Result<(Self, bool), LogError> {
        let (mut state, mut empty) = (State::default(), true);
        let log = Log::open(path, compact_from, |mut change| {
            state.share(&mut change);
            state.apply(&change);
            empty = false;
        })?;
        Ok((Self { log: Some(log), ..Self::in_memory(state, random) }, empty))
    }

    /// A store without a state file that goes on from `state`.
    pub(crate) fn in_memory(state: State, random: Arc<Random>) -> Self {
        let (state, writer) = (Mutex::new(state), Mutex::new(()));
        Self { state, writer, log: None, random, changed: Notify::new(), history: History::default() }
    }

    /// The emulator's one source of chance.
    pub(crate) fn random(&self) -> &Arc<Random> {
        &self.random
    }

    /// The present state; later writes do not touch it.
    pub(crate) fn read(&self) -> State {
        locked(&self.state).clone()
    }

    /// What the records were before the last writes of calls.
    pub(crate) fn history(&self) -> &History {
        &self.history
    }

    /// Whether somebody is writing, so that another write would have to wait.
    pub(crate) fn is_busy(&self) -> bool {
        matches!(self.writer.try_lock(), Err(TryLockError::WouldBlock))
    }

    /// Runs `act` alone and publishes its changes together, or none of them when it fails.
    pub(crate) fn write<T>(
        &self,
        act: impl FnOnce(&mut Transaction) -> Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        self.run(None, act)
    }

    /// The same for a call, whose stale readers still see the records before.
    pub(crate) fn write_at<T>(
        &self,
        now: DateTime<Utc>,
        act: impl FnOnce(&mut Transaction) -> Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        self.run(Some(now), act)
    }

    fn run<T>(
        &self,
        at: Option<DateTime<Utc>>,
        act: impl FnOnce(&mut Transaction) -> Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        let _turn = locked(&self.writer);
        let current = self.read();
        let mut transaction =
            Transaction { state: current.clone(), random: Arc::clone(&self.random), changes: Vec::new() };
        let value = act(&mut transaction)?;
        // Only a call that touches the records leaves earlier ones.
        let earlier = at.filter(|_| !transaction.state.books.ptr_eq(&current.books));
        let earlier = earlier.map(|now| (now, weight::displaced(&current, &transaction.changes)));
        self.publish(&current, transaction).map_err(|error| {
            tracing::error!(%error, "a change could not be written to the state file and was refused");
            ApiError::from(Code::Internal)
        })?;
        if let Some((now, bytes)) = earlier {
            self.history.push(now, current.books, bytes);
        }
        Ok(value)
    }

    /// Puts what `make` makes of the present state in its place. Nobody else writes meanwhile, and whoever reads sees the
    /// state before. No webhook is told: what was made carries its own deliveries. Errors: `make` refuses, or the state
    /// file cannot be written; the state stays as it is.
    pub(crate) fn replace<T, E: From<LogError>>(
        &self,
        make: impl FnOnce(State) -> Result<(State, T), E>,
    ) -> Result<T, E> {
        let _turn = locked(&self.writer);
        let (state, value) = make(self.read())?;
        if let Some(log) = &self.log {
            log.replace(&state.snapshot())?;
        }
        self.show(state);
        Ok(value)
    }

    /// Completes at the next change.
    pub(crate) fn changed(&self) -> impl Future<Output = ()> {
        let mut notified = Box::pin(self.changed.notified());
        // From here on, not from the first poll.
        notified.as_mut().enable();
        notified
    }

    /// Waits until every change made so far is on disk. Returns at once without a state file.
    pub(crate) fn settle(&self) -> Result<(), LogError> {
        self.log.as_ref().map_or(Ok(()), Log::settle)
    }

    fn publish(&self, current: &State, mut transaction: Transaction) -> Result<(), LogError> {
        if transaction.changes.is_empty() {
            return Ok(());
        }
        for caused in event::caused(current, &transaction.state, &transaction.changes) {
            transaction.apply(caused);
        }
        let Some(log) = &self.log else {
            self.show(transaction.state);
            return Ok(());
        };
        transaction.changes.push(Change::NextId(transaction.state.next_id));
        log.append(&transaction.changes)?;
        let state = transaction.state.clone();
        self.show(transaction.state);
        // The change is safe in the old file; a failed rewrite only leaves that file long.
        if let Err(error) = log.compact_if_large(|| state.snapshot()) {
            tracing::warn!(%error, "the state file could not be rewritten shorter");
        }
        Ok(())
    }

    /// Makes a state the present one. The one before is let go after the lock, because that may take long.
    fn show(&self, state: State) {
        let before = std::mem::replace(&mut *locked(&self.state), state);
        drop(before);
        self.changed.notify_waiters();
    }
}
