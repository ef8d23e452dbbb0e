//! Trying a trigger out.

use finbridge_emulator::{FaultAction, FaultRule};
use finbridge_tests::{TestWorld, both_databases};
use serde_json::{Value, json};

use super::desk::Desk;

const SIMULATE: &str = "query($deal: ID!, $stage: ID!) { triggerSimulate(dealId: $deal, stageId: $stage) {
    integration { id } transactionKind action wouldAct code message act subTotal remoteKey } }";

async fn simulated(desk: &Desk<'_>, deal: &str, stage: &str) -> Value {
    let mut data = desk.world.data(SIMULATE, json!({ "deal": deal, "stage": stage })).await;
    assert_eq!(data["triggerSimulate"].as_array().map(Vec::len), Some(1), "{data:#}");
    data["triggerSimulate"][0].take()
}

both_databases! {
    async fn r124_a_simulation_tells_what_a_move_would_do_and_does_nothing(world: &TestWorld) {
        let desk = Desk::of(world).await;
        let big = desk.deal("Big", &desk.open).await;
        let nothing = world.data(SIMULATE, json!({ "deal": big, "stage": desk.won })).await;
        assert_eq!(nothing["triggerSimulate"], json!([]), "nothing is triggered");
        desk.estimates().await;
        world.emulator.clear_journal();
        let told = simulated(&desk, &big, &desk.offered).await;
        assert_eq!((&told["action"], &told["wouldAct"], &told["code"], &told["subTotal"]), (&json!("CREATE"), &json!(true), &Value::Null, &json!("250.5")), "{told:#}");
        assert_eq!((&told["integration"]["id"], &told["transactionKind"]), (&json!(desk.integration), &json!("ESTIMATE")));
        let jumped = simulated(&desk, &big, &desk.agreed).await;
        assert!(jumped["message"].as_str().expect("a message").contains("accepted"), "{jumped:#}");
        assert_eq!(simulated(&desk, &big, &desk.won).await["code"], "STAGE_NOT_CHOSEN");
        assert_eq!(simulated(&desk, &big, &desk.refused).await["code"], "NO_DOCUMENT");
        let blank = desk.deal_of(json!({ "name": "Blank", "stageId": desk.open, "accountId": desk.acme })).await;
        assert_eq!(simulated(&desk, &blank, &desk.offered).await["code"], "DEAL_HAS_NO_AMOUNT");
        assert_eq!(world.finance_writes(), Vec::<String>::new());
        assert_eq!(desk.entries(&big).await, Vec::<Value>::new());

        let made = desk.gone(&big, &desk.offered).await;
        let accepted = simulated(&desk, &big, &desk.agreed).await;
        assert_eq!((&accepted["wouldAct"], &accepted["act"], &accepted["remoteKey"]), (&json!(true), &json!("ACCEPT"), &made["remoteKey"]), "{accepted:#}");
        assert_eq!(simulated(&desk, &big, &desk.offered).await["code"], "ALREADY_HAS_DOCUMENT");
        assert_eq!(desk.estimate(&made).await["status"], "draft");
        desk.mark("estimate", &made, "sent").await;
        assert_eq!(simulated(&desk, &big, &desk.agreed).await["code"], "MANUAL_STATUS_CHANGE");
        assert_eq!(desk.entries(&big).await.len(), 1);
    }

    async fn a_simulation_needs_the_finance_app(world: &TestWorld) {
        let desk = Desk::of(world).await;
        desk.invoices().await;
        let big = desk.deal("Big", &desk.open).await;
        desk.newest(&big, 1).await;
        world.emulator.fault(FaultRule::new(FaultAction::ServerError { status: 503 }).method("GET").path_contains("/contacts/"));
        let answer = world.send(SIMULATE, json!({ "deal": big, "stage": desk.won })).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "UNAVAILABLE", "{answer:#}");
        world.emulator.clear_faults();
        let absent = world.send(SIMULATE, json!({ "deal": absent(world), "stage": desk.won })).await;
        assert_eq!(absent["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{absent:#}");
    }
}

fn absent(world: &TestWorld) -> String {
    finbridge_domain::NodeId::new(finbridge_domain::NodeKind::Deal, world.app.engine.ids.uuid()).to_string()
}
