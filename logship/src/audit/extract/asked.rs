//! What is asked of an extract.

use crate::archive::names::{ChainNumber, LifeNumber};
use crate::audit::lines::Filter;
use comptoir_model::app_log::Level;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// What is asked for; all of it where nothing is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Both inclusive.
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
    /// This level, and more urgent ones.
    pub level: Option<Level>,
    pub life: Option<LifeNumber>,
    /// Only what these segments hold: a line that crosses their edges comes in part.
    #[serde(default)]
    pub segments: Option<Numbers>,
}

impl Asked {
    pub(super) fn filter(&self) -> Filter {
        Filter {
            life: self.life,
            from: self.from,
            to: self.to,
            level: self.level,
        }
    }
}

/// Of manifests, both inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Numbers {
    pub first: ChainNumber,
    pub last: ChainNumber,
}

/// Not a number or a range of numbers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("segments are given by the numbers of their manifests, as 7 or 7-9; `audit ls` lists them")]
pub struct NoNumbers;

impl Numbers {
    pub(super) fn have(self, number: ChainNumber) -> bool {
        (self.first..=self.last).contains(&number)
    }
}

impl FromStr for Numbers {
    type Err = NoNumbers;

    fn from_str(text: &str) -> Result<Self, NoNumbers> {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let number = |word: &str| word.parse().map(ChainNumber).map_err(|_| NoNumbers);
        let (first, last) = (number(first)?, number(last)?);
        if first <= last {
            Ok(Self { first, last })
        } else {
            Err(NoNumbers)
        }
    }
}

impl fmt::Display for Numbers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.first.0, self.last.0) {
            (first, last) if first == last => write!(f, "{first}"),
            (first, last) => write!(f, "{first} to {last}"),
        }
    }
}
