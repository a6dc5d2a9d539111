//! Where the real services are. A missing one fails the test, with the command that starts it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What `compose/services up` wrote for its clients.
pub(crate) struct Services(BTreeMap<String, String>);

impl Services {
    pub(crate) fn find() -> Self {
        let path = std::env::var_os("COMPTOIR_SERVICES_ENV").map_or_else(
            || Path::new(env!("CARGO_MANIFEST_DIR")).join("../.comptoir/services/env"),
            PathBuf::from,
        );
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| {
            panic!("{}: {error}\nhint: compose/services up", path.display())
        });
        let variables = text.lines().filter_map(|line| {
            let (name, value) = line.strip_prefix("export ")?.split_once('=')?;
            Some((name.to_owned(), value.trim_matches('\'').to_owned()))
        });
        Self(variables.collect())
    }

    /// `part` is what `compose/services up` calls it.
    pub(crate) fn get(&self, name: &str, part: &str) -> &str {
        self.0.get(name).unwrap_or_else(|| {
            panic!("the service `{part}` does not run\nhint: compose/services up {part}")
        })
    }
}
