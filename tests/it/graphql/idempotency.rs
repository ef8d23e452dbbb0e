//! Creates that are sent again under the same key.

use chrono::TimeDelta;
use finbridge_tests::{TestWorld, both_databases};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use super::{code, colleague, db, done, fault, faults, refused};
use finbridge_entity::types::Role;

const CREATE: &str = "mutation($input: AccountCreateInput!) { accountCreate(input: $input) {
    account { id name } userErrors { code message field } } }";

fn keyed(key: &str, name: &str) -> Value {
    json!({ "input": { "name": name, "idempotencyKey": key } })
}

async fn count(world: &TestWorld) -> Value {
    world.data("{ accounts { totalCount } }", json!({})).await["accounts"]["totalCount"].take()
}

both_databases! {
    async fn the_same_create_under_the_same_key_has_one_effect(world: &TestWorld) {
        let first = done(world, CREATE, keyed("k-1", "Acme")).await;
        let again = done(world, CREATE, keyed("k-1", "Acme")).await;
        assert_eq!(first, again);
        let with_null = json!({ "input": { "idempotencyKey": "k-1", "phone": null, "name": "Acme" } });
        assert_eq!(done(world, CREATE, with_null).await, first, "order and null members do not matter");
        assert_eq!(count(world).await, 1);
        let other = done(world, CREATE, keyed("k-2", "Acme")).await;
        assert_ne!(other["account"]["id"], first["account"]["id"]);
        assert_eq!(count(world).await, 2);
    }

    async fn a_key_that_came_with_something_else_is_refused(world: &TestWorld) {
        done(world, CREATE, keyed("k", "Acme")).await;
        assert_eq!(refused(world, &world.token, CREATE, keyed("k", "Other")).await, faults(&[("IDEMPOTENCY_KEY_REUSED", "idempotencyKey")]));
        let vendor = "mutation($input: VendorCreateInput!) { vendorCreate(input: $input) { vendor { id } userErrors { code message field } } }";
        assert_eq!(refused(world, &world.token, vendor, keyed("k", "Acme")).await, faults(&[("IDEMPOTENCY_KEY_REUSED", "idempotencyKey")]));
        let colleague = colleague(world, "Cora", Role::Standard).await;
        let answer = world.send_as(&colleague.token, CREATE, keyed("k", "Hers")).await;
        assert_eq!(answer["data"]["accountCreate"]["account"]["name"], "Hers", "keys are each person's own");
        for (key, code) in [(" ", "INVALID"), ("\u{7}", "INVALID"), ("x".repeat(201).as_str(), "TOO_LONG")] {
            assert_eq!(refused(world, &world.token, CREATE, keyed(key, "x")).await, faults(&[(code, "idempotencyKey")]));
        }
    }

    async fn a_refused_create_leaves_its_key_free(world: &TestWorld) {
        assert_eq!(refused(world, &world.token, CREATE, keyed("k", " ")).await, faults(&[("REQUIRED", "name")]));
        let made = done(world, CREATE, keyed("k", "Mended")).await;
        assert_eq!(made["account"]["name"], "Mended");
    }

    async fn a_create_that_failed_leaves_its_key_free(world: &TestWorld) {
        // Something breaks after everything was checked.
        let rename = async |from: &str, to: &str| {
            let sql = format!("ALTER TABLE {from} RENAME TO {to}");
            db(world).execute_unprepared(&sql).await.expect("renamed");
        };
        rename("record_word", "away").await;
        assert_eq!(code(&world.send(CREATE, keyed("k", "Acme")).await), "INTERNAL_SERVER_ERROR");
        rename("away", "record_word").await;
        assert_eq!(done(world, CREATE, keyed("k", "Acme")).await["account"]["name"], "Acme");
        assert_eq!(count(world).await, 1);

        let pipeline = "mutation($input: PipelineCreateInput!) { pipelineCreate(input: $input) { pipeline { name } userErrors { code message field } } }";
        let input = json!({ "input": { "name": "Partners", "stages": [{ "name": "Open", "kind": "OPEN" }], "idempotencyKey": "p" } });
        rename("stage", "away").await;
        assert_eq!(code(&world.send(pipeline, input.clone()).await), "INTERNAL_SERVER_ERROR");
        rename("away", "stage").await;
        assert_eq!(done(world, pipeline, input).await["pipeline"]["name"], "Partners");
    }

    async fn a_unique_value_that_another_took_meanwhile_leaves_the_key_free(world: &TestWorld) {
        let field = "mutation { customFieldCreate(input: { recordType: ACCOUNT, key: \"tax\", label: \"Tax\", kind: TEXT, isUnique: true }) { userErrors { code message } } }";
        done(world, field, json!({})).await;
        let input = |n: usize| json!({ "input": { "name": format!("Account {n}"), "idempotencyKey": format!("k{n}"), "customFields": [{ "key": "tax", "text": "DE 1" }] } });
        let answers = futures::future::join_all((0..8).map(|n| world.send(CREATE, input(n)))).await;
        for (n, answer) in answers.iter().enumerate() {
            let told: Vec<_> = answer["data"]["accountCreate"]["userErrors"].as_array().expect("user errors").iter().map(fault).collect();
            if !told.is_empty() {
                assert_eq!(told[0].0, "NOT_UNIQUE", "{answer:#}");
                let again = refused(world, &world.token, CREATE, input(n)).await;
                assert_eq!(again, faults(&[("NOT_UNIQUE", "customFields.0")]), "told again what is wrong, not that it is under way");
            }
        }
        assert_eq!(count(world).await, 1);
    }

    async fn keys_live_for_a_day_and_across_a_change_of_the_record(world: &TestWorld) {
        let first = done(world, CREATE, keyed("k", "Acme")).await;
        world.clock.advance(TimeDelta::hours(23));
        assert_eq!(done(world, CREATE, keyed("k", "Acme")).await, first);
        let delete = "mutation($input: AccountDeleteInput!) { accountDelete(input: $input) { deletedAccount userErrors { code message field } } }";
        done(world, delete, json!({ "input": { "id": first["account"]["id"] } })).await;
        assert_eq!(done(world, CREATE, keyed("k", "Acme")).await, first, "what was made stays what was made");
        world.clock.advance(TimeDelta::hours(2));
        let anew = done(world, CREATE, keyed("k", "Acme")).await;
        assert_ne!(anew["account"]["id"], first["account"]["id"], "after a day the key is a new one");
    }

    async fn of_many_repeats_at_once_one_has_an_effect(world: &TestWorld) {
        let sent = (0..12).map(|_| world.send(CREATE, keyed("k", "Acme")));
        let answers = futures::future::join_all(sent).await;
        let mut made = Vec::new();
        for answer in &answers {
            let payload = &answer["data"]["accountCreate"];
            match payload["userErrors"].as_array().map(Vec::as_slice) {
                Some([]) => made.push(payload["account"]["id"].as_str().expect("an id").to_owned()),
                Some([error]) => assert_eq!(error["code"], "IDEMPOTENCY_IN_PROGRESS", "{answer:#}"),
                _ => panic!("{answer:#}"),
            }
        }
        made.dedup();
        assert_eq!(made.len(), 1, "{answers:#?}");
        assert_eq!(count(world).await, 1);
    }

    async fn a_create_that_was_cut_off_is_refused_for_a_minute_and_then_done(world: &TestWorld) {
        use finbridge::service::idempotency::{self, Begun, Idempotency};
        let services = world.app.services(world.viewer);
        let input = "Acme".to_owned();
        let wish = Idempotency::of("accountCreate", Some("k"), &input);
        assert!(matches!(idempotency::begin(&services, wish.as_ref()).await.expect("a claim"), Begun::Claimed(_)));
        let again = idempotency::begin(&services, wish.as_ref()).await;
        assert!(again.is_err_and(|error| error.to_string().contains("being carried out")));
        world.clock.advance(TimeDelta::seconds(61));
        let Begun::Claimed(second) = idempotency::begin(&services, wish.as_ref()).await.expect("a claim") else { panic!("claimed") };
        idempotency::release(&services, second).await.expect("released");
        assert_eq!(done(world, CREATE, keyed("k", "Acme")).await["account"]["name"], "Acme");
    }

    async fn bulk_creates_take_a_key_for_each_item(world: &TestWorld) {
        let bulk = "mutation($input: AccountBulkCreateInput!) { accountBulkCreate(input: $input) {
            results { account { id name } userErrors { code field } } userErrors { code } } }";
        let items = json!({ "input": { "accounts": [{ "name": "A", "idempotencyKey": "a" }, { "name": " " }, { "name": "B", "idempotencyKey": "b" }] } });
        let first = done(world, bulk, items.clone()).await;
        assert_eq!(first["results"][1], json!({ "account": null, "userErrors": [{ "code": "REQUIRED", "field": ["name"] }] }));
        assert_eq!(first["results"][2]["account"]["name"], "B");
        assert_eq!(done(world, bulk, items).await, first);
        assert_eq!(count(world).await, 2);
        let many = json!({ "input": { "accounts": vec![json!({ "name": "x" }); 101] } });
        assert_eq!(code(&world.send(bulk, many).await), "BAD_USER_INPUT");
        assert_eq!(count(world).await, 2);
    }
}
