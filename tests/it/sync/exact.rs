//! What a run must get right where both sides move at once, or where somebody asks for what cannot be.

use finbridge_emulator::{FaultAction, FaultRule};
use finbridge_entity::types::LinkState;
use finbridge_entity::{Scoped, record_link};
use finbridge_tests::{TestWorld, both_databases};
use sea_orm::{ColumnTrait, QueryFilter};
use serde_json::{Value, json};

use super::support::{account_named, change_account, configure, items_of, settings, until};

const BOTH: &str = "module: CUSTOMERS, crmModule: ACCOUNTS, direction: BOTH_WAYS, duplicatePolicy: SKIP";

async fn ready(world: &TestWorld, more: &str) -> String {
    let integration = world.connect().await;
    settings(world, &integration, &format!("{BOTH}{more}"), false).await;
    integration
}

async fn write_there(world: &TestWorld, contact: &str, body: Value) {
    let answer = world.books("PUT", &format!("/contacts/{contact}"), Some(body)).await;
    assert_eq!(answer["code"], 0, "{answer:#}");
}

async fn website_there(world: &TestWorld, contact: &str) -> Value {
    world.books("GET", &format!("/contacts/{contact}"), None).await["contact"]["website"].clone()
}

async fn only_contact(world: &TestWorld) -> String {
    let contacts = world.contacts().await;
    assert_eq!(contacts.len(), 1, "{contacts:?}");
    contacts[0]["contact_id"].as_str().expect("an id").to_owned()
}

/// Whether a customer is being made for some account.
async fn is_claimed(world: &TestWorld) -> bool {
    let claimed = record_link::Entity::of(world.viewer.organization_id)
        .filter(record_link::Column::State.eq(LinkState::Claimed))
        .one(&world.app.engine.db)
        .await;
    claimed.expect("the links").is_some()
}

both_databases! {
    async fn r074_a_copy_that_was_kept_does_not_come_into_the_crm(world: &TestWorld) {
        let integration = ready(world, ", bothModifiedPolicy: CLONE").await;
        let account = world.account("Acme").await;
        world.synced(&integration).await;
        let contact = only_contact(world).await;
        change_account(world, &account, "website: \"https://crm.example\"").await;
        write_there(world, &contact, json!({ "website": "https://books.example" })).await;
        world.synced(&integration).await;
        assert_eq!(world.contacts().await.len(), 2);
        let next = world.synced(&integration).await;
        assert_eq!(next["totals"]["added"], 0, "{next:#}");
        assert_eq!(world.data("{ accounts { totalCount } }", json!({})).await["accounts"]["totalCount"], 1);
        assert_eq!(world.contacts().await.len(), 2, "nor is it copied again");
    }

    async fn two_automations_that_rewrite_each_other_are_stopped_and_told(world: &TestWorld) {
        let integration = ready(world, "").await;
        let account = world.account("Acme").await;
        world.synced(&integration).await;
        let contact = only_contact(world).await;
        let mut stopped = None;
        for turn in 0..8 {
            change_account(world, &account, &format!("website: \"https://crm.example/{turn}\", billingAddress: {{ city: \"Town {turn}\" }}")).await;
            let run = world.synced(&integration).await;
            if items_of(&run)[0]["error"]["code"] == "LOOP_DETECTED" {
                stopped = Some((turn, run));
                break;
            }
            world.advance(chrono::TimeDelta::seconds(2));
            write_there(world, &contact, json!({ "website": format!("https://books.example/{turn}") })).await;
            world.synced(&integration).await;
        }
        let (turn, run) = stopped.expect("a field that goes both ways for ever is stopped");
        assert!(turn >= 3, "a few turns are nothing: {run:#}");
        assert!(items_of(&run)[0]["error"]["message"].as_str().unwrap().contains("`website`"), "{run:#}");
        assert_eq!(website_there(world, &contact).await, format!("https://books.example/{}", turn - 1), "it is left as it is");
        let there = world.books("GET", &format!("/contacts/{contact}"), None).await;
        assert_eq!(there["contact"]["billing_address"]["city"], format!("Town {turn}"), "what does not loop goes on");
        // Once the automation is off, the field travels again.
        change_account(world, &account, "website: \"https://settled.example\"").await;
        world.synced(&integration).await;
        assert_eq!(website_there(world, &contact).await, "https://settled.example");
    }

    async fn an_edit_while_a_customer_is_made_is_not_lost(world: &TestWorld) {
        let integration = ready(world, "").await;
        let account = world.account("Acme").await;
        world.emulator.fault(FaultRule::new(FaultAction::Delay { ms: 1_500 }).method("POST").path_contains("/import"));
        let run = world.start_run(&integration).await;
        until(async || is_claimed(world).await, "the customer is being made").await;
        change_account(world, &account, "website: \"https://meanwhile.example\"").await;
        assert!(is_claimed(world).await, "the edit came in between");
        world.ended(&run).await;
        world.emulator.clear_faults();
        world.synced(&integration).await;
        let contact = only_contact(world).await;
        assert_eq!(website_there(world, &contact).await, "https://meanwhile.example");
        assert_eq!(account_named(world, "Acme", "website").await["website"], "https://meanwhile.example");
    }

    async fn a_run_that_held_nothing_up_and_one_without_failures_have_nothing_to_go_on_with(world: &TestWorld) {
        let integration = ready(world, "").await;
        world.account("Acme").await;
        let run = world.synced(&integration).await;
        for name in ["syncDeletionsApprove", "syncRunRetry"] {
            let query = format!("mutation($id: ID!) {{ {name}(input: {{ id: $id }}) {{ syncRun {{ id }} userErrors {{ code field }} }} }}");
            let answer = world.data(&query, json!({ "id": run["id"] })).await;
            assert_eq!(answer[name], json!({ "syncRun": null, "userErrors": [{ "code": "NOT_FOUND", "field": ["id"] }] }), "{name}");
        }
    }

    async fn r092_a_map_that_cannot_be_followed_is_refused_by_its_field(world: &TestWorld) {
        let integration = world.connect().await;
        for (pairs, words) in [
            (r#"{ crm: "industy", finance: "notes" }, { crm: "name", finance: "displayName" }"#, "industy"),
            (r#"{ crm: "industry", finance: "remarks" }, { crm: "name", finance: "displayName" }"#, "remarks"),
            (r#"{ crm: "industry", finance: "notes" }"#, "displayName"),
            (r#"{ crm: "name", finance: "displayName" }, { crm: "customFields.nothing", finance: "notes" }"#, "customFields.nothing"),
        ] {
            let wish = format!("{BOTH}, fieldMaps: [{{ recordType: ACCOUNT, kind: CUSTOMER, pairs: [{pairs}] }}]");
            let answer = configure(world, &integration, &wish, false).await;
            assert!(answer["syncModule"].is_null(), "{pairs}: {answer:#}");
            assert!(answer["userErrors"][0]["message"].as_str().unwrap().contains(words), "{pairs}: {answer:#}");
        }
    }
}
