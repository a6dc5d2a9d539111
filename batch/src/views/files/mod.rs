//! Files of the lake that nobody published, as tables: CSV and Parquet, by a pattern of paths.
//!
//! Each is opened and looked at once for all views of a command; what it holds afterwards is what
//! it held then, as far as the lake keeps a file that is open.

mod csv;
mod guess;
mod parquet;
mod streams;

use super::error::ViewError;
use super::header::{FileKind, Files};
use super::sources::{Stored, StoredFiles};
use comptoir_lake::{Entry, EntryKind, Lake, LakeError, LakePath};
use comptoir_model::ids::RunId;
use datafusion::catalog::TableProvider;
use datafusion::catalog::streaming::StreamingTable;
use datafusion::error::DataFusionError;
use datafusion::physical_plan::streaming::PartitionStream;
use glob::{MatchOptions, Pattern};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// Each file is open as long as views are computed.
const FILES_MAX: usize = 1_000;

/// Files as a table.
#[derive(Clone)]
pub(super) struct FileTable {
    pub(super) table: Arc<dyn TableProvider>,
    /// Tells these bytes from what lies there later: of paths, lengths and times.
    pub(super) run: RunId,
    pub(super) rows: u64,
    pub(super) stored: Stored,
}

/// The files that match, or `None` where none does.
pub(super) async fn open(
    lake: &Lake,
    files: &Files,
    streams_max: usize,
) -> Result<Option<FileTable>, ViewError> {
    let entries = matching(lake, &files.pattern).await?;
    if entries.is_empty() {
        return Ok(None);
    }
    if entries.len() > FILES_MAX {
        return Err(ViewError::ManyFiles {
            pattern: files.pattern.clone(),
            count: entries.len(),
            max: FILES_MAX,
        });
    }
    let run = run_of(&entries);
    let (schema, streams, rows) = match &files.kind {
        FileKind::Csv(declared) => csv::open(lake, &entries, declared, streams_max).await?,
        FileKind::Parquet => parquet::open(lake, &entries, streams_max).await?,
    };
    let urls = (entries.iter())
        .map(|entry| lake.url_of(&entry.path))
        .collect();
    let stored = match &files.kind {
        FileKind::Csv(_) => StoredFiles::Csv { files: urls },
        FileKind::Parquet => StoredFiles::Parquet { files: urls },
    };
    let stored = Stored::new(stored, &schema);
    let table = StreamingTable::try_new(schema, streams);
    let table = table.map_err(|error| unreadable(&files.pattern, &error))?;
    Ok(Some(FileTable {
        table: Arc::new(table),
        run,
        rows,
        stored,
    }))
}

/// What opening files of one kind gives: columns, streams and how many rows there are.
type Opened = (
    datafusion::arrow::datatypes::SchemaRef,
    Vec<Arc<dyn PartitionStream>>,
    u64,
);

fn unreadable(pattern: &str, error: &DataFusionError) -> ViewError {
    ViewError::Sql {
        file: pattern.to_owned(),
        reason: error.strip_backtrace(),
    }
}

/// Files whose paths match, sorted. Names that begin with `.` or `_` are those of files that are
/// not complete, or are no data.
async fn matching(lake: &Lake, pattern: &str) -> Result<Vec<Entry>, ViewError> {
    let mut parts = pattern.trim_start_matches('/').split('/').peekable();
    let mut directories = vec![LakePath::root()];
    let mut found = Vec::new();
    while let Some(part) = parts.next() {
        let wanted = match parts.peek() {
            Some(_) => EntryKind::Directory,
            None => EntryKind::File,
        };
        found = Vec::new();
        for directory in &directories {
            found.extend(children(lake, directory, part, wanted).await?);
        }
        directories = found.iter().map(|entry| entry.path.clone()).collect();
    }
    found.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(found)
}

async fn children(
    lake: &Lake,
    directory: &LakePath,
    part: &str,
    wanted: EntryKind,
) -> Result<Vec<Entry>, ViewError> {
    let is_plain = !part.contains(['*', '?', '[']);
    if is_plain {
        let entry = lake.stat(&directory.join(part)?).await?;
        return Ok(entry
            .into_iter()
            .filter(|entry| entry.kind == wanted)
            .collect());
    }
    let entries = match lake.list(directory).await {
        Err(LakeError::NotFound { .. }) => return Ok(Vec::new()),
        listed => listed?,
    };
    let pattern = Pattern::new(part).unwrap_or_default();
    let matches = |entry: &Entry| {
        let name = entry.name();
        let options = MatchOptions::default();
        entry.kind == wanted && !name.starts_with(['.', '_']) && pattern.matches_with(name, options)
    };
    Ok(entries.into_iter().filter(matches).collect())
}

fn run_of(entries: &[Entry]) -> RunId {
    let mut sha256 = Sha256::new();
    for entry in entries {
        let (path, length) = (&entry.path, entry.length);
        let modified = entry.modified.as_millisecond();
        sha256.update(format!("{path}\n{length}\n{modified}\n"));
    }
    let digest = hex::encode(sha256.finalize());
    RunId::parse(&format!("files-{}", &digest[..16])).expect("letters, digits and `-`")
}
