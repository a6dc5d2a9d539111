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
///
/// A line comes out of one read, from its beginning on, unless it is longer than a read: what was
/// read of an unfinished line is forgotten, because its writer may die, and the next one then
/// writes another line over it.
#[derive(Debug)]
pub(super) struct Lines {
    buffer: Vec<u8>,
    /// Where the next line begins in the buffer.
    start: usize,
    /// The position in the file of the buffer's first byte.
    base: u64,
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
            base: offset,
        }
    }

    /// Where the next line begins.
    pub(super) fn position(&self) -> u64 {
        self.base + self.start as u64
    }

    /// `None` where the file ends before a newline.
    pub(super) fn next(&mut self, file: &File) -> io::Result<Option<RawLine<'_>>> {
        let end = match memchr::memchr(b'\n', &self.buffer[self.start..]) {
            Some(at) => self.start + at,
            None => match self.fill(file)? {
                Filled::Line { end } => end,
                Filled::Long { length } => return Ok(Some(self.take_head(length))),
                Filled::Nothing => return Ok(None),
            },
        };
        let start = std::mem::replace(&mut self.start, end + 1);
        let length = end - start;
        let kept = if length > LINE_BYTES_MAX {
            HEAD_BYTES
        } else {
            length
        };
        Ok(Some(RawLine {
            offset: self.base + start as u64,
            bytes: &self.buffer[start..start + kept],
            length: length as u64,
        }))
    }

    /// Reads from the next line's beginning on, more and more until its end is there.
    fn fill(&mut self, file: &File) -> io::Result<Filled> {
        self.base = self.position();
        self.start = 0;
        let mut wanted = CHUNK_BYTES;
        loop {
            self.buffer.clear();
            self.buffer.shrink_to(2 * CHUNK_BYTES);
            let read = read_into(&mut self.buffer, file, self.base, wanted)?;
            if let Some(end) = memchr::memchr(b'\n', &self.buffer) {
                return Ok(Filled::Line { end });
            }
            if read < wanted {
                self.buffer.clear();
                return Ok(Filled::Nothing);
            }
            if wanted > LINE_BYTES_MAX {
                return self.measure(file);
            }
            wanted *= 4;
        }
    }

    /// Keeps the head of a line that is too long, and looks for its end.
    fn measure(&mut self, file: &File) -> io::Result<Filled> {
        let mut length = self.buffer.len() as u64;
        self.buffer.truncate(HEAD_BYTES);
        self.buffer.shrink_to_fit();
        let mut chunk = Vec::new();
        loop {
            chunk.clear();
            let read = read_into(&mut chunk, file, self.base + length, CHUNK_BYTES)?;
            if let Some(end) = memchr::memchr(b'\n', &chunk) {
                length += end as u64;
                return Ok(Filled::Long { length });
            }
            if read == 0 {
                self.buffer.clear();
                return Ok(Filled::Nothing);
            }
            length += read as u64;
        }
    }

    /// The line whose head is all that the buffer holds.
    fn take_head(&mut self, length: u64) -> RawLine<'_> {
        let offset = self.base;
        // Behind the line, with nothing of what follows it: `position` is right, and the head
        // stays until the next call.
        self.start = self.buffer.len();
        self.base = offset + length + 1 - self.start as u64;
        RawLine {
            offset,
            bytes: &self.buffer,
            length,
        }
    }
}

enum Filled {
    /// The buffer holds a line, and maybe more.
    Line {
        end: usize,
    },
    Long {
        length: u64,
    },
    Nothing,
}

/// Appends up to `wanted` bytes; fewer only where the file ends.
fn read_into(buffer: &mut Vec<u8>, file: &File, offset: u64, wanted: usize) -> io::Result<usize> {
    // Mostly little is new: no more is made ready than there is.
    let left = file.metadata()?.len().saturating_sub(offset);
    let wanted = wanted.min(usize::try_from(left).unwrap_or(wanted));
    buffer.resize(wanted, 0);
    let mut read = 0;
    while read < wanted {
        match file.read_at(&mut buffer[read..], offset + read as u64) {
            Ok(0) => break,
            Ok(more) => read += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                buffer.clear();
                return Err(error);
            }
        }
    }
    buffer.truncate(read);
    Ok(read)
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
