//! Identifiers that must not be mixed up with one another, or with plain numbers and strings.

use serde::{Deserialize, Serialize};
use std::fmt;

/// An order's number in the ERP. An order has one or more lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OrderNumber(pub u64);

impl fmt::Display for OrderNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One life of a topic. A re-created topic is another stream.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct StreamId(pub String);

/// A partition's number within its stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct Partition(pub u32);

/// A position in a partition: a Kafka offset, or a byte position of a JSONL file.
///
/// Positions are not dense: the difference of two of them is not a number of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct Offset(pub u64);

/// The name of one import run: `<start in UTC, to the second>-<8 hex digits>`, so that names sort
/// by start and two runs that start in the same second differ.
///
/// Only `[0-9A-Za-z-]` and at most 64 characters, because it becomes part of lake paths.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RunId(String);

/// A text that can't be a [`RunId`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a run id: 1 to 64 letters, digits and hyphens")]
pub struct InvalidRunId(pub String);

impl RunId {
    /// Checks the characters and the length.
    pub fn parse(text: &str) -> Result<Self, InvalidRunId> {
        let fits = (1..=64).contains(&text.len())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidRunId(text.to_owned()))
        }
    }

    /// The id of a run that started at `start`; `random` tells apart two of the same second.
    pub fn new(start: jiff::Timestamp, random: u32) -> Self {
        let start = start.strftime("%Y%m%dT%H%M%SZ");
        Self(format!("{start}-{random:08x}"))
    }

    /// The id of a run that is one of a row; `kind` is a word of ASCII letters.
    pub fn numbered(kind: &str, number: i64) -> Self {
        Self(format!("{kind}-{number}"))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for RunId {
    type Error = InvalidRunId;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<RunId> for String {
    fn from(id: RunId) -> Self {
        id.0
    }
}

/// The name of a batch job: 1 to 64 letters, digits, `.`, `_` and `-`, of which the first is a
/// letter or a digit, because it becomes part of file names and labels.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct JobName(String);

/// A text that can't be a [`JobName`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` can't be the name of a job\nhint: 1 to 64 letters, digits, `.`, `_` and `-`, beginning with a letter or digit"
)]
pub struct InvalidJobName(pub String);

impl JobName {
    /// Checks the characters and the length.
    pub fn parse(text: &str) -> Result<Self, InvalidJobName> {
        let known = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        let begins = text.starts_with(|first: char| first.is_ascii_alphanumeric());
        if begins && text.len() <= 64 && text.bytes().all(known) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidJobName(text.to_owned()))
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for JobName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_job_can_be_that_of_a_file() {
        for text in ["sales", "2024.sales_eu-west", &"x".repeat(64)] {
            assert_eq!(JobName::parse(text).unwrap().as_str(), text);
        }
        for text in ["", ".hidden", "-rf", "a/b", "a b", "é", &"x".repeat(65)] {
            assert!(JobName::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn run_ids_sort_by_start() {
        let at = |second| RunId::new(jiff::Timestamp::from_second(second).unwrap(), 7);
        assert_eq!(at(0).as_str(), "19700101T000000Z-00000007");
        assert!(at(1_700_000_000) < at(1_700_000_001));
    }

    #[test]
    fn refuses_a_run_id_that_would_leave_its_directory() {
        for text in ["", "../x", "a/b", "a b", &"x".repeat(65)] {
            assert!(RunId::parse(text).is_err(), "{text}");
        }
    }
}
