//! Going on with a subscription where it was cut off.
//!
//! A transport may know by itself how far its client had come, as Server-Sent Events do (`Last-Event-ID`), and wants to tell
//! the client how far it is now. Both go through the request's data, so a subscription needs no field or argument for it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_graphql::Context;

/// How far a client had come, and how far it is now.
#[derive(Debug, Clone, Default)]
pub struct Resumed {
    last: Option<String>,
    reached: Arc<Mutex<Option<String>>>,
}

impl Resumed {
    /// A client that had come this far, as its transport says.
    pub fn from(last: Option<String>) -> Self {
        Self { last, reached: Arc::default() }
    }

    /// What the transport of this subscription knows.
    pub fn of(ctx: &Context<'_>) -> Self {
        ctx.data_opt::<Self>().cloned().unwrap_or_default()
    }

    /// Where to go on. What the transport knows is newer than the argument: it repeats the request as it was.
    pub fn after(&self, argument: Option<String>) -> Option<String> {
        self.last.clone().or(argument)
    }

    /// Says how far the event that comes next is.
    pub fn reach(&self, cursor: String) {
        *self.reached() = Some(cursor);
    }

    /// How far the event is that came last, if it said so.
    pub fn take(&self) -> Option<String> {
        self.reached().take()
    }

    fn reached(&self) -> MutexGuard<'_, Option<String>> {
        self.reached.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
