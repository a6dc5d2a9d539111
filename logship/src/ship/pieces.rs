//! The pieces that are being written, and those that are being closed behind them.

use super::metrics::Metrics;
use super::writers::TakenPlace;
use crate::archive::names::{Name, PieceEnd, PieceId};
use crate::archive::store::Store;
use crate::fault::FaultPoint;
use bytes::Bytes;
use comptoir_config::clock;
use comptoir_lake::{Create, LakeError, LakeWriter, Recursive, Retry};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::task::JoinSet;

pub(crate) struct Pieces {
    open: BTreeMap<PieceId, OpenPiece>,
    closings: JoinSet<(PieceId, Result<(), LakeError>)>,
    metrics: Arc<Metrics>,
}

struct OpenPiece {
    writer: LakeWriter,
    place: TakenPlace,
}

impl Pieces {
    pub(crate) fn new(metrics: Arc<Metrics>) -> Self {
        Self {
            open: BTreeMap::new(),
            closings: JoinSet::new(),
            metrics,
        }
    }

    pub(crate) async fn create(
        &mut self,
        store: &Store,
        id: PieceId,
        place: TakenPlace,
    ) -> Result<(), LakeError> {
        let path = store.path(Name::OpenPiece(id))?;
        let writer = store.lake.create(&path, Create::Exclusive).await?;
        self.open.insert(id, OpenPiece { writer, place });
        Ok(())
    }

    pub(crate) async fn write(&mut self, id: PieceId, bytes: Bytes) -> Result<(), LakeError> {
        match self.open.get_mut(&id) {
            Some(piece) => {
                piece.place.used();
                piece.writer.write(bytes).await
            }
            None => unreachable!("{id:?} is open while it is copied to"),
        }
    }

    pub(crate) async fn sync(&mut self, id: PieceId) -> Result<(), LakeError> {
        let began = clock::instant();
        match self.open.get_mut(&id) {
            Some(piece) => piece.writer.hsync().await?,
            None => unreachable!("{id:?} is open while it is synced"),
        }
        self.metrics.synced(began.elapsed());
        Ok(())
    }

    /// Closes and renames in the background.
    pub(crate) fn close(&mut self, store: &Store, id: PieceId, end: PieceEnd) {
        let Some(OpenPiece { writer, place }) = self.open.remove(&id) else {
            unreachable!("{id:?} is open until it is closed");
        };
        let store = store.clone();
        self.closings.spawn(async move {
            let closed = close(&store, writer, id, end).await;
            drop(place);
            (id, closed)
        });
    }

    /// The next piece that is closed; waits for ever where none is being closed.
    pub(crate) async fn closed(&mut self) -> Result<PieceId, LakeError> {
        match self.closings.join_next().await {
            Some(Ok((id, closed))) => closed.map(|()| id),
            Some(Err(stopped)) => std::panic::resume_unwind(stopped.into_panic()),
            None => std::future::pending().await,
        }
    }

    /// As [`Pieces::closed`], without waiting.
    pub(crate) fn closed_already(&mut self) -> Option<Result<PieceId, LakeError>> {
        match self.closings.try_join_next()? {
            Ok((id, closed)) => Some(closed.map(|()| id)),
            Err(stopped) => std::panic::resume_unwind(stopped.into_panic()),
        }
    }

    /// Leaves all of them as they are, to be recovered.
    pub(crate) async fn abandon(&mut self) {
        self.open.clear();
        self.closings.shutdown().await;
    }
}

async fn close(
    store: &Store,
    mut writer: LakeWriter,
    id: PieceId,
    end: PieceEnd,
) -> Result<(), LakeError> {
    writer.close().await?;
    FaultPoint::PieceClosed.pass();
    let open = store.path(Name::OpenPiece(id))?;
    if end.end == id.start {
        // Its file changed before a byte of it was copied.
        store.lake.delete(&open, Recursive::No).await?;
        return Ok(());
    }
    let closed = store.path(Name::Piece(id, end))?;
    match store.lake.rename(&open, &closed).await {
        Err(error) if error.retry() == Retry::Unknown => {
            (store.lake.stat(&closed).await?).ok_or(error)?;
        }
        renamed => renamed?,
    }
    FaultPoint::PieceNamed.pass();
    Ok(())
}
