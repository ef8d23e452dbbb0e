//! Starting runs, one file per act.

mod start;

pub use start::SyncRunStart as SyncMutation;
