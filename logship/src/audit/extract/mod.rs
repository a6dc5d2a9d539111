//! An extract: the segments that hold what is asked for, with what proves them without the rest of the
//! archive: all manifests, the sidecars, and the newest kept head. FORMAT.md says what lies where.

mod lines;
mod select;
mod verify;

pub use verify::{Covered, verify_extract};

use super::evidence::Evidence;
use super::judge::{Judged, judge};
use super::lines::{Filter, ScanError};
use super::{Finding, FindingKind};
use crate::archive::ArchiveError;
use crate::archive::digest::Digest;
use crate::archive::manifest::ChainEntry;
use crate::archive::names::{ChainNumber, LifeNumber, Name};
use crate::archive::records::VERSION;
use crate::archive::store::Store;
use crate::seal::anchor::Anchor;
use bytes::Bytes;
use comptoir_config::clock;
use comptoir_lake::{Create, Lake, LakeError, LakeOptions, LakePath};
use comptoir_model::app_log::Level;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeSet;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// What is asked for; all of it where nothing is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Both inclusive.
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
    /// This level, and more urgent ones.
    pub level: Option<Level>,
    pub life: Option<LifeNumber>,
}

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

impl Asked {
    fn filter(&self) -> Filter {
        Filter {
            life: self.life,
            from: self.from,
            to: self.to,
            level: self.level,
        }
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

/// Takes what is asked for of one source.
pub async fn extract(
    lake: &Lake,
    directory: &LakePath,
    asked: &Asked,
    anchor: Option<&Anchor>,
    place: &Place,
) -> Result<Extracted, ExtractError> {
    let store = Store::new(lake.clone(), directory.clone());
    let source = directory.file_name().unwrap_or_default();
    let evidence = Evidence::gather(&store, source, anchor).await?;
    let judged = judge(&evidence, None);
    let target = place.store(source)?;
    for (number, bytes) in &evidence.manifests {
        put(&target, Name::Manifest(*number), bytes.clone()).await?;
    }
    for life in evidence.lives.keys() {
        let name = Name::Life(*life);
        put(&target, name, lake.read(&store.path(name)?).await?).await?;
    }
    put_proofs(place, source, &evidence, &judged).await?;
    let filter = asked.filter();
    let selected = select::select(judged.entries.values(), &filter);
    let expired = &judged.tombstones.expired;
    let is_expired = |number: &&ChainNumber| expired.contains_key(number);
    let mut extracted = Extracted {
        expired: selected.iter().filter(is_expired).count() as u64,
        unsealed_bytes: unsealed_bytes(&evidence, &judged),
        findings: judged.findings.clone(),
        ..Extracted::default()
    };
    let mut taken = BTreeSet::new();
    for number in selected.iter().filter(|number| !is_expired(number)) {
        let entry = &judged.entries[number];
        match copy_segment(&store, &target, entry).await? {
            None => drop(taken.insert(*number)),
            Some(finding) => extracted.findings.push(finding),
        }
        extracted.segments += 1;
        let segment = entry.sealed().and_then(|sealed| sealed.segment.as_ref());
        extracted.bytes += segment.map_or(0, |segment| segment.bytes);
    }
    let path = place.text(source);
    let failed = |cause| ExtractError::Local {
        path: path.clone(),
        cause,
    };
    std::fs::create_dir_all(place.path.join("text")).map_err(failed)?;
    let mut text = BufWriter::new(std::fs::File::create(&path).map_err(failed)?);
    let entries: Vec<&ChainEntry> = judged.entries.values().collect();
    lines::lines(&target, &entries, &taken, &filter, |line| {
        extracted.lines += u64::from(line.ends_with(b"\n"));
        text.write_all(line)
    })
    .await?;
    text.flush().map_err(failed)?;
    Ok(extracted)
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

/// Copies a segment, and says what is wrong with it.
async fn copy_segment(
    store: &Store,
    target: &Store,
    entry: &ChainEntry,
) -> Result<Option<Finding>, ExtractError> {
    let Some(segment) = entry.sealed().and_then(|sealed| sealed.segment.as_ref()) else {
        return Ok(None);
    };
    let name = Name::Segment(segment.name);
    let mut reader = match store.open_segment(segment.name).await {
        Err(LakeError::NotFound { .. }) => {
            let detail = "the archive has no such file";
            return Ok(Some(Finding::new(FindingKind::Missing, name, detail)));
        }
        reader => reader?,
    };
    let mut writer = (target.lake)
        .create(&target.path(name)?, Create::Exclusive)
        .await?;
    let mut sum = Sha256::new();
    while let Some(bytes) = reader.next_chunk().await? {
        sum.update(&bytes);
        writer.write(bytes).await?;
    }
    writer.close().await?;
    let is_same = Digest::from(sum.finalize()) == segment.sha256;
    let detail = "it was taken as it is, and is not what was signed";
    Ok((!is_same).then(|| Finding::new(FindingKind::Altered, name, detail)))
}

/// What no manifest has yet.
fn unsealed_bytes(evidence: &Evidence, judged: &Judged) -> u64 {
    let pieces = super::pieces::judge(evidence, judged).counted;
    pieces.iter().map(|(id, end)| end.end - id.start).sum()
}
