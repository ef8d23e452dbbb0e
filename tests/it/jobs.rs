//! The job queue's contract: one suite, both engines.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use finbridge_entity::{PoolSize, begin_write};
use finbridge_migration::{Migrator, MigratorTrait};
use finbridge_sync::queue::{self, Dispatcher, JobQueue, NewJob};
use finbridge_tests::{Backend, new_postgres_database};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

const PATIENCE: Duration = Duration::from_secs(20);

/// What handlers did, and how they are to behave.
#[derive(Default)]
struct Witness {
    ran: Mutex<Vec<Value>>,
    failures_left: Mutex<HashMap<String, u32>>,
    at_once: Mutex<HashMap<String, (u32, u32)>>,
}

#[async_trait]
impl Dispatcher for Witness {
    async fn dispatch(&self, kind: &str, payload: Value) -> Result<(), String> {
        {
            let mut at_once = self.at_once.lock().unwrap();
            let (now, most) = at_once.entry(kind.to_owned()).or_default();
            *now += 1;
            *most = (*now).max(*most);
        }
        if payload["sleep_ms"].is_u64() {
            tokio::time::sleep(Duration::from_millis(payload["sleep_ms"].as_u64().unwrap())).await;
        }
        self.ran.lock().unwrap().push(payload);
        self.at_once.lock().unwrap().get_mut(kind).unwrap().0 -= 1;
        let mut failures = self.failures_left.lock().unwrap();
        match failures.get_mut(kind) {
            Some(0) | None => Ok(()),
            Some(left) => {
                *left -= 1;
                drop(failures);
                assert!(kind != "panics", "as told");
                Err("as told".to_owned())
            }
        }
    }
}

struct Bench {
    db: DatabaseConnection,
    queue: Arc<dyn JobQueue>,
    witness: Arc<Witness>,
    _folder: tempfile::TempDir,
}

impl Bench {
    async fn new(backend: Backend) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = match backend {
            Backend::Sqlite => format!("sqlite://{}?mode=rwc", folder.path().join("jobs.db").display()),
            Backend::Postgres => new_postgres_database().await,
        };
        let db = finbridge_entity::database::open(&url, PoolSize(16)).await.unwrap();
        Migrator::up(&db, None).await.unwrap();
        let queue = queue::open(&db).await.unwrap();
        Self { db, queue, witness: Arc::default(), _folder: folder }
    }

    fn worker(&self) -> (JoinHandle<()>, CancellationToken) {
        let (queue, witness, stop) = (self.queue.clone(), self.witness.clone(), CancellationToken::new());
        let stopping = stop.clone();
        (tokio::spawn(async move { queue.run(witness, stopping).await }), stop)
    }

    async fn enqueue(&self, job: NewJob) {
        let transaction = begin_write(&self.db).await.unwrap();
        self.queue.enqueue(&transaction, job).await.unwrap();
        transaction.commit().await.unwrap();
    }

    fn ran(&self) -> Vec<Value> {
        self.witness.ran.lock().unwrap().clone()
    }

    async fn until(&self, what: &str, done: impl AsyncFn() -> bool) {
        let begun = Instant::now();
        while !done().await {
            assert!(begun.elapsed() < PATIENCE, "{what}; ran: {:?}", self.ran());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn idle(&self) {
        self.until("jobs are left", async || self.queue.outstanding().await.unwrap() == 0).await;
    }
}

async fn runs_what_was_committed_and_nothing_else(bench: Bench) {
    let (worker, stop) = bench.worker();
    for n in 0..20 {
        let transaction = begin_write(&bench.db).await.unwrap();
        bench.queue.enqueue(&transaction, NewJob::new("plain", json!({ "n": n }))).await.unwrap();
        if n % 2 == 0 {
            transaction.commit().await.unwrap();
        } else {
            transaction.rollback().await.unwrap();
        }
    }
    bench.until("not all ran", async || bench.ran().len() >= 10).await;
    bench.idle().await;
    let mut numbers: Vec<_> = bench.ran().iter().map(|payload| payload["n"].as_u64().unwrap()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..20).step_by(2).collect::<Vec<_>>());
    stop.cancel();
    worker.await.unwrap();
}

async fn retries_errors_and_panics_and_keeps_the_dead_in_sight(bench: Bench) {
    for (kind, failures) in [("errors", 1), ("panics", 1), ("hopeless", 99)] {
        bench.witness.failures_left.lock().unwrap().insert(kind.to_owned(), failures);
    }
    let (worker, stop) = bench.worker();
    bench.enqueue(NewJob::new("errors", json!("errors"))).await;
    bench.enqueue(NewJob::new("panics", json!("panics"))).await;
    bench.enqueue(NewJob { max_attempts: 1, ..NewJob::new("hopeless", json!("hopeless")) }).await;
    bench.idle().await;
    let times = |what: &str| bench.ran().iter().filter(|payload| **payload == json!(what)).count();
    assert_eq!((times("errors"), times("panics"), times("hopeless")), (2, 2, 1));
    let dead = bench.queue.dead().await.unwrap();
    assert_eq!(dead.len(), 1, "{dead:?}");
    assert_eq!((dead[0].kind.as_str(), &dead[0].payload), ("hopeless", &json!("hopeless")));
    assert!(dead[0].last_error.as_deref().unwrap_or_default().contains("as told"));
    stop.cancel();
    worker.await.unwrap();
}

async fn a_key_replaces_what_waits_and_a_lane_runs_one_at_a_time(bench: Bench) {
    for n in 0..3 {
        bench
            .enqueue(NewJob { key: Some("same".to_owned()), ..NewJob::new("keyed", json!({ "n": n })) })
            .await;
    }
    for _ in 0..4 {
        let job = NewJob::new("laned", json!({ "sleep_ms": 60 }));
        bench.enqueue(NewJob { lane: Some("lane".to_owned()), ..job }).await;
        bench.enqueue(NewJob::new("free", json!({ "sleep_ms": 300 }))).await;
    }
    let (worker, stop) = bench.worker();
    bench.idle().await;
    let keyed: Vec<_> = bench.ran().into_iter().filter(|payload| payload["n"].is_u64()).collect();
    assert_eq!(keyed, [json!({ "n": 2 })]);
    let at_once = bench.witness.at_once.lock().unwrap().clone();
    assert_eq!(at_once["laned"].1, 1, "jobs of a lane never run side by side");
    assert!(at_once["free"].1 > 1, "other jobs do");
    stop.cancel();
    worker.await.unwrap();
}

async fn a_delayed_job_waits(bench: Bench) {
    let (worker, stop) = bench.worker();
    bench
        .enqueue(NewJob { delay: Duration::from_millis(1500), ..NewJob::new("later", json!("later")) })
        .await;
    bench.enqueue(NewJob::new("now", json!("now"))).await;
    bench.until("the first did not run", async || !bench.ran().is_empty()).await;
    assert_eq!(bench.ran(), [json!("now")]);
    bench.idle().await;
    assert_eq!(bench.ran(), [json!("now"), json!("later")]);
    stop.cancel();
    worker.await.unwrap();
}

async fn stopping_lets_running_jobs_finish_and_others_wait_for_the_next_worker(bench: Bench) {
    let (worker, stop) = bench.worker();
    bench.enqueue(NewJob::new("slow", json!({ "sleep_ms": 400 }))).await;
    bench
        .until("it did not begin", async || bench.witness.at_once.lock().unwrap().contains_key("slow"))
        .await;
    stop.cancel();
    bench.enqueue(NewJob::new("after", json!("after"))).await;
    worker.await.unwrap();
    assert_eq!(bench.ran(), [json!({ "sleep_ms": 400 })]);
    let (worker, stop) = bench.worker();
    bench.idle().await;
    assert_eq!(bench.ran().len(), 2);
    stop.cancel();
    worker.await.unwrap();
}

macro_rules! contract {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            use super::*;
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() { super::$name(Bench::new(Backend::Sqlite).await).await; })+
        }
        mod postgres {
            use super::*;
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() { super::$name(Bench::new(Backend::Postgres).await).await; })+
        }
    };
}

contract!(
    runs_what_was_committed_and_nothing_else,
    retries_errors_and_panics_and_keeps_the_dead_in_sight,
    a_key_replaces_what_waits_and_a_lane_runs_one_at_a_time,
    a_delayed_job_waits,
    stopping_lets_running_jobs_finish_and_others_wait_for_the_next_worker,
);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lanes_in_which_nothing_waits_are_forgotten() {
    let bench = Bench::new(Backend::Postgres).await;
    let lanes = async || {
        let sql = "SELECT queue_name FROM graphile_worker._private_job_queues";
        let rows = bench.db.query_all_raw(Statement::from_string(DbBackend::Postgres, sql)).await.unwrap();
        rows.iter().map(|row| row.try_get::<String>("", "queue_name").unwrap()).collect::<Vec<_>>()
    };
    let in_lane = |lane: &str| NewJob { lane: Some(lane.to_owned()), ..NewJob::new("plain", json!(lane)) };
    bench.enqueue(in_lane("over")).await;
    let (worker, stop) = bench.worker();
    bench.idle().await;
    stop.cancel();
    worker.await.unwrap();
    assert_eq!(lanes().await, ["over"]);
    bench.enqueue(NewJob { delay: Duration::from_secs(600), ..in_lane("waits") }).await;
    let (worker, stop) = bench.worker();
    bench.until("the lane stays", async || lanes().await == ["waits"]).await;
    stop.cancel();
    worker.await.unwrap();
}
