//! Sending a corrected record in the place of a dead letter, once, through any crash.
//!
//! The steps: a transactional id of the letter's own is taken, which fences whoever tried before;
//! the plan is recorded with the corrected record and the ends of the topic's partitions; the topic
//! is searched from these ends; what is not found there is sent; the plan is marked done. Whoever
//! carries on after a crash begins with the first step again.

use super::shown::Place;
use crate::transport::{Message, ReplayProducer, Transport, TransportError};
use comptoir_model::event::{Event, Rejection};
use comptoir_model::ids::{Offset, Partition};
use comptoir_model::verdict::{self, MappingVersion, read_record};
use comptoir_warehouse::{Replay, ReplayState, StoredLetter, Warehouse, WarehouseError};
use jiff::Timestamp;

/// Why a dead letter is not sent again.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    #[error("there is no dead letter at {0}\nhint: comptoir-speed dead-letters ls")]
    NoLetter(Place),
    #[error(
        "{place} was sent again at {at}\nhint: its correction counts already; a second one would count twice"
    )]
    Done { place: Place, at: Timestamp },
    #[error(
        "{place} would be rejected again: {rejection}\nhint: {cure}; then give the corrected record with --file, or send it all the same with --force",
        cure = .rejection.cure()
    )]
    Rejected {
        place: Place,
        rejection: Box<Rejection>,
    },
    #[error(
        "{place} has {size} bytes, of which {kept} are kept\nhint: give the corrected record with --file"
    )]
    NotWhole {
        place: Place,
        size: u64,
        kept: usize,
    },
    #[error(
        "{place} was planned with another record\nhint: without --file the planned one is carried on; once that is done nothing more is sent for this letter"
    )]
    OtherPlan { place: Place },
    #[error(
        "{place} was planned for stream {planned}, the topic is stream {present} now\nhint: whether it was sent before the topic was created anew is not known: look for it in the archive, and send the event as a new one"
    )]
    OtherStream {
        place: Place,
        planned: String,
        present: String,
    },
    #[error(transparent)]
    Transport(#[from] TransportError),
    #[error(transparent)]
    Warehouse(#[from] WarehouseError),
}

/// What is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Correction {
    /// The record as it was: the rules may have changed, or the clock that rejected it.
    AsItWas,
    Record(Vec<u8>),
}

/// Where the correction stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replayed {
    Sent,
    /// An earlier try had sent it.
    Found(Partition, Offset),
}

/// A letter's replay under way.
#[derive(Debug)]
pub struct Replayer<'a> {
    warehouse: &'a Warehouse,
    place: Place,
    producer: ReplayProducer,
    plan: Replay,
}

impl<'a> Replayer<'a> {
    /// All steps.
    pub async fn replay(
        warehouse: &'a Warehouse,
        transport: &Transport,
        place: &Place,
        correction: Correction,
        force: bool,
        now: Timestamp,
    ) -> Result<Replayed, ReplayError> {
        let mut replayer = Self::plan(warehouse, transport, place, correction, force, now).await?;
        let replayed = if let Some((partition, offset)) = replayer.find().await? {
            Replayed::Found(partition, offset)
        } else {
            replayer.send(now).await?;
            Replayed::Sent
        };
        replayer.finish(now).await?;
        Ok(replayed)
    }

    /// Fences earlier tries, and records what is to be sent; an earlier plan stands.
    pub async fn plan(
        warehouse: &'a Warehouse,
        transport: &Transport,
        place: &Place,
        correction: Correction,
        force: bool,
        now: Timestamp,
    ) -> Result<Self, ReplayError> {
        let stream = transport.stream().await?.id.0;
        let standing = warehouse.replay(&place.key()).await?;
        let wanted = match (&standing, correction) {
            (Some(plan), Correction::AsItWas) => plan.replacement.clone(),
            (None, Correction::AsItWas) => {
                let letter = warehouse.dead_letter(&place.key()).await?;
                whole(letter.ok_or_else(|| ReplayError::NoLetter(place.clone()))?)?
            }
            (_, Correction::Record(bytes)) => bytes,
        };
        let transactional_id = format!("comptoir-replay {stream} {place}");
        let plan = if let Some(plan) = standing {
            plan
        } else {
            if let (Err(rejection), false) = (judged(&wanted, now), force) {
                return Err(ReplayError::Rejected {
                    place: place.clone(),
                    rejection: Box::new(rejection),
                });
            }
            let known = warehouse.dead_letter(&place.key()).await?;
            known.ok_or_else(|| ReplayError::NoLetter(place.clone()))?;
            let producer = transport.replay_producer(&transactional_id).await?;
            let plan = Replay {
                letter: place.key(),
                state: ReplayState::Planned,
                ends: producer.ends().await?,
                replacement: wanted.clone(),
                transactional_id: transactional_id.clone(),
                created_at: now,
            };
            warehouse.plan_replay(&plan).await?
        };
        if let ReplayState::Done { at } = plan.state {
            let place = place.clone();
            return Err(ReplayError::Done { place, at });
        }
        if plan.replacement != wanted {
            let place = place.clone();
            return Err(ReplayError::OtherPlan { place });
        }
        if plan.transactional_id != transactional_id {
            let planned = plan.transactional_id.split(' ').nth(1).unwrap_or_default();
            return Err(ReplayError::OtherStream {
                place: place.clone(),
                planned: planned.to_owned(),
                present: stream,
            });
        }
        Ok(Self {
            warehouse,
            place: place.clone(),
            // Again, behind the plan: from here on nobody else sends for this plan.
            producer: transport.replay_producer(&transactional_id).await?,
            plan,
        })
    }

    /// Where an earlier try has sent the correction, if it has.
    pub async fn find(&self) -> Result<Option<(Partition, Offset)>, ReplayError> {
        let of = self.place.replay_of();
        Ok(self.producer.find(of, &self.plan.ends).await?)
    }

    /// Only after [`Self::find`] found nothing.
    pub async fn send(&mut self, now: Timestamp) -> Result<(), ReplayError> {
        let order_id = match judged(&self.plan.replacement, now) {
            Ok(event) => Some(event.order_id.as_str().to_owned()),
            Err(_) => None,
        };
        let key = order_id.unwrap_or_else(|| self.place.to_string());
        let message = Message {
            key: key.as_bytes(),
            partition: None,
            timestamp: now,
            value: &self.plan.replacement,
        };
        Ok(self.producer.send(self.place.replay_of(), message).await?)
    }

    /// Only once the correction is in the topic.
    pub async fn finish(self, now: Timestamp) -> Result<(), ReplayError> {
        Ok(self.warehouse.finish_replay(&self.plan.letter, now).await?)
    }
}

fn whole(letter: StoredLetter) -> Result<Vec<u8>, ReplayError> {
    let (bytes, size) = (letter.bytes.unwrap_or_default(), letter.size);
    if bytes.len() as u64 == size {
        return Ok(bytes);
    }
    Err(ReplayError::NotWhole {
        place: Place::of(&letter.key),
        size,
        kept: bytes.len(),
    })
}

/// As the sinks will judge it, apart from duplicates.
fn judged(bytes: &[u8], timestamp: Timestamp) -> Result<Event<'_>, Rejection> {
    let record = verdict::Record {
        offset: Offset(0),
        timestamp,
        bytes,
    };
    read_record(record, MappingVersion::NEWEST)
}
