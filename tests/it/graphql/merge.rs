//! Merging duplicates: what the record that stays takes over, and what becomes of the others.

use std::path::Path;

use chrono::TimeDelta;
use finbridge::import::{Importer, NoNotes, NoProgress};
use finbridge_domain::{NodeId, NodeKind};
use finbridge_entity::types::{RecordType, StageKind};
use finbridge_entity::{account, note};
use finbridge_tests::{TestWorld, both_databases};
use futures::future::join_all;
use sea_orm::prelude::Uuid;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter, Set};
use serde_json::{Value, json};

use super::{absent, code, db, done, fault, faults, organization, product_of, refused, stage_of, text};

fn request(name: &str, object: &str, input: Value) -> (String, Value) {
    let pascal = format!("{}{}", name[..1].to_uppercase(), &name[1..]);
    let faults = "userErrors { code message field }";
    let mutation =
        format!("mutation($input: {pascal}Input!) {{ {name}(input: $input) {{ {object} {faults} }} }}");
    (mutation, json!({ "input": input }))
}

/// What a mutation makes of this input.
async fn act(world: &TestWorld, name: &str, object: &str, input: Value) -> Value {
    let (mutation, variables) = request(name, object, input);
    let mut payload = done(world, &mutation, variables).await;
    payload.as_object_mut().unwrap().remove("userErrors");
    payload.as_object_mut().unwrap().values_mut().next().expect("an object").take()
}

/// How a mutation refuses this input.
async fn told(world: &TestWorld, name: &str, object: &str, input: Value) -> Vec<(String, String)> {
    let (mutation, variables) = request(name, object, input);
    refused(world, &world.token, &mutation, variables).await
}

async fn account(world: &TestWorld, input: Value) -> String {
    text(&act(world, "accountCreate", "account { id }", input).await["id"])
}

fn uuid(id: &str) -> Uuid {
    id.parse::<NodeId>().unwrap().uuid
}

async fn note_on(world: &TestWorld, account: &str, body: &str) {
    let now = "2026-01-05T12:00:00Z".parse().unwrap();
    let row = note::ActiveModel {
        organization_id: Set(world.viewer.organization_id),
        id: Set(world.app.engine.ids.uuid()),
        record_type: Set(RecordType::Account),
        record_id: Set(uuid(account)),
        body: Set(body.to_owned()),
        author_id: Set(None),
        version: Set(1),
        created_at: Set(now),
        updated_at: Set(now),
    };
    row.insert(db(world)).await.expect("a note");
}

async fn field(world: &TestWorld, key: &str, is_unique: bool) {
    let input =
        json!({ "recordType": "ACCOUNT", "key": key, "label": key, "kind": "TEXT", "isUnique": is_unique });
    act(world, "customFieldCreate", "customField { id }", input).await;
}

async fn import(world: &TestWorld, folder: &Path) {
    let engine = &world.app.engine;
    let importer = Importer {
        db: &engine.db,
        clock: engine.clock.as_ref(),
        ids: &engine.ids,
        organization_id: world.viewer.organization_id,
        fires_triggers: false,
    };
    let report =
        importer.run(&folder.join("mapping.toml"), &NoProgress, &mut NoNotes).await.expect("an import");
    assert!(report.files.iter().all(|file| file.rejected == 0), "{report:?}");
}

const PARENT: &str = "query($id: ID!) { account(id: $id) { version parent { name parent { name } } } }";

both_databases! {
    async fn the_account_that_stays_takes_over_what_it_lacks_and_all_that_refers_to_the_others(world: &TestWorld) {
        let here = world.viewer.organization_id;
        field(world, "region", false).await;
        field(world, "tax_id", true).await;
        field(world, "segment", false).await;
        let custom = |key: &str, value: &str| json!({ "key": key, "text": value });
        let stays = account(world, json!({ "name": "Acme", "website": "https://acme.example", "tags": ["old", "Both"],
            "billingAddress": { "city": "Oslo" }, "customFields": [custom("region", "North")] })).await;
        let second = account(world, json!({ "name": "ACME Inc", "website": "https://inc.example", "phone": "+1", "tags": ["both", "new"],
            "annualRevenue": { "amount": "10", "currencyCode": "EUR" }, "billingAddress": { "city": "Bergen", "street": "1" },
            "customFields": [custom("region", "South"), custom("tax_id", "T-2")] })).await;
        let third = account(world, json!({ "name": "Acme Ltd", "phone": "+2", "industry": "steel", "employeeCount": 5,
            "shippingAddress": { "city": "Bodø" }, "customFields": [custom("tax_id", "T-3"), custom("segment", "S")] })).await;
        let stage = stage_of(world, here, "Open", StageKind::Open, 1).await;
        let contact = act(world, "contactCreate", "contact { id }", json!({ "lastName": "Doe", "accountId": second })).await;
        let gone = act(world, "contactCreate", "contact { id }", json!({ "lastName": "Gone", "accountId": third })).await;
        act(world, "contactDelete", "deletedContact", json!({ "id": gone["id"] })).await;
        let deal = act(world, "dealCreate", "deal { id }", json!({ "name": "Big", "stageId": stage, "accountId": third })).await;
        let child = account(world, json!({ "name": "Child", "parentId": second })).await;
        note_on(world, &second, "called").await;
        note_on(world, &stays, "wrote").await;
        world.advance(TimeDelta::seconds(5));

        let object = "account { id name website phone industry employeeCount annualRevenue { amount currencyCode } version updatedAt
            billingAddress { street city } shippingAddress { city } tags { name } customFields { field { key } text }
            contacts { nodes { name version } } deals { nodes { name version } } syncState }";
        let merged = act(world, "accountMerge", object, json!({ "id": stays, "mergedIds": [second, third], "version": 1 })).await;
        let key = |key: &str, text: &str| json!({ "field": { "key": key }, "text": text });
        assert_eq!(merged, json!({
            "id": stays, "name": "Acme", "website": "https://acme.example", "phone": "+1", "industry": "steel", "employeeCount": 5,
            "annualRevenue": { "amount": "10", "currencyCode": "EUR" }, "version": 2, "updatedAt": "2026-01-05T12:00:05Z",
            "billingAddress": { "street": null, "city": "Oslo" }, "shippingAddress": { "city": "Bodø" },
            "tags": [{ "name": "Both" }, { "name": "new" }, { "name": "old" }],
            "customFields": [key("region", "North"), key("tax_id", "T-2"), key("segment", "S")],
            "contacts": { "nodes": [{ "name": "Doe", "version": 2 }] }, "deals": { "nodes": [{ "name": "Big", "version": 2 }] },
            "syncState": "NOT_LINKED",
        }));
        let read = world.data(
            "query($c: ID!, $d: ID!, $k: ID!, $m: ID!) { contact(id: $c) { account { id } } deal(id: $d) { account { id } } account(id: $m) { id }
               child: account(id: $k) { version parent { id } } gone: accounts(filter: { isDeleted: true }) { nodes { name deletedAt mergedInto { id name } } } }",
            json!({ "c": contact["id"], "d": deal["id"], "k": child, "m": second }),
        ).await;
        assert_eq!([&read["contact"]["account"]["id"], &read["deal"]["account"]["id"], &read["child"]["parent"]["id"]], [&json!(stays); 3]);
        assert_eq!((&read["account"], &read["child"]["version"]), (&json!(null), &json!(2)));
        let tombstone = |name: &str| json!({ "name": name, "deletedAt": "2026-01-05T12:00:05Z", "mergedInto": { "id": stays, "name": "Acme" } });
        assert_eq!(read["gone"]["nodes"], json!([tombstone("ACME Inc"), tombstone("Acme Ltd")]));
        let restored = act(world, "contactRestore", "contact { account { id } }", json!({ "id": gone["id"] })).await;
        assert_eq!(restored["account"]["id"], stays.as_str(), "deleted records refer to the one that stays, too");
        let notes = note::Entity::find().filter(note::Column::RecordId.eq(uuid(&stays))).all(db(world)).await.unwrap();
        assert_eq!(notes.len(), 2);

        // What was taken over stays unique, and what was left behind is free.
        let take = |value: &str| json!({ "name": "Other", "customFields": [custom("tax_id", value)] });
        assert_eq!(told(world, "accountCreate", "account { id }", take("t-2")).await, faults(&[("NOT_UNIQUE", "customFields.0")]));
        account(world, take("T-3")).await;
        assert_eq!(told(world, "accountRestore", "account { id }", json!({ "id": second })).await, faults(&[("MERGED", "id")]));
    }

    async fn what_cannot_be_merged_is_refused_and_nothing_changes(world: &TestWorld) {
        let stranger = organization(world, "Other", "otto@example.com").await;
        let (a, b, c) = (world.account("A").await, world.account("B").await, world.account("C").await);
        let refuse = async |input: Value| told(world, "accountMerge", "account { id } leftReferences { id }", input).await;
        let nobody = absent(world, NodeKind::Account);
        assert_eq!(refuse(json!({ "id": a, "mergedIds": [a, b, b] })).await, faults(&[("INVALID", "mergedIds.0"), ("INVALID", "mergedIds.2")]));
        assert_eq!(refuse(json!({ "id": nobody, "mergedIds": [b, absent(world, NodeKind::Account)] })).await, faults(&[("NOT_FOUND", "id"), ("NOT_FOUND", "mergedIds.1")]));
        assert_eq!(refuse(json!({ "id": a, "mergedIds": [b], "version": 2 })).await, faults(&[("VERSION_CONFLICT", "version")]));
        let (mutation, variables) = request("accountMerge", "account { id }", json!({ "id": a, "mergedIds": [b] }));
        assert_eq!(refused(world, &stranger.token, &mutation, variables).await, faults(&[("NOT_FOUND", "id"), ("NOT_FOUND", "mergedIds.0")]));
        let contact = act(world, "contactCreate", "contact { id }", json!({ "lastName": "Doe" })).await;
        for ids in [json!([]), json!(vec![&b; 11]), json!([contact["id"]])] {
            let (mutation, variables) = request("accountMerge", "account { id }", json!({ "id": a, "mergedIds": ids }));
            assert_eq!(code(&world.send(&mutation, variables).await), "BAD_USER_INPUT");
        }
        let all = world.data("{ accounts { nodes { name version } } }", json!({})).await;
        assert_eq!(all["accounts"]["nodes"], json!([{ "name": "A", "version": 1 }, { "name": "B", "version": 1 }, { "name": "C", "version": 1 }]));

        act(world, "accountMerge", "account { id }", json!({ "id": b, "mergedIds": [c] })).await;
        for (name, input) in [("accountMerge", json!({ "id": a, "mergedIds": [c] })), ("accountRestore", json!({ "id": c }))] {
            let (mutation, variables) = request(name, "account { id }", input);
            let answer = world.send(&mutation, variables).await;
            let message = text(&answer["data"][name]["userErrors"][0]["message"]);
            assert!(message.contains(&b), "the one that stayed is named: {message}");
        }
        let query = "query($id: ID!) { accounts(filter: { isDeleted: true, id: { eq: $id } }) { nodes { mergedInto { id } } } }";
        assert_eq!(world.data(query, json!({ "id": c })).await["accounts"]["nodes"], json!([{ "mergedInto": { "id": b } }]));
        assert_eq!(refuse(json!({ "id": a, "mergedIds": [c] })).await, faults(&[("MERGED", "mergedIds.0")]));
        assert_eq!(refuse(json!({ "id": c, "mergedIds": [a] })).await, faults(&[("MERGED", "id")]));
        act(world, "accountMerge", "account { id }", json!({ "id": a, "mergedIds": [b] })).await;
        let gone = world.data("{ accounts(filter: { isDeleted: true }) { nodes { mergedInto { name } } } }", json!({})).await;
        assert_eq!(gone["accounts"]["nodes"], json!([{ "mergedInto": { "name": "A" } }, { "mergedInto": { "name": "A" } }]));

        let tags = |from: u32, to: u32| (from..to).map(|n| format!("tag {n}")).collect::<Vec<_>>();
        let full = account(world, json!({ "name": "Full", "tags": tags(0, 15) })).await;
        let more = account(world, json!({ "name": "More", "tags": tags(12, 21) })).await;
        assert_eq!(refuse(json!({ "id": full, "mergedIds": [more] })).await, faults(&[("INVALID", "mergedIds")]));
        act(world, "accountUpdate", "account { id }", json!({ "id": more, "tags": tags(12, 20) })).await;
        let merged = act(world, "accountMerge", "account { tags { name } }", json!({ "id": full, "mergedIds": [more] })).await;
        assert_eq!(merged["tags"].as_array().map(Vec::len), Some(20));
    }

    async fn hierarchies_of_accounts_stay_without_cycles(world: &TestWorld) {
        // Top > Middle > Low, and Top is merged into Low: Low stands at the top, with Middle below it.
        let top = world.account("Top").await;
        let middle = account(world, json!({ "name": "Middle", "parentId": top })).await;
        let low = account(world, json!({ "name": "Low", "parentId": middle })).await;
        let merged = act(world, "accountMerge", "account { parent { name } }", json!({ "id": low, "mergedIds": [top] })).await;
        assert_eq!(merged["parent"], json!(null));
        let read = world.data(PARENT, json!({ "id": middle })).await;
        assert_eq!(read["account"]["parent"], json!({ "name": "Low", "parent": null }));

        // A parent that is merged away leaves its own parent; a missing one is taken from the merged account.
        let group = world.account("Group").await;
        let upper = account(world, json!({ "name": "Upper", "parentId": group })).await;
        let lower = account(world, json!({ "name": "Lower", "parentId": upper })).await;
        act(world, "accountMerge", "account { id }", json!({ "id": lower, "mergedIds": [upper] })).await;
        assert_eq!(world.data(PARENT, json!({ "id": lower })).await["account"]["parent"]["name"], "Group");
        act(world, "accountMerge", "account { id }", json!({ "id": low, "mergedIds": [lower] })).await;
        assert_eq!(world.data(PARENT, json!({ "id": middle })).await["account"]["parent"], json!({ "name": "Low", "parent": { "name": "Group" } }));
    }

    async fn contacts_and_vendors_fill_what_is_empty(world: &TestWorld) {
        let account = world.account("Acme").await;
        let object = "contact { name firstName lastName email title account { name } mailingAddress { city } version }";
        let make = async |input: Value| text(&act(world, "contactCreate", "contact { id }", input).await["id"]);
        let stays = make(json!({ "lastName": "Doe", "title": "CEO" })).await;
        let smith = make(json!({ "firstName": "John", "lastName": "Smith", "email": "john@example.com" })).await;
        let jane = make(json!({ "firstName": "Jane", "lastName": "DOE", "email": "jane@example.com", "title": "CFO", "accountId": account,
            "mailingAddress": { "city": "Oslo" } })).await;
        let merged = act(world, "contactMerge", object, json!({ "id": stays, "mergedIds": [smith, jane] })).await;
        assert_eq!(merged, json!({ "name": "Jane Doe", "firstName": "Jane", "lastName": "Doe", "email": "john@example.com", "title": "CEO",
            "account": { "name": "Acme" }, "mailingAddress": { "city": "Oslo" }, "version": 2 }));
        let found = world.data("{ contacts(filter: { email: { eq: \"JOHN@example.com\" } }) { nodes { name } } }", json!({})).await;
        assert_eq!(found["contacts"]["nodes"], json!([{ "name": "Jane Doe" }]));

        let make = async |input: Value| text(&act(world, "vendorCreate", "vendor { id }", input).await["id"]);
        let stays = make(json!({ "name": "Supplies", "ownerId": null })).await;
        let other = make(json!({ "name": "Supplies Ltd", "phone": "+3", "address": { "city": "Rome" }, "description": "good" })).await;
        let merged = act(world, "vendorMerge", "vendor { name phone address { city } description }", json!({ "id": stays, "mergedIds": [other] })).await;
        assert_eq!(merged, json!({ "name": "Supplies", "phone": "+3", "address": { "city": "Rome" }, "description": "good" }));
    }

    async fn deals_name_the_product_that_stays_at_the_price_they_have(world: &TestWorld) {
        let stage = stage_of(world, world.viewer.organization_id, "Open", StageKind::Open, 1).await;
        let money = |amount: &str, code: &str| json!({ "amount": amount, "currencyCode": code });
        let make = async |input: Value| text(&act(world, "productCreate", "product { id }", input).await["id"]);
        let stays = make(json!({ "name": "GTX", "unitPrice": money("10", "USD"), "prices": [money("9", "EUR")] })).await;
        let second = make(json!({ "name": "GTX Pro", "code": "G-2", "unitPrice": money("11", "EUR"), "prices": [money("1000", "JPY"), money("12", "USD")] })).await;
        let third = make(json!({ "name": "GTXPro", "code": "G-3", "unitPrice": money("8", "GBP") })).await;
        let lines = json!([{ "productId": second, "quantity": 1, "unitPrice": "7" }, { "productId": third, "quantity": 2 }, { "productId": stays, "quantity": 3 }]);
        let deal = act(world, "dealCreate", "deal { id }", json!({ "name": "Deal", "stageId": stage, "lines": lines, "currencyCode": "GBP" })).await;
        let object = "product { code unitPrice { amount currencyCode } prices { amount currencyCode } }";
        let merged = act(world, "productMerge", object, json!({ "id": stays, "mergedIds": [second, third] })).await;
        assert_eq!(merged, json!({ "code": "G-2", "unitPrice": money("10", "USD"), "prices": [money("9", "EUR"), money("8", "GBP"), money("1000", "JPY")] }));
        let read = world.data("query($id: ID!) { deal(id: $id) { version lines { product { id } quantity unitPrice { amount } } } }", json!({ "id": deal["id"] })).await;
        let line = |quantity: &str, price: Value| json!({ "product": { "id": stays }, "quantity": quantity, "unitPrice": price });
        assert_eq!(read["deal"], json!({ "version": 2, "lines": [line("1", json!({ "amount": "7" })), line("2", json!({ "amount": "8" })), line("3", json!(null))] }));
        let bare = make(json!({ "name": "Bare" })).await;
        let merged = act(world, "productMerge", object, json!({ "id": bare, "mergedIds": [stays] })).await;
        assert_eq!((&merged["unitPrice"], merged["prices"].as_array().map(Vec::len)), (&money("10", "USD"), Some(3)));
    }

    async fn deals_take_amount_and_lines_over_only_in_their_own_currency(world: &TestWorld) {
        let here = world.viewer.organization_id;
        let (open, won) = (stage_of(world, here, "Open", StageKind::Open, 1).await, stage_of(world, here, "Won", StageKind::Won, 2).await);
        let product = product_of(world, here, "GTX").await;
        let line = |quantity: i32| json!([{ "productId": product, "quantity": quantity }]);
        let make = async |input: Value| text(&act(world, "dealCreate", "deal { id }", input).await["id"]);
        let stays = make(json!({ "name": "Deal", "stageId": open, "currencyCode": "USD" })).await;
        let euros = make(json!({ "name": "Euros", "stageId": won, "currencyCode": "EUR", "amount": "5", "lines": line(5), "openedOn": "2026-01-01" })).await;
        let dollars = make(json!({ "name": "Dollars", "stageId": won, "currencyCode": "USD", "amount": "6", "lines": line(6), "description": "big" })).await;
        let object = "deal { name stage { name } amount { amount currencyCode } openedOn description lines { quantity } version }";
        let merged = act(world, "dealMerge", object, json!({ "id": stays, "mergedIds": [euros, dollars] })).await;
        assert_eq!(merged, json!({ "name": "Deal", "stage": { "name": "Open" }, "amount": { "amount": "6", "currencyCode": "USD" },
            "openedOn": "2026-01-01", "description": "big", "lines": [{ "quantity": "6" }], "version": 2 }));
    }

    async fn importing_again_brings_the_record_that_stayed_up_to_date(world: &TestWorld) {
        let folder = tempfile::tempdir().unwrap();
        let write = |file: &str, content: &str| std::fs::write(folder.path().join(file), content).unwrap();
        write("mapping.toml", "source = \"test\"\n\n[[files]]\npath = \"accounts.csv\"\nrecord = \"account\"\nkey = \"id\"\n\n[files.columns]\nname = \"name\"\nphone = \"phone\"\n");
        write("accounts.csv", "id,name,phone\n1,Acme,+1\n2,Acme Inc,+2\n");
        import(world, folder.path()).await;
        let query = "{ accounts { nodes { id name phone version } } }";
        let before = world.data(query, json!({})).await["accounts"]["nodes"].take();
        act(world, "accountMerge", "account { id }", json!({ "id": before[0]["id"], "mergedIds": [before[1]["id"]] })).await;
        import(world, folder.path()).await;
        let after = world.data(query, json!({})).await["accounts"]["nodes"].take();
        assert_eq!(after, json!([{ "id": before[0]["id"], "name": "Acme", "phone": "+1", "version": 2 }]), "unchanged rows change nothing");
        write("accounts.csv", "id,name,phone\n1,Acme,+1\n2,Acme Inc,+22\n");
        import(world, folder.path()).await;
        let after = world.data(query, json!({})).await["accounts"]["nodes"].take();
        assert_eq!(after, json!([{ "id": before[0]["id"], "name": "Acme Inc", "phone": "+22", "version": 3 }]));
    }

    async fn merges_at_once_come_one_after_another(world: &TestWorld) {
        for round in 0..4 {
            let (a, b, c) = (world.account(&format!("A{round}")).await, world.account(&format!("B{round}")).await, world.account(&format!("C{round}")).await);
            act(world, "accountUpdate", "account { id }", json!({ "id": a, "parentId": c })).await;
            let merge = |id: &str, merged: &[&str]| {
                let (mutation, variables) = request("accountMerge", "account { id }", json!({ "id": id, "mergedIds": merged }));
                async move { world.send(&mutation, variables).await }
            };
            let touch = |id: &str, input: Value| {
                let mut input = input;
                input["id"] = json!(id);
                let (mutation, variables) = request("accountUpdate", "account { id }", input);
                async move { world.send(&mutation, variables).await }
            };
            let merges = join_all([merge(&a, &[&b]), merge(&b, &[&a]), merge(&c, &[&b, &a]), merge(&b, &[&c])]);
            let touches = join_all([touch(&b, json!({ "parentId": a })), touch(&c, json!({ "phone": "+1" })), touch(&a, json!({ "parentId": b }))]);
            let (merges, touches) = tokio::join!(merges, touches);
            for answer in merges.iter().chain(&touches) {
                assert!(answer.get("errors").is_none(), "{answer:#}");
            }
            let codes: Vec<_> = merges.iter().flat_map(|answer| answer["data"]["accountMerge"]["userErrors"].as_array().unwrap()).map(|error| text(&error["code"])).collect();
            assert!(codes.iter().all(|code| code == "MERGED"), "{codes:?}");

            // Whatever came first: what is merged leads to one that lives, and no account is its own ancestor.
            let rows = account::Entity::find().all(db(world)).await.unwrap();
            let find = |id: Uuid| rows.iter().find(|row| row.id == id).unwrap();
            for row in &rows {
                if let Some(into) = row.merged_into_id {
                    assert!(find(into).deleted_at.is_none() && row.deleted_at.is_some(), "{row:?}");
                    continue;
                }
                let (mut next, mut steps) = (row.parent_id, 0);
                while let Some(parent) = next {
                    steps += 1;
                    assert!(steps < 20 && find(parent).merged_into_id.is_none(), "{row:?}");
                    next = find(parent).parent_id;
                }
            }
        }
    }

    async fn what_is_written_while_a_merge_is_under_way_ends_at_the_record_that_stays(world: &TestWorld) {
        for round in 0..6 {
            let (a, b) = (world.account(&format!("A{round}")).await, world.account(&format!("B{round}")).await);
            let create = |n: i32| {
                let (mutation, variables) = request("contactCreate", "contact { id }", json!({ "lastName": format!("Doe {n}"), "accountId": b }));
                async move { world.send(&mutation, variables).await }
            };
            let (mutation, variables) = request("accountMerge", "account { id }", json!({ "id": a, "mergedIds": [b] }));
            let write = |n: i32| {
                let (mutation, variables) = request("noteCreate", "note { id }", json!({ "recordId": b, "body": format!("Note {n}") }));
                async move { world.send(&mutation, variables).await }
            };
            let (made, noted, merged) = tokio::join!(join_all((0..6).map(create)), join_all((0..6).map(write)), world.send(&mutation, variables));
            assert_eq!(merged["data"]["accountMerge"]["userErrors"], json!([]), "{merged:#}");
            let made: Vec<_> = made.iter().map(|answer| answer["data"]["contactCreate"]["userErrors"].as_array().unwrap_or_else(|| panic!("{answer:#}"))).collect();
            let refused: Vec<_> = made.iter().flat_map(|errors| errors.iter()).map(fault).collect();
            assert!(refused.iter().all(|fault| *fault == faults(&[("NOT_FOUND", "accountId")])[0]), "{refused:?}");
            let read = world.data("query($id: ID!) { account(id: $id) { contacts { totalCount } } }", json!({ "id": a })).await;
            assert_eq!(read["account"]["contacts"]["totalCount"], 6 - refused.len());

            let noted: Vec<_> = noted.iter().map(|answer| answer["data"]["noteCreate"]["userErrors"].as_array().unwrap_or_else(|| panic!("{answer:#}"))).collect();
            let refused: Vec<_> = noted.iter().flat_map(|errors| errors.iter()).map(fault).collect();
            assert!(refused.iter().all(|fault| *fault == faults(&[("NOT_FOUND", "recordId")])[0]), "{refused:?}");
            let notes = note::Entity::find().filter(note::Column::RecordId.eq(uuid(&a))).all(db(world)).await.unwrap();
            assert_eq!(notes.len(), 6 - refused.len(), "no note is left with the tombstone");
        }
    }
}
