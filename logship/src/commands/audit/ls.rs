//! `comptoir-logship audit ls` and `comptoir-logship audit gaps`.

use super::{Places, WhereArgs};
use crate::archive::Archive;
use crate::archive::manifest::Entry;
use crate::archive::store::Store;
use crate::archive::tombstone::Tombstones;
use crate::cli::Outcome;
use jiff::Timestamp;
use std::io::Write;

/// List the chain of each source: an entry each, with the bytes, lines and times that it seals
///
/// Believes the manifests; `audit verify` is what proves them.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  comptoir-logship audit ls
  comptoir-logship audit ls --source app.log --lake hdfs://namenode:8020")]
pub(super) struct LsArgs {
    #[command(flatten)]
    pub(super) place: WhereArgs,
}

/// List the bytes that were lost before anybody could archive them, and those that expired
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  comptoir-logship audit gaps")]
pub(super) struct GapsArgs {
    #[command(flatten)]
    pub(super) place: WhereArgs,
}

pub(super) async fn ls(places: &Places) -> anyhow::Result<Outcome> {
    for directory in &places.directories {
        let store = Store::new(places.lake.clone(), directory.clone());
        let listing = store.list().await?;
        let entries = store.entries(&listing).await?;
        let expired = Tombstones::of(&entries).expired;
        let mut out = std::io::stdout().lock();
        writeln!(out, "{}", directory.file_name().unwrap_or_default())?;
        writeln!(
            out,
            "{:>8} {:>6} {:>14} {:>14} {:>10} {:>12} {:<27} {:<27} sealed",
            "manifest", "life", "start", "end", "lines", "stored", "from", "to"
        )?;
        for entry in &entries {
            let manifest = &entry.manifest;
            let (number, at) = (manifest.number.0, manifest.sealed_at);
            match &manifest.entry {
                Entry::Key(_) => {
                    let key = entry.public_key;
                    writeln!(out, "{number:>8} from here on signed with {key} {at:.0}")?;
                }
                Entry::Expired(tombstone) => {
                    let (count, before) = (tombstone.segments.len(), tombstone.before);
                    writeln!(
                        out,
                        "{number:>8} {count} segments expired, of before {before:.0} {at:.0}"
                    )?;
                }
                Entry::Sealed(sealed) => {
                    let stored = sealed.segment.as_ref().map_or(0, |segment| segment.bytes);
                    let stored = if expired.contains_key(&manifest.number) {
                        "expired".to_owned()
                    } else {
                        stored.to_string()
                    };
                    writeln!(
                        out,
                        "{number:>8} {:>6} {:>14} {:>14} {:>10} {stored:>12} {:<27} {:<27} {at:.0}",
                        sealed.life.0,
                        sealed.start,
                        sealed.end,
                        sealed.lines,
                        time(sealed.from),
                        time(sealed.to)
                    )?;
                }
            }
        }
    }
    Ok(Outcome::Fine)
}

pub(super) async fn gaps(places: &Places) -> anyhow::Result<Outcome> {
    for directory in &places.directories {
        let archive = Archive::open(&places.lake, directory).await?;
        let source = directory.file_name().unwrap_or_default();
        let mut out = std::io::stdout().lock();
        for life in archive.lives() {
            if let (Some(last), name) = (life.expired().last(), &life.sidecar.name) {
                let (number, from, to) = (life.sidecar.life.0, life.sidecar.first, last.end);
                writeln!(
                    out,
                    "{source}  life {number} ({name})  bytes {from} to {to}  expired"
                )?;
            }
            for gap in &life.gaps {
                let to = gap.to.map_or("?".to_owned(), |to| to.to_string());
                let name = &life.sidecar.name;
                let (number, from, cause) = (gap.life.0, gap.from, gap.cause);
                writeln!(
                    out,
                    "{source}  life {number} ({name})  bytes {from} to {to}  {cause}  found {:.0}",
                    gap.found_at
                )?;
            }
        }
    }
    Ok(Outcome::Fine)
}

fn time(time: Option<Timestamp>) -> String {
    time.map_or("-".to_owned(), |time| format!("{time:.6}"))
}
