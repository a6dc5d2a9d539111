//! A segment: zstd frames that can be read alone, and behind them the seek table of zstd's seekable
//! format, in a frame that other readers skip.

use super::digest::Digest;
use super::facts::{Carry, lines_of};
use super::manifest::Frame;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use std::io;
use std::panic::resume_unwind;
use std::thread;

/// So much of the source becomes one frame, cut behind its last newline if it has one. No
/// frame of ours is larger; readers refuse others.
pub const FRAME_BYTES: usize = 1 << 20;

/// Of logs, 3 makes hardly less and takes twice the time.
const LEVEL: i32 = 1;
const SKIPPABLE_MAGIC: u32 = 0x184D_2A5E;
const SEEKABLE_MAGIC: u32 = 0x8F92_EAB1;

/// Makes a segment from the bytes of a range, in constant memory.
pub struct SegmentBuilder {
    compressor: zstd::bulk::Compressor<'static>,
    /// What does not fill a frame yet.
    waiting: Vec<u8>,
    /// A frame: the same memory for each.
    stored_frame: Vec<u8>,
    raw: Sha256,
    stored: Sha256,
    frames: Vec<Frame>,
    at: u64,
    start: u64,
    carry: Carry,
}

/// What a manifest says of the bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Built {
    pub frames: Vec<Frame>,
    pub end: u64,
    pub lines: u64,
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
    pub raw_sha256: Digest,
    pub stored_bytes: u64,
    pub stored_sha256: Digest,
    pub carry: Carry,
}

impl SegmentBuilder {
    /// Of a range that begins at `start` of its life; `carry` is what the bytes before leave.
    pub fn new(start: u64, carry: Carry) -> io::Result<Self> {
        let mut compressor = zstd::bulk::Compressor::new(LEVEL)?;
        compressor.include_checksum(true)?;
        Ok(Self {
            compressor,
            waiting: Vec::with_capacity(FRAME_BYTES),
            stored_frame: vec![0; zstd::zstd_safe::compress_bound(FRAME_BYTES)],
            raw: Sha256::new(),
            stored: Sha256::new(),
            frames: Vec::new(),
            at: 0,
            start,
            carry,
        })
    }

    /// Takes the next bytes, and gives the bytes of the segment that are ready.
    pub fn push(&mut self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        let mut rest = bytes;
        while !rest.is_empty() {
            let room = FRAME_BYTES - self.waiting.len();
            let (taken, left) = rest.split_at(rest.len().min(room));
            self.waiting.extend_from_slice(taken);
            rest = left;
            if self.waiting.len() == FRAME_BYTES {
                let newline = self.waiting.iter().rposition(|byte| *byte == b'\n');
                let cut = newline.map_or(FRAME_BYTES, |newline| newline + 1);
                self.cut(cut, &mut out)?;
            }
        }
        Ok(out)
    }

    /// The last bytes of the segment, the seek table among them.
    pub fn finish(mut self) -> io::Result<(Vec<u8>, Built)> {
        let mut out = Vec::new();
        if !self.waiting.is_empty() {
            self.cut(self.waiting.len(), &mut out)?;
        }
        let table = seek_table(&self.frames);
        self.stored.update(&table);
        self.at += table.len() as u64;
        out.extend(table);
        let built = Built {
            end: self.start,
            lines: self.frames.iter().map(|frame| frame.lines).sum(),
            from: self.frames.iter().filter_map(|frame| frame.from).min(),
            to: self.frames.iter().filter_map(|frame| frame.to).max(),
            raw_sha256: self.raw.finalize().into(),
            stored_bytes: self.at,
            stored_sha256: self.stored.finalize().into(),
            carry: self.carry,
            frames: self.frames,
        };
        Ok((out, built))
    }

    /// Makes a frame of the first `length` bytes that wait.
    fn cut(&mut self, length: usize, out: &mut Vec<u8>) -> io::Result<()> {
        let raw = &self.waiting[..length];
        let (sum, carry) = (&mut self.raw, self.carry);
        // Compressing takes about as long as the rest: a processor for each.
        let (compressed, (mut frame, carry)) = thread::scope(|scope| {
            let read = scope.spawn(|| {
                sum.update(raw);
                index(raw, carry)
            });
            let compressed = (self.compressor).compress_to_buffer(raw, &mut self.stored_frame[..]);
            let read = read.join().unwrap_or_else(|panic| resume_unwind(panic));
            (compressed, read)
        });
        let stored = &self.stored_frame[..compressed?];
        self.stored.update(stored);
        frame.at = self.at;
        frame.stored = stored.len() as u64;
        frame.start = self.start;
        self.carry = carry;
        self.at += frame.stored;
        self.start += frame.bytes;
        self.frames.push(frame);
        out.extend(stored);
        self.waiting.drain(..length);
        Ok(())
    }
}

/// What a frame of these bytes holds, and what it leaves to the next one.
fn index(raw: &[u8], carry: Carry) -> (Frame, Carry) {
    let mut frame = Frame {
        at: 0,
        stored: 0,
        start: 0,
        bytes: raw.len() as u64,
        lines: 0,
        from: None,
        to: None,
        levels: [].into(),
        carry,
    };
    let mut last = carry;
    for line in lines_of(raw) {
        last = last.behind(line);
        frame.lines += u64::from(!last.inside_line);
        if let Some(time) = last.time {
            frame.from = Some(frame.from.map_or(time, |from| from.min(time)));
            frame.to = Some(frame.to.map_or(time, |to| to.max(time)));
        }
        if let Some(level) = last.level {
            *frame.levels.entry(level).or_default() += 1;
        }
    }
    (frame, last)
}

/// In the format of `contrib/seekable_format` of zstd, without checksums: each frame has its own.
fn seek_table(frames: &[Frame]) -> Vec<u8> {
    let small = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    let length = 8 * frames.len() as u64 + 9;
    let count = small(frames.len() as u64);
    let mut table = Vec::new();
    table.extend(SKIPPABLE_MAGIC.to_le_bytes());
    table.extend(small(length).to_le_bytes());
    for frame in frames {
        table.extend(small(frame.stored).to_le_bytes());
        table.extend(small(frame.bytes).to_le_bytes());
    }
    table.extend(count.to_le_bytes());
    table.push(0);
    table.extend(SEEKABLE_MAGIC.to_le_bytes());
    table
}

/// Decompresses frames, each into the same memory.
pub(crate) struct FrameReader {
    decompressor: zstd::bulk::Decompressor<'static>,
    raw: Vec<u8>,
    /// Of `raw`, of the frame that was read last.
    held: usize,
}

impl FrameReader {
    pub(crate) fn new() -> Self {
        Self {
            decompressor: zstd::bulk::Decompressor::default(),
            raw: vec![0; FRAME_BYTES],
            held: 0,
        }
    }

    /// The bytes of a frame, which must be as many as its index says.
    pub(crate) fn read(&mut self, frame: &Frame, stored: &[u8]) -> io::Result<&[u8]> {
        self.held = 0;
        let bytes = (self.decompressor).decompress_to_buffer(stored, &mut self.raw[..])?;
        if bytes as u64 == frame.bytes {
            self.held = bytes;
            Ok(self.held())
        } else {
            Err(io::Error::other(format!(
                "a frame holds {bytes} bytes, its manifest says {}",
                frame.bytes
            )))
        }
    }

    /// What was read last; nothing of a frame that could not be read.
    pub(crate) fn held(&self) -> &[u8] {
        &self.raw[..self.held]
    }
}

/// The bytes of one frame.
pub fn decompress(frame: &Frame, stored: &[u8]) -> io::Result<Vec<u8>> {
    FrameReader::new().read(frame, stored).map(<[u8]>::to_vec)
}

#[cfg(test)]
mod tests {
    use super::*;
    use comptoir_model::app_log::Level;
    use proptest::prelude::*;

    fn build(bytes: &[u8], chunk: usize) -> (Vec<u8>, Built) {
        let mut builder = SegmentBuilder::new(100, Carry::default()).unwrap();
        let mut stored = Vec::new();
        for chunk in bytes.chunks(chunk) {
            stored.extend(builder.push(chunk).unwrap());
        }
        let (end, built) = builder.finish().unwrap();
        stored.extend(end);
        (stored, built)
    }

    fn text() -> Vec<u8> {
        let line = |number: i64| {
            let time = Timestamp::from_second(1_700_000_000 + number).unwrap();
            let level = Level::ALL[usize::try_from(number % 5).unwrap()];
            format!("{time} {level} line {number}\n{}\n", "x".repeat(90))
        };
        (0..20_000).map(line).collect::<String>().into_bytes()
    }

    #[test]
    fn frames_end_with_lines_and_are_read_alone() {
        let bytes = text();
        let (stored, built) = build(&bytes, 4 << 20);
        assert!(built.frames.len() > 2);
        let mut raw = Vec::new();
        for frame in &built.frames {
            let from = usize::try_from(frame.at).unwrap();
            let to = from + usize::try_from(frame.stored).unwrap();
            let part = decompress(frame, &stored[from..to]).unwrap();
            assert!(part.ends_with(b"\n"));
            assert_eq!(frame.start, 100 + raw.len() as u64);
            raw.extend(part);
        }
        assert!(raw == bytes);
        assert_eq!(built.lines, 40_000);
        // The lines of a trace have the time and level of the line before, also in the next frame.
        let first = &built.frames[1];
        let levels: u64 = first.levels.values().sum();
        assert_eq!(levels, first.lines);
        assert_eq!(built.raw_sha256, Digest::of(&bytes));
        assert_eq!(built.stored_sha256, Digest::of(&stored));
        assert_eq!(built.stored_bytes, stored.len() as u64);
        assert_eq!(built.from, Timestamp::from_second(1_700_000_000).ok());
    }

    #[test]
    fn a_plain_decoder_reads_it_and_skips_the_table() {
        let bytes = text();
        let (stored, _) = build(&bytes, 1000);
        assert!(zstd::stream::decode_all(&stored[..]).unwrap() == bytes);
        assert_eq!(stored[stored.len() - 4..], SEEKABLE_MAGIC.to_le_bytes());
    }

    #[test]
    fn a_line_longer_than_a_frame_goes_on_in_the_next() {
        let bytes = [
            &b"2026-11-21T13:00:00Z ERROR "[..],
            &vec![b'x'; 3 << 20],
            b"\nnext\n",
        ]
        .concat();
        let (stored, built) = build(&bytes, 1 << 16);
        assert!(zstd::stream::decode_all(&stored[..]).unwrap() == bytes);
        assert!(built.frames[1].carry.inside_line);
        assert!(
            built
                .frames
                .iter()
                .all(|frame| frame.levels.contains_key(&Level::Error))
        );
        assert_eq!(built.lines, 2);
    }

    proptest! {
        #[test]
        fn how_the_bytes_come_does_not_matter(
            bytes in proptest::collection::vec(prop_oneof![Just(b'\n'), any::<u8>()], 0..4000),
            chunk in 1_usize..5000,
        ) {
            prop_assert_eq!(build(&bytes, chunk), build(&bytes, bytes.len().max(1)));
        }
    }
}
