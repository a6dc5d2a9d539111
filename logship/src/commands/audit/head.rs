//! `comptoir-logship audit head`.

use super::{Places, WhereArgs};
use crate::archive::names::Name;
use crate::archive::store::Store;
use crate::cli::Outcome;
use std::io::Write;

/// Print the head of each chain, to be kept where the archive's user can't change it
///
/// A line each: the source, the number of its last manifest, and the SHA-256 of that file. With it,
/// `sha256sum manifest-<number>` proves later that nothing up to there was changed.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  comptoir-logship audit head
  comptoir-logship audit head | mail -s 'log archive' audit@example.org")]
pub(super) struct HeadArgs {
    #[command(flatten)]
    pub(super) place: WhereArgs,
}

pub(super) async fn run(places: &Places) -> anyhow::Result<Outcome> {
    for directory in &places.directories {
        let store = Store::new(places.lake.clone(), directory.clone());
        let listing = store.list().await?;
        let source = directory.file_name().unwrap_or_default();
        let mut out = std::io::stdout().lock();
        match listing.manifests.last() {
            Some(number) => {
                let entry = store.entry(*number).await?;
                let name = Name::Manifest(*number);
                writeln!(out, "{}  {source}/{name}", entry.sha256)?;
            }
            None => writeln!(out, "-  {source}: nothing is sealed yet")?,
        }
    }
    Ok(Outcome::Fine)
}
