//! The position file of a taildir source: how far Flume came in each file.

use serde::Deserialize;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

#[derive(Debug, thiserror::Error)]
pub enum PositionError {
    #[error(
        "can't read {path}: {cause}\nhint: name the file with --position, or run on the host of the agent"
    )]
    Unreadable {
        path: PathBuf,
        cause: std::io::Error,
    },
    #[error("{path} is no position file of a taildir source: {cause}")]
    Malformed {
        path: PathBuf,
        cause: serde_json::Error,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct Position {
    inode: u64,
    pos: u64,
    file: PathBuf,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Positions(Vec<Position>);

impl Positions {
    pub fn read(path: &Path) -> Result<Self, PositionError> {
        let path = path.to_owned();
        let json = fs::read(&path);
        let json = json.map_err(|cause| PositionError::Unreadable {
            path: path.clone(),
            cause,
        })?;
        let positions = serde_json::from_slice(&json);
        positions
            .map(Self)
            .map_err(|cause| PositionError::Malformed { path, cause })
    }

    /// What each position means for who goes on from there, a line each.
    pub fn notes(&self) -> Vec<String> {
        self.0.iter().map(Position::note).collect()
    }
}

impl Position {
    fn note(&self) -> String {
        let Self { inode, pos, file } = self;
        let file = file.display();
        match fs::metadata(&self.file) {
            Err(_) => format!(
                "{file}: is not there any more; Flume had its first {pos} bytes, nobody has more"
            ),
            Ok(there) if there.ino() != *inode => format!(
                "{file}: was rotated since Flume read {pos} bytes of it; its rotated sibling is shipped from its first byte if it lies beside it"
            ),
            Ok(there) if there.len() < *pos => format!(
                "{file}: was cut since Flume read {pos} bytes of it; it is shipped from its first byte"
            ),
            Ok(there) => format!(
                "{file}: Flume shipped {pos} of its {} bytes; our archive begins at its first byte, so that it is whole by itself, and the first {pos} are in both",
                there.len()
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_of_each_file_how_far_flume_came_and_what_is_done_with_it() {
        let directory = tempfile::tempdir().unwrap();
        let log = directory.path().join("app.log");
        fs::write(&log, "0123456789").unwrap();
        let inode = fs::metadata(&log).unwrap().ino();
        let json = serde_json::json!([
            {"inode": inode, "pos": 7, "file": log},
            {"inode": inode + 1, "pos": 7, "file": log},
            {"inode": inode, "pos": 70, "file": log},
            {"inode": 1, "pos": 7, "file": directory.path().join("gone.log")},
        ]);
        let path = directory.path().join("taildir_position.json");
        fs::write(&path, json.to_string()).unwrap();
        let notes = Positions::read(&path).unwrap().notes();
        for (note, said) in
            notes
                .iter()
                .zip(["7 of its 10 bytes", "was rotated", "was cut", "not there"])
        {
            assert!(note.contains(said), "{note}");
        }
        fs::write(&path, "{").unwrap();
        assert!(Positions::read(&path).is_err());
    }
}
