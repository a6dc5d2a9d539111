//! What the database has to say before a run knows which rows it reads.

use super::super::columns::Fidelity;
use super::super::error::ImportError;
use super::super::request::{Existing, ImportRequest, Selection, thousands};
use super::super::selection;
use super::super::splits::Splitter;
use super::check_column::{CheckColumn, CheckKind};
use super::gaps::GapFinder;
use super::overlap::{OVERLAP_MAX, Overlap, Unmet};
use super::window::{self, End, Window};
use super::{Before, IncrementalRequest, value_of};
use crate::database::{Database, Product, TableInfo};
use comptoir_model::incremental::{Gap, IncrementalMode, Start};
use futures::TryStreamExt;
use jiff::Timestamp;
use std::sync::Arc;

/// How many of the newest keys are looked for gaps.
const KEYS_MAX: u64 = 1_000_000;

/// The server's clock now, or when the oldest transaction or statement began that is not over. One
/// second more: the server tells of transactions with some delay.
const SAFE_FROM: &str = "SELECT NOW() - INTERVAL CAST(1 + GREATEST( \
    COALESCE((SELECT MAX(TIMESTAMPDIFF(SECOND, trx_started, \
        CONVERT_TZ(UTC_TIMESTAMP(), '+00:00', 'SYSTEM'))) \
        FROM information_schema.innodb_trx WHERE trx_mysql_thread_id <> CONNECTION_ID()), 0), \
    COALESCE((SELECT MAX(time) FROM information_schema.processlist \
        WHERE command IN ('Query', 'Execute') AND id <> CONNECTION_ID()), 0)) AS SIGNED) SECOND";

/// What was asked before the snapshot was opened.
#[derive(Debug)]
pub(in super::super) struct Asked<'a> {
    wanted: &'a IncrementalRequest,
    column: CheckColumn,
    /// Whatever is not in the snapshot has a time from here on; `None` of other columns.
    safe_from: Option<String>,
}

/// To be called before the snapshot is opened: a transaction that ends in between would be neither
/// in the snapshot nor among those that are open.
pub(in super::super) async fn begin<'a>(
    database: &mut Database,
    request: &ImportRequest,
    wanted: &'a IncrementalRequest,
    table: &TableInfo,
) -> Result<Asked<'a>, ImportError> {
    let is_query = matches!(request.selection, Selection::Query(_));
    let column = CheckColumn::of(wanted, table, database.product(), is_query)?;
    let safe_from = if column.kind.is_time() {
        clock(database).await?
    } else {
        None
    };
    Ok(Asked {
        wanted,
        column,
        safe_from,
    })
}

async fn clock(database: &mut Database) -> Result<Option<String>, ImportError> {
    let what = "asking which transactions are open";
    let rows = match database.fetch_all(what, SAFE_FROM).await {
        Err(error) if error.is_denied() => {
            tracing::warn!(
                "this user may not see which transactions are open: rows of one that is open now can be missed for ever\nhint: `GRANT PROCESS ON *.* TO user`"
            );
            let now = "SELECT NOW() - INTERVAL 1 SECOND";
            database.fetch_all(what, now).await?
        }
        rows => rows?,
    };
    Ok(database.text(what, rows.first(), 0)?)
}

impl Asked<'_> {
    /// Inside the snapshot: the rows of this run; `None` where there is nothing new.
    pub(in super::super) async fn window(
        self,
        database: &mut Database,
        request: &ImportRequest,
        before: &Before,
        table: &TableInfo,
        now: Timestamp,
    ) -> Result<Option<Window>, ImportError> {
        let Self {
            wanted: incremental,
            column,
            safe_from,
        } = self;
        let (start, gaps) = start(request, incremental, before, now)?;
        let end = match incremental.mode {
            IncrementalMode::Append => {
                highest(database, request, table, &column, start.as_ref()).await?
            }
            IncrementalMode::LastModified => Some(End::Before(server_time(database).await?)),
        };
        let mut ranges = Vec::new();
        let (mut ceiling, mut next, mut overlap) = (None, start.clone(), None);
        if let Some(mut end) = end {
            let begin = window::next(
                incremental.mode,
                column.kind,
                end.value(),
                safe_from.as_deref(),
            );
            if !matches!(request.existing, Existing::MergeBy(_)) {
                let (mut from, mut unmet) = (None, Unmet::Forget);
                if let Start::From(value) = &begin {
                    let again = window::range(&column, Some(&begin), Some(&end))?;
                    let again = request.selection.narrowed(&again);
                    let rows = selection::count(database, &again, table).await?;
                    if rows > OVERLAP_MAX {
                        tracing::warn!(
                            "{} rows are from {value} on, when a transaction began that is still open: they are left for the next run",
                            thousands(rows)
                        );
                        end = End::Before(value.clone());
                        unmet = Unmet::Keep;
                    }
                    from = Some(value.clone());
                }
                let published = published(incremental, before);
                if from.is_some() || !published.is_empty() {
                    overlap = Some(Arc::new(Overlap::new(published, from, unmet)));
                }
            }
            ranges.push(window::range(&column, start.as_ref(), Some(&end))?);
            ceiling = Some(end.value().to_owned());
            next = Some(begin);
        }
        ranges.extend(window::in_gaps(&column, &gaps));
        let last = || (before.state.as_ref()).map(|state| state.ceiling.clone());
        let (Some(next), Some(highest), false) =
            (next, ceiling.clone().or_else(last), ranges.is_empty())
        else {
            return Ok(None);
        };
        let gaps = if column.kind == CheckKind::Integer {
            let range = ceiling.and_then(|end| window::range_of_keys(start.as_ref(), &end, now));
            missing(
                database,
                request,
                table,
                &column,
                (start.as_ref(), range),
                gaps,
            )
            .await?
        } else {
            Vec::new()
        };
        Ok(Some(Window {
            condition: ranges.join(" OR "),
            check_column: column.sql,
            ceiling: highest,
            next,
            gaps,
            overlap,
        }))
    }
}

/// Where this run begins, and the gaps below. A `--last-value` is taken as Sqoop takes it; without
/// one the target knows; a new target gets everything.
fn start(
    request: &ImportRequest,
    incremental: &IncrementalRequest,
    before: &Before,
    now: Timestamp,
) -> Result<(Option<Start>, Vec<Gap>), ImportError> {
    let (mode, column) = (incremental.mode, &incremental.column);
    if let Some(value) = &incremental.last_value {
        let value = value.clone();
        let start = match mode {
            IncrementalMode::Append => Start::After(value),
            IncrementalMode::LastModified => Start::From(value),
        };
        return Ok((Some(start), Vec::new()));
    }
    match &before.state {
        Some(state) if state.mode == mode && state.column.eq_ignore_ascii_case(column) => {
            let open = state.gaps.iter().filter(|gap| gap.is_open(now));
            Ok((Some(state.start.clone()), open.copied().collect()))
        }
        Some(state) => Err(ImportError::OtherState {
            target: request.target.clone(),
            found: format!("{} by `{}`", state.mode.name(), state.column),
            value: value_of(&state.start).to_owned(),
        }),
        None if before.holds_rows
            && request.existing == Existing::Append
            && request.rendering.fidelity == Fidelity::Lossless =>
        {
            Err(ImportError::NoState {
                target: request.target.clone(),
            })
        }
        None => Ok((None, Vec::new())),
    }
}

/// The rows that this run may meet again.
fn published<'a>(
    incremental: &IncrementalRequest,
    before: &'a Before,
) -> &'a [comptoir_model::row_checksum::RowChecksum] {
    match (&incremental.last_value, &before.state) {
        (None, Some(state)) => &state.overlap,
        _ => &[],
    }
}

/// The highest value behind `start`.
async fn highest(
    database: &mut Database,
    request: &ImportRequest,
    table: &TableInfo,
    column: &CheckColumn,
    start: Option<&Start>,
) -> Result<Option<End>, ImportError> {
    let selection = match start {
        None => request.selection.clone(),
        start => (request.selection).narrowed(&window::range(column, start, None)?),
    };
    let splitter = match column.kind {
        CheckKind::Integer => Splitter::Integer,
        CheckKind::Decimal => Splitter::Decimal,
        CheckKind::Moment => Splitter::Moment,
        CheckKind::Day => Splitter::Day,
    };
    let name = match &request.selection {
        Selection::Table { .. } => column.name.as_str(),
        Selection::Query(_) => column.sql.as_str(),
    };
    let (_, max) = selection::bounds(database, &selection, table, (name, splitter), None).await?;
    Ok(max.map(End::Including))
}

async fn server_time(database: &mut Database) -> Result<String, ImportError> {
    let what = "asking for the server's time";
    let rows = database.fetch_all(what, "SELECT NOW()").await?;
    let now = database.text(what, rows.first(), 0)?;
    Ok(now.unwrap_or_default())
}

/// The gaps that are left below the ceiling: of `range`, which this run reads, and of those before.
async fn missing(
    database: &mut Database,
    request: &ImportRequest,
    table: &TableInfo,
    column: &CheckColumn,
    (start, range): (Option<&Start>, Option<GapFinder>),
    before: Vec<Gap>,
) -> Result<Vec<Gap>, ImportError> {
    let mut gaps = Vec::new();
    if let Some(finder) = range {
        let condition = window::range(column, start, None)?;
        let looked = look(database, request, table, column, &condition, finder).await?;
        gaps = match (looked, start) {
            (Looked::AtAll(finder), Some(_)) => finder.finish(),
            (Looked::AtAll(finder) | Looked::AtTheHighest(finder), _) => {
                finder.finish_at_lowest_key()
            }
        };
    }
    if let Some(condition) = window::in_gaps(column, &before) {
        let finder = GapFinder::new(before);
        match look(database, request, table, column, &condition, finder).await? {
            Looked::AtAll(finder) => gaps.extend(finder.finish()),
            Looked::AtTheHighest(finder) => gaps.extend(finder.finish_at_lowest_key()),
        }
    }
    gaps.truncate(super::gaps::GAPS_MAX);
    Ok(gaps)
}

enum Looked {
    AtAll(GapFinder),
    AtTheHighest(GapFinder),
}

/// Shows the finder the keys, the highest first.
async fn look(
    database: &mut Database,
    request: &ImportRequest,
    table: &TableInfo,
    column: &CheckColumn,
    condition: &str,
    mut finder: GapFinder,
) -> Result<Looked, ImportError> {
    let sql = selection::keys(&request.selection, table, &column.sql, condition, KEYS_MAX);
    let only_integers = database.product() != Product::Sqlite;
    let mut rows = database.rows("looking for gaps", &sql);
    let mut seen = 0;
    while let Some(row) = rows.try_next().await? {
        seen += 1;
        let value = row.get(0).ok().and_then(crate::database::Raw::to_text);
        match value.and_then(|value| value.parse().ok()) {
            Some(key) => finder.found(key),
            // A column of SQLite holds values of any type.
            None if !only_integers => {}
            None => return Ok(Looked::AtTheHighest(finder)),
        }
        if finder.is_full() {
            return Ok(Looked::AtTheHighest(finder));
        }
    }
    Ok(if seen < KEYS_MAX {
        Looked::AtAll(finder)
    } else {
        Looked::AtTheHighest(finder)
    })
}
