//! Limits of requests, which end by themselves: whoever waits for them has tried nothing.

use finbridge_emulator::{ExceededLimit, FaultAction, FaultRule};
use finbridge_tests::both_databases;

use super::desk::{Desk, said};
use super::faults::settled;

/// Every call that makes an invoice is one too many, and may be repeated after so many seconds.
fn exceeded(limit: ExceededLimit, seconds: u64) -> FaultRule {
    let action = FaultAction::Exceeded { limit, retry_after: Some(seconds), bare: false };
    FaultRule::new(action).method("POST").path("/books/v3/invoices")
}

both_databases! {
    async fn a_limit_of_requests_uses_up_no_tries(world: &TestWorld) {
        let desk = Desk::of(world).await;
        desk.invoices().await;
        // More often and longer than an app that does not answer is tried.
        world.emulator.fault(exceeded(ExceededLimit::OrganizationMinute, 60).count(12));
        let big = desk.deal("Big", &desk.won).await;
        let entry = settled(&desk, &big).await;
        assert_eq!(said(&entry), ("CREATE", "DONE", None), "{entry:#}");
        assert_eq!(desk.listed("invoices").await.len(), 1);
    }

    async fn a_limit_of_requests_is_waited_for_a_day(world: &TestWorld) {
        let desk = Desk::of(world).await;
        desk.invoices().await;
        let limit = world.emulator.fault(exceeded(ExceededLimit::Day, 7 * 60 * 60));
        let big = desk.deal("Big", &desk.won).await;
        let entry = settled(&desk, &big).await;
        assert_eq!(said(&entry), ("CREATE", "FAILED", Some("FINANCE_UNAVAILABLE")), "{entry:#}");
        world.emulator.remove_fault(limit);
        desk.gone(&big, &desk.open).await;
        assert_eq!(said(&desk.gone(&big, &desk.won).await), ("CREATE", "DONE", None));
        assert_eq!(desk.listed("invoices").await.len(), 1);
    }
}
