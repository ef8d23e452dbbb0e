//! What people do to syncs, one file per act.

mod apply;
mod approve;
mod cancel;
mod decide;
mod merge_customers;
mod pause;
mod prepare;
mod reconcile;
mod resolve;
mod resume;
mod resync;
mod retry;
mod start;
mod undo;

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
    prepare::SyncPlanPrepare,
    apply::SyncPlanApply,
    undo::SyncRunUndo,
    super::link_map::RecordLinksImport,
    merge_customers::SyncCustomersMerge,
);
