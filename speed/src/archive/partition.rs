//! One partition: its drafts, and the parts that they are committed as.

use super::committer::{Committer, Ended, Stand};
use crate::sink::{
    BatchCounts, Commit, Committed, Limits, Opened, PartitionSink, Recalled, StoreFault, TakeError,
};
use crate::transport;
use comptoir_bronze::{
    BronzeError, Committed as Archived, DataFile, Draft, Gap, Part, RowCounts, Table, Uploaded,
};
use comptoir_config::{clock, fault};
use comptoir_model::event::{EventId, Rejection};
use comptoir_model::ids::Offset;
use comptoir_model::merge::{Gaps, PartitionKey, Span};
use comptoir_model::verdict::{DuplicateWindow, MappingVersion, OutOfOrder, Reach, Verdict, judge};
use jiff::Timestamp;
use std::collections::VecDeque;
use std::slice;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tracing::warn;

const MAPPING: MappingVersion = MappingVersion::NEWEST;

pub(super) struct ArchivePartition {
    key: PartitionKey,
    reach: Reach,
    limits: Limits,
    /// A day's file of so many bytes goes ahead.
    file_bytes: usize,
    runtime: Handle,
    table: Table,
    committer: Committer,
    window: DuplicateWindow,
    /// What was collected before the last hole, and the holes.
    drafts: Vec<Drafted>,
    /// What was collected since, and from where on.
    open: Draft,
    /// Files of the same records, on their way into the lake.
    ahead: Vec<Ahead>,
    start: Offset,
    latest: Option<Timestamp>,
    rejections: Vec<&'static str>,
    counts: RowCounts,
    /// What is still to be committed, once that was tried. A hole is a commit of its own.
    parts: VecDeque<Sealed>,
}

struct Drafted {
    span: Span,
    holds: Holds,
    draft: Draft,
    ahead: Vec<Ahead>,
}

/// A whole file that is written while others are collected. Nobody sees it before its part is
/// committed; one that never is stays until a vacuum.
struct Ahead {
    file: DataFile,
    /// Taken by the first try to commit; later ones write it again.
    upload: Option<JoinHandle<Result<Vec<Uploaded>, BronzeError>>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holds {
    Records,
    /// Nothing but the row that says so.
    Hole,
}

/// A part whose files are whole.
struct Sealed {
    span: Span,
    files: Vec<DataFile>,
    ahead: Vec<Ahead>,
    counts: RowCounts,
}

impl ArchivePartition {
    pub(super) fn new(
        key: PartitionKey,
        reach: Reach,
        (limits, file_bytes): (Limits, usize),
        runtime: Handle,
        table: Table,
        committer: Committer,
    ) -> Self {
        Self {
            open: Draft::new(key.clone()),
            key,
            reach,
            limits,
            file_bytes,
            runtime,
            table,
            committer,
            window: DuplicateWindow::new(reach),
            drafts: Vec::new(),
            ahead: Vec::new(),
            start: Offset(0),
            latest: None,
            rejections: Vec::new(),
            counts: RowCounts::default(),
            parts: VecDeque::new(),
        }
    }

    fn stand(&mut self) -> Result<Stand, StoreFault> {
        let stand = self.runtime.block_on(self.committer.stand(&self.key));
        Ok(stand.map_err(ended)??)
    }

    /// Makes files of everything that was collected up to the end of the batch.
    fn seal(&mut self, span: Span, gaps: &Gaps, now: Timestamp) -> Result<(), BronzeError> {
        if let Some(last) = Span::new(self.start, span.end()) {
            self.close_draft(last);
        }
        self.start = span.end();
        if let Some(last) = self.drafts.last_mut() {
            for blind in &gaps.blind {
                last.draft.gap(Gap::Blind, *blind, now)?;
            }
        }
        for mut drafted in self.drafts.drain(..) {
            if drafted.holds == Holds::Hole {
                drafted.draft.gap(Gap::Hole, drafted.span, now)?;
            }
            let (files, counts) = drafted.draft.finish()?;
            self.parts.push_back(Sealed {
                span: drafted.span,
                files,
                ahead: drafted.ahead,
                counts,
            });
        }
        Ok(())
    }

    /// What was collected since the last hole is that span.
    fn close_draft(&mut self, span: Span) {
        self.drafts.push(Drafted {
            span,
            holds: Holds::Records,
            draft: std::mem::replace(&mut self.open, Draft::new(self.key.clone())),
            ahead: std::mem::take(&mut self.ahead),
        });
    }

    /// Writes a file while others are collected.
    fn send_ahead(&mut self, file: DataFile) {
        let (table, written) = (self.table.clone(), file.clone());
        let upload = async move { table.upload(slice::from_ref(&written), clock::now()).await };
        let upload = Some(self.runtime.spawn(upload));
        self.ahead.push(Ahead { file, upload });
    }

    async fn commit_part(&self, part: &mut Sealed) -> Result<Committed, StoreFault> {
        let mut files = self.table.upload(&part.files, clock::now()).await?;
        for Ahead { file, upload } in &mut part.ahead {
            let uploaded = match upload.take() {
                Some(upload) => upload.await.ok().and_then(Result::ok),
                None => None,
            };
            files.extend(match uploaded {
                Some(uploaded) => uploaded,
                None => (self.table.upload(slice::from_ref(file), clock::now())).await?,
            });
        }
        fault::pass("archive-uploaded");
        let part = Part {
            key: self.key.clone(),
            span: part.span,
            files,
            counts: part.counts,
        };
        match self.committer.commit(part).await {
            Ok(Archived::Applied { .. }) => Ok(Committed::Applied),
            Ok(Archived::GivenUp) => Ok(Committed::GivenUp),
            Ok(Archived::Unknown) => Err(StoreFault::Unknown(
                "the lake did not say whether a commit happened".to_owned(),
            )),
            Err(fault) => Err(ended(fault)),
        }
    }

    fn reset(&mut self) {
        self.open = Draft::new(self.key.clone());
        self.ahead.clear();
        self.drafts.clear();
        self.parts.clear();
        self.rejections.clear();
        self.latest = None;
        self.counts = RowCounts::default();
    }
}

impl PartitionSink for ArchivePartition {
    fn limits(&self) -> Limits {
        self.limits
    }

    fn open(&mut self) -> Result<Opened, StoreFault> {
        self.window = DuplicateWindow::new(self.reach);
        self.reset();
        let Stand { next, gaps } = self.stand()?;
        self.start = next;
        Ok(Opened { next, gaps })
    }

    fn position(&mut self) -> Result<Offset, StoreFault> {
        Ok(self.stand()?.next)
    }

    fn remember(&mut self, record: &transport::Record<'_>) -> Result<(), OutOfOrder> {
        judge(record.judged(), MAPPING, &mut self.window).map(drop)
    }

    /// The table has the id of every event that it has. Its own holes are known as such already,
    /// with the blind offsets behind them.
    fn recall(&mut self, gone: Span) -> Result<Recalled, StoreFault> {
        let gone = Span::new(gone.start().max(self.reach.start(self.start)), gone.end());
        let Some(gone) = gone else {
            return Ok(Recalled::All);
        };
        let ids = self.runtime.block_on(self.committer.ids(&self.key, gone));
        for (offset, id) in ids.map_err(ended)?? {
            let known = EventId::parse(id)
                .map_err(|flaw| flaw.to_string())
                .and_then(|id| {
                    let admitted = self.window.admit(offset, &id);
                    admitted.map_err(|fault| fault.to_string())
                });
            known.map_err(|why| {
                StoreFault::NotDone(format!("{} has an id that is none: {why}", self.table))
            })?;
        }
        Ok(Recalled::All)
    }

    fn take(&mut self, record: &transport::Record<'_>) -> Result<(), TakeError> {
        let judged = record.judged();
        let verdict = judge(judged, MAPPING, &mut self.window)?;
        if let Verdict::Rejected(rejection) = &verdict {
            self.rejections.push(Rejection::reason(rejection));
        }
        (self.open.record(judged, MAPPING, &verdict))
            .map_err(|error| TakeError::Encoding(error.to_string()))?;
        let full = self.open.finish_full(self.file_bytes);
        for file in full.map_err(|error| TakeError::Encoding(error.to_string()))? {
            self.send_ahead(file);
        }
        self.latest = Some(record.timestamp);
        Ok(())
    }

    fn lose(&mut self, lost: Span) {
        if let Some(span) = Span::new(self.start, lost.start()) {
            self.close_draft(span);
        }
        self.drafts.push(Drafted {
            span: lost,
            holds: Holds::Hole,
            draft: Draft::new(self.key.clone()),
            ahead: Vec::new(),
        });
        self.start = lost.end();
    }

    fn bytes(&self) -> usize {
        let of_files =
            |ahead: &[Ahead]| -> usize { ahead.iter().map(|one| one.file.length()).sum() };
        let drafted: usize = (self.drafts.iter())
            .map(|drafted| drafted.draft.bytes() + of_files(&drafted.ahead))
            .sum();
        drafted + self.open.bytes() + of_files(&self.ahead)
    }

    fn latest(&self) -> Option<Timestamp> {
        self.latest
    }

    fn counts(&self) -> BatchCounts {
        BatchCounts {
            accepted: self.counts.accepted,
            rejected: self.counts.rejected,
            duplicates: self.counts.duplicates,
            reasons: self.rejections.clone(),
            rows: self.counts.total(),
        }
    }

    fn commit(&mut self, commit: &Commit<'_>) -> Result<Committed, StoreFault> {
        if self.parts.is_empty()
            && let Err(error) = self.seal(commit.span, commit.gaps, commit.now)
        {
            // What is left of the batch is not whole: it is collected anew.
            warn!("{} can't be made into files: {error}", self.key);
            return Ok(Committed::GivenUp);
        }
        while let Some(mut part) = self.parts.pop_front() {
            let committed = self.runtime.block_on(self.commit_part(&mut part));
            if !matches!(committed, Ok(Committed::Applied)) {
                self.parts.push_front(part);
                return committed;
            }
            self.counts.add(part.counts);
        }
        Ok(Committed::Applied)
    }

    fn clear(&mut self) {
        self.reset();
    }
}

impl From<BronzeError> for StoreFault {
    /// Only a commit can be in doubt, and says so itself.
    fn from(error: BronzeError) -> Self {
        Self::NotDone(error.to_string())
    }
}

/// The process ends: somebody else has to ask.
fn ended(_: Ended) -> StoreFault {
    StoreFault::Unknown("the process ends".to_owned())
}
