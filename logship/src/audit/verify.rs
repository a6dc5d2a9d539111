//! Verifying one source: gather, judge the chain, then hold every file against it, several at once.

use super::contents::Contents;
use super::evidence::Evidence;
use super::files::{self, Sums, check_bytes, check_length, check_others};
use super::finding::{Finding, FindingKind};
use super::judge::{Judged, judge};
use super::pieces::{self, check_lines};
use crate::archive::ArchiveError;
use crate::archive::manifest::{Entry, Sealed, Segment};
use crate::archive::names::ChainNumber;
use crate::archive::signature::PublicKey;
use crate::archive::store::Store;
use crate::seal::anchor::Anchor;
use comptoir_lake::{Lake, LakePath};
use futures::{StreamExt, TryStreamExt};
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeSet;

/// An archive that seems to lack a piece is looked at so often.
const GATHERED_MAX: u32 = 3;

/// What is asked for.
#[derive(Clone, Debug, Default)]
pub struct VerifyOptions {
    /// Segments whose lines may lie in between; the chain is always judged as a whole.
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
    /// Manifests and lengths, no contents.
    pub quick: bool,
    /// One of the chain's keys, as the auditor has it.
    pub public_key: Option<PublicKey>,
    pub anchor: Option<Anchor>,
    /// Files that are read at once; 0 reads one a processor.
    pub at_once: usize,
}

/// What came of it.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    pub source: String,
    pub location: String,
    pub is_intact: bool,
    pub findings: Vec<Finding>,
    pub proved: Proved,
    /// What was not asked, or can't be known.
    pub notes: Vec<String>,
    /// For people: the same is in the manifests.
    #[serde(skip)]
    pub contents: Contents,
}

/// How far the chain is whole.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Proved {
    /// The number of the last manifest before which nothing is wrong.
    pub manifests: u64,
    pub sealed_at: Option<Timestamp>,
    /// The latest time of a line in it.
    pub until: Option<Timestamp>,
    pub lives: u64,
    /// Of these and of the lines, what expired is not counted.
    pub bytes: u64,
    pub lines: u64,
    pub gaps: u64,
    pub expired: ExpiredTotals,
    pub hosts: BTreeSet<String>,
    pub keys: Vec<PublicKey>,
    /// The number up to which a kept head says the same.
    pub anchored: Option<u64>,
    pub unsealed_pieces: u64,
    pub unsealed_bytes: u64,
}

/// What was deleted because of its age, and tombstones say so.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ExpiredTotals {
    pub segments: u64,
    pub bytes: u64,
    pub lines: u64,
    /// The latest time of a line in it.
    pub until: Option<Timestamp>,
    /// The manifests that say so.
    pub tombstones: BTreeSet<u64>,
    /// Of the segments, those that lie there all the same.
    pub left: u64,
}

/// `progress` is told how many more files there are to read, and each time that one is done.
pub async fn verify(
    lake: &Lake,
    directory: &LakePath,
    options: &VerifyOptions,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Report, ArchiveError> {
    let store = Store::new(lake.clone(), directory.clone());
    let source = directory.file_name().unwrap_or_default();
    let mut gathered = 0;
    let (evidence, judged, pieces) = loop {
        gathered += 1;
        let evidence = Evidence::gather(&store, source, options.anchor.as_ref()).await?;
        let judged = judge(&evidence, options.public_key);
        let pieces = pieces::judge(&evidence, &judged);
        // A piece that is renamed while names are listed may be in no part of the list.
        if pieces.findings.is_empty() || gathered == GATHERED_MAX {
            break (evidence, judged, pieces);
        }
    };
    let mut findings = judged.findings.clone();
    findings.extend(pieces.findings.clone());
    let expired = &judged.tombstones.expired;
    let entries = judged.entries.iter();
    let sealed = entries
        .filter(|(number, _)| !expired.contains_key(number))
        .filter_map(|(_, entry)| entry.sealed());
    let asked: Vec<&Sealed> = sealed.filter(|sealed| options.asks(sealed)).collect();
    let sums = files::sums(&judged);
    let read = read_segments(&store, &evidence, &asked, options, &sums, progress).await?;
    findings.extend(without_expired(&store, source, read).await?);
    if !options.quick {
        progress(Progress::Begins(pieces.counted.len()));
        let read = futures::stream::iter(pieces.counted.clone())
            .map(|piece| check_lines(&store, &evidence, piece))
            .buffer_unordered(options.at_once())
            .inspect(|_| progress(Progress::Read))
            .boxed();
        let found: Vec<Option<Finding>> = read.try_collect().await?;
        findings.extend(found.into_iter().flatten());
        findings.extend(check_others(&store, &evidence, &judged, &sums).await?);
    }
    findings.sort();
    findings.dedup();
    let mut proved = proved(&judged, &evidence);
    proved.unsealed_pieces = pieces.counted.len() as u64;
    proved.unsealed_bytes = pieces
        .counted
        .iter()
        .map(|(id, end)| end.end - id.start)
        .sum();
    Ok(Report {
        source: source.to_owned(),
        location: lake.url_of(directory),
        is_intact: findings.is_empty(),
        notes: notes(options, &proved),
        contents: Contents::of(&evidence, &judged, |sealed| options.asks(sealed)),
        findings,
        proved,
    })
}

/// Segments may expire while others are read: what a tombstone names that came since is not missing.
async fn without_expired(
    store: &Store,
    source: &str,
    mut findings: Vec<Finding>,
) -> Result<Vec<Finding>, ArchiveError> {
    let is_missing = |finding: &Finding| finding.kind == FindingKind::Missing;
    if findings.iter().any(is_missing) {
        let judged = judge(&Evidence::gather(store, source, None).await?, None);
        let expired = judged.tombstones.expired.keys();
        let expired =
            expired.filter_map(|number| judged.entries[number].sealed()?.segment.as_ref());
        let expired: BTreeSet<String> = expired.map(|segment| segment.name.to_string()).collect();
        findings.retain(|finding| !(is_missing(finding) && expired.contains(&finding.file)));
    }
    Ok(findings)
}

/// Holds segments against their manifests, several at once.
pub(super) async fn read_segments(
    store: &Store,
    evidence: &Evidence,
    asked: &[&Sealed],
    options: &VerifyOptions,
    sums: &Sums,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Vec<Finding>, ArchiveError> {
    let mut findings = Vec::new();
    let mut to_read = Vec::new();
    for sealed in asked {
        let Some(segment) = &sealed.segment else {
            continue;
        };
        match check_length(evidence, sealed) {
            // Of another length, it may be another segment.
            Some(finding) if options.quick || finding.kind == FindingKind::Missing => {
                findings.push(finding);
            }
            finding => to_read.push((*sealed, segment, finding)),
        }
    }
    if options.quick {
        return Ok(findings);
    }
    progress(Progress::Begins(to_read.len()));
    let read = futures::stream::iter(to_read)
        .map(|(sealed, segment, length)| check_bytes(store, sealed, segment, sums, length))
        .buffer_unordered(options.at_once())
        .inspect(|_| progress(Progress::Read))
        .boxed();
    let found: Vec<Option<Finding>> = read.try_collect().await?;
    findings.extend(found.into_iter().flatten());
    Ok(findings)
}

/// How far reading is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// So many more files are to be read.
    Begins(usize),
    /// One of them is.
    Read,
}

impl VerifyOptions {
    fn asks(&self, sealed: &Sealed) -> bool {
        let ends_before = |from| sealed.to.is_some_and(|to| to < from);
        let begins_behind = |to| sealed.from.is_some_and(|from| from > to);
        !(self.from.is_some_and(ends_before) || self.to.is_some_and(begins_behind))
    }

    fn at_once(&self) -> usize {
        match self.at_once {
            0 => std::thread::available_parallelism().map_or(2, usize::from),
            at_once => at_once,
        }
    }
}

fn proved(judged: &Judged, evidence: &Evidence) -> Proved {
    let mut proved = Proved {
        manifests: judged.proved.0,
        anchored: judged.anchored.map(|number| number.0),
        keys: judged.keys.clone(),
        ..Proved::default()
    };
    let mut lives = BTreeSet::new();
    for entry in judged
        .entries
        .range(..=judged.proved)
        .map(|(_, entry)| entry)
    {
        let manifest = &entry.manifest;
        proved.sealed_at = proved.sealed_at.max(Some(manifest.sealed_at));
        proved.hosts.insert(manifest.source.host.clone());
        if let Entry::Sealed(sealed) = &manifest.entry {
            lives.insert(sealed.life);
            proved.until = proved.until.max(sealed.to);
            proved.gaps += sealed.gaps.len() as u64;
            if let Some(tombstone) = judged.tombstones.expired.get(&manifest.number) {
                proved.expired.add(sealed, *tombstone, evidence);
            } else {
                proved.bytes += sealed.end - sealed.start;
                proved.lines += sealed.lines;
            }
        }
    }
    proved.lives = lives.len() as u64;
    proved
}

impl ExpiredTotals {
    fn add(&mut self, sealed: &Sealed, tombstone: ChainNumber, evidence: &Evidence) {
        let lies_there = |segment: &Segment| evidence.length_of(&segment.name).is_some();
        self.segments += 1;
        self.bytes += sealed.end - sealed.start;
        self.lines += sealed.lines;
        self.until = self.until.max(sealed.to);
        self.tombstones.insert(tombstone.0);
        self.left += u64::from(sealed.segment.as_ref().is_some_and(lies_there));
    }
}

fn notes(options: &VerifyOptions, proved: &Proved) -> Vec<String> {
    let mut notes = Vec::new();
    if options.public_key.is_none() {
        let note = "no public key was given: whoever wrote all of it anew, with a key of his own, is not seen (--public-key)";
        notes.push(note.to_owned());
    }
    match (&options.anchor, proved.anchored) {
        (None, _) => notes.push(
            "no anchor was given: that the newest manifests were deleted is not seen (--anchor)"
                .to_owned(),
        ),
        (Some(_), Some(number)) => notes.push(format!(
            "what was deleted behind manifest {number}, the newest whose head was kept, is not seen"
        )),
        (Some(_), None) => {}
    }
    if proved.unsealed_pieces > 0 {
        notes.push(format!(
            "{} pieces with {} bytes are not sealed yet: of these, lengths and lines were checked, and a change that keeps both is not seen",
            proved.unsealed_pieces, proved.unsealed_bytes
        ));
    }
    if proved.expired.left > 0 {
        notes.push(format!(
            "{} segments that expired lie there still: `audit expire` deletes them",
            proved.expired.left
        ));
    }
    if options.from.is_some() || options.to.is_some() {
        let note = "of segments without lines in the range that was asked for, nothing was checked but their manifests";
        notes.push(note.to_owned());
    }
    if options.quick {
        notes.push("only manifests and lengths were checked (--quick)".to_owned());
    }
    notes
}
