//! `comptoir-logship audit compare`.

use super::{Places, WhereArgs};
use crate::archive::Archive;
use crate::audit::compare::{Comparison, compare};
use crate::cli::Outcome;
use std::io::Write;
use std::path::PathBuf;

/// Hold local files, as rotated logs, against the archive, byte for byte
///
/// A file is known by how it begins, whatever it is called. Unpack compressed ones first.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit codes: 0 all of each file is archived, 1 not, or it could not be told

Examples:
  comptoir-logship audit compare --source app.log /var/log/shop/app.log.1 /var/log/shop/app.log.2
  zcat app.log.3.gz > /tmp/app.log.3 && comptoir-logship audit compare /tmp/app.log.3"
)]
pub(super) struct CompareArgs {
    #[command(flatten)]
    pub(super) place: WhereArgs,
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
}

pub(super) async fn run(args: &CompareArgs, places: &Places) -> anyhow::Result<Outcome> {
    let mut outcome = Outcome::Fine;
    for file in &args.files {
        let mut found = Comparison::Unknown;
        let mut source = "";
        for directory in &places.directories {
            let mut archive = Archive::open(&places.lake, directory).await?;
            found = compare(&mut archive, file).await?;
            source = directory.file_name().unwrap_or_default();
            if found != Comparison::Unknown {
                break;
            }
        }
        let is_archived = matches!(found, Comparison::Same { .. } | Comparison::Shorter { .. });
        if !is_archived {
            outcome = Outcome::Damaged;
        }
        let mut out = std::io::stdout().lock();
        writeln!(out, "{}: {}", file.display(), words(found, source))?;
    }
    Ok(outcome)
}

fn words(comparison: Comparison, source: &str) -> String {
    match comparison {
        Comparison::Unknown => "no archived log begins like it".to_owned(),
        Comparison::Same {
            life,
            first: 0,
            bytes,
        } => {
            format!("archived as life {} of {source}, all {bytes} bytes", life.0)
        }
        Comparison::Same { life, first, bytes } => format!(
            "archived as life {} of {source}, {bytes} bytes from byte {first} on; what is before is in an earlier life",
            life.0
        ),
        Comparison::Longer { life, archived } => format!(
            "archived as life {} of {source} up to byte {archived}; the rest is not, or not yet",
            life.0
        ),
        Comparison::Shorter {
            life,
            bytes,
            archived,
        } => format!(
            "archived as life {} of {source}, all {bytes} bytes; the archive goes on to byte {archived}",
            life.0
        ),
        Comparison::DiffersInExpired { life, from, to } => format!(
            "bytes {from} to {to} of life {} of {source} expired, and it has others there",
            life.0
        ),
        Comparison::Differs { life, at } => {
            format!("differs from life {} of {source} at byte {at}", life.0)
        }
    }
}
