//! Pieces, which are not sealed yet: their lengths and their lines are what can be checked.

use super::evidence::Evidence;
use super::finding::{Finding, FindingKind};
use super::judge::Judged;
use crate::archive::ArchiveError;
use crate::archive::contents::{chain, pieces_of};
use crate::archive::facts::newlines;
use crate::archive::names::{Name, PieceEnd, PieceId};
use crate::archive::store::Store;

/// What is not sealed.
#[derive(Clone, Debug, Default)]
pub(super) struct Pieces {
    pub(super) findings: Vec<Finding>,
    pub(super) counted: Vec<(PieceId, PieceEnd)>,
}

/// Their names and lengths. Pure.
pub(super) fn judge(evidence: &Evidence, judged: &Judged) -> Pieces {
    let mut pieces = Pieces::default();
    let mut recoveries = std::collections::BTreeMap::new();
    for (epoch, recovery) in &evidence.recoveries {
        match recovery {
            Ok(recovery) => drop(recoveries.insert(*epoch, recovery.clone())),
            Err(reason) => {
                let name = Name::Recovery(*epoch);
                let finding = Finding::new(FindingKind::Altered, name, reason);
                pieces.findings.push(finding);
            }
        }
    }
    let counted = evidence.listing.counted(&recoveries);
    for (life, sidecar) in &evidence.lives {
        let Ok(sidecar) = sidecar else { continue };
        let sealed_to = judged.sealed_to.get(life).copied();
        let first = sealed_to.unwrap_or(sidecar.first);
        let chained = chain(&counted, *life, first);
        let end = chained.last().map_or(first, |(_, piece)| piece.end);
        let furthest = counted
            .range(pieces_of(*life))
            .map(|(id, _)| id.start)
            .max();
        let is_hole = !evidence.listing.has_open(*life, end);
        if let Some(to) = furthest.filter(|start| *start > end && is_hole) {
            let detail = format!("life {} lacks bytes {end} to {to}", life.0);
            let name = Name::Life(*life);
            pieces
                .findings
                .push(Finding::new(FindingKind::Missing, name, detail));
        }
        for (id, end) in chained {
            let name = evidence.listing.name_of(id).unwrap_or(Name::Piece(id, end));
            let bytes = format!("life {}, bytes {} to {}", life.0, id.start, end.end);
            let length = end.end - id.start;
            match evidence.lengths.get(&name) {
                None => pieces
                    .findings
                    .push(Finding::new(FindingKind::Missing, name, bytes)),
                Some(has) if *has < length => {
                    let detail = format!("{has} of {length} bytes are left, of {bytes}");
                    let finding = Finding::new(FindingKind::Truncated, name, detail);
                    pieces.findings.push(finding);
                }
                Some(_) => pieces.counted.push((id, end)),
            }
        }
    }
    pieces
}

/// Its lines, by reading it. One that was sealed meanwhile is no finding.
pub(super) async fn check_lines(
    store: &Store,
    evidence: &Evidence,
    (id, end): (PieceId, PieceEnd),
) -> Result<Option<Finding>, ArchiveError> {
    let reader = match store.open_piece(&evidence.listing, id, end).await {
        Ok(reader) => reader,
        Err(error) => match ArchiveError::from(error) {
            error if error.is_gone() => return Ok(None),
            error => return Err(error),
        },
    };
    let bytes = reader.read_range(0..end.end - id.start).await?;
    let lines = newlines(&bytes);
    let name = reader.path().file_name().unwrap_or_default();
    let detail = || format!("it has {lines} lines instead of {}", end.lines);
    Ok((lines != end.lines).then(|| Finding::new(FindingKind::Altered, name, detail())))
}
