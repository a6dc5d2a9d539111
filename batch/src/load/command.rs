//! `comptoir-batch load`: from flags and settings to a connection, a load and an exit code.

use super::{LoadArgs, LoadError, LoadReport, load};
use crate::cli::Exit;
use crate::database::{Access, Database, Limits};
use crate::import::Source;
use comptoir_config::Settings;
use indicatif::{ProgressBar, ProgressStyle};
use jiff::civil::Date;

/// Loads what the command line says.
pub async fn run(
    args: &LoadArgs,
    settings: &Settings,
    today: Date,
    bar: &ProgressBar,
) -> Result<LoadReport, LoadError> {
    let request = args.request(&settings.import.table, today);
    let Source { url, login } = Source::of(&settings.erp)?;
    let style = "{wide_bar} {bytes}/{total_bytes} {elapsed}";
    if let Ok(style) = ProgressStyle::with_template(style) {
        bar.set_style(style);
    }
    // Before a missing SQLite file is made.
    std::fs::metadata(&request.file).map_err(|error| LoadError::reading(&request.file, error))?;
    let mut database = Database::connect(&url, &login, Access::Write, Limits::default()).await?;
    let loaded = load(&mut database, &request, bar).await;
    database.close().await;
    bar.finish_and_clear();
    loaded
}

impl LoadError {
    /// How the process ends.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Database(error) if error.is_unreachable() => Exit::SourceUnreachable,
            Self::UnknownColumn { .. } | Self::OwnId { .. } | Self::Secret(_) => Exit::Usage,
            _ => Exit::Failed,
        }
    }
}
