//! What a view reads: opened once for all views of a command, so that they agree.

use super::error::ViewError;
use super::header::{Source, SourceKind};
use super::table;
use comptoir_config::Settings;
use comptoir_lake::published::{self, PublishedRun};
use comptoir_lake::{Lake, LakeError, LakePath};
use comptoir_model::view_result::{SourceRun, ViewName};
use datafusion::catalog::TableProvider;
use std::collections::HashMap;
use std::sync::Arc;

/// Where imports and results of views lie.
#[derive(Clone, Debug)]
pub(super) struct Places {
    /// The ERP's table that has a directory of its own in the settings.
    table: String,
    table_directory: LakePath,
    results: LakePath,
}

/// A source as the engine reads it.
pub(super) struct Opened {
    pub(super) run: SourceRun,
    pub(super) table: Arc<dyn TableProvider>,
}

/// The imports that were opened, each in one run of its own for as long as this lives.
pub(super) struct Sources<'a> {
    lake: &'a Lake,
    places: &'a Places,
    /// In how many streams a table is read at most.
    streams_max: usize,
    imports: HashMap<LakePath, Arc<PublishedRun>>,
}

impl Places {
    pub(super) fn of(settings: &Settings) -> Result<Self, LakeError> {
        Ok(Self {
            table: settings.import.table.clone(),
            table_directory: LakePath::parse(&settings.import.target_dir)?,
            results: LakePath::parse(&settings.views.target_dir)?,
        })
    }

    /// Where the result of a view is published.
    pub(super) fn result(&self, view: &ViewName) -> Result<LakePath, LakeError> {
        self.results.join(view.as_str())
    }

    /// The directory of a source. Imports lie beside one another.
    fn directory(&self, kind: &SourceKind) -> Result<LakePath, LakeError> {
        match kind {
            SourceKind::Directory(path) => Ok(path.clone()),
            SourceKind::View(view) => self.result(view),
            SourceKind::Table(table) if *table == self.table => Ok(self.table_directory.clone()),
            SourceKind::Table(table) => {
                let parent = self.table_directory.parent();
                parent.unwrap_or_else(LakePath::root).join(table)
            }
        }
    }
}

impl<'a> Sources<'a> {
    pub(super) fn new(lake: &'a Lake, places: &'a Places, streams_max: usize) -> Self {
        Self {
            lake,
            places,
            streams_max,
            imports: HashMap::new(),
        }
    }

    /// The published run of a source. Another view's result is always the newest one.
    pub(super) async fn open(&mut self, source: &Source) -> Result<Opened, ViewError> {
        let directory = self.places.directory(&source.kind)?;
        let run = match (&source.kind, self.imports.get(&directory)) {
            (SourceKind::Table(_) | SourceKind::Directory(_), Some(run)) => Arc::clone(run),
            (kind, _) => {
                let found = published::open(self.lake, &directory).await?;
                let run = found.ok_or_else(|| ViewError::NothingThere {
                    url: self.lake.url_of(&directory),
                    cure: cure(kind, &directory),
                })?;
                let run = Arc::new(run);
                if !matches!(kind, SourceKind::View(_)) {
                    self.imports.insert(directory, Arc::clone(&run));
                }
                run
            }
        };
        let url = || self.lake.url_of(run.target());
        run.ensure_readable()?;
        let schema = table::schema(&run).map_err(|(first, second)| ViewError::SameColumns {
            url: url(),
            first,
            second,
        })?;
        let manifest = run.manifest();
        let table =
            table::table(&run, &schema, self.streams_max).map_err(|error| ViewError::Sql {
                file: url(),
                reason: error.strip_backtrace(),
            })?;
        Ok(Opened {
            run: SourceRun {
                name: source.name.clone(),
                location: run.target().to_string(),
                run: manifest.run.clone(),
                rows: manifest.rows(),
                time: manifest.imported_at,
            },
            table,
        })
    }
}

fn cure(kind: &SourceKind, directory: &LakePath) -> String {
    match kind {
        SourceKind::View(view) => format!("comptoir-batch views run {view}"),
        SourceKind::Table(table) => {
            format!("comptoir-batch import --table {table} --target-dir {directory}")
        }
        SourceKind::Directory(_) => {
            format!("comptoir-batch import --table TABLE --target-dir {directory}")
        }
    }
}
