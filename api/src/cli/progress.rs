//! Progress bars. They go to standard error, so standard output stays clean for what is printed to be used.

use std::sync::Mutex;

use indicatif::{ProgressBar, ProgressStyle};

use crate::import;

/// A bar over so many steps.
pub fn bar(length: u64, label: &str, template: &str) -> ProgressBar {
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(length).with_style(style.progress_chars("━╸ ")).with_message(label.to_owned())
}

/// Shows an import: one bar for each file.
#[derive(Default)]
pub struct ImportBars(Mutex<Option<ProgressBar>>);

impl ImportBars {
    fn with(&self, act: impl FnOnce(&mut Option<ProgressBar>)) {
        act(&mut self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner()));
    }
}

impl import::Progress for ImportBars {
    fn file(&self, name: &str, bytes: u64) {
        let template = "  {msg:28} {bar:40.cyan/dim} {bytes:>10} of {total_bytes:10} {eta:>4}";
        self.with(|current| *current = Some(bar(bytes, name, template)));
    }

    fn advance(&self, bytes: u64) {
        self.with(|current| {
            if let Some(bar) = current {
                bar.inc(bytes);
            }
        });
    }

    fn file_done(&self) {
        self.with(|current| {
            if let Some(bar) = current.take() {
                bar.finish();
            }
        });
    }
}
