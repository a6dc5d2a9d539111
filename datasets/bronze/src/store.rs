//! The lake as the object store that Delta reads and writes through.
//!
//! So every file of the table is hsynced before it counts, every call has the lake's time limit,
//! and a process has one HDFS client. The commit file of a version is created by a rename that
//! never overwrites: of many writers of one version, one wins.

mod upload;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use comptoir_config::fault;
use comptoir_lake::{Entry, EntryKind, Lake, LakeError, LakePath, Recursive};
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, GetResultPayload, ListResult, MultipartUpload,
    ObjectMeta, ObjectStore, PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult,
    Result,
};
use std::fmt;

const NAME: &str = "lake";

/// Names the newest checkpoint, once that is there.
const LAST_CHECKPOINT: &str = "_last_checkpoint";

/// How often a file is replaced that others replace at the same time.
const REPLACE_ATTEMPTS: usize = 4;

/// A directory of the lake.
#[derive(Clone, Debug)]
pub(crate) struct LakeStore {
    lake: Lake,
    /// What the store's paths begin with that the lake's don't: of a local lake, its directory.
    prefix: Path,
    /// The directory that the rest of a path lies in.
    directory: LakePath,
}

impl LakeStore {
    pub(crate) fn new(lake: Lake, prefix: Path, directory: LakePath) -> Self {
        Self {
            lake,
            prefix,
            directory,
        }
    }

    fn path(&self, location: &Path) -> Result<LakePath> {
        let outside = || Error::NotFound {
            path: location.to_string(),
            source: "it lies outside of the lake".into(),
        };
        let rest = location.prefix_match(&self.prefix).ok_or_else(outside)?;
        let mut path = self.directory.clone();
        for part in rest {
            path = path.join(part.as_ref()).map_err(failed)?;
        }
        Ok(path)
    }

    fn location(&self, path: &LakePath) -> Result<Path> {
        let below = path.as_str().strip_prefix(self.directory.as_str());
        let below = below.unwrap_or_default().trim_start_matches('/');
        Ok(Path::parse(format!("{}/{below}", self.prefix))?)
    }

    fn meta(&self, entry: &Entry) -> Result<ObjectMeta> {
        Ok(ObjectMeta {
            location: self.location(&entry.path)?,
            last_modified: DateTime::<Utc>::from_timestamp_millis(entry.modified.as_millisecond())
                .unwrap_or_default(),
            size: entry.length,
            e_tag: None,
            version: None,
        })
    }

    /// What lies in a directory; nothing where there is none.
    async fn entries(&self, directory: &LakePath) -> Result<Vec<Entry>> {
        match self.lake.list(directory).await {
            Ok(entries) => Ok(entries),
            Err(LakeError::NotFound { .. }) => Ok(Vec::new()),
            Err(error) => Err(failed(error)),
        }
    }

    /// All files below a directory, sorted in each.
    async fn files(&self, directory: LakePath) -> Result<Vec<ObjectMeta>> {
        let mut files = Vec::new();
        let mut open = vec![directory];
        while let Some(directory) = open.pop() {
            for entry in self.entries(&directory).await? {
                match entry.kind {
                    EntryKind::File => files.push(self.meta(&entry)?),
                    EntryKind::Directory => open.push(entry.path),
                }
            }
        }
        Ok(files)
    }

    /// Readers see the old file, for a moment none, and then the new one, never a part of it.
    async fn replace(&self, path: &LakePath, bytes: Bytes) -> Result<()> {
        for _ in 0..REPLACE_ATTEMPTS {
            match self.lake.write_decisive(path, bytes.clone()).await {
                Err(LakeError::AlreadyExists { .. }) => {
                    self.lake
                        .delete(path, Recursive::No)
                        .await
                        .map_err(failed)?;
                }
                written => return written.map_err(failed),
            }
        }
        Err(failed(LakeError::AlreadyExists { path: path.clone() }))
    }
}

impl fmt::Display for LakeStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.lake.url_of(&self.directory))
    }
}

#[async_trait::async_trait]
impl ObjectStore for LakeStore {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        let path = self.path(location)?;
        let bytes = Bytes::from(payload);
        match options.mode {
            PutMode::Create => {
                // Every file that it names is there, and no version names them yet.
                fault::pass("delta-files-written");
                let written = self.lake.write_decisive(&path, bytes).await;
                written.map_err(failed)?;
            }
            PutMode::Overwrite => {
                if location.filename() == Some(LAST_CHECKPOINT) {
                    fault::pass("delta-checkpoint-written");
                }
                self.replace(&path, bytes).await?;
            }
            PutMode::Update(_) => return Err(not_implemented("a conditional update")),
        }
        Ok(PutResult {
            e_tag: None,
            version: None,
        })
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        _options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        let path = self.path(location)?;
        let upload = upload::Upload::start(self.lake.clone(), path).await?;
        Ok(Box::new(upload))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let path = self.path(location)?;
        let entry = self.lake.stat(&path).await.map_err(failed)?;
        let missing = || failed(LakeError::NotFound { path: path.clone() });
        let entry = entry
            .filter(|entry| entry.kind == EntryKind::File)
            .ok_or_else(missing)?;
        let mut meta = self.meta(&entry)?;
        options.check_preconditions(&meta)?;
        let mut chunks = None;
        if !options.head {
            let reader = self.lake.open_read(&path).await.map_err(failed)?;
            meta.size = reader.len();
            chunks = Some(reader);
        }
        let range = match &options.range {
            None => 0..meta.size,
            Some(range) => range.as_range(meta.size).map_err(|error| Error::Generic {
                store: NAME,
                source: Box::new(error),
            })?,
        };
        let payload = match chunks {
            None => stream::empty().boxed(),
            Some(reader) if range == (0..meta.size) => {
                stream::try_unfold(reader, async |mut reader| {
                    let chunk = reader.next_chunk().await.map_err(failed)?;
                    Ok(chunk.map(|chunk| (chunk, reader)))
                })
                .boxed()
            }
            Some(reader) => {
                let range = range.clone();
                stream::once(async move { reader.read_range(range).await.map_err(failed) }).boxed()
            }
        };
        Ok(GetResult {
            payload: GetResultPayload::Stream(payload),
            meta,
            range,
            attributes: object_store::Attributes::default(),
        })
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        let store = self.clone();
        let delete = move |location: Path| {
            let store = store.clone();
            async move {
                let path = store.path(&location)?;
                (store.lake.delete(&path, Recursive::No).await).map_err(failed)?;
                fault::pass("delta-file-deleted");
                Ok(location)
            }
        };
        locations.and_then(delete).boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let store = self.clone();
        let directory = self.path(prefix.unwrap_or(&self.prefix));
        let files = async move { store.files(directory?).await };
        stream::once(files)
            .map_ok(|files| stream::iter(files.into_iter().map(Ok)))
            .try_flatten()
            .boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let directory = self.path(prefix.unwrap_or(&self.prefix))?;
        let mut listed = ListResult {
            common_prefixes: Vec::new(),
            objects: Vec::new(),
        };
        for entry in self.entries(&directory).await? {
            match entry.kind {
                EntryKind::File => listed.objects.push(self.meta(&entry)?),
                EntryKind::Directory => listed.common_prefixes.push(self.location(&entry.path)?),
            }
        }
        Ok(listed)
    }

    async fn copy_opts(&self, _from: &Path, _to: &Path, _options: CopyOptions) -> Result<()> {
        Err(not_implemented("a copy"))
    }
}

/// In the words of object stores; the lake's own error stays inside.
pub(crate) fn failed(error: LakeError) -> Error {
    match &error {
        LakeError::NotFound { path } => Error::NotFound {
            path: path.to_string(),
            source: Box::new(error),
        },
        LakeError::AlreadyExists { path } => Error::AlreadyExists {
            path: path.to_string(),
            source: Box::new(error),
        },
        LakeError::PermissionDenied { path, .. } => Error::PermissionDenied {
            path: path.to_string(),
            source: Box::new(error),
        },
        _ => Error::Generic {
            store: NAME,
            source: Box::new(error),
        },
    }
}

fn not_implemented(operation: &str) -> Error {
    Error::NotImplemented {
        operation: operation.to_owned(),
        implementer: NAME.to_owned(),
    }
}
