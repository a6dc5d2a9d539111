//! Reading files of events and adding up what they hold, in bounded memory.

use comptoir_model::event::{Contribution, EVENT_BYTES_MAX, Event, Rejection, Status, read_event};
use comptoir_model::lines::{Line, LineSplitter};
use comptoir_model::money::{Currency, MoneyError};
use std::collections::BTreeMap;
use std::io::{self, ErrorKind, Read, Write};

/// Why a check could not be finished. None of these is worth a retry without its cure.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    #[error(
        "can't open {file}: {cause}\nhint: give files of one JSON event a line, or - for stdin"
    )]
    Open { file: String, cause: io::Error },
    #[error(
        "can't read {file} at byte {offset}: {cause}\nhint: copy the file to a sound disk first"
    )]
    Read {
        file: String,
        offset: u64,
        cause: io::Error,
    },
    #[error("{file}:{line}: {cause}\nhint: check fewer files at once")]
    Sum {
        file: String,
        line: u64,
        cause: MoneyError,
    },
    #[error("can't print the result: {0}")]
    Print(io::Error),
}

impl CheckError {
    /// Whoever read our output has seen enough (`| head`).
    pub fn is_closed_pipe(&self) -> bool {
        matches!(self, Self::Print(cause) if cause.kind() == ErrorKind::BrokenPipe)
    }
}

/// What the checked records hold together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    statuses: BTreeMap<Status, u64>,
    totals: BTreeMap<Currency, Contribution>,
    reasons: BTreeMap<&'static str, u64>,
}

impl Tally {
    pub fn accept(&mut self, event: &Event<'_>) -> Result<(), MoneyError> {
        let share = event.contribution();
        match self.totals.get_mut(&event.currency) {
            None => {
                self.totals.insert(event.currency, share);
            }
            Some(total) => {
                *total = Contribution {
                    gross: total.gross.checked_add(share.gross)?,
                    refunds: total.refunds.checked_add(share.refunds)?,
                    net: total.net.checked_add(share.net)?,
                };
            }
        }
        *self.statuses.entry(event.status).or_default() += 1;
        Ok(())
    }

    pub fn reject(&mut self, rejection: &Rejection) {
        *self.reasons.entry(rejection.reason()).or_default() += 1;
    }

    pub fn accepted(&self) -> u64 {
        self.statuses.values().sum()
    }

    pub fn rejected(&self) -> u64 {
        self.reasons.values().sum()
    }

    /// Every status, those without events too.
    pub fn by_status(&self) -> impl Iterator<Item = (Status, u64)> {
        Status::ALL
            .iter()
            .map(|status| (*status, self.statuses.get(status).copied().unwrap_or(0)))
    }

    pub fn by_currency(&self) -> &BTreeMap<Currency, Contribution> {
        &self.totals
    }

    /// Rejected records by the reason's stable name.
    pub fn by_reason(&self) -> &BTreeMap<&'static str, u64> {
        &self.reasons
    }
}

/// Judges each line of `input`. A last line counts without its newline too.
pub fn check_records(
    file: &str,
    mut input: impl Read,
    tally: &mut Tally,
    log: &mut dyn Write,
) -> Result<(), CheckError> {
    let mut splitter = LineSplitter::new(EVENT_BYTES_MAX);
    let mut chunk = vec![0; 64 * 1024];
    let mut offset = 0;
    loop {
        let length = match input.read(&mut chunk) {
            Ok(0) => break,
            Ok(length) => length,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(cause) => {
                let file = file.to_owned();
                return Err(CheckError::Read {
                    file,
                    offset,
                    cause,
                });
            }
        };
        offset += length as u64;
        splitter.push(&chunk[..length], |place, line| {
            check_line(file, place.line, line, tally, log)
        })?;
    }
    match splitter.unfinished() {
        None => Ok(()),
        Some((place, line)) => check_line(file, place.line, line, tally, log),
    }
}

fn check_line(
    file: &str,
    number: u64,
    line: Line<'_>,
    tally: &mut Tally,
    log: &mut dyn Write,
) -> Result<(), CheckError> {
    let judged = match line {
        Line::Whole(bytes) => read_event(bytes),
        Line::TooLong { bytes } => Err(Rejection::TooLarge { bytes }),
    };
    match judged {
        Ok(event) => tally.accept(&event).map_err(|cause| CheckError::Sum {
            file: file.to_owned(),
            line: number,
            cause,
        }),
        Err(rejection) => {
            tally.reject(&rejection);
            let (reason, cure) = (rejection.reason(), rejection.cure());
            writeln!(
                log,
                "{file}:{number}: {reason}: {rejection}\n  hint: {cure}"
            )
            .map_err(CheckError::Print)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_byte_where_a_file_can_not_be_read() {
        struct Broken(bool);
        impl Read for Broken {
            fn read(&mut self, chunk: &mut [u8]) -> io::Result<usize> {
                if std::mem::replace(&mut self.0, true) {
                    return Err(io::Error::other("disk on fire"));
                }
                chunk[..3].copy_from_slice(b"{}\n");
                Ok(3)
            }
        }
        let mut tally = Tally::default();
        let error = check_records("f", Broken(false), &mut tally, &mut Vec::new()).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("can't read f at byte 3: disk on fire"),
            "{error}"
        );
        assert_eq!(tally.by_reason(), &BTreeMap::from([("missing_field", 1)]));
    }
}
