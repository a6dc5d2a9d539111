//! Appending to a chain. The number of an entry decides between all who append, a shipper and a
//! command beside it: an entry is made of exactly those below its number, and the first of a number
//! stays. Who comes later looks again, and decides anew.

use super::error::SealError;
use super::keys::KeyFiles;
use crate::archive::digest::Digest;
use crate::archive::manifest::{Entry, KeyChange, Manifest, leads};
use crate::archive::names::{ChainNumber, Epoch, Name};
use crate::archive::records::VERSION;
use crate::archive::signature::{PublicKey, Purpose, SigningKey};
use crate::archive::source_id::SourceId;
use crate::archive::store::Store;
use bytes::Bytes;
use comptoir_config::clock;
use comptoir_lake::LakeError;

/// The last entry of a chain: its number, its hash, and its key; `None` of an empty chain.
pub(super) type ChainHead = Option<(ChainNumber, Digest, PublicKey)>;

/// Whose entry has the number now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Appended {
    Ours,
    Theirs,
}

/// Who appends, and to which chain.
pub(super) struct Appender<'a> {
    pub(super) store: &'a Store,
    pub(super) source: &'a SourceId,
    pub(super) key: &'a SigningKey,
    /// The owner's under whose ownership it is done.
    pub(super) epoch: Epoch,
}

impl Appender<'_> {
    /// Signs an entry and makes it durable behind `head`.
    pub(super) async fn append(
        &self,
        head: ChainHead,
        entry: Entry,
    ) -> Result<Appended, SealError> {
        let number = head.map(|head| head.0).unwrap_or_default().next();
        let manifest = Manifest {
            version: VERSION,
            number,
            previous: head.map(|head| head.1),
            source: self.source.clone(),
            epoch: self.epoch,
            sealed_at: clock::now(),
            entry,
        };
        let path = self.store.path(Name::Manifest(number))?;
        let file = self.key.sign(Purpose::Manifest, &manifest);
        let file = file.map_err(|error| LakeError::Failed {
            path: path.clone(),
            reason: error.to_string(),
        })?;
        let written = self.store.lake.write_decisive(&path, Bytes::from(file));
        match written.await {
            Err(LakeError::AlreadyExists { .. }) => Ok(Appended::Theirs),
            written => Ok(written.map(|()| Appended::Ours)?),
        }
    }

    /// Where the chain was signed with another key: the entry that leads from that one to this one.
    pub(super) fn key_change(
        &self,
        head: ChainHead,
        files: &KeyFiles,
    ) -> Result<Option<Entry>, SealError> {
        let own = self.key.public_key();
        let Some((_, _, chain)) = head.filter(|head| head.2 != own) else {
            return Ok(None);
        };
        let endorsements = files.endorsements()?;
        if leads(&endorsements, chain, own) {
            return Ok(Some(Entry::Key(KeyChange { endorsements })));
        }
        Err(SealError::OtherKey {
            location: self.store.lake.url_of(&self.store.directory),
            chain,
            file: files.private().display().to_string(),
            own,
        })
    }
}
