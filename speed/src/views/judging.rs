//! From the records of a batch to what it adds to the warehouse.

use super::collected::Collected;
use super::names::{Named, Names};
use comptoir_model::event::Rejection;
use comptoir_model::live::{Overflow, Tally};
use comptoir_model::verdict::{DuplicateWindow, MappingVersion, OutOfOrder, Verdict, judge};

/// What a batch adds.
pub(super) struct Judged<'a> {
    pub(super) tally: Tally<'a>,
    pub(super) names: Vec<Named>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum JudgeError {
    #[error(transparent)]
    OutOfOrder(#[from] OutOfOrder),
    #[error(transparent)]
    Overflow(#[from] Overflow),
}

/// Judges a batch, once: the window moves on with it. After an error the window, the names and the
/// batch have to be thrown away.
pub(super) fn judge_all<'a>(
    collected: &'a Collected,
    window: &mut DuplicateWindow,
    names: &mut Names,
) -> Result<Judged<'a>, JudgeError> {
    let mut judged = Judged {
        tally: Tally::default(),
        names: Vec::new(),
    };
    for (record, length) in collected.records() {
        let verdict = match judge(record, MappingVersion::NEWEST, window)? {
            // Only the beginning of a giant record was loaded.
            Verdict::Rejected(Rejection::TooLarge { .. }) => {
                Verdict::Rejected(Rejection::TooLarge { bytes: length })
            }
            verdict => verdict,
        };
        if let Verdict::Accepted(event) = &verdict {
            names.note(event, &mut judged.names);
        }
        judged.tally.add(record, verdict)?;
    }
    Ok(judged)
}
