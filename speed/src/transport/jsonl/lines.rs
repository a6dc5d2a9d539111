//! The lines of a file that grows, in bounded memory.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// Of a longer line only the first [`HEAD_BYTES`] are kept.
pub(super) const LINE_BYTES_MAX: usize = 16 * 1024 * 1024;
/// More than an event may have, so that the line is too large by its head alone.
const HEAD_BYTES: usize = 128 * 1024;
const CHUNK_BYTES: usize = 256 * 1024;

/// Reads whole lines from any line's beginning on.
#[derive(Debug)]
pub(super) struct Lines {
    buffer: Vec<u8>,
    /// Where the next line begins in the buffer.
    start: usize,
    /// Up to where the buffer holds no newline of that line.
    scanned: usize,
    /// The position in the file of the buffer's first byte.
    base: u64,
    /// Bytes of the next line that were read and not kept; they lie behind its head.
    skipped: u64,
}

/// A line without its newline.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct RawLine<'a> {
    pub(super) offset: u64,
    /// The whole line, or its head if `length` is more.
    pub(super) bytes: &'a [u8],
    pub(super) length: u64,
}

impl RawLine<'_> {
    /// Where the line after it begins.
    pub(super) fn next(&self) -> u64 {
        self.offset + self.length + 1
    }
}

impl Lines {
    pub(super) fn at(offset: u64) -> Self {
        Self {
            buffer: Vec::new(),
            start: 0,
            scanned: 0,
            base: offset,
            skipped: 0,
        }
    }

    /// Where the next line begins.
    pub(super) fn position(&self) -> u64 {
        self.base + self.start as u64
    }

    /// Up to where the file was read.
    pub(super) fn fetched(&self) -> u64 {
        self.base + self.buffer.len() as u64 + self.skipped
    }

    /// Whether the next line was read already.
    pub(super) fn has_line(&mut self) -> bool {
        let found = memchr::memchr(b'\n', &self.buffer[self.scanned..]);
        self.scanned = found.map_or(self.buffer.len(), |at| self.scanned + at);
        found.is_some()
    }

    /// `None` where the file ends before a newline.
    pub(super) fn next(&mut self, file: &File) -> io::Result<Option<RawLine<'_>>> {
        loop {
            if let Some(at) = memchr::memchr(b'\n', &self.buffer[self.scanned..]) {
                return Ok(Some(self.take(self.scanned + at)));
            }
            self.scanned = self.buffer.len();
            self.make_room();
            if self.read_more(file)? == 0 {
                return Ok(None);
            }
        }
    }

    /// The line whose newline stands at `end` of the buffer.
    fn take(&mut self, end: usize) -> RawLine<'_> {
        let start = self.start;
        let offset = self.base + start as u64;
        let length = (end - start) as u64 + self.skipped;
        let whole = length <= LINE_BYTES_MAX as u64;
        let kept = if whole { end } else { start + HEAD_BYTES };
        self.base += self.skipped;
        self.skipped = 0;
        self.start = end + 1;
        self.scanned = self.start;
        RawLine {
            offset,
            bytes: &self.buffer[start..kept],
            length,
        }
    }

    fn make_room(&mut self) {
        self.buffer.drain(..self.start);
        self.base += self.start as u64;
        self.start = 0;
        if self.buffer.len() > LINE_BYTES_MAX || self.skipped > 0 {
            self.skipped += self.buffer.len().saturating_sub(HEAD_BYTES) as u64;
            self.buffer.truncate(HEAD_BYTES);
        }
        self.scanned = self.buffer.len();
        if self.buffer.len() < CHUNK_BYTES && self.buffer.capacity() > 4 * CHUNK_BYTES {
            self.buffer.shrink_to(2 * CHUNK_BYTES);
        }
    }

    fn read_more(&mut self, file: &File) -> io::Result<usize> {
        let old = self.buffer.len();
        let from = self.fetched();
        self.buffer.resize(old + CHUNK_BYTES, 0);
        let read = loop {
            match file.read_at(&mut self.buffer[old..], from) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other,
            }
        };
        self.buffer.truncate(old + *read.as_ref().unwrap_or(&0));
        read
    }
}

/// The beginning of the line that holds `offset`, or of the next one if it lies inside: a newline
/// stands before it. `None` where no newline comes before the file's end.
pub(super) fn next_line(file: &File, offset: u64) -> io::Result<Option<u64>> {
    if offset == 0 {
        return Ok(Some(0));
    }
    let mut lines = Lines::at(offset - 1);
    Ok(lines.next(file)?.map(|line| line.next()))
}

/// Behind the last newline.
pub(super) fn end_of_lines(file: &File) -> io::Result<u64> {
    let mut end = file.metadata()?.len();
    let mut chunk = vec![0; 64 * 1024];
    while end > 0 {
        let start = end.saturating_sub(chunk.len() as u64);
        let length = usize::try_from(end - start).unwrap_or(chunk.len());
        file.read_exact_at(&mut chunk[..length], start)?;
        if let Some(at) = memchr::memrchr(b'\n', &chunk[..length]) {
            return Ok(start + at as u64 + 1);
        }
        end = start;
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn all(lines: &mut Lines, file: &File) -> Vec<(u64, usize, u64)> {
        let mut found = Vec::new();
        while let Some(line) = lines.next(file).unwrap() {
            found.push((line.offset, line.bytes.len(), line.length));
        }
        found
    }

    #[test]
    fn finds_lines_and_waits_for_the_end_of_the_last_one() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"ab\n\nto").unwrap();
        let mut lines = Lines::at(0);
        assert_eq!(all(&mut lines, &file), [(0, 2, 2), (3, 0, 0)]);
        assert_eq!(all(&mut lines, &file), []);
        assert_eq!((lines.position(), end_of_lines(&file).unwrap()), (4, 4));
        file.write_all(b"rn\n").unwrap();
        assert_eq!(all(&mut lines, &file), [(4, 4, 4)]);
        assert_eq!((lines.position(), end_of_lines(&file).unwrap()), (9, 9));
    }

    #[test]
    fn a_line_beyond_the_limit_is_measured_and_only_its_head_is_kept() {
        let mut file = tempfile::tempfile().unwrap();
        let length = LINE_BYTES_MAX * 2 + 12_345;
        file.write_all(b"a\n").unwrap();
        file.write_all(&vec![b'x'; length]).unwrap();
        let mut lines = Lines::at(0);
        // Not while its end is missing, however often one looks.
        assert_eq!(all(&mut lines, &file), [(0, 1, 1)]);
        assert_eq!(all(&mut lines, &file), []);
        assert_eq!(lines.position(), 2);
        file.write_all(b"\nlast\nx").unwrap();
        let next = 2 + length as u64 + 1;
        let expected = [(2, HEAD_BYTES, length as u64), (next, 4, 4)];
        assert_eq!(all(&mut lines, &file), expected);
        assert_eq!(lines.position(), next + 5);
        assert!(
            lines.buffer.capacity() < LINE_BYTES_MAX * 2,
            "{}",
            lines.buffer.capacity()
        );
    }

    #[test]
    fn an_offset_inside_a_line_means_the_next_line() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"ab\ncd\nef").unwrap();
        for (offset, expected) in [(0, 0), (1, 3), (2, 3), (3, 3), (4, 6), (6, 6)] {
            assert_eq!(
                next_line(&file, offset).unwrap(),
                Some(expected),
                "{offset}"
            );
        }
        assert_eq!(next_line(&file, 7).unwrap(), None);
    }
}
