//! What the server counts where it happens. Without a recorder each of these does nothing.

use std::time::Duration;

use axum::http::Method;
use metrics::{counter, gauge, histogram};

use super::catalogue::{
    COST, HTTP_DURATION, HTTP_REQUESTS, OPERATION_DURATION, OPERATIONS, SUBSCRIBERS, THROTTLED,
};

/// Longest code of an error that becomes a label.
const LONGEST_CODE: usize = 40;

/// A request that was answered.
pub fn http_request(route: &str, method: &'static str, status: u16, took: Duration) {
    let labels = [("route", route.to_owned()), ("method", method.to_owned()), ("status", status.to_string())];
    counter!(HTTP_REQUESTS, &labels).increment(1);
    histogram!(HTTP_DURATION, "route" => route.to_owned()).record(took);
}

/// The method as a label. Anybody may invent one.
pub fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "OTHER",
    }
}

/// An operation that was executed; `code` is that of its first error.
pub fn operation(kind: &'static str, code: Option<&str>, took: Duration) {
    let outcome = if code.is_some() { "errors" } else { "ok" };
    counter!(OPERATIONS, "kind" => kind, "outcome" => outcome, "code" => label(code.unwrap_or("none")))
        .increment(1);
    histogram!(OPERATION_DURATION, "kind" => kind).record(took);
}

/// A request that was not executed, or given up.
pub fn refused(kind: &'static str, code: &str) {
    counter!(OPERATIONS, "kind" => kind, "outcome" => "refused", "code" => label(code)).increment(1);
}

/// What an operation cost.
pub fn cost(points: u64) {
    counter!(COST).increment(points);
}

/// A request was told to wait, because of this limit.
pub fn throttled(limit: &'static str) {
    counter!(THROTTLED, "limit" => limit).increment(1);
}

/// A connected subscriber: counted until it is dropped.
#[derive(Debug)]
pub struct Subscriber(&'static str);

impl Subscriber {
    /// One more, over this transport.
    pub fn over(transport: &'static str) -> Self {
        gauge!(SUBSCRIBERS, "transport" => transport).increment(1);
        Self(transport)
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        gauge!(SUBSCRIBERS, "transport" => self.0).decrement(1);
    }
}

/// A code as a label. Codes are ours; whatever else ends up in their place must not make a series of its own.
fn label(code: &str) -> String {
    let plain = code.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    if code == "none" || (plain && code.len() <= LONGEST_CODE) { code.to_owned() } else { "OTHER".to_owned() }
}

#[cfg(test)]
mod tests {
    use metrics_exporter_prometheus::PrometheusBuilder;

    use super::*;

    #[test]
    fn subscribers_are_counted_while_they_are_there() {
        let recorder = PrometheusBuilder::new().build_recorder();
        let handle = recorder.handle();
        metrics::with_local_recorder(&recorder, || {
            let (one, other) = (Subscriber::over("websocket"), Subscriber::over("websocket"));
            assert!(handle.render().contains("finbridge_graphql_subscribers{transport=\"websocket\"} 2"));
            drop(one);
            assert!(handle.render().contains("finbridge_graphql_subscribers{transport=\"websocket\"} 1"));
            drop(other);
        });
        assert!(handle.render().contains("finbridge_graphql_subscribers{transport=\"websocket\"} 0"));
    }

    #[test]
    fn what_came_from_outside_makes_no_series() {
        let recorder = PrometheusBuilder::new().build_recorder();
        let handle = recorder.handle();
        metrics::with_local_recorder(&recorder, || {
            refused("unknown", "COST_LIMIT");
            refused("unknown", "ada@example.com");
            refused("unknown", &"X".repeat(41));
            http_request("/graphql", method(&"INVENTED".parse().unwrap()), 405, Duration::from_millis(3));
        });
        let text = handle.render();
        assert!(text.contains("code=\"COST_LIMIT\"} 1") && text.contains("code=\"OTHER\"} 2"), "{text}");
        assert!(
            text.contains("method=\"OTHER\"") && !text.contains("INVENTED") && !text.contains('@'),
            "{text}"
        );
    }
}
