//! What becomes of late events of days that the archive has forgotten: `-- late: …`. Pure.

use crate::views::error::HeaderFault;
use comptoir_model::view_result::is_identifier;

/// How rows that are made of late events alone join those of their day, which can't be computed
/// again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::views) enum Late {
    /// A row is made of one event: they are rows more.
    Rows,
    /// These columns are added up of rows that are the same in all others.
    Sum(Vec<String>),
}

impl Late {
    /// `rows`, or `sum COLUMN, COLUMN`.
    pub(super) fn parse(value: &str) -> Result<Self, HeaderFault> {
        let bad = || HeaderFault::Late(value.to_owned());
        if value == "rows" {
            return Ok(Self::Rows);
        }
        let columns = value.strip_prefix("sum ").ok_or_else(bad)?;
        let columns: Vec<_> = columns.split(',').map(str::trim).collect();
        if !columns.iter().all(|column| is_identifier(column)) {
            return Err(bad());
        }
        Ok(Self::Sum(columns.into_iter().map(str::to_owned).collect()))
    }
}
