//! What belongs to one organization does not exist for another.

use finbridge_domain::NodeKind;
use finbridge_entity::types::{Role, StageKind};
use finbridge_tests::{TestWorld, both_databases};
use sea_orm::ActiveModelTrait;
use serde_json::{Value, json};

use super::{
    Caller, absent, code, colleague, db, done, faults, id, organization, product_of, refused, stage_of, text,
    vendor_row, with_token,
};

/// One record of every kind in the first organization, and a stranger.
struct Scene {
    /// Id and root field of each record.
    records: Vec<(NodeKind, &'static str, String)>,
    stranger: Caller,
}

impl Scene {
    async fn set(world: &TestWorld) -> Self {
        let here = world.viewer.organization_id;
        let colleague = colleague(world, "Carl Colleague", Role::Standard).await;
        let account = world.account("Ours").await;
        let stage = stage_of(world, here, "Open", StageKind::Open, 1).await;
        let product = product_of(world, here, "Widget").await;
        let vendor = vendor_row(world, here, "Supplier").insert(db(world)).await.expect("a vendor");
        let contact = done(
            world,
            "mutation($a: ID!) { contactCreate(input: { lastName: \"Ours\", accountId: $a }) { contact { id } userErrors { code } } }",
            json!({ "a": account }),
        )
        .await;
        let deal = done(
            world,
            "mutation($a: ID!, $s: ID!, $p: ID!) { dealCreate(input: { name: \"Ours\", accountId: $a, stageId: $s,
               lines: [{ productId: $p, quantity: 1 }] }) { deal { id } userErrors { code } } }",
            json!({ "a": account, "s": stage, "p": product }),
        )
        .await;
        let integration = world.connect().await;
        let run = world.configure(&integration, "SKIP", true).await.expect("a run");
        world.ended(&run).await;
        Self {
            records: vec![
                (NodeKind::Account, "account", account),
                (NodeKind::Contact, "contact", text(&contact["contact"]["id"])),
                (NodeKind::Deal, "deal", text(&deal["deal"]["id"])),
                (NodeKind::Stage, "stage", stage),
                (NodeKind::Product, "product", product),
                (NodeKind::Vendor, "vendor", id(NodeKind::Vendor, vendor.id)),
                (NodeKind::User, "user", id(NodeKind::User, colleague.viewer.user_id)),
                (NodeKind::Integration, "integration", integration),
                (NodeKind::SyncRun, "syncRun", run),
            ],
            stranger: organization(world, "Other", "otto@example.com").await,
        }
    }

    fn id(&self, field: &str) -> &str {
        &self.records.iter().find(|record| record.1 == field).expect("a record of this kind").2
    }
}

const FAULTS: &str = "userErrors { code message field }";

both_databases! {
    async fn a_foreign_id_reads_exactly_as_an_absent_one(world: &TestWorld) {
        let scene = Scene::set(world).await;
        for (kind, field, mine) in &scene.records {
            let query = format!("query($id: ID!) {{ node(id: $id) {{ __typename id }} nodes(ids: [$id]) {{ id }} {field}(id: $id) {{ id }} }}");
            let seen = world.data(&query, json!({ "id": mine })).await;
            assert_eq!([&seen["node"]["id"], &seen["nodes"][0]["id"], &seen[field]["id"]], [&json!(mine); 3]);
            let foreign = world.send_as(&scene.stranger.token, &query, json!({ "id": mine })).await;
            let absent = world.send_as(&scene.stranger.token, &query, json!({ "id": absent(world, *kind) })).await;
            assert_eq!(foreign, absent, "{field}");
            assert_eq!(foreign, json!({ "data": { "node": null, "nodes": [null], *field: null } }));
        }
    }

    async fn nodes_keep_their_order_with_null_where_nothing_is(world: &TestWorld) {
        let scene = Scene::set(world).await;
        let mine = organization(world, "Other", "otto@example.com").await;
        let made = world.send_as(&mine.token, "mutation { accountCreate(input: { name: \"Theirs\" }) { account { id } } }", json!({})).await;
        let theirs = &made["data"]["accountCreate"]["account"]["id"];
        let ids = json!([scene.id("account"), theirs, absent(world, NodeKind::Deal), theirs]);
        let query = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }";
        let answer = world.send_as(&mine.token, query, json!({ "ids": ids })).await;
        assert_eq!(answer, json!({ "data": { "nodes": [null, { "id": theirs }, null, { "id": theirs }] } }));
        let too_many = vec![theirs; 101];
        assert_eq!(code(&world.send_as(&mine.token, query, json!({ "ids": too_many })).await), "BAD_USER_INPUT");
        for garbage in ["", "account", "account_123", "nothing_01h455vb4pex5vsknk084sn02q", "1"] {
            let answer = world.send("query($id: ID!) { node(id: $id) { id } }", json!({ "id": garbage })).await;
            assert_eq!(code(&answer), "BAD_USER_INPUT", "{garbage}");
        }
        let wrong_kind = world.send("query($id: ID!) { deal(id: $id) { id } }", json!({ "id": scene.id("account") })).await;
        assert_eq!(code(&wrong_kind), "BAD_USER_INPUT");
    }

    async fn lists_of_another_organization_are_empty(world: &TestWorld) {
        let scene = Scene::set(world).await;
        let lists = "accounts { totalCount nodes { id } } contacts { totalCount nodes { id } } deals { totalCount nodes { id } }
          products { totalCount nodes { id } } vendors { totalCount nodes { id } } stages { id } integrations { id }";
        let query = format!("{{ {lists} users {{ totalCount nodes {{ email }} }} apiTokens {{ user {{ email }} }} }}");
        let answer = world.send_as(&scene.stranger.token, &query, json!({})).await;
        let empty = json!({ "totalCount": 0, "nodes": [] });
        let wanted = json!({
            "accounts": empty, "contacts": empty, "deals": empty, "products": empty, "vendors": empty,
            "stages": [], "integrations": [],
            "users": { "totalCount": 1, "nodes": [{ "email": "otto@example.com" }] },
            "apiTokens": [{ "user": { "email": "otto@example.com" } }],
        });
        assert_eq!(answer, json!({ "data": wanted }));
        let own = world.data(&format!("{{ {lists} }}"), json!({})).await;
        for list in ["accounts", "contacts", "deals", "products", "vendors"] {
            assert_eq!(own[list]["totalCount"], 1, "{list}");
        }

        let filtered = "query($a: ID!, $s: ID!, $u: ID!) {
          accounts(filter: { parent: { eq: $a } }) { totalCount } contacts(filter: { account: { eq: $a } }) { totalCount }
          deals(filter: { account: { eq: $a }, stage: { in: [$s] } }) { totalCount }
          byKind: deals(filter: { stageKind: { in: [OPEN, WON, LOST] } }) { totalCount }
          products(filter: { owner: { eq: $u } }) { totalCount } }";
        let variables = json!({ "a": scene.id("account"), "s": scene.id("stage"), "u": scene.id("user") });
        let answer = world.send_as(&scene.stranger.token, filtered, variables).await;
        for list in ["accounts", "contacts", "deals", "byKind", "products"] {
            assert_eq!(answer["data"][list]["totalCount"], 0, "{answer:#}");
        }
    }

    async fn updates_and_deletions_of_foreign_records_find_nothing(world: &TestWorld) {
        let scene = Scene::set(world).await;
        let own_stage = stage_of(world, scene.stranger.viewer.organization_id, "Open", StageKind::Open, 1).await;
        for (kind, field, mutation) in [
            (NodeKind::Account, "account", "accountUpdate(input: { id: $id, name: \"Stolen\" }) { account { id } "),
            (NodeKind::Account, "account", "accountDelete(input: { id: $id }) { deletedAccount "),
            (NodeKind::Contact, "contact", "contactUpdate(input: { id: $id, lastName: \"Stolen\" }) { contact { id } "),
            (NodeKind::Deal, "deal", "dealUpdate(input: { id: $id, name: \"Stolen\", lines: null }) { deal { id } "),
            (NodeKind::Deal, "deal", "dealMoveToStage(input: { id: $id, stageId: $stage }) { deal { id } "),
        ] {
            let stage = if mutation.contains("$stage") { ", $stage: ID!" } else { "" };
            let mutation = format!("mutation($id: ID!{stage}) {{ {mutation} {FAULTS} }} }}");
            let foreign = json!({ "id": scene.id(field), "stage": own_stage });
            let told = world.send_as(&scene.stranger.token, &mutation, foreign.clone()).await;
            let nothing = json!({ "id": absent(world, kind), "stage": own_stage });
            assert_eq!(told, world.send_as(&scene.stranger.token, &mutation, nothing).await, "{mutation}");
            assert_eq!(refused(world, &scene.stranger.token, &mutation, foreign).await, faults(&[("NOT_FOUND", "id")]));
        }
        let untouched = world
            .data(
                "query($a: ID!, $c: ID!, $d: ID!) { account(id: $a) { name version } contact(id: $c) { name version }
                   deal(id: $d) { name version lines { id } } apiTokens { id } }",
                json!({ "a": scene.id("account"), "c": scene.id("contact"), "d": scene.id("deal") }),
            )
            .await;
        for record in ["account", "contact", "deal"] {
            assert_eq!((&untouched[record]["name"], &untouched[record]["version"]), (&json!("Ours"), &json!(1)));
        }
        assert_eq!(untouched["deal"]["lines"].as_array().map(Vec::len), Some(1));
        let revoke = format!("mutation($id: ID!) {{ apiTokenRevoke(input: {{ id: $id }}) {{ apiToken {{ id }} {FAULTS} }} }}");
        let token = json!({ "id": untouched["apiTokens"][0]["id"] });
        assert_eq!(refused(world, &scene.stranger.token, &revoke, token).await, faults(&[("NOT_FOUND", "id")]));

        for mutation in [
            "syncRunStart(input: { integrationId: $id, module: CUSTOMERS }) { syncRun { id }",
            "syncModuleConfigure(input: { integrationId: $id, module: CUSTOMERS, crmModule: ACCOUNTS, direction: FETCH_FROM_CRM,
               duplicatePolicy: CLONE, start: true }) { syncRun { id }",
        ] {
            let mutation = format!("mutation($id: ID!) {{ {mutation} {FAULTS} }} }}");
            let told = refused(world, &scene.stranger.token, &mutation, json!({ "id": scene.id("integration") })).await;
            let nothing = json!({ "id": absent(world, NodeKind::Integration) });
            assert_eq!(told, refused(world, &scene.stranger.token, &mutation, nothing).await, "{mutation}");
        }
    }

    async fn foreign_ids_in_inputs_are_not_found(world: &TestWorld) {
        let scene = Scene::set(world).await;
        let there = scene.stranger.viewer.organization_id;
        let (own_stage, own_product) =
            (stage_of(world, there, "Open", StageKind::Open, 1).await, product_of(world, there, "Own").await);
        let foreign = |field: &str| json!(scene.id(field));
        let told = async |mutation: &str, of: &str, input: Value| {
            let (head, kind) = mutation.split_once(' ').expect("a name and an object");
            let query = format!("mutation($input: {of}!) {{ {head}(input: $input) {{ {kind} {{ id }} {FAULTS} }} }}");
            refused(world, &scene.stranger.token, &query, json!({ "input": input })).await
        };
        let mut input = json!({ "name": "x", "parentId": foreign("account"), "ownerId": foreign("user") });
        let wanted = faults(&[("NOT_FOUND", "parentId"), ("NOT_FOUND", "ownerId")]);
        assert_eq!(told("accountCreate account", "AccountCreateInput", input.clone()).await, wanted);
        let own = make(world, &scene.stranger, "accountCreate(input: { name: \"Own\" }) { account { id } }").await;
        input["id"] = own["account"]["id"].clone();
        assert_eq!(told("accountUpdate account", "AccountUpdateInput", input).await, wanted);

        let mut input = json!({ "lastName": "x", "accountId": foreign("account"), "ownerId": foreign("user") });
        let wanted = faults(&[("NOT_FOUND", "accountId"), ("NOT_FOUND", "ownerId")]);
        assert_eq!(told("contactCreate contact", "ContactCreateInput", input.clone()).await, wanted);
        let own = make(world, &scene.stranger, "contactCreate(input: { lastName: \"Own\" }) { contact { id } }").await;
        input["id"] = own["contact"]["id"].clone();
        assert_eq!(told("contactUpdate contact", "ContactUpdateInput", input).await, wanted);

        let lines = json!([{ "productId": own_product, "quantity": "1" }, { "productId": foreign("product"), "quantity": "1" }]);
        let links = json!({ "name": "x", "accountId": foreign("account"), "ownerId": foreign("user"), "lines": lines });
        let mut input = links.clone();
        input["stageId"] = foreign("stage");
        let wanted = [("NOT_FOUND", "accountId"), ("NOT_FOUND", "stageId"), ("NOT_FOUND", "lines.1.productId"), ("NOT_FOUND", "ownerId")];
        assert_eq!(told("dealCreate deal", "DealCreateInput", input).await, faults(&wanted));
        let own = format!("dealCreate(input: {{ name: \"Own\", stageId: \"{own_stage}\" }}) {{ deal {{ id }} }}");
        let own = make(world, &scene.stranger, &own).await;
        let mut input = links;
        input["id"] = own["deal"]["id"].clone();
        let wanted = [("NOT_FOUND", "accountId"), ("NOT_FOUND", "lines.1.productId"), ("NOT_FOUND", "ownerId")];
        assert_eq!(told("dealUpdate deal", "DealUpdateInput", input).await, faults(&wanted));
        let input = json!({ "id": own["deal"]["id"], "stageId": foreign("stage") });
        assert_eq!(told("dealMoveToStage deal", "DealMoveToStageInput", input).await, faults(&[("NOT_FOUND", "stageId")]));
    }

    async fn somebody_in_two_organizations_sees_the_one_of_the_token(world: &TestWorld) {
        let other = organization(world, "Other", finbridge_emulator::DEMO_EMAIL).await;
        assert_eq!(other.viewer.user_id, world.viewer.user_id, "the same person");
        let again = with_token(world, world.viewer).await;
        world.account("Ours").await;
        let query = "{ viewer { user { email } organization { name timeZone } } accounts { totalCount } }";
        let here = world.send_as(&again.token, query, json!({})).await;
        let there = world.send_as(&other.token, query, json!({})).await;
        assert_eq!(here["data"]["viewer"]["user"], there["data"]["viewer"]["user"]);
        assert_eq!(here["data"]["viewer"]["organization"], json!({ "name": "Test", "timeZone": "America/Los_Angeles" }));
        assert_eq!(there["data"]["viewer"]["organization"], json!({ "name": "Other", "timeZone": "Europe/Berlin" }));
        assert_eq!((&here["data"]["accounts"]["totalCount"], &there["data"]["accounts"]["totalCount"]), (&json!(1), &json!(0)));
    }
}

/// Runs this mutation for the caller and returns its payload.
async fn make(world: &TestWorld, caller: &Caller, mutation: &str) -> Value {
    let answer = world.send_as(&caller.token, &format!("mutation {{ made: {mutation} }}"), json!({})).await;
    assert!(answer.get("errors").is_none(), "{answer:#}");
    answer["data"]["made"].clone()
}
