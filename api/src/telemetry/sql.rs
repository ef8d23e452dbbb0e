//! SQL statements: a sample each, and a span where one of ours is being exported. Values stay out of both.

use metrics::histogram;
use opentelemetry::trace::{SpanKind, Status, TraceContextExt, Tracer};
use opentelemetry::{Context, KeyValue, global, time};
use sea_orm::DbBackend;
use sea_orm::metric::Info;

use super::catalogue::SQL_DURATION;

/// Longest statement text of a span.
const LONGEST: usize = 2_000;

/// Observes a statement that has ended.
pub fn observe(info: &Info<'_>) {
    let statement = info.statement;
    let operation = operation(&statement.sql);
    let outcome = if info.failed { "failed" } else { "ok" };
    histogram!(SQL_DURATION, "operation" => operation, "outcome" => outcome).record(info.elapsed);
    let context = Context::current();
    if context.span().span_context().is_sampled() {
        export(&context, operation, info);
    }
}

/// The callback comes when the statement is done, so its span is made after the fact.
fn export(context: &Context, operation: &'static str, info: &Info<'_>) {
    let system = if info.statement.db_backend == DbBackend::Postgres { "postgresql" } else { "sqlite" };
    let text: String = info.statement.sql.chars().take(LONGEST).collect();
    let ended = time::now();
    let tracer = global::tracer("finbridge");
    let span = tracer
        .span_builder(operation)
        .with_kind(SpanKind::Client)
        .with_start_time(ended.checked_sub(info.elapsed).unwrap_or(ended))
        .with_attributes([
            KeyValue::new("db.system.name", system),
            KeyValue::new("db.operation.name", operation),
            KeyValue::new("db.query.text", text),
        ]);
    let mut span = tracer.build_with_context(span, context);
    if info.failed {
        // The driver's words may quote values; the log has them.
        opentelemetry::trace::Span::set_status(&mut span, Status::error(""));
    }
    opentelemetry::trace::Span::end_with_timestamp(&mut span, ended);
}

/// The first word, where it is one that we use.
fn operation(sql: &str) -> &'static str {
    let word = sql.split_whitespace().next().unwrap_or_default();
    ["SELECT", "INSERT", "UPDATE", "DELETE", "WITH"]
        .into_iter()
        .find(|known| word.eq_ignore_ascii_case(known))
        .unwrap_or("OTHER")
}
