//! Faults by name.

use super::action::{ExceededLimit, FaultAction};

const fn exceeded(limit: ExceededLimit) -> FaultAction {
    FaultAction::Exceeded { limit, retry_after: None, bare: false }
}

/// Every preset with its action.
pub(crate) static PRESETS: [(&str, FaultAction); 23] = [
    ("429_user_minute", exceeded(ExceededLimit::UserMinute)),
    ("429_minute", exceeded(ExceededLimit::OrganizationMinute)),
    ("429_day", exceeded(ExceededLimit::Day)),
    ("429_concurrency", exceeded(ExceededLimit::Concurrency)),
    (
        "429_without_retry_after",
        FaultAction::Exceeded { limit: ExceededLimit::OrganizationMinute, retry_after: None, bare: true },
    ),
    ("token_throttle", exceeded(ExceededLimit::Tokens)),
    ("expired_token", FaultAction::ExpiredToken),
    ("500", FaultAction::ServerError { status: 500 }),
    ("502", FaultAction::ServerError { status: 502 }),
    ("503", FaultAction::ServerError { status: 503 }),
    ("504", FaultAction::ServerError { status: 504 }),
    ("close", FaultAction::CloseBeforeCommit),
    ("close_after_commit", FaultAction::CloseAfterCommit),
    ("reset", FaultAction::ResetBeforeCommit),
    ("reset_after_commit", FaultAction::ResetAfterCommit),
    ("hang", FaultAction::Hang { ms: 60_000 }),
    ("slow_body", FaultAction::SlowBody { bytes: 16, ms: 50 }),
    ("truncated_json", FaultAction::TruncateBody { keep: None }),
    ("cut_body", FaultAction::CutBody { keep: None }),
    ("html", FaultAction::Html { status: 200 }),
    ("garbage", FaultAction::Garbage { bytes: 512 }),
    ("stale_read", FaultAction::StaleRead { seconds: None }),
    ("partial_batch", FaultAction::PartialBatch),
];

/// The action of a preset.
pub(super) fn find(name: &str) -> Option<FaultAction> {
    PRESETS.iter().find(|(known, _)| *known == name).map(|(_, action)| action.clone())
}
