//! Random worlds: records on both sides, edits between runs, every policy, direction and module, and what must hold after
//! each run whatever came before. The same worlds each time, so a failure names one that can be looked at alone:
//! `make test-only T=worlds_3`.

mod check;
mod drawn;
mod sides;

use chrono::TimeDelta;
use finbridge_domain::NodeId;
use finbridge_emulator::{DEMO_EMAIL, DEMO_ZSC_KEY};
use finbridge_entity::integration;
use finbridge_tests::{TestWorld, both_databases};
use sea_orm::prelude::Uuid;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};

use check::{Known, Look};
use drawn::{Edit, Shape, WORLDS, What, story};
use sides::Seen;

/// How many tests share the worlds: each starts a server of its own, and they run side by side.
const GROUPS: u64 = 6;

/// One world: a tenant of its own in a server that several share, and the emulator as it was at first.
struct Stage<'a> {
    world: &'a TestWorld,
    organization: Uuid,
    token: String,
    module: Uuid,
    shape: Shape,
    known: Known,
    numbers: u32,
}

impl<'a> Stage<'a> {
    async fn open(world: &'a TestWorld, number: u64) -> Self {
        let shape = Shape::of(number);
        world.emulator.reset().expect("the emulator forgets the world before");
        let (viewer, token) = world.tenant(&format!("World {number}")).await;
        let (organization, module, known) = (viewer.organization_id, Uuid::nil(), Known::default());
        let mut stage = Self { world, organization, token, module, shape, known, numbers: 0 };
        let connect = "mutation($input: IntegrationConnectInput!) { integrationConnect(input: $input) {
            integration { id } userErrors { code message } } }";
        let input =
            json!({ "app": shape.app, "email": DEMO_EMAIL, "zscKey": DEMO_ZSC_KEY, "transactionKinds": [] });
        let connected = stage.data(connect, json!({ "input": input })).await;
        let integration = connected["integrationConnect"]["integration"]["id"].as_str();
        let integration = integration.unwrap_or_else(|| panic!("{connected:#}")).to_owned();
        if let Some(profile) = shape.profile {
            stage.behave_as(&integration, profile).await;
        }
        stage.configure(&integration).await;
        stage.module = world.module_id(organization, &integration, shape.module).await;
        stage
    }

    /// Gives the integration another profile than that of its app.
    async fn behave_as(&self, integration: &str, profile: &str) {
        let id = integration.parse::<NodeId>().unwrap().uuid;
        let changed = integration::Entity::update_many()
            .col_expr(integration::Column::ProfileKey, Expr::value(profile))
            .filter(integration::Column::OrganizationId.eq(self.organization))
            .filter(integration::Column::Id.eq(id))
            .exec(&self.world.app.engine.db)
            .await
            .unwrap();
        assert_eq!(changed.rows_affected, 1);
    }

    async fn configure(&self, integration: &str) {
        let shape = self.shape;
        let mut input = json!({
            "integrationId": integration, "module": shape.module, "duplicatePolicy": shape.duplicates,
            "bothModifiedPolicy": shape.both_modified, "isAutomatic": false, "start": false,
        });
        if let Some(crm_module) = shape.crm_module {
            input["crmModule"] = json!(crm_module);
        }
        // The two older profiles know one direction each, and let nobody choose.
        if shape.profile.is_none() {
            input["direction"] = json!(if shape.is_both_ways { "BOTH_WAYS" } else { "FETCH_FROM_CRM" });
        }
        let configure = "mutation($input: SyncModuleConfigureInput!) { syncModuleConfigure(input: $input) {
            userErrors { code message } } }";
        let configured = self.data(configure, json!({ "input": input })).await;
        assert_eq!(configured["syncModuleConfigure"]["userErrors"], json!([]), "{shape:?}");
    }

    /// Sends a GraphQL request of the world's tenant, which must succeed.
    async fn data(&self, query: &str, variables: Value) -> Value {
        let mut answer = self.world.send_as(&self.token, query, variables).await;
        assert!(answer.get("errors").is_none(), "{query}\n{answer:#}");
        answer["data"].take()
    }

    /// A number that nothing in this world has yet.
    fn number(&mut self) -> u32 {
        self.numbers += 1;
        self.numbers
    }

    /// Both sides are edited, by whoever is there.
    async fn edit(&mut self, edits: &[Edit]) {
        // Finance apps tell changes apart by the second, and a field that goes both ways often within a day is taken for
        // a loop.
        self.world.advance(TimeDelta::hours(25));
        let mut look = self.look().await;
        for edit in edits {
            let is_done = if edit.is_crm {
                self.crm_edit(&mut look, edit).await
            } else {
                self.finance_edit(&mut look, edit).await
            };
            self.known.edits += usize::from(is_done);
        }
    }

    async fn crm_edit(&mut self, look: &mut Look, edit: &Edit) -> bool {
        let places: Vec<_> = look.crm.keys().copied().collect();
        let Some(id) = places.get(edit.whom % places.len().max(1)).copied() else { return false };
        let seen = look.crm[&id].clone();
        let remote_id = look.link_of(id).and_then(|link| link.remote_id.clone());
        match edit.what {
            What::Name if !seen.kind.is_renamed() => return false,
            // Persons of deleted accounts have rules of their own (A17.14).
            What::Delete if self.shape.has_persons() => return false,
            What::Delete => {
                self.delete_in_crm(&seen).await;
                let origin = look.link_of(id).map(|link| link.origin);
                look.crm.remove(&id);
                self.known.deleted.insert(id, remote_id.zip(origin));
            }
            what => {
                let held = self.edit_in_crm(&seen, what).await;
                look.crm.insert(id, Seen { held, ..seen });
                let place = place_of(what);
                self.known
                    .ahead
                    .retain(|(remote, field)| Some(remote) != remote_id.as_ref() || *field != place);
            }
        }
        true
    }

    async fn finance_edit(&mut self, look: &mut Look, edit: &Edit) -> bool {
        let places: Vec<_> = look.finance.values().filter(|seen| !seen.is_copy()).cloned().collect();
        let Some(seen) = places.get(edit.whom % places.len().max(1)).cloned() else { return false };
        let what = if edit.what == What::Delete { What::First } else { edit.what };
        // What a clone is called is its link's affair: the name ends in the number that was free.
        if what == What::Name && (!seen.kind.is_renamed() || seen.held[0].ends_with(')')) {
            return false;
        }
        let (id, held) = (seen.id.clone(), self.edit_in_finance(&seen, what).await);
        look.finance.insert(id.clone(), Seen { held, ..seen });
        self.known.ahead.insert((id, place_of(what)));
        true
    }
}

/// The place of a field among those that are watched.
fn place_of(what: What) -> usize {
    match what {
        What::Name | What::Delete => 0,
        What::First => 1,
        What::Second => 2,
    }
}

async fn play(world: &TestWorld, number: u64) {
    let story = story(number);
    println!("world {number}: {:?}\n{story:#?}", Shape::of(number));
    let mut stage = Stage::open(world, number).await;
    for born in &story.crm {
        stage.make_in_crm(*born).await;
    }
    for number in &story.finance {
        stage.make_in_finance(*number).await;
    }
    let begun = stage.look().await;
    stage.known.crm = begun.crm.keys().copied().collect();
    stage.known.finance = begun.finance.keys().cloned().collect();
    assert!(!stage.known.crm.is_empty() && !stage.known.finance.is_empty());
    let last = stage.settle().await;
    stage.check(&last).await;
    for (round, edits) in story.rounds.iter().enumerate() {
        println!("world {number}: round {round}");
        stage.edit(edits).await;
        let last = stage.settle().await;
        stage.check(&last).await;
    }
}

async fn group(world: &TestWorld, group: u64) {
    for number in (0..WORLDS).filter(|number| number % GROUPS == group) {
        play(world, number).await;
    }
}

both_databases! {
    async fn worlds_0_settle_and_lose_nothing(world: &TestWorld) {
        group(world, 0).await;
    }

    async fn worlds_1_settle_and_lose_nothing(world: &TestWorld) {
        group(world, 1).await;
    }

    async fn worlds_2_settle_and_lose_nothing(world: &TestWorld) {
        group(world, 2).await;
    }

    async fn worlds_3_settle_and_lose_nothing(world: &TestWorld) {
        group(world, 3).await;
    }

    async fn worlds_4_settle_and_lose_nothing(world: &TestWorld) {
        group(world, 4).await;
    }

    async fn worlds_5_settle_and_lose_nothing(world: &TestWorld) {
        group(world, 5).await;
    }
}
