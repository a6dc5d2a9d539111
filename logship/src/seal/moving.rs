//! Segments go to their directories as soon as their manifests stand. What a crash leaves, a sealer moves
//! that has nothing else to do; readers look in both places.

use super::Sealer;
use super::error::SealError;
use crate::archive::names::Name;
use crate::archive::segment_path::SegmentPath;
use crate::fault::FaultPoint;
use comptoir_lake::LakeError;

impl Sealer {
    /// To where their manifests say they belong. One that can't be moved keeps none of the others.
    pub(super) async fn move_all(
        &self,
        segments: impl IntoIterator<Item = SegmentPath>,
    ) -> Result<(), SealError> {
        let mut failed = None;
        for segment in segments {
            if let Err(error) = self.move_to_its_place(&segment).await {
                failed.get_or_insert(error);
            }
        }
        failed.map_or(Ok(()), Err)
    }

    /// No owner is asked for: whoever does it does the same.
    async fn move_to_its_place(&self, segment: &SegmentPath) -> Result<(), SealError> {
        let Some(directory) = &segment.directory else {
            return Ok(());
        };
        let from = self.store.path(Name::Segment(segment.id))?;
        let to = self.store.segment_path(segment)?;
        let directory = self.store.directory(directory)?;
        self.store.lake.mkdirs(&directory).await?;
        FaultPoint::DirectoryMade.pass();
        match self.store.lake.rename(&from, &to).await {
            // Another owner has moved it, or it expired.
            Err(LakeError::NotFound { path }) if path == from => Ok(()),
            Err(LakeError::AlreadyExists { .. }) => Err(SealError::Twice {
                segment: self.store.lake.url_of(&from),
                other: self.store.lake.url_of(&to),
            }),
            moved => {
                moved?;
                FaultPoint::SegmentMoved.pass();
                Ok(())
            }
        }
    }
}
