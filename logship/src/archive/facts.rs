//! What a line says about itself: its time and its level. The index of a segment and the search
//! judge lines by the same rules.
//!
//! A line begins with its time, as RFC 3339 or nearly so (`2026-11-21T13:00:00.000123Z`,
//! `2026-11-21 13:00:00,123`; without an offset it is UTC), alone, in brackets, or as the first key
//! of a JSON object. Its level is the first of the words below that stands in capitals in its first
//! bytes. A line without a time or a level has that of the line before it: so do the lines of a stack
//! trace.

use comptoir_model::app_log::Level;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;
use memchr::{memchr, memchr_iter};
use serde::{Deserialize, Serialize};

/// No line is read further for its level.
const LEVEL_WITHIN_BYTES: usize = 160;

/// What a line takes over from those before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carry {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// The bytes before are no whole line: the next ones go on with it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub inside_line: bool,
}

impl Carry {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The facts of a line behind this, which is given with its newline if it has one.
    #[must_use]
    pub fn behind(self, line: &[u8]) -> Self {
        let inside_line = !line.ends_with(b"\n");
        if self.inside_line {
            return Self {
                inside_line,
                ..self
            };
        }
        Self {
            time: time_of(line).or(self.time),
            level: level_of(line).or(self.level),
            inside_line,
        }
    }
}

/// Lines with their newlines; the last one may have none.
pub fn lines_of(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let end = memchr(b'\n', rest).map_or(rest.len(), |newline| newline + 1);
        let line = rest.split_off(..end)?;
        (!line.is_empty()).then_some(line)
    })
}

pub fn newlines(bytes: &[u8]) -> u64 {
    memchr_iter(b'\n', bytes).count() as u64
}

fn time_of(line: &[u8]) -> Option<Timestamp> {
    let line = line.strip_prefix(b"{\"time\":\"").unwrap_or(line);
    let line = line.strip_prefix(b"[").unwrap_or(line);
    let number = |from: usize, digits: usize| {
        let digits = line.get(from..from + digits)?;
        digits.iter().try_fold(0_i32, |number, digit| {
            digit
                .is_ascii_digit()
                .then(|| number * 10 + i32::from(digit - b'0'))
        })
    };
    let is = |at: usize, among: &[u8]| line.get(at).is_some_and(|byte| among.contains(byte));
    let separated = is(4, b"-/") && is(7, b"-/") && is(10, b"T ") && is(13, b":") && is(16, b":");
    if !separated {
        return None;
    }
    let small = |number: i32| i8::try_from(number).ok();
    let year = i16::try_from(number(0, 4)?).ok()?;
    let (month, day) = (small(number(5, 2)?)?, small(number(8, 2)?)?);
    let (hour, minute) = (small(number(11, 2)?)?, small(number(14, 2)?)?);
    let second = small(number(17, 2)?)?;
    let (nanosecond, at) = fraction(line, 19);
    let civil = DateTime::new(year, month, day, hour, minute, second, nanosecond).ok()?;
    let offset = match line.get(at) {
        Some(sign @ (b'+' | b'-')) => {
            let hours = number(at + 1, 2)?;
            let minutes_at = if is(at + 3, b":") { at + 4 } else { at + 3 };
            let seconds = hours * 3600 + number(minutes_at, 2).unwrap_or_default() * 60;
            let seconds = if *sign == b'-' { -seconds } else { seconds };
            Offset::from_seconds(seconds).ok()?
        }
        _ => Offset::UTC,
    };
    offset.to_timestamp(civil).ok()
}

/// The nanoseconds of `.123` or `,123` at `at`, and where they end.
fn fraction(line: &[u8], at: usize) -> (i32, usize) {
    if !matches!(line.get(at), Some(b'.' | b',')) {
        return (0, at);
    }
    let behind = &line[at + 1..];
    let digits = behind.iter().take_while(|byte| byte.is_ascii_digit());
    let digits = &behind[..digits.count()];
    let shown = digits.iter().chain(std::iter::repeat(&b'0')).take(9);
    let nanosecond = shown.fold(0, |number, digit| number * 10 + i32::from(digit - b'0'));
    (nanosecond, at + 1 + digits.len())
}

fn level_of(line: &[u8]) -> Option<Level> {
    let beginning = &line[..line.len().min(LEVEL_WITHIN_BYTES)];
    let mut words = beginning.split(|byte| !byte.is_ascii_alphabetic());
    words.find_map(|word| {
        Some(match word {
            b"FATAL" | b"CRITICAL" | b"ERROR" | b"SEVERE" => Level::Error,
            b"WARN" | b"WARNING" => Level::Warn,
            b"INFO" | b"NOTICE" => Level::Info,
            b"DEBUG" => Level::Debug,
            b"TRACE" => Level::Trace,
            _ => return None,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(line: &str) -> (Option<String>, Option<Level>) {
        let facts = Carry::default().behind(line.as_bytes());
        (facts.time.map(|time| time.to_string()), facts.level)
    }

    #[test]
    fn reads_the_times_and_levels_of_common_logs() {
        let time = |text: &str| Some(text.to_owned());
        for (line, expected) in [
            (
                r#"{"time":"2026-11-21T13:00:00.000123Z","level":"INFO","component":"batch"}"#,
                (time("2026-11-21T13:00:00.000123Z"), Some(Level::Info)),
            ),
            (
                "2026-11-21 13:00:00,123 WARN [main] org.apache.flume - it hangs",
                (time("2026-11-21T13:00:00.123Z"), Some(Level::Warn)),
            ),
            (
                "[2026-11-21T13:00:00+01:00] FATAL gone",
                (time("2026-11-21T12:00:00Z"), Some(Level::Error)),
            ),
            ("2026-13-21 13:00:00 no such month", (None, None)),
            ("\tat org.apache.flume.Main", (None, None)),
            ("", (None, None)),
        ] {
            assert_eq!(facts(line), expected, "{line}");
        }
    }

    #[test]
    fn a_line_without_facts_has_those_of_the_line_before() {
        let first = Carry::default().behind(b"2026-11-21T13:00:00Z ERROR failed\n");
        let trace = first.behind(b"  at main\n");
        assert_eq!(trace, first);
        let torn = first.behind(b"2026-11-21T13:00:01Z INFO and o");
        assert!(torn.inside_line);
        // The rest of a line is not judged by itself.
        let rest = torn.behind(b"n 2026 ERROR\n");
        assert_eq!((rest.level, rest.inside_line), (Some(Level::Info), false));
    }
}
