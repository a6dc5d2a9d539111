//! How a run reports.

use comptoir_config::{Key, Sources};
use std::path::PathBuf;

#[derive(Clone, Debug, Default, PartialEq, Eq, clap::Args)]
#[command(next_help_heading = "Report")]
pub struct OutputArgs {
    /// Say nothing when all is well
    #[arg(long)]
    pub quiet: bool,

    /// One object of JSON a run, instead of a line
    #[arg(long)]
    pub json: bool,

    /// Keep a textfile of metrics for Prometheus: last success, rows, bytes, duration, exit code
    #[arg(long, value_name = "FILE")]
    pub metrics_file: Option<PathBuf>,
}

impl OutputArgs {
    /// Adds what the flags set to where the settings come from.
    pub fn add_to(&self, sources: Sources) -> Sources {
        sources.flag(Key::LogLevel, "--quiet", self.quiet.then_some("warn"))
    }
}
