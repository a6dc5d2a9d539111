//! How a list differs from an earlier one. Pure.

use super::{LiveGroup, Revenue, TopRow};
use crate::money::Money;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// A place in a list, counted from 0.
type Place = u32;

/// A change that was made for another list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the change is of another list (hint: connect without Last-Event-ID to get a snapshot)")]
pub struct AnotherList;

/// What turns one list into another. Rows that it does not mention stay as they are and in their
/// order, and fill the places that the others leave free.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ListChange<T> {
    /// Places in the list before of rows that are gone.
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    gone: Vec<Place>,
    /// Rows that were not there, each with its place after.
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    new: Vec<(Place, T)>,
}

/// The same of a list of totals: of a row that is still there only the figures are told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RowsChange<T> {
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    gone: Vec<Place>,
    /// The place before, the place after, and the figures.
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    changed: Vec<(Place, Place, RowFigures)>,
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    new: Vec<(Place, T)>,
}

/// The figures of a row in its currency: transactions, approved, units, gross and refunds. What is
/// left after refunds is the difference.
type RowFigures = (u64, u64, u64, Decimal, Decimal);

/// Something that stays, and totals that change.
pub(super) trait Row: Clone + PartialEq {
    /// Whether both are of the same thing, with whatever figures.
    fn is_of(&self, other: &Self) -> bool;
    fn figures(&self) -> RowFigures;
    fn set(&mut self, figures: RowFigures);
}

impl<T> Default for ListChange<T> {
    fn default() -> Self {
        Self {
            gone: Vec::new(),
            new: Vec::new(),
        }
    }
}

impl<T: Clone + PartialEq> ListChange<T> {
    /// Such that [`Self::apply`] makes exactly `after` of `before`, whatever they are.
    pub(super) fn between(before: &[T], after: &[T]) -> Self {
        let mut change = Self::default();
        let mut kept = Kept::of(before);
        for (place, row) in numbered(after) {
            if kept.find(|old| old == row).is_none() {
                change.new.push((place, row.clone()));
            }
        }
        change.gone = kept.gone();
        change
    }

    pub(super) fn is_empty(&self) -> bool {
        self.gone.is_empty() && self.new.is_empty()
    }

    /// Changes the list that this was made for; one that can't be that is left as it was.
    pub(super) fn apply(self, list: &mut Vec<T>) -> Result<(), AnotherList> {
        let mut before = Before::of(list);
        before.remove(&self.gone)?;
        *list = before.join(self.new)?;
        Ok(())
    }
}

impl<T: Row> RowsChange<T> {
    /// Such that [`Self::apply`] makes exactly `after` of `before`, whatever they are.
    pub(super) fn between(before: &[T], after: &[T]) -> Self {
        let (mut changed, mut new) = (Vec::new(), Vec::new());
        let mut kept = Kept::of(before);
        for (place, row) in numbered(after) {
            if kept.find(|old| old == row).is_some() {
                continue;
            }
            let makes_it = |old: &T| {
                let mut old = old.clone();
                old.set(row.figures());
                old == *row
            };
            match kept.find_anywhere(|old| old.is_of(row) && makes_it(old)) {
                Some(at) => changed.push((at, place, row.figures())),
                None => new.push((place, row.clone())),
            }
        }
        let gone = kept.gone();
        Self { gone, changed, new }
    }

    /// Changes the list that this was made for; one that can't be that is left as it was.
    pub(super) fn apply(self, list: &mut Vec<T>) -> Result<(), AnotherList> {
        let mut before = Before::of(list);
        before.remove(&self.gone)?;
        let mut placed = self.new;
        for (at, place, figures) in self.changed {
            let mut row = before.take(at)?;
            row.set(figures);
            placed.push((place, row));
        }
        *list = before.join(placed)?;
        Ok(())
    }
}

/// The rows of a list, of which some have been found in the next one.
struct Kept<'l, T> {
    rows: &'l [T],
    found: Vec<bool>,
    /// Rows that stay are in the same order in both lists: each lies behind the last one.
    behind_last: usize,
}

impl<'l, T> Kept<'l, T> {
    fn of(rows: &'l [T]) -> Self {
        Self {
            rows,
            found: vec![false; rows.len()],
            behind_last: 0,
        }
    }

    /// A row that stays in its order.
    fn find(&mut self, is_wanted: impl Fn(&T) -> bool) -> Option<Place> {
        let at = self.search(self.behind_last, is_wanted)?;
        self.behind_last = at + 1;
        Some(number(at))
    }

    fn find_anywhere(&mut self, is_wanted: impl Fn(&T) -> bool) -> Option<Place> {
        self.search(0, is_wanted).map(number)
    }

    fn search(&mut self, from: usize, is_wanted: impl Fn(&T) -> bool) -> Option<usize> {
        let mut places = from..self.rows.len();
        let at = places.find(|at| !self.found[*at] && is_wanted(&self.rows[*at]))?;
        self.found[at] = true;
        Some(at)
    }

    /// The places of those that were not found.
    fn gone(self) -> Vec<Place> {
        let places = self.found.iter().enumerate();
        places
            .filter(|(_, found)| !**found)
            .map(|(at, _)| number(at))
            .collect()
    }
}

/// A list that is being changed: what has been taken out of it is `None`.
struct Before<T>(Vec<Option<T>>);

impl<T: Clone> Before<T> {
    fn of(list: &[T]) -> Self {
        Self(list.iter().cloned().map(Some).collect())
    }

    fn take(&mut self, at: Place) -> Result<T, AnotherList> {
        let row = self.0.get_mut(at as usize).and_then(Option::take);
        row.ok_or(AnotherList)
    }

    fn remove(&mut self, places: &[Place]) -> Result<(), AnotherList> {
        places.iter().try_for_each(|at| self.take(*at).map(drop))
    }

    /// The rows with places in these, the others in between.
    fn join(self, placed: Vec<(Place, T)>) -> Result<Vec<T>, AnotherList> {
        let others = self.0.iter().flatten().count();
        let mut after: Vec<Option<T>> = Vec::new();
        after.resize_with(others + placed.len(), || None);
        for (place, row) in placed {
            let free = after.get_mut(place as usize).filter(|at| at.is_none());
            *free.ok_or(AnotherList)? = Some(row);
        }
        let mut others = self.0.into_iter().flatten();
        let rows = after.into_iter().map(|row| row.or_else(|| others.next()));
        rows.map(|row| row.ok_or(AnotherList)).collect()
    }
}

fn numbered<T>(rows: &[T]) -> impl Iterator<Item = (Place, &T)> {
    rows.iter()
        .enumerate()
        .map(|(place, row)| (number(place), row))
}

fn number(place: usize) -> Place {
    Place::try_from(place).expect("memory ends before 2^32 rows")
}

fn revenue(of: Revenue, gross: Decimal, refunds: Decimal) -> Revenue {
    let money = |amount| Money {
        amount,
        currency: of.net.currency,
    };
    Revenue {
        gross: money(gross),
        refunds: money(refunds),
        net: money(gross - refunds),
    }
}

macro_rules! row {
    ($row:ty, $($same:ident),+) => {
        impl Row for $row {
            fn is_of(&self, other: &Self) -> bool {
                $(self.$same == other.$same)&&+
                    && self.revenue.net.currency == other.revenue.net.currency
            }

            fn figures(&self) -> RowFigures {
                let Revenue { gross, refunds, .. } = self.revenue;
                (self.transactions, self.approved, self.units, gross.amount, refunds.amount)
            }

            fn set(&mut self, (transactions, approved, units, gross, refunds): RowFigures) {
                (self.transactions, self.approved, self.units) = (transactions, approved, units);
                self.revenue = revenue(self.revenue, gross, refunds);
            }
        }
    };
}

row!(LiveGroup, key, country);
row!(TopRow, key, name);
