//! Which run is current, and what a run speaks for.

use super::{RunVersion, ViewRunId};
use crate::error::Result;
use crate::rows::{Cells, count};
use crate::session::Session;
use crate::views::{self, PartitionId};
use comptoir_database::Value;
use comptoir_model::live::{ControlTotals, Hundredths, QuarterHour};
use comptoir_model::merge::{Coverage, Covered, GenerationNumber, PartitionKey};
use comptoir_model::money::Currency;
use std::collections::{BTreeMap, BTreeSet};

/// The current run.
pub(crate) struct Current {
    pub(crate) id: ViewRunId,
    pub(crate) version: RunVersion,
    pub(crate) speaks_for: SpeaksFor,
}

/// What a run speaks for, as it is recorded.
#[derive(Default)]
pub(crate) struct SpeaksFor(pub(crate) BTreeMap<PartitionKey, Spoken>);

pub(crate) struct Spoken {
    pub(crate) partition: PartitionId,
    pub(crate) covered: Covered,
    pub(crate) counted: ControlTotals,
    pub(crate) by_archive_alone: BTreeSet<GenerationNumber>,
}

impl SpeaksFor {
    pub(crate) fn coverage(&self) -> Coverage {
        let covered = self.0.iter();
        Coverage(
            covered
                .map(|(key, spoken)| (key.clone(), spoken.covered.clone()))
                .collect(),
        )
    }
}

/// Why a generation is not counted by both sides alike.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Exception {
    SetAside,
    ArchiveAlone,
}

impl Exception {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::SetAside => "set_aside",
            Self::ArchiveAlone => "archive_alone",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        let all = [Self::SetAside, Self::ArchiveAlone];
        all.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// `None` before the first switch.
pub(crate) async fn current(session: &mut Session) -> Result<Option<Current>> {
    let Some((id, version)) = current_run(session).await? else {
        return Ok(None);
    };
    Ok(Some(Current {
        id,
        version,
        speaks_for: speaks_for(session, id).await?,
    }))
}

/// Only which one it is.
pub(crate) async fn current_run(session: &mut Session) -> Result<Option<(ViewRunId, RunVersion)>> {
    let sql = "SELECT run_id, version FROM view_current WHERE run_id IS NOT NULL";
    let rows = (session.select("reading the current run", sql, &[])).await?;
    let run = |row| {
        let mut cells = Cells::of("view_current", row);
        Ok((ViewRunId(cells.integer()?), RunVersion(cells.unsigned()?)))
    };
    rows.first().map(run).transpose()
}

/// The blocks from `from` on that count while `version` is current, by the run that wrote them: of
/// each quarter of an hour the newest one.
pub(crate) async fn blocks(
    session: &mut Session,
    version: RunVersion,
    from: QuarterHour,
) -> Result<BTreeMap<ViewRunId, Vec<QuarterHour>>> {
    let sql = "SELECT b.quarter, r.version, b.run_id FROM view_blocks b \
               JOIN view_runs r ON r.id = b.run_id WHERE b.quarter >= ? AND r.version <= ?";
    let values = [from.0, count(version.0, "a version")?].map(Value::Integer);
    let mut newest: BTreeMap<i64, (RunVersion, ViewRunId)> = BTreeMap::new();
    for row in session.select("looking for blocks", sql, &values).await? {
        let mut cells = Cells::of("view_blocks", &row);
        let quarter = cells.integer()?;
        let block = (RunVersion(cells.unsigned()?), ViewRunId(cells.integer()?));
        let known = newest.entry(quarter).or_insert(block);
        *known = block.max(*known);
    }
    let mut blocks: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (quarter, (_, run)) in newest {
        blocks.entry(run).or_default().push(QuarterHour(quarter));
    }
    Ok(blocks)
}

pub(super) async fn speaks_for(session: &mut Session, run: ViewRunId) -> Result<SpeaksFor> {
    let what = "reading the coverage";
    let of = [Value::Integer(run.0)];
    let mut exceptions: BTreeMap<i64, Vec<(GenerationNumber, Exception)>> = BTreeMap::new();
    let sql = "SELECT partition_id, generation, kind FROM view_exceptions WHERE run_id = ?";
    for row in session.select(what, sql, &of).await? {
        let mut cells = Cells::of("view_exceptions", &row);
        let partition = cells.integer()?;
        let exception = (cells.generation()?, cells.word(Exception::from_word)?);
        exceptions.entry(partition).or_default().push(exception);
    }
    let mut nets: BTreeMap<i64, Vec<(Currency, Hundredths)>> = BTreeMap::new();
    let sql = "SELECT partition_id, currency, net FROM view_coverage_net WHERE run_id = ?";
    for row in session.select(what, sql, &of).await? {
        let mut cells = Cells::of("view_coverage_net", &row);
        let partition = cells.integer()?;
        let net = (cells.parsed(str::parse)?, cells.hundredths()?);
        nets.entry(partition).or_default().push(net);
    }
    let sql = "SELECT p.stream, p.partition_number, p.id, c.through_generation, c.end_offset, \
               c.accepted, c.rejected, c.duplicates \
               FROM view_coverage c JOIN stream_partitions p ON p.id = c.partition_id \
               WHERE c.run_id = ?";
    let mut speaks_for = BTreeMap::new();
    for row in session.select(what, sql, &of).await? {
        let mut cells = Cells::of("view_coverage", &row);
        let key = cells.partition_key()?;
        let partition = cells.integer()?;
        let (through, end) = (cells.generation()?, cells.offset()?);
        let counted = views::counted(&mut cells)?;
        let net = nets.remove(&partition).unwrap_or_default();
        let exceptions = exceptions.remove(&partition).unwrap_or_default();
        let of_kind = |wanted| {
            let of_kind = exceptions.iter().filter(move |(_, kind)| *kind == wanted);
            of_kind.map(|(number, _)| *number).collect()
        };
        let spoken = Spoken {
            partition: PartitionId(partition),
            covered: Covered {
                through,
                end,
                set_aside: of_kind(Exception::SetAside),
            },
            counted: ControlTotals::new(counted, net)?,
            by_archive_alone: of_kind(Exception::ArchiveAlone),
        };
        speaks_for.insert(key, spoken);
    }
    Ok(SpeaksFor(speaks_for))
}
