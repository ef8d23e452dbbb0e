//! Pipelines and their stages, and what deals take over from products.

use chrono::TimeDelta;
use finbridge_domain::NodeKind;
use finbridge_entity::types::Role;
use finbridge_tests::{TestWorld, both_databases};
use futures::future::join_all;
use serde_json::{Value, json};

use super::{absent, code, colleague, done, faults, id, organization, refused, text};

const FAULTS: &str = "userErrors { code message field }";
const SHAPE: &str = "id name position isStandard version stages { name kind position pipeline { name } }";

/// What a mutation makes of this input.
async fn act(world: &TestWorld, name: &str, object: &str, input: Value) -> Value {
    let (mutation, variables) = request(name, object, input);
    done(world, &mutation, variables).await
}

/// How a mutation refuses this input.
async fn told(world: &TestWorld, name: &str, object: &str, input: Value) -> Vec<(String, String)> {
    let (mutation, variables) = request(name, object, input);
    refused(world, &world.token, &mutation, variables).await
}

fn request(name: &str, object: &str, input: Value) -> (String, Value) {
    let pascal = format!("{}{}", name[..1].to_uppercase(), &name[1..]);
    let mutation =
        format!("mutation($input: {pascal}Input!) {{ {name}(input: $input) {{ {object} {FAULTS} }} }}");
    (mutation, json!({ "input": input }))
}

/// A pipeline with the stages Lead, Talk, Won and Lost, and their ids.
async fn services(world: &TestWorld) -> (Value, Vec<String>) {
    let stages = json!([{ "name": "Lead", "kind": "OPEN" }, { "name": "Talk", "kind": "OPEN" }, { "name": "Won", "kind": "WON" },
        { "name": "Lost", "kind": "LOST" }]);
    let object = format!("pipeline {{ {SHAPE} all: stages {{ id }} }}");
    let mut made =
        act(world, "pipelineCreate", &object, json!({ "name": "Services", "stages": stages })).await;
    let ids = made["pipeline"]["all"].as_array().unwrap().iter().map(|stage| text(&stage["id"])).collect();
    (made["pipeline"].take(), ids)
}

async fn deal(world: &TestWorld, name: &str, stage: &str) -> String {
    let made = act(world, "dealCreate", "deal { id }", json!({ "name": name, "stageId": stage })).await;
    text(&made["deal"]["id"])
}

both_databases! {
    async fn an_organization_has_a_pipeline_from_its_first_moment_and_more_as_it_likes(world: &TestWorld) {
        let first = world.data(&format!("{{ pipelines {{ {SHAPE} }} }}"), json!({})).await;
        let standard = id(NodeKind::Pipeline, world.viewer.organization_id);
        assert_eq!(first["pipelines"], json!([{ "id": standard, "name": "Standard", "position": 1, "isStandard": true, "version": 1, "stages": [] }]));

        let (made, stages) = services(world).await;
        let kinds: Vec<_> = made["stages"].as_array().unwrap().iter().map(|stage| (text(&stage["name"]), text(&stage["kind"]), stage["position"].clone())).collect();
        let wanted = [("Lead", "OPEN", 1), ("Talk", "OPEN", 2), ("Won", "WON", 3), ("Lost", "LOST", 4)];
        assert_eq!(kinds, wanted.map(|(name, kind, position)| (name.to_owned(), kind.to_owned(), json!(position))));
        assert_eq!((&made["position"], &made["isStandard"], &made["version"]), (&json!(2), &json!(false), &json!(1)));
        act(world, "stageCreate", "stage { id }", json!({ "name": "Lead", "kind": "OPEN" })).await;

        let deal = deal(world, "Deal", &stages[1]).await;
        let read = world
            .data(
                "query($p: ID!, $d: ID!) { pipeline(id: $p) { name } node(id: $p) { __typename id } deal(id: $d) { pipeline { id } stage { pipeline { id } } }
                   all: stages { name pipeline { name } } stages(pipelineId: $p) { name }
                   within: deals(filter: { pipeline: { eq: $p } }) { totalCount } without: deals(filter: { pipeline: { in: [] } }) { totalCount } }",
                json!({ "p": made["id"], "d": deal }),
            )
            .await;
        assert_eq!((&read["pipeline"]["name"], &read["node"]), (&json!("Services"), &json!({ "__typename": "Pipeline", "id": made["id"] })));
        assert_eq!([&read["deal"]["pipeline"]["id"], &read["deal"]["stage"]["pipeline"]["id"]], [&made["id"]; 2]);
        let all: Vec<_> = read["all"].as_array().unwrap().iter().map(|stage| format!("{}/{}", text(&stage["pipeline"]["name"]), text(&stage["name"]))).collect();
        assert_eq!(all, ["Standard/Lead", "Services/Lead", "Services/Talk", "Services/Won", "Services/Lost"]);
        assert_eq!(read["stages"].as_array().map(Vec::len), Some(4));
        assert_eq!((&read["within"]["totalCount"], &read["without"]["totalCount"]), (&json!(1), &json!(0)));
    }

    async fn pipelines_are_changed_arranged_and_removed(world: &TestWorld) {
        let (made, stages) = services(world).await;
        world.advance(TimeDelta::seconds(1));
        let object = format!("pipeline {{ {SHAPE} updatedAt }}");
        let named = act(world, "pipelineUpdate", &object, json!({ "id": made["id"], "version": 1, "name": "Projects", "position": 7 })).await;
        assert_eq!((&named["pipeline"]["name"], &named["pipeline"]["position"], &named["pipeline"]["version"]), (&json!("Projects"), &json!(7), &json!(2)));
        assert_eq!(named["pipeline"]["updatedAt"], "2026-01-05T12:00:01Z");
        let order: Vec<_> = [1, 0, 3, 2].map(|place| &stages[place]).to_vec();
        let arranged = act(world, "pipelineArrangeStages", &object, json!({ "id": made["id"], "version": 2, "stageIds": order })).await;
        let names: Vec<_> = arranged["pipeline"]["stages"].as_array().unwrap().iter().map(|stage| text(&stage["name"])).collect();
        assert_eq!((names, &arranged["pipeline"]["version"]), (["Talk", "Lead", "Lost", "Won"].map(str::to_owned).to_vec(), &json!(3)));

        let wrong = json!({ "id": made["id"], "stageIds": [&stages[0], &stages[0], absent(world, NodeKind::Stage)] });
        let wanted = faults(&[("INVALID", "stageIds.1"), ("NOT_FOUND", "stageIds.2"), ("INVALID", "stageIds")]);
        assert_eq!(told(world, "pipelineArrangeStages", "pipeline { id }", wrong).await, wanted);
        for (name, input) in [("pipelineUpdate", json!({ "id": made["id"], "version": 2, "name": "Late" })),
                              ("pipelineArrangeStages", json!({ "id": made["id"], "version": 2, "stageIds": stages }))] {
            assert_eq!(told(world, name, "pipeline { id }", input).await, faults(&[("VERSION_CONFLICT", "version")]));
        }
        let input = json!({ "name": "STANDARD", "stages": [{ "name": "A", "kind": "OPEN" }, { "name": " a", "kind": "WON" }, { "name": " ", "kind": "WON" }] });
        let wanted = faults(&[("NOT_UNIQUE", "name"), ("NOT_UNIQUE", "stages.1.name"), ("REQUIRED", "stages.2.name")]);
        assert_eq!(told(world, "pipelineCreate", "pipeline { id }", input).await, wanted);
        let wanted = faults(&[("NOT_UNIQUE", "name"), ("INVALID", "position")]);
        assert_eq!(told(world, "pipelineUpdate", "pipeline { id }", json!({ "id": made["id"], "name": "standard", "position": 0 })).await, wanted);

        let deal = deal(world, "Deal", &stages[0]).await;
        let remove = async |id: &Value| told(world, "pipelineDelete", "deletedPipeline", json!({ "id": id })).await;
        assert_eq!(remove(&made["id"]).await, faults(&[("PIPELINE_IN_USE", "id")]));
        act(world, "dealDelete", "deletedDeal", json!({ "id": deal })).await;
        assert_eq!(remove(&made["id"]).await, faults(&[("PIPELINE_IN_USE", "id")]), "a deleted deal can be restored");
        let standard = json!(id(NodeKind::Pipeline, world.viewer.organization_id));
        assert_eq!(remove(&standard).await, faults(&[("PIPELINE_IN_USE", "id")]));
        assert_eq!(remove(&json!(absent(world, NodeKind::Pipeline))).await, faults(&[("NOT_FOUND", "id")]));

        let elsewhere = act(world, "stageCreate", "stage { id }", json!({ "name": "Open", "kind": "OPEN" })).await;
        act(world, "stageDelete", "deletedStage", json!({ "id": stages[0], "moveDealsToStageId": elsewhere["stage"]["id"] })).await;
        let removed = act(world, "pipelineDelete", "deletedPipeline", json!({ "id": made["id"] })).await;
        assert_eq!(removed["deletedPipeline"], made["id"]);
        let left = world.data("{ pipelines { name } stages { name } }", json!({})).await;
        assert_eq!(left, json!({ "pipelines": [{ "name": "Standard" }], "stages": [{ "name": "Open" }] }));
    }

    async fn a_stage_is_removed_with_its_deals_moved_in_one_go(world: &TestWorld) {
        let (made, stages) = services(world).await;
        for n in 0..3 {
            deal(world, &format!("Deal {n}"), &stages[0]).await;
        }
        let planned = act(world, "dealCreate", "deal { id }", json!({ "name": "Planned", "stageId": stages[0], "closedOn": "2026-06-30" })).await;
        let gone = deal(world, "Gone", &stages[0]).await;
        act(world, "dealDelete", "deletedDeal", json!({ "id": gone })).await;
        // 2026-01-06 06:30 in UTC is still the 5th in Los Angeles, where the organization is.
        world.advance(TimeDelta::minutes(18 * 60 + 30));

        let refuse = async |input: Value| told(world, "stageDelete", "deletedStage movedDealCount", input).await;
        assert_eq!(refuse(json!({ "id": stages[0] })).await, faults(&[("STAGE_IN_USE", "moveDealsToStageId")]));
        assert_eq!(refuse(json!({ "id": stages[0], "moveDealsToStageId": stages[0] })).await, faults(&[("INVALID", "moveDealsToStageId")]));
        let nowhere = json!({ "id": stages[0], "moveDealsToStageId": absent(world, NodeKind::Stage) });
        assert_eq!(refuse(nowhere).await, faults(&[("NOT_FOUND", "moveDealsToStageId")]));
        let stale = json!({ "id": stages[0], "moveDealsToStageId": stages[2], "pipelineVersion": 2 });
        assert_eq!(refuse(stale).await, faults(&[("VERSION_CONFLICT", "pipelineVersion")]));

        let input = json!({ "id": stages[0], "moveDealsToStageId": stages[2], "pipelineVersion": 1 });
        let removed = act(world, "stageDelete", "deletedStage movedDealCount", input).await;
        assert_eq!((&removed["deletedStage"], &removed["movedDealCount"]), (&json!(stages[0]), &json!(5)));
        let read = world.data("{ deals { nodes { name stage { name } closedOn version updatedAt } } stages { name } pipelines { version } }", json!({})).await;
        for deal in read["deals"]["nodes"].as_array().unwrap() {
            let closed = if deal["name"] == "Planned" { "2026-06-30" } else { "2026-01-05" };
            assert_eq!(deal, &json!({ "name": deal["name"], "stage": { "name": "Won" }, "closedOn": closed, "version": 2, "updatedAt": "2026-01-06T06:30:00Z" }));
        }
        assert_eq!(read["deals"]["nodes"].as_array().map(Vec::len), Some(4));
        assert_eq!((&read["stages"][0]["name"], &read["pipelines"][1]["version"]), (&json!("Talk"), &json!(2)));
        let restored = act(world, "dealRestore", "deal { stage { name } }", json!({ "id": gone })).await;
        assert_eq!(restored["deal"]["stage"]["name"], "Won");
        let empty = act(world, "stageDelete", "deletedStage movedDealCount", json!({ "id": stages[3] })).await;
        assert_eq!(empty["movedDealCount"], 0);
        assert_eq!(refuse(json!({ "id": stages[3] })).await, faults(&[("NOT_FOUND", "id")]));
        assert_eq!(text(&planned["deal"]["id"]).split('_').next(), Some("deal"));
        assert_eq!(made["version"], 1);
    }

    async fn what_a_stage_means_stays_while_deals_are_in_it(world: &TestWorld) {
        let (made, stages) = services(world).await;
        let change = async |input: Value| act(world, "stageUpdate", "stage { name kind pipeline { version } }", input).await["stage"].take();
        let renamed = change(json!({ "id": stages[0], "pipelineVersion": 1, "name": " First " })).await;
        assert_eq!(renamed, json!({ "name": "First", "kind": "OPEN", "pipeline": { "version": 2 } }));
        assert_eq!(change(json!({ "id": stages[0], "kind": "WON" })).await["kind"], "WON");
        let deal = deal(world, "Deal", &stages[1]).await;
        let refuse = async |input: Value| told(world, "stageUpdate", "stage { id }", input).await;
        assert_eq!(refuse(json!({ "id": stages[1], "kind": "LOST", "name": "FIRST" })).await, faults(&[("NOT_UNIQUE", "name"), ("STAGE_IN_USE", "kind")]));
        assert_eq!(change(json!({ "id": stages[1], "kind": "OPEN", "name": "Talks" })).await["name"], "Talks", "the same kind is no change");
        assert_eq!(refuse(json!({ "id": stages[1], "pipelineVersion": 1, "name": "x" })).await, faults(&[("VERSION_CONFLICT", "pipelineVersion")]));
        assert_eq!(told(world, "stageCreate", "stage { id }", json!({ "pipelineId": made["id"], "name": "talks", "kind": "OPEN" })).await, faults(&[("NOT_UNIQUE", "name")]));
        let nowhere = json!({ "pipelineId": absent(world, NodeKind::Pipeline), "name": "x", "kind": "OPEN" });
        assert_eq!(told(world, "stageCreate", "stage { id }", nowhere).await, faults(&[("NOT_FOUND", "pipelineId")]));
        let read = world.data("query($id: ID!) { deal(id: $id) { version stage { kind } } }", json!({ "id": deal })).await;
        assert_eq!(read["deal"], json!({ "version": 1, "stage": { "kind": "OPEN" } }));
    }

    async fn pipelines_and_stages_are_made_once_under_a_key_and_only_by_administrators(world: &TestWorld) {
        let pipeline = json!({ "name": "Once", "stages": [{ "name": "Only", "kind": "OPEN" }], "idempotencyKey": "p-1" });
        let make = async |input: &Value| act(world, "pipelineCreate", "pipeline { id }", input.clone()).await["pipeline"]["id"].take();
        let made = make(&pipeline).await;
        assert_eq!(make(&pipeline).await, made);
        let stage = json!({ "name": "Next", "kind": "WON", "pipelineId": made, "idempotencyKey": "s-1" });
        let first = act(world, "stageCreate", "stage { id }", stage.clone()).await;
        assert_eq!(act(world, "stageCreate", "stage { id }", stage.clone()).await, first);
        let read = world.data("{ pipelines { name stages { name } } }", json!({})).await;
        assert_eq!(read["pipelines"][1], json!({ "name": "Once", "stages": [{ "name": "Only" }, { "name": "Next" }] }));
        let other = json!({ "name": "Other", "idempotencyKey": "p-1" });
        assert_eq!(told(world, "pipelineCreate", "pipeline { id }", other).await, faults(&[("IDEMPOTENCY_KEY_REUSED", "idempotencyKey")]));
        // A refused create gives its key back.
        let twice = json!({ "name": "Once", "idempotencyKey": "p-2" });
        assert_eq!(told(world, "pipelineCreate", "pipeline { id }", twice).await, faults(&[("NOT_UNIQUE", "name")]));
        make(&json!({ "name": "Again", "idempotencyKey": "p-2" })).await;
        act(world, "pipelineDelete", "deletedPipeline", json!({ "id": made })).await;
        for (name, object, input) in [("pipelineCreate", "pipeline { id }", &pipeline), ("stageCreate", "stage { id }", &stage)] {
            assert_eq!(told(world, name, object, input.clone()).await, faults(&[("NOT_FOUND", "idempotencyKey")]), "it was removed since");
        }

        let (carl, stranger) = (colleague(world, "Carl", Role::Standard).await, organization(world, "Other", "otto@example.com").await);
        let (mine, stages) = services(world).await;
        for (name, object, input) in [
            ("pipelineCreate", "pipeline { id }", json!({ "name": "Mine" })),
            ("pipelineUpdate", "pipeline { id }", json!({ "id": mine["id"], "name": "Stolen" })),
            ("pipelineArrangeStages", "pipeline { id }", json!({ "id": mine["id"], "stageIds": stages })),
            ("pipelineDelete", "deletedPipeline", json!({ "id": mine["id"] })),
            ("stageCreate", "stage { id }", json!({ "pipelineId": mine["id"], "name": "Mine", "kind": "OPEN" })),
            ("stageUpdate", "stage { id }", json!({ "id": stages[0], "name": "Stolen" })),
            ("stageDelete", "deletedStage", json!({ "id": stages[0] })),
        ] {
            let (mutation, variables) = request(name, object, input);
            assert_eq!(code(&world.send_as(&carl.token, &mutation, variables.clone()).await), "FORBIDDEN", "{name}");
            if name != "pipelineCreate" {
                let field = if name == "stageCreate" { "pipelineId" } else { "id" };
                assert_eq!(refused(world, &stranger.token, &mutation, variables).await, faults(&[("NOT_FOUND", field)]), "{name}");
            }
        }
        let query = "query($id: ID!) { pipeline(id: $id) { id } node(id: $id) { id } stages(pipelineId: $id) { id } pipelines { name } }";
        let seen = world.send_as(&stranger.token, query, json!({ "id": mine["id"] })).await;
        assert_eq!(seen["data"], json!({ "pipeline": null, "node": null, "stages": [], "pipelines": [{ "name": "Standard" }] }));
        assert_eq!(world.data(query, json!({ "id": mine["id"] })).await["pipelines"][2]["name"], "Services");
    }

    async fn administrators_at_work_at_once_do_not_meet(world: &TestWorld) {
        let (made, stages) = services(world).await;
        let create = |name: String| act_quietly(world, "stageCreate", json!({ "pipelineId": made["id"], "name": name, "kind": "OPEN" }));
        let names = (0..6).map(|n| create(format!("Stage {}", n % 3)));
        let answers = join_all(names).await;
        assert_eq!(answers.iter().filter(|refusals| refusals.is_empty()).count(), 3, "{answers:?}");
        assert_eq!(answers.iter().flatten().filter(|code| *code == "NOT_UNIQUE").count(), 3, "{answers:?}");
        let read = world.data("query($id: ID!) { pipeline(id: $id) { version stages { position } } }", json!({ "id": made["id"] })).await;
        let positions: Vec<_> = read["pipeline"]["stages"].as_array().unwrap().iter().map(|stage| stage["position"].as_i64().unwrap()).collect();
        assert_eq!((positions, &read["pipeline"]["version"]), ((1..=7).collect(), &json!(4)));

        // Deals that come into a stage while it is removed are moved on or refused, and none is lost.
        let removal = act_quietly(world, "stageDelete", json!({ "id": stages[0], "moveDealsToStageId": stages[1] }));
        let comers = (0..8).map(|n| act_quietly(world, "dealCreate", json!({ "name": format!("Deal {n}"), "stageId": stages[0] })));
        let (removal, comers) = tokio::join!(removal, join_all(comers));
        assert_eq!(removal, Vec::<String>::new());
        let made = comers.iter().filter(|refusals| refusals.is_empty()).count();
        assert!(comers.iter().flatten().all(|code| code == "NOT_FOUND"), "{comers:?}");
        let read = world.data("query($s: ID!) { all: deals { totalCount } moved: deals(filter: { stage: { eq: $s } }) { totalCount } }", json!({ "s": stages[1] })).await;
        assert_eq!([&read["all"]["totalCount"], &read["moved"]["totalCount"]], [&json!(made); 2]);
    }

    async fn a_line_without_a_price_takes_the_list_price_in_the_currency_of_its_deal(world: &TestWorld) {
        let (_, stages) = services(world).await;
        let input = json!({ "name": "GTX", "unitPrice": { "amount": "550.50", "currencyCode": "USD" }, "prices": [{ "amount": "499.9999", "currencyCode": "EUR" }] });
        let product = act(world, "productCreate", "product { id }", input).await["product"]["id"].take();
        let bare = act(world, "productCreate", "product { id }", json!({ "name": "Free" })).await["product"]["id"].take();
        let prices = async |name: &str, input: Value| -> Vec<Value> {
            let made = act(world, name, "deal { id lines { unitPrice { amount currencyCode } } }", input).await;
            made["deal"]["lines"].as_array().unwrap().iter().map(|line| line["unitPrice"].clone()).collect()
        };
        let line = |price: Option<Value>| {
            let mut line = json!({ "productId": product, "quantity": 2 });
            price.into_iter().for_each(|price| line["unitPrice"] = price);
            line
        };
        let lines = json!([line(None), line(Some(json!("1.5"))), line(Some(json!(null))), { "productId": bare, "quantity": 1 }]);
        let make = |currency: Value| json!({ "name": "Deal", "stageId": stages[0], "lines": lines, "currencyCode": currency });
        let usd = |amount: &str| json!({ "amount": amount, "currencyCode": "USD" });
        assert_eq!(prices("dealCreate", make(json!(null))).await, [usd("550.5"), usd("1.5"), json!(null), json!(null)], "the home currency");
        let eur = prices("dealCreate", make(json!("EUR"))).await;
        assert_eq!(eur[0], json!({ "amount": "499.9999", "currencyCode": "EUR" }));
        assert_eq!(prices("dealCreate", make(json!("JPY"))).await[0], json!(null), "nothing is converted");

        // A later list price touches no deal; lines that are written anew take it, in the currency that the deal has then.
        act(world, "productUpdate", "product { id }", json!({ "id": product, "unitPrice": usd("600") })).await;
        let all = world.data("{ deals { nodes { id currencyCode lines { unitPrice { amount } } } } }", json!({})).await;
        let deal = all["deals"]["nodes"].as_array().unwrap().iter().find(|deal| deal["currencyCode"] == "EUR").unwrap();
        assert_eq!(deal["lines"][0]["unitPrice"]["amount"], "499.9999");
        let again = json!({ "id": deal["id"], "currencyCode": "USD", "lines": [line(None)] });
        assert_eq!(prices("dealUpdate", again).await, [usd("600")]);
    }
}

/// Runs a mutation and returns the codes of its user errors.
async fn act_quietly(world: &TestWorld, name: &str, input: Value) -> Vec<String> {
    let (mutation, variables) = request(name, "", input);
    let answer = world.send(&mutation, variables).await;
    assert!(answer.get("errors").is_none(), "{answer:#}");
    answer["data"][name]["userErrors"].as_array().unwrap().iter().map(|error| text(&error["code"])).collect()
}
