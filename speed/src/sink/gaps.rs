//! What a hole in the log means for the figures.

use comptoir_model::ids::Offset;
use comptoir_model::merge::Span;
use comptoir_model::verdict::Reach;

/// The part of a hole that counts nowhere, and the records that have to be judged without the ids
/// in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) lost: Option<Span>,
    /// Not recorded as such yet.
    pub(crate) blind: Option<Span>,
}

/// `next` is the offset from which records count: a hole before it takes ids away, but no record.
pub(crate) fn found(hole: Span, next: Offset, recorded_blind: &[Span], reach: Reach) -> Found {
    let blind = Span::new(hole.end().max(next), reach.end(hole.end()));
    Found {
        lost: Span::new(hole.start().max(next), hole.end()),
        blind: blind.and_then(|span| not_recorded(span, recorded_blind)),
    }
}

/// The part of `span` behind what is recorded: every restart within reach of a log's start finds
/// the same blind span again.
fn not_recorded(span: Span, recorded: &[Span]) -> Option<Span> {
    let mut recorded: Vec<_> = recorded.iter().filter(|gap| gap.touches(span)).collect();
    recorded.sort_unstable();
    let start = recorded.iter().fold(span.start(), |start, gap| {
        if gap.start() <= start {
            start.max(gap.end())
        } else {
            start
        }
    });
    Span::new(start, span.end())
}

#[cfg(test)]
mod tests {
    use super::*;

    const REACH: Reach = Reach::new(100);

    fn span(start: u64, end: u64) -> Option<Span> {
        Span::new(Offset(start), Offset(end))
    }

    fn at_300(hole: Option<Span>, recorded: &[Span]) -> (Option<Span>, Option<Span>) {
        let Found { lost, blind } = found(hole.unwrap(), Offset(300), recorded, REACH);
        (lost, blind)
    }

    #[test]
    fn what_retention_took_is_lost_and_what_follows_is_judged_blind() {
        assert_eq!(
            at_300(span(200, 350), &[]),
            (span(300, 350), span(350, 450))
        );
        assert_eq!(
            at_300(span(320, 330), &[]),
            (span(320, 330), span(330, 430))
        );
    }

    #[test]
    fn ids_that_are_gone_make_a_restart_blind_though_no_record_is_lost() {
        assert_eq!(at_300(span(200, 250), &[]), (None, span(300, 350)));
        assert_eq!(at_300(span(100, 200), &[]), (None, None));
    }

    #[test]
    fn a_restart_that_is_blind_in_the_same_way_records_nothing_anew() {
        let recorded = [span(240, 350).unwrap()];
        assert_eq!(at_300(span(200, 250), &recorded), (None, None));
        let more = at_300(span(200, 260), &recorded);
        assert_eq!(more, (None, span(350, 360)), "only what is new");
        let later = [span(320, 350).unwrap()];
        assert_eq!(at_300(span(200, 250), &later), (None, span(300, 350)));
    }
}
