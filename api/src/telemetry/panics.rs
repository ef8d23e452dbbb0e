//! A panic is reported once, in the log of what it happened in: the span it happened in names the request or the job.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::panic::{self, PanicHookInfo};

use metrics::counter;

use super::catalogue::PANICS;

/// Longest message that is logged. Some contain the whole value that was not as expected.
const LONGEST: usize = 300;

/// Reports every panic from now on.
pub fn report() {
    panic::set_hook(Box::new(tell));
}

fn tell(info: &PanicHookInfo<'_>) {
    counter!(PANICS).increment(1);
    let message: String =
        info.payload_as_str().unwrap_or("of an unknown kind").chars().take(LONGEST).collect();
    let place = info.location().map(ToString::to_string).unwrap_or_default();
    let trace = Backtrace::capture();
    if trace.status() == BacktraceStatus::Captured {
        tracing::error!(place, panic = message, %trace, "The program panicked; please report it");
    } else {
        tracing::error!(place, panic = message, "The program panicked; please report it");
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex, PoisonError};

    use serde_json::Value;

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_panic_is_told_once_with_the_request_it_happened_in() {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt()
            .json()
            .with_env_filter("warn")
            .with_writer(move || writer.clone())
            .finish();
        let before = panic::take_hook();
        report();
        tracing::subscriber::with_default(subscriber, || {
            let _request = tracing::error_span!("request", id = "the-request").entered();
            let caught = panic::catch_unwind(|| panic!("{}", "long ".repeat(100)));
            assert!(caught.is_err());
        });
        panic::set_hook(before);
        let told = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        let line: Value = serde_json::from_str(told.trim()).unwrap();
        assert_eq!(
            (line["level"].as_str(), line["span"]["id"].as_str()),
            (Some("ERROR"), Some("the-request"))
        );
        assert_eq!(line["fields"]["panic"].as_str().map(str::len), Some(LONGEST));
        assert!(line["fields"]["place"].as_str().unwrap().contains("panics.rs"), "{line}");
    }
}
