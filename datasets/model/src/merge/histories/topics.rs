//! The topic of the model, and what an owner makes of what it reads there.

use super::super::{Additive, Gaps, Span};
use super::figures::{Control, Figures, Sum};
use crate::ids::Offset;

/// How far back a duplicate is looked for.
const REACH: u64 = 6;

/// What a producer sends. Equal ids are duplicates, if they are near enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Draft {
    pub(super) id: u8,
    pub(super) minute: u8,
    pub(super) net: i64,
    pub(super) valid: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Accepted,
    Rejected,
    Duplicate,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Judged {
    pub(super) offset: Offset,
    pub(super) draft: Draft,
    pub(super) verdict: Verdict,
}

/// One partition of one stream. The records stay for the recomputation when readers can't have
/// them any more.
#[derive(Clone, Debug, Default)]
pub(super) struct Topic {
    records: Vec<(Offset, Draft)>,
    start: u64,
    end: u64,
    pub(super) ended: bool,
}

/// A batch that an owner has read and judged.
#[derive(Clone, Debug)]
pub(super) struct Read {
    pub(super) span: Span,
    pub(super) records: Vec<Judged>,
    pub(super) gaps: Gaps,
    /// The owner knows the ids from here on.
    pub(super) knows_from: Offset,
}

impl Topic {
    pub(super) fn produce(&mut self, draft: Draft) {
        if !self.ended {
            self.records.push((Offset(self.end), draft));
            self.end += 1;
        }
    }

    pub(super) fn skip(&mut self, offsets: u8) {
        if !self.ended {
            self.end += u64::from(offsets);
        }
    }

    pub(super) fn retain(&mut self, offsets: u8) {
        self.start = self.end.min(self.start + u64::from(offsets));
    }

    /// Up to `limit` records from `next` on. `knows_from` is `None` for an owner that has just
    /// begun: it rebuilds its window from what is still there.
    pub(super) fn read(
        &self,
        next: Offset,
        knows_from: Option<Offset>,
        limit: usize,
    ) -> Option<Read> {
        if self.ended {
            return None;
        }
        let begin = next.0.max(self.start);
        let lost = Span::new(next, Offset(begin));
        let forgot = knows_from.is_none() && self.start > next.0.saturating_sub(REACH);
        let mut gaps = Gaps::default();
        let mut known = knows_from.unwrap_or(Offset(0));
        if lost.is_some() || forgot {
            known = Offset(self.start);
            gaps.lost.extend(lost);
            gaps.blind
                .extend(Span::new(Offset(begin), Offset(self.start + REACH)));
        }
        let mut ahead = self.records.iter().filter(|(offset, _)| offset.0 >= begin);
        let records: Vec<_> = (ahead.by_ref().take(limit))
            .map(|(offset, draft)| self.judge(*offset, *draft, known))
            .collect();
        let end = match (ahead.next(), records.last()) {
            (Some(_), Some(last)) => last.offset.0 + 1,
            _ => self.end,
        };
        Some(Read {
            span: Span::new(next, Offset(end))?,
            records,
            gaps,
            knows_from: known,
        })
    }

    fn judge(&self, offset: Offset, draft: Draft, knows_from: Offset) -> Judged {
        let from = offset.0.saturating_sub(REACH).max(knows_from.0);
        let seen = self.records.iter().any(|(earlier, other)| {
            (from..offset.0).contains(&earlier.0) && other.valid && other.id == draft.id
        });
        let verdict = match (draft.valid, seen) {
            (false, _) => Verdict::Rejected,
            (true, true) => Verdict::Duplicate,
            (true, false) => Verdict::Accepted,
        };
        Judged {
            offset,
            draft,
            verdict,
        }
    }

    /// Every record below `next`, judged by one who saw them all.
    pub(super) fn recomputed(&self, next: Offset) -> Vec<Judged> {
        self.records
            .iter()
            .filter(|(offset, _)| *offset < next)
            .map(|(offset, draft)| self.judge(*offset, *draft, Offset(0)))
            .collect()
    }
}

/// The figures of the accepted ones.
pub(super) fn figures<'a>(records: impl IntoIterator<Item = &'a Judged>) -> Figures {
    let mut figures = Figures::new();
    for record in records {
        if record.verdict == Verdict::Accepted {
            let sum = Sum {
                transactions: 1,
                net: record.draft.net,
            };
            figures.add(&[(record.draft.minute, sum)].into()).unwrap();
        }
    }
    figures
}

pub(super) fn control<'a>(records: impl IntoIterator<Item = &'a Judged>) -> Control {
    let mut control = Control::default();
    for record in records {
        control.records += 1;
        match record.verdict {
            Verdict::Accepted => {
                control.accepted += 1;
                control.net += record.draft.net;
            }
            Verdict::Rejected => control.rejected += 1,
            Verdict::Duplicate => control.duplicates += 1,
        }
    }
    control
}
