//! How many refused logins the journal takes: nobody may fill it by guessing. Pure.

use jiff::{SignedDuration, Timestamp};

const PERIOD: SignedDuration = SignedDuration::from_mins(1);
const ENTRIES_MAX: u32 = 60;

/// What is to be noted of one more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Noted {
    Yes,
    /// And of so many before it that were only counted.
    AndThatSoManyWereLeftOut(u64),
    No,
}

#[derive(Debug, Default)]
pub(crate) struct Quota {
    since: Option<Timestamp>,
    noted: u32,
    left_out: u64,
}

impl Quota {
    pub(crate) fn one_more(&mut self, now: Timestamp) -> Noted {
        let is_over = |since: Timestamp| now < since || now.duration_since(since) >= PERIOD;
        if self.since.is_none_or(is_over) {
            self.since = Some(now);
            self.noted = 0;
        }
        if self.noted >= ENTRIES_MAX {
            self.left_out += 1;
            return Noted::No;
        }
        self.noted += 1;
        match std::mem::take(&mut self.left_out) {
            0 => Noted::Yes,
            left_out => Noted::AndThatSoManyWereLeftOut(left_out),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_counted_and_told_later() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let mut quota = Quota::default();
        let noted = (0..100).filter(|second| quota.one_more(at(second / 10)) != Noted::No);
        assert_eq!(noted.count(), 60);
        assert_eq!(quota.one_more(at(60)), Noted::AndThatSoManyWereLeftOut(40));
        assert_eq!(quota.one_more(at(61)), Noted::Yes);
        // A clock that is put back begins anew.
        assert_eq!(quota.one_more(at(0)), Noted::Yes);
    }
}
