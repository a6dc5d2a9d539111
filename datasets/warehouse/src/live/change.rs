//! What is asked for, and what is answered.

use crate::dead_letters::StoredLetter;
use crate::runs::RunVersion;
use crate::transactions::StoredTransaction;
use crate::views::{PartitionId, Progress};
use comptoir_model::api::live::{GapKind, TopKind};
use comptoir_model::event::{Channel, Status};
use comptoir_model::ids::{Offset, StreamId};
use comptoir_model::live::{Counted, Distinct, Minute, QuarterHour, TopSums};
use comptoir_model::merge::{Coverage, GenerationNumber, PartitionKey, Span};
use comptoir_model::money::Currency;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// What a reader knows already: for each partition, the position up to which it has read minutes
/// and tops. Start with the default, keep what [`LiveChange::seen`] says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    pub(super) minutes: BTreeMap<PartitionId, Known>,
    pub(super) tops: BTreeMap<PartitionId, Offset>,
    /// The run whose minutes and quarters were read; `None`: of none.
    pub(super) run: Option<RunVersion>,
    /// The same for the totals by subject.
    pub(super) run_tops: Option<RunVersion>,
}

/// Who counted some totals: those of different origins add up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// The current batch-view run, from the archive.
    Archive,
    /// The views sink, in one generation of one partition.
    Buckets {
        partition: PartitionId,
        generation: GenerationNumber,
    },
}

/// Where a partition stood, and what had been counted of it by then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) next: Offset,
    pub(super) generation: GenerationNumber,
    pub(super) accepted: u64,
}

/// What to read.
#[derive(Clone, Copy, Debug)]
pub struct LiveQuery<'a> {
    pub seen: &'a Seen,
    /// What changed from here on comes minute by minute. It may move forward from read to read; a
    /// reader that wants to move it back starts with an empty [`Seen`].
    pub minutes_from: QuarterHour,
    /// What changed from here on and before `minutes_from` comes as whole quarters of an hour: a
    /// day of minutes is more than a reader wants to hold. Equal to `minutes_from` for none.
    pub older_from: QuarterHour,
    /// Minutes and quarters from here on are left out, also of later reads: it is to stay the same from
    /// read to read.
    pub until: Option<QuarterHour>,
    /// From where on to read what changed in the totals by subject. They are many rows: a reader
    /// may ask for them less often than for minutes. `None`: none this time; they stay unseen.
    pub tops_from: Option<QuarterHour>,
    /// The newest transactions overall; 0 for none.
    pub recent_max: usize,
    /// The newest dead letters; 0 for none.
    pub dead_letters_max: usize,
}

impl LiveQuery<'_> {
    pub(super) fn asks_for(&self, quarter: QuarterHour) -> bool {
        self.until.is_none_or(|until| quarter < until)
    }
}

/// All of one moment: of exactly the positions in `partitions`.
#[derive(Clone, Default)]
pub struct LiveChange {
    /// Whether any position has moved since the minutes of `seen`. Where not, `minutes`, `older`,
    /// `events` and `recent` are empty and unchanged; everything else is filled all the same.
    pub moved: bool,
    /// Whether another batch-view run is current than the one of `seen`: everything that is known
    /// has to be forgotten, and this change tells all of it again.
    pub anew: bool,
    /// What the current run speaks for, and nothing else does.
    pub coverage: Coverage,
    /// Ordered by key.
    pub partitions: Vec<LivePartition>,
    pub streams: Vec<LiveStream>,
    /// Each replaces all that is known of this (origin, minute).
    pub minutes: Vec<MinuteTotals>,
    /// Each replaces all that is known of this (origin, quarter), minutes too.
    pub older: Vec<OlderTotals>,
    /// Each subject in it replaces what is known of this (origin, quarter, currency, kind,
    /// name); subjects that are not in it have not changed.
    pub tops: Vec<QuarterTops>,
    /// Of partitions of which the reader takes the new events instead of what they changed: neither
    /// `minutes` nor `older` nor `tops` has them.
    pub events: Vec<NewEvents>,
    /// Newest by event time first.
    pub recent: Vec<StoredTransaction>,
    pub dead_letters: DeadLetterSummary,
    /// Oldest first.
    pub gaps: Vec<RecordedGap>,
    /// What is known after this change.
    pub seen: Seen,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LivePartition {
    pub id: PartitionId,
    pub key: PartitionKey,
    /// Everything below is in the figures.
    pub next: Offset,
    /// The open generation.
    pub generation: GenerationNumber,
    /// When the position moved last.
    pub updated_at: Timestamp,
    /// `None` before the sink has said anything.
    pub progress: Option<Progress>,
    /// Who wrote `progress`.
    pub owner: Option<String>,
    /// Records by verdict, over all generations.
    pub counted: Counted,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveStream {
    pub stream: StreamId,
    /// `kafka` or `jsonl`.
    pub transport: String,
    pub topic: String,
    pub first_seen: Timestamp,
    pub ended_at: Option<Timestamp>,
}

/// One minute of one origin.
#[derive(Clone)]
pub struct MinuteTotals {
    pub origin: Origin,
    pub minute: Minute,
    pub totals: Totals,
}

/// One quarter of an hour of one origin, as a whole.
#[derive(Clone)]
pub struct OlderTotals {
    pub origin: Origin,
    pub quarter: QuarterHour,
    pub totals: Totals,
}

/// Every accepted event of one partition since the last read: to be added to what is known, whatever
/// its time, also from before `older_from`. All of one generation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEvents {
    pub partition: PartitionId,
    pub generation: GenerationNumber,
    /// By offset.
    pub events: Vec<StoredTransaction>,
}

impl NewEvents {
    pub fn origin(&self) -> Origin {
        Origin::Buckets {
            partition: self.partition,
            generation: self.generation,
        }
    }
}

/// What happened in one span of time.
#[derive(Clone, Default)]
pub struct Totals {
    /// By currency, category, channel and status: any of them can be summed away.
    pub grouped: Vec<Grouped>,
    /// By currency, country and city.
    pub places: Vec<PlaceTotals>,
    pub distinct: Distinct,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grouped {
    pub currency: Currency,
    pub category: String,
    pub channel: Channel,
    pub status: Status,
    /// `approved` and `units` are 0 where `status` is not `APPROVED`.
    pub sums: TopSums,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaceTotals {
    pub currency: Currency,
    pub country: String,
    pub city: String,
    pub sums: TopSums,
}

/// One quarter of an hour of one origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuarterTops {
    pub origin: Origin,
    pub quarter: QuarterHour,
    pub subjects: Vec<SubjectTotals>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubjectTotals {
    pub currency: Currency,
    pub kind: TopKind,
    /// The id of a product or customer, the name of a merchant, the lower bound of an amount bucket.
    pub name: String,
    pub sums: TopSums,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeadLetterSummary {
    pub total: u64,
    /// By the reason's stable name, in its order.
    pub by_reason: Vec<(String, u64)>,
    /// Newest first, without their bytes.
    pub newest: Vec<StoredLetter>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedGap {
    pub partition: PartitionKey,
    pub kind: GapKind,
    pub span: Span,
    pub found_at: Timestamp,
}
