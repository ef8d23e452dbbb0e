//! Integrations that are switched off while something is going on.

use finbridge_emulator::{FaultAction, FaultRule};
use finbridge_tests::both_databases;
use serde_json::json;

both_databases! {
    async fn a17_20_a_run_under_way_ends_before_the_integration_rests(world: &TestWorld) {
        let integration = world.connect().await;
        world.configure(&integration, "SKIP", false).await;
        for name in ["Acme", "Globex", "Initech"] {
            world.account(name).await;
        }
        let slow = FaultRule::new(FaultAction::Delay { ms: 700 }).method("POST").path("/books/v3/contacts");
        world.emulator.fault(slow);
        let run = world.start_run(&integration).await;
        world.run_when(&run, |run| run["state"] == "RUNNING").await;
        let disable = "mutation($id: ID!) { integrationDisable(input: { integrationId: $id, confirm: true }) { integration { state } userErrors { code } } }";
        let disabled = world.data(disable, json!({ "id": integration })).await;
        assert_eq!(disabled["integrationDisable"], json!({ "integration": { "state": "DISABLED" }, "userErrors": [] }));
        let run = world.ended(&run).await;
        assert_eq!((&run["state"], &run["totals"]["added"]), (&json!("SUCCEEDED"), &json!(3)), "{run:#}");
        assert_eq!(world.contacts().await.len(), 3);
        // And no other begins.
        let start = "mutation($id: ID!) { syncRunStart(input: { integrationId: $id, module: CUSTOMERS }) { syncRun { id } userErrors { code } } }";
        let refused = world.send(start, json!({ "id": integration })).await;
        assert!(refused["errors"].is_array(), "{refused:#}");
    }
}
