//! What load balancers ask: whether the process is up, and whether requests should come to it.

use std::time::Duration;

use finbridge::app::App;
use finbridge::config::{self, Config};
use finbridge::http::{GraphiqlPage, Shared, listen, serve};
use finbridge_entity::{PoolSize, database};
use finbridge_tests::{Backend, TestWorld, both_databases};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::{Server, db};

/// Longer than one look at the database answers everybody.
const STALE: Duration = Duration::from_millis(400);

async fn probe(world: &TestWorld, url: &str, probe: &str) -> (u16, Value) {
    let response = world.http().get(format!("{url}/health/{probe}")).send().await.expect("an answer");
    assert_eq!(response.headers()["cache-control"], "no-store");
    (response.status().as_u16(), response.json().await.expect("JSON"))
}

/// The status of the readiness probe and the codes of its reasons.
async fn readiness(world: &TestWorld, url: &str) -> (u16, Vec<String>) {
    let (status, report) = probe(world, url, "ready").await;
    let reasons = report["reasons"].as_array().expect("reasons");
    assert!(reasons.iter().all(|reason| reason["message"].as_str().is_some_and(|text| text.len() > 10)));
    assert_eq!(report["status"], if status == 200 { "ready" } else { "not ready" });
    (status, reasons.iter().map(|reason| reason["code"].as_str().expect("a code").to_owned()).collect())
}

both_databases! {
    async fn a_server_is_ready_while_the_database_is_as_new_as_itself(world: &TestWorld) {
        assert_eq!(probe(world, &world.url, "live").await, (200, json!({ "status": "live", "reasons": [] })));
        assert_eq!(readiness(world, &world.url).await, (200, vec![]));

        let change = async |sql: &str| {
            db(world).execute_unprepared(sql).await.expect("done");
            tokio::time::sleep(STALE).await;
        };
        change("UPDATE seaql_migrations SET version = 'x' || version WHERE version LIKE '%_job'").await;
        assert_eq!(readiness(world, &world.url).await, (503, vec!["MIGRATIONS".to_owned()]));
        assert_eq!(probe(world, &world.url, "live").await.0, 200);

        change("UPDATE seaql_migrations SET version = substr(version, 2) WHERE version LIKE 'x%'").await;
        change("INSERT INTO seaql_migrations (version, applied_at) VALUES ('m29990101_000001_newer', 0)").await;
        assert_eq!(readiness(world, &world.url).await, (200, vec![]), "a newer version may have added some");
    }

    async fn a_server_without_its_database_is_up_and_not_ready(world: &TestWorld) {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite://{}?mode=rwc", folder.path().join("other.db").display());
        let mut app: App = world.app.clone();
        app.engine.db = database::open(&url, PoolSize(4)).await.expect("a database");
        let closed = app.engine.db.clone();
        let server = Server::start(app, GraphiqlPage::default()).await;
        assert_eq!(readiness(world, &server.url).await, (503, vec!["DATABASE".to_owned()]), "an empty database");
        closed.close().await.expect("closed");
        tokio::time::sleep(STALE).await;
        assert_eq!(readiness(world, &server.url).await, (503, vec!["DATABASE".to_owned()]));
        assert_eq!(probe(world, &server.url, "live").await.0, 200);
        server.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_stops_is_not_ready_first_and_still_answers() {
    let world = TestWorld::start(Backend::Sqlite).await;
    let listener = listen(([127, 0, 0, 1], 0).into()).await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let settings = config::Server { drain_seconds: 4, ..config::Server::default() };
    let config = Config { server: settings, ..Config::default() };
    let shared = Shared::new(world.app.clone(), &config, GraphiqlPage::default());
    let stop = CancellationToken::new();
    let server = tokio::spawn(serve(listener, shared.expect("a schema"), stop.clone()));
    assert_eq!(readiness(&world, &url).await, (200, vec![]));

    stop.cancel();
    assert_eq!(readiness(&world, &url).await, (503, vec!["STOPPING".to_owned()]));
    let ask = || {
        let request = world.http().post(format!("{url}/graphql")).bearer_auth(&world.token);
        request.json(&json!({ "query": "{ viewer { user { name } } }" })).send()
    };
    assert_eq!(ask().await.expect("an answer").status(), 200);
    server.await.expect("it ends when it has drained");
    assert!(ask().await.is_err(), "nobody listens any more");
    world.finish().await;
}
