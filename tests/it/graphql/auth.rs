//! Who may ask, and for what.

use chrono::TimeDelta;
use finbridge::auth::token;
use finbridge_domain::{Clock, NodeKind};
use finbridge_entity::types::Role;
use finbridge_entity::{api_token, membership};
use finbridge_tests::{TestWorld, both_databases};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};

use super::{absent, code, colleague, db, done, faults, id, refused, text};

const CREATE: &str = "mutation($input: ApiTokenCreateInput!) {
    apiTokenCreate(input: $input) { apiToken { id user { id } } secret userErrors { code message field } } }";
const REVOKE: &str = "mutation($id: ID!) {
    apiTokenRevoke(input: { id: $id }) { apiToken { id revokedAt } userErrors { code message field } } }";

/// Sends the header as it is and returns the reason of the refusal; none when the request was let in.
async fn reason(world: &TestWorld, authorization: Option<&str>) -> Option<String> {
    let mut request = world.http().post(format!("{}/graphql", world.url));
    if let Some(header) = authorization {
        request = request.header("authorization", header);
    }
    let response =
        request.json(&json!({ "query": "{ viewer { user { id } } }" })).send().await.expect("an answer");
    let (status, challenge) = (response.status(), response.headers().get("www-authenticate").cloned());
    let answer: Value = response.json().await.expect("JSON");
    if status == 200 {
        assert!(answer["data"]["viewer"]["user"]["id"].is_string(), "{answer:#}");
        assert_eq!(challenge, None);
        return None;
    }
    assert_eq!(status, 401);
    assert!(
        challenge.is_some_and(|challenge| challenge.to_str().is_ok_and(|text| text.starts_with("Bearer")))
    );
    assert_eq!(code(&answer), "UNAUTHENTICATED");
    assert!(answer["data"].is_null(), "{answer:#}");
    Some(text(&answer["errors"][0]["extensions"]["reason"]))
}

both_databases! {
    async fn missing_unknown_expired_and_revoked_tokens_are_told_apart(world: &TestWorld) {
        let right = format!("Bearer {}", world.token);
        assert_eq!(reason(world, Some(&right)).await, None);
        assert_eq!(reason(world, Some(&right.replace("Bearer", "bearer"))).await, None);
        for nothing in [None, Some(""), Some("Bearer"), Some("Basic YTpi"), Some(world.token.as_str())] {
            assert_eq!(reason(world, nothing).await.as_deref(), Some("TOKEN_MISSING"), "{nothing:?}");
        }
        let cut_short = &right[..right.len() - 1];
        for unknown in ["Bearer nonsense", cut_short, &format!("{right}x"), &right.to_uppercase()] {
            assert_eq!(reason(world, Some(unknown)).await.as_deref(), Some("TOKEN_UNKNOWN"), "{unknown}");
        }

        let expires_at = world.clock.now() + TimeDelta::hours(1);
        let input = json!({ "input": { "name": "an hour", "expiresAt": expires_at } });
        let short_lived = format!("Bearer {}", text(&done(world, CREATE, input).await["secret"]));
        world.advance(TimeDelta::seconds(3599));
        assert_eq!(reason(world, Some(&short_lived)).await, None);
        world.advance(TimeDelta::seconds(1));
        assert_eq!(reason(world, Some(&short_lived)).await.as_deref(), Some("TOKEN_EXPIRED"));
        assert_eq!(reason(world, Some(&right)).await, None, "a token without an end does not expire");
    }

    async fn a_created_token_works_until_it_is_revoked(world: &TestWorld) {
        let made = done(world, CREATE, json!({ "input": { "name": "for a while" } })).await;
        let authorization = format!("Bearer {}", text(&made["secret"]));
        assert_eq!(made["apiToken"]["user"]["id"], id(NodeKind::User, world.viewer.user_id));
        assert_eq!(reason(world, Some(&authorization)).await, None);
        let first = done(world, REVOKE, json!({ "id": made["apiToken"]["id"] })).await;
        assert_eq!(reason(world, Some(&authorization)).await.as_deref(), Some("TOKEN_REVOKED"));
        world.advance(TimeDelta::hours(1));
        let again = done(world, REVOKE, json!({ "id": made["apiToken"]["id"] })).await;
        assert_eq!(again, first, "revoking twice keeps the first instant");
        let unknown = json!({ "id": absent(world, NodeKind::ApiToken) });
        assert_eq!(refused(world, &world.token, REVOKE, unknown).await, faults(&[("NOT_FOUND", "id")]));
    }

    async fn the_token_of_somebody_who_left_is_refused(world: &TestWorld) {
        let leaver = colleague(world, "Lea Leaver", Role::Standard).await;
        let authorization = format!("Bearer {}", leaver.token);
        assert_eq!(reason(world, Some(&authorization)).await, None);
        membership::Entity::delete_many()
            .filter(membership::Column::UserId.eq(leaver.viewer.user_id))
            .exec(db(world))
            .await
            .expect("deleted");
        assert_eq!(reason(world, Some(&authorization)).await.as_deref(), Some("TOKEN_REVOKED"));
    }

    async fn only_the_hash_of_a_token_is_stored(world: &TestWorld) {
        let made = done(world, CREATE, json!({ "input": { "name": "secret" } })).await;
        let secret = text(&made["secret"]);
        assert!(secret.starts_with("fbt_") && secret.len() >= 40, "a token is recognisable and long");
        let rows = api_token::Entity::find().all(db(world)).await.expect("tokens");
        assert!(rows.iter().any(|row| row.token_hash == token::hash(&secret)));
        let everything = format!("{rows:?}");
        for secret in [&secret, &world.token] {
            assert!(!everything.contains(secret.as_str()) && !everything.contains(secret.trim_start_matches("fbt_")));
        }
        let listed = world.data("{ apiTokens { id name user { id } createdAt expiresAt revokedAt } }", json!({})).await;
        assert!(!listed.to_string().contains(&secret));
    }

    async fn every_fault_of_a_new_token_is_told_at_once(world: &TestWorld) {
        let input = json!({ "name": " ", "expiresAt": world.clock.now(), "userId": absent(world, NodeKind::User) });
        let told = refused(world, &world.token, CREATE, json!({ "input": input })).await;
        assert_eq!(told, faults(&[("REQUIRED", "name"), ("INVALID", "expiresAt"), ("NOT_FOUND", "userId")]));
        let rows = api_token::Entity::find().all(db(world)).await.expect("tokens");
        assert_eq!(rows.len(), 1, "nothing was made");
    }

    async fn r005_a_standard_member_works_with_records_and_not_with_integrations(world: &TestWorld) {
        let integration = world.connect().await;
        world.configure(&integration, "SKIP", false).await;
        let member = colleague(world, "Stan Standard", Role::Standard).await;
        let ask = async |query: &str, variables: Value| world.send_as(&member.token, query, variables).await;

        let made = ask("mutation { accountCreate(input: { name: \"Mine\" }) { account { id owner { name } } } }", json!({})).await;
        let account = &made["data"]["accountCreate"]["account"];
        assert_eq!(account["owner"]["name"], "Stan Standard");
        let update = "mutation($id: ID!) { accountUpdate(input: { id: $id, name: \"Ours\" }) { account { name } } }";
        let updated = ask(update, json!({ "id": account["id"] })).await;
        assert_eq!(updated["data"]["accountUpdate"]["account"]["name"], "Ours");
        let seen = ask("{ accounts { nodes { name } } integrations { id } }", json!({})).await;
        assert_eq!(seen["data"]["accounts"]["nodes"], json!([{ "name": "Ours" }]));
        assert_eq!(seen["data"]["integrations"], json!([{ "id": integration }]), "looking is allowed");

        for forbidden in [
            "mutation { integrationConnect(input: { app: \"books\", email: \"a@example.com\", zscKey: \"x\" }) { userErrors { code } } }",
            "mutation($id: ID!) { syncModuleConfigure(input: { integrationId: $id, module: CUSTOMERS, crmModule: ACCOUNTS,
               direction: FETCH_FROM_CRM, duplicatePolicy: CLONE, start: true }) { userErrors { code } } }",
            "mutation($id: ID!) { syncRunStart(input: { integrationId: $id, module: CUSTOMERS }) { userErrors { code } } }",
            "mutation { productNamesSetUnique(input: { isUnique: true }) { userErrors { code } } }",
            "query($id: ID!) { mappableFields(integrationId: $id, module: ITEMS) { key } }",
            "mutation($id: ID!) { syncCustomersMerge(input: { integrationId: $id, masterKey: \"1\", mergedKeys: [\"2\"] }) { userErrors { code } } }",
        ] {
            assert_eq!(code(&ask(forbidden, json!({ "id": integration })).await), "FORBIDDEN", "{forbidden}");
        }
        let settings = world.data("{ integrations { modules { duplicatePolicy activeRun { id } } } }", json!({})).await;
        assert_eq!(settings["integrations"][0]["modules"], json!([{ "duplicatePolicy": "SKIP", "activeRun": null }]));
    }

    async fn r005_a_standard_member_has_tokens_of_its_own_only(world: &TestWorld) {
        let member = colleague(world, "Stan Standard", Role::Standard).await;
        let me = id(NodeKind::User, member.viewer.user_id);
        let administrator = id(NodeKind::User, world.viewer.user_id);
        let for_another = json!({ "input": { "name": "theirs", "userId": administrator } });
        assert_eq!(code(&world.send_as(&member.token, CREATE, for_another).await), "FORBIDDEN");
        let mine = world.send_as(&member.token, CREATE, json!({ "input": { "name": "mine", "userId": me } })).await;
        assert!(mine["data"]["apiTokenCreate"]["secret"].is_string(), "{mine:#}");

        let list = "{ apiTokens { id user { id } } }";
        let listed = world.send_as(&member.token, list, json!({})).await;
        let owners: Vec<_> = listed["data"]["apiTokens"].as_array().expect("tokens").iter().map(|token| text(&token["user"]["id"])).collect();
        assert_eq!(owners, [me.clone(), me.clone()]);
        let all = world.data(list, json!({})).await;
        let all = all["apiTokens"].as_array().expect("tokens");
        assert_eq!(all.len(), 3);
        let theirs = all.iter().find(|token| token["user"]["id"] == administrator.as_str()).expect("the administrator's");
        let told = refused(world, &member.token, REVOKE, json!({ "id": theirs["id"] })).await;
        assert_eq!(told, faults(&[("NOT_FOUND", "id")]));
        assert_eq!(reason(world, Some(&format!("Bearer {}", world.token))).await, None);

        let for_the_member = json!({ "input": { "name": "given", "userId": me } });
        let given = text(&done(world, CREATE, for_the_member).await["secret"]);
        let viewer = world.send_as(&given, "{ viewer { user { id role } } }", json!({})).await;
        assert_eq!(viewer["data"]["viewer"]["user"], json!({ "id": me, "role": "STANDARD" }));
    }
}
