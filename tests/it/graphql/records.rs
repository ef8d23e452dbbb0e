//! What accounts, contacts, vendors, products and deals have in common: creating, changing, deleting, restoring, tags.

use finbridge_domain::NodeKind;
use finbridge_entity::types::StageKind;
use finbridge_tests::{TestWorld, both_databases};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use super::{absent, db, done, faults, organization, refused, stage_of};

/// A kind of record: its type, what a create needs, and how a changed one is told.
async fn kinds(world: &TestWorld) -> Vec<(&'static str, Value)> {
    let stage = stage_of(world, world.viewer.organization_id, "Open", StageKind::Open, 1).await;
    vec![
        ("Account", json!({ "name": "One" })),
        ("Contact", json!({ "lastName": "One" })),
        ("Vendor", json!({ "name": "One" })),
        ("Product", json!({ "name": "One" })),
        ("Deal", json!({ "name": "One", "stageId": stage })),
    ]
}

fn act(kind: &str, verb: &str, answer: &str) -> String {
    let name = kind.to_lowercase();
    format!(
        "mutation($input: {kind}{verb}Input!) {{ {name}{verb}(input: $input) {{ {answer} userErrors {{ code message field }} }} }}"
    )
}

both_databases! {
    async fn every_kind_is_made_changed_deleted_and_restored(world: &TestWorld) {
        for (kind, input) in kinds(world).await {
            let name = kind.to_lowercase();
            let all = format!("{name} {{ id recordType version description tags {{ name }} deletedAt owner {{ name }} }}");
            let mut new = input.clone();
            new["tags"] = json!(["Hot", " hot ", "New"]);
            let made = done(world, &act(kind, "Create", &all), json!({ "input": new })).await[&name].take();
            assert_eq!(made["tags"], json!([{ "name": "Hot" }, { "name": "New" }]), "{kind}");
            assert_eq!(made["recordType"], json!(kind.to_uppercase()));
            assert_eq!(made["owner"], json!({ "name": "Ada Administrator" }));

            let change = json!({ "input": { "id": made["id"], "version": 1, "description": "Changed", "tags": ["Cold"], "ownerId": null } });
            let changed = done(world, &act(kind, "Update", &all), change.clone()).await[&name].take();
            let wanted = json!({ "id": made["id"], "recordType": made["recordType"], "version": 2, "description": "Changed",
                "tags": [{ "name": "Cold" }], "deletedAt": null, "owner": null });
            assert_eq!(changed, wanted);
            assert_eq!(refused(world, &world.token, &act(kind, "Update", &all), change).await, faults(&[("VERSION_CONFLICT", "version")]));

            let which = json!({ "input": { "id": made["id"] } });
            let stale = json!({ "input": { "id": made["id"], "version": 1 } });
            let delete = act(kind, "Delete", &format!("deleted{kind}"));
            assert_eq!(refused(world, &world.token, &delete, stale).await, faults(&[("VERSION_CONFLICT", "version")]));
            assert_eq!(done(world, &delete, which.clone()).await[format!("deleted{kind}")], made["id"]);
            assert_eq!(refused(world, &world.token, &delete, which.clone()).await, faults(&[("NOT_FOUND", "id")]));
            let lists = format!("{{ {name}s {{ totalCount }} bin: {name}s(filter: {{ isDeleted: true }}) {{ totalCount nodes {{ id deletedAt }} }} }}");
            let listed = world.data(&lists, json!({})).await;
            assert_eq!(listed[format!("{name}s")]["totalCount"], 0);
            assert_eq!(listed["bin"], json!({ "totalCount": 1, "nodes": [{ "id": made["id"], "deletedAt": "2026-01-05T12:00:00Z" }] }));

            let by_id = format!("query($ids: [ID!]) {{ bin: {name}s(filter: {{ isDeleted: true, id: {{ in: $ids }} }}) {{ totalCount }} living: {name}s(filter: {{ id: {{ in: $ids }} }}) {{ totalCount }} }}");
            let wanted_ids = json!({ "ids": [made["id"], absent(world, node(kind))] });
            let listed = world.data(&by_id, wanted_ids.clone()).await;
            assert_eq!(listed, json!({ "bin": { "totalCount": 1 }, "living": { "totalCount": 0 } }));

            let restore = act(kind, "Restore", &all);
            let back = done(world, &restore, which.clone()).await[&name].take();
            let listed = world.data(&by_id, wanted_ids).await;
            assert_eq!(listed, json!({ "bin": { "totalCount": 0 }, "living": { "totalCount": 1 } }));
            assert_eq!((&back["tags"], &back["version"], &back["deletedAt"]), (&wanted["tags"], &json!(4), &Value::Null));
            assert_eq!(refused(world, &world.token, &restore, which).await, faults(&[("NOT_FOUND", "id")]));
            assert_eq!(refused(world, &world.token, &restore, json!({ "input": { "id": absent(world, node(kind)) } })).await, faults(&[("NOT_FOUND", "id")]));
        }
        let data = world.data("{ accounts(filter: { tags: [\"COLD\"] }) { totalCount } none: accounts(filter: { tags: [\"hot\"] }) { totalCount } }", json!({})).await;
        assert_eq!(data, json!({ "accounts": { "totalCount": 1 }, "none": { "totalCount": 0 } }));
    }

    async fn bulk_updates_answer_for_each_item(world: &TestWorld) {
        let (one, two) = (world.account("One").await, world.account("Two").await);
        let bulk = "mutation($input: AccountBulkUpdateInput!) { accountBulkUpdate(input: $input) {
            results { account { name phone version } userErrors { code field } } userErrors { code } } }";
        let items = json!([
            { "id": one, "phone": "1", "version": 1 }, { "id": two, "phone": "2", "version": 7 },
            { "id": absent(world, NodeKind::Account), "phone": "3" }, { "id": two, "phone": "4" },
        ]);
        let answer = done(world, bulk, json!({ "input": { "accounts": items } })).await;
        assert_eq!(answer["results"], json!([
            { "account": { "name": "One", "phone": "1", "version": 2 }, "userErrors": [] },
            { "account": null, "userErrors": [{ "code": "VERSION_CONFLICT", "field": ["version"] }] },
            { "account": null, "userErrors": [{ "code": "NOT_FOUND", "field": ["id"] }] },
            { "account": { "name": "Two", "phone": "4", "version": 2 }, "userErrors": [] },
        ]));
    }

    async fn an_item_that_fails_on_our_side_does_not_hide_the_others(world: &TestWorld) {
        let (one, two, three) = (world.account("One").await, world.account("Two").await, world.account("Three").await);
        let bulk = "mutation($input: AccountBulkUpdateInput!) { accountBulkUpdate(input: $input) {
            results { account { name phone } userErrors { code field } } userErrors { code } } }";
        let items = json!([{ "id": one, "phone": "1" }, { "id": two, "phone": "2", "tags": ["x"] }, { "id": three, "phone": "3" }]);
        let broken = async |table: &str, mutation: &str, input: Value| {
            let rename = |from: &str, to: &str| format!("ALTER TABLE {from} RENAME TO {to}");
            let away = format!("{table}_away");
            db(world).execute_unprepared(&rename(table, &away)).await.expect("renamed");
            let answer = done(world, mutation, json!({ "input": input })).await;
            db(world).execute_unprepared(&rename(&away, table)).await.expect("renamed back");
            answer
        };
        let answer = broken("record_tag", bulk, json!({ "accounts": items })).await;
        let failed = json!([{ "code": "FAILED", "field": null }]);
        assert_eq!(answer["results"], json!([
            { "account": { "name": "One", "phone": "1" }, "userErrors": [] },
            { "account": null, "userErrors": failed },
            { "account": { "name": "Three", "phone": "3" }, "userErrors": [] },
        ]));
        let read = world.data("{ accounts { nodes { name phone } } }", json!({})).await;
        let wanted = json!([{ "name": "One", "phone": "1" }, { "name": "Three", "phone": "3" }, { "name": "Two", "phone": null }]);
        assert_eq!(read["accounts"]["nodes"], wanted);

        let delete = "mutation($input: RecordsDeleteInput!) { recordsDelete(input: $input) {
            results { id record { id } userErrors { code field } } userErrors { code } } }";
        let nobody = absent(world, NodeKind::Account);
        let answer = broken("record_word", delete, json!({ "ids": [nobody, one] })).await;
        assert_eq!(answer["results"], json!([
            { "id": nobody, "record": null, "userErrors": [{ "code": "NOT_FOUND", "field": ["id"] }] },
            { "id": one, "record": null, "userErrors": failed },
        ]));
    }

    async fn products_have_a_price_in_each_currency(world: &TestWorld) {
        let all = "product { id code unit isActive isTaxable unitPrice { amount currencyCode } prices { amount currencyCode }
            eur: price(currencyCode: \"EUR\") { amount } usd: price(currencyCode: \"USD\") { amount } gbp: price(currencyCode: \"GBP\") { amount } }";
        let input = json!({ "name": "Saw", "code": "S-1", "unit": "pcs", "isTaxable": false, "unitPrice": { "amount": "10", "currencyCode": "USD" },
            "prices": [{ "amount": "9.5", "currencyCode": "EUR" }, { "amount": "1400", "currencyCode": "JPY" }] });
        let made = done(world, &act("Product", "Create", all), json!({ "input": input })).await["product"].take();
        let wanted = json!({ "id": made["id"], "code": "S-1", "unit": "pcs", "isActive": true, "isTaxable": false, "unitPrice": { "amount": "10", "currencyCode": "USD" },
            "prices": [{ "amount": "9.5", "currencyCode": "EUR" }, { "amount": "1400", "currencyCode": "JPY" }],
            "eur": { "amount": "9.5" }, "usd": { "amount": "10" }, "gbp": null });
        assert_eq!(made, wanted);
        let update = act("Product", "Update", all);
        let twice = json!([{ "amount": "1", "currencyCode": "EUR" }, { "amount": "2", "currencyCode": "EUR" }, { "amount": "3", "currencyCode": "USD" }, { "amount": "0.00001", "currencyCode": "GBP" }]);
        let told = refused(world, &world.token, &update, json!({ "input": { "id": made["id"], "prices": twice } })).await;
        assert_eq!(told, faults(&[("INVALID", "prices.1.currencyCode"), ("INVALID", "prices.2.currencyCode"), ("AMOUNT_INVALID", "prices.3.amount")]));
        let change = json!({ "input": { "id": made["id"], "isActive": false, "prices": [{ "amount": "8", "currencyCode": "GBP" }] } });
        let changed = done(world, &update, change).await["product"].take();
        assert_eq!((&changed["prices"], &changed["isActive"], &changed["eur"]), (&json!([{ "amount": "8", "currencyCode": "GBP" }]), &json!(false), &Value::Null));

        // The list price moves to a currency that has a price already: there is still one in each.
        let more = json!([{ "amount": "8", "currencyCode": "GBP" }, { "amount": "9", "currencyCode": "EUR" }]);
        done(world, &update, json!({ "input": { "id": made["id"], "prices": more } })).await;
        let change = json!({ "input": { "id": made["id"], "unitPrice": { "amount": "7", "currencyCode": "GBP" } } });
        let changed = done(world, &update, change).await["product"].take();
        assert_eq!((&changed["gbp"], &changed["prices"]), (&json!({ "amount": "7" }), &json!([{ "amount": "9", "currencyCode": "EUR" }])));
        let change = json!({ "input": { "id": made["id"], "unitPrice": null } });
        assert_eq!(done(world, &update, change).await["product"]["prices"], json!([{ "amount": "9", "currencyCode": "EUR" }]));
    }

    async fn strangers_cannot_touch_or_see_tombstones(world: &TestWorld) {
        let account = world.account("Acme").await;
        done(world, &act("Account", "Delete", "deletedAccount"), json!({ "input": { "id": account } })).await;
        let stranger = organization(world, "Elsewhere", "otto@example.com").await;
        let restore = act("Account", "Restore", "account { id }");
        assert_eq!(refused(world, &stranger.token, &restore, json!({ "input": { "id": account } })).await, faults(&[("NOT_FOUND", "id")]));
        let seen = world.send_as(&stranger.token, "query($id: ID!) { node(id: $id) { id } accounts(filter: { isDeleted: true }) { totalCount } }", json!({ "id": account })).await;
        assert_eq!(seen["data"], json!({ "node": null, "accounts": { "totalCount": 0 } }));
        let own = world.data("query($id: ID!) { node(id: $id) { id } }", json!({ "id": account })).await;
        assert_eq!(own, json!({ "node": null }), "a tombstone is found in the bin only");
    }
}

fn node(kind: &str) -> NodeKind {
    match kind {
        "Account" => NodeKind::Account,
        "Contact" => NodeKind::Contact,
        "Vendor" => NodeKind::Vendor,
        "Product" => NodeKind::Product,
        _ => NodeKind::Deal,
    }
}
