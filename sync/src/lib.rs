//! The sync engine: plan, claim, apply, read back.
//!
//! It sees finance apps only through `finbridge-contract`, and time only through a clock. A run is a state machine in
//! the database; a job only says "go on with run X".

pub mod apply;
pub mod decide;
pub mod engine;
pub mod error;
pub mod event;
pub mod job;
mod lease;
mod link;
pub mod matching;
mod measure;
pub mod members;
mod merged;
pub mod modules;
pub mod outcome;
pub mod plan;
pub mod progress;
pub mod pull;
pub mod queue;
pub mod run;
pub mod schedule;
pub mod worker;

pub use engine::{Engine, Vault};
pub use error::SyncError;
pub use event::Events;
