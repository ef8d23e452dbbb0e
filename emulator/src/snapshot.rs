//! Named states to return to. They share their structure with the present one, so one costs what has changed since.

use std::collections::BTreeMap;
use std::sync::Mutex;

use chrono::{DateTime, Utc};

use crate::clock::{ClockError, ClockStart};
use crate::server::App;
use crate::store::State;
use crate::store::log::LogError;
use crate::sync::locked;

/// Snapshots kept at a time.
const MOST: usize = 32;
/// Characters of a name.
const MAX_NAME: usize = 64;

/// Why a snapshot was not taken or not restored. Every message says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// The name is empty, too long, or has other characters than it may.
    #[error("A snapshot's name is 1 to 64 letters, digits, dots, underscores and hyphens.")]
    Name,
    /// There are 32 others.
    #[error("There are 32 snapshots, which is the most. Delete one first.")]
    TooMany,
    /// There is none of this name.
    #[error("There is no snapshot of this name. GET /_emulator/snapshots lists them.")]
    Unknown,
    /// The clock cannot be set.
    #[error(transparent)]
    Clock(#[from] ClockError),
    /// The state file cannot be written.
    #[error("The restored state could not be written to the state file: {0}. Free space on its disk.")]
    StateFile(String),
}

impl From<LogError> for SnapshotError {
    fn from(error: LogError) -> Self {
        Self::StateFile(error.to_string())
    }
}

/// A state, and what the clock showed.
#[derive(Debug, Clone)]
struct Snapshot {
    state: State,
    time: DateTime<Utc>,
    /// `None` for a clock of the embedding program.
    clock: Option<ClockStart>,
}

/// All snapshots of an emulator, by name.
#[derive(Debug, Default)]
pub(crate) struct Snapshots(Mutex<BTreeMap<String, Snapshot>>);

impl Snapshots {
    /// Names and times, in the order of the names.
    pub(crate) fn list(&self) -> Vec<(String, DateTime<Utc>)> {
        locked(&self.0).iter().map(|(name, snapshot)| (name.clone(), snapshot.time)).collect()
    }

    /// Forgets a snapshot; says whether there was one.
    pub(crate) fn remove(&self, name: &str) -> bool {
        locked(&self.0).remove(name).is_some()
    }

    /// The state of a snapshot.
    pub(crate) fn state(&self, name: &str) -> Result<State, SnapshotError> {
        self.find(name).map(|snapshot| snapshot.state)
    }

    fn find(&self, name: &str) -> Result<Snapshot, SnapshotError> {
        locked(&self.0).get(name).cloned().ok_or(SnapshotError::Unknown)
    }
}

impl App {
    /// Keeps the present state under `name`, in place of an older snapshot of this name; says whether there was one.
    pub(crate) fn snapshot(&self, name: &str, now: DateTime<Utc>) -> Result<bool, SnapshotError> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        if !(1..=MAX_NAME).contains(&name.len()) || !name.bytes().all(fits) {
            return Err(SnapshotError::Name);
        }
        let clock = self.steered.as_ref().map(|clock| clock.reading());
        let mut snapshots = locked(&self.snapshots.0);
        let known = snapshots.contains_key(name);
        if !known && snapshots.len() >= MOST {
            return Err(SnapshotError::TooMany);
        }
        snapshots.insert(name.to_owned(), Snapshot { state: self.store.read(), time: now, clock });
        Ok(known)
    }

    /// Goes back to a snapshot, with the clock if `clock`. What failed changes nothing.
    pub(crate) fn restore(&self, name: &str, clock: bool) -> Result<(), SnapshotError> {
        let snapshot = self.snapshots.find(name)?;
        let clock = match (clock, &self.steered, snapshot.clock) {
            (false, ..) => None,
            (true, Some(own), Some(reading)) => Some((own, reading)),
            (true, ..) => return Err(ClockError::Foreign.into()),
        };
        self.store.replace(|_| Ok::<_, SnapshotError>((snapshot.state, ())))?;
        if let Some((own, reading)) = clock {
            own.restart(reading);
        }
        self.forget();
        Ok(())
    }
}
