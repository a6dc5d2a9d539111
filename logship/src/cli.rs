//! The command line. Each command stands in its own file below `commands`.

use crate::commands::{archive, audit, check, import_flume, keygen, ship, status};
use clap::{Parser, Subcommand};
use comptoir_config::{ConfigArgs, Key, Settings, Sources};
use std::process::ExitCode;

const AFTER_HELP: &str = "\
Exit codes: 0 done, 1 failed (or, of check, some lines are malformed; of status, some logs are not shipped; of audit, something is wrong), 2 wrong arguments or settings (or, of check, a file could not be read), 3 another shipper has taken over

Settings come from comptoir.toml, .env, COMPTOIR_* variables and flags; later beats earlier.";

/// Logs: shipped into the lake byte for byte, read back, and checked.
#[derive(Debug, Parser)]
#[command(name = "comptoir-logship", version, propagate_version = true, after_help = AFTER_HELP)]
pub struct Cli {
    #[command(flatten)]
    pub config: ConfigArgs,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    Ship(ship::ShipArgs),
    Status(status::StatusArgs),
    Ls(archive::LsArgs),
    Cat(archive::CatArgs),
    Check(check::CheckArgs),
    Audit(audit::AuditArgs),
    Keygen(keygen::KeygenArgs),
    ImportFlume(import_flume::ImportFlumeArgs),
}

impl Cli {
    /// From the command line of this process.
    pub fn read() -> Self {
        let mut cli = Self::parse();
        if let Command::Ship(args) = &mut cli.command {
            args.take_config(&mut cli.config.config);
        }
        cli
    }
}

impl Command {
    /// What the flags of the command set, or `None` of a command that needs no settings.
    pub fn sources(&self, sources: Sources) -> Option<Sources> {
        match self {
            Self::Check(_) | Self::ImportFlume(_) => None,
            Self::Ship(args) => Some(args.add_to(sources)),
            Self::Status(args) => Some(args.add_to(sources)),
            Self::Ls(args) => Some(args.place.add_to(sources)),
            Self::Cat(args) => Some(args.place.add_to(sources)),
            Self::Audit(args) => Some(args.add_to(sources)),
            Self::Keygen(args) => Some(args.add_to(sources)),
        }
    }

    /// The commands that need settings. `ship` ends by itself, or by a signal.
    pub async fn run(&self, settings: &Settings) -> anyhow::Result<Outcome> {
        match self {
            Self::Check(_) | Self::ImportFlume(_) => self.run_alone(),
            Self::Ship(args) => ship::run(args, settings).await,
            Self::Status(args) => status::run(args, settings).await,
            Self::Ls(_) => archive::ls(settings).await,
            Self::Cat(args) => archive::cat(args, settings).await,
            Self::Audit(args) => args.run(settings).await,
            Self::Keygen(args) => keygen::run(args, settings),
        }
    }

    /// The commands that need neither settings nor services.
    pub fn run_alone(&self) -> anyhow::Result<Outcome> {
        match self {
            Self::Check(args) => Ok(check::run(args)?),
            Self::ImportFlume(args) => import_flume::run(args),
            _ => anyhow::bail!("this command needs settings"),
        }
    }
}

/// Which log, and which lake.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct PlaceArgs {
    /// The log [default: `logship.source`, which is the platform's own]
    #[arg(long, value_name = "FILE")]
    pub source: Option<String>,

    #[arg(
        long,
        value_name = "URL",
        help = "The lake: hdfs://HOST:PORT, hdfs://NAMESERVICE or file:///DIRECTORY [default: `lake.url`]"
    )]
    pub lake: Option<String>,

    /// The directory of all logs in the lake; times behind it, as /%Y/%m/%d/%H, are the directories of
    /// sealed segments [default: /user/flume/logs]
    #[arg(long, value_name = "PATH")]
    pub target_dir: Option<String>,
}

impl PlaceArgs {
    pub fn add_to(&self, sources: Sources) -> Sources {
        sources
            .flag(Key::LogshipSource, "--source", self.source.as_ref())
            .flag(Key::LakeUrl, "--lake", self.lake.as_ref())
            .flag(
                Key::LogshipTargetDir,
                "--target-dir",
                self.target_dir.as_ref(),
            )
    }
}

/// How a command ended that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Fine,
    SomeMalformed,
    SomeNotShipped,
    /// An audit found something.
    Damaged,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Fine => Self::SUCCESS,
            Outcome::SomeMalformed | Outcome::SomeNotShipped | Outcome::Damaged => Self::from(1),
        }
    }
}
