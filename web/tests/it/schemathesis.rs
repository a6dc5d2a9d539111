//! Schemathesis tries every path with what the document allows, and with what it does not.

use crate::api_document::served;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::process::Command;

/// The same requests at every run; `COMPTOIR_TEST_SEED` tries others.
const SEED: &str = "8";
/// Of each path and phase.
const EXAMPLES: &str = "20";
/// Nine times what it takes on two idle cores.
const PATIENCE: Duration = Duration::from_mins(3);

/// Where `compose/test services` puts it, beside the other tools of the tests.
fn program() -> PathBuf {
    let named = std::env::var_os("COMPTOIR_TEST_PYTHON").map(PathBuf::from);
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/tools/engines/bin/python3");
    let program = named.unwrap_or(place).with_file_name("schemathesis");
    assert!(
        program.exists(),
        "{} is missing\nhint: compose/test services installs schemathesis there",
        program.display()
    );
    program
}

#[tokio::test(flavor = "multi_thread")]
async fn schemathesis_finds_nothing() {
    let seed = std::env::var("COMPTOIR_TEST_SEED").unwrap_or(SEED.to_owned());
    let served = Box::pin(served()).await;
    let dir = tempfile::tempdir().unwrap();
    let run = Command::new(program())
        .arg("--config-file")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/schemathesis.toml"))
        .args(["run", &format!("{}/api/openapi.json", served.server.base)])
        // The stream has no end.
        .args(["--exclude-path", "/api/v1/live/stream"])
        // There is nothing to create first: no state.
        .args(["--phases", "coverage,fuzzing"])
        .args(["--max-examples", EXAMPLES, "--seed", &seed])
        .args(["--workers", "2", "--no-color"])
        .current_dir(dir.path())
        .kill_on_drop(true)
        .output();
    let run = tokio::time::timeout(PATIENCE, run).await;
    let run = run.expect("it must end").unwrap();
    let said = String::from_utf8_lossy(&run.stdout);
    let complained = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "--seed {seed}\n{said}{complained}");
}
