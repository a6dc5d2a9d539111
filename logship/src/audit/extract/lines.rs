//! The lines of an extract, from its segments alone: the same for whoever makes it and for whoever
//! verifies it.

use crate::archive::ArchiveError;
use crate::archive::facts::Carry;
use crate::archive::manifest::ChainEntry;
use crate::archive::names::{ChainNumber, LifeNumber};
use crate::archive::store::Store;
use crate::audit::lines::{Cutter, Filter, Line, ScanError};
use std::collections::{BTreeMap, BTreeSet};
use std::io;

/// Visits the lines that are asked for, of each life in order. `chosen` are the manifests whose segments
/// lie in `store`; a line whose beginning or end is in none of them comes in part.
pub(super) async fn lines(
    store: &Store,
    entries: &[&ChainEntry],
    chosen: &BTreeSet<ChainNumber>,
    filter: &Filter,
    mut visit: impl FnMut(&[u8]) -> io::Result<()>,
) -> Result<(), ScanError> {
    let mut lives: BTreeMap<LifeNumber, Vec<&ChainEntry>> = BTreeMap::new();
    for entry in entries {
        if let Some(sealed) = entry.sealed().filter(|sealed| sealed.segment.is_some()) {
            lives.entry(sealed.life).or_default().push(entry);
        }
    }
    let mut asked = |line: Line<'_>| {
        if filter.is_in_range(&line) && filter.has_level(&line) {
            visit(line.bytes)?;
        }
        Ok(())
    };
    for (life, chain) in lives {
        let mut carry = Carry::default();
        let mut cutter: Option<Cutter> = None;
        for entry in chain {
            let Some(sealed) = entry.sealed() else {
                continue;
            };
            if chosen.contains(&entry.manifest.number) {
                let cutter = cutter.get_or_insert_with(|| Cutter::new(life, sealed.start, carry));
                push(store, entry, cutter, &mut asked).await?;
            } else if let Some(cutter) = cutter.take() {
                cutter.end(&mut asked)?;
            }
            carry = sealed.carry;
        }
        if let Some(cutter) = cutter {
            cutter.end(&mut asked)?;
        }
    }
    Ok(())
}

/// The bytes of a segment.
async fn push(
    store: &Store,
    entry: &ChainEntry,
    cutter: &mut Cutter,
    visit: &mut impl FnMut(Line<'_>) -> io::Result<()>,
) -> Result<(), ScanError> {
    let Some(segment) = entry.sealed().and_then(|sealed| sealed.segment.as_ref()) else {
        return Ok(());
    };
    let reader = (store.open_segment(&segment.name).await).map_err(ArchiveError::from)?;
    for frame in &segment.frames {
        let bytes = store.read_frame(&reader, frame).await?;
        cutter.push(&bytes, visit)?;
    }
    Ok(())
}
