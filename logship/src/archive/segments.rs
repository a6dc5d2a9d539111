//! Segments, in the log's directory or in one of a time below it.

use super::names::Name;
use super::segment_path::{SegmentDirectory, SegmentPath};
use super::store::Store;
use comptoir_lake::{EntryKind, LakeError, LakePath, LakeReader};
use std::collections::BTreeMap;

impl Store {
    /// Of the segments of a time.
    pub(crate) fn directory(&self, below: &SegmentDirectory) -> Result<LakePath, LakeError> {
        below
            .parts()
            .try_fold(self.directory.clone(), |path, part| path.join(part))
    }

    /// Where a segment belongs.
    pub(crate) fn segment_path(&self, segment: &SegmentPath) -> Result<LakePath, LakeError> {
        let name = Name::Segment(segment.id).to_string();
        match &segment.directory {
            Some(directory) => self.directory(directory)?.join(&name),
            None => self.directory.join(&name),
        }
    }

    /// A segment, where it belongs or where it waits to be moved there.
    pub(crate) async fn open_segment(
        &self,
        segment: &SegmentPath,
    ) -> Result<LakeReader, LakeError> {
        let own = self.segment_path(segment)?;
        let waiting = SegmentPath::beside(segment.id);
        match self.lake.open_read(&own).await {
            Err(LakeError::NotFound { .. }) if segment.directory.is_some() => {}
            reader => return reader,
        }
        match self.lake.open_read(&self.segment_path(&waiting)?).await {
            // It was moved between the two looks.
            Err(LakeError::NotFound { .. }) => self.lake.open_read(&own).await,
            reader => reader,
        }
    }

    /// The segments in a directory of a time, with their lengths; `None` where there is no such
    /// directory.
    pub(crate) async fn segments_in(
        &self,
        directory: &SegmentDirectory,
    ) -> Result<Option<BTreeMap<SegmentPath, u64>>, LakeError> {
        let entries = match self.lake.list(&self.directory(directory)?).await {
            Err(LakeError::NotFound { .. } | LakeError::WrongKind { .. }) => return Ok(None),
            entries => entries?,
        };
        let segments = entries.iter().filter_map(|entry| {
            let Ok(Name::Segment(id)) = entry.name().parse() else {
                return None;
            };
            let directory = Some(directory.clone());
            let is_file = entry.kind == EntryKind::File;
            is_file.then_some((SegmentPath { directory, id }, entry.length))
        });
        Ok(Some(segments.collect()))
    }
}
