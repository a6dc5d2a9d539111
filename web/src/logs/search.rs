//! `GET /api/v1/logs/search`: which archived lines fit, and when they were written; and
//! `GET /api/v1/logs/lines`: the lines around one.

use super::archive::{LogArchive, away};
use crate::export::{CsvFile, Format, Table, too_many};
use crate::http::answer::json;
use crate::http::parameters::Parameters;
use crate::http::problem::{Refused, invalid_parameter, problem};
use crate::routes::Server;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use comptoir_config::clock;
use comptoir_logship::archive::names::{LifeNumber, Name};
use comptoir_logship::archive::reader::Part;
use comptoir_logship::archive::{Archive, ArchiveError};
use comptoir_logship::audit::lines::{Filter, Line, ScanError, around, scan};
use comptoir_logship::audit::search::Context;
use comptoir_model::api::ProblemKind;
use comptoir_model::api::log_search::{
    ArchivedLine, LogLines, LogSearch, MinuteLines, SearchLimit,
};
use comptoir_model::app_log::Level;
use jiff::{SignedDuration, Timestamp, Unit};
use regex::bytes::{Regex, RegexBuilder};
use serde::Deserialize;
use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub(crate) const LINES_DEFAULT: usize = 100;
const LINES_MAX: usize = 1_000;
/// Of one search. A frame of a segment holds about a MiB.
const READ_BYTES_MAX: u64 = 512 << 20;
const SEARCH_MAX: Duration = Duration::from_secs(10);
/// Without `from`.
const RANGE_DEFAULT: SignedDuration = SignedDuration::from_hours(1);
pub(crate) const PATTERN_BYTES_MAX: usize = 1 << 10;
/// Of the compiled pattern.
const PROGRAM_BYTES_MAX: usize = 1 << 20;
const TEXT_CHARACTERS_MAX: usize = 2_000;
pub(crate) const AROUND_DEFAULT: usize = 5;
pub(crate) const AROUND_MAX: usize = 100;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SearchQuery {
    pattern: Option<String>,
    #[serde(default)]
    ignore_case: bool,
    level: Option<Level>,
    source: Option<String>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    limit: Option<usize>,
    #[serde(default)]
    format: Format,
    #[serde(default)]
    bom: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LinesQuery {
    source: String,
    life: u64,
    offset: u64,
    around: Option<usize>,
}

pub(crate) async fn search(
    State(server): State<Arc<Server>>,
    Parameters(query): Parameters<SearchQuery>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let archive = &server.log_archive;
    let asked = Asked::of(&query, (archive.now)())?;
    let _turn = archive.turn().await?;
    let sources = archive.sources(query.source.as_deref()).await?;
    let mut found = Found::new(asked);
    for source in &sources {
        if found.stopped.is_none() {
            found.search(archive, source).await?;
        }
    }
    let answer = found.answer(sources);
    if query.format == Format::Csv {
        return file(&query, &answer, &headers);
    }
    Ok(json(&headers, &answer))
}

/// All lines that fit, or the newest as many as the request names: nothing is left out unsaid.
fn file(query: &SearchQuery, answer: &LogSearch, headers: &HeaderMap) -> Result<Response, Refused> {
    let hint = "narrow it down with from, to, level or pattern";
    if answer.stopped.is_some() {
        let detail = "there is more to read than one search does, and more lines may fit";
        return Err(too_many(detail.to_owned(), hint));
    }
    if query.limit.is_none() && answer.found > answer.lines.len() as u64 {
        let detail = format!(
            "{} lines fit, and a file has {LINES_MAX} at most",
            answer.found
        );
        let hint = format!("{hint}; limit={LINES_MAX} asks for the newest ones");
        return Err(too_many(detail, &hint));
    }
    let file = CsvFile {
        what: "log-lines".to_owned(),
        at: answer.to,
        bom: query.bom,
    };
    Ok(file.table(headers, &Table::of_lines(&answer.lines)))
}

pub(crate) async fn lines(
    State(server): State<Arc<Server>>,
    Parameters(query): Parameters<LinesQuery>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let count = bounded("around", query.around, AROUND_DEFAULT, AROUND_MAX)?;
    let context = Context {
        before: count,
        after: count,
    };
    let place = &server.log_archive;
    let _turn = place.turn().await?;
    place.sources(Some(&query.source)).await?;
    let directory = place.directory_of(&query.source)?;
    let mut archive = open(place, &directory).await?;
    let mut lines = Vec::new();
    let take = |line: Line<'_>| lines.push(kept(&query.source, &line));
    let read = around(
        &mut archive,
        LifeNumber(query.life),
        query.offset,
        context,
        take,
    );
    let Ok(read) = tokio::time::timeout(SEARCH_MAX, read).await else {
        let limit = SEARCH_MAX.as_secs();
        let detail = format!("{directory} was not read within {limit} s");
        let kind = ProblemKind::LogArchiveUnavailable;
        return Err(Refused(problem(kind, detail, None)));
    };
    read.map_err(|error| Refused(away(&error)))?;
    if !lines.iter().any(|line| line.offset == query.offset) {
        let detail = format!(
            "no archived line of life {} of `{}` begins at byte {}",
            query.life, query.source, query.offset
        );
        return Err(wrong("offset", detail));
    }
    for line in &mut lines {
        name_file(&archive, line);
    }
    Ok(json(&headers, &LogLines { lines }))
}

/// What a search looks for.
struct Asked {
    filter: Filter,
    from: Timestamp,
    to: Timestamp,
    pattern: Option<Regex>,
    limit: usize,
}

impl Asked {
    fn of(query: &SearchQuery, now: Timestamp) -> Result<Self, Refused> {
        let to = query.to.unwrap_or(now);
        let from = query
            .from
            .unwrap_or_else(|| to.checked_sub(RANGE_DEFAULT).unwrap_or(Timestamp::MIN));
        if from > to {
            return Err(wrong("from", format!("{from} is later than {to}")));
        }
        let pattern = query
            .pattern
            .as_deref()
            .filter(|pattern| !pattern.is_empty());
        let default = match query.format {
            Format::Json => LINES_DEFAULT,
            Format::Csv => LINES_MAX,
        };
        Ok(Self {
            filter: Filter {
                life: None,
                from: Some(from),
                to: Some(to),
                level: query.level,
            },
            from,
            to,
            pattern: pattern
                .map(|pattern| compiled(pattern, query.ignore_case))
                .transpose()?,
            limit: bounded("limit", query.limit, default, LINES_MAX)?,
        })
    }

    fn fits(&self, line: &Line<'_>) -> bool {
        let text = line.bytes.strip_suffix(b"\n").unwrap_or(line.bytes);
        self.filter.is_in_range(line)
            && self.filter.has_level(line)
            && (self.pattern.as_ref()).is_none_or(|pattern| pattern.is_match(text))
    }
}

/// Its time to match is linear in the line's length, whatever it says.
fn compiled(pattern: &str, ignore_case: bool) -> Result<Regex, Refused> {
    if pattern.len() > PATTERN_BYTES_MAX {
        let detail = format!("it has more than {PATTERN_BYTES_MAX} bytes");
        return Err(wrong("pattern", detail));
    }
    let mut builder = RegexBuilder::new(pattern);
    builder
        .case_insensitive(ignore_case)
        .size_limit(PROGRAM_BYTES_MAX)
        .dfa_size_limit(PROGRAM_BYTES_MAX);
    (builder.build()).map_err(|error| {
        let detail = format!("`{pattern}` is not a regular expression: {error}");
        wrong("pattern", detail)
    })
}

/// What was found so far, over all sources.
struct Found {
    asked: Asked,
    began: Instant,
    count: u64,
    lines: Vec<ArchivedLine>,
    minutes: BTreeMap<Timestamp, u64>,
    bytes_read: u64,
    bytes_skipped: u64,
    stopped: Option<SearchLimit>,
    has_expired: bool,
}

impl Found {
    fn new(asked: Asked) -> Self {
        Self {
            asked,
            began: clock::instant(),
            count: 0,
            lines: Vec::new(),
            minutes: BTreeMap::new(),
            bytes_read: 0,
            bytes_skipped: 0,
            stopped: None,
            has_expired: false,
        }
    }

    async fn search(&mut self, place: &LogArchive, source: &str) -> Result<(), Refused> {
        let directory = place.directory_of(source)?;
        let mut archive = match Archive::open(&place.lake, &directory).await {
            Ok(archive) => archive,
            // Nothing of it is archived yet.
            Err(ArchiveError::None { .. }) => return Ok(()),
            Err(error) => return Err(Refused(away(&error))),
        };
        let filter = self.asked.filter;
        self.has_expired |= archive.lives().any(|life| filter.asks_for_expired(life));
        let (mut seen, mut newest) = (0, VecDeque::new());
        let visit = |line: Line<'_>| {
            seen += line.bytes.len() as u64;
            if self.bytes_read + seen > READ_BYTES_MAX {
                self.stopped = Some(SearchLimit::Bytes);
            } else if self.began.elapsed() > SEARCH_MAX {
                self.stopped = Some(SearchLimit::Time);
            }
            if self.stopped.is_some() {
                return Err(io::Error::other("enough"));
            }
            if self.asked.fits(&line) {
                self.count += 1;
                if newest.len() == self.asked.limit {
                    newest.pop_front();
                }
                newest.push_back(kept(source, &line));
                if let Some(minute) = line.time.and_then(minute_of) {
                    *self.minutes.entry(minute).or_default() += 1;
                }
            }
            Ok(())
        };
        let scanned = scan(&mut archive, &filter, visit).await;
        match scanned {
            Ok(scanned) => {
                self.bytes_read += scanned.bytes_read;
                self.bytes_skipped += scanned.bytes_skipped;
            }
            Err(ScanError::Visit(_)) => self.bytes_read += seen,
            Err(ScanError::Archive(error)) => return Err(Refused(away(&error))),
        }
        for mut line in newest {
            name_file(&archive, &mut line);
            self.lines.push(line);
        }
        Ok(())
    }

    fn answer(mut self, sources: Vec<String>) -> LogSearch {
        // Lines of one moment keep their order.
        self.lines.sort_by_key(|line| line.time);
        self.lines.reverse();
        self.lines.truncate(self.asked.limit);
        let minutes = self.minutes.into_iter();
        LogSearch {
            from: self.asked.from,
            to: self.asked.to,
            found: self.count,
            lines: self.lines,
            minutes: minutes
                .map(|(minute, lines)| MinuteLines { minute, lines })
                .collect(),
            bytes_read: self.bytes_read,
            bytes_skipped: self.bytes_skipped,
            stopped: self.stopped,
            has_expired: self.has_expired,
            sources,
        }
    }
}

async fn open(place: &LogArchive, directory: &comptoir_lake::LakePath) -> Result<Archive, Refused> {
    let archive = Archive::open(&place.lake, directory).await;
    archive.map_err(|error| Refused(away(&error)))
}

fn kept(source: &str, line: &Line<'_>) -> ArchivedLine {
    let text = String::from_utf8_lossy(line.bytes);
    let text = text.strip_suffix('\n').unwrap_or(&text);
    ArchivedLine {
        source: source.to_owned(),
        life: line.life.0,
        offset: line.offset,
        time: line.time,
        level: line.level,
        text: text.chars().take(TEXT_CHARACTERS_MAX).collect(),
        file: None,
        is_sealed: false,
    }
}

fn name_file(archive: &Archive, line: &mut ArchivedLine) {
    let Some(life) = archive.life(LifeNumber(line.life)) else {
        return;
    };
    let part = life.parts_from(line.offset).next();
    line.is_sealed = matches!(part, Some(Part::Frame(..)));
    line.file = part.map(|part| match part {
        Part::Frame(segment, _) => segment.to_string(),
        Part::Piece(id, end) => Name::Piece(id, end).to_string(),
    });
}

fn minute_of(time: Timestamp) -> Option<Timestamp> {
    let minute = time.round(
        jiff::TimestampRound::new()
            .smallest(Unit::Minute)
            .mode(jiff::RoundMode::Floor),
    );
    minute.ok()
}

fn bounded(name: &str, asked: Option<usize>, default: usize, max: usize) -> Result<usize, Refused> {
    match asked {
        None => Ok(default),
        Some(asked) if (1..=max).contains(&asked) => Ok(asked),
        Some(asked) => Err(wrong(name, format!("{asked} is not in 1 to {max}"))),
    }
}

fn wrong(parameter: &str, detail: String) -> Refused {
    Refused(invalid_parameter(parameter, detail))
}
