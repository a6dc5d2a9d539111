//! Amounts minute by minute as columns, with what is missing, behind those of a week before as a line.

mod layout;

use super::cursor::tab_index;
use super::mark::Mark;
use super::plot::{Plot, Sheet};
use super::{HATCH, HOLE};
use crate::i18n::Language;
use comptoir_model::money::Money;
use layout::{BOTTOM, Layout, TOP};
use leptos::prelude::*;

/// One minute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Minute {
    /// Its first moment, as the API spells it.
    pub(crate) key: String,
    /// `10:42`, as clocks show it here.
    pub(crate) clock: String,
    /// Whether its label stands on the axis.
    pub(crate) is_marked: bool,
    pub(crate) net: Money,
    pub(crate) gross: Money,
    /// Net of the same minute of a week before.
    pub(crate) before: Option<Money>,
    pub(crate) sight: Sight,
    /// What the line above the chart and a screen reader say.
    pub(crate) description: String,
}

/// How much of a minute is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sight {
    Whole,
    /// It is not over.
    Running,
    /// It is over, but not every partition has been read up to its end.
    Unseen,
    /// A hole was found in it.
    Hole,
}

impl Sight {
    fn name(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::Running => "running",
            Self::Unseen => "unseen",
            Self::Hole => "hole",
        }
    }

    fn word(self, language: Language) -> Option<&'static str> {
        let text = &language.text().live;
        match self {
            Self::Whole | Self::Running => None,
            Self::Unseen => Some(text.unseen),
            Self::Hole => Some(text.hole),
        }
    }
}

#[component]
pub(crate) fn MinuteColumns(#[prop(into)] minutes: Signal<Vec<Minute>>) -> impl IntoView {
    view! {
        <Plot
            points=minutes
            describe=|minute, _| minute.description.clone()
            hint=|language| language.text().live.minutes_hint
            draw=drawing
            choose=None
        />
    }
}

fn drawing(minutes: &[Minute], sheet: Sheet) -> Mark {
    let Sheet { language, stop, .. } = sheet;
    let layout = Layout::of(minutes, sheet.width, language);
    let (width, height) = (layout.width, layout.height);
    let inside = height - TOP - BOTTOM;
    let columns = minutes.iter().zip(&layout.columns).enumerate();
    let columns = columns.map(|(index, (minute, column))| {
        let (x, bar) = column.bar();
        let is_missing = minute.sight.word(language).is_some();
        let missing = if is_missing { column.width } else { 0.0 };
        let label = if column.is_labelled {
            minute.clock.clone()
        } else {
            String::new()
        };
        let is_running = minute.sight == Sight::Running;
        let point = Mark::new("g")
            .with("class", if is_running { "point running" } else { "point" })
            .with("data-point", "")
            .with("data-group", &minute.key)
            .with("data-value", minute.net.amount.to_string())
            .with(
                "data-hatched",
                (minute.gross.amount - minute.net.amount).to_string(),
            )
            .with("data-sight", minute.sight.name())
            .with("role", "img")
            .with("aria-label", &minute.description)
            .with("tabindex", tab_index(index, stop));
        let point = match minute.before {
            Some(before) => point.with("data-before", before.amount.to_string()),
            None => point,
        };
        point.holding(vec![
            Mark::rect("band", column.x, TOP, column.width, inside),
            Mark::rect("missing", column.x, TOP, missing, inside).with("fill", HOLE),
            Mark::rect("bar", x, column.net.0, bar, column.net.1),
            Mark::rect("cancelled", x, column.refunds.0, bar, column.refunds.1).with("fill", HATCH),
            Mark::text(
                "tick",
                column.middle(),
                height - BOTTOM + 17.0,
                "middle",
                label,
            ),
        ])
    });
    let names = layout.names(minutes, language).into_iter();
    let names = names.map(|(x, name)| {
        let name = Mark::text("hole-name", x, TOP + 12.0, "end", name.to_owned());
        name.with("aria-hidden", "true")
    });
    let line = |class: &str| {
        let path = Mark::new("path").with("class", class);
        path.with("d", &layout.before)
    };
    Mark::new("svg")
        .with("class", "columns")
        .at("width", width)
        .at("height", height)
        .with("role", "group")
        .with("aria-label", language.text().live.per_minute)
        .holding(vec![
            Mark::grid(&layout.ticks, layout.left, width),
            Mark::group(columns),
            // The casing keeps the line apart from the columns behind it.
            line("casing"),
            line("before"),
            Mark::group(names),
        ])
}
