//! Appends every event to `app.log`, in the format of [`comptoir_model::app_log`].

use crate::clock;
use comptoir_model::app_log::{AppLogError, AppLogLine, Component, FieldValue, Level};
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, Once, PoisonError};
use std::time::{Duration, Instant};
use tracing::field::{Field, Visit};
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

/// Why `app.log` can't be written.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(
        "can't open the log {path}: {source}\nhint: make its directory writable, or set log.file to another path or to `none`"
    )]
    File { path: PathBuf, source: io::Error },
    #[error(transparent)]
    Component(#[from] AppLogError),
}

/// How long lines may still go to a file that was renamed or deleted. Rotation needs no signal: the
/// shipper, or `logrotate` without `copytruncate`, renames the file, and a new one appears here.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The open file. Several processes may append to the same one: a line is one `write` call.
pub(crate) struct AppLog {
    opened: Mutex<Opened>,
    path: PathBuf,
    /// Of events that no service's crate logged.
    process: Component,
    broken: Once,
}

impl AppLog {
    pub(crate) fn open(path: &Path, component: &str) -> Result<Self, OpenError> {
        let unusable = |source| OpenError::File {
            path: path.to_owned(),
            source,
        };
        Ok(Self {
            opened: Mutex::new(Opened::at(path).map_err(unusable)?),
            path: path.to_owned(),
            process: component.parse()?,
            broken: Once::new(),
        })
    }

    fn append(&self, line: &AppLogLine) {
        let line = format!("{line}\n");
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = opened.append(&self.path, line.as_bytes()) {
            // Logging it would come back here; the same lines still go to stderr.
            self.broken.call_once(|| {
                let path = self.path.display();
                writeln!(
                    io::stderr(),
                    "can't append to {path}, lines are missing there: {error}"
                )
                .ok();
            });
        }
    }
}

struct Opened {
    file: File,
    /// Device and inode.
    id: (u64, u64),
    looked_at: Instant,
}

impl Opened {
    fn at(path: &Path) -> io::Result<Self> {
        if let Some(directory) = path.parent() {
            std::fs::create_dir_all(directory)?;
        }
        let mut options = OpenOptions::new();
        let file = options.append(true).create(true).open(path)?;
        let metadata = file.metadata()?;
        Ok(Self {
            file,
            id: (metadata.dev(), metadata.ino()),
            looked_at: clock::instant(),
        })
    }

    fn append(&mut self, path: &Path, line: &[u8]) -> io::Result<()> {
        if self.looked_at.elapsed() >= LOOK_EVERY {
            self.follow(path);
        }
        self.file.write_all(line)
    }

    /// Goes on in the file that has the name now. Where there can't be one, the old file is better
    /// than none.
    fn follow(&mut self, path: &Path) {
        self.looked_at = clock::instant();
        let named = std::fs::metadata(path).map(|metadata| (metadata.dev(), metadata.ino()));
        if named.ok() != Some(self.id)
            && let Ok(opened) = Self::at(path)
        {
            *self = opened;
        }
    }
}

impl<S: Subscriber> Layer<S> for AppLog {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        let metadata = event.metadata();
        if is_chatter(metadata) {
            return;
        }
        let mut fields = Fields::default();
        event.record(&mut fields);
        let component = service_of(metadata).unwrap_or_else(|| self.process.clone());
        let level = level_of(metadata);
        let line = AppLogLine::new(clock::now(), level, component, &fields.message);
        let line = fields
            .others
            .into_iter()
            .fold(line, |line, (name, value)| line.with(name, value));
        self.append(&line);
    }
}

/// What other crates say for their developers goes to stderr only: clients of the lake say it with
/// every call, and shipping such a line would write the next ones, for ever.
fn is_chatter(metadata: &Metadata<'_>) -> bool {
    *metadata.level() > tracing::Level::INFO && !metadata.target().starts_with("comptoir")
}

/// In the launcher all services share a process: the module that logs tells which one it was.
fn service_of(metadata: &Metadata<'_>) -> Option<Component> {
    let name = metadata
        .target()
        .split("::")
        .next()?
        .strip_prefix("comptoir_")?;
    (["batch", "speed", "logship", "web"].contains(&name)).then(|| name.parse().ok())?
}

fn level_of(metadata: &Metadata<'_>) -> Level {
    match *metadata.level() {
        tracing::Level::ERROR => Level::Error,
        tracing::Level::WARN => Level::Warn,
        tracing::Level::INFO => Level::Info,
        tracing::Level::DEBUG => Level::Debug,
        tracing::Level::TRACE => Level::Trace,
    }
}

#[derive(Default)]
struct Fields {
    message: String,
    others: Vec<(&'static str, FieldValue)>,
}

impl Fields {
    fn add(&mut self, field: &Field, value: impl Into<FieldValue>) {
        self.others.push((field.name(), value.into()));
    }
}

impl Visit for Fields {
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            value.clone_into(&mut self.message);
        } else {
            self.add(field, value);
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing_subscriber::layer::SubscriberExt;

    #[test]
    fn an_event_becomes_one_line_with_its_fields() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log/app.log");
        let log = AppLog::open(&path, "launcher").unwrap();
        tracing::subscriber::with_default(tracing_subscriber::registry().with(log), || {
            tracing::info!(rows = 2823, table = "sales", "imported\nall");
            tracing::warn!(target: "comptoir_batch::import", url = %"file:///x", "slow");
        });
        let text = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<_> = text
            .lines()
            .map(|line| AppLogLine::parse(line.as_bytes()).unwrap())
            .collect();
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0].message(), "imported\nall");
        assert_eq!(lines[0].component().as_str(), "launcher");
        assert_eq!(
            lines[0].fields()[0],
            ("rows".to_owned(), FieldValue::Integer(2823))
        );
        assert_eq!(lines[1].component().as_str(), "batch");
        assert_eq!(lines[1].level(), Level::Warn);
    }

    #[test]
    fn what_other_crates_say_for_their_developers_is_left_out() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("app.log");
        let log = AppLog::open(&path, "launcher").unwrap();
        tracing::subscriber::with_default(tracing_subscriber::registry().with(log), || {
            tracing::debug!(target: "hdfs_native::hdfs", "left out");
            tracing::trace!(target: "log", "left out");
            tracing::warn!(target: "hdfs_native::hdfs", "kept");
            tracing::debug!(target: "comptoir_logship::ship", "kept");
        });
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!((text.lines().count(), text.matches("kept").count()), (2, 2));
    }

    #[test]
    fn a_renamed_or_deleted_log_is_begun_again_under_its_name() {
        let dir = tempfile::tempdir().unwrap();
        let (path, rotated) = (dir.path().join("log/app.log"), dir.path().join("app.log.1"));
        let mut opened = Opened::at(&path).unwrap();
        opened.append(&path, b"one\n").unwrap();
        std::fs::rename(&path, &rotated).unwrap();
        // Within the second nobody looks.
        opened.append(&path, b"two\n").unwrap();
        opened.follow(&path);
        opened.append(&path, b"three\n").unwrap();
        assert_eq!(std::fs::read_to_string(&rotated).unwrap(), "one\ntwo\n");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "three\n");
        std::fs::remove_dir_all(dir.path().join("log")).unwrap();
        opened.follow(&path);
        opened.append(&path, b"four\n").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "four\n");
    }

    #[test]
    fn names_the_log_that_it_cannot_open() {
        let error = AppLog::open(Path::new("/dev/null/app.log"), "web")
            .err()
            .unwrap();
        assert!(error.to_string().contains("/dev/null/app.log"), "{error}");
    }
}
