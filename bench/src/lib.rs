//! What the benchmarks share.

use std::time::Duration;

/// Why a benchmark ended.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// The goals that were missed.
#[derive(Debug, Default)]
pub struct Goals(Vec<String>);

impl Goals {
    /// Notes a goal that was not met.
    pub fn check(&mut self, met: bool, missed: impl FnOnce() -> String) {
        if !met {
            self.0.push(missed());
        }
    }

    /// Says that every goal was met.
    ///
    /// # Errors
    /// Those that were missed, by name.
    pub fn verdict(self) -> Result<(), Failure> {
        if self.0.is_empty() {
            println!("every goal was met");
            return Ok(());
        }
        Err(format!("missed: {}", self.0.join("; ")).into())
    }
}

/// The time in the middle. There has to be one.
pub fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
