//! What came of a verification.

use crate::encode::Total;
use comptoir_model::ids::RunId;
use comptoir_model::row_checksum::RowChecksum;
use std::fmt;

/// A published import looked at again. `Display` is for people and for the mail of cron.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    pub run: RunId,
    /// The published directory, as a URL.
    pub location: String,
    pub parts: usize,
    /// Parts of another program, or of another shape: only their bytes can be checked.
    pub others: usize,
    pub rows: u64,
    pub bytes: u64,
    pub row_check: RowCheck,
    /// `None` where nobody asked for it.
    pub source: Option<SourceCheck>,
    pub differences: Vec<Difference>,
}

/// How far the rows of the parts could be checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowCheck {
    /// Number and checksum.
    Checksum,
    /// The manifest, of an older import, has no checksum.
    Count,
    /// The delimiters do not tell all rows apart: only the bytes are checked.
    Impossible { ambiguous_rows: u64 },
}

/// How far the import could be compared with the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceCheck {
    /// Number of rows and checksum.
    Checksum,
    /// The rows, because of what the reason names.
    Count { reason: String },
}

/// Something that is not as the manifest says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    Bytes {
        part: String,
        said: u64,
        found: u64,
    },
    Sha256 {
        part: String,
        said: String,
        found: String,
    },
    Rows {
        part: String,
        said: u64,
        found: u64,
    },
    Checksum {
        part: String,
        said: RowChecksum,
        found: RowChecksum,
    },
    /// Its rows can't be decoded.
    Unreadable {
        part: String,
        reason: String,
    },
    /// A part is missing, or has another length.
    Damaged {
        reason: String,
    },
    /// The source's columns are not those of the import.
    SourceColumns {
        changes: String,
    },
    /// The source has other rows.
    SourceRows {
        lake: Total,
        source: Total,
    },
}

impl Report {
    pub fn is_right(&self) -> bool {
        self.differences.is_empty()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            run,
            location,
            parts,
            rows,
            bytes,
            ..
        } = self;
        if !self.is_right() {
            write!(f, "{location} (run {run}) is not what was imported:")?;
            for difference in &self.differences {
                write!(f, "\n  {difference}")?;
            }
            return Ok(());
        }
        let checked = match self.row_check {
            RowCheck::Checksum => "sizes, SHA-256, rows and row checksums are right".to_owned(),
            RowCheck::Count => {
                "sizes, SHA-256 and numbers of rows are right (its manifest has no row checksums)"
                    .to_owned()
            }
            RowCheck::Impossible { ambiguous_rows } => format!(
                "sizes and SHA-256 are right; rows can't be checked, {ambiguous_rows} of them hold a delimiter"
            ),
        };
        write!(
            f,
            "verified {location} (run {run}): {parts} parts, {rows} rows, {bytes} bytes; {checked}"
        )?;
        if self.others > 0 {
            let others = self.others;
            write!(
                f,
                "; of {others} more, which the manifest does not describe, sizes and SHA-256 are right"
            )?;
        }
        match &self.source {
            None => Ok(()),
            Some(SourceCheck::Checksum) => {
                f.write_str("; the source has the same rows and checksum")
            }
            Some(SourceCheck::Count { reason }) => write!(
                f,
                "; the source has as many rows (its checksum can't be compared: {reason})"
            ),
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes { part, said, found } => {
                write!(f, "{part} has {found} bytes, the manifest says {said}")
            }
            Self::Sha256 { part, said, found } => {
                write!(
                    f,
                    "{part} has the SHA-256 {found}, the manifest says {said}"
                )
            }
            Self::Rows { part, said, found } => {
                write!(f, "{part} has {found} rows, the manifest says {said}")
            }
            Self::Checksum { part, said, found } => write!(
                f,
                "{part} has the row checksum {found}, the manifest says {said}"
            ),
            Self::Unreadable { part, reason } => write!(f, "{part} can't be read: {reason}"),
            Self::Damaged { reason } => f.write_str(reason),
            Self::SourceColumns { changes } => {
                write!(f, "the columns of the source have changed: {changes}")
            }
            Self::SourceRows { lake, source } if lake.rows != source.rows => write!(
                f,
                "the source has {} rows, the import {}",
                source.rows, lake.rows
            ),
            Self::SourceRows { lake, source } => write!(
                f,
                "the source has as many rows with other values: its checksum is {}, the import's {}",
                source.checksum, lake.checksum
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_in_one_line_what_is_right() {
        let report = Report {
            run: RunId::parse("r1").unwrap(),
            location: "hdfs://h:8020/user/sqoop/sales".to_owned(),
            parts: 4,
            others: 0,
            rows: 2823,
            bytes: 500_000,
            row_check: RowCheck::Checksum,
            source: Some(SourceCheck::Checksum),
            differences: Vec::new(),
        };
        assert_eq!(
            report.to_string(),
            "verified hdfs://h:8020/user/sqoop/sales (run r1): 4 parts, 2823 rows, 500000 bytes; \
             sizes, SHA-256, rows and row checksums are right; the source has the same rows and checksum"
        );
    }
}
