//! `comptoir-logship ls` and `comptoir-logship cat`: what is in the archive.

use super::ship::open;
use crate::archive::{Archive, ArchivedLife};
use crate::cli::{Outcome, PlaceArgs};
use crate::ship::ShipRequest;
use comptoir_config::Settings;
use std::io::Write;

/// List the archived lives of a log: a file each, from its first byte to its last
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  comptoir-logship ls
  comptoir-logship ls --lake hdfs://namenode:8020 --source /var/log/shop/app.log")]
pub struct LsArgs {
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
}

/// Print the archived bytes of a log, exactly as they were written
///
/// Closed pieces only: the newest bytes follow within a minute, or are asked of the shipper.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  comptoir-logship cat | grep ERROR
  comptoir-logship cat --life 3 > app.log.copy")]
pub struct CatArgs {
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
    /// Only this one, of those that `ls` lists
    #[arg(long, value_name = "NUMBER")]
    life: Option<u64>,
}

pub(crate) async fn ls(settings: &Settings) -> anyhow::Result<Outcome> {
    let archive = archive(settings).await?;
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "{:>6} {:>8} {:>7} {:>14} {:>10} {:>5} {:>14}  {:<27} file",
        "life", "segments", "pieces", "bytes", "lines", "gaps", "expired", "found"
    )?;
    for life in archive.lives() {
        let sidecar = &life.sidecar;
        let sealed = life.sealed[life.expired..].iter();
        let segments = sealed.filter(|sealed| sealed.segment.is_some());
        let bytes = life.end_offset() - life.begin_offset();
        let expired = life.begin_offset() - sidecar.first;
        writeln!(
            out,
            "{:>6} {:>8} {:>7} {bytes:>14} {:>10} {:>5} {expired:>14}  {:.6} {}",
            sidecar.life.0,
            segments.count(),
            life.pieces.len(),
            life.lines(),
            life.gaps.len(),
            sidecar.found_at,
            sidecar.name
        )?;
    }
    Ok(Outcome::Fine)
}

pub(crate) async fn cat(args: &CatArgs, settings: &Settings) -> anyhow::Result<Outcome> {
    let mut archive = archive(settings).await?;
    let lives: Vec<_> = (archive.lives())
        .filter(|life| args.life.is_none_or(|number| number == life.sidecar.life.0))
        .inspect(|life| tell_expired(life, ""))
        .map(|life| (life.sidecar.life, life.begin_offset()))
        .collect();
    for (life, mut offset) in lives {
        while let Some(bytes) = archive.read_from(life, offset).await? {
            std::io::stdout().lock().write_all(&bytes)?;
            offset += bytes.len() as u64;
        }
    }
    Ok(Outcome::Fine)
}

/// On stderr: what is not shown, and was not lost.
pub(super) fn tell_expired(life: &ArchivedLife, source: &str) {
    let expired = life.expired();
    let lines: u64 = expired.iter().map(|sealed| sealed.lines).sum();
    let (number, first) = (life.sidecar.life.0, life.sidecar.first);
    if !expired.is_empty() {
        writeln!(
            std::io::stderr(),
            "{source}life {number}: bytes {first} to {} ({lines} lines) expired",
            life.begin_offset()
        )
        .ok();
    }
}

async fn archive(settings: &Settings) -> anyhow::Result<Archive> {
    let request = ShipRequest::of(settings)?;
    Ok(Archive::open(&open(settings)?, &request.directory()?).await?)
}
