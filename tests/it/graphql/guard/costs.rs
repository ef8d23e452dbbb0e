//! What requests cost, and what happens to those who spend too much.

use chrono::TimeDelta;
use finbridge::config::Limits;
use finbridge_domain::NodeKind;
use finbridge_entity::types::Role;
use finbridge_tests::both_databases;
use serde_json::{Value, json};

use super::super::{absent, colleague};
use super::{GRAPHQL, answered, ask, guarded, limit, post};

fn cost(answer: &Value) -> (u64, u64, u64) {
    let cost = &answer["extensions"]["cost"];
    let number = |value: &Value| value.as_u64().unwrap_or_else(|| panic!("no cost in {answer:#}"));
    (
        number(&cost["requestedQueryCost"]),
        number(&cost["actualQueryCost"]),
        number(&cost["throttleStatus"]["currentlyAvailable"]),
    )
}

both_databases! {
    async fn answers_tell_what_they_might_have_cost_and_what_they_did(world: &TestWorld) {
        for n in 0..3 {
            world.account(&format!("Account {n}")).await;
        }
        let server = guarded(world, Limits::default()).await;
        let page = "query($n: Int = 40) { accounts(first: $n) { totalCount nodes { name owner { name } } } }";
        let (_, answer) = ask(world, &server, page, json!({})).await;
        assert_eq!(cost(&answer), (1 + 40 * 2, 1 + 3 * 2, 20_000 - 7), "{answer:#}");
        let status = &answer["extensions"]["cost"]["throttleStatus"];
        assert_eq!((&status["maximumAvailable"], &status["restoreRate"]), (&json!(20_000), &json!(1_000)));
        let (_, answer) = ask(world, &server, page, json!({ "n": 1 })).await;
        assert_eq!(cost(&answer), (3, 3, 20_000 - 7 - 3));
        world.advance(TimeDelta::milliseconds(5));
        let create = "mutation { accountCreate(input: { name: \"New\" }) { account { id } userErrors { code } } }";
        let (_, answer) = ask(world, &server, create, json!({})).await;
        assert_eq!(cost(&answer), (10 + 1 + 1 + 10, 10 + 1 + 1, 20_000 - 5 - 12));
        let (_, answer) = ask(world, &server, "{ nothing }", json!({})).await;
        assert!(answer.get("extensions").is_none(), "nothing was executed: {answer:#}");
        let (_, answer) = ask(world, &server, "{ viewer { user { id } } }", json!({})).await;
        assert_eq!(cost(&answer).2, 20_000 - 5 - 12 - 1 - 2, "a document that is not valid costs a point");
        server.finish().await;
    }

    async fn whoever_spends_too_fast_waits_and_others_do_not(world: &TestWorld) {
        let limits = Limits { cost_bucket: 100, cost_restore: 10, cost_per_request: 60, ..Limits::default() };
        let server = guarded(world, limits).await;
        let nodes = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }";
        let ids = json!({ "ids": vec![absent(world, NodeKind::Account); 50] });
        let (_, answer) = ask(world, &server, nodes, ids.clone()).await;
        assert_eq!(cost(&answer), (50, 1, 99), "what was not found is given back, and nothing is free");
        world.advance(TimeDelta::seconds(1));
        for n in 0..60 {
            world.account(&format!("Account {n}")).await;
        }
        let page = "{ accounts(first: 55) { nodes { id } } }";
        let (_, answer) = ask(world, &server, page, json!({})).await;
        assert_eq!(cost(&answer), (56, 56, 44));

        let response = post(world, &server).json(&json!({ "query": page })).send().await.unwrap();
        assert_eq!((response.status().as_u16(), &response.headers()["retry-after"]), (429, &"2".parse().unwrap()));
        let answer: Value = response.json().await.unwrap();
        assert_eq!(limit(&answer).0, "THROTTLED");
        let extensions = &answer["errors"][0]["extensions"];
        assert_eq!(extensions["retryAfterSeconds"], 2, "(56 - 44) / 10, rounded up: {answer:#}");
        assert_eq!(extensions["cost"]["throttleStatus"]["currentlyAvailable"], 44);
        assert_eq!(extensions["cost"]["requestedQueryCost"], 56);
        let older = world.http().post(format!("{}/graphql", server.url)).bearer_auth(&world.token);
        let older = older.json(&json!({ "query": page })).send().await.unwrap();
        assert_eq!((older.status().as_u16(), older.headers().contains_key("retry-after")), (200, true));

        let other = colleague(world, "Olga Other", Role::Standard).await;
        let others = world.http().post(format!("{}/graphql", server.url)).bearer_auth(&other.token);
        let (status, answer) = answered(others.header("accept", GRAPHQL).json(&json!({ "query": page }))).await;
        assert_eq!((status, cost(&answer).2), (200, 44), "each token has points of its own");

        world.advance(TimeDelta::milliseconds(1_199));
        assert_eq!(ask(world, &server, page, json!({})).await.0, 429);
        world.advance(TimeDelta::milliseconds(1));
        let (status, answer) = ask(world, &server, page, json!({})).await;
        assert_eq!((status, cost(&answer).2), (200, 0));

        let (status, answer) = ask(world, &server, "{ accounts(first: 60) { nodes { id } } }", json!({})).await;
        assert_eq!((status, limit(&answer).1.as_str()), (400, "COST"), "no waiting would help");
        server.finish().await;
    }

    async fn whoever_got_more_than_was_expected_owes_it(world: &TestWorld) {
        let limits = Limits { cost_bucket: 10, cost_restore: 1, cost_per_request: 10, cost_plain_list: 1, ..Limits::default() };
        let server = guarded(world, limits).await;
        let (_, answer) = ask(world, &server, "{ viewFields(recordType: ACCOUNT) { key } }", json!({})).await;
        let (requested, actual, available) = cost(&answer);
        assert_eq!((requested, available), (1, 0), "{answer:#}");
        assert!(actual > 10, "{answer:#}");
        let owed = actual.min(20) - 10;
        let (status, answer) = ask(world, &server, "{ viewer { user { id } } }", json!({})).await;
        assert_eq!((status, limit(&answer).0.as_str()), (429, "THROTTLED"));
        assert_eq!(answer["errors"][0]["extensions"]["retryAfterSeconds"], owed + 2, "{answer:#}");
        world.advance(TimeDelta::seconds(i64::try_from(owed).unwrap() + 1));
        assert_eq!(ask(world, &server, "{ viewer { user { id } } }", json!({})).await.0, 429);
        world.advance(TimeDelta::seconds(1));
        assert_eq!(ask(world, &server, "{ viewer { user { id } } }", json!({})).await.0, 200);
        server.finish().await;
    }

    async fn lists_without_pages_cost_as_many_items_as_they_may_have(world: &TestWorld) {
        let server = guarded(world, Limits::default()).await;
        let lines = |page: u64| format!("{{ deals(first: {page}) {{ nodes {{ lines {{ product {{ owner {{ name }} }} }} }} }} }}");
        let (status, answer) = ask(world, &server, &lines(100), json!({})).await;
        assert_eq!((status, limit(&answer).1.as_str()), (400, "COST"), "{answer:#}");
        assert_eq!(answer["errors"][0]["extensions"]["found"], 1 + 100 * (1 + 40 * 3));
        assert_eq!(ask(world, &server, &lines(16), json!({})).await.0, 200);
        server.finish().await;
    }

    async fn unknown_tokens_are_refused_without_looking_after_too_many(world: &TestWorld) {
        let server = guarded(world, Limits { unknown_tokens_per_minute: 5, ..Limits::default() }).await;
        let late = colleague(world, "Lara Late", Role::Standard).await;
        let with = async |token: &str| {
            let request = world.http().post(format!("{}/graphql", server.url)).bearer_auth(token);
            let request = request.header("accept", GRAPHQL).json(&json!({ "query": "{ viewer { user { name } } }" }));
            let response = request.send().await.unwrap();
            let wait = response.headers().get("retry-after").map(|wait| wait.to_str().unwrap().to_owned());
            let status = response.status().as_u16();
            let answer: Value = response.json().await.unwrap();
            (status, wait, answer["errors"][0]["extensions"]["code"].as_str().map(str::to_owned))
        };
        assert_eq!(with(&world.token).await, (200, None, None));
        for n in 0..5 {
            assert_eq!(with(&format!("fbt_guess{n}")).await, (401, None, Some("UNAUTHENTICATED".to_owned())));
        }
        let throttled = (429, Some("60".to_owned()), Some("THROTTLED".to_owned()));
        assert_eq!(with("fbt_guess").await, throttled);
        assert_eq!(with(&late.token).await, throttled, "a good token that did not prove it yet waits as well");
        assert_eq!(with(&world.token).await, (200, None, None), "one that did goes on");
        world.advance(TimeDelta::seconds(60));
        assert_eq!(with(&late.token).await, (200, None, None));
        assert_eq!(with("fbt_guess").await.0, 401);
        server.finish().await;
    }
}
