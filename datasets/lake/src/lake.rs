//! The lake: one set of operations, two backends.

use crate::decisive;
use crate::entry::Entry;
use crate::error::{LakeError, Result};
use crate::file::{LakeReader, LakeWriter};
use crate::hdfs::{Hdfs, HdfsUrl};
use crate::limit::Limit;
use crate::local::{Local, Lock};
use crate::path::LakePath;
use bytes::Bytes;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// HDFS, or a local directory with the same layout and guarantees. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Lake {
    backend: Backend,
    /// Without a trailing `/`.
    url: Arc<str>,
}

#[derive(Clone, Debug)]
pub(crate) enum Backend {
    Hdfs(Hdfs),
    Local(Local),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LakeOptions {
    /// Of each call to a server or the operating system. Default 10 s.
    pub timeout: Duration,
    /// Where `core-site.xml` and `hdfs-site.xml` lie. Default: the environment's
    /// `HADOOP_CONF_DIR`, then `HADOOP_HOME/etc/hadoop`, else no configuration.
    pub hadoop_conf_dir: Option<PathBuf>,
}

impl Default for LakeOptions {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(10),
            hadoop_conf_dir: None,
        }
    }
}

/// What becomes of a file that exists already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Create {
    /// It stays, and creation fails: of many creators, one wins.
    Exclusive,
    /// It is replaced by an empty one; on HDFS its writer is fenced.
    Overwrite,
}

/// What becomes of a directory's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recursive {
    Yes,
    /// A directory that is not empty stays, and deletion fails.
    No,
}

impl Lake {
    /// Opens `hdfs://[user@]host:port`, `hdfs://[user@]nameservice` or `file:///directory`.
    ///
    /// Reads configuration but asks no server. Lakes of one URL share one client in a process.
    pub fn open(url: &str, options: LakeOptions) -> Result<Self> {
        let limit = Limit(options.timeout);
        let scheme = url.split_once("://").map(|(scheme, _)| scheme);
        let (backend, url) = match scheme {
            Some("hdfs") => {
                let url = HdfsUrl::parse(url)?;
                let hdfs = Hdfs::open(&url, options.hadoop_conf_dir, limit)?;
                (Backend::Hdfs(hdfs), url.base)
            }
            Some("file") => {
                let root = local_directory(url)?;
                let base = format!("file://{}", root.display());
                (Backend::Local(Local::new(root, limit)), base)
            }
            _ => {
                // Not repeated as a whole: it may be another service's, with a password in it.
                let scheme = scheme.unwrap_or("no");
                return Err(LakeError::InvalidUrl {
                    url: format!("{scheme}://…"),
                    reason: "its scheme is neither hdfs nor file".to_owned(),
                });
            }
        };
        Ok(Self {
            backend,
            url: url.trim_end_matches('/').into(),
        })
    }

    /// The address of `path` for people and other programs: `hdfs://127.0.0.1:8020/user/sqoop`.
    pub fn url_of(&self, path: &LakePath) -> String {
        format!("{}{path}", self.url)
    }

    /// What lies in a directory, sorted by name.
    pub async fn list(&self, directory: &LakePath) -> Result<Vec<Entry>> {
        let mut entries = match &self.backend {
            Backend::Hdfs(hdfs) => hdfs.list(directory).await?,
            Backend::Local(local) => local.list(directory).await?,
        };
        entries.sort_by(|one, other| one.path.cmp(&other.path));
        Ok(entries)
    }

    /// `None` where nothing has that name.
    pub async fn stat(&self, path: &LakePath) -> Result<Option<Entry>> {
        match &self.backend {
            Backend::Hdfs(hdfs) => hdfs.stat(path).await,
            Backend::Local(local) => local.stat(path).await,
        }
    }

    /// The first symbolic link on the way from `above`, which is not looked at itself, down to
    /// `path`: it may lead out of the lake. HDFS has none.
    pub async fn link_on_the_way(
        &self,
        above: &LakePath,
        path: &LakePath,
    ) -> Result<Option<LakePath>> {
        match &self.backend {
            Backend::Hdfs(_) => Ok(None),
            Backend::Local(local) => local.link_on_the_way(above, path).await,
        }
    }

    /// The whole file. On HDFS the last, incomplete block of a file that is still open is not seen.
    pub async fn read(&self, path: &LakePath) -> Result<Bytes> {
        let reader = self.open_read(path).await?;
        reader.read_range(0..reader.len()).await
    }

    /// The bytes of `range` that the file has; fewer where it ends earlier.
    pub async fn read_range(&self, path: &LakePath, range: Range<u64>) -> Result<Bytes> {
        self.open_read(path).await?.read_range(range).await
    }

    /// Opens a file for reading in chunks.
    pub async fn open_read(&self, path: &LakePath) -> Result<LakeReader> {
        LakeReader::open(self, path).await
    }

    /// Creates a file, and the directories above it.
    pub async fn create(&self, path: &LakePath, create: Create) -> Result<LakeWriter> {
        LakeWriter::create(self, path, create).await
    }

    /// Creates a directory and those above it; succeeds where it exists.
    pub async fn mkdirs(&self, path: &LakePath) -> Result<()> {
        match &self.backend {
            Backend::Hdfs(hdfs) => hdfs.make_directories(path).await,
            Backend::Local(local) => local.make_directories(path).await,
        }
    }

    /// Gives a file or directory another name, in one step, and never overwrites: of many renames
    /// to one name, one wins. The directory above `to` must exist.
    pub async fn rename(&self, from: &LakePath, to: &LakePath) -> Result<()> {
        let renamed = match &self.backend {
            Backend::Hdfs(hdfs) => hdfs.rename(from, to).await,
            Backend::Local(local) => local.rename(from, to).await,
        };
        match (renamed, to.parent()) {
            // Both backends say alike that `from`, or the directory above `to`, is missing.
            (Err(LakeError::NotFound { path }), Some(parent)) => {
                let parent_is_missing = self.stat(&parent).await?.is_none();
                Err(LakeError::NotFound {
                    path: if parent_is_missing { parent } else { path },
                })
            }
            (renamed, _) => renamed,
        }
    }

    /// Deletes a file or directory; `false` if there was none.
    pub async fn delete(&self, path: &LakePath, recursive: Recursive) -> Result<bool> {
        match &self.backend {
            Backend::Hdfs(hdfs) => hdfs.delete(path, recursive).await,
            Backend::Local(local) => local.delete(path, recursive).await,
        }
    }

    /// Fences whoever writes `path` and closes the file. `false`: HDFS has begun, ask again; then
    /// what was hsynced is there, and maybe more, always a prefix of what was written. On a local
    /// directory nobody holds a lease, and the answer is `true`.
    pub async fn recover_lease(&self, path: &LakePath) -> Result<bool> {
        match &self.backend {
            Backend::Hdfs(hdfs) => hdfs.recover_lease(path).await,
            Backend::Local(local) => local.recover_lease(path).await,
        }
    }

    /// Writes a file that decides something (an intent, a manifest): under another name first,
    /// durable, then renamed without overwriting. Nobody ever sees half of it, and of many writers
    /// one wins; the others get [`LakeError::AlreadyExists`].
    pub async fn write_decisive(&self, path: &LakePath, bytes: Bytes) -> Result<()> {
        decisive::write(self, path, bytes).await
    }

    /// Swaps two names in one step; `false`, and nothing done, where the backend can't.
    pub(crate) async fn exchange(&self, one: &LakePath, other: &LakePath) -> Result<bool> {
        match &self.backend {
            Backend::Hdfs(_) => Ok(false),
            Backend::Local(local) => local.exchange(one, other).await,
        }
    }

    /// Keeps other processes of this machine out until the guard is dropped. HDFS needs none: see
    /// [`crate::publish`].
    pub(crate) async fn lock(&self, path: &LakePath) -> Result<Option<Lock>> {
        match &self.backend {
            Backend::Hdfs(_) => Ok(None),
            Backend::Local(local) => local.lock(path).await.map(Some),
        }
    }

    pub(crate) fn backend(&self) -> &Backend {
        &self.backend
    }
}

/// The directory of `file:///directory`.
fn local_directory(url: &str) -> Result<PathBuf> {
    let invalid = |reason: &str| LakeError::InvalidUrl {
        url: url.to_owned(),
        reason: reason.to_owned(),
    };
    let path = url.strip_prefix("file://").unwrap_or(url);
    let absolute = path.strip_prefix("localhost").unwrap_or(path);
    if !absolute.starts_with('/') {
        return Err(invalid(
            "the directory is not absolute: write three slashes",
        ));
    }
    Ok(PathBuf::from(absolute))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_the_address_of_a_path() {
        let path = LakePath::parse("/user/sqoop").unwrap();
        let url_of = |url| {
            Lake::open(url, LakeOptions::default())
                .unwrap()
                .url_of(&path)
        };
        assert_eq!(
            url_of("file:///srv/my lake/"),
            "file:///srv/my lake/user/sqoop"
        );
        assert_eq!(
            url_of("hdfs://127.0.0.1:8020"),
            "hdfs://127.0.0.1:8020/user/sqoop"
        );
    }

    #[test]
    fn refuses_a_url_that_is_no_lake() {
        for url in [
            "/srv/lake",
            "file://srv/lake",
            "s3://me:hunter2@bucket",
            "hdfs://",
        ] {
            let error = Lake::open(url, LakeOptions::default()).unwrap_err();
            let said = error.to_string();
            assert!(
                said.contains("hint: a lake is") && !said.contains("hunter2"),
                "{said}"
            );
        }
    }
}
