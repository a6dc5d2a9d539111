//! The flags of `run`, `serve`, `plan`, `status`, `history` and `job`.

use crate::cli::EXIT_CODES;
use crate::report::OutputArgs;
use comptoir_config::{Key, Sources};
use std::path::PathBuf;

const RUN_EXAMPLES: &str = "\
Examples:
  # everything, each job after those it needs; the line for cron
  comptoir-batch run --all --quiet --metrics-file /var/lib/node_exporter/comptoir.prom

  # one job, and first what it comes after
  comptoir-batch run sales

A job is an import, or a run of views. One whose dependency was not done is skipped. One that another process is running is left alone.
Every run is recorded in the warehouse. batch/JOBS.md has the format of jobs.toml.";

const SERVE_EXAMPLES: &str = "\
Examples:
  # until Ctrl-C or SIGTERM; as a service, with the settings of the line in cron
  comptoir-batch serve --jobs /etc/comptoir/jobs.toml

On the page Jobs, operators then have a button beside each job of jobs.toml and each view. A job runs as
`comptoir-batch run NAME` runs it, a view as `views run NAME`: under the same lock and on the same record.
Several may run: each command is taken by one, and one that dies loses it after 10 s.";

const JOB_EXAMPLES: &str = "\
Examples:
  # as in Sqoop: all that stands behind `--`
  comptoir-batch job --create sales -- import --connect jdbc:mysql://db.shop:3306/erp \\
      --username comptoir --password-file /etc/comptoir/erp.password --table sales \\
      --target-dir /user/sqoop/sales --delete-target-dir
  comptoir-batch job --exec sales
  comptoir-batch job --exec sales -- --num-mappers 8

A job is saved in a file of its own in jobs.d, beside jobs.toml. No password is kept.";

/// Where the jobs are written.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct JobsFileArgs {
    /// The jobs [default: `jobs.file`, which is jobs.toml in the working directory]
    #[arg(long, value_name = "FILE", help_heading = "Settings")]
    pub jobs: Option<PathBuf>,
}

#[derive(Clone, Debug, clap::Args)]
#[command(
    after_help = "Try --help for examples and the exit codes.",
    after_long_help = format!("{RUN_EXAMPLES}\n\n{EXIT_CODES}"),
)]
pub struct RunArgs {
    /// The jobs, which run after those they need
    #[arg(
        value_name = "NAME",
        required_unless_present = "all",
        conflicts_with = "all"
    )]
    pub names: Vec<String>,

    /// All jobs
    #[arg(long)]
    pub all: bool,

    #[command(flatten)]
    pub output: OutputArgs,
    #[command(flatten)]
    pub file: JobsFileArgs,
}

#[derive(Clone, Debug, clap::Args)]
#[command(
    after_help = "Try --help for examples and the exit codes.",
    after_long_help = format!("{SERVE_EXAMPLES}\n\n{EXIT_CODES}"),
)]
pub struct ServeArgs {
    #[command(flatten)]
    pub file: JobsFileArgs,
}

#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = EXIT_CODES)]
pub struct PlanArgs {
    /// The job
    #[arg(value_name = "NAME")]
    pub name: String,

    #[command(flatten)]
    pub file: JobsFileArgs,
}

#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = EXIT_CODES)]
pub struct StatusArgs {
    /// One object of JSON a job, instead of a table
    #[arg(long)]
    pub json: bool,

    #[command(flatten)]
    pub file: JobsFileArgs,
}

#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = EXIT_CODES)]
pub struct HistoryArgs {
    /// The job [default: all]
    #[arg(value_name = "NAME")]
    pub name: Option<String>,

    /// How many runs, newest first
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub limit: usize,

    /// One object of JSON a run, instead of a table
    #[arg(long)]
    pub json: bool,
}

#[derive(Clone, Debug, clap::Args)]
#[command(
    after_help = "Try --help for examples and the exit codes.",
    after_long_help = format!("{JOB_EXAMPLES}\n\n{EXIT_CODES}"),
)]
pub struct JobArgs {
    #[command(flatten)]
    pub action: JobAction,

    /// The tool and its flags (--create), or more flags (--exec)
    #[arg(last = true, value_name = "TOOL AND FLAGS")]
    pub line: Vec<String>,

    #[command(flatten)]
    pub output: OutputArgs,
    #[command(flatten)]
    pub file: JobsFileArgs,
}

/// What is done with a saved job.
#[derive(Clone, Debug, Default, clap::Args)]
#[group(required = true, multiple = false)]
pub struct JobAction {
    /// Save what stands behind `--`
    #[arg(long, value_name = "NAME")]
    pub create: Option<String>,

    /// Run it, without what it needs; flags behind `--` beat its own
    #[arg(long, value_name = "NAME")]
    pub exec: Option<String>,

    /// Print the names of all jobs
    #[arg(long)]
    pub list: bool,

    /// Print its flags, without what a URL carries besides the database
    #[arg(long, value_name = "NAME")]
    pub show: Option<String>,

    /// Forget it
    #[arg(long, value_name = "NAME")]
    pub delete: Option<String>,
}

impl JobsFileArgs {
    /// Adds what the flags set to where the settings come from.
    pub fn add_to(&self, sources: Sources) -> Sources {
        let file = self.jobs.as_ref().map(|path| path.display());
        sources.flag(Key::JobsFile, "--jobs", file)
    }
}
