//! The newest lines that were shipped, for the page: bounded in number and size.

use crate::archive::names::LifeNumber;
use comptoir_model::api::logs::LogLine;
use comptoir_model::app_log::{AppLogLine, FieldValue, LINE_BYTES_MAX};
use comptoir_model::lines::{Line, LineSplitter};
use std::collections::{BTreeMap, VecDeque};
use std::convert::Infallible;
use std::sync::Arc;

const LINES_MAX: usize = 1000;
/// Of the lines as they were written.
const BYTES_MAX: usize = 1 << 20;
const MESSAGE_CHARS_MAX: usize = 2000;
/// Of one push, only the end is looked at: who catches up has older lines than these to show.
const PUSH_BYTES_MAX: usize = 128 * 1024;

#[derive(Debug, Default)]
pub(crate) struct Newest {
    /// Oldest first, as they were written: they are read when somebody asks.
    lines: VecDeque<RawLine>,
    bytes: usize,
    /// Where each life's splitter began, and the splitter.
    splitters: BTreeMap<Of, (u64, LineSplitter)>,
}

/// A life of a log.
type Of = (Arc<str>, LifeNumber);

#[derive(Debug)]
struct RawLine {
    source: Arc<str>,
    offset: u64,
    /// The bytes, or how many there were of a line that is too long.
    content: Result<Vec<u8>, u64>,
}

impl RawLine {
    fn size(&self) -> usize {
        self.content.as_ref().map_or(0, Vec::len)
    }
}

impl Newest {
    /// Newest first.
    pub(crate) fn newest(&self, limit: usize) -> Vec<LogLine> {
        let newest = self.lines.iter().rev().take(limit);
        newest.map(read).collect()
    }

    pub(crate) fn knows(&self, of: &Of) -> bool {
        self.splitters.contains_key(of)
    }

    /// Bytes of a life from `offset`; those of one life come in order. Its first ones may begin
    /// inside a line.
    pub(crate) fn push(&mut self, of: &Of, mut offset: u64, mut bytes: &[u8]) {
        let passed = bytes.len().saturating_sub(PUSH_BYTES_MAX);
        if passed > 0 {
            self.splitters.remove(of);
            offset += passed as u64;
            bytes = &bytes[passed..];
        }
        if !self.knows(of) {
            let mut begin = offset;
            if offset > 0 {
                let Some(newline) = bytes.iter().position(|byte| *byte == b'\n') else {
                    return;
                };
                begin += newline as u64 + 1;
                bytes = &bytes[newline + 1..];
            }
            let splitter = LineSplitter::new(LINE_BYTES_MAX);
            self.splitters.insert(of.clone(), (begin, splitter));
        }
        let Some((begin, mut splitter)) = self.splitters.remove(of) else {
            return;
        };
        let Ok(()) = splitter.push(bytes, |place, line| {
            self.add(RawLine {
                source: Arc::clone(&of.0),
                offset: begin + place.offset,
                content: match line {
                    Line::Whole(bytes) => Ok(bytes.to_vec()),
                    Line::TooLong { bytes } => Err(bytes),
                },
            });
            Ok::<_, Infallible>(())
        });
        self.splitters.insert(of.clone(), (begin, splitter));
        // Lives that are over are not told of: the oldest ones go.
        while self.splitters.len() > 64 {
            self.splitters.pop_first();
        }
    }

    fn add(&mut self, line: RawLine) {
        self.bytes += line.size();
        self.lines.push_back(line);
        while self.lines.len() > LINES_MAX || self.bytes > BYTES_MAX {
            let Some(oldest) = self.lines.pop_front() else {
                break;
            };
            self.bytes -= oldest.size();
        }
    }
}

fn read(line: &RawLine) -> LogLine {
    let plain = |message| LogLine {
        source: line.source.to_string(),
        offset: line.offset,
        time: None,
        level: None,
        component: None,
        message,
        fields: Vec::new(),
    };
    let bytes = match &line.content {
        Ok(bytes) => bytes,
        Err(bytes) => return plain(format!("a line of {bytes} bytes")),
    };
    match AppLogLine::parse(bytes) {
        Ok(parsed) => LogLine {
            time: Some(parsed.time()),
            level: Some(parsed.level()),
            component: Some(parsed.component().to_string()),
            fields: (parsed.fields().iter())
                .map(|(name, value)| (name.clone(), text(value)))
                .collect(),
            ..plain(cut(parsed.message()))
        },
        Err(_) => plain(cut(&String::from_utf8_lossy(bytes))),
    }
}

fn text(value: &FieldValue) -> String {
    match value {
        FieldValue::Integer(number) => number.to_string(),
        FieldValue::Bool(is) => is.to_string(),
        FieldValue::Text(text) => text.clone(),
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(MESSAGE_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of() -> Of {
        ("app.log".into(), LifeNumber(1))
    }

    #[test]
    fn keeps_the_newest_also_those_in_no_format() {
        let mut newest = Newest::default();
        newest.push(&of(), 100, b"rest of a line\nplain \xff te");
        newest.push(&of(), 124, b"xt\n{\"time\":\"2026-11-21T13:00:00.000123Z\",\"level\":\"INFO\",\"component\":\"web\",\"message\":\"m\",\"fields\":{\"n\":1}}\n");
        let lines = newest.newest(10);
        assert_eq!(lines.len(), 2);
        assert_eq!(
            (lines[0].message.as_str(), lines[0].component.as_deref()),
            ("m", Some("web"))
        );
        assert_eq!(lines[0].fields, [("n".to_owned(), "1".to_owned())]);
        assert_eq!(
            (lines[1].message.as_str(), lines[1].offset),
            ("plain \u{fffd} text", 115)
        );
    }

    #[test]
    fn is_bounded_in_number_and_size() {
        let mut newest = Newest::default();
        for _ in 0..3000 {
            newest.push(&of(), 0, b"x\n");
        }
        assert_eq!(newest.newest(5000).len(), LINES_MAX);
        for _ in 0..3000 {
            newest.push(&of(), 0, &[&[b'y'; 3000][..], b"\n"].concat());
        }
        assert!(newest.bytes <= BYTES_MAX && !newest.lines.is_empty());
    }
}
