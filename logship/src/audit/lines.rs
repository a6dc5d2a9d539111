//! The lines of an archive, with their times and levels; what the index rules out is not read.

use crate::archive::facts::{Carry, lines_of};
use crate::archive::manifest::Frame;
use crate::archive::names::LifeNumber;
use crate::archive::reader::Part;
use crate::archive::{Archive, ArchiveError, ArchivedLife};
use crate::audit::search::{Around, Context, Shown};
use comptoir_model::app_log::Level;
use jiff::Timestamp;

/// A longer line comes in parts of this length.
pub const LINE_BYTES_MAX: usize = 1 << 20;
/// Lines before another one are looked for so far back.
const AROUND_BYTES: u64 = 64 << 10;

/// Which lines are asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    pub life: Option<LifeNumber>,
    /// Both inclusive. Lines whose time is not known lie in no range.
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
    /// This level, and more urgent ones.
    pub level: Option<Level>,
}

/// One line, with its newline if it has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    pub life: LifeNumber,
    /// Of its first byte in the life.
    pub offset: u64,
    pub time: Option<Timestamp>,
    pub level: Option<Level>,
    pub bytes: &'a [u8],
}

/// How much was looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scanned {
    pub bytes_read: u64,
    pub bytes_skipped: u64,
}

impl Filter {
    pub fn is_in_range(&self, line: &Line) -> bool {
        let begins = |from| line.time.is_some_and(|time| time >= from);
        let ends = |to| line.time.is_some_and(|time| time <= to);
        self.from.is_none_or(begins) && self.to.is_none_or(ends)
    }

    pub fn has_level(&self, line: &Line) -> bool {
        let is_urgent = |least| line.level.is_some_and(|level| level <= least);
        self.level.is_none_or(is_urgent)
    }

    /// Whether a line that was written between these times may be asked for, whatever its level.
    pub(super) fn may_lie_between(
        &self,
        first: Option<Timestamp>,
        last: Option<Timestamp>,
    ) -> bool {
        let is_late = |from| last.is_none_or(|last| last >= from);
        let is_early = |to| first.is_none_or(|first| first <= to);
        self.from.is_none_or(is_late) && self.to.is_none_or(is_early)
    }

    /// Whether some of what expired of a life may have been asked for.
    pub fn asks_for_expired(&self, life: &ArchivedLife) -> bool {
        let is_life = self.life.is_none_or(|asked| asked == life.sidecar.life);
        let segments = life
            .expired()
            .iter()
            .filter_map(|sealed| sealed.segment.as_ref());
        is_life
            && segments
                .flat_map(|segment| &segment.frames)
                .any(|frame| self.may_hold(frame))
    }

    pub(super) fn may_hold(&self, frame: &Frame) -> bool {
        let begins = |from| frame.to.is_some_and(|to| to >= from);
        let ends = |to| frame.from.is_some_and(|from| from <= to);
        let is_urgent = |least| frame.levels.keys().any(|level| *level <= least);
        self.from.is_none_or(begins) && self.to.is_none_or(ends) && self.level.is_none_or(is_urgent)
    }
}

/// Visits the lines of the frames and pieces that may hold what is asked for; it is for `visit` to
/// judge each line. Lives come in the order in which they began.
pub async fn scan(
    archive: &mut Archive,
    filter: &Filter,
    mut visit: impl FnMut(Line<'_>) -> std::io::Result<()>,
) -> Result<Scanned, ScanError> {
    let mut scanned = Scanned::default();
    let lives: Vec<LifeNumber> = archive.lives().map(|life| life.sidecar.life).collect();
    for life in lives {
        if filter.life.is_none_or(|asked| asked == life) {
            scan_life(archive, life, filter, &mut scanned, &mut visit).await?;
        }
    }
    Ok(scanned)
}

#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// Of whoever visits.
    #[error(transparent)]
    Visit(#[from] std::io::Error),
}

async fn scan_life(
    archive: &mut Archive,
    number: LifeNumber,
    filter: &Filter,
    scanned: &mut Scanned,
    visit: &mut impl FnMut(Line<'_>) -> std::io::Result<()>,
) -> Result<(), ScanError> {
    let life = archive.life(number);
    let mut offset = life.map_or(0, ArchivedLife::begin_offset);
    let carry = life.map(ArchivedLife::begin_carry).unwrap_or_default();
    let mut cutter = Cutter::new(number, offset, carry);
    loop {
        let skipped = match archive.life(number) {
            Some(life) if cutter.waiting.is_empty() => skippable(life, offset, filter),
            _ => None,
        };
        if let Some((end, carry)) = skipped {
            scanned.bytes_skipped += end - offset;
            offset = end;
            cutter.offset = end;
            cutter.carry = carry;
            continue;
        }
        let Some(bytes) = archive.read_from(number, offset).await? else {
            return Ok(cutter.end(visit)?);
        };
        offset += bytes.len() as u64;
        scanned.bytes_read += bytes.len() as u64;
        cutter.push(&bytes, visit)?;
    }
}

/// Visits the lines around the one at `offset`, in order, that one included. Those before it are at most
/// 64 KiB away, or in the same frame or piece.
pub async fn around(
    archive: &mut Archive,
    number: LifeNumber,
    offset: u64,
    context: Context,
    mut visit: impl FnMut(Line<'_>),
) -> Result<(), ArchiveError> {
    let Some(life) = archive.life(number) else {
        return Ok(());
    };
    let Some(first) = life.parts_from(offset.saturating_sub(AROUND_BYTES)).next() else {
        return Ok(());
    };
    let carry = match first {
        Part::Frame(_, frame) => frame.carry,
        Part::Piece(..) => Carry::default(),
    };
    let mut at = first.start();
    let mut cutter = Cutter::new(number, at, carry);
    let mut shown = Around::new(context);
    let mut left = None;
    while left != Some(0) {
        let bytes = archive.read_from(number, at).await?;
        at += bytes.as_ref().map_or(0, |bytes| bytes.len() as u64);
        let mut push = |line: Line<'_>| {
            let is_it = line.offset == offset;
            let kept = (line.offset, line.time, line.level, line.bytes.to_vec());
            for shown in shown.push(kept, is_it) {
                if let Shown::Found(kept) | Shown::Around(kept) = shown {
                    let (offset, time, level, bytes) = &kept;
                    visit(Line {
                        life: number,
                        offset: *offset,
                        time: *time,
                        level: *level,
                        bytes,
                    });
                }
            }
            left = match left {
                None if is_it => Some(context.after),
                // No line begins there.
                None if line.offset > offset => Some(0),
                left => left.map(|left| left.saturating_sub(1)),
            };
            Ok(())
        };
        // Nothing that is pushed to fails.
        if let Some(bytes) = bytes {
            cutter.push(&bytes, &mut push).ok();
        } else {
            cutter.end(&mut push).ok();
            break;
        }
    }
    Ok(())
}

/// Where the frame at `offset` ends, if it need not be read, and what it leaves to the next line.
/// One that ends inside a line is read: only the whole line tells what it is.
fn skippable(life: &ArchivedLife, offset: u64, filter: &Filter) -> Option<(u64, Carry)> {
    let mut parts = life.parts_from(offset);
    let part = parts.next()?;
    let carry = match parts.next() {
        Some(Part::Frame(_, next)) => next.carry,
        Some(Part::Piece(..)) | None => life.sealed.iter().rev().find_map(|sealed| {
            let is_last = sealed.segment.is_some();
            is_last.then_some(sealed.carry)
        })?,
    };
    match part {
        Part::Frame(_, frame) if frame.start == offset => {
            let is_needed = carry.inside_line || filter.may_hold(frame);
            (!is_needed).then_some((part.end(), carry))
        }
        _ => None,
    }
}

/// Bytes to lines, over the borders of what is read at once.
pub(super) struct Cutter {
    life: LifeNumber,
    /// Of what waits.
    offset: u64,
    carry: Carry,
    waiting: Vec<u8>,
}

impl Cutter {
    /// `carry` is what the bytes before `offset` leave.
    pub(super) fn new(life: LifeNumber, offset: u64, carry: Carry) -> Self {
        Self {
            life,
            offset,
            carry,
            waiting: Vec::new(),
        }
    }

    pub(super) fn push(
        &mut self,
        bytes: &[u8],
        visit: &mut impl FnMut(Line<'_>) -> std::io::Result<()>,
    ) -> std::io::Result<()> {
        let mut joined = std::mem::take(&mut self.waiting);
        joined.extend_from_slice(bytes);
        for line in lines_of(&joined) {
            for part in line.chunks(LINE_BYTES_MAX) {
                if part.ends_with(b"\n") || part.len() == LINE_BYTES_MAX {
                    self.emit(part, visit)?;
                } else {
                    self.waiting = part.to_vec();
                }
            }
        }
        Ok(())
    }

    /// The last line, if it has no newline.
    pub(super) fn end(
        mut self,
        visit: &mut impl FnMut(Line<'_>) -> std::io::Result<()>,
    ) -> std::io::Result<()> {
        let rest = std::mem::take(&mut self.waiting);
        if rest.is_empty() {
            return Ok(());
        }
        self.emit(&rest, visit)
    }

    fn emit(
        &mut self,
        bytes: &[u8],
        visit: &mut impl FnMut(Line<'_>) -> std::io::Result<()>,
    ) -> std::io::Result<()> {
        self.carry = self.carry.behind(bytes);
        let line = Line {
            life: self.life,
            offset: self.offset,
            time: self.carry.time,
            level: self.carry.level,
            bytes,
        };
        self.offset += bytes.len() as u64;
        visit(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_the_same_however_the_bytes_come() {
        let text = b"2026-11-21T13:00:00Z ERROR one\n  at two\n2026-11-21T13:00:01Z INFO three";
        let cut = |length: usize| {
            let mut lines = Vec::new();
            let mut visit = |line: Line<'_>| {
                lines.push((line.offset, line.time, line.level, line.bytes.to_vec()));
                Ok(())
            };
            let mut cutter = Cutter::new(LifeNumber(1), 0, Carry::default());
            for bytes in text.chunks(length) {
                cutter.push(bytes, &mut visit).unwrap();
            }
            cutter.end(&mut visit).unwrap();
            lines
        };
        let whole = cut(text.len());
        assert_eq!(whole.len(), 3);
        assert_eq!((whole[1].1, whole[1].2), (whole[0].1, Some(Level::Error)));
        assert_eq!(whole[2].2, Some(Level::Info));
        for length in 1..text.len() {
            assert_eq!(cut(length), whole, "{length}");
        }
    }
}
