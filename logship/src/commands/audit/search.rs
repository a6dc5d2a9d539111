//! `comptoir-logship audit search` and `comptoir-logship audit cat`.

use super::{Places, WhereArgs};
use crate::archive::Archive;
use crate::archive::names::LifeNumber;
use crate::audit::extract::Asked;
use crate::audit::lines::{Filter, Line, Scanned, scan};
use crate::audit::search::{Around, Context, Shown};
use crate::cli::Outcome;
use crate::commands::archive::tell_expired;
use anyhow::Context as _;
use comptoir_lake::LakePath;
use comptoir_model::app_log::Level;
use jiff::Timestamp;
use regex::bytes::{Regex, RegexBuilder};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::{self, BufWriter, Write};

/// Which lines.
#[derive(Debug, clap::Args)]
pub(super) struct RangeArgs {
    /// Only lines of this time or later; a line without a time has that of the line before
    #[arg(long, value_name = "TIME")]
    from: Option<Timestamp>,
    /// Only lines of this time or earlier
    #[arg(long, value_name = "TIME")]
    to: Option<Timestamp>,
    /// Only this life, of those that `ls` lists
    #[arg(long, value_name = "NUMBER")]
    life: Option<u64>,
}

impl RangeArgs {
    pub(super) fn asked(&self, level: Option<Level>) -> Asked {
        Asked {
            from: self.from,
            to: self.to,
            level,
            life: self.life.map(LifeNumber),
            segments: None,
        }
    }

    fn filter(&self, level: Option<Level>) -> Filter {
        Filter {
            life: self.life.map(LifeNumber),
            from: self.from,
            to: self.to,
            level,
        }
    }
}

/// Print archived lines, exactly as they were written
///
/// Reads only what may lie in the range. Closed pieces and segments: the newest bytes follow within a
/// minute.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  comptoir-logship audit cat > everything.log
  comptoir-logship audit cat --source app.log --from 2026-11-21T13:00:00Z --to 2026-11-21T14:00:00Z")]
pub(super) struct CatArgs {
    #[command(flatten)]
    pub(super) place: WhereArgs,
    #[command(flatten)]
    range: RangeArgs,
}

/// Search archived lines
///
/// Reads only the frames whose times and levels may fit. Lines longer than 1 MiB are searched in parts
/// of 1 MiB. How much was read is said on stderr.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  comptoir-logship audit search 'order 4711'
  comptoir-logship audit search --level error --from 2026-11-21T13:00:00Z --to 2026-11-21T14:00:00Z .
  comptoir-logship audit search -i -C 3 timeout
  comptoir-logship audit search --count-by-minute --level warn .
  comptoir-logship audit search --json 'imported' | jq .line")]
pub(super) struct SearchArgs {
    #[command(flatten)]
    pub(super) place: WhereArgs,
    /// A regular expression, as of Rust's `regex`
    #[arg(value_name = "PATTERN")]
    pattern: String,
    #[command(flatten)]
    range: RangeArgs,
    /// Only lines of this level or a more urgent one: error, warn, info, debug, trace
    #[arg(long, value_name = "LEVEL", value_parser = level)]
    level: Option<Level>,
    /// Upper and lower case are the same
    #[arg(short, long)]
    ignore_case: bool,
    /// Show so many lines before each that is found, of the same time range
    #[arg(short = 'B', long, value_name = "LINES", default_value_t = 0)]
    before: usize,
    /// Show so many lines behind each that is found
    #[arg(short = 'A', long, value_name = "LINES", default_value_t = 0)]
    after: usize,
    /// Show so many lines on both sides
    #[arg(short = 'C', long, value_name = "LINES", conflicts_with_all = ["before", "after"])]
    context: Option<usize>,
    /// Print one JSON object a line that is found
    #[arg(long, conflicts_with_all = ["before", "after", "context"])]
    json: bool,
    /// Print how many lines are found in each minute
    #[arg(long, conflicts_with_all = ["before", "after", "context", "json"])]
    count_by_minute: bool,
}

pub(super) fn level(text: &str) -> Result<Level, String> {
    let level = Level::ALL.into_iter();
    level
        .clone()
        .find(|level| level.as_str().eq_ignore_ascii_case(text))
        .ok_or_else(|| "one of error, warn, info, debug, trace".to_owned())
}

/// A line that is found, for programs.
#[derive(Serialize)]
struct Found<'a> {
    source: &'a str,
    life: u64,
    offset: u64,
    time: Option<Timestamp>,
    level: Option<Level>,
    line: String,
}

pub(super) async fn cat(args: &CatArgs, places: &Places) -> anyhow::Result<Outcome> {
    let filter = args.range.filter(None);
    let mut out = BufWriter::new(io::stdout());
    for directory in &places.directories {
        let mut archive = Archive::open(&places.lake, directory).await?;
        tell_what_expired(&archive, directory, &filter);
        let visit = |line: Line<'_>| {
            if filter.is_in_range(&line) {
                out.write_all(line.bytes)?;
            }
            Ok(())
        };
        scan(&mut archive, &filter, visit).await?;
    }
    out.flush()?;
    Ok(Outcome::Fine)
}

pub(super) async fn search(args: &SearchArgs, places: &Places) -> anyhow::Result<Outcome> {
    let pattern = RegexBuilder::new(&args.pattern)
        .case_insensitive(args.ignore_case)
        .build()
        .with_context(|| format!("`{}` is not a regular expression", args.pattern))?;
    let mut scanned = Scanned::default();
    let mut out = BufWriter::new(io::stdout());
    let mut minutes: BTreeMap<String, u64> = BTreeMap::new();
    for directory in &places.directories {
        let source = directory.file_name().unwrap_or_default();
        let mut archive = Archive::open(&places.lake, directory).await?;
        let mut show = Show {
            source,
            with_source: places.directories.len() > 1,
            args,
            out: &mut out,
            minutes: &mut minutes,
            around: Around::new(args.around()),
        };
        let asked = args.range.filter(args.level);
        tell_what_expired(&archive, directory, &asked);
        // Around what is found, lines of any level are shown.
        let read = args
            .range
            .filter(args.level.filter(|_| args.around() == Context::default()));
        let visit = |line: Line<'_>| show.line(&line, &asked, &pattern);
        let part = scan(&mut archive, &read, visit).await?;
        scanned.bytes_read += part.bytes_read;
        scanned.bytes_skipped += part.bytes_skipped;
    }
    for (minute, count) in &minutes {
        writeln!(out, "{minute} {count:>10}")?;
    }
    out.flush()?;
    let all = scanned.bytes_read + scanned.bytes_skipped;
    writeln!(io::stderr(), "read {} of {all} bytes", scanned.bytes_read)?;
    Ok(Outcome::Fine)
}

/// Lines that were asked for may have been among it.
fn tell_what_expired(archive: &Archive, directory: &LakePath, filter: &Filter) {
    let source = format!("{}: ", directory.file_name().unwrap_or_default());
    for life in archive.lives().filter(|life| filter.asks_for_expired(life)) {
        tell_expired(life, &source);
    }
}

impl SearchArgs {
    fn around(&self) -> Context {
        Context {
            before: self.context.unwrap_or(self.before),
            after: self.context.unwrap_or(self.after),
        }
    }
}

/// Where lines go.
struct Show<'a, W: Write> {
    source: &'a str,
    with_source: bool,
    args: &'a SearchArgs,
    out: &'a mut W,
    minutes: &'a mut BTreeMap<String, u64>,
    around: Around<Vec<u8>>,
}

impl<W: Write> Show<'_, W> {
    fn line(&mut self, line: &Line<'_>, asked: &Filter, pattern: &Regex) -> io::Result<()> {
        if !asked.is_in_range(line) {
            return Ok(());
        }
        let text = line.bytes.strip_suffix(b"\n").unwrap_or(line.bytes);
        let is_found = asked.has_level(line) && pattern.is_match(text);
        if self.args.count_by_minute {
            if is_found {
                let minute = line.time.map(|time| format!("{time:.0}")[..16].to_owned());
                let minute = minute.map_or("no time".to_owned(), |minute| minute + "Z");
                *self.minutes.entry(minute).or_default() += 1;
            }
            return Ok(());
        }
        if self.args.json {
            return if is_found {
                self.json(line, text)
            } else {
                Ok(())
            };
        }
        for shown in self.around.push(text.to_vec(), is_found) {
            match shown {
                Shown::Break => self.out.write_all(b"--\n")?,
                Shown::Found(text) | Shown::Around(text) => {
                    if self.with_source {
                        write!(self.out, "{}: ", self.source)?;
                    }
                    self.out.write_all(&text)?;
                    self.out.write_all(b"\n")?;
                }
            }
        }
        Ok(())
    }

    fn json(&mut self, line: &Line<'_>, text: &[u8]) -> io::Result<()> {
        let found = Found {
            source: self.source,
            life: line.life.0,
            offset: line.offset,
            time: line.time,
            level: line.level,
            line: String::from_utf8_lossy(text).into_owned(),
        };
        serde_json::to_writer(&mut *self.out, &found)?;
        self.out.write_all(b"\n")
    }
}
