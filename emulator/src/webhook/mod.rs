//! Webhooks (section 15): subscriptions, the deliveries that changes cause, and the sender.
//!
//! A delivery is part of the change that causes it: both are in the state file, or neither is, so that a crash loses
//! no event.

mod body;
pub(crate) mod event;
pub(crate) mod fault;
pub(crate) mod model;
pub(crate) mod sender;
