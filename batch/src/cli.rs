//! The command line: Sqoop's tools, `load` and `verify`, and what the exit codes mean.

use crate::import::options_file::{self, OptionsFileError};
#[cfg(feature = "views")]
use crate::views;
use crate::{import, jobs, load, merge, tools, verify};
use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use comptoir_config::{ConfigArgs, Key, Secret, Sources};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

/// What the exit codes mean, for `--help`.
pub(crate) const EXIT_CODES: &str = "\
Exit codes:
  0  done, or nothing new
  1  failed; stderr says why, and what cures it
  2  the command line, the settings or the jobs are wrong; nothing was touched
  3  no rows came, and --fail-if-empty was given
  4  another process runs the job
  5  --validate or a quality rule found the data wrong, and nothing was published; or verify found
     a difference
  6  the database can't be reached; nothing was changed
  7  the lake can't be reached; the published data is untouched";

const SOURCES: &str = "\
Settings come from comptoir.toml, .env, COMPTOIR_* variables and flags; later beats earlier.
Passwords come from files only.";

/// Batch import, the successor of Apache Sqoop.
#[derive(Debug, Parser)]
#[command(name = "comptoir-batch", version, after_help = format!("{EXIT_CODES}\n\n{SOURCES}"), propagate_version = true)]
pub struct Cli {
    #[command(flatten)]
    pub config: ConfigArgs,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Load a CSV file into a table of the ERP
    Load(load::LoadArgs),
    /// Import a table or query of the ERP into the lake
    Import(Box<import::ImportArgs>),
    /// Import each table of the ERP into a directory of its name
    ImportAllTables(Box<import::ImportAllArgs>),
    /// Run jobs of jobs.toml, each after those it needs
    Run(jobs::RunArgs),
    /// Run jobs when somebody asks for them on the page, until Ctrl-C
    Serve(jobs::ServeArgs),
    /// Say what a job would do, and change nothing
    Plan(jobs::PlanArgs),
    /// Say how each job is
    Status(jobs::StatusArgs),
    /// List the runs of a job, or of all
    History(jobs::HistoryArgs),
    /// Save, run, show and delete jobs, as `sqoop job` does
    Job(jobs::JobArgs),
    /// Merge two imports by a key into a third
    Merge(merge::MergeArgs),
    /// Run a statement and print what it answers
    Eval(tools::EvalArgs),
    /// Print the names of the server's databases
    ListDatabases(tools::ListArgs),
    /// Print the names of the database's tables
    ListTables(tools::ListArgs),
    /// Compute SQL views over the lake, and publish what they answer
    #[cfg(feature = "views")]
    Views(views::ViewsArgs),
    /// Check that a published import is still what was imported
    Verify(verify::VerifyArgs),
}

/// Why the command line can't even be read.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    #[error(transparent)]
    OptionsFile(#[from] OptionsFileError),
    #[error("an argument is no text in UTF-8: {0:?}")]
    NotText(OsString),
}

/// The command line as the parser takes it: with the arguments of `--options-file`, and with two
/// hyphens where Sqoop's parser lets its users write one (`-table sales`).
pub fn line(given: impl IntoIterator<Item = OsString>) -> Result<Vec<String>, LineError> {
    let texts = given.into_iter().map(OsString::into_string);
    let texts: Vec<_> = texts
        .collect::<Result<_, _>>()
        .map_err(LineError::NotText)?;
    let line = options_file::expand(texts, |path| std::fs::read_to_string(path))?;
    let command = Cli::command();
    let tools = command
        .get_subcommands()
        .flat_map(clap::Command::get_arguments);
    let names: BTreeSet<_> = tools
        .flat_map(|arg| {
            arg.get_long()
                .into_iter()
                .chain(arg.get_all_aliases().into_iter().flatten())
        })
        .collect();
    let with_two = |argument: String| match argument.strip_prefix('-') {
        Some(name) if name.len() > 1 && names.contains(name.split('=').next().unwrap_or(name)) => {
            format!("-{argument}")
        }
        _ => argument,
    };
    Ok(line.into_iter().map(with_two).collect())
}

/// The flags of an import that stand in a file: a later one beats an earlier one, unless it is of
/// those that add up.
pub(crate) fn import_args(
    flags: &[String],
) -> Result<(ConfigArgs, import::ImportArgs), clap::Error> {
    let command = Cli::command();
    let command = command.mut_subcommand("import", |import| import.args_override_self(true));
    let line = ["comptoir-batch", "import"].into_iter();
    let line = line.chain(flags.iter().map(String::as_str));
    let cli = Cli::from_arg_matches(&command.try_get_matches_from(line)?)?;
    match cli.command {
        Command::Import(args) => Ok((cli.config, *args)),
        // The line begins with `import`.
        _ => Err(Cli::command().error(ErrorKind::InvalidSubcommand, "not an import")),
    }
}

/// Which database, and as whom.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Database")]
pub struct DatabaseArgs {
    /// The database: mysql://HOST:PORT/NAME, mariadb://…, jdbc:mysql://… or sqlite:PATH
    /// [default: `erp.url`]
    #[arg(long, value_name = "URL")]
    pub connect: Option<String>,

    /// Who logs in [default: `erp.username`]
    #[arg(long, value_name = "NAME")]
    pub username: Option<String>,

    /// The file that holds the password, readable by its owner only
    /// [default: `erp.password_file`]
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
}

/// Where else Sqoop's users keep the password.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Database")]
pub struct PasswordArgs {
    /// Ask for the password
    #[arg(short = 'P', conflicts_with_all = ["password", "password_file"])]
    pub prompt: bool,

    /// The password itself, which every user of this machine can then see
    #[arg(
        long,
        value_name = "PASSWORD",
        conflicts_with = "password_file",
        allow_hyphen_values = true
    )]
    pub password: Option<PasswordArg>,
}

/// A password that came as an argument; not shown again.
#[derive(Clone, Debug)]
pub struct PasswordArg(pub(crate) Secret);

impl From<&str> for PasswordArg {
    fn from(text: &str) -> Self {
        Self(Secret::new(text))
    }
}

impl DatabaseArgs {
    /// Adds what the flags set to where the settings come from.
    pub(crate) fn add_to(&self, sources: Sources) -> Sources {
        let password_file = self.password_file.as_ref().map(|path| path.display());
        sources
            .flag(Key::ErpUrl, "--connect", self.connect.as_ref())
            .flag(Key::ErpUsername, "--username", self.username.as_ref())
            .flag(Key::ErpPasswordFile, "--password-file", password_file)
    }
}

/// How the process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    Done,
    Failed,
    Usage,
    /// No rows came, which was to be told.
    Empty,
    /// Another process does it already.
    Locked,
    SourceUnreachable,
    LakeUnreachable,
    /// What was read, or what lies in the lake, is not what it should be.
    Invalid,
}

impl Exit {
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Empty => 3,
            Self::Locked => 4,
            Self::Invalid => 5,
            Self::SourceUnreachable => 6,
            Self::LakeUnreachable => 7,
        }
    }

    /// As Sqoop ends: every failure is 1.
    #[must_use]
    pub fn as_sqoop(self) -> Self {
        match self {
            Self::Done => Self::Done,
            _ => Self::Failed,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_hyphen_will_do_for_a_flag_of_sqoops() {
        let given = [
            "x", "import", "-table", "t", "-m", "4", "-fs", "h", "-Da=b", "--where", "-1",
        ];
        let line = line(given.map(OsString::from)).unwrap();
        assert_eq!(
            line,
            [
                "x", "import", "--table", "t", "-m", "4", "--fs", "h", "-Da=b", "--where", "-1"
            ]
        );
    }

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }
}
