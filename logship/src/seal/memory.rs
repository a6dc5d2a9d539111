//! What a sealer knows of the lake. Records never change, so each is read once.

use super::error::SealError;
use super::plan::Facts;
use crate::archive::ArchiveError;
use crate::archive::contents::Listing;
use crate::archive::facts::Carry;
use crate::archive::names::{LifeNumber, Name};
use crate::archive::store::Store;
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Debug, Default)]
pub(super) struct Memory {
    pub(super) facts: Facts,
}

impl Memory {
    /// Lists, and reads what is new.
    pub(super) async fn refresh(&mut self, store: &Store) -> Result<(), SealError> {
        let names = store.names().await?;
        let facts = &mut self.facts;
        facts.written_at = (names.iter())
            .filter_map(|(name, entry)| Some((name.piece()?, entry.modified)))
            .collect();
        let listing = Listing::of(names.into_iter().map(|(name, _)| name));
        let known = facts.chain.head.map(|head| head.0).unwrap_or_default();
        for number in listing.manifests.range(known.next()..) {
            let expected = facts
                .chain
                .head
                .map(|head| head.0)
                .unwrap_or_default()
                .next();
            if *number != expected {
                return Err(ArchiveError::NoManifest {
                    location: store.lake.url_of(&store.directory),
                    number: expected,
                }
                .into());
            }
            let entry = store.entry(*number).await?;
            facts.chain.push(&entry);
        }
        let lives = listing.lives.clone();
        update(store, &mut facts.lives, lives, Name::Life).await?;
        update(store, &mut facts.ends, listing.ended.clone(), Name::End).await?;
        let recoveries = listing.recoveries.clone();
        update(store, &mut facts.recoveries, recoveries, Name::Recovery).await?;
        let gap = |(life, from)| Name::Gap(life, from);
        update(store, &mut facts.gaps, listing.gaps.clone(), gap).await?;
        facts.listing = listing;
        Ok(())
    }

    /// What the sealed bytes of a life leave to the next ones.
    pub(super) fn carry(&self, life: LifeNumber) -> Carry {
        let life = self.facts.chain.lives.get(&life);
        life.map(|life| life.carry).unwrap_or_default()
    }
}

/// Forgets the records that are gone, and reads those that came.
async fn update<K: Copy + Ord, T: DeserializeOwned>(
    store: &Store,
    records: &mut BTreeMap<K, T>,
    listed: BTreeSet<K>,
    name: impl Fn(K) -> Name,
) -> Result<(), ArchiveError> {
    records.retain(|key, _| listed.contains(key));
    let new: Vec<K> = (listed.into_iter())
        .filter(|key| !records.contains_key(key))
        .collect();
    records.extend(store.read_all(new, name).await?);
    Ok(())
}
