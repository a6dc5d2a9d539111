//! The journal: what people and programs did, on the disk before the answer goes out, and in the
//! warehouse as soon as it takes it.
//!
//! Entries wait in a file, so that none is lost while the warehouse is away. The same entry may be
//! sent twice: it has an id. Each one is also a line of the log, which the shipper seals.

use super::error::AccessError;
use super::file::AccessDir;
use super::secrets::new_id;
use comptoir_model::api::access::{JournalEntry, JournalOutcome};
use comptoir_warehouse::{Warehouse, WarehouseError};
use jiff::Timestamp;
use std::fs;
use std::io;
use tracing::{debug, info, warn};

/// What has not been sent yet.
const WAITING: &str = "journal.jsonl";
/// What is being sent; nobody adds to it.
const SENDING: &str = "journal-sending.jsonl";
/// Of those who add, and of the one that takes the file away from them.
const LOCK: &str = "journal.lock";
/// Of the one that sends.
const SENDING_LOCK: &str = "journal-sending.lock";
/// A warehouse that is away for long must not fill the disk.
const WAITING_BYTES_MAX: u64 = 64 << 20;
const DETAIL_CHARACTERS_MAX: usize = 500;
/// In one transaction.
const ENTRIES_MAX: usize = 500;

/// Who does something, and from where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Actor {
    /// `user:ada`, `token:prometheus`, `uid:1000`.
    pub(crate) who: String,
    /// An address, or `local`.
    pub(crate) address: String,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum JournalError {
    #[error(transparent)]
    File(#[from] AccessError),
    #[error(transparent)]
    Warehouse(#[from] WarehouseError),
}

#[derive(Clone, Debug)]
pub(crate) struct Journal {
    dir: AccessDir,
    warehouse: Warehouse,
}

impl Journal {
    pub(crate) fn new(dir: AccessDir, warehouse: Warehouse) -> Self {
        Self { dir, warehouse }
    }

    /// Is on the disk when this returns. What changes something is not done without.
    pub(crate) fn note(
        &self,
        actor: &Actor,
        action: &str,
        outcome: JournalOutcome,
        detail: &str,
        now: Timestamp,
    ) -> Result<(), AccessError> {
        let entry = JournalEntry {
            id: new_id(),
            at: now,
            who: actor.who.clone(),
            address: actor.address.clone(),
            action: action.to_owned(),
            outcome,
            detail: detail.chars().take(DETAIL_CHARACTERS_MAX).collect(),
        };
        info!(
            who = entry.who,
            address = entry.address,
            action = entry.action,
            outcome = entry.outcome.as_str(),
            detail = entry.detail,
            "journal"
        );
        self.keep(&entry)
    }

    fn keep(&self, entry: &JournalEntry) -> Result<(), AccessError> {
        let json = serde_json::to_string(entry)
            .unwrap_or_else(|error| unreachable!("our own types have string keys: {error}"));
        self.dir.make()?;
        let _lock = self.dir.lock(LOCK)?;
        let path = self.dir.file(WAITING);
        if fs::metadata(&path).is_ok_and(|data| data.len() > WAITING_BYTES_MAX) {
            let full = io::Error::other("the warehouse is away for too long, the file is full");
            return Err(AccessError::file(&path, full));
        }
        // A line that a power cut left half-written must not spoil this one.
        self.dir.append(WAITING, &format!("\n{json}\n"))
    }

    /// Brings what waits into the warehouse, unless another process is at it.
    pub(crate) async fn send(&self) -> Result<(), JournalError> {
        let is_there = |name| fs::metadata(self.dir.file(name)).is_ok_and(|data| data.len() > 0);
        if !is_there(WAITING) && !is_there(SENDING) {
            return Ok(());
        }
        let Some(_sending) = self.dir.try_lock(SENDING_LOCK)? else {
            return Ok(());
        };
        // The file of an earlier try goes first.
        for _ in 0..2 {
            if !is_there(SENDING) {
                let _lock = self.dir.lock(LOCK)?;
                let (waiting, sending) = (self.dir.file(WAITING), self.dir.file(SENDING));
                match fs::rename(&waiting, &sending) {
                    Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
                    Err(source) => return Err(AccessError::file(&waiting, source).into()),
                    Ok(()) => {}
                }
            }
            let text = self.dir.read(SENDING)?.unwrap_or_default();
            let entries: Vec<_> = text.lines().filter_map(parse).collect();
            for some in entries.chunks(ENTRIES_MAX) {
                self.warehouse.append_to_journal(some).await?;
            }
            let sending = self.dir.file(SENDING);
            fs::remove_file(&sending).map_err(|source| AccessError::file(&sending, source))?;
        }
        Ok(())
    }

    /// Sends, and leaves what can't be sent for later.
    pub(crate) async fn try_to_send(&self) {
        match self.send().await {
            Ok(()) => {}
            Err(JournalError::Warehouse(error)) => debug!("the journal waits: {error}"),
            Err(JournalError::File(error)) => warn!("the journal waits: {error}"),
        }
    }

    pub(crate) fn warehouse(&self) -> &Warehouse {
        &self.warehouse
    }
}

fn parse(line: &str) -> Option<JournalEntry> {
    if line.is_empty() {
        return None;
    }
    let entry = serde_json::from_str(line);
    if let Err(error) = &entry {
        warn!("a half-written entry of the journal is left out: {error}");
    }
    entry.ok()
}
