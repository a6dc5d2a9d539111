//! Sorting more records than fit in memory: sorted stretches go into files, which are then read
//! side by side. Blocks; not for asynchronous code without [`tokio::task::block_in_place`].

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};

/// How much is held in memory before a stretch is written out.
const MEMORY_MAX: usize = 32 * 1024 * 1024;

/// What an entry takes besides its bytes.
const OVERHEAD: usize = 96;

/// How many files are read side by side; more are made one first.
const FILES_MAX: usize = 64;

/// What is read ahead of each file.
const AHEAD: usize = 64 * 1024;

/// A record with its key. Of several with one key, the latest counts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    key: Vec<u8>,
    /// Counts up.
    sequence: u64,
    record: Vec<u8>,
}

/// Takes records in any order, and gives back the latest of each key, sorted by keys. Its files
/// have no names: they are gone when it is dropped, even by a crash.
#[derive(Debug)]
pub(super) struct Sorter {
    memory_max: usize,
    held: Vec<Entry>,
    bytes: usize,
    sequence: u64,
    files: Vec<File>,
}

impl Sorter {
    pub(super) fn new() -> Self {
        Self::with_memory(MEMORY_MAX)
    }

    fn with_memory(memory_max: usize) -> Self {
        Self {
            memory_max,
            held: Vec::new(),
            bytes: 0,
            sequence: 0,
            files: Vec::new(),
        }
    }

    /// A record that counts more than all before it with the same key.
    pub(super) fn push(&mut self, key: Vec<u8>, record: Vec<u8>) -> io::Result<()> {
        self.bytes += key.len() + record.len() + OVERHEAD;
        self.held.push(Entry {
            key,
            sequence: self.sequence,
            record,
        });
        self.sequence += 1;
        if self.bytes >= self.memory_max {
            self.spill()?;
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> io::Result<Sorted> {
        if self.files.is_empty() {
            self.held.sort_unstable();
            return Ok(Sorted {
                source: Source::Memory(self.held.into_iter()),
                next: None,
            });
        }
        self.spill()?;
        Ok(Sorted {
            source: Source::Files(Files::open(self.files)?),
            next: None,
        })
    }

    fn spill(&mut self) -> io::Result<()> {
        self.held.sort_unstable();
        let mut file = BufWriter::new(tempfile::tempfile()?);
        for entry in self.held.drain(..) {
            entry.write(&mut file)?;
        }
        self.bytes = 0;
        self.files
            .push(file.into_inner().map_err(io::IntoInnerError::into_error)?);
        if self.files.len() == FILES_MAX {
            let mut sorted = Files::open(std::mem::take(&mut self.files))?;
            let mut file = BufWriter::new(tempfile::tempfile()?);
            while let Some(entry) = sorted.next()? {
                entry.write(&mut file)?;
            }
            self.files
                .push(file.into_inner().map_err(io::IntoInnerError::into_error)?);
        }
        Ok(())
    }
}

/// The records in the order of their keys.
pub(super) struct Sorted {
    source: Source,
    next: Option<Entry>,
}

enum Source {
    Memory(std::vec::IntoIter<Entry>),
    Files(Files),
}

impl Sorted {
    /// The latest record of the next key.
    pub(super) fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut latest = match self.next.take() {
            Some(entry) => entry,
            None => match self.source.next()? {
                Some(entry) => entry,
                None => return Ok(None),
            },
        };
        while let Some(entry) = self.source.next()? {
            if entry.key != latest.key {
                self.next = Some(entry);
                break;
            }
            latest = entry;
        }
        Ok(Some(latest.record))
    }
}

impl Source {
    fn next(&mut self) -> io::Result<Option<Entry>> {
        match self {
            Self::Memory(entries) => Ok(entries.next()),
            Self::Files(files) => files.next(),
        }
    }
}

/// Sorted files, read side by side.
struct Files {
    files: Vec<BufReader<File>>,
    /// The next entry of each file that is not at its end.
    heads: BinaryHeap<Reverse<(Entry, usize)>>,
}

impl Files {
    fn open(files: Vec<File>) -> io::Result<Self> {
        let mut opened = Self {
            files: Vec::with_capacity(files.len()),
            heads: BinaryHeap::with_capacity(files.len()),
        };
        for (index, mut file) in files.into_iter().enumerate() {
            file.rewind()?;
            opened.files.push(BufReader::with_capacity(AHEAD, file));
            opened.advance(index)?;
        }
        Ok(opened)
    }

    fn next(&mut self) -> io::Result<Option<Entry>> {
        let Some(Reverse((entry, index))) = self.heads.pop() else {
            return Ok(None);
        };
        self.advance(index)?;
        Ok(Some(entry))
    }

    fn advance(&mut self, index: usize) -> io::Result<()> {
        if let Some(entry) = Entry::read(&mut self.files[index])? {
            self.heads.push(Reverse((entry, index)));
        }
        Ok(())
    }
}

impl Entry {
    fn write(&self, out: &mut impl Write) -> io::Result<()> {
        out.write_all(&self.sequence.to_le_bytes())?;
        for bytes in [&self.key, &self.record] {
            out.write_all(&(bytes.len() as u64).to_le_bytes())?;
            out.write_all(bytes)?;
        }
        Ok(())
    }

    /// `None` at the end of the file.
    fn read(file: &mut impl Read) -> io::Result<Option<Self>> {
        let mut sequence = [0; 8];
        match file.read_exact(&mut sequence) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            read => read?,
        }
        let mut bytes = || {
            let mut length = [0; 8];
            file.read_exact(&mut length)?;
            let length = usize::try_from(u64::from_le_bytes(length)).map_err(io::Error::other)?;
            let mut bytes = vec![0; length];
            file.read_exact(&mut bytes)?;
            io::Result::Ok(bytes)
        };
        Ok(Some(Self {
            sequence: u64::from_le_bytes(sequence),
            key: bytes()?,
            record: bytes()?,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn sorted(memory_max: usize, records: &[(Vec<u8>, Vec<u8>)]) -> (Vec<Vec<u8>>, usize) {
        let mut sorter = Sorter::with_memory(memory_max);
        let mut files = 0;
        for (key, record) in records {
            sorter.push(key.clone(), record.clone()).unwrap();
            files = files.max(sorter.files.len());
        }
        let mut sorted = sorter.finish().unwrap();
        let mut found = Vec::new();
        while let Some(record) = sorted.next().unwrap() {
            found.push(record);
        }
        (found, files)
    }

    #[test]
    fn many_files_become_one_before_too_many_are_open() {
        let records: Vec<_> = (0..1_000_u32)
            .map(|number| {
                (
                    (number % 300).to_be_bytes().to_vec(),
                    number.to_be_bytes().to_vec(),
                )
            })
            .collect();
        let (found, files) = sorted(1, &records);
        assert!(files < FILES_MAX, "{files}");
        assert_eq!(found.len(), 300);
        assert_eq!(found[0], 900_u32.to_be_bytes());
        assert_eq!(found[299], 899_u32.to_be_bytes());
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, cases: 64, ..ProptestConfig::default() })]

        #[test]
        fn the_latest_record_of_each_key_comes_in_the_order_of_keys(
            records in proptest::collection::vec(
                (proptest::collection::vec(0_u8..3, 0..3), proptest::collection::vec(any::<u8>(), 0..9)), 0..60),
            memory_max in 1_usize..2_000,
        ) {
            let expected: BTreeMap<_, _> = records.iter().cloned().collect();
            let (found, _) = sorted(memory_max, &records);
            prop_assert_eq!(found, expected.into_values().collect::<Vec<_>>());
        }
    }
}
