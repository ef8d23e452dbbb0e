//! Deals: their stages, amounts and lines.

use chrono::TimeDelta;
use finbridge_domain::NodeKind;
use finbridge_entity::types::StageKind;
use finbridge_tests::{TestWorld, both_databases};
use serde_json::{Value, json};

use super::{absent, done, faults, id, product_of, refused, stage_of, text};

const CREATE: &str = "mutation($input: DealCreateInput!) { deal: dealCreate(input: $input) {
    deal { ...All } userErrors { code message field } } }";
const UPDATE: &str = "mutation($input: DealUpdateInput!) { deal: dealUpdate(input: $input) {
    deal { ...All } userErrors { code message field } } }";
const MOVE: &str = "mutation($input: DealMoveToStageInput!) { deal: dealMoveToStage(input: $input) {
    deal { ...All } userErrors { code message field } } }";
const ALL: &str = " fragment All on Deal { id wireId name account { id } owner { id } stage { id } amount { amount currencyCode }
    currencyCode openedOn closedOn version createdAt updatedAt lines { id product { id } quantity
    unitPrice { amount currencyCode } total { amount currencyCode } } }";

async fn run(world: &TestWorld, mutation: &str, input: Value) -> Value {
    done(world, &format!("{mutation}{ALL}"), json!({ "input": input })).await["deal"].take()
}

async fn not_run(world: &TestWorld, mutation: &str, input: Value) -> Vec<(String, String)> {
    refused(world, &world.token, &format!("{mutation}{ALL}"), json!({ "input": input })).await
}

/// Stages by what they mean.
struct Stages {
    open: String,
    later: String,
    won: String,
    lost: String,
}

async fn stages(world: &TestWorld) -> Stages {
    let here = world.viewer.organization_id;
    Stages {
        open: stage_of(world, here, "Prospecting", StageKind::Open, 10).await,
        later: stage_of(world, here, "Engaging", StageKind::Open, 20).await,
        won: stage_of(world, here, "Won", StageKind::Won, 30).await,
        lost: stage_of(world, here, "Lost", StageKind::Lost, 40).await,
    }
}

both_databases! {
    async fn a_deal_is_stored_as_it_was_given(world: &TestWorld) {
        let (account, stages) = (world.account("Acme").await, stages(world).await);
        let product = product_of(world, world.viewer.organization_id, "GTX").await;
        let input = json!({ "name": " Big ", "accountId": account, "stageId": stages.won, "amount": "26768.50", "currencyCode": "EUR",
            "openedOn": "2024-02-29", "closedOn": "2024-12-31", "lines": [{ "productId": product, "quantity": "2.5", "unitPrice": "3" }] });
        let made = run(world, CREATE, input).await;
        let wanted = json!({
            "id": made["id"], "wireId": made["wireId"], "name": "Big", "account": { "id": account },
            "owner": { "id": id(NodeKind::User, world.viewer.user_id) }, "stage": { "id": stages.won },
            "amount": { "amount": "26768.5", "currencyCode": "EUR" }, "currencyCode": "EUR", "openedOn": "2024-02-29", "closedOn": "2024-12-31",
            "version": 1, "createdAt": "2026-01-05T12:00:00Z", "updatedAt": "2026-01-05T12:00:00Z",
            "lines": [{ "id": made["lines"][0]["id"], "product": { "id": product }, "quantity": "2.5",
                "unitPrice": { "amount": "3", "currencyCode": "EUR" }, "total": { "amount": "7.5", "currencyCode": "EUR" } }],
        });
        assert_eq!(made, wanted);
        let query = format!("query($id: ID!) {{ deal(id: $id) {{ ...All }} node(id: $id) {{ ...All }} }}{ALL}");
        let read = world.data(&query, json!({ "id": made["id"] })).await;
        assert_eq!((&read["deal"], &read["node"]), (&wanted, &wanted));

        let bare = run(world, CREATE, json!({ "name": "Bare", "stageId": stages.open })).await;
        assert_eq!((&bare["currencyCode"], &bare["lines"]), (&json!("USD"), &json!([])), "the home currency");
        for field in ["account", "amount", "openedOn", "closedOn"] {
            assert_eq!(bare[field], json!(null), "{field}");
        }
    }

    async fn an_update_tells_absent_from_null_from_a_value(world: &TestWorld) {
        let (account, stages) = (world.account("Acme").await, stages(world).await);
        let product = product_of(world, world.viewer.organization_id, "GTX").await;
        let input = json!({ "name": "Big", "accountId": account, "stageId": stages.open, "amount": "10", "openedOn": "2025-01-01",
            "closedOn": "2025-02-01", "lines": [{ "productId": product, "quantity": 1 }] });
        let made = run(world, CREATE, input).await;
        world.advance(TimeDelta::seconds(1));
        let mut wanted = made.clone();
        wanted["version"] = json!(2);
        wanted["updatedAt"] = json!("2026-01-05T12:00:01Z");
        assert_eq!(run(world, UPDATE, json!({ "id": made["id"] })).await, wanted);
        let changed = run(world, UPDATE, json!({ "id": made["id"], "version": 2, "amount": "11", "currencyCode": "JPY", "closedOn": "2025-03-01" })).await;
        assert_eq!(changed["amount"], json!({ "amount": "11", "currencyCode": "JPY" }));
        assert_eq!((&changed["closedOn"], &changed["openedOn"], &changed["version"]), (&json!("2025-03-01"), &json!("2025-01-01"), &json!(3)));
        let clear = json!({ "id": made["id"], "accountId": null, "ownerId": null, "amount": null, "openedOn": null, "closedOn": null, "lines": null });
        let cleared = run(world, UPDATE, clear).await;
        for field in ["account", "owner", "amount", "openedOn", "closedOn"] {
            assert_eq!(cleared[field], json!(null), "{field}");
        }
        assert_eq!((&cleared["lines"], &cleared["currencyCode"]), (&json!([]), &json!("JPY")));
        let told = not_run(world, UPDATE, json!({ "id": made["id"], "name": null, "currencyCode": null })).await;
        assert_eq!(told, faults(&[("REQUIRED", "name"), ("REQUIRED", "currencyCode")]));
        let told = not_run(world, UPDATE, json!({ "id": made["id"], "version": 1, "name": "Late" })).await;
        assert_eq!(told, faults(&[("VERSION_CONFLICT", "version")]));
    }

    async fn every_fault_is_told_at_once_with_its_field(world: &TestWorld) {
        let stages = stages(world).await;
        let product = product_of(world, world.viewer.organization_id, "GTX").await;
        let lines = json!([
            { "productId": product, "quantity": "1" }, { "productId": absent(world, NodeKind::Product), "quantity": "0" },
            { "productId": product, "quantity": "-1" },
        ]);
        let mut input = json!({ "name": "x".repeat(201), "stageId": absent(world, NodeKind::Stage), "amount": "922337203685477.5808",
            "accountId": absent(world, NodeKind::Account), "ownerId": absent(world, NodeKind::User), "lines": lines });
        let mut wanted = faults(&[
            ("TOO_LONG", "name"), ("AMOUNT_INVALID", "amount"), ("NOT_FOUND", "accountId"), ("NOT_FOUND", "stageId"),
            ("NOT_FOUND", "lines.1.productId"), ("INVALID", "lines.1.quantity"), ("INVALID", "lines.2.quantity"),
            ("NOT_FOUND", "ownerId"),
        ]);
        assert_eq!(not_run(world, CREATE, input.clone()).await, wanted);
        let made = run(world, CREATE, json!({ "name": "Intact", "stageId": stages.open })).await;
        input["id"] = made["id"].clone();
        input.as_object_mut().expect("an object").remove("stageId");
        wanted.retain(|(_, field)| field != "stageId");
        assert_eq!(not_run(world, UPDATE, input).await, wanted);
        let line = json!({ "productId": product, "quantity": "1" });
        let many = json!({ "name": "Many", "stageId": stages.open, "lines": vec![&line; 101] });
        assert_eq!(not_run(world, CREATE, many).await, faults(&[("INVALID", "lines")]));
        let most = run(world, CREATE, json!({ "name": "Most", "stageId": stages.open, "lines": vec![&line; 100] })).await;
        assert_eq!(most["lines"].as_array().map(Vec::len), Some(100));
        let all = world.data("{ deals { nodes { name version } } }", json!({})).await;
        assert_eq!(all["deals"]["nodes"], json!([{ "name": "Intact", "version": 1 }, { "name": "Most", "version": 1 }]));
    }

    async fn amounts_and_prices_are_exact(world: &TestWorld) {
        let stages = stages(world).await;
        let product = product_of(world, world.viewer.organization_id, "GTX").await;
        let line = json!({ "productId": product, "quantity": "3.000000001", "unitPrice": "0.123456789" });
        let input = json!({ "name": "Exact", "stageId": stages.open, "amount": "922337203685477.5807", "lines": [line] });
        let made = run(world, CREATE, input).await;
        assert_eq!(made["amount"]["amount"], "922337203685477.5807");
        let line = &made["lines"][0];
        assert_eq!((&line["quantity"], &line["unitPrice"]["amount"]), (&json!("3.000000001"), &json!("0.123456789")));
        assert_eq!(line["total"]["amount"], "0.370370367123456789");
    }

    async fn moving_to_a_decisive_stage_closes_the_deal_once(world: &TestWorld) {
        let stages = stages(world).await;
        // 2026-01-06 06:30 in UTC is still the 5th in Los Angeles, where the organization is.
        world.advance(TimeDelta::minutes(18 * 60 + 30));
        let made = run(world, CREATE, json!({ "name": "Moving", "stageId": stages.open })).await;
        let go = async |to: &str| run(world, MOVE, json!({ "id": made["id"], "stageId": to })).await;
        let later = go(&stages.later).await;
        assert_eq!((&later["closedOn"], &later["version"], &later["stage"]["id"]), (&json!(null), &json!(2), &json!(stages.later)));
        world.advance(TimeDelta::minutes(5));
        let same = go(&stages.later).await;
        assert_eq!(same, later, "moving it to where it stands changes nothing, its version and time included");
        let won = go(&stages.won).await;
        assert_eq!((&won["closedOn"], &won["version"]), (&json!("2026-01-05"), &json!(3)));
        world.advance(TimeDelta::days(3));
        for (stage, version) in [(&stages.open, 4), (&stages.lost, 5)] {
            let moved = go(stage).await;
            assert_eq!((&moved["closedOn"], &moved["version"]), (&json!("2026-01-05"), &json!(version)), "a day that is there stays");
        }
        let expected = run(world, CREATE, json!({ "name": "Planned", "stageId": stages.open, "closedOn": "2026-06-30" })).await;
        let lost = run(world, MOVE, json!({ "id": expected["id"], "stageId": stages.lost, "version": 1 })).await;
        assert_eq!(lost["closedOn"], "2026-06-30");

        let stale = json!({ "id": expected["id"], "stageId": stages.won, "version": 1 });
        assert_eq!(not_run(world, MOVE, stale).await, faults(&[("VERSION_CONFLICT", "version")]));
        let stale = json!({ "id": expected["id"], "stageId": stages.lost, "version": 1 });
        assert_eq!(not_run(world, MOVE, stale).await, faults(&[("VERSION_CONFLICT", "version")]), "also where nothing would change");
        let nowhere = json!({ "id": expected["id"], "stageId": absent(world, NodeKind::Stage) });
        assert_eq!(not_run(world, MOVE, nowhere).await, faults(&[("NOT_FOUND", "stageId")]));
        let nothing = json!({ "id": absent(world, NodeKind::Deal), "stageId": stages.won });
        assert_eq!(not_run(world, MOVE, nothing).await, faults(&[("NOT_FOUND", "id")]));
    }

    async fn lines_are_replaced_as_a_whole_and_keep_their_order(world: &TestWorld) {
        let stages = stages(world).await;
        let here = world.viewer.organization_id;
        let (a, b) = (product_of(world, here, "A").await, product_of(world, here, "B").await);
        let lines = |quantities: &[(&str, &str)]| -> Value {
            quantities.iter().map(|(product, quantity)| json!({ "productId": product, "quantity": quantity })).collect()
        };
        let first = lines(&[(&b, "9"), (&a, "10"), (&b, "1"), (&a, "1")]);
        let made = run(world, CREATE, json!({ "name": "Lines", "stageId": stages.open, "lines": first })).await;
        let read = |deal: &Value| -> Value {
            let lines = deal["lines"].as_array().expect("lines").iter();
            lines.map(|line| json!({ "productId": line["product"]["id"], "quantity": line["quantity"] })).collect()
        };
        assert_eq!(read(&made), first);
        let untouched = run(world, UPDATE, json!({ "id": made["id"], "name": "Same lines" })).await;
        assert_eq!(untouched["lines"], made["lines"]);
        let second = lines(&[(&a, "0.5"), (&b, "1")]);
        let replaced = run(world, UPDATE, json!({ "id": made["id"], "lines": second })).await;
        assert_eq!((read(&replaced), &replaced["version"]), (second.clone(), &json!(3)));
        let refused = json!({ "id": made["id"], "lines": lines(&[(&a, "0")]) });
        assert_eq!(not_run(world, UPDATE, refused).await, faults(&[("INVALID", "lines.0.quantity")]));
        let kept = world.data("query($id: ID!) { deal(id: $id) { lines { quantity product { id } } } }", json!({ "id": made["id"] })).await;
        assert_eq!(read(&kept["deal"]), second, "a refused change removes nothing");
        assert_eq!(run(world, UPDATE, json!({ "id": made["id"], "lines": [] })).await["lines"], json!([]));
    }

    async fn the_account_of_a_deal_vanishes_with_its_deletion(world: &TestWorld) {
        let (account, stages) = (world.account("Acme").await, stages(world).await);
        let made = run(world, CREATE, json!({ "name": "Orphan", "accountId": account, "stageId": stages.open })).await;
        let delete = "mutation($id: ID!) { accountDelete(input: { id: $id }) { deletedAccount userErrors { code } } }";
        assert_eq!(text(&done(world, delete, json!({ "id": account })).await["deletedAccount"]), account);
        let read = world.data("{ deals { nodes { name account { id } } } }", json!({})).await;
        assert_eq!(read["deals"]["nodes"], json!([{ "name": "Orphan", "account": null }]));
        assert_eq!(run(world, UPDATE, json!({ "id": made["id"], "amount": "1" })).await["account"], json!(null));
        let told = not_run(world, CREATE, json!({ "name": "New", "accountId": account, "stageId": stages.open })).await;
        assert_eq!(told, faults(&[("NOT_FOUND", "accountId")]));
    }
}
