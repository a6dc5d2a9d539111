//! The flags that every command has.

use crate::key::Key;
use crate::sources::Sources;
use std::path::PathBuf;

/// Where the settings come from; `#[command(flatten)]` it into a command's arguments.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct ConfigArgs {
    /// The settings file [default: comptoir.toml in the working directory, if it is there]
    #[arg(long, value_name = "FILE", global = true, help_heading = "Settings")]
    pub config: Option<PathBuf>,

    /// Where everything that is kept goes [default: .comptoir]
    #[arg(long, value_name = "DIR", global = true, help_heading = "Settings")]
    pub data_dir: Option<PathBuf>,

    /// What is logged: error, warn, info, debug, trace, or a filter [default: info]
    #[arg(long, value_name = "LEVEL", global = true, help_heading = "Settings")]
    pub log_level: Option<String>,
}

impl ConfigArgs {
    /// To be extended with the flags of the command itself.
    pub fn sources(&self) -> Sources {
        Sources::default()
            .file(self.config.clone())
            .flag(
                Key::DataDir,
                "--data-dir",
                self.data_dir.as_ref().map(|path| path.display()),
            )
            .flag(Key::LogLevel, "--log-level", self.log_level.as_ref())
    }
}
