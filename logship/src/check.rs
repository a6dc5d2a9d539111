//! Reading log files and counting what they hold, in bounded memory.

use comptoir_model::app_log::{AppLogError, AppLogLine, Component, LINE_BYTES_MAX, Level};
use comptoir_model::lines::{Line, LineSplitter, Place};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::io::{self, ErrorKind, Read};

/// Malformed lines that are named; further ones are only counted.
pub const MALFORMED_NAMED_MAX: usize = 10;
/// Components that are counted one by one; a damaged file may hold any number.
pub const COMPONENTS_MAX: usize = 100;

/// Why a check could not be finished. None of these is worth a retry without its cure.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    #[error(
        "can't open {file}: {cause}\nhint: give an app.log or a rotated sibling, or - for stdin"
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
    #[error("can't print the result: {0}")]
    Print(io::Error),
}

impl CheckError {
    /// Whoever read our output has seen enough (`| head`).
    pub fn is_closed_pipe(&self) -> bool {
        matches!(self, Self::Print(cause) if cause.kind() == ErrorKind::BrokenPipe)
    }
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineFault {
    #[error(transparent)]
    Malformed(#[from] AppLogError),
    #[error("the file ends inside this line: it is being written, or a crash tore it")]
    Unfinished,
}

/// A line that is not whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadLine {
    pub file: String,
    pub place: Place,
    pub fault: LineFault,
}

/// Lines by level.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Levels(BTreeMap<Level, u64>);

impl Levels {
    fn count(&mut self, level: Level) {
        *self.0.entry(level).or_default() += 1;
    }

    pub fn of(&self, level: Level) -> u64 {
        self.0.get(&level).copied().unwrap_or(0)
    }
}

/// What the checked lines hold together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    whole: u64,
    malformed: u64,
    first_malformed: Vec<BadLine>,
    by_component: BTreeMap<Component, Levels>,
    other_components: Levels,
    span: Option<(Timestamp, Timestamp)>,
}

impl Tally {
    fn accept(&mut self, line: &AppLogLine) {
        self.whole += 1;
        let time = line.time();
        let (earliest, latest) = self.span.unwrap_or((time, time));
        self.span = Some((earliest.min(time), latest.max(time)));
        if let Some(levels) = self.by_component.get_mut(line.component()) {
            levels.count(line.level());
        } else if self.by_component.len() < COMPONENTS_MAX {
            let levels = self.by_component.entry(line.component().clone());
            levels.or_default().count(line.level());
        } else {
            self.other_components.count(line.level());
        }
    }

    fn refuse(&mut self, file: &str, place: Place, fault: LineFault) {
        self.malformed += 1;
        if self.first_malformed.len() < MALFORMED_NAMED_MAX {
            self.first_malformed.push(BadLine {
                file: file.to_owned(),
                place,
                fault,
            });
        }
    }

    pub fn whole(&self) -> u64 {
        self.whole
    }

    pub fn malformed(&self) -> u64 {
        self.malformed
    }

    /// The first malformed lines, at most [`MALFORMED_NAMED_MAX`].
    pub fn first_malformed(&self) -> &[BadLine] {
        &self.first_malformed
    }

    pub fn by_component(&self) -> &BTreeMap<Component, Levels> {
        &self.by_component
    }

    /// Lines of components beyond the first [`COMPONENTS_MAX`].
    pub fn other_components(&self) -> &Levels {
        &self.other_components
    }

    /// The earliest and the latest time of a whole line.
    pub fn span(&self) -> Option<(Timestamp, Timestamp)> {
        self.span
    }
}

/// Reads every line of `input` into the tally.
pub fn check_lines(file: &str, mut input: impl Read, tally: &mut Tally) -> Result<(), CheckError> {
    let mut splitter = LineSplitter::new(LINE_BYTES_MAX);
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
            check_line(file, place, line, tally);
            Ok(())
        })?;
    }
    if let Some((place, _)) = splitter.unfinished() {
        tally.refuse(file, place, LineFault::Unfinished);
    }
    Ok(())
}

fn check_line(file: &str, place: Place, line: Line<'_>, tally: &mut Tally) {
    let read = match line {
        Line::Whole(bytes) => AppLogLine::parse(bytes),
        Line::TooLong { bytes } => Err(AppLogError::TooLong(bytes)),
    };
    match read {
        Ok(line) => tally.accept(&line),
        Err(error) => tally.refuse(file, place, error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write;

    fn line(component: &str) -> String {
        let time = Timestamp::UNIX_EPOCH;
        AppLogLine::new(time, Level::Info, component.parse().unwrap(), "x").to_string()
    }

    #[test]
    fn counts_without_end_but_names_within_bounds() {
        let mut input = String::new();
        for number in 0..200 {
            writeln!(input, "{}\nbroken", line(&format!("c{number}"))).unwrap();
        }
        let mut tally = Tally::default();
        check_lines("f", input.as_bytes(), &mut tally).unwrap();
        assert_eq!((tally.whole(), tally.malformed()), (200, 200));
        assert_eq!(tally.first_malformed().len(), MALFORMED_NAMED_MAX);
        assert_eq!(tally.by_component().len(), COMPONENTS_MAX);
        assert_eq!(tally.other_components().of(Level::Info), 100);
    }

    #[test]
    fn a_last_line_without_its_newline_is_not_whole() {
        let mut tally = Tally::default();
        let input = format!("{}\n{}", line("web"), line("web"));
        check_lines("f", input.as_bytes(), &mut tally).unwrap();
        let bad = &tally.first_malformed()[0];
        assert_eq!((bad.place.line, &bad.fault), (2, &LineFault::Unfinished));
        assert_eq!(tally.whole(), 1);
    }
}
