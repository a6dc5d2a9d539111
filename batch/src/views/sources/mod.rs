//! What a view reads: opened once for all views of a command, so that they agree.

mod archive;
mod places;
mod quality;
mod reference;
mod stored;

pub(super) use archive::LateEvents;
pub(super) use places::Places;
pub(super) use stored::{Stored, StoredFiles};

use super::catalog::{Catalog, View};
use super::engine::Engine;
use super::error::{CommandError, ViewError};
use super::files::{self, FileTable};
use super::header::{Files, Format, LakeOutput, Output, Source, SourceKind};
use super::recorded::Recorded;
use super::table;
use crate::import::open_lake;
use crate::jobs::ready;
use crate::quality::Rules;
use archive::CoveredEvents;
use comptoir_bronze::{OutputTable, Table};
use comptoir_config::{Settings, clock};
use comptoir_lake::published::{self, PublishedRun};
use comptoir_lake::{Lake, LakePath};
use comptoir_model::file_format::FileFormat;
use comptoir_model::ids::RunId;
use comptoir_model::view_result::{SourceRun, ViewName};
use comptoir_warehouse::Warehouse;
use datafusion::catalog::TableProvider;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// A source as the engine reads it.
pub(super) struct Opened {
    pub(super) run: SourceRun,
    pub(super) table: Arc<dyn TableProvider>,
    pub(super) stored: Stored,
    /// Not of a reference that nobody gave.
    pub(super) is_given: bool,
    /// What else its rows depend on.
    pub(super) basis: Vec<SourceRun>,
}

impl Opened {
    /// All that a result is made of that reads it.
    pub(super) fn runs(&self) -> impl Iterator<Item = &SourceRun> {
        std::iter::once(&self.run).chain(&self.basis)
    }
}

/// What views read from, and write to.
pub(super) struct Stores {
    pub(super) lake: Lake,
    pub(super) places: Places,
    pub(super) archive: Table,
    pub(super) warehouse: Warehouse,
    pub(super) engine: Engine,
    /// For live events.
    pub(super) rules: Option<Rules>,
    /// Of one call to the lake.
    call_limit: Duration,
}

impl Stores {
    /// Reads the files that the settings name, and asks nobody.
    pub(super) fn of(settings: &Settings) -> Result<Self, CommandError> {
        let lake = open_lake(settings).map_err(CommandError::LakeSettings)?;
        let places = Places::of(settings).map_err(CommandError::LakeSettings)?;
        let call_limit = settings.lake.timeout;
        let archive = Table::open(&lake, &places.archive, call_limit);
        Ok(Self {
            archive: archive.map_err(|error| CommandError::View(error.into()))?,
            lake,
            places,
            warehouse: ready::warehouse(settings)?,
            engine: Engine::new(settings)?,
            rules: settings
                .views
                .quality_file
                .as_deref()
                .map(Rules::read)
                .transpose()?,
            call_limit,
        })
    }

    /// The table of a result that is one.
    pub(super) fn output(&self, directory: &LakePath) -> Result<OutputTable, ViewError> {
        Ok(OutputTable::open(&self.lake, directory, self.call_limit)?)
    }
}

/// What was opened: each import and file in one run, and the archive in one snapshot, for as long
/// as this lives.
pub(super) struct Sources<'a> {
    stores: &'a Stores,
    catalog: &'a Catalog,
    imports: HashMap<LakePath, Arc<PublishedRun>>,
    files: Vec<(Files, Option<FileTable>)>,
    archive: Option<CoveredEvents>,
}

impl<'a> Sources<'a> {
    pub(super) fn of(stores: &'a Stores, catalog: &'a Catalog) -> Self {
        Self {
            stores,
            catalog,
            imports: HashMap::new(),
            files: Vec::new(),
            archive: None,
        }
    }

    /// All that a view reads.
    pub(super) async fn open_all(&mut self, view: &View) -> Result<Vec<Opened>, ViewError> {
        let mut opened = Vec::with_capacity(view.header.sources.len());
        for source in &view.header.sources {
            opened.push(self.open(source).await?);
        }
        Ok(opened)
    }

    async fn open(&mut self, source: &Source) -> Result<Opened, ViewError> {
        let places = &self.stores.places;
        let name = &source.name;
        match &source.kind {
            SourceKind::Archive(rows) => self.open_archive(name, *rows).await,
            SourceKind::Table(table) => {
                let directory = places.import(table)?;
                let import = format!("comptoir-batch import --table {table}");
                self.open_import(name, &directory, &import).await
            }
            SourceKind::Directory(directory) => {
                let import = "comptoir-batch import --table TABLE";
                self.open_import(name, directory, import).await
            }
            SourceKind::View(view) => self.open_view(name, view).await,
            SourceKind::Files(files) => {
                let found = self
                    .open_files(files)
                    .await?
                    .ok_or_else(|| ViewError::NoFile {
                        pattern: files.pattern.clone(),
                    })?;
                Ok(opened_files(name, &files.pattern, found))
            }
            SourceKind::Reference(reference) => self.open_reference(name, reference).await,
        }
    }

    /// Another view's result, always the newest one.
    async fn open_view(&self, name: &str, view: &ViewName) -> Result<Opened, ViewError> {
        let view = self
            .catalog
            .view(view)
            .ok_or_else(|| ViewError::NothingThere {
                url: format!("the view {view}"),
                cure: "comptoir-batch views ls lists the views".to_owned(),
            })?;
        self.open_result(name, view).await
    }

    /// The published result of a view.
    pub(super) async fn open_result(&self, name: &str, view: &View) -> Result<Opened, ViewError> {
        let Stores { lake, places, .. } = self.stores;
        let directory = places.result(view)?;
        let nothing = || ViewError::NothingThere {
            url: lake.url_of(&directory),
            cure: format!("comptoir-batch views run {}", view.name),
        };
        let is_table = matches!(
            view.header.output,
            Output::Lake(LakeOutput {
                format: Format::Delta(_),
                ..
            })
        );
        if !is_table {
            let run = published::open(lake, &directory).await?;
            return self.opened_run(name, &Arc::new(run.ok_or_else(nothing)?));
        }
        let newest = self.stores.output(&directory)?.newest().await?;
        let newest = newest.ok_or_else(nothing)?;
        let recorded = newest
            .facts()
            .and_then(Recorded::parse)
            .ok_or_else(nothing)?;
        let table = newest.provider().await?;
        let files = StoredFiles::Delta {
            url: lake.url_of(&directory),
            version: newest.version(),
        };
        Ok(Opened {
            run: SourceRun {
                name: name.to_owned(),
                location: directory.to_string(),
                rows: recorded.about.rows(0),
                run: recorded.run,
                time: recorded.about.as_of,
            },
            stored: Stored::new(files, &table.schema()),
            table,
            is_given: true,
            basis: Vec::new(),
        })
    }

    /// The published run of an import, which `import` makes.
    async fn open_import(
        &mut self,
        name: &str,
        directory: &LakePath,
        import: &str,
    ) -> Result<Opened, ViewError> {
        let lake = &self.stores.lake;
        let run = self.published(directory).await?;
        let run = run.ok_or_else(|| ViewError::NothingThere {
            url: lake.url_of(directory),
            cure: format!("{import} --target-dir {directory}"),
        })?;
        self.opened_run(name, &run)
    }

    async fn published(
        &mut self,
        directory: &LakePath,
    ) -> Result<Option<Arc<PublishedRun>>, ViewError> {
        if let Some(run) = self.imports.get(directory) {
            return Ok(Some(Arc::clone(run)));
        }
        let Some(run) = published::open(&self.stores.lake, directory).await? else {
            return Ok(None);
        };
        let run = Arc::new(run);
        self.imports.insert(directory.clone(), Arc::clone(&run));
        Ok(Some(run))
    }

    fn opened_run(&self, name: &str, run: &Arc<PublishedRun>) -> Result<Opened, ViewError> {
        let url = || self.stores.lake.url_of(run.target());
        run.ensure_readable()?;
        let schema = table::schema(run).map_err(|(first, second)| ViewError::SameColumns {
            url: url(),
            first,
            second,
        })?;
        let manifest = run.manifest();
        let streams_max = self.stores.engine.partitions();
        let table = table::table(run, &schema, streams_max).map_err(|error| ViewError::Sql {
            file: url(),
            reason: error.strip_backtrace(),
        })?;
        Ok(Opened {
            run: SourceRun {
                name: name.to_owned(),
                location: run.target().to_string(),
                run: manifest.run.clone(),
                rows: manifest.rows(),
                time: manifest.imported_at,
            },
            table,
            stored: Stored::new(self.parts_of(run)?, &schema),
            is_given: true,
            basis: Vec::new(),
        })
    }

    /// The parts of a run, where they lie now.
    fn parts_of(&self, run: &PublishedRun) -> Result<StoredFiles, ViewError> {
        let manifest = run.manifest();
        let mut files = Vec::with_capacity(manifest.parts.len());
        for index in 0..manifest.parts.len() {
            let part = run.open_part(index)?;
            files.push(self.stores.lake.url_of(part.path()));
        }
        Ok(match manifest.files {
            _ if files.is_empty() => StoredFiles::Nothing,
            FileFormat::Text { .. } => StoredFiles::Text { files },
            FileFormat::Avro { .. } => StoredFiles::Avro { files },
            FileFormat::Parquet { .. } => StoredFiles::Parquet { files },
            FileFormat::Csv => StoredFiles::Csv { files },
        })
    }

    async fn open_files(&mut self, files: &Files) -> Result<Option<FileTable>, ViewError> {
        if let Some((_, found)) = self.files.iter().find(|(other, _)| other == files) {
            return Ok(found.clone());
        }
        let streams_max = self.stores.engine.partitions();
        let found = files::open(&self.stores.lake, files, streams_max).await?;
        self.files.push((files.clone(), found.clone()));
        Ok(found)
    }
}

fn opened_files(name: &str, location: &str, found: FileTable) -> Opened {
    Opened {
        run: SourceRun {
            name: name.to_owned(),
            location: location.to_owned(),
            run: found.run,
            rows: found.rows,
            time: clock::now(),
        },
        table: found.table,
        stored: found.stored,
        is_given: true,
        basis: Vec::new(),
    }
}

/// The run of a source that is not there.
fn no_run() -> RunId {
    RunId::parse("none").expect("letters only")
}
