//! Where everything of a minute chart stands.

use super::Minute;
use crate::chart::axis::Axis;
use crate::chart::text_width;
use crate::format::{self, Unit};
use crate::i18n::Language;
use rust_decimal::Decimal;
use std::fmt::Write as _;

const FONT: f64 = 12.0;
pub(super) const TOP: f64 = 8.0;
pub(super) const BOTTOM: f64 = 24.0;
const STEPS: u32 = 4;
/// Labels change with the scale; a reserved width keeps the columns where they are.
const LEFT_MIN: f64 = 56.0;

/// In CSS pixels.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Layout {
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) left: f64,
    pub(super) ticks: Vec<(f64, String)>,
    pub(super) columns: Vec<Column>,
    /// The path of what was net a week before: steps as wide as the columns.
    pub(super) before: String,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Column {
    /// Of the whole band, which also takes the pointer.
    pub(super) x: f64,
    pub(super) width: f64,
    /// Each from the axis outwards: y and height.
    pub(super) net: (f64, f64),
    pub(super) refunds: (f64, f64),
    pub(super) is_labelled: bool,
}

impl Column {
    /// x and width of the bar within its band.
    pub(super) fn bar(&self) -> (f64, f64) {
        (self.x + self.width * 0.12, self.width * 0.76)
    }

    pub(super) fn middle(&self) -> f64 {
        self.x + self.width / 2.0
    }
}

impl Layout {
    pub(super) fn of(minutes: &[Minute], width: f64, language: Language) -> Self {
        let height = if width < 560.0 { 220.0 } else { 260.0 };
        let values = minutes.iter().flat_map(|minute| {
            let both = [minute.net.amount, minute.gross.amount];
            both.into_iter().chain(minute.before.map(|it| it.amount))
        });
        let axis = Axis::over(values, STEPS);
        let unit = Unit::of(axis.reach());
        let y = |value: Decimal| TOP + (1.0 - axis.position(value)) * (height - TOP - BOTTOM);
        let ticks: Vec<_> = (axis.ticks.iter())
            .map(|tick| {
                let label = minutes.first().map_or_else(String::new, |minute| {
                    format::tick(language, *tick, minute.net.currency, unit)
                });
                (y(*tick), label)
            })
            .collect();
        let widest = (ticks.iter())
            .map(|(_, label)| text_width(label, FONT))
            .fold(0.0, f64::max);
        let left = (10.0 + widest).max(LEFT_MIN);
        #[expect(clippy::cast_precision_loss, reason = "an hour has few minutes")]
        let band = (width - left).max(0.0) / minutes.len().max(1) as f64;
        let span = |from: Decimal, to: Decimal| {
            let (from, to) = (y(from), y(to));
            (from.min(to), (from - to).abs())
        };
        let half_label = text_width("00:00", FONT) / 2.0;
        let mut x = left;
        let mut columns = Vec::with_capacity(minutes.len());
        for minute in minutes {
            let middle = x + band / 2.0;
            columns.push(Column {
                x,
                width: band,
                net: span(Decimal::ZERO, minute.net.amount),
                refunds: span(minute.net.amount, minute.gross.amount),
                is_labelled: minute.is_marked && middle + half_label <= width,
            });
            x += band;
        }
        let before = (minutes.iter()).map(|minute| Some(y(minute.before?.amount)));
        let before = steps(before, left, band);
        Self {
            width,
            height,
            left,
            ticks,
            columns,
            before,
        }
    }

    /// Each run of minutes in which something is missing, by its right end and its name.
    pub(super) fn names(&self, minutes: &[Minute], language: Language) -> Vec<(f64, &'static str)> {
        let mut names = Vec::new();
        for (index, (minute, column)) in minutes.iter().zip(&self.columns).enumerate() {
            let ends_here = (minutes.get(index + 1)).is_none_or(|next| next.sight != minute.sight);
            if let Some(name) = minute.sight.word(language)
                && ends_here
            {
                let room = self.left + text_width(name, FONT);
                names.push(((column.x + column.width).max(room), name));
            }
        }
        names
    }
}

/// A level line over each band that has a height, joined with the one before; never drawn across a
/// band that has none.
fn steps(heights: impl Iterator<Item = Option<f64>>, left: f64, band: f64) -> String {
    let mut path = String::new();
    let mut is_joined = false;
    let mut x = left;
    for height in heights {
        let end = x + band;
        if let Some(y) = height {
            let _infallible = if is_joined {
                write!(path, "V{y:.1}H{end:.1}")
            } else {
                write!(path, "M{x:.1} {y:.1}H{end:.1}")
            };
        }
        is_joined = height.is_some();
        x = end;
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::minutes::Sight;
    use comptoir_model::money::{Currency, Money};

    fn minute(net: i64, gross: i64, sight: Sight) -> Minute {
        let money = |amount: i64| Money {
            amount: amount.into(),
            currency: Currency::EUR,
        };
        Minute {
            key: String::new(),
            clock: "10:00".to_owned(),
            is_marked: true,
            net: money(net),
            gross: money(gross),
            before: None,
            sight,
            description: String::new(),
        }
    }

    #[test]
    fn refunds_stand_between_net_and_gross_even_below_zero() {
        let minutes = [minute(60, 80, Sight::Whole), minute(-20, 0, Sight::Running)];
        let layout = Layout::of(&minutes, 800.0, Language::English);
        let zero = layout
            .ticks
            .iter()
            .find(|(_, label)| label == "0")
            .unwrap()
            .0;
        let [first, second] = &layout.columns[..] else {
            panic!("{layout:?}");
        };
        assert!((first.net.0 + first.net.1 - zero).abs() < 1e-6);
        assert!((first.refunds.0 + first.refunds.1 - first.net.0).abs() < 1e-6);
        assert!((second.refunds.0 - zero).abs() < 1e-6);
    }

    #[test]
    fn a_run_of_missing_minutes_is_named_once_where_it_ends() {
        let minutes: Vec<_> = [Sight::Hole, Sight::Hole, Sight::Whole, Sight::Unseen]
            .into_iter()
            .map(|sight| minute(1, 1, sight))
            .collect();
        let layout = Layout::of(&minutes, 800.0, Language::English);
        let names: Vec<_> = layout.names(&minutes, Language::English);
        assert_eq!(names.len(), 2);
        assert_eq!(names[0].1, Language::English.text().live.hole);
        assert!((names[1].0 - 800.0).abs() < 1e-6);
    }

    #[test]
    fn a_week_before_is_drawn_on_the_same_scale_and_never_across_what_is_not_known() {
        let mut minutes = [60, 60, 60, 60].map(|net| minute(net, net, Sight::Whole));
        for (minute, before) in minutes
            .iter_mut()
            .zip([Some(60), Some(300), None, Some(60)])
        {
            minute.before = before.map(|amount: i64| Money {
                amount: amount.into(),
                ..minute.net
            });
        }
        let layout = Layout::of(&minutes, 856.0, Language::English);
        assert!((layout.left - 56.0).abs() < 1e-6, "bands of 200 px");
        let same = layout.columns[0].net.0;
        assert_eq!(
            layout.before,
            format!("M56.0 {same:.1}H256.0V{TOP:.1}H456.0M656.0 {same:.1}H856.0")
        );
    }

    #[test]
    fn the_scale_does_not_move_the_columns() {
        let left = |most| {
            let minutes = [minute(most, most, Sight::Whole)];
            Layout::of(&minutes, 800.0, Language::English).left
        };
        assert!((left(9) - left(90_000)).abs() < 1e-6);
    }
}
