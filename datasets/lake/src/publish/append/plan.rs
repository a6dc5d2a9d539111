//! What an appended target becomes. Pure: what was found goes in, what to write comes out.
//!
//! Any number of publishers may add to a target, and any of them may be paused or killed anywhere:
//!
//! - A part lies beside the target until all are written, then hidden in the target.
//! - The manifest that names it is written beside the target too, and renamed into the target under
//!   a name of the run's own. Only then is looked whether the run's parts lie in the target, and
//!   whether the manifest goes on from the highest one. The rename to `_manifest-<n>` decides. It
//!   fails where another publisher took the number, where the target was replaced meanwhile (the
//!   file went with the old one), and where the run was swept.
//! - Who sweeps a run takes its directory first: from then on no file of it comes into the target.
//!   Then it lists the target, deletes the run's undecided manifests, looks which manifest counts,
//!   and only then deletes the run's hidden parts that it does not name.
//! - A hidden part gets its name after it is published, and never loses it again.
//! - A file of rows that were set aside goes the same way, and keeps the name that it has in the
//!   target from the first.

use super::names::{self, Listing};
use comptoir_model::api::PartInfo;
use comptoir_model::ids::RunId;
use comptoir_model::incremental::IncrementalState;
use comptoir_model::manifest::{Appended, Manifest, OtherPart};
use std::collections::BTreeSet;

/// How many manifests stay: a publisher that looked before so many others decided still finds its
/// number taken.
pub const KEEP_MANIFESTS: u64 = 100;

/// The manifest that counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Current {
    pub(crate) number: u64,
    pub(crate) manifest: Manifest,
}

/// What a run may add its rows to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Base {
    /// Whatever is there.
    Any,
    /// Only what has the incremental state that this run left; `None`: what has none.
    State(Option<RunId>),
}

impl Base {
    /// Whether what is there now will do.
    pub(crate) fn fits(&self, current: Option<&Current>) -> bool {
        self.fits_state(current.and_then(|current| current.manifest.incremental.as_ref()))
    }

    /// Whether the target with this manifest will do.
    pub fn fits_manifest(&self, manifest: &Manifest) -> bool {
        self.fits_state(manifest.incremental.as_ref())
    }

    fn fits_state(&self, state: Option<&IncrementalState>) -> bool {
        match self {
            Self::Any => true,
            Self::State(run) => state.map(|state| &state.run) == run.as_ref(),
        }
    }
}

/// The files that hold rows, and that no manifest names.
pub(crate) fn unnamed(listing: &Listing, current: Option<&Current>) -> Vec<String> {
    let named: BTreeSet<&str> = current
        .iter()
        .flat_map(|current| named_by(&current.manifest))
        .collect();
    let visible = listing.visible.iter();
    visible
        .filter(|name| !named.contains(name.as_str()))
        .cloned()
        .collect()
}

fn named_by(manifest: &Manifest) -> impl Iterator<Item = &str> {
    let parts = manifest.parts.iter().map(|part| part.name.as_str());
    let others = manifest.appended.others.iter();
    parts.chain(others.map(|part| part.name.as_str()))
}

/// The files of a run, each as it lies in the run's directory, with its name in the target before
/// anything is decided.
pub(crate) fn undecided(own: &Manifest) -> impl Iterator<Item = (&str, String)> {
    let parts = own.parts.iter();
    let parts = parts.map(|part| (part.name.as_str(), names::hidden(&part.name, &own.run)));
    let aside = own.quarantine.iter();
    parts.chain(aside.map(|file| {
        (
            file.name.as_str(),
            names::set_aside_name(&file.name, &own.run),
        )
    }))
}

/// The manifest of everything in the target together with the parts of `own`, whose numbers go on
/// after the highest there, as Sqoop's do. `adopted` are the files that no manifest named.
pub(crate) fn next(
    own: &Manifest,
    current: Option<&Current>,
    listing: &Listing,
    adopted: Vec<OtherPart>,
) -> Manifest {
    let mut next = own.clone();
    let mut appended = Appended::default();
    let (mut parts, mut quarantine) = (Vec::new(), Vec::new());
    if let Some(Current { manifest, .. }) = current {
        appended.others.clone_from(&manifest.appended.others);
        let waiting = manifest.appended.hidden.iter();
        let waiting = waiting.filter(|(_, hidden)| listing.hidden.contains_key(*hidden));
        appended.hidden = waiting
            .map(|(name, hidden)| (name.clone(), hidden.clone()))
            .collect();
        if own.describes_parts_of(manifest) {
            parts.clone_from(&manifest.parts);
            quarantine.clone_from(&manifest.quarantine);
            appended.earlier = match (&manifest.incremental, &own.incremental) {
                (Some(_), Some(_)) => manifest.appended.earlier.clone(),
                _ => manifest.sources(),
            };
            next.ambiguous_rows += manifest.ambiguous_rows;
            next.lossy_nulls += manifest.lossy_nulls;
        } else {
            let others = manifest.parts.iter().chain(&manifest.quarantine).cloned();
            appended.others.extend(others.map(OtherPart::from));
        }
        if next.incremental.is_none() {
            next.incremental.clone_from(&manifest.incremental);
        }
    }
    appended.others.extend(adopted);
    let taken = current
        .iter()
        .flat_map(|current| named_by(&current.manifest));
    let taken = taken.chain(listing.visible.iter().map(String::as_str));
    let first = taken
        .filter_map(names::number_of)
        .max()
        .map_or(0, |n| n + 1);
    for (number, part) in (first..).zip(&own.parts) {
        let mut named = part.clone();
        named.name = names::renumbered(&part.name, number);
        let hidden = names::hidden(&part.name, &own.run);
        appended.hidden.insert(named.name.clone(), hidden);
        parts.push(named);
    }
    quarantine.extend(own.quarantine.iter().map(|file| PartInfo {
        name: names::set_aside_name(&file.name, &own.run),
        ..file.clone()
    }));
    next.parts = parts;
    next.quarantine = quarantine;
    next.appended = appended;
    next
}

/// Whether the manifest that was planned on `planned_on` may be decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Decide,
    /// Another publisher was faster.
    PlanAgain,
    /// The run was swept, or the target replaced.
    Fenced,
}

pub(crate) fn judge(
    own: &Manifest,
    planned_on: Option<&Current>,
    listing: &Listing,
    current: Option<&Current>,
) -> Verdict {
    let has_files = undecided(own).all(|(_, name)| listing.hidden.contains_key(&name));
    let key = |current: &Current| (current.number, current.manifest.run.clone());
    if !has_files {
        Verdict::Fenced
    } else if current.map(key) != planned_on.map(key) {
        Verdict::PlanAgain
    } else {
        Verdict::Decide
    }
}

/// Whether the manifest of this number, that the run created, is one that others go on from: it is
/// not, where the number had been in use and was freed long ago.
pub(crate) fn counts(number: u64, listing: &Listing) -> bool {
    let highest = listing.manifests.last().copied().unwrap_or(0);
    number + KEEP_MANIFESTS > highest
}

/// The hidden parts that can get their names, with those.
pub(crate) fn to_show(manifest: &Manifest, listing: &Listing) -> Vec<(String, String)> {
    let hidden = manifest.appended.hidden.iter();
    let waiting = hidden.filter(|(_, hidden)| listing.hidden.contains_key(*hidden));
    waiting
        .map(|(name, hidden)| (hidden.clone(), name.clone()))
        .collect()
}

/// The manifests that nobody needs any more.
pub(crate) fn outdated(listing: &Listing) -> impl Iterator<Item = u64> {
    let highest = listing.manifests.last().copied().unwrap_or(0);
    let manifests = listing.manifests.iter().copied();
    manifests.filter(move |number| number + KEEP_MANIFESTS <= highest)
}

/// The runs that have files in the target, which was listed first, and that have no directory
/// beside it any more: nothing of theirs comes into the target from now on.
pub(crate) fn swept(listing: &Listing, runs_beside: &BTreeSet<RunId>) -> BTreeSet<RunId> {
    let runs = listing.hidden.values().chain(listing.undecided.values());
    runs.filter(|run| !runs_beside.contains(*run))
        .cloned()
        .collect()
}

/// The hidden files of swept runs that no manifest names.
pub(crate) fn lost(
    listing: &Listing,
    swept: &BTreeSet<RunId>,
    current: Option<&Current>,
) -> Vec<String> {
    let mut named = BTreeSet::new();
    if let Some(Current { manifest, .. }) = current {
        named.extend(manifest.appended.hidden.values());
        named.extend(manifest.quarantine.iter().map(|file| &file.name));
        named.extend(manifest.appended.others.iter().map(|file| &file.name));
    }
    let hidden = listing.hidden.iter();
    hidden
        .filter(|(name, run)| swept.contains(*run) && !named.contains(name))
        .map(|(name, _)| name.clone())
        .collect()
}
