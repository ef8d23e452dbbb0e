//! Long walks: deals are moved to and fro while people on the finance side do as they like. Whatever comes, a deal has one invoice at
//! most, none is touched whose status somebody changed before, and none is voided that was paid for.

use finbridge_tests::both_databases;
use serde_json::{Value, json};

use super::desk::{Desk, said};

/// Steps of a walk.
const STEPS: usize = 24;

/// A generator that walks the same way every time.
struct Dice(u64);

impl Dice {
    fn throw(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// What is known of a deal.
struct Known {
    deal: String,
    stage: String,
    /// The entry of its invoice's making.
    invoice: Option<Value>,
    /// The status that a trigger gave it last.
    given: &'static str,
    /// Whether triggers have stopped.
    is_stopped: bool,
}

impl Known {
    /// What a move to the lost stage has to come to, given how the invoice stands.
    fn when_lost(&mut self, status: &str) -> (&'static str, Option<&'static str>) {
        let is_derived = ["partially_paid", "paid", "overdue"].contains(&status);
        if self.is_stopped || !(is_derived || status == self.given) {
            self.is_stopped = true;
            return ("SKIPPED", Some("MANUAL_STATUS_CHANGE"));
        }
        if status == "void" {
            return ("SKIPPED", Some("ALREADY_SO"));
        }
        if is_derived {
            return ("SKIPPED", Some("HAS_PAYMENTS"));
        }
        self.given = "void";
        ("DONE", None)
    }
}

/// Moves the deal, and compares with what had to come of it.
async fn go(desk: &Desk<'_>, known: &mut Known, stage: &str) {
    if known.stage == stage {
        return;
    }
    known.stage = stage.to_owned();
    let wanted = if stage == desk.open {
        ("NONE", "SKIPPED", Some("STAGE_NOT_CHOSEN"))
    } else if stage == desk.won {
        match known.invoice {
            Some(_) => ("CREATE", "SKIPPED", Some("ALREADY_HAS_DOCUMENT")),
            None => ("CREATE", "DONE", None),
        }
    } else {
        match &known.invoice {
            Some(invoice) => {
                let status = desk.invoice(invoice).await["status"].as_str().expect("a status").to_owned();
                let (outcome, code) = known.when_lost(&status);
                ("INVALIDATE", outcome, code)
            }
            None => ("INVALIDATE", "SKIPPED", Some("NO_DOCUMENT")),
        }
    };
    desk.world.emulator.clear_journal();
    let entry = desk.gone(&known.deal, stage).await;
    assert_eq!(said(&entry), wanted, "{entry:#}");
    let voids = desk.world.finance_writes().iter().filter(|write| write.ends_with("/status/void")).count();
    assert_eq!(voids, usize::from(wanted == ("INVALIDATE", "DONE", None)), "{entry:#}");
    if wanted == ("CREATE", "DONE", None) {
        known.given = "sent";
        known.invoice = Some(entry);
    }
}

/// Somebody there does something with the invoice, where its state lets him.
async fn meddle(desk: &Desk<'_>, known: &Known, how: u64) {
    let Some(invoice) = &known.invoice else { return };
    let status = desk.invoice(invoice).await["status"].as_str().expect("a status").to_owned();
    match (how, status.as_str()) {
        (0, "draft") => desk.mark("invoice", invoice, "sent").await,
        (1, "draft" | "sent") => desk.mark("invoice", invoice, "void").await,
        (2, "void") => desk.mark("invoice", invoice, "draft").await,
        (3, "sent") => desk.pay(invoice, 100.0).await,
        (4, "sent") => desk.pay(invoice, 250.5).await,
        _ => {}
    }
}

async fn walk(desk: &Desk<'_>, seed: u64) {
    let mut dice = Dice(seed);
    let mut deals = Vec::new();
    for n in 0..3 {
        let deal = desk.deal(&format!("Walk {seed} {n}"), &desk.open).await;
        desk.newest(&deal, 1).await;
        deals.push(Known { deal, stage: desk.open.clone(), invoice: None, given: "sent", is_stopped: false });
    }
    for _ in 0..STEPS {
        let which = usize::try_from(dice.throw(3)).expect("a small number");
        let known = &mut deals[which];
        match dice.throw(9) {
            0 => go(desk, known, &desk.open).await,
            1..=3 => go(desk, known, &desk.won).await,
            4..=5 => go(desk, known, &desk.lost).await,
            _ => meddle(desk, known, dice.throw(5)).await,
        }
    }
    let invoices = desk.listed("invoices").await;
    for known in &deals {
        let reference = format!("FB-{}-I", desk.number(&known.deal).await.as_str().expect("a number"));
        let made = invoices.iter().filter(|row| row["reference_number"] == json!(reference)).count();
        assert_eq!(made, usize::from(known.invoice.is_some()), "one invoice for each deal");
    }
}

both_databases! {
    async fn r128_a17_2_people_and_triggers_walk_side_by_side(world: &TestWorld) {
        let desk = Desk::of(world).await;
        desk.trigger(json!({ "point": "INVOICE", "markSent": true })).await;
        for seed in [11, 23, 47] {
            walk(&desk, seed).await;
        }
    }
}
