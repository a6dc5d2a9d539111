//! Lives that are over. Their files may still lie there, however many lives came after them: a file
//! that was forgotten would be shipped again.

use crate::archive::names::{LifeNumber, Name, PieceEnd};
use crate::archive::records::{FileId, Head};
use jiff::Timestamp;
use std::collections::{BTreeMap, HashMap};

#[derive(Clone, Debug)]
pub(super) struct Settled {
    pub(super) life: LifeNumber,
    pub(super) head: Head,
    pub(super) file: FileId,
    pub(super) born: Option<Timestamp>,
    pub(super) end: u64,
    /// Its last piece; `None` of one that has none.
    pub(super) last: Option<(Name, PieceEnd)>,
    pub(super) ended_at: Timestamp,
}

/// Found by how a file begins: where a log keeps thousands of files, holding each against each would
/// take longer than anything else that is done.
#[derive(Debug, Default)]
pub(super) struct SettledLives {
    /// By the length of a head, and by its hash.
    by_head: BTreeMap<u64, HashMap<String, Vec<Settled>>>,
}

impl SettledLives {
    pub(super) fn push(&mut self, settled: Settled) {
        let of_length = self.by_head.entry(settled.head.bytes).or_default();
        let alike = of_length.entry(settled.head.sha256.clone()).or_default();
        alike.push(settled);
    }

    /// Those that begin as a file does of which these are the first bytes.
    pub(super) fn beginning_as<'a>(&'a self, head: &'a [u8]) -> impl Iterator<Item = &'a Settled> {
        let shorter = self.by_head.range(..=head.len() as u64);
        shorter
            .filter_map(|(length, alike)| {
                let length = usize::try_from(*length).ok()?;
                alike.get(&Head::of(&head[..length]).sha256)
            })
            .flatten()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Settled> {
        self.by_head.values().flat_map(HashMap::values).flatten()
    }
}

impl FromIterator<Settled> for SettledLives {
    fn from_iter<T: IntoIterator<Item = Settled>>(lives: T) -> Self {
        let mut all = Self::default();
        lives.into_iter().for_each(|settled| all.push(settled));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lives_are_found_by_how_a_file_begins() {
        let settled = |life, head: &[u8]| Settled {
            life: LifeNumber(life),
            head: Head::of(head),
            file: FileId {
                device: 1,
                inode: life,
            },
            born: None,
            end: 0,
            last: None,
            ended_at: Timestamp::UNIX_EPOCH,
        };
        let lives: SettledLives = [
            settled(1, b""),
            settled(2, b"a"),
            settled(3, b"ab"),
            settled(4, b"ab"),
            settled(5, b"ac"),
            settled(6, b"abcd"),
        ]
        .into_iter()
        .collect();
        let found: Vec<u64> = lives
            .beginning_as(b"abc")
            .map(|settled| settled.life.0)
            .collect();
        assert_eq!(found, [1, 2, 3, 4]);
        assert_eq!(lives.iter().count(), 6);
    }
}
