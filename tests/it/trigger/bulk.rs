//! Many deals that are moved at once.

use finbridge_domain::{NodeId, NodeKind};
use finbridge_tests::both_databases;
use serde_json::{Value, json};

use super::desk::{Desk, said};

const MOVE: &str =
    "mutation($ids: [ID!]!, $stage: ID!) { dealsMoveToStage(input: { ids: $ids, stageId: $stage }) {
    results { id deal { id stage { id } } userErrors { code field } } userErrors { code } } }";

both_databases! {
    async fn r126_deals_that_are_moved_together_make_an_invoice_each(world: &TestWorld) {
        let desk = Desk::of(world).await;
        desk.invoices().await;
        let (one, two) = (desk.deal("One", &desk.open).await, desk.deal("Two", &desk.open).await);
        let absent = NodeId::new(NodeKind::Deal, world.app.engine.ids.uuid()).to_string();
        let data = world.data(MOVE, json!({ "ids": [one, absent, two], "stage": desk.won })).await;
        assert_eq!(data["dealsMoveToStage"]["userErrors"], json!([]));
        let results = data["dealsMoveToStage"]["results"].as_array().expect("results");
        let ids: Vec<_> = results.iter().map(|result| &result["id"]).collect();
        assert_eq!(ids, [&json!(one), &json!(absent), &json!(two)], "in the order of the input");
        let errors: Vec<_> = results.iter().map(|result| &result["userErrors"]).collect();
        assert_eq!((errors[0], errors[2]), (&json!([]), &json!([])));
        assert_eq!((&results[1]["deal"], &errors[1][0]["code"]), (&Value::Null, &json!("NOT_FOUND")), "{results:#?}");
        for deal in [&one, &two] {
            assert_eq!(said(&desk.newest(deal, 2).await), ("CREATE", "DONE", None));
        }
        assert_eq!(desk.listed("invoices").await.len(), 2);
    }

    async fn too_many_deals_or_none_are_not_moved(world: &TestWorld) {
        let desk = Desk::without_customers(world).await;
        let deal = desk.deal("One", &desk.open).await;
        for ids in [Vec::new(), vec![deal.clone(); 101]] {
            let answer = world.send(MOVE, json!({ "ids": ids, "stage": desk.won })).await;
            assert!(answer["errors"].is_array(), "{answer:#}");
        }
        let now = world.data("query($id: ID!) { deal(id: $id) { stage { id } } }", json!({ "id": deal })).await;
        assert_eq!(now["deal"]["stage"]["id"], json!(desk.open));
    }
}
