//! Rows that are read again because others may have come late among them.

use crate::database::Row;
use crate::encode::canonical::CanonicalRow;
use crate::encode::source_bytes;
use comptoir_model::row_checksum::RowChecksum;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// How many rows a run may leave for the next one to meet again: their checksums lie in the
/// manifest, 35 bytes each.
pub(super) const OVERLAP_MAX: u64 = 100_000;

/// Recognises the rows that the last run published, by all their values: a row that was changed
/// since is another one. The workers share it.
#[derive(Debug)]
pub(in super::super) struct Overlap {
    /// From this value of the check column on, the next run reads again; `None`: it does not.
    from: Option<String>,
    unmet: Unmet,
    rows: Mutex<Rows>,
}

/// What becomes of published rows that this run does not meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unmet {
    /// They were changed or deleted since.
    Forget,
    /// They lie behind the end of this run, and the next one may meet them.
    Keep,
}

#[derive(Debug, Default)]
struct Rows {
    /// How often each is still to be met.
    published: HashMap<RowChecksum, usize>,
    met: Vec<RowChecksum>,
    left_out: u64,
}

impl Overlap {
    pub(super) fn new(published: &[RowChecksum], from: Option<String>, unmet: Unmet) -> Self {
        let mut rows = Rows::default();
        for row in published {
            *rows.published.entry(*row).or_default() += 1;
        }
        Self {
            from,
            unmet,
            rows: Mutex::new(rows),
        }
    }

    /// Whether the row is to be published. Its check column comes at `first - 1`, its own values
    /// from `first` on.
    pub(in super::super) fn admits(
        &self,
        row: &Row,
        first: usize,
        columns: usize,
    ) -> Result<bool, sqlx::Error> {
        let check = row.get(first - 1)?.to_text();
        // Of times in one format the texts have the order of the values.
        let comes_again = check
            .is_some_and(|check| (self.from.as_deref()).is_some_and(|from| check.as_str() >= from));
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        if !comes_again && rows.published.is_empty() {
            return Ok(true);
        }
        let (mut canonical, mut scratch) = (CanonicalRow::default(), String::new());
        for index in first..first + columns {
            match source_bytes(row.get(index)?, &mut scratch) {
                None => canonical.null(),
                Some(bytes) => canonical.value(|out| out.extend_from_slice(bytes)),
            }
        }
        Ok(rows.meet(canonical.take().checksum, comes_again))
    }

    /// The rows that the next run will meet again.
    pub(super) fn met(&self) -> Vec<RowChecksum> {
        let rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        let mut met = rows.met.clone();
        if self.unmet == Unmet::Keep {
            let left = rows.published.iter();
            met.extend(left.flat_map(|(row, left)| std::iter::repeat_n(*row, *left)));
        }
        met
    }

    /// How many rows were published before.
    pub(in super::super) fn left_out(&self) -> u64 {
        let rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        rows.left_out
    }
}

impl Rows {
    fn meet(&mut self, row: RowChecksum, comes_again: bool) -> bool {
        if comes_again {
            self.met.push(row);
        }
        match self.published.get_mut(&row) {
            Some(left) if *left > 0 => {
                *left -= 1;
                self.left_out += 1;
                false
            }
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_left_out_as_often_as_it_was_published() {
        let (one, other) = (RowChecksum::of_hash(1), RowChecksum::of_hash(2));
        let overlap = Overlap::new(&[one, one], None, Unmet::Forget);
        let mut rows = overlap.rows.lock().unwrap();
        let admitted = [one, other, one, one].map(|row| rows.meet(row, row == one));
        assert_eq!(admitted, [false, true, false, true]);
        assert_eq!((rows.left_out, rows.met.len()), (2, 3));
    }
}
