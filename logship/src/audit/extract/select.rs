//! Which segments hold what is asked for, by the index in their manifests. Pure.
//!
//! Whoever makes an extract and whoever verifies it decide alike: so that nothing was left out can be
//! told from the manifests, all of which are in it.

use crate::archive::manifest::{ChainEntry, Sealed};
use crate::archive::names::{ChainNumber, LifeNumber};
use crate::audit::extract::Asked;
use crate::audit::lines::Filter;
use std::collections::{BTreeMap, BTreeSet};

/// The segments of one life, one behind the other.
type Chain<'a> = Vec<(ChainNumber, &'a Sealed)>;

/// The manifests whose segments may hold lines that are asked for, or a part of such a line. `entries`
/// come in the order of their numbers.
pub(super) fn select<'a>(
    entries: impl IntoIterator<Item = &'a ChainEntry>,
    asked: &Asked,
) -> BTreeSet<ChainNumber> {
    let filter = &asked.filter();
    let mut lives: BTreeMap<LifeNumber, Chain> = BTreeMap::new();
    for entry in entries {
        if let Some(sealed) = entry.sealed().filter(|sealed| sealed.segment.is_some()) {
            let chain = lives.entry(sealed.life).or_default();
            chain.push((entry.manifest.number, sealed));
        }
    }
    let lives = lives.into_iter();
    let of_life = lives.filter(|(life, _)| filter.life.is_none_or(|asked| asked == *life));
    of_life
        .flat_map(|(_, chain)| select_of_life(&chain, filter))
        .filter(|number| asked.segments.is_none_or(|numbers| numbers.have(*number)))
        .collect()
}

fn select_of_life(chain: &Chain<'_>, filter: &Filter) -> BTreeSet<ChainNumber> {
    let mut chosen = BTreeSet::new();
    for (at, (_, sealed)) in chain.iter().enumerate() {
        let frames = sealed.segment.iter().flat_map(|segment| &segment.frames);
        if frames.into_iter().any(|frame| filter.may_hold(frame)) {
            chosen.extend([at]);
            chosen.extend(before(chain, at));
            chosen.extend(behind(chain, at));
        }
        // The index has judged a line that goes on behind the segment by its beginning alone.
        let next = chain.get(at + 1).and_then(|(_, next)| next.from);
        let carry = sealed.carry;
        if carry.inside_line && filter.may_lie_between(carry.time, next) {
            chosen.extend([at]);
            chosen.extend(before(chain, at));
            chosen.extend(behind(chain, at));
        }
    }
    chosen.into_iter().map(|at| chain[at].0).collect()
}

/// Back to the segment in which the first line of this one begins.
fn before(chain: &Chain<'_>, at: usize) -> Vec<usize> {
    let mut all = Vec::new();
    for before in (0..at).rev() {
        let (_, sealed) = chain[before];
        if !sealed.carry.inside_line {
            break;
        }
        all.push(before);
        if sealed.lines > 0 {
            break;
        }
    }
    all
}

/// On to the segment in which the last line of this one ends.
fn behind(chain: &Chain<'_>, at: usize) -> Vec<usize> {
    let mut all = Vec::new();
    let mut is_open = chain[at].1.carry.inside_line;
    for (behind, (_, sealed)) in chain.iter().enumerate().skip(at + 1) {
        if !is_open {
            break;
        }
        all.push(behind);
        is_open = sealed.lines == 0;
    }
    all
}

#[cfg(test)]
mod tests;
