//! Contacts: what can be written and what is refused.

use chrono::TimeDelta;
use finbridge_domain::NodeKind;
use finbridge_tests::{TestWorld, both_databases};
use serde_json::{Value, json};

use super::{absent, done, faults, id, refused};

const CREATE: &str = "mutation($input: ContactCreateInput!) { contactCreate(input: $input) {
    contact { ...All } userErrors { code message field } } } fragment All on Contact { id wireId name firstName lastName email
    phone title mailingAddress { street city state postalCode country } account { id } owner { id } version createdAt updatedAt }";
const UPDATE: &str = "mutation($input: ContactUpdateInput!) { contactUpdate(input: $input) {
    contact { ...All } userErrors { code message field } } } fragment All on Contact { id wireId name firstName lastName email
    phone title mailingAddress { street city state postalCode country } account { id } owner { id } version createdAt updatedAt }";

async fn create(world: &TestWorld, input: Value) -> Value {
    done(world, CREATE, json!({ "input": input })).await["contact"].take()
}

async fn update(world: &TestWorld, input: Value) -> Value {
    done(world, UPDATE, json!({ "input": input })).await["contact"].take()
}

both_databases! {
    async fn a_contact_is_stored_as_it_was_given(world: &TestWorld) {
        let account = world.account("Acme").await;
        let input = json!({ "firstName": " Ada ", "lastName": " Lovelace ", "email": "Ada@Example.com", "phone": "+44", "title": "Countess",
            "mailingAddress": { "street": "12 St James's Square", "city": "London" }, "accountId": account });
        let made = create(world, input).await;
        let wanted = json!({
            "id": made["id"], "wireId": made["wireId"], "name": "Ada Lovelace", "firstName": "Ada", "lastName": "Lovelace",
            "email": "Ada@Example.com", "phone": "+44", "title": "Countess",
            "mailingAddress": { "street": "12 St James's Square", "city": "London", "state": null, "postalCode": null, "country": null },
            "account": { "id": account }, "owner": { "id": id(NodeKind::User, world.viewer.user_id) },
            "version": 1, "createdAt": "2026-01-05T12:00:00Z", "updatedAt": "2026-01-05T12:00:00Z",
        });
        assert_eq!(made, wanted);
        let read = world
            .data(
                "query($id: ID!, $account: ID!) { contact(id: $id) { name } node(id: $id) { ... on Contact { name } }
                   account(id: $account) { contacts { totalCount nodes { name } } } }",
                json!({ "id": made["id"], "account": account }),
            )
            .await;
        let named = json!({ "name": "Ada Lovelace" });
        let wanted = json!({ "contact": named, "node": named, "account": { "contacts": { "totalCount": 1, "nodes": [named] } } });
        assert_eq!(read, wanted);
    }

    async fn an_update_tells_absent_from_null_from_a_value(world: &TestWorld) {
        let account = world.account("Acme").await;
        let input = json!({ "firstName": "Ada", "lastName": "Lovelace", "email": "ada@example.com", "phone": "1", "title": "Countess",
            "mailingAddress": { "city": "London" }, "accountId": account });
        let made = create(world, input).await;
        world.advance(TimeDelta::seconds(1));
        let untouched = update(world, json!({ "id": made["id"], "version": 1 })).await;
        let mut wanted = made.clone();
        wanted["version"] = json!(2);
        wanted["updatedAt"] = json!("2026-01-05T12:00:01Z");
        assert_eq!(untouched, wanted);

        for (change, name) in [
            (json!({ "firstName": "Augusta" }), "Augusta Lovelace"),
            (json!({ "lastName": "King" }), "Augusta King"),
            (json!({ "firstName": null }), "King"),
            (json!({ "firstName": "Ada", "lastName": "Byron" }), "Ada Byron"),
        ] {
            let mut input = change;
            input["id"] = made["id"].clone();
            assert_eq!(update(world, input).await["name"], name);
            let found = world.data("query($n: String!) { contacts(filter: { name: { eq: $n } }) { totalCount } }", json!({ "n": name })).await;
            assert_eq!(found["contacts"]["totalCount"], 1, "the list knows {name}");
        }
        update(world, json!({ "id": made["id"], "email": "New@Example.com" })).await;
        let by_email = "query($e: String!) { contacts(filter: { email: { eq: $e } }) { totalCount } }";
        assert_eq!(world.data(by_email, json!({ "e": "new@example.com" })).await["contacts"]["totalCount"], 1);
        let clear = json!({ "id": made["id"], "firstName": null, "email": null, "phone": null, "title": null, "mailingAddress": null,
            "accountId": null, "ownerId": null });
        let cleared = update(world, clear).await;
        for field in ["firstName", "email", "phone", "title", "mailingAddress", "account", "owner"] {
            assert_eq!(cleared[field], json!(null), "{field}");
        }
        assert_eq!(world.data(by_email, json!({ "e": "new@example.com" })).await["contacts"]["totalCount"], 0);
        let told = refused(world, &world.token, UPDATE, json!({ "input": { "id": made["id"], "lastName": null } })).await;
        assert_eq!(told, faults(&[("REQUIRED", "lastName")]));
        let told = refused(world, &world.token, UPDATE, json!({ "input": { "id": made["id"], "version": 1 } })).await;
        assert_eq!(told, faults(&[("VERSION_CONFLICT", "version")]));
    }

    async fn every_fault_is_told_at_once_with_its_field(world: &TestWorld) {
        let mut input = json!({
            "firstName": "x".repeat(101), "lastName": "x".repeat(101), "email": "nobody", "phone": "x".repeat(51), "title": "x".repeat(251),
            "mailingAddress": { "city": "x".repeat(251) }, "accountId": absent(world, NodeKind::Account), "ownerId": absent(world, NodeKind::User),
        });
        let mut wanted = faults(&[
            ("TOO_LONG", "firstName"), ("TOO_LONG", "lastName"), ("INVALID", "email"), ("TOO_LONG", "phone"), ("TOO_LONG", "title"),
            ("TOO_LONG", "mailingAddress.city"), ("NOT_FOUND", "accountId"), ("NOT_FOUND", "ownerId"),
        ]);
        wanted.sort();
        let mut told = refused(world, &world.token, CREATE, json!({ "input": input })).await;
        told.sort();
        assert_eq!(told, wanted);
        let made = create(world, json!({ "lastName": "Intact" })).await;
        input["id"] = made["id"].clone();
        let mut told = refused(world, &world.token, UPDATE, json!({ "input": input })).await;
        told.sort();
        assert_eq!(told, wanted);
        for email in ["@example.com", "a@", "a@b", "a b@example.com", "a@b@example.com", "a@example .com"] {
            let told = refused(world, &world.token, CREATE, json!({ "input": { "lastName": "x", "email": email } })).await;
            assert_eq!(told, faults(&[("INVALID", "email")]), "{email}");
        }
        let told = refused(world, &world.token, CREATE, json!({ "input": { "lastName": " " } })).await;
        assert_eq!(told, faults(&[("REQUIRED", "lastName")]));
        let all = world.data("{ contacts { nodes { name version } } }", json!({})).await;
        assert_eq!(all["contacts"]["nodes"], json!([{ "name": "Intact", "version": 1 }]));
    }
}
