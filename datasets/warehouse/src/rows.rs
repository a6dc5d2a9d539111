//! From the cells of a row to the words of the model, and back.

use crate::error::{Result, WarehouseError};
use comptoir_database::{Row, Value};
use comptoir_model::ids::{Offset, Partition, StreamId};
use comptoir_model::live::{BucketKey, BucketSums, Hundredths, TopKey, TopSums};
use comptoir_model::merge::{GenerationNumber, PartitionKey, Span};
use jiff::Timestamp;
use std::fmt::Display;

/// What a row of sums holds from `currency` to `net`, behind what it is kept under.
pub(crate) fn bucket_values<'a>(
    key: &'a BucketKey<'a>,
    sums: &BucketSums,
) -> Result<[Value<'a>; 11]> {
    Ok([
        Value::Text(key.currency.as_str()),
        Value::Text(key.category),
        Value::Text(key.country),
        Value::Text(key.city),
        Value::Text(key.channel.as_str()),
        Value::Text(key.status.as_str()),
        Value::Integer(count(sums.transactions, "a count")?),
        Value::Integer(count(sums.quantity, "a quantity")?),
        Value::Integer(sums.gross.0),
        Value::Integer(sums.refunds.0),
        Value::Integer(sums.net.0),
    ])
}

/// What a row of top totals holds from `quarter` to `net`.
pub(crate) fn top_values<'a>(key: &'a TopKey<'a>, sums: &TopSums) -> Result<[Value<'a>; 10]> {
    Ok([
        Value::Integer(key.quarter.0),
        Value::Text(key.currency.as_str()),
        Value::Text(key.kind.as_str()),
        Value::Text(key.name),
        Value::Integer(count(sums.transactions, "a count")?),
        Value::Integer(count(sums.approved, "a count")?),
        Value::Integer(count(sums.units, "a quantity")?),
        Value::Integer(sums.gross.0),
        Value::Integer(sums.refunds.0),
        Value::Integer(sums.net.0),
    ])
}

/// Reads the cells of one row from left to right.
pub(crate) struct Cells<'a> {
    table: &'static str,
    row: &'a Row,
    next: usize,
}

impl<'a> Cells<'a> {
    /// `table` is named in errors.
    pub(crate) fn of(table: &'static str, row: &'a Row) -> Self {
        Self {
            table,
            row,
            next: 0,
        }
    }

    pub(crate) fn integer(&mut self) -> Result<i64> {
        let index = self.step();
        (self.row.integer(index)).map_err(|error| self.damaged(error))
    }

    pub(crate) fn optional_integer(&mut self) -> Result<Option<i64>> {
        let index = self.step();
        (self.row.optional_integer(index)).map_err(|error| self.damaged(error))
    }

    pub(crate) fn unsigned(&mut self) -> Result<u64> {
        let number = self.integer()?;
        u64::try_from(number).map_err(|_| self.damaged(format!("the count {number}")))
    }

    pub(crate) fn text(&mut self) -> Result<&'a str> {
        let index = self.step();
        (self.row.string(index)).map_err(|error| self.damaged(error))
    }

    pub(crate) fn optional_text(&mut self) -> Result<Option<&'a str>> {
        let index = self.step();
        (self.row.optional_string(index)).map_err(|error| self.damaged(error))
    }

    pub(crate) fn bytes(&mut self) -> Result<&'a [u8]> {
        let index = self.step();
        (self.row.bytes(index)).map_err(|error| self.damaged(error))
    }

    pub(crate) fn optional_bytes(&mut self) -> Result<Option<&'a [u8]>> {
        let index = self.step();
        (self.row.optional_bytes(index)).map_err(|error| self.damaged(error))
    }

    pub(crate) fn offset(&mut self) -> Result<Offset> {
        self.unsigned().map(Offset)
    }

    pub(crate) fn optional_offset(&mut self) -> Result<Option<Offset>> {
        let number = self.optional_integer()?.map(u64::try_from).transpose();
        let number = number.map_err(|error| self.damaged(error))?;
        Ok(number.map(Offset))
    }

    pub(crate) fn generation(&mut self) -> Result<GenerationNumber> {
        self.unsigned().map(GenerationNumber)
    }

    pub(crate) fn span(&mut self) -> Result<Span> {
        let (start, end) = (self.offset()?, self.offset()?);
        Span::new(start, end).ok_or_else(|| self.damaged("an empty run of offsets"))
    }

    pub(crate) fn hundredths(&mut self) -> Result<Hundredths> {
        self.integer().map(Hundredths)
    }

    /// Stream, then partition.
    pub(crate) fn partition_key(&mut self) -> Result<PartitionKey> {
        let stream = StreamId(self.text()?.to_owned());
        let number = self.integer()?;
        let partition = u32::try_from(number)
            .map_err(|_| self.damaged(format!("the partition {number}")))
            .map(Partition)?;
        Ok(PartitionKey { stream, partition })
    }

    pub(crate) fn milliseconds(&mut self) -> Result<Timestamp> {
        let number = self.integer()?;
        Timestamp::from_millisecond(number).map_err(|error| self.damaged(error))
    }

    pub(crate) fn optional_milliseconds(&mut self) -> Result<Option<Timestamp>> {
        let number = self.optional_integer()?;
        let moment = number.map(Timestamp::from_millisecond).transpose();
        moment.map_err(|error| self.damaged(error))
    }

    /// A text that one of our types reads.
    pub(crate) fn parsed<T, E: Display>(
        &mut self,
        read: impl FnOnce(&str) -> std::result::Result<T, E>,
    ) -> Result<T> {
        read(self.text()?).map_err(|error| self.damaged(error))
    }

    /// A text that is one of the known words.
    pub(crate) fn word<T>(&mut self, read: impl FnOnce(&str) -> Option<T>) -> Result<T> {
        let word = self.text()?;
        read(word).ok_or_else(|| self.damaged(format!("the unknown word `{word}`")))
    }

    pub(crate) fn damaged(&self, what: impl Display) -> WarehouseError {
        WarehouseError::Damaged {
            table: self.table,
            what: what.to_string(),
        }
    }

    fn step(&mut self) -> usize {
        self.next += 1;
        self.next - 1
    }
}

/// An offset as the database holds it.
pub(crate) fn stored(offset: Offset) -> Result<i64> {
    count(offset.0, "an offset")
}

/// A count as the database holds it; `what` names it in the error.
pub(crate) fn count(number: u64, what: &'static str) -> Result<i64> {
    i64::try_from(number).map_err(|_| WarehouseError::TooLarge(what))
}
