//! The views sink's side.

mod commit;
mod ending;
mod generations;
mod position;
mod progress;
mod recent;
mod sketches;

pub(crate) use generations::{all as generations, counted, nets};
pub(crate) use position::{find as find_partition, gap_kind, gaps};
pub(crate) use sketches::distinct;

use crate::error::Result;
use crate::names::NameKind;
use crate::session::Session;
use crate::warehouse::Warehouse;
use comptoir_config::clock;
use comptoir_model::ids::{Offset, StreamId};
use comptoir_model::live::{ControlTotals, Tally};
use comptoir_model::merge::{Ending, Gaps, GenerationNumber, PartitionKey, Seal, Span};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, Instant};

/// What a partition is called in the warehouse: a short number, for keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PartitionId(pub i64);

impl fmt::Display for PartitionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "partition {}", self.0)
    }
}

/// Where the views sink stands in a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ViewsPosition {
    pub partition: PartitionId,
    pub next: Offset,
    /// The open generation.
    pub generation: GenerationNumber,
    /// All that were recorded so far.
    pub gaps: Gaps,
}

/// How far the sink has seen its partition. Advisory: it moves no figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Where the partition ended when the sink last looked.
    pub log_end: Offset,
    /// The event time up to which the partition has been seen; `None` where nothing is known.
    pub fresh_through: Option<Timestamp>,
    /// When it looked.
    pub checked_at: Timestamp,
}

/// The newest name that events showed for an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NewName<'a> {
    pub kind: NameKind,
    pub id: &'a str,
    pub name: &'a str,
}

/// One batch of judged records of one partition.
#[derive(Clone, Copy)]
pub struct ViewsBatch<'a> {
    pub partition: PartitionId,
    /// From where the sink stood to its consumer's position after the last record.
    pub span: Span,
    pub tally: &'a Tally,
    /// Newly found gaps.
    pub lost: &'a [Span],
    pub blind: &'a [Span],
    pub progress: Progress,
    /// Names that are new or have changed since the writer last sent them; any order. An id that
    /// comes twice gets its last one.
    pub names: &'a [NewName<'a>],
    pub now: Timestamp,
}

/// What became of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Committed {
    /// It counts, in this generation.
    Applied { generation: GenerationNumber },
    /// Another owner has been here: nothing was written, give up the partition.
    GivenUp { found: Offset },
}

/// A generation as it is recorded, open or sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GenerationRow {
    pub partition: PartitionKey,
    pub number: GenerationNumber,
    pub start: Offset,
    /// `None` while it is open.
    pub end: Option<Offset>,
    /// Where its last batch ended; `None` before the first.
    pub counted_to: Option<Offset>,
    pub control: ControlTotals,
}

/// Writes what the views sink counts, over one connection of its own.
///
/// Every call is one transaction: wholly done, or not at all. After an error the connection is
/// thrown away and the next call opens another. [`crate::WarehouseError::retry`] says what to do:
/// - `CanHelp`: nothing was written; call again.
/// - `Unknown`: the answer to a commit was lost. Ask for [`Self::position`], which waits for a
///   transaction that is still under way: `next` is either the span's start (call again) or its
///   end (done).
pub struct ViewsWriter {
    warehouse: Warehouse,
    owner: String,
    session: Option<Session>,
    /// When the session was last heard of.
    used: Instant,
}

/// A writer's process may be paused, or its host cut off, in the middle of a transaction: then the
/// server ends it, so that the next owner of its partitions is not kept waiting for locks.
const SILENCE_MAX: Duration = Duration::from_secs(10);
/// A session that was idle for so long is not used again: the server may be about to end it.
const IDLE_MAX: Duration = Duration::from_secs(5);

impl ViewsWriter {
    /// `owner` names this process in `progress`: a host and process id, say. Connects and refuses
    /// a schema that is not this program's.
    pub async fn open(warehouse: &Warehouse, owner: &str) -> Result<Self> {
        let mut writer = Self {
            warehouse: warehouse.clone(),
            owner: owner.to_owned(),
            session: None,
            used: clock::instant(),
        };
        let session = writer.take_session().await?;
        writer.keep(session);
        Ok(writer)
    }

    /// Records a stream, once; later calls change nothing.
    pub async fn register_stream(
        &mut self,
        stream: &StreamId,
        transport: &str,
        topic: &str,
        now: Timestamp,
    ) -> Result<()> {
        let mut session = self.take_session().await?;
        position::register_stream(&mut session, stream, transport, topic, now).await?;
        self.keep(session);
        Ok(())
    }

    /// Records that nothing more comes from a stream: its topic was deleted or created anew.
    pub async fn end_stream(&mut self, stream: &StreamId, now: Timestamp) -> Result<()> {
        let mut session = self.take_session().await?;
        position::end_stream(&mut session, stream, now).await?;
        self.keep(session);
        Ok(())
    }

    /// Where the sink goes on in a partition. A new partition starts at offset 0, generation 1.
    pub async fn position(&mut self, key: &PartitionKey, now: Timestamp) -> Result<ViewsPosition> {
        let mut session = self.take_session().await?;
        let position = position::read_or_make(&mut session, key, now).await?;
        self.keep(session);
        Ok(position)
    }

    /// Adds a batch to the open generation and moves the position to the end of its span.
    pub async fn commit(&mut self, batch: &ViewsBatch<'_>) -> Result<Committed> {
        let mut session = self.take_session().await?;
        let committed = commit::commit(&mut session, batch, &self.owner).await?;
        self.keep(session);
        Ok(committed)
    }

    /// Says how far partitions were seen without anything to commit. Does not go back in time: an
    /// owner that slept says nothing new.
    pub async fn note_progress(&mut self, progress: &[(PartitionId, Progress)]) -> Result<()> {
        let mut session = self.take_session().await?;
        progress::note(&mut session, progress, &self.owner).await?;
        self.keep(session);
        Ok(())
    }

    /// Closes the open generation of every partition that has moved, whoever owns it, and opens
    /// the next ones.
    pub async fn seal(
        &mut self,
        now: Timestamp,
    ) -> Result<BTreeMap<PartitionKey, Seal<ControlTotals>>> {
        let mut session = self.take_session().await?;
        let seals = generations::seal(&mut session, now).await?;
        self.keep(session);
        Ok(seals)
    }

    /// Closes every partition of the streams that ended: the sink's position moves to the archive's
    /// where that is higher, and what lies between is recorded as lost. `archived` says where the
    /// archive stands; a partition that is not in it stands at 0. Returns what became of each, and
    /// with it what the archive has to record as lost. To be done before each seal: an owner that
    /// was paused while its stream ended may still commit what it had read.
    pub async fn end_partitions(
        &mut self,
        archived: &BTreeMap<PartitionKey, Offset>,
        now: Timestamp,
    ) -> Result<BTreeMap<PartitionKey, Ending>> {
        let mut session = self.take_session().await?;
        let partitions = ending::of_ended_streams(&mut session, archived).await?;
        let mut endings = BTreeMap::new();
        for key in partitions {
            let archived = archived.get(&key).copied().unwrap_or(Offset(0));
            let ending = ending::end(&mut session, &key, archived, &self.owner, now).await?;
            endings.insert(key, ending);
        }
        self.keep(session);
        Ok(endings)
    }

    /// The session, which is lost unless it is put back: also where a call is dropped half-way.
    async fn take_session(&mut self) -> Result<Session> {
        let idle = self.used.elapsed() > IDLE_MAX;
        if let Some(session) = self.session.take().filter(|_| !idle) {
            return Ok(session);
        }
        let mut session = Session::open(self.warehouse.inner()).await?;
        session.end_after_silence(SILENCE_MAX).await?;
        Ok(session)
    }

    fn keep(&mut self, session: Session) {
        self.session = Some(session);
        self.used = clock::instant();
    }
}

impl Warehouse {
    /// All generations, by partition and number.
    pub async fn generations(&self) -> Result<Vec<GenerationRow>> {
        let mut lease = self.lease().await?;
        lease.begin_snapshot().await?;
        let rows = generations::all(&mut lease).await?;
        lease.rollback().await?;
        lease.give_back();
        Ok(rows)
    }
}
