//! Where the real services are. A missing one fails the test, with the command that starts it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The settings that `compose/services up` wrote.
fn settings() -> HashMap<String, String> {
    let file = std::env::var_os("COMPTOIR_SERVICES_ENV").map_or_else(
        || repository().join(".comptoir/services/env"),
        PathBuf::from,
    );
    read(&file).unwrap_or_else(|error| {
        panic!(
            "the real services are needed, but {} can't be read: {error}\nhint: run `compose/services up`",
            file.display()
        )
    })
}

/// Lines of `export NAME='value'`.
pub(crate) fn read(file: &Path) -> std::io::Result<HashMap<String, String>> {
    let text = std::fs::read_to_string(file)?;
    let settings = text.lines().filter_map(|line| {
        let (name, value) = line.strip_prefix("export ")?.split_once('=')?;
        Some((name.to_owned(), value.trim_matches('\'').to_owned()))
    });
    Ok(settings.collect())
}

pub(crate) fn lake_url() -> String {
    settings()
        .remove("COMPTOIR_LAKE_URL")
        .expect("HDFS is not among the services: run `compose/services up hdfs`")
}
