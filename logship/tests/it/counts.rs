//! Lost, doubled and altered lines, counted; and the table of them that `compose/test faults` prints.

use comptoir_logship::archive::ArchivedLife;
use std::collections::HashMap;
use std::fmt;
use std::fs::OpenOptions;
use std::io::Write;

/// What became of the lines. All zero is what is expected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) lines: u64,
    pub(crate) lost: u64,
    pub(crate) doubled: u64,
    pub(crate) altered: u64,
}

impl Counts {
    /// What the archived lives make of the lines that were written; those that are the same count
    /// as often as they were written.
    pub(crate) fn of<'a>(
        written: impl IntoIterator<Item = &'a [u8]>,
        lives: &'a [(ArchivedLife, Vec<u8>)],
    ) -> Self {
        let mut counts = Self::default();
        let mut times: HashMap<&[u8], (u64, u64)> = HashMap::new();
        for line in written {
            times.entry(line).or_default().0 += 1;
            counts.lines += 1;
        }
        let archived = lives.iter().flat_map(|(_, bytes)| lines(bytes));
        for line in archived {
            times.entry(line).or_default().1 += 1;
        }
        for (written, archived) in times.into_values() {
            counts.lost += written.saturating_sub(archived);
            match written {
                0 => counts.altered += archived,
                written => counts.doubled += archived.saturating_sub(written),
            }
        }
        counts
    }

    pub(crate) fn are_zero(&self) -> bool {
        (self.lost, self.doubled, self.altered) == (0, 0, 0)
    }

    /// Adds a row to the table, if one is kept. The case is the test's name, and the part of it.
    pub(crate) fn report(&self, part: &str) {
        let Some(table) = std::env::var_os("COMPTOIR_TEST_FAULTS_TABLE") else {
            return;
        };
        let thread = std::thread::current();
        let case = thread.name().unwrap_or("?").replace("::", " ");
        let case = case.replace('_', " ");
        let mut table = (OpenOptions::new().append(true).create(true))
            .open(table)
            .unwrap();
        // In one write: tests run beside each other.
        let row = format!("{self}{case} {part}\n");
        table.write_all(row.as_bytes()).unwrap();
    }
}

/// As the table has them.
impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            lines,
            lost,
            doubled,
            altered,
        } = self;
        write!(f, "{lines:>9} {lost:>6} {doubled:>8} {altered:>8} ")
    }
}

/// With their newlines.
pub(crate) fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split_inclusive(|byte| *byte == b'\n')
}
