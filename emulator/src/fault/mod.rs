//! Faults on demand: answers that fail, are late, are broken, or never come.

mod action;
mod batch;
mod history;
mod plan;
mod preset;
mod registry;
mod rule;

pub use action::{ExceededLimit, FaultAction};
pub use registry::{FaultId, FaultState};
pub use rule::FaultRule;

pub(crate) use batch::{halve_body, halve_query};
pub(crate) use history::History;
pub(crate) use plan::{Age, Delivery, Make, Plan};
pub(crate) use preset::PRESETS;
pub(crate) use registry::{Faults, Subject};
