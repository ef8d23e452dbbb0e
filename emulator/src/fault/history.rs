//! Earlier records, for answers that lag behind.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};
use imbl::OrdMap;

use super::plan::Age;
use crate::store::State;
use crate::store::books::Books;
use crate::sync::locked;

/// Writes remembered.
const MOST: usize = 256;
/// The most bytes that earlier records may hold besides the present ones. The last write is remembered all the same.
const MOST_BYTES: usize = 32 * 1024 * 1024;

/// The records of all organizations before a write.
#[derive(Debug)]
struct Before {
    /// When the write was.
    written: DateTime<Utc>,
    /// They share their structure with those after the write.
    books: OrdMap<String, Arc<Books>>,
    /// About how much they do not share.
    bytes: usize,
}

/// The records before the last writes, oldest first.
#[derive(Debug, Default)]
pub(crate) struct History(Mutex<VecDeque<Before>>);

impl History {
    /// Remembers the records before a write, which hold about `bytes` that the write has replaced.
    pub(crate) fn push(&self, written: DateTime<Utc>, books: OrdMap<String, Arc<Books>>, bytes: usize) {
        let mut earlier = locked(&self.0);
        earlier.push_back(Before { written, books, bytes });
        let mut held: usize = earlier.iter().map(|it| it.bytes).sum();
        while earlier.len() > MOST || held > MOST_BYTES && earlier.len() > 1 {
            held -= earlier.pop_front().map_or(0, |it| it.bytes);
        }
    }

    /// Forgets all earlier records.
    pub(crate) fn clear(&self) {
        locked(&self.0).clear();
    }

    /// `present` with the records of an earlier state; `present` itself when no write lies in between.
    pub(crate) fn earlier(&self, age: Age, now: DateTime<Utc>, present: State) -> State {
        let earlier = locked(&self.0);
        // Others may have written since `present` was the present state.
        let known = earlier.iter().position(|it| it.books.ptr_eq(&present.books)).unwrap_or(earlier.len());
        let mut known = earlier.range(..known);
        let found = match age {
            Age::OneWrite => known.next_back(),
            Age::Seconds(seconds) => {
                let at = i64::try_from(seconds)
                    .ok()
                    .and_then(TimeDelta::try_seconds)
                    .and_then(|age| now.checked_sub_signed(age))
                    .unwrap_or(DateTime::<Utc>::MIN_UTC);
                known.find(|it| it.written > at)
            }
        };
        match found {
            Some(before) => State { books: before.books.clone(), ..present },
            None => present,
        }
    }
}
