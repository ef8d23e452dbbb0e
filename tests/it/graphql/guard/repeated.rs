//! Fields that a document selects several times are executed once.

use finbridge_tests::both_databases;
use serde_json::json;

both_databases! {
    async fn a_mutation_that_stands_there_twice_happens_once(world: &TestWorld) {
        let twice = "mutation {
            accountCreate(input: { name: \"Twice\" }) { account { id } }
            accountCreate(input: { name: \"Twice\" }) { account { name } userErrors { code } } }";
        let data = world.data(twice, json!({})).await;
        let made = &data["accountCreate"];
        assert!(made["account"]["id"].is_string(), "{data:#}");
        assert_eq!((&made["account"]["name"], &made["userErrors"]), (&json!("Twice"), &json!([])));
        let count = world.data("{ accounts { totalCount nodes { id } } }", json!({})).await;
        assert_eq!(count, json!({ "accounts": { "totalCount": 1, "nodes": [{ "id": made["account"]["id"] }] } }));

        let fragments = "mutation($input: AccountCreateInput!, $yes: Boolean!, $no: Boolean = false) {
            ...One ...Other
            ... on Mutation @include(if: $yes) { accountCreate(input: $input) { account { id version } } }
            accountCreate(input: $input) @skip(if: $no) { account { wireId: id } }
            accountCreate(input: $input) @include(if: $no) { userErrors { code } } }
          fragment One on Mutation { accountCreate(input: $input) { account { ...Named } } }
          fragment Other on Mutation { ... { accountCreate(input: $input) { account { ...Named id } } } }
          fragment Named on Account { name }";
        let variables = json!({ "input": { "name": "By fragments" }, "yes": true });
        let data = world.data(fragments, variables).await;
        let account = &data["accountCreate"]["account"];
        assert_eq!((&account["name"], &account["version"]), (&json!("By fragments"), &json!(1)), "{data:#}");
        assert_eq!((&account["wireId"], data["accountCreate"].get("userErrors")), (&account["id"], None));
        let count = world.data("{ accounts { totalCount } }", json!({})).await;
        assert_eq!(count["accounts"]["totalCount"], 2);

        // What an alias tells apart are two.
        let aliased = "mutation { a: accountCreate(input: { name: \"A\" }) { account { id } }
            b: accountCreate(input: { name: \"A\" }) { account { id } } }";
        let data = world.data(aliased, json!({})).await;
        assert_ne!(data["a"]["account"]["id"], data["b"]["account"]["id"]);
    }

    async fn what_a_query_selects_in_parts_is_one_answer(world: &TestWorld) {
        let first = world.account("First").await;
        let child = "mutation($parent: ID!) { accountCreate(input: { name: \"Second\", parentId: $parent }) { account { id } } }";
        let second = world.data(child, json!({ "parent": first })).await["accountCreate"]["account"]["id"].take();
        let query = "query($id: ID!, $more: Boolean!) {
            accounts(orderBy: { field: NAME, direction: ASC }) { nodes { id } }
            node(id: $id) { id ...Header ...Body ... on Deal { stage { name } } }
            ...Rest }
          fragment Header on Account { parent { id } }
          fragment Body on Account { parent { ... on Account { name } } parent @include(if: $more) { version } }
          fragment Rest on Query { accounts(orderBy: { direction: ASC, field: NAME }) { totalCount nodes { name parent { name } } } }";
        let data = world.data(query, json!({ "id": second, "more": false })).await;
        let wanted = json!({
            "accounts": { "totalCount": 2, "nodes": [
                { "id": first, "name": "First", "parent": null },
                { "id": second, "name": "Second", "parent": { "name": "First" } } ] },
            "node": { "id": second, "parent": { "id": first, "name": "First" } },
        });
        assert_eq!(data, wanted);
        let data = world.data(query, json!({ "id": second, "more": true })).await;
        assert_eq!(data["node"]["parent"], json!({ "id": first, "name": "First", "version": 1 }));
    }

    async fn what_does_not_fit_together_is_refused_as_before(world: &TestWorld) {
        for query in [
            "{ accounts(first: 1) { totalCount } accounts(first: 2) { totalCount } }",
            "{ ...A ...B } fragment A on Query { accounts(first: 1) { totalCount } } fragment B on Query { accounts(first: 2) { totalCount } }",
            "{ a: accounts { totalCount } a: contacts { totalCount } }",
            "{ accounts accounts { totalCount } }",
            "{ accounts { totalCount } accounts { nothing } }",
            "{ viewer { user { id } } viewer { user { id } } } fragment Unused on Query { viewer { user { id } } }",
            "query($unused: Boolean) { viewer { user { id } } viewer { user { name } } }",
            "query($n: Int!) { viewer { user { id } } viewer @include(if: $n) { user { name } } }",
            "{ viewer { user { id } } viewer @unknown { user { name } } }",
            "{ viewer { user { id ... on Account { name } } } }",
            "{ viewer { user { id } } ...Missing }",
        ] {
            let answer = world.send(query, json!({ "n": 1 })).await;
            let code = &answer["errors"][0]["extensions"]["code"];
            assert_eq!(code, "GRAPHQL_VALIDATION_FAILED", "{query}: {answer:#}");
        }
    }
}
