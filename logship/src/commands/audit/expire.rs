//! `comptoir-logship audit expire`.

use super::{Places, WhereArgs, anchor_of};
use crate::archive::tombstone::ExpiredSegment;
use crate::cli::Outcome;
use crate::seal::SealSettings;
use crate::seal::expire::{ExpireError, Expiry, Mode, expire};
use crate::seal::keys::KeyFiles;
use anyhow::Context;
use comptoir_config::{Settings, clock};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use std::io::{self, Write};
use std::path::PathBuf;

/// Delete the segments that are too old, and sign that they were deleted
///
/// Whole segments, of each file the oldest first. What counts is the latest time of a segment's lines,
/// or when it was sealed, where that is earlier or no line has a time. A tombstone, signed with the
/// log's key, becomes an entry of the chain before anything is deleted; the manifests stay. Works
/// beside a shipper. A run that was interrupted is finished by the next one.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit codes: 0 done, 1 failed, or a chain is damaged, or segments that should expire were lost before

Examples:
  comptoir-logship audit expire --older-than 400d --dry-run
  comptoir-logship audit expire --older-than 400d --anchor /mnt/audit/anchors
  comptoir-logship audit expire --before 2026-01-01T00:00:00Z --source app.log"
)]
#[group(id = "age", required = true, multiple = false, args = ["older_than", "before"])]
pub(super) struct ExpireArgs {
    #[command(flatten)]
    pub(super) place: WhereArgs,
    /// What was written longer ago than this: 400d, 13mo, 2y (in UTC)
    #[arg(long, value_name = "SPAN")]
    older_than: Option<Span>,
    /// What was written before this time
    #[arg(long, value_name = "TIME")]
    before: Option<Timestamp>,
    /// Only list what would expire
    #[arg(long)]
    dry_run: bool,
    /// The private key of the log [default: `logship.signing_key_file`]
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Where the heads of the chains are kept [default: `logship.anchor_dir`]
    #[arg(long, value_name = "DIR")]
    anchor: Option<String>,
}

pub(super) async fn run(
    args: &ExpireArgs,
    settings: &Settings,
    places: &Places,
) -> anyhow::Result<Outcome> {
    let mut seal = SealSettings::of(settings)?;
    seal.anchor = anchor_of(args.anchor.as_ref(), settings)?;
    if let Some(key) = &args.key {
        seal.key = KeyFiles::new(key.clone());
    }
    let before = args.limit(clock::now())?;
    let mode = if args.dry_run { Mode::Dry } else { Mode::Apply };
    let mut outcome = Outcome::Fine;
    for directory in &places.directories {
        let expiry = match expire(&places.lake, directory, &seal, before, mode).await {
            // One damaged archive holds nothing back in the others.
            Err(error @ ExpireError::Damaged { .. }) => {
                writeln!(io::stderr(), "error: {error}").ok();
                outcome = Outcome::Damaged;
                continue;
            }
            expiry => expiry?,
        };
        if !expiry.lost.is_empty() {
            outcome = Outcome::Damaged;
        }
        let source = directory.file_name().unwrap_or_default();
        print(&expiry, mode, source, &mut io::stdout().lock())?;
    }
    Ok(outcome)
}

impl ExpireArgs {
    fn limit(&self, now: Timestamp) -> anyhow::Result<Timestamp> {
        match (self.older_than, self.before) {
            (Some(span), _) => {
                anyhow::ensure!(
                    span.is_positive(),
                    "an age of {span} is none\nhint: --older-than 400d"
                );
                let now = now.to_zoned(TimeZone::UTC);
                let then = now
                    .checked_sub(span)
                    .with_context(|| format!("no time lies {span} ago"))?;
                Ok(then.timestamp())
            }
            (None, before) => before.context("--older-than or --before is needed"),
        }
    }
}

fn print(expiry: &Expiry, mode: Mode, source: &str, out: &mut dyn Write) -> io::Result<()> {
    for segment in &expiry.named {
        let verb = match mode {
            Mode::Dry => "would expire",
            Mode::Apply => "expired",
        };
        writeln!(out, "{source}: {verb}: {}", words(segment))?;
    }
    for segment in &expiry.lost {
        writeln!(
            out,
            "{source}: not there as it was sealed, and not expired: {}",
            words(segment)
        )?;
    }
    let bytes: u64 = (expiry.named.iter())
        .map(|segment| segment.end - segment.start)
        .sum();
    let lines: u64 = expiry.named.iter().map(|segment| segment.lines).sum();
    let count = expiry.named.len();
    match (expiry.tombstone, mode) {
        (Some(tombstone), _) => writeln!(
            out,
            "{source}: {count} segments, {bytes} bytes, {lines} lines expired by manifest {}; {} files deleted",
            tombstone.0, expiry.deleted
        ),
        (None, Mode::Dry) => writeln!(
            out,
            "{source}: {count} segments, {bytes} bytes, {lines} lines would expire"
        ),
        (None, Mode::Apply) => writeln!(
            out,
            "{source}: nothing is old enough; {} files that expired before deleted",
            expiry.deleted
        ),
    }
}

fn words(segment: &ExpiredSegment) -> String {
    let ExpiredSegment {
        number,
        life,
        start,
        end,
        ..
    } = segment;
    format!(
        "manifest {}, life {}, bytes {start} to {end}",
        number.0, life.0
    )
}
