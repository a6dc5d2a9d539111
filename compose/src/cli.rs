//! The command line of `comptoir`.

use crate::lake_tool::LakeCommand;
use crate::up::UpArgs;
use clap::{Parser, Subcommand};
use comptoir_config::ConfigArgs;

const AFTER_HELP: &str = "\
Examples:
  comptoir up                                    everything in this process, the page on port 8080
  comptoir up --port 9000 --data-dir /var/lib/comptoir
  comptoir doctor                                what is wrong, and what cures it
  comptoir lake ls /user/sqoop/sales             what was imported

Settings come from comptoir.toml, .env, COMPTOIR_* variables and flags; later beats earlier.

Exit codes: 0 done, 1 failed (or, of doctor, something is wrong), 2 wrong arguments or settings.";

/// A retail platform: the ERP's history in a lake, and a page over it.
#[derive(Debug, Parser)]
#[command(name = "comptoir", version, after_help = AFTER_HELP, propagate_version = true)]
pub struct Cli {
    #[command(flatten)]
    pub config: ConfigArgs,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Import the ERP's sales into the lake and serve the page, until Ctrl-C
    Up(UpArgs),
    /// Check each configured part; exit code 1 if something is wrong
    #[command(after_help = "\
Examples:
  comptoir doctor
  COMPTOIR_LAKE_URL=hdfs://shop comptoir doctor    the parts as another setting would have them

Prints a line for each part: ok, or problem with what cures it.")]
    Doctor,
    /// Look into the lake
    #[command(subcommand)]
    Lake(LakeCommand),
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_shows_examples() {
        let mut command = Cli::command();
        command.build();
        let mut open = vec![command];
        while let Some(mut command) = open.pop() {
            let help = command.render_long_help().to_string();
            assert!(
                help.contains("Examples:"),
                "{} has none",
                command.get_name()
            );
            let subcommands = command
                .get_subcommands()
                .filter(|sub| sub.get_name() != "help");
            open.extend(subcommands.cloned());
        }
    }
}
