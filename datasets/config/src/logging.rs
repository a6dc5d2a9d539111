//! Logs: lines for people on stderr, and the same events in `app.log` for the log flow.

use crate::app_log::{AppLog, OpenError};
use crate::clock;
use crate::settings::LogSettings;
use std::fmt;
use std::io::IsTerminal;
use tracing_subscriber::filter::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Why nothing can be logged.
#[derive(Debug, thiserror::Error)]
pub enum LoggingError {
    #[error("the log filter: {0}")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    #[error(transparent)]
    File(#[from] OpenError),
    #[error("logging was set up before: {0}")]
    Twice(#[from] tracing_subscriber::util::TryInitError),
}

/// Once a process, before anything is logged. `component` names the process in `app.log`.
pub fn init_logging(settings: &LogSettings, component: &'static str) -> Result<(), LoggingError> {
    init_logging_to(settings, component, std::io::stderr)
}

/// As [`init_logging`], for a terminal that shows something else at the same time: lines for
/// people go to `people`.
pub fn init_logging_to(
    settings: &LogSettings,
    component: &'static str,
    people: impl for<'a> MakeWriter<'a> + Send + Sync + 'static,
) -> Result<(), LoggingError> {
    let people = tracing_subscriber::fmt::layer()
        .with_writer(people)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        .with_timer(TimeOfDay);
    let file = match &settings.file {
        Some(path) => Some(AppLog::open(path, component)?),
        None => None,
    };
    tracing_subscriber::registry()
        .with(EnvFilter::try_new(format!("{QUIET},{}", settings.level))?)
        .with(people)
        .with(file)
        .try_init()?;
    Ok(())
}

/// Libraries that log what they also answer, as when another writer was faster; a level that names
/// them beats this.
const QUIET: &str = "buoyant_kernel=off,deltalake_core=off";

/// UTC to the second: people read it beside other logs.
struct TimeOfDay;

impl FormatTime for TimeOfDay {
    fn format_time(&self, writer: &mut Writer<'_>) -> fmt::Result {
        write!(writer, "{}", clock::now().strftime("%Y-%m-%dT%H:%M:%SZ"))
    }
}
