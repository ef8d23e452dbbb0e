//! Every metric: its name, what it counts, and in which labels. `docs/operations.md` has the same list, and a test
//! compares them. No label takes its values from outside: the number of series has to stay small, whoever calls.

use metrics::{describe_counter, describe_gauge, describe_histogram};

/// Requests over HTTP.
pub const HTTP_REQUESTS: &str = "finbridge_http_requests_total";
/// How long they took.
pub const HTTP_DURATION: &str = "finbridge_http_request_duration_seconds";
/// GraphQL operations.
pub const OPERATIONS: &str = "finbridge_graphql_operations_total";
/// How long their execution took.
pub const OPERATION_DURATION: &str = "finbridge_graphql_operation_duration_seconds";
/// Points that operations cost.
pub const COST: &str = "finbridge_graphql_cost_points_total";
/// Requests that were told to wait.
pub const THROTTLED: &str = "finbridge_graphql_throttled_total";
/// Subscribers that are connected.
pub const SUBSCRIBERS: &str = "finbridge_graphql_subscribers";
/// How long SQL statements took.
pub const SQL_DURATION: &str = "finbridge_sql_duration_seconds";
/// Connections to the database.
pub const CONNECTIONS: &str = "finbridge_database_connections";
/// How many there may be.
pub const CONNECTIONS_MAX: &str = "finbridge_database_connections_max";
/// Jobs that ran.
pub const JOBS: &str = "finbridge_jobs_total";
/// How long they took.
pub const JOB_DURATION: &str = "finbridge_job_duration_seconds";
/// Jobs in the queue.
pub const QUEUE: &str = "finbridge_queue_jobs";
/// Sync runs that ended.
pub const SYNC_RUNS: &str = "finbridge_sync_runs_total";
/// How long they took.
pub const SYNC_RUN_DURATION: &str = "finbridge_sync_run_duration_seconds";
/// Records of runs that ended.
pub const SYNC_ITEMS: &str = "finbridge_sync_items_total";
/// Calls of finance apps.
pub const CALLS: &str = "finbridge_connector_calls_total";
/// How long they took.
pub const CALL_DURATION: &str = "finbridge_connector_call_duration_seconds";
/// Panics.
pub const PANICS: &str = "finbridge_panics_total";
/// Which version runs.
pub const BUILD: &str = "finbridge_build_info";
/// How long the process has been up.
pub const UPTIME: &str = "process_uptime_seconds";
/// What it takes of the memory.
pub const MEMORY: &str = "process_resident_memory_bytes";

/// What a metric is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It only grows.
    Counter,
    /// It goes up and down.
    Gauge,
    /// It counts samples by their size.
    Histogram,
}

/// A metric.
#[derive(Debug, Clone, Copy)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// What it is.
    pub kind: Kind,
    /// What it tells.
    pub help: &'static str,
}

const fn metric(name: &'static str, kind: Kind, help: &'static str) -> Metric {
    Metric { name, kind, help }
}

/// Every metric.
pub const METRICS: &[Metric] = &[
    metric(HTTP_REQUESTS, Kind::Counter, "Requests answered over HTTP, by route, method and status"),
    metric(HTTP_DURATION, Kind::Histogram, "Time until the answer's head was ready, by route"),
    metric(
        OPERATIONS,
        Kind::Counter,
        "GraphQL operations by kind, outcome (ok, errors, refused) and the code of the first error",
    ),
    metric(OPERATION_DURATION, Kind::Histogram, "Execution time of GraphQL operations, by kind"),
    metric(COST, Kind::Counter, "Points that executed operations cost"),
    metric(
        THROTTLED,
        Kind::Counter,
        "Requests told to wait, by limit (cost, unknown_tokens, concurrent_requests)",
    ),
    metric(SUBSCRIBERS, Kind::Gauge, "Subscribers connected now, by transport"),
    metric(SQL_DURATION, Kind::Histogram, "Time of SQL statements, by operation and outcome"),
    metric(CONNECTIONS, Kind::Gauge, "Connections to the database in this process, by state (busy, idle)"),
    metric(CONNECTIONS_MAX, Kind::Gauge, "Connections that this process may open"),
    metric(JOBS, Kind::Counter, "Jobs run in this process, by kind and outcome (done, failed, cut_off)"),
    metric(JOB_DURATION, Kind::Histogram, "Time of jobs, by kind"),
    metric(QUEUE, Kind::Gauge, "Jobs in the queue that all processes share, by state (outstanding, dead)"),
    metric(SYNC_RUNS, Kind::Counter, "Sync runs ended in this process, by module and state"),
    metric(SYNC_RUN_DURATION, Kind::Histogram, "Time from a run's start to its end, by module"),
    metric(SYNC_ITEMS, Kind::Counter, "Records of ended runs, by module and outcome"),
    metric(
        CALLS,
        Kind::Counter,
        "Calls of finance apps by app, method and HTTP status (none: there was no answer)",
    ),
    metric(CALL_DURATION, Kind::Histogram, "Time of calls of finance apps, by app"),
    metric(PANICS, Kind::Counter, "Panics; each is a fault of the program and stands in the log"),
    metric(BUILD, Kind::Gauge, "Always 1; the label tells the version"),
    metric(UPTIME, Kind::Gauge, "Seconds since the process began to serve"),
    metric(MEMORY, Kind::Gauge, "Memory of the process that is in RAM; only on Linux"),
];

/// Tells the recorder what each metric is.
pub fn describe() {
    for metric in METRICS {
        match metric.kind {
            Kind::Counter => describe_counter!(metric.name, metric.help),
            Kind::Gauge => describe_gauge!(metric.name, metric.help),
            Kind::Histogram => describe_histogram!(metric.name, metric.help),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_page_for_operators_lists_every_metric_and_no_other() {
        let page = include_str!("../../../docs/operations.md");
        let rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
        let listed: BTreeSet<_> =
            rows.filter(|name| name.starts_with("finbridge_") || name.starts_with("process_")).collect();
        let known: BTreeSet<_> = METRICS.iter().map(|metric| metric.name).collect();
        assert_eq!(listed, known);
        assert_eq!(known.len(), METRICS.len(), "no name stands twice");
    }

    #[test]
    fn names_tell_kind_and_unit() {
        for metric in METRICS {
            assert_eq!(metric.name.ends_with("_total"), metric.kind == Kind::Counter, "{}", metric.name);
            assert!(metric.kind != Kind::Histogram || metric.name.ends_with("_seconds"), "{}", metric.name);
        }
    }
}
