//! The columns of a batch by their names, in the types that they have to have.

use crate::views::error::ViewError;
use comptoir_model::live::Hundredths;
use datafusion::arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{
    DataType, Decimal128Type, Int64Type, TimeUnit, TimestampMicrosecondType,
};
use jiff::Timestamp;

/// Where rows come from, and what is asked of them.
pub(super) struct Cells<'a> {
    file: &'a str,
    batch: &'a RecordBatch,
}

pub(super) struct Texts(ArrayRef);
pub(super) struct Integers(ArrayRef);
pub(super) struct Times(ArrayRef);
/// Amounts of two decimals.
pub(super) struct Amounts(ArrayRef);

impl<'a> Cells<'a> {
    /// `file` names the query to people.
    pub(super) fn of(file: &'a str, batch: &'a RecordBatch) -> Self {
        Self { file, batch }
    }

    pub(super) fn texts(&self, name: &str) -> Result<Texts, ViewError> {
        Ok(Texts(self.column(name, &DataType::Utf8)?))
    }

    pub(super) fn integers(&self, name: &str) -> Result<Integers, ViewError> {
        Ok(Integers(self.column(name, &DataType::Int64)?))
    }

    pub(super) fn times(&self, name: &str) -> Result<Times, ViewError> {
        let kind = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
        Ok(Times(self.column(name, &kind)?))
    }

    pub(super) fn amounts(&self, name: &str) -> Result<Amounts, ViewError> {
        Ok(Amounts(self.column(name, &DataType::Decimal128(18, 2))?))
    }

    fn column(&self, name: &str, kind: &DataType) -> Result<ArrayRef, ViewError> {
        let column = self.batch.column_by_name(name);
        let column = column.ok_or_else(|| self.wrong(format!("there is no column `{name}`")))?;
        cast(column, kind).map_err(|error| self.wrong(format!("column `{name}`: {error}")))
    }

    /// What does not belong into a row of the archive.
    pub(super) fn wrong(&self, reason: String) -> ViewError {
        ViewError::Sql {
            file: self.file.to_owned(),
            reason,
        }
    }
}

impl Texts {
    pub(super) fn get(&self, row: usize) -> Option<&str> {
        let texts = self.0.as_string::<i32>();
        texts.is_valid(row).then(|| texts.value(row))
    }

    /// Of a column that is never NULL.
    pub(super) fn at(&self, row: usize) -> &str {
        self.0.as_string::<i32>().value(row)
    }
}

impl Integers {
    pub(super) fn at(&self, row: usize) -> i64 {
        self.0.as_primitive::<Int64Type>().value(row)
    }

    /// Of a count; one that is negative is none.
    pub(super) fn count(&self, row: usize) -> u64 {
        u64::try_from(self.at(row)).unwrap_or_default()
    }
}

impl Times {
    /// `None` of NULL, and of a time that no event can have.
    pub(super) fn get(&self, row: usize) -> Option<Timestamp> {
        let times = self.0.as_primitive::<TimestampMicrosecondType>();
        if times.is_null(row) {
            return None;
        }
        Timestamp::from_microsecond(times.value(row)).ok()
    }
}

impl Amounts {
    /// `None` of one that does not fit 64 bits.
    pub(super) fn get(&self, row: usize) -> Option<Hundredths> {
        let amounts = self.0.as_primitive::<Decimal128Type>();
        i64::try_from(amounts.value(row)).ok().map(Hundredths)
    }
}
