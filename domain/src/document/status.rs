//! How documents stand, and what may be done with them.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::DocumentKind;
use crate::module::named;

named! {
    /// How a document stands.
    ///
    /// [`DocumentStatus::Overdue`], and [`DocumentStatus::Expired`] of estimates, follow from the calendar; they are computed
    /// when somebody looks and never stored.
    DocumentStatus {
        /// Not given to anybody yet.
        Draft = "DRAFT",
        /// Waits for somebody's approval.
        PendingApproval = "PENDING_APPROVAL",
        /// Approved.
        Approved = "APPROVED",
        /// Not approved.
        Rejected = "REJECTED",
        /// Given to the other side.
        Sent = "SENT",
        /// Looked at by the other side.
        Viewed = "VIEWED",
        /// The customer agrees.
        Accepted = "ACCEPTED",
        /// The customer does not agree.
        Declined = "DECLINED",
        /// Its last day has passed, or a subscription has ended.
        Expired = "EXPIRED",
        /// Invoices were made of all of it.
        Invoiced = "INVOICED",
        /// Invoices were made of a part of it.
        PartiallyInvoiced = "PARTIALLY_INVOICED",
        /// Placed and in force.
        Open = "OPEN",
        /// Done with.
        Closed = "CLOSED",
        /// A part is paid.
        PartiallyPaid = "PARTIALLY_PAID",
        /// All is paid.
        Paid = "PAID",
        /// Its due day has passed with something still open.
        Overdue = "OVERDUE",
        /// Without effect.
        Void = "VOID",
        /// Bills came for all of it.
        Billed = "BILLED",
        /// Bills came for a part of it.
        PartiallyBilled = "PARTIALLY_BILLED",
        /// Called off.
        Cancelled = "CANCELLED",
        /// Handed in.
        Submitted = "SUBMITTED",
        /// Paid back to whoever spent it.
        Reimbursed = "REIMBURSED",
        /// Taken back by whoever handed it in.
        Recalled = "RECALLED",
        /// In no report.
        Unreported = "UNREPORTED",
        /// To be passed on to a customer.
        Unbilled = "UNBILLED",
        /// Not to be passed on.
        NonBillable = "NON_BILLABLE",
        /// In a trial period.
        Trial = "TRIAL",
        /// Begins later.
        Future = "FUTURE",
        /// Running.
        Live = "LIVE",
        /// A payment failed and is tried again.
        Dunning = "DUNNING",
        /// Not paid.
        Unpaid = "UNPAID",
        /// Ends with its term.
        NonRenewing = "NON_RENEWING",
        /// Resting.
        Paused = "PAUSED",
        /// Something that this version does not know; the finance app's own word stands beside it.
        Unknown = "UNKNOWN",
    }
}

named! {
    /// What changes how a document stands, done by a person or a trigger.
    DocumentAct {
        /// It was given to the other side.
        MarkSent = "MARK_SENT",
        /// The customer agrees.
        Accept = "ACCEPT",
        /// The customer does not agree.
        Decline = "DECLINE",
        /// It has no effect.
        Void = "VOID",
        /// A void document becomes a draft, or an order open again.
        Reopen = "REOPEN",
        /// An order is in force.
        Open = "OPEN",
        /// An order placed with a vendor is called off.
        Cancel = "CANCEL",
    }
}

/// Why an act is not allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MayNot {
    /// Documents of this kind do not know it.
    #[error("there is no such act on documents of this kind")]
    Kind,
    /// Not as it stands.
    #[error("not as the document stands")]
    Status,
    /// Something was paid or credited: undo that first (A17.2).
    #[error("payments or credits are applied to it; take them off first")]
    HasPayments,
}

impl DocumentStatus {
    /// The status of this stored name.
    pub fn by_name(name: &str) -> Self {
        Self::ALL.iter().copied().find(|one| one.as_str() == name).unwrap_or(Self::Unknown)
    }

    /// What is stored of the finance app's own word. What the calendar decides is left out: an overdue invoice is stored as
    /// one that was sent, or is partially paid where `is_partially_paid` says so.
    pub fn mirrored(kind: DocumentKind, word: &str, is_partially_paid: bool) -> Self {
        let word = word.trim().to_ascii_lowercase();
        let in_force = match kind {
            DocumentKind::Bill | DocumentKind::SalesOrder | DocumentKind::PurchaseOrder => Self::Open,
            _ => Self::Sent,
        };
        match (kind, word.as_str()) {
            (DocumentKind::Subscription, "expired") => Self::Expired,
            (DocumentKind::Subscription, "unpaid") => Self::Unpaid,
            (DocumentKind::Invoice | DocumentKind::Bill, "overdue" | "unpaid") if is_partially_paid => {
                Self::PartiallyPaid
            }
            (DocumentKind::CustomerPayment, "" | "success") => Self::Paid,
            (_, "overdue" | "expired" | "unpaid") => in_force,
            (_, "confirmed") => Self::Open,
            (_, "canceled") => Self::Cancelled,
            (_, "pending_approval" | "pending") => Self::PendingApproval,
            (_, "nonbillable" | "non-billable") => Self::NonBillable,
            (_, "billable") => Self::Unbilled,
            (_, "unsubmitted") => Self::Draft,
            (_, word) => {
                let name = word.replace([' ', '-'], "_").to_ascii_uppercase();
                match Self::by_name(&name) {
                    Self::Overdue => in_force,
                    status => status,
                }
            }
        }
    }

    /// How a document stands on a day, where the calendar has a say. `today` is the day in the organization's time zone,
    /// `has_balance` whether something is open.
    pub fn on(
        self,
        kind: DocumentKind,
        due_on: Option<NaiveDate>,
        has_balance: bool,
        today: NaiveDate,
    ) -> Self {
        let is_past = due_on.is_some_and(|due| due < today);
        match (kind, self) {
            (DocumentKind::Invoice | DocumentKind::Bill, status)
                if is_past && has_balance && Self::MAY_BE_OVERDUE.contains(&status) =>
            {
                Self::Overdue
            }
            (DocumentKind::SalesOrder, Self::Open) if is_past => Self::Overdue,
            (DocumentKind::Estimate, Self::Sent | Self::Viewed) if is_past => Self::Expired,
            (_, status) => status,
        }
    }

    /// What invoices and bills are stored as that are overdue once their due day has passed with something open.
    pub const MAY_BE_OVERDUE: &'static [Self] =
        &[Self::Sent, Self::Viewed, Self::Open, Self::PartiallyPaid, Self::Approved];

    /// Whether the calendar has a say in whether a document stands so. How all others stand is how they are stored.
    pub fn is_up_to_the_calendar(self) -> bool {
        matches!(self, Self::Overdue | Self::Expired) || Self::MAY_BE_OVERDUE.contains(&self)
    }

    /// Whether the status comes about by itself: through payments, time or the other side's looking. Such a change is nobody's
    /// decision, and triggers go on (A17.3).
    pub const fn is_derived(self) -> bool {
        matches!(
            self,
            Self::Overdue | Self::Expired | Self::Paid | Self::PartiallyPaid | Self::Viewed | Self::Unpaid
        )
    }
}

impl DocumentAct {
    /// Whether a document of this status has the act behind it, so that doing it would change nothing.
    pub const fn is_so(self, status: DocumentStatus) -> bool {
        use DocumentStatus as Is;
        match self {
            Self::MarkSent => matches!(status, Is::Sent),
            Self::Accept => matches!(status, Is::Accepted),
            Self::Decline => matches!(status, Is::Declined),
            Self::Void => matches!(status, Is::Void),
            Self::Reopen => matches!(status, Is::Draft | Is::Open),
            Self::Open => matches!(status, Is::Open),
            Self::Cancel => matches!(status, Is::Cancelled),
        }
    }

    /// Whether this may be done with a document that is stored with this status.
    ///
    /// # Errors
    /// Why not.
    pub fn check(self, kind: DocumentKind, status: DocumentStatus, has_payments: bool) -> Result<(), MayNot> {
        use DocumentKind as Kind;
        use DocumentStatus as Is;
        let from: &[Is] = match (kind, self) {
            (Kind::Estimate, Self::MarkSent) => &[Is::Draft, Is::Approved, Is::Sent, Is::Declined],
            (Kind::Estimate, Self::Accept) => {
                &[Is::Draft, Is::Sent, Is::Viewed, Is::Declined, Is::Accepted, Is::Approved]
            }
            (Kind::Estimate, Self::Decline) => {
                &[Is::Draft, Is::Sent, Is::Viewed, Is::Accepted, Is::Declined, Is::Approved]
            }
            (Kind::Invoice, Self::MarkSent) => &[Is::Draft, Is::Approved, Is::Sent],
            (Kind::Invoice, Self::Void) if has_payments => return Err(MayNot::HasPayments),
            (Kind::Invoice, Self::Void) => &[Is::Draft, Is::Sent, Is::Viewed, Is::Approved, Is::Void],
            (Kind::Invoice, Self::Reopen) => &[Is::Void],
            (Kind::SalesOrder, Self::Open) => &[Is::Draft, Is::Approved, Is::Open],
            (Kind::SalesOrder, Self::Void) => &[Is::Draft, Is::Open, Is::Void],
            (Kind::SalesOrder, Self::Reopen) => &[Is::Void],
            (Kind::PurchaseOrder, Self::Open) => &[Is::Draft, Is::Approved, Is::Open],
            (Kind::PurchaseOrder, Self::Cancel) => &[Is::Draft, Is::Open, Is::Cancelled],
            (Kind::PurchaseOrder, Self::Reopen) => &[Is::Cancelled],
            (Kind::CreditNote, Self::Open) => &[Is::Draft, Is::Open],
            (Kind::CreditNote, Self::Void) => &[Is::Draft, Is::Open, Is::Void],
            _ => return Err(MayNot::Kind),
        };
        if from.contains(&status) { Ok(()) } else { Err(MayNot::Status) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_calendar_decides_is_not_stored() {
        let mirrored = |kind, word| DocumentStatus::mirrored(kind, word, false);
        assert_eq!(mirrored(DocumentKind::Invoice, "overdue"), DocumentStatus::Sent);
        assert_eq!(
            DocumentStatus::mirrored(DocumentKind::Invoice, "overdue", true),
            DocumentStatus::PartiallyPaid
        );
        assert_eq!(mirrored(DocumentKind::Estimate, "expired"), DocumentStatus::Sent);
        assert_eq!(mirrored(DocumentKind::Subscription, "expired"), DocumentStatus::Expired);
        assert_eq!(mirrored(DocumentKind::SalesOrder, "overdue"), DocumentStatus::Open);
        assert_eq!(
            mirrored(DocumentKind::PurchaseOrder, "partially_billed"),
            DocumentStatus::PartiallyBilled
        );
        assert_eq!(mirrored(DocumentKind::Subscription, "non_renewing"), DocumentStatus::NonRenewing);
        assert_eq!(mirrored(DocumentKind::Invoice, "quantum"), DocumentStatus::Unknown);
    }

    #[test]
    fn an_invoice_is_overdue_the_day_after_it_was_due() {
        let day = |text: &str| Some(text.parse().unwrap());
        let on = |status: DocumentStatus, due, open, today: &str| {
            status.on(DocumentKind::Invoice, day(due), open, today.parse().unwrap())
        };
        assert_eq!(on(DocumentStatus::Sent, "2026-01-05", true, "2026-01-05"), DocumentStatus::Sent);
        assert_eq!(on(DocumentStatus::Sent, "2026-01-05", true, "2026-01-06"), DocumentStatus::Overdue);
        assert_eq!(on(DocumentStatus::Paid, "2026-01-05", false, "2026-01-06"), DocumentStatus::Paid);
        assert_eq!(on(DocumentStatus::Draft, "2026-01-05", true, "2026-01-06"), DocumentStatus::Draft);
        assert_eq!(on(DocumentStatus::Void, "2026-01-05", true, "2026-01-06"), DocumentStatus::Void);
    }

    #[test]
    fn a17_2_an_invoice_with_payments_is_not_voided() {
        let void = |status, paid| DocumentAct::Void.check(DocumentKind::Invoice, status, paid);
        assert_eq!(void(DocumentStatus::PartiallyPaid, true), Err(MayNot::HasPayments));
        assert_eq!(void(DocumentStatus::Sent, false), Ok(()));
        assert_eq!(void(DocumentStatus::Paid, false), Err(MayNot::Status));
        assert_eq!(
            DocumentAct::Accept.check(DocumentKind::Invoice, DocumentStatus::Sent, false),
            Err(MayNot::Kind)
        );
    }
}
