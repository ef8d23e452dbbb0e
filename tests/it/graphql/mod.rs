//! The GraphQL API as its callers see it: over HTTP, on both databases.

mod accounts;
mod auth;
mod contacts;
mod custom_fields;
mod deals;
mod export;
mod filters;
mod guard;
mod http;
mod idempotency;
mod loaders;
mod merge;
mod notes;
mod operations;
mod pages;
mod pipelines;
mod plans;
mod records;
mod search;
mod statements;
mod subscriptions;
mod tags;
mod tenancy;
mod views;

use finbridge::auth::Viewer;
use finbridge::auth::token::{self, TokenFor};
use finbridge::config::Config;
use finbridge::http::{GraphiqlPage, Shared, listen, serve};
use finbridge::service::tenant::{self, Administrator, Tenant};
use finbridge_domain::{Clock, CurrencyCode, NodeId, NodeKind, name_key};
use finbridge_entity::types::{Role, StageKind};
use finbridge_entity::{crm_user, membership, product, stage, vendor};
use finbridge_tests::TestWorld;
use sea_orm::prelude::Uuid;
use sea_orm::{ActiveModelTrait, DatabaseConnection, Set};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Somebody with a token.
pub(crate) struct Caller {
    pub(crate) viewer: Viewer,
    pub(crate) token: String,
}

fn db(world: &TestWorld) -> &DatabaseConnection {
    &world.app.engine.db
}

fn id(kind: NodeKind, uuid: Uuid) -> String {
    NodeId::new(kind, uuid).to_string()
}

/// The id of a thing that nobody has.
fn absent(world: &TestWorld, kind: NodeKind) -> String {
    id(kind, world.app.engine.ids.uuid())
}

async fn with_token(world: &TestWorld, viewer: Viewer) -> Caller {
    let secret = token::generate();
    let wish = TokenFor {
        organization_id: viewer.organization_id,
        user_id: viewer.user_id,
        name: "test".to_owned(),
        expires_at: None,
    };
    token::store(db(world), world.clock.as_ref(), &world.app.engine.ids, wish, &secret)
        .await
        .expect("a token");
    Caller { viewer, token: secret }
}

/// The administrator of an organization of this name, which is made if it is not there.
pub(crate) async fn organization(world: &TestWorld, name: &str, email: &str) -> Caller {
    let wish = Tenant { name, home_currency: CurrencyCode::USD, time_zone: "Europe/Berlin" };
    let person = Administrator { email, name: "Otto Other" };
    let ids = &world.app.engine.ids;
    let viewer = tenant::ensure(db(world), world.clock.as_ref(), ids, wish, person).await.expect("a tenant");
    with_token(world, viewer).await
}

/// A new member of the first organization.
pub(crate) async fn colleague(world: &TestWorld, name: &str, role: Role) -> Caller {
    let (organization_id, now) = (world.viewer.organization_id, world.clock.now());
    let user_id = world.app.engine.ids.uuid();
    let email = format!("{}@example.com", user_id.simple());
    crm_user::ActiveModel {
        id: Set(user_id),
        email: Set(email),
        name: Set(name.to_owned()),
        created_at: Set(now),
    }
    .insert(db(world))
    .await
    .expect("a user");
    membership::ActiveModel {
        organization_id: Set(organization_id),
        id: Set(world.app.engine.ids.uuid()),
        user_id: Set(user_id),
        role: Set(role),
        team: Set(None),
        name_key: Set(name_key(name)),
        created_at: Set(now),
    }
    .insert(db(world))
    .await
    .expect("a member");
    with_token(world, Viewer { user_id, organization_id, role }).await
}

/// A stage of the organization.
async fn stage_of(
    world: &TestWorld,
    organization: Uuid,
    name: &str,
    kind: StageKind,
    position: i32,
) -> String {
    let row = stage::ActiveModel {
        organization_id: Set(organization),
        id: Set(world.app.engine.ids.uuid()),
        pipeline_id: Set(organization),
        name: Set(name.to_owned()),
        name_key: Set(name_key(name)),
        kind: Set(kind),
        position: Set(position),
    };
    id(NodeKind::Stage, row.insert(db(world)).await.expect("a stage").id)
}

/// The row of a product of the organization, to be changed and inserted.
fn product_row(world: &TestWorld, organization: Uuid, name: &str) -> product::ActiveModel {
    let (ids, now) = (&world.app.engine.ids, world.clock.now());
    product::ActiveModel {
        organization_id: Set(organization),
        id: Set(ids.uuid()),
        wire_id: Set(ids.wire_id().0),
        name: Set(name.to_owned()),
        name_key: Set(name_key(name)),
        version: Set(1),
        created_at: Set(now),
        updated_at: Set(now),
        is_active: Set(true),
        is_taxable: Set(true),
        ..Default::default()
    }
}

async fn product_of(world: &TestWorld, organization: Uuid, name: &str) -> String {
    let row = product_row(world, organization, name).insert(db(world)).await.expect("a product");
    id(NodeKind::Product, row.id)
}

/// The row of a vendor of the organization, to be changed and inserted.
fn vendor_row(world: &TestWorld, organization: Uuid, name: &str) -> vendor::ActiveModel {
    let (ids, now) = (&world.app.engine.ids, world.clock.now());
    vendor::ActiveModel {
        organization_id: Set(organization),
        id: Set(ids.uuid()),
        wire_id: Set(ids.wire_id().0),
        name: Set(name.to_owned()),
        name_key: Set(name_key(name)),
        version: Set(1),
        created_at: Set(now),
        updated_at: Set(now),
        ..Default::default()
    }
}

/// Runs a mutation whose only root field is answered without user errors, and returns what that field holds.
async fn done(world: &TestWorld, mutation: &str, variables: Value) -> Value {
    let mut data = world.data(mutation, variables).await;
    let payload = data.as_object_mut().and_then(|fields| fields.values_mut().next()).expect("a field").take();
    assert_eq!(payload["userErrors"], json!([]), "{mutation}");
    payload
}

/// Runs a mutation that must be refused with user errors, and returns their codes and fields.
async fn refused(world: &TestWorld, token: &str, mutation: &str, variables: Value) -> Vec<(String, String)> {
    let answer = world.send_as(token, mutation, variables).await;
    assert!(answer.get("errors").is_none(), "{mutation}\n{answer:#}");
    let payload = answer["data"].as_object().and_then(|fields| fields.values().next()).expect("a field");
    for (name, value) in payload.as_object().expect("a payload") {
        assert!(
            name == "userErrors" || value.is_null(),
            "the object is there beside user errors: {answer:#}"
        );
    }
    let errors = payload["userErrors"].as_array().expect("user errors");
    assert!(!errors.is_empty(), "it was not refused: {answer:#}");
    errors.iter().map(fault).collect()
}

fn fault(error: &Value) -> (String, String) {
    let path: Vec<_> = error["field"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    assert!(error["message"].as_str().is_some_and(|message| message.len() > 10), "{error:#}");
    (text(&error["code"]), path.join("."))
}

/// Codes and fields as a test writes them.
fn faults(wanted: &[(&str, &str)]) -> Vec<(String, String)> {
    wanted.iter().map(|(code, field)| ((*code).to_owned(), (*field).to_owned())).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is not a text")).to_owned()
}

/// The code of an answer's only top-level error.
fn code(answer: &Value) -> &str {
    let errors = answer["errors"].as_array().unwrap_or_else(|| panic!("no error in {answer:#}"));
    assert_eq!(errors.len(), 1, "{answer:#}");
    assert!(errors[0]["extensions"]["requestId"].is_string(), "{answer:#}");
    errors[0]["extensions"]["code"].as_str().unwrap_or_else(|| panic!("no code in {answer:#}"))
}

/// A second server on the world's database, with a page and an observed connection of its own.
struct Server {
    url: String,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Server {
    async fn start(app: finbridge::app::App, page: GraphiqlPage) -> Self {
        Self::with(app, page, &Config::default()).await
    }

    async fn with(app: finbridge::app::App, page: GraphiqlPage, config: &Config) -> Self {
        let listener = listen(([127, 0, 0, 1], 0).into()).await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let stop = CancellationToken::new();
        let shared = Shared::new(app, config, page).expect("the guard reads the schema");
        let task = tokio::spawn(serve(listener, shared, stop.clone()));
        Self { url, stop, task }
    }

    async fn finish(self) {
        self.stop.cancel();
        self.task.await.expect("the server ends in peace");
    }
}
