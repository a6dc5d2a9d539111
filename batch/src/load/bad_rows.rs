//! The file that bad lines are set aside in.

use super::error::{BadLine, LoadError};
use csv::StringRecord;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// A CSV file in UTF-8: the line, the reason, then the columns of the original, so that a
/// corrected copy can be loaded. Appears under its name when it is complete.
pub(crate) struct BadRows {
    path: PathBuf,
    partial: PathBuf,
    writer: csv::Writer<File>,
}

impl BadRows {
    pub(crate) fn create(path: &Path, header: &[String]) -> Result<Self, LoadError> {
        let mut partial = path.as_os_str().to_owned();
        partial.push(".partial");
        let partial = PathBuf::from(partial);
        let file = File::create(&partial).map_err(|source| LoadError::Write {
            path: path.to_owned(),
            source,
        })?;
        let mut rows = Self {
            path: path.to_owned(),
            partial,
            writer: csv::WriterBuilder::new().flexible(true).from_writer(file),
        };
        let names = ["LINE", "REASON"]
            .into_iter()
            .chain(header.iter().map(String::as_str));
        let written = rows.writer.write_record(names);
        rows.checked(written)?;
        Ok(rows)
    }

    pub(crate) fn add(&mut self, bad: &BadLine, fields: &StringRecord) -> Result<(), LoadError> {
        let (line, reason) = (bad.line.to_string(), bad.reason());
        let start = [line.as_str(), reason.as_str()];
        let written = self.writer.write_record(start.into_iter().chain(fields));
        self.checked(written)
    }

    pub(crate) fn finish(mut self) -> Result<(), LoadError> {
        let written = self
            .writer
            .flush()
            .and_then(|()| std::fs::rename(&self.partial, &self.path));
        self.checked(written.map_err(csv::Error::from))
    }

    fn checked(&self, written: csv::Result<()>) -> Result<(), LoadError> {
        written.map_err(|error| LoadError::Write {
            path: self.path.clone(),
            source: match error.into_kind() {
                csv::ErrorKind::Io(error) => error,
                other => io::Error::other(format!("{other:?}")),
            },
        })
    }
}

impl Drop for BadRows {
    /// After an error. After `finish` there is nothing of that name.
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_file(&self.partial)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::debug!(path = %self.partial.display(), %error, "removing an unfinished file");
        }
    }
}
