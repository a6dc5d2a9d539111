//! `comptoir-logship audit extract`, and `comptoir-logship audit verify` of what it wrote.

use super::search::{RangeArgs, level};
use super::verify::{VerifyArgs, advance, progress_bar};
use super::{Places, WhereArgs, anchor_of};
use crate::audit::extract::{Asked, Covered, Extracted, Numbers, Place, extract, verify_extract};
use crate::cli::Outcome;
use comptoir_config::Settings;
use comptoir_model::app_log::Level;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Copy what a range of time holds, with what proves it without the rest of the archive
///
/// Takes the whole segments that may hold lines of the range, all manifests, and the newest kept head,
/// and writes the lines themselves as text. `audit verify DIR` checks it anywhere: that it is genuine,
/// and that nothing of the range was left out. Bytes that are not sealed yet are not in it.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit codes: 0 done, 1 failed, or what was taken is not what was signed

Examples:
  comptoir-logship audit extract --from 2026-11-21T13:00:00Z --to 2026-11-21T14:00:00Z --output ./extract
  comptoir-logship audit extract --level error --source app.log --output ./errors --anchor /mnt/audit/anchors
  comptoir-logship audit extract --segments 7-9 --source app.log --output ./three
  comptoir-logship audit verify ./extract --public-key signing-key.pem.pub"
)]
pub(super) struct ExtractArgs {
    #[command(flatten)]
    pub(super) place: WhereArgs,
    #[command(flatten)]
    range: RangeArgs,
    /// Only lines of this level or a more urgent one: error, warn, info, debug, trace
    #[arg(long, value_name = "LEVEL", value_parser = level)]
    level: Option<Level>,
    /// Only what these segments hold, by the numbers that `audit ls` lists: 7, or 7-9. A line that
    /// crosses their edges comes in part
    #[arg(long, value_name = "NUMBERS")]
    segments: Option<Numbers>,
    /// An empty directory, or one that is not there yet
    #[arg(long, value_name = "DIR")]
    output: PathBuf,
    /// Where the heads of the chains are kept [default: `logship.anchor_dir`]
    #[arg(long, value_name = "DIR")]
    anchor: Option<String>,
}

pub(super) async fn run(
    args: &ExtractArgs,
    settings: &Settings,
    places: &Places,
) -> anyhow::Result<Outcome> {
    let anchor = anchor_of(args.anchor.as_ref(), settings)?;
    let asked = Asked {
        segments: args.segments,
        ..args.range.asked(args.level)
    };
    let place = Place::make(&args.output)?;
    let mut outcome = Outcome::Fine;
    let mut sources = Vec::new();
    for directory in &places.directories {
        let anchor = anchor.as_ref();
        let bar = progress_bar();
        let progress = |progress| advance(&bar, progress);
        let taken = extract(&places.lake, directory, &asked, anchor, &place, &progress).await;
        bar.finish_and_clear();
        let taken = taken?;
        if !taken.findings.is_empty() {
            outcome = Outcome::Damaged;
        }
        let source = directory.file_name().unwrap_or_default();
        tell(&taken, source, &mut io::stdout().lock())?;
        sources.push(source.to_owned());
    }
    let first = places.directories.first();
    let archive = first.and_then(comptoir_lake::LakePath::parent);
    let archive = archive.map_or(String::new(), |directory| places.lake.url_of(&directory));
    place.finish(archive, sources, asked)?;
    Ok(outcome)
}

fn tell(taken: &Extracted, source: &str, out: &mut dyn Write) -> io::Result<()> {
    for finding in &taken.findings {
        writeln!(out, "{source}: {finding}")?;
    }
    writeln!(
        out,
        "{source}: {} lines; {} segments of {} bytes",
        taken.lines, taken.segments, taken.bytes
    )?;
    if taken.expired > 0 {
        let count = taken.expired;
        writeln!(out, "{source}: {count} segments of the range have expired")?;
    }
    if taken.unsealed_bytes > 0 {
        let bytes = taken.unsealed_bytes;
        writeln!(
            out,
            "{source}: the newest {bytes} bytes are not sealed yet, and not taken"
        )?;
    }
    Ok(())
}

pub(super) async fn verify(
    path: &Path,
    args: &VerifyArgs,
    settings: &Settings,
) -> anyhow::Result<Outcome> {
    let options = args.check.options(settings)?;
    let mut outcome = Outcome::Fine;
    for covered in verify_extract(path, &options).await? {
        if !covered.is_genuine {
            outcome = Outcome::Damaged;
        }
        let mut out = io::stdout().lock();
        if args.json {
            serde_json::to_writer(&mut out, &covered)?;
            writeln!(out)?;
        } else {
            print(&covered, &mut out)?;
        }
    }
    Ok(outcome)
}

fn print(covered: &Covered, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}, taken from {}", covered.source, covered.archive)?;
    for finding in &covered.findings {
        writeln!(out, "  {finding}")?;
    }
    if covered.is_genuine {
        writeln!(
            out,
            "  verdict   genuine, and nothing of the range was left out"
        )?;
        let sealed = (covered.sealed_at)
            .map(|at| format!(", which was sealed at {at:.0}"))
            .unwrap_or_default();
        writeln!(
            out,
            "  covers    {}, as of manifest {}{sealed}",
            range(&covered.asked),
            covered.manifests
        )?;
        writeln!(
            out,
            "  holds     {} lines; {} segments, {} bytes of the source; {} segments had expired",
            covered.lines, covered.segments, covered.bytes, covered.expired
        )?;
    } else {
        writeln!(out, "  verdict   {} findings", covered.findings.len())?;
    }
    for key in &covered.keys {
        writeln!(out, "  key       {key}")?;
    }
    if let Some(number) = covered.anchored {
        writeln!(out, "  anchor    agrees up to manifest {number}")?;
    }
    for note in &covered.notes {
        writeln!(out, "  note      {note}")?;
    }
    Ok(())
}

/// What was asked for, in words.
fn range(asked: &Asked) -> String {
    let times = match (asked.from, asked.to) {
        (None, None) => "lines of all times".to_owned(),
        (Some(from), None) => format!("lines from {from} on"),
        (None, Some(to)) => format!("lines up to {to}"),
        (Some(from), Some(to)) => format!("lines from {from} to {to}"),
    };
    let level = (asked.level).map(|level| format!(", {level} or more urgent"));
    let life = asked.life.map(|life| format!(", of life {}", life.0));
    let segments = (asked.segments).map(|numbers| format!(", of segments {numbers}"));
    [Some(times), level, life, segments]
        .into_iter()
        .flatten()
        .collect()
}
