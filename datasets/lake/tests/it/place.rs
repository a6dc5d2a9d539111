//! A directory of its own for each test, on either backend.

use crate::services;
use comptoir_lake::{Create, Lake, LakeOptions, LakePath, Recursive};
use futures::FutureExt;
use std::panic::AssertUnwindSafe;
use tempfile::TempDir;

pub(crate) struct Place {
    pub(crate) lake: Lake,
    pub(crate) root: LakePath,
    /// Removed with the place.
    _local: Option<TempDir>,
}

impl Place {
    pub(crate) fn local() -> Self {
        let directory = TempDir::new().unwrap();
        let url = format!("file://{}", directory.path().display());
        Self::new(&url, Some(directory))
    }

    pub(crate) fn hdfs() -> Self {
        Self::new(&services::lake_url(), None)
    }

    fn new(url: &str, local: Option<TempDir>) -> Self {
        let lake = Lake::open(url, LakeOptions::default()).unwrap();
        // The random name of a temporary directory is unique on HDFS too.
        let unique = TempDir::new().unwrap();
        let name = unique.path().file_name().unwrap().to_str().unwrap();
        let name = name.trim_start_matches('.');
        let root = LakePath::parse(&format!("/tmp/comptoir-lake-{name}")).unwrap();
        Self {
            lake,
            root,
            _local: local,
        }
    }

    /// Runs a test and removes its directory, whatever comes of it.
    pub(crate) async fn run(self, test: impl AsyncFnOnce(&Self)) {
        self.lake.mkdirs(&self.root).await.unwrap();
        let result = AssertUnwindSafe(test(&self)).catch_unwind().await;
        self.lake.delete(&self.root, Recursive::Yes).await.unwrap();
        if let Err(panic) = result {
            std::panic::resume_unwind(panic);
        }
    }

    /// `a/b` below this test's directory.
    pub(crate) fn path(&self, relative: &str) -> LakePath {
        LakePath::parse(&format!("{}/{relative}", self.root)).unwrap()
    }

    pub(crate) async fn write(&self, path: &LakePath, content: &str) {
        let mut writer = self.lake.create(path, Create::Overwrite).await.unwrap();
        writer.write(content.to_owned().into()).await.unwrap();
        writer.close().await.unwrap();
    }

    pub(crate) async fn names(&self, directory: &LakePath) -> Vec<String> {
        let entries = self.lake.list(directory).await.unwrap();
        entries
            .iter()
            .map(|entry| entry.name().to_owned())
            .collect()
    }
}

/// Makes each function a test on a local directory and one on HDFS.
macro_rules! on_both {
    ($($test:ident),+ $(,)?) => {
        mod local {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                crate::place::Place::local().run(super::$test).await;
            })+
        }
        mod hdfs {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                crate::place::Place::hdfs().run(super::$test).await;
            })+
        }
    };
}
pub(crate) use on_both;
