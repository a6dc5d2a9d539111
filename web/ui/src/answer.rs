//! What a page knows that asks the server again and again for one answer. Pure.

use crate::state::Fault;
use jiff::Timestamp;

/// Once there is an answer, a failure does not take it away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum View<T> {
    Loading,
    Down(Fault),
    Shown {
        answer: T,
        /// When it came.
        at: Timestamp,
        /// Why there is no newer one, where there is none.
        lost: Option<Fault>,
    },
}

impl<T> View<T> {
    pub(crate) fn take(&mut self, answer: Result<T, Fault>, now: Timestamp) {
        match (answer, &mut *self) {
            (Ok(answer), _) => {
                *self = Self::Shown {
                    answer,
                    at: now,
                    lost: None,
                };
            }
            (Err(fault), Self::Shown { lost, .. }) => *lost = Some(fault),
            (Err(fault), _) => *self = Self::Down(fault),
        }
    }

    pub(crate) fn answer(&self) -> Option<&T> {
        match self {
            Self::Shown { answer, .. } => Some(answer),
            _ => None,
        }
    }

    /// Why the last answer is not of now, and when it came.
    pub(crate) fn lost(&self) -> Option<(Fault, Timestamp)> {
        match self {
            Self::Shown {
                at,
                lost: Some(fault),
                ..
            } => Some((fault.clone(), *at)),
            _ => None,
        }
    }

    /// Why there is no newer answer, or none.
    pub(crate) fn fault(&self) -> Option<Fault> {
        match self {
            Self::Loading => None,
            Self::Down(fault) => Some(fault.clone()),
            Self::Shown { lost, .. } => lost.clone(),
        }
    }

    pub(crate) fn face(&self) -> Face {
        match self {
            Self::Loading => Face::Loading,
            Self::Down(fault) => Face::Down(fault.clone()),
            Self::Shown { .. } => Face::Shown,
        }
    }
}

/// What a page has to show; it stays while answers follow one another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Face {
    Loading,
    Down(Fault),
    Shown,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_answer_stays_while_there_is_no_newer_one() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let mut view = View::Loading;
        view.take(Err(Fault::Unreachable), at(1));
        assert_eq!(view.face(), Face::Down(Fault::Unreachable));
        view.take(Ok(7), at(2));
        view.take(Err(Fault::Unreachable), at(3));
        assert_eq!(view.answer(), Some(&7));
        assert_eq!(view.lost(), Some((Fault::Unreachable, at(2))));
        view.take(Ok(8), at(4));
        assert_eq!((view.answer(), view.lost()), (Some(&8), None));
    }
}
