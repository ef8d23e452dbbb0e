//! Every act on a subscription in every state: where it leads, and where it is refused.

use serde_json::{Value, json};

use crate::billing_world::*;

const ACTS: [(&str, &str); 6] = [
    ("cancel?cancel_at_end=false", "cancelled"),
    ("cancel?cancel_at_end=true", "cancelled at the end of its term"),
    ("reactivate", "reactivated"),
    ("pause", "paused"),
    ("resume", "resumed"),
    ("postpone", "postponed"),
];

/// Which acts each state allows, and the state that follows. Everything else is refused.
const ALLOWED: [(&str, &[(&str, &str)]); 11] = [
    ("future", &[("cancel?cancel_at_end=false", "cancelled")]),
    (
        "trial",
        &[
            ("cancel?cancel_at_end=false", "cancelled"),
            ("cancel?cancel_at_end=true", "non_renewing"),
            ("postpone", "trial"),
        ],
    ),
    (
        "live",
        &[
            ("cancel?cancel_at_end=false", "cancelled"),
            ("cancel?cancel_at_end=true", "non_renewing"),
            ("reactivate", "live"),
            ("pause", "paused"),
            ("resume", "live"),
            ("postpone", "live"),
        ],
    ),
    ("unpaid", &[("cancel?cancel_at_end=false", "cancelled"), ("postpone", "unpaid")]),
    ("dunning", &[("cancel?cancel_at_end=false", "cancelled")]),
    ("paused", &[("cancel?cancel_at_end=false", "cancelled"), ("pause", "paused"), ("resume", "live")]),
    (
        "non_renewing",
        &[
            ("cancel?cancel_at_end=false", "cancelled"),
            ("cancel?cancel_at_end=true", "non_renewing"),
            ("reactivate", "live"),
        ],
    ),
    ("cancelled", &[("cancel?cancel_at_end=false", "cancelled"), ("reactivate", "live")]),
    (
        "cancelled_from_dunning",
        // Its card still declines, so the term that begins is not paid.
        &[("cancel?cancel_at_end=false", "cancelled_from_dunning"), ("reactivate", "dunning")],
    ),
    ("expired", &[]),
    ("trial_expired", &[]),
];

/// What is refused as a cancellation at once, whichever end was asked for.
fn wish<'a>(state: &str, act: &str, wish: &'a str) -> &'a str {
    let over = ["cancelled", "cancelled_from_dunning", "expired", "trial_expired"].contains(&state);
    if over && act.starts_with("cancel") { "cancelled" } else { wish }
}

/// Subscriptions of one state, one for each act.
async fn several(b: &Billing, customer: &str, plan: &str, more: Value) -> Vec<String> {
    let mut ids = Vec::new();
    for _ in ACTS {
        ids.push(text(&b.subscribe(customer, plan, more.clone()).await["subscription_id"]));
    }
    ids
}

async fn each(b: &Billing, ids: &[String], step: &str, body: Value) {
    for id in ids {
        let (status, answer) = b.call("POST", &format!("subscriptions/{id}/{step}"), body.clone()).await;
        assert_eq!(status, 200, "{step}: {answer}");
    }
}

#[tokio::test]
async fn every_act_in_every_state() {
    let good = json!({"card_id": "90001", "auto_collect": true});
    let bad = json!({"card_id": "90000002"});
    let declined = json!({"card_id": "90000002", "auto_collect": true});
    let mut b = billing().await;
    b.plan("m", json!({})).await;
    b.plan("once", json!({"billing_cycles": 1})).await;
    b.plan("trial", json!({"trial_period": 7})).await;
    let customer = b.customer("Acme").await;
    let expired = several(&b, &customer, "once", json!({})).await;
    let trial_expired = several(&b, &customer, "trial", json!({"auto_collect": true})).await;
    let given_up = several(&b, &customer, "m", good.clone()).await;
    each(&b, &given_up, "card", bad.clone()).await;
    b.at("2026-01-13").await;
    let dunning = several(&b, &customer, "m", good).await;
    each(&b, &dunning, "card", bad.clone()).await;
    b.at("2026-02-14").await;
    let future = several(&b, &customer, "m", json!({"starts_at": "2026-03-01"})).await;
    let trial = several(&b, &customer, "trial", json!({})).await;
    let live = several(&b, &customer, "m", json!({})).await;
    let unpaid = several(&b, &customer, "m", declined).await;
    let paused = several(&b, &customer, "m", json!({})).await;
    each(&b, &paused, "pause", Value::Null).await;
    let non_renewing = several(&b, &customer, "m", json!({})).await;
    each(&b, &non_renewing, "cancel?cancel_at_end=true", Value::Null).await;
    let cancelled = several(&b, &customer, "m", json!({})).await;
    each(&b, &cancelled, "cancel", Value::Null).await;

    let states = [
        future,
        trial,
        live,
        unpaid,
        dunning,
        paused,
        non_renewing,
        cancelled,
        given_up,
        expired,
        trial_expired,
    ];
    for ((state, allowed), ids) in ALLOWED.into_iter().zip(states) {
        for ((act, refusal), id) in ACTS.into_iter().zip(ids) {
            let path = format!("subscriptions/{id}");
            assert_eq!(b.subscription(&id).await["status"], state, "before {act}");
            let body = if act == "postpone" { json!({"renewal_at": "2026-05-01"}) } else { Value::Null };
            let next = allowed.iter().find(|(known, _)| *known == act).map(|(_, next)| *next);
            match next {
                Some(next) => {
                    let (status, answer) = b.call("POST", &format!("{path}/{act}"), body).await;
                    assert_eq!(
                        (status, &answer["subscription"]["status"]),
                        (200, &json!(next)),
                        "{act} of {state}: {answer}"
                    );
                }
                None => {
                    let wish = wish(state, act, refusal);
                    let message = format!("A subscription in the status {state} cannot be {wish}.");
                    b.refused("POST", &format!("{path}/{act}"), body, 400, 4098, &message).await;
                }
            }
            assert_eq!(b.subscription(&id).await["status"], next.unwrap_or(state), "after {act} of {state}");
        }
    }
}
