//! How one moment of the live page differs from an earlier one. Pure: the server finds it out, the
//! page applies it.

use super::list::{AnotherList, ListChange, RowsChange};
use super::{
    DeadLetterCount, GapInfo, LiveDimension, LiveGroup, LiveGroups, LiveMessage, LiveSource,
    LiveWindows, MinutePoint, PartitionState, SourceState, TopKind, TopList, TopRow, Transaction,
    Window, WindowName,
};
use crate::api::AsOf;
use crate::money::Currency;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A message of the stream called `change`: what differs from the message that its client had
/// last. What is not in it has not changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveUpdate {
    pub as_of: AsOf,
    pub source: SourceUpdate,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    windows: Option<WindowsUpdate>,
    /// The minutes of the series.
    #[serde(default, skip_serializing_if = "ListChange::is_empty")]
    series: ListChange<MinutePoint>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    groups: Vec<GroupsUpdate>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    tops: Vec<TopUpdate>,
    #[serde(default, skip_serializing_if = "ListChange::is_empty")]
    transactions: ListChange<Transaction>,
}

/// In every message: the moments in it move with each look at the source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceUpdate {
    pub state: SourceState,
    since: Timestamp,
    fresh_through: Option<Timestamp>,
    checked_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "ListChange::is_empty")]
    partitions: ListChange<PartitionState>,
    #[serde(default, skip_serializing_if = "ListChange::is_empty")]
    gaps: ListChange<GapInfo>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    dead_letters: Option<DeadLetterCount>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct WindowsUpdate {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    minutes_5: Option<Window>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    minutes_60: Option<Window>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    today: Option<Window>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct GroupsUpdate {
    window: WindowName,
    dimension: LiveDimension,
    total: u64,
    rows: RowsChange<LiveGroup>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct TopUpdate {
    kind: TopKind,
    currency: Currency,
    rows: RowsChange<TopRow>,
}

impl LiveUpdate {
    /// Such that [`Self::apply`] makes exactly `after` of `before`. `None` where only a snapshot
    /// can: the messages have other parts, or other lists of groups or tops.
    pub fn between(before: &LiveMessage, after: &LiveMessage) -> Option<Self> {
        let windows = changed(before.windows.as_ref(), after.windows.as_ref())?;
        let series = changed(before.series.as_ref(), after.series.as_ref())?;
        let groups = changed(before.groups.as_ref(), after.groups.as_ref())?;
        let tops = changed(before.tops.as_ref(), after.tops.as_ref())?;
        let transactions = changed(before.transactions.as_ref(), after.transactions.as_ref())?;
        Some(Self {
            as_of: after.as_of.clone(),
            source: SourceUpdate::between(&before.source, &after.source),
            windows: windows.map(|(before, after)| WindowsUpdate::between(before, after)),
            series: series.map_or_else(ListChange::default, |(before, after)| {
                ListChange::between(&before.minutes, &after.minutes)
            }),
            groups: groups.map_or(Some(Vec::new()), |(before, after)| {
                all_groups(before, after)
            })?,
            tops: tops.map_or(Some(Vec::new()), |(before, after)| all_tops(before, after))?,
            transactions: transactions.map_or_else(ListChange::default, |(before, after)| {
                ListChange::between(before, after)
            }),
        })
    }

    /// Makes the message of this one's moment. One that this was not made for may be half changed
    /// by then, and has to be thrown away.
    pub fn apply(self, message: &mut LiveMessage) -> Result<(), AnotherList> {
        message.as_of = self.as_of;
        self.source.apply(Arc::make_mut(&mut message.source))?;
        if let Some(update) = self.windows {
            update.apply(of_message(&mut message.windows)?);
        }
        if !self.series.is_empty() {
            let series = of_message(&mut message.series)?;
            self.series.apply(&mut series.minutes)?;
        }
        for update in self.groups {
            let of = |groups: &&mut LiveGroups| {
                (groups.window, groups.dimension) == (update.window, update.dimension)
            };
            let mut all = of_message(&mut message.groups)?.iter_mut();
            let groups = all.find(of).ok_or(AnotherList)?;
            update.rows.apply(&mut groups.groups)?;
            groups.total = update.total;
        }
        for update in self.tops {
            let of =
                |list: &&mut TopList| (list.kind, list.currency) == (update.kind, update.currency);
            let mut all = of_message(&mut message.tops)?.iter_mut();
            let list = all.find(of).ok_or(AnotherList)?;
            update.rows.apply(&mut list.rows)?;
        }
        if !self.transactions.is_empty() {
            (self.transactions).apply(of_message(&mut message.transactions)?)?;
        }
        Ok(())
    }
}

/// Both of a part that has changed. `Some(None)` where it has not; `None` where only one message has
/// it.
#[expect(
    clippy::option_option,
    reason = "the outer `None` ends the search for changes"
)]
fn changed<'m, T: PartialEq>(
    before: Option<&'m Arc<T>>,
    after: Option<&'m Arc<T>>,
) -> Option<Option<(&'m T, &'m T)>> {
    match (before, after) {
        (None, None) => Some(None),
        (Some(before), Some(after)) => Some((before != after).then_some((before, after))),
        _ => None,
    }
}

fn of_message<T: Clone>(part: &mut Option<Arc<T>>) -> Result<&mut T, AnotherList> {
    part.as_mut().map(Arc::make_mut).ok_or(AnotherList)
}

fn all_groups(before: &[LiveGroups], after: &[LiveGroups]) -> Option<Vec<GroupsUpdate>> {
    let update = |before: &LiveGroups, after: &LiveGroups| GroupsUpdate {
        window: after.window,
        dimension: after.dimension,
        total: after.total,
        rows: RowsChange::between(&before.groups, &after.groups),
    };
    lists(before, after, |it| (it.window, it.dimension), update)
}

fn all_tops(before: &[TopList], after: &[TopList]) -> Option<Vec<TopUpdate>> {
    let update = |before: &TopList, after: &TopList| TopUpdate {
        kind: after.kind,
        currency: after.currency,
        rows: RowsChange::between(&before.rows, &after.rows),
    };
    lists(before, after, |it| (it.kind, it.currency), update)
}

/// What has changed in each list that has; `None` where the lists are not the same ones.
fn lists<T: PartialEq, N: PartialEq, U>(
    before: &[T],
    after: &[T],
    name: impl Fn(&T) -> N,
    update: impl Fn(&T, &T) -> U,
) -> Option<Vec<U>> {
    let names: Vec<N> = before.iter().map(&name).collect();
    let is_same = names
        .iter()
        .eq(after.iter().map(&name).collect::<Vec<_>>().iter());
    if !is_same || !is_unique(&names) {
        return None;
    }
    let both = before.iter().zip(after);
    let changed = both.filter(|(before, after)| before != after);
    Some(
        changed
            .map(|(before, after)| update(before, after))
            .collect(),
    )
}

fn is_unique<T: PartialEq>(names: &[T]) -> bool {
    names
        .iter()
        .enumerate()
        .all(|(at, name)| !names[..at].contains(name))
}

impl SourceUpdate {
    fn between(before: &LiveSource, after: &LiveSource) -> Self {
        let letters = &after.dead_letters;
        Self {
            state: after.state,
            since: after.since,
            fresh_through: after.fresh_through,
            checked_at: after.checked_at,
            partitions: ListChange::between(&before.partitions, &after.partitions),
            gaps: ListChange::between(&before.gaps, &after.gaps),
            dead_letters: (before.dead_letters != *letters).then(|| letters.clone()),
        }
    }

    fn apply(self, source: &mut LiveSource) -> Result<(), AnotherList> {
        source.state = self.state;
        source.since = self.since;
        source.fresh_through = self.fresh_through;
        source.checked_at = self.checked_at;
        self.partitions.apply(&mut source.partitions)?;
        self.gaps.apply(&mut source.gaps)?;
        if let Some(letters) = self.dead_letters {
            source.dead_letters = letters;
        }
        Ok(())
    }
}

impl WindowsUpdate {
    fn between(before: &LiveWindows, after: &LiveWindows) -> Self {
        let window = |before: &Window, after: &Window| (before != after).then(|| after.clone());
        Self {
            minutes_5: window(&before.minutes_5, &after.minutes_5),
            minutes_60: window(&before.minutes_60, &after.minutes_60),
            today: window(&before.today, &after.today),
        }
    }

    fn apply(self, windows: &mut LiveWindows) {
        let windows = [
            (&mut windows.minutes_5, self.minutes_5),
            (&mut windows.minutes_60, self.minutes_60),
            (&mut windows.today, self.today),
        ];
        for (window, update) in windows {
            if let Some(update) = update {
                *window = update;
            }
        }
    }
}

#[cfg(test)]
mod tests;
