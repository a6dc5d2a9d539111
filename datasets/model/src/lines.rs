//! Lines out of chunks of bytes, in bounded memory: a line beyond the limit is measured, never kept.

/// Where a line begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The first line is 1.
    pub line: u64,
    /// In bytes from the beginning of the file.
    pub offset: u64,
}

/// A line without its newline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line<'a> {
    Whole(&'a [u8]),
    TooLong { bytes: u64 },
}

/// Splits what is pushed at newlines.
#[derive(Debug)]
pub struct LineSplitter {
    bytes_max: usize,
    place: Place,
    /// Bytes of the line at `place` so far.
    length: u64,
    /// Those bytes, as long as they fit.
    kept: Vec<u8>,
}

impl LineSplitter {
    pub fn new(bytes_max: usize) -> Self {
        Self {
            bytes_max,
            place: Place { line: 1, offset: 0 },
            length: 0,
            kept: Vec::new(),
        }
    }

    /// Hands on each line that ends in `chunk`.
    pub fn push<E>(
        &mut self,
        chunk: &[u8],
        mut take: impl FnMut(Place, Line<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut rest = chunk;
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let head = &rest[..end];
            rest = &rest[end + 1..];
            if self.length == 0 && end <= self.bytes_max {
                take(self.place, Line::Whole(head))?;
                self.length = end as u64;
            } else {
                self.keep(head);
                take(self.place, self.line())?;
            }
            self.place.line += 1;
            self.place.offset += self.length + 1;
            self.length = 0;
            self.kept.clear();
        }
        self.keep(rest);
        Ok(())
    }

    /// The bytes behind the last newline; `None` where there are none.
    pub fn unfinished(&self) -> Option<(Place, Line<'_>)> {
        (self.length > 0).then(|| (self.place, self.line()))
    }

    fn keep(&mut self, bytes: &[u8]) {
        self.length += bytes.len() as u64;
        if self.length <= self.bytes_max as u64 {
            self.kept.extend_from_slice(bytes);
        } else {
            self.kept.clear();
        }
    }

    fn line(&self) -> Line<'_> {
        if self.length <= self.bytes_max as u64 {
            Line::Whole(&self.kept)
        } else {
            Line::TooLong { bytes: self.length }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::convert::Infallible;

    type Found = (u64, u64, Result<Vec<u8>, u64>);

    fn owned(place: Place, line: Line<'_>) -> Found {
        let line = match line {
            Line::Whole(bytes) => Ok(bytes.to_vec()),
            Line::TooLong { bytes } => Err(bytes),
        };
        (place.line, place.offset, line)
    }

    fn split(chunks: &[&[u8]], bytes_max: usize) -> Vec<Found> {
        let mut splitter = LineSplitter::new(bytes_max);
        let mut found = Vec::new();
        for chunk in chunks {
            let Ok(()) = splitter.push(chunk, |place, line| {
                found.push(owned(place, line));
                Ok::<_, Infallible>(())
            });
        }
        found.extend(
            splitter
                .unfinished()
                .map(|(place, line)| owned(place, line)),
        );
        found
    }

    #[test]
    fn counts_lines_and_bytes_and_measures_what_is_too_long() {
        assert_eq!(
            split(&[b"ab\n\nlon", b"ger\nc"], 3),
            [
                (1, 0, Ok(b"ab".to_vec())),
                (2, 3, Ok(Vec::new())),
                (3, 4, Err(6)),
                (4, 11, Ok(b"c".to_vec())),
            ]
        );
    }

    #[test]
    fn never_keeps_more_than_the_limit() {
        let mut splitter = LineSplitter::new(10);
        for _ in 0..1000 {
            let Ok(()) = splitter.push(b"seven b", |_, _| Ok::<_, Infallible>(()));
        }
        assert!(
            splitter.kept.capacity() < 100,
            "{}",
            splitter.kept.capacity()
        );
        assert_eq!(
            splitter.unfinished(),
            Some((Place { line: 1, offset: 0 }, Line::TooLong { bytes: 7000 }))
        );
    }

    proptest! {
        #[test]
        fn chunks_do_not_matter(
            bytes in prop::collection::vec(prop_oneof![Just(b'\n'), any::<u8>()], 0..60),
            size in 1..20_usize,
            bytes_max in 0..10_usize,
        ) {
            let chunks: Vec<&[u8]> = bytes.chunks(size).collect();
            prop_assert_eq!(split(&chunks, bytes_max), split(&[&bytes], bytes_max));
        }
    }
}
