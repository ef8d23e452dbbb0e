//! Who may do what with documents.

use finbridge_domain::DocumentKind;
use finbridge_entity::types::Role;
use finbridge_tests::acts::tea;
use finbridge_tests::{TestWorld, both_databases};
use serde_json::{Value, json};

use super::kept::{Kept, document, id_of};
use super::seen;
use crate::graphql::{Caller, colleague};

/// What comes of asking as this person: the payload, or the code of the error.
async fn asked(world: &TestWorld, who: &Caller, mutation: &str, input: Value) -> Result<Value, String> {
    let type_name = format!("{}{}Input", mutation[..1].to_uppercase(), &mutation[1..]);
    let query = format!(
        "mutation($input: {type_name}!) {{ {mutation}(input: $input) {{ job {{ id }} userErrors {{ code }} }} }}"
    );
    let mut answer = world.send_as(&who.token, &query, json!({ "input": input })).await;
    match answer["errors"][0]["extensions"]["code"].as_str() {
        Some(code) => Err(code.to_owned()),
        None => Ok(answer["data"][mutation].take()),
    }
}

both_databases! {
    async fn r134_making_and_editing_are_one_right_and_seeing_and_mailing_are_others(world: &TestWorld) {
        let integration = world.connect().await;
        let customer = seen::customer(world, "Permitted Ltd", None).await;
        let carl = colleague(world, "Carl", Role::Standard).await;
        let wish = tea(&integration, "INVOICE", json!({ "remoteKey": customer }));
        // Whoever may make a document may edit it.
        let made = asked(world, &carl, "transactionCreate", wish).await.expect("carl may make it");
        let job = world.job_ended(made["job"]["id"].as_str().unwrap_or_else(|| panic!("{made:#}"))).await;
        assert_eq!(job["state"], "SUCCEEDED", "{job:#}");
        let id = job["transaction"]["id"].clone();
        let letter = json!({ "id": id, "to": ["buyer@example.com"] });
        for (mutation, input) in [
            ("transactionUpdate", json!({ "id": id, "notes": "Carl's" })),
            ("transactionMarkSent", json!({ "id": id })),
            ("transactionRefresh", json!({ "id": id })),
            ("transactionMail", letter),
        ] {
            let payload = asked(world, &carl, mutation, input).await.unwrap_or_else(|code| panic!("{mutation}: {code}"));
            assert_eq!(payload["userErrors"], json!([]), "{mutation}");
            let job = world.job_ended(payload["job"]["id"].as_str().expect("a job")).await;
            assert_eq!(job["state"], "SUCCEEDED", "{mutation}: {job:#}");
        }
        let data = world.send_as(&carl.token, "query($id: ID!) { transaction(id: $id) { status } }", json!({ "id": id })).await;
        assert_eq!(data["data"]["transaction"]["status"], "SENT", "{data:#}");
    }

    async fn r153_r154_subscriptions_are_neither_made_nor_changed_nor_mailed_from_here(world: &TestWorld) {
        let integration = world.connect().await;
        let customer = seen::customer(world, "Subscribed Ltd", None).await;
        let carl = colleague(world, "Carl", Role::Standard).await;
        let wish = tea(&integration, "SUBSCRIPTION", json!({ "remoteKey": customer }));
        assert_eq!(asked(world, &carl, "transactionCreate", wish.clone()).await, Err("FORBIDDEN".to_owned()));
        // An administrator may everything, and the app has none.
        let payload = world.ask("transactionCreate", wish).await;
        assert_eq!(payload["userErrors"][0]["code"], "MODULE_NOT_SUPPORTED", "{payload:#}");
        assert_eq!(world.finance_writes().iter().filter(|write| write.contains("subscriptions")).count(), 0);
    }

    async fn r153_r154_a_subscription_that_is_here_is_seen_and_read_again_by_whoever_may_not_change_it(world: &TestWorld) {
        let kept = Kept::new(world, "USD", "UTC").await;
        let rows = kept.keep(DocumentKind::Subscription, &[document(world, "S1", "10")]).await;
        let id = id_of(&rows[0]);
        let carl = colleague(world, "Carl", Role::Standard).await;
        let data = world.send_as(&carl.token, "query($id: ID!) { transaction(id: $id) { kind allowedActs } }", json!({ "id": id })).await;
        assert_eq!(data["data"]["transaction"], json!({ "kind": "SUBSCRIPTION", "allowedActs": [] }), "{data:#}");
        for (mutation, input) in [
            ("transactionUpdate", json!({ "id": id, "notes": "Carl's" })),
            ("transactionCancel", json!({ "id": id })),
            ("transactionMail", json!({ "id": id, "to": ["buyer@example.com"] })),
        ] {
            assert_eq!(asked(world, &carl, mutation, input).await, Err("FORBIDDEN".to_owned()), "{mutation}");
        }
        let answer = asked(world, &carl, "transactionRefresh", json!({ "id": id })).await;
        assert_ne!(answer, Err("FORBIDDEN".to_owned()), "whoever may see it may have it read again");
    }
}
