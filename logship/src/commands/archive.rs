//! `comptoir-logship ls` and `comptoir-logship cat`: what is in the archive.

use super::ship::open;
use crate::archive::Archive;
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
        "{:>6} {:>7} {:>14} {:>10} {:>5}  {:<27} file",
        "life", "pieces", "bytes", "lines", "gaps", "found"
    )?;
    for life in archive.lives() {
        let sidecar = &life.sidecar;
        let bytes = life.end_offset() - sidecar.first;
        let lines: u64 = life.pieces.iter().map(|(_, end)| end.lines).sum();
        writeln!(
            out,
            "{:>6} {:>7} {bytes:>14} {lines:>10} {:>5}  {:.6} {}",
            sidecar.life.0,
            life.pieces.len(),
            life.gaps.len(),
            sidecar.found_at,
            sidecar.name
        )?;
    }
    Ok(Outcome::Fine)
}

pub(crate) async fn cat(args: &CatArgs, settings: &Settings) -> anyhow::Result<Outcome> {
    let archive = archive(settings).await?;
    for life in archive.lives() {
        if args
            .life
            .is_some_and(|number| number != life.sidecar.life.0)
        {
            continue;
        }
        for (id, end) in &life.pieces {
            let bytes = archive.read(*id, *end).await?;
            std::io::stdout().lock().write_all(&bytes)?;
        }
    }
    Ok(Outcome::Fine)
}

async fn archive(settings: &Settings) -> anyhow::Result<Archive> {
    let request = ShipRequest::of(settings)?;
    Ok(Archive::open(&open(settings)?, &request.directory()?).await?)
}
