//! The operations on names.

use super::client::Hdfs;
use super::error::map;
use crate::entry::{Entry, EntryKind};
use crate::error::{LakeError, Result};
use crate::lake::Recursive;
use crate::path::LakePath;
use hdfs_native::client::FileStatus;
use jiff::Timestamp;

const DIRECTORY_MODE: u32 = 0o755;

impl Hdfs {
    pub(crate) async fn list(&self, directory: &LakePath) -> Result<Vec<Entry>> {
        let statuses = self.client.list_status_iter(directory.as_str(), false);
        let mut entries = Vec::new();
        // Each step is at most one page from the NameNode.
        while let Some(status) = self
            .limit
            .run(|| format!("listing {directory}"), async {
                Ok(statuses.next().await)
            })
            .await?
        {
            let status = status.map_err(map(directory))?;
            // HDFS lists a file as itself.
            if status.path.trim_end_matches('/') == directory.as_str() {
                return Err(LakeError::WrongKind {
                    path: directory.clone(),
                    expected: EntryKind::Directory,
                });
            }
            entries.push(entry(LakePath::parse(&status.path)?, status)?);
        }
        Ok(entries)
    }

    pub(crate) async fn stat(&self, path: &LakePath) -> Result<Option<Entry>> {
        let call = async {
            self.client
                .get_file_info(path.as_str())
                .await
                .map_err(map(path))
        };
        match self.limit.run(|| format!("stat of {path}"), call).await {
            Ok(status) => entry(path.clone(), status).map(Some),
            // A file where a directory of the path should be: nothing can lie below it.
            Err(
                LakeError::NotFound { .. }
                | LakeError::WrongKind {
                    expected: EntryKind::Directory,
                    ..
                },
            ) => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(crate) async fn make_directories(&self, path: &LakePath) -> Result<()> {
        let call = async {
            self.client
                .mkdirs(path.as_str(), DIRECTORY_MODE, true)
                .await
                .map_err(map(path))
        };
        self.limit.run(|| format!("mkdir {path}"), call).await
    }

    pub(crate) async fn rename(&self, from: &LakePath, to: &LakePath) -> Result<()> {
        let call = async {
            let renamed = self.client.rename(from.as_str(), to.as_str(), false).await;
            renamed.map_err(|error| match map(from)(error) {
                LakeError::AlreadyExists { .. } => LakeError::AlreadyExists { path: to.clone() },
                error => error,
            })
        };
        self.limit
            .run(|| format!("renaming {from} to {to}"), call)
            .await
    }

    pub(crate) async fn delete(&self, path: &LakePath, recursive: Recursive) -> Result<bool> {
        let call = async {
            self.client
                .delete(path.as_str(), recursive == Recursive::Yes)
                .await
                .map_err(map(path))
        };
        self.limit.run(|| format!("deleting {path}"), call).await
    }

    pub(crate) async fn recover_lease(&self, path: &LakePath) -> Result<bool> {
        let call = async {
            self.client
                .recover_lease(path.as_str())
                .await
                .map_err(map(path))
        };
        self.limit
            .run(|| format!("recovering the lease of {path}"), call)
            .await
    }
}

fn entry(path: LakePath, status: FileStatus) -> Result<Entry> {
    let modified = i64::try_from(status.modification_time)
        .ok()
        .and_then(|millis| Timestamp::from_millisecond(millis).ok())
        .ok_or_else(|| LakeError::Failed {
            path: path.clone(),
            reason: format!("its time {} is out of range", status.modification_time),
        })?;
    let kind = if status.isdir {
        EntryKind::Directory
    } else {
        EntryKind::File
    };
    Ok(Entry {
        path,
        kind,
        length: status.length as u64,
        modified,
        owner: status.owner,
    })
}
