//! What people do to syncs, one file per act.

mod approve;
mod cancel;
mod decide;
mod pause;
mod reconcile;
mod resolve;
mod resume;
mod resync;
mod retry;
mod start;

use async_graphql::MergedObject;

/// What people do to syncs.
#[derive(MergedObject, Default)]
pub struct SyncMutation(
    start::SyncRunStart,
    cancel::SyncRunCancel,
    retry::SyncRunRetry,
    resync::SyncRecordResync,
    reconcile::SyncModuleReconcile,
    pause::SyncModulePause,
    resume::SyncModuleResume,
    approve::SyncDeletionsApprove,
    resolve::SyncConflictResolve,
    decide::SyncMatchDecide,
);
