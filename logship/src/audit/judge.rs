//! What the chain of manifests and the kept heads prove, from their bytes alone. Pure.

use super::evidence::Evidence;
use super::finding::{Finding, FindingKind};
use crate::archive::digest::Digest;
use crate::archive::manifest::{ChainEntry, Entry, Sealed, leads};
use crate::archive::names::{ChainNumber, LifeNumber, Name};
use crate::archive::signature::{PublicKey, Purpose, SignedFile};
use crate::archive::store::read_entry;
use crate::archive::tombstone::Tombstones;
use crate::seal::anchor::Head;
use std::collections::BTreeMap;

/// What is left to hold against the files.
#[derive(Clone, Debug, Default)]
pub(crate) struct Judged {
    pub(crate) findings: Vec<Finding>,
    /// The manifests that nothing is wrong with.
    pub(crate) entries: BTreeMap<ChainNumber, ChainEntry>,
    /// Up to here every manifest is there and as it was signed.
    pub(super) proved: ChainNumber,
    /// The newest of the kept heads that agrees with the chain.
    pub(super) anchored: Option<ChainNumber>,
    pub(super) keys: Vec<PublicKey>,
    pub(crate) tombstones: Tombstones,
    /// Where the pieces of each life begin.
    pub(super) sealed_to: BTreeMap<LifeNumber, u64>,
}

/// What is wrong with a file.
type Fault = (FindingKind, String);

pub(crate) fn judge(evidence: &Evidence, trusted: Option<PublicKey>) -> Judged {
    let mut judged = Judged::default();
    let last = evidence
        .manifests
        .keys()
        .last()
        .copied()
        .unwrap_or_default();
    let mut number = ChainNumber::default();
    while number < last {
        number = number.next();
        judged.manifest(evidence, number);
    }
    judged.trust(trusted);
    judged.continuity();
    judged.tombstones();
    judged.anchor(evidence, last);
    judged.sidecars(evidence);
    judged
}

impl Judged {
    fn find(&mut self, kind: FindingKind, name: Name, detail: impl Into<String>) {
        self.findings.push(Finding::new(kind, name, detail));
    }

    fn manifest(&mut self, evidence: &Evidence, number: ChainNumber) {
        let name = Name::Manifest(number);
        let entry = match self.accepted(evidence, number) {
            Ok(entry) => entry,
            Err((kind, detail)) => return self.find(kind, name, detail),
        };
        let before = ChainNumber(number.0 - 1);
        let expected = evidence.manifests.get(&before);
        let expected = expected.map(|bytes| Digest::of(bytes));
        // Of one that is missing or damaged, more can't be said.
        let is_known = number.0 == 1 || self.entries.contains_key(&before);
        if is_known && entry.manifest.previous != expected {
            self.entries.remove(&before);
            let detail = format!("{name} continues another file of this name");
            self.find(FindingKind::Altered, Name::Manifest(before), detail);
        }
        self.entries.insert(number, entry);
        if self.findings.is_empty() {
            self.proved = number;
        }
    }

    /// A manifest that nothing is wrong with by itself.
    fn accepted(&mut self, evidence: &Evidence, number: ChainNumber) -> Result<ChainEntry, Fault> {
        let missing = || {
            (
                FindingKind::Missing,
                "the chain has no such manifest".to_owned(),
            )
        };
        let bytes = evidence.manifests.get(&number).ok_or_else(missing)?;
        let altered = |reason: String| (FindingKind::Altered, reason);
        let signed = SignedFile::parse(bytes).map_err(|error| altered(error.to_string()))?;
        if !signed.is_genuine(Purpose::Manifest) {
            let reason = "its signature does not fit its contents";
            return Err(altered(reason.to_owned()));
        }
        let entry = read_entry("it", bytes).map_err(|error| altered(error.to_string()))?;
        let manifest = &entry.manifest;
        if manifest.source.name != evidence.source {
            let detail = format!("it is a manifest of {}", manifest.source);
            return Err((FindingKind::Replayed, detail));
        }
        if manifest.number != number {
            let own = Name::Manifest(manifest.number);
            let is_copy = evidence.manifests.get(&manifest.number) == Some(bytes);
            return Err(if is_copy {
                (FindingKind::Doubled, format!("it is a copy of {own}"))
            } else {
                (FindingKind::Reordered, format!("it was {own}"))
            });
        }
        if !self.accepts_key(&entry) {
            let detail = match &manifest.entry {
                Entry::Key(_) => "no earlier key of the chain vouches for",
                Entry::Sealed(_) | Entry::Expired(_) => {
                    "it is not signed with the chain's key, but with"
                }
            };
            let detail = format!("{detail} {}", entry.public_key);
            return Err((FindingKind::OtherKey, detail));
        }
        Ok(entry)
    }

    fn accepts_key(&mut self, entry: &ChainEntry) -> bool {
        let key = entry.public_key;
        let is_accepted = match (self.keys.last(), &entry.manifest.entry) {
            (None, _) => true,
            (Some(last), Entry::Key(change)) => leads(&change.endorsements, *last, key),
            (Some(last), Entry::Sealed(_) | Entry::Expired(_)) => *last == key,
        };
        if is_accepted && self.keys.last() != Some(&key) {
            self.keys.push(key);
        }
        is_accepted
    }

    /// Keys lead from one to the next, and each hash binds what was before: it does not matter
    /// which of the chain's keys the auditor has.
    fn trust(&mut self, trusted: Option<PublicKey>) {
        let Some(trusted) = trusted else { return };
        let used = self
            .entries
            .values()
            .any(|entry| entry.public_key == trusted);
        if !used && !self.entries.is_empty() {
            self.proved = ChainNumber::default();
            let first = self.entries.keys().next().copied().unwrap_or_default();
            let detail = format!("no manifest is signed with the given key {trusted}");
            self.find(FindingKind::OtherKey, Name::Manifest(first), detail);
        }
    }

    /// The ranges of a life follow one another.
    fn continuity(&mut self) {
        let mut findings = Vec::new();
        let mut ends: BTreeMap<LifeNumber, u64> = BTreeMap::new();
        for (number, entry) in &self.entries {
            let Some(sealed) = entry.sealed() else {
                continue;
            };
            let Sealed { life, start, .. } = *sealed;
            let end = ends.insert(life, sealed.end).unwrap_or(sealed.file.first);
            let (kind, detail) = match start.cmp(&end) {
                std::cmp::Ordering::Equal => continue,
                std::cmp::Ordering::Greater => (
                    FindingKind::Missing,
                    format!("life {} lacks a manifest of bytes {end} to {start}", life.0),
                ),
                std::cmp::Ordering::Less => (
                    FindingKind::Doubled,
                    format!("life {} has bytes {start} to {end} twice", life.0),
                ),
            };
            findings.push(Finding::new(kind, Name::Manifest(*number), detail));
        }
        self.findings.extend(findings);
        self.sealed_to = ends;
    }

    /// What was deleted lawfully.
    fn tombstones(&mut self) {
        self.tombstones = Tombstones::of(self.entries.values());
        for (tombstone, number) in self.tombstones.wrong.clone() {
            let named = Name::Manifest(number);
            let detail = format!("it tells what {named} does not, or what was too young to expire");
            self.find(FindingKind::Altered, Name::Manifest(tombstone), detail);
        }
    }

    fn anchor(&mut self, evidence: &Evidence, last: ChainNumber) {
        let Some(heads) = &evidence.anchor else {
            return;
        };
        let mut highest = None;
        for (file, bytes) in heads {
            match self.head(evidence, bytes) {
                Ok(head) if head.number > last => highest = highest.max(Some(head.number)),
                Ok(head) => self.anchored = self.anchored.max(Some(head.number)),
                Err((kind, detail)) => self.findings.push(Finding::new(kind, file, detail)),
            }
        }
        if heads.is_empty() && !evidence.manifests.is_empty() {
            let detail = "no head of this source is kept there";
            self.findings
                .push(Finding::new(FindingKind::Missing, "anchor", detail));
        }
        if let Some(highest) = highest {
            let detail = format!(
                "the chain ends with manifest {}, and the head of manifest {} was kept: what is between is gone",
                last.0, highest.0
            );
            self.find(FindingKind::Truncated, Name::Manifest(highest), detail);
        }
    }

    /// A kept head that is genuine, and does not speak against the chain.
    fn head(&self, evidence: &Evidence, bytes: &[u8]) -> Result<Head, Fault> {
        let altered = |reason: String| (FindingKind::Altered, reason);
        let signed = SignedFile::parse(bytes).map_err(|error| altered(error.to_string()))?;
        if !signed.is_genuine(Purpose::Anchor) {
            let reason = "the signature of the kept head does not fit its contents";
            return Err(altered(reason.to_owned()));
        }
        let head: Head =
            serde_json::from_slice(signed.body).map_err(|error| altered(error.to_string()))?;
        if head.source.name != evidence.source {
            let detail = format!("it is the head of {}", head.source);
            return Err((FindingKind::Replayed, detail));
        }
        if !self.keys.contains(&signed.public_key) {
            let detail = format!("the chain knows no key {}", signed.public_key);
            return Err((FindingKind::OtherKey, detail));
        }
        let there = evidence.manifests.get(&head.number);
        match there.map(|bytes| Digest::of(bytes)) {
            Some(there) if there != head.manifest_sha256 => {
                let name = Name::Manifest(head.number);
                Err(altered(format!("{name} is not the one that was kept here")))
            }
            _ => Ok(head),
        }
    }

    /// Each life has its sidecar, which says what the manifests say.
    fn sidecars(&mut self, evidence: &Evidence) {
        let sealed = self.sealed_to.keys().last().copied();
        let last = evidence.lives.keys().last().copied().max(sealed);
        let mut life = LifeNumber::default();
        while Some(life) < last {
            life = life.next();
            match evidence.lives.get(&life) {
                None => self.find(
                    FindingKind::Missing,
                    Name::Life(life),
                    "a later life has its sidecar",
                ),
                Some(Err(reason)) => self.find(FindingKind::Altered, Name::Life(life), reason),
                Some(Ok(sidecar)) => {
                    let sealed = self.entries.values().filter_map(ChainEntry::sealed);
                    let differs = sealed.filter(|sealed| sealed.life == life).any(|sealed| {
                        let file = &sealed.file;
                        (&file.name, file.file, &file.head, file.first)
                            != (&sidecar.name, sidecar.file, &sidecar.head, sidecar.first)
                    });
                    if differs {
                        let detail = "a manifest describes another file";
                        self.find(FindingKind::Altered, Name::Life(life), detail);
                    }
                }
            }
        }
    }
}
