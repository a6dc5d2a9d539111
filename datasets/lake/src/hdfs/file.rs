//! Open files of HDFS.

use super::client::Hdfs;
use super::close;
use super::error::map;
use crate::error::{LakeError, Result};
use crate::lake::Create;
use crate::limit::Limit;
use crate::path::LakePath;
use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use hdfs_native::WriteOptions;
use hdfs_native::file::{FileReader, FileWriter};
use std::sync::Arc;
use tokio::time::Instant;

/// A closed file, or the complete blocks of an open one. Its blocks are known: it stays readable
/// when its name goes to another one, until HDFS deletes the blocks.
#[derive(Clone)]
pub(crate) struct Reader {
    path: LakePath,
    file: Arc<FileReader>,
    limit: Limit,
}

impl Reader {
    pub(crate) async fn open(hdfs: &Hdfs, path: &LakePath) -> Result<Self> {
        let call = async {
            Box::pin(hdfs.client.read(path.as_str()))
                .await
                .map_err(map(path))
        };
        let file = hdfs.limit.run(|| format!("opening {path}"), call).await?;
        Ok(Self {
            path: path.clone(),
            file: Arc::new(file),
            limit: hdfs.limit,
        })
    }

    pub(crate) fn length(&self) -> u64 {
        self.file.file_length() as u64
    }

    /// Exactly `length` bytes from `offset`; both lie within the file.
    pub(crate) async fn read_at(&self, offset: u64, length: usize) -> Result<Bytes> {
        let too_large = |_| LakeError::Failed {
            path: self.path.clone(),
            reason: format!("offset {offset} does not fit this machine"),
        };
        let start = usize::try_from(offset).map_err(too_large)?;
        let mut packets = Box::pin(self.file.read_range_stream(start, length));
        let mut bytes = BytesMut::with_capacity(length);
        while let Some(packet) = self
            .limit
            .run(|| format!("reading {}", self.path), async {
                Ok(packets.next().await)
            })
            .await?
        {
            bytes.extend_from_slice(&packet.map_err(map(&self.path))?);
        }
        if bytes.len() == length {
            Ok(bytes.freeze())
        } else {
            Err(LakeError::Corrupt {
                path: self.path.clone(),
                reason: format!("byte {offset}: HDFS gave {} of {length} bytes", bytes.len()),
            })
        }
    }
}

/// hdfs-native keeps up to 200 packets, 12.8 MB, that a slow `DataNode` has not taken yet: with an
/// hsync after so many bytes a writer holds no more than these.
const UNSYNCED_MAX: usize = 8 * 1024 * 1024;

pub(crate) struct Writer {
    hdfs: Hdfs,
    path: LakePath,
    file: Box<FileWriter>,
    /// Bytes since the last hsync.
    unsynced: usize,
}

impl Writer {
    pub(crate) async fn create(hdfs: &Hdfs, path: &LakePath, create: Create) -> Result<Self> {
        let options = WriteOptions::default().overwrite(create == Create::Overwrite);
        let call = async {
            let created = Box::pin(hdfs.client.create(path.as_str(), &options)).await;
            created.map(Box::new).map_err(map(path))
        };
        let file = hdfs.limit.run(|| format!("creating {path}"), call).await?;
        Ok(Self {
            hdfs: hdfs.clone(),
            path: path.clone(),
            file,
            unsynced: 0,
        })
    }

    /// Mostly only buffers: neither a dead `DataNode` nor a fence shows here for sure.
    pub(crate) async fn write(&mut self, bytes: Bytes) -> Result<()> {
        let length = bytes.len();
        let Self {
            path, file, hdfs, ..
        } = self;
        let call = async { Box::pin(file.write_bytes(bytes)).await.map_err(map(path)) };
        hdfs.limit.run(|| format!("writing {path}"), call).await?;
        self.unsynced += length;
        if self.unsynced >= UNSYNCED_MAX {
            self.hsync().await?;
        }
        Ok(())
    }

    pub(crate) async fn hsync(&mut self) -> Result<()> {
        self.unsynced = 0;
        let Self {
            path, file, hdfs, ..
        } = self;
        let call = async { Box::pin(file.hsync()).await.map_err(map(path)) };
        hdfs.limit.run(|| format!("hsync of {path}"), call).await
    }

    /// Makes all `length` bytes durable and the file complete. HDFS alone would not sync the last
    /// block.
    pub(crate) async fn close(&mut self, length: u64) -> Result<()> {
        let begin = Instant::now();
        self.hsync().await?;
        let round_trip = begin.elapsed();
        close::close(&self.hdfs, &self.path, &mut self.file, length, round_trip).await
    }
}
