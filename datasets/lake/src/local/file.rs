//! Open local files.

use super::directory::sync_parent;
use super::error::map;
use super::{Local, blocking};
use crate::error::{LakeError, Result};
use crate::lake::Create;
use crate::limit::Limit;
use crate::path::LakePath;
use bytes::Bytes;
use std::fs::File;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::Arc;

/// A file opened for reading; it stays readable when its name goes to another one.
#[derive(Clone, Debug)]
pub(crate) struct Reader {
    path: LakePath,
    file: Arc<File>,
    /// As it was when the file was opened.
    length: u64,
    limit: Limit,
}

impl Reader {
    pub(crate) async fn open(local: &Local, path: &LakePath) -> Result<Self> {
        let at = path.clone();
        let open = move |directory: &super::Directory| {
            let file = directory.open(&at)?;
            let length = file.metadata().map_err(map(&at))?.len();
            Ok((file, length))
        };
        let (file, length) = local.run("opening", path, open).await?;
        Ok(Self {
            path: path.clone(),
            file: Arc::new(file),
            length,
            limit: local.limit,
        })
    }

    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// Exactly `length` bytes from `offset`; both lie within the file.
    pub(crate) async fn read_at(&self, offset: u64, length: usize) -> Result<Bytes> {
        let (file, path) = (Arc::clone(&self.file), self.path.clone());
        let read = move || {
            let mut bytes = vec![0; length];
            match file.read_exact_at(&mut bytes, offset) {
                Ok(()) => Ok(bytes.into()),
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => Err(LakeError::Corrupt {
                    path,
                    reason: format!("it ends before byte {}", offset + length as u64),
                }),
                Err(error) => Err(map(&path)(error)),
            }
        };
        let what = || format!("reading {}", self.path);
        self.limit.run(what, blocking(&self.path, read)).await
    }
}

#[derive(Debug)]
pub(crate) struct Writer {
    path: LakePath,
    location: PathBuf,
    file: Arc<File>,
    limit: Limit,
}

impl Writer {
    pub(crate) async fn create(local: &Local, path: &LakePath, create: Create) -> Result<Self> {
        let at = path.clone();
        let creation = move |directory: &super::Directory| {
            let file = directory.create(&at, create)?;
            Ok((file, directory.resolve(&at)))
        };
        let (file, location) = local.run("creating", path, creation).await?;
        Ok(Self {
            path: path.clone(),
            location,
            file: Arc::new(file),
            limit: local.limit,
        })
    }

    pub(crate) async fn write(&mut self, bytes: Bytes) -> Result<()> {
        let (file, path) = (Arc::clone(&self.file), self.path.clone());
        let write = move || (&*file).write_all(&bytes).map_err(map(&path));
        let what = || format!("writing {}", self.path);
        self.limit.run(what, blocking(&self.path, write)).await
    }

    /// Makes the bytes and the name durable.
    pub(crate) async fn hsync(&mut self) -> Result<()> {
        let (file, path, location) = (
            Arc::clone(&self.file),
            self.path.clone(),
            self.location.clone(),
        );
        let sync = move || {
            file.sync_all()
                .and_then(|()| sync_parent(&location))
                .map_err(map(&path))
        };
        let what = || format!("hsync of {}", self.path);
        self.limit.run(what, blocking(&self.path, sync)).await
    }
}
