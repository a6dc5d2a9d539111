//! The places for open pieces: a writer to the lake costs memory and a connection, so all logs
//! share so many. Who has none waits in line, and the piece that was used least makes room.

use crate::archive::names::PieceId;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use super::shell::lock;
use comptoir_config::clock;

/// From one look for pieces that may make room to the next, while somebody waits.
const ASK_EVERY: Duration = Duration::from_millis(100);
/// A piece that took no bytes for so long may be asked to make room,
const QUIET: Duration = Duration::from_millis(250);
/// and one that is written without a pause once it is so old: pieces are not to become crumbs.
const TURN: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub(crate) struct Writers {
    places: Arc<Semaphore>,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    next: u64,
    /// Who stands in line.
    waiting: usize,
    pieces: BTreeMap<u64, HeldPiece>,
}

#[derive(Debug)]
struct HeldPiece {
    id: PieceId,
    opened: Instant,
    used: Instant,
    /// Whose it is; `None` once it was asked to make room.
    holder: Option<Arc<Asked>>,
}

/// Which of a log's pieces are asked to make room.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    pieces: Mutex<Vec<PieceId>>,
    notify: Notify,
}

impl Asked {
    pub(crate) async fn next(&self) -> Vec<PieceId> {
        loop {
            let pieces = std::mem::take(&mut *lock(&self.pieces));
            if !pieces.is_empty() {
                return pieces;
            }
            self.notify.notified().await;
        }
    }
}

/// A turn in the line, until the place came or nobody wants it any more.
struct InLine(Arc<Writers>);

impl Drop for InLine {
    fn drop(&mut self) {
        lock(&self.0.held).waiting -= 1;
    }
}

/// A place, not yet of a piece.
#[derive(Debug)]
pub(crate) struct Place(OwnedSemaphorePermit);

/// The place of one piece, until it is dropped.
#[derive(Debug)]
pub(crate) struct TakenPlace {
    writers: Arc<Writers>,
    number: u64,
    _permit: OwnedSemaphorePermit,
}

impl Writers {
    pub(crate) fn new(places: usize) -> Arc<Self> {
        Arc::new(Self {
            places: Arc::new(Semaphore::new(places)),
            held: Mutex::default(),
        })
    }

    /// A place, in the order of asking.
    pub(crate) fn wait(self: &Arc<Self>) -> impl Future<Output = Place> + Send + Sync + use<> {
        lock(&self.held).waiting += 1;
        let in_line = InLine(Arc::clone(self));
        async move {
            let places = Arc::clone(&in_line.0.places);
            match places.acquire_owned().await {
                Ok(permit) => Place(permit),
                Err(_) => unreachable!("the semaphore is never closed"),
            }
        }
    }

    /// Asks for room as long as somebody waits.
    pub(crate) async fn make_room(&self) {
        loop {
            tokio::time::sleep(ASK_EVERY).await;
            self.ask_for_room(clock::instant());
        }
    }

    pub(crate) fn try_now(&self) -> Option<Place> {
        Arc::clone(&self.places).try_acquire_owned().ok().map(Place)
    }

    pub(crate) fn take(
        self: &Arc<Self>,
        place: Place,
        id: PieceId,
        holder: Arc<Asked>,
    ) -> TakenPlace {
        let now = clock::instant();
        let mut held = lock(&self.held);
        held.next += 1;
        let number = held.next;
        let piece = HeldPiece {
            id,
            opened: now,
            used: now,
            holder: Some(holder),
        };
        held.pieces.insert(number, piece);
        TakenPlace {
            writers: Arc::clone(self),
            number,
            _permit: place.0,
        }
    }

    /// Asks as many pieces to make room as somebody waits for, those first that were used least.
    fn ask_for_room(&self, now: Instant) {
        let mut held = lock(&self.held);
        let asked = held.pieces.values().filter(|piece| piece.holder.is_none());
        let wanted = held.waiting.saturating_sub(asked.count());
        let mut may_be_asked: Vec<&mut HeldPiece> = (held.pieces.values_mut())
            .filter(|piece| {
                piece.holder.is_some()
                    && (now.saturating_duration_since(piece.used) >= QUIET
                        || now.saturating_duration_since(piece.opened) >= TURN)
            })
            .collect();
        may_be_asked.sort_by_key(|piece| piece.used);
        for piece in may_be_asked.into_iter().take(wanted) {
            if let Some(holder) = piece.holder.take() {
                lock(&holder.pieces).push(piece.id);
                holder.notify.notify_one();
            }
        }
    }
}

impl TakenPlace {
    /// Bytes were written to its piece.
    pub(crate) fn used(&self) {
        if let Some(piece) = lock(&self.writers.held).pieces.get_mut(&self.number) {
            piece.used = clock::instant();
        }
    }
}

impl Drop for TakenPlace {
    fn drop(&mut self) {
        lock(&self.writers.held).pieces.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::names::{Epoch, LifeNumber};
    use futures::FutureExt;

    fn id(start: u64) -> PieceId {
        PieceId {
            life: LifeNumber(1),
            start,
            epoch: Epoch(1),
        }
    }

    #[test]
    fn the_least_used_piece_makes_room_once_it_was_quiet() {
        let writers = Writers::new(2);
        let asked = Arc::new(Asked::default());
        let take = |start| writers.take(writers.try_now().unwrap(), id(start), Arc::clone(&asked));
        let (old, busy) = (take(0), take(1));
        assert!(writers.try_now().is_none());
        let now = clock::instant();
        old.used();
        busy.used();
        writers.ask_for_room(now + 2 * QUIET);
        assert!(asked.next().now_or_never().is_none(), "nobody waits");
        let mut one = Box::pin(writers.wait());
        assert!(one.as_mut().now_or_never().is_none());
        writers.ask_for_room(now);
        assert!(asked.next().now_or_never().is_none(), "none was quiet");
        writers.ask_for_room(now + 2 * QUIET);
        assert_eq!(asked.next().now_or_never(), Some(vec![id(0)]));
        writers.ask_for_room(now + 2 * QUIET);
        assert!(
            asked.next().now_or_never().is_none(),
            "one was asked already"
        );
        drop(old);
        assert!(one.now_or_never().is_some());
        drop(busy);
    }
}
