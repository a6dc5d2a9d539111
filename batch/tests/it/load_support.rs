//! What the tests of loading share.

use crate::world::{World, some};
use comptoir_batch::load::{LoadError, LoadReport, LoadRequest, load};
use comptoir_model::erp::TextRow;
use indicatif::ProgressBar;
use std::path::{Path, PathBuf};

pub(crate) fn sample_file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../datasets/sales_data_sample.csv")
}

pub(crate) fn request(file: PathBuf, table: &str) -> LoadRequest {
    LoadRequest {
        file,
        table: table.to_owned(),
        ..LoadRequest::default()
    }
}

/// A file in the test's own directory.
pub(crate) fn csv_file(world: &World, name: &str, contents: impl AsRef<[u8]>) -> PathBuf {
    let path = world.directory.path().join(name);
    std::fs::write(&path, contents).unwrap();
    path
}

/// Loads over a connection of its own.
pub(crate) async fn load_file(
    world: &World,
    request: &LoadRequest,
) -> Result<LoadReport, LoadError> {
    let mut database = world.writer().await;
    let report = load(&mut database, request, &ProgressBar::hidden()).await;
    database.close().await;
    report
}

/// The answer to a query, every value as text.
pub(crate) async fn query(world: &World, sql: &str) -> Vec<TextRow> {
    let mut database = world.writer().await;
    let rows = database.fetch_all("asking for a test", sql).await.unwrap();
    let texts = (rows.iter())
        .map(|row| {
            (0..)
                .map_while(|index| Some(row.get(index).ok()?.to_text()))
                .collect()
        })
        .collect();
    database.close().await;
    texts
}

pub(crate) fn some_rows(rows: &[&[&str]]) -> Vec<TextRow> {
    rows.iter().map(|row| some(row)).collect()
}
