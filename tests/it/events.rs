//! The event bus between processes, on PostgreSQL.

use std::time::Duration;

use finbridge_entity::{PoolSize, begin_write};
use finbridge_sync::Events;
use finbridge_sync::event::{Subject, Topic, Watch};
use finbridge_tests::new_postgres_database;
use sea_orm::{ConnectionTrait, DatabaseConnection};
use tokio_util::sync::CancellationToken;

async fn is_woken(watch: &mut Watch, within: Duration) -> bool {
    tokio::time::timeout(within, watch.announced()).await.is_ok()
}

/// What one process has.
async fn process(url: &str, stop: &CancellationToken) -> (DatabaseConnection, Events) {
    let db = finbridge_entity::database::open(url, PoolSize(4)).await.unwrap();
    let events = Events::of(&db);
    let (listening, hears, stop) = (db.clone(), events.clone(), stop.clone());
    tokio::spawn(async move { hears.listen(&listening, stop).await });
    (db, events)
}

fn topic() -> Topic {
    let id = |n| sea_orm::prelude::Uuid::from_u128(n);
    Topic::one(id(1), Subject::SyncRun, id(2))
}

const SOON: Duration = Duration::from_secs(10);
const NEVER: Duration = Duration::from_millis(300);

/// Waits until the listener is there: then everybody is woken, because something may have been missed.
async fn settled(watch: &mut Watch) {
    assert!(is_woken(watch, SOON).await, "listening wakes everybody");
}

#[tokio::test]
async fn what_commits_in_one_process_wakes_the_other_and_nothing_else_does() {
    let url = new_postgres_database().await;
    let stop = CancellationToken::new();
    let (db, here) = process(&url, &stop).await;
    let (_other, there) = process(&url, &stop).await;
    let (mut one, mut all) =
        (there.watch(topic()), there.watch(Topic::all(topic().organization_id, Subject::SyncRun)));
    settled(&mut one).await;
    settled(&mut all).await;

    let transaction = begin_write(&db).await.unwrap();
    here.commit(transaction, &[topic(), topic()]).await.unwrap();
    assert!(is_woken(&mut one, SOON).await && is_woken(&mut all, SOON).await);
    here.announce(&db, topic()).await.unwrap();
    assert!(is_woken(&mut one, SOON).await);

    let open = begin_write(&db).await.unwrap();
    open.execute_unprepared("SELECT pg_notify('finbridge_event', 'something of a later version')")
        .await
        .unwrap();
    here.commit(open, &[]).await.unwrap();
    here.announce(&db, Topic { organization_id: sea_orm::prelude::Uuid::from_u128(9), ..topic() })
        .await
        .unwrap();
    assert!(!is_woken(&mut one, NEVER).await, "other texts and other tenants wake nobody");
    stop.cancel();
}

#[tokio::test]
async fn a_listener_that_lost_its_connection_wakes_everybody_when_it_is_back() {
    let url = new_postgres_database().await;
    let stop = CancellationToken::new();
    let (db, events) = process(&url, &stop).await;
    let mut watch = events.watch(topic());
    settled(&mut watch).await;
    for _ in 0..3 {
        let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'";
        assert!(db.execute_unprepared(cut).await.unwrap().rows_affected() >= 1);
        assert!(is_woken(&mut watch, SOON).await, "somebody could have been told meanwhile");
        events.announce(&db, topic()).await.unwrap();
        assert!(is_woken(&mut watch, SOON).await, "and it hears again");
    }
    stop.cancel();
}

#[tokio::test]
async fn on_sqlite_a_commit_wakes_those_who_share_the_engine() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}?mode=rwc", folder.path().join("events.db").display());
    let stop = CancellationToken::new();
    let (db, events) = process(&url, &stop).await;
    let mut watch = events.clone().watch(topic());
    let transaction = begin_write(&db).await.unwrap();
    assert!(!is_woken(&mut watch, NEVER).await);
    events.commit(transaction, &[topic()]).await.unwrap();
    assert!(is_woken(&mut watch, NEVER).await);
    let dropped = begin_write(&db).await.unwrap();
    drop(dropped);
    assert!(!is_woken(&mut watch, NEVER).await);
}
