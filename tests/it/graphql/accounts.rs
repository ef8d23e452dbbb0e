//! Accounts: what can be written, what is refused, and what deletion means.

use chrono::TimeDelta;
use finbridge_domain::NodeKind;
use finbridge_tests::{TestWorld, both_databases};
use serde_json::{Value, json};

use super::{absent, code, done, faults, id, refused, text};

const CREATE: &str = "mutation($input: AccountCreateInput!) { accountCreate(input: $input) {
    account { ...All } userErrors { code message field } } }";
const UPDATE: &str = "mutation($input: AccountUpdateInput!) { accountUpdate(input: $input) {
    account { ...All } userErrors { code message field } } }";
const DELETE: &str = "mutation($input: AccountDeleteInput!) { accountDelete(input: $input) {
    deletedAccount userErrors { code message field } } }";
const ALL: &str = " fragment All on Account { id wireId name industry website phone description yearEstablished employeeCount
    annualRevenue { amount currencyCode } billingAddress { street city state postalCode country }
    shippingAddress { street city state postalCode country } parent { id } owner { id } syncState
    version createdAt updatedAt }";

fn with_fragment(mutation: &str) -> String {
    format!("{mutation}{ALL}")
}

async fn create(world: &TestWorld, input: Value) -> Value {
    done(world, &with_fragment(CREATE), json!({ "input": input })).await["account"].take()
}

async fn update(world: &TestWorld, input: Value) -> Value {
    done(world, &with_fragment(UPDATE), json!({ "input": input })).await["account"].take()
}

async fn not_created(world: &TestWorld, input: Value) -> Vec<(String, String)> {
    refused(world, &world.token, &with_fragment(CREATE), json!({ "input": input })).await
}

async fn not_updated(world: &TestWorld, input: Value) -> Vec<(String, String)> {
    refused(world, &world.token, &with_fragment(UPDATE), json!({ "input": input })).await
}

fn full() -> Value {
    json!({
        "name": "  Acme Größe  ", "industry": "Rockets", "website": "acme.example", "phone": "+1 555", "description": "Long\ntext",
        "yearEstablished": 1999, "employeeCount": 0, "annualRevenue": { "amount": "1100.50", "currencyCode": "USD" },
        "billingAddress": { "street": "1 Main St", "city": "Springfield", "state": "OR", "postalCode": "97477", "country": "USA" },
        "shippingAddress": { "city": "Elsewhere" },
    })
}

both_databases! {
    async fn an_account_is_stored_as_it_was_given(world: &TestWorld) {
        let parent = world.account("Parent").await;
        let mut input = full();
        input["parentId"] = json!(parent);
        let made = create(world, input).await;
        let me = id(NodeKind::User, world.viewer.user_id);
        assert_eq!(made["wireId"].as_str().map(str::len), Some(18), "{made:#}");
        let wanted = json!({
            "id": made["id"], "wireId": made["wireId"], "name": "Acme Größe", "industry": "Rockets", "website": "acme.example",
            "phone": "+1 555", "description": "Long\ntext", "yearEstablished": 1999, "employeeCount": 0,
            "annualRevenue": { "amount": "1100.5", "currencyCode": "USD" },
            "billingAddress": { "street": "1 Main St", "city": "Springfield", "state": "OR", "postalCode": "97477", "country": "USA" },
            "shippingAddress": { "street": null, "city": "Elsewhere", "state": null, "postalCode": null, "country": null },
            "parent": { "id": parent }, "owner": { "id": me }, "syncState": "NOT_LINKED", "version": 1,
            "createdAt": "2026-01-05T12:00:00Z", "updatedAt": "2026-01-05T12:00:00Z",
        });
        assert_eq!(made, wanted);
        let query = format!("query($id: ID!) {{ account(id: $id) {{ ...All }} node(id: $id) {{ ...All }} }} {ALL}");
        let read = world.data(&query, json!({ "id": made["id"] })).await;
        assert_eq!((&read["account"], &read["node"]), (&wanted, &wanted));

        let bare = create(world, json!({ "name": "Bare", "industry": "  ", "shippingAddress": { "city": "" } })).await;
        for field in ["industry", "website", "phone", "description", "yearEstablished", "employeeCount", "annualRevenue",
            "billingAddress", "shippingAddress", "parent"] {
            assert_eq!(bare[field], json!(null), "{field}");
        }
    }

    async fn an_update_tells_absent_from_null_from_a_value(world: &TestWorld) {
        let parent = world.account("Parent").await;
        let made = create(world, full()).await;
        world.advance(TimeDelta::milliseconds(1500));
        let untouched = update(world, json!({ "id": made["id"] })).await;
        let mut wanted = made.clone();
        wanted["version"] = json!(2);
        wanted["updatedAt"] = json!("2026-01-05T12:00:01.500Z");
        assert_eq!(untouched, wanted, "what is absent stays");

        let change = json!({ "id": made["id"], "version": 2, "name": "Renamed", "industry": "Anvils", "employeeCount": 12,
            "annualRevenue": { "amount": 7, "currencyCode": "EUR" }, "parentId": parent, "billingAddress": { "city": "Moved" } });
        let changed = update(world, change).await;
        for (field, value) in [
            ("name", json!("Renamed")), ("industry", json!("Anvils")), ("employeeCount", json!(12)), ("version", json!(3)),
            ("annualRevenue", json!({ "amount": "7", "currencyCode": "EUR" })), ("parent", json!({ "id": parent })),
            ("billingAddress", json!({ "street": null, "city": "Moved", "state": null, "postalCode": null, "country": null })),
        ] {
            wanted[field] = value;
        }
        assert_eq!(changed, wanted, "an address is replaced as a whole");

        let clear = json!({ "id": made["id"], "industry": null, "website": null, "phone": null, "description": null,
            "yearEstablished": null, "employeeCount": null, "annualRevenue": null, "billingAddress": null, "shippingAddress": null,
            "parentId": null, "ownerId": null });
        let cleared = update(world, clear).await;
        for (field, value) in cleared.as_object().expect("an account") {
            let stays = ["id", "wireId", "name", "syncState", "version", "createdAt", "updatedAt"].contains(&field.as_str());
            assert_eq!(value.is_null(), !stays, "{field}");
        }
        let told = not_updated(world, json!({ "id": made["id"], "name": null })).await;
        assert_eq!(told, faults(&[("REQUIRED", "name")]), "a name cannot be cleared");
    }

    async fn an_update_of_an_older_version_is_refused(world: &TestWorld) {
        let made = create(world, json!({ "name": "First" })).await;
        update(world, json!({ "id": made["id"], "version": 1, "name": "Second" })).await;
        let stale = json!({ "id": made["id"], "version": 1, "name": "Third" });
        assert_eq!(not_updated(world, stale.clone()).await, faults(&[("VERSION_CONFLICT", "version")]));
        let stale = json!({ "input": { "id": made["id"], "version": 1 } });
        assert_eq!(refused(world, &world.token, DELETE, stale).await, faults(&[("VERSION_CONFLICT", "version")]));
        let read = world.data("query($id: ID!) { account(id: $id) { name version } }", json!({ "id": made["id"] })).await;
        assert_eq!(read["account"], json!({ "name": "Second", "version": 2 }));
    }

    async fn of_many_updates_of_one_version_exactly_one_succeeds(world: &TestWorld) {
        let made = create(world, json!({ "name": "Contended" })).await;
        let mutation = with_fragment(UPDATE);
        let input = |n: usize| json!({ "input": { "id": made["id"], "version": 1, "name": format!("By {n}") } });
        let (a, b, c, d, e, f) = tokio::join!(
            world.send(&mutation, input(0)), world.send(&mutation, input(1)), world.send(&mutation, input(2)),
            world.send(&mutation, input(3)), world.send(&mutation, input(4)), world.send(&mutation, input(5)),
        );
        let mut won = Vec::new();
        for answer in [a, b, c, d, e, f] {
            let payload = &answer["data"]["accountUpdate"];
            match payload["account"]["name"].as_str() {
                Some(name) => won.push(name.to_owned()),
                None => assert_eq!(payload["userErrors"][0]["code"], "VERSION_CONFLICT", "{answer:#}"),
            }
        }
        assert_eq!(won.len(), 1, "{won:?}");
        let read = world.data("query($id: ID!) { account(id: $id) { name version } }", json!({ "id": made["id"] })).await;
        assert_eq!(read["account"], json!({ "name": won[0], "version": 2 }));
    }

    async fn every_fault_is_told_at_once_with_its_field(world: &TestWorld) {
        let long = |length: usize| "ä".repeat(length);
        let mut input = json!({
            "name": long(201), "industry": long(251), "website": long(251), "phone": long(51), "description": long(10_001),
            "yearEstablished": 99, "employeeCount": -1, "annualRevenue": { "amount": "0.00001", "currencyCode": "USD" },
            "billingAddress": { "street": long(251), "postalCode": long(251) }, "shippingAddress": { "country": long(251) },
            "parentId": absent(world, NodeKind::Account), "ownerId": absent(world, NodeKind::User),
        });
        let mut wanted = faults(&[
            ("TOO_LONG", "name"), ("TOO_LONG", "industry"), ("TOO_LONG", "website"), ("TOO_LONG", "phone"),
            ("TOO_LONG", "description"), ("INVALID", "yearEstablished"), ("INVALID", "employeeCount"),
            ("AMOUNT_INVALID", "annualRevenue"), ("TOO_LONG", "billingAddress.street"), ("TOO_LONG", "billingAddress.postalCode"),
            ("TOO_LONG", "shippingAddress.country"), ("NOT_FOUND", "parentId"), ("NOT_FOUND", "ownerId"),
        ]);
        wanted.sort();
        let mut told = not_created(world, input.clone()).await;
        told.sort();
        assert_eq!(told, wanted);
        let made = create(world, json!({ "name": "Intact" })).await;
        input["id"] = made["id"].clone();
        let mut told = not_updated(world, input).await;
        told.sort();
        assert_eq!(told, wanted);
        let all = world.data("{ accounts { nodes { name version } } }", json!({})).await;
        assert_eq!(all["accounts"]["nodes"], json!([{ "name": "Intact", "version": 1 }]), "nothing was written");

        for name in ["", "  \t\n "] {
            assert_eq!(not_created(world, json!({ "name": name })).await, faults(&[("REQUIRED", "name")]));
        }
        let at_the_limit = create(world, json!({ "name": long(200), "description": long(10_000), "phone": long(50) })).await;
        assert_eq!(at_the_limit["name"], long(200).as_str());
        let zero = not_created(world, json!({ "name": "a\u{0}b", "description": "\u{0}" })).await;
        assert_eq!(zero, faults(&[("INVALID", "name"), ("INVALID", "description")]), "a database cannot keep U+0000");
    }

    async fn amounts_are_kept_exactly_or_refused(world: &TestWorld) {
        for (given, kept) in [
            ("922337203685477.5807", "922337203685477.5807"), ("-922337203685477.5808", "-922337203685477.5808"),
            ("0.0001", "0.0001"), ("-0.10", "-0.1"), ("0", "0"), ("100", "100"), ("1.50000000", "1.5"),
        ] {
            let made = create(world, json!({ "name": "Rich", "annualRevenue": { "amount": given, "currencyCode": "USD" } })).await;
            assert_eq!(made["annualRevenue"]["amount"], kept, "{given}");
        }
        for beyond in ["922337203685477.5808", "-922337203685477.5809", "79228162514264337593543950335", "0.00001", "1.00005"] {
            let input = json!({ "name": "Too rich", "annualRevenue": { "amount": beyond, "currencyCode": "USD" } });
            assert_eq!(not_created(world, input).await, faults(&[("AMOUNT_INVALID", "annualRevenue")]), "{beyond}");
        }
        for (amount, currency) in [
            (json!("1e3"), "USD"), (json!("1,000"), "USD"), (json!(""), "USD"), (json!(1.5), "USD"), (json!("NaN"), "USD"),
            (json!("922337203685477.58070000000000000001"), "USD"), (json!("1"), "usd"), (json!("1"), "XYZ"), (json!("1"), ""),
        ] {
            let input = json!({ "input": { "name": "Odd", "annualRevenue": { "amount": amount, "currencyCode": currency } } });
            let answer = world.send(&with_fragment(CREATE), input).await;
            assert!(answer["errors"].is_array(), "{amount} {currency}: {answer:#}");
        }
    }

    async fn an_account_cannot_be_its_own_ancestor(world: &TestWorld) {
        let grandparent = create(world, json!({ "name": "Grandparent" })).await;
        let parent = create(world, json!({ "name": "Parent", "parentId": grandparent["id"] })).await;
        let child = create(world, json!({ "name": "Child", "parentId": parent["id"] })).await;
        for descendant in [&grandparent, &parent, &child] {
            let told = not_updated(world, json!({ "id": grandparent["id"], "parentId": descendant["id"] })).await;
            assert_eq!(told, faults(&[("CYCLE", "parentId")]));
        }
        let moved = update(world, json!({ "id": child["id"], "parentId": grandparent["id"] })).await;
        assert_eq!(moved["parent"]["id"], grandparent["id"]);
        let read = world.data("query($id: ID!) { account(id: $id) { parent { parent { parent { id } } } } }", json!({ "id": parent["id"] })).await;
        assert_eq!(read["account"], json!({ "parent": { "parent": null } }));
    }

    async fn a_parent_may_have_lost_its_own_parent(world: &TestWorld) {
        let grandparent = create(world, json!({ "name": "Grandparent" })).await;
        let parent = create(world, json!({ "name": "Parent", "parentId": grandparent["id"] })).await;
        done(world, DELETE, json!({ "input": { "id": grandparent["id"] } })).await;
        let child = create(world, json!({ "name": "Child", "parentId": parent["id"] })).await;
        let other = create(world, json!({ "name": "Other" })).await;
        let moved = update(world, json!({ "id": other["id"], "parentId": parent["id"] })).await;
        assert_eq!([&child["parent"]["id"], &moved["parent"]["id"]], [&parent["id"]; 2]);
        let told = not_updated(world, json!({ "id": other["id"], "parentId": grandparent["id"] })).await;
        assert_eq!(told, faults(&[("NOT_FOUND", "parentId")]), "the one that is named has to live");

        // Top > Middle > Low without Middle: restored, it must not stand in a cycle.
        let top = create(world, json!({ "name": "Top" })).await;
        let middle = create(world, json!({ "name": "Middle", "parentId": top["id"] })).await;
        let low = create(world, json!({ "name": "Low", "parentId": middle["id"] })).await;
        done(world, DELETE, json!({ "input": { "id": middle["id"] } })).await;
        let told = not_updated(world, json!({ "id": top["id"], "parentId": low["id"] })).await;
        assert_eq!(told, faults(&[("CYCLE", "parentId")]));
    }

    async fn a_deleted_account_is_absent_everywhere(world: &TestWorld) {
        let gone = create(world, json!({ "name": "Gone" })).await;
        let child = create(world, json!({ "name": "Child", "parentId": gone["id"] })).await;
        let contact = done(
            world,
            "mutation($id: ID!) { contactCreate(input: { lastName: \"Left\", accountId: $id }) { contact { id } userErrors { code } } }",
            json!({ "id": gone["id"] }),
        )
        .await;
        let deleted = done(world, DELETE, json!({ "input": { "id": gone["id"], "version": 1 } })).await;
        assert_eq!(deleted["deletedAccount"], gone["id"]);
        let read = world
            .data(
                "query($id: ID!, $child: ID!, $contact: ID!) { node(id: $id) { id } nodes(ids: [$id]) { id } account(id: $id) { id }
                   accounts { totalCount nodes { name } } named: accounts(filter: { name: { eq: \"gone\" } }) { totalCount }
                   child: account(id: $child) { parent { id } } contact(id: $contact) { account { id } } }",
                json!({ "id": gone["id"], "child": child["id"], "contact": contact["contact"]["id"] }),
            )
            .await;
        let wanted = json!({
            "node": null, "nodes": [null], "account": null, "accounts": { "totalCount": 1, "nodes": [{ "name": "Child" }] },
            "named": { "totalCount": 0 }, "child": { "parent": null }, "contact": { "account": null },
        });
        assert_eq!(read, wanted);
        assert_eq!(not_updated(world, json!({ "id": gone["id"], "name": "Back" })).await, faults(&[("NOT_FOUND", "id")]));
        let again = json!({ "input": { "id": gone["id"] } });
        assert_eq!(refused(world, &world.token, DELETE, again).await, faults(&[("NOT_FOUND", "id")]));
        let heir = not_created(world, json!({ "name": "Heir", "parentId": gone["id"] })).await;
        assert_eq!(heir, faults(&[("NOT_FOUND", "parentId")]));
        let namesake = create(world, json!({ "name": "Gone" })).await;
        assert_ne!(text(&namesake["id"]), text(&gone["id"]), "the name is free again");
        let unrelated = update(world, json!({ "id": child["id"], "phone": "1" })).await;
        assert_eq!(unrelated["phone"], "1", "a child of a deleted account can still be changed");
    }

    async fn one_failing_mutation_does_not_hide_what_another_did(world: &TestWorld) {
        let answer = world
            .send(
                "mutation { made: accountCreate(input: { name: \"Made\" }) { account { name } }
                   failed: accountUpdate(input: { id: \"nonsense\" }) { account { name } } }",
                json!({}),
            )
            .await;
        assert_eq!(code(&answer), "BAD_USER_INPUT");
        assert_eq!(answer["data"], json!({ "made": { "account": { "name": "Made" } }, "failed": null }));
    }
}
