//! The names in a source's directory of the lake, which say what each file is. FORMAT.md lists them.

use std::fmt;
use std::str::FromStr;

/// One turn of ownership: whoever created `owner-<epoch>`. The first is 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Epoch(pub u64);

impl Epoch {
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08}", self.0)
    }
}

/// One file of the source, from its first byte to its last, whatever it is called meanwhile. The
/// first is 1; a later one began later.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LifeNumber(pub u64);

impl LifeNumber {
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for LifeNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:06}", self.0)
    }
}

/// Which piece: the same while it is open and once it is closed. Sorted as its bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PieceId {
    pub life: LifeNumber,
    /// Where its first byte stands in the life.
    pub start: u64,
    pub epoch: Epoch,
}

/// Where a piece ends: the exclusive offset in the life, and how many newlines it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PieceEnd {
    pub end: u64,
    pub lines: u64,
}

/// Where an entry stands in the chain of manifests. The first is 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChainNumber(pub u64);

impl ChainNumber {
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for ChainNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08}", self.0)
    }
}

/// Which segment: for which place in the chain, and by which attempt. Every attempt has a name of its
/// own, because one whose outcome is unknown may still win.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SegmentId {
    pub number: ChainNumber,
    pub attempt: u32,
}

/// A file in a source's directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Name {
    Owner(Epoch),
    /// The sidecar of a life.
    Life(LifeNumber),
    /// Being written, or left so by a crash. Begins with `_`, so that other programs pass it by.
    OpenPiece(PieceId),
    Piece(PieceId, PieceEnd),
    Recovery(Epoch),
    /// A life that is over.
    End(LifeNumber),
    Gap(LifeNumber, u64),
    /// Being written or verified, or left so by a crash.
    OpenSegment(SegmentId),
    Segment(SegmentId),
    Manifest(ChainNumber),
}

impl Name {
    pub fn piece(&self) -> Option<PieceId> {
        match self {
            Self::OpenPiece(id) | Self::Piece(id, _) => Some(*id),
            _ => None,
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Owner(epoch) => write!(f, "owner-{epoch}"),
            Self::Life(life) => write!(f, "life-{life}"),
            Self::OpenPiece(PieceId { life, start, epoch }) => {
                write!(f, "_piece-{life}-{start:020}-e{epoch}")
            }
            Self::Piece(PieceId { life, start, epoch }, PieceEnd { end, lines }) => {
                write!(f, "piece-{life}-{start:020}-{end:020}-n{lines}-e{epoch}")
            }
            Self::Recovery(epoch) => write!(f, "recovered-{epoch}"),
            Self::End(life) => write!(f, "end-{life}"),
            Self::Gap(life, from) => write!(f, "gap-{life}-{from:020}"),
            Self::OpenSegment(SegmentId { number, attempt }) => {
                write!(f, "_segment-{number}-{attempt:08x}.zst")
            }
            Self::Segment(SegmentId { number, attempt }) => {
                write!(f, "segment-{number}-{attempt:08x}.zst")
            }
            Self::Manifest(number) => write!(f, "manifest-{number}"),
        }
    }
}

/// Not one of our names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a name of a log's archive")]
pub struct ForeignName;

impl FromStr for Name {
    type Err = ForeignName;

    fn from_str(text: &str) -> Result<Self, ForeignName> {
        let name = read(text).ok_or(ForeignName)?;
        // One spelling each: a hand-made `owner-2` must not count beside `owner-00000002`.
        if name.to_string() == text {
            Ok(name)
        } else {
            Err(ForeignName)
        }
    }
}

fn read(text: &str) -> Option<Name> {
    let mut words = text.split('-');
    let kind = words.next()?;
    let mut segment = || {
        let number = ChainNumber(number(words.next()?)?);
        let attempt = words.next()?.strip_suffix(".zst")?;
        let attempt = u32::from_str_radix(attempt, 16).ok()?;
        Some(SegmentId { number, attempt })
    };
    match kind {
        "_segment" => return segment().map(Name::OpenSegment),
        "segment" => return segment().map(Name::Segment),
        _ => {}
    }
    let mut word = || words.next();
    let epoch = |word: &str| Some(Epoch(number(word.strip_prefix('e')?)?));
    let life = |word: &str| Some(LifeNumber(number(word)?));
    Some(match kind {
        "manifest" => Name::Manifest(ChainNumber(number(word()?)?)),
        "owner" => Name::Owner(Epoch(number(word()?)?)),
        "life" => Name::Life(life(word()?)?),
        "recovered" => Name::Recovery(Epoch(number(word()?)?)),
        "end" => Name::End(life(word()?)?),
        "gap" => Name::Gap(life(word()?)?, number(word()?)?),
        "_piece" => Name::OpenPiece(PieceId {
            life: life(word()?)?,
            start: number(word()?)?,
            epoch: epoch(word()?)?,
        }),
        "piece" => {
            let (life, start) = (life(word()?)?, number(word()?)?);
            let end = PieceEnd {
                end: number(word()?)?,
                lines: number(word()?.strip_prefix('n')?)?,
            };
            let epoch = epoch(word()?)?;
            Name::Piece(PieceId { life, start, epoch }, end)
        }
        _ => return None,
    })
}

fn number(word: &str) -> Option<u64> {
    let digits = word.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| word.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_name() -> impl Strategy<Value = Name> {
        let life = (0..3_000_000_u64).prop_map(LifeNumber);
        let epoch = any::<u32>().prop_map(|epoch| Epoch(epoch.into()));
        let number = (1..200_000_000_u64).prop_map(ChainNumber);
        let piece = (life.clone(), any::<u64>(), epoch.clone())
            .prop_map(|(life, start, epoch)| PieceId { life, start, epoch });
        let end = (any::<u64>(), any::<u64>()).prop_map(|(end, lines)| PieceEnd { end, lines });
        prop_oneof![
            epoch.clone().prop_map(Name::Owner),
            life.clone().prop_map(Name::Life),
            piece.clone().prop_map(Name::OpenPiece),
            (piece, end).prop_map(|(piece, end)| Name::Piece(piece, end)),
            epoch.prop_map(Name::Recovery),
            life.clone().prop_map(Name::End),
            (life, any::<u64>()).prop_map(|(life, from)| Name::Gap(life, from)),
            (number.clone(), any::<u32>(), any::<bool>()).prop_map(|(number, attempt, open)| {
                let id = SegmentId { number, attempt };
                if open {
                    Name::OpenSegment(id)
                } else {
                    Name::Segment(id)
                }
            }),
            number.prop_map(Name::Manifest),
        ]
    }

    proptest! {
        #[test]
        fn a_name_reads_back_as_itself(name in any_name()) {
            prop_assert_eq!(name.to_string().parse(), Ok(name));
        }
    }

    #[test]
    fn what_is_not_spelled_as_we_do_is_foreign() {
        for text in [
            "owner-2",
            "owner-00000002-1",
            "owner-+0000002",
            ".owner-00000002.0123.tmp",
            "life-",
            "app.log",
            "",
        ] {
            assert_eq!(text.parse::<Name>(), Err(ForeignName), "{text}");
        }
        assert_eq!("owner-00000002".parse(), Ok(Name::Owner(Epoch(2))));
    }

    #[test]
    fn names_of_closed_pieces_sort_as_their_bytes() {
        let piece = |life, start| {
            let id = PieceId {
                life: LifeNumber(life),
                start,
                epoch: Epoch(1),
            };
            Name::Piece(
                id,
                PieceEnd {
                    end: start + 1,
                    lines: 0,
                },
            )
            .to_string()
        };
        let mut names = [piece(2, 0), piece(1, 10), piece(1, 9)];
        names.sort();
        assert_eq!(names, [piece(1, 9), piece(1, 10), piece(2, 0)]);
    }
}
