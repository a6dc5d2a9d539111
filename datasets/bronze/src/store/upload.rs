//! A file that is written in parts: by one task, in order, under another name until it is whole.

use super::failed;
use bytes::Bytes;
use comptoir_lake::{Create, Lake, LakeError, LakePath, LakeWriter, Recursive};
use object_store::{Error, MultipartUpload, PutPayload, PutResult, Result, UploadPart};
use tokio::sync::{mpsc, oneshot};

/// Parts that wait to be written; whoever uploads waits for its parts, so there are few.
type Part = (Bytes, oneshot::Sender<std::result::Result<(), LakeError>>);

#[derive(Debug)]
pub(super) struct Upload {
    lake: Lake,
    path: LakePath,
    temporary: LakePath,
    /// `None` once it is complete or given up.
    parts: Option<mpsc::UnboundedSender<Part>>,
    writing: Option<tokio::task::JoinHandle<std::result::Result<(), LakeError>>>,
}

impl Upload {
    pub(super) async fn start(lake: Lake, path: LakePath) -> Result<Self> {
        let name = path.file_name().unwrap_or_default();
        let name = format!(".{name}.{:016x}.tmp", uuid::Uuid::new_v4().as_u64_pair().0);
        let parent = path.parent().unwrap_or_else(LakePath::root);
        let temporary = parent.join(&name).map_err(failed)?;
        let writer = lake.create(&temporary, Create::Exclusive).await;
        let (parts, received) = mpsc::unbounded_channel();
        let writing = tokio::spawn(write(writer.map_err(failed)?, received));
        Ok(Self {
            lake,
            path,
            temporary,
            parts: Some(parts),
            writing: Some(writing),
        })
    }
}

/// Ends with the last part; the file is then complete and durable.
async fn write(
    mut writer: LakeWriter,
    mut parts: mpsc::UnboundedReceiver<Part>,
) -> std::result::Result<(), LakeError> {
    while let Some((bytes, done)) = parts.recv().await {
        // A writer that failed fails again when it is closed. Nobody may be listening.
        done.send(writer.write(bytes).await).ok();
    }
    writer.close().await
}

#[async_trait::async_trait]
impl MultipartUpload for Upload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        let (done, written) = oneshot::channel();
        let sent = self
            .parts
            .as_ref()
            .is_some_and(|parts| parts.send((data.into(), done)).is_ok());
        let ended = ended(&self.path);
        Box::pin(async move {
            if !sent {
                return Err(ended);
            }
            written.await.map_err(|_| ended)?.map_err(failed)
        })
    }

    async fn complete(&mut self) -> Result<PutResult> {
        self.parts = None;
        let Some(writing) = self.writing.take() else {
            return Err(ended(&self.path));
        };
        writing.await?.map_err(failed)?;
        let renamed = self.lake.rename(&self.temporary, &self.path).await;
        renamed.map_err(failed)?;
        Ok(PutResult {
            e_tag: None,
            version: None,
        })
    }

    async fn abort(&mut self) -> Result<()> {
        self.parts = None;
        if let Some(writing) = self.writing.take() {
            writing.await?.map_err(failed)?;
        }
        let deleted = self.lake.delete(&self.temporary, Recursive::No).await;
        deleted.map_err(failed).map(drop)
    }
}

fn ended(path: &LakePath) -> Error {
    failed(LakeError::WriterClosed {
        path: path.clone(),
        reason: "the upload has ended".to_owned(),
    })
}
