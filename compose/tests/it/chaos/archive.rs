//! The log in the lake, held against the log.

use super::child::Process;
use super::world::World;
use crate::launcher::eventually;
use comptoir_lake::{Lake, LakeOptions, LakePath};
use comptoir_logship::archive::Archive;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// For the shipper to look at the log; if it needs longer it is asked again.
const ONE_LOOK: Duration = Duration::from_secs(1);

impl World {
    /// Nobody writes into the log any more: ships what is left of it, and compares every byte.
    pub(super) async fn assert_log_is_archived(&self, context: &str) {
        let mut settings = self.settings.clone();
        // The shipper says nothing into the log that it ships, so that there is an end.
        let source = self.app_log();
        let own = [
            ("COMPTOIR_LOG_FILE", "none"),
            ("COMPTOIR_LOGSHIP_LISTEN", "127.0.0.1:0"),
            ("COMPTOIR_LOGSHIP_SOURCE", source.to_str().unwrap()),
        ];
        settings.extend(own.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let written = written(&source);
        let lake = Lake::open(&self.lake_url, LakeOptions::default()).unwrap();
        let directory = LakePath::parse(&format!("{}/app.log", self.logs)).unwrap();
        let archived = eventually("the log to be shipped", async || {
            let ship = ["ship"];
            let mut shipper = Process::start("comptoir-logship", &ship, &settings, self.dir.path());
            tokio::time::sleep(ONE_LOOK).await;
            shipper.assert_runs();
            // Only closed pieces can be read; ending closes them.
            assert!(shipper.end().await.success(), "{}", shipper.said());
            let archived = archived(&lake, &directory).await;
            (archived.len() >= written.len()).then_some(archived)
        })
        .await;
        let same = archived
            .iter()
            .zip(&written)
            .take_while(|(a, b)| a == b)
            .count();
        assert!(
            archived == written,
            "{context}: {} bytes are archived of {}, the first {same} are the same",
            archived.len(),
            written.len()
        );
    }
}

/// The log with its rotated siblings before it, the oldest first.
fn written(log: &Path) -> Vec<u8> {
    let mut files = vec![log.to_owned()];
    for number in 1.. {
        let sibling = PathBuf::from(format!("{}.{number}", log.display()));
        if !sibling.exists() {
            break;
        }
        files.insert(0, sibling);
    }
    files
        .iter()
        .flat_map(|file| std::fs::read(file).unwrap())
        .collect()
}

async fn archived(lake: &Lake, directory: &LakePath) -> Vec<u8> {
    let archive = Archive::open(lake, directory).await.unwrap();
    let mut bytes = Vec::new();
    for life in archive.lives() {
        bytes.extend(archive.read_life(life.sidecar.life).await.unwrap());
    }
    bytes
}
