//! `comptoir-logship audit verify`.

use super::{Places, WhereArgs, anchor_of};
use crate::archive::signature::PublicKey;
use crate::audit::verify::Progress;
use crate::audit::{Report, VerifyOptions, verify};
use crate::cli::Outcome;
use anyhow::Context;
use comptoir_config::Settings;
use comptoir_lake::LakePath;
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use std::io::{self, Write};
use std::path::PathBuf;

/// Prove that nothing of the archive is missing, altered, reordered, truncated or doubled
///
/// Checks every hash, the chain of manifests and its signatures, that the byte ranges of each life
/// follow one another, and the heads that were kept elsewhere. Says what exactly is wrong, and up to
/// where nothing is.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit codes: 0 nothing is wrong, 1 something is (or the check failed), 2 wrong arguments or settings

Examples:
  comptoir-logship audit verify --public-key signing-key.pem.pub --anchor /mnt/audit/anchors
  comptoir-logship audit verify --lake file:///media/copy --target-dir /logs
      checks a copy: /media/copy/logs/app.log/manifest-00000001 and so on
  comptoir-logship audit verify --source app.log --from 2026-11-01T00:00:00Z --to 2026-12-01T00:00:00Z
  comptoir-logship audit verify --quick --json
  comptoir-logship audit verify ./extract --public-key signing-key.pem.pub
      an extract needs nothing but itself and the key"
)]
pub(super) struct VerifyArgs {
    #[command(flatten)]
    pub(super) place: WhereArgs,
    /// An extract, as `audit extract` wrote it, instead of an archive
    #[arg(value_name = "EXTRACT", conflicts_with_all = ["source", "lake", "target_dir", "from", "to"])]
    pub(super) extract: Option<PathBuf>,
    #[command(flatten)]
    pub(super) check: CheckArgs,
    /// Print one JSON object a source
    #[arg(long)]
    pub(super) json: bool,
}

/// What is checked, and with what.
#[derive(Debug, clap::Args)]
pub(super) struct CheckArgs {
    /// Only segments with lines of this time or later; the chain is checked as a whole
    #[arg(long, value_name = "TIME")]
    from: Option<Timestamp>,
    /// Only segments with lines of this time or earlier
    #[arg(long, value_name = "TIME")]
    to: Option<Timestamp>,
    /// Manifests and lengths only, no contents
    #[arg(long)]
    quick: bool,
    /// The public key (`….pub`), which the auditor has from the operator and not from the lake
    #[arg(long, value_name = "FILE")]
    public_key: Option<PathBuf>,
    /// Where the heads of the chains are kept: a directory, local or hdfs://… [default: `logship.anchor_dir`]
    #[arg(long, value_name = "DIR")]
    anchor: Option<String>,
}

impl CheckArgs {
    pub(super) fn options(&self, settings: &Settings) -> anyhow::Result<VerifyOptions> {
        Ok(VerifyOptions {
            from: self.from,
            to: self.to,
            quick: self.quick,
            public_key: self.public_key.as_ref().map(read_key).transpose()?,
            anchor: anchor_of(self.anchor.as_ref(), settings)?,
            at_once: 0,
        })
    }
}

pub(super) async fn run(
    args: &VerifyArgs,
    settings: &Settings,
    places: &Places,
) -> anyhow::Result<Outcome> {
    let options = args.check.options(settings)?;
    let mut outcome = Outcome::Fine;
    for directory in &places.directories {
        let report = check(places, directory, &options).await?;
        if !report.is_intact {
            outcome = Outcome::Damaged;
        }
        let mut out = io::stdout().lock();
        if args.json {
            serde_json::to_writer(&mut out, &report)?;
            writeln!(out)?;
        } else {
            print(&report, &mut out)?;
        }
    }
    Ok(outcome)
}

/// With a progress bar.
pub(super) async fn check(
    places: &Places,
    directory: &LakePath,
    options: &VerifyOptions,
) -> anyhow::Result<Report> {
    let bar = progress_bar();
    let report = verify(&places.lake, directory, options, &|progress| {
        advance(&bar, progress);
    })
    .await;
    bar.finish_and_clear();
    Ok(report?)
}

fn read_key(path: &PathBuf) -> anyhow::Result<PublicKey> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("the public key {} can't be read", path.display()))?;
    PublicKey::from_pem(&text).with_context(|| {
        format!(
            "{} holds no Ed25519 public key in PEM\nhint: give the file that ends in `.pub`",
            path.display()
        )
    })
}

pub(super) fn advance(bar: &ProgressBar, progress: Progress) {
    match progress {
        Progress::Begins(files) => bar.inc_length(files as u64),
        Progress::Read => bar.inc(1),
    }
}

/// On a terminal only.
pub(super) fn progress_bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:30} {pos} of {len} files, {eta} left");
    let bar = ProgressBar::new(0);
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

fn print(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let proved = &report.proved;
    writeln!(out, "{}: {}", report.source, report.location)?;
    for finding in &report.findings {
        writeln!(out, "  {finding}")?;
    }
    let verdict = match report.findings.len() {
        0 => "nothing is missing or altered".to_owned(),
        count => format!("{count} findings"),
    };
    writeln!(out, "  verdict   {verdict}")?;
    match proved.manifests {
        0 => writeln!(out, "  proved    nothing")?,
        number => {
            let until = proved
                .until
                .map_or(String::new(), |until| format!(", lines up to {until}"));
            writeln!(
                out,
                "  proved    up to manifest {number}: {} lives, {} bytes, {} lines, {} gaps{until}",
                proved.lives, proved.bytes, proved.lines, proved.gaps
            )?;
        }
    }
    let expired = &proved.expired;
    if expired.segments > 0 {
        let until = expired
            .until
            .map_or(String::new(), |until| format!(", lines up to {until}"));
        let tombstones: Vec<String> = expired.tombstones.iter().map(u64::to_string).collect();
        writeln!(
            out,
            "  expired   {} segments, {} bytes, {} lines{until}; told by manifest {}",
            expired.segments,
            expired.bytes,
            expired.lines,
            tombstones.join(", ")
        )?;
    }
    for key in &proved.keys {
        writeln!(out, "  key       {key}")?;
    }
    for host in &proved.hosts {
        writeln!(out, "  host      {host}")?;
    }
    for note in &report.notes {
        writeln!(out, "  note      {note}")?;
    }
    Ok(())
}
