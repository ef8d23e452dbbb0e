//! Saying what deals do.

use finbridge_domain::{NodeId, NodeKind};
use finbridge_entity::types::Role;
use finbridge_tests::both_databases;
use serde_json::{Value, json};

use super::desk::{Desk, SET, said};
use crate::graphql::colleague;
use crate::sync::support::take_profile;

const READ: &str = "query($id: ID!) { integration(id: $id) { trigger { point isMarkedSent createStages { name } acceptStages { name }
    invalidateStages { name } updatedBy { name } } } }";

async fn read(desk: &Desk<'_>) -> Value {
    desk.world.data(READ, json!({ "id": desk.integration })).await["integration"]["trigger"].take()
}

/// The code and the field of the only user error.
fn fault(set: &Value) -> (&str, &str) {
    let error = &set["userErrors"][0];
    assert_eq!(
        (set["userErrors"].as_array().map(Vec::len), &set["trigger"]),
        (Some(1), &Value::Null),
        "{set:#}"
    );
    (error["code"].as_str().expect("a code"), error["field"][0].as_str().expect("a field"))
}

both_databases! {
    async fn r122_one_thing_is_triggered_at_a_time(world: &TestWorld) {
        let desk = Desk::of(world).await;
        assert_eq!(read(&desk).await, Value::Null, "nobody said anything yet");
        desk.estimates().await;
        let estimates = read(&desk).await;
        assert_eq!(estimates, json!({ "point": "ESTIMATE", "isMarkedSent": false, "createStages": [{ "name": "Offered" }],
            "acceptStages": [{ "name": "Agreed" }], "invalidateStages": [{ "name": "Refused" }], "updatedBy": { "name": "Ada Administrator" } }));
        desk.invoices().await;
        let invoices = read(&desk).await;
        assert_eq!((&invoices["point"], &invoices["createStages"]), (&json!("INVOICE"), &json!([])), "it takes the place of the other");
        let big = desk.deal("Big", &desk.offered).await;
        assert_eq!(said(&desk.newest(&big, 1).await), ("NONE", "SKIPPED", Some("STAGE_NOT_CHOSEN")));
        assert_eq!(said(&desk.gone(&big, &desk.won).await), ("CREATE", "DONE", None));
        assert_eq!((desk.listed("estimates").await.len(), desk.listed("invoices").await.len()), (0, 1));
        desk.trigger(json!({ "point": "NONE" })).await;
        assert_eq!(read(&desk).await["point"], "NONE");
    }

    async fn r123_triggers_exist_only_where_the_profile_has_them(world: &TestWorld) {
        let desk = Desk::without_customers(world).await;
        let (invoice, estimate) = (json!({ "point": "INVOICE" }), json!({ "point": "ESTIMATE", "createStageIds": [desk.offered] }));
        for profile in ["EXPENSE_NOW", "ERP"] {
            take_profile(world, profile).await;
            for wish in [&invoice, &estimate] {
                assert_eq!(fault(&desk.try_trigger(wish.clone()).await), ("MODULE_NOT_SUPPORTED", "point"), "{profile}");
            }
        }
        take_profile(world, "BILLING").await;
        let refused = desk.try_trigger(estimate.clone()).await;
        assert_eq!(fault(&refused), ("SETTING_NOT_SUPPORTED", "point"));
        assert!(refused["userErrors"][0]["message"].as_str().expect("a message").contains("estimateTrigger"), "{refused:#}");
        desk.trigger(invoice.clone()).await;
        for profile in ["INVOICE_NOW", "SUITE", "BOOKS_NOW"] {
            take_profile(world, profile).await;
            desk.trigger(invoice.clone()).await;
            desk.trigger(estimate.clone()).await;
        }
        take_profile(world, "BOOKS_2013").await;
        assert_eq!(fault(&desk.try_trigger(estimate).await), ("SETTING_NOT_SUPPORTED", "createStageIds"), "its stages are fixed");
        desk.trigger(json!({ "point": "ESTIMATE" })).await;
    }

    async fn r122_what_makes_no_sense_is_refused(world: &TestWorld) {
        let desk = Desk::without_customers(world).await;
        let absent = NodeId::new(NodeKind::Stage, world.app.engine.ids.uuid()).to_string();
        let wishes = [
            (json!({ "point": "INVOICE", "createStageIds": [desk.won] }), ("SETTING_NOT_SUPPORTED", "createStageIds")),
            (json!({ "point": "ESTIMATE" }), ("REQUIRED", "createStageIds")),
            (json!({ "point": "ESTIMATE", "acceptStageIds": [absent] }), ("NOT_FOUND", "acceptStageIds")),
            (json!({ "point": "ESTIMATE", "createStageIds": [desk.open], "invalidateStageIds": [desk.open] }), ("INVALID", "invalidateStageIds")),
        ];
        for (wish, wanted) in wishes {
            assert_eq!(fault(&desk.try_trigger(wish.clone()).await), wanted, "{wish}");
        }
        assert_eq!(read(&desk).await, Value::Null);
        let colleague = colleague(world, "Sam", Role::Standard).await;
        let input = json!({ "integrationId": desk.integration, "point": "INVOICE" });
        let answer = world.send_as(&colleague.token, SET, json!({ "input": input })).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN", "{answer:#}");
        assert_eq!(read(&desk).await, Value::Null);
    }
}
