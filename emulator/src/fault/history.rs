//! Earlier states, for answers that lag behind.

use std::collections::VecDeque;
use std::sync::Mutex;

use chrono::{DateTime, TimeDelta, Utc};

use super::plan::Age;
use crate::store::State;
use crate::sync::locked;

/// Writes remembered. States share their structure, so one costs little more than what the write changed.
const MOST: usize = 256;

/// The states before the last writes, oldest first, each with the time of the write.
#[derive(Debug, Default)]
pub(crate) struct History(Mutex<VecDeque<(DateTime<Utc>, State)>>);

impl History {
    /// Remembers the state that a write has left.
    pub(crate) fn push(&self, now: DateTime<Utc>, before: State) {
        let mut states = locked(&self.0);
        if states.len() == MOST {
            states.pop_front();
        }
        states.push_back((now, before));
    }

    /// Forgets all earlier states.
    pub(crate) fn clear(&self) {
        locked(&self.0).clear();
    }

    /// `present` with the records of an earlier state; `present` itself when no write lies in between.
    pub(crate) fn earlier(&self, age: Age, now: DateTime<Utc>, present: State) -> State {
        let states = locked(&self.0);
        let earlier = match age {
            Age::OneWrite => states.back(),
            Age::Seconds(seconds) => {
                let at = i64::try_from(seconds)
                    .ok()
                    .and_then(TimeDelta::try_seconds)
                    .and_then(|age| now.checked_sub_signed(age))
                    .unwrap_or(DateTime::<Utc>::MIN_UTC);
                states.iter().find(|(written, _)| *written > at)
            }
        };
        match earlier {
            Some((_, state)) => State { books: state.books.clone(), ..present },
            None => present,
        }
    }
}
