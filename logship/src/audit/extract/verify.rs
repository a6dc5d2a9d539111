//! Verifying an extract, with nothing but the extract.

use super::lines::lines;
use super::select::select;
use super::{Asked, ExtractError, Place, Statement};
use crate::archive::manifest::ChainEntry;
use crate::archive::names::ChainNumber;
use crate::archive::records::VERSION;
use crate::archive::signature::PublicKey;
use crate::archive::store::Store;
use crate::audit::evidence::Evidence;
use crate::audit::files;
use crate::audit::judge::{Judged, judge};
use crate::audit::lines::{Filter, ScanError};
use crate::audit::verify::{VerifyOptions, read_segments};
use crate::audit::{Finding, FindingKind};
use crate::seal::anchor::Anchor;
use comptoir_lake::LakeOptions;
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

/// What an extract proves of one source.
#[derive(Clone, Debug, Serialize)]
pub struct Covered {
    pub source: String,
    /// The archive that it says it was taken from.
    pub archive: String,
    pub is_genuine: bool,
    pub findings: Vec<Finding>,
    pub asked: Asked,
    /// Up to this manifest, of that time: all segments that may hold what was asked for are there.
    pub manifests: u64,
    pub sealed_at: Option<Timestamp>,
    /// The newest head that agrees.
    pub anchored: Option<u64>,
    pub keys: Vec<PublicKey>,
    pub segments: u64,
    /// Of the source, in these segments.
    pub bytes: u64,
    /// Segments with what was asked for that had expired.
    pub expired: u64,
    /// That were asked for, in the text.
    pub lines: u64,
    pub notes: Vec<String>,
}

/// `options` say which key and which anchor the auditor has; the range is that of the extract.
pub async fn verify_extract(
    path: &Path,
    options: &VerifyOptions,
) -> Result<Vec<Covered>, ExtractError> {
    let place = Place::at(path)?;
    let statement = statement(&place)?;
    let mut covered = Vec::new();
    for source in &statement.sources {
        covered.push(verify_source(&place, &statement, source, options).await?);
    }
    Ok(covered)
}

fn statement(place: &Place) -> Result<Statement, ExtractError> {
    let none = |reason: String| ExtractError::NoExtract {
        path: place.path.clone(),
        reason,
    };
    let json = std::fs::read(place.statement()).map_err(|error| none(error.to_string()))?;
    let statement: Statement =
        serde_json::from_slice(&json).map_err(|error| none(error.to_string()))?;
    if statement.version > VERSION {
        return Err(none(format!("it has version {}", statement.version)));
    }
    Ok(statement)
}

async fn verify_source(
    place: &Place,
    statement: &Statement,
    source: &str,
    options: &VerifyOptions,
) -> Result<Covered, ExtractError> {
    let store = place.store(source)?;
    let own_anchor = own_anchor(place)?;
    let anchor = options.anchor.as_ref().or(own_anchor.as_ref());
    let evidence = Evidence::gather(&store, source, anchor).await?;
    let judged = judge(&evidence, options.public_key);
    let filter = statement.asked.filter();
    let selected = select(judged.entries.values(), &statement.asked);
    let expired = &judged.tombstones.expired;
    let needed: BTreeSet<ChainNumber> = (selected.iter())
        .filter(|number| !expired.contains_key(number))
        .copied()
        .collect();
    let sealed = needed
        .iter()
        .filter_map(|number| judged.entries[number].sealed());
    let sealed: Vec<_> = sealed.collect();
    let sums = files::sums(&judged);
    let mut findings = judged.findings.clone();
    findings.extend(read_segments(&store, &evidence, &sealed, options, &sums, &|_| ()).await?);
    let mut lines = 0;
    if !options.quick && findings.is_empty() {
        let text = check_text(place, source, &store, &judged, &needed, &filter).await?;
        lines = text.lines;
        findings.extend(text.finding);
    }
    findings.sort();
    findings.dedup();
    let last = judged.entries.get(&judged.proved);
    Ok(Covered {
        source: source.to_owned(),
        archive: statement.archive.clone(),
        is_genuine: findings.is_empty(),
        findings,
        asked: statement.asked,
        manifests: judged.proved.0,
        sealed_at: last.map(|entry| entry.manifest.sealed_at),
        anchored: judged.anchored.map(|number| number.0),
        keys: judged.keys.clone(),
        segments: needed.len() as u64,
        bytes: sealed.iter().map(|sealed| sealed.end - sealed.start).sum(),
        expired: (selected.len() - needed.len()) as u64,
        lines,
        notes: notes(options, own_anchor.is_some()),
    })
}

/// The head that came with the extract.
fn own_anchor(place: &Place) -> Result<Option<Anchor>, ExtractError> {
    let path = place.anchor();
    if !path.is_dir() {
        return Ok(None);
    }
    let anchor = Anchor::open(&path.display().to_string(), LakeOptions::default())?;
    Ok(Some(anchor))
}

fn notes(options: &VerifyOptions, has_own_anchor: bool) -> Vec<String> {
    let mut notes = Vec::new();
    if options.public_key.is_none() {
        let note = "no public key was given: an extract that somebody made up as a whole, with a key of his own, is not seen (--public-key)";
        notes.push(note.to_owned());
    }
    match (&options.anchor, has_own_anchor) {
        (Some(_), _) => {}
        (None, true) => notes.push(
            "the kept head is the one that came with the extract: hold it against your own (--anchor)"
                .to_owned(),
        ),
        (None, false) => notes.push(
            "no anchor was given: what was sealed behind the last manifest of the extract is not in it"
                .to_owned(),
        ),
    }
    if options.quick {
        notes.push("only manifests and lengths were checked (--quick)".to_owned());
    }
    notes
}

#[derive(Default)]
struct Text {
    lines: u64,
    finding: Option<Finding>,
}

/// The text has to be what the segments say.
async fn check_text(
    place: &Place,
    source: &str,
    store: &Store,
    judged: &Judged,
    chosen: &BTreeSet<ChainNumber>,
    filter: &Filter,
) -> Result<Text, ExtractError> {
    let name = format!("text/{source}");
    let missing = || Finding::new(FindingKind::Missing, &name, "the lines that were asked for");
    let Ok(file) = File::open(place.text(source)) else {
        return Ok(Text {
            finding: Some(missing()),
            ..Text::default()
        });
    };
    let entries: Vec<&ChainEntry> = judged.entries.values().collect();
    let mut text = Held {
        file: BufReader::new(file),
        at: 0,
        differs_at: None,
    };
    let mut lines_found = 0;
    lines(store, &entries, chosen, filter, |line| {
        lines_found += u64::from(line.ends_with(b"\n"));
        text.hold(line)
    })
    .await?;
    let is_longer = text.has_more().map_err(ScanError::from)?;
    let differs_at = text.differs_at.or(is_longer.then_some(text.at));
    let finding = differs_at.map(|at| {
        let detail = format!("from byte {at} on it is not what the segments hold");
        Finding::new(FindingKind::Altered, &name, detail)
    });
    Ok(Text {
        lines: lines_found,
        finding,
    })
}

/// A file that is held against what comes.
struct Held {
    file: BufReader<File>,
    at: u64,
    differs_at: Option<u64>,
}

impl Held {
    fn hold(&mut self, expected: &[u8]) -> io::Result<()> {
        if self.differs_at.is_some() {
            return Ok(());
        }
        let mut there = Vec::new();
        let mut part = (&mut self.file).take(expected.len() as u64);
        part.read_to_end(&mut there)?;
        let agreeing = there.iter().zip(expected).take_while(|(a, b)| a == b);
        let agreeing = agreeing.count();
        self.at += agreeing as u64;
        if agreeing < expected.len() {
            self.differs_at = Some(self.at);
        }
        Ok(())
    }

    fn has_more(&mut self) -> io::Result<bool> {
        Ok(self.file.read(&mut [0])? > 0)
    }
}
