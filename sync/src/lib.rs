//! The sync engine: plan, claim, apply, read back.
//!
//! It sees finance apps only through `finbridge-contract`, and time only through a clock. A run is a state machine in
//! the database; a job only says "go on with run X".

pub mod act;
pub mod apply;
pub mod budget;
mod bulk;
pub mod crm;
pub mod decide;
pub mod document;
pub mod engine;
pub mod error;
pub mod event;
pub mod job;
mod lease;
pub mod lineage;
mod link;
pub mod matching;
mod measure;
pub mod members;
pub mod merge;
mod merged;
pub mod outcome;
pub mod plan;
mod planning;
pub mod progress;
pub mod pull;
pub mod queue;
mod reason;
pub mod records;
pub mod retention;
pub mod run;
pub mod schedule;
mod shared;
pub mod stage;
pub mod trigger;
mod undo;
pub mod users;
pub mod wake;
pub mod worker;

pub use planning::DELETION_GUARD;

pub use crm::Crm;
pub use engine::{Engine, Vault};
pub use error::SyncError;
pub use event::Events;
