//! What may be committed over what the table says: decisions only.

use comptoir_model::ids::Offset;
use comptoir_model::merge::Span;

/// Whether the table has rows of a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rows {
    None,
    Some,
}

/// How a partition's archive goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Opening {
    At(Offset),
    /// It was never archived: an empty commit says that it stands at 0.
    Begin,
    /// There are rows, but nothing says up to which offset they are whole. To start from 0 would
    /// archive them twice.
    PositionLost,
}

/// `position` is the version of the partition's transaction in the table.
pub(crate) fn opening(position: Option<Offset>, rows: Rows) -> Opening {
    match (position, rows) {
        (Some(next), _) => Opening::At(next),
        (None, Rows::None) => Opening::Begin,
        (None, Rows::Some) => Opening::PositionLost,
    }
}

/// Whether the records of a span may be committed over a version of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Admission {
    Commit,
    /// The archive stands elsewhere: another owner has moved it.
    GivenUp {
        next: Option<Offset>,
    },
}

/// They must begin exactly where the archive stands. Delta itself would take a transaction again
/// whose version is no higher than the last one.
pub(crate) fn admission(position: Option<Offset>, span: Span) -> Admission {
    if position == Some(span.start()) {
        Admission::Commit
    } else {
        Admission::GivenUp { next: position }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_partition_without_position_begins_only_where_it_has_no_rows() {
        assert_eq!(opening(None, Rows::None), Opening::Begin);
        assert_eq!(opening(None, Rows::Some), Opening::PositionLost);
        for rows in [Rows::None, Rows::Some] {
            assert_eq!(opening(Some(Offset(7)), rows), Opening::At(Offset(7)));
        }
    }

    proptest! {
        /// Owners of one partition commit spans that begin where each of them believes that the
        /// archive stands: whatever comes, every offset is archived once and none is left out.
        #[test]
        fn owners_that_disagree_archive_each_offset_once(
            attempts in prop::collection::vec((0_usize..3, 1_u64..20, any::<bool>()), 1..60),
        ) {
            let mut position = Offset(0);
            let mut believed = [Offset(0); 3];
            let mut archived = Vec::new();
            for (owner, length, answer_arrives) in attempts {
                let start = believed[owner];
                let span = Span::new(start, Offset(start.0 + length)).unwrap();
                match admission(Some(position), span) {
                    Admission::Commit => {
                        archived.extend(span.start().0..span.end().0);
                        position = span.end();
                        // Else it tries the same span again.
                        if answer_arrives {
                            believed[owner] = position;
                        }
                    }
                    Admission::GivenUp { next } => believed[owner] = next.unwrap(),
                }
            }
            prop_assert_eq!(archived, (0..position.0).collect::<Vec<_>>());
        }
    }
}
