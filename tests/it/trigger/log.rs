//! The trigger log.

use finbridge_sync::trigger::Code;
use finbridge_tests::both_databases;
use serde_json::{Value, json};

use super::desk::Desk;

both_databases! {
    async fn r128_every_act_and_every_other_event_has_an_entry(world: &TestWorld) {
        let desk = Desk::of(world).await;
        desk.invoices().await;
        let (big, small) = (desk.deal("Big", &desk.open).await, desk.deal("Small", &desk.open).await);
        desk.newest(&small, 1).await;
        desk.newest(&big, 1).await;
        desk.gone(&big, &desk.won).await;
        desk.gone(&big, &desk.lost).await;
        desk.gone(&big, &desk.won).await;
        let codes = async |filter: Value| {
            let query = "query($filter: TriggerLogFilter) { triggerLog(filter: $filter) { totalCount nodes { code } } }";
            let data = world.data(query, json!({ "filter": filter })).await;
            let codes: Vec<_> = data["triggerLog"]["nodes"].as_array().expect("entries").iter().map(|one| one["code"].clone()).collect();
            assert_eq!(data["triggerLog"]["totalCount"], json!(codes.len()));
            json!(codes)
        };
        assert_eq!(codes(json!({ "deal": { "eq": big } })).await, json!(["ALREADY_HAS_DOCUMENT", null, null, "STAGE_NOT_CHOSEN"]), "newest first");
        assert_eq!(codes(json!({ "codes": ["STAGE_NOT_CHOSEN"] })).await, json!(["STAGE_NOT_CHOSEN", "STAGE_NOT_CHOSEN"]));
        assert_eq!(codes(json!({ "deal": { "eq": big }, "outcome": "DONE" })).await, json!([null, null]));
        assert_eq!(codes(json!({ "outcome": "FAILED" })).await, json!([]));

        // The same at the deal, page by page.
        let query = "query($id: ID!, $after: String) { deal(id: $id) { triggerLog(first: 3, after: $after) { totalCount
            nodes { id action code deal { id } stage { id } transactionKind loggedAt } pageInfo { hasNextPage endCursor } } } }";
        let first = world.data(query, json!({ "id": big })).await["deal"]["triggerLog"].take();
        assert_eq!((&first["totalCount"], &first["pageInfo"]["hasNextPage"]), (&json!(4), &json!(true)), "{first:#}");
        assert_eq!((&first["nodes"][0]["deal"]["id"], &first["nodes"][0]["stage"]["id"]), (&json!(big), &json!(desk.won)));
        let rest = world.data(query, json!({ "id": big, "after": first["pageInfo"]["endCursor"] })).await["deal"]["triggerLog"].take();
        assert_eq!((rest["nodes"].as_array().map(Vec::len), &rest["nodes"][0]["code"]), (Some(1), &json!("STAGE_NOT_CHOSEN")));
        let one = world.data("query($id: ID!) { node(id: $id) { ... on TriggerLogEntry { code } } }", json!({ "id": first["nodes"][0]["id"] })).await;
        assert_eq!(one["node"]["code"], "ALREADY_HAS_DOCUMENT");
    }

    async fn the_log_is_the_tenants_own(world: &TestWorld) {
        let desk = Desk::of(world).await;
        desk.invoices().await;
        let big = desk.deal("Big", &desk.won).await;
        desk.newest(&big, 1).await;
        let (_, stranger) = world.tenant("Strangers").await;
        let query = "query($filter: TriggerLogFilter) { triggerLog(filter: $filter) { totalCount } }";
        for filter in [Value::Null, json!({ "deal": { "eq": big } })] {
            let answer = world.send_as(&stranger, query, json!({ "filter": filter })).await;
            assert_eq!(answer["data"]["triggerLog"]["totalCount"], 0, "{answer:#}");
        }
    }
}

#[test]
fn every_code_of_a_trigger_is_explained() {
    let page = include_str!("../../../docs/errors.md");
    let (_, section) = page.split_once("\n## Codes of triggers\n").expect("the section");
    let (section, _) = section.split_once("\n## ").expect("a section after it");
    let explained: Vec<&str> = section
        .lines()
        .filter_map(|line| line.strip_prefix("- **`")?.split_once('`'))
        .map(|(code, _)| code)
        .collect();
    for code in Code::ALL {
        assert!(explained.contains(&code.as_str()), "docs/errors.md does not explain {}", code.as_str());
    }
    assert_eq!(explained.len(), Code::ALL.len(), "{explained:?}");
}
