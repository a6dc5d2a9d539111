//! The sample in the ERP, so that a first start has something to show.

use crate::terminal::Terminal;
use anyhow::{Context, Result};
use comptoir_batch::database::{Access, Database, DatabaseError, Limits, quoted};
use comptoir_batch::import::Source;
use comptoir_batch::load::{LoadRequest, load};
use comptoir_config::{DatabaseUrl, Settings};
use std::path::{Path, PathBuf};

/// Whether an ERP without sales gets the sample.
pub(super) enum Sample {
    /// The ERP is somebody's own: it stays as it is.
    No,
    /// Into `table`, by way of a CSV in `directory`.
    Load { table: String, directory: PathBuf },
}

/// The proper tables beside the flat one, made where there is none of them.
const ERP_TABLES: [&str; 4] = ["customers", "products", "orders", "order_lines"];

impl Sample {
    /// An embedded ERP gets the sample, any other one only if `asked`.
    pub(super) fn of(settings: &Settings, asked: bool) -> Self {
        let embedded = is_below(&settings.erp.url, &settings.data_dir);
        if embedded || asked {
            Self::Load {
                table: settings.import.table.clone(),
                directory: settings.data_dir.join("sample"),
            }
        } else {
            Self::No
        }
    }

    pub(super) async fn load_if_missing(&self, source: &Source, terminal: &Terminal) -> Result<()> {
        let Self::Load { table, directory } = self else {
            return Ok(());
        };
        if content(source, table).await? == Content::Rows {
            return Ok(());
        }
        let mut erp_tables = true;
        for name in ERP_TABLES {
            // Loading them would empty what is somebody else's.
            erp_tables &= content(source, name).await? == Content::Absent;
        }
        let request = LoadRequest {
            file: write_csv(directory)?,
            table: table.clone(),
            erp_tables,
            ..LoadRequest::default()
        };
        let bar = terminal.bar("loading the sample");
        let mut database =
            Database::connect(&source.url, &source.login, Access::Write, Limits::default()).await?;
        let loaded = load(&mut database, &request, &bar).await;
        bar.finish_and_clear();
        let loaded = loaded?;
        database.close().await;
        tracing::info!(
            rows = loaded.rows,
            table,
            "loaded the sample into {}",
            source.url
        );
        Ok(())
    }
}

/// The generator's own file, so that the binary alone is enough.
fn write_csv(directory: &Path) -> Result<PathBuf> {
    let path = directory.join("sales_data_sample.csv");
    let mut csv = Vec::new();
    comptoir_sample::write_csv(
        &comptoir_sample::generate(comptoir_sample::DEFAULT_SEED),
        &mut csv,
    )
    .and_then(|()| Ok(std::fs::create_dir_all(directory)?))
    .and_then(|()| Ok(std::fs::write(&path, csv)?))
    .with_context(|| format!("can't write {}", path.display()))?;
    Ok(path)
}

fn is_below(url: &DatabaseUrl, directory: &Path) -> bool {
    matches!(url, DatabaseUrl::Sqlite { path } if path.starts_with(directory))
}

/// What a table holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Content {
    Rows,
    Nothing,
    /// There is no such table, or no database yet.
    Absent,
}

async fn content(source: &Source, table: &str) -> Result<Content, DatabaseError> {
    let limits = Limits::default();
    let connected = Database::connect(&source.url, &source.login, Access::Read, limits).await;
    let mut database = match connected {
        Err(DatabaseError::NoFile { .. }) => return Ok(Content::Absent),
        connected => connected?,
    };
    let content = match database.describe(table).await {
        Err(DatabaseError::UnknownTable { .. }) => Content::Absent,
        Err(error) => return Err(error),
        Ok(table) => {
            let first = format!("SELECT 1 FROM {} LIMIT 1", quoted(&table.name));
            let rows = database.fetch_all("looking for rows", &first).await?;
            if rows.is_empty() {
                Content::Nothing
            } else {
                Content::Rows
            }
        }
    };
    database.close().await;
    Ok(content)
}
