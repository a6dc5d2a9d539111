//! An extract: the segments that hold what is asked for, with what proves them without the rest of the
//! archive: all manifests, the sidecars, and the newest kept head. FORMAT.md says what lies where.

mod asked;
mod copy;
mod lines;
mod select;
mod verify;

pub use asked::{Asked, NoNumbers, Numbers};
pub use verify::{Covered, verify_extract};

use super::evidence::Evidence;
use super::judge::{Judged, judge};
use super::lines::ScanError;
use super::verify::Progress;
use super::{Finding, FindingKind};
use crate::archive::ArchiveError;
use crate::archive::manifest::{ChainEntry, Segment};
use crate::archive::names::{ChainNumber, Name};
use crate::archive::records::VERSION;
use crate::archive::store::Store;
use crate::seal::anchor::Anchor;
use bytes::Bytes;
use comptoir_config::clock;
use comptoir_lake::{Lake, LakeError, LakeOptions, LakePath, Recursive};
use copy::{Copied, copy};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// `extract.json`: what whoever made it asked for. Not signed: it can only be made to promise less.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    pub version: u32,
    pub made_at: Timestamp,
    /// The archive it was taken from.
    pub archive: String,
    pub sources: Vec<String>,
    pub asked: Asked,
}

/// What was taken of a source.
#[derive(Clone, Debug, Default)]
pub struct Extracted {
    pub segments: u64,
    /// Of the segments, as they are stored.
    pub bytes: u64,
    pub lines: u64,
    /// Of what was asked for, segments that expired.
    pub expired: u64,
    /// Bytes behind the last manifest: nothing proves these yet.
    pub unsealed_bytes: u64,
    /// Segments that are not as their manifests say; they were taken as they are.
    pub findings: Vec<Finding>,
}

#[derive(Debug, thiserror::Error)]
pub enum ExtractError {
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    #[error(transparent)]
    Scan(#[from] ScanError),
    #[error("{path}: {cause}\nhint: can this user write there, and is there space?")]
    Local {
        path: PathBuf,
        cause: std::io::Error,
    },
    #[error("{path} is there already and not empty\nhint: give another --output")]
    Occupied { path: PathBuf },
    #[error(
        "{path} is no extract: {reason}\nhint: give the directory that `audit extract` wrote; one without extract.json was not finished"
    )]
    NoExtract { path: PathBuf, reason: String },
}

impl From<LakeError> for ExtractError {
    fn from(error: LakeError) -> Self {
        Self::Archive(error.into())
    }
}

/// Where an extract lies.
pub struct Place {
    path: PathBuf,
    lake: Lake,
}

impl Place {
    /// An empty directory, made where there is none.
    pub fn make(path: &Path) -> Result<Self, ExtractError> {
        let failed = |cause| ExtractError::Local {
            path: path.to_owned(),
            cause,
        };
        std::fs::create_dir_all(path).map_err(failed)?;
        if std::fs::read_dir(path).map_err(failed)?.next().is_some() {
            return Err(ExtractError::Occupied {
                path: path.to_owned(),
            });
        }
        Self::at(path)
    }

    fn at(path: &Path) -> Result<Self, ExtractError> {
        let absolute = std::path::absolute(path).map_err(|cause| ExtractError::Local {
            path: path.to_owned(),
            cause,
        })?;
        let url = format!("file://{}", absolute.display());
        Ok(Self {
            lake: Lake::open(&url, LakeOptions::default())?,
            path: absolute,
        })
    }

    /// The copy of a source's archive.
    fn store(&self, source: &str) -> Result<Store, LakeError> {
        let directory = LakePath::parse("/archive")?.join(source)?;
        Ok(Store::new(self.lake.clone(), directory))
    }

    fn text(&self, source: &str) -> PathBuf {
        self.path.join("text").join(source)
    }

    fn anchor(&self) -> PathBuf {
        self.path.join("anchor")
    }

    fn statement(&self) -> PathBuf {
        self.path.join("extract.json")
    }

    /// The last file of an extract.
    pub fn finish(
        &self,
        archive: String,
        sources: Vec<String>,
        asked: Asked,
    ) -> Result<(), ExtractError> {
        let statement = Statement {
            version: VERSION,
            made_at: clock::now(),
            archive,
            sources,
            asked,
        };
        let path = self.statement();
        let json = serde_json::to_vec_pretty(&statement).map_err(std::io::Error::other);
        json.and_then(|json| std::fs::write(&path, json))
            .map_err(|cause| ExtractError::Local { path, cause })
    }
}

/// Takes what is asked for of one source. `progress` is told how many segments there are to copy, and
/// each time that one is done.
pub async fn extract(
    lake: &Lake,
    directory: &LakePath,
    asked: &Asked,
    anchor: Option<&Anchor>,
    place: &Place,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Extracted, ExtractError> {
    let store = Store::new(lake.clone(), directory.clone());
    let source = directory.file_name().unwrap_or_default();
    let target = place.store(source)?;
    let mut copied = BTreeMap::new();
    let (evidence, judged, selected) = loop {
        let evidence = Evidence::gather(&store, source, anchor).await?;
        let judged = judge(&evidence, None);
        let selected = select::select(judged.entries.values(), asked);
        let expired = &judged.tombstones.expired;
        let outdated = copied.extract_if(.., |number, _| expired.contains_key(number));
        for number in outdated.map(|(number, _)| number).collect::<Vec<_>>() {
            forget(&target, &judged, number).await?;
        }
        let needed: Vec<ChainNumber> = (selected.iter())
            .filter(|number| !expired.contains_key(number) && !copied.contains_key(number))
            .copied()
            .collect();
        let copies = copy(&store, &target, &judged, &needed, progress).await?;
        let is_gone = |copy: &Copied| matches!(copy, Copied::Wrong(finding) if finding.kind == FindingKind::Missing);
        let has_lost = copies.values().any(is_gone);
        copied.extend(copies);
        // What expired meanwhile is not missing: the chain is read again, with the tombstone.
        if !has_lost || !has_grown(&store, &evidence).await? {
            break (evidence, judged, selected);
        }
        copied.retain(|_, copy| !is_gone(copy));
    };
    for (number, bytes) in &evidence.manifests {
        put(&target, Name::Manifest(*number), bytes.clone()).await?;
    }
    for life in evidence.lives.keys() {
        let name = Name::Life(*life);
        put(&target, name, lake.read(&store.path(name)?).await?).await?;
    }
    put_proofs(place, source, &evidence, &judged).await?;
    let mut extracted = Extracted {
        segments: copied.len() as u64,
        expired: (selected.len() - copied.len()) as u64,
        unsealed_bytes: unsealed_bytes(&evidence, &judged),
        findings: judged.findings.clone(),
        ..Extracted::default()
    };
    let mut taken = BTreeSet::new();
    for (number, copy) in copied {
        extracted.bytes += segment_of(&judged, number).map_or(0, |segment| segment.bytes);
        match copy {
            Copied::Whole => drop(taken.insert(number)),
            Copied::Wrong(finding) => extracted.findings.push(finding),
        }
    }
    let path = place.text(source);
    let failed = |cause| ExtractError::Local {
        path: path.clone(),
        cause,
    };
    std::fs::create_dir_all(place.path.join("text")).map_err(failed)?;
    let mut text = BufWriter::new(std::fs::File::create(&path).map_err(failed)?);
    let entries: Vec<&ChainEntry> = judged.entries.values().collect();
    lines::lines(&target, &entries, &taken, &asked.filter(), |line| {
        extracted.lines += u64::from(line.ends_with(b"\n"));
        text.write_all(line)
    })
    .await?;
    text.flush().map_err(failed)?;
    Ok(extracted)
}

fn segment_of(judged: &Judged, number: ChainNumber) -> Option<&Segment> {
    let sealed = judged.entries.get(&number)?.sealed()?;
    sealed.segment.as_ref()
}

/// Of what expired after it was copied, nothing is kept.
async fn forget(target: &Store, judged: &Judged, number: ChainNumber) -> Result<(), ExtractError> {
    if let Some(segment) = segment_of(judged, number) {
        let path = target.segment_path(&segment.name)?;
        target.lake.delete(&path, Recursive::No).await?;
    }
    Ok(())
}

/// Whether the chain has an entry more than it had.
async fn has_grown(store: &Store, evidence: &Evidence) -> Result<bool, ExtractError> {
    let last = evidence.manifests.keys().last().copied();
    let next = store.path(Name::Manifest(last.unwrap_or_default().next()))?;
    Ok(store.lake.stat(&next).await?.is_some())
}

/// The keys for other programs, and the newest head that was kept.
async fn put_proofs(
    place: &Place,
    source: &str,
    evidence: &Evidence,
    judged: &Judged,
) -> Result<(), ExtractError> {
    let keys = LakePath::parse("/keys")?.join(source)?;
    for (at, key) in judged.keys.iter().enumerate() {
        let path = keys.join(&format!("key-{}.pem", at + 1))?;
        let pem = Bytes::from(key.to_pem());
        place.lake.write_decisive(&path, pem).await?;
    }
    let kept = evidence.anchor.iter().flatten().max_by_key(|(url, _)| url);
    if let Some((url, bytes)) = kept {
        let name = url.rsplit('/').next().unwrap_or_default();
        let path = LakePath::parse("/anchor")?.join(source)?.join(name)?;
        place.lake.write_decisive(&path, bytes.clone()).await?;
    }
    Ok(())
}

async fn put(target: &Store, name: Name, bytes: Bytes) -> Result<(), ExtractError> {
    let path = target.path(name)?;
    Ok(target.lake.write_decisive(&path, bytes).await?)
}

/// What no manifest has yet.
fn unsealed_bytes(evidence: &Evidence, judged: &Judged) -> u64 {
    let pieces = super::pieces::judge(evidence, judged).counted;
    pieces.iter().map(|(id, end)| end.end - id.start).sum()
}
