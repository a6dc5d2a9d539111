//! What `compose/services up` says about the services it runs.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// Its `env` file, by variable.
pub(crate) fn env() -> BTreeMap<String, String> {
    let path = std::env::var_os("COMPTOIR_SERVICES_ENV").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../.comptoir/services/env"),
        PathBuf::from,
    );
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}\nhint: compose/services up", path.display()));
    text.lines()
        .filter_map(|line| line.trim_start_matches("export ").split_once('='))
        .map(|(name, value)| (name.to_owned(), value.trim_matches('\'').to_owned()))
        .collect()
}
