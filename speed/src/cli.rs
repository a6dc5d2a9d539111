//! The command line. Each command stands in its own file below `commands`.

use crate::commands::{
    archive, check, dead_letters, rebuild, reconcile, replay, schema, simulate, topic, views,
};
use clap::{Parser, Subcommand};
use comptoir_config::{ConfigArgs, Key, Settings, Sources};
use std::process::ExitCode;

const AFTER_HELP: &str = "\
Exit codes: 0 done, 1 failed (or: check found rejected records, reconcile a difference), 2 wrong arguments or settings

Settings come from comptoir.toml, .env, COMPTOIR_* variables and flags; later beats earlier.";

/// Live transactions: what the tills send, counted once.
#[derive(Debug, Parser)]
#[command(name = "comptoir-speed", version, propagate_version = true, after_help = AFTER_HELP)]
pub struct Cli {
    #[command(flatten)]
    pub config: ConfigArgs,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    Check(check::CheckArgs),
    Schema(schema::SchemaArgs),
    Topic(topic::TopicArgs),
    Simulate(simulate::SimulateArgs),
    Replay(replay::ReplayArgs),
    Views(views::ViewsArgs),
    Archive(archive::ArchiveArgs),
    DeadLetters(dead_letters::DeadLettersArgs),
    Reconcile(reconcile::ReconcileArgs),
    Rebuild(rebuild::RebuildArgs),
}

impl Command {
    /// What the flags of the command set, or `None` of a command that needs no settings.
    pub fn sources(&self, sources: Sources) -> Option<Sources> {
        match self {
            Self::Check(_) | Self::Schema(_) => None,
            Self::Topic(args) => Some(args.add_to(sources)),
            Self::Simulate(args) => Some(args.add_to(sources)),
            Self::Replay(args) => Some(args.add_to(sources)),
            Self::Views(args) => Some(args.add_to(sources)),
            Self::Archive(args) => Some(args.add_to(sources)),
            Self::DeadLetters(args) => Some(args.add_to(sources)),
            Self::Reconcile(args) => Some(args.add_to(sources)),
            Self::Rebuild(args) => Some(args.add_to(sources)),
        }
    }

    /// The commands that need settings. A command ends by itself, or by `stopped`, which says that
    /// a signal came.
    pub async fn run(&self, settings: &Settings) -> anyhow::Result<Outcome> {
        match self {
            Self::Check(_) | Self::Schema(_) => self.run_alone(),
            Self::Topic(args) => topic::run(args, settings).await,
            Self::Simulate(args) => simulate::run(args, settings).await,
            Self::Replay(args) => replay::run(args, settings).await,
            Self::Views(args) => views::run(args, settings).await,
            Self::Archive(args) => archive::run(args, settings).await,
            Self::DeadLetters(args) => dead_letters::run(args, settings).await,
            Self::Reconcile(args) => reconcile::run(args, settings).await,
            Self::Rebuild(args) => rebuild::run(args, settings).await,
        }
    }

    /// The commands that need neither settings nor services.
    pub fn run_alone(&self) -> anyhow::Result<Outcome> {
        match self {
            Self::Check(args) => Ok(check::run(args)?),
            Self::Schema(_) => Ok(schema::run()?),
            _ => anyhow::bail!("this command needs settings"),
        }
    }
}

/// Which transport and topic, of every command that reads or writes events.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Transport")]
pub struct TransportArgs {
    /// Where events come from: kafka:HOST:PORT[,HOST:PORT…] or jsonl:DIR [default: `transport.url`]
    #[arg(long, value_name = "URL", global = true)]
    pub transport: Option<String>,

    /// [default: `transport.topic`, which is `transactions`]
    #[arg(long, value_name = "NAME", global = true)]
    pub topic: Option<String>,
}

impl TransportArgs {
    pub fn add_to(&self, sources: Sources) -> Sources {
        sources
            .flag(Key::TransportUrl, "--transport", self.transport.as_ref())
            .flag(Key::TransportTopic, "--topic", self.topic.as_ref())
    }
}

/// Which warehouse, of every command that reads or writes it.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Warehouse")]
pub struct WarehouseArgs {
    /// The database: sqlite:FILE or mysql://HOST:PORT/NAME [default: `warehouse.url`]
    #[arg(long, value_name = "URL")]
    pub warehouse: Option<String>,

    /// Who logs in there [default: `warehouse.username`]
    #[arg(long, value_name = "NAME")]
    pub warehouse_username: Option<String>,

    /// The file that holds its password [default: `warehouse.password_file`]
    #[arg(long, value_name = "FILE")]
    pub warehouse_password_file: Option<String>,
}

impl WarehouseArgs {
    pub fn add_to(&self, sources: Sources) -> Sources {
        let (username, password) = (&self.warehouse_username, &self.warehouse_password_file);
        sources
            .flag(Key::WarehouseUrl, "--warehouse", self.warehouse.as_ref())
            .flag(
                Key::WarehouseUsername,
                "--warehouse-username",
                username.as_ref(),
            )
            .flag(
                Key::WarehousePasswordFile,
                "--warehouse-password-file",
                password.as_ref(),
            )
    }
}

/// Where the archive's table lies, of every command that reads or writes it.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Archive")]
pub struct TableArgs {
    /// The lake: `hdfs://HOST:PORT`, `hdfs://NAMESERVICE` or `file:///DIRECTORY` [default: `lake.url`]
    #[arg(long, value_name = "URL", global = true)]
    pub lake: Option<String>,

    /// The table's directory in the lake [default: /bronze/transactions]
    #[arg(long, value_name = "PATH", global = true)]
    pub dir: Option<String>,
}

impl TableArgs {
    pub fn add_to(&self, sources: Sources) -> Sources {
        sources
            .flag(Key::LakeUrl, "--lake", self.lake.as_ref())
            .flag(Key::ArchiveDir, "--dir", self.dir.as_ref())
    }
}

/// How a command ended that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Fine,
    SomeRejected,
    /// Something is missing, or does not agree.
    NotComplete,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Fine => Self::SUCCESS,
            Outcome::SomeRejected | Outcome::NotComplete => Self::from(1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }
}
