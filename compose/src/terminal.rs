//! One stderr for progress bars and log lines, so that neither tears the other.

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use std::io::Write;
use std::time::Duration;
use tracing_subscriber::fmt::MakeWriter;

/// Draws bars only where stderr is a terminal; log lines appear above them.
#[derive(Clone, Debug, Default)]
pub struct Terminal {
    bars: MultiProgress,
}

impl Terminal {
    /// For one step. Elsewhere than on a terminal nothing is drawn, and the log tells the same.
    pub fn bar(&self, what: &str) -> ProgressBar {
        let style = ProgressStyle::with_template("{spinner} {prefix} {bar:30} {msg} {elapsed}")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = self.bars.add(ProgressBar::new(0).with_style(style));
        bar.set_prefix(what.to_owned());
        bar.enable_steady_tick(Duration::from_millis(100));
        bar
    }
}

impl<'a> MakeWriter<'a> for Terminal {
    type Writer = LogWriter<'a>;

    fn make_writer(&'a self) -> LogWriter<'a> {
        LogWriter(&self.bars)
    }
}

/// Clears the bars for the moment in which it writes.
#[derive(Debug)]
pub struct LogWriter<'a>(&'a MultiProgress);

impl Write for LogWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.suspend(|| std::io::stderr().write(bytes))
    }

    fn flush(&mut self) -> std::io::Result<()> {
        std::io::stderr().flush()
    }
}
