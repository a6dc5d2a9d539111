//! Both sums of a segment as it lies in the lake: of its bytes, and of those of the source.

use super::digest::Digest;
use super::manifest::Frame;
use super::segment::FrameReader;
use bytes::Bytes;
use comptoir_lake::{LakeError, LakeReader};
use sha2::{Digest as _, Sha256};
use std::thread;

/// Stored bytes that are read at once; a frame that is longer is read as a whole.
const READ_BYTES: u64 = 1 << 20;

#[derive(Clone, Debug)]
pub(crate) struct Sums {
    pub(crate) stored: Digest,
    pub(crate) raw: Digest,
    /// Those that can't be decompressed.
    pub(crate) damaged: Vec<Frame>,
}

/// Consecutive frames, which lie in the segment from `at` to `end`.
struct Group<'a> {
    at: u64,
    end: u64,
    frames: &'a [Frame],
}

/// Reads all of a segment; `frames` lie one behind the other from its first byte. The next bytes are
/// read while the sums of those before are taken.
pub(crate) async fn read_sums(reader: &LakeReader, frames: &[Frame]) -> Result<Sums, LakeError> {
    let mut hashing = Hashing::new();
    let mut groups = groups(frames).into_iter();
    let mut at = 0;
    let mut next = read(reader, groups.next()).await?;
    while let Some((group, bytes)) = next {
        at = group.end;
        let hashed = hashing.behind(group.frames.to_vec(), bytes);
        let (read, hashed) = tokio::join!(read(reader, groups.next()), hashed);
        next = read?;
        hashing = hashed;
    }
    let Hashing {
        before,
        mut stored,
        mut raw,
        damaged,
        ..
    } = hashing;
    raw.update(before.held());
    // The seek table.
    stored.update(&reader.read_range(at..reader.len()).await?);
    Ok(Sums {
        stored: stored.finalize().into(),
        raw: raw.finalize().into(),
        damaged,
    })
}

async fn read<'a>(
    reader: &LakeReader,
    group: Option<Group<'a>>,
) -> Result<Option<(Group<'a>, Bytes)>, LakeError> {
    let Some(group) = group else { return Ok(None) };
    let bytes = reader.read_range(group.at..group.end).await?;
    Ok(Some((group, bytes)))
}

fn groups(frames: &[Frame]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    let (mut first, mut at, mut end) = (0, 0, 0);
    for (index, frame) in frames.iter().enumerate() {
        if index > first && end + frame.stored - at > READ_BYTES {
            groups.push(Group {
                at,
                end,
                frames: &frames[first..index],
            });
            (first, at) = (index, end);
        }
        end += frame.stored;
    }
    if first < frames.len() {
        groups.push(Group {
            at,
            end,
            frames: &frames[first..],
        });
    }
    groups
}

struct Hashing {
    /// Takes the next frame.
    frames: FrameReader,
    /// Has the frame before it.
    before: FrameReader,
    stored: Sha256,
    raw: Sha256,
    damaged: Vec<Frame>,
}

impl Hashing {
    fn new() -> Self {
        Self {
            frames: FrameReader::new(),
            before: FrameReader::new(),
            stored: Sha256::new(),
            raw: Sha256::new(),
            damaged: Vec::new(),
        }
    }

    /// Decompresses a frame, while the sum is taken of the one before.
    fn take(&mut self, frame: Frame, stored: &[u8]) {
        let Self {
            frames,
            before,
            raw,
            ..
        } = self;
        let read = thread::scope(|scope| {
            scope.spawn(|| raw.update(before.held()));
            frames.read(&frame, stored).map(drop)
        });
        self.stored.update(stored);
        if read.is_err() {
            self.damaged.push(frame);
        }
        std::mem::swap(&mut self.frames, &mut self.before);
    }

    /// Takes the processor for a millisecond a frame.
    async fn behind(mut self, frames: Vec<Frame>, bytes: Bytes) -> Self {
        let hashed = tokio::task::spawn_blocking(move || {
            let mut at = 0;
            for frame in frames {
                // A segment that was cut ends earlier.
                let end = usize::try_from(frame.stored).map_or(bytes.len(), |stored| at + stored);
                let end = end.min(bytes.len());
                self.take(frame, &bytes[at..end]);
                at = end;
            }
            self
        });
        match hashed.await {
            Ok(hashing) => hashing,
            Err(stopped) => std::panic::resume_unwind(stopped.into_panic()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::facts::Carry;

    fn frame(stored: u64) -> Frame {
        Frame {
            at: 0,
            stored,
            start: 0,
            bytes: 0,
            lines: 0,
            from: None,
            to: None,
            levels: [].into(),
            carry: Carry::default(),
        }
    }

    #[test]
    fn frames_are_read_together_each_once_and_in_order() {
        let sizes = [400_000, 500_000, 300_000, 3_000_000, 1, 2];
        let frames: Vec<Frame> = sizes.into_iter().map(frame).collect();
        let groups = groups(&frames);
        let spans: Vec<_> = groups.iter().map(|group| (group.at, group.end)).collect();
        assert_eq!(
            spans,
            [
                (0, 900_000),
                (900_000, 1_200_000),
                (1_200_000, 4_200_000),
                (4_200_000, 4_200_003)
            ]
        );
        let counts = groups.iter().map(|group| group.frames.len());
        assert_eq!(counts.collect::<Vec<_>>(), [2, 1, 1, 2]);
        assert!(super::groups(&[]).is_empty());
    }
}
